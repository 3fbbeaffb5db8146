"""evaluate_construction_suitability: slope, relief, hazards where they were surveyed, roads, versions, bad input."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from spacegov import ledger
from spacegov.errors import BadInput, MissingColumn, UnknownName
from spacegov.raster import Raster
from spacegov.toolbox.policy import read_policy
from spacegov.tools.use import evaluate_construction_suitability

WEST, NORTH, SIDE, ROWS, COLUMNS = 500_000, 3_300_000, 30, 7, 9


def plane(degrees=0.0, base=100.0):
    heights = base + np.tile(np.arange(COLUMNS) * SIDE * np.tan(np.radians(degrees)), (ROWS, 1))
    return Raster.from_array(heights, Affine(SIDE, 0, WEST, 0, -SIDE, NORTH), "EPSG:4549")


def box(west, east):
    return shapely.box(WEST + SIDE * west, NORTH - SIDE * ROWS, WEST + SIDE * east, NORTH)


def zones(*parts, name="natural.slides"):
    frame = gpd.GeoDataFrame(
        {"level": [level for _, _, level in parts]}, geometry=[box(w, e) for w, e, _ in parts], crs=4549
    )
    frame.attrs["layer"] = name
    return frame


ROAD = gpd.GeoDataFrame(geometry=[shapely.LineString([(WEST, NORTH - 100), (WEST + 270, NORTH - 100)])], crs=4549)


def ask(terrain=None, version="2019-06", water=300.0, hazards=None, roads=ROAD, **options):
    terrain = plane() if terrain is None else terrain
    rain = None if water is None else terrain.like(np.full(terrain.shape, water))
    hazards = [zones((0, 1, "none"))] if hazards is None else hazards
    with ledger.collect() as book:
        answer = evaluate_construction_suitability(
            terrain, rain, hazards, roads, rules=read_policy(f"construction-suitability-{version}"),
            **{"relief_window": 90, **options},
        )  # fmt: skip
    return answer, book


def middle(answer):
    return answer.grade.read()[3, 1:-1].astype(int).tolist()


@pytest.mark.parametrize(("degrees", "wanted"), [(2, 1), (7, 1), (14, 2), (24, 3), (27, 5)])
def test_slopes_come_from_metres(degrees, wanted):
    # relief in three cells of 30 m stays below 100 m, so the slope alone counts
    assert set(middle(ask(plane(degrees))[0])) == {wanted}


def test_height_and_relief():
    assert set(middle(ask(plane(2, 4000))[0])) == {1}
    answer, _ = ask(plane(10, 4000))
    # slope 3, one worse for the height: land 4 × water 1 = 3
    assert set(middle(answer)) == {3}
    assert set(answer.zones.loc[answer.zones["grade"] == 3, "deciding"]) == {"slope"}
    assert set(middle(ask(plane(2, 5100))[0])) == {5}
    # 24° rise 13.4 m a cell: 27 m within three cells, 107 m within nine, which make the land of grade 4 one worse
    wide, _ = ask(plane(24), relief_window=270)
    assert wide.grade.read()[3, 4] == 5
    assert ask(plane(24))[0].grade.read()[3, 4] == 3


def test_the_gravest_hazard_counts_and_names_itself():
    many = zones((0, 5, "high"), (3, 9, "moderate"), (0, 9, "low"))
    answer, _ = ask(hazards=[many])
    assert middle(answer) == [5, 5, 5, 5, 2, 2, 2]
    named = set(answer.zones.loc[answer.zones["grade"].isin([2, 5]), "deciding"])
    assert named == {"hazard"}
    other, _ = ask(hazards=[zones((0, 2, "low")), zones((6, 9, "high"), name="natural.flood")])
    assert middle(other) == [1, 1, 1, 1, 1, 5, 5]
    # in whatever order
    assert middle(ask(hazards=[many.iloc[::-1]])[0]) == middle(answer)


def test_ground_that_nobody_surveyed_is_not_free_of_hazard():
    answer, book = ask(hazards=[zones((0, 2, "moderate"))], coverage={"natural.slides": zones((0, 4, ""))})
    assert middle(answer) == [2, 1, 1, 0, 0, 0, 0]
    missing = answer.zones[answer.zones["missing"] == "hazard"].iloc[0]
    assert (missing["answer"], missing["lowest"], missing["highest"]) == ("not_covered", 1, 5)
    assert book.notes["figures"]["unknown_m2"] > 0
    # what is too steep is so under any hazard
    steep, _ = ask(plane(30), hazards=[zones((0, 2, "low"))], coverage={"natural.slides": zones((0, 4, ""))})
    assert set(middle(steep)) == {5}


def test_the_distance_to_roads_counts():
    far = gpd.GeoDataFrame(geometry=[shapely.LineString([(WEST + 10, NORTH), (WEST + 10, NORTH - 210)])], crs=4549)
    terrain = Raster.from_array(np.zeros((3, 60)), Affine(100, 0, WEST, 0, -100, NORTH), "EPSG:4549")
    with ledger.collect():
        answer = evaluate_construction_suitability(
            terrain, terrain.like(np.full((3, 60), 300.0)), [zones((0, 1, "low"))], far,
            rules=read_policy("construction-suitability-2019-06"),
        )  # fmt: skip
    row = answer.grade.read()[1]
    # cells are 100 m: up to 1000 m from the first, then one and two worse
    assert row[[10, 11, 30, 31]].tolist() == [1, 2, 2, 3]
    away = shapely.LineString([(WEST, NORTH + 500), (WEST + 9, NORTH + 500)])
    none, book = ask(roads=gpd.GeoDataFrame(geometry=[away], crs=4549))
    assert set(middle(none)) == {0}
    assert any("no road lies on the terrain" in each.text for each in book.doubts)


def test_precipitation_becomes_water_by_its_share():
    assert set(middle(ask(plane(20), water=300.0)[0])) == {3}
    answer, book = ask(plane(20), water=300.0, water_share=0.3)
    # 90 mm are the third grade: land 4 × water 3 = 4
    assert set(middle(answer)) == {4}
    assert any("taken as 0.3" in each.text for each in book.doubts)


def test_versions_and_the_ecological_area():
    core = zones((0, 4, ""))
    two, _ = ask(plane(20), "2020-01", ecological=core)
    assert middle(two) == [9, 9, 9, 1, 1, 1, 1]
    three, _ = ask(plane(20), "2020-01-three", ecological=core)
    assert middle(three) == [9, 9, 9, 2, 2, 2, 2]
    with pytest.raises(BadInput, match="ecological: none was given"):
        ask(version="2020-01")


def test_a_given_factor_that_the_rules_do_not_ask_has_no_effect():
    core = zones((8, 9, ""))
    near, _ = ask(plane(5), "2020-01", ecological=core)
    without, _ = ask(plane(5), "2020-01", roads=None, ecological=core)
    assert middle(near) == middle(without)


def test_areas_balance():
    answer, book = ask(hazards=[zones((0, 5, "high"))], area_basis="ellipsoid")
    assert answer.zones["share"].sum() == pytest.approx(1)
    assert len(book.balances) == 1
    assert list(answer.zones["answer"]) == sorted(answer.zones["answer"], reverse=True)


def test_bad_input_is_refused():
    with pytest.raises(UnknownName, match="no level 'huge'"):
        ask(hazards=[zones((0, 9, "huge"))])
    with pytest.raises(MissingColumn):
        ask(hazard_level="danger")
    with pytest.raises(BadInput, match="relief_window"):
        ask(relief_window=10)
