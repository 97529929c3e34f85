"""Sends results of the scan on screen to an archive, as DICOM objects of its study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.dialogs.transfer_dialog import TransferDialog
from app.look.widgets import label
from app.session.archiving import Archiving
from app.session.jobs import JobReport
from app.session.object_files import ObjectKind
from app.words.language import marked, translate
from engine.dossier import MAX_READER
from engine.errors import CineQuantError

Write = Callable[[ObjectKind, Path], None]
"""Writes a kind of object to a path."""
Writer = Callable[[], Write | None]

SEG = ObjectKind.ALL
"""Stands for the masks, which are what of all objects has no name of its own."""
KINDS = {
    SEG: marked("Archive", "Segmentation of all frames as DICOM SEG"),
    ObjectKind.STRUCTURED_REPORT: marked("Archive", "Measurements as structured report"),
    ObjectKind.PDF: marked("Archive", "The report as PDF"),
    ObjectKind.CONTOURS: marked("Archive", "Contours of ED and ES as RT structure set"),
}


class SendDialog(TransferDialog):
    """Stays open beside the work. Closed while it sends, it is only hidden, and shown again if sending fails.

    writer: asked when Send is pressed, gives what makes the objects of the scan on screen then, on the thread that
    sends them; None, and says why, where there is nothing.
    """

    sent = Signal(str, int)
    """The name of an archive, and how many objects it has stored."""
    reader_named = Signal(str)
    """Who reads, before anything is made."""

    def __init__(self, parent: QWidget, archiving: Archiving, file: Path, writer: Writer, *, reader: str = "") -> None:
        super().__init__(parent, archiving, file, translate("Archive", "Send to archive"))
        self._writer = writer
        text = translate(
            "Archive",
            "What is sent belongs to the study of the scan on screen and names its patient, as the scan does.",
        )
        self.column.addWidget(label(text, wrap=True))
        self.kinds: dict[ObjectKind, QCheckBox] = {}
        for kind, name in KINDS.items():
            box = QCheckBox(translate("Archive", name))
            box.setChecked(kind in (SEG, ObjectKind.STRUCTURED_REPORT))
            box.toggled.connect(self._show_buttons)
            self.column.addWidget(box)
            self.kinds[kind] = box
        self.column.addLayout(self._reader(reader))
        self.column.addStretch()
        self.send_ = QPushButton(translate("Archive", "Send"))
        self.send_.clicked.connect(self.send)
        self.column.addLayout(self.transfer_row(self.send_, stop=self._stop))
        self.resize(720, 370)
        self.bar.chosen.connect(self._show_buttons)
        self._show_buttons()

    def _reader(self, name: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        self.reader = QLineEdit(name)
        self.reader.setMaxLength(MAX_READER)
        self.reader.setPlaceholderText(translate("Archive", "Family, Given; the structured report names it"))
        words = label(translate("Archive", "Read by"))
        words.setBuddy(self.reader)
        self.reader.setAccessibleName(words.text())
        row.addWidget(words)
        row.addWidget(self.reader, 1)
        return row

    def wanted(self) -> tuple[ObjectKind, ...]:
        return tuple(kind for kind, box in self.kinds.items() if box.isChecked())

    def send(self) -> None:
        """Make what is chosen and send it, unless something is under way."""
        server, wanted = self.bar.server, self.wanted()
        if server is None or not wanted or self._archiving.transferring:
            return
        if (secret := self.bar.secret(server)) is None:
            return
        self.reader_named.emit(self.reader.text().strip())
        write = self._writer()
        if write is None:
            return
        self.bar.say("")

        def then(stored: int) -> None:
            text = translate("Archive", "{name} has stored {number} objects.")
            self.bar.say(text.format(name=server.name, number=stored))
            self._show_buttons()
            self.sent.emit(server.name, stored)
            if not self.isVisible():
                self.close()

        def failed(error: CineQuantError | None) -> None:
            if error is not None:
                self.bar.refused(server, error)
            self._show_buttons()
            self.show()

        self._archiving.send(
            server,
            lambda folder: made_in(folder, wanted, write),
            secret,
            on_report=self._show_report,
            then=then,
            failed=failed,
        )
        self._show_buttons()
        self.doing.setText(translate("Archive", "Making the objects"))

    def _show_report(self, report: JobReport) -> None:
        self.show_progress(report, translate("Archive", "{done} of {total} objects"))

    def _stop(self) -> None:
        self._archiving.cancel()
        self.bar.say(translate("Archive", "Stopped. The archive keeps what it has stored already."))
        self._show_buttons()

    def _show_buttons(self) -> None:
        under_way = self.show_transfer()
        if under_way:
            self.progress.setRange(0, 0)
        self.send_.setVisible(not under_way)
        self.send_.setEnabled(self.bar.server is not None and bool(self.wanted()))


def made_in(folder: Path, wanted: Sequence[ObjectKind], write: Write) -> list[Path]:
    """The files to send, written into a folder. With masks everything is made together: the report refers to them."""
    if SEG not in wanted:
        for kind in wanted:
            write(kind, folder / kind.value)
        return sorted(folder.iterdir())
    together = folder / "all"
    write(ObjectKind.ALL, together)
    left_out = {kind.value for kind in KINDS if kind not in wanted}
    return sorted(path for path in together.iterdir() if path.name not in left_out)
