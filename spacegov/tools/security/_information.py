"""Information value of classes, and how well scores tell events from other ground."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ZeroRule = Literal["add-half", "lowest"]


def information_values(events: Floats, areas: Floats, rule: ZeroRule | None = None) -> Floats:
    """Information value of every class of a factor, ln((Nᵢ/N)/(Sᵢ/S)).

    Parameters
    ----------
    events : array of float64
        Events (or their cells or area) in each class.
    areas : array of float64
        Ground of each class, in any unit.
    rule : {"add-half", "lowest"}, optional
        A class without event has −∞. `add-half` adds half an event to every class of the factor; `lowest` gives it
        the lowest value of the classes that have events.

    Examples
    --------
    >>> counts, ground = np.array([6.0, 4.0, 0.0]), np.array([200.0, 300.0, 500.0])
    >>> information_values(counts, ground).round(4).tolist()
    [1.0986, 0.2877, -inf]
    >>> information_values(counts, ground, "add-half").round(4).tolist()
    [1.0389, 0.2657, -2.4423]
    """
    counts = np.asarray(events, dtype=np.float64)
    if rule == "add-half":
        counts = counts + 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log((counts / counts.sum()) / (areas / areas.sum()))
    # a class without ground never occurs and says nothing
    values = np.where(areas > 0, values, 0.0)
    if rule == "lowest":
        finite = values[np.isfinite(values) & (areas > 0)]
        values = np.where(np.isneginf(values), finite.min() if len(finite) else 0.0, values)
    return np.asarray(values, dtype=np.float64)


def area_under_curve(events: Floats, others: Floats) -> tuple[float, float, float]:
    """Area under the ROC curve, with its 95 % interval.

    Parameters
    ----------
    events : array of float64
        Scores of ground with an event.
    others : array of float64
        Scores of other ground.

    Returns
    -------
    area, low, high : float
        The share of pairs (event, other) that the scores put in order, ties counting half.

    Notes
    -----
    Interval by DeLong et al. 1988, from the placements of each score among those of the other kind.

    Examples
    --------
    >>> area_under_curve(np.array([3.0, 4.0]), np.array([1.0, 3.0]))[0]
    0.875
    """
    m, n = len(events), len(others)
    both = np.sort(others)
    below = np.searchsorted(both, events, side="left")
    until = np.searchsorted(both, events, side="right")
    of_events = (below + until) / (2 * n)
    own = np.sort(events)
    above = m - np.searchsorted(own, others, side="right")
    from_ = m - np.searchsorted(own, others, side="left")
    of_others = (above + from_) / (2 * m)
    area = float(of_events.mean())
    variance = (of_events.var(ddof=1) / m if m > 1 else 0.0) + (of_others.var(ddof=1) / n if n > 1 else 0.0)
    reach = 1.959964 * float(np.sqrt(variance))
    return area, max(area - reach, 0.0), min(area + reach, 1.0)


def roc_points(events: Floats, others: Floats, number: int = 101) -> tuple[Floats, Floats, Floats]:
    """Give thresholds with the shares of events and of other ground at or above each.

    Returns
    -------
    threshold, true_share, false_share : arrays of float64
        From the highest threshold to the lowest.
    """
    scores = np.concatenate([events, others])
    threshold = np.unique(np.quantile(scores, np.linspace(0, 1, number)))[::-1]
    true = 1 - np.searchsorted(np.sort(events), threshold, side="left") / len(events)
    false = 1 - np.searchsorted(np.sort(others), threshold, side="left") / len(others)
    return threshold, true, false


def spatial_folds(shape: tuple[int, int], block: int, folds: int) -> NDArray[np.int64]:
    """Number of the fold of every cell: square blocks, numbered by a knight's move so that a fold is spread out.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    block : int
        Cells on a side of a block.
    folds : int
        Number of folds.
    """
    row, column = np.arange(shape[0]) // block, np.arange(shape[1]) // block
    return np.asarray((row[:, None] + 2 * column[None, :]) % folds, dtype=np.int64)
