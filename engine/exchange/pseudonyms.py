"""Names, identifiers and dates in the place of a patient's own: always the same, and of use only with the secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from engine.errors import ExportError
from engine.files import read_regular
from engine.user_folders import Purpose, user_folder

_SECRET_BYTES = 32
_MOST_BYTES = 4096
_FEWEST_DAYS, _MOST_DAYS = 30, 3650
_STANDARD_UIDS = "1.2.840.10008."
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})((?:[0-9]{2}){0,3}(?:\.[0-9]{1,6})?)(?:[+-][0-9]{4})?")
_TIME = re.compile(r"(?:[0-9]{2}){0,3}(?:\.[0-9]{1,6})?|[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Secret:
    """What pseudonyms are made with. It is never printed."""

    key: bytes = field(repr=False)

    def _digest(self, what: str, text: str) -> bytes:
        return hmac.new(self.key, f"{what}\0{text}".encode(), hashlib.sha256).digest()

    def patient(self, identifier: str) -> str:
        """A name for a patient, such as "CQ-7XK2M4QDAZ"."""
        return "CQ-" + base64.b32encode(self._digest("patient", identifier)).decode()[:10]

    def uid(self, uid: str) -> str:
        """Another UID for one of an instance, series or study; UIDs of the standard stay."""
        if not uid or is_of_the_standard(uid):
            return uid
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16], 'big')}"

    def days(self, patient: str) -> int:
        """By how many days a patient's dates are moved into the past."""
        return _FEWEST_DAYS + int.from_bytes(self._digest("days", patient)[:8], "big") % (_MOST_DAYS - _FEWEST_DAYS)

    def short(self, what: str, text: str) -> str:
        """Some letters for a part of a file's name."""
        return self._digest(what, text).hex()[:12]


def is_of_the_standard(uid: str) -> bool:
    """Whether a UID names a kind of object or the like, and no object."""
    return uid.startswith(_STANDARD_UIDS)


def shifted(text: str, days: int) -> str:
    """A DICOM date, or date and time, moved into the past; empty where it is none. A time zone goes: it is a place."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return ""
    try:
        moved = date(int(found[1]), int(found[2]), int(found[3])) - timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{moved:%Y%m%d}{found[4]}" if moved.year >= 1000 else ""


def is_time(text: str) -> bool:
    """Whether a text is a time of day as DICOM has it, and nothing else."""
    return _TIME.fullmatch(text.strip()) is not None


def own_secret(path: Path | None = None) -> Secret:
    """The user's secret, made at first use in a file that nobody else can read.

    path: where it is; None for the user's own folder of settings. Raises ExportError where it can be neither read nor
    made.
    """
    path = path or _user_file()
    try:
        if not path.exists():
            _make(path)
        content = read_regular(path, _MOST_BYTES).strip()
    except OSError as error:
        raise ExportError(
            f"{path}: the secret of pseudonyms cannot be read or made ({error.strerror}); name another file with --key"
        ) from error
    if len(content) < _SECRET_BYTES:
        raise ExportError(f"{path}: is no secret of at least {_SECRET_BYTES} characters; name another file with --key")
    return Secret(content)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Complete before it has its name: a second program must not read half of it. Mode 600 from the start.
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(_SECRET_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def _user_file() -> Path:
    folder = user_folder(Purpose.SETTINGS)
    if folder is None:
        raise ExportError("This user has no home folder for the secret of pseudonyms; name a file for it with --key")
    return folder / "anonymise.key"
