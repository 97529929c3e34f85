"""Function from a four-chamber view: volumes by area and length, fractional area change, shortening."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.measures.function import Ventricle, ejection_fraction
from engine.measures.phases import extremes
from engine.volume import LV, MYO, RV, Known, LabelMap, Volume

RULES = (
    "LV volume = 8 A² / (3 π L), from the area A and the length L of its cavity in one plane (area–length; Dodge et "
    "al., Am Heart J 1960;60:762; Lang et al., J Am Soc Echocardiogr 2015;28:1).",
    "L runs from the middle of the mitral plane, the part of the cavity's edge without myocardium, to the farthest "
    "point of the cavity.",
    "RV fractional area change = (end-diastolic − end-systolic area) / end-diastolic area (Rudski et al., J Am Soc "
    "Echocardiogr 2010;23:685).",
    "Long-axis shortening = (end-diastolic − end-systolic L) / end-diastolic L.",
    "One plane is taken for the whole ventricle: volumes are not those of a short-axis stack.",
)


@dataclass(frozen=True, slots=True)
class LongAxisFunction:
    """What the labels of a four-chamber view say about the heart; None where it cannot be known.

    lv: volumes in mL and ejection fraction in percent, by area and length. rv_fac_percent: fractional area change.
    shortening_percent: of the LV's long axis. ed_frame, es_frame: counted from 0.
    lv_cm2, rv_cm2, myo_cm2, lv_length_mm: of every frame; NaN lengths where there is no cavity.
    units_known: whether mm, cm² and mL can be relied on; ratios always can.
    """

    lv: Ventricle
    rv_fac_percent: float | None
    shortening_percent: float | None
    ed_frame: int | None
    es_frame: int | None
    lv_cm2: tuple[float, ...]
    rv_cm2: tuple[float, ...]
    myo_cm2: tuple[float, ...]
    lv_length_mm: tuple[float, ...]
    units_known: bool
    rules: tuple[str, ...]

    @property
    def lone_frame(self) -> int | None:
        """The first frame with labels, where no phase is known; its areas are neither of ED nor of ES."""
        if (self.ed_frame, self.es_frame) != (None, None):
            return None
        areas = zip(self.lv_cm2, self.rv_cm2, self.myo_cm2, strict=True)
        return next((frame for frame, of_frame in enumerate(areas) if any(of_frame)), 0)


def measure_long_axis(
    labels: LabelMap, volume: Volume, held: tuple[int | None, int | None] | None = None
) -> LongAxisFunction:
    """Of a view of a single slice, in every frame.

    A cine: end-diastole is the frame of the largest LV area, end-systole that of the smallest; the first of equals.
    None where the LV is in one frame only, or as large in all of them: such a frame may be of any phase. None too where
    nothing tells the order of the frames.
    Named phases: the frames so named. held: end-diastole and end-systole of labels corrected by hand are those of the
    labels before, so that a correction moves no phase.
    Raises ValueError for a stack, and where labels and volume are not of one scan.
    """
    if labels.array.shape != volume.array.shape or volume.slices != 1:
        raise ValueError(f"labels {labels.array.shape} and scan {volume.array.shape} are not of one view")
    x_mm, y_mm, _ = labels.geometry.spacing_mm
    frames = labels.array[:, 0]
    areas = {s: tuple((frames == s).sum((1, 2)) * x_mm * y_mm / 100) for s in (LV, MYO, RV)}
    lengths = tuple(lv_length_mm(frame, (x_mm, y_mm)) for frame in frames)
    ed, es = _phases(areas[LV], volume) if held is None or held == (None, None) else held
    volumes = [area_length_ml(area, length) for area, length in zip(areas[LV], lengths, strict=True)]
    known = volume.geometry.spacing is not Known.ASSUMED
    return LongAxisFunction(
        lv=_ventricle(volumes, ed, es),
        rv_fac_percent=_lost(areas[RV], ed, es),
        shortening_percent=_lost(lengths, ed, es),
        ed_frame=ed,
        es_frame=es,
        lv_cm2=areas[LV],
        rv_cm2=areas[RV],
        myo_cm2=areas[MYO],
        lv_length_mm=lengths,
        units_known=known,
        rules=RULES if known else (*RULES, "The scan does not say its spacing: only ratios are to be trusted."),
    )


def area_length_ml(area_cm2: float, length_mm: float) -> float:
    """Volume of a ventricle in mL: 8 A² / (3 π L); NaN without a length."""
    return 8 * area_cm2**2 / (3 * math.pi * length_mm / 10) if length_mm > 0 else math.nan


def lv_length_mm(labels: NDArray[np.uint8], spacing_mm: tuple[float, float]) -> float:
    """From the middle of the mitral plane to the farthest point of the LV cavity, in mm; NaN where either is missing.

    labels: (Y, X). spacing_mm: (x, y). The mitral plane is the longest run of the cavity's edge that no myocardium
    touches; its middle is that of its two ends, which lie farthest apart.
    """
    # Not at the top: the viewer paints before SciPy has loaded.
    from scipy import ndimage  # noqa: PLC0415

    around = np.ones((3, 3), dtype=bool)
    cavity = labels == LV
    edge = cavity & ~ndimage.binary_erosion(cavity)
    # Labels may leave a pixel between cavity and myocardium.
    free = edge & ~ndimage.binary_dilation(labels == MYO, around, iterations=2)
    parts, count = ndimage.label(free, around)
    if not count:
        return math.nan
    longest = int(np.bincount(parts.ravel())[1:].argmax()) + 1
    mm = np.array([spacing_mm[1], spacing_mm[0]])
    points = np.argwhere(parts == longest) * mm
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    first, last = np.unravel_index(int(apart.argmax()), apart.shape)
    middle = (points[first] + points[last]) / 2
    reach = np.linalg.norm(np.argwhere(cavity) * mm - middle, axis=-1)
    # From the outer side of the pixels at both ends.
    return float(reach.max() + mm.mean())


def _phases(areas: tuple[float, ...], volume: Volume) -> tuple[int | None, int | None]:
    if volume.phase_names:
        ed, es = (volume.phase_names.index(p) if p in volume.phase_names else None for p in ("ED", "ES"))
        return ed, es
    if volume.frames < 2 or volume.time_order is Known.ASSUMED:
        return None, None
    found = extremes(areas)
    return found.ed, found.es


def _ventricle(volumes: list[float], ed: int | None, es: int | None) -> Ventricle:
    edv, esv = (None if f is None or not volumes[f] > 0 else volumes[f] for f in (ed, es))
    if edv is None or esv is None:
        return Ventricle(edv, esv, None, None)
    return Ventricle(edv, esv, edv - esv, ejection_fraction(edv, esv))


def _lost(values: tuple[float, ...], ed: int | None, es: int | None) -> float | None:
    """Share of the end-diastolic value that is gone at end-systole, in percent."""
    if ed is None or es is None or not (values[ed] > 0 and values[es] > 0):
        return None
    return 100 * (values[ed] - values[es]) / values[ed]
