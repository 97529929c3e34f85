"""Fetched objects on the disk: whole or not at all, within bounds, and found again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from dicom_cine import ROOT, write_cine

from engine.exchange import arrivals
from engine.exchange.arrivals import INCOMING, Arrivals, DamagedObject, FullError, clean_up
from engine.exchange.search import FoundInstance

SERIES = f"{ROOT}.2"


@pytest.fixture(name="objects")
def objects_fixture(tmp_path: Path) -> dict[str, bytes]:
    """Six objects of one series, by UID."""
    write_cine(tmp_path / "cine", 2, 3)
    files = sorted((tmp_path / "cine").iterdir())
    return {str(pydicom.dcmread(file).SOPInstanceUID): file.read_bytes() for file in files}


def wanted(objects: dict[str, bytes]) -> list[FoundInstance]:
    return [FoundInstance(uid, SERIES, "1.2.840.10008.5.1.4.1.1.4") for uid in objects]


def test_a_series_is_shown_when_all_of_it_is_there(tmp_path: Path, objects: dict[str, bytes]) -> None:
    out = tmp_path / "out"
    first = Arrivals(out, wanted(objects))
    *most, last = objects.items()
    for uid, content in most:
        first.take(content, uid)
    first.settle()
    assert [path.name for path in out.iterdir()] == [INCOMING]
    assert (first.done, first.total, first.new, first.missing) == (5, 6, 5, [last[0]])

    later = Arrivals(out, wanted(objects))
    assert (later.found, later.missing_by_series(), later.is_untouched(SERIES)) == (5, {SERIES: [last[0]]}, False)
    later.take(last[1], last[0])
    later.settle()
    assert [path.name for path in out.iterdir()] == [SERIES]
    assert {path.stem: path.read_bytes() for path in (out / SERIES).iterdir()} == objects
    assert Arrivals(out, wanted(objects)).missing == []


def test_a_series_that_has_grown_is_added_to(tmp_path: Path, objects: dict[str, bytes]) -> None:
    out = tmp_path / "out"
    *most, last = objects.items()
    some = Arrivals(out, wanted(dict(most)))
    for uid, content in most:
        some.take(content, uid)
    some.settle()
    grown = Arrivals(out, wanted(objects))
    grown.take(last[1], last[0])
    grown.settle()
    assert len(list((out / SERIES).iterdir())) == 6
    assert [path.name for path in out.iterdir()] == [SERIES]


def without_pixels(content: bytes) -> bytes:
    return content[: len(content) - 100]


def with_more_rows(content: bytes) -> bytes:
    rows = b"\x28\x00\x10\x00US\x02\x00"
    assert rows + b"\x20\x00" in content
    return content.replace(rows + b"\x20\x00", rows + b"\x40\x00")


def of_another_series(content: bytes) -> bytes:
    return content.replace(f"{ROOT}.2".encode(), f"{ROOT}.9".encode())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without_pixels, "cannot be read|cut off"),
        (lambda content: b"\0" * 200, "cannot be read"),
        (lambda content: b"", "cannot be read"),
        (of_another_series, "another series"),
        (with_more_rows, "cut off"),
    ],
)
def test_damaged_objects_are_not_kept(
    tmp_path: Path, objects: dict[str, bytes], damage: Callable[[bytes], bytes], said: str
) -> None:
    out = tmp_path / "out"
    arriving = Arrivals(out, wanted(objects))
    uid, content = next(iter(objects.items()))
    with pytest.raises(DamagedObject, match=said):
        arriving.take(damage(content), uid)
    arriving.settle()
    assert list(out.rglob("*")) == []
    assert len(arriving.damaged) == 1


def test_an_object_under_another_name_or_that_nobody_asked_for_is_not_kept(
    tmp_path: Path, objects: dict[str, bytes]
) -> None:
    (uid, content), (other, _), *rest = objects.items()
    arriving = Arrivals(tmp_path / "out", wanted({uid: content, **dict(rest)}))
    with pytest.raises(DamagedObject, match="another object"):
        arriving.take(content, rest[0][0])
    with pytest.raises(DamagedObject, match="not asked for"):
        arriving.take(objects[other], other)


def test_a_folder_grows_to_its_limit_and_no_further(
    tmp_path: Path, objects: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    size = len(next(iter(objects.values())))
    arriving = Arrivals(out, wanted(objects), limit_bytes=3 * size)
    contents = list(objects.values())
    for content in contents[:2]:
        arriving.take(content)
    with pytest.raises(FullError, match=f"{out}: would hold more than"):
        for content in contents[2:]:
            arriving.take(content)
    assert sum(file.stat().st_size for file in out.rglob("*.dcm")) <= 3 * size
    monkeypatch.setattr(arrivals, "SPARE_BYTES", 1 << 60)
    with pytest.raises(FullError, match="are free on its disk"):
        Arrivals(out, wanted(objects))


def test_what_was_left_by_a_kill_is_removed(tmp_path: Path, objects: dict[str, bytes]) -> None:
    waiting = tmp_path / "out" / "study" / INCOMING / SERIES
    waiting.mkdir(parents=True)
    dead, alive = waiting / ".1.2.dcm.99999999.part", waiting / f".1.2.dcm.{os.getppid()}.part"
    dead.touch()
    alive.touch()
    Arrivals(tmp_path / "out" / "study", wanted(objects))
    assert list(waiting.iterdir()) == [alive]
    clean_up(tmp_path / "out")
    assert waiting.exists()
    clean_up(tmp_path / "out", now=alive.stat().st_mtime + 8 * 24 * 3600)
    assert list((tmp_path / "out").iterdir()) == []
