"""Amounts in tables: one unit for a column, cells that add up to the totals shown, in one or in two directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spacegov import numbers
from spacegov.text import Language
from spacegov.units import unit_named

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_METRES_PER = {"m²": 1.0, "ha": 1e4, "km²": 1e6, "m": 1.0, "km": 1e3}


@dataclass(frozen=True)
class Amounts:
    """A column of amounts as written, without its unit, which stands in the column's head."""

    unit: str
    cells: tuple[str, ...]
    total: str


def areas(values_m2: Sequence[float], language: Language, *, total: float | None = None) -> Amounts:
    r"""Write areas in one unit; the cells add up to the total.

    Parameters
    ----------
    values_m2 : sequence of float
        Square metres, none negative.
    language : {"en", "zh", "ru"}
    total : float, optional
        A total whose unit decides, where the column is part of a larger table.

    Examples
    --------
    >>> areas([4_551_400.0, 2_313_300.0, 120.0], "en")
    Amounts(unit='ha', cells=('455.2', '231.3', '<\u202f0.1'), total='686.5')
    """
    unit = numbers.area_unit(math.fsum(values_m2) if total is None else total)
    return _amounts(values_m2, unit, 0 if unit == "m²" else 1, language)


def lengths(values_m: Sequence[float], language: Language) -> Amounts:
    """Write lengths in one unit; the cells add up to the total."""
    unit = numbers.length_unit(math.fsum(values_m))
    return _amounts(values_m, unit, 0 if unit == "m" else 1, language)


def counts(values: Sequence[float], language: Language, unit: str = "") -> Amounts:
    """Write counts; the cells add up to the total."""
    rounded = numbers.rounded(list(values))
    word = unit_named(unit).form(5, language) if unit else ""
    cells = tuple(numbers.count(value, language) for value in rounded)
    return Amounts(word, cells, numbers.count(sum(rounded), language))


def shares(values: Sequence[float], language: Language) -> Amounts:
    r"""Write the shares that parts have of their sum, in per cent with one decimal; they add up to 100.

    Examples
    --------
    >>> shares([1, 1, 1], "en").cells
    ('33.4', '33.3', '33.3')
    """
    whole = math.fsum(values)
    if whole <= 0:
        return Amounts("%", tuple("0" for _ in values), "0")
    parts = [value / whole * 100 for value in values]
    rounded = numbers.rounded(parts, 1)
    cells = tuple(written(shown, exact, language, 1) for shown, exact in zip(rounded, parts, strict=True))
    return Amounts("%", cells, numbers.number(100.0, language, 0))


def _amounts(values: Sequence[float], unit: str, decimals: int, language: Language) -> Amounts:
    scaled = [value / _METRES_PER[unit] for value in values]
    rounded = numbers.rounded(scaled, decimals)
    cells = tuple(written(shown, exact, language, decimals) for shown, exact in zip(rounded, scaled, strict=True))
    total = round(math.fsum(scaled) * 10**decimals) / 10**decimals
    return Amounts(unit_named(unit).form(5, language), cells, numbers.number(total, language, decimals))


def written(shown: float, exact: float, language: Language, decimals: int) -> str:
    r"""Write a rounded part; a true amount that was rounded down to nothing reads as less than the smallest shown.

    Examples
    --------
    >>> written(0.0, 0.6, "en", 0), written(0.0, 0.0, "en", 0), written(1.0, 0.6, "en", 0)
    ('<\u202f1', '0', '1')
    """
    least = 10.0**-decimals / 4
    return numbers.number(shown or min(exact, least), language, decimals)


@dataclass(frozen=True)
class Grid:
    """A matrix of rounded numbers with its totals: rows, columns and corner add up as shown."""

    cells: NDArray[np.float64]
    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    whole: float


def rounded_grid(
    values: NDArray[np.float64],
    decimals: int = 0,
    *,
    rows: Sequence[float] | None = None,
    columns: Sequence[float] | None = None,
) -> Grid:
    """Round a matrix so that rows and columns add up to rounded totals (controlled rounding).

    Every cell and every total goes to one of its two neighbours, and as near to the true values as that allows.

    Parameters
    ----------
    values : array of float, shape (rows, columns)
        None negative.
    decimals : int
        Digits after the decimal sign.
    rows, columns : sequence of float, optional
        Totals already rounded for another table. They are kept where the cells allow it, columns before rows.

    Examples
    --------
    >>> import numpy as np
    >>> grid = rounded_grid(np.array([[0.5, 0.5], [0.5, 0.5]]))
    >>> grid.cells.sum(axis=0).tolist() == grid.columns.tolist(), grid.whole
    (True, 2.0)
    """
    import numpy as np

    scaled = np.asarray(values, dtype=np.float64) * 10.0**decimals
    high, wide = scaled.shape
    # The totals belong to the same puzzle: as a last row and column, taken off on the other side.
    full = np.zeros((high + 1, wide + 1))
    full[:high, :wide] = scaled
    full[:high, wide], full[high, :wide] = scaled.sum(axis=1), scaled.sum(axis=0)
    full[high, wide] = scaled.sum()
    # What is whole but for the last bits of a float stays it.
    near = np.round(full)
    full = np.where(np.abs(full - near) < 1e-6, near, full)
    floors = np.floor(full)
    wanted = np.full_like(full, np.nan)
    wanted[high, wide] = round(float(scaled.sum()))
    for given, place in ((columns, (high, slice(0, wide))), (rows, (slice(0, high), wide))):
        if given is not None:
            wanted[place] = np.round(np.asarray(given) * 10.0**decimals)
    up = _roundings(full - floors, wanted - floors)
    if up is None:
        wanted[:high, wide] = np.nan
        up = _roundings(full - floors, wanted - floors)
    if up is None:
        wanted[high, :wide] = np.nan
        up = _roundings(full - floors, wanted - floors)
    assert up is not None, "a rounding with free totals always exists"
    done = (floors + up) / 10.0**decimals
    return Grid(done[:high, :wide], done[:high, wide], done[high, :wide], float(done[high, wide]))


def _roundings(rest: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Choose which cells go up: a flow problem, whose best corner solutions are whole numbers.

    `wanted` holds what a cell must do (0 stay, 1 go up), NaN where it is free. None where that cannot be.
    """
    import numpy as np
    from scipy.optimize import linprog

    high, wide = rest.shape[0] - 1, rest.shape[1] - 1
    cells = np.arange(rest.size).reshape(rest.shape)
    upper = np.where(rest > 0, 1.0, 0.0)
    lower = np.zeros_like(upper)
    fixed = ~np.isnan(wanted)
    if ((wanted[fixed] < 0) | (wanted[fixed] > upper[fixed])).any():
        return None
    lower[fixed] = upper[fixed] = wanted[fixed]
    # In every row and column the rests of the cells and of the total differ by a whole number, which must go up.
    lines = [(cells[row, :wide], cells[row, wide]) for row in range(high + 1)]
    lines += [(cells[:high, column], cells[high, column]) for column in range(wide + 1)]
    equations, sums = np.zeros((len(lines), rest.size)), np.zeros(len(lines))
    for position, (parts, total) in enumerate(lines):
        equations[position, parts], equations[position, total] = 1.0, -1.0
        sums[position] = round(float(rest.ravel()[parts].sum() - rest.ravel()[total]))
    bounds = np.column_stack([lower.ravel(), upper.ravel()])
    found = linprog(-rest.ravel(), A_eq=equations, b_eq=sums, bounds=bounds, method="highs-ds")
    return np.asarray(np.round(found.x), dtype=np.float64).reshape(rest.shape) if found.status == 0 else None
