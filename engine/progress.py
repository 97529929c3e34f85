"""Progress reports and cancellation of long work."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import Cancelled

Progress = Callable[[int, int, str], None]
"""Called as progress(done, total, what) on the working thread."""


class CancelToken:
    """A request to stop: set by the caller, checked by the work."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if the caller asked to stop."""
        if self._event.is_set():
            raise Cancelled


def no_progress(done: int, total: int, what: str) -> None:
    """The default listener: nobody."""
