"""The menus, as one tree that holds every command a key or a menu reaches. The shortcut sheet is made of it, too.

Texts are English here, in the tree and as the names of commands and menus. What draws them translates them.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QMenu

from app.panels.study_panel import recent_name
from app.session.reasons import no_long_axes
from app.state.changes import value_of
from app.state.heart_views import can_choose_view
from app.state.types import AppState, Kind, Language, Theme
from app.views.long_axis_cines import name_of
from app.window.actions import Action, Commands, Filled, Menu, Note
from app.window.edit_menu import EDIT
from app.window.export_menu import EXPORT
from app.window.layouts import LAYOUTS, LayoutEntry
from app.window.measure_menu import MEASURE
from app.words import language
from app.words.engine_words import translated
from app.words.language import marked, translate
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS
from engine.volume import LV, MYO, RV

FIND = marked("Action", "Find a command…")
"""The command that the list of all commands leaves out: it opens that list."""


# -- menus that are filled when they open ----------------------------------------------------------------------------


def _fill_recents(commands: Commands, menu: QMenu) -> None:
    preferences, opening = commands.session.state.preferences, commands.session.opening
    if preferences.hide_names:  # names of files and folders often are the patient's
        menu.addAction(translate("MainWindow", "Hidden while names are hidden (N)")).setEnabled(False)
        return
    for path in preferences.recents:
        menu.addAction(recent_name(path)).triggered.connect(lambda _=False, p=path: opening.open_paths([p]))
    if menu.isEmpty():
        menu.addAction(translate("MainWindow", "No scan was opened yet")).setEnabled(False)


def _fill_windows(commands: Commands, menu: QMenu) -> None:
    session = commands.session
    for name, window in session.looking.window_presets().items():
        menu.addAction(translated(name)).triggered.connect(lambda _=False, w=window: session.update(window=w))
    if menu.isEmpty():
        wait = translate("MainWindow", "Wait until the scan is read")
        empty = wait if session.state.scan.loading is not None else translate("MainWindow", "Open a scan first")
        menu.addAction(empty).setEnabled(False)


def _fill_long_axes(commands: Commands, menu: QMenu) -> None:
    session = commands.session
    beside, hide = session.state.beside, session.state.preferences.hide_names
    for i, plane in enumerate(beside.long_axes or ()):
        action = menu.addAction(name_of(plane, hide=hide).replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(i in beside.long_axes_shown)
        action.triggered.connect(lambda _=False, plane=i: session.reading_beside.toggle(plane))
    if menu.isEmpty():
        why = no_long_axes(session.state)
        menu.addAction(why or translate("MainWindow", "Press 9 to read them")).setEnabled(False)


# -- kinds of commands -----------------------------------------------------------------------------------------------


def _layout(entry: LayoutEntry) -> Action:
    layout = entry.layout
    return Action(
        entry.text,
        lambda commands: commands.session.looking.show_layout(layout),
        (entry.key,),
        lambda state: state.preferences.layout is layout,
    )


def _toggle(text: str, key: str, field: str) -> Action:
    """A field of the state that is true or false."""

    def checked(state: AppState) -> bool:
        return bool(value_of(state, field))

    return Action(text, lambda commands: commands.session.looking.toggle(field), (key,), checked)


def _theme(text: str, theme: Theme) -> Action:
    return Action(
        text,
        lambda commands: commands.session.update(theme=theme),
        checked=lambda state: state.preferences.theme is theme,
    )


def _language(text: str, chosen: Language) -> Action:
    def choose(commands: Commands) -> None:
        commands.session.update(language=chosen)
        # The window is made once, in one language.
        if language.code_of(chosen) != language.code_now():
            said = translate("MainWindow", "The language changes when CineQuant is started again.")
            commands.session.say(Kind.SUCCESS, said)

    return Action(text, choose, checked=lambda state: state.preferences.language is chosen)


def _colour(text: str, structure: int) -> Action:
    return Action(text, lambda commands: commands.ask_colour(structure))


def _take_for(text: str, view: str) -> Action:
    """Which view of the heart a single slice shows."""
    return Action(
        text,
        lambda commands: commands.session.segmenting.take_for(view),
        checked=lambda state: can_choose_view(state) and state.scan.view_asked == view,
    )


# -- the tree --------------------------------------------------------------------------------------------------------


_FILE = Menu(
    marked("Menu", "File"),
    (
        Action(marked("Action", "Open files…"), lambda c: c.questions.open_files(), ("Ctrl+O",)),
        Action(marked("Action", "Open folder…"), lambda c: c.questions.open_folder(), ("Ctrl+Shift+O",)),
        Filled(marked("Menu", "Open recent"), _fill_recents),
        Action(marked("Action", "Archive…"), lambda c: c.archives.show_archive(), ("Ctrl+R",)),
        None,
        Action(marked("Action", "Save case"), lambda c: c.cases.save(), ("Ctrl+S",)),
        Action(marked("Action", "Save case as…"), lambda c: c.cases.save_as(), ("Ctrl+Shift+S",)),
        Action(marked("Action", "What was done with the case…"), lambda c: c.info.show_trail()),
        None,
        Action(marked("Action", "Built-in phantom heart"), lambda c: c.session.opening.open_phantom()),
        None,
        Action(marked("Action", "Load mask to compare…"), lambda c: c.questions.load_mask(), ("Ctrl+L",)),
        Action(marked("Action", "Compare with another reader's case…"), lambda c: c.cases.compare()),
        Action(marked("Action", "Two readers side by side"), lambda c: c.cases.show_readers()),
        Action(marked("Action", "Correct the loaded mask"), lambda c: c.session.correcting.adopt_mask()),
        Action(marked("Action", "Remove the mask"), lambda c: c.session.comparing.remove_mask()),
        None,
        Action(marked("Action", "Quit"), lambda c: c.close(), ("Ctrl+Q",)),
    ),
)
_COLOURS = Menu(
    marked("Menu", "Colours"),
    (
        _colour(marked("Action", "Colour of the LV cavity…"), LV),
        _colour(marked("Action", "Colour of the LV myocardium…"), MYO),
        _colour(marked("Action", "Colour of the RV cavity…"), RV),
        None,
        Action(marked("Action", "Default colours"), lambda c: c.session.looking.default_colours()),
    ),
)
_LANGUAGE = Menu(
    marked("Menu", "Language"),
    (
        Note(marked("MainWindow", "From the next start on")),
        _language(marked("Action", "Language: English"), Language.ENGLISH),
        _language(marked("Action", "Language: Deutsch"), Language.GERMAN),
        _language(marked("Action", "Language of the system"), Language.SYSTEM),
    ),
)
_VIEW = Menu(
    marked("Menu", "View"),
    (
        *map(_layout, LAYOUTS),
        Filled(marked("Menu", "Long axes beside the slice"), _fill_long_axes),
        None,
        Action(marked("Action", "Previous slice"), lambda c: c.session.looking.step_slice(-1), ("Up",)),
        Action(marked("Action", "Next slice"), lambda c: c.session.looking.step_slice(1), ("Down",)),
        None,
        Action(marked("Action", "Zoom to the heart"), lambda c: c.session.looking.zoom_to_heart(), ("Z",)),
        Action(marked("Action", "Reset view and window"), lambda c: c.session.looking.reset_view(), ("R",)),
        Action(marked("Action", "Next window preset"), lambda c: c.session.looking.next_window(), ("W",)),
        Filled(marked("Menu", "Window presets"), _fill_windows),
        _toggle(marked("Action", "Invert grey scale"), "I", "invert"),
        _toggle(marked("Action", "Smooth between pixels"), "V", "smooth"),
        None,
        Action(marked("Action", "Hide or show the outlines"), lambda c: c.session.looking.toggle_overlay(), ("H",)),
        Action(marked("Action", "Outline, fill or voxels"), lambda c: c.session.looking.next_style(), ("F",)),
        _COLOURS,
        _toggle(marked("Action", "Outline of the loaded mask"), "M", "mask_shown"),
        None,
        Action(marked("Action", "Header of the slice…"), lambda c: c.info.show_tags(), ("T",)),
        Action(
            marked("Action", "Hide or show patient names"), lambda c: c.session.looking.toggle("hide_names"), ("N",)
        ),
        None,
        _theme(marked("Action", "Dark theme"), Theme.DARK),
        _theme(marked("Action", "Light theme"), Theme.LIGHT),
        _theme(marked("Action", "Theme of the system"), Theme.SYSTEM),
        _LANGUAGE,
        Action(marked("Action", "Hide or show the panels"), lambda c: c.toggle_panels(), ("F9",)),
        Action(marked("Action", "Full screen"), lambda c: c.toggle_full_screen(), ("F11",)),
    ),
)
_CINE = Menu(
    marked("Menu", "Cine"),
    (
        Action(marked("Action", "Play or pause"), lambda c: c.session.looking.toggle_play(), ("Space", "C")),
        Action(marked("Action", "Previous frame"), lambda c: c.session.looking.step_frame(-1), ("Left",)),
        Action(marked("Action", "Next frame"), lambda c: c.session.looking.step_frame(1), ("Right",)),
        None,
        Action(marked("Action", "Slower"), lambda c: c.session.looking.change_speed(-1), ("[", "Shift+Left")),
        Action(marked("Action", "Faster"), lambda c: c.session.looking.change_speed(1), ("]", "Shift+Right")),
        _toggle(marked("Action", "To and fro"), "B", "sweep"),
        None,
        Action(marked("Action", "Go to end-diastole"), lambda c: c.session.looking.go_to_phase("ED"), ("D",)),
        Action(marked("Action", "Go to end-systole"), lambda c: c.session.looking.go_to_phase("ES"), ("S",)),
    ),
)
_TAKE_FOR = Menu(
    marked("Menu", "Take the slice for"),
    (
        _take_for(marked("Action", "What its geometry says"), ""),
        _take_for(marked("Action", "A short-axis slice"), SHORT_AXIS),
        _take_for(marked("Action", "A four-chamber view"), FOUR_CHAMBER),
    ),
)
_REVIEW = Menu(
    marked("Menu", "Review"),
    (
        Action(marked("Action", "Next flag"), lambda c: c.session.reviewing.step(1), (".",)),
        Action(marked("Action", "Previous flag"), lambda c: c.session.reviewing.step(-1), (",",)),
        Action(marked("Action", "Reviewed or not"), lambda c: c.session.reviewing.toggle_reviewed(), ("Ctrl+.",)),
    ),
)
_MODEL = Menu(
    marked("Menu", "Model"),
    (
        Action(marked("Action", "Switch float32 / int8"), lambda c: c.session.segmenting.toggle_precision(), ("P",)),
        _TAKE_FOR,
        Action(marked("Action", "Segment"), lambda c: c.session.segmenting.segment()),
        Action(
            marked("Action", "Segment this slice only"),
            lambda c: c.session.segmenting.segment_slice(),
            ("Ctrl+Return",),
        ),
        Action(marked("Action", "Stop"), lambda c: c.session.escape(), ("Escape",)),
        Action(
            marked("Action", "Keep the base as found"),
            lambda c: c.session.segmenting.toggle_keep_base(),
            checked=lambda state: state.preferences.keep_base,
        ),
        _REVIEW,
        None,
        Action(marked("Action", "Device check…"), lambda c: c.info.show_device_check()),
        Action(marked("Action", "About the model…"), lambda c: c.info.show_model_card()),
    ),
)
_HELP = Menu(
    marked("Menu", "Help"),
    (
        Action(FIND, lambda c: c.show_palette(), ("Ctrl+K",)),
        Action(marked("Action", "Keys and mouse"), lambda c: c.show_shortcuts(), ("?", "F1")),
        Action(marked("Action", "About CineQuant"), lambda c: c.info.show_about()),
    ),
)
MENUS: tuple[Menu, ...] = (_FILE, EDIT, EXPORT, _VIEW, _CINE, MEASURE, _MODEL, _HELP)


def menus_within(menus: tuple[Menu, ...] = MENUS) -> Iterator[Menu]:
    """All menus of the tree, each before those that stand in it."""
    for menu in menus:
        yield menu
        yield from menus_within(tuple(entry for entry in menu.entries if isinstance(entry, Menu)))


ACTIONS: tuple[Action, ...] = tuple(
    entry for menu in menus_within() for entry in menu.entries if isinstance(entry, Action)
)
