"""select_farmland_replacement: the best set found by trying all sets, and every condition by hand."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import spacegov
from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, MissingColumn, Unsolvable
from spacegov.toolbox.policy import read_policy
from spacegov.tools.protection import select_farmland_replacement

GRADES = read_policy("farmland-capacity-2012")
STANDARD = read_policy("farmland-replacement-2019")


def rules(*criteria, within=10.0, slope=25.0):
    rows = [("slope_below", slope, None), ("contiguous_within", within, None)]
    rows += [(name, slack, rank) for rank, (name, slack) in enumerate(criteria, start=1)]
    table = pd.DataFrame(rows, columns=["rule", "value", "rank"]).assign(article=None)
    table["rank"] = table["rank"].astype(object)
    return table


def land(*boxes, **columns):
    shapes = [box(5e5 + west, 3e6 + south, 5e5 + east, 3e6 + north) for west, south, east, north in boxes]
    return GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs="EPSG:4549")


def strips(*spans, **columns):
    """Strips 100 m deep, from west to east."""
    count = len(spans)
    columns = {"slope_deg": [5.0] * count, "grade": [6.0] * count, "cost": [1.0] * count, **columns}
    return land(*((west, 0, east, 100) for west, east in spans), **columns)


def select(candidates, existing, *others, **options):
    with ledger.collect() as book:
        answer = select_farmland_replacement(
            candidates,
            existing,
            *others,
            **{"rules": rules(("cost", 0.0)), "grades": GRADES, "cost": "cost", **options},
        )
    return answer, book


def chosen(answer):
    return answer.candidates.loc[answer.candidates["decision"] == "selected", "candidate"].astype(int).tolist()


FIELD = land((0, -1000, 1000, 0))


@pytest.mark.parametrize(
    ("slope", "reason"), [(24.999, None), (25.0, "slope"), (25.001, "slope"), (None, "unknown_slope")]
)
def test_the_slope_must_be_below_25_degrees_strictly(slope, reason):
    both = strips((0, 100), (100, 200), slope_deg=[5.0, slope], cost=[9.0, 1.0])
    answer, book = select(both, FIELD, rules=STANDARD, deficit=5000)
    found = answer.candidates["reason"].astype(object).where(answer.candidates["reason"].notna(), None)
    assert found.tolist() == [None, reason]
    assert any("no slope" in doubt.text for doubt in book.doubts) == (reason == "unknown_slope")


def test_the_cheapest_set_closes_the_deficit_of_area_and_of_capacity():
    # 1 ha each; grades 4 and 10 give 18 and 9 t/ha
    candidates = strips((0, 100), (200, 300), (400, 500), grade=[10, 4, 10], cost=[1.0, 3.0, 1.5])
    area, _ = select(candidates, FIELD, deficit=20_000)
    assert chosen(area) == [0, 2]
    capacity, book = select(candidates, FIELD, deficit=10_000, capacity_deficit=19)
    assert chosen(capacity) == [0, 1]
    assert capacity.candidates["capacity_t"].tolist() == pytest.approx([9, 18, 9])
    assert capacity.solution[["total", "bound", "gap"]].to_numpy().tolist() == [[4.0, 4.0, 0.0]]
    assert capacity.solution["status"].tolist() == ["optimal"]
    assert book.notes["figures"]["selected_t"] == pytest.approx(27)


def test_net_area_counts_not_gross():
    candidates = strips((0, 100), (200, 300), ridges=[0.0, 0.2], cost=[2.0, 1.0])
    gross, _ = select(candidates, FIELD, deficit=10_000)
    assert chosen(gross) == [1]
    net, _ = select(candidates, FIELD, deficit=10_000, ridge_share="ridges")
    assert chosen(net) == [0]
    assert net.candidates["net_m2"].tolist() == [10_000, 8_000]


def test_contiguity_by_a_chain_pays_for_every_link_and_land_apart_is_not_eligible():
    existing = land((-100, 0, 0, 100))
    candidates = strips((0, 50), (50, 100), (100, 300), (400, 700), cost=[5.0, 5.0, 1.0, 0.0])
    answer, _ = select(candidates, existing, deficit=20_000)
    assert chosen(answer) == [0, 1, 2]
    assert answer.candidates["contiguity"].fillna("").tolist() == ["existing", "chain", "chain", ""]
    assert answer.candidates["reason"].fillna("").tolist() == ["", "", "", "apart"]
    assert answer.candidates["existing_m"].tolist() == [0, 50, 100, 400]
    bridged, _ = select(candidates, existing, deficit=20_000, rules=rules(("cost", 0.0), within=100.0))
    assert bridged.solution["total"].tolist() == [1]
    assert 2 in chosen(bridged)


def test_a_ring_of_land_apart_cannot_hold_itself_up():
    existing = land((-100, 0, 0, 100))
    ring = land(
        (0, 0, 100, 100),
        (100, 0, 200, 100),
        (200, 0, 300, 100),
        (200, 100, 300, 200),
        (300, 0, 400, 100),
        (300, 100, 400, 200),
        slope_deg=[1.0] * 6,
        grade=[5.0] * 6,
        cost=[9.0, 9.0, 0.0, 0.0, 0.0, 0.0],
    )
    answer, _ = select(ring, existing, deficit=30_000)
    assert {0, 1} <= set(chosen(answer))
    assert answer.solution["total"].tolist() == [18]


def test_criteria_follow_in_turn_and_slack_leaves_room():
    lost = land((0, 200, 10, 210))
    # two fields near by of grade 8, one a little farther of grade 3
    candidates = strips((0, 100), (300, 400), (310, 410), grade=[8, 8, 3])
    ranked = rules(("distance", 0.0), ("grade", 0.0))
    strict, _ = select(candidates, FIELD, lost, rules=ranked, deficit=10_000)
    assert chosen(strict) == [0]
    near = strips((300, 400), (420, 520), grade=[8, 3])
    strict, _ = select(near, FIELD, lost, rules=ranked, deficit=10_000)
    assert chosen(strict) == [0]
    slack, _ = select(near, FIELD, lost, rules=rules(("distance", 0.5), ("grade", 0.0)), deficit=10_000)
    assert chosen(slack) == [1]
    assert slack.solution["mean"].tolist() == pytest.approx([np.hypot(290, 100), 3])
    assert slack.solution["criterion"].tolist() == ["distance", "grade"]


def test_ground_lost_is_the_deficit_where_none_is_given_and_counts_once():
    lost = land((0, 500, 100, 550), (50, 500, 150, 550))
    answer, book = select(strips((0, 70), (200, 280)), FIELD, lost)
    assert book.notes["figures"]["deficit_m2"] == 7500
    assert chosen(answer) == [1]


def test_excluded_ground_and_existing_plots_are_cut_off():
    red = land((0, 0, 60, 100))
    red.attrs["layer"] = "red"
    candidates = strips((0, 100), (200, 300), (400, 500))
    existing = land((0, -1000, 1000, 0), (400, 0, 500, 97))
    answer, _ = select(candidates, existing, None, [red], deficit=14_000)
    assert answer.candidates["area_m2"].tolist() == pytest.approx([4000, 10_000, 300])
    assert answer.candidates["excluded_m2"].tolist() == pytest.approx([6000, 0, 9700])
    assert answer.candidates["reason"].fillna("").tolist() == ["", "", "excluded"]
    assert chosen(answer) == [0, 1]
    covered = {"red": land((0, 0, 150, 100))}
    with pytest.raises(Unsolvable, match="not_covered 1"):
        select(candidates, existing, None, [red], deficit=14_000, coverage=covered)


def test_of_land_that_lies_on_itself_one_is_taken():
    twice = strips((0, 100), (50, 150), (300, 400), cost=[1.0, 1.0, 50.0])
    answer, _ = select(twice, FIELD, deficit=20_000)
    assert 2 in chosen(answer)
    assert len(chosen(answer)) == 2


def test_what_falls_short_is_said():
    with pytest.raises(Unsolvable, match=r"30,000.0 m² of area are needed and 10,000.0 m² may be taken.*slope 1"):
        select(strips((0, 100), (200, 300), slope_deg=[5.0, 30.0]), FIELD, deficit=30_000)
    with pytest.raises(Unsolvable, match="of capacity are needed"):
        select(strips((0, 100)), FIELD, deficit=5_000, capacity_deficit=50)


cells = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 9)),
    min_size=2,
    max_size=9,
    unique_by=lambda c: c[:2],
)


@settings(deadline=None, max_examples=40)
@given(cells, st.integers(1, 5))
def test_no_set_of_all_sets_is_cheaper(squares, many):
    candidates = land(
        *((100 * x, 100 * y, 100 * x + 100, 100 * y + 100) for x, y, _ in squares),
        slope_deg=[1.0] * len(squares),
        grade=[5.0] * len(squares),
        cost=[float(cost) for *_, cost in squares],
    )
    existing = land((0, -100, 100, 0))

    def touch(one, other):
        return max(abs(squares[one][axis] - squares[other][axis]) for axis in (0, 1)) == 1

    def joined(group):
        # corners within reach count too
        reached = {n for n in group if squares[n][1] == 0 and squares[n][0] <= 1}
        while more := {n for n in set(group) - reached if any(touch(n, m) for m in reached)}:
            reached |= more
        return reached == set(group)

    sets = [
        sum(squares[n][2] for n in group)
        for size in range(many, len(squares) + 1)
        for group in combinations(range(len(squares)), size)
        if joined(group)
    ]
    if not sets:
        with pytest.raises(Unsolvable):
            select(candidates, existing, deficit=many * 10_000.0)
        return
    answer, _ = select(candidates, existing, deficit=many * 10_000.0)
    assert answer.solution["total"].tolist() == [min(sets)]
    assert joined(chosen(answer))
    turned, _ = select(candidates.iloc[::-1], existing, deficit=many * 10_000.0)
    assert turned.solution["total"].tolist() == [min(sets)]


def test_empty_layers():
    with pytest.raises(Unsolvable, match="do not suffice"):
        select(strips((0, 100)).iloc[:0], FIELD, deficit=100)
    with pytest.raises(Unsolvable, match="apart 1"):
        select(strips((0, 100)), FIELD.iloc[:0], deficit=100)
    nothing, _ = select(strips((0, 100)), FIELD, deficit=0)
    assert nothing.candidates["decision"].tolist() == ["not_selected"]


def test_bad_input_is_refused():
    candidates = strips((0, 100))
    with pytest.raises(BadInput, match="give deficit or occupied"):
        select(candidates, FIELD)
    with pytest.raises(BadInput, match="negative costs"):
        select(strips((0, 100), cost=[-1.0]), FIELD, deficit=1)
    with pytest.raises(MissingColumn):
        select(candidates, FIELD, deficit=1, slope="steepness")
    with pytest.raises(BadPolicy, match="lacks slope_below"):
        select(candidates, FIELD, deficit=1, rules=rules(("cost", 0.0)).iloc[1:])
    with pytest.raises(BadPolicy, match="ranked criterion"):
        select(candidates, FIELD, deficit=1, rules=rules())
    with pytest.raises(BadPolicy, match="beauty"):
        select(candidates, FIELD, deficit=1, rules=rules(("beauty", 0.0)))


def test_the_sample_county_finds_near_land_on_gentle_ground():
    layers = spacegov.open().layers
    reserve, plots, lost = (
        layers[name].read()
        for name in (
            "planned.farmland-reserve",
            "planned.permanent-basic-farmland",
            "artificial.conversion-approvals",
        )
    )
    answer = select_farmland_replacement(reserve, plots, lost, rules=STANDARD, grades=GRADES, deficit=50_000)
    taken = answer.candidates[answer.candidates["decision"] == "selected"]
    assert taken["net_m2"].sum() >= 50_000
    assert (taken["slope_deg"] < 25).all()
    assert (taken.loc[taken["contiguity"] == "existing", "existing_m"] <= 20).all()
    assert (answer.solution["gap"] <= 1e-6).all()
    best = answer.solution.set_index("criterion")["total"]
    used = float((taken["net_m2"] * taken["distance_m"]).sum())
    assert best["distance"] - 1e-6 <= used <= best["distance"] * 1.05 + 1e-3
