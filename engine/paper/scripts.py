"""Text as it is drawn: characters in the order of the eye, Arabic letters in the form that their place asks for.

Hebrew and Arabic run from right to left within a line that runs from left to right, which is enough for names. A
paragraph of mixed directions would need the whole bidirectional algorithm (Unicode Annex 9).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_RIGHT = ("R", "AL")
# What keeps a right-to-left run together: spaces, points and signs between its letters.
_RUN = re.compile(r"\x01(?:[\x01\x02]*\x01)?")


def drawn(text: str) -> str:
    """The text with its characters in the order in which they stand on paper, from left to right."""
    text = unicodedata.normalize("NFC", text)
    kinds = [unicodedata.bidirectional(c) for c in text]
    if not any(kind in _RIGHT for kind in kinds):
        return text
    text = _shaped(text)
    kinds = [unicodedata.bidirectional(c) for c in text]
    classes = "".join(
        "\x01" if kind in (*_RIGHT, "NSM") else "\x02" if kind in ("WS", "ON", "CS") else "\x03" for kind in kinds
    )
    made, last = [], 0
    for run in _RUN.finditer(classes):
        made += [text[last : run.start()], text[run.start() : run.end()][::-1].translate(_MIRRORED)]
        last = run.end()
    return "".join([*made, text[last:]])


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Of each Arabic letter, its forms by where it stands: isolated, initial, medial or final."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFBFF), *range(0xFE80, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        base = "".join(chr(int(letter, 16)) for letter in letters)
        if kind.startswith("<") and base and all(unicodedata.bidirectional(c) == "AL" for c in base):
            found.setdefault(base, {})[kind.strip("<>")] = chr(code)
    return found


def _shaped(text: str) -> str:
    """Arabic letters in their joined forms, lam and alef as one. The text stays in the order of reading."""
    forms = _forms()
    letters: list[str] = []
    for character in text:
        if letters and letters[-1] == "\u0644" and letters[-1] + character in forms:
            letters[-1] += character
        else:
            letters.append(character)
    made = []
    for at, letter in enumerate(letters):
        own = forms.get(letter, {})
        before = "initial" in forms.get(_neighbour(letters, at, -1), {}) and "final" in own
        after = "final" in forms.get(_neighbour(letters, at, 1), {}) and "initial" in own
        kind = "medial" if before and after else "final" if before else "initial" if after else "isolated"
        made.append(own.get(kind, letter))
    return "".join(made)


def _neighbour(letters: list[str], at: int, step: int) -> str:
    """The next letter in one direction; marks above and below letters do not part them."""
    at += step
    while 0 <= at < len(letters) and unicodedata.category(letters[at][0]) == "Mn":
        at += step
    return letters[at] if 0 <= at < len(letters) else ""
