"""Modules of the engine in processes of their own: one that may crash, hang or fill the memory harms nobody there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import engine

TRIAL_TIMEOUT_S = 60
ChildTimeout = subprocess.TimeoutExpired


def run_module(
    module: str, arguments: Sequence[str], *, content: bytes = b"", timeout_s: float = TRIAL_TIMEOUT_S
) -> subprocess.CompletedProcess[bytes]:
    """Run a module of the engine in a fresh Python process, content on its standard input.

    Raises ChildTimeout.
    """
    command, options = _child(module, arguments)
    return subprocess.run(command, input=content, capture_output=True, timeout=timeout_s, check=False, **options)


def start_module(
    module: str, arguments: Sequence[str], *, errors: IO[bytes] | int, asked: bool = False
) -> subprocess.Popen[bytes]:
    """Start a module of the engine in a fresh Python process whose standard output is a pipe, and go on.

    errors: file for its standard error. asked: whether its standard input is a pipe, too; else there is none.
    """
    command, options = _child(module, arguments)
    stdin = subprocess.PIPE if asked else subprocess.DEVNULL
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, **options)


def bound_memory(more_bytes: int) -> None:
    """Let this process take no more than so many bytes on top of what it has, where the system allows a limit.

    Windows has no such limit for a process on itself; there time limits alone end it.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    limit = _virtual_bytes() + more_bytes
    with contextlib.suppress(ValueError, OSError):  # a stricter limit is in force already
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _virtual_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux
        import psutil  # noqa: PLC0415 - takes a while, which Linux is spared

        return int(psutil.Process().memory_info().vms)


def _child(module: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Command and options of a fresh Python process that runs a module of the engine."""
    home = str(Path(engine.__file__).parent.parent)
    path = os.pathsep.join(part for part in (home, os.environ.get("PYTHONPATH", "")) if part)
    # -P: a folder named "engine" where the user happens to stand must not be run instead of this package.
    command = [sys.executable, "-P", "-m", module, *arguments]
    # On Windows a child of the windowed viewer would open a console.
    flags = int(getattr(subprocess, "CREATE_NO_WINDOW", 0))
    return command, {"env": {**os.environ, "PYTHONPATH": path}, "creationflags": flags}
