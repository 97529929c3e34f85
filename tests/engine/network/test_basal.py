"""basal: structures go from the first slices of the base where the rule says so, from nowhere else, and it is told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_model import write_tiny_model

from engine.errors import ModelError
from engine.network import runtime
from engine.network.basal import (
    FEATURES,
    BasalRule,
    TakenAway,
    notices_of,
    read_rule,
    still_removed,
    to_json,
    without_false_base,
)
from engine.network.model_card import BasalFile, ModelCard, load_card, read_basal_rule, save_card
from engine.network.predict import predict
from engine.network.strict_json import BadValueError
from engine.volume import LV, MYO, RV, Geometry, Source, Volume

SLICES = 8
EDGE = FEATURES.index("cavity's edge on myocardium, slice")


def rule_of(weight: float = 8.0, limit: float = 0.5, threshold: float = 0.5) -> BasalRule:
    """A structure stays where more than `limit` of the cavity's edge is myocardium."""
    weights = np.zeros((3, len(FEATURES) + 1))
    weights[:, 0], weights[:, 1 + EDGE] = -weight * limit, weight
    shape = (3, len(FEATURES))
    return BasalRule(np.zeros(shape), np.ones(shape), weights, threshold)


def heart(open_slices: int = 1, *, frames: int = 1) -> NDArray[np.uint8]:
    """(frames, SLICES, 40, 40): a cavity that shrinks towards the apex; the wall of the first slices is open."""
    y, x = np.mgrid[:40, :40]
    stack = np.zeros((SLICES, 40, 40), dtype=np.uint8)
    for z, plane in enumerate(stack):
        r = np.hypot(y - 20, x - 18)
        inner = 8 - 0.6 * z
        plane[r < inner + 3] = MYO
        plane[r < inner] = LV
        plane[(x > 30) & (x < 37 - z / 2) & (abs(y - 20) < 6)] = RV
        if z < open_slices:
            plane[(plane == MYO) & (x > 14)] = 0
    return np.repeat(stack[None], frames, axis=0)


def slices_with(labels: NDArray[np.uint8], label: int) -> list[int]:
    return np.flatnonzero((labels[0] == label).any(axis=(1, 2))).tolist()


@pytest.mark.parametrize("turned", [False, True])
def test_an_open_first_slice_goes_from_either_end(turned: bool) -> None:
    whole = heart(1)[:, ::-1] if turned else heart(1)
    labels, removed = without_false_base(whole, rule_of())
    base = SLICES - 1 if turned else 0
    assert removed == tuple(TakenAway(0, base, label) for label in (LV, MYO, RV))
    assert not labels[0, base].any()
    rest = np.delete(np.arange(SLICES), base)
    np.testing.assert_array_equal(labels[:, rest], whole[:, rest])
    assert whole[0, base].any()  # a new array


def test_two_slices_go_at_most_and_none_from_a_closed_base() -> None:
    labels, _ = without_false_base(heart(4), rule_of())
    assert slices_with(labels, LV) == list(range(2, SLICES))
    assert without_false_base(heart(0), rule_of())[1] == ()


def test_few_slices_and_empty_labels_stay() -> None:
    few = heart(3)[:, :3]
    assert without_false_base(few, rule_of())[1] == ()
    assert without_false_base(np.zeros((2, 5, 9, 9), dtype=np.uint8), rule_of())[1] == ()


def test_a_slice_of_a_cine_does_not_flicker() -> None:
    cine = heart(0, frames=20)
    cine[7] = heart(1)[0]  # open in a single frame
    assert without_false_base(cine, rule_of())[1] == ()
    assert {one.frame for one in without_false_base(cine[5:10], rule_of())[1]} == {2}  # too few frames for a cine
    cine[[17, 18, 19, 0, 1, 2, 3]] = heart(1)[0]
    assert {0, 1} <= {one.frame for one in without_false_base(cine, rule_of())[1]}  # the beat goes round


def test_what_was_removed_is_told_by_structure_and_slice() -> None:
    removed = [TakenAway(t, 0, RV) for t in (0, 1, 2, 6)] + [TakenAway(t, 1, LV) for t in range(10)]
    assert notices_of(removed, 10) == (
        "RV cavity removed from slice 1, as above the base of the ventricle, in 4 of 10 frames: 1–3, 7.",
        "LV cavity removed from slice 2, as above the base of the ventricle.",
    )
    one = [TakenAway(1, 7, RV)]
    assert notices_of(one, 2, ("ED", "ES")) == (
        "RV cavity removed from slice 8 in ES, as above the base of the ventricle.",
    )
    assert notices_of(one, 20) == ("RV cavity removed from slice 8 in frame 2, as above the base of the ventricle.",)
    back = {(1, 7): np.array([[0, RV]], np.uint8), (0, 0): np.array([[LV, 0]], np.uint8)}
    assert still_removed([*one, removed[0]], back) == (removed[0],)


def test_a_rule_comes_back_from_json() -> None:
    rule = rule_of(3.25, threshold=0.4)
    again = read_rule(json.dumps(to_json(rule)).encode())
    assert again.threshold == 0.4
    np.testing.assert_allclose(again.weight, rule.weight)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: d.pop("threshold"), "threshold is missing"),
        (lambda d: d["features"].pop(), "features are not those"),
        (lambda d: d["structures"]["LV cavity"]["weight"].pop(), "LV cavity.weight must be"),
        (lambda d: d["structures"]["LV cavity"].update(scale=[0] * len(FEATURES)), "scales must be positive"),
    ],
)
def test_other_rules_are_refused(edit: object, reason: str) -> None:
    data = to_json(rule_of())
    edit(data)  # type: ignore[operator]
    with pytest.raises(BadValueError, match=reason):
        read_rule(json.dumps(data).encode())


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    """A model with a rule that leaves nothing on the first slice."""
    card = write_tiny_model(tmp_path)
    content = json.dumps(to_json(rule_of(limit=2.0))).encode()
    (card.folder / "basal.json").write_bytes(content)
    save_card(replace(card, basal=BasalFile("basal.json", hashlib.sha256(content).hexdigest())))
    return load_card(card.folder)


def test_a_changed_rule_is_refused(card: ModelCard) -> None:
    assert read_basal_rule(card) is not None
    (card.folder / "basal.json").write_text("{}")
    with pytest.raises(ModelError, match="is not the file that"):
        read_basal_rule(card)
    assert read_basal_rule(replace(card, basal=None)) is None


def test_predictions_say_what_the_rule_took(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    brightness = np.repeat([0, 300, 300, 300, 300, 300, 300, 500, 700, 1000], 15).astype(np.int16)
    array = np.tile(brightness, (1, 5, 130, 1))
    geometry = Geometry(np.diag([1.5, 1.5, 10.0, 1.0]), (5, 130, 150))
    volume = Volume(array, geometry, Source("nifti", (), "made"))
    with_rule, without = predict(volume, card, "float32"), predict(volume, replace(card, basal=None), "float32")
    assert without.removed == () == without.notices
    assert without.provenance["basal_rule_sha256"] == ""
    assert with_rule.basal_sha256 == card.basal.sha256 if card.basal else False
    gone = {(one.label, one.slice) for one in with_rule.removed}
    assert gone
    assert len(with_rule.notices) == len(gone)
    for label, z in gone:
        assert (without.labels.array[0, z] == label).any()
        assert not (with_rule.labels.array[0, z] == label).any()
    assert len(with_rule.provenance["removed"]) == len(gone)
    assert card.digest("float32") != replace(card, basal=None).digest("float32")
