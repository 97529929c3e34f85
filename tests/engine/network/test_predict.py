"""predict: every slice is segmented on its own grid, timed, and stoppable."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_model import expected_label, write_tiny_model

from engine.errors import Cancelled, ModelError
from engine.network import preprocess, runtime
from engine.network.model_card import ModelCard
from engine.network.postprocess import Labeller
from engine.network.predict import SliceTiming, order, predict, predict_slice
from engine.progress import CancelToken
from engine.volume import Geometry, Known, Source, Volume


@pytest.fixture(scope="module", autouse=True)
def _no_trial_process() -> object:
    """These models are made here; the trial is tested in test_engine_runtime."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "_is_packaged", lambda _: True)
        yield


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return write_tiny_model(tmp_path_factory.mktemp("models"))


def volume_of(array: NDArray[np.generic], mm: float = 1.5, spacing: Known = Known.KNOWN) -> Volume:
    geometry = Geometry(np.diag([mm, mm, 10.0, 1.0]), (array.shape[1], array.shape[2], array.shape[3]), spacing)
    return Volume(array, geometry, Source("nifti", (), "made"))


@pytest.fixture(scope="module")
def bands() -> Volume:
    """(2, 3, 130, 150) int16: ten bands of 15 columns, rotated from slice to slice. Mostly dull, so that each of the
    four labels wins somewhere once the brightness is standardised."""
    brightness = np.repeat([0, 300, 300, 300, 300, 300, 300, 500, 700, 1000], 15).astype(np.int16)
    array = np.zeros((2, 3, 130, 150), dtype=np.int16)
    for t in range(2):
        for z in range(3):
            array[t, z] = np.roll(brightness, 15 * (z + 4 * t))
    return volume_of(array)


def test_labels_are_those_of_the_brightness(card: ModelCard, bands: Volume) -> None:
    prediction = predict(bands, card, "float32")
    assert prediction.labels.array.shape == bands.array.shape
    assert prediction.labels.geometry is bands.geometry
    scale = preprocess.intensity(bands.array, card.input)
    unit = np.clip((bands.array.astype(np.float32) - scale.low) / (scale.high - scale.low), 0, 1)
    expected = expected_label((unit - scale.mean) / scale.std)
    inner = np.zeros(150, dtype=bool)
    for band in range(10):
        inner[15 * band + 4 : 15 * band + 11] = True
    np.testing.assert_array_equal(prediction.labels.array[:, :, 4:-4, inner], expected[:, :, 4:-4, inner])
    assert len(np.unique(prediction.labels.array)) == 4


def test_the_result_is_the_same_each_time(card: ModelCard, bands: Volume) -> None:
    for precision in card.precisions:
        first, second = (predict(bands, card, precision).labels.array for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_slices_do_not_depend_on_each_other(card: ModelCard, bands: Volume) -> None:
    """A slice's labels are those of the network on that slice, at the intensity range of the whole scan."""
    grid, scale = preprocess.plan(bands.geometry, card.input), preprocess.intensity(bands.array, card.input)
    network = runtime.load_network(card, "int8", input_shape=grid.input_shape)
    labeller = Labeller(grid)
    labels = predict(bands, card, "int8").labels.array
    for t in range(2):
        for z in range(3):
            logits = network.infer(preprocess.to_input(bands.array[t, z], grid, scale))
            np.testing.assert_array_equal(labels[t, z], labeller.labels(logits))


def test_the_slice_on_screen_comes_first_and_the_labels_stay_the_same(card: ModelCard, bands: Volume) -> None:
    assert order(3, 2, (1, 1)) == [(1, 1), (1, 0), (2, 0), (2, 1), (0, 0), (0, 1)]
    asked = predict(bands, card, "int8", first=(1, 2))
    assert [(t.frame, t.slice) for t in asked.timings] == [(1, 2), (1, 0), (1, 1), (0, 0), (0, 1), (0, 2)]
    assert np.array_equal(asked.labels.array, predict(bands, card, "int8").labels.array)


def test_a_slice_alone_is_as_in_the_whole_before_components_are_chosen(card: ModelCard, bands: Volume) -> None:
    told: dict[tuple[int, int], np.ndarray] = {}
    predict(bands, card, "int8", on_slice=lambda timing, _, plane: told.update({(timing.frame, timing.slice): plane}))
    for (frame, index), plane in told.items():
        timing, memory_mb, alone = predict_slice(bands, card, "int8", frame, index)
        assert (timing.frame, timing.slice) == (frame, index)
        assert min(timing.preprocess_ms, timing.inference_ms, timing.postprocess_ms) > 0
        assert memory_mb > 10
        assert alone.dtype == np.uint8 and not alone.flags.writeable
        assert np.array_equal(alone, plane)
    stopped = CancelToken()
    stopped.cancel()
    with pytest.raises(Cancelled):
        predict_slice(bands, card, "int8", 0, 0, cancel=stopped)


def test_timings_memory_and_provenance(card: ModelCard, bands: Volume) -> None:
    runtime.forget_networks()
    seen: list[tuple[SliceTiming, float, np.ndarray]] = []
    progress: list[tuple[int, int, str]] = []
    prediction = predict(
        bands,
        card,
        "int8",
        threads=1,
        progress=lambda *p: progress.append(p),
        on_slice=lambda *of_slice: seen.append(of_slice),
    )
    computed = [(t.frame, t.slice) for t in prediction.timings]
    assert computed == [(t, z) for t in range(2) for z in range(3)]
    assert [timing for timing, _, _ in seen] == list(prediction.timings)
    assert all(memory > 10 for _, memory, _ in seen)
    for timing, _, plane in seen:  # the final labels are these, less what keep_largest takes away
        final = prediction.labels.array[timing.frame, timing.slice]
        assert not plane.flags.writeable
        assert np.array_equal(final[final > 0], plane[final > 0])
    assert any(plane.any() for _, _, plane in seen)
    assert all(min(t.preprocess_ms, t.inference_ms, t.postprocess_ms) > 0 for t in prediction.timings)
    assert [done for done, total, _ in progress] == [0, 1, 2, 3, 4, 5, 6]
    assert {total for _, total, _ in progress} == {6}

    latency = prediction.latency_ms
    times = sorted(t.inference_ms for t in prediction.timings)
    assert times[0] <= latency["p50"] <= latency["p95"] <= times[-1]
    assert latency["mean"] == pytest.approx(sum(times) / 6)
    assert prediction.preprocess_ms >= sum(t.preprocess_ms for t in prediction.timings)
    spent = prediction.preprocess_ms + prediction.postprocess_ms + prediction.load_ms + sum(times)
    assert spent / 1e3 <= prediction.wall_s
    assert prediction.load_ms > 0
    assert prediction.peak_rss_mb >= max(prediction.rss_before_mb, prediction.rss_mb)

    assert json.loads(json.dumps(prediction.provenance)) == {
        "model": "tiny",
        "model_name": "Tiny",
        "model_version": "1",
        "model_sha256": card.precisions["int8"].sha256,
        "precision": "int8",
        "runtime": runtime.runtime_name(),
        "threads": 1,
        "isa": prediction.isa,
        "int8_share": prediction.int8_share,
        "input_shape": [160, 160],
        "basal_rule_sha256": "",
        "removed": [],
    }
    assert prediction.model_size_bytes == card.precisions["int8"].size_bytes
    assert predict(bands, card, "int8", threads=1).load_ms == 0


def test_cancelling_answers_within_a_slice(card: ModelCard, bands: Volume) -> None:
    token = CancelToken()
    done: list[int] = []

    def stop_after_two(timing: SliceTiming, *_: object) -> None:
        done.append(timing.slice)
        if len(done) == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        predict(bands, card, "int8", cancel=token, on_slice=stop_after_two)
    assert done == [0, 1]


def test_cancelled_before_the_start_loads_nothing(
    card: ModelCard, bands: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "load_network", lambda *a, **k: pytest.fail("a network was loaded"))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        predict(bands, card, "int8", cancel=token)


def test_unknown_precision_is_refused(card: ModelCard, bands: Volume) -> None:
    with pytest.raises(ModelError, match="no precision 'int4'"):
        predict(bands, card, "int4")


def test_voxels_without_a_number_count_as_dark(card: ModelCard, bands: Volume) -> None:
    array = bands.array.astype(np.float32)
    array[:, :, :20, :20] = bands.array.min()
    clean = predict(volume_of(array), card, "float32").labels.array
    array[:, :, :20, :10], array[:, :, :20, 10:20] = np.nan, -np.inf
    np.testing.assert_array_equal(predict(volume_of(array), card, "float32").labels.array, clean)
    assert not predict(volume_of(np.full((1, 1, 40, 40), np.nan)), card, "float32").labels.array.any()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_any_voxel_type_gives_the_same_labels(card: ModelCard, bands: Volume, dtype: type) -> None:
    array = (bands.array // 5).astype(dtype)
    expected = predict(volume_of((bands.array // 5).astype(np.int32)), card, "float32").labels.array
    np.testing.assert_array_equal(predict(volume_of(array), card, "float32").labels.array, expected)


def test_without_spacing_the_cards_assumption_is_used(card: ModelCard) -> None:
    volume = volume_of(np.zeros((1, 1, 256, 256), dtype=np.int16), mm=1.0, spacing=Known.ASSUMED)
    assert predict(volume, card, "float32").input_shape == (256, 256)
    known = volume_of(np.zeros((1, 1, 256, 256), dtype=np.int16), mm=1.0)
    assert predict(known, card, "float32").input_shape == (192, 192)


def test_keep_largest_is_the_cards_choice(card: ModelCard) -> None:
    array = np.zeros((1, 1, 128, 128), dtype=np.int16)
    array[0, 0, :, 64:] = 300
    array[0, 0, 20:50, 20:50] = 1000
    array[0, 0, 80:90, 30:40] = 1000
    both = predict(volume_of(array), card, "float32").labels.array
    one = predict(volume_of(array), replace(card, keep_largest=True), "float32").labels.array
    assert both[0, 0, 85, 35]
    assert both[0, 0, 35, 35] == one[0, 0, 35, 35] != 0
    assert not one[0, 0, 75:, :60].any()


def test_memory_is_measured() -> None:
    # In a process of its own: one that has freed memory before may reuse it.
    code = (
        "import numpy as np; from engine.network.predict import peak_rss_mb, rss_mb; before = rss_mb();"
        "block = np.ones(50_000_000, dtype=np.uint8); print(rss_mb() - before, peak_rss_mb() - rss_mb())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    grown, above = (float(word) for word in done.stdout.split())
    assert grown == pytest.approx(50, abs=3)
    assert above >= -1


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's memory leaks into the child's figure on Linux only")
def test_a_childs_peak_is_its_own() -> None:
    block = np.ones(400_000_000, dtype=np.uint8)
    code = "from engine.network.predict import peak_rss_mb; print(peak_rss_mb())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 300
    del block


def test_importing_predict_loads_no_runtime() -> None:
    code = "import engine.network.predict, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"openvino", "torch", "PySide6"} & set(done.stdout.split())


def test_a_real_cine_is_segmented_on_its_own_grid(card: ModelCard, shared_data: Path) -> None:
    from engine.formats.door import open_scan  # noqa: PLC0415 - not needed where there is no real data

    volume = open_scan(shared_data / "acdc" / "training" / "patient090" / "patient090_4d.nii.gz")
    prediction = predict(volume, card, "int8")
    assert prediction.labels.array.shape == volume.array.shape
    assert len(prediction.timings) == volume.frames * volume.slices


def test_the_network_says_how_sure_it_was_of_each_structure(card: ModelCard, bands: Volume) -> None:
    confidence = predict(bands, card, "float32", first=(1, 2)).confidence
    assert confidence is not None
    assert confidence.soft_dice.shape == confidence.expected_mm2.shape == (2, 3, 3)
    assert ((confidence.soft_dice > 0) & (confidence.soft_dice <= 1)).all()
    # The slices are the same image, rolled.
    np.testing.assert_allclose(confidence.soft_dice, np.broadcast_to(confidence.soft_dice[:1, :1], (2, 3, 3)), atol=0.1)
    assert (confidence.expected_mm2 > 100).all()
    assert not confidence.soft_dice.flags.writeable
