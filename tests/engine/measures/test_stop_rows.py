"""Neighbouring places in one row: what is joined, what stays apart, and that no flag is lost."""

from __future__ import annotations

from engine.measures.flags import Flag, Stop, Where, stops_of
from engine.measures.stop_rows import joined, open_rows, span, to_json

PHASES = frozenset({0, 6})


def rows(*flags: tuple[str, int | None, int | None, float]) -> tuple[Stop, ...]:
    made = tuple(Flag(Where(*where), score, ("why",)) for *where, score in flags)
    found = joined(stops_of(made, PHASES), PHASES)
    assert sorted(flag.where for row in found for flag in row.flags) == sorted(flag.where for flag in made)
    return found


def test_slices_side_by_side_in_frames_one_after_another_are_one_row() -> None:
    found = rows(("rv", 3, 1, 4.0), ("rv", 4, 1, 9.0), ("rv", 5, 2, 5.0), ("rv", 7, 2, 5.0), ("rv", 8, 2, 4.0))
    assert [(r.frame_index, r.slice_index, r.frames, r.slices) for r in found] == [(4, 1, (3, 4, 5, 7, 8), (1, 2))]


def test_a_phase_has_rows_of_its_own_which_come_first() -> None:
    found = rows(("rv", 5, 1, 9.0), ("rv", 6, 1, 4.0), ("rv", 6, 2, 4.5), ("rv", 0, 1, 3.6), ("lv", None, None, 9.0))
    assert [(r.frames, r.slices) for r in found] == [((), ()), ((6,), (1, 2)), ((0,), (1,)), ((5,), (1,))]


def test_other_structures_and_places_further_away_stay_apart() -> None:
    assert len(rows(("rv", 3, 1, 4.0), ("lv", 3, 2, 4.0))) == 2
    assert len(rows(("rv", 3, 1, 4.0), ("rv", 3, 3, 4.0))) == 2
    assert len(rows(("rv", 2, 1, 4.0), ("rv", 4, 2, 4.0))) == 2
    # One slice with two structures joins what is beside it on both sides.
    assert len(rows(("rv", 3, 1, 4.0), ("rv", 3, 2, 4.0), ("lv", 3, 2, 4.0), ("lv", 3, 3, 4.0))) == 1


def test_json_has_every_flag_and_says_which_row_it_stands_in() -> None:
    wheres = [("rv", 5, 1), ("lv", 0, 3), ("rv", 4, 1), ("", None, None)]
    flags = [Flag(Where(*where), score, ("why",)) for where, score in zip(wheres, (9.0, 8.0, 4.0, 5.0), strict=True)]
    found = to_json(flags, PHASES, {flags[1].where})
    assert [flag["row_index"] for flag in found] == [2, 1, 2, 0]
    assert [flag["reviewed"] for flag in found] == [False, True, False, False]
    assert found[3]["structure"] is None and found[0]["reasons"] == ["why"]
    assert (span((2,)), span((2, 5, 6), "-")) == ("3", "3-7")


def test_a_row_that_was_looked_at_in_part_is_open_for_the_rest() -> None:
    flags = [Flag(Where("rv", 0, z), 9.0 - z, (f"Look at {z}.",)) for z in (1, 2, 3)]
    [row] = open_rows(flags, PHASES, {flags[0].where})
    assert (row.frame_index, row.slice_index, row.slices, row.reasons) == (0, 2, (2, 3), ("Look at 2.",))
    assert open_rows(flags, PHASES, {flag.where for flag in flags}) == ()
