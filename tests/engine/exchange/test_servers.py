"""What a server is, how it is written down, and what is refused without connecting to anything."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from places import ROOT

from engine.exchange.servers import (
    Dialect,
    Login,
    Server,
    ServerError,
    fault_of,
    named,
    read_servers,
    server_at,
    write_servers,
)

DICOM = Server("Hospital", host="pacs.example.org", port=104, title="ARCHIVE")
WEB = Server("Web", Dialect.DICOMWEB, url="https://pacs.example.org/dicom-web", login=Login.PASSWORD, user="anna")


@pytest.mark.parametrize(
    ("address", "tls"),
    [("ARCHIVE@pacs.example.org:104", True), ("ARCHIVE@127.0.0.1:104", False), ("ARCHIVE@[::1]:104", False)],
)
def test_the_network_is_encrypted_unless_the_server_is_on_this_computer(address: str, tls: bool) -> None:
    server = server_at(address)
    assert (server.tls, server.title, server.port, server.address) == (tls, "ARCHIVE", 104, address)
    assert not server_at(address, tls=False).tls


def test_a_url_is_of_dicomweb_and_must_be_encrypted_beyond_this_computer() -> None:
    server = server_at("https://pacs.example.org:8443/dicom-web/")
    assert (server.dialect, server.url, server.tls) == (
        Dialect.DICOMWEB,
        "https://pacs.example.org:8443/dicom-web",
        True,
    )
    assert not server_at("http://localhost:8042/dicom-web").tls
    with pytest.raises(ServerError, match="unencrypted"):
        server_at("http://pacs.example.org/dicom-web")
    assert not server_at("http://pacs.example.org/dicom-web", tls=False).tls


@pytest.mark.parametrize(
    ("server", "fault"),
    [
        (replace(DICOM, name=" "), "has no name"),
        (replace(DICOM, title="A" * 17), "1 to 16 printable"),
        (replace(DICOM, title="A\\B"), "1 to 16 printable"),
        (replace(DICOM, our_title=""), "this computer"),
        (replace(DICOM, host=""), "has no host"),
        (replace(DICOM, port=0), "port 0"),
        (replace(DICOM, wait_s=0), "waits for 0 s"),
        (replace(DICOM, certificate="c.pem"), "without its key"),
        (replace(DICOM, move=True), "needs a certificate"),
        (replace(WEB, url="https://anna:secret@pacs.example.org/"), "holds a user or a password"),
        (replace(WEB, url="ftp://pacs.example.org/"), "is no URL"),
        (replace(WEB, url="https://[pacs/"), "is no URL"),
        (replace(WEB, url="https://pacs.example.org/?a=b"), "ends in a query"),
        (replace(WEB, user=""), "no user"),
        (replace(WEB, tls=False), "begins with https"),
        (replace(WEB, tls=False, url="http://pacs.example.org/"), "password over the network unencrypted"),
        (DICOM, ""),
        (WEB, ""),
        (replace(WEB, tls=False, url="http://127.0.0.1:8042/dicom-web"), ""),
    ],
)
def test_what_cannot_be_a_server_is_said(server: Server, fault: str) -> None:
    assert fault in fault_of(server)
    assert bool(fault) == bool(fault_of(server))


def test_a_name_that_is_neither_configured_nor_an_address_is_refused() -> None:
    with pytest.raises(ServerError, match="neither the name of a configured server"):
        server_at("Hospital")


def test_servers_come_back_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "new" / "archives.json"
    assert read_servers(file) == ()
    write_servers(file, [DICOM, WEB])
    assert read_servers(file) == (DICOM, WEB)
    assert named(read_servers(file), "hospital") == DICOM
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 10**5, "is not JSON"),
        ("[]", "no list of archives"),
        (json.dumps({"schema": "cinequant/archives/1", "servers": [3]}), "no object"),
        (json.dumps({"schema": "cinequant/archives/1", "servers": [{}]}), "has no name"),
        (json.dumps({"schema": "cinequant/archives/1", "servers": [{"name": "A", "port": "x"}]}), "port of a server"),
        (json.dumps({"schema": "cinequant/archives/1", "servers": [{"name": "A", "dialect": "x"}]}), "dialect of"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "archives.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ServerError, match=said) as raised:
        read_servers(file)
    assert str(raised.value).startswith(str(file))


def test_what_talks_to_networks_is_loaded_when_it_is_used_alone() -> None:
    code = (
        "import sys, engine.exchange.transfer\n"
        "print(*{'pynetdicom', 'requests', 'dicomweb_client', 'keyring'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
