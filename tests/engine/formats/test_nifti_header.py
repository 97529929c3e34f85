"""What is written without nibabel is what nibabel writes."""

from __future__ import annotations

import nibabel
import numpy as np

from engine.formats.nifti_header import mask_header


def test_nibabel_reads_the_same_mask_on_the_same_grid() -> None:
    labels = np.random.default_rng(0).integers(0, 4, (3, 4, 5, 6), dtype=np.uint8)
    affine = np.array([[0.0, 0.3, 8, -10], [1.25, 0, 0, 20], [0, 1.5, 0.5, 30], [0, 0, 0, 1]])
    found = nibabel.Nifti1Image.from_bytes(mask_header(labels.shape, affine) + labels.tobytes())
    np.testing.assert_array_equal(np.asarray(found.dataobj), labels.transpose(3, 2, 1, 0))
    np.testing.assert_allclose(found.affine, affine, rtol=1e-6)
    own = nibabel.Nifti1Image(labels.transpose(3, 2, 1, 0), affine)
    own.header.set_xyzt_units("mm")
    for key in ("dim", "datatype", "bitpix", "vox_offset", "xyzt_units", "sform_code", "qform_code", "magic"):
        np.testing.assert_array_equal(found.header[key], nibabel.Nifti1Image.from_bytes(own.to_bytes()).header[key])
    np.testing.assert_allclose(found.header.get_zooms(), own.header.get_zooms(), rtol=1e-6)
