"""An archive that is asked by DICOMweb: QIDO, WADO and STOW by dicomweb-client.

Imported when a DICOMweb server is asked: dicomweb-client is part of an extra.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import requests
import urllib3
from dicomweb_client.api import DICOMwebClient

from engine.exchange import reach, search
from engine.exchange.arrivals import Arrivals, DamagedObject
from engine.exchange.outbound import Outbound
from engine.exchange.search import FoundInstance, FoundSeries, FoundStudies, Query
from engine.exchange.servers import Server, ServerError
from engine.exchange.web_session import said, session_with
from engine.formats.dicom_files import pydicom
from engine.progress import CancelToken, Progress

_PAGE = 500
_MOST_PAGES = 200
_AS_STORED = (("application/dicom", "*"),)
_TRANSPORT = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)


class Web:
    """A connection to a DICOMweb server, in the verbs of engine.exchange.transfer."""

    def __init__(self, server: Server, client: Any, cancel: CancelToken) -> None:
        self._server, self._client, self._cancel = server, client, cancel

    def echo(self) -> None:
        """Ask for one study, which every DICOMweb server answers. Raises ServerError."""
        self._asked("the query", lambda: self._client.search_for_studies(limit=1))

    def find_studies(self, query: Query, *, most: int) -> FoundStudies:
        """The studies that match. Raises ServerError."""
        found: dict[str, search.FoundStudy] = {}
        cut = False
        end = time.monotonic() + search.LONG_ENOUGH_S
        studies = partial(self._client.search_for_studies, fields=_beyond(search.STUDY_KEYS), limit=_PAGE)
        for matches in search.matches_of(query):
            for offset in range(0, search.MOST_ANSWERS, _PAGE):
                answers = self._asked("the query", partial(studies, search_filters=matches, offset=offset))
                page = [study for study in map(search.study_of, answers) if study is not None]
                new = [study for study in page if study.uid not in found]
                found.update({study.uid: study for study in new})
                # A server that does not know pages sends the first one again.
                if len(answers) < _PAGE or not new:
                    break
                if len(found) >= most and time.monotonic() > end:
                    cut = True
                    break
            else:
                cut = True
        return search.merged(query, list(found.values()), most=most, unread=cut)

    def find_series(self, study_uid: str) -> tuple[FoundSeries, ...]:
        """The series of a study. Raises ServerError."""
        fields = _beyond(search.SERIES_KEYS)
        answers = self._asked("the query", lambda: self._client.search_for_series(study_uid, fields=fields))
        return search.in_order([s for s in (search.series_of(a, study_uid) for a in answers) if s is not None])

    def find_instances(self, study_uid: str, series: Sequence[str]) -> tuple[FoundInstance, ...]:
        """The objects of some series of a study, of all where none is named. Raises ServerError."""
        found: dict[str, FoundInstance] = {}
        counts = {each.uid: each.instances or 0 for each in self.find_series(study_uid)}
        for uid in series or counts:
            before, asked = len(found), 0
            for _ in range(_MOST_PAGES):
                at = {"limit": _PAGE, "offset": asked}
                instances_of = partial(self._client.search_for_instances, study_uid, uid, fields=["SOPClassUID"], **at)
                answers = self._asked("the query", instances_of)
                instances = [i for i in (search.instance_of(answer, uid) for answer in answers) if i is not None]
                new = [instance for instance in instances if instance.uid not in found]
                found.update({instance.uid: instance for instance in new})
                asked += len(answers)
                # A server may give fewer than were asked for; one that does not know pages sends the first again.
                short = len(answers) < _PAGE and len(found) - before >= counts.get(uid, 0)
                if short or not new:
                    break
        return tuple(found.values())

    def fetch(self, study_uid: str, arrivals: Arrivals, *, progress: Progress) -> None:
        """Fetch what is missing. Raises ServerError, and what arrivals raises."""
        progress(arrivals.done, arrivals.total, "Fetching")
        for series, missing in arrivals.missing_by_series().items():
            if arrivals.is_untouched(series):
                whole = self._client.iter_series(study_uid, series, media_types=_AS_STORED)
                # A damaged object ends the series; what comes after it is fetched one by one.
                known = len(arrivals.damaged)
                with contextlib.suppress(DamagedObject):
                    self._take(whole, arrivals, progress)
                del arrivals.damaged[known:]
            for uid in missing:
                if uid in set(arrivals.missing):
                    with contextlib.suppress(DamagedObject):
                        self._take(self._one(study_uid, series, uid), arrivals, progress, uid)

    def _one(self, study_uid: str, series: str, uid: str) -> Iterator[Any]:
        yield self._client.retrieve_instance(study_uid, series, uid, media_types=_AS_STORED)

    def _take(self, objects: Iterable[Any], arrivals: Arrivals, progress: Progress, uid: str = "") -> None:
        """Keep objects as they come. Raises DamagedObject at the first that cannot be read."""
        waiting = iter(objects)
        while True:
            with said(self._server, "the objects", self._cancel):
                try:
                    content = _file_of(next(waiting))
                except StopIteration:
                    return
                except _TRANSPORT:
                    raise
                except Exception as error:  # pydicom raises errors of many kinds for damaged files
                    self._cancel.check()
                    if uid:  # else it is fetched again by itself
                        arrivals.damaged.append(f"{uid} cannot be read as DICOM")
                    raise DamagedObject(uid or "an object") from error
            arrivals.take(content, uid)
            progress(arrivals.done, arrivals.total, "Fetching")

    def send(self, objects: Sequence[Outbound], *, progress: Progress) -> tuple[str, ...]:
        """Send objects one by one; returns what was refused, a line each. Raises ServerError."""
        refused: list[str] = []
        for number, each in enumerate(objects):
            progress(number, len(objects), "Sending")
            self._cancel.check()
            whole = pydicom.dcmread(each.path)
            try:
                with said(self._server, "sending", self._cancel):
                    stored = self._client.store_instances([whole])
            except ServerError as error:
                if not _is_refusal(error):
                    raise
                refused.append(f"{each.path.name}: {error}")
                continue
            for failed in stored.get("FailedSOPSequence") or ():
                refused.append(f"{each.path.name}: refused (reason {int(failed.get('FailureReason') or 0):04X}h)")
        progress(len(objects), len(objects), "Sending")
        return tuple(refused)

    def _asked(self, doing: str, ask: Callable[[], Any]) -> list[Any]:
        """The answers to a question, as data sets. Raises ServerError."""
        with said(self._server, doing, self._cancel):
            try:
                answers = ask()
                return [pydicom.Dataset.from_json(answer) for answer in answers]
            except _TRANSPORT:
                raise
            except Exception as error:  # whatever pydicom and dicomweb-client raise for what is no DICOM JSON
                self._cancel.check()
                raise ServerError(
                    f"{self._server.name}: does not answer as DICOMweb does; check that its URL ends where DICOMweb "
                    "begins"
                ) from error


@contextlib.contextmanager
def connected(server: Server, secret: str, cancel: CancelToken) -> Iterator[Web]:
    """A connection that ends with its work."""
    timeout = (min(reach.CONNECT_S, server.wait_s), server.wait_s)
    with session_with(server, secret, cancel) as session:
        client = DICOMwebClient(server.url, session=session, permissive_uid=True, timeout=timeout)
        client.set_http_retry_params(retry=False)
        yield Web(server, client, cancel)


def _file_of(whole: Any) -> bytes:
    """A data set as a DICOM file, its elements as they have come."""
    out = io.BytesIO()
    whole.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _beyond(keys: Sequence[str]) -> list[str]:
    """What is asked for beside what every answer holds."""
    return [key for key in keys if not key.endswith("InstanceUID")]


def _is_refusal(error: ServerError) -> bool:
    """Whether one object was refused, and not the connection: 409 is a conflict with what is stored, as 400 is."""
    return any(f"(HTTP {code} " in str(error) for code in (400, 409, 415))
