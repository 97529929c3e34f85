"""Errors that a user can act on, told apart from bugs."""


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
