"""Which model and precision segment, and how the structures are drawn."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider

from app.look import icons
from app.look.widgets import Choice, Panel, Segments, label
from app.panels.swatch import Swatch
from app.state.queries import card_of, cards_offered, precisions_of, run_of, shown_function
from app.state.types import AppState, Run, Status, Style
from app.words.engine_words import translated
from app.words.language import marked, translate
from engine.volume import LV, MYO, RV, STRUCTURES

STYLE_NAMES = {
    Style.OUTLINE: marked("ModelPanel", "Outline"),
    Style.FILL: marked("ModelPanel", "Fill"),
    Style.VOXELS: marked("ModelPanel", "Voxels"),
}


class ModelPanel(Panel):
    """The model, its precisions, and how far each segmentation is."""

    model_requested = Signal(str)
    precision_requested = Signal(str)
    segment_requested = Signal()
    slice_requested = Signal()
    card_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("ModelPanel", "Model"))
        row = QHBoxLayout()
        self.models = Choice()
        self.models.setAccessibleName(translate("ModelPanel", "Model"))
        self.models.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models.setMinimumContentsLength(12)
        self.models.activated.connect(self._model_chosen)
        row.addWidget(self.models, 1)
        about = translate("ModelPanel", "About this model: purpose, limits, training data, accuracy")
        self.about = icons.IconButton("info", about)
        self.about.clicked.connect(self.card_requested)
        row.addWidget(self.about)
        self.body.addLayout(row)
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
        self._listed: tuple[tuple[str, str], ...] | None = None
        self.apply(AppState())

    # A method, because a lambda that holds the panel would make a cycle through it.
    def _model_chosen(self, at: int) -> None:
        self.model_requested.emit(self.models.itemData(at))

    def apply(self, state: AppState) -> None:
        catalog = state.models.catalog
        listed = None if catalog is None else tuple((each.name, each.id) for each in cards_offered(state))
        if listed != self._listed or not self.models.count():
            self._listed = listed
            with QSignalBlocker(self.models):
                self.models.clear()
                for name, model_id in listed or ():
                    self.models.addItem(name, model_id)
                if not self.models.count():
                    self.models.addItem(
                        translate("ModelPanel", "Looking for models…")
                        if listed is None
                        else translate("ModelPanel", "No model installed")
                    )
        card = card_of(state)
        self.models.setEnabled(card is not None)
        self.about.setEnabled(card is not None)
        at = self.models.findData(card.id if card is not None else "")
        if at >= 0 and at != self.models.currentIndex():
            with QSignalBlocker(self.models):
                self.models.setCurrentIndex(at)
        names = precisions_of(card)
        self.precisions.set_names(names)
        self.precisions.check(state.models.precision)
        for name, button in self.precisions.buttons.items():
            button.setEnabled(card is not None)
            button.setText(f"{name}{_mark(run_of(state, name))}")
            tip = translate("ModelPanel", "Show what the model finds in {precision} (P switches)")
            button.setToolTip(tip.format(precision=name))
        run = run_of(state)
        self.status.setText(_status(state, run))
        self.status.setVisible(bool(self.status.text()))
        stopped = run is None or run.status in (Status.STOPPED, Status.FAILED, Status.PART)
        there = state.scan.volume is not None and state.scan.loading is None
        for asked in (self.segment, self.slice):
            asked.setVisible(there and card is not None and stopped)
        self.slice.setEnabled(run is None or (state.view.frame_index, state.view.slice_index) not in run.planes)


class StructuresPanel(Panel):
    """What is drawn over the image, and how."""

    structure_toggled = Signal(int)
    style_requested = Signal(Style)
    opacity_requested = Signal(float)
    hidden_toggled = Signal()
    colour_requested = Signal(int, object)
    default_colours_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("ModelPanel", "Structures"))
        self.hide_all = QPushButton(translate("ModelPanel", "Hide"))
        self.hide_all.setObjectName("link")
        self.hide_all.setToolTip(translate("ModelPanel", "Hide or show all outlines (H)"))
        self.hide_all.clicked.connect(self.hidden_toggled)
        self.title_row.addWidget(self.hide_all)
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        self.boxes: dict[int, QCheckBox] = {}
        self.volumes: dict[int, QLabel] = {}
        self.swatches: dict[int, Swatch] = {}
        for at, structure in enumerate((LV, MYO, RV)):
            box = self.boxes[structure] = QCheckBox(translated(STRUCTURES[structure]))
            box.setProperty("structure", str(structure))
            box.clicked.connect(lambda _=False, s=structure: self.structure_toggled.emit(s))
            amount = self.volumes[structure] = label("", "muted")
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            amount.setToolTip(translate("ModelPanel", "Volume in the frame on screen"))
            swatch = self.swatches[structure] = Swatch(structure)
            swatch.colour_requested.connect(self.colour_requested)
            swatch.defaults_requested.connect(self.default_colours_requested)
            grid.addWidget(box, at, 0)
            grid.addWidget(amount, at, 1)
            grid.addWidget(swatch, at, 2)
        self.body.addLayout(grid)
        self.styles = Segments([str(s) for s in Style], [translate("ModelPanel", STYLE_NAMES[s]) for s in Style])
        self.styles.chosen.connect(self._style_chosen)
        self.styles.setToolTip(translate("ModelPanel", "How structures are drawn (F)"))
        self.body.addWidget(self.styles)
        row = QHBoxLayout()
        self._opacity_name = label(translate("ModelPanel", "Opacity"), "muted")
        row.addWidget(self._opacity_name)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(5, 100)
        self.opacity.setAccessibleName(translate("ModelPanel", "Opacity of the fill"))
        self.opacity.valueChanged.connect(self._opacity_moved)
        row.addWidget(self.opacity, 1)
        self._opacity_text = label("", "muted")
        self._opacity_text.setMinimumWidth(40)
        self._opacity_text.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self._opacity_text)
        self.body.addLayout(row)
        self.apply(AppState())

    def _style_chosen(self, name: str) -> None:
        self.style_requested.emit(Style(name))

    def _opacity_moved(self, percent: int) -> None:
        self.opacity_requested.emit(percent / 100)

    def apply(self, state: AppState) -> None:
        overlay, function = state.preferences.overlay, shown_function(state)
        for structure, box in self.boxes.items():
            box.setChecked(structure in overlay.visible and not overlay.hidden)
            self.swatches[structure].apply(overlay)
        values = {}
        if function is not None and function.units_known:
            values = {LV: function.lv_ml, MYO: function.myo_ml, RV: function.rv_ml}
        for structure, text in self.volumes.items():
            text.setText(f"{values[structure][state.view.frame_index]:.0f} mL" if structure in values else "")
        self.hide_all.setText(translate("ModelPanel", "Show") if overlay.hidden else translate("ModelPanel", "Hide"))
        self.styles.check(str(overlay.style))
        filled = overlay.style is not Style.OUTLINE
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(round(overlay.opacity * 100))
        self.opacity.setEnabled(filled)
        self._opacity_text.setText(f"{overlay.opacity * 100:.0f} %" if filled else "")


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
