"""What an archive is asked for, and what is understood of its answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pydicom import Dataset

from engine.exchange.search import FoundStudy, Query, admits, is_uid, matches_of, merged, study_of

STUDY = FoundStudy(
    uid="1.2.3",
    patient="Müller, Anna Maria",
    patient_id="P-0042",
    birth_date="1962-03-01",
    date="2024-02-29",
    time="10:15",
    description="Herz MRT",
    accession="",
    modalities=("MR", "SEG"),
    series=2,
    instances=13,
)


def test_a_patient_is_asked_for_by_name_and_by_id() -> None:
    query = Query("Müller Anna", since=date(2024, 1, 1), modality="mr", description="Herz MRT")
    common = {"StudyDate": "20240101-", "ModalitiesInStudy": "MR", "StudyDescription": "*Herz*"}
    names = [{**common, "PatientName": f"*{word}*"} for word in ("Müller", "MÜLLER", "M*ller", "M*LLER")]
    assert matches_of(query) == (*names, *({**common, "PatientID": f"*{word}*"} for word in ("Müller", "MÜLLER")))
    assert [asked["PatientName"] for asked in matches_of(Query("anna"))[:3]] == ["*anna*", "*Anna*", "*ANNA*"]
    assert matches_of(Query("0042")) == ({"PatientName": "*0042*"}, {"PatientID": "*0042*"})
    assert matches_of(Query()) == ({},)
    assert matches_of(Query("M?ll*"))[0] == {"PatientName": "M?ll*"}
    # neither can split a value in two
    assert matches_of(Query("a\\b^c"))[0] == {"PatientName": "*a*"}


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        (Query(), True),
        (Query("muller anna"), True),
        (Query("Anna, Müller"), True),
        (Query("0042"), True),
        (Query("m?ller"), True),
        (Query("Anton"), False),
        (Query(modality="SEG"), True),
        (Query(modality="CT"), False),
        (Query(since=date(2024, 2, 29), until=date(2024, 2, 29)), True),
        (Query(since=date(2024, 3, 1)), False),
        (Query(until=date(2024, 2, 28)), False),
        (Query(description="mrt"), True),
        (Query(description="CT"), False),
    ],
)
def test_answers_are_matched_again_since_archives_match_less(query: Query, fits: bool) -> None:
    assert admits(query, STUDY) is fits


def test_each_study_stands_once_and_the_newest_first() -> None:
    newer = replace(STUDY, uid="1.2.4", date="2025-01-01")
    found = merged(Query(), [STUDY, newer, STUDY], most=5)
    assert (found.studies, found.cut) == ((newer, STUDY), False)
    assert merged(Query(), [STUDY, newer], most=1).cut


def test_odd_answers_are_understood_as_far_as_they_go() -> None:
    answer = Dataset()
    assert study_of(answer) is None
    answer.StudyInstanceUID = "../../etc"
    assert study_of(answer) is None
    answer.StudyInstanceUID = "1.2.3"
    answer.PatientName = "Evil\x1b[31m^Eve"
    answer.ModalitiesInStudy = ["MR", "SR"]
    answer.StudyDate = ""
    answer.add_new("NumberOfStudyRelatedInstances", "IS", None)
    study = study_of(answer)
    assert study is not None
    assert (study.patient, study.modalities, study.date, study.instances) == ("Evil [31m, Eve", ("MR", "SR"), "", None)


@pytest.mark.parametrize(
    ("text", "fine"),
    [("1.2.840", True), ("", False), ("..", False), ("1..2", False), ("1/2", False), ("1" * 65, False)],
)
def test_what_can_be_a_uid_can_be_a_file(text: str, fine: bool) -> None:
    assert is_uid(text) is fine
