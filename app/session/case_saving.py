"""Saves the case on screen, in a worker, and the cases of scans that were left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.session.export_files import recovery_name
from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store, still_loading
from app.session.trail import SAVED, corrections_noted, noted
from app.state.case_content import case_of, saved
from app.state.changes import stroke_ended
from app.state.types import AppState, Busy, Kind
from app.words.language import translate
from engine.errors import CineQuantError, ExportError
from engine.files import write_atomically
from engine.formats.case_file import SUFFIX, CaseFile, write_case


class CaseSaving:
    """Writes cases. On closing it is waited for, as exports are. failures: how often writing has failed."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store = store
        self._lane = Lane(workers.exporting)
        self.failures = 0

    def nothing_to_save(self) -> bool:
        """Whether no scan has been read completely. If so, says it."""
        if still_loading(self._store):
            return True
        if self._store.state.scan.volume is not None:
            return False
        self._store.say(Kind.HINT, translate("Session", "Nothing to save yet: open a scan first."))
        return True

    def save(self, path: Path) -> None:
        """Write the case on screen as a file, and go on in that file."""
        self._store.show(stroke_ended(self._store.state))
        if self.nothing_to_save():
            return
        state = recorded(self._store.state)
        volume, volume_id = state.scan.volume, state.scan.volume_id

        def run(_: Reporter) -> CaseFile | None:
            if volume is not None:
                volume.source.refuse(path)
            case = case_of(state)
            if case is not None:
                # It is saved there from now on, also for what a window finds that recovers it.
                case = replace(case, view={**case.view, "saved_as": str(path)})
                write_case(path, case)
            return case

        def then(case: CaseFile | None) -> None:
            if case is not None:
                self._store.show(saved(self._store.state, volume_id, path, case))
                self._store.say(Kind.SUCCESS, translate("Session", "Saved {path}").format(path=path))

        busy = Busy(translate("Session", "Saving {file}").format(file=path.name), can_stop=False)
        self._lane.submit(run, then=then, failed=self._failed, busy=busy)

    def save_left(self, digest: str, path: Path) -> None:
        """Write the case of a scan that is not on screen any more, here and now. Raises ExportError."""
        left = self._store.state.cases.left[digest]
        if not left.content:
            write_case(path, left.case)
        else:
            try:
                write_atomically(path, left.content)
            except OSError as error:
                why = error.strerror or error
                raise ExportError(f"{path}: the case is not saved ({why}); choose another place") from error
        state = saved(self._store.state, -1, path, left.case)
        # Of a packed case the corrections are known by the state alone.
        corrections = {
            key: replace(kept, saved=kept.planes) if key.scan == digest else kept
            for key, kept in state.correction.corrections.items()
        }
        self._store.update(corrections=corrections, left=state.cases.left, recents=state.preferences.recents)

    def rescue(self, folder: Path) -> Path | None:
        """Write the case on screen into a folder, here and now, after a crash. None if there is none.

        Raises CineQuantError, OSError.
        """
        case = case_of(stroke_ended(self._store.state))
        if case is None or not case.segmentations:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        path = free_case_name(folder, recovery_name(case.scan.digest))
        write_case(path, case)
        return path

    def _failed(self, error: CineQuantError | None) -> None:
        self.failures += 1
        self._store.complain(error)


def recorded(state: AppState) -> AppState:
    """The state with what was corrected since the last time in the audit list, and that it is saved."""
    return noted(corrections_noted(state), SAVED)


def free_case_name(folder: Path, scan: str) -> Path:
    """A case file that does not exist yet."""
    stem = file_stem(scan)
    names = [f"{stem}{SUFFIX}", *(f"{stem}_{n}{SUFFIX}" for n in range(2, 1000))]
    return next(path for name in names if not (path := folder / name).exists())


def file_stem(scan: str) -> str:
    """A scan's name as a file name without its ending."""
    bare = scan
    for ending in (".nii.gz", ".nii"):
        bare = bare.removesuffix(ending)
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in bare)[:100] or "case"
