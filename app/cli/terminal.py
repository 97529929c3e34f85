"""What the command shows: progress, notices, JSON and tables. Progress goes to stderr, and only to a terminal."""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import __version__

_VERBS = (
    *("anonymise", "batch", "bench", "compare", "compare-cases", "desktop", "doctor", "evaluate", "export-nnunet"),
    *("measure", "models", "phantom", "replay", "report", "review", "segment"),
    *("pacs-echo", "pacs-fetch", "pacs-find", "pacs-list", "pacs-send"),
)
SCHEMAS = dict.fromkeys(_VERBS, 1)
"""The version of each verb's JSON."""

_progress_shown = False


def printable(text: str) -> str:
    """One line without what a terminal obeys: names of files, models and patients may hold anything.

    Line breaks and other white space become single spaces; escape sequences, other control characters and marks that
    turn the direction of writing become U+FFFD.
    """
    spaced = " ".join(text.split())
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _OBEYED else c for c in spaced)


_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def show_progress(done: int, total: int, what: str) -> None:
    """Write one line, over the last one, if stderr is a terminal."""
    global _progress_shown  # noqa: PLW0603
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what} {done}/{total}" if total else f"\r\x1b[K{what}")
        sys.stderr.flush()
        _progress_shown = True


def clear() -> None:
    """Remove the progress line before something else is written."""
    global _progress_shown  # noqa: PLW0603
    if _progress_shown:
        sys.stderr.write("\r\x1b[K")
        _progress_shown = False


def print_notices(notices: Sequence[str], *, as_json: bool) -> None:
    """Write notices to stderr. JSON carries them, too, so beside it they are written to a terminal only.

    Called when the work is done, so that a failure is the only line on stderr.
    """
    clear()
    if not as_json or sys.stderr.isatty():
        for notice in notices:
            sys.stderr.write(f"note: {printable(notice)}\n")


def print_json(verb: str, value: Mapping[str, object], *, input_sha256: str | None = None) -> None:
    """Write one line of JSON: the kind of object, the program, the input if there is one, and the values.

    The number in `schema` grows when a key changes its meaning or goes; new keys may come at any time.
    """
    head: dict[str, object] = {"schema": f"cinequant/{verb}/{SCHEMAS[verb]}", "program": f"cinequant {__version__}"}
    if input_sha256 is not None:
        head["input_sha256"] = input_sha256
    clear()
    sys.stdout.write(json.dumps(plain({**head, **value}), allow_nan=False) + "\n")


def print_text(text: str) -> None:
    clear()
    # The text's own lines and the blanks of its tables stay.
    lines = ("".join(c if c == " " else printable(c) or " " for c in line) for line in text.split("\n"))
    sys.stdout.write("\n".join(lines) + "\n")


def plain(value: Any) -> Any:
    """The value as JSON can hold it: paths as text, tuples as lists, NaN and infinity as null, 10 digits."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns, each as wide as its widest cell. The first is aligned left, the others right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
