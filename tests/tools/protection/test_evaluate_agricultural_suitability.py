"""evaluate_agricultural_suitability: slopes from metres, soil, water, climate, versions, missing ground, bad input."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, BadRaster, EmptyLayer, MissingColumn
from spacegov.raster import Raster
from spacegov.toolbox.policy import read_policy
from spacegov.tools.protection import evaluate_agricultural_suitability

WEST, NORTH, SIDE = 500_000, 3_300_000, 30


def raster(values, side=SIDE):
    return Raster.from_array(np.asarray(values, float), Affine(side, 0, WEST, 0, -side, NORTH), "EPSG:4549")


def plane(degrees, rows=6, columns=8):
    """Heights that rise to the east by a slope."""
    return raster(np.tile(np.arange(columns) * SIDE * np.tan(np.radians(degrees)), (rows, 1)))


def ground(west=0, east=8, rows=6):
    return shapely.box(WEST + SIDE * west, NORTH - SIDE * rows, WEST + SIDE * east, NORTH)


def polygons(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def ask(terrain, version="2019-06", soil=None, rain=1500.0, heat=8000.0, **options):
    soil = polygons(ground(), thickness_cm=[90]) if soil is None else soil
    rain = None if rain is None else terrain.like(np.full(terrain.shape, rain))
    heat = None if heat is None else terrain.like(np.full(terrain.shape, heat))
    rules = options.pop("rules", read_policy(f"agricultural-suitability-{version}"))
    with ledger.collect() as book:
        answer = evaluate_agricultural_suitability(terrain, soil, rain, heat, rules=rules, **options)
    return answer, book


@pytest.mark.parametrize(("degrees", "wanted"), [(1, 1), (4, 1), (10, 2), (20, 3), (26, 5)])
def test_slopes_come_from_metres(degrees, wanted):
    answer, _ = ask(plane(degrees))
    inner = answer.grade.read()[1:-1, 1:-1]
    assert (inner == wanted).all()
    # the outer cells have no slope, with soil, water and climate at their best the grade is open
    assert (answer.grade.read()[0] == 0).all()


def test_feet_are_not_metres():
    assert ask(plane(26))[0].grade.read()[2, 3] == 5
    # 26° in metres are 8.5° where the heights are feet
    answer, _ = ask(plane(26), metres_per_unit=0.3048)
    assert answer.grade.read()[2, 3] == 2


def test_areas_balance_and_name_what_decides():
    answer, book = ask(plane(4), heat=2000.0)
    zones = answer.zones
    assert zones["area_m2"].sum() == pytest.approx(48 * SIDE * SIDE)
    assert zones["share"].sum() == pytest.approx(1)
    known = zones[zones["answer"] == "present"].iloc[0]
    # with a climate of grade 4 it is the climate, on the 4 × 6 inner cells
    assert (known["class"], known["deciding"], known["cells"]) == ("fairly-low", "climate", 24)
    assert known["rules"] == "agricultural-suitability-2019-06"
    assert book.notes["figures"]["graded_m2"] == pytest.approx(24 * SIDE * SIDE)
    decides = answer.factors.set_index("factor")["decides_m2"]
    assert decides["climate"] == pytest.approx(24 * SIDE * SIDE)
    assert decides["slope"] == 0


def test_soil_counts_where_it_is_and_is_missing_elsewhere():
    soil = polygons(ground(0, 4), ground(4, 6), thickness_cm=[90.0, 20.0])
    answer, book = ask(plane(1), soil=soil)
    row = answer.grade.read()[2]
    # deep, shallow (two worse: land 3, water 1 → 2), unknown
    assert row.tolist() == [0, 1, 1, 1, 2, 2, 0, 0]
    assert answer.lowest.read()[2, 6] == 1
    assert answer.highest.read()[2, 6] == 2
    missing = answer.zones[answer.zones["missing"] == "soil"]
    assert missing["area_m2"].sum() == pytest.approx(4 * SIDE * SIDE)
    assert any("range of grades" in each.text for each in book.doubts)


def test_a_factor_that_is_not_given_is_told_and_no_constant_stands_in():
    answer, book = ask(plane(1), rain=None)
    assert (answer.grade.read() == 0).all()
    assert not bool(answer.factors.set_index("factor")["given"]["water"])
    assert "water was not given" in book.doubts[0].text
    steep, _ = ask(plane(30), rain=None, heat=None, soil=polygons(ground(20, 21), thickness_cm=[1.0]))
    assert (steep.grade.read()[1:-1, 1:-1] == 5).all()
    assert steep.zones.loc[steep.zones["answer"] == "present", "deciding"].tolist() == ["slope"]


def test_unknown_water_in_a_cell_is_not_zero():
    terrain = plane(1)
    water = np.full(terrain.shape, 1500.0)
    water[2, 3] = np.nan
    with ledger.collect():
        answer = evaluate_agricultural_suitability(
            terrain, polygons(ground(), thickness_cm=[90]), terrain.like(water), terrain.like(np.full((6, 8), 8000.0)),
            rules=read_policy("agricultural-suitability-2019-06"),
        )  # fmt: skip
    assert answer.grade.read()[2, 2:5].tolist() == [1, 0, 1]


def test_rules_of_2020_leave_the_ecological_area_out():
    core = polygons(ground(0, 4))
    answer, book = ask(plane(20), "2020-01", ecological=core)
    row = answer.grade.read()[2]
    assert row.tolist() == [9, 9, 9, 9, 1, 1, 1, 0]
    assert book.notes["figures"]["outside_m2"] == pytest.approx(24 * SIDE * SIDE)
    three, _ = ask(plane(20), "2020-01-three", ecological=core)
    assert three.zones.loc[three.zones["grade"] > 0, "class"].tolist() == ["generally-suitable"]
    with pytest.raises(BadInput, match="ecological: none was given"):
        ask(plane(20), "2020-01")
    _, told = ask(plane(20), ecological=core)
    assert any("has no effect" in each.text for each in told.doubts)


def test_rasters_on_other_cells_are_interpolated():
    terrain = plane(1)
    coarse = Raster.from_array([[1500.0, 300.0]], Affine(120, 0, WEST, 0, -180, NORTH), "EPSG:4549")
    with ledger.collect():
        answer = evaluate_agricultural_suitability(
            terrain, polygons(ground(), thickness_cm=[90]), coarse, terrain.like(np.full((6, 8), 8000.0)),
            rules=read_policy("agricultural-suitability-2019-06"),
        )  # fmt: skip
    # 1500 in the west to 300 in the east, in a straight line between the middles of the two cells: 1 turns 2 below 400
    middles = np.interp(np.arange(8) * 30 + 15, [60, 180], [1500, 300])
    assert answer.grade.read()[2, 1:-1].tolist() == np.where(middles < 400, 2, 1)[1:-1].tolist()


def test_the_territory_bounds_what_is_asked():
    answer, _ = ask(plane(1), territory=polygons(ground(2, 5)))
    assert answer.zones["cells"].sum() == 18
    with pytest.raises(BadRaster, match="no cell lies in the territory"):
        ask(plane(1), territory=polygons(ground(50, 60)))


def test_a_mean_temperature_takes_its_days():
    answer, book = ask(plane(1), heat=16.0, climate_days=365)
    # 5840 °C·d are the second grade
    assert answer.grade.read()[2, 3] == 2
    assert "365 days" in book.doubts[0].text


def test_bad_input_is_refused():
    with pytest.raises(BadRaster):
        ask(raster(np.full((4, 4), np.nan)))
    with pytest.raises(MissingColumn, match="thickness_cm"):
        ask(plane(1), soil=polygons(ground(), depth=[90]))
    with pytest.raises(BadPolicy):
        ask(plane(1), rules=read_policy("slope-classes-farming-2019"))
    with pytest.raises(EmptyLayer):
        ask(plane(1), territory=polygons(ground()).iloc[:0])
