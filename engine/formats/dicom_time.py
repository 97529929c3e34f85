"""In which order the images of a slice follow each other, and what tells it. No file is read here.

Whatever the files offer is tried in the order of CLOCKS: the first that tells the images of every slice apart is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.formats.dicom_image import Image
from engine.formats.listing import listing

CLOCKS: dict[str, str] = {
    "trigger_ms": "trigger times",
    "actual_ms": "actual trigger delays",
    "percent": "percentages of the heart cycle",
    "temporal": "temporal positions",
    "dimension": "dimension indices",
    "acquired_s": "acquisition times",
    "content_s": "content times",
    "instance": "instance numbers",
}
"""Fields of Image that can tell the order in time, the best first, and how a notice names them."""

UNKNOWN = ""
"""The clock of a stack whose files do not tell the order of its frames."""

# Rounded times: so many of a slice's images may share a time with another one.
_FEW_TIES = 0.34
_HALF_A_DAY = 43_200.0
# What a header may state as the number of phases, and how many frames make a rhythm.
_MOST_PHASES, _LEAST_EVEN = 200, 6
# Steps that differ by a smaller factor are those of one scan, and shorter ones than this are no frames of a heart.
_SAME_STEP, _SHORTEST_STEP_MS = 1.25, 4.0
# A beat is recognised by so many frames at least.
_LEAST_BEAT = 3


@dataclass(frozen=True, slots=True)
class Ordered:
    """One slice position's images in phase order. times: of each, by the stack's clock; empty where it has none."""

    images: list[Image]
    times: list[float]

    @property
    def step(self) -> float:
        """Time from phase to phase, in RR intervals where those are known, so that slices can be compared."""
        return float(np.median(np.diff(self.times))) / (self.images[0].rr_ms or 1.0)


def reading(image: Image, clock: str) -> float | None:
    """What a clock shows for an image; None where the file does not say."""
    if clock == "instance":
        return None if image.instance_number is None else float(image.instance_number)
    value: float | None = getattr(image, clock)
    return value


def in_order(slices: Sequence[Sequence[Image]], notes: list[str]) -> tuple[str, list[Ordered]]:
    """The clock that tells the order of every slice's images, and the images in that order; one for each phase.

    Sentences on what the choice does to the numbers go to notes.
    """
    slices = [_past_midnight(images) for images in slices]
    if max(map(len, slices), default=0) < 2:
        return "trigger_ms", [Ordered(list(images), _times(images, "trigger_ms")) for images in slices]
    clock = next((name for name in CLOCKS if _tells(slices, name)), UNKNOWN)
    if clock == UNKNOWN:
        notes.append(
            "The order of the frames is unknown: the files give neither times nor numbers that tell them apart. "
            "No ejection fraction is given."
        )
        return clock, [Ordered(sorted(images, key=_place), []) for images in slices]
    if clock in ("acquired_s", "content_s", "instance") and any(len(images) > 1 for images in slices):
        notes.append(
            f"The files give no times after the R wave: frames are in the order of their {CLOCKS[clock]}. If that is "
            "not their order in the heartbeat, the ejection fraction is too small."
        )
    usual = Counter(map(len, slices)).most_common(1)[0][0]
    ordered = []
    beats = left = twice = 0
    for images in slices:
        own, found = _one_beat(images, clock)
        beats, left = max(beats, found), left + len(images) - len(own)
        kept = _one_a_phase(own, clock, usual)
        twice += len(own) - len(kept)
        ordered.append(Ordered(kept, _times(kept, clock)))
    if clock in ("trigger_ms", "actual_ms"):
        _say_several_beats(ordered, notes)
        _say_other_beginning(ordered, usual, notes)
        _say_other_steps(ordered, usual, notes)
        _say_other_order(ordered, clock, notes)
    if beats > 1:
        notes.append(
            f"The images were taken in real time over {beats} heartbeats: the fullest beat is shown and measured, "
            f"{_count(left, 'image')} of the others are left out."
        )
    if twice:
        notes.append(
            "1 image is of a slice and phase that another image shows; the first by instance number is used."
            if twice == 1
            else f"{twice} images are of a slice and phase that another image shows; the first by instance number is "
            "used."
        )
    return clock, ordered


def _past_midnight(images: Sequence[Image]) -> list[Image]:
    """A slice's images, those after midnight a day later: a time without a date, or with that of the first image."""
    moved = list(images)
    for name in ("acquired_s", "content_s"):
        times = [value for image in images if (value := reading(image, name)) is not None]
        if len(times) == len(images) and times and _HALF_A_DAY < max(times) - min(times) < 2 * _HALF_A_DAY:
            last = max(times) - _HALF_A_DAY
            for k, time in enumerate(times):
                if time < last:
                    later = time + 2 * _HALF_A_DAY
                    own = moved[k]
                    moved[k] = replace(own, acquired_s=later) if name == "acquired_s" else replace(own, content_s=later)
    return moved


def say_missing_phases(phases: Sequence[Sequence[Image]], times: Sequence[float] | None, notes: list[str]) -> None:
    """Say where the headers, or a gap in otherwise even times, tell of phases that no slice has.

    phases: [frame][slice]. times: of the frames, in any unit; None where they are not known.
    """
    count = len(phases)
    stated = {image.phases_stated for phase in phases for image in phase}
    said = stated.pop() if len(stated) == 1 else None
    if count > 1 and said is not None and count < said <= _MOST_PHASES:
        notes.append(
            f"The headers tell of {said} phases of the heartbeat, and {count} are here: end-diastole or end-systole "
            "may be among the missing ones."
        )
        return
    if times is None or count < _LEAST_EVEN:
        return
    steps = np.diff(times)
    usual = float(np.median(steps))
    wide = np.flatnonzero(steps > 1.7 * usual)
    others = np.delete(steps, wide)
    if usual > 0 and 0 < wide.size <= count // 4 and np.abs(others / usual - 1).max() < 0.2:
        at = int(wide[0])
        notes.append(
            f"A phase seems to be missing between frames {at + 1} and {at + 2}, by their times: end-diastole or "
            "end-systole may be the missing one."
        )


def _say_several_beats(slices: Sequence[Ordered], notes: list[str]) -> None:
    """Where times go on beyond the stated RR interval, and every slice has them, the frames are of several beats."""
    spans = [s.times[-1] / s.images[0].rr_ms for s in slices if len(s.times) > 1 and s.images[0].rr_ms]
    if spans and len(spans) == len(slices) and min(spans) > 1.5:
        notes.append(
            f"The frames span {np.median(spans):.1f} heartbeats by the RR interval in the headers: end-diastole and "
            "end-systole are the largest and the smallest volume of all of them."
        )


def _say_other_beginning(slices: Sequence[Ordered], usual: int, notes: list[str]) -> None:
    """Say which slices of as many phases as most begin elsewhere in the heartbeat: phases are matched by number."""
    whole = {z: own.times for z, own in enumerate(slices) if len(own.times) == usual > 1}
    if len(whole) < 3:
        return
    begin = float(np.median([times[0] for times in whole.values()]))
    steps = [float(np.median(np.diff(times))) for times in whole.values()]
    off = {z: times[0] - begin for z, times in whole.items() if abs(times[0] - begin) > 1.5 * float(np.median(steps))}
    if off:
        most = max(map(abs, off.values()))
        numbers = listing([z + 1 for z in off])
        notes.append(
            f"Slices that begin up to {most:.0f} ms earlier or later after the R wave than the others: {numbers}. "
            "Frames are put together by their number, so volumes are of slices at different times of the heartbeat."
        )


def _say_other_steps(slices: Sequence[Ordered], usual: int, notes: list[str]) -> None:
    """Say where slices of as many phases as most differ in the time from one to the next.

    By the share of the heartbeat where its length is known: hearts beat faster or slower from one breath-hold to the
    next, and the frames go with them.
    """
    whole = [own for own in slices if len(own.times) == usual > 1]
    shares = [own.step for own in whole]
    if len({own.images[0].rr_ms is None for own in whole}) != 1 or max(shares) <= _SAME_STEP * min(shares):
        return
    steps = [own.step * (own.images[0].rr_ms or 1.0) for own in whole]
    notes.append(
        f"The slices differ in the time from frame to frame: {min(steps):.1f} to {max(steps):.1f} ms. Frames are put "
        "together by their number: unless the heart rate changed as much, volumes are of slices at different times of "
        "the heartbeat."
    )


def _say_other_order(slices: Sequence[Ordered], clock: str, notes: list[str]) -> None:
    """Say where temporal positions give frames another order; the same beat that begins elsewhere is none."""
    for own in slices:
        values = [value for image in own.images if (value := reading(image, "temporal")) is not None]
        if len(values) < len(own.images) or len(set(values)) < len(values):
            continue
        if sum(before > after for before, after in zip(values, [*values[1:], values[0]], strict=True)) > 1:
            notes.append(
                f"The files' {CLOCKS[clock]} and their temporal positions give the frames different orders: the "
                "former are used. If they are wrong, the ejection fraction is too small."
            )
            return


def sound_times(times: tuple[float, ...] | None, notes: list[str]) -> tuple[float, ...] | None:
    """Times of frames in ms; None, and a note, where no heartbeat is so short, as in seconds, or times are negative."""
    if times is None or len(times) < 3:
        return times
    if times[0] >= 0 and (times[-1] - times[0]) / (len(times) - 1) >= _SHORTEST_STEP_MS:
        return times
    notes.append(
        f"The times in the headers are no milliseconds of a heartbeat ({times[0]:.3g} to {times[-1]:.3g}): they give "
        "the order of the frames, and no rates."
    )
    return None


def say_equal_times(phases: Sequence[Sequence[Image]], notes: list[str]) -> None:
    """Say which frames have the same trigger time in all slices: one phase, taken twice. phases: [frame][slice]."""
    times = [[image.trigger_ms for image in phase] for phase in phases]
    equal = [t for t in range(1, len(times)) if times[t] == times[t - 1] and None not in times[t]]
    if equal and len(equal) < len(times) - 1:
        pairs = listing([f"{t} and {t + 1}" for t in equal], 4)
        notes.append(f"Frames that all slices have at one and the same time after the R wave: {pairs}.")


def _times(images: Sequence[Image], clock: str) -> list[float]:
    """Readings in the unit of milliseconds where the clock is one of time; empty where any is missing."""
    values = [reading(image, clock) for image in images]
    if clock == "instance" or any(value is None for value in values):
        return []
    scale = 1000.0 if clock.endswith("_s") else 1.0
    return [scale * value for value in values if value is not None]


def _tells(slices: Sequence[Sequence[Image]], clock: str) -> bool:
    """Whether a clock tells the images of every slice apart, but for times that rounding has made equal."""
    several = False
    for images in slices:
        values = [reading(image, clock) for image in images]
        if any(value is None for value in values):
            return False
        times = Counter(round(value, 3) for value in values if value is not None)
        ties = len(values) - len(times)
        if len(values) > 1 and len(times) == 1:
            return False  # one and the same time everywhere tells nothing
        doubled = len(set(times.values())) == 1 and len(times) > 1  # each phase was taken as often
        if ties > _FEW_TIES * len(values) and not doubled:
            return False
        several |= len(times) > 1
    return several


def _one_a_phase(images: Sequence[Image], clock: str, usual: int) -> list[Image]:
    """Images by the clock, one for each phase.

    Equal times are two images of one phase where the slice has more images than is usual in the stack, or every time as
    often. Else rounding has made them equal, and they are told apart by the clocks that come after.
    """
    ordered = sorted(images, key=lambda image: (reading(image, clock) or 0.0, *_further(image)))
    times = Counter(round(reading(image, clock) or 0.0, 3) for image in ordered)
    if len(times) < 2 or len(times) == len(ordered):
        return ordered
    if len(set(times.values())) > 1 and not len(ordered) > usual >= len(times):
        return ordered
    first: dict[float, Image] = {}
    for image in ordered:
        first.setdefault(round(reading(image, clock) or 0.0, 3), image)
    return list(first.values())


def _further(image: Image) -> tuple[float | str, ...]:
    numbers = [value if (value := reading(image, name)) is not None else 0.0 for name in CLOCKS]
    return (*numbers, *map(str, _place(image)))


def is_real_time(images: Sequence[Image]) -> bool:
    """Whether the images of a slice were taken over several heartbeats, each of which starts the times anew."""
    return _one_beat(images, "trigger_ms")[1] > 1


def _one_beat(images: Sequence[Image], clock: str) -> tuple[list[Image], int]:
    """The images of one heartbeat, and over how many they were taken.

    A clock that starts anew after each R wave, read in the order of acquisition, rises evenly and falls back again.
    Images in no order at all rise unevenly; a beat that is cut in two, its end first, does not cover itself twice.
    """
    if clock not in ("trigger_ms", "actual_ms") or len(images) < 2 * _LEAST_BEAT:
        return list(images), 1
    order = next((name for name in ("acquired_s", "instance") if _tells([images], name)), "")
    if not order:
        return list(images), 1
    in_time = sorted(images, key=lambda image: (reading(image, order) or 0.0, image.frame))
    runs: list[list[Image]] = [[in_time[0]]]
    for before, image in pairwise(in_time):
        if (reading(image, clock) or 0.0) > (reading(before, clock) or 0.0):
            runs[-1].append(image)
        else:
            runs.append([image])
    whole = [run for run in runs if len(run) >= _LEAST_BEAT]
    if len(whole) < 2 or sum(map(len, whole)) < 0.8 * len(images) or not all(_even(run, clock) for run in whole):
        return list(images), 1
    times = [tuple(round(reading(image, clock) or 0.0, 3) for image in run) for run in whole]
    if len(set(times)) == 1:
        return list(images), 1  # taken again, not taken on: no two beats are equal
    starts = [reading(run[0], clock) or 0.0 for run in whole]
    ends = [reading(run[-1], clock) or 0.0 for run in whole]
    if max(starts) > 0.5 * (min(ends) + min(starts)):
        return list(images), 1
    return max(whole, key=len), len(whole)


def _even(run: Sequence[Image], clock: str) -> bool:
    steps = np.diff([reading(image, clock) or 0.0 for image in run])
    return bool(np.ptp(steps) <= 0.5 * steps.mean())


def _place(image: Image) -> tuple[int, int, int, str]:
    return image.series_number, image.instance_number or 0, image.frame, str(image.path)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
