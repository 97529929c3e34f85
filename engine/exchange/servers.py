"""Archives that the user has configured: what a server is, how it is written down, and what is wrong with one.

No password is part of a server, so none reaches a file, a log or a message.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.errors import CineQuantError
from engine.files import read_regular, write_atomically

OUR_TITLE = "CINEQUANT"
SCHEMA = "cinequant/archives/1"
MOST_SERVERS = 100
_MOST_BYTES = 1 << 20
_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")


class ServerError(CineQuantError):
    """An archive cannot be reached, refuses, or does not do what was asked."""


class LoginError(ServerError):
    """An archive wants a user and a password, or refuses those given."""


class Dialect(StrEnum):
    """What a server speaks."""

    DIMSE = "dimse"
    DICOMWEB = "dicomweb"


class Login(StrEnum):
    """How a DICOMweb server is told who asks."""

    NONE = "none"
    PASSWORD = "password"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Server:
    """name: the user's own.

    DIMSE: host, port, title (its application entity title), our_title (ours), move (it sends objects to our own
    receiver, at receiver_port, instead of within the connection that asks for them).
    DICOMweb: url, login, user.
    tls: encrypted. authority: a file of certificates to trust beside the system's. certificate, key: our own, for
    servers that ask for one, and for the receiver. wait_s: how long a server may stay silent.
    """

    name: str
    dialect: Dialect = Dialect.DIMSE
    host: str = ""
    port: int = 104
    title: str = ""
    our_title: str = OUR_TITLE
    move: bool = False
    receiver_port: int = 11112
    url: str = ""
    login: Login = Login.NONE
    user: str = ""
    tls: bool = True
    authority: str = ""
    certificate: str = ""
    key: str = ""
    wait_s: float = 20.0

    @property
    def address(self) -> str:
        """As it is given on a command line."""
        return self.url if self.dialect is Dialect.DICOMWEB else f"{self.title}@{_bracketed(self.host)}:{self.port}"

    @property
    def is_here(self) -> bool:
        """Whether it is on this computer, so that nothing leaves it."""
        return is_loopback(urlsplit(self.url).hostname or "" if self.dialect is Dialect.DICOMWEB else self.host)


def is_loopback(host: str) -> bool:
    """Whether a host's name is this computer's. No name is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() in ("localhost", "localhost.localdomain", "ip6-localhost")


def server_at(address: str, *, name: str = "", tls: bool | None = None) -> Server:
    """The server of TITLE@HOST:PORT (DIMSE) or of a URL (DICOMweb). tls: None for on, but for this computer.

    Raises ServerError, also where it would send patients' data over the network unencrypted without being told to.
    """
    if "://" in address:
        server = Server(name or address, Dialect.DICOMWEB, url=address.rstrip("/"))
        encrypted = urlsplit(address).scheme == "https"
        if not encrypted and not server.is_here and tls is not False:
            raise ServerError(f"{address}: would send patients' data unencrypted; use https, or say --no-tls")
        return checked(replace(server, tls=encrypted))
    found = re.fullmatch(r"(.+)@(\[[^\]]+\]|[^@:]+):(\d+)", address)
    if found is None:
        raise ServerError(
            f"{address}: is neither the name of a configured server nor TITLE@HOST:PORT nor a URL; "
            "`cinequant pacs list` names the configured ones"
        )
    title, host, port = found[1], found[2].strip("[]"), int(found[3])
    server = Server(name or address, host=host, port=port, title=title)
    return checked(replace(server, tls=not server.is_here if tls is None else tls))


def checked(server: Server) -> Server:
    """The server, if it can be one. Raises ServerError that names the first thing that is wrong with it."""
    if fault := fault_of(server):
        raise ServerError(f"{server.name or server.address}: {fault}")
    return server


def fault_of(server: Server) -> str:
    """What is wrong with a server as it is written down, in a phrase; empty if nothing. Nothing is connected to."""
    if not server.name.strip():
        return "has no name; give it one"
    if not 0.1 <= server.wait_s <= 3600:
        return f"waits for {server.wait_s:g} s; give 0.1 to 3600"
    if bool(server.certificate) != bool(server.key):
        return "has a certificate without its key, or a key without its certificate; give both files"
    if server.dialect is Dialect.DICOMWEB:
        return _fault_of_url(server)
    for what, title in (("the server", server.title), ("this computer", server.our_title)):
        if _TITLE.fullmatch(title) is None:
            return f"the AE title of {what}, {title!r}, is not 1 to 16 printable ASCII characters without a backslash"
    if not server.host.strip():
        return "has no host; give its name or address"
    if not 1 <= server.port <= 65535:
        return f"port {server.port} is not within 1 to 65535"
    if server.move and not 1 <= server.receiver_port <= 65535:
        return f"the receiver's port {server.receiver_port} is not within 1 to 65535"
    if server.move and server.tls and not server.certificate:
        return "sends to a receiver of ours over TLS, which needs a certificate and its key; give both, or use C-GET"
    return ""


def _fault_of_url(server: Server) -> str:
    try:
        parts = urlsplit(server.url)
        port = parts.port or 443
    except ValueError:
        return "is no URL; give one such as https://archive.example.org/dicom-web"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no URL; give one such as https://archive.example.org/dicom-web"
    if parts.username or parts.password or "@" in parts.netloc:
        return "the URL holds a user or a password; give the user beside it, and the password when it is asked for"
    if parts.query or parts.fragment or not 1 <= port <= 65535:
        return "the URL ends in a query or has no valid port; give the part before it"
    if server.tls != (parts.scheme == "https"):
        return "is encrypted if its URL begins with https; change one of both"
    if server.login is Login.PASSWORD and not server.user:
        return "has a password and no user; give the user's name"
    if server.login is not Login.NONE and not server.tls and not server.is_here:
        return "would send a password over the network unencrypted; use https"
    return ""


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


# -- on disk ---------------------------------------------------------------------------------------------------------


def read_servers(path: Path) -> tuple[Server, ...]:
    """The servers of a file, none where there is no file. Raises ServerError where it is damaged."""
    try:
        content = json.loads(read_regular(path, _MOST_BYTES))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not JSON"
        raise ServerError(f"{path}: {why}; mend it, or delete it and enter the archives anew") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA or not isinstance(content.get("servers"), list):
        raise ServerError(f"{path}: is no list of archives of schema {SCHEMA}; delete it and enter the archives anew")
    return tuple(_from_json(path, item) for item in content["servers"][:MOST_SERVERS])


def write_servers(path: Path, servers: Iterable[Server]) -> None:
    """Write the servers; the old file stays where that fails. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, "servers": [asdict(server) for server in servers]}
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def named(servers: Iterable[Server], name: str) -> Server | None:
    """The server of a name, in any case of letters."""
    return next((server for server in servers if server.name.casefold() == name.casefold()), None)


def _from_json(path: Path, item: Any) -> Server:
    if not isinstance(item, dict):
        raise ServerError(f"{path}: a server is no object; mend it, or delete the file and enter the archives anew")
    known: dict[str, Any] = {}
    for field in fields(Server):
        if field.name in item:
            known[field.name] = _value(path, field.name, item)
    if "name" not in known:
        raise ServerError(f"{path}: a server has no name; mend it, or delete the file and enter the archives anew")
    return Server(**known)


def _value(path: Path, name: str, item: Mapping[str, Any]) -> Any:
    value, usual = item[name], getattr(_USUAL, name)
    try:
        if isinstance(usual, Dialect | Login):
            return type(usual)(value)
        if isinstance(usual, float) and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if type(value) is type(usual):
            return value
    except ValueError:
        pass
    raise ServerError(f"{path}: {name} of a server is {value!r}; mend it, or enter the archives anew")


_USUAL = Server("")
