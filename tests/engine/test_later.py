"""What is slow to import is imported when it is used, by those who use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from dicom_cine import write_cine

from engine.formats import nifti
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
        "with engine.formats.dicom_files.tolerant():\n"
        "    logging.getLogger('pydicom.pixels').error('Doe^Jane')\n"
        "logging.getLogger('pydicom.pixels').error('Doe^Jane')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert "Doe" not in done.stdout + done.stderr


def test_a_package_can_be_left_out_for_one_import_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "optional_part.py").write_text("")
    (tmp_path / "takes_it_if_there.py").write_text(
        "try:\n    import optional_part\nexcept ImportError:\n    optional_part = None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Later("takes_it_if_there", without="optional_part").optional_part is None
    assert Later("optional_part").__name__ == "optional_part"
