"""Volumes of masks agree with SimpleITK's to 0.1 mL: on a small mask of our own, and on the expert masks of ACDC."""

from pathlib import Path

import numpy as np
import pytest

from engine.formats.door import open_scan
from engine.formats.masks import read_masks
from engine.measures.function import volumes_ml
from engine.volume import LV, MYO, RV, Geometry, LabelMap, label_values

sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")

# ITK warns of every affine whose columns are not quite perpendicular; volumes do not care.
sitk.ProcessObject.SetGlobalWarningDisplay(False)

TOLERANCE_ML = 0.1


def _by_simpleitk(image: "sitk.Image") -> dict[int, float]:
    """mL of every label value of an image in three dimensions."""
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(sitk.Cast(image, sitk.sitkUInt8))
    return {int(value): shape.GetPhysicalSize(value) / 1000 for value in shape.GetLabels()}


def test_of_an_oblique_mask_of_our_own():
    rng = np.random.default_rng(3)
    array = rng.integers(0, 4, (1, 5, 30, 24)).astype(np.uint8)
    turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turned *= np.sign(np.linalg.det(turned))
    affine = np.eye(4)
    affine[:3, :3] = turned * (1.4, 1.4, 8.5)
    image = sitk.GetImageFromArray(array[0])
    image.SetSpacing((1.4, 1.4, 8.5))
    image.SetDirection(turned.flatten())
    theirs, ours = _by_simpleitk(image), LabelMap(array, Geometry(affine, array.shape[1:]))
    for structure in (LV, MYO, RV):
        assert volumes_ml(ours, structure)[0] == pytest.approx(theirs[structure], abs=TOLERANCE_ML)


def test_of_the_expert_masks_of_acdc(shared_data: Path):
    masks = sorted((shared_data / "acdc" / "training").glob("patient*/*_gt.nii.gz"))
    if not masks:
        pytest.skip("no ACDC in ../shared/data")
    ours_of = label_values("acdc")
    # Every tenth: 20 masks of 20 patients, of all groups.
    for path in masks[::10]:
        scan = open_scan([path.with_name(path.name.replace("_gt", ""))])
        labels = read_masks([path], scan, convention="acdc").labels
        theirs = _by_simpleitk(sitk.ReadImage(str(path)))
        for value, structure in ours_of.items():
            assert volumes_ml(labels, structure)[0] == pytest.approx(theirs.get(value, 0.0), abs=TOLERANCE_ML), path
