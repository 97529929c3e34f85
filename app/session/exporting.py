"""What leaves the window, written by a worker, each with its provenance beside it. Never onto the scan's own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.session import export_files
from app.session.export_files import (
    Export,
    default_name,
    dossier_of,
    export_of,
    free_name,
    mask_nifti,
    mask_seg,
    measurements,
    recovery_name,
    table_dossier,
)
from app.session.jobs import Lane, Reporter, Workers
from app.session.object_files import ObjectKind, write_kind
from app.session.store import Store, still_loading
from app.session.trail import note
from app.state import editing
from app.state.changes import marked_saved, stroke_ended
from app.state.queries import correction_key, frame_interval_ms, run_of, shown_prediction, unsaved
from app.state.structure_colours import complete
from app.state.types import AppState, Busy, Kind, Status
from app.words.engine_words import translated
from app.words.language import COUNT, code_now, translate
from engine.errors import CineQuantError, ExportError
from engine.files import read_regular, write_atomically
from engine.volume import LV, MYO, RV

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from engine.exchange.anonymous_copy import Copied
    from engine.paper.content import Content

__all__ = ["Export", "Exporting", "Rescued", "mask_seg"]


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


@dataclass(frozen=True, slots=True)
class Pasted:
    """Results for the clipboard: aligned text, cells apart by tabs, and a table for a word processor."""

    text: str
    tsv: str
    html: str


Write = Callable[[Path, Export, Reporter], object]


class Exporting:
    """Writes what is on screen, in a worker; on closing or after a crash, what has not been exported, at once."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store, self._workers = store, workers
        self._lane = Lane(workers.exporting)
        self._movies = Lane(workers.exporting)
        self._copies = Lane(workers.exporting)
        self._previews = Lane(workers.comparing)
        self._failures = 0

    def export_mask(self, path: Path) -> None:
        """Write the labels on screen as NIfTI."""
        self._export(path, lambda path, export, _: mask_nifti(path, export), is_mask=True)

    def export_seg(self, folder: Path) -> None:
        """Write the labels on screen as DICOM SEG."""
        self._export(folder, lambda path, export, _: mask_seg(path, export), is_mask=True)

    def export_measurements(self, path: Path) -> None:
        """Write the measurements on screen as CSV, or as JSON where the name says so."""
        self._export(path, lambda path, export, _: measurements(path, export))

    def export_report(self, path: Path) -> None:
        """Write the one-page report as PDF."""
        state = self._store.state

        def write(path: Path, export: Export, _: Reporter) -> None:
            write_atomically(path, _report_pdf(state, export))

        self._export(path, write, of_report=True)

    def export_object(self, path: Path, kind: ObjectKind) -> None:
        """Write a DICOM object for an archive, or all of them into a new folder."""
        state = self._store.state

        def write(path: Path, export: Export, _: Reporter) -> None:
            write_kind(kind, path, export, lambda: _report_pdf(state, export))

        self._export(path, write, is_mask=kind.is_mask, of_report=True)

    def writer(self) -> Callable[[ObjectKind, Path], None] | None:
        """What writes DICOM objects of what is on screen now; None, and says why, where there is nothing."""
        self._store.show(stroke_ended(self._store.state))
        state = self._store.state
        export = None if self.nothing_to_export() else export_of(state, state.stationery.report_by)
        if export is None:
            return None
        return lambda kind, path: write_kind(kind, path, export, lambda: _report_pdf(state, export))

    def export_movie(self, path: Path) -> None:
        """Write the slice on screen over all frames as GIF or MP4, by the name's ending. Can be stopped."""
        state = self._store.state
        outgoing = _Movie(state)
        self._export(path, outgoing.write, stoppable=True)

    def anonymise(self, folder: Path) -> None:
        """Write a copy of the scan's own files without identity into a folder. Can be stopped, and gone on with."""
        volume = self._store.state.scan.volume
        if volume is None or still_loading(self._store):
            return
        files = dict.fromkeys(file for phase in volume.source.instances for file in phase) or volume.source.paths

        def work(reporter: Reporter) -> Copied:
            from engine.exchange import anonymous_copy, pseudonyms  # noqa: PLC0415 - brings pydicom and nibabel

            secret, cancel = pseudonyms.own_secret(), reporter.token
            return anonymous_copy.copy_without_identity(
                tuple(files), folder, secret, progress=reporter.progress, cancel=cancel
            )

        def then(copied: Copied) -> None:
            if self._store.state.scan.volume is volume:
                note(self._store, f"copied without identity: {folder.name}")
            doubtful = copied.warnings or copied.left_out
            self._store.say(Kind.WARNING if doubtful else Kind.SUCCESS, _said_of_copies(folder, copied))

        self._store.update(export_folder=folder.absolute().parent)
        busy = Busy(translate("Session", "Saving {file}").format(file=folder.name), can_stop=True)
        self._copies.submit(work, then=then, failed=self._failed, busy=busy, subject=folder)

    def record_beside(self, path: Path) -> None:
        """Write the provenance of a picture that was just saved, if a segmentation is in it."""
        export = export_of(self._store.state)
        if export is None:
            return

        def work(_: Reporter) -> None:
            export_files.record(path, export)

        self._lane.submit(work, then=lambda _: None, failed=self._failed)

    def results(self) -> Pasted | None:
        """The numbers on screen to paste elsewhere; None, and says why, where there are none."""
        if self.nothing_to_export():
            return None
        export = export_of(self._store.state)
        if export is None:
            return None
        from engine import tables  # noqa: PLC0415

        try:
            dossier = table_dossier(export, flags=False)
        except ExportError as error:
            self._store.complain(error)
            return None
        text, tsv, html = (of(dossier, translated) for of in (tables.to_text, tables.to_tsv, tables.to_html))
        return Pasted(text, tsv, html)

    def preview_report(self, width: int, then: Callable[[QImage | None, str], None]) -> None:
        """Draw the report as a picture so many pixels wide; then(None, why) where it cannot be. Drops earlier asks."""
        state = self._store.state
        export = export_of(state, state.stationery.report_by)
        self._previews.cancel()
        if export is None:
            then(None, translate("Session", "Nothing to export yet: open a scan and wait until it is segmented."))
            return

        def work(_: Reporter) -> QImage:
            from app.look.painted_sheet import picture_of  # noqa: PLC0415 - brings the fonts of reports

            return picture_of(report_content(state, export, datetime.now()), width)

        def failed(error: CineQuantError | None) -> None:
            then(None, "" if error is None else str(error))

        self._previews.submit(work, then=lambda image: then(image, ""), failed=failed)

    def forget_preview(self) -> None:
        """Nobody looks at the picture of the report any more."""
        self._previews.cancel()

    def cancel(self) -> None:
        """Stop what can be stopped: nothing of a movie is written then; copies without identity go on later."""
        if self._movies.subjects:
            self._movies.cancel()
            self._store.say(Kind.WARNING, translate("Session", "The export was stopped; nothing was written."))
        if self._copies.subjects:
            self._copies.cancel()
            text = translate(
                "Session",
                "Copying was stopped. The files copied so far stay; choose the same folder again to go on.",
            )
            self._store.say(Kind.WARNING, text)

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

    def _export(
        self, path: Path, write: Write, *, is_mask: bool = False, of_report: bool = False, stoppable: bool = False
    ) -> None:
        self._store.show(stroke_ended(self._store.state))
        if self.nothing_to_export():
            return
        state = self._store.state
        export = export_of(state, state.stationery.report_by if of_report else None)
        key = correction_key(state)
        if export is None:
            return
        self._store.update(export_folder=path.absolute().parent)
        planes = export.correction.planes if export.correction is not None and is_mask else None

        def work(reporter: Reporter) -> None:
            export.volume.source.refuse(path)
            try:
                write(path, export, reporter)
                export_files.record(path, export)
            except OSError as error:
                raise ExportError(_not_written(path, error)) from error

        def then(_: None) -> None:
            if self._store.state.scan.volume is export.volume:
                note(self._store, f"exported: {path.name}")
            if key is not None and planes is not None:
                self._store.show(marked_saved(self._store.state, key, planes))
            self._store.say(Kind.SUCCESS, translate("Session", "Saved {path}").format(path=path))

        busy = Busy(translate("Session", "Saving {file}").format(file=path.name), can_stop=stoppable)
        lane = self._movies if stoppable else self._lane
        lane.submit(work, then=then, failed=self._failed, busy=busy, subject=path)

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
            one = _rescue(folder, export, key.scan)
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
        digest = self._store.state.scan.digest or editing.digest(export.volume)
        return rescued.and_(_rescue(folder, export, digest))


class _Movie:
    """The slice on screen as a movie, as the window drew it when it was asked for."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def write(self, path: Path, export: Export, reporter: Reporter) -> None:
        """GIF, or MP4 by the name's ending."""
        from engine import movie  # noqa: PLC0415 - brings Pillow

        state, volume = self._state, export.volume
        overlay = state.preferences.overlay
        shown = () if overlay.hidden else tuple(s for s in (MYO, RV, LV) if s in overlay.visible)
        every = complete(overlay.colours)
        colours = {structure: every[structure] for structure in shown}
        correction = export.correction
        labels = export.prediction.labels if correction is None else editing.whole(correction)
        progress, cancel = reporter.progress, reporter.token
        pictures = movie.frames_of(
            volume,
            labels if shown else None,
            state.view.slice_index,
            state.view.window,
            colours,
            progress=progress,
            cancel=cancel,
        )
        interval, speed = frame_interval_ms(volume), state.preferences.speed
        durations = movie.durations_ms(volume.frame_times_ms, volume.frames, interval, speed)
        if path.suffix.lower() == ".mp4":
            movie.write_mp4(path, pictures, durations, progress=progress, cancel=cancel)
        else:
            content = movie.to_gif(pictures, durations, colours, progress=progress, cancel=cancel)
            cancel.check()
            write_atomically(path, content)


def report_content(state: AppState, export: Export, now: datetime) -> Content:
    """What stands on the report, in the language of the window. Raises ExportError where the logo cannot be read."""
    from engine import report  # noqa: PLC0415 - no start-up should wait for it
    from engine.paper.page import MAX_LOGO_BYTES  # noqa: PLC0415

    letters, logo = state.stationery, b""
    if letters.logo is not None:
        try:
            logo = read_regular(letters.logo, MAX_LOGO_BYTES)
        except OSError as error:
            raise ExportError(
                f"{letters.logo}: the logo cannot be read ({error.strerror}); choose it anew, or take it off the report"
            ) from error
    head = report.Letterhead(letters.hospital, logo, state.outgoing.conclusion, f"{now:%Y-%m-%d %H:%M}")
    return report.content_of(
        dossier_of(export),
        head,
        language=code_now(),
        window=state.view.window,
        colours=complete(state.preferences.overlay.colours),
        say=translated,
    )


def _said_of_copies(folder: Path, copied: Copied) -> str:
    """What became of a scan's files, and what has to be looked at before the copies are given away."""
    count, without = len(copied.written + copied.kept), copied.left_out.total()
    text = translate(
        "Session", "{folder}: %n file(s) without identity; anonymisation.json says what was removed", "", COUNT, count
    )
    said = [text.format(folder=folder)]
    if without:
        left = translate("Session", "Not copied: %n file(s); anonymisation.json says why.", "", COUNT, without)
        said.append(left)
    if copied.warnings:
        look = translate(
            "Session",
            "Text may be burned into the pixels of the copies: look at each image before you give them away.",
        )
        said.append(look)
    return ". ".join(one.rstrip(".") for one in said) + ("." if len(said) > 1 else "")


def _report_pdf(state: AppState, export: Export) -> bytes:
    from engine.paper.page import to_pdf  # noqa: PLC0415 - brings reportlab

    return to_pdf(report_content(state, export, datetime.now()))


def _not_written(path: Path, error: OSError) -> str:
    """One line on a full disk, a pulled cable or a folder that may not be written."""
    why = error.strerror or str(error)
    return translate(
        "Session", "{path}: could not be written ({why}); free some space, or choose another place"
    ).format(path=path, why=why)


def _rescue(folder: Path, export: Export, digest: str) -> Rescued:
    """Write one mask under a name that is not taken. Any error is caught: after a crash the data may be damaged."""
    # Not the scan's own name, which may be a patient's: nobody has asked for this file.
    name = default_name(export, "mask", scan=recovery_name(digest))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = free_name(folder, name)
        mask_nifti(path, export)
    except (CineQuantError, OSError) as error:
        return Rescued(failed=(f"{name}: {error}",))
    except Exception as bug:
        return Rescued(failed=(f"{name}: {type(bug).__name__}",), bugs=(bug,))
    return Rescued(written=(path,))
