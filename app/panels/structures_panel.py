"""What is drawn over the image, and how."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider

from app.look.widgets import Panel, Segments, StateBox, label
from app.panels.swatch import Swatch
from app.state.queries import phase_frame, shown_function
from app.state.types import AppState, Layout, Overlay, Style
from app.words.engine_words import translated
from app.words.language import marked, translate
from engine.volume import LV, MYO, RV, STRUCTURES

STYLE_NAMES = {
    Style.OUTLINE: marked("ModelPanel", "Outline"),
    Style.FILL: marked("ModelPanel", "Fill"),
    Style.VOXELS: marked("ModelPanel", "Voxels"),
}


@dataclass(frozen=True, slots=True)
class ShownStructures:
    """All that the panel shows. volumes: of LV, MYO and RV in the frames on screen, in words; volumes_tip: which."""

    overlay: Overlay
    volumes: tuple[str, ...]
    volumes_tip: str


def _shown_structures(state: AppState) -> ShownStructures:
    function, frames = shown_function(state), [state.view.frame_index]
    tip = translate("ModelPanel", "Volume in the frame on screen")
    if state.preferences.layout is Layout.PHASES:
        phases = [phase_frame(state, phase) for phase in ("ED", "ES")]
        frames = [] if None in phases else [at for at in phases if at is not None]
        tip = translate("ModelPanel", "Volume at end-diastole and at end-systole")
    if function is None or not function.units_known or not frames:
        return ShownStructures(state.preferences.overlay, ("", "", ""), "")
    volumes = tuple(
        f"{' / '.join(f'{values[at]:.0f}' for at in frames)} mL"
        for values in (function.lv_ml, function.myo_ml, function.rv_ml)
    )
    return ShownStructures(state.preferences.overlay, volumes, tip)


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
        self.boxes: dict[int, StateBox] = {}
        self.volumes: dict[int, QLabel] = {}
        self.swatches: dict[int, Swatch] = {}
        for at, structure in enumerate((LV, MYO, RV)):
            box = self.boxes[structure] = StateBox(translated(STRUCTURES[structure]))
            box.setProperty("structure", str(structure))
            box.clicked.connect(self._toggled)
            amount = self.volumes[structure] = label("", "muted")
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
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
        self._shown: ShownStructures | None = None
        self.apply(AppState())

    # Methods, because a lambda that holds the panel would make a cycle through it.
    def _toggled(self) -> None:
        clicked = self.sender()
        self.structure_toggled.emit(next(structure for structure, box in self.boxes.items() if box is clicked))

    def _style_chosen(self, name: str) -> None:
        self.style_requested.emit(Style(name))

    def _opacity_moved(self, percent: int) -> None:
        self.opacity_requested.emit(percent / 100)
        self._put_back()

    def _put_back(self) -> None:
        """Qt has moved the slider already; the state may stay as it is."""
        if self._shown is not None:
            with QSignalBlocker(self.opacity):
                self.opacity.setValue(round(self._shown.overlay.opacity * 100))

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_structures(state)
        shown = self._shown
        if shown == before:
            return
        for (structure, text), said in zip(self.volumes.items(), shown.volumes, strict=True):
            text.setText(said)
            text.setToolTip(shown.volumes_tip)
            self.boxes[structure].setChecked(structure in shown.overlay.visible and not shown.overlay.hidden)
        if before is None or shown.overlay != before.overlay:
            self._show_overlay(shown.overlay)

    def _show_overlay(self, overlay: Overlay) -> None:
        for swatch in self.swatches.values():
            swatch.apply(overlay)
        self.hide_all.setText(translate("ModelPanel", "Show") if overlay.hidden else translate("ModelPanel", "Hide"))
        self.styles.check(str(overlay.style))
        filled = overlay.style is not Style.OUTLINE
        self._put_back()
        self.opacity.setEnabled(filled)
        self._opacity_text.setText(f"{overlay.opacity * 100:.0f} %" if filled else "")
