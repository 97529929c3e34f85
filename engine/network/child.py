"""Modules of the engine in processes of their own: one that may crash, hang or fill the memory harms nobody there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import engine
from engine.errors import ModelError

_TRIAL_TIMEOUT_S = 60
ChildTimeout = subprocess.TimeoutExpired


def run_module(
    module: str, arguments: Sequence[str], *, content: bytes = b"", timeout_s: float = _TRIAL_TIMEOUT_S
) -> subprocess.CompletedProcess[bytes]:
    """Run a module of the engine in a fresh Python process, content on its standard input.

    Raises ChildTimeout.
    """
    command, options = _child(module, arguments)
    return subprocess.run(command, input=content, capture_output=True, timeout=timeout_s, check=False, **options)


def start_module(module: str, arguments: Sequence[str], *, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a module of the engine in a fresh Python process whose standard output is a pipe, and go on.

    errors: file for its standard error.
    """
    command, options = _child(module, arguments)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, **options)


def _child(module: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Command and options of a fresh Python process that runs a module of the engine."""
    home = str(Path(engine.__file__).parent.parent)
    path = os.pathsep.join(part for part in (home, os.environ.get("PYTHONPATH", "")) if part)
    # -P: a folder named "engine" where the user happens to stand must not be run instead of this package.
    command = [sys.executable, "-P", "-m", module, *arguments]
    # On Windows a child of the windowed viewer would open a console.
    flags = int(getattr(subprocess, "CREATE_NO_WINDOW", 0))
    return command, {"env": {**os.environ, "PYTHONPATH": path}, "creationflags": flags}


def try_in_child(content: bytes, where: Path, channels: int, input_shape: tuple[int, int]) -> None:
    """Load and run a stranger's file in a process that may crash. Raises ModelError where it does, or is unusable."""
    try:
        done = run_module("engine.network.trial", [str(channels), *map(str, input_shape), str(where)], content=content)
    except ChildTimeout as error:
        raise ModelError(
            f"{where}: did not load within {_TRIAL_TIMEOUT_S} s in a trial process; export the model again"
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
