"""Lists in notices."""

from __future__ import annotations

from engine.formats.listing import listing


def test_what_is_cut_off_is_hinted_at() -> None:
    assert listing([3]) == "3"
    assert listing(range(1, 9)) == "1, 2, 3, 4, 5, 6, 7, 8"
    assert listing(range(1, 10)) == "1, 2, 3, 4, 5, 6, 7, 8 …"
    assert listing(["a", "b", "c"], 2) == "a, b …"
