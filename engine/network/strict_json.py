"""Values of a JSON object, each checked by a strict rule; for files that come from elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadValueError(Exception):
    """A value breaks a rule. The caller adds the file's name and the way out."""


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadValueError(f"key {key!r} appears twice")
        found[key] = value
    return found


def no_nan(name: str) -> float:
    raise BadValueError(f"{name} is not a number of JSON")


def keys_of(data: Any, where: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    """The object itself, once it is known to hold exactly the wanted keys. where: how an error calls it."""
    if not isinstance(data, dict):
        raise BadValueError(f"{where} must be an object")
    prefix = "" if where == "the card" else f"{where}."
    for key in wanted:
        if key not in data:
            raise BadValueError(f"key {prefix}{key} is missing")
    for key in data:
        if key not in wanted:
            raise BadValueError(f"key {prefix}{key} is not one of this schema: {', '.join(wanted)}")
    return data


def text_of(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadValueError(f"{key} must be text that is not empty")
    # A terminal obeys escape sequences, and a new line would pass for one of the program's own.
    if not value.isprintable():
        raise BadValueError(f"{key} must be one line of printable text")
    return value


def whole_of(value: Any, key: str, low: int, high: int) -> int:
    # JSON's true is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadValueError(f"{key} must be a whole number from {low} to {high}, not {value!r}")
    return value


def number_of(value: Any, key: str, low: float = -math.inf, high: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadValueError(f"{key} must be a finite number, not {value!r}")
    if not low <= value <= high:
        raise BadValueError(f"{key} must lie between {low:g} and {high:g}, not {value!r}")
    return float(value)


def table_of(value: Any, key: str, entry: Callable[[Any, str], Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadValueError(f"{key} must be an object")
    return {name: entry(item, f"{key}.{name}") for name, item in value.items()}


def sha256_of(value: Any, key: str) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise BadValueError(f"{key} must be a SHA-256 in 64 lower-case hex digits")
    return value
