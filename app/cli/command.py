"""The command itself: parses, runs a verb, and says what went wrong.

Exit status: 0 done; 1 the input or the environment is at fault, said in one line on stderr; 2 wrong usage; 3 an error
in CineQuant itself, with the name of a crash report on stderr; 130 interrupted; 143 terminated. With --json, stdout
carries exactly one line of JSON. Progress goes to stderr, and only where that is a terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Sequence

from app.cli import terminal
from app.cli.interrupts import Interrupts
from app.cli.verb_parsers import VerbParsers
from app.cli.view_verb import add_view, run_view
from engine.errors import Cancelled, CineQuantError, fault_report

DONE, AT_FAULT, WRONG_USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130
# Options of the command itself.
_ABOUT = ("-h", "--help", "--version")


def run(argv: Sequence[str] | None, interrupts: Interrupts) -> int:
    """Run the command and return its exit status. argv: without the program's name; None for the process's own."""
    try:
        if argv is None:
            argv = sys.argv[1:]
            _quiet_process()
        arguments = _parse(list(argv))
        # The viewer catches signals itself once its window is there. Before that it has nothing to clean up.
        with contextlib.nullcontext() if arguments.verb == "view" else interrupts.raised():
            status = arguments.run(arguments)  # the viewer's own; other verbs raise what is wrong
            sys.stdout.flush()
        if interrupts.received:
            interrupts.end()
        return DONE if status is None else int(status)
    except BaseException as error:
        # Whatever became of the KeyboardInterrupt on its way here.
        if interrupts.received:
            interrupts.end()
        return _status_of(error)


def _status_of(error: BaseException) -> int:
    """Say what went wrong in one line on stderr, and return the exit status."""
    match error:
        case SystemExit():  # argparse, after --help, --version or wrong usage
            return error.code if isinstance(error.code, int) else WRONG_USAGE
        case KeyboardInterrupt() | Cancelled():
            return _complain("interrupted", INTERRUPTED)
        case CineQuantError():
            return _complain(str(error), AT_FAULT)
        case BrokenPipeError():
            # Whoever read our output has seen enough. Python would complain again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        case MemoryError():
            return _complain("not enough memory for this scan; close other programs or use a smaller scan", AT_FAULT)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            said = f"{where}{error.strerror or error}; check the path, its permissions and free space"
            return _complain(said, AT_FAULT)
        case Exception():
            return _complain(f"an error in CineQuant itself; please report it with {_crash_report(error)}", BUG)
        case _:
            raise error


def _quiet_process() -> None:
    """What only the real command may do to its process: keep libraries' remarks off stderr, and never fail to print."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    # Libraries log oddities of headers; what matters of them comes as a notice.
    logging.getLogger().addHandler(logging.NullHandler())
    # A caller may have closed either: what is said then goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for good
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show "±" should show a substitute.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _complain(message: str, status: int) -> int:
    terminal.clear()
    sys.stderr.write(f"cinequant: {terminal.printable(message)}\n")
    return status


def _crash_report(error: Exception) -> str:
    """Write the report of an unexpected error, and return how to speak of it."""
    try:
        handle, name = tempfile.mkstemp(prefix="cinequant-crash-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as report:
            report.write(fault_report(error) + "\n")
    except OSError:
        return f"its kind: {type(error).__name__} (no crash report could be written)"
    return f"the crash report {name}"


# --- arguments


def _parse(argv: list[str]) -> argparse.Namespace:
    verbs = VerbParsers()
    add_view(verbs.add("view", run_view, "Open the viewer."))
    if argv and _may_be_headless(argv[0]):
        from app.cli.headless_arguments import add_headless  # noqa: PLC0415 - the viewer must not wait for it

        add_headless(verbs)
    # `cinequant PATH` opens the viewer; a file that is named like a verb can be given as ./segment.
    verb_is_implied = not argv or (argv[0] not in verbs.by_verb and argv[0] not in _ABOUT)
    arguments = verbs.parser.parse_args(["view", *argv] if verb_is_implied else argv)
    arguments.verb_is_implied = verb_is_implied
    arguments.parser = verbs.parser
    arguments.usage_error = verbs.by_verb[arguments.verb].error
    return arguments


def _may_be_headless(word: str) -> bool:
    """Whether the first word asks for another verb than `view`, or for help that lists them all."""
    return word in _ABOUT or (word != "view" and re.fullmatch("[a-z-]+", word) is not None and word[0] != "-")
