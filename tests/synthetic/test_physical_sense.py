"""The county behaves like land: water runs downhill, nobody lives in a lake, what should tile tiles."""

import numpy as np
import pytest
import rasterio
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tests.synthetic.conftest import SAMPLE, VERSION


def area(frame):
    return shapely.area(frame.geometry.to_numpy())


def places(transform, points):
    """Column and row of points on a grid."""
    x, y = shapely.get_coordinates(points).T
    return (x - transform.c) / transform.a, (y - transform.f) / transform.e


@pytest.fixture(scope="module")
def relief():
    with rasterio.open(SAMPLE / "data" / "natural.terrain" / f"{VERSION}.tif") as source:
        return source.read(1).astype(float), source.transform


def test_rivers_run_downhill_and_grow(layer):
    rivers = layer("natural.rivers")
    assert (rivers["from_m"] >= rivers["to_m"]).all()
    ends = shapely.get_coordinates(shapely.get_point(rivers.geometry.to_numpy(), -1))
    starts = shapely.get_coordinates(shapely.get_point(rivers.geometry.to_numpy(), 0))
    following = {tuple(start): row for row, start in enumerate(np.round(starts, 3))}
    met = 0
    for row, end in enumerate(np.round(ends, 3)):
        below = following.get(tuple(end))
        if below is not None:
            met += 1
            assert rivers["catchment_km2"].iloc[below] >= rivers["catchment_km2"].iloc[row]
            assert rivers["width_m"].iloc[below] >= rivers["width_m"].iloc[row]
            assert rivers["from_m"].iloc[below] == rivers["to_m"].iloc[row]
    assert met > 0.8 * len(rivers)


def test_rivers_lie_in_the_valleys_of_the_terrain(layer, relief):
    height, transform = relief
    lines = layer("natural.rivers").geometry.to_numpy()
    points = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    column, row = places(transform, points)
    row, column = row.astype(int), column.astype(int)
    inside = (row > 12) & (row < height.shape[0] - 12) & (column > 12) & (column < height.shape[1] - 12)
    lower = 0
    for r, c in zip(row[inside], column[inside], strict=True):
        around = height[r - 12 : r + 13, c - 12 : c + 13]
        near = height[r - 2 : r + 3, c - 2 : c + 3].min()
        lower += near <= np.quantile(around, 0.25)
    assert lower > 0.9 * inside.sum()


def test_depressions_are_filled(relief):
    import pyflwdir

    height, _ = relief
    filled, _ = pyflwdir.dem.fill_depressions(height.astype(np.float32), nodata=-9999.0)
    assert np.abs(filled - height).max() < 1.0


def test_no_building_in_water_and_none_upon_another(layer):
    buildings = layer("artificial.buildings").geometry.to_numpy()
    water = layer("natural.water-bodies").geometry.to_numpy()
    assert len(shapely.STRtree(water).query(buildings, predicate="intersects")[0]) == 0
    first, second = shapely.STRtree(buildings).query(buildings, predicate="intersects")
    assert (first == second).all()


def test_buildings_stand_in_their_parcel(layer):
    buildings, parcels = layer("artificial.buildings"), layer("artificial.parcels")
    ground = parcels.set_index("parcel_id").geometry.loc[buildings["parcel_id"]].to_numpy()
    assert shapely.covers(ground, buildings.geometry.to_numpy()).all()


def test_parcels_tile_their_blocks(layer):
    parcels, blocks = layer("artificial.parcels"), layer("artificial.blocks")
    assert shapely.coverage_is_valid(parcels.geometry.to_numpy())
    total = parcels.assign(area=area(parcels)).groupby("block_id")["area"].sum()
    whole = blocks.assign(area=area(blocks)).set_index("block_id")["area"]
    np.testing.assert_allclose(total.loc[whole.index], whole, rtol=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "artificial.land-survey",
        "artificial.land-survey-2020",
        "artificial.villages",
        "artificial.townships",
        "planned.master-plan-a",
    ],
)
def test_partitions_tile_the_county(layer, name):
    frame = layer(name)
    assert shapely.coverage_is_valid(frame.geometry.to_numpy())
    tolerance = 1e-4 if name.startswith("planned") else 1e-9
    assert area(frame).sum() == pytest.approx(area(layer("artificial.county"))[0], rel=tolerance)


def test_land_use_plan_tiles_the_county_but_for_what_is_planted(layer):
    plan = layer("planned.land-use-plan")
    base = plan[~plan["patch_id"].str.startswith("LU9")]
    planted = plan[plan["patch_id"].str.startswith("LU9")]
    assert area(base).sum() + area(planted).sum() == pytest.approx(area(layer("artificial.county"))[0], rel=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "artificial.buildings",
        "artificial.parcels",
        "planned.permanent-basic-farmland",
        "planned.urban-development-boundary",
    ],
)
def test_shapes_are_valid_and_in_whole_millimetres(layer, name):
    shapes = layer(name).geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    xy = shapely.get_coordinates(shapes)
    np.testing.assert_allclose(xy, np.round(xy, 3), rtol=0, atol=1e-9)


def test_people_sum_by_unit(layer, truth):
    buildings = layer("artificial.buildings")
    for unit, name in (("village_id", "artificial.villages"), ("township_id", "artificial.townships")):
        people = buildings.groupby(unit)["residents"].sum()
        units = layer(name).set_index(unit)["residents"]
        assert (people.reindex(units.index).fillna(0) == units).all()
    assert (
        buildings["residents"].sum() == layer("artificial.county")["residents"].iloc[0] == truth["people"]["residents"]
    )
    village = layer("artificial.villages").set_index("village_id").geometry.loc[buildings["village_id"]].to_numpy()
    assert shapely.covers(village, shapely.centroid(buildings.geometry.to_numpy())).all()


def test_roads_are_one_network(layer):
    lines = layer("artificial.roads").geometry.to_numpy()
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    nodes, index = np.unique(np.vstack([first, last]), axis=0, return_inverse=True)
    index = index.ravel()
    edges = (np.ones(len(lines)), (index[: len(lines)], index[len(lines) :]))
    assert connected_components(coo_array(edges, shape=(len(nodes), len(nodes))), directed=False)[0] == 1


def test_land_lies_where_it_should(layer, relief):
    height, transform = relief
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(height, 25.0))))
    survey = layer("artificial.land-survey")
    column, row = places(transform, shapely.point_on_surface(survey.geometry.to_numpy()))
    row, column = np.clip(row.astype(int), 0, slope.shape[0] - 1), np.clip(column.astype(int), 0, slope.shape[1] - 1)
    mean = survey.assign(slope=slope[row, column]).groupby("class")["slope"].mean()
    assert mean["0101"] < 3 < mean["0301"]
    assert mean["0701"] < 4


def test_three_dates_of_supply_follow_each_other(layer, truth):
    supply = layer("artificial.land-supply")
    broken = {row["supply"] for row in truth["land_supply"]["broken_chains"]}
    sound = supply[~supply["supply_id"].isin(broken)]
    assert (sound["approved"] < sound["contract"]).all()
    assert (sound["contract"] < sound["delivered"]).all()


def test_registered_areas_are_net_of_ridges(layer):
    survey = layer("artificial.land-survey")
    np.testing.assert_allclose(survey["TBDLMJ"], survey["TBMJ"] - survey["KCMJ"], atol=0.0051)
    np.testing.assert_allclose(survey["TBMJ"], area(survey), rtol=3e-5, atol=0.02)
