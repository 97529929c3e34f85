"""What a child process does with a model that did not come with the program: tries it, before the viewer does.

Run by engine.network.child as a program of its own.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from engine.errors import ModelError
from engine.network import packed
from engine.network.graph_order import disorder
from engine.network.runtime import Network

TRIAL_MEMORY_BYTES = 2 << 30


def try_file(arguments: Sequence[str]) -> int:
    """Read a file from standard input, compile it and run it once; returns the exit status.

    arguments: channels, height and width of its input, and what messages call it.
    """
    channels, height, width = (int(value) for value in arguments[:3])
    _bound_memory()
    try:
        content = sys.stdin.buffer.read()
        onnx = packed.to_onnx(packed.unpack(content, Path(arguments[3]))) if packed.is_packed(content) else content
        if found := disorder(onnx):
            raise ModelError(f"{arguments[3]}: is not a usable ONNX file ({found}); export the model again")
        Network(content, where=Path(arguments[3]), channels=channels, input_shape=(height, width), threads=1)
    except MemoryError:
        sys.stderr.write(f"{arguments[3]}: needs more memory than a model may; export the model again\n")
        return 1
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _bound_memory() -> None:
    """Let this process take no more than TRIAL_MEMORY_BYTES on top of what it has, where the system allows a limit.

    Windows has no such limit for a process on itself; there the time limit alone ends a trial.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    limit = psutil.Process().memory_info().vms + TRIAL_MEMORY_BYTES
    with contextlib.suppress(ValueError, OSError):  # a stricter limit is in force already
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(try_file(sys.argv[1:]))
