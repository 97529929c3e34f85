"""Compressed pixels are decoded in a process whose end costs an image and nothing else."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pydicom
import pytest
from dicom_cine import compress, write_cine
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGLSLossless, RLELossless

from engine.errors import ScanError
from engine.formats import decoding
from engine.formats.door import open_scan

SUPPORT = Path(__file__).parents[2] / "support"


@pytest.fixture(autouse=True)
def _no_child() -> Iterator[None]:
    decoding.child.end()
    yield
    decoding.child.end()


@pytest.fixture(scope="module", name="scan")
def scan_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    folder = tmp_path_factory.mktemp("compressed") / "scan"
    return folder, write_cine(folder, 3, 3, change=lambda ds, *_: compress(ds, JPEGLSLossless))


def crashing(monkeypatch: pytest.MonkeyPatch, scan: Path, what: str) -> str:
    """Have the child fail on the image of the second phase and slice; returns the name of its file."""
    file = sorted(scan.iterdir())[4]
    [frame] = generate_frames(pydicom.dcmread(file).PixelData, number_of_frames=1)
    monkeypatch.setenv(what, hashlib.md5(frame).hexdigest())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(decoding, "CHILD", "crashing_decoder")
    return file.name


def test_a_child_decodes_what_native_libraries_know_and_nothing_else(
    scan: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    folder, voxels = scan
    assert np.array_equal(open_scan([folder]).array, voxels)
    assert decoding.child.pid is not None
    assert psutil.Process(decoding.child.pid).ppid() == os.getpid()
    decoding.child.end()
    for name, change in (("plain", None), ("runs", lambda ds, *_: compress(ds, RLELossless))):
        expected = write_cine(tmp_path / name, 2, 2, change=change)
        assert np.array_equal(open_scan([tmp_path / name]).array, expected)
        assert decoding.child.pid is None, name


def test_nothing_decodes_here_that_could_crash() -> None:
    for uid in decoding.SYNTAXES:
        assert pydicom.pixels.get_decoder(uid).available_plugins == (decoding.PLUGIN,)


def test_a_killed_child_is_started_again(scan: tuple[Path, np.ndarray]) -> None:
    folder, voxels = scan
    open_scan([folder])
    first = decoding.child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert np.array_equal(open_scan([folder]).array, voxels)
    assert decoding.child.pid not in (None, first)


def test_a_crash_costs_the_image_that_it_came_from(
    scan: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, voxels = scan
    name = crashing(monkeypatch, folder, "CRASH_ON")
    crashes = decoding.child.crashes
    volume = open_scan([folder])
    assert decoding.child.crashes > crashes
    assert any(name in notice and "cannot be decoded" in notice for notice in volume.notices)
    whole = {plane.tobytes() for phase in voxels for plane in phase}
    assert all(plane.tobytes() in whole for phase in volume.array for plane in phase)


def test_a_child_that_hangs_is_ended(scan: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = scan
    name = crashing(monkeypatch, folder, "HANG_ON")
    monkeypatch.setattr(decoding, "TIMEOUT_S", 3.0)
    assert any(name in notice for notice in open_scan([folder]).notices)


def test_what_one_library_refuses_another_one_may_decode(
    scan: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, voxels = scan

    def refused(*_: object) -> bytes:
        raise decoding.DecoderError("no")

    decoder = pydicom.pixels.get_decoder(JPEGLSLossless)
    monkeypatch.setitem(decoder._available, decoding.PLUGIN, refused)
    assert np.array_equal(open_scan([folder]).array, voxels)


def test_too_little_memory_is_not_called_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object, **__: object) -> np.ndarray:
        raise MemoryError

    write_cine(tmp_path, 2, 2, change=lambda ds, *_: compress(ds, RLELossless))
    monkeypatch.setattr(pydicom.pixels.utils, "pixel_array", too_large)
    with pytest.raises(ScanError, match="needs more memory than is free"):
        open_scan([tmp_path])
