"""docs/python.md can be followed to the letter, from the source tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from places import ROOT

from engine.formats import nifti_masks
from engine.phantom import make_phantom

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_block_is_ten_lines_of_work_at_most() -> None:
    work = [line for line in BLOCKS[0].splitlines() if line and not line.startswith(("from ", "import "))]
    assert 0 < len(work) <= 10


def test_the_blocks_run_one_after_the_other(tmp_path: Path) -> None:
    volume, _, truth = make_phantom(4, 6, 96)
    (tmp_path / "scan").mkdir()
    nifti_masks.write_volume(tmp_path / "scan" / "cine.nii.gz", volume)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*BLOCKS, 'print("EF", function.lv.ef_percent)'])],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    mask = np.asarray(nib.load(tmp_path / "mask.nii.gz").dataobj)
    assert set(np.unique(mask)) <= {0, 1, 2, 3}
    said = done.stdout.splitlines()
    assert re.fullmatch(r"EDV \d+ mL, ESV \d+ mL, EF \d+ %", said[0])
    assert any(line.startswith("0 cine (4, 6,") for line in said)
    assert 20 < float(said[-1].split()[1]) < truth["lv_ef_percent"]  # the four frames end before end-systole


def test_the_engine_is_typed() -> None:
    assert (ROOT / "engine" / "py.typed").is_file()
