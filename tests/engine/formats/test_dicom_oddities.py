"""Studies that scanners, archives and anonymisers have left odd, of kinds that were met after the reader was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset

from engine.formats.door import open_scan
from tests.support.dicom_cine import write_cine


def test_instance_numbers_that_count_from_zero_are_numbers(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        del ds.TriggerTime
        ds.InstanceNumber, ds.SeriesInstanceUID = t, f"1.2.{z}"

    voxels = write_cine(tmp_path, change=change)
    assert np.array_equal(open_scan(tmp_path).array, voxels)
