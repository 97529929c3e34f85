"""How long work tells how far it is and learns that it is no longer wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import Cancelled

Progress = Callable[[int, int, str], None]
"""Called as progress(done, total, what) from the thread that works."""


class CancelToken:
    """Set by the one who waits, checked by the one who works."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if the work is no longer wanted."""
        if self._event.is_set():
            raise Cancelled


def no_progress(done: int, total: int, what: str) -> None:
    """The default listener: nobody."""
