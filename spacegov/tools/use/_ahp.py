"""Weights by pairwise judgements (analytic hierarchy process), and whether the judgements agree with each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.errors import BadPolicy, suggest

Floats = NDArray[np.float64]

# mean consistency index of random judgements (Saaty 1980), for 3 to 10 criteria
_RANDOM = {3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49}


class Judged(NamedTuple):
    """Weights that sum to 1, the principal eigenvalue, the consistency ratio, and the worst pair of criteria."""

    weights: Floats
    eigenvalue: float
    ratio: float
    worst: tuple[int, int]


def judge(matrix: Floats) -> Judged:
    """Give the weights of a reciprocal matrix of judgements.

    Parameters
    ----------
    matrix : array (n, n)
        How many times the criterion of the row matters more than that of the column; n at most 10.

    Notes
    -----
    The worst pair is the one whose judgement lies farthest from the ratio of the weights.

    Examples
    --------
    >>> found = judge(np.array([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]))
    >>> found.weights.round(4).tolist(), round(found.eigenvalue, 4), round(found.ratio, 4)
    ([0.6483, 0.2297, 0.122], 3.0037, 0.0032)
    """
    count = len(matrix)
    values, vectors = np.linalg.eig(matrix)
    first = int(np.argmax(values.real))
    eigenvalue = float(values[first].real)
    vector = np.abs(vectors[:, first].real)
    weights = vector / vector.sum()
    ratio = 0.0 if count < 3 else max(eigenvalue - count, 0.0) / (count - 1) / _RANDOM[count]
    off = np.abs(np.log(matrix * weights[None, :] / weights[:, None]))
    row, column = np.unravel_index(int(np.argmax(np.triu(off, 1))), off.shape)
    return Judged(weights, eigenvalue, ratio, (int(row), int(column)))


def judged_weights(criteria: list[str], judgements: pd.DataFrame, max_ratio: float) -> Judged:
    """Read judgements and give the weights of the criteria.

    Parameters
    ----------
    criteria : list of str
        Names.
    judgements : DataFrame
        first, second, value: how many times the first matters more; every pair once, either way round.
    max_ratio : float
        Largest consistency ratio.

    Raises
    ------
    BadPolicy
        A pair is missing, stands twice or has no positive value; a name is not known; there are more than ten criteria;
        the judgements contradict each other: the sentence names the pair, or the three where there are three.
    """
    table = str(judgements.attrs.get("policy", "judgements"))
    if len(criteria) > max(_RANDOM):
        raise BadPolicy(
            f"{table}: {len(criteria)} criteria are judged in pairs, at most 10 can be; give direct weights"
        )
    matrix = np.full((len(criteria), len(criteria)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    place = {name: number for number, name in enumerate(criteria)}
    for first, second, value in zip(judgements["first"], judgements["second"], judgements["value"], strict=True):
        for name in (first, second):
            if name not in place:
                raise BadPolicy(f"{table}: there is no criterion {name!r}; {suggest(str(name), criteria)}")
        one, other = place[first], place[second]
        if not value > 0 or one == other or not np.isnan(matrix[one, other]):
            raise BadPolicy(
                f"{table}: the judgement of {first!r} and {second!r} is {value!r} or stands twice, one number above 0 "
                "for each pair is needed; mend the table"
            )
        matrix[one, other], matrix[other, one] = value, 1.0 / value
    missing = np.argwhere(np.isnan(np.triu(matrix, 1)))
    if len(missing):
        one, other = missing[0]
        raise BadPolicy(
            f"{table}: {len(missing)} pairs are not judged, the first is {criteria[one]!r} and {criteria[other]!r}; "
            "judge every pair"
        )
    found = judge(matrix)
    if found.ratio > max_ratio:
        raise BadPolicy(f"{table}: {_contradiction(criteria, matrix, found)}, at most {max_ratio:g} is allowed")
    return found


def _contradiction(criteria: list[str], matrix: Floats, found: Judged) -> str:
    """Say which judgements disagree most; of three criteria no pair can be told from the others."""
    said = f"the judgements contradict each other (consistency ratio {found.ratio:.4f}"
    if len(criteria) == 3:
        a, b, c = criteria
        through = float(matrix[0, 1] * matrix[1, 2])
        return (
            f"{said}); {a} counts {matrix[0, 1]:.3g} times {b} and {b} {matrix[1, 2]:.3g} times {c}, which makes {a} "
            f"{through:.3g} times {c} where {matrix[0, 2]:.3g} was said: review the three together"
        )
    one, other = found.worst
    implied = float(found.weights[one] / found.weights[other])
    return (
        f"{said}), most in the pair {criteria[one]} and {criteria[other]}: {matrix[one, other]:.3g} was said, the "
        f"weights make it {implied:.3g}; review it"
    )
