"""Models that did not come with the program are tried in a process of their own, before the viewer loads them."""

from __future__ import annotations

from pathlib import Path

from engine.children import TRIAL_TIMEOUT_S, ChildTimeout, run_module
from engine.errors import ModelError


def try_in_child(content: bytes, where: Path, channels: int, input_shape: tuple[int, int]) -> None:
    """Load and run a stranger's file in a process that may crash. Raises ModelError where it does, or is unusable."""
    try:
        done = run_module("engine.network.trial", [str(channels), *map(str, input_shape), str(where)], content=content)
    except ChildTimeout as error:
        raise ModelError(
            f"{where}: did not load within {TRIAL_TIMEOUT_S} s in a trial process; export the model again"
        ) from error
    if done.returncode == 0:
        return
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == 1 and said and said[-1].startswith(str(where)):
        raise ModelError(said[-1])
    raise ModelError(
        f"{where}: crashes the runtime (status {done.returncode} of a trial process); "
        "export the model again, or remove its folder"
    )
