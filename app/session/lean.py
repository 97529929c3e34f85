"""Keeps the viewer small and its start short. Imported before anything else that is large, after PySide6.

PySide6 reads the source of every module that is imported after it, to learn whether that uses Qt with Python's names or
properties; Python keeps all those texts. That is a tenth of the start and 35 MB. This program does not use it.

Arrays as large as a scan come and go while it is read and segmented. The C library of Linux, once it has seen such an
array freed, takes the next ones from a heap that it seldom gives back: 20 MB. With a fixed limit every large array is
returned as it is freed.

A worker that computes in Python keeps the interpreter for 5 ms before the window's thread gets it back, and that at
each of a dozen places in one paint. A shorter turn costs the worker next to nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from typing import Any

import PySide6.QtCore  # noqa: F401 - its import brings the hook that is turned off below

# Larger than what one slice needs, so that nothing that is computed for each slice asks the system for memory.
_LARGE_BYTES = 4 << 20
_M_MMAP_THRESHOLD = -3
# How long a thread may keep the interpreter while another one waits for it.
_TURN_S = 0.001

_feature: Any = sys.modules.get("shibokensupport.feature")
if hasattr(_feature, "_mod_uses_pyside"):
    _feature._mod_uses_pyside = lambda module: True  # as for every module that uses Qt: Qt's own names

sys.setswitchinterval(_TURN_S)

_libc: ctypes.CDLL | None = None
if sys.platform == "linux":
    with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's has no such limit
        _libc = ctypes.CDLL("libc.so.6")
        _libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back() -> None:
    """Give memory that is free back to the system, after work that needed much of it in small pieces."""
    if _libc is not None:
        with contextlib.suppress(AttributeError):
            _libc.malloc_trim(0)
