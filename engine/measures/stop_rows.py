"""Places to look at, joined to few rows: neighbours that one look after the other answers stand in one row.

The window, the command line, the report and the tables all list these rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from engine.measures.flags import Flag, Stop, Where, stops_of

SHOWN_FIRST = 8
"""Rows that are shown before the reader asks for all."""


def rows_of(flags: Collection[Flag], phases: Collection[int]) -> tuple[Stop, ...]:
    """What a reader goes through, in this order. flags: of find_flags. phases: of phases_of."""
    return joined(stops_of(flags, phases), phases)


def open_rows(flags: Collection[Flag], phases: Collection[int], reviewed: Collection[Where]) -> tuple[Stop, ...]:
    """The rows of rows_of with what is not in reviewed; none of a row that was looked at as a whole."""
    rows = rows_of(flags, phases)
    left = [tuple(flag for flag in row.flags if flag.where not in reviewed) for row in rows]
    return tuple(
        row if len(of_row) == len(row.flags) else _of_flags(of_row)
        for row, of_row in zip(rows, left, strict=True)
        if of_row
    )


def _of_flags(flags: tuple[Flag, ...]) -> Stop:
    """One place of flags, the weightiest first."""
    first = flags[0].where
    frames = _indices(flag.where.frame_index for flag in flags)
    slices = _indices(flag.where.slice_index for flag in flags)
    return Stop(first.frame_index, first.slice_index, flags, frames, slices)


def _indices(found: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({index for index in found if index is not None}))


def to_json(flags: Collection[Flag], phases: Collection[int], reviewed: Collection[Where] = ()) -> list[dict[str, Any]]:
    """Flags one by one in their order. Structure, frame and slice are None where all are meant.

    row_index: which of rows_of a flag stands in.
    """
    row_of = {flag: index for index, row in enumerate(rows_of(flags, phases)) for flag in row.flags}
    return [
        {
            "structure": flag.where.structure or None,
            "frame_index": flag.where.frame_index,
            "slice_index": flag.where.slice_index,
            "score": flag.score,
            "reasons": list(flag.reasons),
            "reviewed": flag.where in reviewed,
            "row_index": row_of[flag],
        }
        for flag in flags
    ]


def span(indices: Sequence[int], to: str = "–") -> str:
    """From the first to the last, counted from 1: "3", or "3–7"."""
    first, last = min(indices) + 1, max(indices) + 1
    return str(first) if first == last else f"{first}{to}{last}"


def joined(stops: Sequence[Stop], phases: Collection[int]) -> tuple[Stop, ...]:
    """The stops of stops_of with neighbours joined, in the same order; a row stands where its weightiest stop stood.

    Two are neighbours where the same structure is flagged in slices next to each other. At end-diastole and
    end-systole both have to be of that frame. In between, their frames have to touch or overlap; a phase between two
    frames does not part them, since it has a row of its own.
    """
    between = sorted({frame for stop in stops for frame in stop.frames if frame not in phases})
    first, last = (between[0], between[-1]) if between else (0, 0)
    place = {frame: i for i, frame in enumerate(f for f in range(first, last + 1) if f not in phases)}
    rows: list[list[Stop]] = []
    for stop in stops:
        near = [row for row in rows if any(_beside(stop, other, place) for other in row)]
        together = [*(one for row in near for one in row), stop]
        if near:
            # The first row that it touches takes the others, too.
            rows[rows.index(near[0])] = together
            rows = [row for row in rows if row not in near[1:]]
        else:
            rows.append(together)
    return tuple(_one(row) for row in rows)


def _beside(one: Stop, other: Stop, place: dict[int, int]) -> bool:
    """place: the number of each frame among those that are no phase."""
    if one.slice_index is None or other.slice_index is None or abs(one.slice_index - other.slice_index) > 1:
        return False
    if not _structures(one) & _structures(other):
        return False
    in_between = one.frames[0] in place, other.frames[0] in place
    if in_between == (False, False):
        return one.frames == other.frames
    if in_between != (True, True):
        return False
    return place[one.frames[0]] <= place[other.frames[-1]] + 1 and place[other.frames[0]] <= place[one.frames[-1]] + 1


def _structures(stop: Stop) -> set[str]:
    return {flag.where.structure for flag in stop.flags if flag.where.structure}


def _one(row: list[Stop]) -> Stop:
    """Several stops as one, shown where the weightiest is."""
    if len(row) == 1:
        return row[0]
    weightiest = max(row, key=lambda stop: stop.score)
    flags = tuple(sorted((flag for stop in row for flag in stop.flags), key=lambda flag: -flag.score))
    frames = tuple(sorted({frame for stop in row for frame in stop.frames}))
    slices = tuple(sorted({index for stop in row for index in stop.slices}))
    return Stop(weightiest.frame_index, weightiest.slice_index, flags, frames, slices)
