"""What leaves the window as files: masks and tables, written by a worker. Never onto the scan's own files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store, still_loading
from app.state import editing
from app.state.changes import marked_saved, stroke_ended
from app.state.editing import Correction
from app.state.queries import (
    correction_key,
    run_of,
    shown_correction,
    shown_function,
    shown_prediction,
    unsaved,
    view_shown,
)
from app.state.types import AppState, Busy, Kind, Status
from app.words.language import translate
from engine import __version__
from engine.errors import CineQuantError, ExportError
from engine.files import write_atomically
from engine.measures.function import Function
from engine.measures.quantities import MEASURES, SIDES, rules
from engine.network.model_card import SHORT_AXIS
from engine.network.predict import Prediction
from engine.volume import Volume


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What an export is made of: a scan, what a model found in it, and what was corrected of that.

    function: measured on the labels as corrected; None of a four-chamber view.
    correction: to write in place of the prediction; files then say so.
    """

    volume: Volume
    prediction: Prediction
    function: Function | None
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class Rescued:
    """What became of masks that were to be written at once.

    failed: a line for each that could not be written. bugs: those of the reasons that are the program's own fault.
    """

    written: tuple[Path, ...] = ()
    failed: tuple[str, ...] = ()
    bugs: tuple[Exception, ...] = ()

    def and_(self, other: Rescued) -> Rescued:
        """Both together."""
        return Rescued(self.written + other.written, self.failed + other.failed, self.bugs + other.bugs)


Write = Callable[[Path, Export], None]


class Exporting:
    """Writes what is on screen, in a worker; on closing or after a crash, what has not been exported, at once."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store, self._workers = store, workers
        self._lane = Lane(workers.exporting)
        self._failures = 0

    def export_mask(self, path: Path) -> None:
        """Write the labels on screen as NIfTI."""
        self._export(path, mask_nifti, is_mask=True)

    def export_seg(self, folder: Path) -> None:
        """Write the labels on screen as DICOM SEG."""
        self._export(folder, mask_seg, is_mask=True)

    def export_measurements(self, path: Path) -> None:
        """Write the measurements on screen as CSV."""
        self._export(path, measurements_csv)

    def nothing_to_export(self) -> bool:
        """Whether the scan on screen has not been read and segmented completely. If so, says what is missing."""
        if still_loading(self._store):
            return True
        state = self._store.state
        if shown_prediction(state) is not None:
            return False
        run = run_of(state)
        text = translate("Session", "Nothing to export yet: open a scan and wait until it is segmented.")
        if run is not None and run.status is Status.PART:
            text = translate("Session", "Only single slices are segmented; an export needs all: press Segment.")
        self._store.say(Kind.WARNING, text)
        return True

    def finish(self) -> bool:
        """Wait until every export has been written. Returns whether all went well; what failed has been said."""
        before = self._failures
        self._workers.exporting.finish()
        return self._failures == before

    def _export(self, path: Path, write: Write, *, is_mask: bool = False) -> None:
        self._store.show(stroke_ended(self._store.state))
        if self.nothing_to_export():
            return
        state = self._store.state
        export, key = export_of(state), correction_key(state)
        if export is None:
            return
        planes = export.correction.planes if export.correction is not None and is_mask else None

        def work(_: Reporter) -> None:
            export.volume.source.refuse(path)
            write(path, export)

        def then(_: None) -> None:
            if key is not None and planes is not None:
                self._store.show(marked_saved(self._store.state, key, planes))
            self._store.say(Kind.SUCCESS, translate("Session", "Saved {path}").format(path=path))

        busy = Busy(translate("Session", "Saving {file}").format(file=path.name), can_stop=False)
        self._lane.submit(work, then=then, failed=self._failed, busy=busy)

    def _failed(self, error: CineQuantError | None) -> None:
        self._failures += 1
        self._store.complain(error)

    # -- at once -------------------------------------------------------------------------------------------------

    def save_unsaved(self, folder: Path, *, for_good: bool) -> Rescued:
        """Write each corrected mask that has not been exported into a folder, here and now.

        One that cannot be written does not keep the others from being written. for_good: those written count as
        exported from now on.
        """
        self._store.show(stroke_ended(self._store.state))
        rescued = Rescued()
        for key, correction in unsaved(self._store.state).items():
            export = Export(correction.volume, correction.base, correction.function, correction)
            one = _rescue(folder, export)
            rescued = rescued.and_(one)
            if for_good and one.written:
                self._store.show(marked_saved(self._store.state, key, correction.planes))
        return rescued

    def recover(self, folder: Path) -> Rescued:
        """Write corrected masks of every scan that have not been exported, and the labels on screen, here and now."""
        rescued = self.save_unsaved(folder, for_good=False)
        export = export_of(self._store.state)
        if export is None or (export.correction is not None and export.correction.unsaved):
            return rescued
        return rescued.and_(_rescue(folder, export))


def _rescue(folder: Path, export: Export) -> Rescued:
    """Write one mask under a name that is not taken. Any error is caught: after a crash the data may be damaged."""
    name = default_name(export, "mask")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = free_name(folder, name)
        mask_nifti(path, export)
    except (CineQuantError, OSError) as error:
        return Rescued(failed=(f"{name}: {error}",))
    except Exception as bug:
        return Rescued(failed=(f"{name}: {type(bug).__name__}",), bugs=(bug,))
    return Rescued(written=(path,))


def export_of(state: AppState) -> Export | None:
    """What is on screen, if it has been read and segmented completely."""
    volume, prediction, function = state.scan.volume, shown_prediction(state), shown_function(state)
    if volume is None or prediction is None or (function is None and view_shown(state) == SHORT_AXIS):
        return None
    return Export(volume, prediction, function, shown_correction(state))


def free_name(folder: Path, stem: str) -> Path:
    """A NIfTI file that does not exist yet: several studies may have the same name."""
    names = [f"{stem}.nii.gz", *(f"{stem}_{n}.nii.gz" for n in range(2, 1000))]
    return next(path for name in names if not (path := folder / name).exists())


def default_name(export: Export, ending: str) -> str:
    """A file name that tells what is in the file: scan, model, precision, and whether it was corrected by hand."""
    prediction, corrected = export.prediction, "corrected_" if export.correction is not None else ""
    return f"{scan_name(export.volume)}_{prediction.model_id}_{prediction.precision}_{corrected}{ending}"


def scan_name(volume: Volume) -> str:
    """The scan's name as a part of a file name. Names of DICOM scans are phrases."""
    return re.sub(r"[^\w.-]+", "_", volume.source.name)


def by_hand(correction: Correction) -> str:
    """What was corrected, in the words of files."""
    base, count = correction.base, len(correction.planes)
    total = correction.volume.frames * correction.volume.slices
    return f"corrected by hand from {base.model_id} {base.precision}, {count} of {total} slices"


def mask_nifti(path: Path, export: Export) -> None:
    """Write the labels as NIfTI on the source's own grid: 1 LV cavity, 2 LV myocardium, 3 RV cavity."""
    from engine.formats import nifti  # noqa: PLC0415 - brings nibabel, which the window's first picture should not wait for

    correction = export.correction
    if correction is None:
        nifti.write_mask(path, export.prediction.labels, export.volume)
    else:
        nifti.write_mask(path, editing.whole(correction), export.volume, description=by_hand(correction))


def mask_seg(folder: Path, export: Export) -> None:
    """Write the labels as DICOM SEG objects into a folder, one for each phase."""
    from engine.formats import seg  # noqa: PLC0415 - brings highdicom, which only this export should wait for

    prediction, correction = export.prediction, export.correction
    algorithm = f"{prediction.model_name} {prediction.precision}"
    labels = prediction.labels if correction is None else editing.whole(correction)
    said = "" if correction is None else by_hand(correction)
    seg.write_seg(folder, labels, export.volume, algorithm=algorithm, version=prediction.model_version, by_hand=said)


def measurements_csv(path: Path, export: Export) -> None:
    """Write the measurements with their units, the rules used and what computed them."""
    # A byte-order mark lets spreadsheets read µ and ² right.
    write_atomically(path, measurements_table(export).encode("utf-8-sig"))


def measurements_table(export: Export) -> str:
    """The text of the CSV: quantity, value, unit. An empty value is not defined for this scan."""
    volume, prediction, correction, function = export.volume, export.prediction, export.correction, export.function
    if function is None:
        raise ExportError(
            "the table is of short-axis stacks; `cinequant measure --json` writes the numbers of a four-chamber view"
        )
    doubt = "" if function.units_known else " (spacing unknown)"
    doubt = doubt or ("" if function.whole else " (slices missing)")
    unit = f"mL{doubt}"
    rows: list[tuple[str, object, str]] = [
        ("Scan", volume.source.name, ""),
        ("Model", prediction.model_name, ""),
        ("Model SHA-256", prediction.model_sha256, ""),
        ("Precision", prediction.precision, ""),
        ("Runtime", prediction.runtime, ""),
        *([("Corrected by hand", len(correction.planes), "slices")] if correction is not None else []),
        ("CineQuant", __version__, ""),
        ("Use", "Research use only, not for diagnosis", ""),
        ("ED frame", _number(None if function.ed_frame is None else function.ed_frame + 1, 0), "from 1"),
        ("ES frame", _number(None if function.es_frame is None else function.es_frame + 1, 0), "from 1"),
    ]
    for measure in MEASURES:
        unsure = "" if measure.unit == "%" else doubt
        name = f"{SIDES[measure.structure]} {measure.short}"
        rows.append((name, measure.text(function, more=2), f"{measure.unit}{unsure}"))
    times = volume.frame_times_ms
    for frame, (lv, rv, myo) in enumerate(zip(function.lv_ml, function.rv_ml, function.myo_ml, strict=True)):
        at = f" at {times[frame]:.0f} ms" if times else ""
        where = f"frame {frame + 1}{at}"
        rows += [(f"LV cavity, {where}", _number(lv, 2), unit), (f"RV cavity, {where}", _number(rv, 2), unit)]
        rows.append((f"LV myocardium, {where}", _number(myo, 2), unit))
    if correction is not None:
        rows += [(f"Corrected by hand, frame {t + 1}", f"slice {z + 1}", "from 1") for t, z in correction.slices]
    rows += [("Rule", rule, "") for rule in rules(function)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("quantity", "value", "unit"))
    writer.writerows(rows)
    return text.getvalue()


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
