"""The base stays as the network finds it where the reader wants that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from app_fixtures import FakeModel, catalog, model_fixture, session_fixture, settle, volume  # noqa: F401

from app.session import segmenting
from app.session.session import Session
from app.state.types import Command
from engine.network.model_card import BasalFile, ModelCard

RULE = BasalFile("basal.json", "0" * 64)


@pytest.fixture(name="asked")
def asked_fixture(session: Session, model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> list[ModelCard]:
    """The cards that predictions were made with; every model has a rule for the base."""
    asked: list[ModelCard] = []

    def predicted(of: Any, card: ModelCard, *rest: Any, **named: Any) -> Any:
        asked.append(card)
        return replace(model(of, card, *rest, **named), basal_sha256=card.basal.sha256 if card.basal else "")

    monkeypatch.setattr(segmenting, "predict", predicted)
    models = session.state.models.catalog
    assert models is not None
    session.update(catalog=replace(models, models=tuple(replace(card, basal=RULE) for card in models.models)))
    return asked


def test_the_rule_for_the_base_can_be_switched_off(qtbot: Any, session: Session, asked: list[ModelCard]) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert {card.basal for card in asked} == {RULE}
    before = len(asked)
    session.segmenting.toggle_keep_base()
    assert session.state.preferences.keep_base
    session.opening.open_volume(volume(1))
    settle(qtbot, session)
    assert len(asked) > before
    assert [card.basal for card in asked[before:]] == [None] * (len(asked) - before)


def test_a_scan_that_is_segmented_already_is_segmented_again_on_request(
    qtbot: Any, session: Session, asked: list[ModelCard]
) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert len(asked) == 2
    session.segmenting.segment()
    settle(qtbot, session)
    assert len(asked) == 2, "nothing would be different"

    # What was corrected by hand stays; the other precision is made again, as the rule is chosen now.
    session.correcting.start()
    session.segmenting.toggle_keep_base()
    message = session.state.message
    assert message is not None and not message.action, "what is on screen is being corrected"
    session.segmenting.segment()
    settle(qtbot, session)
    assert [card.basal for card in asked[2:]] == [None]
    assert sorted(run.prediction.basal_sha256 for run in session.state.segmentation.runs.values()) == ["", "0" * 64]
    assert session.state.segmentation.comparisons, "float32 and int8 are compared anew"
    session.segmenting.segment()
    settle(qtbot, session)
    assert len(asked) == 3

    # A correction without corrected slices, as after undoing, is none.
    session.correcting.stop()
    session.segmenting.toggle_keep_base()
    session.segmenting.toggle_keep_base()
    message = session.state.message
    assert message is not None and message.command is Command.SEGMENT and message.action == "Segment this scan again"
    session.segmenting.segment()
    settle(qtbot, session)
    assert [card.basal for card in asked[3:]] == [None]
    assert not any(run.prediction.basal_sha256 for run in session.state.segmentation.runs.values())
    assert not session.state.correction.corrections
