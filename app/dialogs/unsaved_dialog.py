"""Asks what to do with corrections that are not exported yet."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QMessageBox,
    QWidget,
)

from app.state.editing import Correction, CorrectionKey
from app.words.language import COUNT, translate


class UnsavedDialog(QMessageBox):
    """Asked on closing: what becomes of corrections that no exported mask has."""

    export_requested = Signal()
    discard_requested = Signal()

    def __init__(self, parent: QWidget, corrections: Mapping[CorrectionKey, Correction], *, hide_names: bool) -> None:
        super().__init__(QMessageBox.Icon.Warning, "CineQuant", "", QMessageBox.StandardButton.NoButton, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        count = sum(len(correction.planes) for correction in corrections.values())
        self.setText(translate("Correction", "Corrected by hand and not exported: %n slice(s).", "", COUNT, count))
        lines = []
        for correction in corrections.values():
            scan = translate("Correction", "one scan") if hide_names else correction.volume.source.name
            base, slices = correction.base, len(correction.planes)
            said = translate("Correction", "%n slice(s) of {scan}, {model} {precision}", "", COUNT, slices)
            lines.append(said.format(scan=scan, model=base.model_name, precision=base.precision))
        self.setInformativeText("\n".join(lines))
        roles = QMessageBox.ButtonRole
        export = self.addButton(translate("Correction", "Export and close…"), roles.AcceptRole)
        discard = self.addButton(translate("Correction", "Close without them"), roles.DestructiveRole)
        stay = self.addButton(translate("Correction", "Cancel"), roles.RejectRole)
        for button in (export, discard, stay):
            button.setIcon(QIcon())
        self.setDefaultButton(export)
        self.setEscapeButton(stay)
        answers = {export: self.export_requested, discard: self.discard_requested}
        self.finished.connect(lambda: answers[at].emit() if (at := self.clickedButton()) in answers else None)
