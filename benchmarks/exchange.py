"""Exchange with a real archive: how fast, and what a kill loses. `python -m benchmarks.exchange`.

Starts Debian's Orthanc on the loopback. Objects per second, in turns, beside dcmtk's storescu and getscu; then kills
either side at a random moment of a transfer, again and again, goes on with it, and compares every object with its
original. Exits with 1 where anything is lost or slower than half of dcmtk. Writes docs/tables/exchange.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from pynetdicom import AE

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import dicom_cine  # noqa: E402
from archive_servers import HAS_ORTHANC, SECRET, USER, WITHOUT_ORTHANC, Orthanc, dcmtk, running_orthanc  # noqa: E402

from engine.errors import CineQuantError  # noqa: E402
from engine.exchange import transfer  # noqa: E402
from engine.exchange.arrivals import INCOMING  # noqa: E402
from engine.exchange.servers import Login, Server, server_at  # noqa: E402
from engine.network.runtime import device_name  # noqa: E402

PAGE = ROOT / "docs" / "tables" / "exchange.md"
STUDY = f"{dicom_cine.ROOT}.1"
SIDE = 256
AT_LEAST = 0.5
Original = dict[str, bytes]
"""Pixels by SOP Instance UID."""


def write_study(folder: Path, frames: int, slices: int) -> Original:
    """A cine of noise, 256 × 256 pixels of 16 bits an image."""
    noise = np.random.default_rng(1).integers(0, 4095, (frames, slices, SIDE, SIDE), dtype=np.uint16)

    def fill(image: pydicom.FileDataset, t: int, z: int) -> None:
        image.Rows = image.Columns = SIDE
        image.PixelData = noise[t, z].tobytes()

    dicom_cine.write_cine(folder, frames, slices, change=fill)
    return pixels_of(folder)


def pixels_of(folder: Path) -> Original:
    images = [pydicom.dcmread(path) for path in folder.rglob("*") if path.is_file()]
    return {str(image.SOPInstanceUID): image.PixelData for image in images}


def dicom_of(orthanc: Orthanc) -> Server:
    return replace(server_at(f"{Orthanc.TITLE}@127.0.0.1:{orthanc.dicom}", name="Orthanc"), wait_s=10)


def web_of(orthanc: Orthanc) -> Server:
    server = server_at(f"http://127.0.0.1:{orthanc.http}/dicom-web", name="Orthanc")
    return replace(server, login=Login.PASSWORD, user=USER)


# -- how fast --------------------------------------------------------------------------------------------------------


def rates(orthanc: Orthanc, study: Path, rounds: int, work: Path) -> dict[str, float]:
    """Objects per second of each program, the median of all rounds. All programs go in turns."""
    count = sum(1 for _ in study.iterdir())
    dicom, web = dicom_of(orthanc), web_of(orthanc)
    names = ["-aet", "CINEQUANT", "-aec", Orthanc.TITLE]
    there = ["127.0.0.1", str(orthanc.dicom)]
    out = work / "out"

    def storescu(environment: dict[str, str]) -> None:
        subprocess.run([dcmtk("storescu"), *names, "+sd", *there, str(study)], check=True, env=environment)

    def getscu(environment: dict[str, str]) -> None:
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}"]
        out.mkdir()
        subprocess.run([dcmtk("getscu"), *names, "-S", "-od", str(out), *keys, *there], check=True, env=environment)

    plain, quick = dict(os.environ), {**os.environ, "TCP_NODELAY": "1"}
    moving = replace(dicom, move=True, receiver_port=orthanc.receiver)
    ways: dict[str, Callable[[], object]] = {
        "storescu of dcmtk": lambda: storescu(plain),
        "storescu, TCP_NODELAY=1": lambda: storescu(quick),
        "send by C-STORE": lambda: transfer.send(dicom, [study]),
        "send by DICOMweb": lambda: transfer.send(web, [study], secret=SECRET),
        "getscu of dcmtk": lambda: getscu(plain),
        "getscu, TCP_NODELAY=1": lambda: getscu(quick),
        "fetch by C-GET": lambda: transfer.fetch(dicom, STUDY, out),
        "fetch by C-MOVE": lambda: transfer.fetch(moving, STUDY, out),
        "fetch by DICOMweb": lambda: transfer.fetch(web, STUDY, out, secret=SECRET),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            shutil.rmtree(out, ignore_errors=True)
            started = time.perf_counter()
            way()
            taken[name].append(count / (time.perf_counter() - started))
            if out.exists():
                assert len(pixels_of(out)) == count, name
    shutil.rmtree(out, ignore_errors=True)
    return {name: statistics.median(each) for name, each in taken.items()}


# -- what a kill loses -----------------------------------------------------------------------------------------------


class Killing:
    """One archive and one study that is sent and fetched while something is killed."""

    def __init__(self, orthanc: Orthanc, study: Path, original: Original, work: Path, seed: int) -> None:
        self._orthanc, self._study, self._original, self._work = orthanc, study, original, work
        self._random = random.Random(seed)
        self.survived = 0
        """Rounds in which the transfer had ended before the kill."""

    def fetching(self, *, server_dies: bool) -> None:
        """Kill while the study is fetched; go on; compare. Raises AssertionError where something is lost."""
        out = self._work / "got"
        shutil.rmtree(out, ignore_errors=True)
        self._interrupted(
            lambda: transfer.fetch(dicom_of(self._orthanc), STUDY, out),
            ["fetch", dicom_of(self._orthanc).address, STUDY, "-o", str(out)],
            begun=lambda: any(out.glob(f"{INCOMING}/*/*.dcm")) or any(out.glob("*/*.dcm")),
            server_dies=server_dies,
        )
        for path in out.rglob("*.dcm"):  # also before it goes on, nothing is half there
            assert pydicom.dcmread(path).PixelData == self._original[path.stem], path
        transfer.fetch(dicom_of(self._orthanc), STUDY, out)
        assert pixels_of(out) == self._original
        assert not list(out.rglob("*.part")) and not (out / INCOMING).exists()

    def sending(self, *, server_dies: bool) -> None:
        """Kill while the study is sent to the archive, which has lost it before; go on; compare what it has."""
        server = dicom_of(self._orthanc)
        self._orthanc.empty()
        self._interrupted(
            lambda: transfer.send(server, [self._study]),
            ["send", server.address, str(self._study)],
            begun=lambda: self._orthanc.holds() > 0,
            server_dies=server_dies,
        )
        transfer.send(server, [self._study])
        out = self._work / "back"
        shutil.rmtree(out, ignore_errors=True)
        transfer.fetch(server, STUDY, out)
        assert pixels_of(out) == self._original

    def _interrupted(
        self, inside: Callable[[], object], command: list[str], *, begun: Callable[[], bool], server_dies: bool
    ) -> None:
        if server_dies:
            failed: list[CineQuantError] = []

            def run() -> None:
                try:
                    inside()
                except CineQuantError as error:
                    failed.append(error)

            thread = threading.Thread(target=run)
            thread.start()
            self._wait(begun, lambda: not thread.is_alive())
            self._orthanc.kill()
            thread.join()
            self._orthanc.start()
            self.survived += not failed
            assert all("\n" not in str(error) for error in failed)
            return
        ours = [sys.executable, "-m", "app.cli.main", "pacs", *command]
        process = subprocess.Popen(ours, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait(begun, lambda: process.poll() is not None)
        process.kill()
        self.survived += process.wait() == 0

    def _wait(self, begun: Callable[[], bool], ended: Callable[[], bool]) -> None:
        """Until the transfer has begun, and then for a moment that chance chooses."""
        while not begun() and not ended():
            time.sleep(0.005)
        time.sleep(self._random.uniform(0, 0.25))


def kills(orthanc: Orthanc, work: Path, times: int, seed: int) -> tuple[int, int]:
    """Kill so many times; returns how many of them, and how many came too late to interrupt anything."""
    study = work / "small"
    killing = Killing(orthanc, study, write_study(study, 15, 4), work, seed)
    kinds = (killing.sending, killing.fetching)
    for number in range(times):
        kinds[number % 2](server_dies=number // 2 % 2 == 0)
        sys.stderr.write(f"\rkill {number + 1} of {times}")
    sys.stderr.write("\n")
    return times, killing.survived


def page(found: dict[str, float], killed: int, late: int, count: int, rounds: int) -> str:
    bases = {"s": found["storescu of dcmtk"], "f": found["getscu of dcmtk"], "g": found["getscu of dcmtk"]}
    lines = [
        "# Exchange with an archive",
        "",
        f"`python -m benchmarks.exchange`: {count} MR images of {SIDE} × {SIDE} to and from Debian's Orthanc on the",
        f"same computer, all programs in turns, medians of {rounds} turns. As it comes, dcmtk waits for the other",
        "side's acknowledgements; with TCP_NODELAY it does not. It does not look at what it receives, nor sync it.",
        f"{device_name()}, {os.cpu_count()} cores.",
        "",
        "| | objects a second | × dcmtk as it comes |",
        "|---|---:|---:|",
    ]
    lines += [f"| {name} | {rate:.0f} | {rate / bases[name[0]]:.2f} |" for name, rate in found.items()]
    lines += [
        "",
        f"`kill -9` {killed} times, of CineQuant and of Orthanc in turns, while a study was sent or fetched ({late} of",
        "them came after the last object). No file was half there; the same command, given again, brought the rest,",
        "and every object was that of the source.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=PAGE)
    arguments = parser.parse_args()
    if not HAS_ORTHANC or not dcmtk("storescu"):
        raise SystemExit(f"{WITHOUT_ORTHANC} dcmtk")
    AE("WARM")  # what is imported once is not timed
    with tempfile.TemporaryDirectory(prefix="cinequant-exchange-") as folder, contextlib.ExitStack() as stack:
        work = Path(folder)
        orthanc = stack.enter_context(running_orthanc(work / "orthanc", OverwriteInstances=True))
        original = write_study(work / "study", 20, 10)
        found = rates(orthanc, work / "study", arguments.rounds, work)
        for name, rate in found.items():
            sys.stdout.write(f"{name:<26}{rate:8.1f} objects/s\n")
        orthanc.empty()
        killed, late = kills(orthanc, work, arguments.kills, arguments.seed)
        sys.stdout.write(f"{killed} kills, {late} too late to interrupt: nothing lost\n")
    arguments.output.write_text(page(found, killed, late, len(original), arguments.rounds), encoding="utf-8")
    sent = found["send by C-STORE"] / found["storescu of dcmtk"]
    fetched = found["fetch by C-GET"] / found["getscu of dcmtk"]
    return 0 if min(sent, fetched) >= AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
