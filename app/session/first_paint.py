"""Lets work wait until the window has painted a scan."""

from __future__ import annotations

import threading

from engine.volume import Volume

PATIENCE_S = 0.25
"""How long work waits at most: a window that is hidden or minimised paints nothing."""


class FirstPaint:
    """The window tells which scan it has painted; work that would hold the interpreter waits for that.

    Without a window (awaited is False) nobody waits.
    """

    def __init__(self) -> None:
        self.awaited = False
        self._painted: Volume | None = None
        self._told = threading.Condition()

    def painted(self, volume: Volume | None) -> None:
        """An image of this scan is on screen. Called in the window's thread."""
        with self._told:
            self._painted = volume
            self._told.notify_all()

    def wait(self, volume: Volume) -> None:
        """Return once the scan is on screen, or after PATIENCE_S. Called in a worker's thread."""
        if self.awaited:
            with self._told:
                self._told.wait_for(lambda: self._painted is volume, timeout=PATIENCE_S)
