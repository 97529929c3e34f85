"""Text in the order and the forms in which it is drawn."""

from __future__ import annotations

import pytest

from engine.paper.scripts import drawn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller, Anna", "Müller, Anna"),
        ("שרה כהן", "ןהכ הרש"),
        ("Kohen (שרה) 7", "Kohen (הרש) 7"),
        # Noon initial, waw final; then hah initial, meem medial, dal final.
        ("نو", "\ufeee\ufee7"),
        ("حمد", "\ufeaa\ufee4\ufea3"),
        # Lam and alef are one character.
        ("علا", "\ufefc\ufecb"),
        ("", ""),
    ],
)
def test_letters_come_in_the_order_of_the_eye(text: str, expected: str) -> None:
    assert drawn(text) == expected
