"""What exports are made of, what they are called, and how each is written. Nothing here belongs to the window."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.state import editing
from app.state.editing import Correction
from app.state.numbers import findings_now, precisions_now, sources_now
from app.state.outgoing import identity_of
from app.state.queries import shown_correction, shown_function, shown_prediction, view_shown
from app.state.types import AppState
from app.state.walls import wall_now
from engine.dossier import Beside, Dossier, IdentifyBy, Identity, ViewDossier
from engine.errors import ExportError
from engine.files import write_atomically
from engine.measures.body import body_of
from engine.measures.findings import Findings, findings_of
from engine.measures.flags import Flag, Where, find_flags
from engine.measures.function import Function
from engine.measures.long_axis import measure_long_axis
from engine.measures.segments import Wall
from engine.measures.topology import topology_of
from engine.network.model_card import SHORT_AXIS
from engine.network.predict import Prediction
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.seg import SegKind


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What an export is made of: a scan, what a model found in it, and what was corrected of that.

    function: measured on the labels as corrected; None of a four-chamber view. correction: to write in place of the
    prediction; files then say so. findings, wall, flags: of the same labels; None where they are to be found. reviewed:
    flags that the reader has ticked off. identity: whose scan it says it is. beside: what other masks of it give.
    reader: whose reading it is, by name.
    """

    volume: Volume
    prediction: Prediction
    function: Function | None
    correction: Correction | None = None
    findings: Findings | None = None
    wall: Wall | None = None
    flags: Sequence[Flag] | None = None
    reviewed: frozenset[Where] = frozenset()
    identity: Identity = field(default_factory=Identity)
    beside: Beside = field(default_factory=Beside)
    reader: str = ""

    @property
    def planes(self) -> Mapping[tuple[int, int], NDArray[np.uint8]]:
        """The slices corrected by hand."""
        return {} if self.correction is None else self.correction.planes


def export_of(state: AppState, by: IdentifyBy | None = None) -> Export | None:
    """What is on screen, if it has been read and segmented completely. by: how it says whose; None as tables do."""
    volume, prediction, function = state.scan.volume, shown_prediction(state), shown_function(state)
    short_axis = view_shown(state) == SHORT_AXIS
    if volume is None or prediction is None or (function is None and short_axis):
        return None
    hide = state.preferences.hide_names
    review = state.reviewing.review
    return Export(
        volume,
        prediction,
        function,
        shown_correction(state),
        findings_now(state) if short_axis else None,
        wall_now(state) if short_axis else None,
        None if review is None else review.flags,
        state.reviewing.ticks.get(prediction.model_sha256, frozenset()),
        identity_of(by or state.stationery.tables_by, state.outgoing, hide_names=hide),
        _beside(state) if short_axis else Beside(),
        state.stationery.reader,
    )


def _beside(state: AppState) -> Beside:
    sources, (plain, quantized) = sources_now(state), precisions_now(state)
    return Beside(sources.model, sources.corrected, sources.mask, plain, quantized)


def dossier_of(export: Export, *, flags: bool = True) -> Dossier:
    """All that a report is made of, and a table of a stack. Raises ExportError for a four-chamber view.

    flags: look the labels through for what is to be looked at, which takes a while.
    """
    volume, correction, function = export.volume, export.correction, export.function
    if function is None:
        raise ExportError("reports are of short-axis stacks; export the numbers of a four-chamber view as CSV or JSON")
    labels = export.prediction.labels if correction is None else editing.whole(correction)
    found = export.flags or ()
    if flags and export.flags is None:
        confidence, planes = export.prediction.confidence, tuple(export.planes)
        found = find_flags(topology_of(labels.array), volume, function, confidence=confidence, corrected=planes)
    return Dossier(
        replace(
            volume, notices=(*volume.notices, *export.prediction.notices_beside(export.planes, volume.phase_names))
        ),
        labels,
        export.findings or findings_of(function, volume, body_of(volume)),
        export.prediction.provenance,
        wall=export.wall,
        corrected=tuple(sorted(export.planes)),
        flags=found,
        reviewed=export.reviewed,
        identity=export.identity,
        beside=export.beside,
        reader=export.reader,
    )


def table_dossier(export: Export, *, flags: bool = True) -> Dossier | ViewDossier:
    """All that a table is made of, of either view."""
    if export.function is not None:
        return dossier_of(export, flags=flags)
    volume, correction = export.volume, export.correction
    labels, function = export.prediction.labels, measure_long_axis(export.prediction.labels, volume)
    if correction is not None:
        labels = editing.whole(correction)
        function = measure_long_axis(labels, volume, (function.ed_frame, function.es_frame))
    made, corrected = export.prediction.provenance, tuple(sorted(export.planes))
    return ViewDossier(volume, labels, function, made, corrected, export.identity)


# -- names -----------------------------------------------------------------------------------------------------------


def free_name(folder: Path, stem: str) -> Path:
    """A NIfTI file that does not exist yet: several studies may have the same name."""
    names = [f"{stem}.nii.gz", *(f"{stem}_{n}.nii.gz" for n in range(2, 1000))]
    return next(path for name in names if not (path := folder / name).exists())


def default_name(export: Export, ending: str, *, scan: str = "") -> str:
    """A file name that tells what is in the file: scan, model, precision, and whether it was corrected by hand.

    scan: how the scan is called; as the export identifies it where it is empty.
    """
    prediction, corrected = export.prediction, "corrected_" if export.correction is not None else ""
    scan = scan or export.identity.file_part(export.volume)
    return f"{scan}_{prediction.model_id}_{prediction.precision}_{corrected}{ending}"


def recovery_name(digest: str) -> str:
    """What a scan is called in the names of files that nobody has asked for. digest: of its voxels."""
    return f"scan_{digest[:8]}"


def by_hand(correction: Correction) -> str:
    """What was corrected, in the words of files."""
    base, count = correction.base, len(correction.planes)
    total = correction.volume.frames * correction.volume.slices
    return f"corrected by hand from {base.model_id} {base.precision}, {count} of {total} slices"


# -- files -----------------------------------------------------------------------------------------------------------


def mask_nifti(path: Path, export: Export) -> None:
    """Write the labels as NIfTI on the source's own grid: 1 LV cavity, 2 LV myocardium, 3 RV cavity."""
    from engine.formats import nifti  # noqa: PLC0415 - brings nibabel, which the window's first picture should not wait for

    correction = export.correction
    if correction is None:
        nifti.write_mask(path, export.prediction.labels, export.volume)
    else:
        nifti.write_mask(path, editing.whole(correction), export.volume, description=by_hand(correction))


def mask_seg(folder: Path, export: Export, kind: SegKind | None = None) -> tuple[Path, ...]:
    """Write the labels as DICOM SEG objects into a folder, one for each phase. kind: binary where None."""
    from engine.formats import seg  # noqa: PLC0415 - brings highdicom, which only this export should wait for

    prediction, correction = export.prediction, export.correction
    return seg.write_seg(
        folder,
        prediction.labels if correction is None else editing.whole(correction),
        export.volume,
        algorithm=f"{prediction.model_name} {prediction.precision}",
        version=prediction.model_version,
        by_hand="" if correction is None else by_hand(correction),
        kind=kind or seg.SegKind.BINARY,
    )


def measurements(path: Path, export: Export) -> None:
    """Write the measurements as JSON where the name says so, else as CSV."""
    from engine import tables  # noqa: PLC0415 - no start-up should wait for it

    dossier = table_dossier(export)
    if path.suffix.lower() == ".json":
        content = json.dumps(_plain(tables.to_json(dossier)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(path, content.encode())
    else:
        # A byte-order mark lets spreadsheets read µ and ² right.
        write_atomically(path, tables.to_csv(dossier).encode("utf-8-sig"))


def record(path: Path, export: Export) -> None:
    """Write what it takes to make the same again beside an export."""
    from engine import provenance  # noqa: PLC0415 - brings the readers of every format

    files = sorted(path.iterdir()) if path.is_dir() else [path]
    provenance.write_record(
        path,
        export.volume,
        export.prediction,
        files=files,
        spacing_mm=export.volume.spacing_given,
        planes=export.planes,
        function=export.function,
    )


def _plain(value: object) -> object:
    """As JSON can hold it: NaN and infinity are null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value if isinstance(value, str | int | bool | None) else str(value)
