"""How a scan and its patient are named, with or without names."""

from __future__ import annotations

import re

from app.state.types import AppState
from app.words.language import COUNT, marked, translate
from engine.network.model_card import FOUR_CHAMBER
from engine.network.view import view_of
from engine.volume import Volume

RESEARCH = marked("PatientBar", "Research use only, not for diagnosis")


# Who the patient is; the scanner is not.
NAMING = ("name", "id", "sex", "age", "birth", "date", "weight", "height", "institution", "study")


_ORDER = ("id", "age", "sex", "date", "scanner")


def research() -> str:
    """What the program is not for."""
    return translate("PatientBar", RESEARCH)


def scan_title(volume: Volume, *, hide: bool) -> str:
    """A scan in few words, for a window's title. The name of a file may be a patient's."""
    kind = volume.source.kind
    if kind == "dicom":
        return _dicom_title(volume)
    if not hide or kind == "phantom":
        return volume.source.name
    return translate("PatientBar", "NIfTI scan") if kind == "nifti" else translate("PatientBar", "Scan")


def _dicom_title(volume: Volume) -> str:
    """What the engine calls a DICOM scan, in the language of the window."""
    if not volume.not_short_axis:
        kind = translate("PatientBar", "{modality} short axis")
    elif volume.not_short_axis.startswith("a single slice") and view_of(volume.geometry) == FOUR_CHAMBER:
        kind = translate("PatientBar", "{modality} four-chamber view")
    elif volume.slices == 1:
        kind = translate("PatientBar", "{modality} single slice")
    else:
        kind = translate("PatientBar", "{modality} stack")
    count = volume.slices
    slices = translate("PatientBar", "%n slice(s)", "", COUNT, count)
    count = volume.frames
    frames = translate("PatientBar", "%n frame(s)", "", COUNT, count)
    return f"{kind.format(modality=volume.source.name.split()[0])}, {slices} × {frames}"


def patient_words(volume: Volume | None, *, hide: bool) -> tuple[str, str]:
    """Who, and what else is known of patient and visit; what names the patient is left out where asked."""
    if volume is None:
        return translate("PatientBar", "No study open"), ""
    patient = volume.source.patient
    if volume.source.kind == "phantom":
        return translate("PatientBar", "Computed heart"), translate("PatientBar", "no patient")
    if not any(patient.get(key) for key in NAMING):
        if volume.source.kind == "dicom":
            return translate("PatientBar", "Patient without a name"), patient.get("scanner", "")
        return scan_title(volume, hide=hide), translate("PatientBar", "no patient data in the file")
    named = patient.get("name") or patient.get("id") or translate("PatientBar", "Patient without a name")
    who = translate("PatientBar", "Patient hidden") if hide else named
    shown = [patient.get(key, "") for key in _ORDER if not (hide and key in NAMING)]
    return who, "  ·  ".join(value for value in shown if value and value != who)


def without_names(text: str, state: AppState) -> str:
    """A sentence as it may be shown while names are hidden: names of the user's files and folders often are names."""
    if not state.preferences.hide_names:
        return text
    paths = [*state.scan.asked, *state.preferences.recents]
    if state.scan.volume is not None:
        paths += state.scan.volume.source.paths
    described: set[str] = set()
    if state.scan.index is not None:
        series = state.scan.index.series
        paths += [*state.scan.index.paths, *state.scan.index.faults, *(path for one in series for path in one.paths)]
        # DICOM's are the protocol's words; other formats have only the names of their files.
        described = {one.description for one in series if one.kind != "dicom"}
        described |= {patient.name for patient in state.scan.index.patients}
    names = {str(path) for path in paths} | {path.name for path in paths} | described
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", translate("PatientBar", "(hidden)"), text)
    return text
