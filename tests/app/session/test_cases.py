"""A case is saved and opened again, and goes on exactly where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from app_fixtures import FakeModel, labels, model_fixture, session_fixture, settle, volume  # noqa: F401

from app.session import segmenting
from app.session.case_saving import recorded
from app.session.session import Session
from app.state.annotations import Annotation, AnnotationKind
from app.state.case import BORROWED
from app.state.case_content import audited, case_of, choices_of, is_unsaved, left_unsaved
from app.state.case_content import saved as saved_state
from app.state.outgoing import Outgoing
from app.state.patient_facts import PatientFacts
from app.state.queries import correction_of, run_of, shown_function, shown_labels
from app.state.types import INT8, Kind, Layout, Mask, Pair
from engine import __version__
from engine.formats.case_file import read_case
from engine.formats.door import open_scan
from engine.measures.body import Body
from engine.measures.flags import Where
from engine.measures.reading import Base
from engine.volume import Confidence, Known


@pytest.fixture(name="scan")
def scan_fixture(tmp_path: Path) -> Path:
    return write_scan(tmp_path / "scan.nii.gz")


def write_scan(path: Path, add: int = 0) -> Path:
    """The scan of the other tests as a file."""
    array = volume().array.transpose(3, 2, 1, 0) + np.int16(add)
    image = nibabel.Nifti1Image(array, np.diag([-2.0, -1.0, 8.0, 1.0]))
    image.header.set_xyzt_units("mm", "msec")
    nibabel.save(image, path)
    return path


def opened(qtbot: Any, session: Session, path: Path) -> None:
    session.opening.open_paths([path])
    settle(qtbot, session)


def correct(session: Session, frame: int = 0, index: int | None = None, at: tuple[float, float] = (7.0, 3.5)) -> None:
    if index is not None:
        session.update(slice_index=index)
    session.correcting.start()
    session.correcting.start_stroke(frame, *at)
    session.correcting.end_stroke()


def saved(qtbot: Any, session: Session, path: Path) -> None:
    session.case_saving.save(path)
    settle(qtbot, session)
    assert session.state.message.kind is Kind.SUCCESS, session.state.message


@pytest.fixture(name="another")
def another_fixture(qtbot: Any, model: FakeModel) -> Iterator[Callable[[], Session]]:
    """Makes sessions as after the next start."""
    made: list[Session] = []

    def make() -> Session:
        made.append(Session())
        made[-1].segmenting.load_models()
        settle(qtbot, made[-1])
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_case_goes_on_where_it_was_without_running_the_model(
    qtbot: Any, session: Session, another: Callable[[], Session], model: FakeModel, scan: Path, tmp_path: Path
) -> None:
    opened(qtbot, session, scan)
    sure = np.random.default_rng(0).random((6, 4, 3), dtype=np.float32)
    runs = {
        key: replace(run, prediction=replace(run.prediction, confidence=Confidence(sure, sure * 300)))
        for key, run in session.state.segmentation.runs.items()
    }
    session.update(runs=runs)
    correct(session)
    correct(session, 2, 1, (20.0, 30.0))
    session.undoing.undo()
    mask = Mask("truth.nii", labels(session.state.scan.volume), (0, 3), ("of two frames",))
    session.update(
        mask=mask, pair=Pair.MASK, slice_index=3, frame_index=4, window=(100.0, 55.0), zoom=2.0, pan_mm=(3.0, -4.0),
        invert=True, layout=Layout.LONG_AXIS, precision=INT8,
    )  # fmt: skip
    before = session.state
    saved(qtbot, session, tmp_path / "a.cinequant")
    assert not is_unsaved(session.state)
    assert session.state.case.case_path == tmp_path / "a.cinequant"
    assert session.state.preferences.recents[0] == tmp_path / "a.cinequant"

    model.asked.clear()
    other = another()
    opened(qtbot, other, tmp_path / "a.cinequant")
    after = other.state
    assert model.asked == []
    np.testing.assert_array_equal(shown_labels(after).array, shown_labels(before).array)
    assert shown_function(after) == shown_function(before)
    assert set(after.segmentation.runs) == {key._replace(volume_id=1) for key in before.segmentation.runs}
    for key, run in before.segmentation.runs.items():
        again = after.segmentation.runs[key._replace(volume_id=1)]
        np.testing.assert_array_equal(again.prediction.labels.array, run.prediction.labels.array)
        assert (again.function, again.heart, again.timings) == (run.function, run.heart, run.timings)
        np.testing.assert_array_equal(again.prediction.confidence.expected_mm2, sure * 300)
        assert again.prediction.provenance == run.prediction.provenance
    assert replace(after.view, playing=False) == replace(before.view, playing=False)
    assert after.preferences.layout is Layout.LONG_AXIS
    assert (after.segmentation.mask.name, after.segmentation.mask.frames) == ("truth.nii", (0, 3))
    np.testing.assert_array_equal(after.segmentation.mask.labels.array, mask.labels.array)
    assert not is_unsaved(after)
    kept = correction_of(after)
    assert (len(kept.done), len(kept.undone)) == (1, 1)
    other.undoing.redo()
    assert len(correction_of(other.state).planes) == 2
    other.undoing.undo()
    other.undoing.undo()
    model_labels = run_of(before).prediction.labels.array
    np.testing.assert_array_equal(shown_labels(other.state).array, model_labels)


def test_lines_noted_while_a_case_is_written_stay_in_its_audit_trail(qtbot: Any, session: Session, scan: Path) -> None:
    opened(qtbot, session, scan)
    before, written = session.state, case_of(recorded(session.state))
    meanwhile = audited(before, "2026-11-28T18:00:00+00:00", "exported: mask.nii.gz", "CineQuant")
    after = saved_state(meanwhile, before.scan.volume_id, scan.with_name("a.cinequant"), written)
    assert [line["what"] for line in after.case.audit][-2:] == ["saved", "exported: mask.nii.gz"]


def test_every_choice_of_the_reader_comes_back(
    qtbot: Any, session: Session, another: Callable[[], Session], scan: Path, tmp_path: Path
) -> None:
    opened(qtbot, session, scan)
    assert choices_of(session.state) == {} and not is_unsaved(session.state)
    session.measuring.choose_phase("ed", 1)
    session.measuring.toggle_slice(frame=2, index=0)
    session.measuring.choose_base(Base.SCMR)
    session.update(
        facts=PatientFacts(Body(height_cm=171.5, weight_kg=70.25)),
        ticks={"first-int8".ljust(64, "0"): frozenset({Where("lv", 2, 3), Where("", 0, None)})},
        annotations=(Annotation(1, AnnotationKind.LENGTH, (0, 2), ((1.5, 2.25), (10.0, 12.125))),),
        outgoing=Outgoing("No shunt.", "P-17"),
    )
    before = choices_of(session.state)
    assert set(before) == {"reading", "patient", "annotations", "reviewed", "outgoing"}
    assert is_unsaved(session.state)
    saved(qtbot, session, tmp_path / "a.cinequant")
    assert not is_unsaved(session.state)
    other = another()
    opened(qtbot, other, tmp_path / "a.cinequant")
    assert choices_of(other.state) == before
    assert not is_unsaved(other.state)
    assert shown_function(other.state) == shown_function(session.state)
    assert shown_function(other.state).ed_frame == 1
    opened(qtbot, other, write_scan(tmp_path / "another.nii.gz", add=1))
    assert choices_of(other.state) == {}
    # And without a file, as long as the window is open.
    session.measuring.choose_phase("ed", 5)
    opened(qtbot, session, tmp_path / "another.nii.gz")
    assert next(iter(left_unsaved(session.state).values())).path == tmp_path / "a.cinequant"
    opened(qtbot, session, scan)
    assert choices_of(session.state) == {**before, "reading": choices_of(session.state)["reading"]}
    assert shown_function(session.state).ed_frame == 5
    assert session.state.case.case_path == tmp_path / "a.cinequant" and is_unsaved(session.state)


def test_the_audit_list_says_what_was_corrected(qtbot: Any, session: Session, scan: Path, tmp_path: Path) -> None:
    opened(qtbot, session, scan)
    correct(session, 0, 2)
    saved(qtbot, session, tmp_path / "a.cinequant")
    correct(session, 3, 1, (20.0, 30.0))
    saved(qtbot, session, tmp_path / "a.cinequant")
    audit = read_case(tmp_path / "a.cinequant").audit
    said = [entry["what"] for entry in audit]
    assert {entry["program"] for entry in audit} == {f"CineQuant {__version__}"}
    assert all(datetime.fromisoformat(entry["at"]).tzinfo for entry in audit)
    assert said == [
        "opened",
        "segmented: first 1 int8",
        "segmented: first 1 float32",
        "corrected by hand: first int8, frame 1, slice 3",
        "saved",
        "corrected by hand: first int8, frame 4, slice 2",
        "saved",
    ]


def test_a_scan_that_was_moved_is_asked_for_and_checked(
    qtbot: Any, session: Session, another: Callable[[], Session], scan: Path, tmp_path: Path
) -> None:
    opened(qtbot, session, scan)
    correct(session)
    case = tmp_path / "cases" / "a.cinequant"
    case.parent.mkdir()
    saved(qtbot, session, case)
    (tmp_path / "elsewhere").mkdir()
    moved = scan.rename(tmp_path / "elsewhere" / "renamed.nii.gz")
    other = another()
    opened(qtbot, other, case)
    assert other.state.scan.volume is None
    asked = other.state.cases.moved
    assert (asked.case, asked.name, asked.looked_for) == (case, "scan", scan)

    wrong = write_scan(tmp_path / "another.nii.gz", add=1)
    other.opening.open_case(case, [wrong])
    settle(qtbot, other)
    assert other.state.scan.volume is None
    said = other.state.message.text
    assert said.startswith(f"{case}: belongs to another scan than another") and "\n" not in said

    other.opening.open_case(case, [moved])
    settle(qtbot, other)
    assert len(correction_of(other.state).planes) == 1
    assert other.state.cases.moved is None


def test_a_scan_beside_its_case_is_found(
    qtbot: Any, session: Session, another: Callable[[], Session], scan: Path, tmp_path: Path
) -> None:
    opened(qtbot, session, scan)
    saved(qtbot, session, tmp_path / "a.cinequant")
    there = tmp_path / "stick"
    there.mkdir()
    for path in (scan, tmp_path / "a.cinequant"):
        path.rename(there / path.name)
    other = another()
    opened(qtbot, other, there / "a.cinequant")
    assert other.state.scan.volume is not None and run_of(other.state) is not None


def test_masks_of_a_model_that_is_gone_are_shown(
    qtbot: Any,
    session: Session,
    another: Callable[[], Session],
    model: FakeModel,
    scan: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened(qtbot, session, scan)
    correct(session)
    before = shown_labels(session.state).array
    saved(qtbot, session, tmp_path / "a.cinequant")
    only_second = replace(
        session.state.models.catalog, models=session.state.models.catalog.models[1:], default="second"
    )
    monkeypatch.setattr(segmenting, "find_models", lambda folders=None: only_second)
    model.asked.clear()
    other = another()
    opened(qtbot, other, tmp_path / "a.cinequant")
    assert model.asked == []
    np.testing.assert_array_equal(shown_labels(other.state).array, before)
    assert other.state.models.model_id == f"{BORROWED}first"
    opened(qtbot, other, write_scan(tmp_path / "another.nii.gz", add=1))
    assert other.state.models.model_id == "second"
    assert [card.id for card in other.state.models.catalog.models] == ["second"]
    assert shown_labels(other.state) is not None


def test_a_case_that_was_left_is_continued_and_can_be_saved(
    qtbot: Any, session: Session, another: Callable[[], Session], scan: Path, tmp_path: Path
) -> None:
    opened(qtbot, session, scan)
    correct(session)
    corrected = shown_labels(session.state).array
    opened(qtbot, session, write_scan(tmp_path / "another.nii.gz", add=1))
    [(digest, left)] = left_unsaved(session.state).items()
    assert (left.name, bool(left.content), left.case.segmentations) == ("scan", True, ())
    assert not is_unsaved(session.state)
    session.case_saving.save_left(digest, tmp_path / "left.cinequant")
    assert not left_unsaved(session.state)
    other = another()
    opened(qtbot, other, tmp_path / "left.cinequant")
    np.testing.assert_array_equal(shown_labels(other.state).array, corrected)
    opened(qtbot, session, scan)
    np.testing.assert_array_equal(shown_labels(session.state).array, corrected)
    assert not is_unsaved(session.state) and not session.state.cases.left


def test_a_case_is_not_opened_over_unsaved_changes_of_its_scan(
    qtbot: Any, session: Session, scan: Path, tmp_path: Path
) -> None:
    opened(qtbot, session, scan)
    saved(qtbot, session, tmp_path / "a.cinequant")
    correct(session)
    before = session.state.correction.corrections
    opened(qtbot, session, tmp_path / "a.cinequant")
    assert "unsaved changes in this window" in session.state.message.text
    assert [kept.planes for kept in session.state.correction.corrections.values()] == [
        kept.planes for kept in before.values()
    ]
    assert is_unsaved(session.state) and not session.state.cases.left


def test_a_damaged_case_leaves_the_scan_before(qtbot: Any, session: Session, scan: Path, tmp_path: Path) -> None:
    opened(qtbot, session, scan)
    (tmp_path / "bad.cinequant").write_bytes(b"PK")
    before = shown_labels(session.state)
    opened(qtbot, session, tmp_path / "bad.cinequant")
    assert "bad.cinequant: is damaged, or no case" in session.state.message.text
    assert shown_labels(session.state) is before


def test_the_phantom_is_a_case_too(
    qtbot: Any, session: Session, another: Callable[[], Session], model: FakeModel, tmp_path: Path
) -> None:
    session.opening.open_phantom()
    settle(qtbot, session)
    saved(qtbot, session, tmp_path / "a.cinequant")
    model.asked.clear()
    other = another()
    opened(qtbot, other, tmp_path / "a.cinequant")
    assert run_of(other.state).prediction is not None and model.asked == []


def test_a_stack_that_was_not_the_likeliest_is_found_again(
    qtbot: Any, session: Session, another: Callable[[], Session], scan: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for n in range(3):
        write_scan(folder / f"{n}.nii.gz", add=n)
    opened(qtbot, session, folder)
    wanted = next(n for n in range(3) if n != session.state.scan.series)
    session.opening.open_series(wanted)
    settle(qtbot, session)
    name = session.state.scan.volume.source.name
    saved(qtbot, session, tmp_path / "a.cinequant")
    other = another()
    opened(qtbot, other, tmp_path / "a.cinequant")
    assert (other.state.scan.volume.source.name, other.state.scan.series) == (name, wanted)


def test_a_spacing_given_by_the_user_comes_back(
    qtbot: Any, session: Session, another: Callable[[], Session], tmp_path: Path
) -> None:
    array = volume().array.transpose(3, 2, 1, 0)
    image = nibabel.Nifti1Image(array, None)
    image.header["pixdim"][1:4] = 0
    nibabel.save(image, tmp_path / "bare.nii.gz")
    assert open_scan(tmp_path / "bare.nii.gz").geometry.spacing is not Known.KNOWN
    opened(qtbot, session, tmp_path / "bare.nii.gz")
    session.opening.set_spacing(1.5, 1.25, 9.0)
    settle(qtbot, session)
    function = shown_function(session.state)
    saved(qtbot, session, tmp_path / "a.cinequant")
    other = another()
    opened(qtbot, other, tmp_path / "a.cinequant")
    assert other.state.scan.volume.geometry.spacing_mm == (1.5, 1.25, 9.0)
    assert shown_function(other.state) == function


def test_saving_never_replaces_the_scan_and_says_so(qtbot: Any, session: Session, scan: Path, tmp_path: Path) -> None:
    session.case_saving.save(tmp_path / "a.cinequant")
    assert "Nothing to save yet" in session.state.message.text
    opened(qtbot, session, scan)
    link = tmp_path / "b.cinequant"
    link.hardlink_to(scan)
    session.case_saving.save(link)
    settle(qtbot, session)
    assert "belongs to the scan itself" in session.state.message.text
    assert session.state.case.case_path is None
    assert case_of(session.state) is not None
