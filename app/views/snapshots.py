"""What a view of a slice draws, as one value: a view redraws if it differs from what it drew last. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.state.brush import Brush
from app.state.identity import Same
from app.state.measured import uncounted_in
from app.state.queries import can_draw, cross_of, plane_of
from app.state.turned import Turned
from app.state.types import AppState, Cross, Drawn, Layout, Overlay
from app.views import captions
from app.views.annotation_marks import AnnotationMarks, annotation_marks
from app.views.cine_lines import Lines, lines_of
from app.views.insertion_marks import InsertionMarks, insertion_marks
from app.views.panes import Pane, Role


def owner(drawn: Drawn | None) -> Same:
    """The labels that a slice's are part of."""
    return Same(drawn.owner if drawn is not None else None)


def voxels(state: AppState, frame: int, index: int) -> Same:
    """The voxels of a slice: of the scan, or of the slice alone while the scan is being read."""
    return Same(state.scan.volume if state.scan.loading is None else plane_of(state, frame, index))


@dataclass(frozen=True, slots=True)
class Picture:
    """The grey image. spacing_mm: (x, y)."""

    voxels: Same
    frame: int
    slice_index: int
    spacing_mm: tuple[float, float]
    window: tuple[float, float]
    invert: bool


@dataclass(frozen=True, slots=True)
class Contours:
    """What is drawn over the image. uncounted: structures that no number counts here."""

    owners: tuple[Same, ...]
    frame: int
    slice_index: int
    overlay: Overlay
    uncounted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Framing:
    """Which part of the image fills the view. volume: its size and spacing count."""

    volume: Same
    zoom: float
    pan_mm: tuple[float, float]
    turned: Turned


@dataclass(frozen=True, slots=True)
class SliceWords:
    """Lines around the image. made_by: without names where the view is narrow. missing: instead of an image."""

    top: tuple[str, ...] = ()
    made_by: tuple[str, ...] = ()
    made_by_narrow: tuple[str, ...] = ()
    bottom: tuple[str, ...] = ()
    missing: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class ShownSlice:
    """All that a SliceView draws, but for the mouse. picture: None where there is none, and words say why.

    cross, brush, insertions: None where they are not shown.
    """

    volume: Same
    words: SliceWords
    picture: Picture | None = None
    contours: Contours | None = None
    framing: Framing | None = None
    smooth: bool = True
    cross: Cross | None = None
    long_axes: Lines = ()
    brush: Brush | None = None
    insertions: InsertionMarks | None = None
    annotations: AnnotationMarks = field(default_factory=AnnotationMarks)


def shown_slice(state: AppState, pane: Pane, role: Role) -> ShownSlice:
    """What a view with this role draws. pane: panes.pane_of of the two."""
    volume, view = state.scan.volume, state.view
    if volume is None:
        invited = role in (Role.CURRENT, Role.ED, Role.FIRST)
        return ShownSlice(Same(None), SliceWords(missing=captions.invitation(state) if invited else ("", "")))
    if pane.missing[0]:
        return ShownSlice(Same(volume), SliceWords(missing=pane.missing))
    bottom: list[str] = []
    lines: Lines = ()
    if role is Role.CURRENT:
        top = captions.top_left(state)
        lines = lines_of(state)
        guesses = [*captions.warnings(volume), *captions.doubtful_lines(lines)]
        bottom = [*captions.loading(state), *guesses, *captions.bottom_left(state)]
    else:
        top = captions.pane_lines(state, pane, role)
    made_by: list[list[str]] = [[], []]
    single = role in (Role.CURRENT, Role.ED, Role.ES)
    if single:
        made_by = [captions.top_right(state, frame=pane.frame, narrow=narrow) for narrow in (False, True)]
    crossed = role is Role.CURRENT and state.preferences.layout is Layout.LONG_AXIS and volume.slices > 1
    drawing = single and can_draw(state)
    contours = picture = None
    if plane_of(state, pane.frame, view.slice_index) is not None:
        where, (dx, dy, _) = (pane.frame, view.slice_index), volume.geometry.spacing_mm
        picture = Picture(voxels(state, *where), *where, (dx, dy), view.window, view.invert)
        owners = tuple(map(owner, (pane.labels, pane.other, pane.mask)))
        contours = Contours(owners, *where, state.preferences.overlay, uncounted_in(state, *where))
    return ShownSlice(
        volume=Same(volume),
        words=SliceWords(tuple(top), tuple(made_by[0]), tuple(made_by[1]), tuple(bottom)),
        picture=picture,
        contours=contours,
        framing=Framing(Same(volume), view.zoom, view.pan_mm, view.turned),
        smooth=state.preferences.smooth,
        cross=cross_of(state) if crossed else None,
        long_axes=lines,
        brush=state.correction.brush if drawing else None,
        insertions=insertion_marks(state, pane.frame) if single and not drawing else None,
        annotations=annotation_marks(state, pane.frame) if single else AnnotationMarks(),
    )
