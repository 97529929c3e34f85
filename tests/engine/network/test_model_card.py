"""model_card: what is written is read, and everything else is refused with a reason."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_model import write_tiny_model

from engine.errors import ModelError
from engine.network.model_card import (
    CARD_FILE,
    ModelCard,
    checked_bytes,
    describe_file,
    load_card,
    read_test_tensors,
    save_card,
    write_test_tensors,
)


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return write_tiny_model(tmp_path)


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / CARD_FILE
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))


def test_what_is_saved_is_loaded(card: ModelCard) -> None:
    assert load_card(card.folder) == card


def test_a_card_without_a_view_is_of_the_short_axis(card: ModelCard) -> None:
    change(card.folder, lambda d: d.pop("view"))
    assert load_card(card.folder).view == "short-axis"
    save_card(replace(card, view="4ch"))
    assert load_card(card.folder).view == "4ch"


def test_saving_leaves_nothing_beside_the_card(card: ModelCard) -> None:
    save_card(card)
    assert sorted(f.name for f in card.folder.iterdir()) == [
        "card.json",
        "float32.onnx",
        "int8.onnx",
        "test_tensors.npz",
    ]


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer schema": (lambda d: d.update(schema=2), "schema 2 is not understood"),
    "no schema": (lambda d: d.pop("schema"), "schema None"),
    "missing key": (lambda d: d.pop("limits"), "key limits is missing"),
    "unknown view": (lambda d: d.update(view="2ch"), "view must be short-axis or 4ch, not '2ch'"),
    "extra key": (lambda d: d.update(colour="red"), "key colour is not one of"),
    "extra key inside": (lambda d: d["input"].update(mean=0), "key input.mean is not one of"),
    "missing key inside": (lambda d: d["precisions"]["int8"].pop("sha256"), "key precisions.int8.sha256 is missing"),
    "another folder's id": (lambda d: d.update(id="other"), "must equal the name of its folder"),
    "id with a path": (lambda d: d.update(id="../tiny"), "must be lower-case letters"),
    "no precision": (lambda d: d.update(precisions={}), "at least one file"),
    "strange precision": (
        lambda d: d["precisions"].update({"a b": d["precisions"]["int8"]}),
        "a precision's name must be",
    ),
    "path up": (lambda d: d["precisions"]["int8"].update(file="../int8.onnx"), "without a path"),
    "absolute path": (lambda d: d["precisions"]["int8"].update(file="/etc/x.onnx"), "without a path"),
    "windows path": (lambda d: d["precisions"]["int8"].update(file="..\\int8.onnx"), "without a path"),
    "no onnx": (lambda d: d["precisions"]["int8"].update(file="card.json"), "name of a .onnx or .cqp file"),
    "absent file": (
        lambda d: d["precisions"]["int8"].update(file="gone.onnx"),
        "gone.onnx, which is not in the folder",
    ),
    "other size": (lambda d: d["precisions"]["int8"].update(size_bytes=1), "size_bytes says 1"),
    "no hash": (lambda d: d["precisions"]["int8"].update(sha256="abc"), "64 lower-case hex digits"),
    "pickle for tensors": (lambda d: d["test_tensors"].update(file="x.pkl"), "name of a .npz file"),
    "tolerance of one only": (lambda d: d["test_tensors"]["tolerance"].pop("int8"), "a number for each"),
    "negative tolerance": (lambda d: d["test_tensors"]["tolerance"].update(int8=-1), "must lie between 0"),
    "acdc labels": (
        lambda d: d.update(labels={"RV cavity": 1, "LV myocardium": 2, "LV cavity": 3}),
        "labels must be",
    ),
    "labels with a gap": (lambda d: d["labels"].pop("LV myocardium"), "labels must be"),
    "label that is true": (
        lambda d: d["labels"].update({"LV cavity": True}),
        "labels.LV cavity must be a whole number",
    ),
    "no parameters": (lambda d: d.update(parameters=0), "parameters must be a whole number"),
    "text for a flag": (lambda d: d.update(keep_largest="yes"), "keep_largest must be true or false"),
    "empty use": (lambda d: d.update(intended_use=" "), "intended_use must be text"),
    "zero spacing": (lambda d: d["input"].update(spacing_mm=0), "input.spacing_mm must lie between"),
    "huge input": (lambda d: d["input"].update(max_size=10**6), "input.max_size must be a whole number"),
    "sizes that do not fit": (lambda d: d["input"].update(min_size=130), "must be a multiple of"),
    "percentiles reversed": (lambda d: d["input"].update(percentiles=[99, 1]), "must ascend"),
    "one percentile": (lambda d: d["input"].update(percentiles=[99]), "must be two numbers"),
    "metric in words": (lambda d: d["metrics"]["float32"].update(dice_mean="good"), "must be a finite number"),
    "metrics of nothing": (lambda d: d["metrics"].update(int4={}), "metrics.int4 is not one of"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_cards_are_refused_with_file_key_and_way_out(card: ModelCard, name: str) -> None:
    edit, reason = BROKEN[name]
    change(card.folder, edit)
    with pytest.raises(ModelError) as caught:
        load_card(card.folder)
    message = str(caught.value)
    assert message.startswith(str(card.folder / CARD_FILE))
    assert reason in message
    assert "export the model again" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "the card must be an object"),
        (b'{"schema": 1, "schema": 1}', "key 'schema' appears twice"),
        (b'{"schema": NaN}', "NaN is not a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * 1_000_001, "larger than"),
    ],
)
def test_what_is_no_json_object_is_refused(card: ModelCard, content: bytes, reason: str) -> None:
    (card.folder / CARD_FILE).write_bytes(content)
    with pytest.raises(ModelError, match=reason):
        load_card(card.folder)


def test_a_folder_without_card_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file; a model folder needs a card"):
        load_card(tmp_path)


def test_a_link_out_of_the_folder_is_refused(card: ModelCard, tmp_path: Path) -> None:
    outside = tmp_path / "outside.onnx"
    (card.folder / "int8.onnx").rename(outside)
    try:
        (card.folder / "int8.onnx").symlink_to(outside)
    except OSError:
        pytest.skip("links cannot be made here")
    with pytest.raises(ModelError, match="a link out of the model's folder"):
        load_card(card.folder)


def test_saving_refuses_what_loading_would(card: ModelCard) -> None:
    before = (card.folder / CARD_FILE).read_bytes()
    with pytest.raises(ModelError, match="limits must be text"):
        save_card(replace(card, limits=""))
    with pytest.raises(ModelError, match="must be a finite number"):
        save_card(replace(card, metrics={"int8": {"dice_mean": float("nan")}}))
    assert (card.folder / CARD_FILE).read_bytes() == before


def test_a_changed_file_is_told_by_its_hash(card: ModelCard) -> None:
    entry = card.precisions["int8"]
    assert checked_bytes(card.folder, entry.file, entry.sha256) == (card.folder / entry.file).read_bytes()
    content = bytearray((card.folder / entry.file).read_bytes())
    content[-1] ^= 1
    (card.folder / entry.file).write_bytes(content)
    load_card(card.folder)  # of the same size: only the hash tells
    with pytest.raises(ModelError, match=r"is not the file that card\.json describes"):
        checked_bytes(card.folder, entry.file, entry.sha256)


def test_an_unknown_precision_lists_what_there_is(card: ModelCard) -> None:
    with pytest.raises(ModelError, match="no precision 'int4'; it has float32, int8"):
        card.path_for("int4")


def test_test_tensors_come_back_as_float32(card: ModelCard) -> None:
    x, logits = read_test_tensors(card, "int8")
    assert (x.shape, x.dtype, logits.shape, logits.dtype) == ((1, 1, 32, 32), np.float32, (4, 32, 32), np.float32)


def test_test_logits_can_be_stored_sparsely(card: ModelCard) -> None:
    x, logits = read_test_tensors(card, "int8")
    entry = write_test_tensors(
        card.folder / "test_tensors.npz", x, dict.fromkeys(card.precisions, logits), card.test_tensors.tolerance, step=4
    )
    np.testing.assert_array_equal(read_test_tensors(replace(card, test_tensors=entry), "int8")[1], logits[:, ::4, ::4])


def with_tensors(card: ModelCard, **arrays: Any) -> ModelCard:
    path = card.folder / "test_tensors.npz"
    np.savez(path, **arrays)
    return replace(card, test_tensors=replace(card.test_tensors, sha256=describe_file(path).sha256))


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"input": np.zeros((1, 1, 8, 8), np.float32)}, "has no array 'logits_int8'"),
        ({"input": np.zeros((8, 8), np.float32)}, "'input' is not 4-dimensional"),
        ({"input": np.full((1, 1, 8, 8), np.nan, np.float32)}, "'input' is not 4-dimensional, finite"),
        ({"input": np.zeros((1, 1, 8, 8))}, "float16 or float32"),
        ({"input": np.array({"a": 1}, dtype=object)}, "is not an .npz of plain arrays"),
        ({"input": np.zeros((1, 1, 8, 8), np.float32), "logits_int8": np.zeros((4, 8, 9), np.float32)}, "do not fit"),
        ({"input": np.zeros((1, 1, 4096, 4097), np.float32)}, "too large for a test tensor"),
    ],
)
def test_unusable_test_tensors_are_refused(card: ModelCard, arrays: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read_test_tensors(with_tensors(card, **arrays), "int8")


def npz(path: Path, member: bytes, *, name: str = "input.npy", compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(name, member)


def npy(shape: str, dtype: str = "<f2", version: bytes = b"\x01\x00") -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    ("member", "options", "reason"),
    [
        (b"x", {"name": "input"}, "has no array 'input'"),
        (b"x", {}, "is not an .npz of plain arrays"),
        (npy("(1000000000000,)"), {}, "too large for a test tensor"),
        (npy("(1, 1, 8, 8)"), {}, "is not an .npz of plain arrays"),  # a header without values
        (npy("(1, 1, 8, 8)", version=b"\x09\x00"), {}, "header of version"),
        (npy("(1, 1, 8, 8)", dtype="|O"), {}, "is not an .npz of plain arrays"),
        (npy("(1, 1, 8, 8)", dtype="<U99"), {}, "too large for a test tensor"),
        (npy("(1, 1"), {}, "is not an .npz of plain arrays"),
        (npy("(1, 1, 8, 8)"), {"compression": zipfile.ZIP_LZMA}, "compressed in a way"),
    ],
)
def test_hostile_test_tensors_are_refused_in_one_line(
    card: ModelCard, member: bytes, options: dict[str, Any], reason: str
) -> None:
    path = card.folder / "test_tensors.npz"
    npz(path, member, **options)
    broken = replace(card, test_tensors=replace(card.test_tensors, sha256=describe_file(path).sha256))
    with pytest.raises(ModelError, match=reason):
        read_test_tensors(broken, "int8")


def test_an_encrypted_member_is_refused(card: ModelCard) -> None:
    path = card.folder / "test_tensors.npz"
    npz(path, npy("(1, 1, 8, 8)"))
    content = bytearray(path.read_bytes())
    for flags in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[flags] |= 1
    path.write_bytes(content)
    broken = replace(card, test_tensors=replace(card.test_tensors, sha256=describe_file(path).sha256))
    with pytest.raises(ModelError, match=r"is not an \.npz of plain arrays"):
        read_test_tensors(broken, "int8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("name", ["card.json", "int8.onnx", "test_tensors.npz"])
def test_a_pipe_under_the_name_of_a_file_is_refused_at_once(card: ModelCard, name: str) -> None:
    path = card.folder / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ModelError, match=name):
        load_card(card.folder)


@pytest.mark.parametrize("text", ["red \x1b[31m", "two\nlines", "\u202eback"])
def test_a_card_cannot_speak_to_the_terminal(card: ModelCard, text: str) -> None:
    path = card.folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": text}))
    with pytest.raises(ModelError, match="name must be one line of printable text"):
        load_card(card.folder)


def test_large_test_tensors_are_not_recorded(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal((1, 1, 256, 256)).astype(np.float32)
    with pytest.raises(ModelError, match="use a smaller input"):
        write_test_tensors(tmp_path / "t.npz", noise, {"int8": np.repeat(noise[0], 4, axis=0)}, {"int8": 0.1})
