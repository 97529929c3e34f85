"""What an archive is asked for, and what it says that it has: one meaning for both ways of asking.

Archives differ in what they match. They are asked with wildcards, and what they say is matched again here.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from engine.exchange.servers import ServerError

if TYPE_CHECKING:
    from pydicom import Dataset

_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
STUDY_KEYS = (
    *("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "StudyDate", "StudyTime"),
    *("StudyDescription", "AccessionNumber", "ModalitiesInStudy"),
    *("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
)
SERIES_KEYS = (
    *("StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription"),
    "NumberOfSeriesRelatedInstances",
)
INSTANCE_KEYS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_WILD = "*?"
MOST_ANSWERS = 10_000
"""So many answers to one question are read: archives send them in any order, and the newest are shown."""
LONG_ENOUGH_S = 10.0
"""No more of them are read after this time, if there are enough to show."""


@dataclass(frozen=True, slots=True)
class Query:
    """patient: words of the name, or the ID; * and ? stand for any letters and any letter. modality: as "MR".

    since, until: days of the study, both counted in. description: words of the study's. Empty parts match everything.
    """

    patient: str = ""
    since: date | None = None
    until: date | None = None
    modality: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study that an archive says it has. patient: as "Family, Given (in signs of another script)".

    modalities: of its series, where it says them. series, instances: how many; None where it does not say.
    """

    uid: str
    patient: str
    patient_id: str
    birth_date: str
    date: str
    time: str
    description: str
    accession: str
    modalities: tuple[str, ...]
    series: int | None
    instances: int | None


@dataclass(frozen=True, slots=True)
class FoundSeries:
    """A series of a study. number: as the scanner counts. instances: how many; None where the archive does not say."""

    uid: str
    study_uid: str
    modality: str
    number: str
    description: str
    instances: int | None


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """One object of a series, and its kind."""

    uid: str
    series_uid: str
    sop_class: str


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """The newest first. cut: there are more than these. unread: so many that not all were read, maybe newer ones."""

    studies: tuple[FoundStudy, ...]
    cut: bool
    unread: bool = False


def matches_of(query: Query) -> tuple[dict[str, str], ...]:
    """What to ask an archive for, by keyword: several questions, whose answers belong together.

    A patient's name and ID are two questions, and each way to write it is one: many archives tell capitals from small
    letters, and some do not understand what is no ASCII. Only the first word of several is asked for: archives join the
    parts of names in their own ways.
    """
    common: dict[str, str] = {}
    if query.since or query.until:
        common["StudyDate"] = "-".join(f"{day:%Y%m%d}" if day else "" for day in (query.since, query.until))
    if query.modality:
        common["ModalitiesInStudy"] = query.modality.upper()
    if words := _words(query.description):
        common["StudyDescription"] = _wildcards(words[0])
    patient = _words(query.patient)
    if not patient:
        return (common,)
    first = patient[0]
    written = (first, first.capitalize(), first.upper())
    asked = [("PatientName", _wildcards(word)) for word in written]
    asked += [(keyword, re.sub(r"[^\x00-\x7f]+", "*", pattern)) for keyword, pattern in asked]
    asked += [("PatientID", _wildcards(word)) for word in (first, first.upper())]
    return tuple({**common, keyword: pattern} for keyword, pattern in dict.fromkeys(asked))


def admits(query: Query, study: FoundStudy) -> bool:
    """Whether a study is one that was asked for, as far as the archive tells."""
    if query.modality and study.modalities and query.modality.upper() not in study.modalities:
        return False
    day = study.date
    if re.fullmatch(r"\d{4}-\d\d-\d\d", day) and (
        (query.since and day < query.since.isoformat()) or (query.until and day > query.until.isoformat())
    ):
        return False
    told = _plain(study.description)
    if not all(_within(word, told) for word in _words(query.description)):
        return False
    who = f"{_plain(study.patient)} {_plain(study.patient_id)}"
    return all(_within(word, who) for word in _words(query.patient))


def merged(query: Query, found: list[FoundStudy], *, most: int, unread: bool = False) -> FoundStudies:
    """Answers to all questions of a query: each study once, those asked for, the newest first."""
    by_uid = {study.uid: study for study in found if admits(query, study)}
    ordered = sorted(by_uid.values(), key=lambda study: (study.date, study.time, study.uid), reverse=True)
    return FoundStudies(tuple(ordered[:most]), cut=unread or len(ordered) > most, unread=unread)


# -- what archives say -----------------------------------------------------------------------------------------------


def study_of(answer: Dataset) -> FoundStudy | None:
    """A study from an answer; None where it has no valid identifier."""
    uid = _text(answer, "StudyInstanceUID")
    if not is_uid(uid):
        return None
    return FoundStudy(
        uid=uid,
        patient=_person(_text(answer, "PatientName")),
        patient_id=_text(answer, "PatientID"),
        birth_date=_day(_text(answer, "PatientBirthDate")),
        date=_day(_text(answer, "StudyDate")),
        time=_clock(_text(answer, "StudyTime")),
        description=_text(answer, "StudyDescription"),
        accession=_text(answer, "AccessionNumber"),
        modalities=tuple(filter(None, _text(answer, "ModalitiesInStudy").split("\\"))),
        series=_count(answer, "NumberOfStudyRelatedSeries"),
        instances=_count(answer, "NumberOfStudyRelatedInstances"),
    )


def series_of(answer: Dataset, study_uid: str) -> FoundSeries | None:
    """A series from an answer; None where it has no valid identifier."""
    uid = _text(answer, "SeriesInstanceUID")
    if not is_uid(uid):
        return None
    return FoundSeries(
        uid=uid,
        study_uid=study_uid,
        modality=_text(answer, "Modality"),
        number=_text(answer, "SeriesNumber"),
        description=_text(answer, "SeriesDescription"),
        instances=_count(answer, "NumberOfSeriesRelatedInstances"),
    )


def instance_of(answer: Dataset, series_uid: str) -> FoundInstance | None:
    """An object from an answer; None where it has no valid identifier."""
    uid = _text(answer, "SOPInstanceUID")
    return FoundInstance(uid, series_uid, _text(answer, "SOPClassUID")) if is_uid(uid) else None


def in_order(series: list[FoundSeries]) -> tuple[FoundSeries, ...]:
    """Each once, as the scanner has counted them."""
    unique = {each.uid: each for each in series}
    return tuple(sorted(unique.values(), key=lambda s: (int(s.number) if s.number.isdecimal() else 1 << 31, s.uid)))


def is_uid(text: str) -> bool:
    """Whether text can be a UID, and so part of a file's name."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def checked_uid(uid: str, what: str) -> str:
    """The identifier, if it can be one. Raises ServerError."""
    if not is_uid(uid):
        raise ServerError(f"{uid[:80]}: is no {what} UID, digits and points; copy it from `cinequant pacs find`")
    return uid


def _text(answer: Dataset, keyword: str) -> str:
    """The value of an element as one line; empty where it is absent or cannot be decoded."""
    try:
        value = answer.get(keyword)
        joined = "\\".join(map(str, value)) if _is_many(value) else str(value if value is not None else "")
    except Exception:  # pydicom raises errors of many kinds for odd values, which are only not shown
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in joined).split())[:400]


def _is_many(value: object) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str) and not hasattr(value, "components")


def _count(answer: Dataset, keyword: str) -> int | None:
    text = _text(answer, keyword)
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _person(name: str) -> str:
    """Family^Given^Middle as "Family, Given Middle", and the same in the signs of its language in brackets."""
    written = []
    for group in name.split("=")[:2]:
        family, *given = (part.strip() for part in group.split("^"))
        written.append(", ".join(filter(None, (family, " ".join(filter(None, given))))))
    plain, signs = (*written, "")[:2]
    return f"{plain} ({signs})" if plain and signs and signs != plain else plain or signs


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else text


def _clock(text: str) -> str:
    return f"{text[:2]}:{text[2:4]}" if re.match(r"\d{4}", text) else text


# -- matching --------------------------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    """A backslash separates values and a caret the parts of a name, so neither can be part of a word."""
    return re.sub(r"[\\^=,\s]+", " ", text).split()


def _wildcards(word: str) -> str:
    return word if any(c in word for c in _WILD) else f"*{word}*"


def _plain(text: str) -> str:
    """Small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _within(word: str, text: str) -> bool:
    plain = _plain(word)
    if not any(c in plain for c in _WILD):
        return plain in text
    pattern = plain.replace("[", "[[]")
    return any(fnmatch.fnmatchcase(part, pattern) for part in (text, *_words(text)))
