"""DICOMweb against a real Orthanc with its plug-in, and against servers that misbehave."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pydicom
import pytest
from archive_servers import HAS_ORTHANC, SECRET, USER, WITHOUT_ORTHANC, Orthanc, free_port, running_orthanc
from dicom_cine import ROOT, write_cine

from engine.errors import Cancelled
from engine.exchange import dicomweb, transfer
from engine.exchange.arrivals import INCOMING
from engine.exchange.search import Query
from engine.exchange.servers import Login, LoginError, Server, ServerError, server_at
from engine.progress import CancelToken

STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.2"
needs_orthanc = pytest.mark.skipif(not HAS_ORTHANC, reason=WITHOUT_ORTHANC)


def web_of(port: int, path: str = "/dicom-web") -> Server:
    server = server_at(f"http://127.0.0.1:{port}{path}", name="Web")
    return replace(server, login=Login.PASSWORD, user=USER, wait_s=5)


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cine") / "scan"
    write_cine(folder, 4, 3)
    return folder


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, cine: Path) -> Iterator[Orthanc]:
    """An Orthanc that has the cine."""
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        assert transfer.send(web_of(server.http), [cine], secret=SECRET) == 12
        yield server


def pixels_of(folder: Path) -> dict[str, Any]:
    images = [pydicom.dcmread(path) for path in folder.rglob("*") if path.is_file()]
    return {str(image.SOPInstanceUID): image.pixel_array for image in images}


@needs_orthanc
def test_find_fetch_and_send(orthanc: Orthanc, cine: Path, tmp_path: Path) -> None:
    server = web_of(orthanc.http)
    assert transfer.echo(server, secret=SECRET) < 5
    (study,) = transfer.find_studies(server, Query("müller", modality="MR"), secret=SECRET).studies
    assert (study.uid, study.patient, study.instances) == (STUDY, "Müller, Anna Maria", 12)
    assert transfer.find_studies(server, Query("nobody"), secret=SECRET).studies == ()
    (series,) = transfer.find_series(server, STUDY, secret=SECRET)
    assert (series.uid, series.description, series.instances) == (SERIES, "cine sa", 12)

    told: list[int] = []
    fetched = transfer.fetch(
        server, STUDY, tmp_path, secret=SECRET, progress=lambda done, total, what: told.append(done)
    )
    assert (fetched.new, told[-1]) == (12, 12)
    ours, theirs = pixels_of(tmp_path), pixels_of(cine)
    assert set(ours) == set(theirs)
    for uid, pixels in ours.items():
        np.testing.assert_array_equal(pixels, theirs[uid])
    next(tmp_path.rglob("*.dcm")).unlink()
    again = transfer.fetch(server, STUDY, tmp_path, secret=SECRET)
    assert (again.new, again.there) == (1, 11)


@needs_orthanc
def test_a_wrong_password_and_none_are_told_apart(orthanc: Orthanc) -> None:
    server = web_of(orthanc.http)
    with pytest.raises(LoginError, match=r"^Web: does not accept the password of reader; enter it again$"):
        transfer.echo(server, secret="guess")
    with pytest.raises(LoginError, match=r"^Web: wants to know who asks"):
        transfer.echo(replace(server, login=Login.NONE))


@needs_orthanc
def test_a_wrong_address_is_said_in_one_line(orthanc: Orthanc) -> None:
    server = web_of(orthanc.http)
    for wrong, said in (
        (web_of(orthanc.http, "/elsewhere"), "has nothing at this address"),
        (web_of(orthanc.http, ""), "refused the query|does not answer as DICOMweb"),
        (web_of(free_port()), "nothing listens at port"),
        (web_of(orthanc.dicom), "ended the connection|was silent"),
        (replace(server, url=f"https://127.0.0.1:{orthanc.http}/dicom-web", tls=True), "does not speak TLS"),
        (replace(server, url="https://no-such-host.invalid", tls=True), "the host no-such-host.invalid is unknown"),
    ):
        with pytest.raises(ServerError, match=f"^Web: .*({said})") as raised:
            transfer.find_studies(replace(wrong, wait_s=1), Query(), secret=SECRET)
        assert "\n" not in str(raised.value)
        assert SECRET not in str(raised.value)


@needs_orthanc
def test_a_server_that_is_killed_is_gone_on_with(orthanc: Orthanc, tmp_path: Path) -> None:
    server = web_of(orthanc.http)

    def kill(done: int, total: int, what: str) -> None:
        if done == 9:
            orthanc.kill()

    transfer.fetch(server, STUDY, tmp_path, secret=SECRET)
    for gone in sorted((tmp_path / SERIES).iterdir())[:5]:
        gone.unlink()
    try:
        with pytest.raises(ServerError, match=r"^Web: "):
            transfer.fetch(server, STUDY, tmp_path, secret=SECRET, progress=kill)
    finally:
        orthanc.kill()
        orthanc.start()
    again = transfer.fetch(server, STUDY, tmp_path, secret=SECRET)
    assert (again.new, again.there) == (3, 9)


# -- servers that misbehave ------------------------------------------------------------------------------------------


@pytest.fixture(name="answering")
def answering_fixture() -> Iterator[Callable[[Callable[[Any], None]], Server]]:
    """Starts a server that answers each request as it is told."""
    started: list[tuple[http.server.ThreadingHTTPServer, threading.Thread]] = []

    def start(answer: Callable[[Any], None]) -> Server:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *arguments: Any) -> None:
                pass

        listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        started.append((listening, thread))
        return replace(web_of(listening.server_address[1], ""), wait_s=1)

    yield start
    for listening, thread in started:
        listening.shutdown()
        listening.server_close()
        thread.join()


def send_back(handler: Any, content: bytes, kind: str, *, claims: int = 0) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(claims or len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def test_damaged_objects_are_said_and_not_kept(
    answering: Callable[[Callable[[Any], None]], Server], cine: Path, tmp_path: Path
) -> None:
    files = {str(pydicom.dcmread(path).SOPInstanceUID): path.read_bytes() for path in cine.iterdir()}
    bad = sorted(files)[3]

    def answer(handler: Any) -> None:
        path = handler.path.partition("?")[0]
        if path.endswith("/series"):
            content = f'[{{"0020000E": {{"vr": "UI", "Value": ["{SERIES}"]}}}}]'.encode()
            send_back(handler, content, "application/dicom+json")
        elif path.endswith("/instances"):
            items = (f'{{"00080018": {{"vr": "UI", "Value": ["{uid}"]}}}}' for uid in files)
            send_back(handler, f"[{','.join(items)}]".encode(), "application/dicom+json")
        else:
            wanted = [path.rpartition("/")[2]] if "/instances/" in path else list(files)
            parts = (files[uid][:-400] if uid == bad else files[uid] for uid in wanted)
            body = b"".join(b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\n" + part for part in parts)
            kind = 'multipart/related; type="application/dicom"; boundary=B'
            send_back(handler, body + b"\r\n--B--\r\n", kind)

    with pytest.raises(ServerError, match=rf"^Web: sent what is not kept: {bad} .*; 11 of 12 are whole$"):
        transfer.fetch(answering(answer), STUDY, tmp_path, secret=SECRET)
    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]
    assert len(list(tmp_path.rglob("*.dcm"))) == 11


def test_a_server_that_gives_few_answers_at_a_time_is_asked_again(
    answering: Callable[[Callable[[Any], None]], Server],
) -> None:
    uids = [f"1.2.3.{number}" for number in range(12)]

    def answer(handler: Any) -> None:
        path, _, query = handler.path.partition("?")
        if path.endswith("/series"):
            count = '"00201209": {"vr": "IS", "Value": [12]}'
            content = f'[{{"0020000E": {{"vr": "UI", "Value": ["{SERIES}"]}}, {count}}}]'
        else:
            offset = int(parse_qs(query)["offset"][0])
            items = (f'{{"00080018": {{"vr": "UI", "Value": ["{uid}"]}}}}' for uid in uids[offset : offset + 5])
            content = f"[{','.join(items)}]"
        send_back(handler, content.encode(), "application/dicom+json")

    server = answering(answer)
    for series in ((), (SERIES,)):
        with dicomweb.connected(server, SECRET, CancelToken()) as web:
            assert [found.uid for found in web.find_instances(STUDY, series)] == uids


def test_what_ends_early_or_is_no_dicomweb_is_said(answering: Callable[[Callable[[Any], None]], Server]) -> None:
    for answer, said in (
        (lambda handler: send_back(handler, b"<html>", "text/html"), "does not answer as DICOMweb does"),
        (
            lambda handler: send_back(handler, b'[{"00', "application/json", claims=99),
            "ended the connection|was silent",
        ),
        (lambda handler: handler.send_error(500), r"refused the query \(HTTP 500"),
        (lambda handler: handler.send_error(403), "does not allow the query"),
    ):
        with pytest.raises(ServerError, match=f"^Web: .*({said})"):
            transfer.find_studies(answering(answer), Query(), secret=SECRET)


def test_a_token_is_shown_to_its_own_server_alone(answering: Callable[[Callable[[Any], None]], Server]) -> None:
    seen: list[tuple[str, str | None]] = []

    def other(handler: Any) -> None:
        seen.append(("other", handler.headers["Authorization"]))
        send_back(handler, b"[]", "application/dicom+json")

    elsewhere = answering(other)

    def first(handler: Any) -> None:
        seen.append(("first", handler.headers["Authorization"]))
        handler.send_response(302)
        handler.send_header("Location", f"{elsewhere.url}/studies")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server = replace(answering(first), login=Login.TOKEN, user="")
    transfer.echo(server, secret="key")
    assert seen == [("first", "Bearer key"), ("other", None)]


def test_a_server_that_never_answers_is_left_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = web_of(silent.getsockname()[1])
        with pytest.raises(ServerError, match=r"^Web: was silent for 0\.3 s during the query; try again$"):
            transfer.echo(replace(server, wait_s=0.3), secret=SECRET)
        cancel = CancelToken()
        stop = threading.Timer(0.2, cancel.cancel)
        stop.start()
        with pytest.raises(Cancelled):
            transfer.echo(replace(server, wait_s=60), secret=SECRET, cancel=cancel)
        stop.join()
