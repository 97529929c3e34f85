"""What a child process does for the viewer: decodes compressed pixels with native libraries, which may crash.

Run by engine.formats.decoding as a program of its own. It reads requests from standard input until that ends. A request
is two lengths, a header in JSON and the encoded bytes; an answer is a status, 0 for done, a length and the bytes.
"""

from __future__ import annotations

import io
import json
import os
import struct
import sys
from typing import Any, BinaryIO

from engine.children import bound_memory

REQUEST, ANSWER = struct.Struct("<II"), struct.Struct("<iI")
DONE, FAILED = 0, 1
MEMORY_BYTES = 2 << 30


def serve(asked: BinaryIO, said: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while len(lengths := asked.read(REQUEST.size)) == REQUEST.size:
        header_length, length = REQUEST.unpack(lengths)
        header, content = json.loads(asked.read(header_length)), asked.read(length)
        try:
            status, answer = DONE, (_frame if header["kind"] == "frame" else _file)(header, content)
        except Exception as error:  # libraries have errors of their own
            status, answer = FAILED, type(error).__name__.encode()
        said.write(ANSWER.pack(status, len(answer)))
        said.write(answer)
        said.flush()


def _frame(header: dict[str, Any], content: bytes) -> bytes:
    """One frame by gdcm. header: what pydicom's runner knows of it, by gdcm's names."""
    import gdcm  # noqa: PLC0415 - loaded while the first request is on its way

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(content)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((header["columns"], header["rows"], 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(header["photometric"])
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    if header["samples"] > 1:
        image.SetPlanarConfiguration(header["planar"])
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(header["syntax"])))
    stored = header["stored"]
    pixel = gdcm.PixelFormat(header["samples"], header["allocated"], stored, stored - 1, header["signed"])
    image.SetPixelFormat(pixel)
    # gdcm gives char* as text
    answer: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    if not answer:
        raise ValueError("nothing was decoded")
    return answer


def _file(header: dict[str, Any], content: bytes) -> bytes:
    """A frame, or all of a file where index is null, by whichever library can, as the bytes of a .npy file."""
    import numpy as np  # noqa: PLC0415 - seldom needed
    from pydicom.pixels.utils import pixel_array  # noqa: PLC0415

    out = io.BytesIO()
    np.save(out, np.asarray(pixel_array(io.BytesIO(content), index=header["index"])), allow_pickle=False)
    return out.getvalue()


def main() -> int:
    # Libraries print to standard output, which is for answers alone.
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    bound_memory(MEMORY_BYTES)
    serve(sys.stdin.buffer, said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
