"""The panel of details: what each page says of the labels drawn, and what it asks for."""

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import card, catalog, prediction
from PySide6.QtWidgets import QApplication

from app.look import theme
from app.panels.details_panel import DetailsPanel
from app.panels.function_panel import FunctionPanel
from app.panels.number_rows import beyond_norms, number, rate_note
from app.state import editing
from app.state.changes import evolve, opened
from app.state.numbers import findings_now, mask_function, sources_now
from app.state.queries import correction_key, run_key
from app.state.types import FLOAT32, INT8, AppState, Details, Mask, Run, Status
from engine.measures.body import Body, Sex
from engine.measures.findings import rows_of
from engine.measures.function import measure
from engine.measures.reading import Phases, Reading
from engine.phantom import make_phantom
from engine.volume import LV, LabelMap

MAN = Body(sex=Sex.MALE, age_years=60, height_cm=180, weight_kg=80, heart_rate_bpm=60)


@pytest.fixture(name="state")
def segmented() -> AppState:
    volume, labels, _ = make_phantom(20, 6, 104)
    smaller = labels.array.copy()
    smaller[:, 5] = 0
    state = evolve(opened(AppState(), volume), catalog=catalog("first"), model_id="first", precision=INT8)
    runs = {}
    for precision, found in ((FLOAT32, labels), (INT8, LabelMap(smaller, labels.geometry))):
        key = run_key(state, precision)
        assert key is not None
        made = prediction(volume, card(), precision, found, ())
        runs[key] = Run(Status.DONE, prediction=made, function=measure(found, volume))
    return evolve(state, runs=runs, digest="scan", typed=MAN)


@pytest.fixture(name="panel")
def made(qtbot) -> DetailsPanel:
    if not QApplication.instance().styleSheet():
        theme.apply(QApplication.instance())
    panel = DetailsPanel()
    qtbot.addWidget(panel)
    panel.resize(352, 600)
    panel.show()
    return panel


def test_it_takes_no_room_until_a_page_is_chosen_and_again(panel, state):
    asked = []
    panel.page_requested.connect(asked.append)
    panel.apply(state)
    assert panel.isHidden()
    panel.apply(evolve(state, details=Details.INDICES))
    assert panel.isVisible()
    panel.pages.buttons["rates"].click()
    panel.apply(evolve(state, details=Details.RATES))
    panel.pages.buttons["rates"].click()
    assert asked == [Details.RATES, None]


def test_indices_with_arrows_and_the_names_of_formula_and_study(panel, state):
    panel.apply(evolve(state, details=Details.INDICES))
    rows = {row[0]: row[1:] for row in panel.table.texts()}
    # BSA of this man is 2 m², his heart beats once a second.
    found = {row.key: row for row in rows_of(findings_now(evolve(state, details=Details.INDICES)))}
    assert float(rows["EDVi, mL/m²"][0]) == pytest.approx(found["lv.edv_ml"].value / 2, abs=0.51)
    assert rows["EF, %"][2] == "48–68" and rows["EDVi, mL/m²"][2] == "no range"
    assert "Mosteller" in panel.patient.text() and "60/min (entered)" in panel.patient.text()
    assert "Petersen 2017" in panel.note.text()


def test_values_beyond_the_range_have_an_arrow_and_words(state):
    findings = findings_now(state)
    assert findings is not None
    by_key = {row.key: row for row in rows_of(findings)}
    high, low = (replace(by_key["lv.edv_ml"], value=value) for value in (400.0, 20.0))
    assert number(high).text == "400 ↑" and number(high).tip.startswith("above the normal range (103 to 229")
    assert number(low).text == "20 ↓"
    assert number(replace(high, sure=False)).text == "400 ?"
    assert number(replace(high, value=None)).text == "–"


def test_without_the_patient_it_says_what_is_missing(panel, state):
    volume = replace(state.scan.volume, frame_times_ms=None)
    bare = evolve(state, scan=replace(state.scan, volume=volume), typed=Body(), details=Details.INDICES)
    panel.apply(bare)
    assert "height and weight" in panel.note.text() and "heart rate" in panel.note.text()
    assert "sex and age" in panel.note.text()
    assert not any("no range" in row for row in panel.table.texts())  # said once
    panel.apply(evolve(bare, details=Details.RATES))
    assert not panel.table.isVisible()
    assert panel.note.text() == rate_note(findings_now(bare))


def test_sources_stand_side_by_side(panel, state):
    volume, labels, _ = make_phantom(20, 6, 104)
    mask = Mask("expert.nii.gz", labels, (0, 7))
    key = correction_key(state)
    base = next(run.prediction for at, run in state.segmentation.runs.items() if at.precision == INT8)
    begun = editing.begin(state.scan.volume, base)
    full = np.full(base.labels.array.shape[2:], LV, dtype=np.uint8)
    corrected = evolve(state, mask=mask, corrections={key: editing.changed(begun, {(0, 3): full})})
    panel.apply(evolve(corrected, details=Details.SOURCES))
    head, first, *_ = panel.table.texts()
    assert head == ["", "Model", "Corrected", "Mask"]
    model, by_hand, expert = (float(text.rstrip(" ?")) for text in first[1:])
    true = measure(labels, volume)
    assert expert == pytest.approx(true.lv.edv_ml, abs=0.51)
    assert model < expert < by_hand
    assert "frame 1, 8" in panel.note.text()


def test_a_mask_of_one_frame_has_no_ejection_fraction(state):
    volume, labels, _ = make_phantom(20, 6, 104)
    one = np.zeros_like(labels.array)
    one[3] = labels.array[3]
    mask = Mask("expert.nii.gz", LabelMap(one, labels.geometry), (3,))
    function, frames = mask_function(mask, volume, 1, Reading())
    assert frames == (3,) and function.lone_frame == 3
    assert (function.lv.edv_ml, function.lv.esv_ml, function.lv.ef_percent) == (None, None, None)
    assert sources_now(state).mask is None
    # It is end-systole where the labels beside it say so, or the reader.
    beside = measure(labels, volume)
    es = Mask("expert.nii.gz", LabelMap(np.roll(one, beside.es_frame - 3, axis=0), labels.geometry), (beside.es_frame,))
    for found, _ in (
        mask_function(es, volume, 1, Reading(), beside),
        mask_function(es, volume, 1, Reading(lv=Phases(es=beside.es_frame))),
    ):
        assert (found.lv.edv_ml, found.lone_frame) == (None, None) and found.lv.esv_ml > 0


def test_the_sources_say_that_the_phase_of_a_mask_is_not_known(panel, state):
    _, labels, _ = make_phantom(20, 6, 104)
    one = np.zeros_like(labels.array)
    one[3] = labels.array[3]
    panel.apply(evolve(state, mask=Mask("m.nii.gz", LabelMap(one, labels.geometry), (3,)), details=Details.SOURCES))
    rows = {row[0]: row[1:] for row in panel.table.texts()}
    assert rows["LV EDV, mL"][2] == "–" and float(rows["LV volume, phase not known, mL"][2]) > 20
    assert "only frame 4, phase not known" in panel.note.text()


def test_the_numbers_of_a_mask_follow_what_the_reader_chose(panel, state):
    _, labels, _ = make_phantom(20, 6, 104)
    state = evolve(state, mask=Mask("expert.nii.gz", labels, (0, 7, 9)))
    every = sources_now(state).mask
    out = Reading(lv=Phases(es=9), left_out=frozenset({(LV, 0, 3), (LV, 9, 3)}))
    found = sources_now(evolve(state, readings={state.scan.digest: out}))
    assert found.mask.lv.edv_ml < every.lv.edv_ml and found.mask.rv.edv_ml == every.rv.edv_ml
    assert found.mask.lv.edv_ml == pytest.approx(measure(labels, state.scan.volume, out).lv.edv_ml)
    assert found.mask_frames == (0, 9)
    # A phase that the mask does not cover is not its phase.
    elsewhere = evolve(state, readings={state.scan.digest: Reading(lv=Phases(ed=2))})
    assert sources_now(elsewhere).mask_frames == (0, 7)
    panel.apply(evolve(state, readings={state.scan.digest: out}, details=Details.SOURCES))
    assert "you chose" in panel.note.text()


def test_precision_beside_readers(panel, state):
    panel.apply(evolve(state, details=Details.PRECISION))
    rows = {row[0]: row[1:] for row in panel.table.texts()}
    assert rows["LV EDV, mL"][1] == "15.2–28.4"
    assert rows["LV EDV, mL"][0].startswith("+")
    assert rows["RV EF, %"][1] == "CoV 8–13 %" and rows["RV SV, mL"][1] == ""
    panel.apply(evolve(state, details=Details.PRECISION, runs={}))
    assert not panel.table.isVisible()


def test_bullseye_leads_to_the_slice_of_a_segment(panel, state):
    panel.apply(evolve(state, details=Details.WALL))
    assert panel.bullseye.isVisible() and not panel.reset.isVisible()
    assert "normal 4.1–8.5 mm by Kawel 2012" in panel.note.text()
    gone = []
    panel.slice_requested.connect(lambda *where: gone.append(where))
    for segment in (1, 7, 13, 17):
        panel.bullseye.segment_requested.emit(segment)
    slices = [index for _, index in gone]
    assert len(gone) == 3 and slices == sorted(slices, reverse=True)
    panel.quantity.buttons["%"].click()
    assert "%" in panel.bullseye.accessibleDescription()
    panel.apply(evolve(state, details=Details.WALL, runs={}))
    assert not panel.bullseye.isVisible() and panel.note.text()


def test_pages_fit_the_column_on_a_small_screen(panel, state):
    for page in Details:
        panel.apply(evolve(state, details=page))
        panel.adjustSize()
        assert panel.minimumSizeHint().width() <= 352
        assert panel.heightForWidth(352) < 460


def test_the_function_panel_marks_what_lies_beyond_the_range(qtbot, state):
    panel = FunctionPanel()
    qtbot.addWidget(panel)
    panel.apply(state)
    assert "↓" not in panel.lv_ef.text() and "↑" not in panel.lv_ef.text()
    heavy = replace(state.facts, typed=replace(MAN, weight_kg=400, height_cm=250))
    assert set(beyond_norms(findings_now(evolve(state, facts=heavy)))) >= {"lv_mass_g_m2", "lv.sv_ml_m2"}
    run = next(run for key, run in state.segmentation.runs.items() if key.precision == INT8)
    weak = replace(run.function, lv=replace(run.function.lv, ef_percent=30.0))
    runs = {key: replace(each, function=weak) for key, each in state.segmentation.runs.items()}
    panel.apply(evolve(state, runs=runs))
    assert panel.lv_ef.text() == "30 % ↓"
