"""A cine with its outlines as a moving picture: GIF by Pillow, MP4 by an ffmpeg that the user has.

No encoder of MP4 comes with the program: the usual ones are under licences that it could not be given away with.
"""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExportError
from engine.files import write_atomically
from engine.later import Later
from engine.pictures.render import Colour, grey, outlines
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import LabelMap, Volume

pil_image = Later("PIL.Image")
pil_draw = Later("PIL.ImageDraw")

Picture = NDArray[np.uint8]
"""(Y, X, 3) red, green, blue."""
_LONGEST = 640
_GREYS = 192
# GIF counts in hundredths of a second, and browsers slow anything under two of them down to ten.
_TICK_MS = 10
_LEAST_MS = 20
_FFMPEG_TIMEOUT_S = 300.0


def frames_of(
    volume: Volume,
    labels: LabelMap | None,
    slice_index: int,
    window: tuple[float, float],
    colours: Mapping[int, Colour],
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> list[Picture]:
    """One slice over all frames, with true proportions, its outlines drawn smoothly. Raises Cancelled."""
    dx, dy, _ = volume.geometry.spacing_mm
    _, rows, columns = volume.geometry.shape
    scale = _LONGEST / max(columns * dx, rows * dy)
    # Whole pixels in even numbers, which MP4 asks for.
    width, height = (max(2 * round(length * scale / 2), 16) for length in (columns * dx, rows * dy))
    made = []
    for frame in range(volume.frames):
        if cancel is not None:
            cancel.check()
        progress(frame, volume.frames, "Drawing frames")
        plane = grey(volume.array[frame, slice_index], window)
        picture = pil_image.fromarray(plane).resize((width, height), pil_image.Resampling.BICUBIC).convert("RGB")
        if labels is not None:
            _outline(picture, labels.array[frame, slice_index], colours)
        made.append(np.asarray(picture))
    return made


def _outline(picture: Any, labels: NDArray[np.uint8], colours: Mapping[int, Colour]) -> None:
    draw = pil_draw.Draw(picture)
    rows, columns = labels.shape
    share = np.array([picture.width / columns, picture.height / rows], dtype=np.float32)
    for structure, colour in colours.items():
        for points in outlines(labels == structure):
            line = [(float(x), float(y)) for x, y in points * share]
            draw.line([*line, line[0], line[1]], fill=colour, width=2, joint="curve")


def durations_ms(times_ms: tuple[float, ...] | None, frames: int, interval_ms: float, speed: float = 1.0) -> list[int]:
    """How long each frame stands, in the hundredths of a second that GIF knows.

    Rounded so that no frame begins more than half a hundredth late: the beat lasts as long as in the scan, unless its
    frames are shorter than a GIF can show. interval_ms: of the last frame, and of all where times are not known.
    """
    steps = [interval_ms] * frames
    if times_ms is not None and len(times_ms) > 1:
        steps = [after - before for before, after in itertools.pairwise(times_ms)] + [interval_ms]
    found, at, shown = [], 0.0, 0
    for step in steps:
        at += step / speed
        duration = max(round((at - shown) / _TICK_MS) * _TICK_MS, _LEAST_MS)
        shown += duration
        found.append(duration)
    return found


def to_gif(
    pictures: list[Picture],
    durations: list[int],
    colours: Mapping[int, Colour],
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> bytes:
    """An endless GIF, with one palette for all frames, so that nothing flickers. Raises Cancelled.

    Frames that are exactly alike become one that stands as long as they would.
    """
    palette = _palette(colours)
    base = pil_image.new("P", (1, 1))
    base.putpalette(palette.reshape(-1).tolist())
    indexed = []
    for number, picture in enumerate(pictures):
        if cancel is not None:
            cancel.check()
        progress(number, len(pictures), "Writing frames")
        indexed.append(pil_image.fromarray(picture).quantize(palette=base, dither=pil_image.Dither.NONE))
    made = io.BytesIO()
    indexed[0].save(
        made, "GIF", save_all=True, append_images=indexed[1:], duration=durations, loop=0, optimize=False, disposal=1
    )
    return made.getvalue()


def _palette(colours: Mapping[int, Colour]) -> NDArray[np.uint8]:
    """(256, 3): greys, then each colour at several strengths, for the soft edges of lines."""
    greys = np.repeat(np.linspace(0, 255, _GREYS)[:, None], 3, axis=1)
    shades = [
        np.array(colour) * share + 110 * (1 - share)
        for colour in colours.values()
        for share in np.linspace(1, 0.25, (256 - _GREYS) // max(len(colours), 1))
    ]
    found = np.zeros((256, 3))
    whole = np.concatenate([greys, np.array(shades).reshape(-1, 3)])[:256]
    found[: len(whole)] = whole
    return found.round().astype(np.uint8)


def find_ffmpeg() -> Path | None:
    """The user's own ffmpeg, if there is one on the path."""
    found = shutil.which("ffmpeg")
    return None if found is None else Path(found)


def write_mp4(
    path: Path,
    pictures: list[Picture],
    durations: list[int],
    *,
    loops: int = 3,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """An MP4 of several beats, made by the user's ffmpeg, written as a whole or not at all.

    Raises ExportError where there is no ffmpeg or it fails, Cancelled, OSError.
    """
    program = find_ffmpeg()
    if program is None:
        raise ExportError(f"{path}: an MP4 needs ffmpeg, which is not on this computer; install it, or write a GIF")
    with tempfile.TemporaryDirectory(prefix="cinequant-") as folder:
        listed = []
        for number, picture in enumerate(pictures):
            if cancel is not None:
                cancel.check()
            progress(number, len(pictures), "Drawing frames")
            name = f"{number:04d}.png"
            pil_image.fromarray(picture).save(Path(folder) / name)
            listed.append(f"file '{name}'\nduration {durations[number] / 1000:.3f}\n")
        last = f"file '{len(pictures) - 1:04d}.png'\n"
        (Path(folder) / "list.txt").write_text("ffconcat version 1.0\n" + "".join(listed) * loops + last, "utf-8")
        out = Path(folder) / "out.mp4"
        command = [str(program), "-v", "error", "-nostdin", "-y", "-f", "concat", "-i", "list.txt",
                   "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(out)]  # fmt: skip
        _run(command, folder, path, cancel)
        write_atomically(path, out.read_bytes())


def _run(command: list[str], folder: str, path: Path, cancel: CancelToken | None) -> None:
    """Run ffmpeg until it ends; end it where the user asks to stop."""
    started = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    waited = 0.0
    try:
        while True:
            try:
                _, said = started.communicate(timeout=0.1)
                break
            except subprocess.TimeoutExpired:
                waited += 0.1
                if cancel is not None:
                    cancel.check()
                if waited > _FFMPEG_TIMEOUT_S:
                    raise ExportError(f"{path}: ffmpeg does not finish; write a GIF instead") from None
    finally:
        if started.poll() is None:
            started.kill()
            started.communicate()
    if started.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or [f"exit status {started.returncode}"]
        raise ExportError(f"{path}: ffmpeg failed ({lines[-1]}); write a GIF instead")
