"""Networks on a graphics processor: what waiting for it costs, told apart from what a slice costs.

OpenVINO's GPU plug-in runs the very files. PyTorch on CUDA runs the trained networks in float32 and float16; it has no
kernels for the other files. Either way a run is what a caller waits for: the image goes there, the logits come back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

# The engine's door to OpenVINO first: it keeps the import from reporting itself over the network.
from engine.network import runtime  # isort: split

import openvino as ov

from benchmarks import tables
from benchmarks.timing import Subject, in_turns

BATCHES = (1, 2, 4, 8, 16, 32)
Run = Callable[[], object]


class Accelerator(Protocol):
    """A device besides the CPU. name: in words."""

    name: str

    def nothing(self) -> Run:
        """Run and await the smallest possible computation."""

    def network(self, subject: Subject, batch: int, size: int) -> Run:
        """A network for `batch` images of size × size. Raises NotHereError if the device cannot run it."""


class NotHereError(RuntimeError):
    """A device cannot run a network, a precision or a batch; the message says why."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network costs: batch → median milliseconds of one run. why: the reason if it could not be run."""

    model: str
    precision: str
    ms: dict[int, float]
    why: str = ""

    @property
    def slice_ms(self) -> float:
        """Milliseconds per slice in the largest batch, where launching weighs least."""
        batch = max(self.ms)
        return self.ms[batch] / batch

    @property
    def waiting_ms(self) -> float:
        """How much longer a single slice takes than one of the largest batch: launching, copying, an idle device."""
        return self.ms[min(self.ms)] / min(self.ms) - self.slice_ms


class OpenVINODevice:
    """OpenVINO's device of an id such as "GPU.0"; float16 files compute in float16 there, others as they say."""

    def __init__(self, device: str) -> None:
        self._core, self._device = ov.Core(), device
        full_name = str(self._core.get_property(device, "FULL_DEVICE_NAME")).strip()
        self.name = f"{full_name} ({runtime.runtime_name()}, {device})"

    def nothing(self) -> Run:
        x = ov.opset13.parameter([1], ov.Type.f32)
        return self._run(ov.Model([ov.opset13.relu(x)], [x]), np.ones(1, dtype=np.float32), "f32")

    def network(self, subject: Subject, batch: int, size: int) -> Run:
        try:
            model = self._core.read_model(subject.path)
            model.reshape([batch, 1, size, size])
            return self._run(model, _images(batch, size), "f16" if subject.precision == "float16" else "f32")
        except RuntimeError as error:
            raise NotHereError(str(error).strip().splitlines()[-1]) from error

    def _run(self, model: Any, x: Any, precision: str) -> Run:
        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        request = self._core.compile_model(model, self._device, hints).create_infer_request()
        return lambda: request.infer({0: x}, share_inputs=True, share_outputs=True)


class TorchDevice:
    """PyTorch's device of a name such as "cuda", running networks by the ids of their models."""

    def __init__(self, device: str, weights: Callable[[str], tuple[str, Path]]) -> None:
        """weights: model id → name of its network and file of its weights. Raises KeyError for another id."""
        import torch  # noqa: PLC0415 - only where there is such a device

        self._torch, self._device, self._weights = torch, device, weights
        # Convolutions would otherwise round float32 to 10 bits of mantissa.
        torch.backends.cudnn.allow_tf32 = False
        words = torch.cuda.get_device_name() if device.startswith("cuda") else device
        self.name = f"{words} (PyTorch {torch.__version__})"

    def nothing(self) -> Run:
        one = self._torch.ones(1, device=self._device)

        def run() -> object:
            return (one + 1).cpu()

        return run

    def network(self, subject: Subject, batch: int, size: int) -> Run:
        from training.networks.table import NETWORKS  # noqa: PLC0415
        from training.steps.train import load_weights  # noqa: PLC0415

        torch = self._torch
        kinds = {"float32": torch.float32, "float16": torch.float16}
        if subject.precision not in kinds:
            raise NotHereError(f"PyTorch has no kernels for {subject.precision} files")
        try:
            name, weights = self._weights(subject.model)
        except KeyError:
            raise NotHereError(f"no weights of {subject.model}") from None
        kind = kinds[subject.precision]
        network = load_weights(NETWORKS[name](), weights).to(self._device, kind)
        x = torch.from_numpy(_images(batch, size))

        def run() -> object:
            with torch.inference_mode():
                return network(x.to(self._device, kind)).float().cpu()

        return run


def present(weights: Callable[[str], tuple[str, Path]]) -> list[Accelerator]:
    """What this machine has. weights: as TorchDevice takes it."""
    found: list[Accelerator] = [OpenVINODevice(d) for d in ov.Core().available_devices if d.startswith("GPU")]
    if find_spec("torch"):
        import torch  # noqa: PLC0415 - large, and not needed to time files

        if torch.cuda.is_available():
            found.append(TorchDevice("cuda", weights))
    return found


def measure(
    device: Accelerator, subjects: Sequence[Subject], size: int, rounds: int, batches: Sequence[int] = BATCHES
) -> tuple[float, list[Cost]]:
    """(milliseconds of the least run, cost of every subject): medians, each subject's batches taking turns."""
    (least,) = in_turns([device.nothing()], rounds)
    costs = []
    for subject in subjects:
        runs, why = {}, ""
        for batch in batches:
            try:
                runs[batch] = device.network(subject, batch, size)
            except NotHereError as error:
                why = str(error)
                sys.stderr.write(f"{device.name}: {subject.model} {subject.precision}, batch {batch}: {why}\n")
                break
        times = in_turns(list(runs.values()), rounds) if runs else []
        medians = {batch: float(np.median(taken)) for batch, taken in zip(runs, times, strict=True)}
        costs.append(Cost(subject.model, subject.precision, medians, why))
    return float(np.median(least)), costs


def text(device: str, least_ms: float, costs: Sequence[Cost]) -> str:
    """What was measured on one device, in Markdown."""
    batches = sorted({batch for cost in costs for batch in cost.ms})
    rows = []
    for cost in costs:
        cells = [f"{cost.ms[b]:.2f}" if b in cost.ms else "–" for b in batches]
        told = [f"{cost.slice_ms:.3f}", f"{cost.waiting_ms:.2f}"] if cost.ms else ["–", cost.why]
        rows.append([cost.model, cost.precision, *cells, *told])
    head = ["model", "precision", *(f"batch {b}, ms" for b in batches), "ms per slice, largest batch"]
    return (
        f"{device}: {least_ms:.3f} ms for one addition, which is what launching and waiting cost at least.\n\n"
        + tables.table([*head, "of batch 1 not its share of that"], rows)
    )


def _images(batch: int, size: int) -> Any:
    return np.random.default_rng(0).standard_normal((batch, 1, size, size)).astype(np.float32)
