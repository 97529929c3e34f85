"""One process of benchmarks.case: a reader at the viewer's window, who presses keys and drags the mouse.

    python -m benchmarks.case_reader read|recover|reopen FOLDER [PATH]

The window is started as `cinequant PATH` starts it. Every step looks for what the reader would see and stops the
process where it is not there. What was done and seen is left in FOLDER as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QWidget

from app.dialogs.case_dialogs import RecoveryDialog
from app.dialogs.report_dialog import ReportDialog
from app.state.base_to_apex import steps_on
from app.state.case_content import is_unsaved
from app.state.queries import correction_of, run_of, shown_function, shown_labels
from app.state.stops import current_stop
from app.state.types import AppState
from app.views.placement import place
from app.views.slice_view import SliceView
from app.window.main_window import MainWindow
from app.window.viewer import run_viewer
from engine.measures.function import Function
from engine.volume import LV

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
PLAIN, CTRL, SHIFT = Qt.KeyboardModifier(0), Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PATIENCE_S = 120.0
AT_MOST_LOST_S = 5.0
BEYOND_MM = 8.0
"""How far a stroke runs beyond the outline."""


@dataclass
class Reader:
    """The hands and eyes of a reader. hands: clicks, drags and keys. waited_s: for the program. steps: what holds."""

    folder: Path
    window: MainWindow = field(init=False)
    hands: int = 0
    waited_s: float = 0.0
    steps: list[str] = field(default_factory=list)

    @property
    def state(self) -> AppState:
        return self.window.session.state

    @property
    def function(self) -> Function:
        function = shown_function(self.state)
        assert function is not None, "there are no measurements"
        return function

    @property
    def edv_ml(self) -> float:
        edv = self.function.lv.edv_ml
        assert edv is not None, "there is no EDV"
        return edv

    # -- eyes ----------------------------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for the program; the time counts."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < PATIENCE_S, f"waited in vain for {what}; {self.message()}"
            QApplication.processEvents()
            time.sleep(0.005)
        QApplication.processEvents()
        self.waited_s += time.monotonic() - began

    def message(self) -> str:
        return self.state.message.text if self.state.message is not None else ""

    def holds(self, condition: object, what: str) -> None:
        assert condition, f"does not hold: {what}; {self.message()}"
        self.steps.append(what)

    def place(self) -> tuple[int, int]:
        """(frame, slice) on screen, as the bar below the image says them."""
        frame, index = self.window.cine._frame_text.text(), self.window.cine._slice_text.text()
        return int(frame.split("/")[0]) - 1, int(index.split("/")[0]) - 1

    def seen(self) -> dict[str, Any]:
        """Everything that has to be the same when the case is opened again."""
        labels, function = shown_labels(self.state), self.function
        assert labels is not None
        return {
            "mask": hashlib.sha256(labels.array.tobytes()).hexdigest(),
            "numbers": [function.lv.edv_ml, function.lv.esv_ml, function.lv_mass_g, function.rv.edv_ml],
            "words": sorted(set(words(self.window.function))),
            "phases": [function.ed_frame, function.es_frame],
            "left_out": sorted(str(place) for place in function.left_out),
            "place": self.place(),
        }

    # -- hands ---------------------------------------------------------------------------------------------------

    @property
    def view(self) -> SliceView:
        view = self.window.stage.views[0]
        assert isinstance(view, SliceView), "no slice is on screen"
        return view

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        self.hands += 1
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow, "the window, after a dialog")
        view: QWidget = self.window.stage.views[0]
        view.setFocus()
        QTest.keyClick(view, key, modifier)
        QApplication.processEvents()

    def click(self, button: QWidget) -> None:
        assert button.isVisible() and button.isEnabled()
        self.hands += 1
        QTest.mouseClick(button, LEFT, pos=button.rect().center())
        QApplication.processEvents()

    def stroke(self, *, lift: bool = True) -> None:
        """Drag the brush out of the LV cavity and beyond its outline, towards the left. lift: end the stroke."""
        labels, volume = shown_labels(self.state), self.state.scan.volume
        assert labels is not None and volume is not None
        frame, index = self.place()
        ys, xs = np.nonzero(labels.array[frame, index] == LV)
        dx, dy, _ = volume.geometry.spacing_mm
        y, middle, left = (ys.mean() + 0.5) * dy, (xs.mean() + 0.5) * dx, xs.min() * dx
        target = self.view.viewport()
        placed = place(self.state, (target.width(), target.height()))
        self.hands += 1
        for share in (0.0, 0.3, 0.6, 1.0):
            at = QPointF(*placed.to_px(middle + share * (left - BEYOND_MM - middle), y))
            if share == 0.0:
                QTest.mousePress(target, LEFT, pos=at.toPoint())
                continue
            where = QPointF(target.mapToGlobal(at.toPoint()))
            QApplication.sendEvent(target, QMouseEvent(QEvent.Type.MouseMove, at, where, LEFT, LEFT, PLAIN))
            QApplication.processEvents()
        if lift:
            QTest.mouseRelease(target, LEFT, pos=at.toPoint())
        QApplication.processEvents()

    def go_to_slice(self, index: int) -> None:
        while (here := self.place()[1]) != index:
            # Down goes towards the apex, whichever end the files begin with.
            on = steps_on(self.window.session.state, 1)
            self.press(KEY.Key_Down if (index - here) * on > 0 else KEY.Key_Up)
            assert self.place()[1] != here, "the slice does not change"

    def save_as(self, path: Path, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
        """Press a key whose dialog asks for a file, and wait until it is written. Entering the name counts as one."""
        self.window.session.update(message=None)
        answer_dialogs(path)
        self.hands += 1
        self.press(key, modifier)
        self.written(path)

    def written(self, path: Path) -> None:
        self.wait(lambda: path.exists() and self.message(), path.name)
        self.holds(str(path) in self.message(), f"{path.name} is written, and the window says so")

    # -- ends ----------------------------------------------------------------------------------------------------

    def tell(self, **more: Any) -> None:
        """Write the results for the parent process, all or nothing."""
        file = self.folder / "told.json"
        unready = file.with_suffix(".part")
        told = {"hands": self.hands, "waited_s": self.waited_s, "steps": self.steps, **more}
        unready.write_text(json.dumps(told), encoding="utf-8")
        unready.replace(file)


def answer_dialogs(path: Path) -> None:
    """The system's file dialogs cannot be driven by events: they answer with this path."""
    QFileDialog.getSaveFileName = staticmethod(lambda *_: (str(path), ""))  # type: ignore[assignment]


def words(widget: QWidget) -> list[str]:
    """The text in a widget."""
    parts = [part for part in widget.findChildren(QWidget) if part.isVisible()]
    said = [part.text() for part in parts if isinstance(part, QLabel | QAbstractButton)]
    return said + [part.accessibleDescription() for part in parts if part.accessibleDescription()]


# -- what the reader does --------------------------------------------------------------------------------------------


def read(reader: Reader) -> None:
    """Read the case, from opening to a stroke that never ends."""
    reader.wait(lambda: run_of(reader.state) is not None or reader.message(), "the segmentation")
    reader.wait(lambda: reader.state.reviewing.review is not None, "the flags")
    reader.holds(reader.edv_ml > 0 and any("mL" in said for said in words(reader.window.function)),
                 "the scan is segmented, and volumes are shown")  # fmt: skip
    assert reader.state.reviewing.review is not None
    stops = reader.state.reviewing.review.stops
    reader.press(KEY.Key_Period)
    if stops:
        reader.holds(current_stop(reader.state) == stops[0], f"the first of {len(stops)} flags is on screen")
        reader.press(KEY.Key_Period, CTRL)
    else:
        reader.holds("Nothing is flagged" in reader.message(), "the window says that nothing is flagged")

    reader.press(KEY.Key_1)
    reader.press(KEY.Key_D)
    ed = reader.function.ed_frame
    reader.holds(ed is not None and reader.place()[0] == ed, "D shows end-diastole")
    assert ed is not None
    labels = shown_labels(reader.state)
    assert labels is not None
    areas = (labels.array[ed] == LV).sum(axis=(1, 2))
    ends = np.flatnonzero(areas)[[0, -1]]
    base, apex = sorted((int(end) for end in ends), key=lambda end: -areas[end])
    reader.go_to_slice(base)
    before, es, shown = reader.edv_ml, reader.function.es_frame, words(reader.window.function)
    reader.press(KEY.Key_A)
    reader.press(KEY.Key_6)
    reader.stroke()
    reader.wait(lambda: reader.edv_ml != before, "the new EDV")
    reader.holds(reader.edv_ml > before, f"EDV grows from {before:.1f} to {reader.edv_ml:.1f}")
    reader.holds(words(reader.window.function) != shown, "the panel shows the new numbers")
    reader.holds((reader.function.ed_frame, reader.function.es_frame) == (ed, es), "ED and ES stay")
    reader.holds(reader.place() == (ed, base), "the picture stays under the brush")
    reader.press(KEY.Key_Escape)
    reader.holds(not reader.state.correction.correcting, "Escape ends correcting")

    corrected, shown = reader.edv_ml, words(reader.window.function)
    reader.press(KEY.Key_L)
    less = reader.edv_ml
    reader.holds(less < corrected, f"a slice left out takes EDV to {less:.1f}")
    reader.holds(words(reader.window.function) != shown, "the panel shows what is left")
    reader.press(KEY.Key_Z, CTRL)
    reader.holds(reader.edv_ml == corrected, "undo takes the slice in")
    reader.press(KEY.Key_Z, CTRL)
    reader.holds(reader.edv_ml == before, "undo takes the stroke back, after Finish too")
    reader.press(KEY.Key_Y, CTRL)
    reader.press(KEY.Key_Y, CTRL)
    reader.holds(reader.edv_ml == less, "redo does both again")

    case = reader.folder / "case.cinequant"
    reader.save_as(case, KEY.Key_S, CTRL)
    reader.holds(reader.window.windowTitle().startswith("case.cinequant") and not reader.window.isWindowModified(),
                 "the title names the case and no change")  # fmt: skip

    # Work that only the autosave keeps: a whole stroke, and then one that the end of the process cuts off.
    towards = 1 if apex > base else -1
    reader.go_to_slice(base + towards)
    reader.press(KEY.Key_A)
    saved = reader.edv_ml
    reader.stroke()
    reader.wait(lambda: reader.edv_ml != saved, "the new EDV")
    reader.holds(is_unsaved(reader.state) and reader.window.isWindowModified(), "the title shows an unsaved change")
    began = time.monotonic()
    while time.monotonic() - began < AT_MOST_LOST_S:  # the reader looks at it; nobody waits for the program
        QApplication.processEvents()
        time.sleep(0.005)
    kept = reader.seen()
    reader.stroke(lift=False)
    correction = correction_of(reader.state)
    reader.holds(correction is not None and correction.stroke is not None, "a stroke is under way")
    reader.tell(seen=kept, in_stroke=True)
    while True:
        QApplication.processEvents()
        time.sleep(0.01)


def recover(reader: Reader) -> None:
    """Start again, recover, and export everything."""
    reader.wait(lambda: reader.window.findChild(RecoveryDialog), "the offer to recover")
    dialog = reader.window.findChild(RecoveryDialog)
    assert isinstance(dialog, RecoveryDialog)
    said = dialog.list.item(0).text()
    reader.holds(dialog.list.count() == 1 and "corrected slice" in said, f"the case is offered: {said}")
    reader.click(dialog.recover)
    reader.wait(lambda: correction_of(reader.state) is not None or reader.message(), "the recovered case")
    reader.wait(lambda: shown_function(reader.state) is not None, "the numbers")
    reader.holds(reader.state.correction.corrections, "the corrections are back")
    found = reader.seen()
    reader.holds(reader.window.isWindowModified(), "the title shows an unsaved change")
    reader.save_as(reader.folder / "case.cinequant", KEY.Key_S, CTRL)

    reader.press(KEY.Key_P, CTRL)
    report = reader.window.findChild(ReportDialog)
    assert isinstance(report, ReportDialog)
    reader.wait(lambda: not report.page.pixmap().isNull(), "the page of the report")
    reader.window.session.update(message=None)
    answer_dialogs(reader.folder / "report.pdf")
    reader.hands += 1
    reader.click(report.save)
    reader.written(reader.folder / "report.pdf")
    reader.save_as(reader.folder / "numbers.csv", KEY.Key_M, CTRL)
    reader.save_as(reader.folder / "slice.gif", KEY.Key_M, CTRL | SHIFT)
    reader.save_as(reader.folder / "mask.nii.gz", KEY.Key_E, CTRL)
    volume = reader.state.scan.volume
    if volume is not None and volume.source.kind == "dicom":
        reader.save_as(reader.folder / "seg", KEY.Key_E, CTRL | SHIFT)
    reader.tell(seen=found, saved=reader.seen())
    reader.press(KEY.Key_Q, CTRL)


def reopen(reader: Reader) -> None:
    """Open the case again."""
    reader.wait(lambda: correction_of(reader.state) is not None or reader.message(), "the case")
    reader.wait(lambda: shown_function(reader.state) is not None, "the numbers")
    reader.holds(not reader.window.findChildren(RecoveryDialog), "nothing is offered, for nothing was lost")
    reader.holds(not reader.window.isWindowModified(), "the title shows no change")
    reader.tell(seen=reader.seen())
    reader.press(KEY.Key_Q, CTRL)


PARTS = {"read": read, "recover": recover, "reopen": reopen}


def main() -> int:
    part, folder, *paths = sys.argv[1:]
    reader = Reader(Path(folder))
    application = QApplication(["cinequant"])

    def work() -> None:
        try:
            (reader.window,) = [top for top in application.topLevelWidgets() if isinstance(top, MainWindow)]
            # The time from the start of the process to a usable window is waiting, too.
            reader.waited_s = max(time.time() - float(os.environ["CINEQUANT_STARTED"]), 0.0)
            PARTS[part](reader)
        except BaseException:
            # Raised in a slot, the window itself would handle it.
            sys.stderr.write(traceback.format_exc() + "\n".join(["before that:", *reader.steps]) + "\n")
            sys.stderr.flush()
            os._exit(1)

    QTimer.singleShot(50, work)
    return run_viewer([Path(path) for path in paths], precision=None, screenshot=None)


if __name__ == "__main__":
    sys.exit(main())
