"""Starts the viewer: on screen, or once for a picture of its window."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from app.session import lean  # noqa: F401 - first: it acts on every import after it

# isort: split
from app.window.loading import quickly

with quickly():
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from app.look import theme
    from app.look.picture_files import save_picture
    from app.session.collector import Collector
    from app.session.session import Session
    from app.state.changes import evolve, preselected
    from app.state.queries import card_of, run_of
    from app.state.types import AppState, Kind
    from app.window import display
    from app.window.crash import recovery_folder
    from app.window.main_window import MainWindow
    from app.window.settings import Settings
    from app.window.signals import SignalWatch
    from app.words.language import install
    from engine.errors import CineQuantError
    from engine.network.catalog import find_models
    from engine.network.model_card import SHORT_AXIS

PICTURE_SIZE = (1600, 1000)


def run_viewer(
    paths: list[Path],
    *,
    precision: str | None,
    screenshot: Path | None,
    scan: Path | None = None,
    signals: Mapping[int, str] | None = None,
) -> int:
    """Run the viewer until it is closed, and return the exit status.

    The status is 0, 1 where the scan could not be shown and segmented, or 128 + the signal that ended the viewer.
    paths: a scan or a case; none for the built-in phantom. scan: where the scan of the case is. screenshot: segment in
    one precision, write the window there, end. signals: the signals that close the window, and what is said of each.
    Raises CineQuantError where no window can be shown, ModelError where the model does not come in this precision.
    """
    problem = display.prepare(hidden=screenshot is not None)
    if problem:
        raise CineQuantError(problem)
    # A picture has the same pixels on every screen.
    if screenshot is not None:
        os.environ["QT_SCALE_FACTOR"] = "1"
        os.environ["QT_ENABLE_HIGHDPI_SCALING"] = "0"
    there = QApplication.instance()
    application = there if isinstance(there, QApplication) else QApplication(["cinequant"])
    collector = Collector()  # its timer needs the application
    application.setApplicationName("CineQuant")
    application.setOrganizationName("CineQuant")
    settings = None if screenshot else Settings()
    state = settings.restore(AppState()) if settings else AppState()
    theme.apply(application, state.preferences.theme, state.preferences.overlay.colours)
    install(application, state.preferences.language)
    if precision:
        state = evolve(state, precision=precision, by_hand=state.models.by_hand | {"precision"})
        _check_precision(state)
    session = Session(state, compare=screenshot is None)
    said = _Said(session)
    # Before the window is made: what the reading computes without the interpreter's lock then costs no time, and the
    # first thing that the window paints is the first slice. Answers wait for the loop of events.
    session.paint.awaited = True
    session.segmenting.load_models()
    if scan is not None:
        session.opening.open_case(paths[0], [scan])
    elif paths:
        session.opening.open_paths(paths)
    else:
        session.opening.open_phantom()
    window = MainWindow(session, settings)
    if screenshot is not None:
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.resize(*PICTURE_SIZE)
    else:
        window.restore(settings.geometry if settings else None)
    window.show()

    def begin() -> None:
        collector.exempt()
        if settings is not None:
            session.autosaving.keep_in(settings.folder / "unsaved cases")
            window.check.start_when_quiet()

    application.commitDataRequest.connect(window.closing.log_off)
    watch = SignalWatch(signals or ())
    watch.came.connect(lambda number: _end(window, (signals or {})[number]))
    # After the first paint.
    QTimer.singleShot(0, begin)
    if screenshot is None:

        def say_lost() -> None:
            sys.stderr.write(f"cinequant: the display is gone{window.closing.keep()}\n")

        # Whichever notices first: Xlib, or Qt.
        handler = display.when_lost(say_lost)
        # Only Qt ends the loop with a status of its own: the display is gone, as at a log-off that ends it first.
        lost = application.exec() != 0
        if lost:
            say_lost()
        del handler  # kept until here
        status = 1 if lost or said.failed_to_open else 0
    else:
        status = _show_once(session, window, said, screenshot, watch)
    watch.close()
    collector.close()
    return 128 + watch.received if watch.received else status


def _check_precision(state: AppState) -> None:
    """Raise ModelError where the model that will be chosen does not come in the precision asked for."""
    catalog = find_models()
    ids = [card.id for card in catalog.models if card.view == SHORT_AXIS]
    model_id = state.models.model_id if state.models.model_id in ids else catalog.default
    card = card_of(preselected(evolve(state, catalog=catalog, model_id=model_id)))
    if card is not None:  # else the window says that there is none
        card.file_for(state.models.precision)


def _end(window: MainWindow, what: str) -> None:
    """Close the window because a signal asks for it: nobody may be there to answer a question."""
    try:
        said = window.closing.close_unasked(recovery_folder())
    except (CineQuantError, OSError) as error:
        said = f"; corrections could not be saved: {error}"
    sys.stderr.write(f"cinequant: {what}{said}\n")
    # Leaves the loops of open file dialogs, too.
    QApplication.exit()


def _show_once(session: Session, window: MainWindow, said: _Said, screenshot: Path, watch: SignalWatch) -> int:
    """Wait until the scan is segmented, write the picture and close. Returns the exit status."""
    waiting = QTimer()
    waiting.setInterval(30)
    waiting.timeout.connect(
        lambda: QApplication.quit() if said.begun and session.idle and session.reviewing.settled else None
    )
    waiting.start()
    QApplication.exec()
    waiting.stop()
    if watch.received:
        return 0
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
        moved = new.cases.moved
        if moved is not None and moved is not old.cases.moved:
            self.problem = f"{moved.case}: its scan is not at {moved.looked_for} any more; say where with --scan PATH"
            sys.stderr.write(f"cinequant: {self.problem}\n")
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
