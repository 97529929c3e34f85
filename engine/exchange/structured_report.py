"""What was measured as a DICOM structured report, by template TID 1500, beside the images in their archive.

A group for each ventricle holds its numbers. A group for each ventricle and phase names the images of that phase, the
segment in the DICOM SEG where one was written, and the volume of that segment: it differs from the measured one where
slices were left out or papillary muscles are counted by another rule.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from highdicom import sr
from highdicom.sr import ComprehensiveSR
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from engine import __version__
from engine.dossier import MAX_READER, Dossier
from engine.errors import ExportError
from engine.exchange import report_codes as coded
from engine.files import write_atomically
from engine.formats.dicom_image import Image
from engine.formats.dicom_stack import Stack
from engine.formats.dicom_template import images_of, series_number
from engine.measures import findings as all_numbers
from engine.measures import quantities
from engine.measures.body import BsaFormula
from engine.measures.findings import Finding
from engine.measures.function import Function, volumes_ml
from engine.remarks import corrections, left_out, open_points
from engine.tables import RESEARCH_USE
from engine.volume import LV, MYO, RV

SR_SERIES_STEP = 1
"""The report's series is numbered after that of the SEG."""
# DICOM keeps numbers as text of at most 16 characters.
_DIGITS = 10
_MOST_TEXT = 10_000
_TRACKED = {LV: "LV", RV: "RV", MYO: "LV myocardium"}
DEVICE_UID = "2.25.212983447015320746105326140562841290217"
"""Of CineQuant as an observer: made once, by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class _Phase:
    """A point of the cardiac cycle: the frame, the images, and the SEG of it if there is one."""

    name: str
    point: Code
    frame: int
    images: tuple[Image, ...]
    seg: Dataset | None


def write_sr(out: Path, dossier: Dossier, *, segs: Sequence[Path] = ()) -> Path:
    """Write the measurements as a DICOM structured report, and return its path.

    segs: DICOM SEG files of the same labels, one a phase in their order, which the report then names; none where empty.
    It belongs to the study of the scan and names the patient as the images do, whatever the dossier's identity.
    Raises ExportError where the scan is no DICOM with known geometry, and OSError.
    """
    volume = dossier.volume
    stack, template = images_of(out, volume, "a DICOM report", "write a PDF or a table instead")
    if segs and len(segs) != volume.frames:
        raise ValueError(f"{len(segs)} SEG files for {volume.frames} frames")
    phases = _phases(dossier.function, stack, segs)
    evidence = list(_evidence(template, phases))
    content = sr.MeasurementReport(
        observation_context=_observers(dossier.reader),
        procedure_reported=coded.MRI_OF_THE_HEART,
        imaging_measurements=[
            *(_function_group(dossier, side) for side in (LV, RV) if _has_numbers(dossier, side)),
            *(_phase_group(dossier, side, phase) for phase in phases[LV] for side in (LV, MYO)),
            *(_phase_group(dossier, RV, phase) for phase in phases[RV]),
            *_person(dossier),
        ],
    )
    content[0].ContentSequence.append(_comments(dossier))
    try:
        report = ComprehensiveSR(
            evidence=evidence,
            content=content[0],
            series_instance_uid=generate_uid(),
            series_number=series_number(template, SR_SERIES_STEP),
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="CineQuant",
            manufacturer_model_name="CineQuant",
            software_versions=__version__,
            device_serial_number="none",
            is_complete=True,
            is_final=False,
            is_verified=False,
            performed_procedure_codes=[coded.MRI_OF_THE_HEART],
            series_description="CineQuant measurements",
            specific_character_set="ISO_IR 192",
        )
    except ValueError as error:
        raise ExportError(f"{out}: the images do not allow a DICOM report ({error}); write a PDF instead") from error
    stream = io.BytesIO()
    report.save_as(stream, enforce_file_format=True)
    write_atomically(out, stream.getvalue())
    return out


# -- what is referred to ---------------------------------------------------------------------------------------------


def _phases(function: Function, stack: Stack, segs: Sequence[Path]) -> dict[int, list[_Phase]]:
    """Of each ventricle: end-diastole and end-systole, or the one frame of a scan without phases."""
    frames = {LV: (function.ed_frame, function.es_frame), RV: (function.rv_ed_frame, function.rv_es_frame)}
    headers = {}

    def phase(name: str, point: Code, frame: int) -> _Phase:
        if segs and frame not in headers:
            headers[frame] = dcmread(segs[frame], stop_before_pixels=True)
        return _Phase(name, point, frame, stack.phases[frame], headers.get(frame))

    found: dict[int, list[_Phase]] = {}
    for side, (ed, es) in frames.items():
        named = (("end-diastole", coded.END_DIASTOLE, ed), ("end-systole", coded.END_SYSTOLE, es))
        found[side] = [phase(name, point, frame) for name, point, frame in named if frame is not None]
        if not found[side] and len(stack.phases) == 1:
            found[side] = [phase("", coded.END_DIASTOLE, 0)]
    return found


def _evidence(template: Dataset, phases: Mapping[int, Sequence[_Phase]]) -> Iterator[Dataset]:
    """A header for each instance that the report names, with the patient and study of the template."""
    told: set[str] = set()
    for phase in (phase for side in phases.values() for phase in side):
        for image in phase.images:
            if image.sop_uid not in told:
                told.add(image.sop_uid)
                yield _instance(template, image.sop_class, image.sop_uid, image.series_uid)
        if phase.seg is not None and phase.seg.SOPInstanceUID not in told:
            told.add(phase.seg.SOPInstanceUID)
            yield _instance(template, phase.seg.SOPClassUID, phase.seg.SOPInstanceUID, phase.seg.SeriesInstanceUID)


def _instance(template: Dataset, sop_class: str, sop_uid: str, series_uid: str) -> Dataset:
    made = deepcopy(template)  # a copy of a data set shares its elements
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = sop_class, sop_uid, series_uid
    return made


def _named(images: Sequence[Image]) -> dict[tuple[str, str], list[int] | None]:
    """(SOP class, instance) → the numbers of its frames, or None for an instance of a single image."""
    found: dict[tuple[str, str], list[int] | None] = {}
    for image in images:
        key = image.sop_class, image.sop_uid
        if image.multi_frame:
            found[key] = [*(found.get(key) or ()), image.frame + 1]
        else:
            found[key] = None
    return found


# -- who and how -----------------------------------------------------------------------------------------------------


def _observers(reader: str) -> sr.ObservationContext:
    """The device, and the person whose reading it is, where that is said."""
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=DEVICE_UID,
        name="CineQuant",
        manufacturer_name="CineQuant",
        model_name=f"CineQuant {__version__}",
    )
    context = sr.ObserverContext(sr.CodedConcept("121007", "DCM", "Device"), observer_identifying_attributes=device)
    if not reader.strip():
        return sr.ObservationContext(observer_device_context=context)
    person = sr.PersonObserverIdentifyingAttributes(person_name(reader))
    return sr.ObservationContext(
        observer_person_context=sr.ObserverContext(sr.CodedConcept("121006", "DCM", "Person"), person),
        observer_device_context=context,
    )


def person_name(text: str) -> str:
    """A name as DICOM has it: "Family, Given" with its parts, any other as the name of a family."""
    plain = " ".join("".join(c if c.isprintable() and c not in "=\\" else " " for c in text).split())[:MAX_READER]
    if "^" in plain:
        return plain
    family, _, given = (part.strip() for part in plain.partition(","))
    return f"{family}^{given}"


def _algorithm(dossier: Dossier) -> sr.AlgorithmIdentification | None:
    """The network that made the labels; None where they come from a file."""
    made = dossier.made
    if "model_name" not in made:
        return None
    return sr.AlgorithmIdentification(
        name=str(made["model_name"]),
        version=str(made["model_version"]),
        parameters=[
            f"model {made['model']}",
            f"precision {made['precision']}",
            f"SHA-256 {made['model_sha256']}",
            f"runtime {made['runtime']}",
        ],
        manufacturer="CineQuant",
    )


def _comments(dossier: Dossier) -> sr.ContainerContentItem:
    """What makes the numbers what they are, in words: use, corrections, what does not count, doubts, rules."""
    said = [f"{RESEARCH_USE}."]
    if "model_name" not in dossier.made:
        said.append("The labels come from a mask that was given, not from a model.")
    changed = corrections(dossier, _own)
    if changed:
        who = f"the reader, {dossier.reader.strip()}" if dossier.reader.strip() else "the reader"
        said.append("; ".join([f"Corrected by hand by {who}", *changed]) + ".")
    else:
        said.append("Not corrected by hand.")
    said += [f"{name}: {value}." for name, value in dossier.conventions()]
    said += [*left_out(dossier, _own, _own), *open_points(dossier, _own, _own), *dossier.volume.notices]
    said += [*quantities.rules(dossier.function), *all_numbers.rules(dossier.findings)]
    container = sr.ContainerContentItem(
        name=coded.QUALITATIVE_EVALUATIONS, relationship_type=sr.RelationshipTypeValues.CONTAINS
    )
    container.ContentSequence = sr.ContentSequence(
        [
            sr.TextContentItem(coded.COMMENT, text[:_MOST_TEXT], relationship_type=sr.RelationshipTypeValues.CONTAINS)
            for text in dict.fromkeys(said)
        ]
    )
    return container


def _own(text: str) -> str:
    """Reports in archives are in English."""
    return text


# -- numbers ---------------------------------------------------------------------------------------------------------


def _numbers(dossier: Dossier, side: int) -> list[Finding]:
    """The numbers of a ventricle that have a value and a code."""
    rows = all_numbers.rows_of(dossier.findings)
    return [row for row in rows if row.structure == side and row.value is not None and row.key in coded.CODED]


def _has_numbers(dossier: Dossier, side: int) -> bool:
    return bool(_numbers(dossier, side))


def _function_group(dossier: Dossier, side: int) -> sr.MeasurementsAndQualitativeEvaluations:
    """All numbers of a ventricle."""
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=generate_uid(), identifier=f"{_TRACKED[side]} function"),
        finding_type=coded.VENTRICLES[side],
        finding_sites=[sr.FindingSite(coded.VENTRICLES[side])],
        algorithm_id=_algorithm(dossier),
        measurements=[_measurement(row) for row in _numbers(dossier, side)],
    )


def _measurement(row: Finding) -> sr.Measurement:
    how = coded.CODED[row.key]
    made = sr.Measurement(
        name=how.name,
        value=_rounded(row.value),
        unit=how.unit,
        method=how.method,
        finding_sites=None if how.site is None else [sr.FindingSite(how.site)],
        properties=None if row.norm is None else _normal(row, how.unit),
    )
    if how.indexed:
        _modify(made, coded.INDEX, coded.BODY_SURFACE_AREA)
    if how.at is not None:
        _modify(made, coded.CYCLE_POINT, how.at)
    return made


def _modify(measurement: sr.Measurement, name: Code, value: Code) -> None:
    """Say more of a number by a code, as the standard's templates for the heart do."""
    item = measurement[0]
    if not hasattr(item, "ContentSequence"):
        item.ContentSequence = sr.ContentSequence()
    item.ContentSequence.append(
        sr.CodeContentItem(name, value, relationship_type=sr.RelationshipTypeValues.HAS_CONCEPT_MOD)
    )


def _normal(row: Finding, unit: Code) -> sr.MeasurementProperties:
    """The range of healthy people, and whose."""
    assert row.norm is not None
    limits = ((coded.NORMAL_LOW, row.norm.low), (coded.NORMAL_HIGH, row.norm.high))
    return sr.MeasurementProperties(
        normal_range_properties=sr.NormalRangeProperties(
            values=[
                sr.NumContentItem(
                    name, _rounded(value), unit, relationship_type=sr.RelationshipTypeValues.HAS_PROPERTIES
                )
                for name, value in limits
            ],
            description=row.norm.study.population,
            authority=row.norm.study.citation,
        )
    )


def _phase_group(
    dossier: Dossier, structure: int, phase: _Phase
) -> sr.MeasurementsAndQualitativeEvaluations | sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    """One structure at one point of the cycle: which frame, when, on which images, and the volume of its labels."""
    frames, times = dossier.volume.frames, dossier.volume.frame_times_ms
    name, code = " ".join(filter(None, (_TRACKED[structure], phase.name))), coded.STRUCTURE_CODES[structure]
    volume_ml = volumes_ml(dossier.labels, structure)[phase.frame]
    measurement = sr.Measurement(
        name=coded.VOLUME, value=_rounded(volume_ml), unit=coded.ML, method=coded.SUM_OF_VOXELS
    )
    time_point = None
    if phase.name:
        _modify(measurement, coded.CYCLE_POINT, phase.point)
        when = None
        if times is not None:
            when = sr.LongitudinalTemporalOffsetFromEvent(_rounded(times[phase.frame]), coded.MILLISECOND, coded.R_WAVE)
        time_point = sr.TimePointContext(
            time_point=f"{phase.name}, frame {phase.frame + 1} of {frames}",
            time_point_order=phase.frame + 1,
            temporal_offset_from_event=when,
        )
    tracking = sr.TrackingIdentifier(uid=generate_uid(), identifier=name)
    sites, algorithm = [sr.FindingSite(code)], _algorithm(dossier)
    named = [(*instance, numbers) for instance, numbers in _named(phase.images).items()]
    if phase.seg is None:
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            time_point_context=time_point,
            finding_type=code,
            finding_sites=sites,
            algorithm_id=algorithm,
            measurements=[measurement],
            source_images=[sr.SourceImageForMeasurementGroup(*image) for image in named],
        )
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        referenced_segment=sr.ReferencedSegment(
            phase.seg.SOPClassUID,
            phase.seg.SOPInstanceUID,
            structure,
            source_images=[sr.SourceImageForSegmentation(*image) for image in named],
        ),
        time_point_context=time_point,
        finding_type=code,
        finding_sites=sites,
        algorithm_id=algorithm,
        measurements=[measurement],
    )


def _person(dossier: Dossier) -> list[sr.MeasurementsAndQualitativeEvaluations]:
    """What outputs and indices were computed with."""
    body = dossier.findings.body
    made = []
    if body.heart_rate_bpm is not None:
        made.append(sr.Measurement(coded.HEART_RATE, _rounded(body.heart_rate_bpm), coded.BEATS_PER_MINUTE))
    if body.bsa_m2 is not None:
        method = {BsaFormula.MOSTELLER: coded.MOSTELLER, BsaFormula.DUBOIS: coded.DUBOIS}[body.formula]
        made.append(sr.Measurement(coded.BODY_SURFACE_AREA, _rounded(body.bsa_m2), coded.SQUARE_METRE, method=method))
    if not made:
        return []
    tracking = sr.TrackingIdentifier(uid=generate_uid(), identifier="Patient during the scan")
    return [sr.MeasurementsAndQualitativeEvaluations(tracking_identifier=tracking, measurements=made)]


def _rounded(value: float | None) -> float:
    assert value is not None
    return float(f"{value:.{_DIGITS}g}")
