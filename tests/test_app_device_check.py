"""The device check: what it recommends is preselected, stored, and made again when it no longer holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_fixtures import FakeModel, catalog, model_fixture, session_fixture, settle, volume  # noqa: F401

from app.session import Session
from app.settings import Settings
from app.state import AppState, Busy, evolve, opened, preselected
from engine.bench import Report, Row


def row(model: str = "first", precision: str = "int8", latency_ms: float = 2.0, **changes: Any) -> Row:
    made = Row(
        model=model, precision=precision, arithmetic=precision, int8_share=1.0 if precision == "int8" else 0.0,
        threads=2, latency_ms=latency_ms, latency_p95_ms=latency_ms + 1, one_thread_ms=latency_ms, load_ms=50.0,
        memory_mb=100.0, peak_memory_mb=110.0, size_bytes=4_000_000, difference=0.0, tolerance=0.1, dice_mean=0.9,
    )  # fmt: skip
    return replace(made, **changes)


def report(model: str = "first", precision: str = "float32", key: str = "this computer") -> Report:
    """A report that finds one precision of one model best; of the other model int8."""
    rows = [row(m, p) for m in ("first", "second") for p in ("float32", "int8")]
    best = {"first": "int8", "second": "int8", model: precision}
    rows = [replace(r, latency_ms=1.0 if best[r.model] == r.precision else 5.0) for r in rows]
    return Report(
        key=key, device="Some CPU", isa="AVX2", runtime="Fake 1.0", size=256, runs=40, rows=tuple(rows), failed=(),
        recommended_model=model, recommended=precision,
        reason=f"The {model} model {precision} is the best choice: 1.0 ms a slice, 5.0 times as fast as float32.",
    )  # fmt: skip


READY = AppState(catalog=catalog("first", "second"), model_id="first", precision="int8")


@pytest.mark.parametrize(
    ("found", "by_hand", "expected"),
    [
        (None, (), ("first", "int8")),
        (report("first", "float32"), (), ("first", "float32")),
        (report("second", "float32"), (), ("second", "float32")),
        (report("second", "float32"), ("model",), ("first", "int8")),
        (report("first", "float32"), ("model",), ("first", "float32")),
        (report("second", "float32"), ("precision",), ("second", "int8")),
        (report("second", "float32"), ("model", "precision"), ("first", "int8")),
        (report("gone", "float32"), (), ("first", "int8")),
    ],
)
def test_what_is_recommended_is_preselected_unless_chosen_by_hand(
    found: Report | None, by_hand: tuple[str, ...], expected: tuple[str, str]
) -> None:
    state = preselected(evolve(READY, report=found, by_hand=frozenset(by_hand)))
    assert (state.model_id, state.precision) == expected


def test_a_report_changes_the_next_scan_and_not_the_one_on_screen() -> None:
    state = evolve(opened(READY, volume()), report=report())
    assert state.precision == "int8"
    assert opened(state, volume(), same_view=True).precision == "int8"
    assert opened(state, volume()).precision == "float32"


def test_choosing_is_by_hand_and_looking_is_not(qtbot: Any, session: Session) -> None:
    session.update(report=report("second", "float32"))
    session.open_volume(volume())
    assert (session.state.model_id, session.state.precision) == ("second", "float32")
    session.toggle_precision()
    assert session.state.precision == "int8"
    session.open_volume(volume())
    assert session.state.precision == "float32"
    session.choose_precision("int8")
    session.choose_model("first")
    session.open_volume(volume())
    assert (session.state.model_id, session.state.precision) == ("first", "int8")
    session.follow_report()
    assert (session.state.model_id, session.state.precision) == ("second", "float32")
    assert not session.state.by_hand
    settle(qtbot, session)


def test_escape_stops_the_scans_work_before_the_check(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.gate.clear()
    session.open_volume(volume())
    session.update(checking=Busy("Timing", 1, 2))
    session.cancel()
    assert session.state.checking is not None
    session.cancel()
    assert session.state.checking is None


def test_report_and_choices_come_back(tmp_path: Path) -> None:
    chosen = AppState(precision="float32", by_hand=frozenset({"precision"}), report=report())
    Settings(tmp_path / "settings.ini").save(chosen)
    assert Settings(tmp_path / "settings.ini").restore(AppState()) == chosen
    # What the program chose is not taken for the user's choice next time.
    Settings(tmp_path / "settings.ini").save(AppState(model_id="second", precision="float32"))
    assert Settings(tmp_path / "settings.ini").restore(AppState()) == AppState()
