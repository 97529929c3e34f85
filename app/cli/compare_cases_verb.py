"""`cinequant compare-cases`: two readers of one scan, side by side."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.case_input import ReadCase, is_case, read_with_scan
from app.cli.terminal import number, print_json, print_notices, print_text, table
from engine.errors import ScanError
from engine.volume import STRUCTURES

if TYPE_CHECKING:
    from engine.measures.comparison import Comparison
    from engine.measures.function import Function
    from engine.measures.quantities import Measure

KEYS = ("lv", "myo", "rv")


def run_compare_cases(arguments: argparse.Namespace) -> None:
    from engine.measures.comparison import compare  # noqa: PLC0415
    from engine.measures.quantities import to_json  # noqa: PLC0415

    for path in (arguments.one, arguments.other):
        if not is_case([path]):
            raise ScanError(f"{path}: is no case; save one in the viewer and give its .cinequant file")
    one = read_with_scan(arguments.one, arguments.scan)
    other = read_with_scan(arguments.other, arguments.scan)
    if one.case.scan.digest != other.case.scan.digest:
        raise ScanError(
            f"{other.path}: is of another scan, {other.case.scan.name}, than {one.path}, {one.case.scan.name}; "
            "compare two cases of one scan"
        )
    functions = [function_of_case(each) for each in (one, other)]
    comparison = compare(one.labels, other.labels)
    notices = tuple(dict.fromkeys((*one.told.notices, *other.told.notices)))
    print_notices(notices, as_json=arguments.json)
    if not arguments.json:
        print_text(comparison_text((one, other), (functions[0], functions[1]), comparison))
        return
    sides = [{**to_json(f), **each.made} for f, each in zip(functions, (one, other), strict=True)]
    values: dict[str, Any] = {
        "a": sides[0],
        "b": sides[1],
        "difference": _differences(functions[0], functions[1]),
        "dice": dict(zip(KEYS, map(float, comparison.dice), strict=True)),
        "frame_dice": [dict(zip(KEYS, map(float, row), strict=True)) for row in comparison.frame_dice],
        "differing_pixels": int(comparison.differing.sum()),
        "frames": one.volume.frames,
        "notices": notices,
    }
    print_json("compare-cases", values, input_sha256=one.case.scan.digest)


def function_of_case(case: ReadCase) -> Function:
    """The numbers as the reader left them. Raises ScanError for a view that has none."""
    function = case.function
    if function is None:
        raise ScanError(f"{case.path}: is of a long-axis view, and cases are compared on short axes; use measure")
    return function


def _differences(one: Function, other: Function) -> dict[str, float | None]:
    """The second minus the first, by key, None where either has no value."""
    from engine.measures.quantities import MEASURES  # noqa: PLC0415

    pairs = {measure.key: (measure.value(one), measure.value(other)) for measure in MEASURES}
    return {key: None if a is None or b is None else b - a for key, (a, b) in pairs.items()}


def _value(measure: Measure, function: Function, digits: int) -> str:
    """A number, with a question mark where it is doubtful."""
    doubtful = measure.value(function) is not None and measure.unit_of(function) != measure.unit
    return number(measure.value(function), digits) + "?" * doubtful


def comparison_text(
    cases: tuple[ReadCase, ReadCase], functions: tuple[Function, Function], comparison: Comparison
) -> str:
    """Two tables: numbers side by side, and Dice of the whole scan."""
    from engine.measures.quantities import MEASURES, SIDES  # noqa: PLC0415

    lines = [["", "A", "B", "B − A", ""]]
    differences = _differences(*functions)
    for measure in MEASURES:
        digits = measure.digits + 1
        values = [_value(measure, function, digits) for function in functions]
        name = f"{SIDES[measure.structure]} {measure.short}"
        difference = differences[measure.key]
        said = "–" if difference is None else f"{difference:+.{digits}f}"
        lines.append([name, *values, said, measure.unit])
    dice = [["Dice", *STRUCTURES.values()], ["all frames", *(number(float(value), 3) for value in comparison.dice)]]
    heads = [f"{letter}: {case.by}" for letter, case in zip("AB", cases, strict=True)]
    return "\n".join([cases[0].volume.source.name, *heads, table(lines), table(dice)])
