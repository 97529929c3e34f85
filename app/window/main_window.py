"""Puts the parts together: panels around the image, menus, dialogs, drag and drop. No logic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, QRect, QSize, QStandardPaths, Qt
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMenuBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs import dialogs
from app.dialogs.device_dialog import DeviceDialog
from app.dialogs.mask_dialog import MaskDialog
from app.dialogs.tags_dialog import TagsDialog
from app.dialogs.unsaved_dialog import UnsavedDialog
from app.look import icons, theme
from app.look.picture_files import save_picture
from app.look.widgets import label
from app.panels.cine_bar import CineBar
from app.panels.correction_bar import CorrectButton, CorrectionBar
from app.panels.function_panel import FunctionPanel
from app.panels.layout_bar import LayoutBar
from app.panels.messages import MessageBar
from app.panels.model_panel import ModelPanel, StructuresPanel
from app.panels.patient_bar import PatientBar
from app.panels.performance_panel import PerformancePanel
from app.panels.plot import MAX_HEIGHT, MIN_HEIGHT
from app.panels.status_bar import StatusBar
from app.panels.study_panel import StudyPanel, recent_name
from app.panels.welcome import Welcome
from app.session import exporting
from app.session.device_check import DeviceCheck
from app.session.session import Session
from app.session.store import still_loading
from app.state.queries import card_of, unsaved
from app.state.types import AppState, Kind, Language, Theme
from app.window.actions import ACTIONS, COLOUR_MENU, CORRECT_MENU, LANGUAGE_MENU, MENUS
from app.window.crash import CrashHandler
from app.window.palette import ENGLISH, Palette
from app.window.settings import Settings
from app.window.shortcuts import shortcuts
from app.window.stage import Stage
from app.words import language
from app.words.engine_words import translated
from app.words.language import marked, translate
from app.words.names import scan_title
from engine import __version__
from engine.errors import ExportError, ScanError
from engine.formats import masks

LEFT_WIDTH, RIGHT_WIDTH = 276, 352
# Up to this height of the window the panels on the right need all of it for their words.
ROOMY_FROM = 790
# In a narrower one the patient needs the room of the program's name.
WORDMARK_FROM = 1400
# And in one that is narrower still, that of the pencil, which is in a menu too.
PENCIL_FROM = 1200
MASKS = marked("MainWindow", "Masks (*.nii *.nii.gz *.dcm);;All files (*)")
FILES = marked("MainWindow", "Scans (*.nii *.nii.gz *.dcm *.ima *.IMA);;All files (*)")


class MainWindow(QMainWindow):
    """The window. Owns the session: closing the one ends the other."""

    def __init__(self, session: Session, settings: Settings | None = None) -> None:
        super().__init__()
        self.session, self._settings = session, settings
        self.setWindowTitle("CineQuant")
        self.setWindowIcon(icons.icon("mark"))
        self.setMinimumSize(1080, 660)
        self.setAcceptDrops(True)

        self.study, self.models, self.structures = StudyPanel(), ModelPanel(), StructuresPanel()
        self.stage, self.cine, self.layouts = Stage(), CineBar(), LayoutBar()
        self.slice_view = self.stage.slice_view
        self.function, self.performance = FunctionPanel(), PerformancePanel()
        self.messages, self.status, self.welcome = MessageBar(), StatusBar(), Welcome()
        self.patient, self.correction, self.correct_button = PatientBar(), CorrectionBar(), CorrectButton()
        self.views = (self.patient, self.study, self.models, self.structures, self.stage, self.cine, self.function,
                      self.performance, self.messages, self.status, self.layouts, self.correction,
                      self.correct_button)  # fmt: skip
        self._tags: TagsDialog | None = None
        self._closing_asked = False
        self.actions_by_text: dict[str, QAction] = {}
        self._assemble()
        self._connect()
        self._drop_hint = QLabel(translate("MainWindow", "Drop to open"), self)
        self._drop_hint.setObjectName("dropHint")
        self._drop_hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._drop_hint.hide()
        self.welcome.hide()
        session.changed.connect(self._apply)
        for view in self.views:
            view.apply(session.state, session.state)
        self._tick_actions(session.state)
        self.check = DeviceCheck(session)
        QApplication.styleHints().colorSchemeChanged.connect(self._apply_theme)
        self.crash = CrashHandler(self, session.recover)
        QApplication.instance().installEventFilter(self)
        self.slice_view.setFocus()

    # -- assembly ------------------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        root = QWidget()
        column = QVBoxLayout(root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header())
        middle = QHBoxLayout()
        middle.setContentsMargins(8, 8, 8, 8)
        middle.setSpacing(8)
        left, right = (
            translate("MainWindow", "Studies, model and structures"),
            translate("MainWindow", "Function and performance"),
        )
        self._left = _side(left, LEFT_WIDTH, (self.study, self.models, self.structures))
        middle.addWidget(self._left)
        centre = QVBoxLayout()
        centre.setSpacing(8)
        centre.addWidget(self.messages)
        centre.addWidget(self.welcome)
        centre.addWidget(self.correction)
        centre.addWidget(self.stage, 1)
        centre.addWidget(self.cine)
        middle.addLayout(centre, 1)
        middle.addWidget(_side(right, RIGHT_WIDTH, (self.function, self.performance)))
        column.addLayout(middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(root)

    def _header(self) -> QFrame:
        header = QFrame()
        header.setObjectName("header")
        header.setFixedHeight(44)
        row = QHBoxLayout(header)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(9)
        mark = label()
        mark.setPixmap(icons.pixmap("mark", 24))
        row.addWidget(mark)
        self._wordmark = label("CineQuant", "wordmark")
        row.addWidget(self._wordmark)
        row.addSpacing(8)
        bar = QMenuBar()
        bar.setNativeMenuBar(False)
        menus = {name: bar.addMenu(translate("Menu", name)) for name in MENUS}
        self._recent_menu = QMenu(translate("MainWindow", "Open recent"), self)
        self._recent_menu.aboutToShow.connect(self._fill_recent_menu)
        self._window_menu = QMenu(translate("MainWindow", "Window presets"), self)
        self._window_menu.aboutToShow.connect(self._fill_window_menu)
        for name in (COLOUR_MENU, LANGUAGE_MENU, CORRECT_MENU):
            menus[name] = QMenu(translate("Menu", name), self)
        menus[LANGUAGE_MENU].addAction(translate("MainWindow", "From the next start on")).setEnabled(False)
        for entry in ACTIONS:
            action = QAction(translate("Action", entry.text), self)
            action.setProperty(ENGLISH, entry.text)
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
            action.setCheckable(entry.checked is not None)
            command = attrgetter(entry.command)(self)
            action.triggered.connect(lambda _=False, c=command, a=entry.arguments: c(*a))
            self.addAction(action)  # so that keys work while the menu is closed
            self.actions_by_text[entry.text] = action
            if entry.line_before:
                menus[entry.menu].addSeparator()
            menus[entry.menu].addAction(action)
            if entry.command == "ask_open_folder":
                menus[entry.menu].addMenu(self._recent_menu)
            if entry.command == "session.looking.next_window":
                menus[entry.menu].addMenu(self._window_menu)
            if entry.command == "session.escape":
                menus[entry.menu].addMenu(menus[CORRECT_MENU])
            if entry.command == "session.looking.next_style":
                menus[entry.menu].addMenu(menus[COLOUR_MENU])
            # By the command too: as texts, the system's theme and the system's language are equal.
            if entry.command == "choose_theme" and entry.arguments == (Theme.SYSTEM,):
                menus[entry.menu].addMenu(menus[LANGUAGE_MENU])
        row.addWidget(bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(6)
        row.addWidget(self.layouts)
        row.addWidget(self.correct_button)
        row.addSpacing(6)
        row.addWidget(self.patient, 1)
        return header

    def _connect(self) -> None:
        session = self.session
        for opener in (self.study, self.welcome):
            opener.open_files_requested.connect(self.ask_open_files)
            opener.open_folder_requested.connect(self.ask_open_folder)
        self.welcome.closed.connect(self.welcome.hide)
        self.study.recent_requested.connect(lambda path: session.opening.open_paths([path]))
        self.study.series_requested.connect(session.opening.open_series)
        self.study.tags_requested.connect(self.show_tags)
        self.patient.names_toggled.connect(self.toggle_names)
        self.models.model_requested.connect(session.segmenting.choose_model)
        self.models.precision_requested.connect(session.segmenting.choose_precision)
        self.models.segment_requested.connect(session.segmenting.segment)
        self.models.slice_requested.connect(session.segmenting.segment_slice)
        self.models.card_requested.connect(self.show_model_card)
        self.structures.structure_toggled.connect(session.looking.toggle_structure)
        self.structures.style_requested.connect(lambda style: session.looking.update_overlay(style=style, hidden=False))
        self.structures.opacity_requested.connect(lambda opacity: session.looking.update_overlay(opacity=opacity))
        self.structures.hidden_toggled.connect(self.toggle_overlay)
        self.structures.colour_requested.connect(session.looking.choose_colour)
        self.structures.default_colours_requested.connect(session.looking.default_colours)
        self.stage.made.connect(self._connect_view)
        self.stage.painted.connect(session.paint.painted)
        session.paint.awaited = True
        self._connect_view(self.slice_view)
        self.layouts.layout_requested.connect(session.looking.show_layout)
        self.cine.play_requested.connect(session.looking.toggle_play)
        self.cine.frame_requested.connect(lambda frame: session.update(frame_index=frame, playing=False))
        self.cine.slice_requested.connect(lambda index: session.update(slice_index=index))
        self.cine.speed_requested.connect(lambda speed: session.update(speed=speed))
        self.cine.sweep_requested.connect(lambda sweep: session.update(sweep=sweep))
        self.function.frame_requested.connect(lambda frame: session.update(frame_index=frame, playing=False))
        self.function.spacing_requested.connect(self.ask_spacing)
        self.performance.check_requested.connect(self.show_device_check)
        self.correct_button.clicked.connect(session.correcting.toggle)
        for asked, answer in (
            (self.correction.tool_requested, session.correcting.choose_tool),
            (self.correction.structure_requested, session.correcting.choose_structure),
            (self.correction.size_requested, session.correcting.resize_brush),
            (self.correction.undo_requested, session.correcting.undo),
            (self.correction.redo_requested, session.correcting.redo),
            (self.correction.restore_requested, session.correcting.restore_slice),
            (self.correction.corrected_requested, session.correcting.show_corrected),
            (self.correction.done_requested, session.correcting.stop),
        ):
            asked.connect(answer)
        self.messages.dismissed.connect(lambda: session.update(message=None))
        self.messages.command_requested.connect(session.answer)
        self.status.cancel_requested.connect(session.cancel)

    def _connect_view(self, view: QObject) -> None:
        """What a view of the stage can ask for; not every view asks for all of it."""
        session = self.session
        for signal, answer in {
            "slice_requested": lambda index: session.update(slice_index=index),
            "slice_step_requested": session.looking.step_slice,
            "frame_step_requested": session.looking.step_frame,
            "window_requested": lambda centre, width: session.update(window=(centre, width)),
            "view_requested": lambda zoom, x, y: session.update(zoom=zoom, pan_mm=(x, y)),
            "reset_requested": session.looking.reset_view,
            "cross_requested": lambda cross: session.update(cross=cross),
            "pair_requested": lambda pair: session.update(pair=pair),
            "stroke_requested": session.correcting.start_stroke,
            "drawing_requested": session.correcting.draw,
            "stroke_ended": session.correcting.end_stroke,
            "brush_step_requested": session.correcting.resize_brush,
        }.items():
            if hasattr(view, signal):
                getattr(view, signal).connect(answer)

    def _apply(self, old: AppState, new: AppState) -> None:
        # First: views read colours when they draw, and some draw at once.
        if (old.preferences.theme, old.preferences.overlay.colours) != (
            new.preferences.theme,
            new.preferences.overlay.colours,
        ):
            self._apply_theme()
        for view in self.views:
            view.apply(old, new)
        self._tick_actions(new)
        if new.scan.volume is not None and (old.scan.volume, old.preferences.hide_names) != (
            new.scan.volume,
            new.preferences.hide_names,
        ):
            if old.scan.volume is not new.scan.volume:
                self.welcome.setVisible(new.scan.volume.source.kind == "phantom")
            self.setWindowTitle(f"{scan_title(new.scan.volume, hide=new.preferences.hide_names)} – CineQuant")
        if self._settings is not None and (old.preferences.recents, old.models.report) != (
            new.preferences.recents,
            new.models.report,
        ):
            self._settings.save(new)

    def _tick_actions(self, state: AppState) -> None:
        for entry in ACTIONS:
            if entry.checked is not None:
                self.actions_by_text[entry.text].setChecked(entry.checked(state))

    def _fill_window_menu(self) -> None:
        self._window_menu.clear()
        for name, window in self.session.looking.window_presets().items():
            action = self._window_menu.addAction(translated(name))
            action.triggered.connect(lambda _=False, w=window: self.session.update(window=w))
        if self._window_menu.isEmpty():
            loading = self.session.state.scan.loading is not None
            wait = translate("MainWindow", "Wait until the scan is read")
            empty = wait if loading else translate("MainWindow", "Open a scan first")
            self._window_menu.addAction(empty).setEnabled(False)

    def _fill_recent_menu(self) -> None:
        self._recent_menu.clear()
        if self.session.state.preferences.hide_names:  # names of files and folders often are the patient's
            hidden = translate("MainWindow", "Hidden while names are hidden (N)")
            self._recent_menu.addAction(hidden).setEnabled(False)
            return
        for path in self.session.state.preferences.recents:
            action = self._recent_menu.addAction(recent_name(path))
            action.triggered.connect(lambda _=False, p=path: self.session.opening.open_paths([p]))
        if self._recent_menu.isEmpty():
            self._recent_menu.addAction(translate("MainWindow", "No scan was opened yet")).setEnabled(False)

    # -- commands of the window ----------------------------------------------------------------------------------

    def ask_open_files(self) -> None:
        title, kinds = translate("MainWindow", "Open a scan"), translate("MainWindow", FILES)
        names, _ = QFileDialog.getOpenFileNames(self, title, self._start_folder(), kinds)
        self.session.opening.open_paths([Path(name) for name in names])

    def ask_open_folder(self) -> None:
        title = translate("MainWindow", "Open a folder of DICOM or NIfTI files")
        name = QFileDialog.getExistingDirectory(self, title, self._start_folder())
        self.session.opening.open_paths([Path(name)] if name else [])

    def ask_load_mask(self) -> None:
        """A mask to compare with. What its values mean is asked where the file cannot say."""
        state = self.session.state
        if state.scan.volume is None:
            self.session.say(Kind.WARNING, translate("MainWindow", "A mask goes with a scan: open the scan first."))
            return
        if still_loading(self.session.store):
            return
        title, kinds = translate("MainWindow", "Load a mask of this scan"), translate("MainWindow", MASKS)
        names, _ = QFileDialog.getOpenFileNames(self, title, self._start_folder(), kinds)
        paths = [Path(name) for name in sorted(names)]
        if not paths:
            return
        try:
            if not masks.needs_convention(paths):
                self.session.comparing.load_mask(paths)
                return
            one_of_many = masks.frames_in(paths) == 1 and state.scan.volume.frames > 1
        except ScanError as error:
            self.session.say(Kind.ERROR, str(error))
            return
        frame = translate("MainWindow", "The mask is of one frame: it is taken for frame {number}, which is on screen.")
        frame = frame.format(number=state.view.frame_index + 1)
        dialog = MaskDialog(self, paths[0].name, frame if one_of_many else "")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.session.comparing.load_mask(paths, dialog.convention()))
        dialog.open()

    def ask_export_mask(self) -> None:
        path = self._ask_save(
            translate("MainWindow", "Export mask"), "mask.nii.gz", "NIfTI (*.nii.gz *.nii)", (".nii.gz", ".nii")
        )
        if path:
            self.session.exporting.export_mask(path)

    def ask_export_seg(self) -> None:
        volume = self.session.state.scan.volume
        if volume is not None and volume.source.kind != "dicom":
            text = translate(
                "MainWindow",
                "DICOM SEG needs a scan opened from DICOM, whose headers it refers to. Export this one as NIfTI.",
            )
            self.session.say(Kind.WARNING, text)
            return
        kinds = translate("MainWindow", "Folder (*)")
        path = self._ask_save(translate("MainWindow", "Export DICOM SEG: a new folder"), "seg", kinds)
        if path:
            self.session.exporting.export_seg(path)

    def ask_export_measurements(self) -> None:
        path = self._ask_save(
            translate("MainWindow", "Export measurements"), "measurements.csv", "CSV (*.csv)", (".csv",)
        )
        if path:
            self.session.exporting.export_measurements(path)

    def ask_save_picture(self) -> None:
        volume = self.session.state.scan.volume
        if volume is None:
            self.session.say(Kind.WARNING, translate("MainWindow", "Nothing to save yet: open a scan first."))
            return
        if still_loading(self.session.store):
            return
        state = self.session.state
        name = f"{exporting.scan_name(volume)}_slice{state.view.slice_index + 1}_frame{state.view.frame_index + 1}.png"
        title, start = translate("MainWindow", "Save picture"), str(Path(_documents()) / name)
        chosen, _ = QFileDialog.getSaveFileName(self, title, start, "PNG (*.png)")
        if not chosen:
            return
        path = _with_ending(chosen, (".png",))
        if save_picture(self.stage.picture(), path):
            self.session.say(Kind.SUCCESS, translate("MainWindow", "Saved {path}").format(path=path))
        else:
            text = translate("MainWindow", "{path}: could not be written; choose a folder that you may write to")
            self.session.say(Kind.ERROR, text.format(path=path))

    def _ask_save(self, title: str, name: str, kinds: str, endings: tuple[str, ...] = ()) -> Path | None:
        export = exporting.export_of(self.session.state)
        if self.session.exporting.nothing_to_export() or export is None:
            return None
        start = Path(_documents()) / exporting.default_name(export, name)
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(start), kinds)
        return _with_ending(chosen, endings) if chosen else None

    def ask_spacing(self) -> None:
        if still_loading(self.session.store):
            return
        dialog = dialogs.SpacingDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.session.opening.set_spacing(*dialog.spacing_mm()))
        dialog.open()

    def toggle_overlay(self) -> None:
        self.session.looking.update_overlay(hidden=not self.session.state.preferences.overlay.hidden)

    def ask_colour(self, structure: int) -> None:
        """What to draw a structure in, beside its name."""
        self._left.ensureWidgetVisible(self.structures)
        self.structures.swatches[structure].ask()

    def toggle_names(self) -> None:
        self.session.update(hide_names=not self.session.state.preferences.hide_names)

    def choose_theme(self, theme: Theme) -> None:
        self.session.update(theme=theme)
        self._tick_actions(self.session.state)  # what was clicked may be what is chosen already

    def choose_language(self, chosen: Language) -> None:
        """For the next start: the window is made once, in one language."""
        self.session.update(language=chosen)
        self._tick_actions(self.session.state)  # what was clicked may be what is chosen already
        if language.code_of(chosen) != language.code_now():
            text = translate("MainWindow", "The language changes when CineQuant is started again.")
            self.session.say(Kind.SUCCESS, text)

    def _apply_theme(self) -> None:
        theme.apply(
            QApplication.instance(),
            self.session.state.preferences.theme,
            self.session.state.preferences.overlay.colours,
        )

    def show_palette(self) -> None:
        """Every command by a few letters of its name."""
        Palette(self, [action for action in self.actions() if action.property(ENGLISH) != "Find a command…"]).show()

    def show_tags(self) -> None:
        """The header of the slice on screen, in a window of its own that stays."""
        if self._tags is None:
            self._tags = TagsDialog(self, self.session)
            self._tags.finished.connect(self._forget_tags)
        self._tags.show()
        self._tags.raise_()
        self._tags.activateWindow()
        self._tags.search.setFocus()

    def _forget_tags(self) -> None:
        self._tags = None

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_model_card(self) -> None:
        card = card_of(self.session.state)
        if card is not None:
            dialogs.model_card(self, card).show()

    def show_device_check(self) -> None:
        """What this computer runs best, and a check of it where that is not known."""
        session = self.session
        dialog = self.findChild(DeviceDialog)
        if dialog is None:
            dialog = DeviceDialog(self, session.state)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            session.changed.connect(dialog.apply)
            dialog.check_requested.connect(self.check.start)
            dialog.stop_requested.connect(lambda: session.update(checking=None))
            dialog.follow_requested.connect(session.segmenting.follow_report)
        dialog.show()
        dialog.raise_()
        if session.state.models.report is None and session.state.models.checking is None:
            self.check.start()

    def show_shortcuts(self) -> None:
        shortcuts(self).open()

    def show_about(self) -> None:
        dialogs.about(self, __version__).open()

    def _ask_about_corrections(self) -> None:
        """Closing would lose them: export them all, lose them, or stay."""
        box = self.findChild(UnsavedDialog)
        if box is not None:
            box.raise_()
            return
        box = UnsavedDialog(self, unsaved(self.session.state), hide_names=self.session.state.preferences.hide_names)
        box.export_requested.connect(self._export_and_close)
        box.discard_requested.connect(self._close_anyway)
        box.open()

    def _export_and_close(self) -> None:
        title = translate("MainWindow", "Export the corrected masks: a folder")
        name = QFileDialog.getExistingDirectory(self, title, _documents())
        if not name:
            return
        saved = self.session.exporting.save_unsaved(Path(name), for_good=True)
        for bug in saved.bugs:
            raise bug
        if saved.failed:
            self.session.say(Kind.ERROR, "; ".join(saved.failed))
            return
        self.close()

    def close_unasked(self, recovery: Path) -> Path | None:
        """Close without a question, as a signal asks for. What is corrected and not exported is written first.

        Returns the recovery folder if something was written there. Raises ExportError if a mask could not be written;
        the others are written and the window is closed then, too.
        """
        try:
            self.session.finish_writing()
            saved = self.session.exporting.save_unsaved(recovery, for_good=True)
            for bug in saved.bugs:
                raise bug
            if saved.failed:
                raise ExportError("; ".join(saved.failed))
            return recovery if saved.written else None
        finally:
            self._close_anyway()

    def _close_anyway(self) -> None:
        self._closing_asked = True
        self.close()

    def _start_folder(self) -> str:
        recents = self.session.state.preferences.recents
        return str(recents[0].parent) if recents else str(Path.home())

    # -- Qt ------------------------------------------------------------------------------------------------------

    def restore(self, geometry: QByteArray | None) -> None:
        """Where the window was last time, if that still makes sense on this screen."""
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(QSize(1600, 1000).boundedTo(self.screen().availableSize()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wordmark.setVisible(self.width() >= WORDMARK_FROM)
        self.correct_button.setVisible(self.width() >= PENCIL_FROM)
        # On a small screen the words come first; a few dozen points fill no more than a plot of moderate height.
        spare = (self.height() - ROOMY_FROM) // 2
        for plot in (self.function.curve, self.performance.plot):
            plot.setFixedHeight(min(MIN_HEIGHT + max(spare, 0), MAX_HEIGHT))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Space presses the button that has the focus, as everywhere; without one it plays the cine.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Space
            and isinstance(watched, QAbstractButton | QComboBox)
        ):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_paths(event):
            event.acceptProposedAction()
            self._drop_hint.setGeometry(QRect(self.stage.mapTo(self, QPoint()), self.stage.size()))
            self._drop_hint.raise_()
            self._drop_hint.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        paths = _local_paths(event)
        if paths:
            event.acceptProposedAction()
            self.session.opening.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if (
            not self.session.finish_writing() and not self._closing_asked
        ):  # the message says which file could not be written
            event.ignore()
            return
        if not self._closing_asked and unsaved(self.session.state):
            event.ignore()
            self._ask_about_corrections()
            return
        QApplication.instance().removeEventFilter(self)
        QApplication.styleHints().colorSchemeChanged.disconnect(self._apply_theme)
        self.study.close_thread()
        self.crash.remove()
        if self._settings is not None:
            self._settings.geometry = self.saveGeometry()
            self._settings.save(self.session.state)
        self.check.close()
        self.session.close()
        super().closeEvent(event)


def _local_paths(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def _with_ending(chosen: str, endings: tuple[str, ...]) -> Path:
    """A file name as entered, with the first ending where it has none of them."""
    return Path(chosen if not endings or chosen.lower().endswith(endings) else chosen + endings[0])


def _documents() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or str(Path.home())


def _side(name: str, width: int, panels: Sequence[QWidget]) -> QScrollArea:
    """A column of panels, each as high as its content, that scrolls where the window is too low.

    name: for screen readers.
    """
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for panel in panels:
        column.addWidget(panel)
    column.addStretch()
    area = QScrollArea()
    area.setObjectName("side")
    area.setAccessibleName(name)
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedWidth(width)
    return area
