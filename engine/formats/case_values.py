"""Values of a case's JSON: that they are there, and of the kind that they should be."""

from __future__ import annotations

from typing import Any


class BadCaseError(Exception):
    """The content breaks a rule; the caller adds the file's name and the way out."""


def needed(entry: Any, key: str, kind: type[Any]) -> Any:
    """A value of a JSON object that must be there and of this type."""
    if not isinstance(entry, dict) or not isinstance(entry.get(key), kind) or isinstance(entry[key], bool):
        raise BadCaseError(f"{key} is missing in its case.json, or of the wrong kind")
    return entry[key]


def an_object(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadCaseError(f"{key} in its case.json is no object")
    return value


def a_text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise BadCaseError(f"{key} in its case.json is no text")
    return value


def a_whole(value: Any, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise BadCaseError(f"{key} in its case.json is no whole number")
    return value


def no_nan(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")
