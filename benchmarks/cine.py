"""A whole cine by CineQuant in int8, against bare forward passes of the published network in PyTorch.

    python -m benchmarks.cine [SCAN] [--repeats N]

Our side: the DICOM files are read, the int8 model is loaded and compiled, and every slice of every frame is segmented,
in a process that has imported its modules, as PyTorch's has; and beside it the whole command `cinequant segment SCAN`,
from the start of Python to the end of the process, with the mask written to disk, once with the compiled network of an
earlier run and once without. The other side is PyTorch with
ESPNetv2 in float32, as published and in eager mode: only its forward passes, on 60 of those slices at the same input
size, in a process that has imported and warmed up. All use 2 threads; they take turns, and medians are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from benchmarks.tables import add_output, give
from engine.ahead import load_ahead
from engine.formats.door import open_scan
from engine.network import preprocess, runtime
from engine.network.catalog import find_models
from engine.network.compiled import CACHE_VARIABLE
from engine.network.predict import predict

SCAN = Path(__file__).parent.parent.parent / "shared" / "data" / "sunnybrook" / "SCD0000101" / "dicom"
THREADS = 2
TORCH_SLICES = 60


def work(scan: Path, model: str) -> float:
    """Seconds to read, load and segment in this process, which has run nothing before but has its imports."""
    runtime.runtime_name()
    card = find_models().get(model)
    start = time.perf_counter()
    load_ahead([scan], card, "int8", threads=THREADS)
    volume = open_scan(scan)
    predict(volume, card, "int8", threads=THREADS)
    return time.perf_counter() - start


def work_in_child(scan: Path, model: str) -> float:
    """work() in a new process, so that neither earlier runs nor PyTorch's threads help or hinder."""
    code = "import sys; from pathlib import Path; from benchmarks.cine import work; p, m = sys.argv[1:];"
    code += "print(work(Path(p), m))"
    done = subprocess.run([sys.executable, "-c", code, str(scan), model], capture_output=True, text=True, check=True)
    return float(done.stdout)


def segment(scan: Path, model: str, out: Path, cache: str) -> dict[str, float]:
    """Run the command. Returns its JSON with "command_s", from starting the process to its end.

    cache: folder for compiled networks, or "off".
    """
    options = ["--model", model, "--precision", "int8", "--threads", str(THREADS), "--json"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "segment", str(scan), "-o", str(out), *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, CACHE_VARIABLE: cache},
    )
    elapsed = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip())
    return {**json.loads(done.stdout), "command_s": elapsed}


def forward_passes(scan: Path, model: str) -> Callable[[], float]:
    """A function that runs ESPNetv2 on TORCH_SLICES slices and returns the seconds of its forward passes."""
    # Not at the top, because our own side runs in processes without PyTorch, as the viewer does.
    import torch  # noqa: PLC0415

    from training.networks.espnetv2 import ESPNetv2EdgeNets  # noqa: PLC0415

    volume = open_scan(scan)
    spec = find_models().get(model).input
    grid, scale = preprocess.plan(volume.geometry, spec), preprocess.intensity(volume.array, spec)
    slices = volume.array.reshape(-1, *volume.array.shape[2:])
    chosen = np.linspace(0, len(slices) - 1, TORCH_SLICES).round().astype(int)
    images = [torch.from_numpy(preprocess.to_input(slices[i], grid, scale)) for i in chosen]
    torch.set_num_threads(THREADS)
    network = ESPNetv2EdgeNets().eval()

    def run() -> float:
        with torch.inference_mode():
            start = time.perf_counter()
            for image in images:
                network(image)
            return time.perf_counter() - start

    with torch.inference_mode():
        for image in images[:5]:
            network(image)
    return run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cine", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scan", nargs="?", type=Path, default=SCAN, metavar="SCAN")
    parser.add_argument("--model", default=find_models().default, metavar="ID")
    parser.add_argument("--repeats", type=int, default=5)
    add_output(parser)
    arguments = parser.parse_args()
    if not arguments.scan.exists():
        raise SystemExit(f"{arguments.scan}: no such scan; give one as an argument")
    torch_run = forward_passes(arguments.scan, arguments.model)
    ours: list[dict[str, float]] = []
    works: list[float] = []
    theirs: list[float] = []
    runs: list[str] = []
    without: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        out, cache = Path(folder) / "mask.nii.gz", str(Path(folder) / "compiled")
        # Compiles the network for the runs that are timed.
        segment(arguments.scan, arguments.model, out, cache)
        for repeat in range(arguments.repeats):
            ours.append(segment(arguments.scan, arguments.model, out, cache))
            without.append(segment(arguments.scan, arguments.model, out, "off")["command_s"])
            works.append(work_in_child(arguments.scan, arguments.model))
            theirs.append(torch_run())
            runs.append(
                f"run {repeat + 1}: CineQuant {works[-1]:.2f} s, as a whole command {ours[-1]['command_s']:.2f} s, "
                f"without a compiled network {without[-1]:.2f} s, PyTorch {theirs[-1]:.2f} s\n"
            )
    whole = statistics.median(run["command_s"] for run in ours)
    work_s = statistics.median(works)
    bare = statistics.median(theirs)
    cold = statistics.median(without)
    slices = int(ours[0]["slices"])
    parts = {
        "reading, writing and the rest": statistics.median(
            run["wall_s"]
            - (run["load_ms"] + run["preprocess_ms"] + run["postprocess_ms"]) / 1e3
            - run["latency_ms"]["mean"] * slices / 1e3  # type: ignore[index]
            for run in ours
        ),
        "loading the model": statistics.median(run["load_ms"] for run in ours) / 1e3,
        "before and after the network": statistics.median(
            (run["preprocess_ms"] + run["postprocess_ms"]) / 1e3 for run in ours
        ),
        "the network": statistics.median(run["latency_ms"]["mean"] for run in ours) * slices / 1e3,  # type: ignore[index]
        "starting and ending the process": statistics.median(run["command_s"] - run["wall_s"] for run in ours),
    }
    give(
        "".join(runs)
        + f"CineQuant, {arguments.model} int8, {slices} slices from DICOM files to labels: {work_s:.2f} s "
        f"({1e3 * work_s / slices:.1f} ms per slice)\n"
        f"the whole command, with the start and end of Python and the mask written to disk: {whole:.2f} s\n"
        + "".join(f"    {name}: {seconds:.2f} s\n" for name, seconds in parts.items())
        + f"PyTorch {metadata.version('torch')}, ESPNetv2 float32, {TORCH_SLICES} forward passes alone: {bare:.2f} s "
        f"({1e3 * bare / TORCH_SLICES:.1f} ms per slice)\n"
        f"the whole command without a compiled network: {cold:.2f} s, {cold / whole:.2f} times as long\n"
        f"PyTorch's {TORCH_SLICES} slices take {bare / work_s:.2f} times as long as CineQuant's {slices}, "
        f"{bare / whole:.2f} times as long as the whole command\n"
        f"{runtime.device_name()}, {ours[0]['isa']}, {ours[0]['runtime']}, "
        f"{THREADS} threads on both sides, median of {arguments.repeats} runs",
        arguments.output,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
