"""What may stay of free text: words that say how images are made. Everything else could be a name."""

from __future__ import annotations

import re

from engine.exchange.anonymous_names import Names
from engine.formats.dicom_kind import name_patterns

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


_NOBODY = Names()


def kept_words(text: str, names: Names = _NOBODY) -> str:
    """The words of a description that say how images are made, in their order, without those that are names."""
    # An underscore counts as a letter in patterns, so that a name behind one would pass for the end of a word.
    text = text.replace("_", " ")
    spans = [match.span() for pattern in (*name_patterns(), _TECHNIQUE) for match in pattern.finditer(text)]
    kept, end = [], 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            kept.append(text[start:stop])
            end = stop
    return names.without(" ".join(kept))
