import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, BadPolicy, InvalidGeometry, MissingColumn, UnsuitableCrs
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.integration import detect_plan_conflict
from spacegov.tools.integration.conflict import CONFLICT_COLUMNS, MATRIX_COLUMNS
from tests.tools.integration.frames import CRS, EAST, NORTH, box, layer

RULES = read_policy("plan-compatibility-2025")


def detect(plans, **options):
    return detect_plan_conflict(plans, compatibility=options.pop("compatibility", RULES), **options)


def town(*shapes, **columns):
    return layer("land-use-plan", list(shapes), **{"use": "urban", **columns})


def farmland(*shapes, **columns):
    return layer("basic-farmland", list(shapes), **{"use": "farmland", "control": "basic-farmland", **columns})


def red_line(zone, *shapes):
    return layer("red-line", list(shapes), use="protection", control="red-line", sub_zone=zone)


def test_a_town_on_basic_farmland_is_prohibited():
    with collect() as ledger:
        conflicts, matrix = detect([town(box(0, 0, 100, 100)), farmland(box(80, 0, 200, 50))])
    (row,) = conflicts.to_dict("records")
    assert row["severity"] == "prohibited"
    # 20 m of overlap along 50 m
    assert row["area_m2"] == pytest.approx(20 * 50)
    assert row["share_1"] == pytest.approx(1000 / 10_000)
    assert row["share_2"] == pytest.approx(1000 / (120 * 50))
    assert (row["plan_1"], row["plan_2"]) == ("land-use-plan", "basic-farmland")
    assert (row["department_1"], row["department_2"]) == ("steward of land-use-plan", "steward of basic-farmland")
    assert row["geometry"].equals(box(80, 0, 100, 50))
    assert ledger.notes["figures"]["ground_m2"] == pytest.approx(1000)
    assert list(conflicts.columns) == [*CONFLICT_COLUMNS, "geometry"]
    assert list(matrix.columns) == list(MATRIX_COLUMNS)
    # 1,000 m² shared, 9,000 m² of the town and 5,000 m² of the farmland outside each other
    assert matrix["area_m2"].tolist() == pytest.approx([1000, 5000, 9000])
    assert matrix["compatibility"].tolist() == ["prohibited", "outside", "outside"]


# every cell of the matrix of the default table, by control, sub-zone and use: X prohibited, C conditional, O compatible
MATRIX = {
    ("red-line", "core"): "XXXXCCX",
    ("red-line", "other"): "XCCCCCX",
    ("basic-farmland", None): "XCXOXCC",
    ("farmland", None): "CCCOCCC",
    ("urban-boundary", "concentrated"): "OOCCOOC",
    ("urban-boundary", "flexible"): "CCCOOOX",
    ("urban-boundary", "special-use"): "XCCOOOX",
    ("urban-boundary", "outside"): "XCOOCOC",
    ("forest", "public-welfare"): "XCXXOCX",
    ("forest", "commercial"): "CCCCOCC",
    ("river-management", None): "XCXCCOX",
    ("source-protection", "grade-1"): "XXXXOCX",
    ("transport-reserve", None): "XOCOOCC",
    ("geohazard", "high"): "XCXOOOC",
}
USES = ("urban", "transport", "village", "farmland", "afforestation", "water-works", "mining")


@pytest.mark.parametrize(("control", "zone"), list(MATRIX))
def test_every_cell_of_the_default_matrix(control, zone):
    ground = layer("control", [box(0, 0, 10, 10)], use="nothing else asks this", control=control, sub_zone=[zone])
    for use, mark in zip(USES, MATRIX[control, zone], strict=True):
        conflicts, matrix = detect([ground, layer("plan", [box(0, 0, 10, 10)], use=use)])
        verdict = {"X": "prohibited", "C": "conditional", "O": "compatible"}[mark]
        assert matrix["compatibility"].iloc[0] == verdict, (control, zone, use)
        assert conflicts["severity"].tolist() == ([] if mark == "O" else [verdict])
        if mark == "C":
            # a condition names who decides and what must be shown
            assert conflicts[["department", "condition", "evidence", "article"]].notna().all(axis=None)


def test_the_strictest_of_two_controls_wins():
    # flexible boundary admits farmland; basic farmland prohibits the urban use of the boundary
    boundary = layer("boundary", [box(0, 0, 10, 10)], use="urban", control="urban-boundary", sub_zone="flexible")
    conflicts, _ = detect([boundary, farmland(box(0, 0, 10, 10))])
    assert conflicts["severity"].tolist() == ["prohibited"]


def test_sub_zones_are_told_apart():
    road = layer("road", [box(0, 0, 100, 10)], use="transport")
    line = pd.concat([red_line("core", box(0, 0, 30, 10)), red_line("other", box(30, 0, 100, 10))], ignore_index=True)
    line.attrs["layer"] = "red-line"
    conflicts, _ = detect([road, line])
    assert conflicts.set_index("severity")["area_m2"].to_dict() == pytest.approx(
        {"prohibited": 300, "conditional": 700}
    )
    assert conflicts["condition"].tolist()[1] == "unavoidable-and-listed"


def test_a_pair_that_is_not_listed_is_unknown_with_its_area():
    conflicts, matrix = detect([town(box(0, 0, 10, 10)), layer("tourism", [box(5, 0, 10, 10)], use="tourism")])
    assert conflicts["severity"].tolist() == ["unknown"]
    assert matrix.loc[matrix["compatibility"] == "unknown", "area_m2"].tolist() == [50]


def test_equal_uses_are_compatible_unless_a_listed_rule_is_stricter():
    _, matrix = detect([town(box(0, 0, 10, 10)), layer("other", [box(0, 0, 10, 10)], use="urban")])
    assert matrix["compatibility"].tolist()[0] == "compatible"
    special = layer("boundary", [box(0, 0, 10, 10)], use="urban", control="urban-boundary", sub_zone="special-use")
    conflicts, _ = detect([town(box(0, 0, 10, 10)), special])
    assert conflicts["severity"].tolist() == ["prohibited"]


def test_a_control_unknown_to_the_table_is_told():
    strange = layer("heritage", [box(0, 0, 10, 10)], use="keep", control="heritage")
    with collect() as ledger:
        conflicts, _ = detect([town(box(0, 0, 10, 10)), strange])
    assert conflicts["severity"].tolist() == ["unknown"]
    assert any("'heritage' is not in the compatibility table" in doubt.text for doubt in ledger.doubts)


def test_a_control_without_its_sub_zone_is_unknown_and_told():
    with collect() as ledger:
        conflicts, _ = detect([town(box(0, 0, 10, 10)), red_line(None, box(0, 0, 10, 10))])
    assert conflicts["severity"].tolist() == ["unknown"]
    assert any("state no sub-zone" in doubt.text for doubt in ledger.doubts)


def test_without_a_use_the_plan_itself_is_the_use():
    plans = [layer("A", [box(0, 0, 10, 10)]), layer("B", [box(5, 0, 15, 10)])]
    conflicts, _ = detect(plans)
    assert conflicts[["use_1", "use_2", "severity"]].to_numpy().tolist() == [["A", "B", "unknown"]]


def test_one_layer_set_against_itself_by_a_column():
    frame = layer(
        "plans",
        [box(0, 0, 10, 10), box(5, 0, 15, 10), box(8, 0, 12, 10)],
        owner=["north", "south", "south"],
    )
    with collect() as ledger:
        conflicts, _ = detect([frame], plan="owner")
    # south's two areas overlap on 8–12; that ground belongs to the larger one, so north shares 5–10 with it only
    assert conflicts["area_m2"].tolist() == [50]
    assert conflicts["record_2"].tolist() == ["1"]
    assert any("40.00 m²" in doubt.text and doubt.where == "south" for doubt in ledger.doubts)


def test_ground_and_sum_by_pair_are_two_bases():
    plans = [layer(name, [box(0, 0, 10, 10)]) for name in "ABC"]
    with collect() as ledger:
        conflicts, _ = detect(plans)
    figures = ledger.notes["figures"]
    # three pairs of plans on the same 100 m²
    assert len(conflicts) == figures["plan_pairs"] == 3
    assert figures["pair_sum_m2"] == pytest.approx(300)
    assert figures["ground_m2"] == pytest.approx(100)


def test_a_sliver_of_a_millimetre_is_none_and_is_told():
    # 1 mm along 2 km is 2 m², more than min_area, yet no width at all
    with collect() as ledger:
        conflicts, matrix = detect([town(box(0, 0, 2000, 100)), farmland(box(0, 99.999, 2000, 200))])
    assert conflicts.empty
    assert matrix.loc[0, ["area_m2", "slivers_m2"]].tolist() == pytest.approx([0, 2], abs=1e-5)
    assert ledger.drops[0].count == 1
    assert ledger.drops[0].area_m2 == pytest.approx(2, abs=1e-5)


def test_a_plan_lying_in_the_other_is_a_conflict():
    conflicts, _ = detect([town(box(0, 0, 100, 100)), farmland(box(40, 40, 60, 60))])
    assert conflicts["area_m2"].tolist() == [400]
    assert conflicts["share_2"].tolist() == [1]


def test_a_hole_of_the_one_holds_no_conflict():
    ring = shapely.difference(box(0, 0, 100, 100), box(40, 40, 60, 60))
    conflicts, _ = detect([town(ring), farmland(box(40, 40, 60, 60))])
    assert conflicts.empty


def test_patches_are_rows_of_their_own_on_request():
    comb = shapely.union_all([box(0, 0, 10, 100), box(20, 0, 30, 100), box(0, 90, 30, 100)])
    plans = [town(comb), farmland(box(0, 0, 30, 50))]
    assert len(detect(plans).conflicts) == 1
    patches = detect(plans, patches=True).conflicts
    assert patches["area_m2"].tolist() == [500, 500]
    assert patches["conflict"].tolist() == [1, 2]


def test_min_area_leaves_out_and_tells():
    with collect() as ledger:
        conflicts, _ = detect([town(box(0, 0, 10, 10)), farmland(box(9, 9, 20, 20))], min_area=2)
    assert conflicts.empty
    assert [(drop.count, drop.area_m2) for drop in ledger.drops] == [(1, pytest.approx(1))]


def test_no_conflict_gives_the_same_columns_and_crs():
    full = detect([town(box(0, 0, 10, 10)), farmland(box(0, 0, 10, 10))])
    none = detect([town(box(0, 0, 10, 10)), farmland(box(20, 0, 30, 10))])
    assert none.conflicts.empty
    assert none.conflicts.dtypes.to_dict() == full.conflicts.dtypes.to_dict()
    assert none.matrix.dtypes.to_dict() == full.matrix.dtypes.to_dict()
    assert none.conflicts.crs == CRS


def test_a_layer_without_features_is_a_plan_without_conflict():
    conflicts, _ = detect([town(box(0, 0, 10, 10)), farmland(box(0, 0, 1, 1)).iloc[:0]])
    assert conflicts.empty


def test_lines_have_no_ground():
    with collect() as ledger:
        conflicts, _ = detect(
            [town(box(0, 0, 10, 10)), layer("road", [shapely.LineString([(EAST, NORTH), (EAST + 10, NORTH + 10)])])]
        )
    assert conflicts.empty
    assert ledger.drops[0].reason == "drawn as a line or point: no ground"


def test_order_of_features_changes_nothing():
    plans = [
        town(*(box(x, 0, x + 9, 10) for x in range(0, 100, 10))),
        farmland(*(box(x, 3, x + 7, 8) for x in range(0, 95, 7))),
    ]
    usual = detect(plans).conflicts
    shuffled = detect([frame.sample(frac=1, random_state=7) for frame in plans]).conflicts
    pd.testing.assert_frame_equal(usual.drop(columns="geometry"), shuffled.drop(columns="geometry"), check_exact=True)
    assert shapely.equals_exact(
        shapely.normalize(usual.geometry.values), shapely.normalize(shuffled.geometry.values)
    ).all()


cells = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5))


@given(first=st.lists(cells, min_size=1, max_size=6), second=st.lists(cells, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_areas_equal_counted_cells(first, second):
    """Rectangles on a grid of 1 m: what two plans share is what a raster of their cells counts."""

    def grid(rectangles):
        cover = np.zeros((15, 15), dtype=bool)
        for x, y, width, height in rectangles:
            cover[x : x + width, y : y + height] = True
        return cover

    def plan(name, rectangles, **columns):
        return layer(name, [box(x, y, x + w, y + h) for x, y, w, h in rectangles], **columns)

    with collect() as ledger:
        conflicts, matrix = detect(
            [plan("town", first, use="urban"), plan("farms", second, use="farmland", control="basic-farmland")]
        )
    shared = float((grid(first) & grid(second)).sum())
    assert conflicts["area_m2"].sum() == pytest.approx(shared)
    assert ledger.notes["figures"]["ground_m2"] == pytest.approx(shared)
    assert (conflicts[["share_1", "share_2"]] <= 1).all(axis=None)
    outside = matrix[matrix["compatibility"] == "outside"]
    if shared:
        town_outside = outside.loc[outside["use_1"] == "urban", "area_m2"].sum()
        assert town_outside == pytest.approx(float((grid(first) & ~grid(second)).sum()))


@given(cells, cells)
@settings(max_examples=25, deadline=None)
def test_a_split_polygon_is_the_same_ground(one, other):
    x, y, width, height = one
    whole = box(x, y, x + width, y + height)
    parts = [box(x, y, x + width / 2, y + height), box(x + width / 2, y, x + width, y + height)]
    across = farmland(box(other[0], other[1], other[0] + other[2], other[1] + other[3]))
    options = {"min_area": 0, "min_width": 0}
    assert detect([town(whole), across], **options).conflicts["area_m2"].sum() == pytest.approx(
        detect([town(*parts), across], **options).conflicts["area_m2"].sum()
    )


def test_a_plan_that_overlaps_itself_under_two_uses_still_balances():
    double = layer("double", [box(0, 0, 10, 10), box(5, 0, 15, 10)], use=["urban", "village"])
    with collect() as ledger:
        _, matrix = detect([double, farmland(box(0, 0, 20, 10))])
    outside = matrix[(matrix["compatibility"] == "outside") & (matrix["plan_1"] == "double")]
    # the farmland's 200 m² meet the double plan on 0–15, of which 5–10 is covered twice
    assert outside.loc[outside["use_2"] == "farmland", "area_m2"].tolist() == pytest.approx([50])
    assert ledger.balances[-1].difference == pytest.approx(0)


def test_ellipsoidal_areas_differ_by_the_scale_of_the_grid():
    plans = [town(box(0, 0, 1000, 1000)), farmland(box(0, 0, 1000, 1000))]
    plane = detect(plans).conflicts["area_m2"].item()
    true = detect(plans, area_basis="ellipsoid").conflicts["area_m2"].item()
    # on the central meridian of a Gauss-Krueger zone the scale is 1
    assert plane == pytest.approx(1_000_000)
    assert true == pytest.approx(plane, rel=1e-7)
    assert true != plane


@pytest.mark.parametrize(
    ("plans", "options", "error", "words"),
    [
        ([town(box(0, 0, 1, 1))], {}, BadInput, "two are needed"),
        ([town(box(0, 0, 1, 1)), farmland(box(0, 0, 1, 1))], {"use": "usage"}, MissingColumn, "'usage' is missing"),
        (
            [town(box(0, 0, 1, 1), box(2, 0, 3, 1), owner=["a", None])],
            {"plan": "owner"},
            BadInput,
            "1 of 2 features have no",
        ),
        ([town(box(0, 0, 1, 1)), farmland(box(0, 0, 1, 1)).to_crs(4326)], {}, UnsuitableCrs, "degrees"),
        ([town(box(0, 0, 1, 1)), farmland(box(0, 0, 1, 1)).to_crs(4548)], {}, UnsuitableCrs, "one CRS is needed"),
        (
            [
                town(box(0, 0, 1, 1)),
                farmland(shapely.Polygon([(EAST, NORTH), (EAST + 9, NORTH + 9), (EAST + 9, NORTH), (EAST, NORTH + 9)])),
            ],
            {},
            InvalidGeometry,
            "broken",
        ),
        (
            [town(box(0, 0, 1, 1)), farmland(box(0, 0, 1, 1))],
            {"compatibility": RULES.assign(verdict="maybe")},
            BadPolicy,
            "'maybe' was given",
        ),
        ([town(box(0, 0, 1, 1)), farmland(box(0, 0, 1, 1))], {"compatibility": RULES[["use"]]}, BadPolicy, "no column"),
    ],
)
def test_bad_input_is_refused(plans, options, error, words):
    with pytest.raises(error, match=words):
        detect(plans, **options)


def test_adopted_plans_of_a_real_city_against_each_other():
    """The figures are those of an independent overlay: 67 pairs of more than 1 m², 4,450.5 ha in all."""
    folder = os.environ.get("SPACEGOV_REAL_DATA")
    if not folder:
        pytest.skip("SPACEGOV_REAL_DATA is not set")
    plans = gpd.read_file(Path(folder) / "baltimore_md.gpkg", layer="adopted_plans")
    areal = plans.geom_type == "MultiPolygon"
    plans.loc[areal, "geometry"] = shapely.make_valid(
        plans.geometry[areal].values, method="structure", keep_collapsed=False
    )
    with collect() as ledger:
        conflicts, _ = detect([plans], plan="plan_name")
    shapes = plans.geometry[areal].values
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    areas = shapely.area(shapely.intersection(shapes[first[first < second]], shapes[second[first < second]]))
    assert len(plans) == ledger.notes["figures"]["plans"] == 59
    assert len(conflicts) == (areas > 1).sum() == 67
    assert conflicts["area_m2"].sum() == pytest.approx(areas[areas > 1].sum(), rel=1e-9)
    assert conflicts["area_m2"].sum() / 10_000 == pytest.approx(4450.5, abs=0.05)
    assert set(conflicts["severity"]) == {"unknown"}
