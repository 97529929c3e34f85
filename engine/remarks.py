"""What has to be told about a Dossier beside its numbers: corrected, left open, left out. In a few sentences each.

The report and the objects for an archive print them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.dossier import Dossier
from engine.measures.stop_rows import span

# Of a place to look at, the weightiest are on the page; all are in the tables.
_REASONS = 2
Say = Callable[[str], str]


def corrections(dossier: Dossier, own: Say) -> tuple[str, ...]:
    """The corrected slices of each frame, as "Frame 1: slices 2, 3, 4"."""
    frames: dict[int, list[int]] = {}
    for frame, index in sorted(dossier.corrected):
        frames.setdefault(frame, []).append(index)
    volume = dossier.volume
    phases = {dossier.function.ed_frame: "ED", dossier.function.es_frame: "ES"}
    # The frames that numbers come from are named first.
    order = sorted(frames, key=lambda frame: (frame not in phases, frame))
    said = []
    for frame in order:
        at = f"{frame + 1}" + (f" ({phases[frame]})" if frame in phases else "")
        text = own("Frame {frame}: slices {slices}")
        said.append(text.format(frame=at, slices=_ranges(frames[frame])))
    if said:
        total = own("{count} of {total} slices")
        said.insert(0, total.format(count=len(dossier.corrected), total=volume.frames * volume.slices))
    return tuple(said)


def open_points(dossier: Dossier, own: Say, say: Say) -> list[str]:
    """What was not ticked off, in the order to look at it; then what makes the numbers doubtful."""
    said = []
    for stop in dossier.open_stops():
        frames = _counted("frame {number}", "frames {list}", stop.frames, own) if stop.frames else ""
        slices = _counted("slice {number}", "slices {list}", stop.slices, own) if stop.slices else ""
        where = ", ".join(filter(None, (frames, slices)))
        reasons = " ".join(map(say, stop.reasons[:_REASONS]))
        said.append(f"{where[:1].upper()}{where[1:]}: {reasons}" if where else reasons)
    notices = [say(notice) for notice in dossier.function.notices]
    return said + [notice for notice in notices if not any(notice in line for line in said)]


def _counted(one: str, several: str, indices: Sequence[int], own: Say) -> str:
    """Such as "slice 3" or "slices 3–5"."""
    return own(one if len(indices) == 1 else several).format(number=indices[0] + 1, list=span(indices))


def left_out(dossier: Dossier, own: Say, say: Say) -> list[str]:
    """What does not count, a sentence for each structure on a slice."""
    frames = dossier.volume.frames
    text = own("{structure}, slice {slice}: does not count ({frames})")
    said = []
    for structure, index, where in dossier.left_out():
        when = own("all frames") if len(where) == frames else own("{count} frames").format(count=len(where))
        if len(where) <= 4 and len(where) < frames:
            when = own("frame {number}" if len(where) == 1 else "frames {list}")
            when = when.format(number=where[0] + 1, list=_ranges(where))
        said.append(text.format(structure=say(structure), slice=index + 1, frames=when))
    return said


def _ranges(indices: Sequence[int]) -> str:
    """Ascending indices from 0 as a reader counts them: "1, 3–7, 9"."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    ends = [[str(run[0] + 1), str(run[-1] + 1)] for run in runs]
    # Two neighbours are no range.
    return ", ".join(
        first if first == last else f"{first}, {last}" if len(run) == 2 else f"{first}–{last}"
        for run, (first, last) in zip(runs, ends, strict=True)
    )
