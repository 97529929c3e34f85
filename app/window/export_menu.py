"""The Export menu: masks, numbers, report, movie and picture, and how they say whose scan it is."""

from __future__ import annotations

from app.session.object_files import ObjectKind
from app.state.types import AppState
from app.window.actions import Action, Commands, Menu
from app.words.language import marked
from engine.dossier import IdentifyBy


def _by(text: str, by: IdentifyBy) -> Action:
    """How tables and names of files say whose scan it is."""

    def choose(commands: Commands) -> None:
        if by is IdentifyBy.PSEUDONYM:
            commands.exports.ask_pseudonym()
        else:
            commands.session.update(tables_by=by)

    def checked(state: AppState) -> bool:
        return state.stationery.tables_by is by

    return Action(text, choose, checked=checked)


_NAMES = Menu(
    marked("Menu", "Files and tables name"),
    (
        _by(marked("Action", "A code of the scan"), IdentifyBy.CODE),
        _by(marked("Action", "Patient and study"), IdentifyBy.STUDY),
        _by(marked("Action", "A pseudonym…"), IdentifyBy.PSEUDONYM),
    ),
)


def _object(text: str, kind: ObjectKind) -> Action:
    return Action(text, lambda c: c.exports.dicom_object(kind))


_OBJECTS = Menu(
    marked("Menu", "DICOM objects for an archive"),
    (
        _object(marked("Action", "Export measurements as structured report…"), ObjectKind.STRUCTURED_REPORT),
        _object(marked("Action", "Export report as PDF in DICOM…"), ObjectKind.PDF),
        _object(marked("Action", "Export contours of ED and ES as RT structure set…"), ObjectKind.CONTOURS),
        _object(
            marked("Action", "Export contours of all frames as RT structure set…"), ObjectKind.CONTOURS_OF_ALL_FRAMES
        ),
        _object(marked("Action", "Export mask as DICOM label map…"), ObjectKind.LABELMAP),
        None,
        _object(marked("Action", "Export SEG, structured report, PDF and contours…"), ObjectKind.ALL),
    ),
)
EXPORT = Menu(
    marked("Menu", "Export"),
    (
        Action(marked("Action", "Report…"), lambda c: c.exports.report(), ("Ctrl+P",)),
        Action(marked("Action", "Copy results"), lambda c: c.exports.copy_results(), ("Ctrl+Shift+C",)),
        Action(
            marked("Action", "Export measurements as CSV or JSON…"), lambda c: c.exports.measurements(), ("Ctrl+M",)
        ),
        None,
        Action(marked("Action", "Export mask as NIfTI…"), lambda c: c.exports.mask(), ("Ctrl+E",)),
        Action(marked("Action", "Export mask as DICOM SEG…"), lambda c: c.exports.seg(), ("Ctrl+Shift+E",)),
        _OBJECTS,
        Action(marked("Action", "Anonymous copy of the scan…"), lambda c: c.exports.anonymous_copy()),
        Action(marked("Action", "Send to archive…"), lambda c: c.archives.send(), ("Ctrl+Shift+R",)),
        None,
        Action(marked("Action", "Export movie of the slice…"), lambda c: c.exports.movie(), ("Ctrl+Shift+M",)),
        Action(marked("Action", "Save picture of the slice…"), lambda c: c.exports.picture(), ("Ctrl+Shift+P",)),
        None,
        _NAMES,
    ),
)
