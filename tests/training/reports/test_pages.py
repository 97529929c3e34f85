"""The page about the models says what the files beside it say, and stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from places import ROOT

from engine.network.catalog import find_models
from training.cli import RESULTS, main
from training.reports.bitreport import bits_table
from training.reports.summary import report

DOCS = ROOT / "docs"


def test_the_printed_report_is_that_of_the_committed_results() -> None:
    said = f"{report(find_models().models, RESULTS)}\n\n{bits_table(RESULTS)}\n"
    assert (DOCS / "tables" / "report.md").read_text() == said, "run `cinequant-train report -o docs/tables/report.md`"


def test_the_page_quotes_the_report() -> None:
    page, report_text = (DOCS / "models.md").read_text(), (DOCS / "tables" / "report.md").read_text()
    accuracy = page.split("## Accuracy")[1].split("##")[0]
    quoted = set(re.findall(r"\b0\.\d{4}\b", accuracy))
    assert len(quoted) > 6
    assert quoted <= set(re.findall(r"\b0\.\d{4}\b", report_text))


def test_the_page_can_be_read_to_its_end() -> None:
    assert len((DOCS / "models.md").read_bytes()) < 12_000


@pytest.mark.parametrize("name", ["models.md", "mnms2.md", "packed-format.md", "tables/README.md"])
def test_links_of_the_pages_lead_somewhere(name: str) -> None:
    page = DOCS / name
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]
    assert not missing


def test_the_report_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.md"
    assert main(["report", "--results", str(tmp_path), "--models", str(tmp_path), "-o", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert out.read_text().startswith("| model | precision |")
