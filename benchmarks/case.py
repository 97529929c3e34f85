"""A whole case, from opening to what leaves the window: clicks and keys, and seconds of waiting.

    python -m benchmarks.case ../shared/data/sunnybrook/SCD0000101

A reader drives the window with mouse and keys: opens the scan, goes to the first flag, corrects the base at
end-diastole, leaves a slice out, undoes and redoes, saves, and is killed within a stroke. The next window recovers the
case and exports report, table, movie and masks; the third one opens the case again; `cinequant replay` makes the mask
again. Whatever does not hold ends the benchmark. Run it on a quiet computer: waiting is measured by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_HANDS, MOST_WAITING_S = 60, 30.0
PATIENCE_S = 600
ENDINGS = {"report.pdf": b"%PDF", "numbers.csv": b"", "slice.gif": b"GIF8", "mask.nii.gz": b"\x1f\x8b"}


class CaseError(Exception):
    """A step does not hold."""


@dataclass(frozen=True, slots=True)
class Walked:
    """What the whole case took. steps: what was checked, in words. replay_s: not part of a reader's waiting."""

    hands: int
    waited_s: float
    steps: tuple[str, ...]
    replay_s: float


def walk(scan: Path, folder: Path) -> Walked:
    """Read a whole case of a scan. folder: empty, for settings and files. Raises CaseError where a step fails."""
    cut = _part("read", folder, scan, kill=True)
    recovered = _part("recover", folder)
    _same("after recovering", cut["seen"], recovered["seen"])
    for name, begins in ENDINGS.items():
        content = (folder / name).read_bytes()
        if not content or not content.startswith(begins):
            raise CaseError(f"{name} is not what its name says")
    again = _part("reopen", folder, folder / "case.cinequant")
    _same("after reopening", recovered["saved"], again["seen"])
    began = time.monotonic()
    record = folder / "mask.provenance.json"
    replayed = _run(folder, "-m", "app.cli.main", "replay", str(record))
    if replayed.returncode != 0 or replayed.stdout.strip() != "same":
        raise CaseError(f"replay: {replayed.stdout}{replayed.stderr}")
    parts = (cut, recovered, again)
    return Walked(
        sum(part["hands"] for part in parts),
        sum(part["waited_s"] for part in parts),
        tuple(step for part in parts for step in part["steps"]),
        time.monotonic() - began,
    )


def _same(when: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    other = [name for name in before if before[name] != after[name]]
    if other:
        told = "; ".join(f"{name}: {before[name]} became {after[name]}" for name in other)
        raise CaseError(f"{when} there is another {told}")


def _part(name: str, folder: Path, *paths: Path, kill: bool = False) -> dict[str, Any]:
    """Run a part in a process of its own and return what it told. kill: end it by force once it has told."""
    told = folder / "told.json"
    told.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.case_reader", name, str(folder), *map(str, paths)]
    with (folder / f"{name}.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=_surroundings(folder), stderr=log)
        try:
            end = time.monotonic() + PATIENCE_S
            while process.poll() is None and not (kill and told.exists()) and time.monotonic() < end:
                time.sleep(0.05)
            killed = process.poll() is None
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        if not told.exists() or (kill is not killed) or (not kill and process.returncode != 0):
            raise CaseError(f"{name}: status {process.returncode}\n{log.read()}")
    found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return found


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=_surroundings(folder), capture_output=True, text=True, check=False,
        timeout=PATIENCE_S,
    )  # fmt: skip


def _surroundings(folder: Path) -> dict[str, str]:
    """A user without settings, in English, and a screen that nobody sees."""
    home = str(folder / "home")
    return {
        **os.environ, "HOME": home, "XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/data",
        "XDG_CACHE_HOME": f"{home}/cache", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen",
        "CINEQUANT_STARTED": str(time.time()),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.case", description="A whole case by mouse and keys.")
    parser.add_argument("scan", type=Path, help="a cine: a file or a folder")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = walk(chosen.scan, Path(folder))
        except CaseError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    for step in found.steps:
        sys.stdout.write(f"  {step}\n")
    sys.stdout.write(
        f"clicks and keys  {found.hands} (at most {MOST_HANDS})\n"
        f"waiting          {found.waited_s:.1f} s (at most {MOST_WAITING_S:.0f})\n"
        f"replay           same, after {found.replay_s:.1f} s\n"
    )
    return 0 if found.hands <= MOST_HANDS and found.waited_s <= MOST_WAITING_S else 1


if __name__ == "__main__":
    sys.exit(main())
