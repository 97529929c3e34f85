"""What leaves the window: reports, movies, tables and their provenance, and how they say whose scan it is."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from app_fixtures import FRAMES, model_fixture, session_fixture, settle, volume  # noqa: F401
from PIL import Image
from pypdf import PdfReader

from app.session import export_files, exporting
from app.session.export_files import default_name, dossier_of, export_of
from app.session.session import Session
from app.state import outgoing
from app.state.changes import evolve, opened
from app.state.outgoing import Outgoing
from app.state.queries import shown_prediction
from app.state.review import Review
from app.state.types import AppState, Kind
from engine import movie
from engine.dossier import IdentifyBy, scan_code
from engine.exchange import anonymous_copy, pseudonyms
from engine.exchange.anonymous_copy import Copied
from engine.measures.flags import Flag, Where
from engine.provenance import read_record

PATIENT = {"name": "Mustermann, Anna", "id": "P-0042"}


@pytest.fixture(name="ready")
def ready_fixture(qtbot: Any, session: Session) -> Session:
    session.opening.open_volume(volume(name="mustermann_anna", patient=PATIENT))
    settle(qtbot, session)
    return session


def test_copies_that_were_stopped_stay_and_what_was_left_out_is_said(
    qtbot: Any, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    monkeypatch.setattr(pseudonyms, "own_secret", lambda: None)
    begun = threading.Event()

    def endless(*_: Any, cancel: Any, **options: Any) -> Any:
        begun.set()
        while True:
            cancel.check()
            time.sleep(0.002)

    monkeypatch.setattr(anonymous_copy, "copy_without_identity", endless)
    session.exporting.anonymise(tmp_path / "copies")
    assert begun.wait(10)
    session.cancel()
    settle(qtbot, session)
    assert session.state.message.text.startswith("Copying was stopped. The files copied so far stay")

    made = Copied(written=[tmp_path / "a.dcm"], left_out=Counter(damaged=2), warnings=Counter(text=1))
    monkeypatch.setattr(anonymous_copy, "copy_without_identity", lambda *_, **options: made)
    session.exporting.anonymise(tmp_path / "copies")
    settle(qtbot, session)
    message = session.state.message
    assert message.kind is Kind.WARNING
    assert all(said in message.text for said in ("1 file without identity", "Not copied: 2 files", "burned into"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_says_what_the_user_wrote_and_has_its_record(qtbot: Any, ready: Session, tmp_path: Path) -> None:
    ready.update(conclusion="Nothing abnormal.", hospital="St. Example")
    ready.exporting.export_report(tmp_path / "r.pdf")
    settle(qtbot, ready)
    assert ready.state.message.kind is Kind.SUCCESS
    text = PdfReader(tmp_path / "r.pdf").pages[0].extract_text()
    assert all(said in text for said in ("Nothing abnormal.", "St. Example", "Mustermann"))
    assert names(tmp_path) == ["r.pdf", "r.provenance.json"]
    record = read_record(tmp_path / "r.provenance.json")
    assert record.measured is not None
    assert record.labels.shape[0] == FRAMES
    assert ready.state.stationery.export_folder == tmp_path


def test_nobody_is_named_while_names_are_hidden(qtbot: Any, ready: Session, tmp_path: Path) -> None:
    ready.update(hide_names=True, tables_by=IdentifyBy.STUDY)
    ready.exporting.export_report(tmp_path / "r.pdf")
    ready.exporting.export_measurements(tmp_path / "t.json")
    settle(qtbot, ready)
    assert "Mustermann" not in PdfReader(tmp_path / "r.pdf").pages[0].extract_text()
    assert "Mustermann" not in (tmp_path / "t.json").read_text(encoding="utf-8")


def test_a_missing_logo_is_one_line(qtbot: Any, ready: Session, tmp_path: Path) -> None:
    ready.update(logo=tmp_path / "gone.png")
    ready.exporting.export_report(tmp_path / "r.pdf")
    settle(qtbot, ready)
    assert ready.state.message.kind is Kind.ERROR
    assert "gone.png: the logo cannot be read (No such file or directory)" in ready.state.message.text
    assert names(tmp_path) == []


def test_a_movie_has_every_frame(qtbot: Any, ready: Session, tmp_path: Path) -> None:
    ready.exporting.export_movie(tmp_path / "m.gif")
    assert ready.state.busy is not None
    assert ready.state.busy.can_stop
    settle(qtbot, ready)
    with Image.open(tmp_path / "m.gif") as gif:
        assert (gif.n_frames, gif.info["duration"]) == (FRAMES, 40)
    assert names(tmp_path) == ["m.gif", "m.provenance.json"]


def test_a_stopped_movie_leaves_nothing(
    qtbot: Any, ready: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, real = threading.Event(), movie.frames_of

    def slow(*arguments: Any, cancel: Any, **options: Any) -> Any:
        begun.set()
        while True:
            cancel.check()

    monkeypatch.setattr(movie, "frames_of", slow)
    ready.exporting.export_movie(tmp_path / "m.gif")
    assert begun.wait(10)
    ready.cancel()
    settle(qtbot, ready)
    assert names(tmp_path) == []
    assert "stopped; nothing was written" in ready.state.message.text
    monkeypatch.setattr(movie, "frames_of", real)
    ready.exporting.export_movie(tmp_path / "m.gif")
    settle(qtbot, ready)
    assert ready.state.message.kind is Kind.SUCCESS


@pytest.mark.parametrize("kind", ["report", "movie", "measurements"])
def test_a_full_disk_is_one_line(
    qtbot: Any, ready: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def full(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path.with_name(".part")))

    monkeypatch.setattr(exporting, "write_atomically", full)
    monkeypatch.setattr(export_files, "write_atomically", full)
    path = tmp_path / {"report": "r.pdf", "movie": "m.gif", "measurements": "t.csv"}[kind]
    getattr(ready.exporting, f"export_{kind}")(path)
    settle(qtbot, ready)
    said = f"{path}: could not be written (No space left on device); free some space, or choose another place"
    assert (ready.state.message.kind, ready.state.message.text) == (Kind.ERROR, said)
    assert names(tmp_path) == []


def test_json_is_written_where_the_name_says_so(qtbot: Any, ready: Session, tmp_path: Path) -> None:
    ready.exporting.export_measurements(tmp_path / "t.JSON")
    settle(qtbot, ready)
    found = json.loads((tmp_path / "t.JSON").read_text(encoding="utf-8"))
    assert found["identity"] == {"by": "code", "Scan": scan_code(ready.state.scan.volume)}
    assert len(found["slice_areas_mm2"]["lv"]) == FRAMES


def test_names_of_files_name_nobody_unless_asked_to(ready: Session) -> None:
    code = scan_code(ready.state.scan.volume)
    assert default_name(export_of(ready.state), "mask.nii.gz") == f"{code}_first_int8_mask.nii.gz"
    ready.update(tables_by=IdentifyBy.STUDY)
    assert default_name(export_of(ready.state), "x").startswith("P-0042_first_int8")
    ready.update(tables_by=IdentifyBy.PSEUDONYM, pseudonym="Subject 7")
    assert default_name(export_of(ready.state), "x").startswith("Subject_7_first_int8")
    ready.update(tables_by=IdentifyBy.STUDY, hide_names=True)
    assert default_name(export_of(ready.state), "x").startswith(code)


def test_what_the_reader_ticked_off_is_not_left_open(ready: Session) -> None:
    flags = tuple(Flag(Where("rv", 0, index), 0.9, (f"Look at {index}.",)) for index in (0, 1))
    model = shown_prediction(ready.state).model_sha256
    state = evolve(ready.state, review=Review(flags, ()), ticks={model: frozenset({flags[0].where})})
    dossier = dossier_of(export_of(state))
    assert [stop.reasons for stop in dossier.open_stops()] == [("Look at 1.",)]
    # Before the window has looked the labels through, the export does.
    assert dossier_of(export_of(evolve(state, review=None))).flags


def test_results_to_paste(ready: Session) -> None:
    found = ready.exporting.results()
    assert found is not None
    assert "End-diastolic volume" in found.text
    assert found.tsv.count("\t") >= 9
    assert "<td align=right>" in found.html


def test_a_preview_is_a_page_or_a_reason(qtbot: Any, ready: Session, tmp_path: Path) -> None:
    seen: list[tuple[Any, str]] = []
    ready.exporting.preview_report(300, lambda image, why: seen.append((image, why)))
    settle(qtbot, ready)
    [(image, _)] = seen
    assert (image.width(), image.height()) == (300, 424)
    # A white page with something on it.
    greys = {image.pixelColor(x, y).lightness() for x in range(0, 300, 3) for y in range(0, 424, 3)}
    assert 255 in greys
    assert len(greys) > 20
    ready.update(logo=tmp_path / "gone.png")
    ready.exporting.preview_report(300, lambda image, why: seen.append((image, why)))
    settle(qtbot, ready)
    assert seen[1][0] is None
    assert "gone.png" in seen[1][1]


def test_the_conclusion_is_of_one_scan_and_survives_its_file() -> None:
    state = evolve(AppState(), conclusion="Fine.", pseudonym="S 7", hospital="St. Example")
    assert outgoing.from_json(json.loads(json.dumps(state.outgoing.to_json()))) == state.outgoing
    other = opened(state, volume())
    assert other.outgoing == Outgoing()
    assert other.stationery.hospital == "St. Example"
    for wrong in ([], {"conclusion": 1, "pseudonym": ""}, {"conclusion": "x" * 5000, "pseudonym": ""}):
        with pytest.raises(ValueError, match="no "):
            outgoing.from_json(wrong)
