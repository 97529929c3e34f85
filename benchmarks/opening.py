"""How long opening takes, here and in another checkout: `python -m benchmarks.opening --against ../other-checkout`.

Opens a DICOM cine, the same as lossless JPEG and as JPEG 2000, and a folder of many mixed files with that cine among
them. Each time is that of a fresh process, the two checkouts take turns, and medians are compared. Prints the ratio
here ÷ there, also of the processor's time, which other programs on the machine disturb less; that of decoders, which
run in a process of their own, is not in it.

`python -m benchmarks.opening --decoders` compares, of compressed cines alone, decoders apart with the same decoders in
the process that opens. The processor's time is that of both processes then. Exits with 1 where a cine opens more than
15 % slower.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import gdcm

ROOT = Path(__file__).resolve().parent.parent
SCAN = ROOT.parent / "shared" / "data" / "sunnybrook" / "SCD0000101" / "dicom"
OPEN = """
import json, sys, time
from pathlib import Path
import engine
# Asked of the folder: an editable install would answer an import with another checkout's module.
if (Path(engine.__file__).parent / "formats").is_dir():
    from engine.formats.door import open_scan
else:  # before the formats had a room of their own
    from engine.scan import open_scan
start, busy = time.perf_counter(), time.process_time()
volume = open_scan([Path(sys.argv[1])])
busy, start = time.process_time() - busy, time.perf_counter() - start
print(json.dumps({"s": start, "busy_s": busy, "shape": volume.array.shape}))
"""

WITHIN = """
from engine.formats import decoder_child, decoding
class Within:
    crashes = 0
    def start(self): pass
    def end(self): pass
    def ask(self, header, content):
        return (decoder_child._frame if header["kind"] == "frame" else decoder_child._file)(header, content)
if sys.argv[2] == "within":
    decoding.child = Within()
"""
"""Decoders in the process that opens."""
BOTH = """
decoding.child.end()
import resource
children = resource.getrusage(resource.RUSAGE_CHILDREN)
busy += children.ru_utime + children.ru_stime
"""
"""The time of decoders apart, which is known when their process has ended."""
AT_MOST = 1.15


def apart_or_within(scan: Path, where: str) -> tuple[float, float]:
    """Seconds to open a compressed scan, and those of the processor, decoders "apart" or "within"."""
    before, measured, told = OPEN.partition("start, busy =")
    timed, last, said = (measured + told).partition("print(")
    script = before + WITHIN + timed + BOTH + last + said
    command = [sys.executable, "-P", "-c", script, str(scan), where]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return found["s"], found["busy_s"]


def compare_decoders(scans: dict[str, Path], repeats: int) -> bool:
    """Print how long each scan takes in both ways, in turns; returns whether none is too slow."""
    fine = True
    for name, scan in scans.items():
        times: dict[str, list[tuple[float, float]]] = {"apart": [], "within": []}
        for _ in range(repeats):
            for where, found in times.items():
                found.append(apart_or_within(scan, where))
        (apart, busy), (within, busy_within) = (
            [statistics.median(each) for each in zip(*found, strict=True)] for found in times.values()
        )
        fine = fine and apart <= AT_MOST * within
        sys.stdout.write(
            f"{name}: {apart:.3f} s with decoders apart, {within:.3f} s within, {apart / within:.2f} times as long; "
            f"{busy:.3f} s and {busy_within:.3f} s of the processor (median of {repeats}, interleaved)\n"
        )
    return fine


def opened(checkout: Path, scan: Path) -> tuple[float, float, list[int]]:
    """Seconds to open a scan with the code of a checkout, those of the processor, and the shape of what was opened.

    Imports are not counted.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-c", OPEN, str(scan)],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{checkout}: {(done.stderr.strip() or 'no answer').splitlines()[-1]}")
    found = json.loads(done.stdout)
    return found["s"], found["busy_s"], found["shape"]


def mixed_folder(folder: Path, scan: Path, files: int) -> None:
    """The cine, and notes, pictures, spreadsheets and damaged images around it, in folders of a hundred."""
    shutil.copytree(scan, folder / "cine")
    rest = files - sum(1 for path in (folder / "cine").rglob("*") if path.is_file())
    image = next(path for path in sorted(scan.rglob("*")) if path.is_file()).read_bytes()
    kinds = {
        ".txt": b"a note\n" * 40,
        ".png": b"\x89PNG\r\n\x1a\n" + bytes(3000),
        ".csv": b"a,b\n1,2\n" * 100,
        "": bytes(500),
        ".dcm": image[:1500],
    }
    for number in range(rest):
        home = folder / f"part{number // 100:03d}"
        home.mkdir(exist_ok=True)
        ending, content = list(kinds.items())[number % len(kinds)]
        (home / f"file{number:05d}{ending}").write_bytes(content)


def compressed(folder: Path, scan: Path, syntax: int) -> None:
    """The images of a scan by another transfer syntax of gdcm."""
    folder.mkdir()
    for path in sorted(path for path in scan.rglob("*") if path.is_file()):
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        if not reader.Read():
            continue
        change.SetInput(reader.GetImage())
        if not change.Change():
            raise SystemExit(f"{path}: gdcm cannot compress it")
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(folder / path.name))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.Write()


def _decoders(scan: Path, repeats: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="cinequant-opening-") as home:
        compressed(Path(home) / "jpeg", scan, gdcm.TransferSyntax.JPEGLosslessProcess14_1)
        compressed(Path(home) / "j2k", scan, gdcm.TransferSyntax.JPEG2000Lossless)
        return compare_decoders({"lossless JPEG": Path(home) / "jpeg", "JPEG 2000": Path(home) / "j2k"}, repeats)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opening", description=(__doc__ or "").split("\n")[0])
    other = parser.add_mutually_exclusive_group(required=True)
    other.add_argument("--against", type=Path, metavar="CHECKOUT")
    other.add_argument("--decoders", action="store_true", help="compare decoders apart with decoders within")
    parser.add_argument("--scan", type=Path, default=SCAN, help="a folder of DICOM images")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.decoders:
        return 0 if _decoders(arguments.scan, arguments.repeats) else 1
    other = arguments.against.resolve()
    if not (other / "engine").is_dir():
        parser.error(f"--against {arguments.against}: is no checkout of the project")
    if other == ROOT:
        parser.error(f"--against {arguments.against}: is this checkout itself")
    if not arguments.scan.is_dir():
        parser.error(f"--scan {arguments.scan}: no such folder; give one of DICOM images")
    with tempfile.TemporaryDirectory(prefix="cinequant-opening-") as home:
        mixed = Path(home) / "mixed"
        mixed_folder(mixed, arguments.scan, arguments.files)
        compressed(Path(home) / "jpeg", arguments.scan, gdcm.TransferSyntax.JPEGLosslessProcess14_1)
        compressed(Path(home) / "j2k", arguments.scan, gdcm.TransferSyntax.JPEG2000Lossless)
        scans = {
            "the cine alone": arguments.scan,
            "as lossless JPEG": Path(home) / "jpeg",
            "as JPEG 2000": Path(home) / "j2k",
            f"{arguments.files} mixed files": mixed,
        }
        for name, scan in scans.items():
            times: dict[Path, list[tuple[float, float]]] = {ROOT: [], other: []}
            shapes = set()
            for _ in range(arguments.repeats):
                for checkout, found in times.items():
                    seconds, busy, shape = opened(checkout, scan)
                    found.append((seconds, busy))
                    shapes.add(tuple(shape))
            here, there = (statistics.median(s for s, _ in found) for found in times.values())
            ours, theirs = (statistics.median(busy for _, busy in found) for found in times.values())
            same = "the same images" if len(shapes) == 1 else f"different images: {sorted(shapes)}"
            sys.stdout.write(
                f"{name}: {here:.3f} s here, {there:.3f} s there, {here / there:.2f} times as long; "
                f"{ours:.3f} s and {theirs:.3f} s of the processor, {ours / theirs:.2f} times as much "
                f"(median of {arguments.repeats}, interleaved; {same})\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
