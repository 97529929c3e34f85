"""Files inside zip archives, named ARCHIVE.zip/FOLDER/NAME and read where they are: nothing is unpacked to the disk.

An archive is looked through once, and every claim of its directory is checked before memory or time is given to it.
What a member holds is compared with its checksum by whoever reads it to its end.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import zipfile

MARK = b"PK\x03\x04"
"""How zip archives begin."""
ENDING = ".zip"

_MOST_MEMBERS = 200_000
_MOST_PACKED = 1100
"""Deflate packs at most 1032 to 1."""
_LARGE_BYTES = 1 << 30
_MOST_PACKED_LARGE = 100
"""Masks pack well, but no archive of this size packs so well that was not made to fill a disk."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_CHUNK = 1 << 16
_ENCRYPTED = 0x1
_STORED, _DEFLATED = 0, 8


class ArchiveError(OSError):
    """An archive or a member that cannot be read; reason is a phrase that follows the file's name."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(errno.EIO, reason, str(path))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Member:
    """name: as stored. start: where its local header lies in the archive. packed, size: bytes there and unpacked.
    crc: of the content.

    fault: why it cannot be read; empty where nothing is wrong so far.
    """

    name: bytes
    start: int
    packed: int
    size: int
    crc: int
    method: int
    fault: str


def is_archive(path: Path) -> bool:
    """Whether a regular file begins as a zip archive does."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return stream.read(4) == MARK
    except (OSError, ValueError):
        return False


def members_of(archive: Path) -> list[Path]:
    """The files in an archive, each as a path below it, in the order of their names.

    Names are made harmless: they cannot lead out of the archive. Of two files of one name the second is put into a
    folder of its own. Raises ArchiveError where the archive cannot be read as a whole.
    """
    return [archive / name for name in _directory(archive)]


def open_member(path: Path) -> BinaryIO | None:
    """A file in an archive, opened for reading from its start; None where no part of the path is an archive.

    Reading it raises ArchiveError where it is damaged. FileNotFoundError where the archive has no such file.
    """
    found = _found(path)
    if found is None:
        return None
    archive, member = found
    if member.fault:
        raise ArchiveError(member.fault, path)
    return io.BufferedReader(_MemberStream(path, archive, member), _CHUNK)


def member_size(path: Path) -> int | None:
    """The unpacked size of a file in an archive; None where there is no such file."""
    try:
        found = _found(path)
    except OSError:
        return None
    return None if found is None else found[1].size


def archive_of(path: Path) -> Path | None:
    """The archive that a path leads into; None where it leads into none."""
    return next((parent for parent in path.parents if is_archive(parent)), None)


def _found(path: Path) -> tuple[Path, _Member] | None:
    archive = archive_of(path)
    if archive is None:
        return None
    member = _directory(archive).get(path.relative_to(archive).as_posix())
    if member is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return archive, member


def _directory(archive: Path) -> Mapping[str, _Member]:
    stat = archive.stat()
    return _read_directory(archive, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4)
def _read_directory(archive: Path, size: int, _changed: int) -> Mapping[str, _Member]:
    """The members by their harmless names, sorted. Raises ArchiveError."""
    import zipfile  # noqa: PLC0415 - the viewer starts without it

    try:
        with zipfile.ZipFile(archive) as opened:
            listed = [info for info in opened.infolist() if not info.is_dir()]
            directory_at = opened.start_dir
    except PermissionError as error:
        raise ArchiveError(f"cannot be read ({error.strerror}); check its permissions", archive) from error
    except Exception as error:  # zipfile raises errors of several kinds for damaged directories
        raise ArchiveError("is a damaged or incomplete zip archive; copy it again from its source", archive) from error
    if len(listed) > _MOST_MEMBERS:
        raise ArchiveError(
            f"holds {len(listed)} files, more than {_MOST_MEMBERS}; unpack it and open a folder", archive
        )
    total = sum(info.file_size for info in listed)
    most = _MOST_PACKED if total <= _LARGE_BYTES else _MOST_PACKED_LARGE
    if total > most * size:
        raise ArchiveError(
            f"would take {total / 1e6:,.0f} MB unpacked, {total / size:,.0f} times its size; check where it is from",
            archive,
        )
    spans = sorted((info.header_offset, info.header_offset + info.compress_size) for info in listed)
    ends = [*(start for start, _ in spans[1:]), directory_at]
    if any(end > following for (_, end), following in zip(spans, ends, strict=False)):
        raise ArchiveError("is damaged: its files lie over each other; copy it again from its source", archive)
    members: dict[str, _Member] = {}
    for info in listed:
        name = _harmless(info.filename)
        if name is None:
            continue
        copies = 1
        while name in members:
            copies += 1
            name = f"({copies})/{_harmless(info.filename)}"
        where = _stored_name(info), info.header_offset, info.compress_size, info.file_size
        members[name] = _Member(*where, info.CRC, info.compress_type, _fault(info))
    return dict(sorted(members.items()))


def _harmless(name: str) -> str | None:
    """A member's name without what leads out of a folder; None for what programs leave beside their files."""
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".", "..")]
    if parts and re.fullmatch("[A-Za-z]:", parts[0]):
        del parts[0]
    if not parts or any(part.startswith(".") for part in parts[:-1]) or parts[-1].startswith("._"):
        return None
    return "/".join(parts)


def _stored_name(info: zipfile.ZipInfo) -> bytes:
    """A member's name as the bytes that zipfile has read; the flag says in which character set."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")


def _fault(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted; unpack the archive with its password and open the folder"
    if info.compress_type not in (_STORED, _DEFLATED):
        kind = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard"}
        how = kind.get(info.compress_type, f"method {info.compress_type}")
        return f"is packed as {how}, which is not read; unpack the archive and open the folder"
    if info.compress_type == _STORED and info.compress_size != info.file_size:
        return "is damaged: its size in the archive is not its own; copy the archive again"
    return ""


class _MemberStream(io.RawIOBase):
    """Unpacked bytes of a member. Seeking back unpacks it anew from its start; seeking to the end costs nothing."""

    def __init__(self, path: Path, archive: Path, member: _Member) -> None:
        self._path, self._member = path, member
        self.name = str(path)
        self._wanted = 0
        self._file = archive.open("rb")
        with contextlib.ExitStack() as undone:
            undone.callback(self._file.close)
            self._begin()
            undone.pop_all()

    def _begin(self) -> None:
        self._file.seek(self._member.start)
        head = self._file.read(_LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or not head.startswith(MARK):
            raise self._damaged("its place in the archive is not known")
        _, name, extra = _LOCAL_HEADER.unpack(head)
        if self._file.read(name) != self._member.name:
            raise self._damaged("it has two names in the archive")
        self._file.seek(extra, os.SEEK_CUR)
        self._left = self._member.packed
        self._at = self._crc = 0
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if self._member.method == _DEFLATED else None

    def _damaged(self, how: str) -> ArchiveError:
        return ArchiveError(f"is damaged: {how}; copy the archive again", self._path)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._wanted

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._wanted, os.SEEK_END: self._member.size}[whence]
        self._wanted = max(0, base + offset)
        return self._wanted

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._wanted < self._at:
            self._begin()
        while self._at < min(self._wanted, self._member.size):
            self._piece(min(self._wanted - self._at, _CHUNK))
        if self._wanted >= self._member.size:
            return 0
        piece = self._piece(len(buffer))
        buffer[: len(piece)] = piece
        self._wanted = self._at
        return len(piece)

    def _piece(self, most: int) -> bytes:
        """The next bytes, at least one. Raises ArchiveError where there are none, and for a wrong checksum."""
        most = min(most, self._member.size - self._at)
        if self._inflate is None:
            piece = self._file.read(min(most, self._left))
            self._left -= len(piece)
        else:
            piece = b""
            while not piece and not self._inflate.eof:
                packed = self._inflate.unconsumed_tail
                if not packed:
                    packed = self._file.read(min(_CHUNK, self._left))
                    self._left -= len(packed)
                try:
                    piece = self._inflate.decompress(packed, most)
                except zlib.error as error:
                    raise self._damaged("it cannot be inflated") from error
                if not packed and not piece:
                    break
        if not piece:
            raise self._damaged("it ends too early")
        self._crc = zlib.crc32(piece, self._crc)
        self._at += len(piece)
        if self._at == self._member.size and self._crc != self._member.crc:
            raise self._damaged("its checksum is wrong")
        return piece

    def close(self) -> None:
        super().close()
        self._file.close()
