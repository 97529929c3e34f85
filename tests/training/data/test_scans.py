"""Scans as training sees them, and the crops drawn from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from training_scans import phantom_scans

from engine.formats import datasets, nifti
from engine.network.preprocess import InputSpec, intensity, plan, to_input
from engine.phantom import make_phantom
from engine.volume import LV, MYO
from training.data.augment import Augmenter
from training.data.scans import STEPS, load_scans
from training.losses import dice_cross_entropy


def test_a_scan_is_what_the_viewer_feeds_its_network(tmp_path: Path) -> None:
    volume, truth, _ = make_phantom(frames=1, slices=3)
    nifti.write_mask(tmp_path / "truth.nii.gz", truth, volume)
    image = tmp_path / "image.nii.gz"
    _write_image(image, volume)
    case = datasets.Case("p", "ED", image, tmp_path / "truth.nii.gz", "mnms")
    spec = InputSpec()
    scan = load_scans([case], spec)[0]
    read = nifti.read([image])
    expected = to_input(read.array[0, 1], plan(read.geometry, spec), intensity(read.array, spec))[0, 0]
    # Half a step of the kept intensities, standardised.
    np.testing.assert_allclose((scan.images[1] - scan.mean) / scan.std, expected, atol=0.6 / STEPS / scan.std)
    assert scan.labels.shape == scan.images.shape
    # Area in mm² survives the resampling of the mask.
    mm2 = (scan.labels == LV).sum() * spec.spacing_mm**2
    x_mm, y_mm, _ = volume.geometry.spacing_mm
    assert mm2 == pytest.approx((truth.array == LV).sum() * x_mm * y_mm, rel=0.02)


def _write_image(path: Path, volume) -> None:
    affine = np.diag([-1.0, -1, 1, 1]) @ volume.geometry.affine
    nib.save(nib.Nifti1Image(volume.array[0].T.astype(np.int16), affine), path)


def test_crops_keep_image_and_label_together() -> None:
    augmenter = Augmenter(phantom_scans(), crop=96)
    images, labels, _ = augmenter.draw(list(range(8)), np.random.default_rng(0))
    assert images.shape == (8, 1, 96, 96)
    assert labels.shape == (8, 96, 96)
    assert torch.isfinite(images).all()
    cavity, muscle = images[:, 0][labels == LV], images[:, 0][labels == MYO]
    # Blood is bright and muscle dark, whatever the rotation, mirror, zoom and contrast.
    assert cavity.median() > muscle.median() + 0.5


def test_a_teachers_probabilities_are_deformed_with_the_labels() -> None:
    shown = [np.stack([(s.labels == value) * np.uint8(255) for value in (1, 2, 3)], axis=1) for s in phantom_scans()]
    scans = [replace(scan, taught=taught) for scan, taught in zip(phantom_scans(), shown, strict=True)]
    images, labels, taught = Augmenter(scans, crop=96).draw(list(range(8)), np.random.default_rng(0))
    plain = Augmenter(phantom_scans(), crop=96).draw(list(range(8)), np.random.default_rng(0))
    assert taught is not None
    assert plain[2] is None
    assert torch.equal(images, plain[0])
    assert taught.shape == (8, 4, 96, 96)
    torch.testing.assert_close(taught.sum(1), torch.ones(8, 96, 96))
    # They differ at edges alone, where probabilities are between those of two labels.
    assert (taught.argmax(1) == labels).float().mean() > 0.98


def test_the_same_seed_draws_the_same_crops() -> None:
    augmenter = Augmenter(phantom_scans(), crop=64)
    draws = [augmenter.draw([0, 3], np.random.default_rng(seed))[0] for seed in (5, 5, 6)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_an_epoch_holds_every_slice_at_most_once() -> None:
    augmenter = Augmenter(phantom_scans(), crop=64)
    batches = augmenter.batches(4, np.random.default_rng(0))
    items = [i for batch in batches for i in batch]
    assert len(items) == len(set(items)) == len(augmenter) // 4 * 4


def test_the_loss_falls_to_zero_for_the_truth_and_not_for_its_opposite() -> None:
    target = torch.randint(0, 4, (2, 16, 16), generator=torch.Generator().manual_seed(0))
    right = torch.nn.functional.one_hot(target, 4).permute(0, 3, 1, 2).float() * 40
    assert dice_cross_entropy(right, target).item() == pytest.approx(0, abs=1e-3)
    assert dice_cross_entropy(-right, target).item() > 10
