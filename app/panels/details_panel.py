"""More about the numbers, one page at a time: indices and norms, rates, sources side by side, precision, the wall."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.look.widgets import Panel, Segments, label
from app.panels.bullseye_view import BullseyeView
from app.panels.number_rows import (
    index_rows,
    mid_wall_note,
    norm_note,
    patient_text,
    precision_note,
    precision_rows,
    rate_note,
    rate_rows,
    source_note,
    source_rows,
)
from app.panels.number_table import NumberTable
from app.state.heart_views import shows_four_chambers
from app.state.identity import Same
from app.state.numbers import Sources, findings_now, precisions_now, sources_now
from app.state.queries import run_of, shown_function
from app.state.types import AppState, Details
from app.state.walls import wall_now
from app.words.engine_words import translated
from app.words.language import marked, translate
from engine.measures import segments
from engine.measures.body import Body
from engine.measures.findings import Findings
from engine.measures.function import Function
from engine.measures.segments import Wall
from engine.pictures.bullseye import scale_of

PAGES = {
    Details.INDICES: marked("Details", "Indices"),
    Details.RATES: marked("Details", "Rates"),
    Details.WALL: marked("Details", "Wall"),
    Details.SOURCES: marked("Details", "Sources"),
    Details.PRECISION: marked("Details", "Precision"),
}
_NOTHING = Same(None)
ED, ES, THICKENING = "ED", "ES", "%"
LEAST_SPAN = {"mm": 15.0, "%": 100.0}


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """All that the panel shows; what the open page does not need is empty."""

    page: Details | None
    measured: bool
    four_chambers: bool = False
    findings: Findings | None = None
    sources: Sources | None = None
    precisions: tuple[Function | None, Function | None] | None = None
    wall: Same = _NOTHING
    moved: bool = False
    body: Body = field(default_factory=Body)


def _shown_details(state: AppState) -> ShownDetails:
    page, measured = state.preferences.details, shown_function(state) is not None
    if shows_four_chambers(state):  # measured by areas and lengths, in a panel of its own
        return ShownDetails(page, measured, four_chambers=True)
    if page is Details.SOURCES:
        return ShownDetails(page, run_of(state) is not None or measured, sources=sources_now(state))
    if not measured or page is None:
        return ShownDetails(page, measured)
    match page:
        case Details.INDICES | Details.RATES:
            return ShownDetails(page, measured, findings=findings_now(state))
        case Details.PRECISION:
            return ShownDetails(page, measured, precisions=precisions_now(state))
        case Details.WALL:
            moved = state.facts.insertions is not None
            found = findings_now(state)
            body = found.body if found is not None else Body()
            return ShownDetails(page, measured, wall=Same(wall_now(state)), moved=moved, body=body)


class _Pages(Segments):
    """All pages in one row."""

    SIDE_BY_SIDE = len(PAGES)


class DetailsPanel(Panel):
    """Takes no room until a page is chosen; the button of the open page folds it again."""

    page_requested = Signal(object)
    patient_requested = Signal()
    slice_requested = Signal(int, int)
    """Frame and slice."""
    insertions_reset_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("Details", "Details"))
        self.pages = _Pages([str(page) for page in PAGES], [translate("Details", text) for text in PAGES.values()])
        self.pages.chosen.connect(self._chosen)
        self.body.addWidget(self.pages)
        self._patient = QWidget()
        row = QHBoxLayout(self._patient)
        row.setContentsMargins(0, 0, 0, 0)
        self.patient = label("", "small", wrap=True)
        row.addWidget(self.patient, 1)
        self.enter = QPushButton(translate("Details", "Patient…"))
        self.enter.clicked.connect(self.patient_requested)
        row.addWidget(self.enter)
        self.body.addWidget(self._patient)

        self.table = NumberTable()
        self.body.addWidget(self.table)

        self._wall = QWidget()
        wall = QVBoxLayout(self._wall)
        wall.setContentsMargins(0, 0, 0, 0)
        wall.setSpacing(6)
        texts = (translate("Details", "ED, mm"), translate("Details", "ES, mm"), translate("Details", "Thickening, %"))
        self.quantity = Segments((ED, ES, THICKENING), texts)
        self.quantity.check(ED)
        self.quantity.chosen.connect(self._show_wall)
        wall.addWidget(self.quantity)
        self.bullseye = BullseyeView()
        self.bullseye.segment_requested.connect(self._go)
        wall.addWidget(self.bullseye)
        self.reset = QPushButton(translate("Details", "Find the insertions again"))
        self.reset.setObjectName("link")
        self.reset.clicked.connect(self.insertions_reset_requested)
        wall.addWidget(self.reset)
        self.body.addWidget(self._wall)

        self.note = label("", "small", wrap=True)
        self.body.addWidget(self.note)
        self._shown: ShownDetails | None = None
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_details(state)
        shown = self._shown
        if shown == before:
            return
        self.setVisible(shown.page is not None and not shown.four_chambers)
        if shown.page is None or shown.four_chambers:
            return
        self.pages.check(str(shown.page))
        rows, note = [], translate("Details", "Shown once the scan is segmented.")
        if shown.measured:
            match shown.page:
                case Details.INDICES if shown.findings is not None:
                    rows, note = index_rows(shown.findings), norm_note(shown.findings)
                    self.patient.setText(patient_text(shown.findings.body))
                case Details.RATES if shown.findings is not None:
                    rows, note = rate_rows(shown.findings), rate_note(shown.findings)
                case Details.SOURCES if shown.sources is not None:
                    rows, note = source_rows(shown.sources), source_note(shown.sources)
                case Details.PRECISION if shown.precisions is not None:
                    rows, note = precision_rows(*shown.precisions), precision_note(*shown.precisions)
                case Details.WALL:
                    note = self._wall_note()
        self._patient.setVisible(shown.page is Details.INDICES and shown.findings is not None)
        self.table.setVisible(bool(rows))
        self.table.show_rows(rows)
        self._wall.setVisible(shown.wall.it is not None)
        self.reset.setVisible(shown.moved)
        self._show_wall(self._quantity())
        self.note.setText(note)
        self.note.setVisible(bool(note))
        if before is None or before.page is None:
            QTimer.singleShot(0, self, self._bring_into_view)

    def _bring_into_view(self) -> None:
        """On a small screen the column is longer than the window."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(self)

    def _chosen(self, name: str) -> None:
        page = Details(name)
        self.page_requested.emit(None if self._shown is not None and self._shown.page is page else page)

    # -- the wall ------------------------------------------------------------------------------------------------

    def _wall_now(self) -> Wall | None:
        wall = self._shown.wall.it if self._shown is not None else None
        return wall if isinstance(wall, Wall) else None

    def _quantity(self) -> str:
        return next((name for name, button in self.quantity.buttons.items() if button.isChecked()), ED)

    def _show_wall(self, quantity: str) -> None:
        wall = self._wall_now()
        if wall is None:
            return
        none: tuple[float | None, ...] = (None,) * segments.MEASURED
        values = {
            ED: wall.ed.thickness_mm,
            ES: wall.es.thickness_mm if wall.es is not None else none,
            THICKENING: wall.thickening_percent,
        }[quantity]
        unit = "%" if quantity == THICKENING else "mm"
        # One scale for both phases, so that thickening is seen in the colours.
        both = values if unit == "%" else (*wall.ed.thickness_mm, *(wall.es.thickness_mm if wall.es else ()))
        names = [translated(name) for name in segments.SEGMENTS]
        self.bullseye.show_values(values, scale_of(both, LEAST_SPAN[unit]), unit, names)

    def _wall_note(self) -> str:
        wall = self._wall_now()
        if wall is None:
            return translate(
                "Details",
                "No wall to measure: it needs end-diastole, known spacing, slices with myocardium all around, and the "
                "right ventricle beside it.",
            )
        where = (
            translate("Details", "Insertions of the right ventricle found in the outlines: drag them on the image.")
            if wall.insertions.found
            else translate("Details", "Insertions of the right ventricle as you put them.")
        )
        how = translate("Details", "Centreline method, AHA segments. A click goes to the segment's slice.")
        if not wall.insertions.sure:
            how += " " + translate("Details", "Orientation unknown: the upper insertion is taken for the anterior one.")
        thick = mid_wall_note(wall, self._shown.body if self._shown is not None else Body())
        return " ".join(filter(None, (thick, where, how)))

    def _go(self, segment: int) -> None:
        wall = self._wall_now()
        if wall is None or segment > segments.MEASURED:
            return
        phase = wall.es if self._quantity() == ES and wall.es is not None else wall.ed
        index = phase.slices[segment - 1]
        if index is not None:
            self.slice_requested.emit(phase.frame, index)
