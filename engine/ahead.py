"""Load the network on a spare core while the scan is still being read."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.archives import is_archive, members_of
from engine.network.model_card import ModelCard
from engine.network.preprocess import plan
from engine.volume import Geometry


def load_ahead(paths: Sequence[Path], card: ModelCard, precision: str, *, threads: int | None = None) -> None:
    """Start loading a network for a DICOM scan in a thread, for the image size that its first file suggests.

    This is a guess. If it is right, predict waits for it and saves time; if it is wrong, predict loads what it needs.
    Errors are left to predict, which meets them again and reports them.
    """
    shape = _likely_input_shape(paths, card)
    if shape is None or (threads is None and (os.cpu_count() or 1) < 2):
        return

    def load() -> None:
        # Whatever goes wrong here, from a damaged model to a broken installation, goes wrong again in predict.
        with contextlib.suppress(Exception):
            from engine.network import runtime  # noqa: PLC0415 - see engine.network.predict

            runtime.load_network(card, precision, threads=threads, input_shape=shape)

    # Not a daemon: the process must not end while OpenVINO is at work in a thread.
    threading.Thread(target=load, name="load-ahead").start()


def _likely_input_shape(paths: Sequence[Path], card: ModelCard) -> tuple[int, int] | None:
    """(H, W) of the network's input for the first DICOM file; None where that is not known at once."""
    from engine.formats.dicom_files import looks_like_dicom, read_dicom  # noqa: PLC0415 - NIfTI scans need none of it

    first = paths[0]
    try:
        if first.is_dir():
            first = min(file for file in first.iterdir() if file.is_file())
        elif is_archive(first):
            first = members_of(first)[0]
        if not looks_like_dicom(first):
            return None
        header = read_dicom(first, stop_before_pixels=True, specific_tags=["Rows", "Columns", "PixelSpacing"])
        y_mm, x_mm = (float(mm) for mm in header.PixelSpacing)
        geometry = Geometry(np.diag([x_mm, y_mm, 1.0, 1.0]), (1, int(header.Rows), int(header.Columns)))
    except Exception:  # whatever is odd about the file, reading the scan is the place to say it
        return None
    return plan(geometry, card.input).input_shape
