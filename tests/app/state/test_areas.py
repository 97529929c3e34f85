"""The table of areas: what it shows of the labels drawn, and what counts in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import card, prediction, volume

from app.state.areas import areas_shown
from app.state.changes import evolve, opened
from app.state.queries import run_key, shown_function
from app.state.types import AppState, Run, Status
from engine.measures.function import function_of
from engine.measures.reading import Phases, Reading
from engine.measures.tally import tally_of
from engine.network.catalog import Catalog
from engine.volume import LV, MYO, RV, LabelMap


def state_of(reading: Reading) -> AppState:
    scan = volume()
    array = np.zeros(scan.array.shape, np.uint8)
    array[:, 1:3, 10:20, 10:20] = LV
    array[1:, 1, 10:12, 10:20] = 0
    array[:, 1, 20:22, 10:20] = MYO
    array[:, 2, 30:35, 10:20] = RV
    labels = LabelMap(array, scan.geometry)
    tally = tally_of(labels, scan)
    state = evolve(
        opened(AppState(), scan), catalog=Catalog((card(),), (), card().id), model_id=card().id, precision="int8"
    )
    key = run_key(state)
    assert key is not None
    run = Run(
        Status.DONE,
        prediction=prediction(scan, card(), "int8", labels, ()),
        function=function_of(tally, scan, reading),
        tally=tally,
    )
    return evolve(state, runs={key: run}, digest="x", readings={"x": reading})


def test_areas_are_in_square_centimetres_and_sums_are_the_volumes() -> None:
    state = state_of(Reading())
    table, function = areas_shown(state), shown_function(state)
    assert table is not None and function is not None and state.scan.volume is not None
    dx, dy, _ = state.scan.volume.geometry.spacing_mm
    first = table.columns[0]
    assert (first.phase, first.structure, first.frame) == ("ED", LV, 0)
    assert [cell.cm2 for cell in first.cells[:4]] == [None, pytest.approx(dx * dy), pytest.approx(dx * dy), None]
    assert first.sum_ml == function.lv_ml[0]
    assert [column.structure for column in table.columns] == [LV, MYO, RV, LV, MYO, RV]


def test_what_is_left_out_is_in_the_table_but_not_in_the_sum() -> None:
    whole = areas_shown(state_of(Reading()))
    table = areas_shown(state_of(Reading(left_out=frozenset({(LV, 0, 1)}))))
    assert table is not None and whole is not None
    assert table.columns[0].cells[1].cm2 == whole.columns[0].cells[1].cm2
    assert not table.columns[0].cells[1].counted and table.columns[0].cells[2].counted
    assert table.columns[0].sum_ml == pytest.approx(whole.columns[0].sum_ml / 2)


def test_the_right_ventricle_is_at_its_own_phases() -> None:
    table = areas_shown(state_of(Reading(rv=Phases(ed=1, es=2))))
    assert table is not None
    frames = {(column.phase, column.structure): column.frame for column in table.columns}
    assert (frames["ED", LV], frames["ED", RV], frames["ES", RV]) == (0, 1, 2)


def test_without_a_segmentation_there_is_no_table() -> None:
    assert areas_shown(AppState()) is None
    assert areas_shown(replace(state_of(Reading()), segmentation=AppState().segmentation)) is None
