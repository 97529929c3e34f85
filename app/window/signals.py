"""Turns Ctrl+C and requests to end the process into a Qt signal, so that the window can close in an orderly way."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterable
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

# Ctrl+C may come twice at once: from the terminal, and from a program that started this one and passes it on.
_SAME_S = 1.0


class SignalWatch(QObject):
    """Catches signals until it is closed. A second one ends the process at once, in case closing takes too long.

    Python runs its handlers between two steps of Python code, which may be in the middle of a paint event. So the
    handler only takes a note, and a socket wakes Qt's event loop, where nothing else is going on.
    """

    came = Signal(int)
    """The number of the first signal, told in the event loop."""

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__()
        self.received = 0
        self._at = 0.0
        self._told = False
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)
        self._fd_before = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before: dict[int, Any] = {number: signal.signal(number, self._note) for number in numbers}

    def close(self) -> None:
        """Give the signals back to whoever had them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._notifier.setEnabled(False)
        self._read.close()
        self._write.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.received:
            self.received, self._at = number, time.monotonic()
        elif time.monotonic() - self._at > _SAME_S:
            os._exit(128 + self.received)

    def _wake(self) -> None:
        try:
            self._read.recv(4096)
        except BlockingIOError:
            return
        if self.received and not self._told:
            self._told = True
            self.came.emit(self.received)
