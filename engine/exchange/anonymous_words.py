"""What may stay of free text: words that say how images are made. Everything else could be a name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.formats.dicom_kind import name_patterns

_FEWEST_LETTERS = 3
_LONG = 6
_TECHNIQUE = re.compile(
    r"(?i)(?<![a-z0-9])(?:"
    r"cine|b?-?ssfp|trufi\w*|true?fisp|fiesta|b?-?[tf]fe|tfi(?:2d\d*)?|tfl(?:2d\d*)?|fl[23]d\w{0,3}|gre|spgr|tse|fse|se|"
    r"epi|flash|retro|prosp\w*|gated|gating|trig\w*|ecg|ekg|bh|breath[ _-]*hold|free[ _-]*breathing|i?pat\d?|p\d|"
    r"grappa\d?|sense\d?|heart|cardiac|cardio|herz|cor|coeur|cuore|corazon|mri?|cmr|mrt|irm|rm|stack|slices?|"
    r"\d{1,2}[ -]?(?:mm|sl|slices?|phases?|frames?|ch)|[1-7](?:\.\d)?t|base|mid|apex|basal|apical|stress|rest|post|pre|"
    r"contrast|magnitude|mag|phase|function|funktion|study|series|serie|multi|slice|2d|3d|4d|ed|es|lv|rv|"
    r"ventric\w{0,5}|myocard\w{0,3}|cavity|endo|epi|contours?|measurements?|cinequant|corrected|"
    r"end-(?:diastole|systole)|frame(?: \d{1,3})?(?: of \d{1,3})?)(?![a-z0-9])"
)


def kept_words(text: str, forbidden: Iterable[str] = ()) -> str:
    """The words of a description that say how images are made, in their order. forbidden: of names and identifiers."""
    # An underscore counts as a letter in patterns, so that a name behind one would pass for the end of a word.
    text = text.replace("_", " ")
    spans = [match.span() for pattern in (*name_patterns(), _TECHNIQUE) for match in pattern.finditer(text)]
    kept, end = [], 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            kept.append(text[start:stop])
            end = stop
    return without(" ".join(kept), forbidden)


def name_parts(values: Iterable[str]) -> frozenset[str]:
    """What a patient may be known by: values as they are, and the words in them, in small letters."""
    found = set()
    for value in values:
        whole = value.strip().casefold()
        found |= {part for part in (whole, *re.split(r"[\^=\s,;/\\_.-]+", whole)) if len(part) >= _FEWEST_LETTERS}
    return frozenset(found)


def without(text: str, forbidden: Iterable[str]) -> str:
    """A text without any of these: long ones wherever they stand, short ones as whole words."""
    low = text.casefold()
    bad = [part for part in forbidden if part in low]
    if not bad:
        return text
    for part in sorted(bad, key=len, reverse=True):
        alone = re.escape(part) if len(part) >= _LONG else rf"(?<![^\W_]){re.escape(part)}(?![^\W_])"
        text = re.sub(alone, " ", text, flags=re.IGNORECASE)
    return text if text.casefold() == low else " ".join(text.split())
