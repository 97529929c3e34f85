"""Every sentence that the engine puts before the user of the window is one that the window can translate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import app_fixtures  # noqa: F401 - chooses the platform without a screen
import pytest
from PySide6.QtWidgets import QApplication

from app.state.types import Language
from app.words import engine_words, language
from app.words.engine_words import TEXTS
from engine.formats.index import _BECAUSE

ENGINE = Path(__file__).parents[3] / "engine"
ROOMS = ("formats", "measures")
SAMPLE = "7"
# Said on the command line alone.
NOT_IN_THE_WINDOW = ("metrics.py",)


def said(text: ast.expr) -> list[str] | None:
    """A literal as it may be said, with a sample or nothing in place of each value; None if it is no literal."""
    if isinstance(text, ast.Constant):
        return [text.value] if isinstance(text.value, str) else None
    if not isinstance(text, ast.JoinedStr):
        return None
    values = [i for i, part in enumerate(text.values) if not isinstance(part, ast.Constant)]
    found = []
    for count in range(min(len(values), 3) + 1):
        for empty in combinations(values, count):
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else "" if i in empty else SAMPLE
                for i, part in enumerate(text.values)
            ]
            found.append("".join(parts))
    return found


def sentences(node: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """(line, variants) of the literals that are whole sentences, without docstrings and errors."""
    if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name.endswith("Error"):
            return
    variants = said(node) if isinstance(node, ast.expr) else None
    if variants is not None:
        first = variants[0]
        # A sentence begins with a capital letter or with a value, such as the number of slices.
        begins = first[:1].isupper() or (isinstance(node, ast.JoinedStr) and first.startswith(SAMPLE + " "))
        if begins and first.endswith(".") and " " in first:
            yield node.lineno, variants
        return
    for child in ast.iter_child_nodes(node):
        yield from sentences(child)


FILES = sorted(p for room in ROOMS for p in (ENGINE / room).rglob("*.py") if p.name not in NOT_IN_THE_WINDOW)
FOUND = [(path, line, variants) for path in FILES for line, variants in sentences(ast.parse(path.read_text("utf-8")))]


def known(text: str) -> bool:
    return text in TEXTS or any(pattern.fullmatch(text) for _, pattern in engine_words._patterns())


def test_every_notice_of_the_engine_can_be_translated() -> None:
    assert len(FOUND) > 60
    missing = [
        f"{path.relative_to(ENGINE)}:{line}: {variants[0]}"
        for path, line, variants in FOUND
        if not any(map(known, variants))
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Not read: a.dcm is empty.", "Nicht gelesen: a.dcm is empty."),
        (
            "Not read (and 2 more with faults): a.dcm is empty.",
            "Nicht gelesen (und 2 weitere fehlerhafte): a.dcm is empty.",
        ),
        (
            "Several acquisitions show slices 3, 4 and 9; one of them was used there.",
            "Mehrere Aufnahmen zeigen Schichten 3, 4 und 9; dort wurde eine davon verwendet.",
        ),
        (
            "Slices 3, 4 are tilted against the others by up to 0.3°; they are shown and measured as if parallel.",
            "Die Schichten 3, 4 sind um bis zu 0.3° gegen die anderen gekippt; sie werden gezeigt und gemessen, als "
            "wären sie parallel.",
        ),
        (
            "Also found and not shown: a localiser (2 times). None is likelier: the first is shown.",
            "Ebenfalls gefunden und nicht gezeigt: a localiser (2 times). "
            "Keiner ist wahrscheinlicher: Der erste wird gezeigt.",
        ),
    ],
)
def test_values_go_into_the_german_sentence(qapp: QApplication, english: str, german: str) -> None:
    language.install(qapp, Language.GERMAN)
    try:
        assert engine_words.translated(english) == german
    finally:
        language.install(qapp, Language.ENGLISH)


def test_every_reason_for_the_stack_chosen_can_be_translated() -> None:
    assert set(_BECAUSE.values()) <= set(TEXTS)
