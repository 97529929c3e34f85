"""What a measurement on the image says, in words."""

from __future__ import annotations

from app.state.annotations import Annotation, AnnotationKind, Measured, measured
from app.words.language import marked, translate
from engine.volume import Volume

NAMES = {
    AnnotationKind.LENGTH: marked("Annotation", "Length"),
    AnnotationKind.ANGLE: marked("Annotation", "Angle"),
    AnnotationKind.AREA: marked("Annotation", "Area"),
    AnnotationKind.CIRCLE: marked("Annotation", "Region"),
}


def said(annotation: Annotation, volume: Volume) -> str:
    """Its numbers, with their units."""
    return _text(measured(annotation, volume))


def _text(found: Measured) -> str:
    if found.length is not None:
        return f"{found.length:.1f} mm" if found.units_known else f"{found.length:.1f} px"
    if found.degrees is not None:
        return f"{found.degrees:.0f}°"
    parts = []
    if found.area is not None:
        parts.append(f"{found.area:.2f} cm²" if found.units_known else f"{found.area:.0f} px²")
    if found.mean is not None:
        digits = 0 if abs(found.mean) >= 100 else 1 if abs(found.mean) >= 1 else 3
        spread = "" if found.deviation is None else f" ± {found.deviation:.{digits}f}"
        parts.append(f"{found.mean:.{digits}f}{spread}")
    return " · ".join(parts)


def line(annotation: Annotation, volume: Volume) -> str:
    """Name, numbers and place, as in a list."""
    place = translate("Annotation", "slice {slice}, frame {frame}")
    place = place.format(slice=annotation.where[1] + 1, frame=annotation.where[0] + 1)
    return f"{translate('Annotation', NAMES[annotation.measure])} {said(annotation, volume)} · {place}"
