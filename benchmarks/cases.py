"""Inputs with known right answers, opened by command and window: `python -m benchmarks.cases ../shared/cases`.

Every folder of cases holds input.tar.xz, which is unpacked elsewhere. An answer is right where the volumes lie within
EDV_ML and the ejection fraction within EF_POINTS of the truth, with every frame there; where it is refused for the true
reason; and where the notices say what they should. A window's session must open the same, with the same notices. Exits
with 1 where one is not right.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.answers import answer
from benchmarks.doors import differences

EDV_ML, EF_POINTS = 5.0, 2.5
TRUE_EDV_ML, TRUE_EF_PERCENT = 133.4, 59.2
FIVE_SLICES_ML = 81.8
"""Of the five middle slices of the same heart."""


@dataclass(frozen=True, slots=True)
class Right:
    """The right answer for a case. frames: how many are measured. refused, said: words of the error or of a notice.

    edv_ml: of the part of the heart that is in the scan.
    """

    frames: int = 0
    refused: str = ""
    said: str = ""
    edv_ml: float = TRUE_EDV_ML


CINE = Right(frames=4)
CASES: dict[str, Right] = {
    "classic-multi-frame/input": CINE,
    "enhanced-magnitude-and-phase/input": CINE,
    "enhanced-position-shared/input": CINE,
    **{
        f"enhanced-time-elsewhere/input/{kind}": CINE
        for kind in ("actual", "datetime", "percent", "dimension", "legacy")
    },
    "fewer-phases-in-one-slice/input": Right(frames=8, said="has 6 phases in some slices (9) and 8 in the others"),
    "htj2k/input": Right(refused="is compressed as High-Throughput JPEG 2000"),
    "links-of-datalad/input/images/P1": CINE,
    "nifti-axes-x-y-t-z/input/cine.nii.gz": Right(frames=20, said="axes seem to be (x, y, time, slice)"),
    "nifti-beside-dicom/input": Right(frames=4, said="Also found and not shown: 2_localizer.nii.gz"),
    "nifti-long-axis-is-measured/input/la_4ch.nii.gz": Right(refused="is a single slice, such as a long-axis"),
    "nifti-long-axis-is-measured/input/xyt.nii.gz": Right(refused="is a single slice, such as a long-axis view"),
    **{
        f"nifti-odd-wrappings/input/{name}": CINE
        for name in ("minus1024.nii.gz", "xyz1t.nii.gz", "plain.nii.gz", "pair", "gzip.nii")
    },
    "not-short-axis-by-its-name/input/ch4": Right(refused="is a long-axis view, by its name"),
    "not-short-axis-by-its-name/input/transverse": Right(refused="is a stack along the body, by its name"),
    "not-short-axis-by-its-name/input/t2star": Right(refused="is a mapping series, by its name or type"),
    "one-sop-uid-for-many/input/all": CINE,
    "one-sop-uid-for-many/input/slice": CINE,
    "perfusion-taken-for-cine/input/alone": Right(refused="is a perfusion series, by its name or type"),
    "perfusion-taken-for-cine/input/beside": CINE,
    "real-time-over-several-beats/input": Right(frames=4, said="real time over 3 heartbeats", edv_ml=FIVE_SLICES_ML),
    "stack-falls-apart-by-tilt/input": CINE,
    "stack-repeated-beside-itself/input/all": CINE,
    "stack-repeated-beside-itself/input/one": CINE,
    "time-left-to-file-names/input": CINE,
    "ukbb-cardiac-folder/input/demo": CINE,
    "ukbb-cardiac-folder/input/cine": CINE,
    "ukbb-cardiac-folder/input/label": CINE,
    "ukbb-cardiac-folder/input/phases": Right(frames=2),
}


def judged(found: dict[str, Any], right: Right) -> str:
    """What is wrong with an answer of the command; empty where it is right."""
    if "error" in found:
        return "" if right.refused and right.refused in found["error"] else f"refused: {found['error']}"
    if right.refused:
        return "measured, where it should be refused"
    notices = " ".join(found["notices"])
    if right.said not in notices:
        return f"nothing said of it; notices: {notices or 'none'}"
    edv, ef = found["lv"]["edv_ml"], found["lv"]["ef_percent"]
    if edv is None or ef is None:
        return f"no volumes; notices: {notices}"
    off = abs(edv - right.edv_ml) > EDV_ML or abs(ef - TRUE_EF_PERCENT) > EF_POINTS or found["frames"] != right.frames
    return f"EDV {edv:.1f} mL, EF {ef:.1f} %, {found['frames']} frames; notices: {notices}" if off else ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the answers that are right as well")
    arguments = parser.parse_args()
    wrong = tried = 0
    with tempfile.TemporaryDirectory(prefix="cinequant-cases-") as home:
        for name in sorted({case.split("/")[0] for case in CASES if arguments.only in case}):
            packed = arguments.folder / name / "input.tar.xz"
            if packed.is_file():
                with tarfile.open(packed) as archive:
                    archive.extractall(Path(home) / name, filter="fully_trusted")
        for case, right in CASES.items():
            path = Path(home) / case
            if arguments.only not in case:
                continue
            if not path.exists():
                sys.stdout.write(f"missing  {case}\n")
                continue
            found = answer((path,))
            apart = differences((path,))
            window = f"the window opens it otherwise: {'; '.join(apart)}" if apart else ""
            problem = (judged(found, right) or window).replace(f"{home}/", "")
            tried, wrong = tried + 1, wrong + bool(problem)
            if problem:
                sys.stdout.write(f"WRONG    {case}: {problem}\n")
            elif arguments.verbose:
                what = found.get("error") or f"EDV {found['lv']['edv_ml']}, EF {found['lv']['ef_percent']}"
                notes = " ".join(found.get("notices", ()))
                sys.stdout.write(f"right    {case}: {what} {notes}\n".replace(f"{home}/", ""))
            sys.stdout.flush()
    sys.stdout.write(f"{tried - wrong} of {tried} right\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
