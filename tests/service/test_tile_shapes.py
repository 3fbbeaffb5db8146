"""Shapes in a tile: whole numbers, cut to it, valid, and as large as they were."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.service.tile_shapes import BUFFER, EXTENT, tile_shapes
from tests.kernels.shapes import SHAPES

WHOLE = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)


@settings(max_examples=150, deadline=None)
@given(shapes=st.lists(SHAPES, min_size=1, max_size=6), west=st.floats(-6, 10), south=st.floats(-6, 10))
def test_polygons_stay_valid_and_keep_their_area_within_the_tile(shapes, west, south):
    size = 7.0
    placed = tile_shapes(np.array(shapes, dtype=object), (west, south, west + size, south + size))
    for shape, found in zip(shapes, placed, strict=True):
        there = shapely.affinity.affine_transform(
            shape, [EXTENT / size, 0, 0, -EXTENT / size, -west * EXTENT / size, (south + size) * EXTENT / size]
        )
        # moving may fold a shape as thin as the last digit
        expected = shapely.make_valid(there, method="structure", keep_collapsed=False).intersection(WHOLE)
        rounding = 1.5 * expected.length + 8
        if found is None:
            assert expected.area <= rounding
            continue
        assert found.geom_type in {"Polygon", "MultiPolygon"}
        assert found.is_valid
        assert np.array_equal(shapely.get_coordinates(found), np.round(shapely.get_coordinates(found)))
        assert shapely.covers(WHOLE, found)
        assert abs(found.area - expected.area) <= rounding
        for part in shapely.get_parts(found):
            assert part.exterior.is_ccw, "with y downwards a shell of positive area runs clockwise to the eye"


def test_lines_points_and_nothing():
    shapes = np.array(
        [
            shapely.LineString([(-5, 5), (15, 5)]),
            shapely.MultiPoint([(5, 5), (50, 50)]),
            shapely.Point(99, 99),
            shapely.LineString([(5, 5), (5.0001, 5)]),
            shapely.Polygon([(10.2, 0), (20, 0), (20, 10)]),
            None,
        ],
        dtype=object,
    )
    line, points, away, speck, beside, missing = tile_shapes(shapes, (0.0, 0.0, 10.0, 10.0))
    assert line.wkt == "LINESTRING (-64 2048, 4160 2048)"
    assert shapely.get_coordinates(points).tolist() == [[2048.0, 2048.0]]
    assert (away, speck, beside, missing) == (None, None, None, None)


def test_a_shape_that_crosses_itself_is_drawn_all_the_same():
    bow = shapely.Polygon([(-9, 0), (5, 9), (5, 0), (-9, 9)])
    inside = shapely.Polygon([(1, 1), (9, 9), (9, 1), (1, 9)])
    for found in tile_shapes(np.array([bow, inside], dtype=object), (0.0, 0.0, 10.0, 10.0)):
        assert found.is_valid
        assert found.area > 0


def test_a_mixed_collection_is_drawn_by_its_largest_kind():
    mixed = shapely.GeometryCollection(
        [shapely.Point(5, 5), shapely.box(-5, 0, 5, 5), shapely.LineString([(0, 0), (9, 9)])]
    )
    lines = shapely.GeometryCollection([shapely.Point(5, 5), shapely.LineString([(0, 5), (5, 5)])])
    nothing = shapely.GeometryCollection([])
    area, line, empty = tile_shapes(np.array([mixed, lines, nothing], dtype=object), (0.0, 0.0, 10.0, 10.0))
    assert area.bounds == (-64.0, 2048.0, 2048.0, 4096.0)
    assert line.length == 2048
    assert empty is None
