"""Whether a server can be reached at all, and what is in the way: its name, its port, its certificate."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

from engine.exchange.servers import Server, ServerError

CONNECT_S = 5.0
_SECOND_THOUGHTS_S = 1.0


def client_context(server: Server) -> ssl.SSLContext | None:
    """How to encrypt what goes to a server; None where nothing is encrypted. Raises ServerError for unusable files."""
    if not server.tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with _said(server, server.authority):
        if server.authority:
            context.load_verify_locations(cafile=server.authority)
    _load_certificate(server, context)
    return context


def receiver_context(server: Server) -> ssl.SSLContext | None:
    """How our own receiver encrypts; None where nothing is encrypted. Raises ServerError for unusable files.

    The sender has to show a certificate that is trusted as the server's is.
    """
    if not server.tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    with _said(server, server.authority):
        if server.authority:
            context.load_verify_locations(cafile=server.authority)
    _load_certificate(server, context)
    return context


def _load_certificate(server: Server, context: ssl.SSLContext) -> None:
    if server.certificate:
        with _said(server, server.certificate):
            # A key that is locked would be asked for on the terminal.
            context.load_cert_chain(server.certificate, server.key, password=lambda: b"")


@contextlib.contextmanager
def _said(server: Server, file: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ssl.SSLError, ValueError) as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else "holds no usable certificate or key in PEM"
        raise ServerError(f"{server.name}: {file} {why}; choose another file") from error


def hindrance(server: Server, host: str, port: int) -> str:
    """Connect once, and say what is in the way of that, in a phrase; empty where nothing is."""
    limit_s = min(CONNECT_S, server.wait_s)
    try:
        plain = socket.create_connection((host, port), limit_s)
    except socket.gaierror:
        return f"the host {host} is unknown; check its name, and whether this computer is in its network"
    except UnicodeError:
        return f"{host} is no name of a host; check it"
    except ConnectionRefusedError:
        return f"nothing listens at port {port} of {host}; check the port, and whether the server runs"
    except TimeoutError:
        return (
            f"{host} did not answer at port {port} within {limit_s:g} s; check the address, and whether a firewall "
            "is between"
        )
    except OSError as error:
        return f"{host} cannot be reached ({(error.strerror or str(error)).lower()}); check the network"
    with plain:
        context = client_context(server)
        if context is None:
            return ""
        plain.settimeout(limit_s)
        try:
            with context.wrap_socket(plain, server_hostname=host) as encrypted:
                # TLS 1.3: what the server thinks of our own certificate comes after the handshake.
                encrypted.settimeout(_SECOND_THOUGHTS_S)
                with contextlib.suppress(TimeoutError):
                    encrypted.recv(1)
                return ""
        except (OSError, ValueError) as error:
            return tls_hindrance(error, host, port, shown=bool(server.certificate))


def tls_hindrance(error: BaseException, host: str, port: int, *, shown: bool = False) -> str:
    """What a failed start of encryption means, in a phrase. shown: a certificate of this computer was."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _fault_of_certificate(error, host)
    if isinstance(error, TimeoutError):
        return f"{host} did not start TLS at port {port}; check the port, or switch encryption off for this server"
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        what = "check that of this computer, which it may not trust" if shown else "it wants one of this computer"
        return f"{host} refused the encrypted connection ({_alert(error)}); {what}"
    return f"{host} does not speak TLS at port {port}; check the port, or switch encryption off for this server"


def _fault_of_certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    said = f"the certificate of {host} is not trusted ({error.verify_message.rstrip('.')})"
    match error.verify_code:  # numbers of OpenSSL: X509_V_ERR_…
        case 10:
            return f"{said}; let its administrator renew it, or check the clock of this computer"
        case 9:
            return f"{said}; check the clock of this computer"
        case 62:
            return f"{said}; give the host's name as the certificate has it"
        case _:
            return f"{said}; give the certificate of the authority that signed it"


def _alert(error: ssl.SSLError) -> str:
    return (error.reason or "").lower().rpartition("alert_")[2].replace("_", " ")


def refused_caller(error: BaseException) -> str:
    """Why a server could not connect to our own receiver with encryption, in a phrase."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
    if isinstance(error, TimeoutError):
        return "it connected and said nothing; let its administrator switch TLS on for this computer"
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return f"it refused the certificate of this computer ({_alert(error)})"
    if isinstance(error, ssl.SSLError) and (error.reason or "").startswith("PEER_DID_NOT"):
        return "it showed no certificate; let its administrator give it one that this computer trusts"
    return "it sends unencrypted; let its administrator switch TLS on for this computer"
