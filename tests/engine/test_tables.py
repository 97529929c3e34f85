"""Tables and JSON of what was measured."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from dossiers import FRAMES, NAME, dossier, heart

from engine.dossier import Dossier, IdentifyBy, Identity, check_pseudonym, scan_code
from engine.errors import ExportError
from engine.measures.body import body_of
from engine.measures.findings import findings_of
from engine.measures.function import measure
from engine.measures.reading import Reading
from engine.tables import to_csv, to_json, to_text, to_tsv
from engine.volume import LV, RV


def cells(found: Dossier) -> dict[str, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in csv.reader(io.StringIO(to_csv(found)))}


def same(text: str) -> str:
    return text


def test_areas_of_every_slice_are_in_both() -> None:
    found = dossier(4)
    counted = np.count_nonzero(found.labels.array[1, 2] == LV) * 1.5 * 1.5
    assert cells(found)["Area of LV cavity, frame 2, slice 3"] == (f"{counted:.1f}", "mm²")
    areas = to_json(found)["slice_areas_mm2"]
    assert areas["lv"][1][2] == pytest.approx(counted)
    assert np.shape(areas["rv"]) == (FRAMES, 4)


def test_json_is_json_and_says_what_was_chosen() -> None:
    volume, labels = heart(4)
    reading = Reading(left_out=frozenset({(RV, 0, 3)}))
    made = replace(dossier(4), findings=findings_of(measure(labels, volume, reading), volume, body_of(volume)))
    found = json.loads(json.dumps(to_json(made), allow_nan=False))
    assert found["schema"] == "cinequant/measurements/1"
    assert found["left_out"] == [{"structure": "rv", "slice_index": 3, "frame_indices": [0]}]
    assert found["lv"]["edv_ml"] > 0
    assert found["lv"]["edv_ml_m2"] > 0
    assert found["spacing_mm"] == [1.5, 1.5, 8.0]
    assert found["corrected_by_hand"][0] == {"frame_index": 0, "slice_index": 2}
    assert [entry["reviewed"] for entry in found["review"]] == [True, False]
    assert cells(made)["Area of RV cavity, frame 1, slice 4, does not count"]
    assert cells(made)["Left out, RV cavity, slice 4"] == ("1", "frames from 1")
    assert cells(made)["Left open, frame 1, slice 3"] == ("Look closer.", "")


def test_doubtful_numbers_are_marked_where_they_stand() -> None:
    found = dossier(4)
    assert cells(found)["LV EDV"][1] == "mL"
    function = replace(found.function, doubtful=frozenset({"lv"}))
    marked = cells(replace(found, findings=replace(found.findings, function=function)))
    assert [marked[name][1] for name in ("LV EDV", "LV EF", "RV EF")] == ["mL (doubtful)", "% (doubtful)", "%"]


@pytest.mark.parametrize("by", list(IdentifyBy))
def test_only_who_asks_for_it_is_named(by: IdentifyBy) -> None:
    found = replace(dossier(3), identity=Identity(by, "Subject 7"))
    everything = "".join([to_csv(found), json.dumps(to_json(found)), to_text(found, same), to_tsv(found, same)])
    assert (NAME in to_csv(found).replace("\r\n", " ")) == (by is IdentifyBy.STUDY)
    assert ("P-0042" in everything) == (by is IdentifyBy.STUDY)
    shown = {IdentifyBy.CODE: scan_code(found.volume), IdentifyBy.STUDY: "P-0042", IdentifyBy.PSEUDONYM: "Subject 7"}
    assert to_text(found, same).startswith(shown[by] + "\n")


def test_codes_tell_scans_apart_and_are_the_same_wherever_the_files_are() -> None:
    first, second = heart(3)[0], heart(4)[0]
    moved = replace(first, source=replace(first.source, name="elsewhere"))
    assert scan_code(first) == scan_code(moved) != scan_code(second)
    assert Identity().file_part(first) == scan_code(first)


def test_file_names_hold_what_file_names_may_hold() -> None:
    volume, _ = heart(3)
    assert Identity(IdentifyBy.PSEUDONYM, "a/b: *7*").file_part(volume) == "a_b_7"
    assert Identity(IdentifyBy.PSEUDONYM, "  ").file_part(volume) == scan_code(volume)
    with pytest.raises(ExportError, match="at most 64 characters"):
        check_pseudonym("a\nb")


def test_a_table_to_paste_is_aligned_and_one_with_tabs_has_four_columns() -> None:
    lines = to_text(dossier(3), same).splitlines()
    [edv] = [line for line in lines if line.startswith("End-diastolic volume")]
    assert edv.endswith(" mL")
    rows = [line.split("\t") for line in to_tsv(dossier(3), same).splitlines()]
    [edv_cells] = [row for row in rows if row[0] == "End-diastolic volume"]
    assert len(edv_cells) == 4
    assert edv_cells[1] in edv


def test_no_cell_is_a_formula() -> None:
    found = replace(dossier(3), identity=Identity(IdentifyBy.PSEUDONYM, "=1+1"))
    assert cells(found)["Scan"] == ("'=1+1", "")
    assert "\n'=1+1" in "\n" + to_tsv(found, same)
