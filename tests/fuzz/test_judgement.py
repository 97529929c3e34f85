"""What the fuzzer calls a fault."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import GOOD, Answer, judged

WHOLE = Answer("opened", "digest", ("as always",))


@pytest.mark.parametrize(
    ("found", "knowable", "outcome"),
    [
        (Answer("opened", "digest", ("as always",)), True, "same"),
        (Answer("opened", "other", ("as always",)), True, "silent"),
        (Answer("opened", "other", ("as always",)), False, "unknowable"),
        (Answer("opened", "other", ("as always", "a slice is left out")), True, "said"),
        (Answer("refused"), True, "refused"),
        (Answer("bug"), False, "bug"),
        (Answer("hang"), False, "hang"),
    ],
)
def test_silence_is_a_fault_where_the_damage_can_be_known(found: Answer, knowable: bool, outcome: str) -> None:
    assert judged(found, WHOLE, knowable=knowable).outcome == outcome
    assert (outcome in GOOD) == (outcome in ("same", "said", "refused", "unknowable"))
