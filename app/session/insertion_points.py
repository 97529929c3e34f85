"""The insertions of the right ventricle, from which segments are counted: dragged by the user, or found again."""

from __future__ import annotations

from dataclasses import replace

from app.session.store import Store
from app.session.undoing import Undoing
from app.state.walls import insertions_now, ring_at
from app.words.language import marked
from engine.measures.segments import Insertions, angle_at

MOVED = marked("History", "insertions of the right ventricle")
ANTERIOR, INFERIOR = "anterior", "inferior"


class InsertionPoints:
    """A drag is one step that can be undone."""

    def __init__(self, store: Store, undoing: Undoing) -> None:
        self._store, self._undoing = store, undoing
        self._before: Insertions | None = None
        self._dragging = False

    def drag(self, which: str, frame: int, x_mm: float, y_mm: float) -> None:
        """Put one insertion in the direction of a point of the slice on screen, in mm from the image's corner."""
        state = self._store.state
        ring, now = ring_at(state, frame, state.view.slice_index), insertions_now(state)
        if ring is None or now is None or which not in (ANTERIOR, INFERIOR):
            return
        if not self._dragging:
            self._before, self._dragging = state.facts.insertions, True
        angle = angle_at(ring, x_mm, y_mm)
        moved = replace(now, anterior=angle, found=False)
        if which == INFERIOR:
            moved = replace(now, inferior=angle, found=False)
        self._store.update(insertions=moved)

    def drop(self) -> None:
        """The drag has ended."""
        after = self._store.state.facts.insertions
        if self._dragging:
            self._dragging = False
            self._store.update(insertions=self._before)
            self._undoing.step(MOVED, insertions=after)

    def find_again(self) -> None:
        """Take those that are found in the outlines."""
        self._undoing.step(MOVED, insertions=None)
