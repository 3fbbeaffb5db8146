from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point, Polygon, box

from spacegov.errors import (
    BadInput,
    EmptyLayer,
    InvalidGeometry,
    MissingColumn,
    UnknownName,
    UnsuitableCrs,
    WrongGeometry,
)
from spacegov.ledger import DoubtWarning, collect
from spacegov.raster import Raster
from spacegov.tools.foundation import check_geometry, summarize_by_zone

EAST, NORTH = 510_000.0, 3_260_000.0


@pytest.fixture
def zones(layer):
    """Two zones of 100 m × 100 m side by side."""
    return layer([box(100, 0, 200, 100), box(0, 0, 100, 100)], name="zones", code=["东区", "西区"])


def row(answer, zone):
    return answer.zones.set_index("zone").loc[zone]


def test_areas_and_shares_by_class(layer, zones):
    wood = layer([box(50, 0, 150, 50), box(0, 50, 20, 60)], name="natural.forest", kind=["pine", "oak"])
    answer = summarize_by_zone(zones, [wood], zone="code", classes={"natural.forest": "kind"})
    assert answer.zones["zone"].tolist() == ["东区", "西区"]
    east, west = row(answer, "东区"), row(answer, "西区")
    # Pine: 100 × 50 m², half in each zone; oak: 20 × 10 m² in the west; a zone has 10,000 m².
    assert east[["forest_count", "forest_area_m2", "forest_share"]].tolist() == pytest.approx([1, 2500.0, 0.25])
    assert west[["forest_count", "forest_area_m2", "forest_share"]].tolist() == pytest.approx([2, 2700.0, 0.27])
    assert west[["forest_pine_area_m2", "forest_oak_area_m2"]].tolist() == pytest.approx([2500.0, 200.0])
    assert west[["forest_pine_share", "forest_oak_share"]].tolist() == pytest.approx([0.25, 0.02])
    assert answer.classes.values.tolist() == [
        ["东区", "natural.forest", "pine", 1, 0.0, 2500.0, 0.25],
        ["西区", "natural.forest", "oak", 1, 0.0, 200.0, 0.02],
        ["西区", "natural.forest", "pine", 1, 0.0, 2500.0, 0.25],
    ]


def test_ground_covered_twice_counts_once(layer, zones):
    wood = layer([box(0, 0, 60, 100), box(40, 0, 80, 100), box(40, 0, 80, 100)], name="wood")
    west = row(summarize_by_zone(zones, [wood], zone="code"), "西区")
    assert west[["wood_count", "wood_area_m2", "wood_share"]].tolist() == pytest.approx([3, 8000.0, 0.8])


def test_overlap_of_two_classes_is_told(layer, zones):
    wood = layer([box(0, 0, 80, 100), box(20, 0, 100, 100)], name="wood", kind=["a", "b"])
    with pytest.warns(DoubtWarning, match="different classes overlap"):
        west = row(summarize_by_zone(zones, [wood], zone="code", classes={"wood": "kind"}), "西区")
    assert west[["wood_a_share", "wood_b_share", "wood_share"]].tolist() == pytest.approx([0.8, 0.8, 1.0])


def test_lines_count_by_length(layer, zones):
    roads = layer([LineString([(50, 10), (130, 10)]), LineString([(0, 90), (30, 90)])], name="roads", lanes=[8, 2])
    answer = summarize_by_zone(zones, [roads], zone="code", sums={"roads": "lanes"})
    east, west = row(answer, "东区"), row(answer, "西区")
    assert (east["roads_count"], east["roads_length_m"]) == (1, pytest.approx(30.0))
    assert (west["roads_count"], west["roads_length_m"]) == (2, pytest.approx(80.0))
    # 8 lanes: 30 of 80 m in the east, 50 of 80 m in the west.
    assert (east["roads_lanes_sum"], west["roads_lanes_sum"]) == pytest.approx((3.0, 7.0))


def test_a_point_on_a_shared_border_counts_once(layer, zones):
    points = layer(
        [Point(100, 50), Point(30, 30), Point(0, 0), MultiPoint([(20, 20), (150, 20)])], name="p", n=[1, 1, 1, 4]
    )
    answer = summarize_by_zone(zones, [points], zone="code", sums={"p": "n"})
    assert row(answer, "东区")[["p_count", "p_n_sum"]].tolist() == [2, 3.0]
    assert row(answer, "西区")[["p_count", "p_n_sum"]].tolist() == [3, 4.0]


def test_rows_of_one_name_are_one_zone_and_their_overlap_counts_once(layer):
    zones = layer([box(0, 0, 60, 10), box(40, 0, 100, 10)], code=["a", "a"])
    wood = layer([box(0, 0, 100, 5)], name="wood")
    answer = summarize_by_zone(zones, [wood], zone="code")
    assert answer.zones[["zone", "area_m2", "wood_area_m2", "wood_count"]].values.tolist() == [["a", 1000.0, 500.0, 1]]


def test_nothing_found_where_nobody_looked_is_not_absence(layer, zones):
    wood = layer([box(10, 10, 20, 20)], name="wood")
    cover = layer([box(0, 0, 150, 100)])
    answer = summarize_by_zone(zones, [wood], zone="code", coverage={"wood": cover})
    assert answer.zones.set_index("zone")["wood_answer"].to_dict() == {"东区": "not_covered", "西区": "present"}
    assert answer.zones["wood_covered_share"].tolist() == pytest.approx([0.5, 1.0])
    assert row(summarize_by_zone(zones, [wood], zone="code"), "东区")["wood_answer"] == "absent"


def grid(values, cell=50.0, name="dem", nodata=-9.0):
    transform = Affine(cell, 0, EAST, 0, -cell, NORTH + 100)
    return Raster.from_array(np.asarray(values), transform, "EPSG:4549", nodata=nodata, layer=name)


def test_cells_weigh_by_the_share_inside(layer):
    # The zone covers 1, ½, 1 and ½ of four cells of 50 m.
    zones = layer([box(0, 0, 75, 100)], code=["a"])
    raster = grid([[1.0, 2.0], [3.0, 4.0]])
    answer = summarize_by_zone(
        zones, rasters=[raster], zone="code", statistics=["mean", "sum", "min", "max"], percentiles=[50]
    )
    assert answer.zones[["dem_mean", "dem_sum", "dem_min", "dem_max"]].values[0].tolist() == pytest.approx(
        [7 / 3, 7.0, 1.0, 4.0]
    )
    assert answer.zones["dem_covered_share"].tolist() == [1.0]
    assert answer.statistics["statistic"].tolist() == ["mean", "sum", "min", "max", "p50"]


def test_nodata_and_outside_are_not_covered(layer, zones):
    raster = grid([[1.0, -9.0], [-9.0, -9.0]])
    answer = summarize_by_zone(zones, rasters=[raster], zone="code")
    east, west = row(answer, "东区"), row(answer, "西区")
    assert (west["dem_mean"], west["dem_covered_share"], west["dem_answer"]) == (1.0, 0.25, "present")
    assert np.isnan(east["dem_mean"])
    assert (east["dem_covered_share"], east["dem_answer"]) == (0.0, "not_covered")


@pytest.mark.parametrize("at_once", [2_000, 60])
def test_a_raster_larger_than_is_held_gives_the_same(layer, monkeypatch, at_once):
    """In groups of zones, or, where even one zone is too large, in windows."""
    from spacegov.tools.foundation import _raster_zones

    values = np.random.default_rng(3).integers(-1, 90, (120, 150)).astype(float)
    raster = grid(values, cell=5.0, nodata=-1.0)
    shapes = [Point(x, y).buffer(28, quad_segs=5) for x in range(0, 800, 90) for y in range(-480, 130, 70)]
    zones = layer([*shapes, box(2000, 0, 2010, 10)], code=[f"z{n:03d}" for n in range(len(shapes) + 1)])
    options = {"rasters": [raster], "zone": "code", "statistics": ["mean", "sum", "min", "stdev"], "percentiles": [90]}
    whole = summarize_by_zone(zones, **options).zones
    monkeypatch.setattr(_raster_zones, "_CELLS_AT_ONCE", at_once)
    pd.testing.assert_frame_equal(summarize_by_zone(zones, **options).zones, whole)


def test_classes_of_a_raster(layer):
    zones = layer([box(0, 0, 75, 100)], code=["a"])
    raster = grid([[1, 2], [1, -9]], name="natural.cover")
    answer = summarize_by_zone(zones, rasters=[raster], zone="code", class_rasters=["natural.cover"])
    # Class 1: two whole cells of 2,500 m²; class 2: half a cell; half a cell has no data.
    assert answer.zones[["cover_1_area_m2", "cover_2_area_m2"]].values[0].tolist() == pytest.approx([5000.0, 1250.0])
    assert answer.zones[["cover_1_share", "cover_2_share"]].values[0].tolist() == pytest.approx([2 / 3, 1 / 6])
    assert answer.zones["cover_covered_share"][0] == pytest.approx(5 / 6)


def test_ellipsoidal_areas(layer):
    zones = gpd.GeoDataFrame({"code": ["a"]}, geometry=[box(0, 0, 1, 1)], crs=4326).to_crs("EPSG:32631")
    assert zones.geometry.area[0] / 12_308.464e6 != pytest.approx(1, rel=1e-5)
    wood = zones.assign()
    wood.attrs["layer"] = "wood"
    answer = summarize_by_zone(zones, [wood], zone="code", area_basis="ellipsoid")
    # Of the same four corners; edges are straight in the grid, not parallels, hence the tolerance.
    assert answer.zones["area_m2"][0] == pytest.approx(12_308.464e6, rel=1e-4)
    assert answer.zones["wood_share"].tolist() == pytest.approx([1.0])


def test_missing_classes_are_counted_and_told(layer, zones):
    wood = layer([box(0, 0, 10, 10)], name="wood", kind=[None])
    with pytest.warns(DoubtWarning, match="1 features have no 'kind'"):
        answer = summarize_by_zone(zones, [wood], zone="code", classes={"wood": "kind"})
    assert answer.classes["class"].tolist() == ["unclassified"]


def test_an_empty_layer_gives_zeros(layer, zones):
    wood = layer([box(0, 0, 10, 10)], name="wood", kind=["a"]).iloc[:0]
    answer = summarize_by_zone(zones, [wood], zone="code")
    assert answer.zones["wood_area_m2"].tolist() == [0.0, 0.0]
    assert answer.zones["wood_answer"].tolist() == ["absent", "absent"]
    assert list(answer.classes.columns) == ["zone", "layer", "class", "count", "length_m", "area_m2", "share"]


def test_bad_input_is_refused_in_one_sentence(layer, zones):
    wood = layer([box(0, 0, 10, 10)], name="wood", kind=["a"])
    with pytest.raises(BadInput, match="neither layers nor rasters"):
        summarize_by_zone(zones, zone="code")
    with pytest.raises(EmptyLayer, match="no zone"):
        summarize_by_zone(zones.iloc[:0], [wood], zone="code")
    with pytest.raises(UnknownName, match="classes: there is no layer 'woods' among those given; did you mean 'wood'"):
        summarize_by_zone(zones, [wood], zone="code", classes={"woods": "kind"})
    with pytest.raises(MissingColumn, match="wood has no column 'sort'; valid names are 'kind'"):
        summarize_by_zone(zones, [wood], zone="code", classes={"wood": "sort"})
    with pytest.raises(BadInput, match="numbers are needed; convert it"):
        summarize_by_zone(zones, [wood], zone="code", sums={"wood": "kind"})
    with pytest.raises(BadInput, match="two layers are called 'wood'"):
        summarize_by_zone(zones, [wood, wood], zone="code")
    with pytest.raises(WrongGeometry, match="points, lines and polygons are mixed"):
        summarize_by_zone(zones, [layer([box(0, 0, 1, 1), Point(0, 0)], name="mix")], zone="code")
    with pytest.raises(UnsuitableCrs, match="in degrees"):
        summarize_by_zone(zones.to_crs(4326), [wood], zone="code")
    with pytest.raises(InvalidGeometry, match="1 of 1 polygons are broken"):
        summarize_by_zone(zones, [layer([Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])])], zone="code")
    unnamed = zones.assign(code=["a", None])
    with pytest.raises(BadInput, match="1 rows have no 'code'"):
        summarize_by_zone(unnamed, [wood], zone="code")


cells = st.integers(0, 9)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(cells, cells, st.integers(1, 6), st.integers(1, 6), st.sampled_from("ab")), min_size=1, max_size=8
    )
)
def test_totals_do_not_depend_on_the_zoning_the_order_or_a_split(rectangles):
    shapes = [box(EAST + x, NORTH + y, EAST + x + w, NORTH + y + h) for x, y, w, h, _ in rectangles]
    wood = gpd.GeoDataFrame({"kind": [r[4] for r in rectangles]}, geometry=shapes, crs="EPSG:4549")
    wood.attrs["layer"] = "wood"
    strips = [box(EAST + x, NORTH, EAST + x + 4, NORTH + 16) for x in range(0, 16, 4)]
    zones = gpd.GeoDataFrame({"name": list("dcba")}, geometry=strips, crs="EPSG:4549")
    with collect():
        whole = summarize_by_zone(zones, [wood], classes={"wood": "kind"})
        parts = [summarize_by_zone(zones.iloc[[i]], [wood], classes={"wood": "kind"}) for i in (3, 2, 1, 0)]
        turned = summarize_by_zone(zones.iloc[::-1], [wood.iloc[::-1]], classes={"wood": "kind"})
    pd.testing.assert_frame_equal(whole.zones, turned.zones)
    pd.testing.assert_frame_equal(whole.zones, pd.concat([part.zones for part in parts], ignore_index=True))
    pd.testing.assert_frame_equal(whole.classes, pd.concat([part.classes for part in parts], ignore_index=True))
    for kind in set(wood["kind"]):
        truth = shapely.union_all(wood.geometry[wood["kind"] == kind].to_numpy()).area
        assert whole.zones[f"wood_{kind}_area_m2"].sum() == pytest.approx(truth, abs=1e-6)
    assert (whole.zones["wood_share"] <= 1 + 1e-12).all()


def test_hsinchu_by_plan(real_data):
    raw = gpd.read_file(real_data / "hsinchu_county_zoning.gpkg")
    raw.attrs["layer"] = "zoning"
    with collect() as ledger:
        zoning = check_geometry(raw, repair=True).repaired
        answer = summarize_by_zone(zoning, [zoning], zone="計畫區", classes={"zoning": "使用分"})
    assert len(answer.zones) == 15
    assert "zoning_住宅區_area_m2" in answer.zones.columns
    assert "features of different classes overlap, so that the shares of its classes may exceed its own" in {
        doubt.text for doubt in ledger.doubts
    }
    # By another road: GEOS's union of one class, cut by GEOS's union of one plan.
    homes = zoning.geometry[zoning["使用分"] == "住宅區"].union_all()
    for plan in answer.zones["zone"][:3]:
        ground = zoning.geometry[zoning["計畫區"] == plan].union_all()
        measured = row(answer, plan)
        assert measured["area_m2"] == pytest.approx(ground.area, rel=1e-9)
        assert measured["zoning_住宅區_area_m2"] == pytest.approx(homes.intersection(ground).area, rel=1e-9)
        assert measured["zoning_share"] == pytest.approx(1.0, rel=1e-9)
