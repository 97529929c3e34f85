"""resources.bundle: licences of everything inside, children without Python, and the description for each system."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from resources.bundle import __main__ as bundle

SPEC = Path(bundle.__file__).with_name("cinequant.spec")


def test_what_the_program_needs_is_inside_with_its_licences(tmp_path: Path) -> None:
    names = bundle.required()
    assert {"numpy", "pydicom", "pyside6-essentials", "shiboken6", "openvino"} <= set(names)
    assert not {"torch", "pytest", "pyarrow"} & set(names)
    bundle.copy_licences(tmp_path)
    assert "ShareAlike" in (tmp_path / "cinequant" / "resources-models-LICENSE").read_text(encoding="utf-8")
    assert list(tmp_path.glob("numpy-*/LICENSE*"))
    said = {folder.name.rsplit("-", 1)[0].lower().replace("_", "-") for folder in tmp_path.iterdir()}
    assert said == {"cinequant", "qt-and", *names}


def test_a_child_of_the_executable_runs_a_module_of_the_engine_and_no_other() -> None:
    entry = str(SPEC.with_name("entry.py"))
    done = subprocess.run(
        [sys.executable, entry, "-P", "-m", "engine.network.trial"], capture_output=True, text=True, check=False
    )
    # The module itself complains of what it was not given.
    assert done.returncode != 0 and "unrecognized arguments" not in done.stderr
    done = subprocess.run(
        [sys.executable, entry, "-P", "-m", "http.server"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "usage: cinequant" in done.stderr


@pytest.mark.parametrize(("system", "window", "app"), [("linux", True, 0), ("win32", False, 0), ("darwin", True, 1)])
def test_the_description_holds_for_each_system(
    system: str, window: bool, app: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run with stand-ins for PyInstaller's own, which only runs on the system that it builds for."""
    hooks = ModuleType("PyInstaller.utils.hooks")
    for name in ("collect_data_files", "collect_dynamic_libs", "collect_submodules", "copy_metadata"):
        setattr(hooks, name, lambda package: [])
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(__file__=__file__))
    monkeypatch.setattr(subprocess, "run", lambda *_, **options: SimpleNamespace(stdout=""))
    monkeypatch.setattr(sys, "platform", system)
    made: dict[str, list[dict[str, Any]]] = {"EXE": [], "BUNDLE": []}

    def analysis(scripts: list[str], **options: Any) -> SimpleNamespace:
        assert all(Path(script).is_file() for script in scripts)
        assert all(Path(source).exists() for source, _ in options["datas"])
        return SimpleNamespace(pure=[], scripts=[], datas=[], binaries=[])

    runpy.run_path(
        str(SPEC),
        init_globals={
            "SPECPATH": str(SPEC.parent),
            "Analysis": analysis,
            "PYZ": lambda *_: None,
            "EXE": lambda *_, **options: made["EXE"].append(options),
            "COLLECT": lambda *_, **options: None,
            "BUNDLE": lambda *_, **options: made["BUNDLE"].append(options),
        },
    )
    assert [options["console"] for options in made["EXE"]] == [window]
    assert len(made["BUNDLE"]) == app
