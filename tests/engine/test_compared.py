"""Two runs side by side, and an evaluation's page."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patients import patient

from engine.batch.result_tables import write_tables
from engine.batch.rows import RESULTS, plain_row
from engine.compared import compare
from engine.comparison_page import to_html as comparison_to_html
from engine.errors import ScanError
from engine.evaluate import CaseScore, Evaluation, Score, from_dict, same_within, summarise, worst
from engine.evaluation_page import to_html
from engine.formats.datasets import find_cases, read_case
from engine.measures.metrics import Equivalence


def evaluation(shift: float = 0.0, patients: int = 8, precision: str = "int8") -> Evaluation:
    random = np.random.default_rng(1)
    cases = []
    for number in range(patients):
        for phase, volume in (("ED", 150.0), ("ES", 70.0)):
            dice = {key: 0.9 + shift + 0.01 * random.standard_normal() for key in ("lv", "myo", "rv")}
            scores = {
                key: Score(value, 0.8, math.nan, volume + number + 10 * shift, volume, 0.8, 0.9, 0.7)
                for key, value in dice.items()
            }
            cases.append(CaseScore(f"p{number}", phase, "Siemens", True, scores, "DCM"))
    return summarise(cases, "quantlite", precision)


def written(path: Path, run: Evaluation) -> Path:
    path.write_text(json.dumps({"schema": "cinequant/evaluate/1", **run.to_dict()}))
    return path


def test_what_json_holds_becomes_the_same_evaluation_again() -> None:
    run = evaluation()
    again = from_dict(json.loads(json.dumps(run.to_dict())))
    assert (again.dice_mean, again.ef["lv"], again.groups.keys()) == (run.dice_mean, run.ef["lv"], run.groups.keys())
    assert again.phase_positions == run.phase_positions
    assert run.phase_positions["ED"]["base"]["lv"] == 0.8


def test_two_evaluations_are_compared_patient_by_patient(tmp_path: Path) -> None:
    one, other = evaluation(), evaluation(0.01, 7, "float32")
    found = compare(written(tmp_path / "a.json", one), written(tmp_path / "b.json", other))
    assert (found.kind, found.both, found.only_a, found.only_b) == ("evaluate", 14, ("p7 ED", "p7 ES"), ())
    assert (found.a, found.b) == ("quantlite in int8", "quantlite in float32")
    assert found.main.difference == pytest.approx(0.01)
    assert not found.main.equivalent
    assert found.by_name["dice ES rv"].bias == pytest.approx(0.01)
    assert found.by_name["volume lv, mL"].bias == pytest.approx(0.1)
    assert found.largest[0].b - found.largest[0].a == pytest.approx(0.01)
    same = compare(tmp_path / "a.json", tmp_path / "b.json", margin=0.02)
    assert same.main.equivalent
    assert same.main.margin == 0.02


def batch(folder: Path, values: dict[str, float | None], **more: Any) -> Path:
    folder.mkdir()
    (folder / "batch.json").write_text(json.dumps({"models": [["short-axis", "quantlite", more["precision"], "0"]]}))
    rows = [
        plain_row(
            {
                "case": case,
                "status": "failed" if ef is None else "done",
                "lv_ef_percent": ef,
                "labels_sha256": "same" if case == "a" else str(ef),
            },
            RESULTS,
        )
        for case, ef in values.items()
    ]
    write_tables(folder, "results", rows, RESULTS)
    return folder


def test_two_batches_are_compared_case_by_case(tmp_path: Path) -> None:
    one = batch(tmp_path / "one", {"a": 60.0, "b": 50.0, "c": 40.0, "d": 30.0, "x": 1.0}, precision="int8")
    other = batch(tmp_path / "other", {"a": 60.0, "b": 51.0, "c": 40.5, "d": None, "y": 1.0}, precision="float32")
    found = compare(one, other)
    assert (found.kind, found.both, found.only_a, found.only_b) == ("batch", 4, ("x",), ("y",))
    assert found.statuses == {"done → failed": 1}
    assert found.same_labels == 1
    assert found.main.difference == pytest.approx(0.5)
    assert found.by_name["lv_ef_percent"].n == 3
    assert [(change.case, change.b - change.a) for change in found.largest] == [("b", 1.0), ("c", 0.5)]
    assert found.b == "quantlite in float32 (other)"


def test_the_page_of_two_runs_has_their_tables_and_a_plot(tmp_path: Path) -> None:
    one = batch(tmp_path / "one", {"a": 60.0, "b&c": 50.0, "d": 30.0, "x": 1.0}, precision="int8")
    other = batch(tmp_path / "other", {"a": 60.0, "b&c": 51.0, "d": None}, precision="float32")
    html = comparison_to_html(compare(one, other))
    page = Page()
    page.feed(html)
    assert page.open == []
    assert (page.counts["table"], page.counts["circle"]) == (2, 2)
    assert "done → failed: 1 cases" in html
    assert "Only in A: x." in html
    assert "<td>b&amp;c</td>" in html


@pytest.mark.parametrize("content", ["{}", "[]", "no json", '{"schema": "cinequant/bench/1"}'])
def test_what_is_no_run_is_said(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(ScanError, match="is not what `cinequant evaluate --json` prints"):
        compare(path, path)
    with pytest.raises(ScanError, match="holds no batch that has run to its end"):
        compare(tmp_path, tmp_path)
    with pytest.raises(ScanError, match="compare two of a kind"):
        compare(path, tmp_path)


def test_runs_without_a_common_case_are_refused(tmp_path: Path) -> None:
    one = batch(tmp_path / "one", {"a": 60.0}, precision="int8")
    other = batch(tmp_path / "other", {"b": 60.0}, precision="int8")
    with pytest.raises(ScanError, match="have no case in common"):
        compare(one, other)


class Page(HTMLParser):
    """Counts tags, and which are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in ("meta", "img", "br", "line", "circle", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "circle", "rect"):
            assert self.open.pop() == tag


def test_the_page_has_tables_plots_and_the_worst_cases(tmp_path: Path) -> None:
    patient(tmp_path, "patient001")
    (case, _) = find_cases(tmp_path, "acdc")
    volume, truth = read_case(case)
    run = evaluation()
    same = same_within(run, evaluation(precision="float32"))
    text = to_html(run, "A <set>", lambda scored: (volume, truth, truth), ("quantlite in float32", same))
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.counts["img"] == min(12, len(run.cases))
    assert page.counts["table"] == 3
    # Eight patients' left and right ventricles.
    assert page.counts["circle"] == 16
    assert "A &lt;set&gt;" in text
    assert "equivalent within ±0.002" in text
    assert "http" not in text
    first = worst(run, 1)[0]
    assert text.index(f"{first.patient} {first.phase}") < text.index("Rules")
    assert isinstance(same, Equivalence)
