"""The bundle without Python: its size, its start beside the installed program's, and whether a bare system runs it.

    python -m benchmarks.bundle ARCHIVE [--root FOLDER] [--repeats N]

ARCHIVE is what `python -m resources.bundle` made. Needs Xvfb and xwininfo; the bare system also needs root, debootstrap
and Debian's packages. --root keeps that system for the next run. Exit status 1 where something failed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_MB = 350
MOST_START = 1.3
_PATIENCE_S = 120
_INSIDE = "/opt/cinequant"
_SOCKETS = "tmp/.X11-unix"
_TITLE = "CineQuant"
# What a user does first, in the bare system: each must end with status 0.
_STEPS = (
    ("--version",),
    ("doctor",),
    ("phantom", "-o", "/tmp/phantom"),
    ("measure", "/tmp/phantom/phantom.nii.gz"),
    ("segment", "/tmp/phantom/phantom.nii.gz", "-o", "/tmp/mask.nii.gz"),
    ("measure", "/tmp/phantom/phantom.nii.gz", "--mask", "/tmp/mask.nii.gz"),
    ("report", "/tmp/phantom/phantom.nii.gz", "-o", "/tmp/report.pdf"),
    ("batch", "/tmp/phantom", "-o", "/tmp/batch", "--in-process"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the size, the ratio of starts and the steps in the bare system. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bundle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="make the bare system here, and keep it")
    parser.add_argument("--repeats", type=int, default=5, help="of each start; 0 for none")
    arguments = parser.parse_args(argv)
    megabytes = arguments.archive.stat().st_size / 1e6
    _say(f"archive: {megabytes:.0f} MB, {'met' if megabytes <= MOST_MB else 'missed'} (≤ {MOST_MB})")
    with tempfile.TemporaryDirectory() as scratch, _display(Path(scratch)) as display:
        unpacked = Path(scratch) / "bundle"
        with tarfile.open(arguments.archive) as tar:
            tar.extractall(unpacked, filter="data")
        (folder,) = unpacked.iterdir()
        if arguments.repeats:
            _starts(folder / "cinequant", display, arguments.repeats)
        worked = _bare(folder, arguments.root or Path(scratch) / "root", display)
    return 0 if worked else 1


def _starts(program: Path, display: str, repeats: int) -> None:
    """Median seconds until the version is printed and until the window is there, bundle and installed in turns."""
    installed = [sys.executable, "-m", "cinequant"]
    taken: dict[tuple[str, str], list[float]] = {}
    for _ in range(repeats):
        for name, command in (("bundle", [str(program)]), ("installed", installed)):
            taken.setdefault(("--version", name), []).append(_until_end([*command, "--version"]))
            taken.setdefault(("window", name), []).append(_until_window(command, display))
    for what in ("--version", "window"):
        ours, theirs = (statistics.median(taken[what, name]) for name in ("bundle", "installed"))
        said = f"{ours:.2f} s in the bundle, {theirs:.2f} s installed: {ours / theirs:.2f} times"
        _say(f"start, {what}: {said}, {'met' if ours <= MOST_START * theirs else 'missed'} (≤ {MOST_START})")


def _until_end(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=_PATIENCE_S)
    return time.perf_counter() - start


def _until_window(command: Sequence[str], display: str) -> float:
    start = time.perf_counter()
    with _running(command, display):
        _wait_for_window(display)
        return time.perf_counter() - start


@contextlib.contextmanager
def _running(command: Sequence[str], display: str) -> Iterator[None]:
    """A viewer on the display, with a home of its own; closed at the end."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "DISPLAY": display, "HOME": home, "XDG_RUNTIME_DIR": home}
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE_S)
            process.kill()


def _wait_for_window(display: str) -> None:
    """Until the X server shows the viewer's window. Raises TimeoutError."""
    last = time.monotonic() + _PATIENCE_S
    while time.monotonic() < last:
        command = ["xwininfo", "-root", "-tree", "-display", display]
        tree = subprocess.run(command, capture_output=True, text=True, check=False)
        if any(_TITLE in line and "x" in line.split("+")[0] for line in tree.stdout.splitlines()):
            return
        time.sleep(0.02)
    raise TimeoutError(f"no window called {_TITLE} within {_PATIENCE_S} s")


@contextlib.contextmanager
def _display(scratch: Path) -> Iterator[str]:
    """A virtual screen's name, such as ":7". It ends with the block."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[writer], stderr=(scratch / "xvfb.txt").open("wb"),
    )  # fmt: skip
    os.close(writer)
    try:
        with os.fdopen(reader) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def _bare(folder: Path, root: Path, display: str) -> bool:
    """Run the bundle in a Debian that has its base alone; whether every step worked. Says what it cannot try."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        _say("bare system: not tried; it needs root and debootstrap")
        return True
    if not (root / "bin").exists():
        command = ["debootstrap", "--variant=minbase", "stable", str(root)]
        subprocess.run(command, check=True, capture_output=True)
    python = [name for name in ("python", "python3") if (root / "usr" / "bin" / name).exists()]
    _say(f"bare system: {'no Python' if not python else ', '.join(python)}")
    inside = root / _INSIDE.strip("/")
    shutil.rmtree(inside, ignore_errors=True)
    shutil.copytree(folder, inside, symlinks=True)
    (root / _SOCKETS).mkdir(parents=True, exist_ok=True)
    with _mounted("/proc", root / "proc"), _mounted(f"/{_SOCKETS}", root / _SOCKETS):
        return all([*(_step(root, step) for step in _STEPS), _window(root, display)])


@contextlib.contextmanager
def _mounted(source: str, at: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", source, str(at)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def _chroot(root: Path, *variables: str) -> list[str]:
    clean = ["env", "-i", "HOME=/root", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", *variables]
    return ["chroot", str(root), *clean, f"{_INSIDE}/cinequant"]


def _step(root: Path, step: Sequence[str]) -> bool:
    done = subprocess.run([*_chroot(root), *step], capture_output=True, text=True, timeout=600, check=False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    _say(f"bare system: cinequant {' '.join(step)}: {done.returncode}; {lines[-1] if lines else ''}")
    return done.returncode == 0


def _window(root: Path, display: str) -> bool:
    """Whether the window comes up from the bare system, drawn by the X server outside of it."""
    try:
        with _running([*_chroot(root, f"DISPLAY={display}"), "/tmp/phantom/phantom.nii.gz"], display):
            _wait_for_window(display)
    except TimeoutError as error:
        _say(f"bare system: {error}")
        return False
    _say("bare system: the window is there")
    return True


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
