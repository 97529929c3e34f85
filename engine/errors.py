"""Errors that a user can act on, as opposed to bugs; and a bug report without personal data."""

import platform
import traceback
from pathlib import Path

from engine import __version__


class CineQuantError(Exception):
    """The input or the environment is at fault, not the program.

    The message is one line for the user: it names the file or value, says what is wrong with it and what to do.
    Everything else that is raised is a bug.
    """


class ScanError(CineQuantError):
    """A scan or mask cannot be read, or is not what the operation needs."""


class ModelError(CineQuantError):
    """A model folder, card or weight file is missing, damaged or not understood."""


class ExportError(CineQuantError):
    """A result cannot be written."""


class Cancelled(Exception):  # noqa: N818 - the user's wish, not an error
    """The user asked to stop. Not an error; raised at the next safe point."""


def fault_report(error: BaseException) -> str:
    """The stack and the types of the errors that led to a bug, in several lines.

    Messages and paths are left out, because they can name a patient.
    """
    lines = [f"CineQuant {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        for frame in traceback.extract_tb(cause.__traceback__):
            file = Path(frame.filename)
            lines.append(f"  {file.parent.name}/{file.name}:{frame.lineno} {frame.name}")
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)
