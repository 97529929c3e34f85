"""Packages that are slow to import and that many runs never need: imported when something of them is first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


class Later:
    """Stands for a package. What is asked of it imports it.

    A NIfTI scan is shown without pydicom and its decoders (a sixth of a second, 25 MB), a DICOM scan without nibabel.
    """

    def __init__(self, package: str, then: Callable[[], None] = lambda: None) -> None:
        """then: called once, after the import."""
        self._package, self._then = package, then

    def __getattr__(self, name: str) -> Any:
        module = importlib.import_module(self._package)
        then, self._then = self._then, lambda: None
        then()
        return getattr(module, name)
