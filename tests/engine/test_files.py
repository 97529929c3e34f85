"""Files appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.files import write_atomically


def test_a_file_is_replaced_by_the_new_content(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_alone(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)) as caught:
        write_atomically(path, b"new")
    assert isinstance(caught.value, KeyboardInterrupt) or caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_goes_with_a_later_write(tmp_path: Path) -> None:
    path, kept = tmp_path / "a.bin", [".a.bin.12.part", ".b.bin.13.part", ".a.bin.mine.part"]
    for name in (".a.bin.11.part", *kept):
        (tmp_path / name).write_bytes(b"half")
        if name != kept[0]:  # that one may be another process at work
            os.utime(tmp_path / name, (0, 0))
    write_atomically(path, b"new")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["a.bin", *kept])
