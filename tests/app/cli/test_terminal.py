"""What reaches a terminal of names that come from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import terminal
from app.cli.inputs import check_parent
from app.cli.main import main
from engine.errors import ExportError
from engine.files import write_atomically


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a�[2Jb"),
        ("two\nlines\tand\r tabs", "two lines and tabs"),
        ("bell\a nul\0 c1\x9b", "bell� nul� c1�"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("Größe 5 × 5 µm, 心臓", "Größe 5 × 5 µm, 心臓"),
    ],
)
def test_nothing_that_a_terminal_obeys(text: str, shown: str) -> None:
    assert terminal.printable(text) == shown


def test_text_and_errors_are_cleaned(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    terminal.print_text("a  b\x1b[31m\nc")
    terminal.print_notices(["file \x1b]0;title\a read"], as_json=False)
    assert main(["measure", str(tmp_path / "x\x1b[2J\ny.nii")]) == 1
    shown = capsys.readouterr()
    assert shown.out == "a  b�[31m\nc\n"
    assert "\x1b" not in shown.err and "\a" not in shown.err
    assert len(shown.err.splitlines()) == 2


def test_a_name_that_is_too_long_fails_before_the_work(tmp_path: Path) -> None:
    longest = "n" * 248 + ".nii.gz"
    check_parent(tmp_path / longest)
    write_atomically(tmp_path / longest, b"x")
    assert [path.name for path in tmp_path.iterdir()] == [longest]
    with pytest.raises(ExportError, match="longer than 255 bytes"):
        check_parent(tmp_path / f"n{longest}")
