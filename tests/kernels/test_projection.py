"""Ellipsoidal areas against closed formulas and against geodesics."""

import math

import geopandas
import numpy as np
import pyproj
import pytest
import shapely

from spacegov.errors import UnsuitableCrs
from spacegov.kernels import equal_area, pair_areas, polygon_areas, self_pair_areas, tabulate_areas
from spacegov.kernels.projection import equal_area_projection

WGS84 = pyproj.Geod(ellps="WGS84")


def zone_area(south, north, degrees):
    """Area between two parallels over some degrees of longitude, by the closed formula."""
    a, e = WGS84.a, math.sqrt(WGS84.es)

    def integral(latitude):
        s = math.sin(math.radians(latitude))
        return s / (1 - (e * s) ** 2) + math.log((1 + e * s) / (1 - e * s)) / (2 * e)

    return math.radians(degrees) * a * a * (1 - e * e) / 2 * (integral(north) - integral(south))


@pytest.mark.parametrize(("south", "north"), [(0, 1), (30, 31), (-61, -60), (0, 80), (20, 50)])
def test_cells_of_the_graticule_have_the_area_of_the_closed_formula(south, north):
    cell = geopandas.GeoSeries([shapely.box(100, south, 101, north)], crs=4326)
    assert polygon_areas(cell, area_basis="ellipsoid")[0] == pytest.approx(zone_area(south, north, 1), rel=1e-10)


def test_oblique_edges_in_degrees_have_the_area_of_the_integral():
    # a triangle with a straight edge in longitude and latitude: integrate the width over latitude
    triangle = geopandas.GeoSeries([shapely.Polygon([(100, 30), (102, 30), (100, 31)])], crs=4326)
    latitude = np.linspace(30, 31, 20001)
    middle = 0.5 * (latitude[1:] + latitude[:-1])
    strips = [zone_area(s, n, 2 * (31 - m)) for s, n, m in zip(latitude[:-1], latitude[1:], middle, strict=True)]
    assert polygon_areas(triangle, area_basis="ellipsoid")[0] == pytest.approx(math.fsum(strips), rel=1e-8)


def dense_truth(shape, crs, length):
    """Area of very close points on the straight edges of the layer's own CRS, in another equal-area projection."""
    dense = shapely.segmentize(shape, length)
    albers = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=30 +lon_0=105 +ellps=WGS84"
    transformer = pyproj.Transformer.from_crs(crs, albers, always_xy=True)
    return shapely.transform(dense, lambda points: np.column_stack(transformer.transform(*points.T))).area


def geodesic_truth(shape, crs, length):
    """The same by geodesics between the points; good to some tenths of a square metre."""
    x, y = np.asarray(shapely.segmentize(shape, length).exterior.coords).T[:2]
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    return abs(WGS84.polygon_area_perimeter(lon, lat)[0])


@pytest.mark.parametrize("size", [20.0, 300.0, 5000.0, 60000.0])
@pytest.mark.parametrize("x", [250000.0, 500000.0, 700000.0])
def test_straight_edges_of_the_grid_are_kept_below_1e_7(size, x):
    random = np.random.default_rng(int(size))
    angles = np.sort(random.uniform(0, 2 * np.pi, 7))
    shape = shapely.Polygon(np.column_stack([x + size * np.cos(angles), 4.4e6 + size * np.sin(angles)]))
    area = polygon_areas(geopandas.GeoSeries([shape], crs=32650), area_basis="ellipsoid")[0]
    assert area == pytest.approx(dense_truth(shape, 32650, size / 300), rel=1e-7)
    assert area == pytest.approx(geodesic_truth(shape, 32650, size / 300), rel=1e-7, abs=0.5)


def test_without_added_points_the_area_of_a_large_polygon_would_miss_the_bound():
    shape = shapely.Polygon([(250000, 4.0e6), (310000, 4.01e6), (260000, 4.06e6)])
    series = geopandas.GeoSeries([shape], crs=32650)
    projection = equal_area_projection(series.crs, shape.bounds)
    corners = projection.transform(np.asarray(shape.exterior.coords))
    truth = dense_truth(shape, 32650, 100.0)
    assert abs(shapely.Polygon(corners).area / truth - 1) > 1e-6
    assert abs(equal_area(series).area[0] / truth - 1) < 1e-7


def test_geodesic_edges_bound_another_area_than_straight_edges():
    """A parallel is straight in degrees and no geodesic: both areas differ by the segment between the two lines."""
    cell = geopandas.GeoSeries([shapely.box(100, 60, 101, 61)], crs=4326)
    ours = polygon_areas(cell, area_basis="ellipsoid")[0]
    geodesic = WGS84.geometry_area_perimeter(cell[0])[0]
    segments = []
    for latitude in (60.0, 61.0):
        width = math.radians(1) * WGS84.a * math.cos(math.radians(latitude))
        curvature = math.tan(math.radians(latitude)) / WGS84.a
        segments.append(curvature * width**3 / 12)
    # the geodesics lie north of both parallels: one segment lost below, one gained above
    assert geodesic - ours == pytest.approx(segments[1] - segments[0], rel=0.02)
    assert abs(geodesic / ours - 1) < 1e-4
    # with points every few metres along the parallels both agree
    assert WGS84.geometry_area_perimeter(shapely.segmentize(cell[0], 1e-3))[0] == pytest.approx(ours, rel=1e-9)


def test_neighbours_keep_sharing_their_border():
    cells = [
        shapely.box(250000 + 9000 * i, 4e6 + 9000 * j, 259000 + 9000 * i, 4009000 + 9000 * j)
        for i in range(4)
        for j in range(4)
    ]
    turned = [shapely.affinity.rotate(cell, 21.0, origin=(250000, 4e6)) for cell in cells]
    series = geopandas.GeoSeries([*turned[:8], *[shape.reverse() for shape in turned[8:]]], crs=32650)
    assert self_pair_areas(series, area_basis="ellipsoid")["area_m2"].sum() < 1e-3


def test_pairs_and_tables_are_ellipsoidal_on_demand():
    left = geopandas.GeoDataFrame({"use": ["a"]}, geometry=[shapely.box(500000, 4e6, 501000, 4.001e6)], crs=32650)
    right = geopandas.GeoDataFrame({"zone": ["z"]}, geometry=[shapely.box(500500, 4e6, 502000, 4.002e6)], crs=32650)
    plane = pair_areas(left, right)["area_m2"][0]
    curved = pair_areas(left, right, area_basis="ellipsoid")["area_m2"][0]
    truth = dense_truth(shapely.box(500500, 4e6, 501000, 4.001e6), 32650, 5)
    assert plane == 500_000.0
    assert curved == pytest.approx(truth, rel=1e-7)
    assert curved / plane == pytest.approx(1 / 0.9996**2, rel=1e-6)
    table = tabulate_areas(left, right, by=("use", "zone"), area_basis="ellipsoid", balance=True)
    assert table["area_m2"][0] == pytest.approx(curved, rel=1e-12)
    assert table["area_m2"].sum() == pytest.approx(polygon_areas(left, area_basis="ellipsoid")[0], rel=1e-12)


def test_equal_area_keeps_rows_columns_and_types():
    parts = shapely.MultiPolygon([shapely.box(5e5, 4e6, 6e5, 4.1e6), shapely.box(7e5, 4e6, 7.1e5, 4.1e6)])
    frame = geopandas.GeoDataFrame(
        {"name": ["a", "b", "c", "d"]},
        geometry=[shapely.box(5e5, 4e6, 6e5, 4.1e6), parts, None, shapely.Polygon()],
        crs=32650,
        index=[7, 8, 9, 10],
    )
    result = equal_area(frame)
    assert list(result.index) == [7, 8, 9, 10]
    assert list(result["name"]) == ["a", "b", "c", "d"]
    assert list(result.geometry.geom_type[:2]) == ["Polygon", "MultiPolygon"]
    assert result.geometry.isna().tolist() == [False, False, True, False]
    assert result.crs.axis_info[0].unit_name == "metre"
    np.testing.assert_allclose(result.area[:2], polygon_areas(frame, area_basis="ellipsoid")[:2], rtol=1e-13)
    # outlines of a hundred kilometres get points, and stay where they were
    assert shapely.get_num_coordinates(result.geometry.iloc[0]) > 100
    assert result.geometry.iloc[0].equals_exact(result.geometry.iloc[1].geoms[0])


def test_a_layer_without_a_place_on_earth_is_refused():
    with pytest.raises(UnsuitableCrs, match="the layer has no CRS"):
        equal_area(geopandas.GeoSeries([shapely.box(0, 0, 1, 1)]))
    local = pyproj.CRS.from_wkt('LOCAL_CS["site",LOCAL_DATUM["site",0],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]')
    with pytest.raises(UnsuitableCrs, match="tied to the earth"):
        equal_area(geopandas.GeoSeries([shapely.box(0, 0, 1, 1)], crs=local))
    with pytest.raises(UnsuitableCrs, match="is not defined; check"):
        polygon_areas(geopandas.GeoSeries([shapely.box(0, 0, 1e9, 1e9)], crs=32650), area_basis="ellipsoid")
