"""What the viewer's user feels: how soon a picture is there, how it scrolls and plays, and what it holds in memory.

    python -m benchmarks.viewer [--repeats N] [--dicom FOLDER] [--json FILE]

First picture: from the start of a process until an image is painted, `cinequant` and `cinequant FILE` against a bare
window of PySide6 and pyqtgraph that shows one image; fresh processes that take turns, medians, with Python's bytecode
on disk as an installed program has it. A DICOM cine of your own (--dicom): from the start of the process until its
first slice is painted, and until all of it is read; and the memory that it takes once segmented. Scrolling: the wheel's
event, as Qt delivers it, until its slice is painted and handed to the screen, on a cine of 12 slices × 20 frames,
segmented in float32 and int8, outlines drawn, in a window of 1920 × 1080. Playing: frames painted a second while the
cine runs at its highest speed, then one after the other as fast as they can be painted; the processor time of the
window's thread for a frame in each layout. Progress reports: what each report of a segmentation in the precision
that is not on screen costs the window's thread, and how many image views repaint for it. Corrections: from lifting the
brush, and from leaving a slice out, until the new numbers, curve and image are painted. Drawing: each movement of
a stroke until it is painted, in turns without autosave and with one that starts again as soon as it has ended.
Memory: resident set with all of that. Without a display Qt's offscreen platform stands in for it, which leaves the
screen's own share out.
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
from pathlib import Path
from typing import Any

from benchmarks.tables import add_output, give
from engine.files import write_atomically
from engine.formats import nifti
from engine.network import runtime
from engine.phantom import make_phantom

ROOT = Path(__file__).resolve().parent.parent
FRAMES, SLICES = 20, 12
STARTS = {"start": "as it starts, with its own phantom", "open": "with a scan named"}
DICOM = {"load": "with a folder of DICOM named"}
PATIENCE_S = 900
# What each figure should be at most; of frames a second at least.
MOST = {"first_image_start_ratio": 2.0, "first_image_open_ratio": 2.0, "wheel_p95_ms": 16.0, "rss_mb": 400.0,
        "dicom_rss_mb": 400.0, "report_p50_ms": 2.0, "report_repaints": 0,
        "correction_p95_ms": 50.0, "autosaved_p95_ms": 16.0, "leave_out_p95_ms": 50.0}  # fmt: skip
MOST_FRAME_MS = 1000 / 26
LEAST = {"cine_fps": 30.0, "flat_out_fps": 30.0}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="processes for each first picture (default 7)")
    parser.add_argument("--dicom", type=Path, metavar="FOLDER", help="a short-axis cine in DICOM, measured as well")
    add_output(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats needs to be 1 or more")
    dicom = arguments.dicom.absolute() if arguments.dicom is not None else None
    if dicom is not None and not dicom.is_dir():
        parser.error(f"{dicom}: is no folder; name one that holds a short-axis cine in DICOM")
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder) / "cine.nii"
        nifti.write_volume(scan, make_phantom(frames=FRAMES, slices=SLICES)[0])
        programs = Path(folder) / "bytecode"
        found = first_images(scan, dicom, arguments.repeats, programs)
        found |= child("use", scan, programs)
        if dicom is not None:
            found |= {f"dicom_{name}": value for name, value in child("hold", dicom, programs).items()}
    give("\n".join(lines(found)), arguments.output)
    if arguments.json:
        write_atomically(arguments.json, (json.dumps(found, indent=2) + "\n").encode())
    return 0


def first_images(scan: Path, dicom: Path | None, repeats: int, programs: Path) -> dict[str, Any]:
    """Time all starts in turns, each in a new process."""
    starts = [*STARTS, *(DICOM if dicom is not None else ())]
    names = ("bare", *starts)
    # The first turn fills the disk's cache, and compiles what is imported.
    said = [
        {name: child(name, dicom if name in DICOM else scan, programs) for name in names} for _ in range(repeats + 1)
    ]
    found: dict[str, Any] = {
        "first_image_runs_s": {name: [turn[name]["first_image_s"] for turn in said[1:]] for name in names},
        "heavy_modules_before_first_image": {name: said[-1][name]["heavy"] for name in names},
    }
    for name in names:
        found[f"first_image_{name}_s"] = statistics.median(turn[name]["first_image_s"] for turn in said[1:])
        found[f"first_image_{name}_cpu_s"] = statistics.median(turn[name]["first_image_cpu_s"] for turn in said[1:])
    if dicom is not None:
        found["dicom_whole_s"] = statistics.median(turn["load"]["whole_s"] for turn in said[1:])
        found["dicom_images"] = said[-1]["load"]["images"]
    for name in starts:
        found[f"first_image_{name}_ratio"] = found[f"first_image_{name}_s"] / found["first_image_bare_s"]
    return found


def child(name: str, scan: Path | None, programs: Path) -> dict[str, Any]:
    """The JSON on the last line of a new process. programs: folder of Python's compiled files."""
    with tempfile.TemporaryDirectory() as home:
        # The user's own settings and device check stay out of it.
        environment = {**os.environ, "XDG_CONFIG_HOME": home, "APPDATA": home, "PYTHONPYCACHEPREFIX": str(programs)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["CINEQUANT_STARTED"] = str(time.time())
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.viewer_process", name, str(scan)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"the process for {name!r} ended with status {done.returncode}; see above")
    return json.loads(done.stdout.splitlines()[-1])


def lines(found: dict[str, Any]) -> list[str]:
    """The figures in words, each with what it should be."""
    bare, heavy = found["first_image_bare_s"], found["heavy_modules_before_first_image"]
    dicom = "dicom_rss_mb" in found
    frames = ", ".join(
        f"{layout} {ms:.1f} ms ({'met' if ms <= MOST_FRAME_MS else 'missed'})"
        for layout, ms in found["layout_frame_ms"].items()
    )
    frames += f"; at most {MOST_FRAME_MS:.1f} ms for 26 frames a second"
    starts = [
        f"first picture, {what}: {found[f'first_image_{name}_s']:.2f} s, a bare window {bare:.2f} s: "
        f"{found[f'first_image_{name}_ratio']:.2f} times as long{met(f'first_image_{name}_ratio', found)}; "
        f"heavy modules loaded before it: {', '.join(heavy[name]) or 'none'}"
        for name, what in (STARTS | DICOM if dicom else STARTS).items()
    ]
    if dicom:
        whole, first = found["dicom_whole_s"], found["first_image_load_s"]
        starts += [
            f"all {found['dicom_images']} images of it: {whole:.2f} s, {whole - first:.2f} s after the first picture",
            f"memory, DICOM cine segmented: {found['dicom_rss_mb']:.0f} MB{met('dicom_rss_mb', found)}; "
            f"{found['dicom_peak_rss_mb']:.0f} MB at its peak",
        ]
    return [
        *starts,
        f"wheel to paint: median {found['wheel_p50_ms']:.1f} ms, 95th percentile {found['wheel_p95_ms']:.1f} ms"
        f"{met('wheel_p95_ms', found)}",
        f"cine with outlines: {found['cine_fps']:.1f} frames a second painted of {found['cine_asked_fps']:.0f} asked "
        f"for{met('cine_fps', found)}; flat out {found['flat_out_fps']:.0f}{met('flat_out_fps', found)}",
        f"a frame of the cine, of the window's thread: {frames}",
        f"progress report of a precision that is not shown: {found['report_p50_ms']:.1f} ms of the window's thread"
        f"{met('report_p50_ms', found)}, 95th percentile {found['report_p95_ms']:.1f} ms; "
        f"{found['report_repaints']} repaints of images for 20 reports in each of 4 layouts"
        f"{met('report_repaints', found)}",
        f"correction to new numbers: median {found['correction_p50_ms']:.1f} ms, 95th percentile "
        f"{found['correction_p95_ms']:.1f} ms{met('correction_p95_ms', found)}, of the window's thread "
        f"{found['correction_cpu_p95_ms']:.1f} ms; slice left out to new numbers: median "
        f"{found['leave_out_p50_ms']:.1f} ms, 95th percentile {found['leave_out_p95_ms']:.1f} ms"
        f"{met('leave_out_p95_ms', found)}, of the window's thread {found['leave_out_cpu_p95_ms']:.1f} ms",
        f"drawing, from the mouse to the paint: 95th percentile {found['stroke_p95_ms']:.1f} ms without autosave, "
        f"{found['autosaved_p95_ms']:.1f} ms while one follows the other ({found['autosaves']} of "
        f"{found['autosave_kb']:.0f} kB){met('autosaved_p95_ms', found)}; of the window's thread "
        f"{found['stroke_cpu_p95_ms']:.1f} and {found['autosaved_cpu_p95_ms']:.1f} ms",
        f"memory, segmented in {' and '.join(found['precisions'])}: {found['rss_mb']:.0f} MB{met('rss_mb', found)}; "
        f"{found['rss_before_mb']:.0f} MB before segmenting, {found['peak_rss_mb']:.0f} MB at its peak",
        f"{found['slices']} slices × {found['frames']} frames, window {found['width']} × {found['height']}, "
        f"Qt platform {found['platform']}, {runtime.device_name()}, {runtime.isa()}, {found['runtime']}",
    ]


def met(name: str, found: dict[str, Any]) -> str:
    """A figure's target and whether it is met; empty if it has none."""
    if name not in MOST and name not in LEAST:
        return ""
    good = found[name] <= MOST[name] if name in MOST else found[name] >= LEAST[name]
    bound = f"at most {MOST[name]:g}" if name in MOST else f"at least {LEAST[name]:g}"
    return f" ({'met' if good else 'NOT met'}: {bound})"


if __name__ == "__main__":
    sys.exit(main())
