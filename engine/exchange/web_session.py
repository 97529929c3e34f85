"""HTTP connections to one DICOMweb server: bounded in time and size, ended when the user says so, never downgraded.

Imported when a DICOMweb server is asked: requests is part of an extra.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.connection
import urllib3.connectionpool
from requests.adapters import HTTPAdapter

from engine.exchange import reach
from engine.exchange.association import MOST_OBJECT_BYTES
from engine.exchange.servers import Login, LoginError, Server, ServerError
from engine.progress import CancelToken

_LOOK_S = 0.05

# They log addresses with what was searched for: patients' names.
for _logger in ("urllib3", "dicomweb_client", "requests"):
    logging.getLogger(_logger).setLevel(logging.CRITICAL + 1)


class HangUp:
    """Closes every connection as soon as the user cancels: whoever waits for the server cannot look."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._done = threading.Event()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._thread = threading.Thread(target=self._look, name="cinequant-archive", daemon=True)
        self._thread.start()

    def add(self, opened: socket.socket) -> None:
        self._open.add(opened)

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(_LOOK_S):
            if self._cancel.cancelled:
                for opened in list(self._open):
                    with contextlib.suppress(OSError):
                        opened.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def session_with(server: Server, secret: str, cancel: CancelToken) -> Iterator[requests.Session]:
    """A session that talks to the server alone, as the user who was configured."""
    hang_up = HangUp(cancel)
    session = requests.Session()
    # Neither proxies nor passwords from the environment: what is configured here is all that is used.
    session.trust_env = False
    session.max_redirects = 3
    session.adapters.clear()
    session.mount("https://" if server.tls else "http://", _Adapter(server, hang_up, cancel))
    if server.login is Login.PASSWORD:
        # As bytes: requests would write what is given as text in Latin-1.
        session.auth = requests.auth.HTTPBasicAuth(server.user.encode(), secret.encode())
    elif server.login is Login.TOKEN:
        session.auth = _Token(secret, urlsplit(server.url).netloc)
    try:
        yield session
    finally:
        session.close()
        hang_up.close()


class _Token(requests.auth.AuthBase):
    """Shown to the configured host alone, also where the server sends elsewhere."""

    def __init__(self, secret: str, host: str) -> None:
        self._secret, self._host = secret, host

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if urlsplit(request.url or "").netloc == self._host:
            request.headers["Authorization"] = f"Bearer {self._secret}"
        return request


class _Adapter(HTTPAdapter):
    """Opens connections that can be hung up, and bounds what is received."""

    def __init__(self, server: Server, hang_up: HangUp, cancel: CancelToken) -> None:
        self._context, self._hang_up, self._cancel = reach.client_context(server), hang_up, cancel
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        if self._context is not None:
            keywords["ssl_context"] = self._context
        super().init_poolmanager(*arguments, **keywords)
        hang_up = self._hang_up

        class Plain(urllib3.connection.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                hang_up.add(self.sock)

        class Encrypted(urllib3.connection.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                hang_up.add(self.sock)

        class PlainPool(urllib3.connectionpool.HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(urllib3.connectionpool.HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

    def send(self, request: requests.PreparedRequest, *arguments: Any, **keywords: Any) -> requests.Response:
        self._cancel.check()
        # It may stand in a query as it is, and some servers know it in no other way.
        request.url = (request.url or "").replace("%2A", "*")
        response = super().send(request, *arguments, **keywords)
        whole = response.iter_content

        def bounded(*chosen: Any, **named: Any) -> Iterator[bytes]:
            total = 0
            for chunk in whole(*chosen, **named):
                self._cancel.check()
                total += len(chunk)
                if total > MOST_OBJECT_BYTES:
                    raise requests.exceptions.ContentDecodingError("too large")
                yield chunk

        response.iter_content = bounded  # type: ignore[method-assign]
        return response


@contextlib.contextmanager
def said(server: Server, doing: str, cancel: CancelToken) -> Iterator[None]:
    """What went wrong on the way, as one line."""
    try:
        yield
    except requests.exceptions.RequestException as error:
        cancel.check()
        raise _meaning(server, doing, error) from error
    except (OSError, urllib3.exceptions.HTTPError) as error:
        cancel.check()
        raise ServerError(f"{server.name}: ended the connection during {doing}; try again") from error


def _meaning(server: Server, doing: str, error: requests.exceptions.RequestException) -> ServerError:
    name = server.name
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return _refusal(server, doing, error.response.status_code, error.response.reason or "")
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.TooManyRedirects):
        return ServerError(f"{name}: sends to another, unencrypted address; check its URL")
    if isinstance(error, requests.exceptions.ReadTimeout) or "Read timed out" in str(error):
        return ServerError(f"{name}: was silent for {server.wait_s:g} s during {doing}; try again")
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return ServerError(f"{name}: does not answer as DICOMweb does; check that its URL ends where DICOMweb begins")
    if isinstance(error, requests.exceptions.ConnectionError):
        parts = urlsplit(server.url)
        if hindrance := reach.hindrance(server, parts.hostname or "", parts.port or (443 if server.tls else 80)):
            return ServerError(f"{name}: {hindrance}")
    return ServerError(f"{name}: ended the connection during {doing}; try again")


def _refusal(server: Server, doing: str, code: int, reason: str) -> ServerError:
    name = server.name
    if code == 401 and server.login is Login.NONE:
        return LoginError(f"{name}: wants to know who asks; enter a user or a token for it")
    if code == 401:
        who = f"the password of {server.user}" if server.login is Login.PASSWORD else "the token"
        return LoginError(f"{name}: does not accept {who}; enter it again")
    if code == 403:
        return LoginError(f"{name}: does not allow {doing}; ask its administrator")
    if code == 404:
        return ServerError(f"{name}: has nothing at this address; check that its URL ends where DICOMweb begins")
    plain = "".join(c for c in reason if c.isprintable())[:80]
    return ServerError(f"{name}: refused {doing} (HTTP {code} {plain})")
