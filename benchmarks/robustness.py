"""What a model still reaches when the scan comes in another shape.

    python -m benchmarks.robustness ACDC [--model ID] [--precision P] [--patients val] [--json FILE]

Every validation volume is sampled anew: at another pixel size and matrix, turned, mirrored, with the heart off centre,
or with no heart in the field at all. Dice is against the truth sampled the same way, on the new grid. The
first row, at 1.5 mm with the heart in the middle, is what the others compare with.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.tables import add_output, give
from engine.formats import datasets, nifti
from engine.measures.metrics import dice
from engine.network.catalog import find_models
from engine.network.predict import predict
from engine.volume import LV, MYO, RV, Geometry, Volume


@dataclass(frozen=True, slots=True)
class Shape:
    """How a volume is sampled anew.

    pixel_mm: of the new pixels. size: rows and columns. angle_deg: of the image in its plane. mirror: along the rows.
    shift: of the heart from the middle of the field, as a share of the field.
    """

    name: str
    pixel_mm: float = 1.5
    size: int = 192
    angle_deg: float = 0.0
    mirror: bool = False
    shift: float = 0.0


SHAPES = (
    Shape("1.5 mm, 192²"),
    Shape("0.6 mm, 512²", 0.6, 512),
    Shape("0.8 mm, 384²", 0.8, 384),
    Shape("1.0 mm, 320²", 1.0, 320),
    Shape("2.0 mm, 160²", 2.0, 160),
    Shape("2.5 mm, 128²", 2.5, 128),
    Shape("1.5 mm, 128²", 1.5, 128),
    Shape("1.0 mm, 512²", 1.0, 512),
    Shape("turned by 45°", angle_deg=45),
    Shape("turned by 90°", angle_deg=90),
    Shape("turned by 180°", angle_deg=180),
    Shape("mirrored", mirror=True),
    Shape("heart off centre by 20 % of the field", shift=0.2),
    Shape("no heart in the field", size=96, shift=1.0),
)


def sample(
    image: NDArray[np.generic], truth: NDArray[np.uint8], spacing_mm: tuple[float, float], shape: Shape
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A volume (Z, Y, X) and its labels on the grid of a Shape, (Z, size, size); 0 outside the source.

    spacing_mm: of the source, (x, y). The image is smoothed before it is made coarser, as a scanner's would be; each
    label is sampled as a picture of its own and the strongest wins.
    """
    x_mm, y_mm = spacing_mm
    heart = np.argwhere(truth.any(0)).mean(0) * (y_mm, x_mm)
    turn = math.radians(shape.angle_deg)
    axes = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    if shape.mirror:
        axes = axes @ np.diag([1.0, -1.0])
    field_mm = shape.size * shape.pixel_mm
    # From an index of the new grid to millimetres and on to an index of the source.
    to_mm = axes * shape.pixel_mm
    middle = (shape.size - 1) / 2 + np.array([0.0, shape.shift * shape.size])
    to_source = np.diag([1 / y_mm, 1 / x_mm])
    matrix = to_source @ to_mm
    offset = to_source @ (heart - to_mm @ middle)
    if shape.shift >= 1:
        # Away from the heart, towards the side where more of the picture is.
        side = 1.0 if heart[1] < truth.shape[2] * x_mm / 2 else -1.0
        aside = np.array([0.0, side * field_mm])
        offset = to_source @ (heart + aside - to_mm @ ((shape.size - 1) / 2 * np.ones(2)))
    sigma = [max(0.0, 0.4 * (shape.pixel_mm / mm - 1)) for mm in (y_mm, x_mm)]
    new = (shape.size, shape.size)

    def one(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        return ndimage.affine_transform(picture, matrix, offset, new, order=1)

    images, labels = [], []
    for picture, mask in zip(image.astype(np.float32), truth, strict=True):
        images.append(one(ndimage.gaussian_filter(picture, sigma)))
        shares = [one((mask == value).astype(np.float32)) for value in (LV, MYO, RV)]
        labels.append(np.argmax([1 - sum(shares), *shares], axis=0).astype(np.uint8))
    return np.stack(images), np.stack(labels)


def measure(cases: list[datasets.Case], model: str, precision: str) -> list[dict[str, object]]:
    """One row a Shape: mean Dice of each structure over the volumes, or the area found where there is no heart."""
    card = find_models().get(model)
    read = []
    for case in cases:
        volume = nifti.read([case.image])
        truth = nifti.read_mask(case.truth, volume, case.convention).array[0]
        read.append((volume, truth))
    rows: list[dict[str, object]] = []
    for shape in SHAPES:
        scores, found_mm2 = [], []
        for volume, truth in read:
            x_mm, y_mm, z_mm = volume.geometry.spacing_mm
            image, labels = sample(volume.array[0], truth, (x_mm, y_mm), shape)
            geometry = Geometry(np.diag([shape.pixel_mm, shape.pixel_mm, z_mm, 1.0]), image.shape)
            again = Volume(image[None], geometry, volume.source)
            mask = predict(again, card, precision).labels.array[0]
            if shape.shift >= 1:
                found_mm2 += [(s > 0).sum() * shape.pixel_mm**2 for s in mask]
            else:
                scores.append([dice(mask == value, labels == value) for value in (LV, MYO, RV)])
        row: dict[str, object] = asdict(shape)
        if scores:
            per_structure = np.nanmean(scores, axis=0)
            row |= dict(zip(("dice_lv", "dice_myo", "dice_rv"), per_structure.tolist(), strict=True))
            row["dice_mean"] = float(per_structure.mean())
        else:
            row |= {
                "slices": len(found_mm2),
                "slices_with_labels": int(np.count_nonzero(found_mm2)),
                "labelled_mm2_mean": float(np.mean(found_mm2)),
            }
        rows.append(row)
    return rows


def _line(row: dict[str, object]) -> str:
    if "dice_mean" in row:
        values = [f"{row[key]:.3f}" for key in ("dice_mean", "dice_lv", "dice_myo", "dice_rv")]
        return f"| {row['name']} | " + " | ".join(values) + " |"
    share = (
        f"labels in {row['slices_with_labels']} of {row['slices']} slices, {row['labelled_mm2_mean']:.0f} mm² a slice"
    )
    return f"| {row['name']} | {share} | | | |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness", description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the ACDC patients")
    parser.add_argument("--model", default="quantlite")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--patients", default="val")
    add_output(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    arguments = parser.parse_args()
    cases = datasets.find_cases(arguments.data, "acdc", arguments.patients)
    rows = measure(cases, arguments.model, arguments.precision)
    head = (
        f"{arguments.model} {arguments.precision}, {len(cases)} volumes\n\n| sampled as | Dice mean | LV | MYO | RV |"
    )
    give("\n".join([head, "| --- | --- | --- | --- | --- |", *map(_line, rows)]), arguments.output)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
