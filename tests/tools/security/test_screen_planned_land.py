"""screen_planned_land on strips of ten square metres a metre."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadPolicy, MissingColumn
from spacegov.tools.security import screen_planned_land

COLUMNS = ["use", "hazard", "grade", "verdict", "measures"]
RULES = pd.DataFrame(
    [
        ("urban", "any", "high", "not_acceptable", None),
        ("urban", "any", "low", "with_measures", "drainage"),
        ("urban", "quake", "low", "with_measures", "light construction"),
        ("farm", "any", "any", "acceptable", None),
    ],
    columns=COLUMNS,
)


def strips(*bounds, layer=None, **columns):
    shapes = [shapely.box(500_000 + a, 3_260_000, 500_000 + b, 3_260_010) for a, b in bounds]
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    if layer:
        frame.attrs["layer"] = layer
    return frame


def screen(*args, **options):
    with ledger.collect() as book:
        answer = screen_planned_land(*args, **{"rules": RULES, **options})
    return answer, book


def test_the_severest_verdict_counts_and_every_place_once():
    plan = strips((0, 100), use=["urban"])
    flood = strips((0, 40), (30, 60), layer="flood", grade=["low", "high"])
    quake = strips((0, 20), layer="quake", grade=["low"])
    answer, book = screen(plan, [flood, quake])
    row = answer.patches.iloc[0]
    assert row[["not_acceptable_m2", "with_measures_m2", "unknown_m2", "acceptable_m2"]].tolist() == [300, 300, 0, 400]
    assert (row["verdict"], row["answer"]) == ("not_acceptable", "present")
    assert row["measures"] == "drainage; light construction"
    assert row["hazards"] == "flood: high; flood: low; quake: low"
    assert answer.pieces["verdict"].tolist() == ["not_acceptable", "with_measures"]
    assert answer.pieces["share"].tolist() == [0.3, 0.3]
    assert book.notes["figures"]["not_acceptable_m2"] == 300


def test_pairs_without_a_rule_are_unknown_and_never_acceptable():
    answer, book = screen(strips((0, 10), use=["mine"]), [strips((0, 5), grade=["high"])])
    assert answer.patches[["verdict", "unknown_m2", "acceptable_m2"]].to_numpy().tolist() == [["unknown", 50, 50]]
    assert any("no rule" in doubt.text and "mine" in doubt.where for doubt in book.doubts)


def test_acceptable_ground_on_a_hazard_stays_visible():
    answer, _ = screen(strips((0, 10), use=["farm"]), [strips((0, 5), grade=["high"])])
    assert answer.patches[["answer", "verdict", "acceptable_m2"]].to_numpy().tolist() == [
        ["present", "acceptable", 100]
    ]
    assert answer.pieces["verdict"].tolist() == ["acceptable"]


def test_ground_that_nobody_surveyed_is_not_acceptable_by_silence():
    known = strips((-10, 50))
    plan = strips((0, 100), (200, 210), (0, 10), use=["urban"] * 3)
    answer, _ = screen(plan, [strips((40, 60), layer="flood", grade=["low"])], coverage={"flood": known})
    assert answer.patches["not_covered_m2"].tolist() == [400, 100, 0]
    assert answer.patches["answer"].tolist() == ["present", "not_covered", "absent"]
    assert answer.patches["verdict"].tolist() == ["with_measures", "not_covered", "acceptable"]


def test_other_uses_are_dropped_and_slivers_are_no_matter():
    plan = strips((0, 10), (20, 30), use=["urban", "farm"])
    answer, book = screen(plan, [strips((9.95, 25), grade=["high"])], uses=["urban"])
    assert len(answer.patches) == 1
    assert answer.patches["acceptable_m2"].tolist() == [100]
    assert [drop.count for drop in book.drops] == [1, 1]


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15), st.sampled_from(["low", "high", "odd"])), min_size=1, max_size=5
)


@settings(deadline=None, max_examples=20)
@given(spans)
def test_areas_are_those_of_sets_of_metres_and_splitting_changes_nothing(zones):
    hazard = strips(*[(a, a + n) for a, n, _ in zones], layer="flood", grade=[g for _, _, g in zones])

    def metres(grade):
        return {m for a, n, g in zones if g == grade for m in range(a, a + n)}

    plan = strips((5, 25), (25, 50), use=["urban"] * 2)
    answer, _ = screen(plan, [hazard])
    for number, own in enumerate((set(range(5, 25)), set(range(25, 50)))):
        row = answer.patches.iloc[number]
        high = own & metres("high")
        low = (own & metres("low")) - high
        odd = (own & metres("odd")) - high - low
        parts = ["not_acceptable_m2", "with_measures_m2", "unknown_m2"]
        assert row[parts].tolist() == pytest.approx([10 * len(high), 10 * len(low), 10 * len(odd)])
    parts = [screen(plan.iloc[[n]], [hazard])[0].patches for n in range(2)]
    pd.testing.assert_frame_equal(
        pd.concat(parts, ignore_index=True).drop(columns="geometry"), answer.patches.drop(columns="geometry")
    )


def test_empty_layers_and_bad_input():
    answer, _ = screen(strips((0, 10), use=["urban"]).iloc[:0], [strips((0, 5), grade=["high"])])
    assert len(answer.patches) == len(answer.pieces) == 0
    calm, _ = screen(strips((0, 10), use=["urban"]), [strips((0, 5), grade=["high"]).iloc[:0]])
    assert calm.patches["verdict"].tolist() == ["acceptable"]
    with pytest.raises(BadPolicy, match="none is named"):
        screen(
            strips((0, 10), use=["urban"]),
            [strips((0, 5), grade=["high"])],
            rules=RULES.assign(verdict="with_measures", measures=None),
        )
    with pytest.raises(BadPolicy, match="'maybe'"):
        screen(strips((0, 10), use=["urban"]), [strips((0, 5), grade=["high"])], rules=RULES.assign(verdict="maybe"))
    with pytest.raises(MissingColumn, match="grade"):
        screen(strips((0, 10), use=["urban"]), [strips((0, 5))])
