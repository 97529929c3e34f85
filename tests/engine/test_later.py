"""What is slow to import is imported when it is used, by those who use it."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest
from dicom_cine import write_cine

from engine.formats import nifti
from engine.formats.dicom_header import read_images
from engine.later import Later
from engine.phantom import make_phantom

OPEN = """
import json, sys
from pathlib import Path
from engine.formats.door import find, read_chosen, thumbnail
before = set(sys.modules)
index = find([Path(sys.argv[1])])
series, volume = read_chosen(index)
thumbnail(series, 40)
wanted = {"pydicom", "gdcm", "PIL", "nibabel", "highdicom", "scipy.ndimage"}
print(json.dumps([sorted(wanted & before), sorted(wanted & set(sys.modules)), volume.frames]))
"""


@pytest.mark.parametrize(("kind", "brought"), [("nifti", ["nibabel"]), ("dicom", ["pydicom"])])
def test_opening_a_scan_imports_the_reader_of_its_kind_alone(tmp_path: Path, kind: str, brought: list[str]) -> None:
    if kind == "nifti":
        nifti.write_volume(tmp_path / "cine.nii.gz", make_phantom(2, 3, 32)[0])
    else:
        write_cine(tmp_path, 2, 3)
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    before, after, frames = json.loads(done.stdout)
    assert (before, frames) == ([], 2)
    # pydicom brings decoders of its own choice.
    assert [name for name in after if name not in ("gdcm", "PIL")] == brought


def test_it_gives_what_the_package_has() -> None:
    later = Later("json")
    assert later.loads("[1]") == [1]
    with pytest.raises(AttributeError):
        _ = later.no_such_thing


def test_pydicom_logs_nothing_whoever_imports_it() -> None:
    code = (
        "import engine.formats.dicom_files, logging, pydicom\n"
        "logging.basicConfig(level=0)\n"
        "pydicom.config.logger.warning('Doe^Jane')\n"
        "engine.formats.dicom_files.pydicom.config\n"
        "logging.getLogger('pydicom.pixels').error('Doe^Jane')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert "Doe" not in done.stdout + done.stderr


def test_settings_are_made_once_before_anything_is_used() -> None:
    seen: list[object] = []
    later = Later("json", then=seen.append)
    assert later.loads("1") == later.loads("1")
    assert seen == [json]


def test_reading_in_several_threads_changes_no_setting_of_the_process(tmp_path: Path) -> None:
    """Headers are read by thumbnails, opening and loading ahead at once; each used to set and restore the settings."""
    write_cine(tmp_path, 4, 5)
    read_images(next(tmp_path.iterdir()))  # imports pydicom
    config = pydicom.config.settings
    before = (config.reading_validation_mode, config.writing_validation_mode, list(warnings.filters))
    seen = []
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(read_images, sorted(tmp_path.iterdir()) * 3):
            seen.append((config.reading_validation_mode, config.writing_validation_mode, list(warnings.filters)))
    assert before[:2] == (pydicom.config.IGNORE, pydicom.config.IGNORE)
    assert all(after == before for after in seen)


def test_a_package_can_be_left_out_for_one_import_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "optional_part.py").write_text("")
    (tmp_path / "takes_it_if_there.py").write_text(
        "try:\n    import optional_part\nexcept ImportError:\n    optional_part = None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Later("takes_it_if_there", without="optional_part").optional_part is None
    assert Later("optional_part").__name__ == "optional_part"
