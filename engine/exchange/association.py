"""A DIMSE connection that ends: with its work, when the server is silent for too long, when the user stops it."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.errors import CineQuantError
from engine.exchange import reach
from engine.exchange.servers import Server, ServerError
from engine.later import Later
from engine.progress import CancelToken

MOST_OBJECT_BYTES = 4 << 30
"""A single object that is larger is not waited for: it would fill the memory."""
_PDU_BYTES = 256 << 10
_LOOK_S = 0.05
_END_S = 2.0
_TRIES = 2

INSTALL = "needs packages that are not installed: pip install 'cinequant[archive]'"


def _set_up(package: Any) -> None:
    """Without logs, which quote patients' names."""
    package._config.LOG_HANDLER_LEVEL = "none"
    # Files are sent in pieces: one may be larger than the memory.
    package._config.STORE_SEND_CHUNKED_DATASET = True
    for logger in ("pynetdicom", "pynetdicom.events"):
        logging.getLogger(logger).setLevel(logging.CRITICAL + 1)


pynetdicom: Any = Later("pynetdicom", then=_set_up)


def require(package: str) -> None:
    """Raises ServerError where an optional package is missing."""
    import importlib.util  # noqa: PLC0415

    if importlib.util.find_spec(package) is None:
        raise ServerError(f"exchange with archives {INSTALL}")


class Watch:
    """Ends a connection that is silent for too long, or that the user wants to end; and remembers why.

    A thread of its own looks: whoever waits for the server cannot.
    """

    def __init__(self, server: Server, cancel: CancelToken) -> None:
        self._server, self._cancel = server, cancel
        self._done = threading.Event()
        self._heard = time.monotonic()
        self._socket: socket.socket | None = None
        self._answers: Any = None
        self._object_bytes = 0
        self.silent = self.was_open = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._look, name="cinequant-archive", daemon=True)
        self._thread.start()

    def opened(self, event: Any) -> None:
        """The connection is there; what is sent is sent at once, since the other side waits for it."""
        self._socket, self.was_open = event.assoc.dul.socket.socket, True
        self._answers = event.assoc.dimse.msg_queue
        self.heard()
        with contextlib.suppress(OSError, AttributeError):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def heard(self) -> None:
        """The server is not silent."""
        self._heard = time.monotonic()

    def received(self, event: Any) -> None:
        """A piece has come."""
        self.heard()
        self._object_bytes += len(event.data)
        if self._object_bytes > MOST_OBJECT_BYTES:
            self.stop_for(ServerError(f"{self._server.name}: sent an object of more than {MOST_OBJECT_BYTES >> 30} GB"))

    def object_ended(self) -> None:
        self._object_bytes = 0

    def stop_for(self, error: BaseException) -> None:
        """End the connection because of an error; whoever waits for the server is told of it by check."""
        if self.error is None:
            self.error = error
        self.hang_up()

    def check(self) -> None:
        """Raise what has ended the connection, if it was this side."""
        self._cancel.check()
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(_LOOK_S):
            if self._cancel.cancelled:
                self.hang_up()
            elif self._socket is not None and time.monotonic() - self._heard > self._server.wait_s:
                self.silent = True
                self.hang_up()

    def hang_up(self) -> None:
        """Whoever reads from or writes to the connection finds it closed, and whoever waits for an answer gets none."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            # pynetdicom says so once itself. A request that begins just as the server vanishes has missed that.
            self._answers.put((None, None))


class Link:
    """An association with a server, and its watch."""

    def __init__(self, server: Server, association: Any, watch: Watch) -> None:
        self.server, self.association, self.watch = server, association, watch

    def fault(self, doing: str, status: Any) -> CineQuantError:
        """What a status of a request means. Raises what has ended the connection, if it was this side."""
        self.watch.check()
        name = self.server.name
        if "Status" not in status:
            if self.watch.silent:
                return ServerError(f"{name}: was silent for {self.server.wait_s:g} s during {doing}; try again")
            return ServerError(
                f"{name}: ended the connection during {doing}; try again, or ask its administrator whether "
                f"{self.server.our_title} may do that"
            )
        code, comment = int(status.Status), str(status.get("ErrorComment") or "")
        said = "".join(c if c.isprintable() else " " for c in comment)[:120].strip()
        return ServerError(f"{name}: refused {doing} (status {code:04X}h{f', {said}' if said else ''})")


@contextlib.contextmanager
def associated(
    server: Server,
    contexts: Sequence[Any],
    *,
    cancel: CancelToken,
    roles: Sequence[Any] = (),
    on_store: Callable[[Any, Watch], int] | None = None,
) -> Iterator[Link]:
    """A DIMSE connection to a server. contexts, roles: pynetdicom's; on_store: takes objects that the server sends.

    Raises ServerError where there is none, with what is in the way.
    """
    require("pynetdicom")
    evt = pynetdicom.evt
    encrypted = reach.client_context(server)
    watch = Watch(server, cancel)
    handlers: list[Any] = [(evt.EVT_CONN_OPEN, watch.opened), (evt.EVT_DATA_RECV, watch.received)]
    if on_store is not None:
        handlers.append((evt.EVT_C_STORE, on_store, [watch]))
    entity = pynetdicom.AE(server.our_title)
    entity.connection_timeout = min(reach.CONNECT_S, server.wait_s)
    entity.acse_timeout = server.wait_s
    # The watch looks after these: a server that sends one large object is not silent.
    entity.dimse_timeout = entity.network_timeout = None
    association: Any = None
    sockets = _Sockets(entity, encrypted)
    released = False
    try:
        for _ in range(_TRIES):
            watch.check()
            if association is not None:
                _end(association)
            with contextlib.suppress(OSError, UnicodeError):  # an unknown host; said below
                association = entity.associate(
                    server.host,
                    server.port,
                    contexts=list(contexts),
                    ae_title=server.title,
                    max_pdu=_PDU_BYTES,
                    ext_neg=list(roles),
                    tls_args=None if encrypted is None else (sockets, server.host),
                    evt_handlers=handlers,
                )
            if not _is_unanswered(association, watch):
                break
        if association is None or not association.is_established:
            watch.check()
            raise ServerError(f"{server.name}: {_why_not(server, association, watch)}")
        watch.heard()
        yield Link(server, association, watch)
        watch.check()
        # Before the watch ends: a server may be silent here, too.
        association.release()
        released = True
    finally:
        if not released:
            watch.hang_up()
        watch.close()
        if association is not None:
            _end(association)
        sockets.close()


class _Sockets:
    """The sockets of one association. pynetdicom leaves one open that could not be connected."""

    def __init__(self, entity: Any, encrypted: ssl.SSLContext | None) -> None:
        self._made: list[socket.socket] = []
        self._encrypted = encrypted
        create = entity._create_socket

        def created(*arguments: Any) -> Any:
            made = create(*arguments)
            self._made.append(made.socket)
            return made

        entity._create_socket = created

    def wrap_socket(self, plain: socket.socket, **arguments: Any) -> ssl.SSLSocket:
        """As the context would, for pynetdicom."""
        assert self._encrypted is not None
        made = self._encrypted.wrap_socket(plain, **arguments)
        self._made.append(made)
        return made

    def close(self) -> None:
        for made in self._made:
            made.close()


def _end(association: Any) -> None:
    """Leave no thread behind."""
    if association.is_established:
        with contextlib.suppress(Exception):
            association.abort()
    for thread in (association, association.dul):
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(_END_S)


def _is_unanswered(association: Any, watch: Watch) -> bool:
    """Whether the server was there and hung up: a reset overtakes the answer of a server that closes at once."""
    if association is None or association.is_established or association.is_rejected or watch.silent:
        return False
    return watch.was_open and not association.rejected_contexts


def _why_not(server: Server, association: Any, watch: Watch) -> str:
    """Why there is no association, in a phrase."""
    if association is not None and association.is_rejected:
        answer = association.acceptor.primitive
        said = (answer.result_source, answer.diagnostic)
        if said == (1, 7):
            return f"does not know the AE title {server.title}, by which it was called; check its own AE title"
        if said == (1, 3):
            return f"does not know the AE title {server.our_title} of this computer; let its administrator add it"
        if said[0] == 3:
            return "is busy and takes no more connections now; try again later"
        return (
            f"refused the connection ({answer.reason_str.lower()}); ask its administrator whether this computer, "
            f"as {server.our_title}, may connect"
        )
    if watch.silent:
        return f"took the connection and was silent for {server.wait_s:g} s; check that {server.port} is its DICOM port"
    if association is not None and association.rejected_contexts:
        names = sorted({context.abstract_syntax.name for context in association.rejected_contexts})
        return f"takes none of what was proposed ({', '.join(names[:3])}); ask its administrator to allow it"
    if hindrance := reach.hindrance(server, server.host, server.port):
        return hindrance
    # With TLS on, the connection was encrypted just now.
    encrypted = "" if server.tls else " (it may want TLS)"
    return (
        f"closed the connection without an answer; check that {server.port} is its DICOM port{encrypted}, and "
        f"whether it knows {server.our_title}"
    )
