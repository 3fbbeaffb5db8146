"""Classes of numbers: where to divide them, and the words for a range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spacegov import numbers
from spacegov.text import LANGUAGES, Language

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = 1_000  # values that decide natural breaks; more move them by less than the rounding does


def quantile_breaks(values: NDArray[np.float64], number: int) -> list[float]:
    """Divide values into classes of about equally many.

    Parameters
    ----------
    values : array of float64
        Finite values.
    number : int
        Classes wanted; fewer come where many values are equal.

    Returns
    -------
    list of float
        Inner bounds, ascending, rounded to few digits (`readable`).

    Examples
    --------
    >>> quantile_breaks(np.arange(1.0, 101.0), 4)
    [26.0, 50.0, 75.0]
    """
    inner = np.quantile(values, np.arange(1, number) / number)
    return readable(inner.tolist(), float(values.min()), float(values.max()))


def natural_breaks(values: NDArray[np.float64], number: int) -> list[float]:
    """Divide values where they are far apart: least squared deviation within classes (Fisher 1958, Jenks 1977).

    Exact on up to 1,000 distinct quantiles of the values.

    Parameters
    ----------
    values : array of float64
        Finite values.
    number : int
        Classes wanted.

    Returns
    -------
    list of float
        Inner bounds, ascending, each between the classes it parts.

    Examples
    --------
    >>> natural_breaks(np.array([1.0, 2.0, 2.0, 9.0, 10.0, 50.0, 52.0]), 3)
    [5.5, 30.0]
    """
    ordered = np.sort(values)
    if len(ordered) > SAMPLE:
        ordered = np.quantile(ordered, np.linspace(0, 1, SAMPLE))
    distinct, weight = np.unique(ordered, return_counts=True)
    number = min(number, len(distinct))
    starts = _best_starts(distinct, weight.astype(np.float64), number)
    inner = [float(distinct[start - 1] + distinct[start]) / 2 for start in starts]
    return readable(inner, float(distinct[0]), float(distinct[-1]))


def _best_starts(values: NDArray[np.float64], weight: NDArray[np.float64], number: int) -> list[int]:
    """Positions at which the second and later classes begin, by dynamic programming over the first i values."""
    count = len(values)
    centred = values - values.mean()
    w, s, q = (np.concatenate([[0.0], np.cumsum(x)]) for x in (weight, weight * centred, weight * centred**2))
    best = np.full(count + 1, np.inf)
    best[0] = 0.0
    choices = []
    for _ in range(number):
        total = np.full(count + 1, np.inf)
        choice = np.zeros(count + 1, dtype=np.int64)
        for end in range(1, count + 1):
            start = np.arange(end)
            within = q[end] - q[start] - (s[end] - s[start]) ** 2 / (w[end] - w[start])
            costs = best[start] + within
            choice[end] = int(np.argmin(costs))
            total[end] = costs[choice[end]]
        best = total
        choices.append(choice)
    starts, end = [], count
    for choice in reversed(choices):
        end = int(choice[end])
        starts.append(end)
    return sorted(start for start in starts if start > 0)


def readable(inner: Sequence[float], low: float, high: float) -> list[float]:
    """Round inner bounds to as few digits as move none by more than a twentieth of the narrowest class."""
    bounds = sorted({bound for bound in inner if low < bound <= high})
    if not bounds:
        return []
    steps = np.diff([low, *bounds, high])
    smallest = float(steps[steps > 0].min())
    for digits in range(8):
        unit = 10.0 ** (math.floor(math.log10(max(abs(low), abs(high)))) - digits)
        rounded = [round(bound / unit) * unit for bound in bounds]
        kept = all(low < bound <= high for bound in rounded) and len(set(rounded)) == len(rounded)
        if kept and unit <= smallest / 10:
            return [float(f"{bound:.12g}") for bound in rounded]
    return bounds


def range_title(
    low: float | None, high: float | None, unit: str | None, *, whole: bool = False, last: bool = False
) -> dict[Language, str]:
    r"""Give the words for a class of numbers in every language.

    Parameters
    ----------
    low, high : float or None
        Bounds; None is open.
    unit : str or None
        Unit of both.
    whole : bool
        The field holds whole numbers, so that 1 to below 5 reads 1–4.
    last : bool
        The upper bound belongs to the class.

    Examples
    --------
    >>> range_title(0.5, 1.5, "m")["en"], range_title(None, 0.5, "m")["zh"], range_title(1, 5, None, whole=True)["en"]
    ('0.5–1.5\u202fm', '0.5\u202f米以下', '1–4')
    """
    if whole and low is not None and high is not None and not last:
        high -= 1
    return {language: _range_text(low, high, unit, language) for language in LANGUAGES}


def _range_text(low: float | None, high: float | None, unit: str | None, language: Language) -> str:
    unit, low, high = _scaled(unit, low, high)
    if low is None and high is None:
        return {"en": "all values", "zh": "全部", "ru": "все значения"}[language]
    if low is None or high is None or low == high:
        only = low if high is None else high
        text = _number(only, unit, language)
        text = numbers.with_unit(text, only, unit, language) if unit else text
        if low == high:
            return text
        if high is None:
            return {"en": f"{text} and more", "zh": f"{text}及以上", "ru": f"{text} и более"}[language]
        return {"en": f"under {text}", "zh": f"{text}以下", "ru": f"менее {text}"}[language]
    first, second = _number(low, unit, language), _number(high, unit, language)
    between = "–" if low >= 0 else {"en": " to ", "zh": " 至 ", "ru": " … "}[language]
    text = f"{first}{between}{second}"
    return numbers.with_unit(text, high, unit, language) if unit else text


def _scaled(unit: str | None, low: float | None, high: float | None) -> tuple[str | None, float | None, float | None]:
    """Bring shares to per cent and areas to the unit of their size."""
    if unit in ("share", "1"):
        factor, unit = 100.0, "%"
    elif unit in ("m²", "m2"):
        unit = numbers.area_unit([low, high])
        factor = {"m²": 1.0, "ha": 1e-4, "km²": 1e-6}[unit]
    else:
        return unit, low, high
    # Twelve digits: the product must not show the last bits of a float.
    scale = [None if bound is None else float(f"{bound * factor:.12g}") for bound in (low, high)]
    return unit, scale[0], scale[1]


def _number(value: float | None, unit: str | None, language: Language) -> str:
    if unit is None or unit == "year":
        return numbers.quantity(value, unit, language)
    return numbers.number(value, language)
