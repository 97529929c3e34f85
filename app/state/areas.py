"""Areas of every structure on every slice at end-diastole and end-systole, as a table. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from app.state.measured import shown_tally
from app.state.queries import shown_function
from app.state.types import AppState
from engine.measures.function import Function
from engine.measures.tally import COUNTED
from engine.volume import LV, MYO, RV

COLUMN_ORDER = (LV, MYO, RV)


@dataclass(frozen=True, slots=True)
class AreaCell:
    """cm2: None where the structure is not on the slice. counted: whether the numbers count it."""

    cm2: float | None
    counted: bool


@dataclass(frozen=True, slots=True)
class AreaColumn:
    """One structure at one phase. phase: "ED" or "ES". cells: by slice. sum_ml: of those that count."""

    phase: str
    structure: int
    frame: int
    cells: tuple[AreaCell, ...]
    sum_ml: float


@dataclass(frozen=True, slots=True)
class AreaTable:
    """columns: end-diastole, then end-systole. units_known: whether cm² and mL mean anything."""

    columns: tuple[AreaColumn, ...]
    units_known: bool


def areas_shown(state: AppState) -> AreaTable | None:
    """The table of what is drawn; None while nothing is measured. Without phases it has the frame on screen."""
    volume, tally, function = state.scan.volume, shown_tally(state), shown_function(state)
    if volume is None or tally is None or function is None:
        return None
    dx, dy, _ = volume.geometry.spacing_mm
    voxels = tally.by(function.reading.papillary)
    sums = {LV: function.lv_ml, MYO: function.myo_ml, RV: function.rv_ml}
    columns = []
    for phase, structure, frame in _places(function, state.view.frame_index):
        counts = voxels[frame, :, COUNTED.index(structure)].tolist()
        cells = tuple(
            AreaCell(count * dx * dy / 100 if count else None, (structure, frame, index) not in function.left_out)
            for index, count in enumerate(counts)
        )
        columns.append(AreaColumn(phase, structure, frame, cells, sums[structure][frame]))
    return AreaTable(tuple(columns), function.units_known)


def _places(function: Function, shown: int) -> list[tuple[str, int, int]]:
    """(phase, structure, frame) of every column."""
    found = []
    for phase, frame, rv_frame in (
        ("ED", function.ed_frame, function.rv_ed_frame),
        ("ES", function.es_frame, function.rv_es_frame),
    ):
        for structure in COLUMN_ORDER:
            at = rv_frame if structure == RV else frame
            if at is not None:
                found.append((phase, structure, at))
    return found or [("", structure, shown) for structure in COLUMN_ORDER]
