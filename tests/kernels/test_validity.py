"""The quick test of validity never says valid where GEOS does not, and seldom gives up."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from spacegov import ledger
from spacegov.kernels import compilation, pair_areas, polygon_areas
from spacegov.kernels.ragged import from_shapely
from spacegov.kernels.screening import screen_simple
from spacegov.kernels.screening_large import screen_large
from spacegov.kernels.validity import find_invalid
from tests.kernels.shapes import SHAPES

PATIENT = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def certain(geometries):
    compilation.ensure_compiled("area")
    compilation.ensure_compiled("large")
    layer = from_shapely(np.array([*geometries, None], dtype=object)[:-1])
    arrays = layer.coordinates, layer.ring_offsets, layer.geometry_offsets
    sure = np.zeros(len(layer), np.bool_)
    screen_simple(*arrays, 0, len(layer), sure)
    screen_large(*arrays, np.flatnonzero(~sure), sure)
    return sure


def star(count, seed, x=0.0, y=0.0, size=10.0):
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, count))
    radii = size * random.uniform(0.5, 1.0, count)
    return Polygon(np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)]))


@st.composite
def scribbles(draw):
    """Rings, holes and parts at random: mostly invalid."""
    coordinate = st.one_of(st.integers(0, 8), st.floats(0, 8, width=16))
    ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=draw(st.sampled_from([4, 6, 60])))
    polygon = st.builds(Polygon, ring, st.lists(ring, max_size=2))
    return draw(st.one_of(polygon, st.builds(MultiPolygon, st.lists(polygon, min_size=1, max_size=3))))


@given(st.lists(st.one_of(scribbles(), SHAPES), min_size=20, max_size=40))
@settings(max_examples=20, **PATIENT)
def test_what_is_certain_is_valid(geometries):
    sure = certain(geometries)
    assert shapely.is_valid(np.array(geometries, dtype=object)[sure]).all()


HOLE = [(3, 3), (3, 5), (5, 5), (5, 3)]
SHELL = [(0, 0), (10, 0), (10, 10), (0, 10)]
DENSE = shapely.segmentize(box(0, 0, 10, 10), 0.1).exterior.coords


@pytest.mark.parametrize(
    "broken",
    [
        Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),
        Polygon([(0, 0), (4, 0), (2, 0), (4, 4)]),
        Polygon([(0, 0), (2, 0), (4, 0)]),
        Polygon(SHELL, [[(8, 8), (12, 8), (12, 9), (8, 9)]]),
        Polygon(SHELL, [[(20, 20), (20, 21), (21, 21), (21, 20)]]),
        Polygon(SHELL, [HOLE, [(3.5, 3.5), (3.5, 4), (4, 4), (4, 3.5)]]),
        Polygon(SHELL, [HOLE, HOLE]),
        Polygon(SHELL, [[(0, 5), (5, 5), (5, 6), (0, 6)]]),
        Polygon(SHELL, [[(0, 5), (5, 10), (10, 5), (5, 0)]]),
        MultiPolygon([box(0, 0, 4, 4), box(1, 1, 2, 2)]),
        MultiPolygon([box(0, 0, 4, 4), box(4, 0, 6, 4)]),
        MultiPolygon([box(0, 0, 4, 4), box(3, 3, 6, 6)]),
        MultiPolygon([Polygon([(20, 0), (30, 0), (30, 9)], [HOLE]), box(0, 0, 10, 10)]),
        Polygon([*DENSE[:150], (5, -1), *DENSE[150:]]),
        Polygon([*DENSE[:150], DENSE[20], *DENSE[150:]]),
        Polygon([(0, 0), (1, 0), (float("inf"), 1)]),
    ],
)
def test_broken_polygons_are_not_certain_and_are_found(broken):
    assert not shapely.is_valid(broken)
    assert not certain([broken])[0]
    geometries = np.array([box(0, 0, 1, 1), broken, box(0, 0, 1, 1)], dtype=object)
    layer = from_shapely(geometries)
    assert find_invalid(layer, lambda rows: geometries[rows]).tolist() == [1]


@pytest.mark.parametrize(
    "plain",
    [
        box(0, 0, 1, 1),
        star(12, 1),
        star(39, 2),
        star(500, 3),
        star(5000, 4, 1e7, 1.2e7),
        Polygon(DENSE),
        Polygon(SHELL, [HOLE]),
        Polygon(SHELL, [HOLE, [(7, 7), (7, 8), (8, 8), (8, 7)]]),
        MultiPolygon([box(0, 0, 4, 4), box(5, 5, 6, 6)]),
        MultiPolygon([Polygon(SHELL, [HOLE]), box(3.5, 3.5, 4.5, 4.5), box(11, 0, 12, 1)]),
        Polygon(),
        None,
    ],
)
def test_plain_polygons_are_certain_without_geos(plain):
    assert certain([plain])[0]


def test_repair_is_the_same_for_shapes_and_for_wkb():
    import pyarrow as pa

    shapes = np.array([box(0, 0, 2, 2), Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), None], dtype=object)
    wkb = pa.array(shapely.to_wkb(shapes))
    with ledger.collect() as of_shapes:
        first = polygon_areas(shapes, repair=True)
    with ledger.collect() as of_wkb:
        second = polygon_areas(wkb, repair=True)
    assert first.tolist() == second.tolist() == [4.0, 2.0, 0.0]
    assert of_shapes.doubts == of_wkb.doubts
    assert len(of_wkb.doubts) == 1


def test_trusted_layers_are_taken_as_they_are():
    bowtie = [Polygon([(0, 0), (4, 4), (4, 0), (0, 2)])]
    assert len(pair_areas(bowtie, [box(0, 0, 9, 9)], trusted=True)) == 1
