"""Every command a key or a menu reaches, in one table. The shortcut sheet is made of it too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.state import AppState, Layout, Theme


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


def _layout(text: str, key: str, layout: Layout) -> Action:
    return Action(text, (key,), "View", "session.show_layout", (layout,), checked=lambda state: state.layout is layout)


def _theme(text: str, theme: Theme, *, line_before: bool = False) -> Action:
    return Action(text, (), "View", "choose_theme", (theme,), line_before, checked=lambda state: state.theme is theme)


def _toggle(text: str, key: str, menu: str, field: str, *, line_before: bool = False) -> Action:
    return Action(
        text, (key,), menu, "session.toggle", (field,), line_before, checked=lambda state: getattr(state, field)
    )


ACTIONS: tuple[Action, ...] = (
    Action("Open files…", ("Ctrl+O",), "File", "ask_open_files"),
    Action("Open folder…", ("Ctrl+Shift+O",), "File", "ask_open_folder"),
    Action("Built-in phantom heart", (), "File", "session.open_phantom"),
    Action("Export mask as NIfTI…", ("Ctrl+E",), "Export", "ask_export_mask"),
    Action("Export mask as DICOM SEG…", ("Ctrl+Shift+E",), "Export", "ask_export_seg"),
    Action("Export measurements as CSV…", ("Ctrl+M",), "Export", "ask_export_measurements"),
    Action("Save picture of the slice…", ("Ctrl+S",), "Export", "ask_save_picture", line_before=True),
    Action("Load mask to compare…", ("Ctrl+L",), "File", "ask_load_mask", line_before=True),
    Action("Remove the mask", (), "File", "session.remove_mask"),
    Action("Quit", ("Ctrl+Q",), "File", "close", line_before=True),
    _layout("One slice", "1", Layout.SLICE),
    _layout("End-diastole beside end-systole", "2", Layout.PHASES),
    _layout("Compare two segmentations", "3", Layout.COMPARE),
    _layout("All slices", "4", Layout.SHEET),
    _layout("Slice and long axis", "5", Layout.LONG_AXIS),
    Action("Previous slice", ("Up",), "View", "session.step_slice", (-1,), line_before=True),
    Action("Next slice", ("Down",), "View", "session.step_slice", (1,)),
    Action("Zoom to the heart", ("Z",), "View", "session.zoom_to_heart", line_before=True),
    Action("Reset view and window", ("R",), "View", "session.reset_view"),
    Action("Next window preset", ("W",), "View", "session.next_window"),
    _toggle("Invert grey scale", "I", "View", "invert"),
    _toggle("Smooth between pixels", "V", "View", "smooth"),
    Action("Hide or show the outlines", ("H",), "View", "toggle_overlay", line_before=True),
    Action("Outline, fill or voxels", ("F",), "View", "session.next_style"),
    _toggle("Outline of the loaded mask", "M", "View", "mask_shown"),
    Action("Header of the slice…", ("T",), "View", "show_tags", line_before=True),
    Action("Hide or show patient names", ("N",), "View", "toggle_names"),
    _theme("Dark theme", Theme.DARK, line_before=True),
    _theme("Light theme", Theme.LIGHT),
    _theme("Theme of the system", Theme.SYSTEM),
    Action("Full screen", ("F11",), "View", "toggle_full_screen"),
    Action("Play or pause", ("Space", "C"), "Cine", "session.toggle_play"),
    Action("Previous frame", ("Left",), "Cine", "session.step_frame", (-1,)),
    Action("Next frame", ("Right",), "Cine", "session.step_frame", (1,)),
    Action("Slower", ("[",), "Cine", "session.change_speed", (-1,), line_before=True),
    Action("Faster", ("]",), "Cine", "session.change_speed", (1,)),
    _toggle("To and fro", "B", "Cine", "sweep"),
    Action("Go to end-diastole", ("D",), "Cine", "session.go_to_phase", ("ED",), line_before=True),
    Action("Go to end-systole", ("S",), "Cine", "session.go_to_phase", ("ES",)),
    Action("Switch float32 / int8", ("P",), "Model", "session.toggle_precision"),
    Action("Segment", (), "Model", "session.segment"),
    Action("Stop", ("Escape",), "Model", "session.cancel"),
    Action("Device check…", (), "Model", "show_device_check", line_before=True),
    Action("About the model…", (), "Model", "show_model_card"),
    Action("Find a command…", ("Ctrl+K",), "Help", "show_palette"),
    Action("Keys and mouse", ("?", "F1"), "Help", "show_shortcuts"),
    Action("About CineQuant", (), "Help", "show_about"),
)

MENUS = ("File", "Export", "View", "Cine", "Model", "Help")

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "Slice"),
    ("Shift + wheel", "Frame"),
    ("Left drag", "Brightness ↕ and contrast ↔"),
    ("Middle drag", "Move the image"),
    ("Right drag", "Zoom"),
    ("Double click", "Reset view and window"),
    ("Drop files or a folder", "Open a scan"),
)
