"""The exchange with archives in four verbs, whichever way a server is asked: echo, find, fetch, send.

Every function connects to the one server it is given, and ends its connections before it returns. secret: a password or
a token, for servers with a login. All raise ServerError (LoginError where the secret is wrong), in one line that names
the server, and Cancelled within a tenth of a second after the user has asked for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.exchange import dimse, search
from engine.exchange.arrivals import LIMIT_BYTES, Arrivals
from engine.exchange.association import require
from engine.exchange.outbound import objects_in
from engine.exchange.search import FoundInstance, FoundSeries, FoundStudies, Query
from engine.exchange.servers import Dialect, Server, ServerError, checked
from engine.progress import CancelToken, Progress, no_progress

if TYPE_CHECKING:
    from engine.exchange.dicomweb import Web

MOST_STUDIES = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """folder: where the study is. new, there: objects that came now, and that were there before."""

    folder: Path
    new: int
    there: int


def echo(server: Server, *, secret: str = "", cancel: CancelToken | None = None) -> float:
    """Ask whether a server is there, and takes us; returns the seconds that took."""
    started, cancel = time.monotonic(), cancel or CancelToken()
    if _is_web(server):
        with _web(server, secret, cancel) as web:
            web.echo()
    else:
        dimse.echo(server, cancel=cancel)
    return time.monotonic() - started


def find_studies(
    server: Server, query: Query, *, secret: str = "", most: int = MOST_STUDIES, cancel: CancelToken | None = None
) -> FoundStudies:
    """The studies that match a query, the newest first, at most so many."""
    cancel = cancel or CancelToken()
    if _is_web(server):
        with _web(server, secret, cancel) as web:
            return web.find_studies(query, most=most)
    return dimse.find_studies(server, query, most=most, cancel=cancel)


def find_series(
    server: Server, study_uid: str, *, secret: str = "", cancel: CancelToken | None = None
) -> tuple[FoundSeries, ...]:
    """The series of a study, in the order of the scanner."""
    search.checked_uid(study_uid, "study")
    cancel = cancel or CancelToken()
    if _is_web(server):
        with _web(server, secret, cancel) as web:
            return web.find_series(study_uid)
    return dimse.find_series(server, study_uid, cancel=cancel)


def fetch(
    server: Server,
    study_uid: str,
    folder: Path,
    *,
    series: Sequence[str] = (),
    secret: str = "",
    limit_bytes: int = LIMIT_BYTES,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Fetched:
    """Fetch a study, or some of its series, into a folder; what is there already is not fetched again.

    What ends early leaves whole series in their places and whole objects of others aside, where the next call finds
    them. progress: of objects. Also raises FullError where limit_bytes or the disk do not allow more, and OSError.
    """
    cancel = cancel or CancelToken()
    search.checked_uid(study_uid, "study")
    for uid in series:
        search.checked_uid(uid, "series")
    wanted = _instances(server, study_uid, series, secret, cancel)
    if not wanted:
        which = "these series" if series else "this study"
        raise ServerError(f"{server.name}: has no objects of {which}; search again")
    arrivals = Arrivals(folder, wanted, study_uid=study_uid, limit_bytes=limit_bytes)
    try:
        if arrivals.missing and _is_web(server):
            with _web(server, secret, cancel) as web:
                web.fetch(study_uid, arrivals, progress=progress)
        elif arrivals.missing:
            dimse.fetch(server, study_uid, wanted, arrivals, progress=progress, cancel=cancel)
    finally:
        arrivals.settle()
    if arrivals.damaged:
        count, first = len(arrivals.damaged), arrivals.damaged[0]
        more = f" and {count - 1} more" if count > 1 else ""
        raise ServerError(
            f"{server.name}: sent what is not kept: {first}{more}; {arrivals.done} of {arrivals.total} are whole"
        )
    if missing := len(arrivals.missing):
        raise ServerError(
            f"{server.name}: did not send {missing} of {arrivals.total} objects; fetch again to go on with these"
        )
    return Fetched(folder, arrivals.new, arrivals.found)


def send(
    server: Server,
    paths: Iterable[Path],
    *,
    secret: str = "",
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> int:
    """Send DICOM files, and those in folders; returns how many the server has stored.

    Sending an object again is harmless: it is the same one. Raises ServerError also where an object was refused.
    """
    objects = objects_in(paths)
    cancel = cancel or CancelToken()
    if _is_web(server):
        with _web(server, secret, cancel) as web:
            refused = web.send(objects, progress=progress)
    else:
        refused = dimse.send(server, objects, progress=progress, cancel=cancel)
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise ServerError(
            f"{server.name}: stored {len(objects) - len(refused)} of {len(objects)} objects: {refused[0]}{more}"
        )
    return len(objects)


def _instances(
    server: Server, study_uid: str, series: Sequence[str], secret: str, cancel: CancelToken
) -> tuple[FoundInstance, ...]:
    if _is_web(server):
        with _web(server, secret, cancel) as web:
            return web.find_instances(study_uid, series)
    return dimse.find_instances(server, study_uid, series, cancel=cancel)


def _is_web(server: Server) -> bool:
    """Raises ServerError where the server cannot be one."""
    return checked(server).dialect is Dialect.DICOMWEB


def _web(server: Server, secret: str, cancel: CancelToken) -> AbstractContextManager[Web]:
    require("dicomweb_client")
    from engine.exchange.dicomweb import connected  # noqa: PLC0415 - an extra

    return connected(server, secret, cancel)
