"""Pairs by hand, refusals, and answers that do not depend on how they are asked for."""

import os
import subprocess
import sys

import geopandas
import numpy as np
import pyarrow as pa
import pytest
import shapely

from spacegov import ledger
from spacegov.errors import BadInput, InvalidGeometry, UnsuitableCrs, WrongGeometry
from spacegov.kernels import pair_areas, polygon_areas, self_pair_areas

BOWTIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


def boxes(*corners, crs=32650):
    return geopandas.GeoSeries([shapely.box(*corner) for corner in corners], crs=crs)


def triples(pairs):
    return list(zip(pairs["left_index"], pairs["right_index"], pairs["area_m2"], strict=True))


def random_layer(seed, count, size=30.0, extent=200.0):
    random = np.random.default_rng(seed)
    shapes = []
    for _ in range(count):
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(4, 400)))
        radii = random.uniform(0.4, 1.0, len(angles)) * size
        centre = random.uniform(0, extent, 2)
        ring = np.column_stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)])
        shapes.append(shapely.Polygon(ring))
    values = np.array(shapes, dtype=object)
    return values[shapely.is_valid(values)]


def test_holes_parts_and_touching_borders_by_hand():
    ring = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(3, 3), (3, 7), (7, 7), (7, 3)]])
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(9, 9, 12, 12)])
    left = geopandas.GeoSeries([ring, parts], crs=32650)
    right = boxes((2, 2, 8, 8), (10, 0, 20, 10), (3, 3, 7, 7), (0, 0, 20, 20))
    assert triples(pair_areas(left, right)) == [
        (0, 0, 36.0 - 16.0),
        (0, 3, 84.0),
        (1, 1, 2.0),
        (1, 3, 10.0),
    ]


def test_pairs_are_sorted_whole_numbers():
    layer = random_layer(1, 60)
    pairs = pair_areas(layer, layer[::-1])
    assert pairs["left_index"].dtype == np.int64
    assert pairs["right_index"].dtype == np.int64
    keys = pairs["left_index"] * 1000 + pairs["right_index"]
    assert keys.is_monotonic_increasing
    assert keys.is_unique


def test_a_polygon_shares_its_whole_area_with_itself():
    layer = random_layer(2, 40)
    pairs = pair_areas(layer, layer)
    own = pairs[pairs["left_index"] == pairs["right_index"]]
    np.testing.assert_allclose(own["area_m2"], shapely.area(layer), rtol=1e-12)
    np.testing.assert_allclose(polygon_areas(layer), shapely.area(layer), rtol=1e-13)


def test_self_pairs_are_the_upper_half_of_all_pairs():
    layer = random_layer(3, 80)
    pairs = pair_areas(layer, layer)
    upper = pairs[pairs["left_index"] < pairs["right_index"]].reset_index(drop=True)
    assert self_pair_areas(layer).equals(upper)


def test_a_partition_does_not_overlap_itself():
    cells = [shapely.box(i * 0.1, j * 0.1, i * 0.1 + 0.1, j * 0.1 + 0.1) for i in range(20) for j in range(20)]
    turned = [shapely.affinity.rotate(cell, 33.3, origin=(0, 0)) for cell in cells]
    far = [shapely.affinity.translate(cell, 1e7, 1.2e7) for cell in cells]
    for layer in (cells, turned, far):
        assert self_pair_areas(np.array(layer, dtype=object)).empty


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_areas_are_the_same_to_the_last_bit_for_any_threads_chunks_and_order(threads):
    left, right = random_layer(4, 160), random_layer(5, 140)
    whole = pair_areas(left, right, threads=1)
    assert pair_areas(left, right, threads=threads).equals(whole)

    parts = []
    for start in range(0, len(left), 70):
        part = pair_areas(left[start : start + 70], right[60:], threads=threads)
        parts += [(i + start, j + 60, area) for i, j, area in triples(part)]
    assert parts == [t for t in triples(whole) if t[1] >= 60]

    random = np.random.default_rng(6)
    p, q = random.permutation(len(left)), random.permutation(len(right))
    shuffled = pair_areas(left[p], right[q], threads=threads)
    assert sorted((p[i], q[j], area) for i, j, area in triples(shuffled)) == triples(whole)

    swapped = pair_areas(right, left, threads=threads)
    assert sorted((j, i, area) for i, j, area in triples(swapped)) == triples(whole)


def test_missing_and_empty_geometries_share_nothing():
    left = geopandas.GeoSeries([None, shapely.Polygon(), shapely.box(0, 0, 2, 2)], crs=32650)
    right = boxes((1, 1, 3, 3))
    assert triples(pair_areas(left, right)) == [(2, 0, 1.0)]
    assert triples(pair_areas(left[:2], right)) == []
    assert triples(pair_areas(left[:0], right)) == []
    assert triples(pair_areas(right, left[:2])) == []
    assert list(polygon_areas(left)) == [0.0, 0.0, 4.0]


def test_frames_series_arrays_and_wkb_are_taken_alike():
    series = boxes((0, 0, 2, 2), (1, 1, 4, 4))
    frame = geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=series.values, crs=series.crs)
    wkb = pa.array(shapely.to_wkb(series.values))
    expected = triples(pair_areas(series, series))
    for layer in (frame, series.values, np.asarray(series.values), list(series), wkb, pa.chunked_array([wkb])):
        assert triples(pair_areas(layer, series)) == expected
    flat = pair_areas(shapely.force_3d(np.asarray(series.values), 7.0), series)
    assert triples(flat) == expected


def test_feet_become_square_metres():
    feet = boxes((0, 0, 100, 100), crs=2248)  # Maryland, US survey feet
    area = pair_areas(feet, feet)["area_m2"][0]
    assert area == pytest.approx(10_000 * (1200 / 3937) ** 2, rel=1e-12)
    assert polygon_areas(feet)[0] == pytest.approx(area, rel=1e-15)


def test_invalid_polygons_are_refused_by_name_or_repaired_on_record():
    layer = geopandas.GeoSeries([shapely.box(0, 0, 2, 2), BOWTIE], crs=32650)
    with pytest.raises(InvalidGeometry, match=r"1 of 2 polygons in left is invalid .* row 1: Self-intersection"):
        pair_areas(layer, layer)
    with ledger.collect() as book:
        pairs = pair_areas(layer, layer[:1], repair=True)
    assert triples(pairs) == [(0, 0, 4.0), (1, 0, 2.0)]
    assert "1 invalid polygons of left were made valid, which changed their area by +2" in book.doubts[0].text
    assert book.doubts[0].where == "left, rows 1"


def test_refusals_say_what_is_needed():
    plain = boxes((0, 0, 1, 1))
    with pytest.raises(UnsuitableCrs, match="counts in degrees"):
        pair_areas(plain.set_crs(4326, allow_override=True), plain.set_crs(4326, allow_override=True))
    with pytest.raises(UnsuitableCrs, match="bring both to the same"):
        pair_areas(plain, plain.set_crs(32651, allow_override=True))
    with pytest.raises(UnsuitableCrs, match="need to know the coordinate system"):
        pair_areas(plain.set_crs(None, allow_override=True), plain.values.to_numpy(), area_basis="ellipsoid")
    with pytest.raises(WrongGeometry, match="1 of 1 geometries in left are not polygons"):
        pair_areas(geopandas.GeoSeries([shapely.Point(0, 0)], crs=32650), plain)
    with pytest.raises(BadInput, match="area_basis='globe'"):
        pair_areas(plain, plain, area_basis="globe")
    with pytest.raises(BadInput, match="threads=0"):
        pair_areas(plain, plain, threads=0)
    with pytest.raises(BadInput, match="left is a dict"):
        pair_areas({}, plain)


def test_a_layer_of_empty_shapes_alone_meets_nothing():
    """Read beyond the end of an empty tree, and the process would be gone."""
    plots = geopandas.GeoSeries([shapely.box(0, 0, 10, 10)] * 2, crs=32650)
    nothing = geopandas.GeoSeries([shapely.Polygon()] * 3, crs=32650)
    for _ in range(100):
        assert pair_areas(plots, nothing).empty
        assert pair_areas(nothing, plots).empty
        assert self_pair_areas(nothing).empty


def test_the_order_of_axes_makes_no_other_coordinate_system():
    plain = geopandas.GeoSeries([shapely.box(10, 50, 11, 51)], crs="OGC:CRS84")
    pairs = pair_areas(plain, plain.set_crs(4326, allow_override=True), area_basis="ellipsoid")
    assert pairs["area_m2"][0] == pytest.approx(polygon_areas(plain, area_basis="ellipsoid")[0], rel=1e-12)


def test_importing_the_package_loads_neither_numba_nor_geopandas():
    code = (
        "import sys, spacegov.kernels; from spacegov.kernels import pair_areas; "
        "print('numba' in sys.modules, 'geopandas' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert answer.stdout.split() == ["False", "False"]
