"""DICOM objects of what is on screen, for an archive. All of them belong to the scan's study."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from app.session.export_files import Export, by_hand, dossier_of, mask_seg
from app.state import editing
from engine.errors import ExportError


class ObjectKind(StrEnum):
    """What can be written. The value is the end of the name that is proposed."""

    LABELMAP = "labelmap"
    STRUCTURED_REPORT = "sr.dcm"
    PDF = "report.dcm"
    CONTOURS = "contours.dcm"
    CONTOURS_OF_ALL_FRAMES = "contours_all.dcm"
    ALL = "dicom"

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files."""
        return self in (ObjectKind.LABELMAP, ObjectKind.ALL)

    @property
    def is_mask(self) -> bool:
        """Whether all labels are in it, so that corrections are safe once it is written."""
        return self.is_folder


def write_kind(kind: ObjectKind, path: Path, export: Export, page: Callable[[], bytes]) -> None:
    """Write one kind of object, or all of them into a new folder. page: the report as a PDF. Raises ExportError."""
    match kind:
        case ObjectKind.LABELMAP:
            from engine.formats.seg import SegKind  # noqa: PLC0415 - brings highdicom, which only exports wait for

            mask_seg(path, export, SegKind.LABELMAP)
        case ObjectKind.STRUCTURED_REPORT:
            _report(path, export)
        case ObjectKind.PDF:
            _page(path, export, page)
        case ObjectKind.CONTOURS | ObjectKind.CONTOURS_OF_ALL_FRAMES:
            _contours(path, export, every=kind is ObjectKind.CONTOURS_OF_ALL_FRAMES)
        case ObjectKind.ALL:
            _all(path, export, page)


def _report(path: Path, export: Export, segs: tuple[Path, ...] = ()) -> None:
    from engine.exchange.structured_report import write_sr  # noqa: PLC0415

    write_sr(path, dossier_of(export), segs=segs)


def _page(path: Path, export: Export, page: Callable[[], bytes]) -> None:
    from engine.exchange.pdf_object import write_pdf_object  # noqa: PLC0415

    write_pdf_object(path, page(), export.volume)


def _contours(path: Path, export: Export, *, every: bool) -> None:
    from engine.exchange.structure_set import phases_to_outline, write_structure_set  # noqa: PLC0415

    prediction, correction, function = export.prediction, export.correction, export.function
    ed, es = (None, None) if function is None else (function.ed_frame, function.es_frame)
    write_structure_set(
        path,
        prediction.labels if correction is None else editing.whole(correction),
        export.volume,
        phases_to_outline(ed, es, export.volume.frames, every=every),
        algorithm=f"{prediction.model_name} {prediction.precision}",
        by_hand="" if correction is None else by_hand(correction),
    )


def _all(folder: Path, export: Export, page: Callable[[], bytes]) -> None:
    """A folder that appears with all of them or not at all."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder}: exists and is not empty; choose a new folder")
    staging = folder.parent / f".cinequant-{uuid.uuid4().hex}"
    try:
        segs = mask_seg(staging, export)
        _report(staging / ObjectKind.STRUCTURED_REPORT, export, segs)
        _page(staging / ObjectKind.PDF, export, page)
        _contours(staging / ObjectKind.CONTOURS, export, every=False)
        if folder.is_dir():
            folder.rmdir()
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
