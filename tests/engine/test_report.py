"""The report as an independent reader of PDF sees it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from dossiers import FRAMES, NAME, OPEN, dossier, heart
from PIL import Image
from pypdf import PdfReader

from engine.dossier import Beside, IdentifyBy, Identity, scan_code
from engine.errors import ExportError
from engine.measures.body import RateSource, Sex, body_of
from engine.measures.findings import findings_of
from engine.measures.flags import Flag, Where
from engine.measures.function import measure
from engine.measures.reading import Base, Reading
from engine.paper.content import Content
from engine.paper.sheet import HEIGHT, WIDTH
from engine.report import COLOURS, Letterhead, content_of, to_pdf
from engine.tables import rows, to_text
from engine.volume import LV, RV, LabelMap


def text_of(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    [page] = reader.pages
    assert (round(float(page.mediabox.width), 2), round(float(page.mediabox.height), 2)) == (WIDTH, HEIGHT)
    return page.extract_text()


def flat(text: str) -> str:
    """Without the line breaks that wrapping makes."""
    return "".join(text.split())


def test_a_full_page_says_everything() -> None:
    head = Letterhead("St. Example Hospital", _png(), "Reduced function.\nSecond line.", "1 March 2024")
    found = dossier()
    text = text_of(to_pdf(content_of(found, head)))
    function = found.findings.function
    for said in (
        NAME, "P-0042", "2024-02-29", "female · 61 years", "St. Example Hospital", "Reduced function.", "Second line.",
        "1 March 2024", "Research use only, not for diagnosis", "3 of 80 slices", "Frame 1 (ED): slices 3, 4",
        "Frame 1, slice 3: Look closer.", "Tiny 2 (tiny)", "Precision: int8", "ab" * 32, "Papillary muscles",
        "Mosteller", "UK Biobank",
        f"{function.lv.edv_ml:.0f}", f"{function.lv.ef_percent:.0f}", "End-diastole, frame 1 (0 ms), 16 slices",
        "Wall thickness, ED", "CineQuant",
    ):  # fmt: skip
        assert flat(said) in flat(text), said


def test_other_masks_precisions_and_readers_stand_beside() -> None:
    of = dossier()
    larger = replace(of.function, lv=replace(of.function.lv, edv_ml=of.function.lv.edv_ml + 5.04))
    beside = Beside(of.function, larger, larger, larger, of.function)
    made = content_of(replace(of, beside=beside), Letterhead())
    rows = dict(made.comparison.rows)
    assert list(rows) == ["Model", "Corrected by hand", "Loaded mask", "float32 − int8", "Between readers (literature)"]
    assert rows["float32 − int8"][0] == "+5.0" and rows["Between readers (literature)"][0] == "15.2–28.4"
    assert "15.2–28.4" in text_of(to_pdf(made)) and "RV EDV, mL" in text_of(to_pdf(made))
    assert not content_of(replace(of, beside=Beside(of.function)), Letterhead()).comparison.rows
    unsure = replace(of.function, doubtful=frozenset({"lv"}))
    [(_, model), (_, corrected)] = content_of(
        replace(of, beside=Beside(unsure, of.function)), Letterhead()
    ).comparison.rows
    assert model[0] == corrected[0] + "?" and model[4] == corrected[4]


def test_frames_are_counted_in_whole_numbers() -> None:
    of = dossier(frames=12)
    curve = content_of(replace(of, volume=replace(of.volume, frame_times_ms=None)), Letterhead()).curve
    assert curve is not None and curve.at == tuple(range(1, 13))
    said = text_of(to_pdf(Content(curve=curve, colours=COLOURS))).split()
    assert "3" in said and "2.5" not in said


def test_what_was_ticked_off_is_not_open_and_what_does_not_count_is_said() -> None:
    volume, labels = heart(6)
    reading = Reading(left_out=frozenset((RV, t, 5) for t in range(FRAMES)) | {(LV, 0, 0)}, base=Base.SCMR)
    function = measure(labels, volume, reading)
    found = replace(dossier(6), findings=findings_of(function, volume, body_of(volume)))
    text = flat(text_of(to_pdf(content_of(found, Letterhead()))))
    assert "Tickedoff" not in text
    assert flat("RV cavity, slice 6: does not count (all frames)") in text
    assert flat("LV cavity, slice 1: does not count (frame 1)") in text
    assert flat("Basal slices: SCMR: one counts") in text
    assert flat("× does not count (grey)") in text


def test_what_is_left_open_is_joined_as_in_the_window() -> None:
    flags = tuple(Flag(Where("rv", t, z), 5.0 + z, ("Look closer.",)) for t in (1, 3, 4) for z in (2, 3))
    found = replace(dossier(), flags=(*flags, OPEN))
    assert content_of(found, Letterhead()).flags == (
        "Frame 1, slice 3: Look closer.",
        "Frames 2–5, slices 3–4: Look closer.",
    )


def test_volumes_of_a_mask_of_one_frame_are_not_called_end_diastolic() -> None:
    volume, labels = heart(6)
    one = np.zeros_like(labels.array)
    one[2] = labels.array[2]
    function = measure(LabelMap(one, labels.geometry), volume)
    found = replace(
        dossier(6), labels=LabelMap(one, labels.geometry), findings=findings_of(function, volume, body_of(volume))
    )
    made = content_of(found, Letterhead())
    assert made.numbers[0].name == "Volume, phase not known" and made.numbers[0].lv.text not in ("", "–")
    assert not any(row.name.startswith("End-") for row in made.numbers)
    assert [pictures.title.split(" · ")[0] for pictures in made.pictures] == [
        "Phase not known, frame 3 (400 ms), 6 slices, base first"
    ]
    assert made.curve is None  # one point is no curve
    assert ("Frame measured, phase not known", "3", "from 1") in rows(found)
    assert "Volume, phase not known" in to_text(found, str)


@pytest.mark.parametrize(
    ("slices", "said"), [((0,), "1"), ((1, 2), "2, 3"), ((0, 2, 3, 4, 6), "1, 3–5, 7"), (tuple(range(14)), "1–14")]
)
def test_many_corrected_slices_are_said_in_few_words(slices: tuple[int, ...], said: str) -> None:
    found = replace(dossier(16), corrected=[(0, index) for index in slices])
    assert content_of(found, Letterhead()).corrected[1] == f"Frame 1 (ED): slices {said}"


def test_nothing_is_clipped_with_a_long_name_and_16_slices() -> None:
    """Every letter lies on the page, and no two blocks of words share a place."""
    pdf = to_pdf(content_of(dossier(), Letterhead("H" * 120, _png(), "Word " * 120)))
    places: list[tuple[float, float]] = []

    def visit(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        if text.strip():
            places.append((tm[4] * cm[0] + cm[4], tm[5] * cm[3] + cm[5]))

    PdfReader(io.BytesIO(pdf)).pages[0].extract_text(visitor_text=visit)
    assert len(places) > 60
    assert all(20 < x < WIDTH - 20 and 20 < y < HEIGHT - 20 for x, y in places)


@pytest.mark.parametrize("slices", [1, 3, 9, 16, 40])
def test_every_number_of_slices_has_its_page(slices: int) -> None:
    content = content_of(dossier(slices), Letterhead())
    assert [len(pictures.tiles) for pictures in content.pictures] == [min(slices, 16)] * 2
    text_of(to_pdf(content))


def test_what_the_user_typed_is_on_the_page_and_where_no_range_is() -> None:
    found = dossier(4)
    typed = replace(found.findings.body, sex=Sex.MALE, age_years=50.0, heart_rate_bpm=72, rate_source=RateSource.TYPED)
    made = content_of(replace(found, findings=replace(found.findings, body=typed)), Letterhead())
    facts = dict(made.facts)
    assert facts["Sex, age"] == "male · 50 years" and facts["Heart rate"] == "72/min (typed)"
    norms = {row.name: (row.lv.norm, row.rv.norm if row.rv else None) for row in made.numbers if row.lv is not None}
    assert norms["Ejection fraction"] == ("48–68", "no range")
    unknown = replace(typed, sex=None, age_years=None)
    bare = content_of(replace(found, findings=replace(found.findings, body=unknown)), Letterhead())
    assert not any(number.norm for row in bare.numbers for number in (row.lv, row.rv) if number is not None)
    assert "No range: sex and age are needed." in bare.rules


def test_a_single_frame_has_no_curve() -> None:
    content = content_of(dossier(4, frames=1), Letterhead())
    assert content.curve is None
    assert len(content.pictures) == 1
    assert "End-diastole," not in text_of(to_pdf(content))


def test_equal_content_gives_equal_bytes() -> None:
    head = Letterhead("Hospital", _png(), "Fine.")
    assert to_pdf(content_of(dossier(), head)) == to_pdf(content_of(dossier(), head))


def test_the_base_comes_first() -> None:
    found = dossier(6)
    assert [tile.caption[0] for tile in content_of(found, Letterhead()).pictures[0].tiles] == list("123456")
    turned = replace(
        found,
        volume=replace(found.volume, array=found.volume.array[:, ::-1]),
        labels=LabelMap(found.labels.array[:, ::-1], found.labels.geometry),
    )
    assert [tile.caption[0] for tile in content_of(turned, Letterhead()).pictures[0].tiles] == list("654321")


def test_outlines_lie_on_the_structure() -> None:
    tile = content_of(dossier(3), Letterhead(), window=(150.0, 300.0)).pictures[0].tiles[0]
    [points] = [points for structure, points in tile.outlines if structure == LV]
    rows, columns = tile.picture.shape
    x, y = np.round(points.mean(axis=0) * (columns, rows)).astype(int)
    assert 0 <= points.min() <= points.max() <= 1
    # The cavity's voxels are 100 to 106, the wall's 200 and more.
    assert tile.picture[y, x] < 92
    assert tile.picture[y, x + 16] > 165


def test_who_is_asked_not_to_be_named_is_not() -> None:
    for by in (IdentifyBy.CODE, IdentifyBy.PSEUDONYM):
        found = dossier(by=by)
        if by is IdentifyBy.PSEUDONYM:
            found = replace(found, identity=Identity(by, "Subject 7"))
        text = flat(text_of(to_pdf(content_of(found, Letterhead()))))
        assert "Mustermann" not in text
        assert "P-0042" not in text
        assert "2024-02-29" not in text
        assert flat("Subject 7" if by is IdentifyBy.PSEUDONYM else scan_code(found.volume)) in text


def test_german_pages_are_german() -> None:
    text = text_of(to_pdf(content_of(dossier(), Letterhead(conclusion="Gut."), language="de")))
    for said in ("Befund Herz-MRT", "weiblich · 61 Jahre", "Beurteilung", "Nur für die Forschung"):
        assert flat(said) in flat(text)


@pytest.mark.parametrize(
    "name", ["Мария Иванова", "Ελένη Παπαδοπούλου", "Đặng Thị Ánh", "Zażółć Gęślą", "Կարեն", "ნინო"]
)
def test_names_in_other_scripts_are_written(name: str) -> None:
    text = text_of(to_pdf(content_of(dossier(3, name=name), Letterhead())))
    assert flat(name) in flat(text)
    assert "without a glyph" not in text


def test_what_has_no_glyph_is_said() -> None:
    text = text_of(to_pdf(content_of(dossier(3, name="Yamada 山田"), Letterhead())))
    assert "□□" in text
    assert flat("Characters without a glyph here: U+5C71 U+7530") in flat(text)


def test_a_conclusion_without_room_is_one_clear_line() -> None:
    content = content_of(dossier(), Letterhead(conclusion="Word " * 900))
    with pytest.raises(ExportError, match=r"^the conclusion has 4500 characters and 1 lines, .*; shorten it$"):
        to_pdf(content)


@pytest.mark.parametrize("logo", [b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 64])
def test_a_logo_that_is_no_png_is_one_clear_line(logo: bytes) -> None:
    with pytest.raises(ExportError, match="the logo is no PNG, or damaged"):
        to_pdf(Content(logo=logo))


def test_a_huge_logo_is_refused_before_it_is_unpacked() -> None:
    made = io.BytesIO()
    Image.new("L", (9000, 9000)).save(made, "PNG")
    with pytest.raises(ExportError, match="9000 × 9000 pixels"):
        to_pdf(Content(logo=made.getvalue()))


def _png() -> bytes:
    made = io.BytesIO()
    Image.new("RGBA", (90, 30), (200, 30, 30, 128)).save(made, "PNG")
    return made.getvalue()
