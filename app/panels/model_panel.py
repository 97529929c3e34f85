"""Which model and precision segment, and how far each segmentation is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton

from app.look import icons
from app.look.widgets import Choice, Panel, Segments, label, plain_tip
from app.state.queries import card_of, cards_offered, precisions_of, run_of
from app.state.types import COMPARED, AppState, Layout, Pair, Run, Status
from app.words.engine_words import translated
from app.words.language import translate


@dataclass(frozen=True, slots=True)
class ShownModel:
    """All that the panel shows. listed: (name, id) of every model, None while they are being looked for.

    installed: whether there is a chosen one. precisions: each with the words on its button, and whether those are
    progress that changes with every report. offered: the buttons that segment. slice_offered: whether the slice on
    screen can be segmented alone.
    """

    listed: tuple[tuple[str, str], ...] | None
    model_id: str
    installed: bool
    precisions: tuple[tuple[str, str, bool], ...]
    precision: str
    status: str
    offered: bool
    slice_offered: bool


def _shown_model(state: AppState) -> ShownModel:
    catalog, card, run = state.models.catalog, card_of(state), run_of(state)
    stopped = any(_to_do(run_of(state, precision)) for precision in _wanted(state))
    there = state.scan.volume is not None and state.scan.loading is None
    here = state.view.frame_index, state.view.slice_index
    return ShownModel(
        listed=None if catalog is None else tuple((translated(each.name), each.id) for each in cards_offered(state)),
        model_id=card.id if card is not None else "",
        installed=card is not None,
        precisions=tuple(_words(name, run_of(state, name)) for name in precisions_of(card)),
        precision=state.models.precision,
        status=_status(state, run),
        offered=there and card is not None and stopped,
        slice_offered=run is None or (_to_do(run) and here not in run.planes),
    )


def _wanted(state: AppState) -> tuple[str, ...]:
    """The precisions that are on screen: both where they are compared."""
    both = state.preferences.layout is Layout.COMPARE and state.view.pair is Pair.PRECISIONS
    offered = precisions_of(card_of(state))
    return tuple(p for p in COMPARED if p in offered) if both else (state.models.precision,)


def _to_do(run: Run | None) -> bool:
    return run is None or run.status in (Status.STOPPED, Status.FAILED, Status.PART)


class ModelPanel(Panel):
    """The model, its precisions, and how far each segmentation is."""

    model_requested = Signal(str)
    precision_requested = Signal(str)
    segment_requested = Signal()
    slice_requested = Signal()
    card_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("ModelPanel", "Model"))
        about = translate("ModelPanel", "About this model: purpose, limits, training data, accuracy")
        self.about = icons.IconButton("info", about)
        self.about.setObjectName("inTitle")
        self.about.clicked.connect(self.card_requested)
        self.title_row.addWidget(self.about)
        self.models = Choice()
        self.models.setAccessibleName(translate("ModelPanel", "Model"))
        self.models.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models.setMinimumContentsLength(12)
        self.models.activated.connect(self._model_chosen)
        self.body.addWidget(self.models)
        self.precisions = Segments()
        self.precisions.chosen.connect(self.precision_requested)
        self.body.addWidget(self.precisions)
        self.status = label("", "small", wrap=True)
        self.body.addWidget(self.status)
        self.segment = QPushButton(translate("ModelPanel", "Segment"))
        self.segment.setObjectName("primary")
        self.segment.clicked.connect(self.segment_requested)
        self.slice = QPushButton(translate("ModelPanel", "This slice only"))
        tip = translate("ModelPanel", "Segment the slice and frame on screen and nothing else (Ctrl+Return)")
        self.slice.setToolTip(tip)
        self.slice.clicked.connect(self.slice_requested)
        for button in (self.segment, self.slice):
            self.body.addWidget(button)
        self._shown: ShownModel | None = None
        self.apply(AppState())

    # A method, because a lambda that holds the panel would make a cycle through it.
    def _model_chosen(self, at: int) -> None:
        self.model_requested.emit(self.models.itemData(at))
        self._put_back()

    def _put_back(self) -> None:
        """Qt has shown another model in the list already; the choice may have been refused."""
        at = self.models.findData(self._shown.model_id) if self._shown is not None else -1
        if at >= 0:
            self.models.setCurrentIndex(at)
        self.models.setToolTip(plain_tip(self.models.currentText()))

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_model(state)
        shown = self._shown
        if shown == before:
            return
        if before is None or shown.listed != before.listed:
            self._list(shown.listed)
        self._put_back()
        self.models.setEnabled(shown.installed)
        self.about.setEnabled(shown.installed)
        self.precisions.set_names([name for name, _, _ in shown.precisions])
        self.precisions.check(shown.precision)
        for name, text, is_progress in shown.precisions:
            button = self.precisions.buttons[name]
            button.setEnabled(shown.installed)
            button.show_progress(text if is_progress else "")
            if not is_progress:
                button.setText(text)
            if not button.toolTip():
                tip = translate("ModelPanel", "Show what the model finds in {precision} (P switches)")
                button.setToolTip(tip.format(precision=name))
        self.status.setText(shown.status)
        self.status.setVisible(bool(shown.status))
        for asking in (self.segment, self.slice):
            asking.setVisible(shown.offered)
        self.slice.setEnabled(shown.slice_offered)

    def _list(self, listed: tuple[tuple[str, str], ...] | None) -> None:
        self.models.clear()
        for name, model_id in listed or ():
            self.models.addItem(name, model_id)
        if listed is None:
            self.models.addItem(translate("ModelPanel", "Looking for models…"))
        elif not listed:
            self.models.addItem(translate("ModelPanel", "No model installed"))


def _words(name: str, run: Run | None) -> tuple[str, str, bool]:
    """As in ShownModel.precisions."""
    return name, f"{name}{_mark(run)}", run is not None and run.status is Status.RUNNING


def _mark(run: Run | None) -> str:
    """The progress of a precision, in a few characters on its button."""
    if run is None:
        return ""
    match run.status:
        case Status.DONE:
            return "  ✓"
        case Status.RUNNING:
            return f"  {100 * len(run.timings) / max(run.total, 1):.0f} %"
        case Status.WAITING:
            return "  …"
    return ""


def _status(state: AppState, run: Run | None) -> str:
    if state.scan.volume is None or run is None:
        return ""
    match run.status:
        case Status.RUNNING:
            text = translate("ModelPanel", "Segmenting: {done} of {total} slices")
            return text.format(done=len(run.timings), total=run.total)
        case Status.WAITING:
            return translate("ModelPanel", "Queued")
        case Status.PART:
            text = translate("ModelPanel", "{done} of {total} slices, one by one; volumes need them all.")
            return text.format(done=len(run.planes), total=run.total)
        case Status.STOPPED:
            return translate("ModelPanel", "Stopped before the end: nothing is drawn.")
        case Status.FAILED:
            return translate("ModelPanel", "Failed: nothing is drawn.")
    return ""
