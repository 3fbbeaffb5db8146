from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPoint, Point, box

from spacegov.errors import EmptyLayer, UnsuitableCrs, WrongGeometry
from spacegov.ledger import collect
from spacegov.tools.foundation import check_geometry, check_partition

SCOPE = box(0, 0, 100, 100)


def found(zoning, scope=None, **options):
    faults = check_partition(zoning, scope, **options).faults
    return list(zip(faults["code"], faults["feature_1"], faults["feature_2"], strict=True))


def test_a_tiling_has_no_fault(layer):
    zoning = layer([box(0, 0, 50, 100), box(50, 0, 100, 100)])
    with collect() as ledger:
        answer = check_partition(zoning, layer([SCOPE]))
    assert answer.faults.shape == (0, 9)
    assert answer.faults.crs == zoning.crs
    assert ledger.balances[0].whole == pytest.approx(10_000)


def test_overlap_gap_and_outside_with_their_areas(layer):
    zoning = layer([box(0, 0, 50, 100), box(48, 0, 90, 100), box(90, 0, 100, 110)], plot=["a", "b", "c"])
    answer = check_partition(zoning, layer([box(0, 0, 120, 100)]), id_column="plot")
    rows = answer.faults[["code", "feature_1", "feature_2", "area_m2", "share_1"]].values.tolist()
    # 2 m × 100 m overlap of a (5,000 m²) and b; 20 m × 100 m free; 10 m × 10 m of c (1,100 m²) outside.
    assert rows[0] == ["overlap", "a", "b", pytest.approx(200.0), pytest.approx(0.04)]
    assert rows[1][:4] == ["gap", "", "", pytest.approx(2000.0)]
    assert rows[2] == ["outside", "c", "", pytest.approx(100.0), pytest.approx(100 / 1100)]
    assert answer.faults["fault"].tolist() == [1, 2, 3]
    assert answer.places.geometry.within(answer.faults.geometry.buffer(1e-6)).all()


def test_a_feature_wholly_inside_another_is_found(layer):
    assert found(layer([box(0, 0, 50, 50), box(10, 10, 20, 20)])) == [("contained", "1", "0")]


def test_inside_along_the_border_is_contained_too(layer):
    assert found(layer([box(0, 0, 50, 50), box(0, 0, 50, 20)])) == [("contained", "1", "0")]


def test_nested_features_count_as_pairs(layer):
    zoning = layer([box(0, 0, 50, 50), box(10, 10, 40, 40), box(20, 20, 30, 30)])
    assert found(zoning) == [("contained", "1", "0"), ("contained", "2", "0"), ("contained", "2", "1")]


def test_chained_overlaps_count_as_pairs(layer):
    zoning = layer([box(0, 0, 20, 10), box(15, 0, 35, 10), box(30, 0, 50, 10)])
    assert found(zoning) == [("overlap", "0", "1"), ("overlap", "1", "2")]


def test_the_same_feature_twice(layer):
    assert found(layer([box(0, 0, 10, 10), box(0, 0, 10, 10), box(10, 0, 20, 10)])) == [("duplicate", "0", "1")]


def test_a_hole_filled_by_another_is_no_overlap(layer):
    ring = box(0, 0, 50, 50).difference(box(10, 10, 20, 20))
    assert found(layer([ring, box(10, 10, 20, 20)]), layer([box(0, 0, 50, 50)])) == []


def test_the_tolerance_is_a_width_and_not_an_area(layer):
    # 1 mm × 5 km is 5 m² of nothing; 3 mm × 3 mm is a fault, however small.
    strip = layer([box(0, 0, 5000, 10.001), box(0, 10, 5000, 20)])
    with collect() as ledger:
        assert found(strip) == []
    assert [(drop.count, drop.reason, round(drop.area_m2, 4)) for drop in ledger.drops] == [
        (1, "overlaps nowhere wider than 0.002 m", 5.0)
    ]
    assert found(strip, tolerance=0.0005) == [("overlap", "0", "1")]
    corner = layer([box(0, 0, 10, 10), box(9.997, 9.997, 20, 20)])
    assert found(corner) == [("overlap", "0", "1")]


def test_gaps_and_parts_outside_have_the_same_tolerance(layer):
    zoning = layer([box(0, 0, 49.999, 100), box(50, 0, 100.001, 100)])
    with collect() as ledger:
        assert found(zoning, layer([SCOPE])) == []
    assert {drop.reason for drop in ledger.drops} == {
        "gaps nowhere wider than 0.002 m",
        "parts outside nowhere wider than 0.002 m",
    }
    assert [code for code, _, _ in found(zoning, layer([SCOPE]), tolerance=0.0005)] == ["gap", "outside"]


def test_a_feature_wholly_outside_is_outside_with_all_its_area(layer):
    answer = check_partition(layer([SCOPE, box(200, 0, 210, 10)]), layer([SCOPE])).faults
    assert answer[["code", "area_m2", "share_1"]].values.tolist() == [["outside", 100.0, 1.0]]


def test_without_a_scope_gaps_are_enclosed_holes(layer):
    ring = box(0, 0, 50, 50).difference(box(10, 10, 20, 20))
    assert found(layer([ring, box(60, 0, 70, 10)])) == [("gap", "", "")]
    assert found(layer([ring]), gaps=False) == []


def test_two_gaps_are_two_faults(layer):
    assert [row[0] for row in found(layer([box(20, 0, 80, 100)]), layer([SCOPE]))] == ["gap", "gap"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([[(0, 0), (10, 0)], [(10, 0), (20, 0)]], []),
        ([[(0, 0), (10, 0)], [(5, 0), (5, 9)]], [("touch-inside", "0", "1")]),
        ([[(0, 0), (10, 0)], [(5, -5), (5, 5)]], [("crossing", "0", "1")]),
        ([[(0, 0), (10, 0)], [(5, 0), (20, 0)]], [("overlap", "0", "1")]),
        ([[(0, 0), (10, 0)], [(2, 0), (8, 0)]], [("contained", "0", "1")]),
        ([[(0, 0), (10, 0)], [(10, 0), (0, 0)]], [("duplicate", "0", "1")]),
        ([[(0, 0), (10, 10), (10, 0), (0, 10)]], [("self-crossing", "0", "")]),
        ([[(0, 0), (10, 0)], [(5, 0.0005), (5, 9)]], []),
    ],
)
def test_lines(layer, lines, expected):
    assert found(layer([LineString(line) for line in lines])) == expected


def test_places_where_lines_meet_are_counted_in_one_pair(layer):
    zigzag = LineString([(0, -1), (2, 1), (4, -1), (6, 1)])
    faults = check_partition(layer([LineString([(-5, 0), (10, 0)]), zigzag])).faults
    assert faults["code"].tolist() == ["crossing"]
    assert len(faults.geometry[0].geoms) == 3


def test_lengths_of_lines_on_each_other(layer):
    faults = check_partition(layer([LineString([(0, 0), (10, 0)]), LineString([(6, 0), (16, 0)])])).faults
    assert faults[["length_m", "share_1", "share_2"]].values[0].tolist() == pytest.approx([4, 0.4, 0.4])


def test_lines_and_points_outside_the_scope(layer):
    scope = layer([SCOPE])
    lines = layer(
        [LineString([(50, 50), (130, 50)]), LineString([(10, 10), (100, 10)]), LineString([(0, 0), (0, 100)])]
    )
    faults = check_partition(lines, scope, tolerance=0.0).faults
    # The second touches the border from within, the third runs on it: both lie inside.
    assert faults[["code", "feature_1"]].values.tolist() == [["outside", "0"]]
    assert faults["length_m"].tolist() == pytest.approx([30.0])
    parted = layer([MultiLineString([[(10, 10), (20, 10)], [(200, 10), (210, 10)]])])
    assert check_partition(parted, scope).faults["share_1"].tolist() == pytest.approx([0.5])
    points = layer([Point(50, 50), Point(100, 100), Point(100.001, 50), Point(101, 50), MultiPoint([(1, 1), (-5, 1)])])
    assert found(points, scope) == [("outside", "3", ""), ("outside", "4", "")]


def test_points_on_each_other(layer):
    points = layer([Point(0, 0), Point(0, 0.001), Point(5, 5), Point(0, 0)])
    assert found(points) == [("duplicate", "0", "1"), ("duplicate", "0", "3"), ("duplicate", "1", "3")]


def test_areas_on_the_ellipsoid(layer):
    # 4 km west of the central meridian of zone 120°E, where the grid's areas are 1 + (4 km / R)² times the true ones.
    zoning = layer([box(-14_000, 0, -13_900, 100), box(-14_000, 0, -13_900, 100)])
    faults = check_partition(zoning, area_basis="ellipsoid").faults
    assert faults["area_m2"][0] == pytest.approx(10_000 / (1 + (4.0 / 6371) ** 2), rel=1e-8)


def test_bad_input_is_refused_in_one_sentence(layer):
    with pytest.raises(EmptyLayer, match="zoning: the layer has no feature"):
        check_partition(layer([SCOPE]).iloc[:0])
    with pytest.raises(WrongGeometry, match="points, lines and polygons are mixed"):
        check_partition(layer([SCOPE, Point(0, 0)]))
    with pytest.raises(UnsuitableCrs, match="one CRS is needed"):
        check_partition(layer([SCOPE]), layer([SCOPE]).to_crs("EPSG:4550"))
    with pytest.raises(WrongGeometry, match="only Polygon, MultiPolygon is allowed"):
        check_partition(layer([SCOPE]), layer([Point(0, 0)]))


def test_arcs_are_refused_by_name(tmp_path):
    """A frame cannot hold arcs, so the file is refused when it is read."""
    import sqlite3
    import struct

    from spacegov.layers.files import read_vector

    path = tmp_path / "arcs.gpkg"
    plain = gpd.GeoDataFrame(geometry=[SCOPE], crs="EPSG:4549")
    plain.to_file(path, layer="plots", SPATIAL_INDEX="NO")
    # CURVEPOLYGON (CIRCULARSTRING (0 0, 4 0, 4 4, 0 4, 0 0)) behind the header of a GeoPackage geometry.
    circle = struct.pack("<BIIBII", 1, 10, 1, 1, 8, 5) + struct.pack("<10d", 0, 0, 4, 0, 4, 4, 0, 4, 0, 0)
    blob = b"GP" + struct.pack("<BBi", 0, 1, 4549) + circle
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA writable_schema = 1")
        file.execute("UPDATE sqlite_master SET sql = replace(sql, 'POLYGON', 'CURVEPOLYGON') WHERE name = 'plots'")
        file.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
        file.execute("UPDATE plots SET geom = ?", [blob])
    file.close()
    with pytest.raises(WrongGeometry, match="it holds 1 CurvePolygon, the first is record 0; arcs have no exact area"):
        read_vector(path)


cells = st.integers(0, 8)
rectangles = st.lists(st.tuples(cells, cells, st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=7)


@settings(max_examples=40, deadline=None)
@given(rectangles, st.randoms(use_true_random=False))
def test_areas_agree_with_counting_cells_and_order_does_not_matter(drawn, random):
    """Every rectangle lies on a grid of metres, so that overlaps, gaps and parts outside are counted cell by cell."""
    cover = np.zeros((len(drawn), 13, 13), bool)
    for number, (x, y, w, h) in enumerate(drawn):
        cover[number, x : x + w, y : y + h] = True
    scope_cells = np.zeros((13, 13), bool)
    scope_cells[:10, :10] = True
    frame = gpd.GeoDataFrame(
        {"name": [f"{n:02}" for n in range(len(drawn))]},
        geometry=[box(5e5 + x, 3e6 + y, 5e5 + x + w, 3e6 + y + h) for x, y, w, h in drawn],
        crs="EPSG:4549",
    )
    scope = gpd.GeoDataFrame(geometry=[box(5e5, 3e6, 5e5 + 10, 3e6 + 10)], crs="EPSG:4549")
    faults = check_partition(frame, scope, id_column="name").faults
    pairs = sum((cover[i] & cover[j]).sum() for i in range(len(drawn)) for j in range(i))
    by_code = faults.groupby("code")["area_m2"].sum()
    overlapping = by_code.reindex(["duplicate", "contained", "overlap"]).sum()
    assert overlapping == pytest.approx(pairs)
    assert by_code.get("gap", 0.0) == pytest.approx((scope_cells & ~cover.any(axis=0)).sum())
    assert by_code.get("outside", 0.0) == pytest.approx((cover & ~scope_cells).sum())
    order = list(range(len(drawn)))
    random.shuffle(order)
    turned = check_partition(frame.iloc[order], scope, id_column="name").faults

    def unordered(table):
        pair = [tuple(sorted(names)) for names in zip(table["feature_1"], table["feature_2"], strict=True)]
        rows = pd.DataFrame({"code": table["code"], "pair": pair, "area": table["area_m2"].round(6)})
        return sorted(map(tuple, rows.values.tolist()))

    assert unordered(faults) == unordered(turned)


def test_baltimores_adopted_plans_overlap_in_67_pairs(real_data):
    raw = gpd.read_file(real_data / "baltimore_md.gpkg", layer="adopted_plans")
    with collect():
        checked = check_geometry(raw, geometry="polygons", repair=True)
        plans = checked.repaired[checked.repaired.geom_type != "MultiLineString"].reset_index(drop=True)
        faults = check_partition(plans, gaps=False).faults
    pairs = faults[faults["area_m2"] > 1]
    assert (checked.faults["code"] == "mixed-type").sum() == 4
    assert len(pairs) == 67
    assert pairs["area_m2"].sum() == pytest.approx(4450.5e4, abs=0.05e4)
    # A predicate of crossing borders finds fewer: it misses what lies wholly inside.
    assert (pairs["code"] != "overlap").any()


def test_swellendams_farms_by_geos(real_data):
    with collect():
        raw = gpd.read_file(real_data / "swellendam" / "projected_data" / "farms_33S.shp").to_crs("EPSG:32734")
        farms = check_geometry(raw, repair=True).repaired
        faults = check_partition(farms, gaps=False).faults
    shapes = farms.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = shapely.intersection(shapes[left[left < right]], shapes[right[left < right]])
    wide = ~shapely.is_empty(shapely.buffer(shared, -0.001))
    assert len(faults) == wide.sum()
    assert faults["area_m2"].sum() == pytest.approx(shapely.area(shared[wide]).sum(), rel=1e-9)
