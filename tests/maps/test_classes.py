"""Breaks of numbers, against all divisions there are, and the words for ranges."""

import itertools

import numpy as np
import pytest

from spacegov.maps.classes import natural_breaks, quantile_breaks, range_title, readable


def within_classes(values, inner):
    """Sum of squared deviations from the mean of each class."""
    groups = np.searchsorted(inner, values, side="right")
    return sum(((values[groups == g] - values[groups == g].mean()) ** 2).sum() for g in np.unique(groups))


@pytest.mark.parametrize("seed", range(5))
def test_natural_breaks_are_the_best_of_all_divisions(seed):
    values = np.sort(np.random.default_rng(seed).lognormal(size=16))
    middles = (values[1:] + values[:-1]) / 2
    best = min(within_classes(values, np.array(inner)) for inner in itertools.combinations(middles, 3))
    assert within_classes(values, natural_breaks(values, 4)) == pytest.approx(best)


def test_natural_breaks_of_many_values_stay_near_the_best():
    values = np.random.default_rng(7).lognormal(size=20_000)
    assert within_classes(values, natural_breaks(values, 5)) <= within_classes(values, quantile_breaks(values, 5))


def test_fewer_values_than_classes():
    assert natural_breaks(np.array([1.0, 9.0]), 5) == [5.0]
    assert natural_breaks(np.array([4.0]), 5) == []
    assert quantile_breaks(np.array([0.0] * 90 + [5.0] * 10), 5) == []


def test_bounds_are_rounded_as_far_as_the_narrowest_class_allows():
    assert readable([1234.567, 8765.43], 0, 10_000) == [1230.0, 8770.0] or readable([1234.567, 8765.43], 0, 10_000) == [
        1200.0,
        8800.0,
    ]
    assert readable([10.12, 10.14], 10.0, 11.0) == pytest.approx([10.12, 10.14])
    assert readable([0.0001234], 0.0, 0.0002) == pytest.approx([0.000123], rel=0.05)


@pytest.mark.parametrize(
    ("low", "high", "unit", "words"),
    [
        (0.5, 1.5, "m", {"en": "0.5–1.5\u202fm", "zh": "0.5–1.5\u202f米", "ru": "0,5–1,5\u202fм"}),
        (-5, -2, "°C", {"en": "−5 to −2\u202f°C", "zh": "−5 至 −2\u202f℃", "ru": "−5 … −2\u202f°C"}),
        (None, 3, "days", {"en": "under 3\u202fdays", "zh": "3\u202f天以下", "ru": "менее 3\u202fдня"}),
        (3, None, "days", {"en": "3\u202fdays and more", "zh": "3\u202f天及以上", "ru": "3\u202fдня и более"}),
        (None, None, None, {"en": "all values", "zh": "全部", "ru": "все значения"}),
        (2000, 2010, "year", {"en": "2000–2010", "zh": "2000–2010", "ru": "2000–2010"}),
        (1500, 25_000, None, {"en": "1500–25\u202f000", "zh": "1500–25\u202f000", "ru": "1500–25\u202f000"}),
        (1e6, 2.5e6, "m²", {"en": "100–250\u202fha", "zh": "100–250\u202f公顷", "ru": "100–250\u202fга"}),
    ],
)
def test_ranges_in_words(low, high, unit, words):
    assert range_title(low, high, unit) == words


def test_whole_numbers_end_before_the_next_class():
    assert range_title(1, 5, None, whole=True)["en"] == "1–4"
    assert range_title(4, 5, None, whole=True)["en"] == "4"
    assert range_title(1, 5, None, whole=True, last=True)["en"] == "1–5"
