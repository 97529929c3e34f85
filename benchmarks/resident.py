"""How much resident memory a network takes in a process that does nothing else.

`python -m benchmarks.resident FILE CHANNELS SIZE BF16` prints it as JSON, in 10^6 bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from engine.network.predict import rss_mb

RUNS = 20


def measure(path: Path, channels: int, size: int, *, bf16: bool) -> dict[str, float]:
    """Growth of the resident set by the runtime itself, by loading a network (which runs it once), and by running it.

    Shows what a user sees only if this process has done nothing before.
    """
    start = rss_mb()
    # Not at the top, because the cost of importing is measured.
    from engine.network import runtime  # noqa: PLC0415

    # Asking the device makes the runtime load its kernels.
    runtime.device_name()
    ready = rss_mb()
    network = runtime.Network(
        path.read_bytes(), where=path, channels=channels, input_shape=(size, size), threads=1, bf16=bf16
    )
    loaded = rss_mb()
    x = np.random.default_rng(0).standard_normal((1, 1, size, size)).astype(np.float32)
    for _ in range(RUNS):
        network.infer(x)
    return {"runtime_mb": ready - start, "load_mb": loaded - ready, "run_mb": rss_mb() - loaded}


if __name__ == "__main__":
    file, channels_, size_, bf16_ = sys.argv[1:]
    sys.stdout.write(json.dumps(measure(Path(file), int(channels_), int(size_), bf16=bool(int(bf16_)))) + "\n")
