"""How well the brush that respects edges stays inside the epicardium, on ACDC's validation patients.

    python -m benchmarks.brush_edges ../shared/data/acdc/training

From the expert's mask, the outer 3 mm of the myocardium are taken away over a sixth of the circumference. A stroke
paints them back: once so that its rim runs 3 mm beyond the epicardium, once so that its middle does. Printed, over all
voxels: how much of what was painted anew lies outside the epicardium, how much of all that the stroke passed over, and
how much of what was missing came back.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from app.state.brush import Brush, paint
from engine.formats.datasets import find_cases, present, read_case
from engine.shapes.edges import within_edges
from engine.shapes.structures import region_of
from engine.volume import LV, MYO

MISSING_MM, ARCS, SLICE_STEP = 3.0, 6, 3
STROKES = (("rim 3 mm beyond", 4.0, -1.0), ("middle 3 mm beyond", 6.0, 3.0))
"""Name, radius of the brush, and how far from the epicardium its middle runs, in mm."""

Mm = tuple[float, float]


@dataclass
class Counts:
    strokes: int = 0
    passed: int = 0
    painted: int = 0
    outside: int = 0
    plain_outside: int = 0
    back: int = 0
    missing: int = 0
    seconds: float = 0.0


def arcs(labels: NDArray[np.uint8], spacing_mm: Mm, away_mm: float) -> Iterator[tuple[NDArray[np.bool_], list[Mm]]]:
    """(what is taken away, where the stroke runs) around one slice."""
    dx, dy = spacing_mm
    heart = region_of(labels, MYO)
    depth = ndimage.distance_transform_edt(heart, sampling=(dy, dx))
    beyond = ndimage.distance_transform_edt(~heart, sampling=(dy, dx)) - depth
    cy, cx = (float(at.mean()) for at in np.nonzero(heart))
    ys, xs = np.indices(heart.shape)
    angle = np.arctan2((ys - cy) * dy, (xs - cx) * dx)
    for number in range(ARCS):
        first = -np.pi + 2 * np.pi * number / ARCS
        last = first + 1.6 * np.pi / ARCS
        missing = (angle >= first) & (angle <= last) & (labels == MYO) & (depth <= MISSING_MM)
        line = []
        for turn in np.linspace(first, last, 14):
            far = np.arange(0, 80, 0.25)
            px, py = cx + far * np.cos(turn) / dx, cy + far * np.sin(turn) / dy
            there = np.flatnonzero(ndimage.map_coordinates(beyond, [py, px], order=1, mode="nearest") >= away_mm)
            if there.size:
                line.append(((px[there[0]] + 0.5) * dx, (py[there[0]] + 0.5) * dy))
        if missing.sum() >= 10 and len(line) > 1:
            yield missing, line


def add(counts: Counts, image: NDArray, labels: NDArray[np.uint8], spacing_mm: Mm, radius: float, away: float) -> None:
    """One slice."""
    heart = region_of(labels, MYO)
    for missing, line in arcs(labels, spacing_mm, away):
        start = np.where(missing, np.uint8(0), labels)
        trace = np.zeros_like(labels)
        for one, other in pairwise(line):
            paint(trace, spacing_mm, one, other, Brush(MYO, radius_mm=radius))
        began = time.perf_counter()
        found = within_edges(image, start, MYO, trace == MYO, spacing_mm)
        counts.seconds += time.perf_counter() - began
        fresh, free = found & ~region_of(start, MYO), (trace == MYO) & ~region_of(start, MYO)
        counts.strokes += 1
        counts.passed += int((trace == MYO).sum())
        counts.painted += int(fresh.sum())
        counts.outside += int((fresh & ~heart).sum())
        counts.plain_outside += int((free & ~heart).sum())
        counts.back += int((fresh & missing).sum())
        counts.missing += int(((trace == MYO) & missing).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", default="val")
    asked = parser.parse_args()
    counts = {name: Counts() for name, _, _ in STROKES}
    for case in present(find_cases(asked.folder, "acdc", asked.patients)):
        volume, labels = read_case(case)
        spacing = volume.geometry.spacing_mm[:2]
        for t in range(volume.frames):
            slices = [z for z in range(volume.slices) if (labels.array[t, z] == LV).sum() > 60]
            for z in slices[1:-1:SLICE_STEP]:
                for name, radius, away in STROKES:
                    add(counts[name], volume.array[t, z], labels.array[t, z], spacing, radius, away)
    for name, found in counts.items():
        sys.stdout.write(
            f"{name}: {found.strokes} strokes; outside of what was painted {found.outside / found.painted:.1%}, "
            f"of what the stroke passed over {found.outside / found.passed:.1%} "
            f"(plain brush {found.plain_outside / found.passed:.1%}); "
            f"brought back {found.back / found.missing:.1%}; {1000 * found.seconds / found.strokes:.1f} ms a stroke\n"
        )


if __name__ == "__main__":
    main()
