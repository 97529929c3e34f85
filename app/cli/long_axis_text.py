"""What `cinequant measure` says of a four-chamber view."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.cli.terminal import number, print_json, print_text
from engine.evaluate import without_nan
from engine.measures.long_axis import measure_long_axis
from engine.volume import LabelMap, Volume, voxels_sha256


def print_long_axis(labels: LabelMap, volume: Volume, made: dict[str, Any], by: str, *, as_json: bool) -> None:
    """made: what the labels are from, for the JSON; by: the same in words."""
    found = measure_long_axis(labels, volume)
    if as_json:
        # Frames are counted from 0, and their keys end in _index; `frames` is a number of frames.
        names = {"ed_frame": "ed_frame_index", "es_frame": "es_frame_index"}
        values = {names.get(name, name): value for name, value in without_nan(asdict(found)).items()}
        values |= {"lone_frame_index": found.lone_frame, "frames": volume.frames, "notices": volume.notices, **made}
        print_json("measure", values, input_sha256=voxels_sha256(volume.array))
        return
    ml, mm, cm2 = ("mL", "mm", "cm²") if found.units_known else ("mL?", "mm?", "cm²?")
    lines = [f"{volume.source.name}, four-chamber view, by {by}"]
    at = found.lone_frame
    if at is not None:
        where = f"Frame {at + 1}, phase not known: " if volume.frames > 1 else ""
        lines += [
            f"{where}LV area {number(found.lv_cm2[at])} {cm2}, length {number(found.lv_length_mm[at])} {mm}",
            f"RV area {number(found.rv_cm2[at])} {cm2}, myocardium {number(found.myo_cm2[at])} {cm2}",
        ]
    else:
        lv = found.lv
        lines += [
            f"LV by area and length: EDV {number(lv.edv_ml)} {ml}, ESV {number(lv.esv_ml)} {ml}, "
            f"SV {number(lv.sv_ml)} {ml}, EF {number(lv.ef_percent)} %",
            f"LV long-axis shortening {number(found.shortening_percent)} %",
            f"RV fractional area change {number(found.rv_fac_percent)} %",
        ]
        for phase, frame in (("end-diastole", found.ed_frame), ("end-systole", found.es_frame)):
            lines += [f"{phase}: frame {frame + 1} of {volume.frames}"] if frame is not None else []
    print_text("\n".join([*lines, *(f"- {rule}" for rule in found.rules)]))
