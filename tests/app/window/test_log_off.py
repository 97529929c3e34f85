"""Logging off, with a real process on a real display: by signals, or because the display goes first."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from places import ROOT
from tiny_model import write_tiny_model

from engine.formats.case_file import read_case

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")

VIEWER = """
import sys
from app.session.session import Session
from app.state.types import Status

made = Session.__init__
def made_and_watched(self, *args, **named):
    made(self, *args, **named)
    self.changed.connect(lambda old, new: draw(self, old, new))
Session.__init__ = made_and_watched

def draw(session, old, new):
    done = [sum(run.status is Status.DONE for run in state.segmentation.runs.values()) for state in (old, new)]
    if done == [1, 2]:
        session.correcting.start()
        session.correcting.start_stroke(0, 20.0, 20.0)
        session.correcting.draw(0, 40.0, 30.0)
        print("drawn", flush=True)

from app.cli.main import main
sys.argv = ["cinequant", "view", *sys.argv[1:]]
sys.exit(main())
"""


@pytest.fixture(name="display")
def display_fixture() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A display of its own, which the test may end."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    yield f":{number}", server
    server.kill()
    server.wait()


@pytest.mark.parametrize("way", ["terminated", "display lost"])
def test_a_stroke_survives(display: tuple[str, subprocess.Popen[bytes]], tmp_path: Path, way: str) -> None:
    name, server = display
    write_tiny_model(tmp_path / "models", "quantlite")
    voxels = np.random.default_rng(1).integers(0, 900, (64, 64, 3, 2))
    nib.save(nib.Nifti1Image(voxels.astype(np.int16), np.diag([-1.5, -1.5, 8.0, 1.0])), tmp_path / "cine.nii")
    places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"), str(tmp_path))
    environment = {**os.environ, **places, "CINEQUANT_MODELS": str(tmp_path / "models"), "DISPLAY": name,
                   "QT_QPA_PLATFORM": "xcb"}  # fmt: skip

    def kept() -> list[Path]:
        return sorted(tmp_path.rglob("unsaved cases/*/*.cinequant"))

    with subprocess.Popen(
        [sys.executable, "-c", VIEWER, str(tmp_path / "cine.nii")],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        patience = threading.Timer(60, process.kill)
        patience.start()
        try:
            assert process.stdout is not None and any(line == "drawn\n" for line in process.stdout)
            if way == "display lost":
                server.terminate()
            else:
                process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
        finally:
            patience.cancel()
            process.kill()
    assert process.returncode == (1 if way == "display lost" else 143), errors
    assert "unsaved changes are kept" in errors
    [path] = kept()
    changed = [plane for one in read_case(path).segmentations for plane in one.planes.values()]
    assert len(changed) == 1 and changed[0].any()
