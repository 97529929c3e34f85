"""Lists in notices, cut where they are long."""

from __future__ import annotations

from collections.abc import Sequence


def listing(items: Sequence[object], most: int = 8) -> str:
    """Such as "3, 4, 9"; an ellipsis at the end says that there are more."""
    return ", ".join(map(str, items[:most])) + (" …" if len(items) > most else "")
