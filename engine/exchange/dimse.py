"""An archive that is asked by DIMSE: C-ECHO, C-FIND, C-GET, C-MOVE and C-STORE by pynetdicom."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import CineQuantError
from engine.exchange import search
from engine.exchange.arrivals import Arrivals, DamagedObject
from engine.exchange.association import Link, Watch, associated, pynetdicom, require
from engine.exchange.outbound import Outbound
from engine.exchange.receiver import Owner, receiving
from engine.exchange.search import FoundInstance, FoundSeries, FoundStudies, Query
from engine.exchange.servers import Server, ServerError
from engine.exchange.side_by_side import LeftToDo, side_by_side
from engine.formats.dicom_files import pydicom
from engine.progress import CancelToken, Progress

ECHO = "1.2.840.10008.1.1"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
"""The study root of query and retrieve."""

UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
COMPRESSED = (
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.1.99",
)
"""JPEG lossless, JPEG 2000, JPEG-LS, JPEG, RLE and deflate: as stored, where the server does not unpack."""
COMMON_KINDS = (
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.4.1",
    "1.2.840.10008.5.1.4.1.1.4.3",
    "1.2.840.10008.5.1.4.1.1.4.4",
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.66.7",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.4",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.88.22",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.34",
    "1.2.840.10008.5.1.4.1.1.104.1",
    "1.2.840.10008.5.1.4.1.1.481.3",
    "1.2.840.10008.5.1.4.1.1.11.1",
)
"""What is let in where an archive does not say which kinds a study has: MR, CT, masks, captures, reports, contours."""
MOST_CONTEXTS = 126
_PENDING = (0xFF00, 0xFF01)
# So many objects are named in one request; a request of unlimited length is refused by some servers.
_AT_ONCE = 16
CONNECTIONS = 4
"""So many at once at most to fetch on: archives allow a handful for each caller."""
_CANNOT_UNDERSTAND, _NO_RESOURCES = 0xC000, 0xA700


class _NotListedError(ServerError):
    """The server does not know the address of our receiver."""


def echo(server: Server, *, cancel: CancelToken) -> None:
    """Ask whether the server is there. Raises ServerError."""
    require("pynetdicom")
    with associated(server, [_context(ECHO)], cancel=cancel) as link:
        status = link.association.send_c_echo()
        if status.get("Status") != 0:
            raise link.fault("an echo", status)


def find_studies(server: Server, query: Query, *, most: int, cancel: CancelToken) -> FoundStudies:
    """The studies that match. Raises ServerError."""
    found: list[search.FoundStudy] = []
    cut = False
    end = time.monotonic() + search.LONG_ENOUGH_S
    with _asked(server, cancel) as link:
        for matches in search.matches_of(query):
            before = len(found)
            for answer in _answers(link, "STUDY", search.STUDY_KEYS, matches):
                if (study := search.study_of(answer)) is not None:
                    found.append(study)
                number = len(found) - before
                if number >= search.MOST_ANSWERS or (number >= most and time.monotonic() > end):
                    cut = True
                    break
            if cut:
                break
        result = search.merged(query, found, most=most, unread=cut)
        if cut:  # more answers are on their way, which nobody reads
            link.association.abort()
    return result


def find_series(server: Server, study_uid: str, *, cancel: CancelToken) -> tuple[FoundSeries, ...]:
    """The series of a study. Raises ServerError."""
    with _asked(server, cancel) as link:
        return _series(link, study_uid)


def find_instances(
    server: Server, study_uid: str, series: Sequence[str], *, cancel: CancelToken
) -> tuple[FoundInstance, ...]:
    """The objects of some series of a study, of all where none is named. Raises ServerError."""
    found: list[FoundInstance] = []
    with _asked(server, cancel) as link:
        for uid in series or [each.uid for each in _series(link, study_uid)]:
            matches = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": uid}
            for answer in _answers(link, "IMAGE", search.INSTANCE_KEYS, matches):
                if (instance := search.instance_of(answer, uid)) is not None:
                    found.append(instance)
    return tuple(found)


def _series(link: Link, study_uid: str) -> tuple[FoundSeries, ...]:
    answers = _answers(link, "SERIES", search.SERIES_KEYS, {"StudyInstanceUID": study_uid})
    return search.in_order([s for s in (search.series_of(answer, study_uid) for answer in answers) if s is not None])


@contextlib.contextmanager
def _asked(server: Server, cancel: CancelToken) -> Iterator[Link]:
    require("pynetdicom")
    with associated(server, [_context(FIND)], cancel=cancel) as link:
        yield link


def _answers(link: Link, level: str, keys: Sequence[str], matches: Mapping[str, str]) -> Iterator[Any]:
    """The answers to one question. Raises ServerError where it is refused or the connection ends."""
    for status, answer in link.association.send_c_find(_identifier(level, keys, matches), FIND):
        link.watch.heard()
        code = status.get("Status")
        if code in _PENDING:
            if answer is not None:
                yield answer
        elif code != 0:
            raise link.fault("the query", status)


def _identifier(level: str, keys: Sequence[str], matches: Mapping[str, str]) -> Any:
    asked = pydicom.Dataset()
    asked.QueryRetrieveLevel = level
    for keyword in keys:
        setattr(asked, keyword, None)
    for keyword, value in matches.items():
        setattr(asked, keyword, value)
        # The oldest character set that has the letters: not every archive knows UTF-8.
        if not value.isascii():
            asked.SpecificCharacterSet = "ISO_IR 100" if _is_latin(value) else "ISO_IR 192"
    return asked


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _context(sop_class: str, syntaxes: Sequence[str] = UNCOMPRESSED) -> Any:
    return pynetdicom.build_context(sop_class, list(syntaxes))


# -- fetching --------------------------------------------------------------------------------------------------------


def fetch(
    server: Server,
    study_uid: str,
    wanted: Sequence[FoundInstance],
    arrivals: Arrivals,
    *,
    progress: Progress,
    cancel: CancelToken,
) -> None:
    """Let the server send what is missing. Raises ServerError, and what arrivals raises."""
    require("pynetdicom")
    kinds = sorted({each.sop_class for each in wanted})
    if not all(map(search.is_uid, kinds)):
        kinds = list(dict.fromkeys((*filter(search.is_uid, kinds), *COMMON_KINDS)))

    def store(event: Any, watch: Watch) -> int:
        watch.heard()
        watch.object_ended()
        try:
            arrivals.take(event.encoded_dataset(), str(event.request.AffectedSOPInstanceUID or ""))
        except DamagedObject:
            return _CANNOT_UNDERSTAND
        except (CineQuantError, OSError) as error:
            watch.stop_for(error)
            return _NO_RESOURCES
        progress(arrivals.done, arrivals.total, "Fetching")
        return 0

    chunks = [
        _AskedTogether(series, missing[start : start + _AT_ONCE])
        for series, missing in arrivals.missing_by_series().items()
        for start in range(0, len(missing), _AT_ONCE)
    ]
    progress(arrivals.done, arrivals.total, "Fetching")
    with _retrieving(server, kinds, store, arrivals) as connect:

        def several(share: LeftToDo[_AskedTogether], token: CancelToken) -> None:
            with connect(token) as (link, ask):
                while (chunk := share.take()) is not None:
                    _follow(link, ask(_one_by_one(study_uid, chunk)), strict=False)

        side_by_side(several, chunks, most=CONNECTIONS, cancel=cancel)
        # A server that does not know lists of objects is asked for whole series.
        whole = [series for series in arrivals.missing_by_series() if arrivals.is_untouched(series)]
        if whole and not arrivals.damaged:
            with connect(cancel) as (link, ask):
                for series in whole:
                    at = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series}
                    _follow(link, ask(_identifier("SERIES", (), at)), strict=True)


@dataclass(frozen=True, slots=True)
class _AskedTogether:
    """Objects of one series that are asked for together."""

    series: str
    uids: list[str]


Ask = Callable[[Any], Iterator[tuple[Any, Any]]]
Connect = Callable[[CancelToken], AbstractContextManager[tuple[Link, Ask]]]


@contextlib.contextmanager
def _retrieving(
    server: Server, kinds: Sequence[str], store: Callable[[Any, Watch], int], arrivals: Arrivals
) -> Iterator[Connect]:
    """Gives what makes a connection on which objects can be asked for, by C-GET or by C-MOVE."""
    roles = [pynetdicom.build_role(kind, scp_role=True) for kind in kinds]
    contexts = [_context(GET), *_storage_contexts(kinds)]

    @contextlib.contextmanager
    def getting(token: CancelToken) -> Iterator[tuple[Link, Ask]]:
        with associated(server, contexts, cancel=token, roles=roles, on_store=store) as link:
            yield link, partial(link.association.send_c_get, query_model=GET)

    if not server.move:
        yield getting
        return
    with receiving(server, kinds, _all_syntaxes(), store) as owner, _arriving(owner, arrivals):

        @contextlib.contextmanager
        def moving(token: CancelToken) -> Iterator[tuple[Link, Ask]]:
            with associated(server, [_context(MOVE)], cancel=token) as link:
                owner.belongs_to(link.watch)
                yield link, partial(link.association.send_c_move, move_aet=server.our_title, query_model=MOVE)

        yield moving


@contextlib.contextmanager
def _arriving(owner: Owner, arrivals: Arrivals) -> Iterator[None]:
    """Says why nothing has arrived at our receiver, where that is known here: the server says only that it failed."""
    try:
        yield
    except ServerError as error:
        if owner.hindrance and not isinstance(error, _NotListedError):
            raise ServerError(owner.hindrance) from error
        raise
    if arrivals.missing and owner.hindrance:
        raise ServerError(owner.hindrance)


def _one_by_one(study_uid: str, chunk: _AskedTogether) -> Any:
    asked = _identifier("IMAGE", (), {"StudyInstanceUID": study_uid, "SeriesInstanceUID": chunk.series})
    asked.SOPInstanceUID = chunk.uids
    return asked


def _follow(link: Link, answers: Iterator[tuple[Any, Any]], *, strict: bool) -> None:
    """Until the server says that it has sent everything. What it could not send is missing afterwards.

    strict: a refusal is an error, too.
    """
    for status, _ in answers:
        link.watch.heard()
        link.watch.check()
        code = status.get("Status")
        if code == 0xA801:
            server = link.server
            raise _NotListedError(
                f"{server.name}: does not know where {server.our_title} is; let its administrator add it, with the "
                f"address of this computer and port {server.receiver_port}"
            )
        # B000: some objects were not sent, or not taken. A702: none was. Both are said by what is missing.
        if code is None or (strict and code not in (*_PENDING, 0, 0xB000, 0xA702)):
            raise link.fault("the objects", status)


def _storage_contexts(kinds: Sequence[str]) -> list[Any]:
    """For each kind as it is unpacked, then packed in each way, as far as a connection has room."""
    contexts = [_context(kind) for kind in kinds]
    contexts += [_context(kind, (syntax,)) for syntax in COMPRESSED for kind in kinds]
    return contexts[:MOST_CONTEXTS]


def _all_syntaxes() -> list[str]:
    return [*UNCOMPRESSED, *COMPRESSED]


# -- sending ---------------------------------------------------------------------------------------------------------


def send(server: Server, objects: Sequence[Outbound], *, progress: Progress, cancel: CancelToken) -> tuple[str, ...]:
    """Send objects; returns what was refused, a line each. Raises ServerError where the connection ends.

    On one connection at a time: there are archives that mix up what they are sent on several, dcmtk's own among them.
    """
    require("pynetdicom")
    refused: list[str] = []
    pairs = list(dict.fromkeys((each.sop_class, each.syntax) for each in objects))
    done = 0
    for start in range(0, len(pairs), MOST_CONTEXTS):
        part = pairs[start : start + MOST_CONTEXTS]
        with associated(server, [_context(kind, (syntax,)) for kind, syntax in part], cancel=cancel) as link:
            found = link.association.accepted_contexts
            accepted = {(str(c.abstract_syntax), str(c.transfer_syntax[0])) for c in found}
            for each in objects:
                if (each.sop_class, each.syntax) not in part:
                    continue
                progress(done, len(objects), "Sending")
                link.watch.check()
                if (each.sop_class, each.syntax) in accepted:
                    refused += _refusals(link, each)
                else:
                    refused.append(f"{each.path.name}: is a {each.kind}, which is not taken as it is stored")
                done += 1
    progress(len(objects), len(objects), "Sending")
    return tuple(refused)


def _refusals(link: Link, each: Outbound) -> list[str]:
    """Send one object; returns a line where it was refused. Raises ServerError where the connection has ended."""
    status = _stored(link, each.path)
    if (code := status.get("Status")) is None:
        raise link.fault("sending", status)
    # Bxxx: stored, with a warning.
    return [] if code == 0 or code >> 12 == 0xB else [f"{each.path.name}: {link.fault('it', status)}"]


def _stored(link: Link, path: Path) -> Any:
    """The status of one object, read and sent in pieces: it may be larger than the memory."""
    link.watch.heard()
    status = link.association.send_c_store(str(path))
    link.watch.heard()
    return status
