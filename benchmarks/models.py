"""Speed, memory and distance from the physical limit of every model, on this machine, one thread, 256 × 256.

    python -m benchmarks.models [--json FILE] [--quick]

Every shipped model in every precision of its card, with float32 also computing in bfloat16 where the processor has it;
beside them a plain U-Net exported for the occasion, the published ESPNetv2 in PyTorch's eager mode and, where the extra
"peers" is installed, the networks of nnU-Net and MONAI. All take turns in one process, and medians are compared; under
each instruction set that this processor can be capped to, a new process does so anew. Input is noise: no network's time
depends on what it sees.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import gemm, peers, tables
from benchmarks.timing import Subject, Task
from engine.files import write_atomically
from engine.network import runtime
from engine.network.catalog import Catalog, find_models, packaged_models
from engine.network.executed import short_isa

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "training" / "results"
SIZE = 256
FULL = "full"
# A cap as the runtime's two variables spell it → the name that Network.isa must then give.
CAPS = {
    "AVX512_CORE_AMX": "AMX",
    "AVX512_CORE_VNNI": "AVX-512 VNNI",
    "AVX512_CORE": "AVX-512",
    "AVX2_VNNI": "AVX2-VNNI",
    "AVX2": "AVX2",
}
# One variable caps oneDNN's kernels, the other the runtime's own.
CAP_VARIABLES = ("ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA")
UNCAPPED = "mlas"
"""In the name of kernels that heed neither variable; where they run under a cap, that is said."""
PUBLISHED = {"espnetv2_edgenets": "ESPNetv2 (EdgeNets decoder)", "espnetv2": "ESPNetv2 (pyramid decoder)"}


def subjects_of(catalog: Catalog) -> list[Subject]:
    """Every model in every precision of its card, and float32 in bfloat16 where this processor has it."""
    found = []
    for card in catalog.models:
        for precision in card.precisions:
            found.append(Subject(card.id, precision, str(card.path_for(precision)), card.channels))
        if "float32" in card.precisions and runtime.has_bf16():
            found.append(Subject(card.id, "bfloat16", str(card.path_for("float32")), card.channels, bf16=True))
    return found


def export_unet(folder: Path) -> list[Subject]:
    """A plain U-Net as ONNX files in float32 and int8: a comparator that is not shipped.

    Its weights are the trained ones where they are on disk; its int8 ranges come from noise, which its time does not
    depend on.
    """
    # Not at the top: the processes that time networks import this package's other modules, and need no PyTorch.
    from training.networks.unet import UNet  # noqa: PLC0415
    from training.steps.export import write_onnx  # noqa: PLC0415
    from training.steps.quantize import quantize_int8  # noqa: PLC0415
    from training.steps.train import WEIGHTS, load_weights  # noqa: PLC0415

    weights = RESULTS / "unet" / WEIGHTS
    network = load_weights(UNet(), weights) if weights.exists() else UNet().eval()
    x = np.random.default_rng(0).standard_normal((1, 1, SIZE, SIZE)).astype(np.float32)
    write_onnx(network, x, folder / "float32.onnx", dynamic=False)
    quantize_int8(folder / "float32.onnx", folder / "int8.onnx", [x, x])
    found = [Subject("unet", name, str(folder / f"{name}.onnx"), 4) for name in ("float32", "int8")]
    if runtime.has_bf16():
        found.append(Subject("unet", "bfloat16", str(folder / "float32.onnx"), 4, bf16=True))
    return found


def export_peers(folder: Path) -> list[Subject]:
    """Other projects' networks (benchmarks.peers) as float32 ONNX files for the runtime, where they are installed."""
    from training.steps.export import write_onnx  # noqa: PLC0415 - as in export_unet

    x = np.zeros((1, 1, SIZE, SIZE), np.float32)
    found = []
    for index, name in enumerate(peers.installed()):
        path = folder / f"peer{index}.onnx"
        write_onnx(peers.build(name), x, path, dynamic=False)
        found.append(Subject(name, "float32", str(path), peers.CLASSES))
    return found


def published() -> tuple[tuple[str, str], ...]:
    """(name, weights file or "") of the networks that PyTorch runs."""
    files = {name: RESULTS / name / "weights.safetensors" for name in PUBLISHED}
    ours = ((name, str(file) if file.exists() else "") for name, file in files.items())
    return (*ours, *((name, "") for name in peers.installed()))


def measure(task: Task, cap: str) -> dict[str, Any]:
    """benchmarks.timing.measure in a new process under a cap, "full" for none. Stops the program where it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in CAP_VARIABLES}
    if cap != FULL:
        environment |= dict.fromkeys(CAP_VARIABLES, cap)
    done = _child(["benchmarks.timing"], environment, json.dumps(asdict(task)))
    return dict(json.loads(done))


def resident(subject: Subject, repeats: int) -> dict[str, float]:
    """Median growth of resident memory in new processes, see benchmarks.resident."""
    arguments = ["benchmarks.resident", subject.path, str(subject.channels), str(SIZE), str(int(subject.bf16))]
    found = [json.loads(_child(arguments, dict(os.environ))) for _ in range(repeats)]
    return {name: statistics.median(run[name] for run in found) for name in found[0]}


def _child(arguments: Sequence[str], environment: dict[str, str], text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        input=text,
        capture_output=True,
        text=True,
        env=environment | {"OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"python -m {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def run(
    catalog: Catalog, caps: Sequence[str], *, quick: bool, comparators: bool, gemm_sizes: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """Everything that is printed, in plain values; "by_cap" has the instruction sets that this processor holds."""
    rounds = 5 if quick else 80
    with tempfile.TemporaryDirectory() as folder:
        subjects = subjects_of(catalog)
        if comparators:
            _say("exporting the U-Net")
            # The quantizer reports its progress on standard output, which belongs to the tables.
            with contextlib.redirect_stdout(sys.stderr):
                subjects += export_unet(Path(folder))
                subjects += export_peers(Path(folder))
        by_cap: dict[str, dict[str, Any]] = {}
        for cap in caps:
            start = time.perf_counter()
            task = Task(
                tuple(subjects if cap == FULL else (s for s in subjects if not s.bf16)),
                SIZE,
                rounds,
                isa=CAPS.get(cap, ""),
                torch_networks=published() if comparators and cap == FULL else (),
                details=cap == FULL,
                runs=5 if quick else 100,
                gemm_sizes=tuple(gemm_sizes),
            )
            found = measure(task, cap)
            if found["held"]:
                by_cap[FULL if cap == FULL else CAPS[cap]] = found
            _say(f"{cap}: {found['isa']}{'' if found['held'] else ', left out'}, {time.perf_counter() - start:.0f} s")
        _say("memory in new processes")
        grown = {(s.model, s.precision): resident(s, 1 if quick else 3) for s in subjects if FULL in by_cap}
    versions = {"Python": platform.python_version()}
    if comparators:
        versions["PyTorch"] = metadata.version("torch")
    return {
        "default": catalog.default,
        "size": SIZE,
        "threads": 1,
        "rounds": rounds,
        "versions": versions,
        "by_cap": by_cap,
        "resident": [{"model": model, "precision": p, **growth} for (model, p), growth in grown.items()],
    }


def text(found: dict[str, Any]) -> str:
    """The measurements as headings and Markdown tables."""
    by_cap, default = found["by_cap"], found["default"]
    any_ = next(iter(by_cap.values()))
    for entry in by_cap.values():
        entry["torch"] = {PUBLISHED.get(name, name): times for name, times in entry["torch"].items()}
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    size = found["size"]
    parts = [
        f"{any_['device']}, {any_['isa']}, {any_['runtime']}, {versions}, {found['threads']} thread, "
        f"image {size} × {size}, {found['rounds']} interleaved rounds",
        "## Speed\n\nMedian (95th percentile) in ms. A column is a new process, capped to its instruction set.",
        tables.speed(by_cap),
        tables.ratios(by_cap, default),
        tables.against_published(by_cap, default),
        "\n".join(f"{cap}: {_proof(entry)}" for cap, entry in by_cap.items()),
    ]
    if tables_of := by_cap.get(FULL):
        grown = {(row["model"], row["precision"]): row for row in found["resident"]}
        if tables_of["torch"]:
            parts.append(tables.against_torch(tables_of, default))
        parts += [
            tables.shares(tables_of, default),
            "## Memory\n\nIn 10^6 bytes. Working set: weights and, at the worst moment, live activations, computed\n"
            "from the executed graph. RSS: growth of a new process by the runtime, by loading, by running.",
            tables.memory(tables_of, grown, default),
            "## Physical limit\n\n" + _peaks(tables_of),
            tables.limits(tables_of),
            "## Where the time goes",
            *(
                tables.profile(row)
                for row in tables_of["rows"]
                if row["model"] == default and row["precision"] in ("float32", "int8")
            ),
        ]
    return "\n\n".join(part for part in parts if part)


def _proof(entry: dict[str, Any]) -> str:
    """The instruction set that the runtime states, and those that its kernels' names show."""
    shown = sorted({name for kernel in entry["kernels"] if (name := short_isa(kernel))})
    free = [kernel for kernel in entry["kernels"] if UNCAPPED in kernel]
    said = f"the runtime states {entry['isa']}, its kernels' names show {', '.join(shown) or 'none'}"
    return said + (f"; {', '.join(free)} heeds no cap" if free else "")


def _peaks(full: dict[str, Any]) -> str:
    """The rates that this machine reached in matrix products."""
    said = [f"{p['gops']:.0f}·10^9 a second in {p['arithmetic']} ({p['kernel']}, {p['size']}³)" for p in full["peaks"]]
    check = f"; PyTorch's float32 product {full['torch_mm_gflops']:.0f}·10^9" if full["torch_mm_gflops"] else ""
    return f"Operations of one thread in matrix products, at best: {', '.join(said)}{check}. A multiply-add is two."


def main(argv: Sequence[str] | None = None) -> int:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=summary)
    parser.add_argument("--models", type=Path, default=packaged_models(), metavar="DIR", help="folder of the models")
    tables.add_output(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    parser.add_argument("--quick", action="store_true", help="few repeats: to see that it runs, not to quote")
    parser.add_argument(
        "--isa", nargs="+", choices=[FULL, *CAPS], default=None, help="instruction sets; all that the processor has"
    )
    parser.add_argument("--alone", action="store_true", help="without the U-Net and PyTorch")
    arguments = parser.parse_args(argv)
    catalog = find_models([arguments.models])
    if not catalog.models:
        raise SystemExit(f"{arguments.models}: holds no model; name a folder of models with --models")
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    caps = arguments.isa or [FULL, *(CAPS if x86 else ())]
    sizes = ((256, 4),) if arguments.quick else gemm.SIZES
    found = run(catalog, caps, quick=arguments.quick, comparators=not arguments.alone, gemm_sizes=sizes)
    if not found["by_cap"]:
        raise SystemExit(f"this processor holds none of {', '.join(caps)}; leave --isa out")
    if arguments.json:
        write_atomically(arguments.json, json.dumps(found, indent=1).encode())
    tables.give(text(found), arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
