"""The DICOM objects that `cinequant report` writes beside its page, or alone: all of the same labels."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.inputs import check_parent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.dossier import Dossier
    from engine.network.predict import Prediction

SEG_KINDS = ("binary", "labelmap")
_FILES = {"sr": "--sr", "dicom_pdf": "--dicom-pdf", "rtstruct": "--rtstruct"}


def add_objects(parser: argparse.ArgumentParser) -> None:
    """The options of these objects."""
    parser.add_argument("--sr", type=Path, metavar="FILE.dcm", help="the numbers as a DICOM structured report")
    parser.add_argument("--dicom-pdf", type=Path, metavar="FILE.dcm", help="the page as a DICOM object")
    parser.add_argument(
        "--seg",
        type=Path,
        metavar="OUT",
        help="the labels as DICOM SEG, which --sr refers to: a folder for a cine",
    )
    parser.add_argument("--seg-kind", choices=SEG_KINDS, default="binary", help="how it keeps them (default binary)")
    parser.add_argument("--rtstruct", type=Path, metavar="FILE.dcm", help="the contours as a DICOM RT structure set")
    parser.add_argument("--all-frames", action="store_true", help="contours of every frame, not of ED and ES alone")


def wanted(arguments: argparse.Namespace) -> bool:
    """Whether any of them is asked for. Ends with a usage error where names do not suit; raises ExportError."""
    files = {option: getattr(arguments, name) for name, option in _FILES.items() if getattr(arguments, name)}
    for option, path in files.items():
        if path.suffix.lower() != ".dcm":
            arguments.usage_error(f"{option} {path}: the name of a DICOM object ends in .dcm")
    if arguments.all_frames and not arguments.rtstruct:
        arguments.usage_error("--all-frames is for --rtstruct")
    if arguments.seg_kind != "binary" and not arguments.seg:
        arguments.usage_error("--seg-kind is for --seg")
    paths = [*files.values(), *([arguments.seg] if arguments.seg else [])]
    if len({path.absolute() for path in paths}) < len(paths):
        arguments.usage_error("two DICOM objects cannot be one file; give each a name of its own")
    if paths and (arguments.pseudonym is not None or arguments.no_names):
        arguments.usage_error(
            "DICOM objects belong to the study and name the patient as its images do; "
            "make an anonymous copy of the scan first (cinequant anonymise)"
        )
    for path in paths:
        check_parent(path)
    return bool(paths)


def write_objects(
    arguments: argparse.Namespace,
    dossier: Dossier,
    pdf: Callable[[], bytes],
    prediction: Prediction | None,
    planes: Mapping[tuple[int, int], NDArray[Any]],
    by_hand: str,
) -> dict[str, Any]:
    """Write those that are asked for, each with its provenance where a model made the labels, and say which."""
    from engine import provenance  # noqa: PLC0415 - brings the readers of every format

    written: dict[str, Any] = {}
    records: list[Path] = []

    def keep(name: str, out: Path, files: tuple[Path, ...]) -> None:
        written[name] = list(files) if name == "seg" else out
        if prediction is not None:
            records.append(
                provenance.write_record(
                    out,
                    dossier.volume,
                    prediction,
                    files=files,
                    spacing_mm=dossier.volume.spacing_given,
                    planes=planes,
                    function=dossier.function,
                )
            )

    for name in ("seg", *_FILES):
        out = getattr(arguments, name)
        if out is not None:
            dossier.volume.source.refuse(out)
            keep(name, out, _WRITERS[name](arguments, dossier, pdf, by_hand, tuple(written.get("seg", ()))))
    return {"objects": written, "provenance": records}


def _seg(
    arguments: argparse.Namespace, dossier: Dossier, _: Callable[[], bytes], by_hand: str, __: tuple[Path, ...]
) -> tuple[Path, ...]:
    from engine.formats.seg import SegKind, write_seg  # noqa: PLC0415

    algorithm, version = _made_by(dossier)
    kind = SegKind[arguments.seg_kind.upper()]
    return write_seg(
        arguments.seg, dossier.labels, dossier.volume, algorithm=algorithm, version=version, by_hand=by_hand, kind=kind
    )


def _sr(
    arguments: argparse.Namespace, dossier: Dossier, _: Callable[[], bytes], __: str, segs: tuple[Path, ...]
) -> tuple[Path, ...]:
    from engine.exchange.structured_report import write_sr  # noqa: PLC0415

    return (write_sr(arguments.sr, dossier, segs=segs),)


def _dicom_pdf(
    arguments: argparse.Namespace, dossier: Dossier, pdf: Callable[[], bytes], _: str, __: tuple[Path, ...]
) -> tuple[Path, ...]:
    from engine.exchange.pdf_object import write_pdf_object  # noqa: PLC0415

    return (write_pdf_object(arguments.dicom_pdf, pdf(), dossier.volume),)


def _rtstruct(
    arguments: argparse.Namespace, dossier: Dossier, _: Callable[[], bytes], by_hand: str, __: tuple[Path, ...]
) -> tuple[Path, ...]:
    from engine.exchange.structure_set import phases_to_outline, write_structure_set  # noqa: PLC0415

    function = dossier.function
    frames = phases_to_outline(function.ed_frame, function.es_frame, dossier.volume.frames, every=arguments.all_frames)
    algorithm, _version = _made_by(dossier)
    out = arguments.rtstruct
    return (write_structure_set(out, dossier.labels, dossier.volume, frames, algorithm=algorithm, by_hand=by_hand),)


_WRITERS: dict[str, Callable[..., tuple[Path, ...]]] = {
    "seg": _seg, "sr": _sr, "dicom_pdf": _dicom_pdf, "rtstruct": _rtstruct
}  # fmt: skip


def _made_by(dossier: Dossier) -> tuple[str, str]:
    """Name and version of what made the labels."""
    made = dossier.made
    if "model_name" not in made:
        return "Mask from a file", "none"
    return f"{made['model_name']} {made['precision']}", str(made["model_version"])
