"""The bullseye: where each segment lies, and colours that can be told apart."""

import pytest

from engine.pictures.bullseye import CELLS, UNKNOWN, colour_of, ink_on, scale_of, segment_at


def test_seventeen_cells_each_found_at_its_label():
    assert [cell.segment for cell in CELLS] == list(range(1, 18))
    for cell in CELLS:
        assert segment_at(*cell.label_at) == cell.segment


@pytest.mark.parametrize(
    ("at", "segment"),
    [((0, 0.9), 1), ((-0.8, 0.3), 2), ((-0.8, -0.3), 3), ((0, -0.9), 4), ((0.8, -0.3), 5), ((0.8, 0.3), 6),
     ((0, 0.6), 7), ((0, 0.3), 13), ((-0.3, 0), 14), ((0, -0.3), 15), ((0.3, 0), 16), ((0, 0), 17), ((1, 1), None)],
)  # fmt: skip
def test_anterior_is_up_and_the_septum_left(at, segment):
    assert segment_at(*at) == segment


def test_cells_fill_the_disc_without_overlap():
    def area(points):
        x, y = points.T
        return abs(float(x @ [*y[1:], y[0]] - y @ [*x[1:], x[0]])) / 2

    assert sum(area(cell.outline) for cell in CELLS) == pytest.approx(3.1416, rel=0.01)


def test_scale_gets_brighter_and_grey_is_for_nothing():
    def brightness(value):
        red, green, blue = colour_of(value, (0, 10))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    steps = [brightness(v) for v in range(11)]
    assert steps == sorted(steps) and steps[-1] - steps[0] > 150
    assert colour_of(None, (0, 10)) == UNKNOWN
    assert colour_of(-5, (0, 10)) == colour_of(0, (0, 10))
    assert ink_on(colour_of(10, (0, 10))) != ink_on(colour_of(0, (0, 10)))


def test_scale_holds_all_values_and_zero():
    assert scale_of([8.0, None, 12.0], 10) == (0.0, 12.0)
    assert scale_of([8.0], 10) == (0.0, 10.0)
    assert scale_of([-20.0, 40.0], 50) == (-20.0, 40.0)
    assert scale_of([], 10) == (0.0, 10.0)
