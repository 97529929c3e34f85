"""What is told of a scan that no model is made for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

from engine.network.catalog import find_models
from engine.network.choice import UnsuitedError, suited
from engine.network.model_card import FOUR_CHAMBER
from engine.phantom import make_phantom


def test_who_named_the_view_is_not_told_to_name_it(tmp_path: Path) -> None:
    for name, changes in (("quantlite", {}), ("four", {"view": FOUR_CHAMBER})):
        write_tiny_model(tmp_path, name, **changes)
    catalog = find_models([tmp_path])
    stack = make_phantom(frames=1, slices=3, size=48)[0]
    one = make_phantom(frames=1, slices=1, size=48)[0]
    for volume, view, told in ((stack, None, False), (one, None, True), (one, FOUR_CHAMBER, False)):
        with pytest.raises(UnsuitedError) as said:
            suited(replace(volume, not_short_axis="a CT image"), catalog, where=Path("scan"), view=view)
        assert ("--view 4ch" in str(said.value)) is told
        assert "--force" in str(said.value)
