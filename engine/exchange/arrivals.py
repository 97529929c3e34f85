"""Where fetched objects arrive: checked, written whole, bounded, and found again by the next try.

FOLDER/.incoming/SERIES/OBJECT.dcm while a series is on its way, FOLDER/SERIES/OBJECT.dcm when all of it is there.
Hidden folders are not opened, so no half series is ever shown; a later fetch goes on where an earlier one ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from engine.errors import CineQuantError
from engine.exchange.search import FoundInstance, is_uid
from engine.files import write_atomically
from engine.formats.dicom_files import pydicom
from engine.formats.dicom_values import pixel_bytes

INCOMING = ".incoming"
ENDING = ".dcm"
LIMIT_BYTES = 20 * 10**9
"""How large a folder of fetched studies may grow unless the user says otherwise."""
SPARE_BYTES = 500 * 10**6
"""So much of a disk is never filled."""
STALE_S = 7 * 24 * 3600.0
_LOOK_EVERY_BYTES = 50 * 10**6


class DamagedObject(Exception):  # noqa: N818 - a finding about one object, counted by whoever fetches
    """An object that a server has sent is not whole, or is another one than was asked for."""


class FullError(CineQuantError):
    """There is no more room for what is fetched."""


class Arrivals:
    """One study on its way into a folder. take may be called from several threads."""

    def __init__(
        self, folder: Path, wanted: Iterable[FoundInstance], *, study_uid: str = "", limit_bytes: int = LIMIT_BYTES
    ) -> None:
        """wanted: every object of the series that are fetched. study_uid: of their study; empty if any will do.

        Raises OSError, and FullError where no room is left.
        """
        self._folder, self._limit, self._study = folder, limit_bytes, study_uid
        self._series = {each.uid: each.series_uid for each in wanted}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        self._used = used_bytes(folder)
        self._looked = -_LOOK_EVERY_BYTES
        self.new = 0
        self.damaged: list[str] = []
        self._digests: dict[str, bytes] = {}
        self._patients: dict[str, str] = {}
        self._there = {uid for uid in self._series if self._place(uid).is_file() or self._waiting(uid).is_file()}
        self.found = len(self._there)
        """How many were there before."""
        self._check_room(0)

    @property
    def missing(self) -> list[str]:
        """The objects that are not there yet."""
        with self._lock:
            return [uid for uid in self._series if uid not in self._there]

    @property
    def done(self) -> int:
        with self._lock:
            return len(self._there)

    @property
    def total(self) -> int:
        return len(self._series)

    def missing_by_series(self) -> dict[str, list[str]]:
        by_series: dict[str, list[str]] = defaultdict(list)
        for uid in self.missing:
            by_series[self._series[uid]].append(uid)
        return dict(by_series)

    def is_untouched(self, series_uid: str) -> bool:
        """Whether nothing of a series is there, so that it is fetched as a whole."""
        return not any(series == series_uid and uid in self._there for uid, series in self._series.items())

    def take(self, content: bytes | memoryview, uid: str = "") -> None:
        """Keep one object, a whole DICOM file. uid: what the server calls it.

        Raises DamagedObject where it is not kept, FullError and OSError where it cannot be.
        """
        try:
            uid, patient = self._examined(content, uid)
        except DamagedObject as damage:
            with self._lock:
                self.damaged.append(str(damage))
            raise
        digest = hashlib.sha256(content).digest()
        with self._lock:
            if uid in self._there:
                if self._digests.get(uid, digest) != digest:
                    # Nobody can tell which of them is the true one.
                    self._drop(uid, "was sent twice, with different contents")
                    raise DamagedObject(self.damaged[-1])
                return
        self._check_room(len(content))
        path = self._waiting(uid)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, bytes(content))
        with self._lock:
            self._there.add(uid)
            self._digests[uid], self._patients[uid] = digest, patient
            self._used += len(content)
            self.new += 1

    def _drop(self, uid: str, why: str) -> None:
        """An object that has come is not kept after all. The lock is held."""
        self._there.discard(uid)
        self._waiting(uid).unlink(missing_ok=True)
        self.damaged.append(f"{uid} {why}")
        self.new -= 1

    def _drop_other_patients(self) -> None:
        """A study has one patient: that of those objects that were here before, else of most of them."""
        with self._lock:
            before = next((self._path(uid) for uid in self._there if uid not in self._patients), None)
            counts = Counter(filter(None, self._patients.values()))
            if before is not None:
                header = pydicom.dcmread(before, specific_tags=["PatientID"], stop_before_pixels=True)
                counts[str(header.get("PatientID") or "").strip()] += len(self._series)
            if not counts:
                return
            most = counts.most_common(1)[0][0]
            for uid, patient in list(self._patients.items()):
                if patient and most and patient != most and uid in self._there:
                    self._drop(uid, "is of another patient than the other objects of the study")

    def settle(self) -> None:
        """Put the series that are whole into their places, and remove what is empty. Raises OSError."""
        self._drop_other_patients()
        missing = {self._series[uid] for uid in self.missing}
        for series in dict.fromkeys(self._series.values()):
            waiting = self._folder / INCOMING / series
            if series in missing or not waiting.is_dir():
                continue
            place = self._folder / series
            if not place.exists():
                waiting.replace(place)
                continue
            for file in waiting.iterdir():
                file.replace(place / file.name)
            waiting.rmdir()
        with contextlib.suppress(OSError):  # not empty: another series is still on its way
            (self._folder / INCOMING).rmdir()

    def _place(self, uid: str) -> Path:
        return self._folder / self._series[uid] / f"{uid}{ENDING}"

    def _waiting(self, uid: str) -> Path:
        return self._folder / INCOMING / self._series[uid] / f"{uid}{ENDING}"

    def _path(self, uid: str) -> Path:
        place = self._place(uid)
        return place if place.is_file() else self._waiting(uid)

    def _check_room(self, more: int) -> None:
        with self._lock:
            used, look = self._used + more, self._used - self._looked >= _LOOK_EVERY_BYTES
            if look:
                self._looked = self._used
        if used > self._limit:
            raise FullError(
                f"{self._folder}: would hold more than {self._limit / 1e9:g} GB of fetched studies; remove some of "
                "them, or allow more"
            )
        if look and shutil.disk_usage(self._folder).free < SPARE_BYTES + more:
            raise FullError(f"{self._folder}: fewer than {SPARE_BYTES / 1e6:g} MB are free on its disk; make room")

    def _examined(self, content: bytes | memoryview, said: str) -> tuple[str, str]:
        """The object's identifier and its patient's. Raises DamagedObject."""
        name = said if is_uid(said) else "an object"
        try:
            header = pydicom.dcmread(io.BytesIO(content), force=False)
            uid = str(header.get("SOPInstanceUID") or "")
            series, meta = str(header.get("SeriesInstanceUID") or ""), header.file_meta
            study, patient = str(header.get("StudyInstanceUID") or ""), str(header.get("PatientID") or "").strip()
            name = uid if is_uid(uid) else name
            fault = _fault_of_pixels(header)
        except Exception as error:  # pydicom raises errors of many kinds for damaged files
            raise DamagedObject(f"{name} cannot be read as DICOM") from error
        if not is_uid(uid) or (said and uid != said) or str(meta.get("MediaStorageSOPInstanceUID") or "") != uid:
            raise DamagedObject(f"{name} is another object than it is said to be")
        if uid not in self._series:
            raise DamagedObject(f"{name} was not asked for")
        if series != self._series[uid]:
            raise DamagedObject(f"{name} is of another series than it is said to be")
        if self._study and study != self._study:
            raise DamagedObject(f"{name} is of another study than was asked for")
        if fault:
            raise DamagedObject(f"{name} {fault}")
        return uid, patient


def _remove_leftovers(folder: Path) -> None:
    """What processes that were killed were writing."""
    for leftover in folder.glob(f"{INCOMING}/*/.*.part"):
        process = leftover.name.split(".")[-2]
        if not process.isdecimal() or int(process) == os.getpid() or not psutil.pid_exists(int(process)):
            leftover.unlink(missing_ok=True)


def used_bytes(folder: Path) -> int:
    """What the files below a folder take, hidden ones among them."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(where) / name).lstat().st_size
    return total


def clean_up(folder: Path, *, now: float | None = None) -> None:
    """Remove half-fetched series below a folder that nobody has gone on with for a week. Raises nothing."""
    before = (time.time() if now is None else now) - STALE_S
    for incoming in (*folder.glob(INCOMING), *folder.glob(f"*/{INCOMING}")):
        with contextlib.suppress(OSError):
            files = [file for file in incoming.rglob("*") if file.is_file()]
            if all(file.stat().st_mtime < before for file in files) and incoming.stat().st_mtime < before:
                shutil.rmtree(incoming)
                incoming.parent.rmdir()


def _fault_of_pixels(header: Any) -> str:
    """What is wrong with the pixels of an object, by their size alone, in a phrase; empty if nothing."""
    if "PixelData" not in header:
        return ""
    # The file's own bytes: a value that was not converted yet knows how long it is said to be.
    pixels = header.get_item("PixelData").value or b""
    if header.file_meta.TransferSyntaxUID.is_encapsulated:
        # The last item of the sequence says that it ends, unless what follows was cut off.
        return "" if len(pixels) > 16 else "has no pixels"
    if len(pixels) < pixel_bytes(header):
        return "is cut off: it has fewer pixels than it says"
    return ""
