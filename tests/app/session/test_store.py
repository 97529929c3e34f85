"""Commands and what follows from them: segmentation in both precisions, stale results, cancel, exports."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import nibabel
import numpy as np
import pytest
from app_fixtures import FRAMES, SLICES, FakeModel, card, catalog, model_fixture, session_fixture, settle, until, volume  # noqa: F401
from dicom_cine import write_cine

from app.cli.case_input import ReadCase
from app.panels.long_axis_panel import LongAxisPanel
from app.session import segmenting
from app.session.export_files import export_of, table_dossier
from app.session.session import Session
from app.state import case_content, editing
from app.state.changes import evolve, opened
from app.state.heart_views import shown_long_axis
from app.state.queries import card_of, cards_offered, phase_frame, run_of, shown_function, shown_labels
from app.state.types import AppState, Busy, Kind, Status
from app.window.availability import why_not
from engine.errors import ModelError, ScanError
from engine.formats import door
from engine.formats.index import Index, Patient, Series, Study
from engine.formats.nifti import read
from engine.network.catalog import Catalog
from engine.volume import LV, Geometry, Known, Volume


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Path → volume or error, in place of files."""
    known: dict[str, Any] = {}

    def find(paths: Sequence[Path], **_: object) -> Index:
        answer = known[str(paths[0])]
        if isinstance(answer, Exception):
            raise answer
        series = Series(0, "nifti", paths[0].name, "", 0, answer.array.shape, paths=tuple(paths))
        return Index(tuple(paths), (Patient("p", True, (Study("", "", (series,)),)),), (series,))

    def read_one(index: Index, series: Series | None = None, **_: object) -> Any:
        found = known[str(index.paths[0])]
        return found if series else (index.chosen, found)

    monkeypatch.setattr(door, "find", find)
    monkeypatch.setattr(door, "read_chosen", read_one)
    monkeypatch.setattr(door, "read_series", read_one)
    return known


def test_opening_segments_in_both_precisions_the_chosen_one_first(
    qtbot: Any, session: Session, model: FakeModel
) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert model.asked == [("scan", "first", "int8"), ("scan", "first", "float32")]
    assert all(run_of(session.state, p).status is Status.DONE for p in ("float32", "int8"))
    assert session.state.busy is None
    assert 0.5 < session.state.segmentation.agreement["first"] < 1.0


def test_the_chosen_precision_comes_first(qtbot: Any, session: Session, model: FakeModel) -> None:
    session.segmenting.choose_precision("float32")
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert [precision for _, _, precision in model.asked] == ["float32", "int8"]


def test_toggling_is_instant_once_both_are_there(qtbot: Any, session: Session, model: FakeModel) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    quantized = shown_labels(session.state)
    session.segmenting.toggle_precision()
    assert session.state.models.precision == "float32"
    assert shown_labels(session.state) not in (None, quantized)
    session.segmenting.toggle_precision()
    assert shown_labels(session.state) is quantized
    assert session.idle
    assert len(model.asked) == 2


def test_no_update_ever_shows_outlines_of_something_else(qtbot: Any, session: Session) -> None:
    """Every state between two clicks: outlines, if any, are of the scan, model and precision in that very state."""
    seen = 0

    def check(_: AppState, new: AppState) -> None:
        nonlocal seen
        run = run_of(new)
        if run and run.prediction:
            seen += 1
            assert run.prediction.model_id == new.models.model_id
            assert run.prediction.precision == new.models.precision
            assert run.prediction.labels.geometry is new.scan.volume.geometry

    session.changed.connect(check)
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.segmenting.choose_model("second")
    session.segmenting.toggle_precision()
    settle(qtbot, session)
    session.opening.open_volume(volume(3, name="other"))
    session.segmenting.choose_model("first")
    settle(qtbot, session)
    assert seen > 4


def test_another_model_swaps_in_the_same_update_and_is_remembered(
    qtbot: Any, session: Session, model: FakeModel
) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    first = shown_labels(session.state)
    session.segmenting.choose_model("second")
    assert shown_labels(session.state) is None
    settle(qtbot, session)
    assert shown_labels(session.state) not in (None, first)
    session.segmenting.choose_model("first")
    assert shown_labels(session.state) is first
    settle(qtbot, session)
    assert len(model.asked) == 4


def test_another_scan_cancels_within_a_slice(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.gate.clear()
    session.opening.open_volume(volume(name="slow"))
    until(lambda: len(model.asked) == 1)
    session.opening.open_volume(volume(name="next"))
    assert run_of(session.state).status is Status.WAITING
    model.gate.set()
    settle(qtbot, session)
    assert model.asked == [("slow", "first", "int8"), ("next", "first", "int8"), ("next", "first", "float32")]
    assert model.slices <= 2 * FRAMES * SLICES + 1
    assert run_of(session.state).prediction.labels.geometry is session.state.scan.volume.geometry


def test_cancel_stops_and_segment_goes_on(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.gate.clear()
    session.opening.open_volume(volume())
    until(lambda: len(model.asked) == 1)
    session.cancel()
    assert run_of(session.state).status is Status.STOPPED
    assert session.state.busy is None
    settle(qtbot, session)
    model.gate.set()
    assert shown_labels(session.state) is None
    session.segmenting.segment()
    settle(qtbot, session)
    assert shown_labels(session.state) is not None


def test_progress_grows_slice_by_slice(qtbot: Any, session: Session) -> None:
    lengths: list[int] = []
    session.changed.connect(lambda _, new: lengths.append(len(run_of(new).timings)) if run_of(new) else None)
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert lengths == sorted(lengths)
    assert lengths[-1] == FRAMES * SLICES


def test_what_is_no_short_axis_is_segmented_only_when_asked(qtbot: Any, session: Session, model: FakeModel) -> None:
    session.opening.open_volume(volume(not_short_axis="a CT image"))
    settle(qtbot, session)
    assert model.asked == []
    assert session.state.message.kind is Kind.WARNING
    assert "a CT image" in session.state.message.text
    assert (session.state.message.action, session.state.message.command) == ("Segment anyway", "segment")
    session.segmenting.segment()
    settle(qtbot, session)
    assert len(model.asked) == 2
    assert session.state.message is None
    session.opening.open_volume(volume(not_short_axis="a CT image"))
    settle(qtbot, session)
    assert len(model.asked) == 2


def test_without_a_model_the_scan_is_shown_and_the_way_out_said(qtbot: Any, model: FakeModel, monkeypatch: Any) -> None:
    rejected = ((Path("/models/broken"), "card.json: not JSON; copy the folder again"),)
    monkeypatch.setattr(segmenting, "find_models", lambda folders=None: Catalog((), rejected, ""))
    made = Session()
    made.segmenting.load_models()
    made.opening.open_volume(volume())
    settle(qtbot, made)
    assert made.state.scan.volume is not None
    assert "No model is installed" in made.state.message.text
    assert "not JSON" in made.state.message.text
    made.close()


def test_a_scan_that_opens_before_the_models_are_found_is_segmented_too(qtbot: Any, model: FakeModel) -> None:
    made = Session()
    made.opening.open_volume(volume())
    made.segmenting.load_models()
    settle(qtbot, made)
    assert shown_labels(made.state) is not None
    made.close()


def test_a_bad_file_is_said_and_the_scan_before_stays(
    qtbot: Any, session: Session, scans: dict[str, Any], model: FakeModel
) -> None:
    scans["/good"], scans["/bad"] = volume(), ScanError("/bad: not an image; open a NIfTI file")
    session.opening.open_paths([Path("/good")])
    settle(qtbot, session)
    before = shown_labels(session.state)
    session.opening.open_paths([Path("/bad")])
    settle(qtbot, session)
    assert session.state.message.kind is Kind.ERROR
    assert session.state.message.text == "/bad: not an image; open a NIfTI file"
    assert shown_labels(session.state) is before
    assert session.state.preferences.recents == (Path("/good"),)
    assert session.state.busy is None


def test_a_bad_file_lets_the_interrupted_segmentation_finish(
    qtbot: Any, session: Session, scans: dict[str, Any], model: FakeModel
) -> None:
    scans["/bad"] = ScanError("/bad: not an image")
    model.gate.clear()
    session.opening.open_volume(volume())
    until(lambda: len(model.asked) == 1)
    session.opening.open_paths([Path("/bad")])
    model.gate.set()
    settle(qtbot, session)
    assert shown_labels(session.state) is not None
    assert session.state.message.text == "/bad: not an image"


def test_recents_are_the_latest_first_without_repeats(qtbot: Any, session: Session, scans: dict[str, Any]) -> None:
    for name in "abcdefghij":
        scans[f"/{name}"] = volume()
    for name in "abcdefghija":
        session.opening.open_paths([Path(f"/{name}")])
        settle(qtbot, session)
    assert [path.name for path in session.state.preferences.recents] == list("ajihgfed")


def test_the_likeliest_of_a_folder_opens_and_the_others_by_their_number(
    qtbot: Any, session: Session, model: FakeModel, tmp_path: Path
) -> None:
    write_cine(tmp_path / "a", 2, 3)
    write_cine(tmp_path / "b", 5, 4, change=lambda ds, t, z: setattr(ds, "StudyInstanceUID", "1.2.3"))
    states: list[AppState] = []
    session.changed.connect(lambda _, new: states.append(new))
    session.opening.open_paths([tmp_path])
    settle(qtbot, session)
    state = session.state
    assert [series.size[:2] for series in state.scan.index.series] == [(2, 3), (5, 4)]
    assert (state.scan.series, state.scan.volume.frames, state.preferences.recents) == (1, 5, (tmp_path,))
    # What was found can be seen before the images are read.
    assert any(s.scan.index is not None and s.scan.volume is None for s in states)
    session.opening.open_series(0)
    settle(qtbot, session)
    assert (session.state.scan.series, session.state.scan.volume.frames, session.state.scan.index) == (
        0,
        2,
        state.scan.index,
    )
    asked = len(model.asked)
    for same_or_nothing in (0, 7, -1):
        session.opening.open_series(same_or_nothing)
        assert session.idle
    assert len(model.asked) == asked
    session.opening.open_volume(volume())
    assert session.state.scan.series is None
    assert session.state.scan.index is state.scan.index


def test_the_series_on_screen_is_never_another_than_the_volume(qtbot: Any, session: Session, tmp_path: Path) -> None:
    """Two clicks in a row: the first answer is dropped, and no state names one series and shows another."""
    for number, frames in enumerate((2, 3, 4)):
        write_cine(
            tmp_path / str(number), frames, 3, change=lambda ds, t, z, n=number: setattr(ds, "PatientID", str(n))
        )
    session.opening.open_paths([tmp_path])
    settle(qtbot, session)
    named: list[tuple[int, int]] = []
    session.changed.connect(
        lambda _, new: (
            named.append((new.scan.index.series[new.scan.series].size[0], new.scan.volume.frames))
            if new.scan.series is not None
            else None
        )
    )
    session.opening.open_series(0)
    session.opening.open_series(1)
    settle(qtbot, session)
    assert session.state.scan.series == 1
    assert {one for one, _ in named} == {4, 3}
    assert all(one == other for one, other in named)


def test_a_model_that_fails_is_said_and_can_be_tried_again(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.error = ModelError("int8.onnx: damaged; install the model again")
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert session.state.message.text == "int8.onnx: damaged; install the model again"
    assert run_of(session.state).status is Status.FAILED
    model.error = None
    session.segmenting.segment()
    settle(qtbot, session)
    assert shown_labels(session.state) is not None


def test_entering_the_spacing_gives_millilitres(qtbot: Any, session: Session) -> None:
    session.opening.open_volume(volume(spacing=Known.ASSUMED))
    settle(qtbot, session)
    assert not shown_function(session.state).units_known
    session.opening.set_spacing(1.5, 1.5, 8.0)
    assert shown_function(session.state) is None
    settle(qtbot, session)
    assert shown_function(session.state).units_known
    session.opening.set_spacing(0.0, 1.5, 8.0)
    assert session.state.message.kind is Kind.ERROR


def test_a_command_that_changes_nothing_says_nothing(qtbot: Any, session: Session) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    with qtbot.assertNotEmitted(session.changed):
        session.update(slice_index=session.state.view.slice_index)
        session.segmenting.choose_model(session.state.models.model_id)
        session.segmenting.choose_precision(session.state.models.precision)


def test_frames_go_round_and_slices_do_not(qtbot: Any, session: Session) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.looking.step_frame(-1)
    assert session.state.view.frame_index == FRAMES - 1
    session.looking.step_frame(1)
    assert session.state.view.frame_index == 0
    session.looking.step_slice(-99)
    session.looking.step_slice(-1)
    assert session.state.view.slice_index == 0


def test_ed_and_es(qtbot: Any, session: Session) -> None:
    session.opening.open_volume(volume())
    session.looking.go_to_phase("ES")
    assert session.state.view.frame_index == 0
    settle(qtbot, session)
    session.looking.go_to_phase("ES")
    assert session.state.view.frame_index == FRAMES // 2
    session.looking.go_to_phase("ED")
    assert session.state.view.frame_index == 0


def test_the_cine_keeps_time(qtbot: Any, session: Session) -> None:
    session.opening.open_volume(replace(volume(), frame_times_ms=tuple(10.0 * i for i in range(FRAMES))))
    settle(qtbot, session)
    seen: set[int] = set()
    session.changed.connect(lambda _, new: seen.add(new.view.frame_index))
    session.looking.toggle_play()
    qtbot.waitUntil(lambda: len(seen) == FRAMES, timeout=5000)
    session.looking.step_frame(1)
    assert not session.state.view.playing


def test_export_mask_and_measurements(qtbot: Any, session: Session, tmp_path: Path) -> None:
    scan = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 24, 4, 3), np.int16), np.diag([1.5, 1.5, 8, 1])), scan)
    session.opening.open_volume(read([scan]))
    settle(qtbot, session)
    session.exporting.export_mask(tmp_path / "mask.nii.gz")
    settle(qtbot, session)
    assert session.state.message.kind is Kind.SUCCESS
    assert str(tmp_path / "mask.nii.gz") in session.state.message.text
    assert nibabel.load(tmp_path / "mask.nii.gz").shape == (20, 24, 4, 3)
    session.exporting.export_measurements(tmp_path / "table.csv")
    settle(qtbot, session)
    rows = list(csv.reader((tmp_path / "table.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["quantity", "value", "unit"]
    assert ["Precision", "int8", ""] in rows
    assert any(row[0] == "LV EDV" and row[2] == "mL" for row in rows)


def test_cancel_lets_a_file_be_finished_and_says_so(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.exporting.export_measurements(tmp_path / "table.csv")
    assert session.state.busy == Busy("Saving table.csv", can_stop=False)
    session.cancel()
    settle(qtbot, session)
    assert (tmp_path / "table.csv").is_file()
    assert session.state.message.kind is Kind.SUCCESS
    assert session.state.busy is None


def test_export_never_overwrites_the_source(qtbot: Any, session: Session, tmp_path: Path) -> None:
    scan = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 24, 4, 3), np.int16), np.diag([1.5, 1.5, 8, 1])), scan)
    before = scan.read_bytes()
    session.opening.open_volume(read([scan]))
    settle(qtbot, session)
    (tmp_path / "same.nii.gz").symlink_to(scan)
    for name in ("scan.nii.gz", "same.nii.gz"):
        session.exporting.export_mask(tmp_path / name)
        settle(qtbot, session)
        assert session.state.message.kind is Kind.ERROR
        assert "never overwritten" in session.state.message.text
    assert scan.read_bytes() == before


def test_export_into_nowhere_is_the_users_error(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.exporting.export_measurements(tmp_path / "absent" / "table.csv")
    settle(qtbot, session)
    assert session.state.message.kind is Kind.ERROR
    assert "absent" in session.state.message.text


def test_nothing_to_export(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.exporting.export_mask(tmp_path / "mask.nii.gz")
    assert session.state.message.kind is Kind.WARNING
    assert list(tmp_path.iterdir()) == []


def test_recover_writes_what_is_on_screen(qtbot: Any, session: Session, tmp_path: Path) -> None:
    assert session.recover(tmp_path).written == ()
    scan = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 24, 4, 3), np.int16), np.diag([1.5, 1.5, 8, 1])), scan)
    session.opening.open_volume(read([scan]))
    settle(qtbot, session)
    saved, case = session.recover(tmp_path / "recovery").written
    assert case.suffix == ".cinequant"
    assert re.fullmatch(r"scan_[0-9a-f]{8}_first_int8_mask.nii.gz", saved.name)
    assert saved.is_file()


def test_closing_while_segmenting_ends_the_thread(qtbot: Any, model: FakeModel) -> None:
    made = Session()
    made.segmenting.load_models()
    model.gate.clear()
    made.opening.open_volume(volume())
    qtbot.waitUntil(lambda: len(model.asked) == 1, timeout=5000)
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cinequant")]


def test_the_catalogs_default_is_chosen_when_the_remembered_model_is_gone(qtbot: Any, model: FakeModel) -> None:
    made = Session(evolve(AppState(), model_id="uninstalled"))
    made.segmenting.load_models()
    settle(qtbot, made)
    assert made.state.models.model_id == catalog("first", "second").default
    made.close()


def test_a_precision_that_the_model_lacks_is_said(qtbot: Any, model: FakeModel) -> None:
    made = Session(evolve(AppState(), precision="float16"))
    made.segmenting.load_models()
    settle(qtbot, made)
    assert made.state.models.precision == "float32"
    assert made.state.message.text == "The first model does not come in float16; float32 is shown instead."
    made.close()


def _four_chambers() -> Volume:
    """One slice of a plane that lies across the heart nearly level."""
    plane = volume()
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1.0, 0.0, 0.0], [0.0, 0.7, 0.7], [0.0, -0.7, 0.7]]) * [2.0, 1.0, 8.0]
    _, _, rows, columns = plane.array.shape
    return replace(
        plane,
        array=plane.array[:, :1],
        geometry=Geometry(affine, (1, rows, columns), Known.KNOWN, Known.KNOWN),
        not_short_axis="a single slice and not a stack",
    )


def _with_two_views(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Session:
    whole = catalog("first", "second")
    of_view = replace(card("chambers"), view="4ch")
    found = replace(whole, models=(of_view, *whole.models))
    monkeypatch.setattr("app.session.segmenting.find_models", lambda _: found)
    session = Session()
    session.segmenting.load_models()
    settle(qtbot, session)
    return session


def test_a_four_chamber_view_gets_its_own_model_and_measures(
    qtbot: Any, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _with_two_views(qtbot, monkeypatch)
    assert [each.id for each in cards_offered(session.state)] == ["first", "second"]
    session.store.show(opened(session.state, _four_chambers()))
    assert [each.id for each in cards_offered(session.state)] == ["chambers"]
    panel = LongAxisPanel()
    qtbot.addWidget(panel)
    panel.apply(session.state)
    assert panel.empty.text() == "Not segmented. Press Segment to do so."
    session.segmenting.segment_missing()
    settle(qtbot, session)
    panel.apply(session.state)
    assert panel.whose.text() == "The chambers model · int8" and panel.by_hand.isHidden()
    assert {asked[1] for asked in model.asked} == {"chambers"}
    # One slice is never summed as if it were a stack.
    assert shown_function(session.state) is None
    assert all(run.function is None for run in session.state.segmentation.runs.values())
    function = shown_long_axis(session.state)
    assert function is not None
    assert function.rv_fac_percent is not None

    # A correction that makes another frame the largest moves no phase, in the panel, on the sliders or in tables.
    session.correcting.start()
    key, correction = next(iter(session.state.correction.corrections.items()))
    where = (function.es_frame or 0, 0)
    plane = np.full_like(correction.base.labels.array[where], LV)
    session.update(corrections={key: editing.changed(correction, {where: plane})})
    state = session.state
    panel.apply(state)
    assert panel.by_hand.text() == "Corrected by hand: 1 slice"
    corrected = shown_long_axis(state)
    assert corrected is not None and corrected.lv.esv_ml != function.lv.esv_ml
    phases = function.ed_frame, function.es_frame
    assert (corrected.ed_frame, corrected.es_frame) == phases
    assert (phase_frame(state, "ED"), phase_frame(state, "ES")) == phases
    assert shown_function(state) is None
    assert case_content.reader_function(state) is None
    # Nor is the one slice looked through, or read from a case, as a stack.
    qtbot.waitUntil(lambda: session.reviewing.settled)
    settle(qtbot, session)
    assert session.state.reviewing.review is None
    run = next(iter(state.segmentation.runs.values()))
    whole = cast(Any, None)
    assert ReadCase(Path("c"), whole, whole, run, correction, whole, whole, whole).function is None
    export = export_of(state)
    assert export is not None
    written = table_dossier(export).function
    assert (written.ed_frame, written.es_frame, written.lv) == (*phases, corrected.lv)
    for command in ("Report…", "Leave this slice out, or take it in again", "This frame is end-diastole", "Next flag"):
        assert why_not(command, state) == "This is for short-axis stacks only."
    session.update(corrections={}, correcting=False)
    session.store.show(opened(session.state, volume()))
    shown = card_of(session.state)
    assert shown is not None
    assert shown.id == "first"
    session.close()


def test_the_user_says_which_view_a_single_slice_shows(
    qtbot: Any, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _with_two_views(qtbot, monkeypatch)
    session.store.show(opened(session.state, _four_chambers()))
    session.segmenting.take_for("short-axis")
    shown = card_of(session.state)
    assert shown is not None
    assert shown.id == "first"
    assert shown_long_axis(session.state) is None
    session.segmenting.take_for("4ch")
    session.store.show(opened(session.state, volume()))
    session.segmenting.take_for("4ch")
    assert session.state.scan.view_asked == ""  # a stack is a short axis
    session.close()
