"""Keeps unsaved cases on disk while they are worked on, and finds those of windows that were not closed properly."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.session.autosave_folder import AutosaveFolder
from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store
from app.state.case import LeftCase, Offer
from app.state.case_content import case_of, is_unsaved, left_unsaved, work_of
from app.state.changes import evolve, stroke_ended
from app.state.queries import correction_of
from app.state.types import AppState, Kind
from app.words.language import translate
from engine.errors import CineQuantError, ScanError
from engine.formats.case_file import read_index, to_bytes

DELAY_MS = 2000
"""After a change. Writing itself takes less than a second, so that at most 5 s are lost."""
RETRY_MS = 5000
STROKE_S = 1.0
"""How much later at most a change is written because a stroke is being drawn: seldom is one longer."""
_LOOK_MS = 250


class Autosaving(QObject):
    """Writes what is unsaved, from a frozen state and in a thread of its own."""

    def __init__(self, store: Store, workers: Workers) -> None:
        super().__init__()
        self._store, self._worker = store, workers.autosaving
        self._lane = Lane(workers.autosaving)
        self._folder: AutosaveFolder | None = None
        self._kept: set[str] = set()  # digests of the scans that the folder has a case of
        self._failing = False
        self._keep = False
        self._changed_at = 0.0  # on the monotonic clock, the first change that is not written yet
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._due)
        store.changed.connect(self._changed)

    # -- a window that is open -----------------------------------------------------------------------------------

    def keep_in(self, root: Path) -> None:
        """Autosave into a folder within root, and look there for cases that other windows have left behind."""
        folder = self._folder = AutosaveFolder(root)
        self._lane.submit(lambda _: _offers(folder), then=self._offered, failed=self._store.complain)

    def flush(self) -> bool:
        """Write here and now, because the process is about to end. Returns whether all unsaved cases are kept."""
        self._store.show(stroke_ended(self._store.state))
        state, folder = self._store.state, self._folder
        if folder is None:
            return False
        self._timer.stop()
        self._worker.finish()
        case = case_of(state) if is_unsaved(state) else None
        cases = {digest: left.content or to_bytes(left.case) for digest, left in left_unsaved(state).items()}
        if case is not None:
            cases[case.scan.digest] = to_bytes(case)
        try:
            for digest, content in cases.items():
                folder.write(digest, content)
        except OSError:
            return False
        self._keep = bool(cases)
        return True

    @property
    def keeps(self) -> bool:
        """Whether flush has kept something for the next start."""
        return self._keep

    def close(self) -> None:
        """The window closes in order: nothing is kept, unless flush has kept it."""
        self._timer.stop()
        if self._folder is not None:
            self._folder.close(keep=self._keep)
            self._folder = None

    def _changed(self, old: AppState, new: AppState) -> None:
        if new.cases.left is not old.cases.left:
            for digest, left in new.cases.left.items():
                if not left.content and digest not in old.cases.left:
                    self._pack(digest, left)
        if self._folder is None or work_of(old) == work_of(new):
            return
        # A recovered case is on screen. Saved before it was ever autosaved again, it must not be offered once more.
        if new.scan.digest and is_unsaved(new) and self._folder.adopt(new.scan.digest):
            self._kept.add(new.scan.digest)
        if not self._timer.isActive():
            self._changed_at = time.monotonic()
            self._timer.start(DELAY_MS)

    def _due(self) -> None:
        """Write the case on screen if it is unsaved; drop those that are saved by now."""
        state, folder = self._store.state, self._folder
        if folder is None:
            return
        if self._lane.subjects:
            self._timer.start(DELAY_MS // 4)
            return
        correction = correction_of(state)
        stroke = correction is not None and correction.stroke is not None
        if stroke and time.monotonic() - self._changed_at < DELAY_MS / 1e3 + STROKE_S:
            self._timer.start(_LOOK_MS)
            return
        unsaved = is_unsaved(state)
        wanted = {*left_unsaved(state), *((state.scan.digest,) if unsaved else ())}
        saved = self._kept - wanted
        if not unsaved and not saved:
            return
        volume_id = state.scan.volume_id

        def run(_: Reporter) -> str:
            for digest in saved:
                folder.remove(digest)
            case = case_of(state) if unsaved else None
            if case is not None:
                folder.write(case.scan.digest, to_bytes(case))
            return "" if case is None else case.scan.digest

        def then(digest: str) -> None:
            self._kept = (self._kept - saved) | ({digest} if digest else set())
            self._failing = False
            if digest and not self._store.state.scan.digest and self._store.state.scan.volume_id == volume_id:
                self._store.update(digest=digest)

        self._lane.submit(run, then=then, failed=self._failed, subject="case")

    def _pack(self, digest: str, left: LeftCase) -> None:
        """Keep a case whose scan has left the screen, on disk and packed in memory."""
        folder = self._folder

        def run(_: Reporter) -> bytes:
            content = to_bytes(left.case)
            if folder is not None:
                with contextlib.suppress(OSError):  # it is in memory, and the next case on screen says what is wrong
                    folder.write(digest, content)
            return content

        def then(content: bytes) -> None:
            state = self._store.state
            if state.cases.left.get(digest) is left:
                bare = replace(left.case, segmentations=(), mask=None)
                packed = replace(left, case=bare, content=content)
                self._store.show(evolve(state, left={**state.cases.left, digest: packed}))
                self._kept.add(digest)

        self._lane.submit(run, then=then, failed=self._store.complain, subject=digest)

    def _failed(self, error: CineQuantError | None) -> None:
        self._timer.start(RETRY_MS)
        if error is not None and not self._failing:
            text = translate(
                "Autosaving", "{reason}. Changes are not autosaved until this is fixed; save the case somewhere else."
            )
            self._store.say(Kind.WARNING, text.format(reason=str(error).rstrip(".")))
        self._failing = True

    # -- windows that are gone -----------------------------------------------------------------------------------

    def take(self, offer: Offer) -> Path | None:
        """Move an offered case into this window's folder. None, said, if another window has taken it."""
        self._without(offer)
        if self._folder is None:
            return None
        try:
            path = self._folder.take(offer.path)
        except OSError:
            self._store.say(Kind.WARNING, translate("Autosaving", "Another window has recovered this case already."))
            return None
        return path

    def discard(self, offer: Offer) -> None:
        """Delete an offered case for good."""
        with contextlib.suppress(OSError):
            offer.path.unlink()
        self._without(offer)

    def later(self) -> None:
        """Offer them again at the next start."""
        self._store.update(offers=())

    def _without(self, offer: Offer) -> None:
        self._store.update(offers=tuple(one for one in self._store.state.cases.offers if one != offer))

    def _offered(self, offers: tuple[Offer, ...]) -> None:
        if offers:
            self._store.update(offers=offers)


def _offers(folder: AutosaveFolder) -> tuple[Offer, ...]:
    """The cases of windows that are gone, the latest first. Damaged ones are left where they are."""
    found = []
    for path in folder.abandoned():
        try:
            scan, index = read_index(path)
            at = datetime.fromtimestamp(path.stat().st_mtime)
        except (ScanError, OSError):
            continue
        slices = {
            (step["frame_index"], step["slice_index"]) for entry in index["segmentations"] for step in entry["done"]
        }
        # Names of DICOM scans are phrases, which many scans share.
        place = scan.paths[0].name if scan.kind == "dicom" and scan.paths else ""
        found.append(Offer(path, f"{place}: {scan.name}" if place else scan.name, at, len(slices)))
    return tuple(sorted(found, key=lambda offer: offer.at, reverse=True))
