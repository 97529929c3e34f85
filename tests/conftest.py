"""Fixtures that tests of every package share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import SHARED_DATA

# The window speaks English in tests, whatever the desktop does, unless a test asks for more.
os.environ["LANGUAGE"] = "en"
# Tests compile their networks anew, but for those of the cache itself.
os.environ["CINEQUANT_CACHE"] = "off"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real scans, beside the repository. Tests that need it are skipped without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real scans: ../shared/data does not exist beside the repository")
    return SHARED_DATA


def pytest_sessionstart() -> None:
    """Collect garbage between tests only: within one, it could destroy a QObject in the middle of a call into Qt."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays, and makes no collection slower."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    yield
    gc.collect()
