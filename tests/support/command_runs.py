"""The command run inside the test's process, with two tiny models and none of the machine's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from tiny_model import write_tiny_model

from app.cli.main import main
from engine import __version__
from engine.network import catalog, runtime


@pytest.fixture(name="_only_these_models", autouse=True)
def only_these_models(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install quantlite and other, both tiny, and hide the machine's own models."""
    home = tmp_path_factory.mktemp("home")
    write_tiny_model(home / "models", "quantlite")
    write_tiny_model(home / "models", "other", precisions=("float32",))
    monkeypatch.setattr(catalog, "packaged_models", lambda: home / "models")
    monkeypatch.setattr(runtime, "packaged_models", lambda: home / "models")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.delenv("CINEQUANT_MODELS", raising=False)


def write_nifti(path: Path, shape: tuple[int, ...] = (60, 50, 4), mm: tuple[float, ...] = (1.5, 1.5, 8.0)) -> Path:
    """A stack, or with four sizes a cine, of a bright square in noisy grey."""
    array = np.full(shape, 100, dtype=np.int16)
    array[:5] = 0
    array[20:30, 20:30] = 900
    # An image of a few values would be taken for a mask.
    array += np.random.default_rng(1).integers(0, 60, shape, dtype=np.int16)
    image = nib.Nifti1Image(array, np.diag([-mm[0], -mm[1], mm[2], 1.0]))
    image.header.set_zooms((*mm, 0.04)[: len(shape)])
    image.header.set_xyzt_units("mm", "sec")
    nib.save(image, path)
    return path


@pytest.fixture(name="scan")
def scan_fixture(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "scan.nii.gz")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = main([str(a) for a in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    status, out, err = run(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    found = json.loads(out)
    assert found["schema"].startswith(f"cinequant/{arguments[0]}/")
    assert found["program"] == f"cinequant {__version__}"
    return found
