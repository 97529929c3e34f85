"""Moving pictures as an independent reader sees them."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from dossiers import heart
from PIL import Image, ImageSequence

from engine import movie
from engine.errors import Cancelled, ExportError
from engine.progress import CancelToken
from engine.volume import LV, RV

COLOURS = {LV: (255, 112, 77), RV: (88, 180, 245)}


def pictures(frames: int = 5) -> list[movie.Picture]:
    volume, labels = heart(3, frames)
    return movie.frames_of(volume, labels, 1, (150.0, 320.0), COLOURS)


def test_a_gif_has_the_frames_and_the_timing_of_the_scan() -> None:
    content = movie.to_gif(pictures(), movie.durations_ms((0.0, 33.0, 66.0, 99.0, 133.0), 5, 33.0), COLOURS)
    with Image.open(io.BytesIO(content)) as gif:
        assert (gif.n_frames, gif.info["loop"]) == (5, 0)
        found = [int(frame.info["duration"]) for frame in ImageSequence.Iterator(gif)]
    assert found == [30, 40, 30, 30, 40]
    assert abs(sum(found) - 166) <= 5


def test_frames_shorter_than_a_gif_can_show_stand_as_briefly_as_it_can() -> None:
    assert movie.durations_ms(None, 3, 8.0) == [20, 20, 20]
    assert movie.durations_ms(None, 2, 40.0, 0.5) == [80, 80]


def test_pixels_have_true_proportions_and_outlines_their_colours() -> None:
    [first, *_] = pictures()
    assert first.shape == (512, 640, 3)
    with Image.open(io.BytesIO(movie.to_gif([first], [40], COLOURS))) as gif:
        shown = np.asarray(gif.convert("RGB")).reshape(-1, 3).astype(int)
    for colour in COLOURS.values():
        assert (np.abs(shown - colour).max(axis=1) < 12).sum() > 300


def test_cancelling_ends_it_between_frames() -> None:
    token = CancelToken()
    token.cancel()
    volume, labels = heart(3)
    with pytest.raises(Cancelled):
        movie.frames_of(volume, labels, 1, (150.0, 320.0), COLOURS, cancel=token)
    with pytest.raises(Cancelled):
        movie.to_gif(pictures(2), [40, 40], COLOURS, cancel=token)


def test_without_ffmpeg_an_mp4_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExportError, match="needs ffmpeg, which is not on this computer; install it, or write a GIF"):
        movie.write_mp4(tmp_path / "a.mp4", pictures(2), [40, 40])


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the program")
@pytest.mark.parametrize("works", [True, False])
def test_ffmpeg_gets_every_frame_and_its_failure_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    script = tmp_path / "bin" / "ffmpeg"
    script.parent.mkdir()
    end = 'for last; do :; done; cat list.txt > "$last"' if works else "echo no codec >&2; exit 3"
    script.write_text(f"#!/bin/sh\n{end}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    out = tmp_path / "a.mp4"
    if works:
        movie.write_mp4(out, pictures(2), [40, 50], loops=2)
        assert out.read_text().count("duration 0.040") == 2
    else:
        with pytest.raises(ExportError, match=r"a\.mp4: ffmpeg failed \(no codec\); write a GIF instead"):
            movie.write_mp4(out, pictures(2), [40, 50])
        assert [path.name for path in tmp_path.iterdir()] == ["bin"]
