"""What other programs say of DICOM files that the tests write."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def errors_of(path: Path) -> list[str]:
    """What dciodvfy calls errors in a file; the test is skipped where it is not installed."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("needs dciodvfy, of Debian's dicom3tools")
    done = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
