"""Archives that answer in other character sets, with thousands of studies, or with what was not asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
import pytest
from archive_servers import odd_server
from dicom_cine import ROOT, write_cine

from engine.errors import Cancelled
from engine.exchange import search, transfer
from engine.exchange.arrivals import INCOMING
from engine.exchange.search import Query
from engine.exchange.servers import Server, ServerError
from engine.progress import CancelToken

STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.2"


@dataclass
class Odd:
    """An archive that answers as a test wants. studies: answers to a query. sent: what it sends of each object.

    while_answering: is called before each answer.
    """

    studies: list[pydicom.Dataset] = field(default_factory=list)
    images: list[Path] = field(default_factory=list)
    sent: Callable[[pydicom.FileDataset, int], list[pydicom.FileDataset]] = lambda image, number: [image]
    while_answering: Callable[[Any, int], None] = lambda event, number: None

    def find(self, event: Any) -> Iterator[tuple[int, Any]]:
        if event.identifier.QueryRetrieveLevel == "STUDY":
            for number, study in enumerate(self.studies):
                self.while_answering(event, number)
                if event.is_cancelled:
                    yield 0xFE00, None
                    return
                yield 0xFF00, study
            return
        for image in self.images[: None if event.identifier.QueryRetrieveLevel == "IMAGE" else 1]:
            header = pydicom.dcmread(image, stop_before_pixels=True)
            answer = pydicom.Dataset()
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"):
                setattr(answer, keyword, header[keyword].value)
            yield 0xFF00, answer

    def get(self, event: Any) -> Iterator[Any]:
        whole = [each for n, path in enumerate(self.images) for each in self.sent(pydicom.dcmread(path), n)]
        yield len(whole)
        for each in whole:
            yield 0xFF00, each


@pytest.fixture(scope="module", name="listening")
def listening_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Odd, Server]]:
    folder = tmp_path_factory.mktemp("odd")
    write_cine(folder / "cine", 2, 2)
    made = Odd(images=sorted((folder / "cine").iterdir()))
    with odd_server(made.find, made.get) as server:
        yield made, server


@pytest.fixture(name="odd")
def odd_fixture(listening: tuple[Odd, Server]) -> tuple[Odd, Server]:
    listening[0].studies, listening[0].sent = [], lambda image, number: [image]
    listening[0].while_answering = lambda event, number: None
    return listening


def study(number: int, name: str, charset: list[str] | str = "ISO_IR 192", day: str = "20240229") -> pydicom.Dataset:
    answer = pydicom.Dataset()
    answer.SpecificCharacterSet = charset
    answer.StudyInstanceUID, answer.PatientName, answer.PatientID = f"1.2.{number}", name, f"P-{number:05}"
    answer.StudyDate, answer.ModalitiesInStudy = day, "MR"
    return answer


def test_names_in_other_character_sets_are_read_and_searched_for(odd: tuple[Odd, Server]) -> None:
    made, server = odd
    made.studies = [
        study(1, "Yamada^Tarou=山田^太郎=やまだ^たろう", ["", "ISO 2022 IR 87"]),
        study(2, "Wang^XiaoDong=王^小东=", "GB18030"),
        study(3, "Hong^Gildong=洪^吉洞=홍^길동", ["", "ISO 2022 IR 149"]),
        study(4, "Müller^Änne"),
        study(5, "Люксембург^Роза", "ISO_IR 144"),
        study(6, "=山田^花子=", ["", "ISO 2022 IR 87"]),
    ]
    found = {each.uid: each.patient for each in transfer.find_studies(server, Query()).studies}
    assert found == {
        "1.2.1": "Yamada, Tarou (山田, 太郎)",
        "1.2.2": "Wang, XiaoDong (王, 小东)",
        "1.2.3": "Hong, Gildong (洪, 吉洞)",
        "1.2.4": "Müller, Änne",
        "1.2.5": "Люксембург, Роза",
        "1.2.6": "山田, 花子",
    }
    for asked, uids in (("山田", ["1.2.1", "1.2.6"]), ("王", ["1.2.2"]), ("роза", ["1.2.5"]), ("anne mull", ["1.2.4"])):
        assert sorted(each.uid for each in transfer.find_studies(server, Query(asked)).studies) == uids, asked


def test_an_unknown_character_set_hides_no_study(odd: tuple[Odd, Server]) -> None:
    made, server = odd
    made.studies = [study(1, "Anna^Maria", "ISO_IR 100"), study(2, "Otto^Karl", "ISO_IR 100")]
    made.studies[0].SpecificCharacterSet = "NO SUCH SET"
    assert len(transfer.find_studies(server, Query()).studies) == 2


def test_of_very_many_studies_the_newest_are_shown(odd: tuple[Odd, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive names them in its own order: the newest come last."""
    made, server = odd
    made.studies = [study(n, "Many^One", day=f"{2000 + n // 10}{n % 12 + 1:02}01") for n in range(100)]
    found = transfer.find_studies(server, Query(since=date(2000, 1, 1)), most=10)
    assert (len(found.studies), found.cut, found.unread) == (10, True, False)
    assert {each.date[:4] for each in found.studies} == {"2009"}
    for name, value in (("MOST_ANSWERS", 30), ("LONG_ENOUGH_S", 0.0)):
        monkeypatch.setattr(search, name, value)
        found = transfer.find_studies(server, Query(), most=10)
        assert (len(found.studies), found.cut, found.unread) == (10, True, True)


def test_a_query_can_be_cancelled_and_its_server_may_vanish(odd: tuple[Odd, Server]) -> None:
    made, server = odd
    made.studies = [study(n, "Many^One") for n in range(2000)]
    cancel = CancelToken()
    made.while_answering = lambda event, number: cancel.cancel() if number == 20 else None
    started = time.monotonic()
    with pytest.raises(Cancelled):
        transfer.find_studies(server, Query(), cancel=cancel)
    assert time.monotonic() - started < 5
    made.while_answering = lambda event, number: event.assoc.abort() if number == 20 else None
    with pytest.raises(ServerError, match=r"^Odd: ended the connection during the query; try again"):
        transfer.find_studies(server, Query())


def other_patient(image: pydicom.FileDataset, number: int) -> list[pydicom.FileDataset]:
    if number == 0:
        image.PatientID, image.PatientName = "P-OTHER", "Someone^Else"
    return [image]


def other_study(image: pydicom.FileDataset, number: int) -> list[pydicom.FileDataset]:
    if number == 3:
        image.StudyInstanceUID = "1.2.3.4"
    return [image]


def twice(image: pydicom.FileDataset, number: int) -> list[pydicom.FileDataset]:
    if number != 2:
        return [image]
    other = pydicom.dcmread(image.filename)
    other.PixelData = bytes(len(other.PixelData))
    return [image, other]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (other_patient, "is of another patient than the other objects of the study"),
        (other_study, "is of another study than was asked for"),
        (twice, "was sent twice, with different contents"),
    ],
)
def test_what_was_not_asked_for_is_not_mixed_in(
    odd: tuple[Odd, Server], tmp_path: Path, sent: Callable[..., Any], said: str
) -> None:
    made, server = odd
    made.sent = sent
    with pytest.raises(ServerError, match=rf"^Odd: sent what is not kept: \S+ {said}; 3 of 4 are whole$"):
        transfer.fetch(server, STUDY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]
    kept = list(tmp_path.rglob("*.dcm"))
    assert len(kept) == 3
    assert {pydicom.dcmread(path).PatientID for path in kept} == {"P-0042"}
    # What was here before tells whose study it is.
    made.sent = lambda image, number: other_patient(image, 0)
    with pytest.raises(ServerError, match="is of another patient"):
        transfer.fetch(server, STUDY, tmp_path)
    made.sent = lambda image, number: [image]
    assert transfer.fetch(server, STUDY, tmp_path).new == 1
    assert [path.name for path in tmp_path.iterdir()] == [SERIES]


def test_no_thread_is_left_behind(listening: tuple[Odd, Server]) -> None:
    end = time.monotonic() + 10
    while left := [each for each in threading.enumerate() if each.name.startswith("cinequant-")]:
        assert time.monotonic() < end, left
        time.sleep(0.02)
