"""The order in which steps were taken, whatever they changed."""

from __future__ import annotations

import itertools

_NUMBERS = itertools.count(1)


def next_order() -> int:
    """A number higher than all before. Undo takes back the step with the highest one."""
    return next(_NUMBERS)
