"""The strictest zone of every building, through the kernel, beside GEOS asked pair by pair."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.tools.emergency._zoning import holder_of, strictest


def by_pairs(shapes, zones):
    """Ask every pair."""
    met = np.array([shapely.intersects(zone, shapes) for zone in zones.geometry]).reshape(len(zones), len(shapes))
    return np.where(met.any(axis=0), met.argmax(axis=0), -1)


def layer(shapes):
    return gpd.GeoDataFrame({"rank": np.arange(1, len(shapes) + 1)}, geometry=list(shapes), crs="EPSG:4549")


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 60))
def test_it_is_what_geos_says(seed, zone_count, building_count):
    rng = np.random.default_rng(seed)
    # whole numbers make many that touch
    low = rng.integers(0, 60, (building_count, 2)).astype(float)
    buildings = shapely.box(low[:, 0], low[:, 1], low[:, 0] + 4, low[:, 1] + 3)
    corners = rng.integers(0, 50, (zone_count, 2)).astype(float)
    zones = layer(shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + 14, corners[:, 1] + 9))
    assert strictest(buildings, zones).tolist() == by_pairs(buildings, zones).tolist()


def test_more_zones_than_the_kernel_keeps_levels():
    zones = layer(shapely.box(np.arange(600) * 10.0, 0, np.arange(600) * 10.0 + 12, 10))
    buildings = shapely.box(np.arange(700) * 10.0 + 4, 2, np.arange(700) * 10.0 + 6, 4)
    expected = np.where(np.arange(700) < 600, np.arange(700), -1)
    assert strictest(buildings, zones).tolist() == expected.tolist()


def test_empty_zones_and_other_shapes():
    zones = layer([shapely.MultiPolygon(), shapely.box(0, 0, 10, 10)])
    shapes = np.array([shapely.Point(10, 5), shapely.Point(11, 5), shapely.LineString([(5, 5), (99, 5)])], dtype=object)
    assert strictest(shapes, zones).tolist() == [1, -1, 1]
    assert strictest(shapes, zones.iloc[:0]).tolist() == [-1, -1, -1]
    assert strictest(shapes[:0], zones).tolist() == []


def test_the_holder_is_the_one_with_the_largest_part():
    holders = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(0, 0, 20, 10)], dtype=object)
    shapes = shapely.box([1, 8, 9.5, 30, 19], 1, [2, 11, 12, 31, 22], 2)
    # wholly inside the first and the third; over the border of the first two and in the third; …; in none; mostly out
    assert holder_of(shapes, holders).tolist() == [0, 2, 2, -1, 1]
