"""Signals end the command and the viewer at any moment, with one line on stderr and a status that names the signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from tiny_model import write_tiny_model

from app.cli.interrupts import Interrupts, caught

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads Linux's /proc")

SLEEPS = """
import sys, threading, time
from app.cli import headless_arguments, main

def slow(_):
    print("working", flush=True)
    {body}

headless_arguments.run_models = slow
sys.argv = ["cinequant", "models"]
sys.exit(main.main())
"""
VIEWER = """
import sys
from PySide6.QtCore import QTimer
from app.session.segmenting import Segmenting
from app.state.types import Status

def say(old, new):
    if any(run.status is Status.DONE for run in new.segmentation.runs.values()):
        print("segmented", flush=True)

begin = Segmenting.load_models
def load_models(self):
    self._store.changed.connect(say)
    begin(self)
    print("begun", flush=True)
Segmenting.load_models = load_models

from app.cli.main import main
sys.argv = ["cinequant", *sys.argv[1:]]
sys.exit(main())
"""


@pytest.fixture(autouse=True)
def _not_ignored() -> Iterator[None]:
    """A shell that starts the tests in the background has SIGINT ignored, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With one tiny model, no screen and settings of its own."""
    home = tmp_path_factory.mktemp("home")
    write_tiny_model(home / "models", "quantlite")
    places = {name: str(home) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CINEQUANT_MODELS")}
    return {**os.environ, **places, "CINEQUANT_MODELS": str(home / "models"), "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough to take seconds."""
    path = tmp_path_factory.mktemp("scan") / "cine.nii"
    nib.save(nib.Nifti1Image(np.zeros((192, 192, 12, 40), np.int16), np.diag([-1.5, -1.5, 8.0, 1.0])), path)
    return path


def catches_signals(process: subprocess.Popen[str]) -> bool:
    """Whether the handler is there. Before that Python's own start decides what a signal does."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught_mask = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught_mask >> (signal.SIGTERM - 1) & 1)


def ended_by(
    number: int,
    command: Sequence[str | Path],
    environment: dict[str, str],
    *,
    delay_s: float = 0.0,
    after: Callable[[str], bool] | None = None,
    times: int = 1,
) -> tuple[int, str, str]:
    """Exit status, stderr and last output of a process that gets a signal.

    The signal comes delay_s after the process catches signals, or after it prints a line.
    """
    with subprocess.Popen(
        [str(part) for part in command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while not catches_signals(process):
            assert process.poll() is None
            time.sleep(0.001)
        if after is not None:
            assert any(after(line) for line in process.stdout)
        time.sleep(delay_s)
        for _ in range(times):
            process.send_signal(number)
        try:
            out, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, errors, out


# One handler serves both signals: the moments are shared out between them.
@pytest.mark.parametrize(
    ("number", "word", "delay_s"),
    [(signal.SIGINT, "interrupted", delay_s) for delay_s in (0.0, 0.1, 1.0)]
    + [(signal.SIGTERM, "terminated", delay_s) for delay_s in (0.02, 0.3)],
)
def test_a_segmentation_ends_at_any_moment(
    environment: dict[str, str], cine: Path, tmp_path: Path, number: int, word: str, delay_s: float
) -> None:
    out = tmp_path / "mask.nii.gz"
    command = [sys.executable, "-m", "app.cli.main", "segment", cine, "-o", out]
    found = ended_by(number, command, environment, delay_s=delay_s)
    assert found == (128 + number, f"cinequant: {word}\n", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "body",
    [
        # A library that takes every exception for an error of its own.
        "try: time.sleep(30)\n    except BaseException: raise ImportError('broken')",
        "try: time.sleep(30)\n    except BaseException: pass",
        # A thread that must not be waited for.
        "threading.Thread(target=time.sleep, args=(30,)).start(); time.sleep(30)",
        # A finaliser, where Python prints exceptions and goes on.
        "T = type('T', (), {'__del__': lambda _: time.sleep(30)}); T(); time.sleep(30)",
    ],
)
def test_nothing_swallows_a_signal(environment: dict[str, str], body: str) -> None:
    begun = time.monotonic()
    command = [sys.executable, "-c", SLEEPS.format(body=body)]
    found = ended_by(signal.SIGINT, command, environment, after=lambda line: line == "working\n", delay_s=0.1)
    assert found == (130, "cinequant: interrupted\n", "")
    assert time.monotonic() - begun < 20


def test_the_same_signal_twice_is_one(environment: dict[str, str]) -> None:
    """A program that starts the command may pass on the Ctrl+C that the terminal sent to both."""
    body = "try: time.sleep(30)\n    finally: time.sleep(0.3); print('tidied', flush=True)"
    command = [sys.executable, "-c", SLEEPS.format(body=body)]
    found = ended_by(signal.SIGINT, command, environment, after=lambda line: line == "working\n", times=2)
    assert found == (130, "cinequant: interrupted\n", "tidied\n")


@pytest.mark.parametrize(
    ("number", "delay_s"), [(signal.SIGINT, 0.0), (signal.SIGTERM, 0.1), (signal.SIGINT, 0.4), (signal.SIGTERM, 0.4)]
)
def test_the_viewer_ends_while_it_starts(environment: dict[str, str], number: int, delay_s: float) -> None:
    command = [sys.executable, "-m", "app.cli.main", "view"]
    status, errors, _ = ended_by(number, command, environment, delay_s=delay_s)
    assert (status, errors.count("\n")) == (128 + number, 1)


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "begun\n"), (signal.SIGTERM, "segmented\n")])
def test_the_running_viewer_closes(environment: dict[str, str], number: int, said: str) -> None:
    command = [sys.executable, "-c", VIEWER, "view"]
    status, errors, _ = ended_by(number, command, environment, after=lambda line: line == said, delay_s=0.2)
    assert (status, errors) == (128 + number, f"cinequant: {caught()[number]}\n")


def test_an_ignored_signal_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """As nohup and a shell's background jobs ask for."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    others = {number: signal.getsignal(number) for number in caught()}
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    try:
        assert signal.SIGINT not in caught()
        Interrupts().install()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        for number, handler in others.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGINT, before)
