"""Every command a key or a menu reaches, in one table. The shortcut sheet is made of it too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """command: a method of MainWindow, or of the session where it starts with "session."; arguments follow it.

    keys: as QKeySequence reads them; the first is shown. menu: where it stands; empty for keys only.
    """

    text: str
    keys: tuple[str, ...]
    menu: str
    command: str
    arguments: tuple[object, ...] = ()
    line_before: bool = False


ACTIONS: tuple[Action, ...] = (
    Action("Open files…", ("Ctrl+O",), "File", "ask_open_files"),
    Action("Open folder…", ("Ctrl+Shift+O",), "File", "ask_open_folder"),
    Action("Built-in phantom heart", (), "File", "session.open_phantom"),
    Action("Export mask as NIfTI…", ("Ctrl+E",), "Export", "ask_export_mask"),
    Action("Export mask as DICOM SEG…", ("Ctrl+Shift+E",), "Export", "ask_export_seg"),
    Action("Export measurements as CSV…", ("Ctrl+M",), "Export", "ask_export_measurements"),
    Action("Save picture of the slice…", ("Ctrl+S",), "Export", "ask_save_picture", line_before=True),
    Action("Quit", ("Ctrl+Q",), "File", "close", line_before=True),
    Action("Previous slice", ("Up",), "View", "session.step_slice", (-1,)),
    Action("Next slice", ("Down",), "View", "session.step_slice", (1,)),
    Action("Reset view and window", ("R",), "View", "session.reset_view", line_before=True),
    Action("Invert grey scale", ("I",), "View", "toggle_invert"),
    Action("Hide or show the outlines", ("H",), "View", "toggle_overlay", line_before=True),
    Action("Outline, fill or voxels", ("F",), "View", "session.next_style"),
    Action("Hide or show patient data", ("N",), "View", "toggle_names", line_before=True),
    Action("Full screen", ("F11",), "View", "toggle_full_screen"),
    Action("Play or pause", ("Space", "C"), "Cine", "session.toggle_play"),
    Action("Previous frame", ("Left",), "Cine", "session.step_frame", (-1,)),
    Action("Next frame", ("Right",), "Cine", "session.step_frame", (1,)),
    Action("Go to end-diastole", ("D",), "Cine", "session.go_to_phase", ("ED",), line_before=True),
    Action("Go to end-systole", ("S",), "Cine", "session.go_to_phase", ("ES",)),
    Action("Switch float32 / int8", ("P",), "Model", "session.toggle_precision"),
    Action("Segment", (), "Model", "session.segment"),
    Action("Stop", ("Escape",), "Model", "session.cancel"),
    Action("Device check…", (), "Model", "show_device_check", line_before=True),
    Action("About the model…", (), "Model", "show_model_card"),
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
