"""Settings that are damaged, or edited by hand, cost the preference and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.state.changes import evolve
from app.state.types import AppState
from app.window.settings import Settings

REPORT = dict.fromkeys(("key", "device", "isa", "runtime", "recommended_model", "recommended", "reason"), "x")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("overlay/visible", "[[1], 1, 2, 3]"),
        ("overlay/visible", '{"1": 2}'),
        ("overlay/visible", "[" * 100_000),
        ("overlay/colours", "[" * 100_000),
        ("overlay/colours", '{"1": [[]]}'),
        ("overlay/opacity", "nan"),
        ("overlay/style", "[1]"),
        ("layout", "sideways"),
        ("theme", "{}"),
        ("language", "7"),
        ("recents", '[null, 5, {"a": 1}]'),
        ("report", "[]"),
        ("report", json.dumps({**REPORT, "size": [], "runs": 3, "rows": [], "failed": []})),
        ("report", json.dumps({**REPORT, "size": 256, "runs": 3, "rows": [], "failed": [{"model": 1}]})),
        ("report", json.dumps({**REPORT, "size": 256, "runs": 3, "rows": [{"model": []}], "failed": []})),
    ],
)
def test_damaged_settings_leave_the_default(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "settings.ini"
    store = QSettings(str(path), QSettings.Format.IniFormat)
    store.setValue(key, value)
    store.sync()
    assert Settings(path).restore(AppState()) == AppState()


def test_two_windows_keep_what_each_of_them_changed(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    Settings(path).save(evolve(AppState(), recents=(Path("/a"),)))
    one, other = Settings(path), Settings(path)
    first, second = one.restore(AppState()), other.restore(AppState())
    one.save(evolve(first, smooth=False, keep_base=True, recents=(Path("/one"), Path("/a"))))
    other.save(evolve(second, sweep=True, recents=(Path("/other"), Path("/a"))))
    one.save(evolve(first, smooth=False, keep_base=True, recents=(Path("/two"), Path("/one"), Path("/a"))))
    kept = Settings(path).restore(AppState()).preferences
    assert not kept.smooth and kept.sweep and kept.keep_base
    assert kept.recents == (Path("/two"), Path("/one"), Path("/a"), Path("/other"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_under_the_name_of_the_settings_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.ini")
    settings = Settings(tmp_path / "settings.ini")
    assert settings.restore(AppState()) == AppState()
