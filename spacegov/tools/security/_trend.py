"""Trend of a series: Mann and Kendall's test, Sen's slope, and when it meets a threshold."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput

Floats = NDArray[np.float64]
LEAST = 8
_EXACT_BELOW = 10
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Trend:
    """A trend without assumption of a distribution.

    Attributes
    ----------
    s, variance, z, p : float
        Mann and Kendall's statistic, its variance with ties, its normal score, and the two-sided probability.
    slope, low, high : float
        Sen's slope per unit of time, with its 95 % interval.
    level : float
        Value of Sen's line at the last time.
    """

    s: float
    variance: float
    z: float
    p: float
    slope: float
    low: float
    high: float
    level: float


def trend_of(times: Floats, values: Floats) -> Trend:
    """Test a series for a trend.

    Parameters
    ----------
    times : array of float64
        Ascending, no time twice.
    values : array of float64
        Values.

    Raises
    ------
    BadInput
        Fewer than eight values.

    Notes
    -----
    Probability by the normal approximation with continuity correction, exact below ten values (all orders of the
    values counted). The interval is Gilbert's: ranks (N ± 1.96 √Var(S)) / 2 of the slopes, interpolated.

    References
    ----------
    Mann 1945; Kendall 1975; Sen 1968; Gilbert 1987, Statistical methods for environmental pollution monitoring.

    Examples
    --------
    >>> t = trend_of(np.arange(8.0), np.array([3.0, 1, 4, 1, 5, 9, 2, 6]))
    >>> t.s, round(t.variance, 3), round(t.z, 4), round(t.slope, 4)
    (11.0, 64.333, 1.2468, 0.4643)
    """
    n = len(values)
    if n < LEAST:
        raise BadInput(f"series: {n} values were given, at least {LEAST} are needed to tell a trend; give more periods")
    i, j = np.triu_indices(n, 1)
    s = float(np.sign(values[j] - values[i]).sum())
    _, ties = np.unique(values, return_counts=True)
    variance = float(n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    z = 0.0 if variance == 0 else (s - np.sign(s)) / math.sqrt(variance)
    p = _exact(values, s) if n < _EXACT_BELOW else math.erfc(abs(z) / math.sqrt(2))
    slopes = np.sort((values[j] - values[i]) / (times[j] - times[i]))
    slope = float(np.median(slopes))
    reach = _NORMAL_95 * math.sqrt(variance)
    low, high = _at_rank(slopes, (len(slopes) - reach) / 2), _at_rank(slopes, (len(slopes) + reach) / 2 + 1)
    level = float(np.median(values - slope * times)) + slope * float(times[-1])
    return Trend(s, variance, float(z), p, slope, low, high, level)


def _at_rank(slopes: Floats, rank: float) -> float:
    """Value at a rank from 1, interpolated; beyond the ends the last."""
    return float(np.interp(rank, np.arange(1, len(slopes) + 1), slopes))


def _exact(values: Floats, s: float) -> float:
    """Share of all orders of the values whose statistic is at least as far from zero."""
    n = len(values)
    i, j = np.triu_indices(n, 1)
    ranks = np.unique(values, return_inverse=True)[1].astype(np.int8)
    far = 0
    total = 0
    orders = itertools.permutations(range(n))
    while block := list(itertools.islice(orders, 40_320)):
        shuffled = ranks[np.array(block, dtype=np.int8)]
        statistic = np.sign(shuffled[:, j] - shuffled[:, i]).sum(axis=1, dtype=np.int64)
        far += int((np.abs(statistic) >= abs(s)).sum())
        total += len(block)
    return far / total


def crossing(trend: Trend, last: float, threshold: float) -> tuple[float, float, float]:
    """Tell when Sen's line meets a threshold: expected, earliest, latest time.

    Parameters
    ----------
    trend : Trend
        The trend.
    last : float
        Last time of the series.
    threshold : float
        The value to be met.

    Returns
    -------
    expected, earliest, latest : float
        Infinite where the line or an end of its interval never meets it.

    Examples
    --------
    >>> t = trend_of(np.arange(10.0), np.array([2.0, 3, 5, 4, 6, 8, 7, 9, 10, 12]))
    >>> crossing(t, 9.0, t.level + 2.0)[0]
    11.0
    """
    gap = threshold - trend.level
    times = [last + gap / slope if slope * gap > 0 else math.inf for slope in (trend.slope, trend.low, trend.high)]
    return times[0], min(times[1:]), max(times[1:])
