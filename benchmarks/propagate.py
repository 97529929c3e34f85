"""How well a correction of end-diastole is carried to end-systole, against the experts: ACDC's patient090, Sunnybrook.

    python -m benchmarks.propagate ../shared/data

The expert's contours of end-diastole are taken for a reader's correction of all slices, and carried through the cine.
Printed: Dice at end-systole of what the model found, and of what was carried there, and the time of it. Sunnybrook has
the endocardium alone at end-systole, on some slices.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from engine.formats.datasets import read_info
from engine.formats.door import open_scan
from engine.formats.nifti import read_mask
from engine.measures.metrics import dice
from engine.network.catalog import find_models
from engine.network.predict import predict
from engine.shapes.curve import inside
from engine.shapes.propagation import propagated
from engine.volume import LV, MYO, RV, Volume

Frames = dict[int, dict[int, NDArray[np.uint8]]]
"""Labels (Y, X) by slice by frame."""


def acdc(folder: Path) -> tuple[Volume, Frames, tuple[int, ...]]:
    """(cine, expert's labels, structures compared) of an ACDC patient."""
    volume = open_scan([folder / f"{folder.name}_4d.nii.gz"])
    info, found = read_info(folder / "Info.cfg"), {}
    for phase in ("ED", "ES"):
        frame = int(info[phase])
        scan = open_scan([folder / f"{folder.name}_frame{frame:02d}.nii.gz"])
        path = folder / f"{folder.name}_frame{frame:02d}_gt.nii.gz"
        labels = read_mask(path, scan, "acdc").array[0]
        found[frame - 1] = dict(enumerate(labels))
    return volume, found, (LV, MYO, RV)


def sunnybrook(folder: Path) -> tuple[Volume, Frames, tuple[int, ...]]:
    """As acdc, of a Sunnybrook patient."""
    volume = open_scan([folder / "dicom"])
    place = {
        int(pydicom.dcmread(path, stop_before_pixels=True).InstanceNumber): (t, z)
        for t, frame in enumerate(volume.source.instances)
        for z, path in enumerate(frame)
    }
    found: Frames = {}
    for kind, label in (("o", MYO), ("i", LV)):
        for path in sorted(folder.rglob(f"IM-0001-*-{kind}contour*.txt")):
            named = re.search(r"IM-0001-(\d+)-", path.name)
            if named is None:
                continue
            t, z = place[int(named[1])]
            plane = found.setdefault(t, {}).setdefault(z, np.zeros(volume.array.shape[2:], dtype=np.uint8))
            plane[inside(np.loadtxt(path) + 0.5, plane.shape)] = label
    return volume, found, (LV,)


def cases(root: Path) -> Iterator[tuple[str, tuple[Volume, Frames, tuple[int, ...]]]]:
    yield "ACDC patient090", acdc(root / "acdc" / "training" / "patient090")
    for folder in sorted((root / "sunnybrook").glob("SCD*")):
        yield f"Sunnybrook {folder.name}", sunnybrook(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    asked = parser.parse_args()
    catalog = find_models()
    card = next(model for model in catalog.models if model.id == catalog.default)
    scores = []
    for name, (volume, expert, structures) in cases(asked.root):
        labels = predict(volume, card, "int8", threads=1).labels.array
        by_volume = sorted(expert, key=lambda t: -sum(int((plane == LV).sum()) for plane in expert[t].values()))
        ed, es = by_volume[0], by_volume[-1]
        corrected = {z: np.where((plane == 0) & (labels[ed, z] == RV), RV, plane) for z, plane in expert[ed].items()}
        if RV in structures:
            corrected = expert[ed]
        spacing = volume.geometry.spacing_mm[:2]
        began, cpu = time.perf_counter(), time.process_time()
        made = propagated(volume.array, labels, ed, corrected, spacing, range(volume.frames))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        truth = np.stack(list(expert[es].values()))
        model = np.stack([labels[es, z] for z in expert[es]])
        carried = np.stack([made.get((es, z), labels[es, z]) for z in expert[es]])
        pair = [float(np.mean([dice(one == s, truth == s) for s in structures])) for one in (model, carried)]
        scores.append(pair)
        sys.stdout.write(
            f"{name}: frame {ed + 1} to {es + 1}, Dice of the model {pair[0]:.3f}, carried {pair[1]:.3f}; "
            f"{len(corrected)} slices × {volume.frames} frames in {wall:.1f} s ({cpu:.1f} s of one core)\n"
        )
    model, carried = np.mean(scores, axis=0)
    sys.stdout.write(f"mean: model {model:.3f}, carried {carried:.3f}\n")


if __name__ == "__main__":
    main()
