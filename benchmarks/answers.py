"""What `cinequant measure --json` says of every scan in a folder of data sets, to compare one version with another.

    python -m benchmarks.answers ../shared/data --json answers.json
    python -m benchmarks.answers ../shared/data --against benchmarks/results/answers.json

Pairs of ED and ES files are measured as one scan. Paths are written relative to the folder, so that files made on two
machines compare. Exits with 1 where --against finds a difference.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

PHASE_PAIRS = (("_ED", "_ES"), ("frame01", "frame"))  # M&Ms' names; ACDC's, whose ES frame differs by patient
NOT_COMPARED = (
    "model",
    "notices",
    "rules",
    "runtime",
    "isa",
    "threads",
    "schema",
    "program",
)  # wording and device, not numbers
RENAMED = {"ed_frame": "ed_frame_index", "es_frame": "es_frame_index"}  # as older versions called them
TOLERANCE_ML = 0.05


def scans(root: Path) -> Iterator[tuple[Path, ...]]:
    """Every scan below root: ED and ES as a pair, a folder of DICOM files as one, other NIfTI files one by one."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        here = Path(folder)
        images = sorted(n for n in names if n.endswith((".nii", ".nii.gz", ".hdr")) and "_gt" not in n)
        paired: set[str] = set()
        if here.parent.parent.name == "acdc":
            frames = [n for n in images if "_frame" in n]
            if len(frames) == 2:
                paired = set(frames)
                yield tuple(here / n for n in frames)
        else:
            for ed in (n for n in images if "_ED." in n):
                es = ed.replace("_ED.", "_ES.")
                if es in images:
                    paired |= {ed, es}
                    yield here / ed, here / es
        yield from ((here / n,) for n in images if n not in paired)
        dicom = sorted(n for n in names if n.endswith((".dcm", ".seg")))
        if here.name == "pydicom-test-files":
            yield from ((here / n,) for n in dicom)
        elif dicom or "DICOMDIR" in names:
            yield (here,)


def answer(paths: tuple[Path, ...], model: str = "") -> dict[str, Any]:
    """The JSON that the command prints, or its one line of error; never raises for a scan that is refused."""
    from app.cli.main import main  # noqa: PLC0415 - in the worker process

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        named = ["--model", model] if model else []
        status = main(["measure", *map(str, paths), "--threads", "1", "--json", *named])
    if status:
        return {"status": status, "error": err.getvalue().strip().rpartition("\n")[2]}  # below libraries' warnings
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ, numbers by more than TOLERANCE_ML. Keys that only one version knows are left out."""
    if isinstance(before, dict) and isinstance(after, dict):
        before, after = ({RENAMED.get(key, key): value for key, value in side.items()} for side in (before, after))
        for key in sorted(before.keys() & after.keys() - set(NOT_COMPARED)):
            yield from differences(before[key], after[key], f"{path}.{key}" if path else key)
        if before.get("status") != after.get("status"):
            yield f"{path}: {before.get('error', 'measured')} → {after.get('error', 'measured')}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for n, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}[{n}]")
    elif isinstance(before, int | float) and isinstance(after, int | float):
        if not math.isclose(before, after, rel_tol=1e-4, abs_tol=TOLERANCE_ML):
            yield f"{path}: {before} → {after}"
    elif before != after and "error" not in path:
        yield f"{path}: {before} → {after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the answers there")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with answers written before")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument(
        "--model", default="", help="measure with this model: the one of the other run, to compare code"
    )
    parser.add_argument("--only", default="", help="scans whose path contains this")
    arguments = parser.parse_args()
    root = arguments.folder
    cases = {
        " + ".join(path.relative_to(root).as_posix() for path in paths): paths
        for paths in scans(root)
        if arguments.only in str(paths[0])
    }
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        found = {}
        for name, value in zip(cases, pool.map(partial(answer, model=arguments.model), cases.values()), strict=True):
            found[name] = _without_folder(value, root)
            sys.stderr.write(f"\r\x1b[K{len(found)}/{len(cases)} {name}" if sys.stderr.isatty() else "")
    measured = sum("status" not in value for value in found.values())
    sys.stdout.write(f"{len(found)} scans, {measured} measured, {len(found) - measured} refused\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    if not arguments.against:
        return 0
    before = json.loads(arguments.against.read_text("utf-8"))
    rows = [f"{name}: {row}" for name in found.keys() & before.keys() for row in differences(before[name], found[name])]
    rows += [f"{name}: not in the other run" for name in found.keys() - before.keys()]
    rows += [f"{name}: not found any more" for name in before.keys() - found.keys() if arguments.only in name]
    sys.stdout.write("\n".join([*sorted(rows), f"{len(rows)} differences"]) + "\n")
    return 1 if rows else 0


def _without_folder(value: Any, root: Path) -> Any:
    """Without the path of the data on this machine, which would make every line differ elsewhere."""
    text = json.dumps(value, ensure_ascii=False)
    for prefix in (str(root.resolve()) + "/", str(root) + "/"):
        text = text.replace(prefix, "")
    return json.loads(text)


if __name__ == "__main__":
    sys.exit(main())
