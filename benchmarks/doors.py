"""Whether the command and the window open the same: `python -m benchmarks.doors ../shared/data ../shared/cases`.

Opens every folder below the given ones, and single files of each, as `cinequant measure` does and as a window's session
does; nothing is segmented. Compares geometry, the chosen stack, voxels, notices, and the line of a refusal. Inputs
packed as input.tar.xz are unpacked elsewhere. Prints the differences; exits with 1 where there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.cli.inputs import open_volume
from app.session.session import Session
from engine.errors import CineQuantError
from engine.volume import Known, Volume

FILES_OF_A_FOLDER = 3
"""Of a folder's files so many are opened one by one as well."""
ONLY_COMMAND = "Give the spacing with --spacing X,Y,Z."
"""What the command says of an unknown spacing; the window has a button there."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a path. error: the line of a refusal; the other fields are then empty."""

    error: str = ""
    shape: tuple[int, ...] = ()
    affine: tuple[float, ...] = ()
    known: tuple[Known, ...] = ()
    chosen: str = ""
    times: tuple[float, ...] = ()
    phases: tuple[str, ...] = ()
    not_short_axis: str = ""
    notices: tuple[str, ...] = ()
    voxels: str = ""


def by_command(paths: Sequence[Path]) -> Opened:
    """Open paths as `cinequant measure` does."""
    try:
        return _opened(open_volume(argparse.Namespace(paths=list(paths), spacing=None)))
    except CineQuantError as error:
        return Opened(error=str(error))


def by_window(paths: Sequence[Path]) -> Opened:
    """Open paths in a window's session. It has no model, so nothing is segmented."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    QApplication.instance() or QApplication([])
    session = Session(compare=False)
    waiting = QEventLoop()
    try:
        # An answer of the workers ends the wait; the timer is for one that comes before it begins.
        session.changed.connect(waiting.quit)
        soon = QTimer(interval=20)
        soon.timeout.connect(waiting.quit)
        soon.start()
        session.opening.open_paths(paths)
        while session.opening.under_way:
            waiting.exec()
        state = session.state
        if state.scan.volume is None:
            return Opened(error=state.message.text if state.message is not None else "nothing was opened")
        return _opened(state.scan.volume)
    finally:
        session.close()


def _opened(volume: Volume) -> Opened:
    geometry, source = volume.geometry, volume.source
    files = [str(path) for phase in source.instances for path in phase] or [str(path) for path in source.paths]
    return Opened(
        shape=volume.array.shape,
        affine=tuple(np.round(geometry.affine, 6).ravel().tolist()),
        known=(geometry.spacing, geometry.orientation),
        chosen=f"{source.name}: {hashlib.sha256(repr(files).encode()).hexdigest()[:12]}",
        times=volume.frame_times_ms or (),
        phases=volume.phase_names,
        not_short_axis=volume.not_short_axis,
        notices=tuple(notice for notice in volume.notices if notice != ONLY_COMMAND),
        voxels=hashlib.sha256(volume.array.tobytes()).hexdigest(),
    )


def differences(paths: Sequence[Path]) -> list[str]:
    """The differences between command and window on paths, one line each."""
    command, window = by_command(paths), by_window(paths)
    return [
        f"{field.name}: command {getattr(command, field.name)!r}, window {getattr(window, field.name)!r}"
        for field in fields(Opened)
        if getattr(command, field.name) != getattr(window, field.name)
    ]


def inputs(root: Path) -> Iterator[Path]:
    """Every folder below root that holds files, and some of its files."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        files = sorted(name for name in names if not name.startswith("."))
        if files:
            yield Path(folder)
            yield from (Path(folder, name) for name in files[:FILES_OF_A_FOLDER])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="+", type=Path)
    roots = parser.parse_args().roots
    compared, differ = 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        places: list[Path] = []
        for root in roots:
            packed = sorted(root.glob("*/input.tar.xz"))
            for archive in packed:
                into = Path(scratch, archive.parent.name)
                with tarfile.open(archive) as tar:
                    tar.extractall(into, filter="fully_trusted")
                places.append(into)
            places += [] if packed else [root]
        for place in places:
            for path in inputs(place):
                found = differences([path])
                compared += 1
                differ += bool(found)
                for line in found:
                    sys.stdout.write(f"{path}: {line}\n")
    sys.stdout.write(f"{compared} inputs opened by command and window, {differ} differ\n")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
