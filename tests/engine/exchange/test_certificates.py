"""Encryption both ways: an archive that wants our certificate, and sends to our receiver, which wants its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from archive_servers import HAS_ORTHANC, WITHOUT_ORTHANC, Orthanc, free_port, running_orthanc
from dicom_cine import ROOT, write_cine

from engine.exchange import reach, transfer
from engine.exchange.receiver import receiving
from engine.exchange.servers import Server, ServerError, server_at

STUDY = f"{ROOT}.1"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
"""Made in no time, unlike those of RSA."""
pytestmark = [
    pytest.mark.skipif(not HAS_ORTHANC, reason=WITHOUT_ORTHANC),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine to make certificates"),
]


@dataclass
class Authority:
    """Makes certificates in a folder."""

    folder: Path

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def found(self, name: str) -> str:
        """An authority of its own; returns its certificate."""
        new = (*_KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem")
        self.openssl("req", "-x509", "-days", "2", "-subj", f"/CN={name}", *new)
        return str(self.folder / f"{name}.pem")

    def sign(self, name: str, by: str = "ca", host: str = "localhost", *, expired: bool = False) -> None:
        """name.pem and name.key, for a host, signed by an authority."""
        new = (*_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("req", "-subj", f"/CN={name}", *new)
        (self.folder / "index").write_text("")
        (self.folder / "serial").write_text("01")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
            f"x509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:{host}\n"
        )
        days = ("-startdate", "20200101000000Z", "-enddate", "20200202000000Z") if expired else ("-days", "2")
        signed = ("-cert", f"{by}.pem", "-keyfile", f"{by}.key", "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext")
        self.openssl("ca", "-batch", "-config", "ca.cnf", *signed, *days)

    def shown(self, server: Server, name: str) -> Server:
        """The server, with this as the certificate of this computer; none where it is empty."""
        files = (str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")) if name else ("", "")
        return replace(server, certificate=files[0], key=files[1])


@pytest.fixture(scope="module", name="authority")
def authority_fixture(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    for name in ("ca", "strange_ca"):
        made.found(name)
    for name in ("archive", "us"):
        made.sign(name)
    made.sign("expired", expired=True)
    made.sign("elsewhere", host="pacs.example.org")
    made.sign("strange", by="strange_ca")
    return made


@pytest.fixture(scope="module", name="safe")
def safe_fixture(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, Server]]:
    """An encrypted Orthanc that wants certificates, has a study, and moves to our receiver encrypted."""
    receiver = free_port()
    folder = authority.folder
    settings = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(folder / "archive.pem"),
        "DicomTlsPrivateKey": str(folder / "archive.key"),
        "DicomTlsTrustedCertificates": str(folder / "ca.pem"),
        "DicomModalities": {
            "us": {"AET": "CINEQUANT", "Host": "127.0.0.1", "Port": receiver, "UseDicomTls": True},
            "plain": {"AET": "PLAIN", "Host": "127.0.0.1", "Port": receiver, "UseDicomTls": False},
            "nowhere": {"AET": "NOWHERE", "Host": "127.0.0.1", "Port": free_port(), "UseDicomTls": True},
        },
    }
    place = tmp_path_factory.mktemp("safe")
    with running_orthanc(place / "orthanc", **settings) as orthanc:
        server = server_at(f"{Orthanc.TITLE}@localhost:{orthanc.dicom}", name="Safe", tls=True)
        server = authority.shown(replace(server, authority=str(folder / "ca.pem"), wait_s=5), "us")
        write_cine(place / "cine", 1, 2)
        assert transfer.send(server, [place / "cine"]) == 2
        yield orthanc, replace(server, receiver_port=receiver)


def test_a_study_is_moved_with_certificates_on_both_sides(safe: tuple[Orthanc, Server], tmp_path: Path) -> None:
    _, server = safe
    assert transfer.fetch(replace(server, move=True), STUDY, tmp_path / "moved").new == 2
    assert transfer.fetch(server, STUDY, tmp_path / "got").new == 2


def test_a_certificate_that_the_archive_refuses_is_named(safe: tuple[Orthanc, Server], authority: Authority) -> None:
    _, server = safe
    for name, said in (
        ("", r"refused the encrypted connection \(certificate required\); it wants one of this computer"),
        ("expired", r"refused the encrypted connection \(certificate expired\); check that of this computer"),
        ("strange", r"refused the encrypted connection \(unknown ca\); check that of this computer"),
    ):
        with pytest.raises(ServerError, match=f"^Safe: localhost {said}") as raised:
            transfer.echo(authority.shown(server, name))
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("expired", r"certificate has expired\); let its administrator renew it"),
        ("elsewhere", r"Hostname mismatch.*\); give the host's name as the certificate has it"),
        ("strange", r"unable to get local issuer certificate\); give the certificate of the authority"),
    ],
)
def test_an_archives_own_bad_certificate_is_named(authority: Authority, name: str, said: str) -> None:
    """Shown by our own receiver, in the place of an archive."""
    port = free_port()
    here = server_at(f"SELF@localhost:{port}", name="Self", tls=True)
    here = replace(authority.shown(here, name), our_title="SELF", move=True, receiver_port=port)
    asking = replace(here, certificate="", key="", move=False, authority=str(authority.folder / "ca.pem"), wait_s=5)
    with (
        receiving(here, ["1.2.840.10008.5.1.4.1.1.4"], ["1.2.840.10008.1.2"], lambda event, watch: 0),
        pytest.raises(ServerError, match=rf"^Self: the certificate of localhost is not trusted \({said}"),
    ):
        transfer.echo(asking)


def test_why_nothing_arrives_at_our_receiver_is_said(
    safe: tuple[Orthanc, Server], authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, server = safe
    moving, context = replace(server, move=True), reach.receiver_context
    refused = rf"^Safe: cannot send to port {server.receiver_port} of this computer: "
    for shown, trusted, our_title, said in (
        ("strange", "ca", "CINEQUANT", refused + r"it refused the certificate of this computer \(unknown ca\)$"),
        ("us", "strange_ca", "CINEQUANT", refused + r"its certificate is not trusted \(.*\)$"),
        ("us", "ca", "PLAIN", refused + "it sends unencrypted; let its administrator switch TLS on"),
        ("us", "ca", "NOWHERE", rf"^Safe: did not connect to port {server.receiver_port} of this computer; let its"),
        ("us", "ca", "NOBODY", r"^Safe: does not know where NOBODY is|may do that$"),
    ):

        def receiver(
            server: Server, shown: str = shown, trusted: str = trusted
        ) -> object:  # the archive alone sees the other certificate
            bad = authority.shown(replace(server, authority=str(authority.folder / f"{trusted}.pem")), shown)
            return context(bad)

        monkeypatch.setattr(reach, "receiver_context", receiver)
        with pytest.raises(ServerError, match=said) as raised:
            transfer.fetch(replace(moving, our_title=our_title), STUDY, tmp_path / shown / trusted / our_title)
        assert "\n" not in str(raised.value)
        assert not list(tmp_path.rglob("*.dcm"))
