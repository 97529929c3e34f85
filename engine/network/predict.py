"""A volume and a model to labels, with what each slice cost.

OpenVINO is loaded when a prediction begins, not when this module is imported: the viewer shows a scan before it
needs a network, and the command line answers most questions without one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.network import preprocess
from engine.network.basal import TakenAway, notices_of, still_removed, without_false_base
from engine.network.confidence import soft_dice
from engine.network.model_card import FOUR_CHAMBER, ModelCard, read_basal_rule
from engine.network.postprocess import Labeller, keep_largest
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import STRUCTURES, Confidence, LabelMap, Volume, read_only

if TYPE_CHECKING:
    from engine.network.runtime import Network


@dataclass(frozen=True, slots=True)
class SliceTiming:
    """Milliseconds that one slice took; inference is the network alone, one slice at a time."""

    frame: int
    slice: int
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Labels on the source grid, what made them, and what they cost.

    timings: every (frame, slice), in the order computed.
    preprocess_ms, postprocess_ms: totals, with the work that is done once for the volume.
    load_ms: reading and compiling the network, 0 where this process had it ready.
    wall_s: everything from the call to the result.
    rss_before_mb, rss_mb, peak_rss_mb: memory of this process (resident set, 10^6 bytes) before, after, and at most
        while predicting.
    int8_share: share (0 to 1) of the multiply-adds that int8 kernels executed.
    confidence: None where the labels are not fresh from a network.
    basal_sha256: of the rule that decided on the most basal slices, "" where none did. removed: what it took away.
    """

    labels: LabelMap
    model_id: str
    model_name: str
    model_version: str
    precision: str
    model_sha256: str
    model_size_bytes: int
    timings: tuple[SliceTiming, ...]
    preprocess_ms: float
    postprocess_ms: float
    load_ms: float
    wall_s: float
    rss_before_mb: float
    rss_mb: float
    peak_rss_mb: float
    runtime: str
    threads: int
    isa: str
    int8_share: float
    input_shape: tuple[int, int]
    confidence: Confidence | None = None
    basal_sha256: str = ""
    removed: tuple[TakenAway, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user has to be told of these labels, one sentence each."""
        return notices_of(self.removed, self.labels.array.shape[0])

    def notices_beside(
        self, planes: Mapping[tuple[int, int], NDArray[np.uint8]] = MappingProxyType({}), phases: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """The same after slices were corrected by hand. planes: their labels (Y, X) by (frame, slice). phases: names of
        the frames, where they have some."""
        return notices_of(still_removed(self.removed, planes), self.labels.array.shape[0], phases)

    @property
    def latency_ms(self) -> dict[str, float]:
        """Inference alone over the slices: median (p50), 95th percentile (p95) and mean, in ms."""
        times = np.array([timing.inference_ms for timing in self.timings])
        return {
            "p50": float(np.percentile(times, 50)),
            "p95": float(np.percentile(times, 95)),
            "mean": float(times.mean()),
        }

    @property
    def provenance(self) -> dict[str, Any]:
        """What it takes to make these labels again, ready for JSON."""
        return {
            "model": self.model_id,
            "model_name": self.model_name,
            "model_version": self.model_version,
            "model_sha256": self.model_sha256,
            "precision": self.precision,
            "runtime": self.runtime,
            "threads": self.threads,
            "isa": self.isa,
            "int8_share": self.int8_share,
            "input_shape": list(self.input_shape),
            "basal_rule_sha256": self.basal_sha256,
            "removed": [
                {"structure": STRUCTURES[one.label], "frame_index": one.frame, "slice_index": one.slice}
                for one in self.removed
            ],
        }


def predict(
    volume: Volume,
    card: ModelCard,
    precision: str,
    *,
    threads: int | None = None,
    first: tuple[int, int] = (0, 0),
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    on_slice: Callable[[SliceTiming, float, NDArray[np.uint8]], None] | None = None,
) -> Prediction:
    """Segment every slice of every frame.

    threads: None for one a physical core. first: (frame, slice) to begin with, such as the one on screen; the other
    slices of its frame follow, then the other frames. The labels do not depend on it. on_slice: called after each
    slice, from the thread that predicts, with its timing, the memory of the process in 10^6 bytes, and its read-only
    labels (Y, X), as they are before the largest component of each structure is chosen. Volumes that are no short-axis
    stack are segmented as well; asking first is up to the caller. Raises Cancelled within a slice of being asked to
    stop, ModelError.
    """
    start = time.perf_counter()
    cancel = cancel or CancelToken()
    total = volume.frames * volume.slices
    # The largest RSS of the process's life tells the exact peak if it rises; otherwise the samples stand.
    life_peak_before, rss_before = peak_rss_mb(), rss_mb()
    progress(0, total, "Preparing")
    rule = read_basal_rule(card)
    ready = _prepare(volume, card, precision, threads, cancel)
    network = ready.network

    labels = np.zeros(volume.array.shape, dtype=np.uint8)
    soft, expected = np.zeros((2, volume.frames, volume.slices, card.channels - 1), dtype=np.float32)
    timings: list[SliceTiming] = []
    highest = rss_mb()
    for frame, index in order(volume.frames, volume.slices, first):
        cancel.check()
        labels[frame, index], timing, (soft[frame, index], expected[frame, index]) = ready.segment(frame, index)
        timings.append(timing)
        now = rss_mb()
        highest = max(highest, now)
        if on_slice is not None:
            on_slice(timing, now, read_only(labels[frame, index]))
        progress(len(timings), total, "Segmenting")

    cancel.check()
    began = time.perf_counter()
    if card.keep_largest:
        labels = keep_largest(labels, long_axis=card.view == FOUR_CHAMBER)
    removed: tuple[TakenAway, ...] = ()
    if rule is not None:
        labels, removed = without_false_base(labels, rule)
    postprocess_ms = _ms_since(began)

    rss_after, life_peak = rss_mb(), peak_rss_mb()
    highest = max(highest, rss_after)
    return Prediction(
        labels=LabelMap(labels, volume.geometry),
        model_id=card.id,
        model_name=card.name,
        model_version=card.version,
        precision=precision,
        model_sha256=network.sha256,
        model_size_bytes=network.size_bytes,
        timings=tuple(timings),
        preprocess_ms=ready.preprocess_ms + sum(timing.preprocess_ms for timing in timings),
        postprocess_ms=postprocess_ms + sum(timing.postprocess_ms for timing in timings),
        load_ms=ready.load_ms,
        wall_s=time.perf_counter() - start,
        rss_before_mb=rss_before,
        rss_mb=rss_after,
        peak_rss_mb=max(highest, life_peak) if life_peak > life_peak_before else highest,
        runtime=network.runtime,
        threads=network.threads,
        isa=network.isa,
        int8_share=network.int8_share,
        input_shape=ready.grid.input_shape,
        confidence=Confidence(read_only(soft), read_only(expected * np.float32(card.input.spacing_mm**2))),
        basal_sha256=card.basal.sha256 if card.basal else "",
        removed=removed,
    )


def predict_slice(
    volume: Volume,
    card: ModelCard,
    precision: str,
    frame: int,
    index: int,
    *,
    threads: int | None = None,
    cancel: CancelToken | None = None,
) -> tuple[SliceTiming, float, NDArray[np.uint8]]:
    """Segment one slice of one frame, as predict() does before it chooses the largest component of each structure.

    Returns what predict() tells of a slice: its timing, the memory of the process in 10^6 bytes, and its read-only
    labels (Y, X). Grey values are scaled as those of the whole scan are. Raises Cancelled, ModelError.
    """
    labels, timing, _ = _prepare(volume, card, precision, threads, cancel or CancelToken()).segment(frame, index)
    return timing, rss_mb(), read_only(labels)


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A scan and a network with all that is done once for the scan."""

    array: NDArray[Any]
    scale: preprocess.Intensity
    grid: preprocess.Grid
    labeller: Labeller
    network: Network
    preprocess_ms: float
    load_ms: float

    def segment(self, frame: int, index: int) -> tuple[NDArray[np.uint8], SliceTiming, tuple[NDArray[np.float32], ...]]:
        """Labels (Y, X) of a slice, what it cost, and the network's soft Dice and expected pixels by structure."""
        t0 = time.perf_counter()
        x = preprocess.to_input(self.array[frame, index], self.grid, self.scale)
        t1 = time.perf_counter()
        logits = self.network.infer(x)
        t2 = time.perf_counter()
        labels = self.labeller.labels(logits)
        sure = soft_dice(logits)
        t3 = time.perf_counter()
        return labels, SliceTiming(frame, index, (t1 - t0) * 1e3, (t2 - t1) * 1e3, (t3 - t2) * 1e3), sure


def _prepare(volume: Volume, card: ModelCard, precision: str, threads: int | None, cancel: CancelToken) -> _Ready:
    from engine.network import runtime  # noqa: PLC0415 - see the module's docstring

    began = time.perf_counter()
    array = _finite(volume.array)
    scale = preprocess.intensity(array, card.input)
    grid = preprocess.plan(volume.geometry, card.input)
    labeller = Labeller(grid)
    preprocess_ms = _ms_since(began)

    cancel.check()
    began = time.perf_counter()
    known = runtime.is_loaded(card, precision, threads=threads, input_shape=grid.input_shape)
    network = runtime.load_network(card, precision, threads=threads, input_shape=grid.input_shape)
    return _Ready(array, scale, grid, labeller, network, preprocess_ms, 0.0 if known else _ms_since(began))


def order(frames: int, slices: int, first: tuple[int, int] = (0, 0)) -> list[tuple[int, int]]:
    """Every (frame, slice) once: the first one, the others of its frame, then the frames after it and round to it."""
    frame, index = first
    stack = [(frame, index), *((frame, z) for z in range(slices) if z != index)]
    return stack + [((frame + step) % frames, z) for step in range(1, frames) for z in range(slices)]


def rss_mb() -> float:
    """Memory of this process now: resident set in 10^6 bytes. Cheap enough to be asked after each slice."""
    return float(_process.memory_info().rss) / 1e6


def peak_rss_mb() -> float:
    """The largest resident set that this process ever had, in 10^6 bytes."""
    if sys.platform == "win32":
        return float(_process.memory_info().peak_wset) / 1e6
    if sys.platform == "linux":
        # Not getrusage: its maximum starts at the parent's, however large, when a process is started.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    import resource  # noqa: PLC0415 - absent on Windows

    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


_process = psutil.Process()


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def _finite(array: NDArray[Any]) -> NDArray[Any]:
    """The same voxels with NaN and infinities, as some tools write outside the field of view, as the darkest value."""
    if not np.issubdtype(array.dtype, np.floating):
        return array
    good = np.isfinite(array)
    if good.all():
        return array
    return np.where(good, array, array[good].min() if good.any() else 0)
