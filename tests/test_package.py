"""The package that others install: the public module, the wheel, and what is said where it cannot work."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import cinequant
from app.cli import doctor_verb
from app.cli.main import main
from cinequant import __main__ as entry

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", name="unpacked")
def unpacked_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import os, sys, hatchling.build as b; os.chdir(sys.argv[1]); print(b.build_wheel(sys.argv[2]))"
    made = subprocess.run(
        [sys.executable, "-c", build, str(ROOT), str(folder)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _run(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=unpacked.parent,
        env={"PYTHONPATH": str(unpacked), "PATH": "", "HOME": str(unpacked.parent), "QT_QPA_PLATFORM": "offscreen"},
    )


def test_every_public_name_is_there_and_loads_nothing_before_it_is_used() -> None:
    assert {name for name in cinequant.__all__ if getattr(cinequant, name) is None} == set()
    assert dir(cinequant) == sorted(cinequant.__all__)
    with pytest.raises(AttributeError, match="no attribute 'opn_scan'"):
        cinequant.opn_scan  # noqa: B018
    loaded = "import cinequant, sys; print([name for name in ('engine', 'numpy') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_the_wheel_runs_alone(unpacked: Path) -> None:
    found = _run(unpacked, "-m", "cinequant", "models", "--json")
    assert found.returncode == 0, found.stderr
    models = json.loads(found.stdout)["models"]
    assert "quantlite" in {model["id"] for model in models}
    assert all(str(unpacked) in path for model in models for path in model["precisions"].values())


def test_the_wheel_holds_what_is_used_and_nothing_else(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"cinequant", "app", "engine", "training", "resources"}
    assert (unpacked / "cinequant" / "py.typed").exists()
    assert not list(unpacked.glob("training/results"))
    (about,) = unpacked.glob("*.dist-info/METADATA")
    text = about.read_text(encoding="utf-8")
    assert "License-Expression: Apache-2.0 AND CC-BY-NC-SA-4.0" in text
    assert "Classifier: Programming Language :: Python :: 3.13" in text


def test_a_package_of_somebody_else_in_the_way_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "app" / "__init__.py"
    other.parent.mkdir()
    other.touch()
    real = entry.importlib.util.find_spec

    def found(name: str) -> object:
        return entry.importlib.util.spec_from_file_location(name, other) if name == "app" else real(name)

    monkeypatch.setattr(entry.importlib.util, "find_spec", found)
    assert entry.main(["--version"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(other) in said
    assert "pipx install cinequant" in said


def test_the_doctor_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"]
    names = {each["name"] for each in found["findings"]}
    assert {"Python", "runtime", "models", "Qt", "compressed DICOM"} <= names


def test_the_doctor_fails_where_something_needed_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = doctor_verb.Check("compressed DICOM", False, "needs gdcm; install CineQuant again")
    monkeypatch.setattr(doctor_verb, "_codecs", lambda: [missing])
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "MISSING  compressed DICOM" in said.out
    assert said.err.count("\n") == 1
    assert "compressed DICOM" in said.err


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_complete_verbs_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "segment" in script
    assert "--precision" in script
