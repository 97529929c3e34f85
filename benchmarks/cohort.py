"""Batches: slices a second with one worker and two, beside a script of PyTorch and nibabel; memory; scheduling.

    python -m benchmarks.cohort [-o FILE.md] [--json FILE] [--quick]
    python -m benchmarks.cohort --kill DATA [--kills 5]

The first makes cines of the phantom and takes turns: one worker, two, and the script (benchmarks.plain_script) with the
same network and with a U-Net, on the same cores; medians are compared. Then come 300 studies for the memory, and 10,000
tasks that do nothing but fail, which is what a task costs beside its work. It wants a quiet machine and some ten
minutes.

The second runs a batch over DATA to its end, and another one that is killed on the way (kill -9, each time after some
more of the cases). Every byte of masks, pictures, tables and overview is compared; it exits with 1 where one differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks import tables
from benchmarks.biobank import write_participant
from engine.batch.cluster import Local, local_cluster
from engine.batch.cohort import Options, Plan, duration, plan_batch, run_batch
from engine.batch.units import VOLUME, Units, WorkUnit
from engine.formats import nifti
from engine.network import runtime
from engine.network.catalog import find_models
from engine.phantom import make_phantom
from engine.volume import Volume

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("quantlite", "unet")
ARCHIVES = "1 worker, archives"
LEAST_SPEEDUP, LEAST_EFFICIENCY, MOST_MB, MOST_GROWTH = 5.0, 0.9, 450.0, 1.05
SCALES = (0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5)
"""Of the studies for the memory: as many image sizes as a cohort of several centres has, each a network of its own."""
BIOBANK = {"cines": 100_000, "slices": 10, "frames": 50}
"""UK Biobank's imaging: 100,000 participants; short-axis stacks of about ten slices and 50 frames (Petersen et al.,
J Cardiovasc Magn Reson 2016;18:8)."""


def write_cines(folder: Path, count: int, frames: int, slices: int, scales: Sequence[float] = (1.0,)) -> Path:
    """Cines of different hearts: a few are made, and the others are these with other grey values.

    scales: factors of the pixels' size, which take turns; another field of view is another image size for the network.
    """
    folder.mkdir(parents=True)
    made = [make_phantom(frames, slices, 208, seed=seed)[0] for seed in range(2)]
    for number in range(count):
        volume = made[number % len(made)]
        affine = volume.geometry.affine.copy()
        affine[:, :2] *= scales[number % len(scales)]
        brighter = (volume.array + np.int16(number)).astype(volume.array.dtype)
        changed = Volume(brighter, replace(volume.geometry, affine=affine), volume.source)
        nifti.write_volume(folder / f"{number:04d}.nii.gz", changed)
    return folder


def planned(source: Path, out: Path) -> Plan:
    return plan_batch(source, out, Options(), find_models())


def batch_rate(source: Path, out: Path, workers: int) -> float:
    """Slices a second of a batch, from when the workers are ready; each has run a case before."""
    with local_cluster(Local(workers, 1)) as execute:
        run_batch(planned(warm(source), out.with_name(f"{out.name}-warm")), execute)
        began = time.perf_counter()
        outcome = run_batch(planned(source, out), execute)
        return outcome.images / (time.perf_counter() - began)


def warm(source: Path) -> Path:
    return source.with_name("warm")


def script_rate(network: str, source: Path, out: Path) -> float:
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.plain_script", network, str(source), str(out)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return float(found["slices"] / found["seconds"])


def speed(work: Path, quick: bool) -> dict[str, list[float]]:
    """Slices a second of each, in turns."""
    rounds = 1 if quick else 5
    # Many short ones, as a cohort has many: with few, the last one would keep one worker waiting for the other.
    source = write_cines(work / "in", 4 if quick else 24, 4 if quick else 10, 10)
    write_cines(warm(source), 4, 2, 10)
    few = write_cines(work / "few", 2 if quick else 3, 4 if quick else 6, 10)
    zipped = work / "zipped"
    zipped.mkdir()
    for number in range(2 if quick else 4):
        write_participant(zipped, number, make_phantom(4 if quick else 20, 10, 208, seed=number)[0])
    subjects: dict[str, Callable[[Path], float]] = {
        ARCHIVES: lambda out: batch_rate(zipped, out, 1),
        "1 worker": lambda out: batch_rate(source, out, 1),
        "2 workers": lambda out: batch_rate(source, out, 2),
        **{name: lambda out, name=name: script_rate(name, few, out) for name in SCRIPTS},  # type: ignore[misc]
    }
    found: dict[str, list[float]] = {name: [] for name in subjects}
    for turn in range(rounds):
        for name, measure in subjects.items():
            found[name].append(measure(work / f"out-{turn}-{name.replace(' ', '-')}"))
            say(f"round {turn + 1} of {rounds}, {name}: {found[name][-1]:.1f} slices a second")
    return found


def memory(work: Path, studies: int) -> dict[str, Any]:
    """Of each worker over many studies, in 10^6 bytes: the largest it ever had, and whether it grows."""
    source = write_cines(work / "many", studies, 2, 10, SCALES)
    out = work / "out-many"
    with local_cluster(Local(2, 1)) as execute:
        run_batch(planned(source, out), execute)
        workers = [process for process in psutil.Process().children(recursive=True) if is_worker(process)]
        peaks = [peak_mb(process) for process in workers]
    # In the order of finishing.
    finished = (json.loads(line) for line in (out / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    rss = [cost["rss_mb"] for line in finished for cost in line["costs"]]
    part = max(1, studies // 6)
    early, late = float(np.median(rss[part : 2 * part])), float(np.median(rss[-part:]))
    written = sum(path.stat().st_size for path in (out / "masks").rglob("*.nii.gz"))
    beside = sum(path.stat().st_size for path in out.iterdir() if path.is_file())
    sizes = {"mask_bytes_a_slice": written / (studies * 20), "table_bytes_a_case": beside / studies}
    return {**sizes, "studies": studies, "peak_mb": max(peaks), "early_mb": early, "late_mb": late}


def is_worker(process: psutil.Process) -> bool:
    """Not what only watches over resources."""
    return "spawn_main" in " ".join(process.cmdline())


def peak_mb(process: psutil.Process) -> float:
    if sys.platform != "linux":
        return float(process.memory_info().rss / 1e6)
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024 / 1e6


def overhead(work: Path, tasks: int) -> float:
    """Seconds a task that does nothing but fail: scheduling, the journal, its lines in the tables."""
    source = work / "nothing"
    source.mkdir()
    plan = planned(write_cines(work / "one", 1, 1, 3), work / "out-nothing")
    units = tuple(
        WorkUnit(f"{number:06d}", VOLUME, (plan.source / "0000.nii.gz",), "0", "is not read") for number in range(tasks)
    )
    plan = Plan(plan.source, plan.out, plan.options, Units(units), plan.settings)
    with local_cluster(Local(2, 1)) as execute:
        began = time.perf_counter()
        outcome = run_batch(plan, execute)
        took = time.perf_counter() - began
    assert outcome.cases == {"failed": tasks}
    return took / tasks


def measure(work: Path, quick: bool) -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    rates = speed(work, quick)
    median = {name: statistics.median(values) for name, values in rates.items()}
    pairs = zip(rates["1 worker"], rates["2 workers"], strict=True)
    say("memory over many studies")
    found = {
        "device": {"name": runtime.device_name(), "isa": runtime.isa(), "cores": runtime.physical_cores()},
        "runtime": runtime.runtime_name(),
        "python": platform.python_version(),
        "rounds": len(rates["1 worker"]),
        "load": load,
        "slices_per_s": rates,
        "median_slices_per_s": median,
        "efficiency": statistics.median(two / (2 * one) for one, two in pairs),
        "speedup": {name: median["2 workers"] / median[name] for name in SCRIPTS},
        "memory": memory(work, 30 if quick else 300),
    }
    say("tasks that do nothing")
    found["overhead_s"] = overhead(work, 500 if quick else 10_000)
    return found


def page(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    median, device, held = found["median_slices_per_s"], found["device"], found["memory"]
    rows = [["`cinequant batch`, 1 worker", f"{median['1 worker']:.1f}", ""]]
    rows.append(["`cinequant batch`, 2 workers", f"{median['2 workers']:.1f}", ""])
    rows.append(["the same, 1 worker, DICOM in zip archives", f"{median[ARCHIVES]:.1f}", ""])
    words = {"quantlite": "PyTorch and nibabel, the same network", "unet": "PyTorch and nibabel, a U-Net"}
    rows += [[words[name], f"{median[name]:.1f}", f"{found['speedup'][name]:.1f} × as fast"] for name in SCRIPTS]
    images = BIOBANK["cines"] * BIOBANK["slices"] * BIOBANK["frames"]
    cores = 16
    worked = images / median[ARCHIVES] / found["efficiency"]
    lost = BIOBANK["cines"] * found["overhead_s"]
    checks = [
        ("2 workers against PyTorch with the same network", found["speedup"]["quantlite"], f"≥ {LEAST_SPEEDUP:g} ×",
         found["speedup"]["quantlite"] >= LEAST_SPEEDUP),
        ("efficiency of 2 workers", found["efficiency"], f"≥ {LEAST_EFFICIENCY:g}",
         found["efficiency"] >= LEAST_EFFICIENCY),
        ("memory of a worker at most, MB", held["peak_mb"], f"≤ {MOST_MB:g}", held["peak_mb"] <= MOST_MB),
        (f"its growth over {held['studies']} studies", held["late_mb"] / held["early_mb"], f"≤ {MOST_GROWTH:g} ×",
         held["late_mb"] <= MOST_GROWTH * held["early_mb"]),
    ]  # fmt: skip
    judged = [[name, f"{value:.2f}", wanted, "yes" if holds else "NO"] for name, value, wanted, holds in checks]
    return "\n\n".join(
        [
            "# Batches",
            f"{device['name']}, {device['isa']}, {device['cores']} cores, {found['runtime']}, Python "
            f"{found['python']}; medians of {found['rounds']} rounds in turns; load before it began: "
            f"{found['load']:.1f}.",
            tables.table(["", "slices a second", "2 workers are"], rows),
            tables.table(["what", "measured", "wanted", "holds"], judged),
            f"A task costs {1e3 * found['overhead_s']:.1f} ms beside its work, measured over tasks that do nothing: "
            f"{duration(lost)} for {BIOBANK['cines']:,} cases, of one process.",
            f"UK Biobank, by the rate for archives: {BIOBANK['cines']:,} cines × {BIOBANK['slices']} slices × "
            f"{BIOBANK['frames']} frames = "
            f"{images / 1e6:.0f} million slices, {worked / 86400:.1f} days of one core, "
            f"{worked / 3600 / cores:.0f} h on {cores} cores, {worked / 3600 / (64 * cores):.1f} h on 64 such "
            f"machines. Masks: {held['mask_bytes_a_slice'] * images / 1e9:.0f} GB; journal and tables: "
            f"{held['table_bytes_a_case'] * BIOBANK['cines'] / 1e9:.1f} GB.",
        ]
    )


# --- killed on the way


def killed(data: Path, work: Path, kills: int) -> int:
    """Exit status: 0 where a batch that was killed has the bytes of one that was not."""
    undisturbed, disturbed = work / "undisturbed", work / "disturbed"
    began = time.monotonic()
    run = subprocess.run(command(data, undisturbed), cwd=ROOT, check=True, capture_output=True, text=True)
    whole = json.loads(run.stdout)
    counts = ", ".join(f"{whole[name]} {name}" for name in ("units", "done", "refused", "failed"))
    say(f"undisturbed: {counts}")
    for number in range(kills):
        least = whole["units"] * (number + 1) // (kills + 1)
        process = subprocess.Popen(
            command(data, disturbed), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while lines(disturbed) < least and process.poll() is None:
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.wait()
        _, alive = psutil.wait_procs(workers, timeout=10)
        say(f"killed with {lines(disturbed)} of {whole['units']} units finished, {len(alive)} workers left over")
        if alive:
            return 1
    run = subprocess.run(command(data, disturbed), cwd=ROOT, check=True, capture_output=True, text=True)
    last = json.loads(run.stdout)
    say(f"the last run had {last['resumed']} units finished before; {time.monotonic() - began:.0f} s in all")
    one, other = contents(undisturbed), contents(disturbed)
    different = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    for name in different[:20]:
        say(f"DIFFERS: {name}")
    say(f"{len(one)} files, {len(different)} differ")
    return 1 if different else 0


def command(data: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "app.cli.main", "batch", str(data), "-o", str(out), "--json"]


def lines(out: Path) -> int:
    journal = out / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def contents(out: Path) -> dict[str, str]:
    """SHA-256 by name of what must not differ: not the costs, and not the journal, whose order is that of finishing."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.name.startswith((".", "costs.", "journal.", "batch.")):
            found[path.relative_to(out).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cohort", description=(__doc__ or "").splitlines()[0])
    tables.add_output(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--quick", action="store_true", help="little work, one round: to see that it runs")
    parser.add_argument("--kill", type=Path, metavar="DATA", help="kill a batch over DATA on the way, and compare")
    parser.add_argument("--kills", type=int, default=5, help="how often (default 5)")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="cinequant-cohort-") as folder:
        if arguments.kill is not None:
            return killed(arguments.kill.resolve(), Path(folder), arguments.kills)
        os.environ.setdefault("CINEQUANT_CACHE", str(Path(folder) / "cache"))
        found = measure(Path(folder), arguments.quick)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    tables.give(page(found), arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
