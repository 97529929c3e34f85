"""Ends the command on Ctrl+C, when the system asks it to end, or when its terminal is closed.

The command ends with one line on stderr and exit status 128 + the number of the signal, whatever it is doing.
This module is loaded before anything that takes time to import, so it imports little itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "ended, because its terminal was closed"}
"""What is said of each signal. Windows has no SIGHUP."""

# Ctrl+C may come twice at once: from the terminal, and from a program that started this one and passes it on.
_SAME_S = 1.0
# Long enough to remove a file that is half written.
_CLEAN_UP_S = 5.0


def caught() -> dict[int, str]:
    """The signals to catch, and what is said of each. One that is ignored, as nohup asks for, stays ignored."""
    numbers = {getattr(signal, name): text for name, text in WORDS.items() if hasattr(signal, name)}
    return {number: text for number, text in numbers.items() if signal.getsignal(number) is not signal.SIG_IGN}


class Interrupts:
    """The signals that ask this process to end. received: the first of them, 0 as long as none has come."""

    def __init__(self) -> None:
        self.received = 0
        self._raises = False
        self._at = 0.0

    def install(self) -> None:
        """From now on a signal ends the process at once."""
        for number in caught():
            signal.signal(number, self._handle)
        sys.unraisablehook = self._unraisable

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """Within this context a signal raises KeyboardInterrupt, so that half-written files are removed."""
        self._raises = True
        try:
            yield
        finally:
            self._raises = False

    def end(self) -> NoReturn:
        """Say which signal came and end the process.

        Threads are not waited for and nothing is torn down: a network that is loading in a thread would crash then.
        """
        # Not through sys.stderr: the signal may have come while that was writing.
        line = f"cinequant: {caught().get(self.received, 'interrupted')}\n".encode()
        with contextlib.suppress(OSError):
            os.write(2, b"\r\x1b[K" + line if os.isatty(2) else line)
        os._exit(128 + self.received)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            if time.monotonic() - self._at > _SAME_S:
                self.end()
            return
        self.received, self._at = number, time.monotonic()
        if not self._raises:
            self.end()
        # Some libraries swallow every exception; the process ends all the same.
        threading.Thread(target=self._end_later, name="interrupt", daemon=True).start()
        raise KeyboardInterrupt

    def _end_later(self) -> None:
        time.sleep(_CLEAN_UP_S)
        self.end()

    def _unraisable(self, found: sys.UnraisableHookArgs) -> None:
        """The signal came within a finaliser, where Python prints exceptions and goes on."""
        if self.received and isinstance(found.exc_value, KeyboardInterrupt):
            self.end()
        sys.__unraisablehook__(found)
