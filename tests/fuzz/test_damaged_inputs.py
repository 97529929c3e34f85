"""Damaged scans, masks, models and settings are opened right, with the damage said, or refused in one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from places import ROOT

INPUTS = 500


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no processes that can be bounded one by one")
def test_no_damage_is_opened_in_silence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz", "--inputs", str(INPUTS), "--seed", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{INPUTS} inputs" in done.stdout
