"""DICOM files on disk: how they begin, their bytes where they are deflated, and the pixels of an image."""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.archives import ArchiveError
from engine.files import file_size, open_regular, read_regular
from engine.formats import decoding
from engine.formats.dicom_image import Image
from engine.formats.index import UnusableError
from engine.later import Later

# pydicom's warnings quote header values, so a log would hold patient data. This filter holds for its own log from here
# on; the logs of its parts go by the level, which its import sets anew.
_log = logging.getLogger("pydicom")
_log.addFilter(lambda _: False)


def _take_values_as_they_are(package: Any) -> None:
    """Scanners and anonymisers write invalid values, which are handled where they are used.

    Set once: these are settings of the whole process, and several threads read headers at a time.
    """
    package.config.settings.reading_validation_mode = package.config.IGNORE
    package.config.settings.writing_validation_mode = package.config.IGNORE
    warnings.filterwarnings("ignore", module="(pydicom|highdicom)")
    _log.setLevel(logging.CRITICAL)
    decoding.set_apart(package)


pydicom: Any = Later("pydicom", then=_take_values_as_they_are)


UNFETCHED = "is a link whose content is not here (of a DataLad data set?); fetch it with 'datalad get'"

GIT_LFS = b"version https://git-lfs"
"""How a file begins that only points to its content elsewhere."""

IMAGE_SUFFIXES = (".dcm", ".ima", ".dicom", ".dic")
"""What the names of images end in, where they have an ending at all."""


def looks_like_dicom(path: Path) -> bool:
    """Whether a file starts as DICOM does: with the DICM mark, or at once with a group 2 or 8 element."""
    try:
        with open_regular(path) as file:
            return starts_as_dicom(file.read(HEAD_BYTES))
    except OSError:
        return False


HEAD_BYTES = 1024
"""The first bytes, which name the transfer syntax as well."""
DEFLATED = b"1.2.840.10008.1.2.1.99"
"""The transfer syntax of files that are compressed as a whole, as it stands among the first bytes."""
_MAX_INFLATED = 256_000_000
_MAX_UNPACKED = 512_000_000


def read_dicom(path: Path, **options: Any) -> Any:
    """The dataset in a file, as pydicom.dcmread reads it. Raises whatever pydicom raises for a damaged one."""
    with open_regular(path) as file:
        return pydicom.dcmread(file, force=True, **options)


@lru_cache(maxsize=1)
def unpacked(path: Path) -> bytes:
    """A file inside an archive as a whole, so that its checksum is compared. Raises OSError, UnusableError.

    Kept until another one is asked for, as inflated does.
    """
    if file_size(path) > _MAX_UNPACKED:
        raise UnusableError(f"would take more than {_MAX_UNPACKED // 10**6} MB; unpack the archive and open the folder")
    with open_regular(path) as file:
        return file.read()


@lru_cache(maxsize=1)
def inflated(path: Path) -> bytes:
    """A deflated file as it would be without compression, in Explicit VR Little Endian.

    Kept until another one is asked for: each frame of a multi-frame file is read from it. Raises UnusableError where it
    is damaged or would take more than _MAX_INFLATED bytes.
    """
    with open_regular(path) as file:
        content = file.read()
    end = _meta_end(content)
    meta = pydicom.dataset.FileMetaDataset(pydicom.filereader.read_dataset(io.BytesIO(content[132:end]), False, True))
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = stream.decompress(content[end:], _MAX_INFLATED + 1)
    except zlib.error as error:
        raise UnusableError("is damaged: its deflated part cannot be inflated; copy it again") from error
    if len(body) > _MAX_INFLATED:
        raise UnusableError(f"would take more than {_MAX_INFLATED // 10**6} MB inflated; save it uncompressed")
    if not stream.eof:
        raise UnusableError("is truncated: its deflated part has no end; copy it again from its source")
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    head = io.BytesIO()
    pydicom.filewriter.write_file_meta_info(head, meta, enforce_standard=False)
    return content[:132] + head.getvalue() + body


def starts_as_dicom(head: bytes) -> bool:
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16:
        return False
    for order in "<>":
        group, element, implicit_length = struct.unpack(f"{order}HHL", head[:8])
        if group in (0x0002, 0x0008) and element < 0x0100:
            return (head[4:6].isalpha() and head[4:6].isupper()) or implicit_length < 256
    return False


def _meta_end(content: bytes) -> int:
    """Where the elements of group 2 end, which are in Explicit VR Little Endian whatever follows them.

    The length that the group states is left out of it: not every writer gives one.
    """
    at = 132
    while content[at : at + 2] == b"\x02\x00":
        if content[at + 4 : at + 6] in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
            at += 12 + int.from_bytes(content[at + 8 : at + 12], "little")
        else:
            at += 8 + int.from_bytes(content[at + 6 : at + 8], "little")
    return at


def read_pixels(image: Image) -> NDArray[Any]:
    """Stored values (Y, X) of an image in native byte order: unsigned or signed, of 8, 16 or 32 bits.

    Neither rescaled nor inverted. Raises UnusableError where the pixels cannot be decoded.
    """
    allocated, stored, high = image.bits
    count = image.rows * image.columns
    try:
        if image.offset is not None:
            dtype = np.dtype(f"{image.byte_order}{'i' if image.signed else 'u'}{allocated // 8}")
            if image.deflated:
                values = np.frombuffer(inflated(image.path), dtype, count, offset=image.offset)
            elif not image.path.exists():  # inside an archive
                values = np.frombuffer(unpacked(image.path), dtype, count, offset=image.offset)
            else:
                values = np.fromfile(image.path, dtype, count, offset=image.offset)
            values = values.astype(dtype.newbyteorder("="), copy=False)
        else:
            index = image.frame if image.multi_frame else None
            whole = image.path if image.path.exists() else io.BytesIO(unpacked(image.path))
            values = decoded(whole, index)
            stored, high = allocated, allocated - 1  # the decoder has dealt with unused bits
        values = values.reshape(image.rows, image.columns)
    except UnusableError:
        raise
    except ArchiveError as error:
        raise UnusableError(error.reason) from error
    except MemoryError as error:
        raise UnusableError("needs more memory than is free; close other programs and open it again") from error
    except Exception as error:  # each decoder has errors of its own
        raise UnusableError(_undecodable(image.path)) from error
    if stored < allocated:
        # what lies beside the stored bits may be old overlays: shift it out, with the sign
        values = (values << (allocated - 1 - high)) >> (allocated - stored)
    return values


def decoded(whole: Path | io.BytesIO, index: int | None) -> NDArray[Any]:
    """The pixels of a compressed file: of one frame, or of all where index is None.

    Native libraries do that in a process of their own. Raises whatever a decoder raises.
    """
    crashes = decoding.child.crashes
    try:
        return np.asarray(pydicom.pixels.utils.pixel_array(whole, index=index))
    except MemoryError:
        raise
    except Exception:  # each decoder has errors of its own
        if decoding.child.crashes > crashes:
            raise
        # Another library may be able to; it must not run here either.
        content = whole.getvalue() if isinstance(whole, io.BytesIO) else read_regular(whole)
        return decoding.decoded_file(content, index)


def _undecodable(path: Path) -> str:
    """Why the pixels of a file cannot be decoded: no decoder knows its syntax, or it is damaged."""
    try:
        syntax = read_dicom(path, stop_before_pixels=True, specific_tags=[]).file_meta.TransferSyntaxUID
        known = pydicom.pixels.get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    except Exception:  # the header is damaged as well
        return "has pixels that cannot be decoded: it is damaged; copy it again from its source"
    if known:
        return "has pixels that cannot be decoded: it is damaged; copy it again from its source"
    name = syntax.name if syntax.name != str(syntax) else "an unknown transfer syntax"
    return f"is compressed as {name} ({syntax}), which cannot be decoded here; save it uncompressed or as JPEG 2000"


def plain(value: Any) -> str:
    """One line of printable text."""
    text = "" if value is None else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
