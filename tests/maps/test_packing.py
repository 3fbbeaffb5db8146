"""Packed features come out as they went in, to a centimetre."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.maps.packing import SCALE, fold, pack_integers, pack_shapes, unfold, unpack_integers

RING = shapely.Polygon([(120, 29), (120.01, 29), (120.01, 29.01), (120, 29.01)])
HOLED = shapely.Polygon(
    [(120, 29), (120.1, 29), (120.1, 29.1), (120, 29.1)],
    [[(120.02, 29.02), (120.02, 29.04), (120.04, 29.04), (120.04, 29.02)]],
)
LINE = shapely.LineString([(120, 29), (120.5, 29.5), (121, 29)])


def unpacked(shapes):
    """Give features as lists of rings of (longitude, latitude), rings left open."""
    steps = unfold(unpack_integers(shapes.coordinates)).reshape(-1, 2)
    places = np.cumsum(steps, axis=0) / shapes.scale
    vertices = np.cumsum([0, *unpack_integers(shapes.vertex_counts)])
    rings = np.cumsum([0, *unpack_integers(shapes.ring_counts)])
    return [
        [places[vertices[ring] : vertices[ring + 1]] for ring in range(rings[feature], rings[feature + 1])]
        for feature in range(len(rings) - 1)
    ]


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**53)))
def test_whole_numbers_come_back(values):
    assert unpack_integers(pack_integers(values)).tolist() == values


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1))
def test_signs_come_back(values):
    steps = np.asarray(values, dtype=np.int64)
    assert (fold(steps) >= 0).all()
    assert unfold(fold(steps)).tolist() == values


def test_polygons_keep_their_rings_and_areas():
    shapes = np.array([RING, shapely.MultiPolygon([HOLED, RING])])
    one, two = unpacked(pack_shapes(shapes))
    assert [len(ring) for ring in one] == [4]
    assert sorted(len(ring) for ring in two) == [4, 4, 4]
    for rings, shape in ((one, shapes[0]), (two, shapes[1])):
        # Shells turn one way and holes the other: their signed areas sum to the shape's.
        signed = sum(
            (ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1]).sum() / 2 for ring in rings
        )
        assert signed == pytest.approx(shape.area, rel=1e-5)


@pytest.mark.parametrize("shape", [RING, HOLED, LINE, shapely.Point(120, 29), shapely.reverse(RING)])
def test_coordinates_are_true_to_half_a_step(shape):
    (rings,) = unpacked(pack_shapes(np.array([shape])))
    given_places = {tuple(np.rint(place * SCALE)) for place in shapely.get_coordinates(shape)}
    assert {tuple(np.rint(place * SCALE)) for ring in rings for place in ring} == given_places


def test_lines_stay_open_and_points_are_single():
    line, point, many = unpacked(
        pack_shapes(np.array([LINE, shapely.Point(1, 2), shapely.MultiPoint([(1, 2), (3, 4)])]))
    )
    assert [len(ring) for ring in line] == [3]
    assert [ring.tolist() for ring in point] == [[[1.0, 2.0]]]
    assert len(many) == 2


def test_dimensions_are_given_only_where_they_differ():
    assert pack_shapes(np.array([RING, HOLED])).dimensions is None
    mixed = pack_shapes(np.array([RING, LINE, shapely.Point(1, 1)]))
    assert unpack_integers(mixed.dimensions).tolist() == [2, 1, 0]


def test_of_a_collection_the_areas_are_drawn():
    collection = shapely.GeometryCollection([LINE, shapely.GeometryCollection([RING, shapely.Point(0, 0)])])
    (rings,) = unpacked(pack_shapes(np.array([collection])))
    assert [len(ring) for ring in rings] == [4]


def test_features_without_geometry_keep_their_place():
    empty, ring = unpacked(pack_shapes(np.array([shapely.Polygon(), RING])))
    assert empty == []
    assert len(ring) == 1
    assert unpacked(pack_shapes(np.array([], dtype=object))) == []


def test_heights_are_left_out():
    (rings,) = unpacked(pack_shapes(np.array([shapely.LineString([(1, 2, 3), (4, 5, 6)])])))
    assert rings[0].tolist() == [[1, 2], [4, 5]]
