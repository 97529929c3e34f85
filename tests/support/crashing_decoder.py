"""The decoder's child, but it crashes or hangs on one frame: the one whose MD5 is in CRASH_ON or HANG_ON."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from typing import Any

from engine.formats import decoder_child

_frame = decoder_child._frame


def frame(header: dict[str, Any], content: bytes) -> bytes:
    name = hashlib.md5(content).hexdigest()
    if name == os.environ.get("CRASH_ON"):
        os.abort()
    if name == os.environ.get("HANG_ON"):
        time.sleep(600)
    return _frame(header, content)


if __name__ == "__main__":
    decoder_child._frame = frame
    sys.exit(decoder_child.main())
