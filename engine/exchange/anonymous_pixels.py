"""What may be hidden beside pixels: bytes after them, overlays in their spare bits, comments in JPEGs."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.exchange.anonymous_names import Names
from engine.formats.dicom_values import pixel_bytes

_OVERLAY_GROUPS = range(0x6000, 0x6100, 2)
_BIT_POSITION = 0x0102


def clean_pixels(dataset: Any, names: Names) -> bool:
    """Cut off what follows the pixels and clear overlays in their bits; False where text in compressed ones names."""
    if "PixelData" not in dataset:
        return True
    content = dataset.PixelData or b""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return not names.within(content)
    size = pixel_bytes(dataset)
    if len(content) > size + size % 2:
        content = content[:size] + b"\0" * (size % 2)
    if _has_overlay_in_pixels(dataset):
        content = _cleared(dataset, content)
    if content is not dataset.PixelData:
        dataset.PixelData = content
    return True


def _has_overlay_in_pixels(dataset: Any) -> bool:
    """Whether spare bits hold an overlay, as old files have it."""
    positions = (dataset.get((group, _BIT_POSITION)) for group in _OVERLAY_GROUPS)
    return any(position is not None and position.value for position in positions)


def _cleared(dataset: Any, content: bytes) -> bytes:
    """Pixels of 8, 16 or 32 bits whose spare bits are those of their sign, as if nothing had ever been in them."""
    allocated, stored = int(dataset.BitsAllocated), int(dataset.get("BitsStored") or dataset.BitsAllocated)
    high = int(dataset.get("HighBit") or stored - 1)
    order = ">" if dataset.original_encoding[1] is False else "<"
    pixels = np.frombuffer(content[: len(content) // (allocated // 8) * (allocated // 8)], f"{order}u{allocated // 8}")
    low = high + 1 - stored
    kept = (pixels >> low) & ((1 << stored) - 1)
    if dataset.get("PixelRepresentation"):
        sign = 1 << (stored - 1)
        kept = (kept ^ sign) - sign
    return (kept << low).astype(f"{order}u{allocated // 8}").tobytes() + content[pixels.nbytes :]
