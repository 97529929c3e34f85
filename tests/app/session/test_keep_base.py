"""The base stays as the network finds it where the reader wants that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from app_fixtures import FakeModel, catalog, model_fixture, session_fixture, settle, volume  # noqa: F401

from app.session import segmenting
from app.session.session import Session
from engine.network.model_card import BasalFile, ModelCard


def test_the_rule_for_the_base_can_be_switched_off(
    qtbot: Any, session: Session, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ModelCard] = []

    def predicted(of: Any, card: ModelCard, *rest: Any, **named: Any) -> Any:
        asked.append(card)
        return model(of, card, *rest, **named)

    monkeypatch.setattr(segmenting, "predict", predicted)
    models = session.state.models.catalog
    assert models is not None
    rule = BasalFile("basal.json", "0" * 64)
    session.update(catalog=replace(models, models=tuple(replace(card, basal=rule) for card in models.models)))
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert {card.basal for card in asked} == {rule}
    before = len(asked)
    session.segmenting.toggle_keep_base()
    assert session.state.preferences.keep_base
    session.opening.open_volume(volume(1))
    settle(qtbot, session)
    assert len(asked) > before
    assert [card.basal for card in asked[before:]] == [None] * (len(asked) - before)
