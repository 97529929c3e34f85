"""The models that come with the program do what the program promises of them."""

from __future__ import annotations

import pytest

from engine.measures.function import measure
from engine.measures.metrics import dice
from engine.network.catalog import find_models
from engine.network.model_card import ModelCard
from engine.network.predict import predict
from engine.network.runtime import verify
from engine.phantom import make_phantom
from engine.volume import LV, LabelMap, Volume

CATALOG = find_models()
EVERY = [(card, precision) for card in CATALOG.models for precision in card.precisions]


@pytest.fixture(scope="module")
def two_frames() -> tuple[Volume, LabelMap]:
    """A phantom and its true mask."""
    return make_phantom(frames=2)[:2]


def test_the_default_and_its_comparator_are_there() -> None:
    assert CATALOG.default == "quantlite"
    assert {card.id for card in CATALOG.models} >= {"quantlite", "espnetv2"}
    assert CATALOG.rejected == ()
    assert sum(file.size_bytes for card in CATALOG.models for file in card.precisions.values()) < 8e6


@pytest.mark.parametrize(("card", "precision"), EVERY, ids=lambda value: getattr(value, "id", value))
def test_a_model_computes_here_what_it_computed_when_exported(card: ModelCard, precision: str) -> None:
    difference, tolerance = verify(card, precision)
    assert difference <= tolerance


@pytest.mark.parametrize(("card", "precision"), EVERY, ids=lambda value: getattr(value, "id", value))
def test_every_model_finds_the_left_ventricle_of_the_phantom(
    card: ModelCard, precision: str, two_frames: tuple[Volume, LabelMap]
) -> None:
    volume, truth = two_frames
    found = predict(volume, card, precision).labels
    assert dice(found.array == LV, truth.array == LV) >= 0.85


def test_the_default_measures_the_phantom() -> None:
    volume, _, true = make_phantom()
    prediction = predict(volume, CATALOG.get(CATALOG.default), "int8")
    function = measure(prediction.labels, volume)
    for name, ventricle in (("lv", function.lv), ("rv", function.rv)):
        assert ventricle.edv_ml == pytest.approx(true[f"{name}_edv_ml"], rel=0.08)
        assert ventricle.esv_ml == pytest.approx(true[f"{name}_esv_ml"], rel=0.08)
        assert ventricle.ef_percent == pytest.approx(true[f"{name}_ef_percent"], abs=3)
    assert prediction.int8_share >= 0.95
