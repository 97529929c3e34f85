"""Volumes, ejection fraction and mass from labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.measures import quality
from engine.volume import LV, MYO, RV, Known, LabelMap, Volume

MYOCARDIAL_DENSITY_G_PER_ML = 1.05


@dataclass(frozen=True, slots=True)
class Ventricle:
    """One ventricle's volumes in mL and ejection fraction in percent; None where they cannot be known."""

    edv_ml: float | None
    esv_ml: float | None
    sv_ml: float | None
    ef_percent: float | None


@dataclass(frozen=True, slots=True)
class Function:
    """What the labels of a scan say about the heart.

    lv_mass_g: at end-diastole; None without myocardium.
    ed_frame, es_frame: counted from 0; None where the scan has no such phase.
    lv_ml, rv_ml, myo_ml: volumes of every frame.
    units_known: whether the scan says its spacing, on which mL and grams depend and ratios do not.
    whole: whether the slices cover the heart; else mL and grams are too small, and ratios are of what is there.
    notices: what makes the numbers doubtful, one sentence each. doubtful: which measures those
        are, by how their keys begin: "lv", or "rv.edv_ml".
    rules: how all the numbers came about, one sentence each; engine.measures.quantities adds those of single measures.
    """

    lv: Ventricle
    rv: Ventricle
    lv_mass_g: float | None
    ed_frame: int | None
    es_frame: int | None
    lv_ml: tuple[float, ...]
    rv_ml: tuple[float, ...]
    myo_ml: tuple[float, ...]
    units_known: bool
    rules: tuple[str, ...]
    whole: bool = True
    notices: tuple[str, ...] = ()
    doubtful: frozenset[str] = frozenset()


def volumes_ml(labels: LabelMap, label: int) -> tuple[float, ...]:
    """Volume of a structure in every frame, in mL: its voxels times the volume of one, by each slice's thickness."""
    counts = np.count_nonzero(labels.array == label, axis=(2, 3)) @ labels.geometry.slice_weights
    return tuple(float(n) * labels.geometry.voxel_ml for n in counts)


def ejection_fraction(edv_ml: float, esv_ml: float) -> float | None:
    """(EDV − ESV) / EDV in percent; None where EDV is 0."""
    return 100 * (edv_ml - esv_ml) / edv_ml if edv_ml > 0 else None


def of_phases(ed_ml: Mapping[int, float] | None, es_ml: Mapping[int, float] | None) -> Function:
    """From the volumes of LV, MYO and RV at end-diastole and at end-systole; None for a phase that is not there.

    Unlike in measure, a structure that is in no voxel counts as 0 mL: a model that misses it is to be seen.
    """

    def side(label: int) -> Ventricle:
        edv, esv = (None if phase is None else phase[label] for phase in (ed_ml, es_ml))
        if edv is None or esv is None:
            return Ventricle(edv, esv, None, None)
        return Ventricle(edv, esv, edv - esv, ejection_fraction(edv, esv))

    phases = [phase for phase in (ed_ml, es_ml) if phase is not None]
    return Function(
        lv=side(LV),
        rv=side(RV),
        lv_mass_g=None if ed_ml is None else MYOCARDIAL_DENSITY_G_PER_ML * ed_ml[MYO],
        ed_frame=None if ed_ml is None else 0,
        es_frame=None if es_ml is None else len(phases) - 1,
        lv_ml=tuple(phase[LV] for phase in phases),
        rv_ml=tuple(phase[RV] for phase in phases),
        myo_ml=tuple(phase[MYO] for phase in phases),
        units_known=True,
        rules=(),
    )


def _ventricle(volumes: tuple[float, ...], ed: int | None, es: int | None) -> Ventricle:
    """Volumes at the given frames. A ventricle that is in no voxel at end-diastole has none."""
    edv = volumes[ed] if ed is not None and volumes[ed] > 0 else None
    esv = volumes[es] if es is not None and edv is not None else None
    if edv is None or esv is None:
        return Ventricle(edv, esv, None, None)
    return Ventricle(edv, esv, edv - esv, ejection_fraction(edv, esv))


def measure(labels: LabelMap, volume: Volume) -> Function:
    """Volumes, stroke volume, ejection fraction and LV mass.

    A cine: end-diastole is the frame of the largest LV cavity, end-systole that of the smallest; the first of equals.
    Named phases: the frames so named. A single frame: volumes and mass of that frame; its phase is not known, so both
    ventricles' fields are None.
    Volumes by slice summation; mass = 1.05 g/mL × myocardium (Kawel-Boehm et al., J Cardiovasc Magn Reson
    2015;17:29, doi 10.1186/s12968-015-0111-7).
    Raises ValueError where labels and volume are not of one scan.
    """
    if labels.array.shape != volume.array.shape:
        raise ValueError(f"labels {labels.array.shape} are not of the volume {volume.array.shape}")
    counts = [np.count_nonzero(labels.array == label, axis=(2, 3)) for label in (LV, MYO, RV)]
    return function_of(np.stack(counts, axis=2), volume)


def function_of(voxels: NDArray[np.int64], volume: Volume) -> Function:
    """As measure, from the voxels (T, Z, 3) of LV, MYO and RV in every slice."""
    ml = voxels.transpose(0, 2, 1) @ volume.geometry.slice_weights * volume.geometry.voxel_ml
    lv, myo, rv = (tuple(float(n) for n in ml[:, i]) for i in range(3))
    known = volume.geometry.spacing is not Known.ASSUMED
    rules = [
        "Volumes are the sum over slices of area times the distance between slices (Simpson's rule).",
        "Papillary muscles and trabeculae count as cavity.",
    ]
    if volume.geometry.slab_mm:
        rules.append("The distances between slices differ: each slice counts by the thickness that it stands for.")
    if volume.missing:
        rules.append(f"Volumes and mass are not of the whole heart: {volume.missing}.")

    ed: int | None = None
    es: int | None = None
    if volume.phase_names:
        ed, es = (volume.phase_names.index(p) if p in volume.phase_names else None for p in ("ED", "ES"))
        rules.append("End-diastole and end-systole are the files so named.")
    elif volume.frames > 1 and volume.time_order is Known.ASSUMED:
        rules.append("The order of the frames is unknown: no phase is named, so no ejection fraction.")
    elif volume.frames > 1:
        if max(lv) > 0:
            ed = int(np.argmax(lv))
            # A frame without any LV cavity is one that was not segmented, not a ventricle of 0 mL.
            es = min((frame for frame in range(len(lv)) if lv[frame] > 0), key=lambda frame: lv[frame])
        rules.append(
            "End-diastole is the frame with the largest, end-systole that with the smallest LV cavity, "
            "for both ventricles."
        )
    else:
        rules.append("One frame only: no phase is known, so no ejection fraction.")
    if ed is not None and es == ed:
        es = None
    if not known:
        rules.append("The scan does not say its spacing: mL and grams assume 1 mm and are not to be trusted; EF is.")
    elif volume.geometry.spacing is Known.CONTRADICTED:
        x, y, z = volume.geometry.spacing_mm
        rules.append(f"The header contradicts itself about spacing; {x:.4g} × {y:.4g} × {z:.4g} mm was used.")

    at_mass = ed if ed is not None else (0 if volume.frames == 1 else None)
    mass = MYOCARDIAL_DENSITY_G_PER_ML * myo[at_mass] if at_mass is not None and myo[at_mass] > 0 else None
    left, right = _ventricle(lv, ed, es), _ventricle(rv, ed, es)
    doubts = quality.together(
        [
            quality.doubts_of_labels(voxels, ed, es, cine=volume.is_cine),
            quality.doubts_of_numbers("lv", left.edv_ml, left.ef_percent, units_known=known),
            quality.doubts_of_numbers("rv", right.edv_ml, right.ef_percent, units_known=known),
        ]
    )
    return Function(
        lv=left,
        rv=right,
        lv_mass_g=mass,
        ed_frame=ed,
        es_frame=es,
        lv_ml=lv,
        rv_ml=rv,
        myo_ml=myo,
        units_known=known,
        rules=tuple(rules),
        whole=not volume.missing,
        notices=doubts.notices,
        doubtful=doubts.keys,
    )
