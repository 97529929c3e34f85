"""The commands that measure on the image. What they compute is in app.state.annotations."""

from __future__ import annotations

from dataclasses import replace

from app.session import reasons
from app.session.store import Store
from app.session.undoing import Undoing
from app.state import annotations as notes
from app.state.annotations import Annotation, AnnotationKind, Hold
from app.state.places import looking_at
from app.state.types import Kind
from app.words.language import marked

DRAWN = marked("History", "measurement")
MOVED = marked("History", "moved measurement")
DELETED = marked("History", "deleted measurement")
Point = tuple[float, float]


class Annotating:
    """Each measurement drawn, moved or deleted is one step that can be undone."""

    def __init__(self, store: Store, undoing: Undoing) -> None:
        self._store, self._undoing = store, undoing
        self._hold: Hold | None = None
        self._from: Point = (0.0, 0.0)

    def take(self, measure: AnnotationKind) -> None:
        """Measure this with the next drags; put the tool away if it was this one already."""
        said = reasons.no_scan(self._store.state)
        if said:
            self._store.say(Kind.HINT, said)
            return
        now = self._store.state.annotation.measure_tool
        self._hold = None
        self._store.update(measure_tool=None if now is measure else measure, annotating=None, playing=False)

    def leave(self) -> bool:
        """Put the tool away, and what is being drawn. Returns whether there was one."""
        state = self._store.state.annotation
        self._hold = None
        self._store.update(measure_tool=None, annotating=None, chosen=None)
        return state.measure_tool is not None or state.annotating is not None

    # -- the mouse -----------------------------------------------------------------------------------------------

    def press(self, frame: int, x: float, y: float, reach_x: float, reach_y: float) -> None:
        """The mouse went down at a point of the slice on screen, in voxels. reach: how near counts as on a point."""
        state, volume = self._store.state, self._store.state.scan.volume
        if volume is None:
            return
        now = state.annotation.annotating
        if now is not None and self._hold is None:  # the second leg of an angle
            self._finish(now, DRAWN)
            return
        where = (frame, state.view.slice_index)
        here = notes.shown_at(state.annotation, where)
        hold = notes.hold_at(here, volume, (x, y), (reach_x, reach_y))
        self._from = (x, y)
        if hold is not None:
            self._hold = hold
            self._store.update(annotating=hold.annotation, chosen=hold.annotation.number)
        elif state.annotation.measure_tool is not None:
            number = notes.next_number(state.annotation.annotations)
            fresh = Annotation(number, state.annotation.measure_tool, where, ((x, y), (x, y)))
            self._hold = Hold(fresh, 1)
            self._store.update(annotating=fresh, chosen=number)

    def drag(self, x: float, y: float) -> None:
        """The mouse moved to a point, down or, for the second leg of an angle, up."""
        now = self._store.state.annotation.annotating
        if now is None:
            return
        hold = self._hold
        if hold is not None and hold.index is None:
            changed = notes.moved(hold.annotation, x - self._from[0], y - self._from[1])
        elif hold is not None and self._is_new(now) and now.measure is AnnotationKind.AREA:
            changed = replace(now, points=(*now.points, (x, y))[-notes.MOST_POINTS :])
        else:
            index = len(now.points) - 1 if hold is None or hold.index is None else hold.index
            changed = notes.with_point(hold.annotation if hold is not None else now, index, (x, y))
        self._store.update(annotating=changed)

    def release(self) -> None:
        """The mouse went up."""
        now = self._store.state.annotation.annotating
        if now is None or self._hold is None:
            return
        self._hold = None
        if not self._is_new(now):
            self._finish(now, MOVED)
        elif now.measure is AnnotationKind.ANGLE and notes.is_there(replace(now, points=(*now.points, now.points[0]))):
            self._store.update(annotating=replace(now, points=(*now.points, now.points[1])))
        else:
            self._finish(now, DRAWN)

    def _is_new(self, one: Annotation) -> bool:
        return all(other.number != one.number for other in self._store.state.annotation.annotations)

    def _finish(self, one: Annotation, what: str) -> None:
        self._hold = None
        state = self._store.state
        self._store.update(annotating=None)
        if notes.is_there(one):
            made = notes.with_annotation(state.annotation.annotations, one)
            self._undoing.step(what, look=looking_at(state, *one.where), annotations=made)

    # -- the list ------------------------------------------------------------------------------------------------

    def show(self, number: int) -> None:
        """Bring one on screen."""
        one = self._of(number)
        if one is not None:
            self._store.update(chosen=number, playing=False, **looking_at(self._store.state, *one.where))

    def delete(self, number: int | None = None) -> None:
        """Delete one; the chosen one if no number is given."""
        state = self._store.state
        one = self._of(state.annotation.chosen if number is None else number)
        if one is None:
            return
        left = tuple(other for other in state.annotation.annotations if other.number != one.number)
        self._store.update(annotating=None, chosen=None)
        self._undoing.step(DELETED, look=looking_at(state, *one.where), annotations=left)

    def delete_all(self) -> None:
        """Delete all of this scan."""
        self._store.update(annotating=None, chosen=None)
        self._undoing.step(DELETED, annotations=())

    def _of(self, number: int | None) -> Annotation | None:
        return next((one for one in self._store.state.annotation.annotations if one.number == number), None)
