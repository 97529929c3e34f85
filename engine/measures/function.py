"""Volumes, ejection fraction and mass from labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.measures import counting, quality
from engine.measures.phases import Held, held_of
from engine.measures.reading import Phases, Place, Reading
from engine.measures.tally import Tally, tally_of
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
    ed_frame, es_frame: of the left ventricle, counted from 0; None where the scan has no such phase.
    rv_ed_frame, rv_es_frame: of the right ventricle; the same as those of the left unless the reader wants it apart.
    lone_frame: the frame that has labels, where it is the only one or all are alike, and its phase is not known; its
        volumes are neither end-diastolic nor end-systolic ones.
    lv_ml, rv_ml, myo_ml: volumes of every frame.
    units_known: whether the scan says its spacing, on which mL and grams depend and ratios do not.
    whole: whether the slices cover the heart; else mL and grams are too small, and ratios are of what is there.
    notices: what makes the numbers doubtful, one sentence each. doubtful: which measures those
        are, by how their keys begin: "lv", or "rv.edv_ml".
    reading: the choices of the reader that the numbers follow. left_out: structures on slices that do not count, by the
        reader's choice or by the rule for the base.
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
    rv_ed_frame: int | None = None
    rv_es_frame: int | None = None
    reading: Reading = field(default_factory=Reading)
    left_out: frozenset[Place] = frozenset()
    lone_frame: int | None = None


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
        rv_ed_frame=None if ed_ml is None else 0,
        rv_es_frame=None if es_ml is None else len(phases) - 1,
    )


def _ventricle(volumes: tuple[float, ...], ed: int | None, es: int | None) -> Ventricle:
    """Volumes at the given frames. A ventricle that is in no voxel at end-diastole has none."""
    edv = volumes[ed] if ed is not None and volumes[ed] > 0 else None
    # End-systole alone has a volume, too, if it is known to be end-systole.
    esv = volumes[es] if es is not None and (edv is not None or (ed is None and volumes[es] > 0)) else None
    if edv is None or esv is None:
        return Ventricle(edv, esv, None, None)
    return Ventricle(edv, esv, edv - esv, ejection_fraction(edv, esv))


def measure(labels: LabelMap, volume: Volume, reading: Reading | None = None, held: Held | None = None) -> Function:
    """Volumes, stroke volume, ejection fraction and LV mass.

    reading: choices of the reader; none where it is None. held: the frames where the reader has chosen none. For
    labels corrected by hand those of the labels before (engine.measures.phases.held_of), so that a correction moves no
    phase; found in these labels where it is None.
    A cine: end-diastole is the frame of the largest LV cavity, end-systole that of the smallest; the first of equals.
    Named phases: the frames so named. A single frame, or labels in one frame only: volumes and mass of that frame; its
    phase is not known, so both ventricles' fields are None, and lone_frame says which it is. Without an LV, the RV is
    measured at its own phases.
    Volumes by slice summation; mass = 1.05 g/mL × myocardium (Kawel-Boehm et al., J Cardiovasc Magn Reson
    2015;17:29, doi 10.1186/s12968-015-0111-7).
    Raises ValueError where labels and volume are not of one scan.
    """
    return function_of(tally_of(labels, volume), volume, reading, held)


def function_of(tally: Tally, volume: Volume, reading: Reading | None = None, held: Held | None = None) -> Function:
    """As measure, from what was counted in every slice."""
    reading = reading or Reading()
    held = held or held_of(tally, volume)
    left_out = counting.left_out(tally, reading)
    voxels = counting.counted(tally, reading, left_out)
    ml = voxels.transpose(0, 2, 1) @ volume.geometry.slice_weights * volume.geometry.voxel_ml
    lv, myo, rv = (tuple(float(n) for n in ml[:, i]) for i in range(3))
    known = volume.geometry.spacing is not Known.ASSUMED
    rules = [
        "Volumes are the sum over slices of area times the distance between slices (Simpson's rule).",
        *counting.rules(reading),
    ]
    if volume.geometry.slab_mm:
        rules.append("The distances between slices differ: each slice counts by the thickness that it stands for.")
    if volume.missing:
        rules.append(f"Volumes and mass are not of the whole heart: {volume.missing}.")

    ed, es = _phases(reading.lv, held.lv)
    rv_alone = (ed, es) == (None, None) and not any(lv)
    own = Phases() if reading.rv is None and rv_alone else reading.rv
    rv_ed, rv_es = (ed, es) if own is None else _phases(own, held.rv)
    known_phases = any(frame is not None for frame in (ed, es, rv_ed, rv_es))
    lone = None if known_phases else _lone_frame(voxels)
    rules += _rules_of_phases(volume, reading, known=known_phases, rv_alone=rv_alone)
    if not known:
        rules.append("The scan does not say its spacing: mL and grams assume 1 mm and are not to be trusted; EF is.")
    elif volume.geometry.spacing is Known.CONTRADICTED:
        x, y, z = volume.geometry.spacing_mm
        rules.append(f"The header contradicts itself about spacing; {x:.4g} × {y:.4g} × {z:.4g} mm was used.")

    at_mass = ed if ed is not None else (0 if volume.frames == 1 else lone)
    mass = MYOCARDIAL_DENSITY_G_PER_ML * myo[at_mass] if at_mass is not None and myo[at_mass] > 0 else None
    left, right = _ventricle(lv, ed, es), _ventricle(rv, rv_ed, rv_es)
    doubts = quality.together(
        [
            quality.doubts_of_scan(volume.not_short_axis),
            quality.doubts_of_labels(voxels, ed, es, lone, cine=volume.is_cine),
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
        rv_ed_frame=rv_ed,
        rv_es_frame=rv_es,
        lv_ml=lv,
        rv_ml=rv,
        myo_ml=myo,
        units_known=known,
        rules=tuple(rules),
        whole=not volume.missing,
        notices=doubts.notices,
        doubtful=doubts.keys,
        reading=reading,
        left_out=left_out,
        lone_frame=lone,
    )


def _lone_frame(voxels: NDArray[np.int64]) -> int | None:
    """The only frame with labels, or the first of frames that are all alike; else None. voxels: (T, Z, 3)."""
    there = np.flatnonzero(voxels.any(axis=(1, 2)))
    alike = len(there) > 0 and not (voxels[there] != voxels[there[0]]).any()
    return int(there[0]) if alike else None


def _phases(chosen: Phases, held: Phases) -> tuple[int | None, int | None]:
    """The frames of end-diastole and end-systole. One frame is not both."""
    ed = held.ed if chosen.ed is None else chosen.ed
    es = held.es if chosen.es is None else chosen.es
    return ed, None if es == ed else es


def _rules_of_phases(volume: Volume, reading: Reading, *, known: bool, rv_alone: bool) -> list[str]:
    """known: whether there is a phase at all. rv_alone: whether there is no LV that has phases."""
    rules = []
    if volume.phase_names:
        rules.append("End-diastole and end-systole are a file each.")
    elif volume.frames > 1 and volume.time_order is Known.ASSUMED:
        rules.append("The order of the frames is unknown: no phase is named, so no ejection fraction.")
    elif volume.frames > 1 and not known:
        rules.append("No phase is known, so no ejection fraction.")
    elif volume.frames > 1 and rv_alone:
        rules.append("There is no LV cavity: end-diastole and end-systole are those of the RV cavity.")
    elif volume.frames > 1 and reading.rv is None:
        rules.append(
            "End-diastole is the frame with the largest, end-systole that with the smallest LV cavity, "
            "for both ventricles."
        )
    elif volume.frames > 1:
        rules.append(
            "End-diastole is the frame with the largest, end-systole that with the smallest cavity, "
            "for each ventricle by itself."
        )
    else:
        rules.append("One frame only: no phase is known, so no ejection fraction.")
    names = {"ed": "end-diastole", "es": "end-systole"}
    for side, phases in (("LV", reading.lv), ("RV", reading.rv)):
        for key, name in names.items():
            frame = None if phases is None else getattr(phases, key)
            if frame is not None:
                rules.append(f"Chosen by the reader: {name} of the {side}, frame {frame + 1}.")
    return rules
