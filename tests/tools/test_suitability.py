"""The rule engine of suitability: golden matrices, limits, deciding factors, missing factors, rule tables at fault."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadPolicy
from spacegov.toolbox.policy import read_policy
from spacegov.tools.suitability import RULE_COLUMNS, grade, names_of_bits, read_rules

URBAN = [[1, 1, 1, 2, 3], [1, 1, 2, 2, 3], [2, 2, 3, 3, 4], [3, 4, 4, 5, 5], [5, 5, 5, 5, 5]]
FARMING = [[1, 1, 1, 2, 5], [1, 1, 2, 3, 5], [2, 2, 3, 4, 5], [3, 4, 4, 5, 5], [5, 5, 5, 5, 5]]
TABLES = [
    "agricultural-suitability-2019-06",
    "agricultural-suitability-2020-01",
    "agricultural-suitability-2020-01-three",
    "construction-suitability-2019-06",
    "construction-suitability-2020-01",
    "construction-suitability-2020-01-three",
    "ecological-importance-2020-01",
]


def ask(rules, **values):
    """Grade one cell of numbers or codes; what is not named is unknown."""
    classes = {}
    for name, factor in rules.factors.items():
        value = values.get(name, np.nan)
        place = float(factor.codes.index(value)) if isinstance(value, str) else value
        classes[name] = factor.classes_of(np.array([place], dtype=float))
    found = grade(rules, classes)
    low, high = int(found.lowest[0]), int(found.highest[0])
    return low, high, names_of_bits(int(found.deciding[0]), rules.factors)


def farm(**values):
    return ask(read_rules(read_policy("agricultural-suitability-2019-06")), **values)


def build(version="2019-06", **values):
    given_values = {"elevation": 100, "relief": 50, "hazard": "none", "access": 100, **values}
    return ask(read_rules(read_policy(f"construction-suitability-{version}")), **given_values)


def test_the_golden_matrices_of_2019():
    slopes, rain = [1, 4, 10, 20, 30], [1500, 1000, 600, 300, 100]
    table = [[farm(slope=s, soil=90, water=w, climate=8000)[0] for w in rain] for s in slopes]
    assert table == FARMING
    slopes, water = [1, 5, 10, 20, 30], [300, 150, 70, 40, 10]
    assert [[build(slope=s, water=w)[0] for w in water] for s in slopes] == URBAN


def test_a_value_on_a_limit_has_the_better_grade():
    slopes = [2, 2.001, 6, 6.001, 15, 15.001, 25, 25.001]
    assert [farm(slope=s, soil=90, water=1500, climate=8000)[0] for s in slopes] == [
        FARMING[row][0] for row in (0, 1, 1, 2, 2, 3, 3, 4)
    ]
    assert farm(slope=1, soil=90, water=400, climate=8000)[0] == FARMING[0][2]
    assert farm(slope=1, soil=90, water=399.9, climate=8000)[0] == FARMING[0][3]


def test_height_relief_and_hazard_make_worse():
    wet = {"slope": 10, "water": 300}
    assert build(**wet)[0] == 2
    assert [build(**wet, elevation=e)[0] for e in (3500, 3501, 5000, 5001)] == [2, 3, 3, 5]
    assert [build(**wet, relief=r)[0] for r in (100, 101, 200, 201)] == [2, 3, 3, 5]
    assert [build(**wet, hazard=h)[0] for h in ("none", "low", "moderate", "high")] == [2, 2, 3, 5]
    assert [build(**wet, access=a)[0] for a in (1000, 1001, 3001)] == [2, 3, 4]


def test_versions_stay_apart():
    # in five grades slope of 20° with much water is 3; in two classes it is suitable; in three generally so
    ground = {"slope": 20.0, "water": 300.0}
    assert build(**ground)[0] == 3
    assert build("2020-01", **ground)[0] == 1
    assert build("2020-01-three", **ground)[0] == 2
    assert read_rules(read_policy("construction-suitability-2019-06")).outside == frozenset()
    assert read_rules(read_policy("construction-suitability-2020-01")).outside == {"ecological"}
    assert list(read_rules(read_policy("agricultural-suitability-2020-01")).classes.values()) == [
        "suitable",
        "unsuitable",
    ]


def test_the_deciding_factor_by_hand():
    assert farm(slope=1, soil=90, water=1500, climate=8000) == (1, 1, "")
    # climate 4 is graver than land and water, 1
    assert farm(slope=1, soil=90, water=1500, climate=2000)[2] == "climate"
    # land 2 × water 4 = 3: with the best land 2, with the best water 1
    assert farm(slope=4, soil=90, water=300, climate=8000) == (3, 3, "water")
    # slope alone forbids, whatever the water; water alone forbids too: both do
    assert farm(slope=30, soil=90, water=100, climate=8000) == (5, 5, "slope+water")
    # of two that are equally high both are named
    assert ask(
        read_rules(read_policy("ecological-importance-2020-01"), ["carbon", "soil-erosion"]),
        **{"carbon": 0.1, "soil-erosion": 9000.0},
    ) == (3, 3, "carbon+soil-erosion")


def test_a_missing_factor_stays_missing():
    # without water the grade of the best land may be 1 to 5
    assert farm(slope=1, soil=90, climate=8000) == (1, 5, "")
    # no water mends a slope of 30°, and nothing else need be known
    assert farm(slope=30) == (5, 5, "slope")
    # with a climate of grade 4 the rest can only be worse
    assert farm(slope=1, soil=90, climate=2000)[:2] == (4, 5)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(TABLES[:6]), data=st.data())
def test_the_range_holds_every_value_of_what_is_missing(name, data):
    rules = read_rules(read_policy(name))
    shape = [len(factor.amounts) for factor in rules.factors.values()]
    one = [data.draw(st.integers(0, size)) for size in shape]
    found = grade(rules, {key: np.array([place]) for key, place in zip(rules.factors, one, strict=True)})
    every = [range(1, size + 1) if place == 0 else [place] for place, size in zip(one, shape, strict=True)]
    values = [int(rules.lowest[choice]) for choice in itertools.product(*every)]
    assert (int(found.lowest[0]), int(found.highest[0])) == (min(values), max(values))


@pytest.mark.parametrize("name", TABLES[:6])
def test_no_factor_betters_a_grade_by_being_worse(name):
    rules = read_rules(read_policy(name))
    for axis, factor in enumerate(rules.factors.values()):
        order = np.argsort(factor.amounts, kind="stable") + 1
        grades = np.take(rules.lowest, order, axis=axis)
        assert (np.diff(grades, axis=axis) >= 0).all(), factor.name


def table(*rows):
    return pd.DataFrame([dict(zip(RULE_COLUMNS, row, strict=True)) for row in rows])


N = None
GOOD = [
    ("slope", "steps", "slope", N, N, N, 5.0, N, N, 1, N),
    ("slope", "steps", "slope", N, N, 5.0, N, N, N, 2, N),
    ("slope", "class", N, N, N, N, N, N, N, 1, "yes"),
    ("slope", "class", N, N, N, N, N, N, N, 2, "no"),
]


def test_rule_tables_at_fault_are_refused():
    assert ask(read_rules(table(*GOOD)), slope=5.0)[0] == 1
    for rows, words in (
        ([GOOD[0], *GOOD[2:]], "gap or overlap"),
        ([GOOD[0], ("slope", "steps", "slope", N, N, 6.0, N, N, N, 2, N), *GOOD[2:]], "gap or overlap"),
        ([*GOOD[:2], GOOD[3]], "all from 1 on"),
        ([("slope", "best", "slope", N, N, N, N, N, N, 1, N), *GOOD], "'best' is no rule"),
        ([GOOD[0], ("slope", "steps", "slope", N, N, 5.0, N, N, N, 3, N), *GOOD[2:]], "above 2"),
        ([*GOOD[:2], ("end", "largest", "slopes", N, N, N, N, N, N, N, N), *GOOD[2:]], "no step before it"),
        ([*GOOD[:2], ("end", "matrix", "slope", "slope", N, N, N, 1, 1, 1, N), *GOOD[2:]], "has holes"),
        ([("wet", "worsen", "wet", N, N, N, N, N, N, 1, N), *GOOD], "before it has a grade"),
    ):
        with pytest.raises(BadPolicy, match=words):
            read_rules(table(*rows))
