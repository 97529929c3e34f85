"""Loads what the window needs in less time.

Modules stay for as long as the program runs, so Python's cyclic collector finds nothing among what imports make; left
on, it looks through all of it again and again, which is a tenth of the time.

pyqtgraph mirrors QtCore, QtGui and QtWidgets name by name. PySide6 makes each of its 2,800 classes and enumerations
when it is first asked for: copying all of them takes as long as the rest of pyqtgraph, and the window needs a few.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import PySide6.QtCore
import PySide6.QtGui
import PySide6.QtWidgets

_QT: tuple[Any, ...] = (PySide6.QtCore, PySide6.QtGui, PySide6.QtWidgets)


class Mirror(ModuleType):
    """Has the names of a module of Qt, and takes each from there when it is first asked for."""

    def __init__(self, name: str, qt: ModuleType) -> None:
        super().__init__(name)
        self._qt = qt

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._qt, name)
        setattr(self, name, value)
        return value


@contextmanager
def quickly() -> Iterator[None]:
    """Load modules without the collector, and pyqtgraph, if it is not there yet, without copies of Qt's names."""
    collected = gc.isenabled()
    gc.disable()
    mirrored = () if "pyqtgraph" in sys.modules else _QT
    dirs = [vars(qt).get("__dir__") for qt in mirrored]
    for qt in mirrored:
        name = qt.__name__.replace("PySide6", "pyqtgraph.Qt")
        sys.modules[name] = Mirror(name, qt)
        qt.__dir__ = list  # what pyqtgraph copies: none of it
    try:
        yield
    finally:
        for qt, names in zip(mirrored, dirs, strict=True):
            if names is None:
                del qt.__dir__
            else:
                qt.__dir__ = names
        # Else the first collection would look through all that was loaded.
        gc.freeze()
        if collected:
            gc.enable()
