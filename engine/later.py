"""Lazy imports of packages that load slowly and that many runs never need."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any


class Later:
    """A stand-in for a package, which is imported when an attribute is first used.

    Showing a NIfTI scan then needs no pydicom (a sixth of a second, 25 MB), and a DICOM scan no nibabel.
    """

    def __init__(self, package: str, *, without: str = "", then: Callable[[Any], None] | None = None) -> None:
        """without: an optional dependency of the package that is kept from being imported.

        then: called once with the package, before anything of it is used.
        """
        self._package, self._without, self._then = package, without, then
        self._lock = threading.Lock()
        self._module: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._module is None:
            with self._lock:
                if self._module is None:
                    module = _imported(self._package, self._without)
                    if self._then is not None:
                        self._then(module)
                    self._module = module
        return getattr(self._module, name)


def _imported(package: str, without: str) -> Any:
    hidden = _Hidden(without)
    sys.meta_path.insert(0, hidden)
    try:
        return importlib.import_module(package)
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """A finder that says of a package that it is not there; to its own thread only, others may need it."""

    def __init__(self, package: str) -> None:
        self._package, self._thread = package, threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self._package and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not wanted here", name=name)
