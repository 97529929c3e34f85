"""What the tests of the viewer share: small scans, a model without a network, a window that leaves nothing behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import PySide6
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app.look import theme
from app.session import segmenting
from app.session.session import Session
from app.window.main_window import MainWindow
from engine.network.catalog import Catalog
from engine.network.model_card import ModelCard, PrecisionFile, TestTensors
from engine.network.predict import Prediction, SliceTiming, order
from engine.network.preprocess import InputSpec
from engine.volume import LV, MYO, RV, Geometry, Known, LabelMap, Source, Volume

FRAMES, SLICES, ROWS, COLUMNS = 6, 4, 40, 48


def _lost_references() -> int:
    """How many references to None a hundred calls into Qt lose."""
    thing, before = QObject(), sys.getrefcount(None)
    for _ in range(100):
        thing.setObjectName("x")
    return before - sys.getrefcount(None)


# PySide6 6.12.0 loses a reference to None with every call that returns nothing. Python 3.11 aborts when none is left,
# in the middle of any test; from Python 3.12 None is immortal.
if _lost_references() > 50:
    raise RuntimeError(
        f"PySide6 {PySide6.__version__} ends Python 3.11 after some minutes; install PySide6-Essentials<6.12"
    )


def volume(
    frames: int = FRAMES,
    *,
    name: str = "scan",
    spacing: Known = Known.KNOWN,
    orientation: Known = Known.KNOWN,
    phase_names: tuple[str, ...] = (),
    not_short_axis: str = "",
    patient: dict[str, str] | None = None,
) -> Volume:
    """A ramp from left to right, brighter from frame to frame; 2 × 1 × 8 mm."""
    ramp = np.arange(COLUMNS, dtype=np.int16) * 10
    array = (
        np.broadcast_to(ramp, (frames, SLICES, ROWS, COLUMNS)) + np.arange(frames, dtype=np.int16)[:, None, None, None]
    )
    return Volume(
        array=array,
        geometry=Geometry(np.diag([2.0, 1.0, 8.0, 1.0]), (SLICES, ROWS, COLUMNS), spacing, orientation),
        source=Source("nifti", (Path(f"/scans/{name}.nii.gz"),), name, patient=patient or {}),
        frame_times_ms=None if phase_names else tuple(40.0 * i for i in range(frames)),
        phase_names=phase_names,
        not_short_axis=not_short_axis,
    )


def labels(of: Volume, shrink: int = 1) -> LabelMap:
    """A heart of squares that is largest in frame 0 and smallest in the middle frame."""
    array = np.zeros(of.array.shape, dtype=np.uint8)
    for frame in range(of.frames):
        less = shrink * min(frame, of.frames - frame)
        array[frame, :, 8:30, 20:42] = MYO
        array[frame, :, 12 + less : 26 - less, 24 + less : 38 - less] = LV
        array[frame, :, 12 + less : 26, 6:18] = RV
    return LabelMap(array, of.geometry)


def card(model_id: str = "first", precisions: tuple[str, ...] = ("float32", "int8")) -> ModelCard:
    """A card without files behind it."""
    return ModelCard(
        schema=1,
        id=model_id,
        name=f"The {model_id} model",
        version="1",
        description="A model.",
        parameters=1234,
        precisions={p: PrecisionFile(f"{p}.onnx", f"{model_id}-{p}".ljust(64, "0"), 4000) for p in precisions},
        input=InputSpec(),
        labels={"LV cavity": LV, "LV myocardium": MYO, "RV cavity": RV},
        keep_largest=True,
        intended_use="Tests.",
        limits="Everything.",
        training_data="None.",
        licence="None.",
        metrics={"float32": {"dice_mean": 0.9}},
        metrics_split="none",
        test_tensors=TestTensors("test_tensors.npz", "0" * 64, dict.fromkeys(precisions, 0.1)),
        folder=Path("/models") / model_id,
    )


def catalog(*ids: str) -> Catalog:
    return Catalog(tuple(card(i) for i in ids), (), ids[0] if ids else "")


class FakeModel:
    """Stands for predict. Waits at every slice while .gate is closed; counts what it was asked."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[tuple[str, str, str]] = []
        self.slices = 0
        self.error: Exception | None = None

    def __call__(self, of, model, precision, *, threads=None, first=(0, 0), progress, cancel, on_slice):
        self.asked.append((of.source.name, model.id, precision))
        if self.error:
            raise self.error
        timings = []
        found = labels(of, 1 if precision == "float32" else 2)
        for frame, index in order(of.frames, of.slices, first):
            while not self.gate.wait(0.005):
                cancel.check()
            cancel.check()
            self.slices += 1
            timings.append(SliceTiming(frame, index, 0.5, 6.0 if precision == "float32" else 2.0, 0.5))
            on_slice(timings[-1], 300.0, found.array[frame, index])
            progress(len(timings), of.frames * of.slices, "Segmenting")
        return prediction(of, model, precision, found, tuple(timings))

    def one_slice(self, of, model, precision, frame, index, *, cancel):
        """Stands for engine.network.predict.predict_slice."""
        self.asked.append((of.source.name, model.id, f"{precision} {frame} {index}"))
        if self.error:
            raise self.error
        while not self.gate.wait(0.005):
            cancel.check()
        cancel.check()
        self.slices += 1
        plane = labels(of, 1 if precision == "float32" else 2).array[frame, index]
        return SliceTiming(frame, index, 0.5, 2.0, 0.5), 300.0, plane


def prediction(
    of: Volume, model: ModelCard, precision: str, found: LabelMap, timings: tuple[SliceTiming, ...]
) -> Prediction:
    return Prediction(
        labels=found, model_id=model.id, model_name=model.name, model_version=model.version, precision=precision,
        model_sha256=model.precisions[precision].sha256,
        model_size_bytes=4_000_000 if precision == "float32" else 1_000_000,
        timings=timings, preprocess_ms=1.0, postprocess_ms=1.0, load_ms=1.0, wall_s=1.0, rss_before_mb=280.0,
        rss_mb=300.0, peak_rss_mb=310.0, runtime="Fake 1.0", threads=2, isa="AVX2",
        int8_share=0.97 if precision == "int8" else 0.0, input_shape=(128, 128),
    )  # fmt: skip


@pytest.fixture(name="model")
def model_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeModel]:
    """The network is faked, the models are "first" and "second"."""
    fake = FakeModel()
    monkeypatch.setattr(segmenting, "predict", fake)
    monkeypatch.setattr(segmenting, "predict_slice", fake.one_slice)
    monkeypatch.setattr(segmenting, "find_models", lambda folders=None: catalog("first", "second"))
    yield fake
    fake.gate.set()


@pytest.fixture(name="session")
def session_fixture(qtbot: object, model: FakeModel) -> Iterator[Session]:
    """A session that has found its models. Its thread must end with it."""
    made = Session()
    made.segmenting.load_models()
    settle(qtbot, made)
    yield made
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cinequant")]


@pytest.fixture(name="window")
def window_fixture(qtbot: object, model: FakeModel) -> Iterator[MainWindow]:
    """A shown window with its models found; closed, and its thread ended, afterwards."""
    if not QApplication.instance().styleSheet():
        theme.apply(QApplication.instance())
    made = MainWindow(Session())
    qtbot.addWidget(made)
    made.resize(1280, 720)
    made.show()
    qtbot.waitExposed(made)
    made.session.segmenting.load_models()
    settle(qtbot, made.session)
    yield made
    # Otherwise closing would ask what to do with them.
    made.session.update(corrections={}, readings={}, annotations=())
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cinequant")]


def settle(qtbot: object, of: Session, timeout_ms: int = 10_000) -> None:
    """Wait until the worker has nothing left to do."""
    qtbot.waitUntil(lambda: of.idle, timeout=timeout_ms)


def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait without the event loop."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)
