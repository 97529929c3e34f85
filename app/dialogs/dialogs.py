"""The few dialogs: keys and mouse, the model in plain words, the spacing of a scan, about."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.form_dialog import FormDialog, NumberBox, add_row, plain_buttons
from app.look import icons
from app.look.widgets import label
from app.words.language import marked, thousands, translate
from app.words.names import research
from engine.network.model_card import ModelCard

# Nobody scans a heart finer or coarser than this; it is a slip of the finger.
SMALLEST_MM, LARGEST_MM = 0.1, 50.0
TITLE_BAR = 40


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
    buttons = plain_buttons(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)
    # Wider where the words of another language need it, and as high as they are where the window is.
    room = content.sizeHint().width() + 40 + area.verticalScrollBar().sizeHint().width() + 8
    dialog.resize(max(width, room), height)
    beside = dialog.sizeHint().height() - area.sizeHint().height()
    whole = content.heightForWidth(dialog.width() - 56) if content.hasHeightForWidth() else content.sizeHint().height()
    dialog.resize(dialog.width(), max(height, min(whole + beside + 2, parent.window().height() - TITLE_BAR)))
    return dialog


def model_card(parent: QWidget, card: ModelCard) -> QDialog:
    """The model in plain words: what it is for, where it fails, what it learned from, how good it was."""
    content = QWidget()
    column = QVBoxLayout(content)
    column.setSpacing(5)
    column.addWidget(label(f"{card.name}  {card.version}", "welcomeTitle"))
    sizes = ", ".join(f"{name} {thousands(file.size_bytes / 1000)} kB" for name, file in card.precisions.items())
    size = translate("Dialogs", "{count} parameters; {files}").format(count=thousands(card.parameters), files=sizes)
    accuracy, checksums = translate("Dialogs", "Measured accuracy"), "SHA-256"
    for title, text in (
        ("", card.description),
        (translate("Dialogs", "What it is for"), card.intended_use),
        (translate("Dialogs", "Limits"), card.limits),
        (translate("Dialogs", "Trained on"), card.training_data),
        (accuracy, card.metrics_split if card.metrics else translate("Dialogs", "not stated")),
        (translate("Dialogs", "Size"), size),
        (translate("Dialogs", "Licence"), card.licence),
        (checksums, "\n".join(f"{name}  {file.sha256}" for name, file in card.precisions.items())),
    ):
        if title:
            column.addSpacing(8)
            column.addWidget(label(title.upper(), "panelTitle"))
        words = label(text, "small" if title == checksums else "", wrap=True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(words)
        if title == accuracy:
            column.addLayout(_metrics(card))
    column.addStretch()
    return _dialog(parent, translate("Dialogs", "About {model}").format(model=card.name), content, 620, 560)


_METRIC_NAMES = {
    "dice_mean": marked("Dialogs", "Dice, mean"),
    "dice_lv": marked("Dialogs", "Dice, LV cavity"),
    "dice_myo": marked("Dialogs", "Dice, LV myocardium"),
    "dice_rv": marked("Dialogs", "Dice, RV cavity"),
    "iou_mean": marked("Dialogs", "IoU, mean"),
    "hd95_lv_mm": marked("Dialogs", "95 % Hausdorff distance, LV cavity, mm"),
    "hd95_myo_mm": marked("Dialogs", "95 % Hausdorff distance, LV myocardium, mm"),
    "hd95_rv_mm": marked("Dialogs", "95 % Hausdorff distance, RV cavity, mm"),
    "ef_lv_mae": marked("Dialogs", "Mean absolute error of LV EF, points"),
    "ef_rv_mae": marked("Dialogs", "Mean absolute error of RV EF, points"),
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
                known = _METRIC_NAMES.get(name)
                text = translate("Dialogs", known) if known else name.replace("_", " ")
                grid.addWidget(label(text, "muted"), row, 0)
            digits = 3 if abs(values.get(name, 0)) < 1 else 1
            value = f"{values[name]:.{digits}f}" if name in values else "–"
            grid.addWidget(label(value, "value"), row, column, Qt.AlignmentFlag.AlignRight)
    return grid


class SpacingDialog(FormDialog):
    """Asks for the voxel spacing of a scan whose header has none. Starts empty: a default would be taken for true."""

    spacing_given = Signal(float, float, float)
    """x, y and z in mm."""

    def __init__(self, parent: QWidget | None) -> None:
        text = translate(
            "Dialogs",
            "The file does not say how large its voxels are. With the spacing from the scanner's protocol, volumes "
            "come in mL, and the scan is segmented again at its true size.",
        )
        super().__init__(parent, translate("Dialogs", "Voxel spacing"), text)
        self.boxes = []
        for name in (
            translate("Dialogs", "Along a row"),
            translate("Dialogs", "Down a column"),
            translate("Dialogs", "From slice to slice (with gap)"),
        ):
            box = NumberBox(LARGEST_MM, 3, "mm", "mm")
            box.valueChanged.connect(self._check)
            add_row(self.rows, name, box)
            self.boxes.append(box)
        self.accepted.connect(self._give)
        self._check()

    def _check(self) -> None:
        self.ok.setEnabled(all(mm >= SMALLEST_MM for mm in self.spacing_mm()))

    def _give(self) -> None:
        self.spacing_given.emit(*self.spacing_mm())

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
        label(
            translate(
                "Dialogs",
                "Segments, times and measures cardiac cine MRI on this computer, in float32 and true int8. "
                "It needs no cloud and no GPU, and connects to nothing but an archive that you enter.",
            ),
            wrap=True,
        )
    )
    column.addWidget(label(f"{research()}.", "notice", wrap=True))
    column.addWidget(label("Apache License 2.0", "muted"))
    column.addStretch()
    return _dialog(parent, translate("Dialogs", "About CineQuant"), content, 420, 320)
