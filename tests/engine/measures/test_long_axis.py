"""Area, length, volumes and shortening of four-chamber views, from shapes with known answers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.measures.long_axis import area_length_ml, lv_length_mm, measure_long_axis
from engine.volume import LV, MYO, RV, Geometry, Known, LabelMap, Source, Volume


def heart(length: float, width: float, size: int = 120) -> np.ndarray:
    """Half an ellipse of cavity with its flat side, the mitral plane, at row 10; myocardium around its curved side."""
    y, x = np.mgrid[:size, :size].astype(float)
    labels = np.zeros((size, size), np.uint8)

    def half(depth: float, half_width: float) -> np.ndarray:
        return ((y - 9.5) / depth) ** 2 + ((x - 60) / half_width) ** 2 <= 1

    below = y >= 10
    labels[half(length + 8, width / 2 + 8) & below] = MYO
    labels[half(length, width / 2) & below] = LV
    labels[10:30, 100:110] = RV
    return labels


def scan(
    frames: list[np.ndarray], phases: tuple[str, ...] = (), spacing: Known = Known.KNOWN
) -> tuple[LabelMap, Volume]:
    labels = np.stack(frames)[:, None]
    geometry = Geometry(np.diag([1.0, 1.0, 8.0, 1.0]), labels.shape[1:], spacing)
    volume = Volume(np.zeros(labels.shape, np.int16), geometry, Source("phantom", (), "heart"), phase_names=phases)
    return LabelMap(labels, geometry), volume


@pytest.mark.parametrize("mm", [(1.0, 1.0), (1.5, 0.8)])
def test_length_runs_from_the_mitral_plane_to_the_apex(mm: tuple[float, float]) -> None:
    assert lv_length_mm(heart(80, 50), mm) == pytest.approx(80 * mm[1], abs=2 * max(mm))


def test_length_needs_a_cavity_and_an_open_side() -> None:
    assert math.isnan(lv_length_mm(np.zeros((9, 9), np.uint8), (1, 1)))
    closed = np.full((15, 15), MYO, np.uint8)
    closed[5:9, 5:9] = LV
    assert math.isnan(lv_length_mm(closed, (1, 1)))


def test_area_and_length_give_half_an_ellipsoid() -> None:
    """Half an ellipse of depth L and width 2b has A = π L b / 2; turned about its axis, V = 2/3 π b² L."""
    length, b = 8.0, 2.5
    assert area_length_ml(math.pi * length * b / 2, 10 * length) == pytest.approx(2 / 3 * math.pi * b**2 * length)
    assert math.isnan(area_length_ml(10, math.nan))


def test_a_cine() -> None:
    labels, volume = scan([heart(70, 45), heart(80, 50), heart(60, 30)])
    array = labels.array.copy()
    array[2, 0, 10:20, 100:110] = 0
    found = measure_long_axis(LabelMap(array, labels.geometry), volume)
    assert (found.ed_frame, found.es_frame) == (1, 2)
    assert found.rv_fac_percent == pytest.approx(50)
    assert found.shortening_percent == pytest.approx(25, abs=2)
    assert found.lv.edv_ml == pytest.approx(2 / 3 * math.pi * 2.5**2 * 8, rel=0.05)
    assert found.lv.ef_percent == pytest.approx(100 * (1 - 1.5**2 * 6 / (2.5**2 * 8)), abs=3)


def test_named_phases_and_a_single_frame() -> None:
    labels, volume = scan([heart(60, 30), heart(80, 50)], phases=("ED", "ES"))
    found = measure_long_axis(labels, volume)
    assert (found.ed_frame, found.es_frame) == (0, 1)
    assert found.lv.ef_percent is not None and found.lv.ef_percent < 0
    one = measure_long_axis(*scan([heart(80, 50)]))
    assert one.ed_frame is None and one.lv.ef_percent is None and one.rv_fac_percent is None
    empty = measure_long_axis(*scan([np.zeros((20, 20), np.uint8)] * 2))
    assert empty.lv.edv_ml is None and empty.shortening_percent is None


def test_ratios_do_without_spacing() -> None:
    found = measure_long_axis(*scan([heart(80, 50), heart(60, 30)], spacing=Known.ASSUMED))
    assert not found.units_known
    assert any("only ratios" in rule for rule in found.rules)
    assert found.shortening_percent is not None


def test_a_stack_is_no_view() -> None:
    geometry = Geometry(np.eye(4), (3, 8, 8))
    volume = Volume(np.zeros((1, 3, 8, 8), np.int16), geometry, Source("phantom", (), "stack"))
    with pytest.raises(ValueError, match="one view"):
        measure_long_axis(LabelMap(np.zeros((1, 3, 8, 8), np.uint8), geometry), volume)


def test_a_lone_frame_is_not_called_end_diastole() -> None:
    empty = np.zeros((120, 120), np.uint8)
    found = measure_long_axis(*scan([empty, heart(80, 50), empty]))
    assert (found.ed_frame, found.es_frame, found.lone_frame) == (None, None, 1)
    assert (found.lv.edv_ml, found.lv.esv_ml, found.rv_fac_percent) == (None, None, None)


def test_frames_of_unknown_order_have_no_phases() -> None:
    labels, volume = scan([heart(80, 50), heart(60, 40)])
    found = measure_long_axis(labels, replace(volume, time_order=Known.ASSUMED))
    assert (found.ed_frame, found.es_frame, found.lv.ef_percent) == (None, None, None)
