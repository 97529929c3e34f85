"""`cinequant pacs` against dcmtk's archive, as a user at a terminal meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from archive_servers import HAS_DCMTK, WITHOUT_DCMTK, free_port, running_dcmqrscp
from command_runs import only_these_models, run  # noqa: F401 - a fixture
from dicom_cine import ROOT, write_cine

from app.cli import pacs_verb
from engine.exchange.servers import Server, write_servers

STUDY = f"{ROOT}.1"


def run_pacs(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    status, out, err = run(capsys, "pacs", *arguments, "--json")
    assert (status, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert found["schema"] == f"cinequant/pacs-{arguments[0]}/1"
    return found


@pytest.fixture(name="settings")
def settings_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of archives, and not the user's own."""
    file = tmp_path / "config" / "archives.json"
    monkeypatch.setattr(pacs_verb, "servers_file", lambda: file)
    return file


@pytest.mark.skipif(not HAS_DCMTK, reason=WITHOUT_DCMTK)
def test_find_fetch_segment_and_send(tmp_path: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cine(tmp_path / "cine", 2, 3)
    (tmp_path / "server").mkdir()
    with running_dcmqrscp(tmp_path / "server", free_port()) as port:
        address = f"ARCHIVE@127.0.0.1:{port}"
        write_servers(settings, [Server("Hospital", host="127.0.0.1", port=port, title="ARCHIVE", tls=False)])
        assert [server["name"] for server in run_pacs(capsys, "list")["servers"]] == ["Hospital"]
        assert run_pacs(capsys, "echo", "hospital")["address"] == address
        assert run_pacs(capsys, "send", "Hospital", tmp_path / "cine")["stored"] == 6

        (study,) = run_pacs(capsys, "find", "Hospital", "--patient", "Müller", "--since", "2024-01-01")["studies"]
        assert (study["uid"], study["patient_id"], study["date"]) == (STUDY, "P-0042", "2024-02-29")
        status, out, _ = run(capsys, "pacs", "find", address)
        assert (status, out.splitlines()[1].split()) == (0, f"2024-02-29 Müller, Anna Maria P-0042 – {STUDY}".split())
        (series,) = run_pacs(capsys, "find", address, "--study", STUDY)["series"]

        got = tmp_path / "got"
        assert run_pacs(capsys, "fetch", address, STUDY, "-o", got)["new"] == 6
        status, out, err = run(capsys, "segment", got, "-o", tmp_path / "mask", "--format", "dicom-seg")
        assert status == 0, err
        assert run(capsys, "pacs", "send", "Hospital", tmp_path / "mask")[1] == "Hospital has stored 2 objects\n"
        again = run_pacs(capsys, "fetch", "Hospital", STUDY, "-o", got)
        assert (again["new"], again["there"]) == (2, 6)
        assert len(list((got / series["uid"]).iterdir())) == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("echo", "Hospital"), "Hospital: is neither the name of a configured server nor TITLE@HOST:PORT"),
        (("echo", "A@127.0.0.1:1"), "A@127.0.0.1:1: nothing listens at port 1"),
        (("echo", f"{'A' * 17}@127.0.0.1:1"), "is not 1 to 16 printable"),
        (("find", "http://pacs.example.org/"), "use https, or say --no-tls"),
        (("fetch", "A@127.0.0.1:1", "../x", "-o", "out"), "../x: is no study UID"),
        (("send", "A@127.0.0.1:1", "none.dcm"), "none.dcm: No such file"),
    ],
)
def test_a_fault_is_one_line(
    settings: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = run(capsys, "pacs", *arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("cinequant: ")
    assert said in err


def test_wrong_usage_is_said(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (
        ["find", "A", "--since", "29.2.2024"],
        ["echo", "A", "--move", "0"],
        ["echo", "A", "--wait", "x"],
        [],
    ):
        assert run(capsys, "pacs", *wrong)[0] == 2
