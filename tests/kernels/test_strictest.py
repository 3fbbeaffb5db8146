"""The strictest zone of every building, against GEOS one pair at a time."""

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from shapely.affinity import rotate, translate

from spacegov import ledger
from spacegov.errors import BadInput, InvalidGeometry, MissingColumn, UnreadableFile, UnsuitableCrs
from spacegov.kernels import strictest_zone

LEVELS = ["containment", "control", "prevention"]
PLACES = [(0.0, 0.0), (4e5, 4.4e6), (1e7, 1.2e7)]


def truth(buildings, zones, levels):
    """Position of the strictest level of each building, by every pair."""
    met = shapely.intersects(np.asarray(buildings)[:, None], np.asarray(zones)[None, :])
    return np.where(met, np.asarray(levels)[None, :], len(LEVELS)).min(axis=1, initial=len(LEVELS))


def town(seed, count, x=0.0, y=0.0, extent=1000.0):
    """Buildings of several kinds: boxes, turned boxes, L-shapes, pairs, points, lines, nothing."""
    random = np.random.default_rng(seed)
    shapes = []
    for k in range(count):
        cx, cy = random.uniform(0, extent, 2)
        width, depth = random.uniform(2, 40, 2)
        box = shapely.box(cx, cy, cx + width, cy + depth)
        kind = k % 7
        if kind == 1:
            box = rotate(box, random.uniform(0, 90))
        elif kind == 2:
            box = box.difference(shapely.box(cx + width / 3, cy + depth / 3, cx + width, cy + depth))
        elif kind == 3:
            box = shapely.MultiPolygon([box, translate(box, 120, 130)])
        elif kind == 4:
            box = shapely.Point(cx, cy)
        elif kind == 5:
            box = shapely.LineString([(cx, cy), (cx + 3 * width, cy - 2 * depth)])
        elif k % 70 == 6:
            box = shapely.Polygon()
        shapes.append(None if k % 70 == 13 else translate(box, x, y))
    values = np.empty(count, dtype=object)
    values[:] = shapes
    return values


def zoning(seed, count, x=0.0, y=0.0, extent=1000.0):
    """Zones that overlap: discs, boxes that share borders, rings, several parts."""
    random = np.random.default_rng(seed)
    shapes = []
    for k in range(count):
        cx, cy = random.uniform(0, extent, 2)
        size = random.uniform(5, 200)
        disc = shapely.Point(cx, cy).buffer(size, quad_segs=int(random.integers(2, 40)))
        if k % 5 == 1:
            disc = shapely.box(*np.round(disc.bounds, -2))
        elif k % 5 == 2:
            disc = disc.difference(shapely.Point(cx, cy).buffer(0.7 * size))
        elif k % 5 == 3:
            disc = shapely.union(disc, translate(disc, 3 * size, 10))
        shapes.append(translate(disc, x, y))
    usable = [shape for shape in shapes if shape.area > 0]
    codes = random.integers(0, 3, len(usable))
    frame = geopandas.GeoDataFrame({"level": [LEVELS[c] for c in codes]}, geometry=usable, crs=32650)
    return frame, codes


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("place", PLACES)
def test_levels_equal_those_of_every_pair(seed, place):
    buildings = town(seed, 700, *place)
    zones, codes = zoning(seed + 100, 4 + 4 * seed, *place)
    found = strictest_zone(buildings, zones, level_column="level", order=LEVELS, threads=1 + seed % 2)
    np.testing.assert_array_equal(found.codes, truth(buildings, zones.geometry, codes))


def test_to_touch_is_to_belong():
    zones = geopandas.GeoDataFrame({"level": [1]}, geometry=[shapely.box(0, 0, 10, 10)], crs=32650)
    corners = [(10, 0, 12, 2), (10, 10, 12, 12), (-2, -2, 0, 0), (10.001, 0, 12, 2), (4, 10, 5, 11)]
    buildings = [shapely.box(*corner) for corner in corners]
    found = strictest_zone(buildings, zones, level_column="level")
    assert found.codes.tolist() == [0, 0, 0, 1, 0]


def test_a_building_around_a_hole_or_between_two_zones():
    ring = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 60, 60))
    zones = geopandas.GeoDataFrame({"level": [2, 1]}, geometry=[ring, shapely.box(40, 40, 50, 50)], crs=32650)
    buildings = [
        shapely.box(32, 32, 38, 38),  # in the hole, in no zone
        shapely.box(35, 35, 45, 45),  # in the hole, reaching the inner zone
        shapely.box(20, 20, 35, 35),  # over the hole's border
        shapely.MultiPolygon([shapely.box(31, 31, 33, 33), shapely.box(57, 57, 59, 59)]),  # its box covers the zone
        shapely.box(-50, -50, 200, 200),
    ]
    found = strictest_zone(buildings, zones, level_column="level")
    assert found.levels == (1, 2)
    assert found.codes.tolist() == [2, 0, 1, 2, 0]


def test_counts_and_series_name_the_levels():
    zones, _ = zoning(3, 20)
    buildings = town(4, 300)
    found = strictest_zone(geopandas.GeoSeries(buildings, crs=32650), zones, level_column="level", order=LEVELS)
    series = found.to_series()
    assert series.cat.categories.tolist() == LEVELS
    assert series.cat.ordered
    counts = found.counts().set_index("level")["buildings"]
    assert counts.sum() == len(found) == 300
    for level in LEVELS:
        assert counts[level] == (series == level).sum() > 0
    assert counts.iloc[-1] == series.isna().sum()


def test_an_added_zone_gives_what_all_zones_together_give():
    zones, _ = zoning(5, 30)
    buildings = town(6, 3000)
    found = strictest_zone(buildings, zones[:10], level_column="level", order=LEVELS)
    # counted before, the counts are kept up to date
    found.counts()
    for k in range(10, len(zones)):
        before = found.codes.copy()
        rows = found.add_zone(zones.geometry[k], zones["level"][k])
        np.testing.assert_array_equal(rows, np.flatnonzero(before != found.codes))
        assert (found.codes[rows] == LEVELS.index(zones["level"][k])).all()
    whole = strictest_zone(buildings, zones, level_column="level", order=LEVELS)
    np.testing.assert_array_equal(found.codes, whole.codes)
    assert found.counts().equals(whole.counts())


@pytest.mark.parametrize("covering", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_files_give_the_answer_of_frames(tmp_path, covering, threads):
    zones, _ = zoning(7, 40, *PLACES[1])
    buildings = town(8, 4000, *PLACES[1])
    frame = geopandas.GeoDataFrame({"id": range(len(buildings))}, geometry=buildings, crs=32650)
    path = tmp_path / "buildings.parquet"
    frame.to_parquet(path, row_group_size=700, write_covering_bbox=covering)
    of_frame = strictest_zone(frame, zones, level_column="level", order=LEVELS)
    of_file = strictest_zone(path, zones, level_column="level", order=LEVELS, threads=threads)
    np.testing.assert_array_equal(of_file.codes, of_frame.codes)
    extra = shapely.Point(400500, 4400500).buffer(130)
    np.testing.assert_array_equal(of_file.add_zone(extra, "containment"), of_frame.add_zone(extra, "containment"))
    np.testing.assert_array_equal(of_file.codes, of_frame.codes)


def test_boxes_in_single_precision_are_good_enough(tmp_path):
    zones, codes = zoning(9, 30, *PLACES[1])
    buildings = town(10, 2000, *PLACES[1])
    frame = geopandas.GeoDataFrame(geometry=buildings, crs=32650)
    path = tmp_path / "buildings.parquet"
    frame.to_parquet(path, row_group_size=500, write_covering_bbox=True)
    import pyarrow as pa

    from spacegov.kernels.zone_boxes import round_outward

    table = pq.read_table(path)
    given = shapely.bounds(buildings).T
    boxes = np.empty(given.shape, np.float32)
    round_outward(given, boxes)
    assert not (boxes[:2] > given[:2]).any()
    assert not (boxes[2:] < given[2:]).any()
    sides = {name: pa.array(boxes[k]) for k, name in enumerate(("xmin", "ymin", "xmax", "ymax"))}
    struct = pa.StructArray.from_arrays(list(sides.values()), names=list(sides))
    table = table.set_column(table.column_names.index("bbox"), "bbox", struct)
    pq.write_table(table, path, row_group_size=500)
    found = strictest_zone(path, zones, level_column="level", order=LEVELS)
    np.testing.assert_array_equal(found.codes, truth(buildings, zones.geometry, codes))


def test_the_room_for_open_pairs_grows_as_needed():
    zones = geopandas.GeoDataFrame(
        {"level": np.arange(60) % 3}, geometry=[shapely.Point(0, 0).buffer(100 + k / 10) for k in range(60)], crs=32650
    )
    angles = np.linspace(0, 6.28, 500)
    buildings = [
        shapely.box(103 * np.cos(a) - 5, 103 * np.sin(a) - 5, 103 * np.cos(a) + 5, 103 * np.sin(a) + 5) for a in angles
    ]
    found = strictest_zone(buildings, zones, level_column="level")
    met = shapely.intersects(np.array(buildings)[:, None], np.asarray(zones.geometry)[None, :])
    np.testing.assert_array_equal(found.codes, np.where(met, zones["level"].to_numpy(), 3).min(axis=1))


def test_order_is_ascending_unless_given():
    zones = geopandas.GeoDataFrame({"level": [3, 1]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=32650)
    building = [shapely.box(0, 0, 1, 1)]
    assert strictest_zone(building, zones, level_column="level").to_series().tolist() == [1]
    assert strictest_zone(building, zones, level_column="level", order=[3, 2, 1]).to_series().tolist() == [3]


def test_no_zones_and_no_buildings():
    zones = geopandas.GeoDataFrame({"level": []}, geometry=[], crs=32650)
    found = strictest_zone([shapely.box(0, 0, 1, 1)], zones, level_column="level", order=LEVELS)
    assert found.codes.tolist() == [3]
    some, _ = zoning(1, 4)
    empty = strictest_zone(np.empty(0, dtype=object), some, level_column="level", order=LEVELS)
    assert len(empty) == 0
    assert empty.add_zone(shapely.box(0, 0, 1, 1), "control").tolist() == []


def test_refusals_say_what_is_needed(tmp_path):
    zones, _ = zoning(1, 6)
    buildings = [shapely.box(0, 0, 1, 1)]
    with pytest.raises(MissingColumn, match=r"no column 'levels'.*did you mean 'level'"):
        strictest_zone(buildings, zones, level_column="levels")
    with pytest.raises(BadInput, match="are not in order"):
        strictest_zone(buildings, zones, level_column="level", order=LEVELS[:1])
    with pytest.raises(BadInput, match="1 zones have no level"):
        strictest_zone(buildings, zones.assign(level=[None, *zones["level"][1:]]), level_column="level")
    with pytest.raises(UnsuitableCrs, match="buildings is in"):
        strictest_zone(geopandas.GeoSeries(buildings, crs=4326), zones, level_column="level")
    with pytest.raises(UnreadableFile, match="buildings: there is no file"):
        strictest_zone(tmp_path / "absent.parquet", zones, level_column="level")
    found = strictest_zone(buildings, zones, level_column="level", order=LEVELS)
    with pytest.raises(BadInput, match="did you mean 'control'"):
        found.add_zone(shapely.box(0, 0, 1, 1), "controll")
    bowtie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    with pytest.raises(InvalidGeometry, match="in the zone is invalid"):
        found.add_zone(bowtie, "control")
    broken = geopandas.GeoDataFrame({"level": [1]}, geometry=[bowtie], crs=32650)
    with pytest.raises(InvalidGeometry, match="in zones is invalid"):
        strictest_zone(buildings, broken, level_column="level")
    with ledger.collect() as book:
        repaired = strictest_zone([shapely.box(1.4, 0.5, 1.5, 0.6)], broken, level_column="level", repair=True)
    assert repaired.to_series().tolist() == [1]
    assert "1 invalid polygons of zones were made valid" in book.doubts[0].text
    assert isinstance(found.counts(), pd.DataFrame)
