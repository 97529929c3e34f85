"""The verbs that have no window, each with its arguments.

A module of its own, and loaded only for a verb: what the verbs bring is a tenth of the time to the viewer's first
picture.
"""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from app.cli.anonymise_verb import add_anonymise, run_anonymise
from app.cli.batch_verb import run_batch_verb
from app.cli.bench_verb import run_bench
from app.cli.case_input import add_case_scan
from app.cli.compare_cases_verb import run_compare_cases
from app.cli.compare_verb import run_compare
from app.cli.completion_verb import SHELLS, run_completion
from app.cli.desktop_verb import run_desktop
from app.cli.doctor_verb import run_doctor
from app.cli.evaluate_verb import run_evaluate
from app.cli.export_nnunet_verb import run_export_nnunet
from app.cli.measure_verb import run_measure
from app.cli.models_verb import run_models
from app.cli.object_outputs import add_objects
from app.cli.pacs_arguments import add_pacs
from app.cli.pacs_verb import run_pacs
from app.cli.phantom_verb import run_phantom
from app.cli.replay_verb import run_replay
from app.cli.report_verb import run_report
from app.cli.review_verb import run_review
from app.cli.segment_verb import run_segment
from app.cli.verb_parsers import VerbParsers
from engine.measures.reading import Base, Papillary
from engine.network.model_card import VIEWS
from engine.volume import CONVENTIONS, SPACING_MM

FORMATS = ("nifti", "dicom-seg", "dicom-labelmap")
# The keys of engine.formats.datasets.LAYOUTS, which would bring the readers of files along.
LAYOUTS = ("acdc", "mnms", "mnms2", "mnms2-la", "pairs")


def add_headless(verbs: VerbParsers) -> None:
    """Add all verbs but `view`."""
    verb = verbs.add
    segment = verb("segment", run_segment, "Segment a scan and write the mask on its own grid.")
    _add_scan(segment)
    segment.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUT", help="file, or folder for a SEG cine"
    )
    _add_model(segment)
    _add_view(segment)
    segment.add_argument("--format", choices=FORMATS, help="default: by OUT's ending, else the scan's own kind")
    segment.add_argument(
        "--labels",
        choices=tuple(CONVENTIONS),
        help="values in a NIfTI mask: mnms (default) 1 LV, 2 MYO, 3 RV; acdc 3 LV, 1 RV",
    )
    _add_json(segment)

    text = "Volumes, ejection fraction and mass, from a model's mask or a given one."
    measure = verb("measure", run_measure, text)
    _add_scan(measure)
    _add_mask(measure, "use this NIfTI or DICOM SEG mask instead of a model or a case's")
    add_case_scan(measure)
    _add_conventions(measure)
    _add_model(measure)
    _add_view(measure)
    _add_json(measure)

    review = verb("review", run_review, "Slices and frames in the order to look at, each with its reasons.")
    _add_scan(review)
    _add_mask(review, "look through this NIfTI or DICOM SEG mask instead")
    add_case_scan(review)
    _add_model(review)
    _add_view(review)
    _add_json(review)

    cases = verb("compare-cases", run_compare_cases, "Compare two readers' cases of one scan: numbers and Dice.")
    cases.add_argument("one", type=Path, metavar="A", help="a .cinequant file")
    cases.add_argument("other", type=Path, metavar="B", help="another one of the same scan")
    add_case_scan(cases)
    _add_json(cases)

    evaluate = verb("evaluate", run_evaluate, "Compare a model with the truth masks of a data set.")
    evaluate.add_argument("folder", type=Path, metavar="DIR")
    evaluate.add_argument("--layout", required=True, choices=LAYOUTS, help="how the data set keeps its files")
    evaluate.add_argument(
        "--patients", default="all", metavar="all|train|val|test|LIST", help="LIST: names with commas"
    )
    evaluate.add_argument("--labels", default="", help="what the masks of pairs hold: mnms, acdc or lv=1,myo=2,rv=3")
    evaluate.add_argument(
        "--against", metavar="P", help="a second precision: test whether both have the same mean Dice"
    )
    evaluate.add_argument("--against-model", metavar="ID", help="a second model to test against in the same way")
    evaluate.add_argument("--margin", type=_margin, default=0.002, help="Dice that does not matter (default 0.002)")
    evaluate.add_argument(
        "--predictions",
        type=Path,
        metavar="DIR",
        help="score these masks, as of nnU-Net, MONAI or a batch",
    )
    evaluate.add_argument(
        "--prediction-labels", default="", metavar="L", help="what they hold, as --labels; default: what they say"
    )
    evaluate.add_argument("--html", type=Path, metavar="F.html", help="write a page with plots and the worst cases")
    _add_model(evaluate)
    _add_json(evaluate)

    compare = verb("compare", run_compare, "Compare two runs of evaluate (their JSON) or batch (their folders), B − A.")
    compare.add_argument("one", type=Path, metavar="A", help="what `evaluate --json` printed, or the OUT of a batch")
    compare.add_argument("other", type=Path, metavar="B", help="another one of the same cases")
    compare.add_argument(
        "--margin", type=_margin, help="what does not matter (default: mean Dice 0.002, of batches 1 point of LV EF)"
    )
    compare.add_argument("--html", type=Path, metavar="F.html", help="write a page with a plot")
    _add_json(compare)

    nnunet = verb("export-nnunet", run_export_nnunet, "Write a data set in the layout of nnU-Net.")
    nnunet.add_argument("folder", type=Path, metavar="DIR")
    nnunet.add_argument("--layout", required=True, choices=LAYOUTS, help="how the data set keeps its files")
    nnunet.add_argument("--patients", default="all", metavar="all|train|val|test|LIST", help="LIST: names with commas")
    nnunet.add_argument("--labels", default="", help="what the masks of pairs hold: mnms, acdc or lv=1,myo=2,rv=3")
    nnunet.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="such as Dataset027_ACDC")
    _add_json(nnunet)

    _add_batch(verb("batch", run_batch_verb, "Segment, measure and flag all scans below a folder; resumable."))

    bench = verb("bench", run_bench, "Time every model in every precision on this device.")
    bench.add_argument("--size", type=_positive, default=256, help="height and width of the image (default 256)")
    bench.add_argument("--runs", type=_positive, default=40, help="timed runs of each network (default 40)")
    bench.add_argument("--threads", type=_positive, help="default: one a physical core")
    _add_json(bench)

    models = verb("models", run_models, "List the installed models, and folders that were rejected and why.")
    models.add_argument("--verify", action="store_true", help="run each model's test tensors on this device")
    _add_json(models)

    report = verb("report", run_report, "Write the one-page report of a scan, as a PDF and as DICOM objects.")
    _add_scan(report)
    add_case_scan(report)
    report.add_argument("-o", "--output", type=Path, metavar="FILE.pdf")
    add_objects(report)
    _add_mask(report, "report on this NIfTI or DICOM SEG mask, not on a model's")
    _add_model(report)
    _add_view(report)
    report.add_argument("--language", choices=("en", "de"), default="en", help="of the report (default en)")
    report.add_argument("--hospital", default="", metavar="TEXT", help="printed at the top")
    report.add_argument("--reader", default="", metavar="NAME", help="who reads: 'Family, Given', named in --sr")
    report.add_argument("--logo", type=Path, metavar="F.png", help="printed beside it")
    report.add_argument("--conclusion", metavar="TEXT", help="the reader's own words")
    report.add_argument("--conclusion-file", type=Path, metavar="F.txt", help="the same from a text file in UTF-8")
    report.add_argument("--pseudonym", metavar="TEXT", help="printed instead of the patient's name and identifiers")
    report.add_argument("--no-names", action="store_true", help="print a code of the scan instead of them")
    report.add_argument("--date", default="", metavar="TEXT", help="printed at the foot (default: no date)")
    _add_json(report)

    text = "Copy scans without the patient's identity (DICOM PS3.15, basic profile)."
    anonymise = verb("anonymise", run_anonymise, text)
    add_anonymise(anonymise)
    _add_json(anonymise)

    replay = verb("replay", run_replay, "Make the mask of a provenance record again, and say whether it is the same.")
    replay.add_argument("record", type=Path, metavar="RECORD", help="the .provenance.json beside a mask")
    replay.add_argument("--scan", type=Path, metavar="PATH", help="where the scan is, if it was moved")
    _add_json(replay)

    add_pacs(verb("pacs", run_pacs, "Find and fetch studies from a hospital's archive, and send results to it."))

    doctor = verb("doctor", run_doctor, "What is missing on this machine, and how to get it.")
    _add_json(doctor)

    desktop = verb("desktop", run_desktop, "Make a Linux desktop open cases by double click, or take that back.")
    desktop.add_argument("what", choices=("install", "remove"))
    _add_json(desktop)

    completion = verb("completion", run_completion, "Print what makes a shell complete this command.")
    completion.add_argument("shell", choices=SHELLS)

    phantom = verb("phantom", run_phantom, "Write the phantom cine, its true mask and its true volumes.")
    phantom.add_argument("-o", "--output", required=True, type=Path, metavar="DIR")
    _add_json(phantom)


def _add_batch(batch: argparse.ArgumentParser) -> None:
    batch.add_argument("source", type=Path, metavar="IN", help="a folder of studies, volumes or zip archives")
    batch.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="a folder, new or of this batch")
    batch.add_argument("--dry-run", action="store_true", help="only list what would be done")
    batch.add_argument("--retry-failed", action="store_true", help="try again what failed before")
    batch.add_argument("--force", action="store_true", help="segment what does not look like a short-axis MR stack")
    batch.add_argument("--seg", action="store_true", help="write DICOM SEG, too, where the scan is DICOM")
    batch.add_argument("--workers", type=_positive, metavar="N", help="processes (default: physical cores / threads)")
    batch.add_argument(
        "--memory", type=_memory, metavar="M", help='what a process may take, such as "2 GB" (default: its share)'
    )
    batch.add_argument("--in-process", action="store_true", help="no Dask: one scan after the other in this process")
    batch.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that is there: tls://host:8786")
    batch.add_argument("--insecure-scheduler", action="store_true", help="take one elsewhere though it has no TLS")
    batch.add_argument("--dashboard", action="store_true", help="say where Dask shows the work, on this machine only")
    _add_model(batch, threads="of each process (default 1)")
    _add_view(batch)
    _add_json(batch)


def _add_scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, an ED and an ES file, or a folder")
    parser.add_argument("--spacing", type=_spacing, metavar="X,Y,Z", help="voxel size in mm, instead of the header's")
    parser.add_argument("--force", action="store_true", help="segment what does not look like a short-axis MR stack")


def _add_mask(parser: argparse.ArgumentParser, text: str) -> None:
    """A mask instead of a model's, and what its values mean. text: what the help says of the mask."""
    parser.add_argument("--mask", type=Path, metavar="M", help=text)
    parser.add_argument(
        "--labels",
        choices=tuple(CONVENTIONS),
        help="values in a NIfTI mask (default: what it says, else by its shapes)",
    )


def _add_conventions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base", choices=tuple(Base), help="which basal slices count (default: labelled)")
    parser.add_argument("--papillary", choices=tuple(Papillary), help="what papillary muscles are (default: labelled)")
    parser.add_argument("--rv-phases", choices=("lv", "own"), help="frames of the right ventricle (default: lv)")


def _add_model(parser: argparse.ArgumentParser, *, threads: str = "default: one a physical core") -> None:
    parser.add_argument("--model", metavar="ID", help="see `cinequant models`; default quantlite")
    parser.add_argument("--precision", metavar="P", help="one of the model's precisions; default int8")
    parser.add_argument("--threads", type=_positive, metavar="N", help=threads)
    parser.add_argument(
        "--keep-base", action="store_true", help="take nothing away from the most basal slices after the network"
    )


def _add_view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--view", choices=VIEWS, help="what the scan shows; default: as its geometry says")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one line of JSON")


def _margin(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


def _memory(text: str) -> str:
    if re.fullmatch(r"\d+(\.\d+)? ?([kMGT]i?)?B", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of memory such as 800MB or '2 GB'")
    return text


def _spacing(text: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        x = y = z = math.nan
    low, high = SPACING_MM
    if not all(low <= value <= high for value in (x, y, z)):
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers from {low:g} to {high:g} mm, as in 1.4,1.4,8")
    return x, y, z
