"""catalog: what is found, what is rejected and why, and what finding models must not cost."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

from engine.errors import ModelError
from engine.network import catalog
from engine.network.catalog import Catalog, default_precision, find_models
from engine.network.model_card import save_card


def test_models_are_found_default_first_then_by_id(tmp_path: Path) -> None:
    for model_id in ("zebra", "quantlite", "apple"):
        write_tiny_model(tmp_path, model_id)
    found = find_models([tmp_path])
    assert [card.id for card in found.models] == ["quantlite", "apple", "zebra"]
    assert found.default == "quantlite"
    assert found.get() is found.models[0]
    assert found.get("zebra") is found.models[2]
    assert found.rejected == ()


def test_without_quantlite_the_first_model_is_default(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "zebra")
    write_tiny_model(tmp_path, "apple")
    assert find_models([tmp_path]).default == "apple"


def test_a_model_of_the_long_axis_is_never_the_default(tmp_path: Path) -> None:
    save_card(replace(write_tiny_model(tmp_path, "apple"), view="4ch"))
    with pytest.raises(ModelError, match="no model for short-axis images"):
        find_models([tmp_path]).for_view("short-axis")
    write_tiny_model(tmp_path, "zebra")
    found = find_models([tmp_path])
    assert found.default == found.get().id == found.for_view("short-axis").id == "zebra"
    assert found.for_view("4ch").id == "apple"


def test_a_broken_model_is_rejected_with_the_reason_and_the_others_stay(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "good")
    bad = write_tiny_model(tmp_path, "bad")
    (bad.folder / "int8.onnx").unlink()
    (tmp_path / "empty").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "readme.txt").touch()
    found = find_models([tmp_path])
    assert [card.id for card in found.models] == ["good"]
    reasons = {folder.name: reason for folder, reason in found.rejected}
    assert set(reasons) == {"bad", "empty"}
    assert "int8.onnx" in reasons["bad"]
    assert "needs a card.json" in reasons["empty"]
    with pytest.raises(ModelError, match=r"model bad was rejected: .*int8\.onnx"):
        found.get("bad")


def test_the_first_model_of_an_id_wins(tmp_path: Path) -> None:
    first = write_tiny_model(tmp_path / "packaged")
    write_tiny_model(tmp_path / "user")
    found = find_models([tmp_path / "packaged", tmp_path / "user"])
    assert [card.folder for card in found.models] == [first.folder]
    assert "already is model tiny" in found.rejected[0][1]


def test_a_folder_named_twice_is_no_conflict(tmp_path: Path) -> None:
    write_tiny_model(tmp_path)
    assert find_models([tmp_path, tmp_path / "tiny"]).rejected == ()


def test_an_unknown_model_lists_what_there_is(tmp_path: Path) -> None:
    write_tiny_model(tmp_path)
    with pytest.raises(ModelError, match="no model 'unet'; installed: tiny"):
        find_models([tmp_path]).get("unet")


def test_without_models_the_message_says_where_to_put_one(tmp_path: Path) -> None:
    empty = find_models([tmp_path])
    assert empty == Catalog((), (), "")
    with pytest.raises(ModelError, match="no model is installed; put a model's folder into"):
        empty.get()


def test_packaged_then_named_then_user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_model(tmp_path / "packaged", "one")
    write_tiny_model(tmp_path / "named", "two")
    write_tiny_model(tmp_path / "data" / "cinequant" / "models", "three")
    monkeypatch.setattr(catalog, "packaged_models", lambda: tmp_path / "packaged")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    named = [str(tmp_path / "named"), str(tmp_path / "gone")]
    monkeypatch.setenv("CINEQUANT_MODELS", __import__("os").pathsep.join(named))
    found = find_models()
    assert {card.id for card in found.models} == {"one", "two", "three"}
    assert found.rejected == ((tmp_path / "gone", f"{tmp_path / 'gone'}: no such folder; correct CINEQUANT_MODELS"),)


@pytest.mark.parametrize(
    ("system", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", ("cinequant", "models")),
        ("win32", "APPDATA", ("cinequant", "models")),
        ("darwin", "HOME", ("Library", "Application Support", "cinequant", "models")),
    ],
)
def test_the_user_folder_is_where_each_system_keeps_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, variable: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv(variable, str(tmp_path))
    assert catalog.user_models() == tmp_path.joinpath(*expected)


def test_a_user_without_a_home_still_has_the_models_that_came_with_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert find_models().default == "quantlite"


def test_int8_is_the_default_precision_where_there_is_one(tmp_path: Path) -> None:
    assert default_precision(write_tiny_model(tmp_path, "both")) == "int8"
    assert default_precision(write_tiny_model(tmp_path, "plain", precisions=("float32",))) == "float32"


def test_finding_models_loads_neither_runtime_nor_readers() -> None:
    code = "import sys, engine.network.catalog as c; c.find_models(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "engine.network.catalog" in loaded
    assert not loaded & {"openvino", "torch", "onnx", "pydicom", "nibabel", "PySide6"}
