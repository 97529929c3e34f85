"""Volumes, EF and mass of masks whose numbers can be counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.measures import quantities
from engine.measures.function import ejection_fraction, measure
from engine.measures.reading import Phases, Reading
from engine.volume import LV, MYO, RV, Geometry, Known, LabelMap, Source, Volume

# 2 × 2.5 × 10 mm: 0.05 mL a voxel.
AFFINE = np.diag([2.0, 2.5, 10.0, 1.0])


def case(
    frames: list[dict[int, int]], *, phase_names: tuple[str, ...] = (), spacing: Known = Known.KNOWN
) -> tuple[LabelMap, Volume]:
    """Frames given as {label: voxels}, on a grid of 4 × 10 × 10 voxels."""
    array = np.zeros((len(frames), 4, 10, 10), np.uint8)
    for frame, counts in enumerate(frames):
        values = np.concatenate([np.full(n, label) for label, n in counts.items()]) if counts else np.array([])
        array[frame].flat[: values.size] = values
    geometry = Geometry(AFFINE, (4, 10, 10), spacing)
    volume = Volume(np.zeros(array.shape, np.int16), geometry, Source("nifti", (), "x"), phase_names=phase_names)
    return LabelMap(array, geometry), volume


def test_a_cine() -> None:
    found = measure(
        *case(
            [
                {LV: 80, MYO: 100, RV: 90},
                {LV: 100, MYO: 60, RV: 80},  # ED: the largest LV
                {LV: 60, MYO: 70, RV: 70},
                {LV: 40, MYO: 80, RV: 50},  # ES
                {LV: 70, MYO: 90, RV: 40},
            ]
        )
    )
    assert (found.ed_frame, found.es_frame) == (1, 3)
    assert found.lv_ml == pytest.approx((4, 5, 3, 2, 3.5))
    assert (found.lv.edv_ml, found.lv.esv_ml, found.lv.sv_ml) == pytest.approx((5, 2, 3))
    assert found.lv.ef_percent == pytest.approx(60)
    # The right ventricle at the left one's frames, although it is smaller later.
    assert (found.rv.edv_ml, found.rv.esv_ml, found.rv.sv_ml) == pytest.approx((4, 2.5, 1.5))
    assert found.rv.ef_percent == pytest.approx(37.5)
    assert found.lv_mass_g == pytest.approx(1.05 * 3)  # 60 voxels of 0.05 mL
    assert found.myo_ml[1] == pytest.approx(3)
    assert found.units_known


def test_a_pair_is_taken_by_name_even_if_the_volumes_say_otherwise() -> None:
    found = measure(*case([{LV: 40, MYO: 20}, {LV: 50, MYO: 30}], phase_names=("ED", "ES")))
    assert (found.ed_frame, found.es_frame) == (0, 1)
    assert found.lv.ef_percent == pytest.approx(-25)
    assert found.lv_mass_g == pytest.approx(1.05)


def test_a_single_frame_has_volumes_and_mass_only() -> None:
    found = measure(*case([{LV: 40, MYO: 20, RV: 10}]))
    assert (found.ed_frame, found.es_frame) == (None, None)
    assert found.lv_ml == pytest.approx((2,))
    assert (found.lv.edv_ml, found.lv.esv_ml, found.lv.sv_ml, found.lv.ef_percent) == (None, None, None, None)
    assert found.lv_mass_g == pytest.approx(1.05)


def test_every_rule_is_said_once() -> None:
    found = measure(*case([{LV: 100}, {LV: 50}])).rules
    assert len(set(found)) == len(found)
    assert "Basal slices count as far as they are labelled." in found


def test_a_frame_without_labels_is_not_end_systole() -> None:
    found = measure(*case([{LV: 100}, {}, {LV: 50}, {LV: 70}]))
    assert (found.ed_frame, found.es_frame) == (0, 2)
    assert found.lv.ef_percent == pytest.approx(50)


def test_no_labels_at_all() -> None:
    found = measure(*case([{}, {}, {}]))
    assert (found.ed_frame, found.es_frame, found.lv_mass_g) == (None, None, None)
    assert found.lv == found.rv
    assert found.lv.ef_percent is None
    assert found.lv_ml == (0, 0, 0)


def test_a_ventricle_that_is_not_there_has_no_numbers() -> None:
    found = measure(*case([{LV: 100, MYO: 10}, {LV: 50, MYO: 10}]))
    assert found.lv.ef_percent == pytest.approx(50)
    assert (found.rv.edv_ml, found.rv.esv_ml, found.rv.sv_ml, found.rv.ef_percent) == (None, None, None, None)


@pytest.mark.parametrize(
    ("frames", "lone", "says"),
    [
        ([{}, {}, {LV: 40, MYO: 20, RV: 10}], 2, "Only frame 3 has labels, and its phase is not known"),
        ([{LV: 10}, {LV: 10}], 0, "All frames with labels are alike"),
        ([{RV: 10}, {}], 0, "Only frame 1 has labels"),
    ],
)
def test_no_phase_is_named_that_is_not_known(frames: list[dict[int, int]], lone: int, says: str) -> None:
    found = measure(*case(frames))
    assert (found.ed_frame, found.es_frame, found.rv_ed_frame, found.lone_frame) == (None, None, None, lone)
    assert (found.lv.edv_ml, found.lv.esv_ml, found.rv.edv_ml) == (None, None, None)
    assert found.notices[0].startswith(says)
    assert quantities.to_json(found)["lone_frame_index"] == lone


def test_the_mass_of_a_lone_frame_is_not_called_end_diastolic() -> None:
    found = measure(*case([{}, {LV: 40, MYO: 20}]))
    assert found.lv_mass_g == pytest.approx(1.05)
    assert any("phase is not known" in rule for rule in quantities.rules(found))
    assert not any("end-diastole" in rule for rule in quantities.rules(found))


def test_a_lone_frame_is_what_the_reader_or_the_scan_says() -> None:
    labels, volume = case([{}, {LV: 40}, {}])
    chosen = measure(labels, volume, Reading(lv=Phases(es=1)))
    assert (chosen.lv.edv_ml, chosen.lv.esv_ml, chosen.lone_frame) == (None, pytest.approx(2), None)
    named = measure(*case([{LV: 40}], phase_names=("ES",)))
    assert (named.lv.edv_ml, named.lv.esv_ml) == (None, pytest.approx(2))


def test_an_rv_alone_is_measured_at_its_own_phases() -> None:
    found = measure(*case([{RV: 50}, {RV: 100}, {RV: 60}]))
    assert (found.ed_frame, found.rv_ed_frame, found.rv_es_frame) == (None, 1, 0)
    assert found.rv.ef_percent == pytest.approx(50)
    assert any("There is no LV cavity" in rule for rule in found.rules)


@pytest.mark.parametrize(
    ("spacing", "known", "says"),
    [
        (Known.KNOWN, True, None),
        (Known.CONTRADICTED, True, "2 × 2.5 × 10 mm was used"),
        (Known.ASSUMED, False, "not to be trusted"),
    ],
)
def test_spacing_that_is_no_certainty_is_said(spacing: Known, known: bool, says: str | None) -> None:
    found = measure(*case([{LV: 100}, {LV: 50}], spacing=spacing))
    assert found.units_known is known
    assert found.lv.ef_percent == pytest.approx(50)
    assert any(says in rule for rule in found.rules) if says else len(found.rules) == 4


def test_each_slice_counts_by_its_own_thickness() -> None:
    labels, volume = case([{LV: 400}, {LV: 100}])  # frame 1: every slice full; frame 2: the first slice alone
    uneven = replace(volume.geometry, slab_mm=(5.0, 10.0, 10.0, 20.0))
    found = measure(LabelMap(labels.array, uneven), replace(volume, geometry=uneven))
    assert found.lv_ml == pytest.approx((100 * 0.05 * 4.5, 100 * 0.05 * 0.5))
    assert any("by the thickness" in rule for rule in found.rules)
    assert measure(labels, volume).lv_ml == pytest.approx((20, 5))


def test_frames_in_unknown_order_have_no_phases() -> None:
    labels, volume = case([{LV: 100, MYO: 60}, {LV: 40, MYO: 80}])
    found = measure(labels, replace(volume, time_order=Known.ASSUMED))
    assert (found.ed_frame, found.es_frame, found.lv.edv_ml, found.lv.ef_percent, found.lv_mass_g) == (None,) * 5
    assert found.lv_ml == pytest.approx((5, 2))
    assert any("order of the frames is unknown" in rule for rule in found.rules)


def test_volumes_of_a_part_of_the_heart_are_marked() -> None:
    labels, volume = case([{LV: 100, MYO: 60}, {LV: 40, MYO: 80}])
    found = measure(labels, replace(volume, missing="2 slices are missing"))
    assert found.lv.ef_percent == pytest.approx(60)
    assert not found.whole
    units = {m.key: m.unit_of(found) for m in quantities.MEASURES}
    assert (units["lv.edv_ml"], units["lv.ef_percent"], units["lv_mass_g"]) == ("mL?", "%", "g?")
    assert any("2 slices are missing" in rule for rule in found.rules)


def test_the_rules_are_said() -> None:
    rules = " ".join(quantities.rules(measure(*case([{LV: 100}, {LV: 50}]))))
    for words in ("Papillary muscles", "Simpson", "largest", "1.05 g/mL", "EF = (EDV − ESV) / EDV"):
        assert words in rules


def test_labels_of_another_scan_are_a_bug() -> None:
    labels, _ = case([{LV: 1}])
    _, volume = case([{LV: 1}, {LV: 1}])
    with pytest.raises(ValueError, match="not of the volume"):
        measure(labels, volume)


@pytest.mark.parametrize(("edv", "esv", "ef"), [(100, 40, 60), (100, 0, 100), (50, 60, -20), (0, 0, None)])
def test_ejection_fraction(edv: float, esv: float, ef: float | None) -> None:
    assert ejection_fraction(edv, esv) == (None if ef is None else pytest.approx(ef))
