"""The desktop's files: where they go, what they start, and that nothing stays after removing them."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.cli import desktop_verb
from app.cli.main import main
from engine.errors import ExportError
from engine.formats.case_file import SUFFIX


def entry(home: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(home / "applications" / "cinequant.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


@pytest.mark.skipif(not desktop_verb.sys.platform.startswith("linux"), reason="a Linux desktop")
def test_install_and_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["desktop", "install"]) == 0
    assert "double click" in capsys.readouterr().out
    found = entry(tmp_path)
    mime = ET.parse(tmp_path / "mime" / "packages" / "cinequant.xml").getroot()
    name = "{http://www.freedesktop.org/standards/shared-mime-info}"
    [kind] = mime.findall(f"{name}mime-type")
    assert found["MimeType"] == kind.attrib["type"] + ";"
    assert kind.find(f"{name}glob").attrib["pattern"] == f"*{SUFFIX}"
    assert Path(found["Exec"].split(" ")[0]).is_file() and found["Exec"].endswith(" %F")
    assert (tmp_path / "icons/hicolor/scalable/apps/cinequant.svg").is_file() and found["Icon"] == "cinequant"
    if validate := shutil.which("desktop-file-validate"):
        subprocess.run([validate, str(tmp_path / "applications/cinequant.desktop")], check=True)
    if shutil.which("xdg-mime") and shutil.which("update-mime-database"):
        asked = ["xdg-mime", "query", "filetype", str(tmp_path / "case.cinequant")]
        (tmp_path / "case.cinequant").write_bytes(b"PK\5\6" + bytes(18))
        assert kind.attrib["type"] in subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    capsys.readouterr()
    assert main(["desktop", "remove", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["installed"] is False
    assert not [path for folder in ("applications", "icons") for path in (tmp_path / folder).rglob("cinequant*")]
    assert not (tmp_path / "mime/packages/cinequant.xml").exists()


@pytest.mark.parametrize(
    ("argument", "quoted"),
    [
        ("/usr/bin/cinequant", "/usr/bin/cinequant"),
        ("/home/a b/cinequant", '"/home/a b/cinequant"'),
        ("/50%/cinequant", "/50%%/cinequant"),
        ('/a"$b/c', '"/a\\\\"\\\\$b/c"'),
    ],
)
def test_paths_as_the_specification_quotes_them(tmp_path: Path, argument: str, quoted: str) -> None:
    desktop_verb.install(tmp_path, [argument])
    assert entry(tmp_path)["Exec"] == f"{quoted} %F"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="XDG_DATA_HOME"):
        desktop_verb.install(tmp_path / "file", ["cinequant"])


def test_relative_data_folders_are_ignored() -> None:
    assert desktop_verb.data_folder({"XDG_DATA_HOME": "here"}) == Path.home() / ".local" / "share"
