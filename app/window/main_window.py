"""Puts the parts together: panels around the image, menus, dialogs. No logic of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSize, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.look import icons, theme
from app.look.widgets import Panel, label
from app.panels.annotation_panel import AnnotationPanel
from app.panels.cine_bar import CineBar
from app.panels.correction_bar import CorrectButton, CorrectionBar
from app.panels.details_panel import DetailsPanel
from app.panels.function_panel import FunctionPanel
from app.panels.layout_bar import LayoutBar, LayoutButton
from app.panels.long_axis_panel import LongAxisPanel
from app.panels.messages import MessageBar
from app.panels.model_panel import ModelPanel
from app.panels.patient_bar import PatientBar
from app.panels.performance_panel import PerformancePanel
from app.panels.plot import MAX_HEIGHT, MIN_HEIGHT
from app.panels.review_panel import ReviewPanel
from app.panels.status_bar import StatusBar
from app.panels.structures_panel import StructuresPanel
from app.panels.study_panel import StudyPanel
from app.panels.welcome import Welcome
from app.session.device_check import DeviceCheck
from app.session.session import Session
from app.state.identity import Same
from app.state.outgoing import Stationery
from app.state.types import AppState, Layout, Theme
from app.state.unseen import only_unseen_progress
from app.views.agreement_view import AgreementView
from app.views.long_axis_cines import LongAxisCines
from app.views.slice_view import SliceView
from app.window.archive_windows import ArchiveWindows
from app.window.availability import why_not
from app.window.cases import Cases
from app.window.closing import Closing
from app.window.crash import CrashHandler
from app.window.drops import Drops
from app.window.edit_menu import CONTOURS
from app.window.export_questions import ExportQuestions
from app.window.floating import Floating
from app.window.info_windows import InfoWindows
from app.window.layouts import LAYOUTS, View, entry_of
from app.window.menu_bar import MenuBar
from app.window.menus import FIND
from app.window.palette import ENGLISH, Palette
from app.window.placing import FRAME, centred, placed
from app.window.questions import Questions
from app.window.settings import Settings
from app.window.shortcuts import shortcuts
from app.window.space_key import SpaceKey
from app.window.stage import Stage
from app.words.language import translate
from engine.pictures.render import Colour

LEFT_WIDTH, RIGHT_WIDTH = 276, 352
ROOMY_SIZE = QSize(1600, 1000)
# Up to this height of the window the panels on the right need all of it for their words.
ROOMY_FROM = 790
# In a narrower one the patient needs the room of the program's name.
WORDMARK_FROM = 1400
# In one that is narrower still, that of the layouts and of the pencil, which have keys and are in menus too.
TOOLS_FROM = 1250


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """What of the state concerns the window as a whole. phantom: the scan is the built-in one.

    look: colours of the window and of structures. kept: what is written to the settings as soon as it changes.
    """

    look: tuple[Theme, Mapping[int, Colour]]
    volume: Same
    phantom: bool
    kept: tuple[tuple[Path, ...], Same, Stationery]


def _shown_window(state: AppState) -> ShownWindow:
    volume, preferences = state.scan.volume, state.preferences
    return ShownWindow(
        look=(preferences.theme, preferences.overlay.colours),
        volume=Same(volume),
        phantom=volume is not None and volume.source.kind == "phantom",
        kept=(preferences.recents, Same(state.models.report), state.stationery),
    )


class MainWindow(QMainWindow):
    """The window. It owns the session: closing the window ends it."""

    def __init__(self, session: Session, settings: Settings | None = None) -> None:
        super().__init__()
        self.session, self._settings = session, settings
        self.setWindowTitle("CineQuant")
        self.setWindowIcon(icons.icon("mark"))
        self.setMinimumSize(1080, 660)

        self.study, self.models, self.structures = StudyPanel(), ModelPanel(), StructuresPanel()
        self.annotations = AnnotationPanel()
        self.stage, self.cine = Stage(), CineBar()
        self.layouts = LayoutBar([LayoutButton(e.layout, e.text, e.key, e.icon) for e in LAYOUTS])
        self.slice_view = self.stage.slice_view
        self.function, self.long_axis, self.review = FunctionPanel(), LongAxisPanel(), ReviewPanel()
        self.details, self.performance = DetailsPanel(), PerformancePanel()
        self.messages, self.status, self.welcome = MessageBar(), StatusBar(), Welcome()
        self.patient, self.correction, self.correct_button = PatientBar(), CorrectionBar(), CorrectButton()
        self.views = (self.patient, self.study, self.models, self.structures, self.annotations, self.stage,
                      self.cine, self.function, self.long_axis, self.review, self.details, self.performance,
                      self.messages, self.status, self.layouts, self.correction,
                      self.correct_button)  # fmt: skip
        self.check = DeviceCheck(session)
        self.questions = Questions(self, session)
        self.exports = ExportQuestions(self, session, self.stage.picture)
        self.info = InfoWindows(self, session, self.check)
        self.archives = ArchiveWindows(self, session, None if settings is None else settings.folder)
        self.cases = Cases(self, session)
        self.closing = Closing(self, session, self.cases)
        self.menus = MenuBar(self)
        for action in self.menus.actions_by_text.values():
            self.addAction(action)  # so that keys work while the menus are closed
        self._assemble()
        self._connect()
        self.drops = Drops(self, self.stage, session.opening.open_paths)
        self.welcome.hide()
        self._shown = _shown_window(session.state)
        self._applied = session.state  # what all views have been brought to
        self._panels_before = True
        session.changed.connect(self._apply)
        for view in self.views:
            view.apply(session.state)
        self.menus.tick(session.state)
        QApplication.styleHints().colorSchemeChanged.connect(self._apply_theme)
        self.crash = CrashHandler(self, session.recover)
        self._space = SpaceKey(self, _application())
        self.stage.take_focus()

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
        self._left = _side(left, LEFT_WIDTH, (self.study, self.models, self.structures, self.annotations))
        middle.addWidget(self._left)
        centre = QVBoxLayout()
        centre.setSpacing(8)
        over = Floating(self.stage, top=(self.messages, self.welcome), bottom=(self.correction,))
        over.covered.connect(self.stage.keep_words_clear)
        centre.addWidget(over, 1)
        centre.addWidget(self.cine)
        middle.addLayout(centre, 1)
        panels = (self.function, self.long_axis, self.review, self.details, self.performance)
        self._right = _side(right, RIGHT_WIDTH, panels)
        middle.addWidget(self._right)
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
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(6)
        row.addWidget(self.layouts)
        row.addWidget(self.correct_button)
        row.addSpacing(6)
        row.addWidget(self.patient, 1)
        return header

    def _connect(self) -> None:
        session = self.session
        for opener in (self.study, self.welcome):
            opener.open_files_requested.connect(self.questions.open_files)
            opener.open_folder_requested.connect(self.questions.open_folder)
        self.welcome.closed.connect(self.welcome.hide)
        self.study.recent_requested.connect(lambda path: session.opening.open_paths([path]))
        self.study.series_requested.connect(session.opening.open_series)
        self.study.tags_requested.connect(self.info.show_tags)
        self.patient.names_toggled.connect(lambda: session.looking.toggle("hide_names"))
        self.models.model_requested.connect(session.segmenting.choose_model)
        self.models.precision_requested.connect(session.segmenting.choose_precision)
        self.models.segment_requested.connect(session.segmenting.segment)
        self.models.slice_requested.connect(session.segmenting.segment_slice)
        self.models.card_requested.connect(self.info.show_model_card)
        self.annotations.show_requested.connect(session.annotating.show)
        self.annotations.delete_requested.connect(session.annotating.delete)
        self.structures.structure_toggled.connect(session.looking.toggle_structure)
        self.structures.style_requested.connect(lambda style: session.looking.update_overlay(style=style, hidden=False))
        self.structures.opacity_requested.connect(lambda opacity: session.looking.update_overlay(opacity=opacity))
        self.structures.hidden_toggled.connect(session.looking.toggle_overlay)
        self.structures.colour_requested.connect(session.looking.choose_colour)
        self.structures.default_colours_requested.connect(session.looking.default_colours)
        self.stage.made.connect(self._connect_view)
        self.stage.painted.connect(session.paint.painted)
        session.paint.awaited = True
        self._connect_view(self.slice_view)
        self.layouts.layout_requested.connect(self._take_layout)
        self.cine.play_requested.connect(session.looking.toggle_play)
        self.cine.frame_requested.connect(session.looking.go_to_frame)
        self.cine.slice_requested.connect(lambda index: session.update(slice_index=index))
        self.cine.speed_requested.connect(lambda speed: session.update(speed=speed))
        self.cine.sweep_requested.connect(lambda sweep: session.update(sweep=sweep))
        self.function.frame_requested.connect(session.looking.go_to_frame)
        self.long_axis.frame_requested.connect(session.looking.go_to_frame)
        self.function.phase_requested.connect(session.measuring.choose_phase)
        self.function.use_requested.connect(session.measuring.use)
        self.function.spacing_requested.connect(self.questions.spacing)
        self.function.details_requested.connect(session.looking.toggle_details)
        self.details.page_requested.connect(lambda page: session.update(details=page))
        self.details.patient_requested.connect(self.questions.patient)
        self.details.slice_requested.connect(session.looking.go_to_slice)
        self.details.insertions_reset_requested.connect(session.insertion_points.find_again)
        self.review.stop_requested.connect(session.reviewing.go_to)
        self.review.step_requested.connect(session.reviewing.step)
        self.review.reviewed_toggled.connect(session.reviewing.toggle_reviewed)
        self.performance.check_requested.connect(self.info.show_device_check)
        self.correct_button.clicked.connect(session.correcting.toggle)
        for asked, answer in (
            (self.correction.tool_requested, session.correcting.choose_tool),
            (self.correction.edges_requested, session.correcting.toggle_edges),
            (self.correction.wall_requested, session.correcting.toggle_wall),
            (self.correction.more_requested, self._show_contour_commands),
            (self.correction.structure_requested, session.correcting.choose_structure),
            (self.correction.size_requested, session.correcting.resize_brush),
            (self.correction.undo_requested, session.undoing.undo),
            (self.correction.redo_requested, session.undoing.redo),
            (self.correction.restore_requested, session.contours.restore_slice),
            (self.correction.corrected_requested, session.correcting.show_corrected),
            (self.correction.done_requested, session.correcting.stop),
        ):
            asked.connect(answer)
        self.messages.dismissed.connect(lambda: session.update(message=None))
        self.messages.command_requested.connect(session.answer)
        self.status.cancel_requested.connect(session.cancel)

    def _connect_view(self, view: View) -> None:
        """What a view of the stage can ask for."""
        session = self.session
        view.slice_step_requested.connect(session.looking.step_slice)
        view.frame_step_requested.connect(session.looking.step_frame)
        view.window_requested.connect(lambda centre, width: session.update(window=(centre, width)))
        view.view_requested.connect(lambda zoom, x, y: session.update(zoom=zoom, pan_mm=(x, y)))
        view.reset_requested.connect(session.looking.reset_view)
        if isinstance(view, SliceView):
            view.cross_requested.connect(lambda cross: session.update(cross=cross))
            view.long_axis_dragged.connect(session.reading_beside.drag)
            view.stroke_requested.connect(session.correcting.start_stroke)
            view.drawing_requested.connect(session.correcting.draw)
            view.stroke_ended.connect(session.correcting.end_stroke)
            view.annotation_pressed.connect(session.annotating.press)
            view.annotation_dragged.connect(session.annotating.drag)
            view.annotation_released.connect(session.annotating.release)
            view.brush_step_requested.connect(session.correcting.resize_brush)
            view.insertion_requested.connect(session.insertion_points.drag)
            view.insertion_dropped.connect(session.insertion_points.drop)
        else:
            view.slice_requested.connect(lambda index: session.update(slice_index=index))
        if isinstance(view, LongAxisCines):
            view.plane_requested.connect(session.reading_beside.put)
        if isinstance(view, AgreementView):
            view.pair_requested.connect(lambda pair: session.update(pair=pair))

    def _apply(self, old: AppState, new: AppState) -> None:
        """Bring the window to a state. Parts of it that are the same as before are left alone."""
        if only_unseen_progress(self._applied, new):
            for panel in (self.models, self.performance, self.status):
                panel.apply(new)
            return
        self._applied = new
        before, self._shown = self._shown, _shown_window(new)
        shown = self._shown
        # First: views read colours when they draw, and some draw at once.
        if shown.look != before.look:
            self._apply_theme()
        for view in self.views:
            view.apply(new)
        self.menus.tick(new)
        if shown.volume != before.volume:
            self.welcome.setVisible(shown.phantom)
        if self._settings is not None and shown.kept != before.kept:
            self._settings.save(new)

    # -- commands ------------------------------------------------------------------------------------------------

    def ask_colour(self, structure: int) -> None:
        """Ask for the colour of a structure, beside its name."""
        self._left.ensureWidgetVisible(self.structures)
        self.structures.swatches[structure].ask()

    def _show_contour_commands(self) -> None:
        """What can be done to the contours of a slice, below the button of the correcting bar."""
        more = self.correction.more
        self.menus.menus_by_title[CONTOURS].popup(more.mapToGlobal(more.rect().bottomLeft()))

    def toggle_full_screen(self) -> None:
        """Fill the screen, without the panels; back again, with those there were."""
        if not self.isFullScreen():
            self._panels_before = not self._left.isHidden()
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self._show_panels(show=not self.isFullScreen() and self._panels_before)

    def toggle_panels(self) -> None:
        """Hide the panels beside the image, or show them again."""
        self._show_panels(show=self._left.isHidden())

    def _show_panels(self, *, show: bool) -> None:
        for side in (self._left, self._right):
            side.setVisible(show)

    def show_palette(self) -> None:
        """Open the list in which a command is found by a few letters of its name."""
        actions = [action for action in self.actions() if action.property(ENGLISH) != FIND]
        Palette(self, actions, self._why_not).show()

    def _take_layout(self, layout: Layout) -> None:
        self.menus.trigger(entry_of(layout).text)

    def _why_not(self, command: str) -> str:
        return why_not(command, self.session.state)

    def show_shortcuts(self) -> None:
        shortcuts(self).open()

    def _apply_theme(self) -> None:
        preferences = self.session.state.preferences
        theme.apply(_application(), preferences.theme, preferences.overlay.colours)

    # -- Qt ------------------------------------------------------------------------------------------------------

    def restore(self, geometry: QByteArray | None) -> None:
        """Put the window where it was last time, if that is still on a screen."""
        known = geometry is not None and self.restoreGeometry(geometry)
        room = self.screen().availableGeometry()
        if not known and not room.contains(QRect(room.topLeft(), ROOMY_SIZE.grownBy(FRAME))):
            self.setWindowState(Qt.WindowState.WindowMaximized)
        # Where it was may have been a larger screen; a frame that is higher than the screen hides the bottom.
        self.setGeometry(placed(self.geometry(), room) if known else centred(ROOMY_SIZE, room))
        for panel in self._panels():
            panel.set_folded(folded=self._settings is not None and type(panel).__name__ in self._settings.folded)

    def _panels(self) -> list[Panel]:
        return self.findChildren(Panel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wordmark.setVisible(self.width() >= WORDMARK_FROM)
        self.correct_button.setVisible(self.width() >= TOOLS_FROM)
        self.layouts.setVisible(self.width() >= TOOLS_FROM)
        # On a small screen the words come first; a few dozen points fill no more than a plot of moderate height.
        spare = (self.height() - ROOMY_FROM) // 2
        height = min(MIN_HEIGHT + max(spare, 0), MAX_HEIGHT)
        self.performance.plot.setFixedHeight(height)
        for panel in (self.function, self.long_axis):
            panel.set_curve_height(height)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.closing.may_close():
            event.ignore()
            return
        self._space.close()
        QApplication.styleHints().colorSchemeChanged.disconnect(self._apply_theme)
        self.study.close_thread()
        self.crash.remove()
        if self._settings is not None:
            self._settings.geometry = self.saveGeometry()
            self._settings.folded = {type(panel).__name__ for panel in self._panels() if panel.folded}
            self._settings.save(self.session.state)
        self.check.close()
        self.session.close()
        super().closeEvent(event)


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application


def _side(name: str, width: int, panels: Sequence[QWidget]) -> QScrollArea:
    """A column of panels, each as high as its content. It scrolls if the window is too low.

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
