"""The few dialogs: keys and mouse, the model in plain words, the spacing of a scan, about."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import icons
from app.actions import ACTIONS, MENUS, MOUSE
from app.panel import label
from app.patient_bar import RESEARCH
from engine.model_card import ModelCard

# Nobody scans a heart finer than this; it is a slip of the finger.
SMALLEST_MM = 0.1


def _dialog(parent: QWidget, title: str, content: QWidget, width: int, height: int) -> QDialog:
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(20, 18, 20, 16)
    column.setSpacing(14)
    area = QScrollArea()
    area.setAccessibleName(title)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(content)
    column.addWidget(area)
    buttons = _buttons(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)
    dialog.resize(width, height)
    return dialog


def _buttons(which: QDialogButtonBox.StandardButton) -> QDialogButtonBox:
    """Buttons in words alone: the platform's small coloured icons do not go with the rest."""
    box = QDialogButtonBox(which)
    for button in box.buttons():
        button.setIcon(QIcon())
    return box


def shortcuts(parent: QWidget) -> QDialog:
    """Keys and mouse, from the table of actions."""
    content = QWidget()
    grid = QGridLayout(content)
    grid.setHorizontalSpacing(26)
    grid.setVerticalSpacing(6)
    sections = [("Mouse", [(what, key) for key, what in MOUSE])]
    for menu in MENUS:
        rows = [(a.text.rstrip("…"), _keys(a.keys)) for a in ACTIONS if a.menu == menu and a.keys]
        if rows:
            sections.append((menu, rows))
    # Two columns of about equal length.
    halves: list[list[tuple[str, list[tuple[str, str]]]]] = [[], []]
    for section in sections:
        lengths = [sum(len(rows) + 2 for _, rows in half) for half in halves]
        halves[lengths.index(min(lengths))].append(section)
    for half, start in zip(halves, (0, 3), strict=True):
        line = 0
        for title, rows in half:
            grid.addWidget(label(title.upper(), "panelTitle"), line, start, 1, 2)
            line += 1
            for what, keys in rows:
                grid.addWidget(label(what), line, start)
                key = label(keys, "muted")
                key.setAlignment(Qt.AlignmentFlag.AlignRight)
                grid.addWidget(key, line, start + 1)
                line += 1
            grid.setRowMinimumHeight(line, 10)
            line += 1
    grid.setColumnMinimumWidth(2, 20)
    grid.setRowStretch(grid.rowCount(), 1)
    return _dialog(parent, "Keys and mouse", content, 760, 560)


def _keys(keys: tuple[str, ...]) -> str:
    return "  or  ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


def model_card(parent: QWidget, card: ModelCard) -> QDialog:
    """The model in plain words: what it is for, where it fails, what it learned from, how good it was."""
    content = QWidget()
    column = QVBoxLayout(content)
    column.setSpacing(5)
    column.addWidget(label(f"{card.name}  {card.version}", "welcomeTitle"))
    sizes = ", ".join(f"{name} {file.size_bytes / 1000:,.0f} kB" for name, file in card.precisions.items())
    for title, text in (
        ("", card.description),
        ("What it is for", card.intended_use),
        ("Limits", card.limits),
        ("Trained on", card.training_data),
        ("Measured accuracy", card.metrics_split if card.metrics else "not stated"),
        ("Size", f"{card.parameters:,} parameters; {sizes}"),
        ("Licence", card.licence),
        ("SHA-256", "\n".join(f"{name}  {file.sha256}" for name, file in card.precisions.items())),
    ):
        if title:
            column.addSpacing(8)
            column.addWidget(label(title.upper(), "panelTitle"))
        words = label(text, "small" if title == "SHA-256" else "", wrap=True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(words)
        if title == "Measured accuracy":
            column.addLayout(_metrics(card))
    column.addStretch()
    return _dialog(parent, f"About {card.name}", content, 620, 560)


_METRIC_NAMES = {
    "dice_mean": "Dice, mean",
    "dice_lv": "Dice, LV cavity",
    "dice_myo": "Dice, LV myocardium",
    "dice_rv": "Dice, RV cavity",
    "iou_mean": "IoU, mean",
    "hd95_lv_mm": "95 % Hausdorff distance, LV cavity, mm",
    "hd95_myo_mm": "95 % Hausdorff distance, LV myocardium, mm",
    "hd95_rv_mm": "95 % Hausdorff distance, RV cavity, mm",
    "ef_lv_mae": "Mean absolute error of LV EF, points",
    "ef_rv_mae": "Mean absolute error of RV EF, points",
}


def _metrics(card: ModelCard) -> QGridLayout:
    """A row a metric, a column a precision; metrics that the program has no name for under the card's own."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(0, 1)
    names = dict.fromkeys(name for values in card.metrics.values() for name in values)
    for column, (precision, values) in enumerate(card.metrics.items(), start=1):
        grid.addWidget(label(precision, "muted"), 0, column, Qt.AlignmentFlag.AlignRight)
        for row, name in enumerate(names, start=1):
            if column == 1:
                grid.addWidget(label(_METRIC_NAMES.get(name, name.replace("_", " ")), "muted"), row, 0)
            digits = 3 if abs(values.get(name, 0)) < 1 else 1
            value = f"{values[name]:.{digits}f}" if name in values else "–"
            grid.addWidget(label(value, "value"), row, column, Qt.AlignmentFlag.AlignRight)
    return grid


class SpacingDialog(QDialog):
    """Asks for the voxel spacing of a scan whose header has none. Starts empty: a default would be taken for true."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Voxel spacing")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        text = (
            "The file does not say how large its voxels are. With the spacing from the scanner's protocol, volumes "
            "come in mL, and the scan is segmented again at its true size."
        )
        column.addWidget(label(text, wrap=True))
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.boxes = []
        for name in ("Along a row", "Down a column", "From slice to slice (with gap)"):
            box = QDoubleSpinBox()
            box.setRange(0.0, 50.0)
            box.setDecimals(3)
            box.setSuffix(" mm")
            box.setSpecialValueText("mm")
            box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
            box.valueChanged.connect(self._check)
            form.addRow(name, box)
            self.boxes.append(box)
        column.addLayout(form)
        buttons = _buttons(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        column.addWidget(buttons)
        self.setMinimumWidth(430)
        self._check()

    def _check(self) -> None:
        self.ok.setEnabled(all(mm >= SMALLEST_MM for mm in self.spacing_mm()))

    def spacing_mm(self) -> tuple[float, float, float]:
        """What was entered, (x, y, z); 0 where nothing was."""
        x, y, z = (box.value() for box in self.boxes)
        return x, y, z


def about(parent: QWidget, version: str) -> QDialog:
    """Name, version, purpose."""
    content = QWidget()
    column = QVBoxLayout(content)
    mark = label()
    mark.setPixmap(icons.pixmap("mark", 56))
    column.addWidget(mark)
    column.addWidget(label(f"CineQuant {version}", "welcomeTitle"))
    column.addWidget(
        label("Segments, times and measures cardiac cine MRI on this computer, in float32 and true int8. "
              "No cloud, no GPU, no network.", wrap=True)
    )  # fmt: skip
    column.addWidget(label(f"{RESEARCH}.", "notice", wrap=True))
    column.addWidget(label("Apache License 2.0", "muted"))
    column.addStretch()
    return _dialog(parent, "About CineQuant", content, 420, 320)
