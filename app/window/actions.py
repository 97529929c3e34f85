"""Every command a key or a menu reaches, in one table. The shortcut sheet is made of it too.

Texts are English here, in the table and as the names of commands and menus; what draws them looks them up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.state.changes import value_of
from app.state.types import AppState, Language, Layout, Theme
from app.words.language import marked
from engine.volume import LV, MYO, RV


@dataclass(frozen=True, slots=True)
class Action:
    """command: a method of MainWindow, or of the session where it starts with "session."; arguments follow it.

    keys: as QKeySequence reads them; the first is shown. menu: where it stands; empty for keys only.
    checked: whether the menu shows a tick; None for what is done and not switched.
    """

    text: str
    keys: tuple[str, ...]
    menu: str
    command: str
    arguments: tuple[object, ...] = ()
    line_before: bool = False
    checked: Callable[[AppState], bool] | None = None


CORRECT_MENU = marked("Menu", "Correct")
"""Stands in the Model menu."""
COLOUR_MENU = marked("Menu", "Colours")
"""Stands in the View menu, after the styles."""
LANGUAGE_MENU = marked("Menu", "Language")
"""Stands in the View menu, after the themes."""


def _layout(text: str, key: str, layout: Layout) -> Action:
    return Action(
        text,
        (key,),
        "View",
        "session.looking.show_layout",
        (layout,),
        checked=lambda state: state.preferences.layout is layout,
    )


def _theme(text: str, theme: Theme, *, line_before: bool = False) -> Action:
    return Action(
        text, (), "View", "choose_theme", (theme,), line_before, checked=lambda state: state.preferences.theme is theme
    )


def _colour(text: str, structure: int) -> Action:
    return Action(text, (), COLOUR_MENU, "ask_colour", (structure,))


def _language(text: str, language: Language) -> Action:
    return Action(
        text,
        (),
        LANGUAGE_MENU,
        "choose_language",
        (language,),
        checked=lambda state: state.preferences.language is language,
    )


def _toggle(text: str, key: str, menu: str, field: str, *, line_before: bool = False) -> Action:
    return Action(
        text,
        (key,),
        menu,
        "session.looking.toggle",
        (field,),
        line_before,
        checked=lambda state: bool(value_of(state, field)),
    )


ACTIONS: tuple[Action, ...] = (
    Action(marked("Action", "Open files…"), ("Ctrl+O",), "File", "ask_open_files"),
    Action(marked("Action", "Open folder…"), ("Ctrl+Shift+O",), "File", "ask_open_folder"),
    Action(marked("Action", "Built-in phantom heart"), (), "File", "session.opening.open_phantom"),
    Action(marked("Action", "Export mask as NIfTI…"), ("Ctrl+E",), "Export", "ask_export_mask"),
    Action(marked("Action", "Export mask as DICOM SEG…"), ("Ctrl+Shift+E",), "Export", "ask_export_seg"),
    Action(marked("Action", "Export measurements as CSV…"), ("Ctrl+M",), "Export", "ask_export_measurements"),
    Action(marked("Action", "Save picture of the slice…"), ("Ctrl+S",), "Export", "ask_save_picture", line_before=True),
    Action(marked("Action", "Load mask to compare…"), ("Ctrl+L",), "File", "ask_load_mask", line_before=True),
    Action(marked("Action", "Remove the mask"), (), "File", "session.comparing.remove_mask"),
    Action(marked("Action", "Quit"), ("Ctrl+Q",), "File", "close", line_before=True),
    _layout(marked("Action", "One slice"), "1", Layout.SLICE),
    _layout(marked("Action", "End-diastole beside end-systole"), "2", Layout.PHASES),
    _layout(marked("Action", "Compare two segmentations"), "3", Layout.COMPARE),
    _layout(marked("Action", "All slices"), "4", Layout.SHEET),
    _layout(marked("Action", "Slice and long axis"), "5", Layout.LONG_AXIS),
    Action(marked("Action", "Previous slice"), ("Up",), "View", "session.looking.step_slice", (-1,), line_before=True),
    Action(marked("Action", "Next slice"), ("Down",), "View", "session.looking.step_slice", (1,)),
    Action(marked("Action", "Zoom to the heart"), ("Z",), "View", "session.looking.zoom_to_heart", line_before=True),
    Action(marked("Action", "Reset view and window"), ("R",), "View", "session.looking.reset_view"),
    Action(marked("Action", "Next window preset"), ("W",), "View", "session.looking.next_window"),
    _toggle(marked("Action", "Invert grey scale"), "I", "View", "invert"),
    _toggle(marked("Action", "Smooth between pixels"), "V", "View", "smooth"),
    Action(marked("Action", "Hide or show the outlines"), ("H",), "View", "toggle_overlay", line_before=True),
    Action(marked("Action", "Outline, fill or voxels"), ("F",), "View", "session.looking.next_style"),
    _colour(marked("Action", "Colour of the LV cavity…"), LV),
    _colour(marked("Action", "Colour of the LV myocardium…"), MYO),
    _colour(marked("Action", "Colour of the RV cavity…"), RV),
    Action(marked("Action", "Default colours"), (), COLOUR_MENU, "session.looking.default_colours", line_before=True),
    _toggle(marked("Action", "Outline of the loaded mask"), "M", "View", "mask_shown"),
    Action(marked("Action", "Header of the slice…"), ("T",), "View", "show_tags", line_before=True),
    Action(marked("Action", "Hide or show patient names"), ("N",), "View", "toggle_names"),
    _theme(marked("Action", "Dark theme"), Theme.DARK, line_before=True),
    _theme(marked("Action", "Light theme"), Theme.LIGHT),
    _theme(marked("Action", "Theme of the system"), Theme.SYSTEM),
    _language(marked("Action", "Language: English"), Language.ENGLISH),
    _language(marked("Action", "Language: Deutsch"), Language.GERMAN),
    _language(marked("Action", "Language of the system"), Language.SYSTEM),
    Action(marked("Action", "Full screen"), ("F11",), "View", "toggle_full_screen"),
    Action(marked("Action", "Play or pause"), ("Space", "C"), "Cine", "session.looking.toggle_play"),
    Action(marked("Action", "Previous frame"), ("Left",), "Cine", "session.looking.step_frame", (-1,)),
    Action(marked("Action", "Next frame"), ("Right",), "Cine", "session.looking.step_frame", (1,)),
    Action(marked("Action", "Slower"), ("[",), "Cine", "session.looking.change_speed", (-1,), line_before=True),
    Action(marked("Action", "Faster"), ("]",), "Cine", "session.looking.change_speed", (1,)),
    _toggle(marked("Action", "To and fro"), "B", "Cine", "sweep"),
    Action(
        marked("Action", "Go to end-diastole"), ("D",), "Cine", "session.looking.go_to_phase", ("ED",), line_before=True
    ),
    Action(marked("Action", "Go to end-systole"), ("S",), "Cine", "session.looking.go_to_phase", ("ES",)),
    Action(marked("Action", "Switch float32 / int8"), ("P",), "Model", "session.segmenting.toggle_precision"),
    Action(marked("Action", "Segment"), (), "Model", "session.segmenting.segment"),
    Action(marked("Action", "Segment this slice only"), ("Ctrl+Return",), "Model", "session.segmenting.segment_slice"),
    Action(marked("Action", "Stop"), ("Escape",), "Model", "session.escape"),
    Action(marked("Action", "Device check…"), (), "Model", "show_device_check", line_before=True),
    Action(marked("Action", "About the model…"), (), "Model", "show_model_card"),
    Action(
        marked("Action", "Correct contours"),
        ("E",),
        CORRECT_MENU,
        "session.correcting.toggle",
        checked=lambda state: state.correction.correcting,
    ),
    Action(
        marked("Action", "Corrected or as the model found it"),
        ("O",),
        CORRECT_MENU,
        "session.correcting.toggle_corrected",
    ),
    Action(marked("Action", "Undo"), ("Ctrl+Z",), CORRECT_MENU, "session.correcting.undo", line_before=True),
    Action(marked("Action", "Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), CORRECT_MENU, "session.correcting.redo"),
    Action(marked("Action", "Take back this slice"), (), CORRECT_MENU, "session.correcting.restore_slice"),
    Action(
        marked("Action", "Brush or eraser"), ("X",), CORRECT_MENU, "session.correcting.toggle_tool", line_before=True
    ),
    Action(marked("Action", "Draw the LV cavity"), ("6",), CORRECT_MENU, "session.correcting.choose_structure", (LV,)),
    Action(
        marked("Action", "Draw the LV myocardium"), ("7",), CORRECT_MENU, "session.correcting.choose_structure", (MYO,)
    ),
    Action(marked("Action", "Draw the RV cavity"), ("8",), CORRECT_MENU, "session.correcting.choose_structure", (RV,)),
    Action(marked("Action", "Smaller brush"), ("-",), CORRECT_MENU, "session.correcting.resize_brush", (-1,)),
    Action(marked("Action", "Larger brush"), ("+", "="), CORRECT_MENU, "session.correcting.resize_brush", (1,)),
    Action(
        marked("Action", "Copy the contours of the slice before"),
        (),
        CORRECT_MENU,
        "session.correcting.copy_slice",
        (0, -1),
        line_before=True,
    ),
    Action(
        marked("Action", "Copy the contours of the slice after"),
        (),
        CORRECT_MENU,
        "session.correcting.copy_slice",
        (0, 1),
    ),
    Action(
        marked("Action", "Copy the contours of the frame before"),
        (),
        CORRECT_MENU,
        "session.correcting.copy_slice",
        (-1, 0),
    ),
    Action(marked("Action", "Find a command…"), ("Ctrl+K",), "Help", "show_palette"),
    Action(marked("Action", "Keys and mouse"), ("?", "F1"), "Help", "show_shortcuts"),
    Action(marked("Action", "About CineQuant"), (), "Help", "show_about"),
)

MENUS = (
    marked("Menu", "File"),
    marked("Menu", "Export"),
    marked("Menu", "View"),
    marked("Menu", "Cine"),
    marked("Menu", "Model"),
    marked("Menu", "Help"),
)

MOUSE: tuple[tuple[str, str], ...] = (
    (marked("Mouse", "Wheel"), marked("Mouse", "Slice")),
    (marked("Mouse", "Shift + wheel"), marked("Mouse", "Frame")),
    (marked("Mouse", "Left drag"), marked("Mouse", "Brightness ↕ and contrast ↔")),
    (marked("Mouse", "Left drag while correcting"), marked("Mouse", "Draw; Shift: the other tool; Ctrl: contrast")),
    (marked("Mouse", "Ctrl + wheel while correcting"), marked("Mouse", "Size of the brush")),
    (marked("Mouse", "Middle drag"), marked("Mouse", "Move the image")),
    (marked("Mouse", "Right drag"), marked("Mouse", "Zoom")),
    (marked("Mouse", "Double click"), marked("Mouse", "Reset view and window")),
    (marked("Mouse", "Drop files or a folder"), marked("Mouse", "Open a scan")),
)
