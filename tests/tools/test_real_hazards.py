"""Floods, watersheds and development on real ground, asked by file names alone, against programs of another kind."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from spacegov.content import content_path
from spacegov.errors import BadInput, BadRaster, InvalidGeometry, UnsuitableCrs
from spacegov.layers.files import open_raster
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

DATA = os.environ.get("SPACEGOV_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="real layers are found through SPACEGOV_REAL_DATA")
ROOT = Path(DATA or ".")
JAKARTA = f"{ROOT / 'jakarta' / 'jakarta.gpkg'}:"
DEPTH = str(ROOT / "jakarta" / "Flood_Current_Depth_Jakarta_geographic.tif")
POPULATION = ROOT / "jakarta" / "Population_Jakarta_UTM48N.tif"
TERRAIN = str(ROOT / "swellendam" / "SRTM" / "srtm_41_19_4326.tif")
RIVERS = str(ROOT / "swellendam" / "shapefile" / "rivers.shp")


def ask(tool, **given):
    return run(Workspace.open(content_path("sample_data")), tool, given, text=True, keep=False)


def shapes(layer, crs):
    frame = gpd.read_file(ROOT / "jakarta" / "jakarta.gpkg", layer=layer).to_crs(crs)
    return np.asarray(shapely.make_valid(frame.geometry.to_numpy()), dtype=object)


def test_buildings_and_roads_in_a_flood_are_those_of_plain_shapely():
    given = {
        "hazard": f"{JAKARTA}flood2007_rw", "hazard_class": "FLOODPRONE", "order": "Yes,YES",
        "buildings": f"{JAKARTA}inasafe_buildings", "roads": f"{JAKARTA}roads", "crs": "EPSG:32748",
    }  # fmt: skip
    with pytest.raises(InvalidGeometry, match=r"4 of 1009 polygons are broken .*--repair"):
        ask("assess-exposure", **given)
    answer = ask("assess-exposure", **given, units=f"{JAKARTA}kecamatan", unit="KEC_NAME", repair="true")
    flood = shapely.union_all(shapes("flood2007_rw", 32748))
    houses, roads = shapes("inasafe_buildings", 32748), shapes("roads", 32748)
    # parts of the union share no ground, so that what lies in each adds up
    parts = shapely.get_parts(flood)
    house, part = shapely.STRtree(parts).query(houses, predicate="intersects")
    inside = np.bincount(house, shapely.area(shapely.intersection(houses[house], parts[part])), len(houses))
    assert answer.summary["buildings_exposed"] == int((inside > 1e-6).sum())
    totals = answer.frames["by_class"].set_index(["receptor", "class"])
    flooded = totals.loc[("buildings", ["Yes", "YES"]), "area_m2"].sum()
    assert flooded == pytest.approx(inside.sum(), rel=1e-6)
    road, part = shapely.STRtree(parts).query(roads, predicate="intersects")
    length = shapely.length(shapely.intersection(roads[road], parts[part])).sum()
    assert answer.summary["road_length_m"] == pytest.approx(length, rel=1e-6)
    # nobody gave people, so that there is no figure of them, and every table has one total
    assert "people" not in answer.summary
    units = answer.frames["by_unit"]
    for column in ("objects", "area_m2", "length_m"):
        assert units[column].sum() == pytest.approx(totals[column].sum())
    assert units["area_m2"].sum() == pytest.approx(shapely.area(houses).sum(), rel=1e-6)
    assert units["length_m"].sum() == pytest.approx(shapely.length(roads).sum(), rel=1e-9)


def test_a_depth_raster_counts_the_buildings_on_its_wet_cells_and_sets_those_beside_it_apart():
    answer = ask(
        "assess-exposure", depth=DEPTH, depth_classes="flood-depth-2024", buildings=f"{JAKARTA}buildings_osm",
        crs="EPSG:32748", repair="true",
    )  # fmt: skip
    # cells of the file itself, in degrees, as boxes
    with rasterio.open(DEPTH) as source:
        values, t = source.read(1, masked=True), source.transform
    houses = shapes("buildings_osm", 4326)

    def on(cells):
        row, column = np.argwhere(cells).T
        boxes = shapely.box(t.c + column * t.a, t.f + (row + 1) * t.e, t.c + (column + 1) * t.a, t.f + row * t.e)
        house, cell = shapely.STRtree(boxes).query(houses, predicate="intersects")
        hit = np.zeros(len(houses), dtype=bool)
        hit[house[~shapely.touches(houses[house], boxes[cell])]] = True
        return hit

    # the tool brings the raster to metres by its nearest cells, which moves shores by less than one of them
    wet = on(values.filled(0) > 0)
    assert answer.summary["buildings_exposed"] == pytest.approx(int(wet.sum()), rel=0.01)
    unknown = on(values.mask) | ~shapely.covered_by(houses, shapely.box(*source.bounds))
    assert answer.summary["unanswered"] == pytest.approx(int((unknown & ~wet).sum()), rel=0.01)
    table = answer.frames["by_class"]
    assert table["objects"].sum() == len(houses)
    assert table["area_m2"].sum() == pytest.approx(shapely.area(shapes("buildings_osm", 32748)).sum(), rel=1e-6)


def test_people_in_a_flood_are_those_of_the_cells_and_negative_ones_are_refused(tmp_path):
    given = {"depth": DEPTH, "depth_classes": "flood-depth-2024", "crs": "EPSG:32648"}
    with pytest.raises(BadRaster, match="3 cells hold negative people"):
        ask("assess-exposure", **given, population=str(POPULATION))
    with rasterio.open(POPULATION) as source:
        counts, profile = source.read(1, masked=True), source.profile
    # counts of 300 m repeated at 50 m: each cell holds the thirty-sixth part
    people = np.where(counts.filled(-1) < 0, np.nan, counts.filled(0) / 36).astype("float32")
    mended = tmp_path / "people.tif"
    with rasterio.open(mended, "w", **{**profile, "dtype": "float32", "nodata": np.nan}) as target:
        target.write(people, 1)
    answer = ask("assess-exposure", **given, population=str(mended))
    table = answer.frames["by_class"].set_index("class")["people_by_area"]
    assert table.sum() == pytest.approx(np.nansum(people.astype(float)), rel=1e-6)
    # every population cell is sampled at 25 places, each asked of the depth file in its own degrees
    from pyproj import Transformer

    rows, columns = np.nonzero(people > 0)
    t, inner = profile["transform"], (np.arange(5) + 0.5) / 5
    x = t.c + (columns[:, None, None] + inner[:, None]) * t.a + 0 * inner
    y = t.f + (rows[:, None, None] + inner) * t.e + 0 * inner[:, None]
    east, north = Transformer.from_crs(32648, 4326, always_xy=True).transform(x, y)
    with rasterio.open(DEPTH) as source:
        depth, d = source.read(1, masked=True), source.transform
    row, column = np.floor((north - d.f) / d.e).astype(int), np.floor((east - d.c) / d.a).astype(int)
    known = (row >= 0) & (row < depth.shape[0]) & (column >= 0) & (column < depth.shape[1])
    here = np.full(row.shape, np.nan)
    here[known] = depth.filled(np.nan)[row[known], column[known]]
    weight = people[rows, columns].astype(float) / here[0].size
    wet = (weight[:, None, None] * (here > 0)).sum()
    exposed = table.drop(["not_exposed", "not_covered"])
    assert exposed.sum() == pytest.approx(wet, rel=0.01)
    beside = (weight[:, None, None] * np.isnan(here)).sum()
    assert table["not_covered"] == pytest.approx(beside, abs=1e-4 * table.sum())
    classes = pd.cut(here.ravel(), [0, 0.5, 1, 2, 3, np.inf], right=False)
    deep = (np.repeat(weight, here[0].size) * (classes.codes == 4)).sum()
    assert table["extreme"] == pytest.approx(deep, rel=0.03)


@pytest.fixture(scope="module")
def watersheds():
    with pytest.raises(UnsuitableCrs, match=r"in degrees.*--crs EPSG:32734"):
        ask("delineate-watersheds", terrain=TERRAIN)
    return ask("delineate-watersheds", terrain=TERRAIN, min_catchment="20000000", crs="EPSG:32734")


def heights_of(terrain):
    return open_raster(terrain, crs="EPSG:32734", cells="values").read()


def test_depressions_are_filled_as_by_morphological_reconstruction(watersheds):
    from scipy.ndimage import binary_erosion
    from skimage.morphology import reconstruction

    ground = heights_of(TERRAIN)
    known = np.isfinite(ground)
    inner = binary_erosion(known, np.ones((3, 3)))
    seed = np.where(inner, 1e9, np.nan_to_num(ground, nan=1e9))
    filled = reconstruction(seed, np.nan_to_num(ground, nan=1e9), method="erosion", footprint=np.ones((3, 3)))
    np.testing.assert_allclose(watersheds.frames["filled"].read()[known], filled[known], atol=1e-3)
    cell = abs(watersheds.frames["filled"].transform.a * watersheds.frames["filled"].transform.e)
    assert watersheds.summary["filled_m3"] == pytest.approx((filled - ground)[known].sum() * cell, rel=1e-3)


def test_water_runs_down_and_basins_are_the_trees_of_the_directions(watersheds):
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    codes, known = watersheds.frames["direction"].read_codes()
    filled, total = watersheds.frames["filled"].read(), watersheds.frames["accumulation"].read()
    steps = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}
    cells = np.arange(codes.size).reshape(codes.shape)
    down = cells.copy()
    for code, (south, east) in steps.items():
        there = known & (codes == code)
        down[there] += south * codes.shape[1] + east
    assert known.ravel()[down[known]].all()
    assert (filled.ravel()[down[known]] <= filled[known] + 1e-6).all()
    links = csr_matrix((np.ones(known.sum()), (cells[known], down[known])), shape=(codes.size, codes.size))
    count, tree = connected_components(links, directed=False)
    cell = abs(watersheds.frames["direction"].transform.a * watersheds.frames["direction"].transform.e)
    sizes = np.bincount(tree, minlength=count) * cell
    # what gathers in a tree leaves it at its root
    roots = np.flatnonzero(known.ravel() & (down.ravel() == cells.ravel()))
    np.testing.assert_allclose(total.ravel()[roots], sizes[tree[roots]], rtol=1e-9)
    basins = watersheds.frame
    named = basins[basins["basin"] > 0]
    t = watersheds.frames["direction"].transform
    at = ((named["outlet_y"] - t.f) // t.e).astype(int) * codes.shape[1] + ((named["outlet_x"] - t.c) // t.a).astype(
        int
    )
    np.testing.assert_allclose(named["catchment_m2"], sizes[tree[at]], rtol=1e-9)
    assert basins["area_m2"].sum() == pytest.approx(known.sum() * cell)
    large = np.unique(tree[roots[sizes[tree[roots]] >= 20e6]])
    assert len(named) == len(large)


def test_a_flood_level_is_that_of_another_flood_fill():
    from skimage.measure import label

    answer = ask("map-flood", terrain=TERRAIN, source=RIVERS, stage="20", crs="EPSG:32734")
    raster = answer.frames["depth"]
    depth = raster.read()
    heights = heights_of(TERRAIN)
    low = label(np.nan_to_num(heights, nan=1e9) < 20, connectivity=2)
    rivers = gpd.read_file(RIVERS).to_crs(raster.crs).geometry
    from rasterio.features import rasterize

    river = (
        rasterize([shape for shape in rivers if shape], depth.shape, transform=raster.transform, all_touched=True) == 1
    )
    reached = np.isin(low, np.setdiff1d(np.unique(low[river & (heights < 20)]), [0]))
    np.testing.assert_array_equal(depth > 0, reached)
    cell = abs(raster.transform.a * raster.transform.e)
    assert answer.summary["volume_m3"] == pytest.approx(((20 - heights)[reached]).sum() * cell)
    assert answer.summary["flooded_m2"] == pytest.approx(reached.sum() * cell)


def test_intensity_of_neighbourhoods_by_a_table_of_limits(tmp_path):
    table = tmp_path / "limits.yaml"
    table.write_text(
        "title: {en: Limits, zh: 限值, ru: Пределы}\nsource: a trial\nversion: '1'\n"
        "columns: {zoning: {type: string}, ratio_max: {type: number}, coverage_max: {type: number}, "
        "height_max_m: {type: number}, green_min: {type: number}}\n"
        "rows:\n  - [JAKARTA PUSAT, null, 0.3, null, null]\n  - [JAKARTA SELATAN, null, 0.1, null, null]\n"
    )
    given = {
        "parcels": f"{JAKARTA}rw", "buildings": f"{JAKARTA}osm_buildings_attr", "zoning": "KAB_NAME",
        "limits": str(table), "crs": "EPSG:32748", "repair": "true",
    }  # fmt: skip
    with pytest.raises(BadInput, match=r"'levels' holds \d+ values that are no numbers, such as '10\+'"):
        ask("check-development-intensity", **given, floors="levels")
    answer = ask("check-development-intensity", **given)
    frame = gpd.read_file(ROOT / "jakarta" / "jakarta.gpkg", layer="rw").to_crs(32748)
    plots, houses = shapely.make_valid(frame.geometry.to_numpy()), shapes("osm_buildings_attr", 32748)
    plot, house = shapely.STRtree(houses).query(plots, predicate="intersects")
    cover = np.zeros(len(plots))
    for number in np.unique(plot):
        ground = shapely.union_all(houses[house[plot == number]])
        cover[number] = shapely.area(shapely.intersection(plots[number], ground))
    parcels = answer.frames["parcels"]
    np.testing.assert_allclose(parcels["footprint_m2"], cover, atol=1e-3)
    limit = frame["KAB_NAME"].map({"JAKARTA PUSAT": 0.3, "JAKARTA SELATAN": 0.1}).to_numpy(dtype=float)
    over = cover / shapely.area(plots) > limit
    assert (parcels["answer"] == "present").tolist() == over.tolist()
    assert (parcels.loc[np.isnan(limit), "answer"] == "not_covered").all()
    assert answer.summary["over_coverage"] == int(over.sum()) > 0
