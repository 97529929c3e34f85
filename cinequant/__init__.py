"""CineQuant for notebooks and scripts: open a scan, segment it, measure it, write the mask.

What is here stays as it is from one version to the next; `engine` below it may change. docs/python.md shows how to use
it. Names are loaded when they are first used, so that importing the module costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine import __version__
    from engine.errors import CineQuantError
    from engine.formats.door import find, open_scan, read_series
    from engine.formats.nifti_masks import write_mask
    from engine.measures.function import measure
    from engine.network.catalog import find_models
    from engine.network.predict import predict

__all__ = [
    "CineQuantError",
    "__version__",
    "find",
    "find_models",
    "measure",
    "open_scan",
    "predict",
    "read_series",
    "write_mask",
]

_HOMES = {
    "CineQuantError": "engine.errors",
    "__version__": "engine",
    "find": "engine.formats.door",
    "find_models": "engine.network.catalog",
    "measure": "engine.measures.function",
    "open_scan": "engine.formats.door",
    "predict": "engine.network.predict",
    "read_series": "engine.formats.door",
    "write_mask": "engine.formats.nifti_masks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cinequant' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
