from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, BadPolicy, BadRaster, UnsuitableCrs
from spacegov.layers.files import warp
from spacegov.ledger import collect
from spacegov.raster import Raster
from spacegov.toolbox import read_policy
from spacegov.tools.foundation import check_geometry, derive_terrain, summarize_by_zone

CLASSES = pd.DataFrame({"class": [1, 2, 3, 4, 5], "up_to_degrees": [2.0, 6.0, 15.0, 25.0, 90.0]})


def heights(values, cell=10.0, nodata=None, **attrs):
    transform = Affine(cell, 0, 510_000, 0, -cell, 3_260_000)
    return Raster.from_array(np.asarray(values), transform, "EPSG:4549", nodata=nodata, layer="dem", **attrs)


def derive(raster, **options):
    with collect():
        return derive_terrain(raster, slope_classes=CLASSES, **{"relief_window": 30.0, **options})


def plane(east, north, size=7, cell=10.0):
    column, row = np.meshgrid(np.arange(size), np.arange(size))
    return heights(column * cell * east - row * cell * north, cell)


@pytest.mark.parametrize(
    ("east", "north", "aspect"),
    [(1, 0, 270), (-1, 0, 90), (0, 1, 180), (0, -1, 0), (1, 1, 225), (-1, -1, 45), (0.3, 0.4, 216.8698976)],
)
def test_a_plane_has_its_slope_and_falls_its_way(east, north, aspect):
    terrain = derive(plane(east, north))
    rise = np.hypot(east, north)
    assert terrain.slope_percent.read()[1:-1, 1:-1] == pytest.approx(100 * rise, rel=1e-6)
    assert terrain.slope_degrees.read()[1:-1, 1:-1] == pytest.approx(np.degrees(np.arctan(rise)), rel=1e-6)
    assert terrain.aspect.read()[1:-1, 1:-1] == pytest.approx(aspect, abs=1e-4)


def test_one_cell_by_hand():
    # Horn: east = (3+2·6+9 − 1−2·4−7) / (8·10) = 0.1; north = (1+2·2+3 − 7−2·8−9) / 80 = −0.3.
    terrain = derive(heights([[1.0, 2.0, 3.0], [4.0, 100.0, 6.0], [7.0, 8.0, 9.0]]))
    assert terrain.slope_percent.read()[1, 1] == pytest.approx(100 * np.sqrt(0.1), rel=1e-6)
    # It falls to the west and north: atan2(−0.1, 0.3).
    assert terrain.aspect.read()[1, 1] == pytest.approx(360 - 18.43494882, abs=1e-4)


def test_flat_ground_has_no_aspect_and_full_light_from_above():
    terrain = derive(heights(np.full((5, 5), 3.0)), altitude=90.0)
    assert terrain.aspect.read()[2, 2] == -1
    assert terrain.hillshade.read()[2, 2] == 255
    assert terrain.slope_class.read()[2, 2] == 1


def test_hillshade_of_a_slope_turned_to_the_sun():
    # A slope of 45° that faces a sun at 45° is hit at right angles; one that turns away gets none.
    assert derive(plane(1, 0), azimuth=270, altitude=45).hillshade.read()[3, 3] == pytest.approx(255)
    assert derive(plane(1, 0), azimuth=90, altitude=45).hillshade.read()[3, 3] == pytest.approx(0, abs=1e-4)


def test_edges_and_gaps_have_no_slope():
    values = np.arange(49.0).reshape(7, 7)
    values[3, 3] = -9
    terrain = derive(heights(values, nodata=-9))
    known = ~np.isnan(terrain.slope_degrees.read())
    expected = np.zeros((7, 7), bool)
    expected[1:-1, 1:-1] = True
    expected[2:5, 2:5] = False
    assert (known == expected).all()
    assert (np.isnan(terrain.slope_class.read()) == ~expected).all()
    assert np.isnan(terrain.relief.read()).sum() == 1


def test_relief_beside_gaps_is_doubted():
    values = np.full((9, 9), np.nan)
    values[:3, :3] = 1.0
    with collect() as ledger:
        derive_terrain(heights(values), slope_classes=CLASSES, relief_window=90)
    # The window of 9 × 9 holds at most 9 known cells, 11 %.
    assert ledger.doubts[0].text == "the relief of 9 cells rests on less than a quarter of the window, beside gaps"


def test_relief_is_the_range_in_the_window():
    values = np.zeros((9, 9))
    values[4, 4] = 50
    relief = derive(heights(values), relief_window=30).relief.read()
    assert (relief == 50).sum() == 9
    assert (derive(heights(values), relief_window=50).relief.read() == 50).sum() == 25


def test_classes_balance_and_a_limit_belongs_to_the_gentler_class():
    limit = float(np.degrees(np.arctan(0.1)))
    table = pd.DataFrame({"class": [1, 2], "up_to_degrees": [limit + 1e-12, 90.0]})
    with collect() as ledger:
        classes = derive_terrain(plane(0.1, 0), slope_classes=table, relief_window=30).classes
    # Of 7 × 7 cells of 100 m² the inner 5 × 5 have a slope.
    assert classes[["class", "cells", "area_m2", "share"]].values.tolist() == [[1, 25, 2500.0, 1.0], [2, 0, 0.0, 0.0]]
    assert [entry.what for entry in ledger.balances] == ["area of slope classes"]


def test_areas_on_the_ellipsoid_follow_the_scale_of_the_grid():
    plain = derive(plane(0.1, 0)).classes["area_m2"].sum()
    true = derive(plane(0.1, 0), area_basis="ellipsoid").classes["area_m2"].sum()
    # 10 km from the central meridian a Gauss-Krüger grid enlarges areas by (10 km / R)² = 2.46e-6.
    assert plain / true - 1 == pytest.approx((10_000 / 6.371e6) ** 2, rel=0.02)


def test_heights_in_feet():
    metric, feet = derive(plane(0.1, 0.2)), derive(plane(0.1 / 0.3048, 0.2 / 0.3048), metres_per_unit=0.3048)
    assert np.allclose(metric.slope_degrees.read(), feet.slope_degrees.read(), equal_nan=True)
    assert np.allclose(metric.relief.read(), feet.relief.read(), equal_nan=True)


def test_whole_metres_are_doubted():
    with collect() as ledger:
        derive_terrain(heights(np.arange(25).reshape(5, 5)), slope_classes=CLASSES, relief_window=30)
    # 1 m over 8 × 10 m is the least rise that Horn's weights can give: atan(1 / 80) = 0.716°.
    assert "heights are whole numbers, slopes come in steps of about 0.72°" in [entry.text for entry in ledger.doubts]


def test_the_tables_of_the_box_are_read():
    table = read_policy("slope-classes-farming-2019")
    with collect():
        classes = derive_terrain(plane(0.1, 0), slope_classes=table, relief_window=30).classes
    # 10 % is 5.71°: the second class of farming, and of construction.
    assert classes.loc[classes["share"] == 1, "name"].tolist() == ["gentle"]
    assert read_policy("slope-classes-construction-2019")["up_to_degrees"].tolist() == [3, 8, 15, 25, 90]


def test_bad_input_is_refused_in_one_sentence():
    ground = plane(0.1, 0)
    with pytest.raises(BadPolicy, match="they must rise"):
        derive_terrain(ground, slope_classes=CLASSES.iloc[::-1])
    with pytest.raises(BadPolicy, match="the last class ends at 2°"):
        derive_terrain(ground, slope_classes=CLASSES.iloc[:1], relief_window=30)
    with pytest.raises(BadPolicy, match="0 means no slope"):
        derive_terrain(ground, slope_classes=CLASSES.assign(**{"class": range(5)}))
    with pytest.raises(BadPolicy, match="no column 'up_to_degrees'"):
        derive_terrain(ground, slope_classes=CLASSES[["class"]])
    with pytest.raises(BadInput, match="relief_window: 5 m was given for cells of 10 m"):
        derive(ground, relief_window=5)
    with pytest.raises(BadRaster, match="every cell is nodata"):
        derive(heights(np.full((4, 4), -9.0), nodata=-9))
    with pytest.raises(BadRaster, match="no cell has all eight neighbours"):
        derive(heights(np.where(np.eye(4), 1.0, np.nan)))
    with pytest.raises(BadRaster, match="at least 3 × 3"):
        derive(heights([[1.0, 2.0], [3.0, 4.0]]))
    with pytest.raises(UnsuitableCrs, match="in degrees"):
        derive(Raster.from_array(np.zeros((4, 4)), Affine(0.1, 0, 120, 0, -0.1, 30), "EPSG:4326"))
    with pytest.raises(BadInput, match="azimuth: 400"):
        derive(ground, azimuth=400)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.integers(5, 40))
def test_windows_do_not_show(seed, rows, columns):
    """The whole at once by an independent formula equals what is put together from windows."""
    from spacegov.tools.foundation._horn import raster_gradient

    values = np.random.default_rng(seed).normal(size=(rows, columns)) * 10
    raster = heights(values)
    small = raster.windows
    object.__setattr__(raster, "windows", lambda halo: small(7, halo))
    east, north = raster_gradient(raster)
    from scipy.ndimage import correlate

    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 80
    inner = (slice(1, -1), slice(1, -1))
    assert np.allclose(east[inner], correlate(values, kernel)[inner])
    assert np.allclose(north[inner], correlate(values, -kernel.T)[inner])
    assert np.isnan(east[0]).all()


@pytest.mark.long  # xarray-spatial compiles for ten seconds
def test_slope_and_aspect_agree_with_xarray_spatial():
    xrspatial = pytest.importorskip("xrspatial")
    values = np.random.default_rng(5).normal(size=(40, 50)).cumsum(axis=0).cumsum(axis=1).astype(np.float32)
    raster = heights(values, cell=25.0)
    terrain = derive(raster, relief_window=75)
    array = raster.to_xarray().astype("float32")
    inner = (slice(1, -1), slice(1, -1))
    assert np.allclose(terrain.slope_degrees.read()[inner], xrspatial.slope(array).values[inner], atol=2e-3)
    ours, theirs = terrain.aspect.read()[inner], xrspatial.aspect(array).values[inner]
    turn = (ours - theirs + 180) % 360 - 180
    assert np.abs(turn).max() < 0.5


def test_swellendam(real_data):
    degrees = Raster.open(real_data / "swellendam" / "SRTM" / "srtm_41_19_4326.tif")
    with pytest.raises(UnsuitableCrs, match="in EPSG:4326, in degrees"):
        derive_terrain(degrees, slope_classes=CLASSES)
    # The file is framed by zeros that it does not declare as no data: a doubt says so.
    with collect() as ledger:
        derive_terrain(warp(degrees, "EPSG:32734"), slope_classes=CLASSES)
    assert any("have the height 0; if that stands for no data" in entry.text for entry in ledger.doubts)
    framed = Raster.from_array(degrees.read(), degrees.transform, degrees.crs, nodata=0, layer="srtm")
    dem = warp(framed, "EPSG:32734")
    with collect() as ledger:
        terrain = derive_terrain(dem, slope_classes=CLASSES)
    slope = terrain.slope_degrees.read()
    assert dem.crs == "EPSG:32734"
    assert not any("stands for no data" in entry.text for entry in ledger.doubts)
    # The Langeberg range north of the town: mountains to above 1,500 m, flanks steeper than 30°.
    assert np.nanmax(dem.read()) > 1500
    assert 30 < np.nanmax(slope) < 75
    assert terrain.classes["share"].sum() == pytest.approx(1)
    assert terrain.classes["area_m2"].sum() == pytest.approx(np.isfinite(slope).sum() * dem.cell_area_m2)
    by_convolution = _slope_by_convolution(dem)
    both = np.isfinite(by_convolution) & np.isfinite(slope)
    assert both.sum() > 0.99 * np.isfinite(slope).sum()
    assert np.abs(by_convolution - slope)[both].max() < 1e-4


def _slope_by_convolution(dem):
    from scipy.ndimage import convolve

    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 8
    width, height = dem.cell_size
    east, north = convolve(dem.read(), kernel / width), convolve(dem.read(), kernel.T / height)
    return np.degrees(np.arctan(np.hypot(east, north)))


@pytest.mark.parametrize("name", ["farms_33S", "roads_33S", "water_33S"])
def test_swellendams_layers_in_the_wrong_zone_are_refused_by_name(real_data, name):
    frame = gpd.read_file(real_data / "swellendam" / "projected_data" / f"{name}.shp")
    frame.attrs["layer"] = name
    with collect():
        frame = check_geometry(frame, repair=True).repaired
    near_the_meridian = shapely.box(500_000, 6_220_000, 510_000, 6_230_000)
    zones = gpd.GeoDataFrame({"name": ["all"]}, geometry=[near_the_meridian], crs=frame.crs)
    with pytest.raises(UnsuitableCrs, match=rf"{name}.*is the wrong CRS for its place"):
        summarize_by_zone(zones, [frame])
    moved = frame.to_crs("EPSG:32734")
    there = gpd.GeoDataFrame({"name": ["all"]}, geometry=[shapely.box(*moved.total_bounds)], crs=moved.crs)
    with collect():
        answer = summarize_by_zone(there, [moved])
    assert answer.zones[f"{name}_count"].tolist() == [len(frame)]
