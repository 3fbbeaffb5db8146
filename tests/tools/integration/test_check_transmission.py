import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.integration import check_transmission
from tests.tools.integration.frames import EAST, NORTH, box, layer

USES = read_policy("plan-transmission-2025")


def master(*shapes, use="07", **columns):
    return layer("master", list(shapes), use=use, **columns)


def detailed(*shapes, use="0701", **columns):
    return layer("detailed", list(shapes), use=use, **columns)


def check(old, new, *more, **options):
    return check_transmission(old, new, *more, uses=options.pop("uses", USES), **options)


BLOCK = box(0, 0, 100, 100)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("07", "0701", None),
        ("0701", "0701", None),
        ("07", "1402", "allowed"),
        ("16", "0901", "allowed"),
        ("14", "0901", "deviation"),
        ("08", "0701", "deviation"),
        ("farmland", "0701", "deviation"),
        ("urban", "0901", None),
        ("07", "1001", "unknown"),
        (None, "0701", "unknown"),
    ],
)
def test_uses_are_handed_on_by_the_table(old, new, verdict):
    deviations, _ = check(master(BLOCK, use=[old]), detailed(BLOCK, use=[new]))
    assert deviations["verdict"].tolist() == ([] if verdict is None else [verdict])


def test_a_change_of_use_has_its_area_and_share():
    deviations, by_kind = check(master(BLOCK, box(100, 0, 200, 100), use=["07", "14"]), detailed(box(50, 0, 150, 100)))
    (row,) = deviations.to_dict("records")
    assert (row["kind"], row["master_record"], row["detailed_record"]) == ("use", "1", "0")
    assert (row["required"], row["planned"], row["area_m2"], row["share"]) == ("14", "0701", 5000, 0.5)
    assert row["note"] == "green and open space is kept"
    assert by_kind["area_m2"].tolist() == [5000]


def test_limits_of_intensity():
    old = master(BLOCK, ratio=[2.0], height=[24.0], green=[0.3], cover=[None])
    new = detailed(BLOCK, ratio=[2.5], height=[24.0], green=[0.25], cover=[0.9])
    old["cover"] = old["cover"].astype(float)
    bounds = {"ratio": "ceiling", "height": "ceiling", "green": "floor", "cover": "ceiling"}
    deviations, _ = check(old, new, intensity=bounds)
    found = deviations.set_index("item")
    # the height is at its limit, and an empty limit binds nobody
    assert found["difference"].to_dict() == pytest.approx({"ratio": 0.5, "green": -0.05})
    assert found.loc["ratio", ["required", "planned", "verdict"]].tolist() == ["2", "2.5", "deviation"]


def test_a_limit_without_a_planned_value_is_unknown():
    deviations, _ = check(
        master(BLOCK, ratio=[2.0]), detailed(BLOCK, ratio=[float("nan")]), intensity={"ratio": "ceiling"}
    )
    assert deviations[["kind", "verdict"]].to_numpy().tolist() == [["intensity", "unknown"]]


def test_ground_outside_the_master_plan_and_gaps_on_request():
    old, new = master(box(0, 0, 100, 100)), detailed(box(50, 0, 150, 100))
    assert check(old, new).deviations[["kind", "area_m2", "share"]].to_numpy().tolist() == [["outside", 5000, 0.5]]
    both = check(old, new, gaps=True).deviations
    assert both["kind"].tolist() == ["outside", "gap"]
    # a border that moved by half a metre is within the tolerance
    assert check(old, detailed(box(0, 0, 100.5, 100))).deviations.empty


def test_facilities_are_counted_in_units_and_over_all():
    old = master(BLOCK, box(100, 0, 200, 100), quarter=["A", "B"])
    new = detailed(BLOCK, box(100, 0, 200, 100))
    places = layer(
        "facilities", [shapely.Point(EAST + x, NORTH + 50) for x in (10, 20, 150)], kind=["school", "shop", "school"]
    )
    wanted = pd.DataFrame({"quarter": ["A", "B", "B"], "kind": ["school", "school", "shop"], "count": [1, 2, 1]})
    deviations, _ = check(old, new, places, wanted, unit="quarter")
    assert deviations[["item", "master_record", "required", "planned", "difference"]].to_numpy().tolist() == [
        ["school", "B", "2", "1", -1],
        ["shop", "B", "1", "0", -1],
    ]
    whole = check(old, new, places, pd.DataFrame({"kind": ["school", "clinic"], "count": [2, 1]})).deviations
    assert whole["item"].tolist() == ["clinic"]
    assert whole.geometry.isna().all()


def test_a_faithful_plan_deviates_in_nothing():
    deviations, by_kind = check(master(BLOCK), detailed(box(0, 0, 50, 100), box(50, 0, 100, 100)))
    assert deviations.empty
    full = check(master(BLOCK), detailed(BLOCK, use="1001"))
    assert deviations.dtypes.to_dict() == full.deviations.dtypes.to_dict()
    assert by_kind.dtypes.to_dict() == full.by_kind.dtypes.to_dict()


def test_an_empty_detailed_plan_is_all_gap():
    assert check(master(BLOCK), detailed(BLOCK).iloc[:0], gaps=True).deviations["kind"].tolist() == ["gap"]


def test_order_of_features_changes_nothing():
    old = master(*(box(x, 0, x + 50, 100) for x in range(0, 500, 50)), use=["07", "14"] * 5)
    new = detailed(*(box(x, 10, x + 37, 110) for x in range(0, 480, 40)))
    usual = check(old, new).deviations
    mixed = check(old.sample(frac=1, random_state=1), new.sample(frac=1, random_state=2)).deviations
    pd.testing.assert_frame_equal(usual.drop(columns="geometry"), mixed.drop(columns="geometry"))


@given(st.integers(0, 150), st.integers(2, 150))
@settings(max_examples=25, deadline=None)
def test_the_detailed_plan_lies_within_or_outside(west, width):
    with collect() as ledger:
        deviations, _ = check(
            master(BLOCK, use="14"), detailed(box(west, 0, west + width, 100)), min_area=0, tolerance=0
        )
    areas = deviations.groupby("kind")["area_m2"].sum()
    assert areas.sum() == pytest.approx(100 * width)
    assert areas.get("use", 0) == pytest.approx(100 * max(0, min(100, west + width) - west))
    assert abs(ledger.balances[0].difference) < 1e-3


def test_bad_input_is_refused():
    old, new = master(BLOCK), detailed(BLOCK)
    wanted = pd.DataFrame({"kind": ["school"], "count": [1]})
    with pytest.raises(BadPolicy, match="the verdict 'fine'"):
        check(old, new, uses=USES.assign(verdict="fine"))
    with pytest.raises(BadInput, match="none were given, the requirements ask for them"):
        check(old, new, None, wanted)
    with pytest.raises(MissingColumn, match="'ratio' of intensity is missing"):
        check(old, new, intensity={"ratio": "ceiling"})
    with pytest.raises(BadInput, match="holds no numbers"):
        check(old.assign(ratio="2"), new.assign(ratio="2"), intensity={"ratio": "ceiling"})
    with pytest.raises(BadInput, match="intensity"):
        check(old, new, intensity={"use": "about"})
    places = layer("facilities", [shapely.Point(EAST, NORTH)], kind=["school"])
    with pytest.raises(BadInput, match="'C' in 'quarter' is no unit"):
        check(old.assign(quarter="A"), new, places, wanted.assign(quarter="C"), unit="quarter")
