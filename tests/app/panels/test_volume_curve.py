"""The axes of the volume–time curve."""

from __future__ import annotations

from typing import Any

from app.panels.volume_curve import VolumeCurve


def test_frames_are_whole_on_the_axis(qtbot: Any) -> None:
    curve = VolumeCurve()
    qtbot.addWidget(curve)
    axis = curve.getPlotItem().getAxis("bottom")
    for frames, size in ((2, 300), (4, 300), (25, 300), (25, 60)):
        shown = [value for _, values in axis.tickValues(1.0, float(frames), size) for value in values]
        assert shown and all(value == round(value) for value in shown)
