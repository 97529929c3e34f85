"""Which of the standard long axes a name means, by the number of chambers that it cuts."""

from __future__ import annotations

import re

_WORDS = {
    "2": ("two|zwei|deux|dos|due|bi|twee", "vla"),
    "3": ("three|drei|trois|tres|tre|tri|drie", "lvot"),
    "4": ("four|vier|quatre|cuatro|quattro|tetra", "hla"),
}
_CHAMBERS = r"ch|c|cv|chambers?|kammer\w*|kamer\w*|cav\w*|c[aá]m\w*|k"
_NUMBER = re.compile(rf"(?i)(?<!\d)([234])[ _-]*(?:{_CHAMBERS})(?![a-z])|(?<![a-z])ch([234])(?!\d)")
_WORD = {
    chambers: re.compile(rf"(?i)(?<![a-z])(?:(?:{words})[ _-]*(?:{_CHAMBERS})|{planes})(?![a-z])")
    for chambers, (words, planes) in _WORDS.items()
}


def chambers_of(description: str) -> str:
    """ "2", "3" or "4"; empty where a name says none of them, or several."""
    numbers = {one or other for one, other in _NUMBER.findall(description)}
    if not numbers:
        numbers = {chambers for chambers, pattern in _WORD.items() if pattern.search(description)}
    return numbers.pop() if len(numbers) == 1 else ""
