"""The command cinequant-train; `torchrun --nproc-per-node N -m training train …` trains in N processes.

Imports nothing that the viewer does not have, so that it can say what to install where the training extra is missing.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

# The packages that training.cli imports beyond the viewer's requirements.
NEEDED = ("torch", "nncf", "onnx", "onnxruntime", "safetensors", "tqdm", "matplotlib")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command as training.cli.main does. Returns 1, with one line on stderr, where a package is missing."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(  # noqa: T201
            f'cinequant-train: {", ".join(missing)} not installed; run `pip install ".[training]"` where its source is '
            "(on Linux this brings torch with CUDA, some gigabytes; for the CPU alone add "
            "`--extra-index-url https://download.pytorch.org/whl/cpu`)",
            file=sys.stderr,
        )
        return 1
    try:
        # Imported here because it loads torch, for several seconds.
        from training import cli  # noqa: PLC0415
    except KeyboardInterrupt:
        print("cinequant-train: stopped", file=sys.stderr)  # noqa: T201
        return 130
    return cli.main(argv)


if __name__ == "__main__":
    sys.exit(main())
