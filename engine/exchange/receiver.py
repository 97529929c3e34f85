"""Our own receiver for C-MOVE: takes objects that were asked for, for as long as they are asked for."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.exchange import reach
from engine.exchange.association import Watch, pynetdicom
from engine.exchange.servers import Server, ServerError

_NOT_WANTED = 0x0124
_HANDSHAKE_S = 5.0


class Owner:
    """The watches over the connections that ask for objects: they hear of what arrives here."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.watches: list[Watch] = []
        self._taken = False
        self._refused = ""

    def refused(self, why: str) -> None:
        """A connection to this computer has failed."""
        self._refused = why

    def taken(self, event: Any) -> None:
        self._taken = True

    def rejected(self, event: Any) -> None:
        called = str(event.assoc.acceptor.primitive.called_ae_title).strip()
        self._refused = f"it calls this computer {called}, which is {self._server.our_title}"

    @property
    def hindrance(self) -> str:
        """Why nothing can have arrived, in a sentence; empty where something could."""
        if self._taken:
            return ""
        name, port = self._server.name, self._server.receiver_port
        if self._refused:
            return f"{name}: cannot send to port {port} of this computer: {self._refused}"
        return (
            f"{name}: did not connect to port {port} of this computer; let its administrator check the address and "
            f"port that it has for {self._server.our_title}, and whether a firewall is between"
        )

    def belongs_to(self, watch: Watch) -> None:
        self.watches.append(watch)

    def received(self, event: Any) -> None:
        for watch in self.watches:
            watch.received(event)


class _Encrypted:
    """An SSL context, for pynetdicom, that remembers why a connection failed. Callers that say nothing are left."""

    def __init__(self, context: ssl.SSLContext, owner: Owner) -> None:
        self._context, self._owner = context, owner

    def wrap_socket(self, plain: socket.socket, **arguments: Any) -> ssl.SSLSocket:
        before = plain.gettimeout()
        plain.settimeout(_HANDSHAKE_S)
        try:
            made = self._context.wrap_socket(plain, **arguments)
        except (OSError, ValueError) as error:
            self._owner.refused(reach.refused_caller(error))
            plain.close()
            raise OSError("no encrypted connection") from error
        made.settimeout(before)
        return made


@contextlib.contextmanager
def receiving(
    server: Server, kinds: Sequence[str], syntaxes: Sequence[str], store: Callable[[Any, Watch], int]
) -> Iterator[Owner]:
    """Listen at the server's receiver_port. Raises ServerError where that cannot be done.

    Only callers of our title are answered, and only objects that were asked for are kept.
    """
    evt = pynetdicom.evt
    owner = Owner(server)

    def arrived(event: Any) -> int:
        if not owner.watches:
            return _NOT_WANTED
        for watch in owner.watches:
            watch.object_ended()
        return store(event, owner.watches[0])

    entity = pynetdicom.AE(server.our_title)
    entity.require_called_aet = True
    entity.acse_timeout = entity.network_timeout = entity.dimse_timeout = server.wait_s
    entity.maximum_associations = 16
    for kind in kinds:
        entity.add_supported_context(kind, list(syntaxes))
    entity.add_supported_context("1.2.840.10008.1.1")
    # A server on this computer needs no door to the network.
    where = "127.0.0.1" if server.is_here else ""
    encrypted = reach.receiver_context(server)
    handlers = [(evt.EVT_C_STORE, arrived), (evt.EVT_DATA_RECV, owner.received)]
    handlers += [(evt.EVT_ACCEPTED, owner.taken), (evt.EVT_REJECTED, owner.rejected)]
    try:
        listening = entity.start_server(
            (where, server.receiver_port),
            block=False,
            ssl_context=None if encrypted is None else _Encrypted(encrypted, owner),
            evt_handlers=handlers,
        )
    except OSError as error:
        raise ServerError(
            f"{server.name}: port {server.receiver_port} of this computer cannot be listened at "
            f"({(error.strerror or str(error)).lower()}); choose another and let the server's administrator know"
        ) from error
    try:
        yield owner
    finally:
        listening.shutdown()
        entity.shutdown()
