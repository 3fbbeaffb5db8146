"""assess_exposure against shares computed by hand and by plain shapely, and on the floods of Jakarta."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box
from shapely.affinity import translate

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, BadRaster, MissingColumn, UnknownName, UnsuitableCrs
from spacegov.raster import Raster
from spacegov.tools.security import assess_exposure

CRS = "EPSG:4549"
EAST, NORTH = 500_000, 3_260_000
STEPS = pd.DataFrame({"class": ["shallow", "deep"], "from_m": [0.0, 1.0]})


def frame(shapes, **columns):
    moved = [translate(shape, EAST, NORTH) for shape in shapes]
    return GeoDataFrame(columns, geometry=moved, crs=CRS)


def grid(values, cell=10.0, **attrs):
    array = np.asarray(values, dtype=float)
    top = NORTH + cell * array.shape[0]
    return Raster.from_array(array, Affine(cell, 0, EAST, 0, -cell, top), CRS, **attrs)


def assess(*args, **options):
    with ledger.collect() as book:
        answer = assess_exposure(*args, **options)
    return answer, book


# low covers x 0–50, high x 40–60: between 40 and 50 the high one counts
ZONES = frame([box(0, 0, 50, 100), box(40, 0, 60, 100)], **{"class": ["low", "high"]})
HOUSES = frame(
    # half in low; a quarter low, half high, a quarter out; wholly out; its wall on the border of the zone
    [box(-10, 0, 10, 10), box(35, 0, 55, 10), box(80, 0, 90, 10), box(60, 20, 70, 30)],
    residents=[10, 20, 5, 7],
)


def test_any_touch_and_area_weighted_sums_are_both_given():
    answer, book = assess(ZONES, buildings=HOUSES, people="residents", order=["low", "high"])
    table = answer.by_class.set_index("class")
    assert list(answer.by_class["class"]) == ["low", "high", "not_exposed"]
    assert table["objects"].to_dict() == {"low": 1, "high": 1, "not_exposed": 2}
    assert table["people"].to_dict() == {"low": 10, "high": 20, "not_exposed": 12}
    # first house: 5 low, 5 out; second: 5 m of 20 low, 15 m high
    assert table["people_by_area"].to_dict() == pytest.approx({"low": 10, "high": 15, "not_exposed": 17})
    assert table["area_m2"].to_dict() == pytest.approx({"low": 150, "high": 150, "not_exposed": 300})
    assert answer.objects["share"].tolist() == pytest.approx([0.5, 1, 0, 0])
    assert answer.objects["answer"].tolist() == ["present", "present", "absent", "absent"]
    figures = book.notes["figures"]
    assert (figures["buildings_exposed"], figures["people"], figures["people_by_area"]) == (2, 30, 25)


def test_a_shared_border_is_no_exposure():
    answer, _ = assess(ZONES, buildings=HOUSES.iloc[[3]], order=["low", "high"])
    assert answer.objects["class"].tolist() == ["not_exposed"]


def test_overlapping_zones_of_one_class_count_once():
    twice = pd.concat([ZONES, ZONES], ignore_index=True)
    one, _ = assess(ZONES, buildings=HOUSES, people="residents", order=["low", "high"])
    two, _ = assess(twice, buildings=HOUSES, people="residents", order=["low", "high"])
    pd.testing.assert_frame_equal(one.by_class, two.by_class)


def test_units_add_up_to_the_classes():
    units = frame([box(-50, -50, 45, 150), box(45, -50, 200, 25)], name=["west", "east"])
    answer, _ = assess(ZONES, buildings=HOUSES, units=units, people="residents", order=["low", "high"])
    # the second house lies half in each unit: the first of equal ones holds it; the last house lies 5 of 10 m in east
    assert answer.objects["unit"].tolist() == ["west", "west", "east", "east"]
    summed = answer.by_unit.groupby(["receptor", "class"])[["objects", "people", "people_by_area", "area_m2"]].sum()
    expected = answer.by_class.set_index(["receptor", "class"])[summed.columns]
    pd.testing.assert_frame_equal(summed.sort_index(), expected.sort_index(), check_dtype=False)
    assert answer.by_unit["unit"].drop_duplicates().tolist() == ["west", "east"]


def test_objects_outside_every_unit_are_told():
    units = frame([box(-50, -50, 20, 150)], name=["west"])
    answer, book = assess(ZONES, buildings=HOUSES, units=units, order=["low", "high"])
    assert answer.by_unit["unit"].drop_duplicates().tolist() == ["west", "outside_units"]
    assert any("no unit" in doubt.text for doubt in book.doubts)


def test_roads_count_once_and_their_lengths_lie_in_units():
    road = frame([LineString([(0, 5), (100, 5)]), LineString([(200, 0), (300, 0)])])
    units = frame([box(-50, -50, 30, 50), box(30, -50, 400, 50)], name=["west", "east"])
    answer, book = assess(ZONES, roads=road, units=units, order=["low", "high"])
    table = answer.by_unit.set_index(["unit", "class"])
    assert table.loc[("west", "low"), "length_m"] == pytest.approx(30)
    assert table.loc[("east", "low"), "length_m"] == pytest.approx(10)
    assert table.loc[("east", "high"), "length_m"] == pytest.approx(20)
    assert table.loc[("east", "not_exposed"), "length_m"] == pytest.approx(140)
    assert table["objects"].sum() == 2
    assert table.loc[("east", "high"), "objects"] == 1
    assert book.notes["figures"]["road_length_m"] == pytest.approx(60)


def test_a_road_along_the_border_of_two_classes_is_not_counted_twice():
    zones = frame([box(0, 0, 100, 10), box(0, 10, 100, 20)], **{"class": ["low", "high"]})
    road = frame([LineString([(0, 10), (100, 10)])])
    answer, _ = assess(zones, roads=road, order=["low", "high"])
    assert answer.by_class[["class", "length_m"]].to_numpy().tolist() == [["high", 100.0]]


def test_points_and_polygons_may_be_assets_together():
    assets = frame([Point(5, 5), Point(500, 5), box(40, 0, 60, 10)], worth=[1.0, 2.0, 4.0])
    answer, _ = assess(ZONES, assets=assets, value="worth", order=["low", "high"])
    table = answer.by_class.set_index("class")
    assert table["objects"].to_dict() == {"low": 1, "high": 1, "not_exposed": 1}
    assert table["value"].to_dict() == {"low": 1, "high": 4, "not_exposed": 2}
    assert answer.objects["feature"].tolist() == [0, 1, 2]


def test_depth_cells_and_cells_without_data():
    # 10 m cells, from the left: dry, 0.5, 2.0, no data
    depth = grid([[0, 0.5, 2.0, np.nan]], layer="depth")
    houses = frame([box(0, 0, 5, 5), box(5, 0, 25, 10), box(30, 0, 35, 5), box(25, 0, 35, 5)], residents=[1, 20, 3, 4])
    answer, book = assess(depth=depth, buildings=houses, people="residents", depth_classes=STEPS)
    assert answer.objects["class"].tolist() == ["not_exposed", "deep", "not_covered", "deep"]
    assert answer.objects["not_covered_share"].tolist() == pytest.approx([0, 0, 1, 0.5])
    table = answer.by_class.set_index("class")
    # the second house: 5 m dry, 10 m shallow, 5 m deep of 20 m
    assert table["people_by_area"].to_dict() == pytest.approx(
        {"shallow": 10, "deep": 5 + 2, "not_exposed": 1 + 5, "not_covered": 3 + 2}
    )
    assert table["people"].to_dict() == {"shallow": 0, "deep": 24, "not_exposed": 1, "not_covered": 3}
    assert book.notes["figures"]["unanswered"] == 1


def test_ground_outside_the_depth_raster_is_not_covered():
    houses = frame([box(100, 0, 110, 10)])
    answer, _ = assess(depth=grid([[0, 0.5]]), buildings=houses, depth_classes=STEPS)
    assert answer.objects["answer"].tolist() == ["not_covered"]


def test_ground_outside_the_coverage_of_the_zones_is_not_covered():
    surveyed = frame([box(-100, -100, 70, 200)])
    answer, _ = assess(ZONES, buildings=HOUSES, order=["low", "high"], coverage={"hazard": surveyed})
    assert answer.objects["answer"].tolist() == ["present", "present", "not_covered", "absent"]


def test_a_population_raster_is_shared_out_by_parts_of_cells():
    people = grid([[100, 40, 8]], cell=20, layer="population")
    zone = frame([box(0, 0, 30, 20)], **{"class": ["flooded"]})
    answer, _ = assess(zone, population=people)
    table = answer.by_class.set_index("class")
    assert table["people_by_area"].to_dict() == pytest.approx({"flooded": 100 + 20, "not_exposed": 20 + 8})
    units = frame([box(0, 0, 10, 20), box(10, 0, 50, 20)], name=["a", "b"])
    answer, _ = assess(zone, population=people, units=units)
    cells = answer.by_unit.set_index(["unit", "class"])["people_by_area"].to_dict()
    assert cells == pytest.approx(
        {
            ("a", "flooded"): 50,
            ("b", "flooded"): 70,
            ("b", "not_exposed"): 24,
            ("outside_units", "not_exposed"): 4,
        }
    )


def test_people_are_not_known_beside_the_population_raster_nor_on_its_empty_cells():
    people = grid([[100, np.nan]], cell=20, layer="population")
    zone = frame([box(10, 0, 60, 20)], **{"class": ["flooded"]})
    answer, book = assess(zone, population=people)
    assert answer.by_class.set_index("class")["people_by_area"].to_dict() == pytest.approx(
        {"flooded": 50, "not_exposed": 50}
    )
    # 20 m of the zone lie on the empty cell, 20 m beside the raster
    assert [doubt.text for doubt in book.doubts] == [
        "on 800\u202fm² of the hazard the population is not known; nobody is counted there"
    ]
    _, book = assess(frame([box(0, 0, 20, 20)], **{"class": ["flooded"]}), population=people)
    assert not book.doubts


def test_slivers_in_which_two_units_lie_count_for_the_first():
    units = frame([box(0, 0, 100.2, 20), box(100, 0, 200, 20)], name=["a", "b"])
    zone = frame([box(0, 0, 200, 20)], **{"class": ["flooded"]})
    road = frame([LineString([(0, 5), (200, 5)])])
    house = frame([box(100, 0, 100.4, 1)], residents=[4])
    answer, book = assess(zone, population=grid([[100] * 10], cell=20), roads=road, buildings=house, units=units)
    table = answer.by_unit.set_index(["receptor", "unit"])
    assert table["length_m"].dropna().to_dict() == pytest.approx({("roads", "a"): 100.2, ("roads", "b"): 99.8})
    assert table["people_by_area"].dropna().to_dict() == pytest.approx(
        {("population", "a"): 501, ("population", "b"): 499}
    )
    assert table.loc["buildings"]["objects"].sum() == 1
    assert [doubt.text for doubt in book.doubts] == [
        "1 pairs of units overlap by 4\u202fm² together; what lies there counts for the first of both"
    ]


def test_order_of_features_does_not_matter():
    units = frame([box(-50, -50, 45, 150), box(45, -50, 200, 150)], name=["west", "east"])
    one, _ = assess(ZONES, buildings=HOUSES, units=units, people="residents", order=["low", "high"])
    two, _ = assess(ZONES[::-1], buildings=HOUSES[::-1], units=units, people="residents", order=["low", "high"])
    pd.testing.assert_frame_equal(one.by_unit, two.by_unit)


def test_ranks_and_numbers_give_the_order():
    ranked = ZONES.assign(level=[1, 2])
    one, _ = assess(ranked, buildings=HOUSES, rank="level")
    two, _ = assess(ZONES.assign(**{"class": [1, 2]}), buildings=HOUSES)
    assert one.objects["class"].tolist()[:2] == ["low", "high"]
    assert two.objects["class"].tolist()[:2] == ["1", "2"]


boxes = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 15), st.integers(1, 15)).map(
    lambda v: box(v[0], v[1], v[0] + v[2], v[1] + v[3])
)


@settings(deadline=None, max_examples=20)
@given(
    st.lists(boxes, min_size=1, max_size=5),
    st.lists(st.sampled_from(["low", "high"]), min_size=5, max_size=5),
    st.lists(boxes, min_size=1, max_size=6),
)
def test_areas_are_those_of_plain_shapely(zones, classes, houses):
    classes = classes[: len(zones)]
    hazard = frame(zones, **{"class": classes})
    answer, _ = assess(hazard, buildings=frame(houses), order=["low", "high"])
    high = gpd.GeoSeries([z for z, c in zip(zones, classes, strict=True) if c == "high"]).union_all()
    low = gpd.GeoSeries([z for z, c in zip(zones, classes, strict=True) if c == "low"]).union_all()
    sums = answer.by_class.set_index("class")["area_m2"].to_dict()
    assert sums.get("high", 0) == pytest.approx(sum(h.intersection(high).area for h in houses), abs=1e-6)
    expected = sum(h.intersection(low).difference(high).area for h in houses)
    assert sums.get("low", 0) == pytest.approx(expected, abs=1e-6)
    assert sum(sums.values()) == pytest.approx(sum(h.area for h in houses))


def test_empty_layers_give_empty_tables():
    nothing = HOUSES.iloc[:0]
    answer, _ = assess(ZONES, buildings=nothing, people="residents", order=["low", "high"])
    assert len(answer.objects) == 0
    assert answer.objects.crs == CRS
    assert answer.objects.columns.tolist()[:3] == ["receptor", "feature", "unit"]
    assert len(answer.by_class) == 0
    calm, _ = assess(ZONES.iloc[:0], buildings=HOUSES)
    assert calm.by_class["class"].tolist() == ["not_exposed"]


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="one of them"):
        assess_exposure(buildings=HOUSES)
    with pytest.raises(BadInput, match="nothing that could be exposed"):
        assess_exposure(ZONES, order=["low", "high"])
    with pytest.raises(BadInput, match="worse"):
        assess_exposure(ZONES, buildings=HOUSES)
    with pytest.raises(UnknownName, match="'high' is not in order"):
        assess_exposure(ZONES, buildings=HOUSES, order=["low", "hihg"])
    with pytest.raises(BadPolicy, match="depth_classes"):
        assess_exposure(depth=grid([[1.0]]), buildings=HOUSES)
    with pytest.raises(BadRaster, match="negative depth"):
        assess_exposure(depth=grid([[-1.0]]), buildings=HOUSES, depth_classes=STEPS)
    with pytest.raises(BadInput, match="negative or infinite people"):
        assess_exposure(ZONES, buildings=HOUSES.assign(residents=-1), people="residents", order=["low", "high"])
    with pytest.raises(BadRaster, match=r"population.* 1 cells hold negative people"):
        assess_exposure(ZONES, population=grid([[5, -2]], layer="census"), order=["low", "high"])
    with pytest.raises(MissingColumn, match="residents"):
        assess_exposure(ZONES, buildings=HOUSES, people="residnts", order=["low", "high"])
    units = frame([box(0, 0, 100, 100), box(50, 0, 150, 100)], name=["a", "b"])
    with pytest.raises(BadInput, match="a and b overlap by 5000"):
        assess_exposure(ZONES, buildings=HOUSES, units=units, order=["low", "high"])


DATA = os.environ.get("SPACEGOV_REAL_DATA")
jakarta = pytest.mark.skipif(not DATA, reason="SPACEGOV_REAL_DATA names no folder with real layers")


def flood_of_jakarta():
    """The flood depth, brought to the metric CRS of the population raster."""
    import rasterio
    from rasterio.warp import Resampling, reproject

    folder = Path(DATA) / "jakarta"
    population = Raster.open(folder / "Population_Jakarta_UTM48N.tif")
    with rasterio.open(folder / "Flood_Current_Depth_Jakarta_geographic.tif") as source:
        depth = np.full(population.shape, np.nan)
        reproject(
            rasterio.band(source, 1),
            depth,
            dst_transform=population.transform,
            dst_crs=population.crs.to_wkt(),
            dst_nodata=np.nan,
            resampling=Resampling.nearest,
        )
    return population.like(depth, layer="flood depth"), population


@jakarta
def test_jakarta_population_in_another_crs_is_refused_by_name():
    depth, population = flood_of_jakarta()
    houses = gpd.read_file(Path(DATA) / "jakarta" / "jakarta.gpkg", layer="osm_buildings_attr").to_crs("EPSG:32748")
    houses.attrs["layer"] = "houses"
    with pytest.raises(UnsuitableCrs, match=r"depth .*EPSG:32648.*houses.*EPSG:32748.*use --crs"):
        assess_exposure(depth=depth, buildings=houses, depth_classes=STEPS)
    raw = Raster.open(Path(DATA) / "jakarta" / "Flood_Current_Depth_Jakarta_geographic.tif")
    with pytest.raises(UnsuitableCrs, match="in degrees"):
        assess_exposure(depth=raw, population=population, depth_classes=STEPS)


@jakarta
def test_jakarta_negative_population_is_refused_by_name():
    depth, population = flood_of_jakarta()
    with pytest.raises(BadRaster, match=r"Population_Jakarta_UTM48N.* 3 cells hold negative people"):
        assess_exposure(depth=depth, population=population, depth_classes=STEPS)


@jakarta
def test_jakarta_buildings_in_the_flood_agree_with_geopandas():
    depth, _ = flood_of_jakarta()
    houses = gpd.read_file(Path(DATA) / "jakarta" / "jakarta.gpkg", layer="buildings_osm").to_crs("EPSG:32648")
    houses = houses[houses.is_valid].reset_index(drop=True)
    answer, _ = assess(depth=depth, buildings=houses, depth_classes=STEPS)
    table = answer.by_class.set_index("class")
    # independently: square cells of the raster as boxes, by geopandas
    values = depth.read()
    wet = np.argwhere(np.nan_to_num(values) > 0)
    t = depth.transform
    left, top = t.c + wet[:, 1] * t.a, t.f + wet[:, 0] * t.e
    cells = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt([]), crs=houses.crs)
    cells = gpd.GeoDataFrame(
        geometry=[box(x, y + t.e, x + t.a, y) for x, y in zip(left, top, strict=True)], crs=houses.crs
    )
    pairs = gpd.overlay(houses.reset_index()[["index", "geometry"]], cells, how="intersection", keep_geom_type=True)
    assert table.loc[["shallow", "deep"], "area_m2"].sum() == pytest.approx(pairs.area.sum(), rel=1e-9)
    touched = pairs[pairs.area > 1e-6]["index"].nunique()
    assert table.loc[["shallow", "deep"], "objects"].sum() == touched
    assert table["objects"].sum() == len(houses)
