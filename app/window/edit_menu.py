"""The Edit menu: undo, measuring on the image, tools that correct contours, and what is done to whole slices."""

from __future__ import annotations

from app.state.annotations import AnnotationKind
from app.state.brush import Tool
from app.window.actions import Action, Menu
from app.words.language import marked
from engine.volume import LV, MYO, RV

CONTOURS = marked("Menu", "Contours of this slice")


def _draw(text: str, key: str, structure: int) -> Action:
    return Action(text, lambda commands: commands.session.correcting.choose_structure(structure), (key,))


def _tool(text: str, key: str, tool: Tool) -> Action:
    return Action(
        text,
        lambda commands: commands.session.correcting.take(tool),
        (key,),
        lambda state: state.correction.correcting and state.correction.brush.tool is tool,
    )


def _measure(text: str, key: str, measure: AnnotationKind) -> Action:
    return Action(
        text,
        lambda commands: commands.session.annotating.take(measure),
        (key,),
        lambda state: state.annotation.measure_tool is measure,
    )


def _copy_from(text: str, frames: int, slices: int) -> Action:
    """Contours of a neighbour, so many frames and slices away."""
    return Action(text, lambda commands: commands.session.contours.copy_from(frames, slices))


def _copy_to(text: str, key: str, frames: int, slices: int) -> Action:
    return Action(text, lambda commands: commands.session.contours.copy_to(frames, slices), (key,))


_CONTOURS = Menu(
    CONTOURS,
    (
        _copy_to(marked("Action", "Copy to the next slice"), "Alt+Down", 0, 1),
        _copy_to(marked("Action", "Copy to the previous slice"), "Alt+Up", 0, -1),
        _copy_to(marked("Action", "Copy to the next frame"), "Alt+Right", 1, 0),
        _copy_to(marked("Action", "Copy to the previous frame"), "Alt+Left", -1, 0),
        None,
        _copy_from(marked("Action", "Copy the contours of the slice before"), 0, -1),
        _copy_from(marked("Action", "Copy the contours of the slice after"), 0, 1),
        _copy_from(marked("Action", "Copy the contours of the frame before"), -1, 0),
        _copy_from(marked("Action", "Copy the contours of the frame after"), 1, 0),
        None,
        Action(
            marked("Action", "Interpolate between corrected slices"),
            lambda c: c.session.contours.interpolate_slices(),
            ("Ctrl+I",),
        ),
        Action(
            marked("Action", "Interpolate between corrected frames"),
            lambda c: c.session.contours.interpolate_frames(),
            ("Ctrl+Shift+I",),
        ),
        Action(
            marked("Action", "Carry through the cine"),
            lambda c: c.session.propagating.propagate(),
            ("Ctrl+T",),
        ),
        None,
        Action(marked("Action", "Fill holes of the structure"), lambda c: c.session.contours.fill(), ("Shift+F",)),
        Action(marked("Action", "Smooth the structure"), lambda c: c.session.contours.smooth(), ("Shift+S",)),
        Action(marked("Action", "Clear the structure"), lambda c: c.session.contours.clear(), ("Shift+X",)),
        Action(
            marked("Action", "Clear all structures"),
            lambda c: c.session.contours.clear(all_structures=True),
            ("Ctrl+Shift+X",),
        ),
        Action(marked("Action", "Revert this slice"), lambda c: c.session.contours.restore_slice()),
    ),
)
_TOOLS = Menu(
    marked("Menu", "Tools"),
    (
        _tool(marked("Action", "Brush"), "A", Tool.BRUSH),
        _tool(marked("Action", "Draw a line and fill it"), "G", Tool.FREEHAND),
        _tool(marked("Action", "Push contours"), "U", Tool.PUSH),
        _tool(marked("Action", "Drag points of the outline"), "K", Tool.POINTS),
        Action(marked("Action", "Brush or eraser"), lambda c: c.session.correcting.toggle_tool(), ("X",)),
        None,
        Action(
            marked("Action", "Brush stops at edges"),
            lambda c: c.session.correcting.toggle_edges(),
            ("J",),
            lambda state: state.correction.brush.edges,
        ),
        Action(
            marked("Action", "Keep myocardium around the cavity"),
            lambda c: c.session.correcting.toggle_wall(),
            ("Y",),
            lambda state: state.correction.brush.wall,
        ),
        None,
        _draw(marked("Action", "Draw the LV cavity"), "6", LV),
        _draw(marked("Action", "Draw the LV myocardium"), "7", MYO),
        _draw(marked("Action", "Draw the RV cavity"), "8", RV),
        Action(marked("Action", "Smaller brush"), lambda c: c.session.correcting.resize_brush(-1), ("-",)),
        Action(marked("Action", "Larger brush"), lambda c: c.session.correcting.resize_brush(1), ("+", "=")),
    ),
)
_MEASURE = Menu(
    marked("Menu", "Measure on the image"),
    (
        _measure(marked("Action", "Ruler"), "Q", AnnotationKind.LENGTH),
        _measure(marked("Action", "Angle between two lines"), "Shift+Q", AnnotationKind.ANGLE),
        _measure(marked("Action", "Area within a line"), "Ctrl+Shift+A", AnnotationKind.AREA),
        _measure(marked("Action", "Mean and SD in a circle"), "Shift+A", AnnotationKind.CIRCLE),
        None,
        Action(marked("Action", "Delete the measurement"), lambda c: c.session.annotating.delete(), ("Delete",)),
        Action(marked("Action", "Delete all measurements"), lambda c: c.session.annotating.delete_all()),
    ),
)
_TURN = Menu(
    marked("Menu", "Turn the view"),
    (
        Action(marked("Action", "Turn clockwise"), lambda c: c.session.looking.turn(1), ("Ctrl+Right",)),
        Action(marked("Action", "Turn anticlockwise"), lambda c: c.session.looking.turn(-1), ("Ctrl+Left",)),
        Action(marked("Action", "Flip left and right"), lambda c: c.session.looking.flip(), ("Ctrl+Up",)),
        Action(
            marked("Action", "Flip top and bottom"),
            lambda c: c.session.looking.flip(upside_down=True),
            ("Ctrl+Down",),
        ),
        Action(
            marked("Action", "Standard view, or as stored"),
            lambda c: c.session.looking.turn_to_standard(),
            ("Shift+R",),
        ),
    ),
)
EDIT = Menu(
    marked("Menu", "Edit"),
    (
        Action(marked("Action", "Undo"), lambda c: c.session.undoing.undo(), ("Ctrl+Z",)),
        Action(marked("Action", "Redo"), lambda c: c.session.undoing.redo(), ("Ctrl+Shift+Z", "Ctrl+Y")),
        None,
        Action(
            marked("Action", "Correct contours"),
            lambda c: c.session.correcting.toggle(),
            ("E",),
            lambda state: state.correction.correcting,
        ),
        Action(
            marked("Action", "Corrected or as the model found it"),
            lambda c: c.session.correcting.toggle_corrected(),
            ("O",),
        ),
        None,
        _MEASURE,
        _TURN,
        _TOOLS,
        _CONTOURS,
    ),
)
