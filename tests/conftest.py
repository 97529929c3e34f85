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
# Processes that tests start find the program compiled, instead of compiling some 300 files each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
HERE = Path(__file__).parent
# Files that take longest. Begun first, they leave no worker alone with one of them at the end.
LONGEST = (
    "training/test_runs.py",
    "training/data/test_prepare.py",
    "app/session/test_correcting.py",
    "app/window/test_walk.py",
    "app/window/test_viewer.py",
    "fuzz/test_damaged_inputs.py",
    "training/test_distributed.py",
    "engine/batch/test_cluster.py",
    "engine/network/test_shipped_models.py",
    "app/session/test_autosaving.py",
    "training/steps/test_bitwidth.py",
    "app/window/test_layouts.py",
    "training/reports/test_summary.py",
    "app/window/test_case_walk.py",
)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real scans, beside the repository. Tests that need it are skipped without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real scans: ../shared/data does not exist beside the repository")
    return SHARED_DATA


def pytest_configure(config: pytest.Config) -> None:
    """Keep pytest-xdist from starting the files with the fewest tests last: among them are the longest."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {HERE / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_sessionstart() -> None:
    """Collect garbage between tests only: within one, it could destroy a QObject in the middle of a call into Qt."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays, and makes no collection slower."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Collect what the test made: the youngest objects, as nothing else collects. All objects after each file.

    Going through all of them takes 0.2 s once torch and nncf are there, which 3,000 tests would pay.
    """
    yield
    if nextitem and nextitem.path == item.path:
        gc.collect(0)
    else:
        gc.collect()
        gc.freeze()
