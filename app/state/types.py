"""What the program shows, as one frozen value in groups. No Qt.

Every view draws from an AppState; only the session replaces it. Segmentations are stored by RunKey, so choosing another
scan, model or precision selects another segmentation in the same step. An outline can therefore never belong to
something other than what the panels name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.state.annotations import AnnotationState
from app.state.beside import BesideState
from app.state.brush import Brush
from app.state.case import CasesState, CaseState
from app.state.editing import Correction, CorrectionKey
from app.state.history import HistoryState
from app.state.identity import Same
from app.state.outgoing import Outgoing, Stationery
from app.state.patient_facts import PatientFacts
from app.state.readings import MeasuringState
from app.state.review import ReviewState
from app.state.turned import Turned
from engine.measures.comparison import Comparison
from engine.measures.function import Function
from engine.measures.long_axis import LongAxisFunction
from engine.measures.tally import Tally
from engine.network.catalog import Catalog
from engine.network.predict import Prediction, SliceTiming
from engine.pictures.render import Colour
from engine.volume import STRUCTURES, LabelMap, Volume

if TYPE_CHECKING:
    from engine.formats.index import Index
    from engine.network.bench import Report

FLOAT32, INT8 = "float32", "int8"
COMPARED = (INT8, FLOAT32)
"""The precisions that every opened scan is segmented in, so that one key press compares them."""

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
# Cine of an unknown heart rate runs at 25 frames a second.
UNKNOWN_FRAME_MS = 40.0
ZOOM_RANGE = (0.25, 40.0)
MAX_RECENTS = 8
# Around the heart when the view is filled with it, as a share of its size.
HEART_MARGIN = 0.15


class Style(StrEnum):
    """How structures are drawn."""

    OUTLINE = "outline"
    FILL = "fill"
    VOXELS = "voxels"
    """The mask as it is, one square per voxel."""


class Layout(StrEnum):
    """How the middle of the window is divided."""

    SLICE = "slice"
    PHASES = "phases"
    """End-diastole beside end-systole."""
    COMPARE = "compare"
    """Two segmentations, where they differ, and their Dice per slice."""
    SHEET = "sheet"
    """All slices of the frame."""
    LONG_AXIS = "long-axis"
    """The slice, and two planes at right angles to it and to each other."""
    CINES = "cines"
    """The slice, and long-axis cines of the study."""


class Pair(StrEnum):
    """Which two segmentations Layout.COMPARE shows."""

    PRECISIONS = "precisions"
    """float32 and int8 of the chosen model."""
    MASK = "mask"
    """What the chosen model found in the chosen precision, and the mask loaded from a file."""
    CORRECTED = "corrected"
    """The outlines as corrected by hand, and the mask loaded from a file."""


class Details(StrEnum):
    """What the panel of details shows."""

    INDICES = "indices"
    """By body surface area, with output and normal ranges."""
    RATES = "rates"
    """How fast the ventricles empty and fill."""
    SOURCES = "sources"
    """Numbers of the model, the correction and the loaded mask side by side."""
    PRECISION = "precision"
    """float32 against int8, beside what readers differ by."""
    WALL = "wall"
    """Thickness and thickening by segment."""


CORRECTABLE = (Layout.SLICE, Layout.PHASES, Layout.LONG_AXIS, Layout.CINES)
"""Layouts in which slices can be corrected."""


class Theme(StrEnum):
    """Which colours the window has."""

    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"
    """Follows the desktop, also when that changes."""


class Language(StrEnum):
    """The language of the window."""

    SYSTEM = "system"
    """The first of the desktop's languages that is available, else English."""
    ENGLISH = "en"
    GERMAN = "de"


class Status(StrEnum):
    """The progress of a segmentation."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    PART = "part"
    """Only single slices that the user asked for have been segmented, so nothing is measured."""


class Kind(StrEnum):
    """What a message is about."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"
    """Why a command could not run, which matters for as long as the user remembers having asked for it."""
    SUCCESS = "success"


class Command(StrEnum):
    """What the button of a message does."""

    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Overlay:
    """How structures are drawn. colours: those the user chose, by structure. Never changed in place."""

    style: Style = Style.OUTLINE
    opacity: float = 0.3
    visible: frozenset[int] = frozenset(STRUCTURES)
    hidden: bool = False
    colours: Mapping[int, Colour] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """action, command: label of a button, and what it does; empty and None if there is no button."""

    kind: Kind
    text: str
    action: str = ""
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """What a worker is doing. total is 0 while it is not known. Writing a file cannot be stopped."""

    what: str
    done: int = 0
    total: int = 0
    can_stop: bool = True


class RunKey(NamedTuple):
    """Identifies a segmentation: the scan, the model's file, and the precision."""

    volume_id: int
    model_sha256: str
    precision: str


@dataclass(frozen=True, slots=True)
class Heart:
    """Where the heart is, in mm from the top left corner of the image. box_mm: left, top, right, bottom.

    base_first: whether the slices go from base to apex; None where the labels do not tell.
    """

    middle_mm: tuple[float, float]
    box_mm: tuple[float, float, float, float]
    base_first: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One segmentation of one scan by one model in one precision. It may still be running.

    timings: of the slices so far, in the order computed. total: the number of slices there will be.
    planes: while it runs and in Status.PART, labels (Y, X) uint8 of the slices so far, by (frame, slice). Else empty.
    function, tally: what was measured, and what was counted for it; long_axis: in their place, of a four-chamber view.
    """

    status: Status
    timings: tuple[SliceTiming, ...] = ()
    total: int = 0
    rss_mb: float = 0.0
    prediction: Prediction | None = None
    function: Function | None = None
    planes: Mapping[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    heart: Heart | None = None
    tally: Tally | None = None
    long_axis: LongAxisFunction | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A mask from a file, on the grid of the scan on screen.

    frames: those that the file covers. Labels of other frames are empty and mean nothing. notices: what the user has
    to be told about it.
    """

    name: str
    labels: LabelMap
    frames: tuple[int, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Loading:
    """A scan that is on screen while it is read. Its volume has the final shape; the voxels read so far are here.

    planes: (Y, X) by (frame, slice). window: the (centre, width) that the scan was first shown with.
    """

    planes: Mapping[tuple[int, int], NDArray[Any]]
    window: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cross:
    """Where the long-axis planes meet the slices.

    x_mm, y_mm: their common point, measured from the top left corner of the image. angle: of the first plane, in
    radians from the rows towards the columns. The second plane is perpendicular to it.
    """

    x_mm: float
    y_mm: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Labels (Y, X) uint8 of one slice. owner: the same object as long as the labels are the same.

    brief: the labels will soon change, so their outlines are not worth caching.
    """

    plane: NDArray[np.uint8]
    owner: object
    brief: bool = False


ComparisonKey = tuple[RunKey | Same, "RunKey | Mask"]
"""Same: of the corrected slices, by Pair.CORRECTED."""


@dataclass(frozen=True, slots=True)
class ScanState:
    """The scan on screen, and what was found with it.

    volume_id: counts the scans opened, so that a late result of an earlier scan is recognised.
    loading: set while voxels of volume are missing. Until then nothing is segmented, measured or exported.
    digest: of the voxels on screen; empty until it is needed.
    view_asked: the view of model_card.VIEWS that the user says the scan shows; "" for the one of its geometry.
    index: what was found in the folder or files opened last. series: the number in index of the scan on screen, None
    if the scan is not part of it. asked: the paths that the user asked to open last, whether or not that succeeded.
    """

    volume: Volume | None = None
    volume_id: int = 0
    loading: Loading | None = None
    digest: str = ""
    view_asked: str = ""
    index: Index | None = None
    series: int | None = None
    asked: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewState:
    """How the scan on screen is looked at. Another scan starts with a fresh one.

    window: (centre, width) in the scan's own units. zoom: 1 fits the image. pan_mm: (x, y) of the view's centre,
    relative to the image's centre. cross: where the user put the long-axis planes; None for the middle of the heart.
    """

    slice_index: int = 0
    frame_index: int = 0
    window: tuple[float, float] = (0.5, 1.0)
    invert: bool = False
    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)
    cross: Cross | None = None
    turned: Turned = field(default_factory=Turned)
    playing: bool = False
    pair: Pair = Pair.PRECISIONS


@dataclass(frozen=True, slots=True)
class ModelState:
    """Which models there are, and which one is chosen.

    model_id, four_chamber_id: the model for short-axis stacks, and the one for four-chamber views; "" for the first.
    by_hand: which of "model" and "precision" the user chose; the other follows report, the result of the device check.
    checking: progress of a device check, None while none runs.
    """

    catalog: Catalog | None = None
    model_id: str = ""
    four_chamber_id: str = ""
    precision: str = INT8
    by_hand: frozenset[str] = frozenset()
    report: Report | None = None
    checking: Busy | None = None


@dataclass(frozen=True, slots=True)
class SegmentationState:
    """Segmentations of the scan on screen. Another scan starts with an empty one. Mappings are never changed in place.

    segment_asked: the user wants this scan segmented although it may not be short-axis MR. mask: loaded from a file.
    agreement: Dice between float32 and int8, by model id.
    """

    segment_asked: bool = False
    runs: Mapping[RunKey, Run] = field(default_factory=dict)
    agreement: Mapping[str, float] = field(default_factory=dict)
    comparisons: Mapping[ComparisonKey, Comparison] = field(default_factory=dict)
    mask: Mask | None = None


@dataclass(frozen=True, slots=True)
class CorrectionState:
    """Corrections by hand.

    corrections: of the scan on screen and of those before it. Never changed in place. corrected: show the corrected
    mask where there is one. correcting: drawing on the image corrects it.
    """

    corrections: Mapping[CorrectionKey, Correction] = field(default_factory=dict)
    corrected: bool = True
    correcting: bool = False
    brush: Brush = field(default_factory=Brush)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the user has set for every scan. Most of it is remembered from one start to the next.

    smooth: interpolate grey values between voxels. sweep: the cine runs back and forth instead of round and round.
    keep_base: take nothing away from the most basal slices after the network, see engine.network.basal.
    mask_shown: draw the outlines of the loaded mask. details: what the details panel shows; None while it is folded.
    """

    overlay: Overlay = field(default_factory=Overlay)
    layout: Layout = Layout.SLICE
    smooth: bool = True
    sweep: bool = False
    keep_base: bool = False
    speed: float = 1.0
    mask_shown: bool = True
    details: Details | None = None
    hide_names: bool = False
    recents: tuple[Path, ...] = ()
    turns: Mapping[str, Turned] = field(default_factory=dict)
    theme: Theme = Theme.DARK
    language: Language = Language.SYSTEM


@dataclass(frozen=True, slots=True)
class AppState:
    """Everything the program shows. Field names are unique across the groups: app.state.changes.evolve relies on it."""

    scan: ScanState = field(default_factory=ScanState)
    view: ViewState = field(default_factory=ViewState)
    models: ModelState = field(default_factory=ModelState)
    segmentation: SegmentationState = field(default_factory=SegmentationState)
    correction: CorrectionState = field(default_factory=CorrectionState)
    case: CaseState = field(default_factory=CaseState)
    cases: CasesState = field(default_factory=CasesState)
    annotation: AnnotationState = field(default_factory=AnnotationState)
    history: HistoryState = field(default_factory=HistoryState)
    measuring: MeasuringState = field(default_factory=MeasuringState)
    facts: PatientFacts = field(default_factory=PatientFacts)
    outgoing: Outgoing = field(default_factory=Outgoing)
    stationery: Stationery = field(default_factory=Stationery)
    reviewing: ReviewState = field(default_factory=ReviewState)
    beside: BesideState = field(default_factory=BesideState)
    preferences: Preferences = field(default_factory=Preferences)
    busy: Busy | None = None
    message: Message | None = None
    answers: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """See app.state.kept."""
