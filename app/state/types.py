"""What the program shows, as one frozen value, and the pure functions that compute the next one. No Qt.

Every view draws from an AppState; only the session replaces it. Segmentations are kept by RunKey, so that another
scan, model or precision selects another segmentation in the same step: an outline that belongs to something else
than what the panels name can never be on screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.state.editing import Brush, Correction, CorrectionKey
from engine.measures.comparison import Comparison
from engine.measures.function import Function
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
    """The mask as it is, a square a voxel."""


class Layout(StrEnum):
    """How the middle of the window is divided."""

    SLICE = "slice"
    PHASES = "phases"
    """End-diastole beside end-systole."""
    COMPARE = "compare"
    """Two segmentations, where they differ, and their Dice slice by slice."""
    SHEET = "sheet"
    """All slices of the frame."""
    LONG_AXIS = "long-axis"
    """The slice, and two planes at right angles to it and to each other."""


class Pair(StrEnum):
    """Which two segmentations Layout.COMPARE shows."""

    PRECISIONS = "precisions"
    """float32 and int8 of the chosen model."""
    MASK = "mask"
    """What the chosen model and precision found, and the mask that was loaded."""


CORRECTABLE = (Layout.SLICE, Layout.PHASES, Layout.LONG_AXIS)
"""Layouts with views of slices that can be corrected in."""


class Theme(StrEnum):
    """Which colours the window has."""

    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"
    """As the desktop says, now and when it changes."""


class Language(StrEnum):
    """What the window speaks."""

    SYSTEM = "system"
    """The first of the desktop's languages that there is, else English."""
    ENGLISH = "en"
    GERMAN = "de"


class Status(StrEnum):
    """How far a segmentation is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    PART = "part"
    """Of single slices, which the user asked for; the others are not segmented, and nothing is measured."""


class Kind(StrEnum):
    """What a message is about."""

    ERROR = "error"
    WARNING = "warning"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Overlay:
    """colours: what the user chose, by structure; the others have their defaults. Never changed in place."""

    style: Style = Style.OUTLINE
    opacity: float = 0.3
    visible: frozenset[int] = frozenset(STRUCTURES)
    hidden: bool = False
    colours: Mapping[int, Colour] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """action: label of a button, and the name of the session's command behind it; both empty for none."""

    kind: Kind
    text: str
    action: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Busy:
    """What the worker is doing. total is 0 while that is not known. A file being written is finished, not stopped."""

    what: str
    done: int = 0
    total: int = 0
    can_stop: bool = True


class RunKey(NamedTuple):
    volume_id: int
    model_sha256: str
    precision: str


@dataclass(frozen=True, slots=True)
class Heart:
    """Where a segmentation has the heart, in mm from the image's top left corner; box: left, top, right, bottom."""

    middle_mm: tuple[float, float]
    box_mm: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One segmentation of one scan by one model in one precision, as far as it is.

    timings: of the slices so far, in the order computed. total: slices there will be.
    planes: while it runs and in Status.PART, the labels (Y, X) uint8 of the slices so far, by (frame, slice); else
    empty.
    """

    status: Status
    timings: tuple[SliceTiming, ...] = ()
    total: int = 0
    rss_mb: float = 0.0
    prediction: Prediction | None = None
    function: Function | None = None
    planes: Mapping[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    heart: Heart | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A mask from a file, on the grid of the scan on screen. Compared with others by identity.

    frames: those that the file is of; the labels of others are empty and mean nothing.
    """

    name: str
    labels: LabelMap
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Loading:
    """A scan that is on screen while it is read. Its volume says what it will be; the voxels are these.

    planes: (Y, X) by (frame, slice), as far as they are read. window: (centre, width) that it was shown with at first.
    """

    planes: Mapping[tuple[int, int], NDArray[Any]]
    window: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cross:
    """Where the long-axis planes meet the slices.

    x_mm, y_mm: their common point, from the image's top left corner. angle: of the first plane, in radians from the
    rows towards the columns; the second is at right angles to it.
    """

    x_mm: float
    y_mm: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Labels (Y, X) uint8 of one slice. owner: one and the same object as long as the labels are.

    brief: another owner is about to take its place, so that its outlines are not worth keeping.
    """

    plane: NDArray[np.uint8]
    owner: object
    brief: bool = False


ComparisonKey = tuple[RunKey, "RunKey | Mask"]


@dataclass(frozen=True, slots=True)
class AppState:
    """volume_id: counts the scans opened, so that results of an earlier one are known as such.
    loading: set as long as voxels of volume are missing; nothing of it is segmented, measured or exported until then.

    window: (centre, width) in the scan's own units. zoom: 1 fits the image. pan_mm: (x, y) of the view's centre from
    the image's centre. segment_asked: the user wants this scan segmented although it may be no short-axis MR.
    runs: never changed in place. agreement: Dice between float32 and int8 by model id. comparisons: by comparison_key.
    smooth: between voxels, grey values are interpolated. sweep: the cine goes to and fro, not round and round.
    cross: where the user put the long-axis planes; None for the heart's middle. mask: loaded from a file.
    by_hand: what the user chose, of "model" and "precision"; the rest follows report, what the device check of this
    computer found. checking: how far a device check is, None where none runs.
    index: what was found in the folder or files opened last. series: the number in it of the scan on screen, None where
    that is not of it. asked: what the user asked to open last, whatever came of it.
    scan: digest of the voxels on screen, empty until it is needed. corrections: of this scan and of those before it.
    corrected: show the corrected mask where there is one. correcting: drawing on the image corrects it.
    """

    volume: Volume | None = None
    volume_id: int = 0
    loading: Loading | None = None
    slice_index: int = 0
    frame_index: int = 0
    window: tuple[float, float] = (0.5, 1.0)
    invert: bool = False
    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)
    playing: bool = False
    speed: float = 1.0
    catalog: Catalog | None = None
    model_id: str = ""
    precision: str = INT8
    overlay: Overlay = field(default_factory=Overlay)
    segment_asked: bool = False
    runs: Mapping[RunKey, Run] = field(default_factory=dict)
    agreement: Mapping[str, float] = field(default_factory=dict)
    comparisons: Mapping[ComparisonKey, Comparison] = field(default_factory=dict)
    layout: Layout = Layout.SLICE
    pair: Pair = Pair.PRECISIONS
    smooth: bool = True
    sweep: bool = False
    cross: Cross | None = None
    mask: Mask | None = None
    mask_shown: bool = True
    busy: Busy | None = None
    message: Message | None = None
    hide_names: bool = False
    recents: tuple[Path, ...] = ()
    by_hand: frozenset[str] = frozenset()
    report: Report | None = None
    checking: Busy | None = None
    index: Index | None = None
    series: int | None = None
    asked: tuple[Path, ...] = ()
    scan: str = ""
    corrections: Mapping[CorrectionKey, Correction] = field(default_factory=dict)
    corrected: bool = True
    correcting: bool = False
    brush: Brush = field(default_factory=Brush)
    theme: Theme = Theme.DARK
    language: Language = Language.SYSTEM
