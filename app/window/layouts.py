"""The layouts of the window's middle, in one table. Stage, layout bar, menu and shortcut sheet read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.state.types import Layout
from app.views.agreement_view import AgreementView
from app.views.contact_sheet import ContactSheet
from app.views.drawing import Outlines
from app.views.long_axis_cines import LongAxisCines
from app.views.long_axis_view import LongAxisView
from app.views.panes import Role
from app.views.slice_view import SliceView
from app.words.language import marked

View = SliceView | ContactSheet | LongAxisView | LongAxisCines | AgreementView


@dataclass(frozen=True, slots=True)
class Place:
    """Where a view stands in a grid of two rows and two columns. view: a key of VIEWS."""

    view: str
    row: int = 0
    column: int = 0
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class LayoutEntry:
    """text: English name of the command. key: as QKeySequence reads it. icon: a name of app.look.icons.

    places: the first one is the view that gets the keyboard.
    """

    layout: Layout
    text: str
    key: str
    icon: str
    places: tuple[Place, ...]


LAYOUTS: tuple[LayoutEntry, ...] = (
    LayoutEntry(
        Layout.SLICE, marked("Action", "One slice"), "1", "layout-slice", (Place("current", rows=2, columns=2),)
    ),
    LayoutEntry(
        Layout.PHASES,
        marked("Action", "End-diastole beside end-systole"),
        "2",
        "layout-phases",
        (Place("ED", rows=2), Place("ES", column=1, rows=2)),
    ),
    LayoutEntry(
        Layout.COMPARE,
        marked("Action", "Compare two segmentations"),
        "3",
        "layout-compare",
        (Place("first"), Place("second", column=1), Place("difference", row=1), Place("table", row=1, column=1)),
    ),
    LayoutEntry(
        Layout.SHEET, marked("Action", "All slices"), "4", "layout-sheet", (Place("sheet", rows=2, columns=2),)
    ),
    LayoutEntry(
        Layout.LONG_AXIS,
        marked("Action", "Slice and long axis"),
        "5",
        "layout-long-axis",
        (Place("current", rows=2), Place("long axis 1", column=1), Place("long axis 2", row=1, column=1)),
    ),
    LayoutEntry(
        Layout.CINES,
        marked("Action", "Slice and long-axis cines"),
        "9",
        "layout-cines",
        (Place("current", rows=2), Place("cines", column=1, rows=2)),
    ),
)

VIEWS: dict[str, Callable[[Outlines], View]] = {
    "current": lambda outlines: SliceView(Role.CURRENT, outlines),
    "ED": lambda outlines: SliceView(Role.ED, outlines),
    "ES": lambda outlines: SliceView(Role.ES, outlines),
    "first": lambda outlines: SliceView(Role.FIRST, outlines),
    "second": lambda outlines: SliceView(Role.SECOND, outlines),
    "difference": lambda outlines: SliceView(Role.DIFFERENCE, outlines),
    "table": lambda outlines: AgreementView(),
    "sheet": ContactSheet,
    "long axis 1": lambda outlines: LongAxisView(0),
    "long axis 2": lambda outlines: LongAxisView(1),
    "cines": lambda outlines: LongAxisCines(),
}
"""How each view is made. Views of one name are one and the same widget in every layout."""


def entry_of(layout: Layout) -> LayoutEntry:
    """The entry of a layout; each has one."""
    return next(entry for entry in LAYOUTS if entry.layout is layout)
