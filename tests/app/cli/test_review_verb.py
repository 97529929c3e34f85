"""`cinequant review`: the order as JSON and as text, and what it has in common with `measure`."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_runs import only_these_models, run, run_json, scan_fixture  # noqa: F401


def test_review_prints_flags_with_reasons(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "review", scan)
    assert found["schema"] == "cinequant/review/1"
    assert found["compared"] == "float32"
    assert found["review"]
    for flag in found["review"]:
        assert list(flag) == ["structure", "frame_index", "slice_index", "score", "reasons", "reviewed", "row_index"]
        assert flag["structure"] in ("lv", "myo", "rv", None)
        assert flag["reasons"]
        assert flag["reviewed"] is False
    groups = [flag["frame_index"] is not None for flag in found["review"]]
    assert groups == sorted(groups)

    measured = run_json(capsys, "measure", scan)["review"]
    assert {tuple(flag) for flag in measured} == {tuple(found["review"][0])}

    status, out, _ = run(capsys, "review", scan)
    assert status == 0
    assert out.splitlines()[1].split() == ["score", "frame", "slice"]
    assert "not a probability" in out
