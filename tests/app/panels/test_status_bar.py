"""What is running: words that change many times a second, without a new layout of the window each time."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from app.look.widgets import Segments
from app.panels.status_bar import StatusBar
from app.state.changes import evolve
from app.state.types import AppState, Busy


class Layouts(QObject):
    """Counts how often a widget is asked to lay its children out anew."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_progress_does_not_lay_the_window_out_anew(qtbot: Any) -> None:
    bar, layouts = StatusBar(), Layouts()
    qtbot.addWidget(bar)
    bar.show()
    bar.apply(evolve(AppState(), busy=Busy("Segmenting", 10, 240)))
    QApplication.processEvents()
    bar.installEventFilter(layouts)
    for done in range(11, 100):
        bar.apply(evolve(AppState(), busy=Busy("Segmenting", done, 240)))
        QApplication.processEvents()
    assert bar.text.text() == "Segmenting  99 / 240"
    assert layouts.count <= 2  # of 89: the words may outgrow their room
    bar.apply(evolve(AppState(), busy=Busy("Reading a scan that has a long name of its own", 1, 240)))
    assert bar.text.width() >= bar.text.sizeHint().width()


def test_progress_on_a_button_does_not_lay_the_panel_out_anew(qtbot: Any) -> None:
    segments, layouts = Segments(["float32", "int8"]), Layouts()
    qtbot.addWidget(segments)
    segments.resize(260, 30)
    segments.show()
    QApplication.processEvents()
    button = segments.buttons["int8"]
    plain = button.grab().toImage()
    QApplication.processEvents()
    segments.installEventFilter(layouts)
    for percent in range(37):
        button.show_progress(f"int8  {percent} %")
        QApplication.processEvents()
    assert button.grab().toImage() != plain
    assert button.accessibleName() == "int8  36 %"
    assert layouts.count <= 1  # of 37: what was due before
    button.show_progress("")
    assert button.grab().toImage() == plain
