"""Starts the viewer: on screen, or once for a picture of its window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.session import lean  # noqa: F401 - first: it acts on every import after it

# isort: split
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.look import theme
from app.look.picture_files import save_picture
from app.session.store import Session
from app.state.changes import evolve
from app.state.queries import run_of
from app.state.types import AppState, Kind
from app.window.main_window import MainWindow
from app.window.settings import Settings
from app.words.language import install

PICTURE_SIZE = (1600, 1000)


def run_viewer(paths: list[Path], *, precision: str | None, screenshot: Path | None) -> int:
    """The viewer, until it is closed. Returns the exit status: 0, or 1 where the scan could not be shown and segmented.

    paths: a scan; none for the built-in phantom. screenshot: segment in one precision, write the window there, end.
    """
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if screenshot is None and "QT_QPA_PLATFORM" not in os.environ:
            sys.stderr.write("cinequant: there is no display; start it from a desktop, or use --screenshot\n")
            return 1
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # A picture has the same pixels on every screen.
    if screenshot is not None:
        os.environ["QT_SCALE_FACTOR"] = "1"
        os.environ["QT_ENABLE_HIGHDPI_SCALING"] = "0"
    application = QApplication.instance() or QApplication(["cinequant"])
    application.setApplicationName("CineQuant")
    application.setOrganizationName("CineQuant")
    settings = None if screenshot else Settings()
    state = settings.restore(AppState()) if settings else AppState()
    theme.apply(application, state.preferences.theme, state.preferences.overlay.colours)
    install(application, state.preferences.language)
    if precision:
        state = evolve(state, precision=precision, by_hand=state.models.by_hand | {"precision"})
    session = Session(state, compare=screenshot is None)
    window = MainWindow(session, settings)
    said = _Said(session)
    if screenshot is not None:
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.resize(*PICTURE_SIZE)
    else:
        window.restore(settings.geometry if settings else None)
    window.show()

    def begin() -> None:
        session.load_models()
        if paths:
            session.open_paths(paths)
        else:
            session.open_phantom()
        if settings is not None:
            window.check.start_when_quiet()

    # After the first paint: the window is there before anything slow begins.
    QTimer.singleShot(0, begin)
    if screenshot is None:
        application.exec()
        return 1 if said.failed_to_open else 0

    waiting = QTimer()
    waiting.setInterval(30)
    waiting.timeout.connect(lambda: application.quit() if said.begun and session.idle else None)
    waiting.start()
    application.exec()
    waiting.stop()
    problem = said.problem or (None if run_of(session.state) else "nothing was segmented")
    written = _write_picture(window, screenshot)
    window.close()
    if not written:
        sys.stderr.write(f"cinequant: {screenshot}: cannot be written; name a .png file in a folder you may write to\n")
    return 1 if problem or not written else 0


class _Said:
    """Repeats the window's complaints on stderr, for those who started it from a terminal."""

    def __init__(self, session: Session) -> None:
        self.problem: str | None = None
        self.begun = False
        self.failed_to_open = False
        session.changed.connect(self._changed)

    def _changed(self, old: AppState, new: AppState) -> None:
        self.begun = self.begun or new.models.catalog is not None
        message = new.message
        if message is None or message == old.message or message.kind is Kind.SUCCESS:
            return
        self.problem = message.text
        self.failed_to_open = self.failed_to_open or new.scan.volume is None
        sys.stderr.write(f"cinequant: {message.text}\n")


def _write_picture(window: MainWindow, path: Path) -> bool:
    """The whole window as drawn."""
    # Layouts and plots settle in the event loop; what they still have to do is done here.
    for _ in range(3):
        QApplication.processEvents()
    return save_picture(window.grab(), path)
