"""A whole cine by CineQuant in int8, against bare forward passes of the published network in PyTorch.

    python -m benchmarks.cine [SCAN] [--repeats N]

One side is everything that `cinequant segment SCAN` does, in a new process: Python starts, the DICOM files are read,
the int8 model is loaded, every slice of every frame is segmented and the mask is written. The other side is PyTorch
with ESPNetv2 in float32, as published and in eager mode: only its forward passes, on 60 of those slices at the same
input size, in a process that has imported and warmed up. Both use 2 threads; they take turns, and medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engine import preprocess
from engine.catalog import find_models
from engine.scan import open_scan
from training.espnetv2 import ESPNetv2

SCAN = Path(__file__).parent.parent.parent / "shared" / "data" / "sunnybrook" / "SCD0000101" / "dicom"
THREADS = 2
TORCH_SLICES = 60


def segment(scan: Path, model: str, out: Path) -> dict[str, float]:
    """Run the command. Returns its JSON with "command_s", from starting the process to its end."""
    options = ["--model", model, "--precision", "int8", "--threads", str(THREADS), "--json"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "segment", str(scan), "-o", str(out), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip())
    return {**json.loads(done.stdout), "command_s": elapsed}


def forward_passes(scan: Path, model: str) -> Callable[[], float]:
    """A function that runs ESPNetv2 on TORCH_SLICES slices and returns the seconds of its forward passes."""
    volume = open_scan(scan)
    spec = find_models().get(model).input
    grid, scale = preprocess.plan(volume.geometry, spec), preprocess.intensity(volume.array, spec)
    slices = volume.array.reshape(-1, *volume.array.shape[2:])
    chosen = np.linspace(0, len(slices) - 1, TORCH_SLICES).round().astype(int)
    images = [torch.from_numpy(preprocess.to_input(slices[i], grid, scale)) for i in chosen]
    torch.set_num_threads(THREADS)
    network = ESPNetv2().eval()

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
    arguments = parser.parse_args()
    if not arguments.scan.exists():
        raise SystemExit(f"{arguments.scan}: no such scan; give one as an argument")
    torch_run = forward_passes(arguments.scan, arguments.model)
    ours: list[dict[str, float]] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(arguments.repeats):
            ours.append(segment(arguments.scan, arguments.model, Path(folder) / "mask.nii.gz"))
            theirs.append(torch_run())
            sys.stdout.write(f"run {repeat + 1}: CineQuant {ours[-1]['command_s']:.2f} s, PyTorch {theirs[-1]:.2f} s\n")
            sys.stdout.flush()
    whole = statistics.median(run["command_s"] for run in ours)
    bare = statistics.median(theirs)
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
    sys.stdout.write(
        f"CineQuant, {arguments.model} int8, the whole command on {slices} slices: {whole:.2f} s "
        f"({1e3 * whole / slices:.1f} ms a slice)\n"
        + "".join(f"    {name}: {seconds:.2f} s\n" for name, seconds in parts.items())
        + f"PyTorch {torch.__version__}, ESPNetv2 float32, {TORCH_SLICES} forward passes alone: {bare:.2f} s "
        f"({1e3 * bare / TORCH_SLICES:.1f} ms a slice)\n"
        f"ratio of the times, PyTorch to CineQuant: {bare / whole:.2f}; "
        f"for equally many slices: {bare / TORCH_SLICES * slices / whole:.2f}\n"
        f"{ours[0]['runtime']}, {ours[0]['isa']}, {THREADS} threads on both sides, median of {arguments.repeats} runs\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
