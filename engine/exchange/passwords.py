"""Passwords and tokens in the system's keyring, and nowhere else.

Each belongs to a user at a URL: where a server's URL is changed, its password is not sent to the new one. Without a
keyring nothing is kept. Backends that write plain files, as some do, do not count as keyrings.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from engine.exchange.servers import Server

SERVICE = "CineQuant archive"


def can_keep() -> bool:
    """Whether this system has a keyring."""
    return _keyring() is not None


def kept(server: Server) -> str:
    """The password or token of a server; empty where none is kept."""
    keyring = _keyring()
    if keyring is None:
        return ""
    try:
        return str(keyring.get_password(SERVICE, _account(server)) or "")
    except Exception:  # backends raise errors of their systems; locked is as good as not there
        return ""


def keep(server: Server, secret: str) -> bool:
    """Keep a password or token; False where it could not be kept."""
    keyring = _keyring()
    if keyring is None:
        return False
    try:
        keyring.set_password(SERVICE, _account(server), secret)
    except Exception:  # backends raise errors of their systems
        return False
    return True


def forget(server: Server) -> None:
    """Remove what is kept of a server, if anything is."""
    keyring = _keyring()
    if keyring is not None and kept(server):
        try:
            keyring.delete_password(SERVICE, _account(server))
        except Exception:  # backends raise errors of their systems; nobody can do more here
            return


def _account(server: Server) -> str:
    return f"{server.user or 'token'} at {server.url}"


def _keyring() -> Any:
    """The system's keyring; None where there is none, or none that keeps secrets."""
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring  # noqa: PLC0415 - an extra, and it looks for the system's services
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415

    backend = keyring.get_keyring()
    several = backend.backends if isinstance(backend, ChainerBackend) else [backend]
    return next((each for each in several if each.priority >= 1), None)
