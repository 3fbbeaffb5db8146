"""rank_renewal_units: published and hand-computed ranks, and the old quarters of the sample county."""

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger
from spacegov.errors import BadPolicy, MissingColumn
from spacegov.tools.use import rank_renewal_units


def units(**columns):
    count = len(next(iter(columns.values())))
    shapes = [shapely.box(5e5 + 200 * n, 3e6, 5e5 + 200 * n + 100, 3e6 + 100) for n in range(count)]
    return GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")


def criteria(*rows):
    table = pd.DataFrame(rows, columns=["criterion", "better", "weight"])
    return table.assign(unit="", source="", formula=[f"mean(units, {name})" for name in table["criterion"]])


GOLDEN = criteria(("a", "more", 0.5), ("b", "more", 0.3), ("c", "less", 0.2))
CARS = {"a": [4.0, 2.0, 5.0], "b": [3.0, 5.0, 1.0], "c": [100.0, 60.0, 140.0]}


def rank(frame, table=GOLDEN, **options):
    with ledger.collect() as book:
        answer = rank_renewal_units(frame, criteria=table, **options)
    return answer, book


def test_topsis_golden_numbers():
    answer, _ = rank(units(**CARS))
    assert answer.units[["rank", "unit"]].to_numpy().tolist() == [[1, "0"], [2, "2"], [3, "1"]]
    assert answer.units["score"].tolist() == pytest.approx([0.58196, 0.50290, 0.49710], abs=5e-6)
    sums = answer.criteria.groupby("unit")["contribution"].sum()
    assert sums.tolist() == pytest.approx([1.0] * 3)


def test_contributions_of_topsis_by_hand():
    # norm 5 in both; weighted .3, .4 and .4, .3: each is best in one and worst in the other
    answer, _ = rank(units(a=[3.0, 4.0], b=[4.0, 3.0]), criteria(("a", "more", 1), ("b", "more", 1)))
    assert answer.units["score"].tolist() == pytest.approx([0.5, 0.5])
    assert answer.units["rank"].tolist() == [1, 1]
    assert answer.units["leading"].tolist() == ["b", "a"]
    assert answer.criteria["contribution"].tolist() == pytest.approx([0.0, 1.0, 1.0, 0.0])


def test_weighted_sum_by_hand_and_how_sure_the_ranks_are():
    # a from 0 to 1: 1, .5, 0; b (less): 0, .5, 1; weights .6 and .4 give .6, .5, .4
    table = criteria(("a", "more", 3), ("b", "less", 2))
    answer, book = rank(units(a=[10.0, 5.0, 0.0], b=[9.0, 5.0, 1.0]), table, method="weighted")
    assert answer.units["score"].tolist() == pytest.approx([0.6, 0.5, 0.4])
    assert answer.criteria["weight"].tolist() == pytest.approx([0.6, 0.4] * 3)
    assert answer.criteria["contribution"].tolist() == pytest.approx([0.6, 0.0, 0.3, 0.2, 0.0, 0.4])
    # .48 : .4 and .6 : .48 keep the order; with weights moved by .6 it is .24 : .4 and turns round
    assert answer.units[["rank_best", "rank_worst"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    wide, _ = rank(units(a=[10.0, 5.0, 0.0], b=[9.0, 5.0, 1.0]), table, method="weighted", weight_change=0.6)
    assert wide.units[["rank_best", "rank_worst"]].to_numpy().tolist() == [[1, 3], [2, 2], [1, 3]]
    assert book.notes["figures"]["ranked"] == 3


def test_judgements_give_the_weights_and_contradictions_are_refused():
    pairs = pd.DataFrame([("a", "b", 3.0), ("a", "c", 5.0), ("b", "c", 2.0)], columns=["first", "second", "value"])
    answer, _ = rank(units(**CARS), judgements=pairs)
    assert answer.criteria["weight"].tolist()[:3] == pytest.approx([0.6483, 0.2297, 0.1220], abs=5e-5)
    with pytest.raises(BadPolicy, match="contradict"):
        rank(units(**CARS), judgements=pairs.assign(value=[3.0, 5.0, 0.5]))


def test_what_is_not_known_is_not_ranked_and_other_uses_are_left_out():
    frame = units(**{**CARS, "b": [3.0, np.nan, 1.0]}, use=["old", "old", "new"])
    answer, book = rank(frame, use="use", uses=("old",))
    assert answer.units[["unit", "answer", "missing"]].to_numpy().tolist() == [
        ["0", "present", ""],
        ["1", "failed", "b"],
    ]
    assert answer.units["rank"].isna().tolist() == [False, True]
    assert book.drops[0].count == 1
    assert "not ranked" in book.doubts[-1].text


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(*[st.integers(0, 20)] * 3), min_size=1, max_size=8),
    st.sampled_from(["topsis", "weighted"]),
    st.floats(0.1, 100),
)
def test_scores_do_not_depend_on_order_or_scale_and_a_better_unit_is_never_behind(rows, method, scale):
    values = np.array(rows, dtype=float)
    frame = units(a=values[:, 0], b=values[:, 1], c=values[:, 2])
    answer, _ = rank(frame, method=method)
    score = answer.units.set_index("unit")["score"]
    assert ((score >= 0) & (score <= 1)).all()
    turned, _ = rank(frame.iloc[::-1], method=method)
    pd.testing.assert_series_equal(turned.units.set_index("unit")["score"].sort_index(), score.sort_index())
    scaled, _ = rank(frame.assign(a=frame["a"] * scale), method=method)
    assert scaled.units.set_index("unit")["score"].sort_index().tolist() == pytest.approx(score.sort_index().tolist())
    better = values * [1, 1, -1]
    for one in range(len(values)):
        for other in range(len(values)):
            if (better[one] >= better[other]).all():
                assert score[str(one)] >= score[str(other)] - 1e-12


def test_an_empty_layer_and_a_single_unit():
    empty, _ = rank(units(**CARS).iloc[:0])
    assert [len(frame) for frame in empty] == [0, 0]
    assert empty.units.crs == "EPSG:4549"
    alone, _ = rank(units(a=[1.0], b=[2.0], c=[3.0]))
    assert alone.units[["rank", "score"]].to_numpy().tolist() == [[1, 0.5]]


def test_bad_input_is_refused():
    for weight in (-1.0, 0.0, None):
        with pytest.raises(BadPolicy, match="weight of 0 or more"):
            rank(units(**CARS), GOLDEN.assign(weight=weight))
    with pytest.raises(BadPolicy, match="more or less"):
        rank(units(**CARS), GOLDEN.assign(better="none"))
    with pytest.raises(BadPolicy, match="no criterion"):
        rank(units(**CARS), GOLDEN.iloc[:0])
    with pytest.raises(MissingColumn):
        rank(units(**CARS), use="kind")


def test_old_quarters_of_the_county():
    county = spacegov.open()
    result = county.run("rank-renewal-units")
    found, evidence = result.frames["units"], result.frames["criteria"]
    blocks = county.layers["artificial.blocks"].read()
    assert set(found["unit"]) == set(blocks.loc[blocks["use"] == "old", "block_id"])
    houses = county.layers["artificial.buildings"].read()
    first = found["unit"].iloc[0]
    own = houses[houses["block_id"] == first]
    value = evidence.set_index(["unit", "criterion"])["value"]
    assert value[first, "building-age"] == pytest.approx(2025 - own.loc[own["year"] <= 2025, "year"].mean())
    assert value[first, "brick-timber"] == pytest.approx((own["structure"] == "brick-timber").mean())
    assert value[first, "elderly"] == pytest.approx(own["elderly"].sum() / own["residents"].sum())
