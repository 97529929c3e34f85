"""What one would write with PyTorch and nibabel to segment a folder of cines: the measure for benchmarks.cohort.

    python -m benchmarks.plain_script NETWORK IN OUT

It does what such scripts do: reads with nibabel, resamples and scales a frame's slices, runs them through the network
as one batch in float32, brings the logits back to the scan's size, writes the mask, and adds up volumes. PyTorch uses
every core that it is given. It prints one line of JSON: slices and seconds, without the start and the first scan.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch.nn import functional

from training.networks.table import NETWORKS, fold
from training.steps.train import WEIGHTS, load_weights

RESULTS = Path(__file__).resolve().parent.parent / "training" / "results"
PIXEL_MM = 1.4
STEP = 32


def segment(network: torch.nn.Module, source: Path, out: Path) -> int:
    """Segment a cine and write its mask. Returns how many slices it has."""
    image = nib.load(source)
    cine = image.get_fdata(dtype=np.float32)
    spacing = image.header.get_zooms()
    columns, rows, slices, frames = cine.shape
    size = [STEP * round(n * mm / PIXEL_MM / STEP + 0.49) for n, mm in ((columns, spacing[0]), (rows, spacing[1]))]
    low, high = map(float, np.percentile(cine, (1, 99)))
    cine = np.clip((cine - low) / max(high - low, 1e-6), 0, 1)
    cine = (cine - cine.mean()) / max(float(cine.std()), 1e-6)
    labels = np.zeros(cine.shape, np.uint8)
    for frame in range(frames):
        stack = torch.from_numpy(np.ascontiguousarray(cine[..., frame].transpose(2, 0, 1)))[:, None]
        with torch.no_grad():
            logits = network(functional.interpolate(stack, size, mode="bilinear", align_corners=False))
            logits = functional.interpolate(logits, (columns, rows), mode="bilinear", align_corners=False)
        labels[..., frame] = logits.argmax(1).numpy().transpose(1, 2, 0)
    volumes = np.count_nonzero(labels == 1, axis=(0, 1, 2)) * float(np.prod(spacing[:3])) / 1000
    sys.stderr.write(f"{source.name}: {volumes.max():.0f} to {volumes.min():.0f} mL\n")
    nib.save(nib.Nifti1Image(labels, image.affine), out / source.name)
    return slices * frames


def main(name: str, source: Path, out: Path) -> None:
    weights = RESULTS / name / WEIGHTS
    network = load_weights(NETWORKS[name](), weights) if weights.exists() else NETWORKS[name]()
    network.eval()
    fold(network)
    first, *others = sorted(source.glob("*.nii.gz"))
    segment(network, first, out)
    began = time.perf_counter()
    slices = sum(segment(network, path, out) for path in others)
    sys.stdout.write(json.dumps({"slices": slices, "seconds": time.perf_counter() - began}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
