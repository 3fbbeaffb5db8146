"""check_shoreline_buffer: zones by arithmetic, rules by their days, cases and first-seen dates."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame, read_file
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

import spacegov
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.protection import check_shoreline_buffer, monitor_encroachment

BUFFERS = read_policy("shoreline-buffers-2025")
KINDS = read_policy("shoreline-kinds-2025")
EAST, NORTH = 5e5, 3e6


def place(shape):
    return shapely.transform(shape, lambda points: points + np.array([EAST, NORTH]))


def layer(shapes, **columns):
    return GeoDataFrame(columns, geometry=[place(shape) for shape in shapes], crs="EPSG:4549")


def patches(*boxes, date="2025-10-03", kind="building"):
    count = len(boxes)
    return layer(
        [box(*bounds) for bounds in boxes],
        kind=[kind] * count if isinstance(kind, str) else kind,
        date=[date] * count if isinstance(date, str) else date,
    )


def zones(*rows):
    """Rows of class, zone, from, to, verdict and, where it matters, the first and last day."""
    rows = [(*row, *[None] * (7 - len(row))) for row in rows]
    table = pd.DataFrame(rows, columns=["class", "zone", "from_m", "to_m", "verdict", "valid_from", "valid_to"])
    return table.assign(theme="water", article=None)


LAKE = layer([box(0, -100, 1000, 0)], kind=["lake"])
BANKS = zones((None, "bank", 0, 30, "prohibited"), (None, "outer", 30, 50, "conditional"))


def check(protected, changes, permits=None, **options):
    given = protected if isinstance(protected, list) else [protected]
    with collect() as book:
        answer = check_shoreline_buffer(
            given,
            changes,
            permits,
            **{"buffers": BANKS, "themes": ["water"] * len(given), "kind": "kind", "date": "date", **options},
        )
    return answer, book


def test_a_change_is_divided_among_the_zones_and_the_distance_is_exact():
    answer, book = check(LAKE, patches((100, 10, 110, 60)))
    found = answer.intrusions.set_index("zone")
    assert found["area_m2"].to_dict() == {"bank": pytest.approx(200), "outer": pytest.approx(200)}
    assert found["share"].to_dict() == {"bank": pytest.approx(0.4), "outer": pytest.approx(0.4)}
    assert found["distance_m"].to_dict() == {"bank": 10, "outer": pytest.approx(30)}
    assert found["verdict"].to_dict() == {"bank": "prohibited", "outer": "conditional"}
    assert answer.patches["encroached_m2"].tolist() == [pytest.approx(400)]
    assert len(answer.cases) == 1
    assert book.notes["figures"]["case_ground_m2"] == pytest.approx(400)


@pytest.mark.parametrize(("south", "found"), [(49.8, 1), (50.0, 0), (50.2, 0)])
def test_what_only_touches_the_buffer_is_outside(south, found):
    answer, _ = check(LAKE, patches((100, south, 110, south + 20)))
    assert len(answer.intrusions) == found
    assert answer.patches["answer"].tolist() == ["present" if found else "absent"]


def test_the_feature_itself_is_a_zone_only_where_the_table_says_so():
    inside = patches((100, -20, 110, 10))
    without, _ = check(LAKE, inside)
    assert without.intrusions["area_m2"].tolist() == [pytest.approx(100)]
    with_body, _ = check(LAKE, inside, buffers=pd.concat([zones((None, "water", 0, 0, "prohibited")), BANKS]))
    assert with_body.intrusions.set_index("zone")["area_m2"].to_dict() == {
        "water": pytest.approx(200),
        "bank": pytest.approx(100),
    }
    assert with_body.intrusions["distance_m"].tolist() == [0, 0]


def test_a_round_corner_has_the_area_of_a_circle():
    corner = layer([Point(0, 0)])
    answer, _ = check(corner, patches((0, 0, 60, 60)), buffers=zones((None, "ring", 20, 50, "prohibited")))
    assert answer.intrusions["area_m2"].tolist() == [pytest.approx(np.pi / 4 * (50**2 - 20**2), rel=3e-4)]


def test_the_shore_of_a_line_lies_half_its_width_away():
    river = layer([LineString([(0, 0), (1000, 0)])], wide=[40.0])
    answer, _ = check(river, patches((100, 25, 110, 60)), width="wide")
    found = answer.intrusions.set_index("zone")
    assert found["area_m2"].to_dict() == {"bank": pytest.approx(250), "outer": pytest.approx(100)}
    assert found.loc["bank", "distance_m"] == pytest.approx(5)


def test_every_class_has_its_own_width_and_a_class_without_a_zone_is_a_doubt():
    waters = layer([box(0, -10, 100, 0), box(200, -10, 300, 0), box(400, -10, 500, 0)], kind=["lake", "pond", "puddle"])
    table = zones(("lake", "bank", 0, 50, "prohibited"), ("pond", "bank", 0, 10, "conditional"))
    changes = patches((50, 5, 60, 25), (250, 5, 260, 25), (450, 5, 460, 25))
    answer, book = check(waters, changes, buffers=table, feature_class="kind")
    assert answer.intrusions[["patch", "classes", "verdict", "area_m2"]].to_numpy().tolist() == [
        ["0", "lake", "prohibited", pytest.approx(200)],
        ["1", "pond", "conditional", pytest.approx(50)],
    ]
    assert any("puddle" in doubt.text for doubt in book.doubts)
    rest = pd.concat([table, zones((None, "bank", 0, 20, "conditional"))])
    answer, book = check(waters, changes, buffers=rest, feature_class="kind")
    assert answer.intrusions["area_m2"].tolist() == pytest.approx([200, 50, 150])
    assert not book.doubts


def test_where_zones_of_a_theme_overlap_the_strictest_takes_the_ground_once():
    two = layer([box(0, -100, 1000, 0), box(0, 70, 1000, 170)], kind=["lake", "lake"])
    answer, _ = check(two, patches((100, 0, 110, 70)))
    found = answer.intrusions.set_index("zone")["area_m2"]
    assert found.to_dict() == {"bank": pytest.approx(600), "outer": pytest.approx(100)}
    assert answer.intrusions["records"].tolist() == ["0; 1", "0; 1"]


@pytest.mark.parametrize(
    ("seen", "verdict", "cases"),
    [("2018-06-09", "earlier", 0), ("2018-06-10", "prohibited", 1), ("2024-12-31", "prohibited", 1)],
)
def test_the_rule_in_force_when_the_change_was_seen_judges_it(seen, verdict, cases):
    table = zones((None, "bank", 0, 30, "prohibited", "2018-06-10"))
    answer, _ = check(LAKE, patches((100, 10, 110, 20), date=seen), buffers=table)
    assert answer.intrusions["verdict"].tolist() == [verdict]
    assert len(answer.cases) == cases
    assert answer.intrusions["case"].notna().sum() == cases


def test_a_wider_zone_that_came_later_does_not_judge_what_the_older_one_allowed():
    table = zones(
        (None, "bank", 0, 10, "prohibited", None, "2019-12-31"), (None, "bank", 0, 30, "prohibited", "2020-01-01")
    )
    changes = patches((100, 15, 110, 25), (200, 15, 210, 25), date=["2019-05-05", "2020-05-05"])
    answer, _ = check(LAKE, changes, buffers=table)
    assert answer.intrusions["patch"].tolist() == ["1"]
    assert answer.patches["answer"].tolist() == ["absent", "present"]


def test_kinds_of_change_are_judged_reviewed_or_allowed():
    rules = pd.DataFrame(
        [[None, "building", "encroachment"], [None, "bridge", "review"], [None, "reed", "allowed"]],
        columns=["theme", "kind", "verdict"],
    )
    changes = patches(*((x, 0, x + 10, 10) for x in (0, 100, 200, 300)), kind=["building", "bridge", "reed", "circus"])
    answer, book = check(LAKE, changes, kinds=rules)
    assert answer.intrusions["verdict"].tolist() == ["prohibited", "review", "unknown"]
    assert answer.patches["answer"].tolist() == ["present", "present", "absent", "present"]
    assert book.drops[0].area_m2 == pytest.approx(100)


def test_a_permit_in_force_takes_its_ground_out_of_the_case():
    granted = layer([box(100, 0, 105, 100), box(300, 0, 400, 100)], valid_from=["2024-01-01"] * 2)
    granted["valid_to"] = [None, "2025-10-02"]
    answer, _ = check(LAKE, patches((100, 0, 110, 10), (300, 0, 310, 10)), granted)
    found = answer.intrusions
    assert found["permitted"].tolist() == ["partly", "unpermitted"]
    assert found["unpermitted_m2"].tolist() == pytest.approx([50, 100])
    assert found["permits_not_in_force"].fillna("").tolist() == ["", "1"]
    assert answer.cases["area_m2"].tolist() == pytest.approx([50, 100])


def test_patches_of_one_site_are_one_case_since_the_first():
    changes = patches(
        (0, 0, 10, 10), (10, 0, 20, 10), (500, 0, 510, 10), date=["2024-05-01", "2022-05-01", "2023-05-01"]
    )
    answer, _ = check(LAKE, changes)
    assert answer.cases["first_seen"].dt.year.tolist() == [2022, 2023]
    assert answer.cases["last_seen"].dt.year.tolist() == [2024, 2023]
    assert answer.cases["patch_count"].tolist() == [2, 1]
    assert answer.intrusions["first_seen"].dt.year.tolist() == [2022, 2022, 2023]
    assert answer.intrusions["case"].tolist() == [1, 1, 2]


def test_a_change_without_a_date_fails_and_gaps_of_coverage_are_told():
    lake = LAKE.copy()
    lake.attrs["layer"] = "lakes"
    covered = {"lakes": layer([box(0, -100, 500, 100)])}
    changes = patches((0, 0, 10, 10), (100, 60, 110, 70), (600, 60, 610, 70), date=["soon", *["2025-01-01"] * 2])
    answer, book = check(lake, changes, coverage=covered)
    assert answer.patches["answer"].tolist() == ["failed", "absent", "not_covered"]
    assert any("no readable date" in doubt.text for doubt in book.doubts)
    undated, _ = check(lake, changes.drop(columns="date"), date=None)
    assert undated.patches["answer"].tolist() == ["present", "absent", "absent"]


squares = st.lists(st.tuples(st.integers(-80, 80), st.integers(-80, 80), st.integers(5, 60)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=12)
@given(squares, st.integers(-70, 70))
def test_zones_sum_to_the_buffer_and_order_and_cutting_change_nothing(features, cut):
    shapes = [box(x, y, x + size, y + size) for x, y, size in features]
    whole = patches((-100, -100, 100, 100))
    body = pd.concat([zones((None, "water", 0, 0, "prohibited")), BANKS], ignore_index=True)
    answer, _ = check(layer(shapes), whole, buffers=body)
    rim = shapely.union_all([shapely.buffer(shape, 50, quad_segs=64) for shape in shapes])
    truth = shapely.intersection(rim, box(-100, -100, 100, 100)).area
    assert answer.intrusions["area_m2"].sum() == pytest.approx(truth, rel=1e-6)
    turned, _ = check(layer(shapes[::-1]), whole, buffers=body.iloc[::-1])
    by_zone = answer.intrusions.groupby("zone")["area_m2"].sum()
    assert turned.intrusions.groupby("zone")["area_m2"].sum().to_dict() == pytest.approx(by_zone.to_dict())
    halves, _ = check(layer(shapes), patches((-100, -100, cut, 100), (cut, -100, 100, 100)), buffers=body, min_area=0)
    parts = halves.intrusions.groupby("zone")["area_m2"].sum()
    assert parts.reindex(by_zone.index).fillna(0).to_numpy() == pytest.approx(by_zone.to_numpy(), abs=1e-3)


def test_empty_layers_have_their_columns():
    for waters, changes in ((LAKE.iloc[:0], patches((0, 0, 10, 10))), (LAKE, patches((0, 0, 10, 10)).iloc[:0])):
        answer, _ = check(waters, changes)
        assert len(answer.intrusions) == len(answer.cases) == 0
        assert answer.intrusions.crs == "EPSG:4549"
        assert str(answer.intrusions["first_seen"].dtype) == "datetime64[s]"
        assert answer.intrusions["area_m2"].dtype == "float64"


def test_bad_input_is_refused():
    changes = patches((0, 0, 10, 10))
    with pytest.raises(BadInput, match="one each is needed"):
        check(LAKE, changes, themes=["water", "coast"])
    with pytest.raises(MissingColumn, match="widths"):
        check(LAKE, changes, width="breadth")
    with pytest.raises(MissingColumn):
        check(LAKE, changes, feature_class="order")
    with pytest.raises(BadPolicy, match="from near to far"):
        check(LAKE, changes, buffers=zones((None, "bank", 30, 10, "prohibited")))
    with pytest.raises(BadPolicy, match="prohibited, conditional"):
        check(LAKE, changes, buffers=zones((None, "bank", 0, 10, "forbidden")))
    with pytest.raises(BadPolicy, match="before valid_from"):
        check(LAKE, changes, buffers=zones((None, "bank", 0, 10, "prohibited", "2020-01-01", "2019-01-01")))
    bow = GeoDataFrame(
        {"kind": ["building"], "date": ["2025-01-01"]},
        geometry=[place(Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]))],
        crs="EPSG:4549",
    )
    with pytest.raises(BadInput):
        check(LAKE, bow)


def test_a_zone_of_the_sample_county_agrees_with_drawn_ground_under_the_same_permits():
    """The same ground drawn by hand and given to monitor_encroachment has the same intrusions."""
    layers = spacegov.open().layers
    waters, changes, permits = (
        layers[name].read() for name in ("natural.water-bodies", "artificial.change-patches", "artificial.permits")
    )
    rivers = waters[waters["kind"] == "river"]
    dates = {"valid_from": "issued", "valid_to": "valid_to"}
    table = zones(("river", "bank", 0, 50, "prohibited"))
    answer, _ = check([waters], changes, permits, buffers=table, feature_class="kind", date="date", **dates)
    drawn = rivers.assign(control="bank", geometry=rivers.buffer(50, quad_segs=64))
    drawn.geometry = drawn.geometry.difference(rivers.union_all())
    other = monitor_encroachment([drawn], changes, permits, **dates)
    assert len(answer.intrusions) > 5
    assert answer.intrusions["patch"].tolist() == other.encroachments["patch"].tolist()
    for column in ("area_m2", "permitted_m2"):
        assert answer.intrusions[column].to_numpy() == pytest.approx(other.encroachments[column].to_numpy(), abs=1e-3)
    assert answer.cases["area_m2"].sum() == pytest.approx(other.cases["area_m2"].sum(), abs=1e-3)


def test_the_default_tables_serve_the_sample_county():
    layers = spacegov.open().layers
    protected = [
        layers[name].read() for name in ("natural.water-bodies", "natural.rivers", "planned.heritage-protection")
    ]
    with collect() as book:
        answer = check_shoreline_buffer(
            protected,
            layers["artificial.change-patches"].read(),
            buffers=BUFFERS,
            kinds=KINDS,
            kind="kind",
            date="date",
            themes=["water", "stream", "heritage"],
            feature_class=["kind", "order", "zone"],
            width="width_m",
        )
    assert not book.doubts
    pairs = answer.intrusions.groupby(["patch", "theme"])["share"].sum()
    assert (pairs <= 1 + 1e-9).all()
    assert (answer.patches["answer"] == "present").sum() == answer.intrusions["patch"].nunique()


def test_real_buildings_by_a_real_river():
    """Buildings of Swellendam within 32 m of its rivers, the same as drawn with geopandas."""
    folder = os.environ.get("SPACEGOV_REAL_DATA")
    if not folder:
        pytest.skip("SPACEGOV_REAL_DATA names no folder of real layers")
    data = Path(folder) / "swellendam"
    rivers = read_file(data / "shapefile" / "rivers.shp").to_crs("EPSG:32734")
    buildings = read_file(data / "training_data.gpkg", layer="buildings").to_crs("EPSG:32734")
    table = zones((None, "bank", 0, 32, "prohibited"))
    answer, _ = check(rivers, buildings, buffers=table, kind="building", date=None, min_area=0, min_width=0)
    bank = rivers.buffer(32, quad_segs=64).union_all()
    ground = buildings.intersection(bank).area
    assert len(answer.intrusions) == (ground > 1e-9).sum() > 10
    assert answer.patches["encroached_m2"].to_numpy() == pytest.approx(ground.to_numpy(), abs=1e-6)
    near = buildings.distance(rivers.union_all())
    found = answer.intrusions.set_index("patch")["distance_m"]
    own = near[near.index.isin(found.index.astype(int))]
    assert found.loc[own.index.astype(str)].to_numpy() == pytest.approx(own.to_numpy(), abs=1e-6)
