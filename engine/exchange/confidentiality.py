"""What PS3.15's basic profile does with each attribute, and which of its options are taken. No file is changed here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

from pydicom.datadict import keyword_for_tag


class Act(StrEnum):
    """What becomes of an attribute."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"
    SHIFT = "shift"
    """A date is moved by the patient's days."""
    WORDS = "words"
    """Only words that describe how images are made stay."""


# Where the standard leaves a choice to the kind of object, the one that leaves no kind of object incomplete.
_CHOSEN = {"X/Z": Act.EMPTY, "X/D": Act.DUMMY, "Z/D": Act.DUMMY, "X/Z/D": Act.DUMMY, "X/Z/U*": Act.KEEP}
_CURVES, _OVERLAYS, _PATIENT = 0x50, 0x60, 0x0010
_ENCRYPTED_ATTRIBUTES = 0x04000500
"""What an earlier program has removed, kept for those who have its key."""
_DATES, _MOMENTS = ("DA", "DT"), ("DA", "DT", "TM")
_TEXTS = ("CS", "LO", "LT", "SH", "ST", "UC", "UT")
_FREE_TEXTS = ("LT", "ST", "UT")


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """Options of the profile that are taken.

    shift_dates: dates are moved by a secret number of days for each patient, and times of day stay; else they are
    removed. clean_words: of descriptions, words that say how images are made stay; else they are removed. keep_device:
    names and numbers of the device stay.
    """

    shift_dates: bool = True
    clean_words: bool = True
    keep_device: bool = False

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """Code (DCM) and meaning of what was done, of CID 7050."""
        return (
            ("113100", "Basic Application Confidentiality Profile"),
            ("113104", "Clean Structured Content Option"),
            *([("113105", "Clean Descriptors Option")] if self.clean_words else []),
            *(
                [("113107", "Retain Longitudinal Temporal Information Modified Dates Option")]
                if self.shift_dates
                else []
            ),
            *([("113109", "Retain Device Identity Option")] if self.keep_device else []),
        )


def action(tag: int, vr: str, options: ProfileOptions) -> Act:
    """What becomes of an attribute with this tag, group and element in one number, and VR."""
    group = tag >> 16
    if group % 2 or (group >> 8) in (_CURVES, _OVERLAYS) or vr == "UN" or tag == _ENCRYPTED_ATTRIBUTES:
        return Act.REMOVE
    row = _table().get(tag)
    if row is None:
        return _beyond_the_table(tag, vr, options)
    basic, kinds = row
    if options.keep_device and "device" in kinds:
        return Act.SHIFT if vr in _DATES else Act.KEEP
    if options.shift_dates and "dates" in kinds and vr in _MOMENTS:
        return Act.KEEP if vr == "TM" else Act.SHIFT
    # Sequences that the option would clean, such as diagnoses, go as in the basic profile.
    if options.clean_words and "words" in kinds and vr in _TEXTS:
        return Act.WORDS
    return basic


def _beyond_the_table(tag: int, vr: str, options: ProfileOptions) -> Act:
    """Attributes that the table does not name are kept, but for those whose kind may always tell of a person."""
    if tag >> 16 == _PATIENT or vr == "UR" or not keyword_for_tag(tag):
        return Act.REMOVE
    if vr in _DATES:
        return Act.SHIFT if options.shift_dates else Act.EMPTY
    if vr in _FREE_TEXTS:
        return Act.WORDS if options.clean_words else Act.EMPTY
    if vr in ("PN", "AE"):
        return Act.EMPTY
    return Act.UID if vr == "UI" else Act.KEEP


@cache
def _table() -> dict[int, tuple[Act, frozenset[str]]]:
    """By tag: what the basic profile does, and which options change it."""
    path = Path(str(resources.files("resources"))) / "confidentiality" / "table_e1_1.tsv"
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        tag, _keyword, act, *kinds = line.split("\t")
        chosen = _CHOSEN.get(act)
        found[int(tag.replace(",", ""), 16)] = chosen or Act(act), frozenset(" ".join(kinds).split())
    return found
