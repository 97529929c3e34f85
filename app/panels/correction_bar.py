"""The bar over the image with the tools for correcting contours by hand, and a switch back to the model's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.look import icons, theme
from app.look.widgets import Elided, Segments, StateButton, label
from app.session.undoing import redo_name, undo_name
from app.state.brush import Brush, Tool
from app.state.queries import correction_of
from app.state.steps import next_redo, next_undo
from app.state.types import AppState, Layout
from app.words.engine_words import translated
from app.words.language import COUNT, marked, translate
from engine.pictures.render import Colour
from engine.volume import LV, MYO, RV, STRUCTURES, Known

SHORT_NAMES = {LV: "LV", MYO: "MYO", RV: "RV"}
KEYS = {LV: "6", MYO: "7", RV: "8"}
TOOLS = (
    ("pencil", marked("Correction", "Brush (A, X)"), Tool.BRUSH, False),
    ("eraser", marked("Correction", "Eraser (X)"), Tool.BRUSH, True),
    ("lasso", marked("Correction", "Draw a line and fill it (G)"), Tool.FREEHAND, False),
    ("push", marked("Correction", "Push contours (U)"), Tool.PUSH, False),
    ("points", marked("Correction", "Drag points of the outline (K)"), Tool.POINTS, False),
)
HOW = {
    Tool.BRUSH: marked("Correction", "Draw with the left button; Shift for the other tool, Ctrl for contrast."),
    Tool.FREEHAND: marked("Correction", "Draw around an area: it is closed and filled. Shift removes it."),
    Tool.PUSH: marked("Correction", "Push the contours with the left button; Ctrl for contrast."),
    Tool.POINTS: marked("Correction", "Drag a point; click on the line for a new one; Shift + click removes one."),
}
# A bar narrower than this has narrower buttons.
ROOMY_PX = 470


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """All that the bar shows. visible: False hides it. tools: show them. pixels: a radius is in pixels, not in mm.

    undo, redo, restore: whether they are possible; undo_what, redo_what: of what. text: what is corrected. choice:
    offer whose contours to draw.
    """

    colours: Mapping[int, Colour]
    visible: bool = False
    tools: bool = False
    brush: Brush = field(default_factory=Brush)
    pixels: bool = False
    undo: bool = False
    redo: bool = False
    undo_what: str = ""
    redo_what: str = ""
    restore: bool = False
    text: str = ""
    choice: bool = False
    corrected: bool = True


def _shown_correction(state: AppState) -> ShownCorrection:
    correction, volume, colours = correction_of(state), state.scan.volume, state.preferences.overlay.colours
    there = correction is not None and bool(correction.planes)
    if correction is None or volume is None or not (state.correction.correcting or there):
        return ShownCorrection(colours)
    return ShownCorrection(
        colours=colours,
        visible=True,
        tools=state.correction.correcting,
        brush=state.correction.brush,
        pixels=volume.geometry.spacing is Known.ASSUMED,
        undo=next_undo(state) is not None or correction.stroke is not None,
        redo=next_redo(state) is not None,
        undo_what=undo_name(state),
        redo_what=redo_name(state),
        restore=any(z == state.view.slice_index for _, z in correction.planes),
        text=_text(state),
        choice=there and state.preferences.layout is not Layout.COMPARE,
        corrected=state.correction.corrected,
    )


class CorrectButton(StateButton):
    """Starts and ends correcting. Checked while it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("segment", "true")
        self.setProperty("place", "only")
        self.setIconSize(QSize(18, 18))
        self.setFixedSize(36, 28)
        self.setAccessibleName(translate("Correction", "Correct contours"))
        self.setToolTip(translate("Correction", "Correct contours by hand (E)"))
        self._colour()

    def _colour(self) -> None:
        self.setIcon(icons.icon("pencil", theme.MUTED))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def apply(self, state: AppState) -> None:
        self.setChecked(state.correction.correcting)
        self.setEnabled(state.scan.volume is not None and state.scan.loading is None)


class CorrectionBar(QFrame):
    """The tools while correcting; once something is corrected, how much, and a switch to what the model found."""

    tool_requested = Signal(object, bool)
    """The tool, and whether to erase."""
    edges_requested = Signal()
    wall_requested = Signal()
    more_requested = Signal()
    structure_requested = Signal(int)
    size_requested = Signal(int)
    """Larger (1) or smaller (-1)."""
    undo_requested = Signal()
    redo_requested = Signal()
    restore_requested = Signal()
    corrected_requested = Signal(bool)
    done_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("cineBar")
        self.setAccessibleName(translate("Correction", "Correct contours"))
        self.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        self.tools_row = QWidget()
        column.addWidget(self.tools_row)
        row = QHBoxLayout(self.tools_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)

        self.tools: list[QPushButton] = []
        for i, (name, said, _, _) in enumerate(TOOLS):
            place = "first" if i == 0 else "last" if i == len(TOOLS) - 1 else "middle"
            button = self._button(translate("Correction", said), place=place)
            button.setProperty("icon_name", name)
            button.clicked.connect(self._tool_clicked)
            self.tools.append(button)
        self._group_of(row, self.tools)
        self.chips: dict[int, QPushButton] = {}
        for structure, place in ((LV, "first"), (MYO, "middle"), (RV, "last")):
            said = f"{translated(STRUCTURES[structure])} ({KEYS[structure]})"
            chip = self._button(said, f" {SHORT_NAMES[structure]}", place=place)
            chip.setFixedWidth(58 if structure == MYO else 47)
            chip.clicked.connect(self._structure_clicked)
            self.chips[structure] = chip
        self._group_of(row, list(self.chips.values()))
        self.edges = self._button(translate("Correction", "The brush stops at edges (J)"), place="first")
        self.wall = self._button(translate("Correction", "Keep myocardium around the cavity (Y)"), place="last")
        for button, name in ((self.edges, "edges"), (self.wall, "wall")):
            button.setProperty("icon_name", name)
            row.addWidget(button)
        self.edges.clicked.connect(self.edges_requested)
        self.wall.clicked.connect(self.wall_requested)
        row.addSpacing(6)
        row.addStretch()

        self.smaller = self._button(translate("Correction", "Smaller brush (- or Ctrl + wheel)"), "−", place="first")
        self.larger = self._button(translate("Correction", "Larger brush (+ or Ctrl + wheel)"), "+", place="last")
        for button in (self.smaller, self.larger):
            button.setCheckable(False)
            button.clicked.connect(self._size_clicked)
        self.radius = label()
        self.radius.setFixedWidth(44)
        self.radius.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.radius.setToolTip(translate("Correction", "Radius of the brush"))

        self.done = QPushButton(translate("Correction", "Finish"))
        self.done.setToolTip(translate("Correction", "Finish correcting (Escape)"))
        self.done.clicked.connect(self.done_requested)
        row.addWidget(self.done)

        below = QHBoxLayout()
        below.setSpacing(6)
        column.addLayout(below)
        self.size_row = QWidget()
        sizes = QHBoxLayout(self.size_row)
        sizes.setContentsMargins(0, 0, 0, 0)
        sizes.setSpacing(0)
        for widget in (self.smaller, self.radius, self.larger):
            sizes.addWidget(widget)
        below.addWidget(self.size_row)
        below.addStrut(30)  # a fixed height, so that the image does not move under the brush
        self.undo = icons.IconButton("undo", translate("Correction", "Undo (Ctrl+Z)"))
        self.redo = icons.IconButton("redo", translate("Correction", "Redo (Ctrl+Shift+Z)"))
        self.restore = icons.IconButton(
            "slice-back", translate("Correction", "Revert this slice to what the model found")
        )
        self.more = icons.IconButton("more", translate("Correction", "Copy, interpolate, fill, smooth, clear"))
        for icon_button, signal in (
            (self.undo, self.undo_requested),
            (self.redo, self.redo_requested),
            (self.restore, self.restore_requested),
            (self.more, self.more_requested),
        ):
            icon_button.clicked.connect(signal)
            below.addWidget(icon_button)
        self.text = Elided("small", 60)
        below.addWidget(self.text)
        below.addStretch()
        names = [translate("Correction", "Corrected"), translate("Correction", "From the model")]
        self.whose = Segments(["corrected", "model"], names)
        self.whose.setAccessibleName(translate("Correction", "Whose contours are drawn"))
        self.whose.setToolTip(translate("Correction", "Corrected contours, or those that the model found (O)"))
        for button in self.whose.buttons.values():
            button.setMinimumWidth(button.sizeHint().width() + 12)
        # Otherwise it would grow with the bar on a wide screen.
        self.whose.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.whose.chosen.connect(self._whose_chosen)
        below.addWidget(self.whose)
        self._shown = ShownCorrection({})
        self._colour()

    # Methods, because a lambda that holds the bar would make a cycle through it.
    def _tool_clicked(self) -> None:
        _, _, tool, erase = TOOLS[next(i for i, button in enumerate(self.tools) if button is self.sender())]
        self.tool_requested.emit(tool, erase)

    def _structure_clicked(self) -> None:
        clicked = self.sender()
        self.structure_requested.emit(next(label for label, chip in self.chips.items() if chip is clicked))

    def _size_clicked(self) -> None:
        self.size_requested.emit(1 if self.sender() is self.larger else -1)

    def _whose_chosen(self, name: str) -> None:
        self.corrected_requested.emit(name == "corrected")

    def _button(self, said: str, text: str = "", *, place: str) -> QPushButton:
        button = StateButton(text)
        button.setProperty("segment", "true")
        button.setProperty("place", place)
        button.setFixedHeight(30)
        button.setFixedWidth(29)
        button.setIconSize(QSize(18, 18))
        button.setToolTip(said)
        button.setAccessibleName(said)
        return button

    def _group_of(self, row: QHBoxLayout, buttons: list[QPushButton]) -> None:
        """Side by side, one of them down."""
        group = QButtonGroup(self)
        for button in buttons:
            group.addButton(button)
            row.addWidget(button)
        row.addSpacing(6)

    def _colour(self) -> None:
        for button in (*self.tools, self.edges, self.wall):
            button.setIcon(icons.icon(button.property("icon_name"), theme.TEXT))
        for structure, chip in self.chips.items():
            square = QPixmap(10, 10)
            square.fill(QColor(*theme.STRUCTURE_COLOURS[structure]))
            chip.setIcon(QIcon(square))
            chip.setIconSize(QSize(10, 10))

    def _tool_button(self, brush: Brush) -> QPushButton:
        erase = brush.erase and brush.tool is Tool.BRUSH
        return self.tools[next(i for i, entry in enumerate(TOOLS) if entry[2:] == (brush.tool, erase))]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        roomy = self.width() >= ROOMY_PX
        for button in (*self.tools, self.edges, self.wall):
            button.setFixedWidth(29 if roomy else 24)
        for structure, chip in self.chips.items():
            chip.setFixedWidth((47 if roomy else 39) + (11 if structure == MYO else 0))
        self._show_choice()

    def _show_choice(self) -> None:
        """Whose contours to draw; a narrow bar has no room for it beside the tools, but there is a key."""
        shown = self._shown
        self.whose.setVisible(shown.choice and not (shown.tools and self.width() < ROOMY_PX))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "whose"):
            self._colour()

    def apply(self, state: AppState) -> None:
        """Redraw if what this bar shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_correction(state)
        shown = self._shown
        if shown == before:
            return
        if shown.colours != before.colours:
            self._colour()
        self.setVisible(shown.visible)
        if not shown.visible:
            return
        for widget in (self.tools_row, self.size_row, self.restore, self.more):
            widget.setVisible(shown.tools)
        self._tool_button(shown.brush).setChecked(True)
        self.edges.setChecked(shown.brush.edges)
        self.wall.setChecked(shown.brush.wall)
        for widget in (self.smaller, self.radius, self.larger):
            widget.setEnabled(shown.brush.round)
        self.chips[shown.brush.label].setChecked(True)
        size = translate("Correction", "{radius} px") if shown.pixels else translate("Correction", "{radius} mm")
        self.radius.setText(size.format(radius=f"{shown.brush.radius_mm:g}"))
        undo, redo = translate("Correction", "Undo (Ctrl+Z)"), translate("Correction", "Redo (Ctrl+Shift+Z)")
        if shown.undo_what:
            undo = translate("Correction", "Undo: {what} (Ctrl+Z)").format(what=shown.undo_what)
        if shown.redo_what:
            redo = translate("Correction", "Redo: {what} (Ctrl+Shift+Z)").format(what=shown.redo_what)
        self.undo.setToolTip(undo)
        self.redo.setToolTip(redo)
        self.undo.setEnabled(shown.undo)
        self.redo.setEnabled(shown.redo)
        self.restore.setEnabled(shown.restore)
        self.text.setText(shown.text)
        self._show_choice()
        self.whose.check("corrected" if shown.corrected else "model")


def _text(state: AppState) -> str:
    """What is corrected, and what is on screen."""
    correction = correction_of(state)
    if correction is None:
        return ""
    if state.correction.correcting and state.view.playing:
        return translate("Correction", "Stop the cine to correct.")
    if not correction.planes:
        return translate("Correction", HOW[state.correction.brush.tool])
    count = len(correction.planes)
    said = [translate("Correction", "%n slice(s) corrected", "", COUNT, count)]
    if state.preferences.layout is Layout.COMPARE:
        said.append(translate("Correction", "compared here is what the model found"))
    elif not state.correction.corrected:
        said.append(translate("Correction", "shown is what the model found"))
    if correction.stroke is None and correction.unsaved:
        said.append(translate("Correction", "unsaved"))
    return " · ".join(said)
