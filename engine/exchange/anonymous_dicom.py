"""One DICOM data set without identity, by the basic profile of PS3.15. No file is read or written here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from engine import __version__
from engine.exchange.anonymous_names import Names, names_of
from engine.exchange.anonymous_pixels import clean_pixels
from engine.exchange.anonymous_words import kept_words
from engine.exchange.confidentiality import Act, ProfileOptions, action
from engine.exchange.pseudonyms import Secret, is_of_the_standard, is_time, shifted
from engine.formats.dicom_files import pydicom

_TEXT_VRS = frozenset({"AE", "AS", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_DUMMIES = {
    **dict.fromkeys(("AE", "LO", "SH", "ST", "LT", "UT", "UC", "PN"), "ANONYMOUS"),
    **{"DA": "20000101", "DT": "20000101000000", "TM": "000000", "CS": "ANON", "IS": "0", "DS": "0", "AS": "000D"},
}
_CONTENT_SEQUENCE, _PIXELS = 0x0040A730, 0x7FE00010
_PATIENT_GROUP = 0x0010
_ALSO_OF_THE_PATIENT = frozenset({0x00080050, 0x00200010, 0x00380010, 0x00321032, 0x00080090, 0x00081050, 0x00081070})
"""Accession number, study and admission IDs, and the names of who asked, performed and operated."""
_REMOVED_ITEM_KINDS = frozenset({"PNAME", "DATE", "TIME", "DATETIME"})
_REMOVED_CONCEPTS = frozenset({("DCM", "121032"), ("DCM", "121033"), ("NCIt", "C54627")})
"""Sex, age and the like, of table E.3.4-1: items of reports that are no text, name, date or reference."""
_DUMMY_PERSONS = frozenset(("DCM", code) for code in ("113850", "113870", "121008", "121029", "121114"))
"""Of the same table: names that have to stand there, such as that of an observer."""
_NOTHING = "removed"
_UID = re.compile(r"[0-9]+(?:\.[0-9]+){5,}")


class Unfit(Exception):  # noqa: N818 - not an error of the program
    """A kind of object of which no copy is made, in words."""


@dataclass(slots=True)
class Removed:
    """How often each attribute was changed, by (keyword, action)."""

    counts: Counter[tuple[str, Act]] = field(default_factory=Counter)

    def add(self, tag: int, act: Act) -> None:
        name = keyword_for_tag(tag) or ("private" if (tag >> 16) % 2 else f"{tag >> 16:04X},{tag & 0xFFFF:04X}")
        self.counts[name, act] += 1


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """Whose data set it is. days: by which dates are moved. names: what must not be found in any text."""

    pseudonym: str
    days: int
    names: Names


def pseudonym_of(dataset: Dataset, secret: Secret) -> str:
    """What stands for the patient of a data set: by the identifier, else by name and date of birth."""
    return secret.patient(_identity(dataset))


def _identity(dataset: Dataset) -> str:
    identifier = str(dataset.get("PatientID") or "").strip()
    if identifier:
        return f"{identifier}\0{str(dataset.get('IssuerOfPatientID') or '').strip()}"
    return f"{dataset.get('PatientName') or ''}\0{dataset.get('PatientBirthDate') or ''}"


def anonymised(dataset: FileDataset, secret: Secret, options: ProfileOptions, removed: Removed) -> FileDataset:
    """The data set without identity; the given one is used up.

    Raises Unfit for kinds of objects whose content cannot be cleaned.
    """
    if "EncapsulatedDocument" in dataset:
        raise Unfit("an encapsulated document, whose pages may name the patient")
    if "DirectoryRecordSequence" in dataset:
        raise Unfit("a directory of a medium, which names its patients")
    who = _identity(dataset)
    person = _Person(secret.patient(who), secret.days(who), names_of(_patient_values(dataset)))
    if not clean_pixels(dataset, person.names):
        raise Unfit("compressed pixels with text beside them that names the patient")
    _clean(dataset, secret, options, person, removed)
    dataset.PatientName = dataset.PatientID = person.pseudonym
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = f"CineQuant {__version__}, PS3.15 basic profile"
    dataset.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in options.codes]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if options.shift_dates else "REMOVED"
    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None) or ImplicitVRLittleEndian
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    return dataset


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _patient_values(dataset: Dataset) -> Iterator[str]:
    """Everything in a data set that is said of the patient or of those who were there, and when, as text."""
    for element in dataset:
        if element.tag == _PIXELS:
            continue
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _patient_values(item)
        elif element.VR in ("PN", "DA") or (element.VR in _TEXT_VRS and _of_the_patient(int(element.tag))):
            yield from _texts(element)


def _of_the_patient(tag: int) -> bool:
    return tag >> 16 == _PATIENT_GROUP or tag in _ALSO_OF_THE_PATIENT


def _texts(element: DataElement) -> list[str]:
    value = element.value
    if value is None:
        return []
    if isinstance(value, str) or not hasattr(value, "__iter__") or (element.VR == "PN" and not isinstance(value, list)):
        try:
            several = element.VM > 1
        except TypeError:
            several = False
        if not several:
            return [str(value)]
    return [str(one) for one in value]


def _clean(dataset: Dataset, secret: Secret, options: ProfileOptions, person: _Person, removed: Removed) -> None:
    """Change a data set in place, and those within it."""
    for tag in list(dataset.keys()):
        if tag == _PIXELS:
            continue
        if tag.group % 2:
            del dataset[tag]
            removed.add(tag, Act.REMOVE)
            continue
        element = dataset[tag]
        if tag == _CONTENT_SEQUENCE:
            _clean_content(element.value, secret, options, person, removed)
            continue
        act = action(int(tag), element.VR, options)
        if act is not Act.KEEP:
            removed.add(tag, act)
        if act is Act.WORDS:
            words = [kept_words(text, person.names) for text in _texts(element)]
            if any(words):
                element.value = _one_or_all(words)
                continue
            # Nothing is left of it: as without the option.
            act = action(int(tag), element.VR, replace(options, clean_words=False))
        match act:
            case Act.REMOVE:
                del dataset[tag]
            case Act.EMPTY:
                element.value = Sequence() if element.VR == "SQ" else None
            case Act.DUMMY:
                _make_dummy(element, secret)
            case Act.UID:
                element.value = _mapped(element, secret.uid)
            case Act.SHIFT:
                element.value = _mapped(element, lambda text: shifted(text, person.days))
            case Act.KEEP:
                if not _keep(element, secret, options, person, removed):
                    del dataset[tag]
                    removed.add(int(tag), Act.REMOVE)


def _keep(element: DataElement, secret: Secret, options: ProfileOptions, person: _Person, removed: Removed) -> bool:
    """What stays is searched, too: for data sets within, and for words that name the patient. False if it has to go."""
    if element.VR == "SQ":
        for item in element.value or ():
            _clean(item, secret, options, person, removed)
    elif isinstance(element.value, bytes):
        return not person.names.within(element.value)
    elif element.VR == "TM":
        return all(map(is_time, _texts(element)))
    elif element.VR in _TEXT_VRS:
        before = _texts(element)
        after = [_named_nobody(text, element.VR, person.names) for text in before]
        if before != after:
            removed.add(int(element.tag), Act.WORDS)
            element.value = _one_or_all(after)
    return True


def _named_nobody(text: str, vr: str, names: Names) -> str:
    """A text that stays. Codes that say how images are made stay, even where a person has the same name."""
    if vr == "CS" and kept_words(text) == text:
        return text
    return names.without(_UID.sub(lambda uid: uid[0] if is_of_the_standard(uid[0]) else " ", text))


def _one_or_all(values: list[str]) -> object:
    return values if len(values) > 1 else (values[0] if values else None)


def _mapped(element: DataElement, change: Callable[[str], str]) -> object:
    return _one_or_all([change(text) for text in _texts(element)])


def _make_dummy(element: DataElement, secret: Secret) -> None:
    if element.VR == "SQ":
        element.value = Sequence()
    elif element.VR == "UI":
        element.value = _mapped(element, secret.uid)
    else:
        element.value = _DUMMIES.get(element.VR)


def _clean_content(items: Sequence, secret: Secret, options: ProfileOptions, person: _Person, removed: Removed) -> None:
    """The tree of a report: names and dates go, of texts the words that say how images are made stay."""
    kept = []
    for item in items or ():
        kind = str(item.get("ValueType") or "")
        concept = _concept(item)
        if (kind in _REMOVED_ITEM_KINDS and concept not in _DUMMY_PERSONS) or concept in _REMOVED_CONCEPTS:
            removed.add(_CONTENT_SEQUENCE, Act.REMOVE)
            continue
        text = item.get("TextValue") if kind == "TEXT" else None
        content: Sequence | None = item.get("ContentSequence")
        if content is not None:
            del item.ContentSequence
        _clean(item, secret, options, person, removed)
        if text is not None:
            item.TextValue = kept_words(str(text), person.names) or _NOTHING
            removed.add(_CONTENT_SEQUENCE, Act.WORDS)
        if content is not None:
            _clean_content(content, secret, options, person, removed)
            item.ContentSequence = content
        kept.append(item)
    items[:] = kept


def _concept(item: Dataset) -> tuple[str, str]:
    """The code of what an item of a report is about: scheme and value."""
    name = next(iter(item.get("ConceptNameCodeSequence") or ()), Dataset())
    return str(name.get("CodingSchemeDesignator") or ""), str(name.get("CodeValue") or "")
