"""What a child process does with a model that did not come with the program: tries it, before the viewer does.

Run by engine.network.child as a program of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.children import bound_memory
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
    bound_memory(TRIAL_MEMORY_BYTES)
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


if __name__ == "__main__":
    sys.exit(try_file(sys.argv[1:]))
