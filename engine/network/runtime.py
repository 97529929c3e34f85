"""Running a network on the CPU: the only importer of OpenVINO.

Importing this module loads OpenVINO, so predict and bench import it inside the functions that run a network; the
viewer starts without it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from collections import OrderedDict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.network import compiled, packed
from engine.network.catalog import packaged_models
from engine.network.child import try_in_child
from engine.network.executed import ExecutedNode, executed_node, executed_work, is_int8, isa_of, text_in
from engine.network.model_card import ModelCard, checked_bytes, read_test_tensors

# `import openvino` imports openvino.tools.ovc, which sends an "import" event to Google Analytics unless the user has
# opted out. No patient data is in it, but this program makes no network call. With the telemetry package made
# unimportable OpenVINO falls back to its own stub that sends nothing; the converter is not needed to run a network,
# so it is kept out as well, which halves the import's memory. A process that imported openvino before (training)
# keeps what it has.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
# oneDNN inside OpenVINO keeps the last 1,024 kernels that it made, long after their network is gone: some 5 MB for each
# image size. So many as one network has still share what its layers have in common. Read when the first is compiled.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
_converter_blocked = "openvino.tools.ovc" not in sys.modules
if _converter_blocked:
    sys.modules["openvino.tools.ovc"] = None  # type: ignore[assignment]
try:
    import openvino as ov
except ImportError as error:
    raise ModelError(f"OpenVINO cannot be loaded ({error}); install CineQuant again with its dependencies") from error
finally:
    if _converter_blocked:
        del sys.modules["openvino.tools.ovc"]

# OpenVINO 2026.4 searches for ever where it finds neither.
_PROCESSOR = (Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu"))
# All that caps the instruction set; oneDNN still reads its old name.
_ISA_CAPS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "OV_CPU_MAX_ISA")
# Compiled networks kept for the next prediction: two precisions of two models.
_KEPT_NETWORKS = 4

_core: Any = None
_networks: OrderedDict[tuple[object, ...], Network] = OrderedDict()
_checked: set[tuple[str, tuple[int, int]]] = set()
_lock = threading.Lock()
_device_isa = ""


class Network:
    """One weight file, compiled for one input size and thread count. Safe to share between threads.

    model_id, precision, sha256, size_bytes: of the file that runs.
    input_shape: (H, W). channels: C of the logits.
    threads: what the runtime really uses. runtime: such as "OpenVINO 2026.4.1". isa: such as "AVX-512 VNNI", the
        strongest instruction set that the runtime may use here, after a cap by ONEDNN_MAX_CPU_ISA.
    int8_share: share (0 to 1) of the multiply-adds that int8 kernels execute, read from the executed graph.
    kernels: names of the kernels of the layers that multiply, in order of execution.
    load_ms: reading, compiling and one run to warm up.
    """

    def __init__(
        self,
        content: bytes,
        *,
        where: Path,
        channels: int,
        input_shape: tuple[int, int],
        threads: int,
        bf16: bool = False,
        profile: bool = False,
        key: str = "",
    ) -> None:
        """Compile content, an ONNX or a packed file that messages call `where`. bf16: as in load_network.

        key: of engine.network.compiled, to take the compiled network from there, or to leave it there; "" for neither.
        profile: count the time of every node, at the cost of a few microseconds each; see executed_nodes.
        Raises ModelError.
        """
        start = time.perf_counter()
        self.input_shape = input_shape
        self.channels = channels
        self.model_id = self.precision = self.sha256 = ""
        self.size_bytes = len(content)
        self.runtime = runtime_name()
        self._run_lock = threading.Lock()
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            # Left to itself OpenVINO computes float layers in bfloat16 where the CPU can, which is another precision
            # than the one that the user chose and the card reports.
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            # A desktop shares its cores; a pinned thread waits for whoever else runs on its core.
            "ENABLE_CPU_PINNING": False,
            "PERF_COUNT": profile,
        }
        self._profile = profile
        try:
            blob = compiled.read_blob(key) if key else None
            self._compiled: Any = _from_blob(blob, key, options) if blob else None
            if self._compiled is None:
                self._compiled = _compile(content, where, input_shape, options)
            output = self._compiled.output(0)
            if tuple(output.shape) != (1, channels, *input_shape) or output.element_type != ov.Type.f32:
                raise ModelError(
                    f"{where}: gives {output.element_type.get_type_name()} {tuple(output.shape)} for an image of "
                    f"{input_shape}, not f32 {(1, channels, *input_shape)} as its card says; export it again"
                )
            self._request = self._compiled.create_infer_request()
            # Bound once, for every image to come.
            self._image = np.zeros((1, 1, *input_shape), dtype=np.float32)
            self._logits = np.empty((1, channels, *input_shape), dtype=np.float32)
            self._request.set_input_tensor(ov.Tensor(self._image, shared_memory=True))
            self._request.set_output_tensor(ov.Tensor(self._logits, shared_memory=True))
            self._run()
            if key and not blob:
                _keep(self._compiled, key)
        except RuntimeError as error:
            raise ModelError(
                f"{where}: OpenVINO cannot use this file ({_reason(error)}); export the model again"
            ) from error
        self.threads = int(self._compiled.get_property("INFERENCE_NUM_THREADS"))
        work = executed_work(self._compiled.get_runtime_model())
        self.kernels = tuple(kernel for kernel, _ in work)
        total = sum(macs for _, macs in work)
        self.int8_share = sum(macs for kernel, macs in work if is_int8(kernel)) / total if total else 0.0
        self.isa = isa_of(self._compiled, self.kernels)
        self.load_ms = (time.perf_counter() - start) * 1e3

    def infer(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (C, H, W) float32 of an image (1, 1, H, W) float32, C-contiguous. The result is the caller's own."""
        if x.shape != (1, 1, *self.input_shape) or x.dtype != np.float32:
            raise ValueError(f"image {x.dtype} {x.shape} is not float32 (1, 1, {self.input_shape})")
        with self._run_lock:
            np.copyto(self._image, x)
            self._run()
            logits: NDArray[np.float32] = self._logits[0].copy()
            return logits

    def _run(self) -> None:
        self._request.start_async()
        self._request.wait()

    def executed_nodes(self) -> tuple[ExecutedNode, ...]:
        """The executed graph, in order of execution. Raises ModelError where a size depends on the image's content."""
        ordered = self._compiled.get_runtime_model().get_ordered_ops()
        ordered.sort(key=lambda node: int(text_in(node.get_rt_info(), "execOrder")))
        position = {node.get_friendly_name(): i for i, node in enumerate(ordered)}
        return tuple(executed_node(node, position, timed=self._profile) for node in ordered)


def _compile(content: bytes, where: Path, input_shape: tuple[int, int], options: dict[str, Any]) -> Any:
    if packed.is_packed(content):
        content = packed.to_onnx(packed.unpack(content, where))
    model = _openvino_core().read_model(model=content)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{where}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs, not one of each; "
            "export a network that maps one image to its logits"
        )
    model.reshape([1, 1, *input_shape])
    try:
        return _openvino_core().compile_model(model, "CPU", options)
    except RuntimeError:
        # On AMX, OpenVINO 2026.4 cannot lay out the int8 weights of some grouped convolutions for several threads ("No
        # reorder available": 1×1, four groups of 80 channels, 16 × 16). For one thread it chooses a layout that it has.
        if options["INFERENCE_NUM_THREADS"] == 1:
            raise
        return _openvino_core().compile_model(model, "CPU", {**options, "INFERENCE_NUM_THREADS": 1})


def _keep(network: Any, key: str) -> None:
    """Leave a compiled network for the next process. OpenVINO 2026.4 cannot write every network that it can run."""
    if compiled.cache_folder() is not None:
        with contextlib.suppress(RuntimeError):
            compiled.write_blob(key, network.export_model().getvalue())


def _from_blob(blob: bytes, key: str, options: dict[str, Any]) -> Any | None:
    """A network that was compiled before; None where the runtime does not take it."""
    try:
        return _openvino_core().import_model(io.BytesIO(blob), "CPU", options)
    except RuntimeError:
        compiled.forget_blob(key)
        return None


def load_network(
    card: ModelCard,
    precision: str,
    *,
    threads: int | None = None,
    input_shape: tuple[int, int],
    bf16: bool = False,
) -> Network:
    """A network ready to run, from the cache of this process where it has run before.

    threads: None for one a physical core. input_shape: (H, W).
    bf16: let float layers compute in bfloat16; for comparing, never for what the user reads as float32.
    The file's SHA-256 is compared with the card's before OpenVINO sees the file. A model that did not come with the
    program is first loaded in a child process, because a damaged file can crash OpenVINO and with it the viewer; one
    that was compiled on this machine before has been through that. Compiled networks are kept for the next process (see
    engine.network.compiled).
    Raises ModelError naming the file.
    """
    entry = card.file_for(precision)
    wanted = threads if threads is not None else physical_cores()
    if wanted < 1:
        raise ModelError(f"{wanted} threads cannot run a network; ask for 1 or more")
    key = (entry.sha256, card.channels, input_shape, wanted, bf16)
    # Held while loading, so that two callers do not compile the same network twice.
    with _lock:
        if key in _networks:
            _networks.move_to_end(key)
            return _networks[key]
        content = checked_bytes(card.folder, entry.file, entry.sha256)
        where = card.folder / entry.file
        stored = compiled.key_of(*_machine(), *key)
        tried = (entry.sha256, input_shape) in _checked or compiled.is_stored(stored)
        if not _is_packaged(card) and not tried:
            try_in_child(content, where, card.channels, input_shape)
            _checked.add((entry.sha256, input_shape))
        network = Network(
            content,
            where=where,
            channels=card.channels,
            input_shape=input_shape,
            threads=wanted,
            bf16=bf16,
            key=stored,
        )
        network.model_id, network.precision, network.sha256 = card.id, precision, entry.sha256
        _networks[key] = network
        while len(_networks) > _KEPT_NETWORKS:
            _networks.popitem(last=False)
        return network


def is_loaded(card: ModelCard, precision: str, *, threads: int | None = None, input_shape: tuple[int, int]) -> bool:
    """Whether load_network would answer from its cache."""
    wanted = threads if threads is not None else physical_cores()
    return (card.file_for(precision).sha256, card.channels, input_shape, wanted, False) in _networks


def forget_networks() -> None:
    """Let go of the cached networks and their memory."""
    with _lock:
        _networks.clear()


def verify(card: ModelCard, precision: str, *, threads: int | None = None) -> tuple[float, float]:
    """Run the model's test tensor here: (largest absolute difference from the recorded logits, its tolerance).

    The model computes on this machine what it computed where it was exported when the first is at most the second.
    Raises ModelError where the test tensors or the weight file cannot be used.
    """
    x, expected = read_test_tensors(card, precision)
    height, width = x.shape[2:]
    network = load_network(card, precision, threads=threads, input_shape=(height, width))
    step = height // expected.shape[1]
    difference = np.abs(network.infer(x)[:, ::step, ::step] - expected).max()
    # A network that gives NaN differs from everything.
    return (float(difference) if np.isfinite(difference) else float("inf")), card.test_tensors.tolerance[precision]


def physical_cores() -> int:
    """Cores that a network may use: physical ones, no more than this process is allowed on."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, cores)


def runtime_name() -> str:
    """Name and version of the runtime, such as "OpenVINO 2026.4.1"."""
    return f"OpenVINO {metadata.version('openvino')}"


def device_name() -> str:
    """The processor's own name, such as "Intel(R) Xeon(R) Processor"."""
    return str(_openvino_core().get_property("CPU", "FULL_DEVICE_NAME")).strip()


def isa() -> str:
    """The strongest instruction set that the runtime may use here, after a cap by ONEDNN_MAX_CPU_ISA."""
    global _device_isa  # noqa: PLW0603
    if not _device_isa:
        # It is told by compiled networks alone: the smallest one.
        x = ov.opset13.parameter([1], ov.Type.f32)
        smallest = _openvino_core().compile_model(ov.Model([ov.opset13.relu(x)], [x]), "CPU")
        _device_isa = isa_of(smallest, ())
    return _device_isa


def _machine() -> tuple[object, ...]:
    """What a compiled network depends on beside the network: runtime, processor, and caps of its instruction set."""
    core = _openvino_core()
    caps = tuple(os.environ.get(name, "") for name in _ISA_CAPS)
    capabilities = tuple(sorted(map(str, core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))))
    return ov.get_version(), device_name(), isa(), capabilities, caps


def has_bf16() -> bool:
    """Whether this processor, as the runtime may use it, computes in bfloat16."""
    return "BF16" in _openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _openvino_core() -> Any:
    global _core  # noqa: PLW0603
    if _core is None:
        if sys.platform == "linux" and not any(path.exists() for path in _PROCESSOR):
            raise ModelError("OpenVINO learns from /proc what processor this is, and /proc is not mounted; mount it")
        _core = ov.Core()
    return _core


def _reason(error: RuntimeError) -> str:
    """The one line of OpenVINO's message that says why; the others name its own source files."""
    noise = ("Exception from", "Check '", "To facilitate", "Summary")
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip() and not line.startswith(noise)]
    unsupported = [line for line in lines if line.startswith("No conversion rule")]
    return (unsupported or lines or ["no reason given"])[-1].rstrip(".")


def _is_packaged(card: ModelCard) -> bool:
    return card.folder.resolve().is_relative_to(packaged_models().resolve())
