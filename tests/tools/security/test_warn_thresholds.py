"""warn_thresholds: golden trends, exact probabilities, grades and crossings by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy
from spacegov.toolbox.policy import read_policy
from spacegov.tools.security import warn_thresholds
from spacegov.tools.security._trend import crossing, trend_of

RISING = [2.0, 3, 5, 4, 6, 8, 7, 9, 10, 12]


def limits(direction="above", watch=10.0, warning=15.0, alarm=20.0):
    row = {"indicator": "x", "direction": direction, "watch": watch, "warning": warning, "alarm": alarm}
    return pd.DataFrame([row])


def series(values, start=2016, **columns):
    return pd.DataFrame({"indicator": "x", "year": range(start, start + len(values)), "value": values, **columns})


def warn(table, rules=None, **options):
    with ledger.collect() as book:
        answer = warn_thresholds(table, thresholds=limits() if rules is None else rules, **options)
    return answer, book


def test_golden_trends():
    first = trend_of(np.arange(8.0), np.array([3.0, 1, 4, 1, 5, 9, 2, 6]))
    assert (first.s, round(first.variance, 3), round(first.z, 4), round(first.slope, 4)) == (11, 64.333, 1.2468, 0.4643)
    second = trend_of(np.arange(10.0), np.array(RISING))
    assert (second.s, round(second.z, 4), second.slope) == (41, 3.5777, 1)
    assert second.low == pytest.approx(0.818, abs=5e-4)
    assert second.high == pytest.approx(1.288, abs=5e-4)
    assert second.p == pytest.approx(2 * stats.norm.sf(3.5777), rel=1e-3)


def test_probabilities_are_exact_below_ten_values():
    # without ties the orders of eight values have Kendall's distribution, which scipy computes exactly
    values = np.array([3.0, 1, 4, 1.5, 5, 9, 2, 6])
    tau = stats.kendalltau(np.arange(8), values, method="exact")
    assert trend_of(np.arange(8.0), values).p == pytest.approx(tau.pvalue)
    # eight equal values but one: S is ±7 in 2 of 8 places and 5, 3, 1, −1, −3, −5 in the others
    values = np.array([0.0] * 7 + [1.0])
    assert trend_of(np.arange(8.0), values).p == pytest.approx(2 / 8)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 6), min_size=10, max_size=16), st.floats(0.5, 3), st.floats(-5, 5))
def test_trends_follow_scale_and_shift(values, scale, shift):
    plain = trend_of(np.arange(float(len(values))), np.array(values, float))
    moved = trend_of(np.arange(float(len(values))), scale * np.array(values, float) + shift)
    assert moved.s == plain.s
    assert moved.slope == pytest.approx(scale * plain.slope, abs=1e-9)
    turned = trend_of(np.arange(float(len(values))), -np.array(values, float))
    assert (turned.s, turned.slope) == pytest.approx((-plain.s, -plain.slope))
    assert (turned.low, turned.high) == pytest.approx((-plain.high, -plain.low))
    assert plain.low <= plain.slope <= plain.high
    assert plain.slope == pytest.approx(stats.theilslopes(values).slope)


def test_grades_and_crossings():
    answer, book = warn(series(RISING))
    row = answer.iloc[0]
    # Sen's line: slope 1, median of y − x is 2016 less → 2.5 over the first year's 0: level 11.5 or 11 by the median
    level = np.median(np.array(RISING) - np.arange(10)) + 9
    assert (row["grade"], row["trend"], bool(row["worsening"]), row["next_grade"]) == (
        "watch",
        "rising",
        True,
        "warning",
    )
    assert row["crossing"] == str(math.ceil(2025 + (15 - level) / 1))
    assert row["crossing_earliest"] <= row["crossing"] <= row["crossing_latest"]
    assert book.notes["figures"]["grade_watch"] == 1


@pytest.mark.parametrize(
    ("value", "direction", "grade"),
    [
        (9.9, "above", "normal"),
        (10, "above", "watch"),
        (15, "above", "warning"),
        (30, "above", "alarm"),
        (30, "below", "normal"),
        (20, "below", "watch"),
        (9, "below", "alarm"),
    ],
)
def test_a_value_at_a_threshold_has_its_grade(value, direction, grade):
    steps = limits() if direction == "above" else limits("below", 20.0, 15.0, 10.0)
    answer, _ = warn(series([value]), steps)
    assert answer["grade"].tolist() == [grade]
    assert answer["trend"].tolist() == ["not_assessed"]


def test_a_good_trend_crosses_nothing_and_a_flat_one_is_none():
    falling, _ = warn(series(RISING[::-1]))
    assert falling.loc[0, ["trend", "crossing"]].tolist() == ["falling", ""]
    assert not falling.loc[0, "worsening"]
    flat, _ = warn(series([5.0, 6, 5, 6, 5, 6, 5, 6, 5, 6]))
    assert flat.loc[0, "trend"] == "none"
    constant, _ = warn(series([5.0] * 10))
    assert constant.loc[0, ["trend", "p", "slope"]].tolist() == ["none", 1, 0]


def test_dates_units_and_gaps():
    days = pd.date_range("2025-01-31", periods=10, freq="ME").astype(str)
    table = pd.DataFrame({"indicator": "x", "day": days, "value": RISING, "place": "A"})
    short = pd.DataFrame({"indicator": "x", "day": days[:3], "value": [np.nan, 1.0, 2.0], "place": "B"})
    other = pd.DataFrame({"indicator": "y", "day": days[:1], "value": [np.nan], "place": "A"})
    answer, book = warn(pd.concat([table, short, other]), period="day", unit="place")
    assert answer["unit"].tolist() == ["A", "B", "A"]
    assert answer["answer"].tolist() == ["present", "absent", "not_covered"]
    assert answer.loc[0, "period"] == "2025-10-31"
    assert "2025-10-31" < answer.loc[0, "crossing"] < "2026-06-30"
    assert answer.loc[1, "values"] == 2
    texts = [doubt.text for doubt in book.doubts]
    assert any("no trend is told" in text for text in texts)
    assert any("no grade" in text for text in texts)


def test_an_interval_that_never_meets_the_threshold_says_so():
    trend = trend_of(np.arange(10.0), np.array([5.0, 1, 7, 2, 8, 3, 9, 4, 10, 5]))
    expected, earliest, latest = crossing(trend, 9.0, 20.0)
    assert earliest < expected < latest == math.inf


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="at least 8"):
        trend_of(np.arange(7.0), np.arange(7.0))
    with pytest.raises(BadInput, match="two values in 2016"):
        warn(pd.concat([series([1.0]), series([2.0])]))
    with pytest.raises(BadInput, match="neither a year nor a date"):
        warn(series([1.0]).assign(year="soon"))
    with pytest.raises(BadPolicy, match="do not grow worse"):
        warn(series([1.0]), limits("below"))
    with pytest.raises(BadPolicy, match="write above or below"):
        warn(series([1.0]), limits("up"))


def test_an_empty_table_and_our_own_thresholds():
    answer, _ = warn(series([]))
    assert len(answer) == 0
    assert "crossing" in answer.columns
    warn(series([]), read_policy("indicator-thresholds-2025"))
