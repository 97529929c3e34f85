"""What the reader has chosen for the numbers above it, and frames that have overtaken a phase."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.look.widgets import label
from app.words.language import COUNT, translate
from engine.measures.function import Function
from engine.measures.overtaken import Overtaken, overtaken
from engine.measures.reading import Base, Papillary, Reading
from engine.measures.tally import Tally
from engine.volume import RV, Volume

MOST = 4
"""Two phases of two ventricles."""


class ReadingBox(QWidget):
    """Offers a frame that is larger than end-diastole now, or smaller than end-systole: nothing moves by itself."""

    use_requested = Signal(object)
    """An Overtaken."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._rows = [_Offer() for _ in range(MOST)]
        for row in self._rows:
            row.use_requested.connect(self.use_requested)
            column.addWidget(row)
        self.chosen = label("", "small", wrap=True)
        column.addWidget(self.chosen)

    def show_function(self, function: Function, volume: Volume, tally: Tally | None) -> None:
        """Show the choices that these numbers follow."""
        offers = overtaken(function, volume, tally) if tally is not None else ()
        for i, row in enumerate(self._rows):
            row.offer(offers[i] if i < len(offers) else None)
        text = " · ".join(chosen(function.reading))
        self.chosen.setText(text)
        self.chosen.setVisible(bool(text))
        self.setVisible(bool(text or offers))


class _Offer(QWidget):
    """One frame, and a button that takes it."""

    use_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.text = label("", "notice", wrap=True)
        row.addWidget(self.text, 1)
        self.use = QPushButton(translate("ReadingBox", "Use it"))
        self.use.clicked.connect(self._asked)
        row.addWidget(self.use)
        self._offered: Overtaken | None = None

    def offer(self, found: Overtaken | None) -> None:
        self._offered = found
        self.setVisible(found is not None)
        if found is not None:
            said = {
                "ed": translate("ReadingBox", "Frame {frame} is now larger than end-diastole{side}."),
                "es": translate("ReadingBox", "Frame {frame} is now smaller than end-systole{side}."),
            }[found.phase]
            self.text.setText(said.format(frame=found.frame + 1, side=" (RV)" if found.side == RV else ""))

    def _asked(self) -> None:
        if self._offered is not None:
            self.use_requested.emit(self._offered)


def chosen(reading: Reading) -> list[str]:
    """What differs from numbers as the labels give them, in a few words each."""
    said = []
    by_hand = {
        f"{side}{name}": frame
        for side, phases in (("", reading.lv), ("RV ", reading.rv))
        if phases is not None
        for name, frame in (("ED", phases.ed), ("ES", phases.es))
        if frame is not None
    }
    if by_hand:
        names = ", ".join(by_hand)
        said.append(translate("ReadingBox", "{phases} by hand").format(phases=names))
    if reading.rv is not None:
        said.append(translate("ReadingBox", "RV at its own phases"))
    if reading.base is Base.SCMR:
        said.append(translate("ReadingBox", "base by SCMR"))
    if reading.papillary is Papillary.CAVITY:
        said.append(translate("ReadingBox", "papillary muscles as cavity"))
    elif reading.papillary is Papillary.MYOCARDIUM:
        said.append(translate("ReadingBox", "papillary muscles as myocardium"))
    count = reading.slices_left_out
    if count:
        said.append(translate("ReadingBox", "%n slice(s) left out by the reader", "", COUNT, count))
    return said
