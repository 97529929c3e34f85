"""`cinequant report`: the one-page report of a scan as a PDF, and as objects for an archive."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.case_input import is_case, read_with_scan, refuse_options
from app.cli.inputs import check_parent, model_and_scan, open_volume, predict_labels, told
from app.cli.object_outputs import wanted, write_objects
from app.cli.terminal import print_json, print_notices, print_text
from engine.errors import ExportError, ScanError
from engine.network.model_card import SHORT_AXIS
from engine.volume import voxels_sha256

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.dossier import Beside, Dossier, Identity
    from engine.measures.body import Body
    from engine.measures.flags import Where
    from engine.measures.function import Function
    from engine.measures.segments import Insertions
    from engine.network.predict import Prediction
    from engine.volume import Confidence, LabelMap, Volume

MAX_TEXT_BYTES = 64_000


def run_report(arguments: argparse.Namespace) -> None:
    from engine.files import write_atomically  # noqa: PLC0415
    from engine.report import Letterhead, content_of, to_pdf  # noqa: PLC0415

    out: Path | None = arguments.output
    objects = wanted(arguments)
    if out is None and not objects:
        arguments.usage_error("say what to write: -o FILE.pdf, --sr, --dicom-pdf, --seg or --rtstruct")
    if out is not None and out.suffix.lower() != ".pdf":
        arguments.usage_error(f"-o {out}: the name of a report ends in .pdf")
    if arguments.mask is not None and (arguments.model or arguments.precision):
        arguments.usage_error("--mask takes the place of a model; leave out --model and --precision")
    if arguments.conclusion is not None and arguments.conclusion_file is not None:
        arguments.usage_error("give either --conclusion or --conclusion-file")
    if arguments.pseudonym is not None and arguments.no_names:
        arguments.usage_error("give either --pseudonym or --no-names")
    if out is not None:
        check_parent(out)
    # All that is read is checked before the work, not after it.
    logo, conclusion, identity = _logo(arguments.logo), _conclusion(arguments), _identity(arguments)
    say = _say(arguments.language)
    subject = _subject(arguments)
    dossier = _dossier(subject, identity, arguments.reader.strip())
    letterhead = Letterhead(
        hospital=arguments.hospital,
        logo=logo,
        conclusion=subject.conclusion if conclusion is None else conclusion,
        created=arguments.date,
    )

    def page() -> bytes:
        try:
            return to_pdf(content_of(dossier, letterhead, language=arguments.language, say=say))
        except ExportError as error:
            raise ExportError(f"{out or arguments.dicom_pdf}: {error}") from error

    pdf = b""
    if out is not None:
        dossier.volume.source.refuse(out)
        pdf = page()
        write_atomically(out, pdf)
    made: dict[str, Any] = {}
    if objects:
        made = write_objects(
            arguments, dossier, lambda: pdf or page(), subject.prediction, subject.planes, subject.by_hand
        )
    notices = (*dossier.volume.notices, *dossier.function.notices)
    print_notices(notices, as_json=arguments.json)
    if arguments.json:
        values = {**dossier.made, "output": out, "size_bytes": len(pdf), "notices": notices, **made}
        print_json("report", values, input_sha256=voxels_sha256(dossier.volume.array))
    else:
        objects_written = [arguments.seg if name == "seg" else path for name, path in made.get("objects", {}).items()]
        print_text("\n".join(str(path) for path in (out, *objects_written) if path is not None))


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """What is reported on. function: as a case has it measured; None where it is to be measured.

    prediction, planes: what the model found and the slices corrected by hand, for the record; None and none for a mask
    from a file. by_hand: the same in a sentence.
    """

    volume: Volume
    labels: LabelMap
    made: dict[str, Any]
    confidence: Confidence | None = None
    function: Function | None = None
    body: Body | None = None
    corrected: tuple[tuple[int, int], ...] = ()
    conclusion: str = ""
    reviewed: frozenset[Where] = frozenset()
    insertions: Insertions | None = None
    prediction: Prediction | None = None
    planes: Mapping[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    by_hand: str = ""
    beside: Beside | None = None


def _dossier(subject: _Subject, identity: Identity, reader: str) -> Dossier:
    from engine.dossier import Beside, Dossier  # noqa: PLC0415
    from engine.measures.body import body_of  # noqa: PLC0415
    from engine.measures.findings import findings_of  # noqa: PLC0415
    from engine.measures.flags import find_flags  # noqa: PLC0415
    from engine.measures.function import measure  # noqa: PLC0415
    from engine.measures.segments import wall_of  # noqa: PLC0415
    from engine.measures.topology import topology_of  # noqa: PLC0415

    volume, labels = subject.volume, subject.labels
    function = subject.function or measure(labels, volume)
    topology = topology_of(labels.array)
    return Dossier(
        volume,
        labels,
        findings_of(function, volume, subject.body or body_of(volume)),
        subject.made,
        wall=wall_of(
            labels.array, volume.geometry, function.ed_frame, function.es_frame, subject.insertions, function.left_out
        ),
        corrected=subject.corrected,
        flags=find_flags(topology, volume, function, confidence=subject.confidence, corrected=subject.corrected),
        reviewed=subject.reviewed,
        identity=identity,
        beside=subject.beside or Beside(),
        reader=reader,
    )


def _subject(arguments: argparse.Namespace) -> _Subject:
    """The scan, its labels, and what made them: a case, the mask that is given, or a model."""
    if is_case(arguments.paths):
        return _of_case(arguments)
    if arguments.scan is not None:
        arguments.usage_error("--scan says where the scan of a case is; name the scan itself")
    if arguments.mask is not None:
        from engine.formats.masks import read_masks  # noqa: PLC0415

        volume = open_volume(arguments)
        mask = read_masks([arguments.mask], volume, convention=arguments.labels or "")
        volume = replace(volume, notices=(*volume.notices, *mask.notices))
        return _Subject(volume, mask.labels, {"mask": arguments.mask.name}, by_hand="taken from a mask file")
    card, precision, volume, view = model_and_scan(arguments)
    if view != SHORT_AXIS:
        raise _not_short_axis(arguments.paths[0])
    found = predict_labels(arguments, volume, card, precision)
    volume = told(volume, found)
    return _Subject(volume, found.labels, found.provenance, found.confidence, prediction=found)


def _of_case(arguments: argparse.Namespace) -> _Subject:
    from app.session.export_files import by_hand  # noqa: PLC0415
    from app.state.patient_facts import body_now  # noqa: PLC0415

    refuse_options(arguments)
    case = read_with_scan(arguments.paths[0], arguments.scan)
    function = case.function
    if function is None:
        raise _not_short_axis(arguments.paths[0])
    return _Subject(
        case.told,
        case.labels,
        case.made,
        None if case.run.prediction is None else case.run.prediction.confidence,
        function,
        body_now(case.volume, case.choices.facts),
        case.corrected,
        case.choices.outgoing.conclusion,
        case.reviewed,
        case.choices.facts.insertions,
        case.run.prediction,
        {} if case.correction is None else case.correction.planes,
        "" if case.correction is None else by_hand(case.correction),
        case.beside,
    )


def _not_short_axis(path: Path) -> ScanError:
    return ScanError(f"{path}: a report is of a short-axis stack; use `cinequant measure` for this view")


def _identity(arguments: argparse.Namespace) -> Identity:
    from engine.dossier import IdentifyBy, Identity, check_pseudonym  # noqa: PLC0415

    if arguments.pseudonym is not None:
        return Identity(IdentifyBy.PSEUDONYM, check_pseudonym(arguments.pseudonym))
    return Identity(IdentifyBy.CODE if arguments.no_names else IdentifyBy.STUDY)


def _logo(path: Path | None) -> bytes:
    from engine.paper.page import MAX_LOGO_BYTES, check_logo  # noqa: PLC0415

    if path is None:
        return b""
    content = _read(path, MAX_LOGO_BYTES)
    try:
        check_logo(content)
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from error
    return content


def _conclusion(arguments: argparse.Namespace) -> str | None:
    """None where none is given: then a case has its own."""
    path: Path | None = arguments.conclusion_file
    if path is None:
        return None if arguments.conclusion is None else str(arguments.conclusion)
    try:
        return _read(path, MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExportError(f"{path}: is no text in UTF-8; save it as such") from error


def _read(path: Path, limit: int) -> bytes:
    from engine.files import read_regular  # noqa: PLC0415

    try:
        return read_regular(path, limit)
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def _say(language: str) -> Callable[[str], str]:
    """What turns the engine's sentences into this language: the window's catalogue, which only Qt reads."""
    if language == "en":
        return lambda text: text
    from PySide6.QtCore import QCoreApplication  # noqa: PLC0415

    from app.state.types import Language  # noqa: PLC0415
    from app.words.engine_words import translated  # noqa: PLC0415
    from app.words.language import install  # noqa: PLC0415

    application = QCoreApplication.instance() or QCoreApplication(["cinequant"])
    install(application, Language(language))
    return translated
