"""ahead: the network is loaded while the scan is read, and a wrong guess is harmless."""

from __future__ import annotations

import threading
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from tiny_model import write_tiny_model

from engine.ahead import _likely_input_shape, load_ahead
from engine.network import runtime
from engine.network.model_card import ModelCard
from engine.network.preprocess import plan


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    runtime.forget_networks()
    return write_tiny_model(tmp_path / "models")


def write_dicom(path: Path, rows: int = 200, columns: int = 160, mm: tuple[float, float] | None = (1.2, 1.5)) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.MRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    header = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    header.SOPClassUID, header.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    header.Rows, header.Columns = rows, columns
    if mm is not None:
        header.PixelSpacing = list(mm)
    header.save_as(path, enforce_file_format=True)
    return path


def wait() -> None:
    for thread in threading.enumerate():
        if thread.name == "load-ahead":
            thread.join()


def test_the_size_follows_from_the_first_header(card: ModelCard, tmp_path: Path) -> None:
    scan = tmp_path / "scan"
    scan.mkdir()
    write_dicom(scan / "a.dcm")
    (scan / "b.dcm").write_text("not read")
    # 200 rows of 1.2 mm and 160 columns of 1.5 mm at 1.5 mm, padded to multiples of 32.
    assert _likely_input_shape([scan], card) == (160, 160)
    assert _likely_input_shape([scan / "a.dcm"], card) == (160, 160)


def test_the_network_is_ready_for_the_guess(card: ModelCard, tmp_path: Path) -> None:
    load_ahead([write_dicom(tmp_path / "a.dcm")], card, "int8", threads=1)
    wait()
    assert runtime.is_loaded(card, "int8", threads=1, input_shape=(160, 160))


def test_where_nothing_can_be_guessed_nothing_is_loaded(card: ModelCard, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.dcm").write_text("hello")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(write_dicom(tmp_path / "whole.dcm").read_bytes()[:150])
    bare = write_dicom(tmp_path / "bare.dcm", mm=None)
    for path in (tmp_path / "gone", tmp_path / "empty", tmp_path / "text.dcm", cut, bare):
        assert _likely_input_shape([path], card) is None
        load_ahead([path], card, "int8")
    assert not [thread for thread in threading.enumerate() if thread.name == "load-ahead"]


def test_a_bug_while_loading_ahead_is_left_to_predict_too(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback in the middle of a command's output, or of an error in one line, helps nobody."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the plugin is missing")

    monkeypatch.setattr(runtime, "load_network", fail)
    escaped: list[object] = []
    monkeypatch.setattr(threading, "excepthook", escaped.append)
    load_ahead([write_dicom(tmp_path / "a.dcm")], card, "int8", threads=1)
    wait()
    assert escaped == []


def test_a_model_that_cannot_be_loaded_is_left_to_predict(card: ModelCard, tmp_path: Path) -> None:
    file = card.path_for("int8")
    file.write_bytes(b"?" * file.stat().st_size)
    load_ahead([write_dicom(tmp_path / "a.dcm")], card, "int8", threads=1)
    wait()
    assert not runtime.is_loaded(card, "int8", threads=1, input_shape=(160, 160))


def test_the_guess_is_right_for_a_real_cine(card: ModelCard, shared_data: Path) -> None:
    from engine.formats.door import open_scan  # noqa: PLC0415 - not needed where there is no real data

    scan = shared_data / "sunnybrook" / "SCD0000101" / "dicom"
    volume = open_scan(scan)
    assert _likely_input_shape([scan], card) == plan(volume.geometry, card.input).input_shape
