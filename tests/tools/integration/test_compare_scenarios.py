import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.indicators import read_definitions
from spacegov.tools.integration import compare_scenarios
from tests.tools.integration.frames import box, layer


def definitions(*rows):
    return pd.DataFrame(list(rows), columns=["indicator", "unit", "direction", "formula", "source"])


WANTED = definitions(
    ["farmland", "ha", "more", "area(plan, use == 'farmland') / 10000", "x"],
    ["urban", "ha", "less", "area(plan, use == 'urban') / 10000", "x"],
    ["total", "ha", "none", "area(plan) / 10000", "x"],
    ["in-line", "ha", "less", "overlap(plan, red_line, use == 'urban') / 10000", "x"],
    ["people", "person", "more", "sum(buildings, residents)", "x"],
)


def plan(name, middle):
    """A county of 1,000 m by 100 m, urban up to the middle and farmland beyond."""
    return layer(name, [box(0, 0, middle, 100), box(middle, 0, 1000, 100)], use=["urban", "farmland"])


LINE = layer("planned.red-line", [box(350, 0, 1000, 100)])


def compare(*plans, context=(LINE,), wanted=WANTED, **options):
    return compare_scenarios(list(plans), list(context) or None, definitions=wanted, **options)


def test_values_differences_and_judgements():
    with collect() as ledger:
        indicators, _, totals = compare(plan("A", 300), plan("B", 400), plan("C", 200))
    found = indicators.set_index(["indicator", "alternative"])
    assert found.loc["farmland", "value"].to_dict() == {"A": 7, "B": 6, "C": 8}
    assert found.loc["farmland", "difference"].to_dict() == {"A": 0, "B": -1, "C": 1}
    assert found.loc["farmland", "change"].to_dict() == pytest.approx({"A": 0, "B": -1 / 7, "C": 1 / 7})
    assert found.loc["farmland", "judgement"].to_dict() == {"A": "base", "B": "worse", "C": "better"}
    assert found.loc["farmland", "score"].to_dict() == {"A": 0.5, "B": 0, "C": 1}
    assert found.loc["urban", "score"].to_dict() == {"A": 0.5, "B": 0, "C": 1}
    # 50 m of town in the line under B only
    assert found.loc["in-line", "value"].to_dict() == {"A": 0, "B": 0.5, "C": 0}
    assert found.loc["in-line", "judgement"].to_dict() == {"A": "base", "B": "worse", "C": "equal"}
    assert found.loc["total", "judgement"].to_dict() == {"A": "base", "B": "equal", "C": "equal"}
    assert found.loc["people", "missing"].unique().tolist() == ["layer buildings"]
    assert set(found.loc["people", "judgement"]) == {"not_computable"}
    assert totals.set_index("alternative").loc["B"].to_dict() == {
        "better": 0, "worse": 3, "equal": 1, "neutral": 0, "not_computable": 1, "changed_m2": 10_000,
    }  # fmt: skip
    assert ledger.notes["figures"]["not_computable"] == 1
    assert "layer buildings" in ledger.doubts[0].text


def test_changes_are_drawn_by_pair_of_uses():
    _, changes, _ = compare(plan("A", 300), plan("B", 400), plan("C", 200))
    assert changes[["alternative", "use_base", "use", "area_m2"]].to_numpy().tolist() == [
        ["B", "farmland", "urban", 10_000],
        ["C", "urban", "farmland", 10_000],
    ]
    assert changes.geometry.iloc[0].equals(box(300, 0, 400, 100))


@given(st.integers(1, 999), st.integers(1, 999))
@settings(max_examples=25, deadline=None)
def test_what_one_use_gains_the_other_loses(first, second):
    with collect():
        indicators, changes, _ = compare(plan("A", first), plan("B", second), min_area=0)
    found = indicators[indicators["alternative"] == "B"].set_index("indicator")["difference"]
    assert found["farmland"] == pytest.approx(-found["urban"])
    assert changes["area_m2"].sum() == pytest.approx(abs(first - second) * 100)


def test_the_same_alternative_twice_differs_in_nothing():
    with collect():
        indicators, changes, totals = compare(plan("A", 300), plan("A", 300))
    assert changes.empty
    assert totals["alternative"].tolist() == ["A (2)"]
    assert (totals[["better", "worse"]] == 0).all(axis=None)
    assert indicators["alternative"].unique().tolist() == ["A", "A (2)"]


def test_an_empty_alternative_has_nothing():
    with collect():
        indicators, _, _ = compare(plan("A", 300), plan("B", 300).iloc[:0])
    assert indicators.set_index(["indicator", "alternative"]).loc[("farmland", "B"), "value"] == 0


def test_the_default_definitions_are_of_the_language():
    assert len(read_definitions(read_policy("plan-indicators-2025"))) == 10


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="two are needed to compare"):
        compare(plan("A", 300))
    with pytest.raises(MissingColumn, match="'purpose' is missing"):
        compare(plan("A", 300), plan("B", 300), use="purpose")
    with pytest.raises(BadPolicy, match="did you mean 'area'"):
        compare(plan("A", 300), plan("B", 300), wanted=WANTED.assign(formula="aera(plan)"))
    with pytest.raises(BadPolicy, match="no column 'formula'"):
        compare(plan("A", 300), plan("B", 300), wanted=WANTED.drop(columns="formula"))
