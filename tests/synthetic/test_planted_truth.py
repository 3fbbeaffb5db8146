"""Every planted answer is in the data, and nothing else is: found again by plain shapely, without our tools."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import shapely

PLANS = ("land-use-plan", "forest-plan", "transport-plan", "water-plan")


def overlaps(first, second):
    a, b = first.geometry.to_numpy(), second.geometry.to_numpy()
    i, j = shapely.STRtree(b).query(a, predicate="intersects")
    return i, j, shapely.area(shapely.intersection(a[i], b[j]))


def test_conflicts_of_plans_are_those_planted(layer, truth):
    found = []
    for first, second in combinations(PLANS, 2):
        a, b = layer(f"planned.{first}"), layer(f"planned.{second}")
        i, j, area = overlaps(a, b)
        use_a, use_b = a["use"].to_numpy()[i], b["use"].to_numpy()[j]
        differ = use_a != use_b
        # A transport reserve bears planting: only the forest plan's own control objects.
        wood = (use_a == "afforestation") & (use_b == "transport") & pd.isna(a["control"].to_numpy()[i])
        assert area[differ & ~wood & (area < 1)].sum() < 0.2, "only slivers of drawing lie below one square metre"
        found += area[differ & ~wood & (area >= 1)].tolist()
    planted = truth["plan_conflicts"]
    np.testing.assert_allclose(sorted(found), sorted(row["area_m2"] for row in planted["conflicts"]), rtol=1e-9)
    assert planted["total"]["count"] == len(found)
    assert planted["total"]["area_m2"] == pytest.approx(sum(found))


def test_areas_of_conflicts_are_breadth_times_depth(truth):
    for row in truth["plan_conflicts"]["conflicts"]:
        west, south, east, north = row["box"]
        hole = row.get("hole")
        less = (hole[2] - hole[0]) * (hole[3] - hole[1]) if hole else 0.0
        assert row["area_m2"] == (east - west) * (north - south) - less
    assert sum("hole" in row for row in truth["plan_conflicts"]["conflicts"]) == 1


def test_one_millimetre_is_no_conflict(layer, truth):
    sliver = truth["plan_conflicts"]["slivers"][0]
    plan = layer("planned.land-use-plan")
    patch = plan[plan["patch_id"] == sliver["feature_1"]]
    _, _, area = overlaps(patch, layer("planned.forest-plan"))
    assert area.sum() == pytest.approx(sliver["area_m2"], rel=1e-3)


def test_three_lines_overlap_where_planted(layer, truth):
    red, farm, town = (
        layer(f"planned.{name}")
        for name in ("ecological-red-line", "permanent-basic-farmland", "urban-development-boundary")
    )
    planted = truth["three_lines"]
    for kind, first, second in (
        ("red-line-farmland", red, farm),
        ("red-line-boundary", red, town),
        ("farmland-boundary", farm, town),
    ):
        _, _, area = overlaps(first, second)
        expected = [row["area_m2"] for row in planted["overlaps"] + planted["slivers"] if row["kind"] == kind]
        np.testing.assert_allclose(np.sort(area[area > 1e-6]), np.sort(expected), rtol=1e-6)
    enclaves = [row["feature"] for row in planted["overlaps"] if row["verdict"] == "retained-enclave"]
    plots = farm[farm["plot_id"].isin(enclaves)]
    inside = shapely.union_all(town[town["sub_zone"] == "concentrated"].geometry.to_numpy())
    assert len(plots) == 3
    assert shapely.covers(inside, plots.geometry.to_numpy()).all()


def test_encroachments_and_their_permits(layer, truth):
    patches, permits = layer("artificial.change-patches"), layer("artificial.permits")
    planted = truth["encroachments"]
    for protected in ("planned.permanent-basic-farmland", "planned.ecological-red-line"):
        rows = [row for row in planted["encroachments"] if row["protected"] == protected]
        _, j, area = overlaps(layer(protected), patches)
        real = area > 1
        assert sorted(patches["patch_id"].to_numpy()[j[real]]) == sorted(row["patch"] for row in rows)
        assert area[real].sum() == pytest.approx(planted["totals"][protected]["area_m2"])
    by_patch = patches.set_index("patch_id")
    by_permit = permits.set_index("permit_id")
    for row in planted["encroachments"]:
        covered = 0.0
        for permit in row["permits"]:
            if by_permit.loc[permit, "valid_to"] >= by_patch.loc[row["patch"], "date"]:
                covered += by_permit.loc[permit, "geometry"].intersection(by_patch.loc[row["patch"], "geometry"]).area
        assert covered == pytest.approx(row["permitted_m2"])


def test_every_fault_of_geometry_is_there_once(layer, truth):
    records = layer("artificial.survey-submission").set_index("record_id")
    planted = {row["fault"]: row["record"] for row in truth["broken_geometry"]["faults"]}
    shape = {fault: records.loc[record, "geometry"] for fault, record in planted.items()}
    assert "Self-intersection" in shapely.is_valid_reason(shape["self-intersection"])
    assert "nested" in shapely.is_valid_reason(shape["nested-holes"])
    assert "outside" in shapely.is_valid_reason(shape["hole-outside"])
    assert not shape["overlapping-parts"].is_valid
    assert shape["zero-area"].area == 0
    assert shape["empty"].is_empty
    assert shape["missing"] is None
    assert shape["mixed-type"].geom_type == "LineString"
    assert shape["z-coordinate"].has_z
    assert shapely.get_num_coordinates(shape["too-many-vertices"]) > 10_000
    assert (np.diff(shapely.get_coordinates(shape["duplicate-points"]), axis=0) == 0).all(axis=1).any()
    others = records.drop(list(planted.values()))
    assert len(others) == truth["broken_geometry"]["sound"]
    assert shapely.is_valid(others.geometry.to_numpy()).all()


def test_people_in_the_zones_of_the_drill(layer, truth):
    buildings, zones = layer("artificial.buildings"), layer("natural.drill-zones").set_index("zone_id")
    shapes = buildings.geometry.to_numpy()
    for row in truth["exposure"]["zones"]:
        zone = zones.loc[row["zone"], "geometry"]
        touched, within = shapely.intersects(zone, shapes), shapely.covers(zone, shapes)
        assert (touched == within).all()
        assert within.sum() == row["buildings"]
        assert buildings["residents"][within].sum() == row["residents"]
        assert buildings["elderly"][within].sum() == row["elderly"]


def test_cases_and_their_blocks(layer, truth):
    cases, buildings, blocks = (
        layer("artificial.outbreak-cases"),
        layer("artificial.buildings"),
        layer("artificial.blocks"),
    )
    shape = buildings.set_index("building_id").geometry.loc[cases["building_id"]].to_numpy()
    assert shapely.contains(shape, cases.geometry.to_numpy()).all()
    for row in truth["outbreak"]["blocks"]:
        block = blocks.set_index("block_id").geometry.loc[row["block"]]
        inside = shapely.covers(block, buildings.geometry.to_numpy())
        assert inside.sum() == row["buildings_in_block"]
        assert buildings["residents"][inside].sum() == row["residents_in_block"]


def test_balance_of_farmland(layer, truth):
    for name, key, area_key, paddy_key in (
        ("artificial.conversion-approvals", "approval_id", "occupied_m2", "occupied_paddy_m2"),
        ("artificial.supplement-parcels", "supplement_id", "supplemented_m2", "supplemented_paddy_m2"),
    ):
        frame = layer(name)
        assert frame[key].is_unique
        area = pd.Series(shapely.area(frame.geometry.to_numpy()), index=frame.index)
        for row in truth["farmland_balance"]["projects"]:
            own = frame["project_id"] == row["project"]
            assert area[own].sum() == pytest.approx(row[area_key])
            assert area[own & (frame["class"] == "0101")].sum() == pytest.approx(row[paddy_key])
    gaps = [row["project"] for row in truth["farmland_balance"]["projects"] if row["gap_m2"] > 0]
    assert gaps == ["PR02", "PR05"]


def test_idle_parcels_follow_from_their_dates(layer, truth):
    supply = layer("artificial.land-supply").set_index("supply_id")
    today = pd.Timestamp(truth["land_supply"]["on"])
    year = pd.Timedelta(days=365)
    start = supply["agreed_start"].fillna(supply["delivered"] + year)
    waiting = supply["started"].isna() & (today - start > year) & supply["accepted"].isna()
    little = (supply["developed_share"] < 1 / 3) | (supply["invested_share"] < 0.25)
    stopped = supply["suspended"].notna() & little & (today - supply["suspended"] >= year)
    assert sorted(supply.index[waiting | stopped]) == sorted(row["supply"] for row in truth["land_supply"]["idle"])
    assert not set(truth["land_supply"]["not_idle_though_close"]) & set(supply.index[waiting | stopped])


def test_change_of_land_use(layer, truth):
    change = truth["land_use_change"]
    before, now = layer(change["from"]), layer(change["to"])
    sums = {}
    for which, frame in (("before", before), ("now", now)):
        sums[which] = pd.Series(shapely.area(frame.geometry.to_numpy())).groupby(frame["class"].to_numpy()).sum()
    net = sums["now"].sub(sums["before"], fill_value=0.0)
    expected = {}
    for pair, row in change["transitions"].items():
        old, new = pair.split(">")
        expected[old] = expected.get(old, 0.0) - row["area_m2"]
        expected[new] = expected.get(new, 0.0) + row["area_m2"]
    for name, value in expected.items():
        assert net[name] == pytest.approx(value, abs=0.05)


def test_limits_of_the_detailed_plan(layer, truth):
    plan, buildings = layer("planned.detailed-plan"), layer("artificial.buildings")
    foot = pd.Series(shapely.area(buildings.geometry.to_numpy()), index=buildings.index)
    blocks = pd.DataFrame(
        {
            "foot": foot.groupby(buildings["block_id"]).sum(),
            "floor": (foot * buildings["floors"]).groupby(buildings["block_id"]).sum(),
        }
    )
    floors = (buildings["height_m"].where(buildings["height_m"] > 0, 0.0)).groupby(buildings["block_id"]).max()
    ground = pd.Series(shapely.area(plan.geometry.to_numpy()), index=plan["block_id"].to_numpy())
    limit = plan.set_index("block_id")
    ratio = blocks["floor"].reindex(limit.index).fillna(0) / ground
    cover = blocks["foot"].reindex(limit.index).fillna(0) / ground
    over = (
        (ratio > limit["ratio_max"])
        | (cover > limit["coverage_max"])
        | (floors.reindex(limit.index).fillna(0) > limit["height_max_m"])
    )
    planted = {row["block"] for row in truth["development_intensity"]["over"]}
    assert planted <= set(limit.index[over])
    assert set(limit.index[over]) == planted


def test_quotas_broken_where_planted(layer, truth):
    quotas, farm = layer("planned.quotas"), layer("planned.permanent-basic-farmland")
    plots = farm[~farm["plot_id"].str.startswith("PBF9")]
    actual = (
        pd.Series(shapely.area(plots.geometry.to_numpy()) / 1e4).groupby(plots["village_id"].str[:4].to_numpy()).sum()
    )
    floors = quotas[quotas["item"] == "basic-farmland"].set_index("township_id")["quota"]
    broken = sorted(floors.index[floors > actual.reindex(floors.index)])
    assert broken == sorted(row["township"] for row in truth["quotas"]["breaches"] if row["item"] == "basic-farmland")


def test_blocks_far_from_schools(layer, truth):
    blocks, schools = layer("artificial.blocks"), layer("artificial.schools")
    tree = shapely.STRtree(schools.geometry.to_numpy())
    _, away = tree.query_nearest(shapely.centroid(blocks.geometry.to_numpy()), return_distance=True, all_matches=False)
    assert (away > truth["services"]["limit_m"]).sum() == truth["services"]["blocks_certainly_unserved"]


def test_contacts_are_visits_that_overlap(layer, truth):
    visits = layer("artificial.visits")
    case = visits[visits["pseudonym"] == truth["contacts"]["case"]]
    both = visits[visits["pseudonym"] != truth["contacts"]["case"]].merge(
        case, on="building_id", suffixes=("", "_case")
    )
    minutes = (
        np.minimum(both["left"], both["left_case"]) - np.maximum(both["arrived"], both["arrived_case"])
    ).dt.total_seconds() / 60
    found = both["pseudonym"][minutes >= 15]
    assert sorted(found) == sorted(row["pseudonym"] for row in truth["contacts"]["contacts_of_at_least_15_minutes"])
