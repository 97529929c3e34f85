"""DIMSE against real archives: Debian's Orthanc and dcmtk's; and against servers that misbehave."""

from __future__ import annotations

import queue
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from archive_servers import (
    HAS_DCMTK,
    HAS_ORTHANC,
    WITHOUT_DCMTK,
    WITHOUT_ORTHANC,
    Orthanc,
    dcmtk,
    free_port,
    odd_server,
    running,
    running_dcmqrscp,
    running_orthanc,
)
from dicom_cine import ROOT, labels, write_cine
from dossiers import MADE

from engine.dossier import Dossier
from engine.errors import Cancelled
from engine.exchange import dimse, transfer
from engine.exchange.arrivals import INCOMING
from engine.exchange.association import Watch
from engine.exchange.search import Query
from engine.exchange.servers import Server, ServerError, server_at
from engine.exchange.structured_report import write_sr
from engine.formats import seg
from engine.formats.door import open_scan
from engine.formats.masks import read_masks
from engine.measures.body import body_of
from engine.measures.findings import findings_of
from engine.measures.function import measure
from engine.progress import CancelToken
from engine.volume import LabelMap

STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.2"
needs_orthanc = pytest.mark.skipif(not HAS_ORTHANC, reason=WITHOUT_ORTHANC)
needs_dcmtk = pytest.mark.skipif(not HAS_DCMTK, reason=WITHOUT_DCMTK)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.name.startswith("test")]
    for thread in left:
        thread.join(2)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cine") / "scan"
    write_cine(folder, 4, 3)
    return folder


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, cine: Path) -> Iterator[Orthanc]:
    """An Orthanc that has the cine."""
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        assert transfer.send(dicom_of(server), [cine]) == 12
        yield server


def dicom_of(orthanc: Orthanc) -> Server:
    return server_at(f"{Orthanc.TITLE}@127.0.0.1:{orthanc.dicom}", name="Orthanc")


def files_of(folder: Path) -> dict[str, Path]:
    """By UID."""
    return {
        str(pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID): p for p in folder.rglob("*") if p.is_file()
    }


def assert_same(got: Path, sent: Path) -> None:
    """The same objects with the same pixels, and nothing beside them."""
    ours, theirs = files_of(got), files_of(sent)
    assert set(ours) == set(theirs)
    for uid, path in ours.items():
        np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, pydicom.dcmread(theirs[uid]).pixel_array)
    assert not list(got.rglob(INCOMING))


# -- against Orthanc -------------------------------------------------------------------------------------------------


@needs_orthanc
def test_find_fetch_and_send_back_gives_the_same_mask_and_numbers(orthanc: Orthanc, cine: Path, tmp_path: Path) -> None:
    server = dicom_of(orthanc)
    assert transfer.echo(server) < 5
    (study,) = transfer.find_studies(server, Query("müller", modality="MR")).studies
    assert (study.uid, study.patient, study.patient_id) == (STUDY, "Müller, Anna Maria", "P-0042")
    assert (study.date, study.modalities, study.instances) == ("2024-02-29", ("MR",), 12)
    (series,) = transfer.find_series(server, study.uid)
    assert (series.uid, series.description, series.number, series.instances) == (SERIES, "cine sa", "7", 12)

    told: list[tuple[int, int]] = []
    fetched = transfer.fetch(
        server, study.uid, tmp_path / "study", progress=lambda done, total, _: told.append((done, total))
    )
    assert (fetched.new, fetched.there, told[0], told[-1]) == (12, 0, (0, 12), (12, 12))
    assert_same(tmp_path / "study", cine)

    volume = open_scan([tmp_path / "study"])
    mask = LabelMap(labels(4, 3), volume.geometry)
    files = seg.write_seg(tmp_path / "mask", mask, volume, algorithm="QuantLite int8", version="1")
    findings = findings_of(measure(mask, volume), volume, body_of(volume))
    report = write_sr(tmp_path / "sr.dcm", Dossier(volume, mask, findings, MADE), segs=files)
    assert transfer.send(server, [*files, report]) == 5
    # The study has grown: only what is new comes.
    grown = transfer.fetch(server, study.uid, tmp_path / "study")
    assert (grown.new, grown.there) == (5, 12)
    back = pydicom.dcmread(files[0]).SeriesInstanceUID
    read = read_masks(sorted((tmp_path / "study" / back).iterdir()), volume)
    np.testing.assert_array_equal(read.labels.array, mask.array)
    sent = pydicom.dcmread(report)
    (came,) = (tmp_path / "study" / sent.SeriesInstanceUID).iterdir()
    assert pydicom.dcmread(came).ContentSequence == sent.ContentSequence


@needs_orthanc
def test_nothing_is_fetched_twice(orthanc: Orthanc, tmp_path: Path) -> None:
    server = dicom_of(orthanc)
    transfer.fetch(server, STUDY, tmp_path, series=[SERIES])
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.dcm")}
    assert transfer.fetch(server, STUDY, tmp_path, series=[SERIES]).new == 0
    for gone in sorted(times)[:3]:
        gone.unlink()
        del times[gone]
    again = transfer.fetch(server, STUDY, tmp_path, series=[SERIES])
    assert (again.new, again.there) == (3, 9)
    assert times.items() <= {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.dcm")}.items()


@needs_orthanc
def test_our_own_receiver_takes_what_is_moved(orthanc: Orthanc, cine: Path, tmp_path: Path) -> None:
    server = replace(dicom_of(orthanc), move=True, receiver_port=orthanc.receiver)
    assert transfer.fetch(server, STUDY, tmp_path / "out", series=[SERIES]).new == 12
    assert_same(tmp_path / "out", cine)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = replace(server, receiver_port=taken.getsockname()[1])
        with pytest.raises(ServerError, match=r"Orthanc: port .* cannot be listened at"):
            transfer.fetch(busy, STUDY, tmp_path / "other")


@needs_orthanc
def test_a_query_for_nothing_finds_nothing(orthanc: Orthanc, tmp_path: Path) -> None:
    server = dicom_of(orthanc)
    assert transfer.find_studies(server, Query("nobody")).studies == ()
    assert transfer.find_series(server, "1.2.3") == ()
    with pytest.raises(ServerError, match="Orthanc: has no objects of this study"):
        transfer.fetch(server, "1.2.3", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@needs_orthanc
def test_a_wrong_connection_is_said_in_one_line(orthanc: Orthanc) -> None:
    server = dicom_of(orthanc)
    for wrong, said in (
        (replace(server, title="OTHER"), "does not know the AE title OTHER, by which it was called"),
        (replace(server, our_title="OTHER"), "ended the connection during the query; .* whether OTHER may do that"),
        (replace(server, port=free_port()), "nothing listens at port"),
        (replace(server, host="no-such-host.invalid"), "the host no-such-host.invalid is unknown"),
        (replace(server, tls=True), "does not speak TLS"),
        (replace(server, port=orthanc.http), "closed the connection without an answer|was silent"),
    ):
        with pytest.raises(ServerError, match=f"^Orthanc: .*{said}") as raised:
            transfer.find_studies(replace(wrong, wait_s=2), Query())
        assert "\n" not in str(raised.value)


@needs_orthanc
def test_a_server_that_is_killed_loses_nothing_and_is_gone_on_with(
    orthanc: Orthanc, cine: Path, tmp_path: Path
) -> None:
    server = replace(dicom_of(orthanc), wait_s=5)

    def kill(done: int, total: int, what: str) -> None:
        if done >= 3:
            orthanc.kill()

    try:
        with pytest.raises(ServerError, match=r"^Orthanc: ended the connection during the objects; try again"):
            transfer.fetch(server, STUDY, tmp_path, series=[SERIES], progress=kill)
        assert [path.name for path in tmp_path.iterdir()] == [INCOMING]
    finally:
        orthanc.kill()
        orthanc.start()
    fetched = transfer.fetch(server, STUDY, tmp_path, series=[SERIES])
    assert fetched.there >= 3
    assert fetched.new + fetched.there == 12
    assert_same(tmp_path, cine)


@needs_orthanc
def test_cancelling_leaves_what_the_next_try_goes_on_with(orthanc: Orthanc, cine: Path, tmp_path: Path) -> None:
    cancel = CancelToken()

    def stop(done: int, total: int, what: str) -> None:
        if done >= 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        transfer.fetch(dicom_of(orthanc), STUDY, tmp_path, series=[SERIES], progress=stop, cancel=cancel)
    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]
    assert transfer.fetch(dicom_of(orthanc), STUDY, tmp_path, series=[SERIES]).there >= 2
    assert_same(tmp_path, cine)


# -- against dcmtk ---------------------------------------------------------------------------------------------------


@needs_dcmtk
def test_dcmtks_archive_is_found_fetched_moved_and_refuses(
    cine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetching goes on several connections at once."""
    monkeypatch.setattr(dimse, "_AT_ONCE", 3)
    receiver = free_port()
    (tmp_path / "server").mkdir()
    with running_dcmqrscp(tmp_path / "server", receiver) as port:
        server = server_at(f"ARCHIVE@localhost:{port}", name="dcmtk")
        assert transfer.send(server, [cine]) == 12
        for query in (Query("Müller"), Query("P-0042"), Query(modality="MR")):
            assert [study.uid for study in transfer.find_studies(server, query).studies] == [STUDY]
        # What dcmtk's own program finds there is what we have sent.
        asked = ["-aec", "ARCHIVE", "-aet", "CINEQUANT", "-S", "-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID"]
        asked += ["-k", f"StudyInstanceUID={STUDY}", "-k", f"SeriesInstanceUID={SERIES}", "localhost", str(port)]
        said = subprocess.run([dcmtk("findscu"), *asked], capture_output=True, text=True, check=True)
        assert set(re.findall(r"0008,0018\) UI \[([0-9.]+)", said.stdout + said.stderr)) == set(files_of(cine))
        assert transfer.fetch(server, STUDY, tmp_path / "got").new == 12
        assert_same(tmp_path / "got", cine)
        moving = replace(server, move=True, receiver_port=receiver)
        assert transfer.fetch(moving, STUDY, tmp_path / "moved").new == 12
        assert_same(tmp_path / "moved", cine)
        with pytest.raises(ServerError, match="dcmtk: does not know where OTHER is; let its administrator add it"):
            transfer.fetch(replace(moving, our_title="OTHER"), STUDY, tmp_path / "nobody")
        with pytest.raises(ServerError, match="does not know the AE title X"):
            transfer.echo(replace(server, title="X"))


@needs_dcmtk
def test_dcmtks_store_takes_what_it_can_and_says_what_it_refuses(cine: Path, tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "out"
    out.mkdir()
    with running([dcmtk("storescp"), "-od", str(out), str(port)], port, out):
        server = server_at(f"STORE@127.0.0.1:{port}")
        assert transfer.send(server, [cine]) == 12
        with pytest.raises(ServerError, match="takes none of what was proposed"):
            transfer.find_studies(server, Query())
    assert len(list(out.glob("MR.*"))) == 12
    with (
        running([dcmtk("storescp"), "--refuse", str(port)], port, tmp_path),
        pytest.raises(ServerError, match="refused"),
    ):
        transfer.send(server, [cine])


@needs_dcmtk
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine to make certificates")
def test_what_goes_over_a_network_is_encrypted_for_a_trusted_server(cine: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    port, out = free_port(), tmp_path / "out"
    out.mkdir()
    encrypted = ["+tls", str(key), str(certificate), "-ic", "-od", str(out), str(port)]
    with running([dcmtk("storescp"), *encrypted], port, out):
        server = server_at(f"STORE@localhost:{port}", name="Safe", tls=True)
        assert transfer.send(replace(server, authority=str(certificate)), [cine]) == 12
        for wrong, said in (
            (server, "the certificate of localhost is not trusted"),
            (
                replace(server, host="127.0.0.1", authority=str(certificate)),
                "the certificate of 127.0.0.1 is not trusted",
            ),
            (replace(server, authority=str(tmp_path / "none.pem")), "none.pem is not there"),
            (replace(server, authority=str(key)), "key.pem holds no usable certificate"),
            (replace(server, tls=False, wait_s=2), "it may want TLS|was silent"),
        ):
            with pytest.raises(ServerError, match=f"^Safe: .*({said})"):
                transfer.echo(wrong)
    assert len(list(out.glob("MR.*"))) == 12


# -- servers that misbehave ------------------------------------------------------------------------------------------


def test_a_server_that_never_answers_is_left_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = replace(server_at(f"SILENT@127.0.0.1:{silent.getsockname()[1]}", name="Silent"), wait_s=0.3)
        with pytest.raises(ServerError, match=r"Silent: took the connection and was silent for 0\.3 s"):
            transfer.echo(server)
        with pytest.raises(ServerError, match="did not start TLS"):
            transfer.echo(replace(server, tls=True))
        cancel = CancelToken()
        stop = threading.Timer(0.2, cancel.cancel)
        stop.start()
        with pytest.raises(Cancelled):
            transfer.echo(replace(server, wait_s=60), cancel=cancel)
        stop.join()


class Misbehaving:
    """An archive whose objects are what the test makes of them. mend: what it sends instead of each."""

    def __init__(self, cine: Path) -> None:
        self.images = [pydicom.dcmread(path) for path in sorted(cine.iterdir())]
        self.damage: Any = lambda number, image: image
        self.hang: threading.Event | None = None

    def find(self, event: Any) -> Iterator[tuple[int, Any]]:
        for image in self.images if event.identifier.QueryRetrieveLevel == "IMAGE" else self.images[:1]:
            answer = pydicom.Dataset()
            answer.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"):
                setattr(answer, keyword, image[keyword].value)
            yield 0xFF00, answer

    def get(self, event: Any) -> Iterator[Any]:
        yield len(self.images)
        for number, image in enumerate(self.images):
            if self.hang is not None and number == 5:
                self.hang.wait(20)
            yield 0xFF00, self.damage(number, pydicom.dcmread(image.filename))


@pytest.fixture(name="misbehaving")
def misbehaving_fixture(cine: Path) -> Iterator[tuple[Misbehaving, Server]]:
    made = Misbehaving(cine)
    with odd_server(made.find, made.get) as server:
        yield made, server
        if made.hang is not None:
            made.hang.set()


def test_damaged_objects_are_said_and_not_kept(misbehaving: tuple[Misbehaving, Server], tmp_path: Path) -> None:
    made, server = misbehaving

    def damaged(number: int, image: Any) -> Any:
        if number == 4:
            image.PixelData = image.PixelData[:100]
        if number == 6:
            image.SeriesInstanceUID = "1.2.3"
        return image

    made.damage = damaged
    with pytest.raises(
        ServerError,
        match=r"^Odd: sent what is not kept: \S+ is cut off: .* and 1 more; 10 of 12 are whole$",
    ):
        transfer.fetch(server, STUDY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]
    made.damage = lambda number, image: image
    fetched = transfer.fetch(server, STUDY, tmp_path)
    assert (fetched.there, fetched.new) == (10, 2)


def test_a_server_that_falls_silent_in_the_middle_is_left(
    misbehaving: tuple[Misbehaving, Server], tmp_path: Path
) -> None:
    made, server = misbehaving
    made.hang = threading.Event()
    with pytest.raises(ServerError, match=r"^Odd: was silent for 0\.5 s during the objects; try again$"):
        transfer.fetch(replace(server, wait_s=0.5), STUDY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]
    assert len(list(tmp_path.rglob("*.dcm"))) == 5


def test_a_full_disk_ends_the_transfer(misbehaving: tuple[Misbehaving, Server], tmp_path: Path) -> None:
    _, server = misbehaving
    with pytest.raises(Exception, match=f"^{tmp_path}: would hold more than 1e-05 GB of fetched studies"):
        transfer.fetch(server, STUDY, tmp_path, limit_bytes=10_000)


def test_what_is_no_dicom_is_not_sent(tmp_path: Path) -> None:
    server = server_at("ANY@127.0.0.1:1")
    (tmp_path / "text.txt").write_text("x" * 200, encoding="utf-8")
    with pytest.raises(ServerError, match="is no DICOM object"):
        transfer.send(server, [tmp_path / "text.txt"])
    with pytest.raises(ServerError, match="holds no DICOM objects"):
        transfer.send(server, [tmp_path])
    with pytest.raises(ServerError, match="No such file"):
        transfer.send(server, [tmp_path / "none.dcm"])


def test_a_request_that_begins_just_as_the_server_vanishes_ends() -> None:
    """pynetdicom's own threads have ended by then, and nobody else would answer it."""
    answers: queue.Queue[Any] = queue.Queue()
    ours, theirs = socket.socketpair()
    theirs.close()
    dul, dimse_service = SimpleNamespace(socket=SimpleNamespace(socket=ours)), SimpleNamespace(msg_queue=answers)
    watch = Watch(replace(server_at("STORE@127.0.0.1:104"), wait_s=0.1), CancelToken())
    try:
        watch.opened(SimpleNamespace(assoc=SimpleNamespace(dul=dul, dimse=dimse_service)))
        assert answers.get(timeout=5) == (None, None)
        assert watch.silent
    finally:
        watch.close()
        ours.close()
