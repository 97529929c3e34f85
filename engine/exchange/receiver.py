"""Our own receiver for C-MOVE: takes objects that were asked for, for as long as they are asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.exchange import reach
from engine.exchange.association import Watch, pynetdicom
from engine.exchange.servers import Server, ServerError

_NOT_WANTED = 0x0124


class _Owner:
    """The watches over the connections that ask for objects: they hear of what arrives here."""

    def __init__(self) -> None:
        self.watches: list[Watch] = []

    def belongs_to(self, watch: Watch) -> None:
        self.watches.append(watch)

    def received(self, event: Any) -> None:
        for watch in self.watches:
            watch.received(event)


@contextlib.contextmanager
def receiving(
    server: Server, kinds: Sequence[str], syntaxes: Sequence[str], store: Callable[[Any, Watch], int]
) -> Iterator[_Owner]:
    """Listen at the server's receiver_port. Raises ServerError where that cannot be done.

    Only callers of our title are answered, and only objects that were asked for are kept.
    """
    evt = pynetdicom.evt
    owner = _Owner()

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
    try:
        listening = entity.start_server(
            (where, server.receiver_port),
            block=False,
            ssl_context=reach.receiver_context(server),
            evt_handlers=[(evt.EVT_C_STORE, arrived), (evt.EVT_DATA_RECV, owner.received)],
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
