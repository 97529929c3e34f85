"""Running a network on the CPU: the only importer of OpenVINO.

Importing this module loads OpenVINO, so predict and bench import it inside the functions that run a network; the
viewer starts without it.
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil
from numpy.typing import NDArray

import engine
from engine.errors import ModelError
from engine.network import compiled, packed
from engine.network.catalog import packaged_models
from engine.network.graph_order import disorder
from engine.network.model_card import ModelCard, checked_bytes, read_test_tensors

# `import openvino` imports openvino.tools.ovc, which sends an "import" event to Google Analytics unless the user has
# opted out. No patient data is in it, but this program makes no network call. With the telemetry package made
# unimportable OpenVINO falls back to its own stub that sends nothing; the converter is not needed to run a network,
# so it is kept out as well, which halves the import's memory. A process that imported openvino before (training)
# keeps what it has.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
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

# Compiled networks kept for the next prediction: two precisions of two models.
_KEPT_NETWORKS = 4
_CHECK_TIMEOUT_S = 60
_CHECK_MEMORY_BYTES = 2 << 30
ChildTimeout = subprocess.TimeoutExpired
_MULTIPLY_ADD_LAYERS = {"Convolution", "GroupConvolution", "Deconvolution", "FullyConnected", "MatMul"}

_core: Any = None
_networks: OrderedDict[tuple[object, ...], Network] = OrderedDict()
_checked: set[tuple[str, tuple[int, int]]] = set()
_lock = threading.Lock()
_device_isa = ""


@dataclass(frozen=True, slots=True)
class ExecutedNode:
    """One node of the graph that the runtime executes, after it has fused what it can.

    layer: its kind, such as "Convolution"; "Const" for weights, "Input" and "Output" for the network's own.
    kernel: name of what runs it, such as "brgconv_avx512_I8".
    inputs: (position in the sequence of nodes, output of that node) of each tensor that it reads, always of nodes
        before it. output_bytes: of each tensor that it writes, in the precision that it is written in.
    multiply_adds: of one image, for a layer that multiplies; 0 for others. channels: of a convolution's output, else 0.
    time_us: mean over the runs so far, in whole microseconds, 0 for what is not executed (or takes less than one);
        None where the network was not made with profile.
    """

    name: str
    layer: str
    kernel: str
    inputs: tuple[tuple[int, int], ...]
    output_bytes: tuple[int, ...]
    multiply_adds: int
    channels: int
    time_us: int | None

    @property
    def int8(self) -> bool:
        """Whether an int8 kernel executes it."""
        return _is_int8(self.kernel)


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
        work = _executed_work(self._compiled.get_runtime_model())
        self.kernels = tuple(kernel for kernel, _ in work)
        total = sum(macs for _, macs in work)
        self.int8_share = sum(macs for kernel, macs in work if _is_int8(kernel)) / total if total else 0.0
        self.isa = _isa(self._compiled, self.kernels)
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
        ordered.sort(key=lambda node: int(_text(node.get_rt_info(), "execOrder")))
        position = {node.get_friendly_name(): i for i, node in enumerate(ordered)}
        return tuple(_executed_node(node, position, timed=self._profile) for node in ordered)


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
            _check_in_child(content, where, card.channels, input_shape)
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
        _device_isa = _isa(smallest, ())
    return _device_isa


def _machine() -> tuple[object, ...]:
    """What a compiled network depends on beside the network: runtime, processor, and caps of its instruction set."""
    core = _openvino_core()
    caps = tuple(os.environ.get(name, "") for name in ("ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA"))
    capabilities = tuple(sorted(map(str, core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))))
    return ov.get_version(), device_name(), isa(), capabilities, caps


def has_bf16() -> bool:
    """Whether this processor, as the runtime may use it, computes in bfloat16."""
    return "BF16" in _openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _openvino_core() -> Any:
    global _core  # noqa: PLW0603
    if _core is None:
        _core = ov.Core()
    return _core


def _reason(error: RuntimeError) -> str:
    """The one line of OpenVINO's message that says why; the others name its own source files."""
    noise = ("Exception from", "Check '", "To facilitate", "Summary")
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip() and not line.startswith(noise)]
    unsupported = [line for line in lines if line.startswith("No conversion rule")]
    return (unsupported or lines or ["no reason given"])[-1].rstrip(".")


def _is_int8(kernel: str) -> bool:
    return kernel.endswith("_I8")


def _executed_work(graph: Any) -> list[tuple[str, int]]:
    """(kernel, multiply-adds of one image) of each executed layer that multiplies by weights."""
    work = []
    for node in graph.get_ordered_ops():
        info = node.get_rt_info()
        if _text(info, "layerType") in _MULTIPLY_ADD_LAYERS:
            work.append((_text(info, "primitiveType"), _multiply_adds(node)))
    return work


def _multiply_adds(node: Any) -> int:
    """Multiply-adds of one image that a layer of _MULTIPLY_ADD_LAYERS executes.

    A convolution's are its output positions times its weights, whatever its groups: the weights (O, I / groups, kh, kw)
    hold, for each output channel, just the inputs that it reads.
    """
    output, first, second = (_shape(node, part) for part in (node.output(0), *node.input_values()[:2]))
    if _text(node.get_rt_info(), "layerType") in ("FullyConnected", "MatMul"):
        return int(np.prod(output, dtype=np.int64)) * first[-1]
    # Inputs after the second are biases and the tensors of fused additions.
    return int(np.prod(output[2:], dtype=np.int64) * np.prod(second, dtype=np.int64))


def _executed_node(node: Any, position: dict[str, int], *, timed: bool) -> ExecutedNode:
    info = node.get_rt_info()
    layer = _text(info, "layerType")
    multiplies = layer in _MULTIPLY_ADD_LAYERS
    convolves = multiplies and layer not in ("FullyConnected", "MatMul")
    took = _text(info, "execTimeMcs")
    return ExecutedNode(
        name=node.get_friendly_name(),
        layer=layer,
        kernel=_text(info, "primitiveType"),
        inputs=tuple((position[v.get_node().get_friendly_name()], v.get_index()) for v in node.input_values()),
        output_bytes=tuple(
            int(np.prod(_shape(node, output), dtype=np.int64)) * output.get_element_type().bitwidth // 8
            for output in node.outputs()
        ),
        multiply_adds=_multiply_adds(node) if multiplies else 0,
        channels=_shape(node, node.output(0))[1] if convolves else 0,
        time_us=(int(took) if took.isdigit() else 0) if timed else None,
    )


def _shape(node: Any, port: Any) -> list[int]:
    """Shape of an input or output of a node. Raises ModelError where it is not fixed."""
    partial = port.get_partial_shape()
    if not partial.is_static:
        raise ModelError(
            f"layer {node.get_friendly_name()} has a size that depends on the image's content; "
            "export a network whose sizes follow from the image's size"
        )
    return list(partial.to_shape())


def _text(info: Any, key: str) -> str:
    return str(info[key].value) if key in info else ""


def _isa(compiled: Any, kernels: Sequence[str]) -> str:
    """Short name of the instruction set that the runtime says it uses, else of what its kernels' names show."""
    stated = ""
    if "RUNTIME_REQUIREMENTS" in compiled.get_property("SUPPORTED_PROPERTIES"):
        parts = str(compiled.get_property("RUNTIME_REQUIREMENTS")).split(";")
        stated = next((part.removeprefix("isa=") for part in parts if part.startswith("isa=")), "")
    return short_isa(stated or " ".join(kernels)) or platform.machine()


def short_isa(text: str) -> str:
    """The name by which the instruction set is known, from oneDNN's sentence or from kernels' names; "" for neither.

    >>> short_isa("Intel AVX-512 with Intel DL Boost and bfloat16 support")
    'AVX-512 VNNI'
    """
    low = text.lower()
    vnni = "dl boost" in low or "vnni" in low
    if "amx" in low:
        return "AMX"
    if "avx-512" in low or "avx512" in low:
        return "AVX-512 VNNI" if vnni else "AVX-512"
    if "avx2" in low:
        return "AVX2-VNNI" if vnni else "AVX2"
    if "sse" in low:
        return "SSE4.1"
    return "Neon" if "acl" in low or "neon" in low or "asimd" in low else ""


def _is_packaged(card: ModelCard) -> bool:
    return card.folder.resolve().is_relative_to(packaged_models().resolve())


def run_module(
    module: str, arguments: Sequence[str], *, content: bytes = b"", timeout_s: float = _CHECK_TIMEOUT_S
) -> subprocess.CompletedProcess[bytes]:
    """Run a module of the engine in a fresh Python process, content on its standard input.

    Raises ChildTimeout.
    """
    command, options = _child(module, arguments)
    return subprocess.run(command, input=content, capture_output=True, timeout=timeout_s, check=False, **options)


def start_module(module: str, arguments: Sequence[str], *, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a module of the engine in a fresh Python process whose standard output is a pipe, and go on.

    errors: file for its standard error.
    """
    command, options = _child(module, arguments)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, **options)


def _child(module: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Command and options of a fresh Python process that runs a module of the engine."""
    home = str(Path(engine.__file__).parent.parent)
    path = os.pathsep.join(part for part in (home, os.environ.get("PYTHONPATH", "")) if part)
    # -P: a folder named "engine" where the user happens to stand must not be run instead of this package.
    command = [sys.executable, "-P", "-m", module, *arguments]
    # On Windows a child of the windowed viewer would open a console.
    flags = int(getattr(subprocess, "CREATE_NO_WINDOW", 0))
    return command, {"env": {**os.environ, "PYTHONPATH": path}, "creationflags": flags}


def _check_in_child(content: bytes, where: Path, channels: int, input_shape: tuple[int, int]) -> None:
    """Load and run a stranger's file in a process that may crash. Raises ModelError where it does, or is unusable."""
    try:
        done = run_module(
            "engine.network.runtime", [str(channels), *map(str, input_shape), str(where)], content=content
        )
    except ChildTimeout as error:
        raise ModelError(
            f"{where}: did not load within {_CHECK_TIMEOUT_S} s in a trial process; export the model again"
        ) from error
    if done.returncode == 0:
        return
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == 1 and said and said[-1].startswith(str(where)):
        raise ModelError(said[-1])
    raise ModelError(
        f"{where}: crashes the runtime (status {done.returncode} of a trial process); "
        "export the model again, or remove its folder"
    )


def _check(arguments: Sequence[str]) -> int:
    """What the child process does: read a file from standard input, compile it and run it once."""
    channels, height, width = (int(value) for value in arguments[:3])
    _bound_memory()
    try:
        content = sys.stdin.buffer.read()
        onnx = packed.to_onnx(packed.unpack(content, Path(arguments[3]))) if packed.is_packed(content) else content
        if found := disorder(onnx):
            raise ModelError(f"{arguments[3]}: is not a usable ONNX file ({found}); export the model again")
        Network(content, where=Path(arguments[3]), channels=channels, input_shape=(height, width), threads=1)
    except MemoryError:
        sys.stderr.write(f"{arguments[3]}: needs more memory than a model may; export the model again\n")
        return 1
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _bound_memory() -> None:
    """Let this process take no more than _CHECK_MEMORY_BYTES on top of what it has, where the system allows a limit.

    Windows has no such limit for a process on itself; there the time limit alone ends a trial.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    limit = psutil.Process().memory_info().vms + _CHECK_MEMORY_BYTES
    with contextlib.suppress(ValueError, OSError):  # a stricter limit is in force already
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(_check(sys.argv[1:]))
