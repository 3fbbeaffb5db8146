"""Outlines of pictures: every ring and line in the order given, in pixels, without what could not be seen."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.maps.picture import View, clipped, path_data

VIEW = View.fitting((0, 0, 100, 100), 100, 100)


def test_rings_are_closed_and_lines_are_not() -> None:
    ring = shapely.box(10, 10, 90, 90).difference(shapely.box(40, 40, 60, 60))
    path = path_data([shapely.LineString([(0, 0), (50, 50)]), ring], VIEW)
    line, outer, inner = path.split("M")[1:]
    assert line == "0 100L50 50"
    assert outer.endswith("Z")
    assert inner.endswith("Z")
    assert set(inner.rstrip("Z").split("L")) == {"40 40", "40 60", "60 60", "60 40"}


def test_nothing_and_points_have_no_outline() -> None:
    assert path_data([], VIEW) == ""
    assert path_data([None, shapely.Polygon(), shapely.Point(1, 1)], VIEW) == ""


def test_what_is_finer_than_half_a_pixel_is_left_out_but_no_ring_is_lost() -> None:
    steps = np.column_stack([np.linspace(10, 90, 801), 50 + 0.1 * (np.arange(801) % 2)])
    jagged = shapely.Polygon([*steps, (90, 10), (10, 10)])
    speck = shapely.box(5, 5, 5.1, 5.1)
    path = path_data([shapely.MultiPolygon([jagged, speck])], VIEW)
    assert path.count("M") == 2
    assert path.count("L") < 10


def test_shapes_are_cut_with_a_margin() -> None:
    (part,) = clipped([shapely.box(-1000, -1000, 1000, 1000)], VIEW)
    assert part.bounds == (-8, -8, 108, 108)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(1, 40)), min_size=1, max_size=20))
def test_each_piece_of_many_is_drawn_as_it_is_alone(places: list[tuple[int, int, int]]) -> None:
    shapes = [shapely.Point(x, y).buffer(r, quad_segs=2) for x, y, r in places]
    together = path_data([shapely.MultiPolygon([shape]) for shape in shapes], VIEW)
    assert together == "".join(path_data([shape], VIEW) for shape in shapes)
