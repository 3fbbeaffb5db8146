"""Ranks by several criteria: TOPSIS and weighted sums, and how sure the ranks are when weights move."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Scores(NamedTuple):
    """Scores from 0 to 1, and what each criterion brings to them: rows sum to 1 under TOPSIS, to the score else."""

    score: Floats
    part: Floats


def topsis(values: Floats, weights: Floats, more: NDArray[np.bool_]) -> Scores:
    """Score alternatives by their distances to the best and the worst of all (vector norm).

    Parameters
    ----------
    values : array (n, m)
        Alternatives by criteria, all known.
    weights : array (m,)
        Sum 1.
    more : bool array (m,)
        Whether more is better.

    Returns
    -------
    Scores
        score : distance to the worst over both distances; 0.5 where all are alike.
        part : share of each criterion in the squared distance to the worst; 0 for the worst itself.

    References
    ----------
    Hwang and Yoon (1981), Multiple Attribute Decision Making.

    Examples
    --------
    >>> cars = np.array([[4.0, 3.0, 100.0], [2.0, 5.0, 60.0], [5.0, 1.0, 140.0]])
    >>> topsis(cars, np.array([0.5, 0.3, 0.2]), np.array([True, True, False])).score.round(5).tolist()
    [0.58196, 0.4971, 0.5029]
    """
    if not len(values):
        return Scores(np.zeros(0), np.zeros(values.shape))
    norm = np.sqrt((values**2).sum(axis=0))
    scaled = np.divide(values, norm, out=np.zeros_like(values), where=norm > 0) * weights
    high, low = scaled.max(axis=0), scaled.min(axis=0)
    best, worst = np.where(more, high, low), np.where(more, low, high)
    near, far = ((scaled - best) ** 2).sum(axis=1), ((scaled - worst) ** 2).sum(axis=1)
    both = np.sqrt(near) + np.sqrt(far)
    score = np.divide(np.sqrt(far), both, out=np.full(len(values), 0.5), where=both > 0)
    part = np.divide((scaled - worst) ** 2, far[:, None], out=np.zeros_like(values), where=far[:, None] > 0)
    return Scores(score, part)


def weighted(values: Floats, weights: Floats, more: NDArray[np.bool_]) -> Scores:
    """Score alternatives by the weighted sum of their criteria, each from 0 for the worst to 1 for the best of all.

    Examples
    --------
    >>> found = weighted(np.array([[0.0, 10.0], [4.0, 20.0]]), np.array([0.25, 0.75]), np.array([True, False]))
    >>> found.score.tolist(), found.part.tolist()
    ([0.75, 0.25], [[0.0, 0.75], [0.25, 0.0]])
    """
    if not len(values):
        return Scores(np.zeros(0), np.zeros(values.shape))
    low, high = values.min(axis=0), values.max(axis=0)
    span = high - low
    scaled = np.divide(values - low, span, out=np.full_like(values, 0.5), where=span > 0)
    scaled = np.where((span > 0) & ~more, 1.0 - scaled, scaled)
    part = scaled * weights
    return Scores(part.sum(axis=1), part)


def ranks_of(score: Floats) -> NDArray[np.int64]:
    """Give ranks, 1 for the highest score; those that differ by less than 1e-12 share one.

    Examples
    --------
    >>> ranks_of(np.array([0.2, 0.9, 0.2, 0.5])).tolist()
    [3, 1, 3, 2]
    """
    if not len(score):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    new = np.concatenate([[True], ordered[:-1] - ordered[1:] > 1e-12])
    rank = np.maximum.accumulate(np.where(new, np.arange(1, len(score) + 1), 0))
    ranks = np.empty(len(score), dtype=np.int64)
    ranks[order] = rank
    return ranks
