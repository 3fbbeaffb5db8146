"""The rule engine of suitability: factors are graded by steps, made worse and combined by matrices, all from a table.

A rule table of a named version holds one row for each statement, in the order in which steps build on each other:

- `steps`: the values of a factor above one limit and up to the next, or with one code, have a grade;
- `worsen`: values of a factor make the grade of the step worse by so many;
- `matrix`: the grade of one step (row) and of another (column) give the grade;
- `largest`: the largest grade of the steps named counts;
- `class`: what a grade of the last step is called;
- `outside`: ground of this factor is not graded at all.

The number of a grade rises from one end to the other (from suitable to unsuitable, from general to extremely
important). A value on a limit belongs to the side with the smaller number. A factor that is not known stays unknown:
the cell then has a range of grades, and a grade only where every value of the missing factor would give the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.errors import BadPolicy, suggest

RULE_COLUMNS = ("step", "rule", "factor", "second", "code", "above", "up_to", "row", "column", "grade", "class")
_KINDS = ("steps", "worsen", "matrix", "largest", "class", "outside")
_MOST_COMBINATIONS = 4_000_000

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """How the values of one factor fall into classes.

    Attributes
    ----------
    name : str
        Factor.
    amounts : array of int64 (classes,)
        Grade, or number of grades worse, of each class.
    limits : array (classes − 1,)
        Limits between the classes of a number.
    codes : tuple of str
        Codes of the classes; empty for a number.
    """

    name: str
    amounts: Integers
    limits: Floats = field(default_factory=lambda: np.zeros(0))
    codes: tuple[str, ...] = ()

    def classes_of(self, values: Floats) -> Integers:
        """Give the class of each value from 1; 0 where the value is NaN.

        Codes are given by their place in `codes`, from 0.
        """
        known = ~np.isnan(values)
        clean = np.where(known, values, 0.0)
        if self.codes:
            return np.where(known, clean.astype(np.int64) + 1, 0)
        number = np.searchsorted(self.limits, clean, side="left")
        for place, limit in enumerate(self.limits):
            if self.amounts[place + 1] < self.amounts[place]:
                number[clean == limit] = place + 1
        return np.where(known, number + 1, 0)


@dataclass(frozen=True)
class Rules:
    """A rule table, read.

    Attributes
    ----------
    version : str
        Name of the table with its version.
    factors : dict of str to Factor
        In the order of the table.
    classes : dict of int to str
        What each grade is called, from 1.
    outside : frozenset of str
        Factors whose ground is not graded.
    lowest, highest : array of int16
        The smallest and largest grade for every class of every factor, one axis for each factor; place 0 of an axis is
        the unknown.
    """

    version: str
    factors: dict[str, Factor]
    classes: dict[int, str]
    outside: frozenset[str]
    lowest: NDArray[np.int16]
    highest: NDArray[np.int16]


@dataclass(frozen=True)
class Graded:
    """Grades of cells.

    Attributes
    ----------
    lowest, highest : array of int16
        Range of the grade; equal where the grade is known.
    deciding, missing : array of int64
        Bits of the factors (1 for the first, 2, 4 …) that decide the grade, and of those that are unknown.
    """

    lowest: NDArray[np.int16]
    highest: NDArray[np.int16]
    deciding: Integers
    missing: Integers


def read_rules(table: pd.DataFrame, only: Collection[str] | None = None) -> Rules:
    """Read a rule table.

    Parameters
    ----------
    table : DataFrame
        Columns as in `RULE_COLUMNS`.
    only : collection of str, optional
        Factors to go by, where the last step takes the largest grade of those that apply.

    Raises
    ------
    BadPolicy
        Steps with gaps or overlaps, matrices with holes, unknown rules or steps, grades without a class.
    """
    rows = table.copy()
    for column in ("step", "rule", "factor", "second", "code", "class"):
        rows[column] = [None if value is None or value != value else str(value) for value in rows[column]]
    strange = [rule for rule in rows["rule"] if rule not in _KINDS]
    if strange:
        raise BadPolicy(f"rules: {strange[0]!r} is no rule; {suggest(str(strange[0]), _KINDS)}")
    named = rows[rows["rule"] == "class"]
    classes = {int(grade): str(name) for grade, name in zip(named["grade"], named["class"], strict=True)}
    count = len(classes)
    if sorted(classes) != list(range(1, count + 1)) or not count:
        raise BadPolicy(f"rules: the grades {sorted(classes)} have a class, all from 1 on are needed; mend the table")
    outside = frozenset(str(name) for name in rows.loc[rows["rule"] == "outside", "factor"])
    graded = rows[rows["rule"].isin(["steps", "worsen"])]
    if only is not None:
        graded = graded[graded["factor"].isin(list(only))]
    factors = {
        str(name): _factor(str(name), part, count) for name, part in graded.groupby("factor", sort=False, dropna=False)
    }
    shape = tuple(len(factor.amounts) for factor in factors.values())
    if np.prod([size + 1.0 for size in shape]) > _MOST_COMBINATIONS or not shape:
        raise BadPolicy(
            f"rules: {len(shape)} factors with {shape} classes were given, 1 to about 8 are needed; give fewer"
        )
    last = np.broadcast_to(_combine(rows, factors, count), shape).astype(np.int16)
    return Rules(_version(table), factors, classes, outside, _with_unknown(last, np.min), _with_unknown(last, np.max))


def grade(rules: Rules, classes: Mapping[str, Integers]) -> Graded:
    """Grade cells.

    Parameters
    ----------
    rules : Rules
        The rules.
    classes : mapping of str to array of int64
        Class of every cell for each factor of the rules, 0 where it is unknown.

    Notes
    -----
    The deciding factor is the one that would better the grade most if it were at its best; where none would alone, all
    those that would give the grade by themselves; else all that are not at their best.
    """
    shape = rules.lowest.shape
    code = np.ravel_multi_index(tuple(classes[name] for name in rules.factors), shape)
    missing = np.zeros(code.shape, dtype=np.int64)
    for place, name in enumerate(rules.factors):
        missing |= np.where(classes[name] == 0, 1 << place, 0)
    low, high = rules.lowest.ravel()[code], rules.highest.ravel()[code]
    decides = np.where(low == high, _deciding(rules.lowest).ravel()[code], 0)
    return Graded(low, high, decides, missing)


def names_of_bits(bits: int, names: Collection[str]) -> str:
    """Name the factors of some bits.

    Examples
    --------
    >>> names_of_bits(5, ["slope", "soil", "water"]), names_of_bits(0, ["slope"])
    ('slope+water', '')
    """
    return "+".join(name for place, name in enumerate(names) if bits >> place & 1)


def _version(table: pd.DataFrame) -> str:
    return str(table.attrs.get("policy") or table.attrs.get("version") or "rules given")


def _factor(name: str, part: pd.DataFrame, count: int) -> Factor:
    if len(set(zip(part["step"], part["rule"], strict=True))) > 1:
        raise BadPolicy(f"rules: the factor {name!r} stands in two steps, one is needed; mend the table")
    amounts = part["grade"].to_numpy(dtype=np.float64)
    least = 1 if part["rule"].iloc[0] == "steps" else 0
    if np.isnan(amounts).any() or (amounts != np.rint(amounts)).any() or (amounts < least).any():
        raise BadPolicy(f"rules: a grade of {name!r} is missing or below {least}; give whole numbers")
    if part["rule"].iloc[0] == "steps" and (amounts > count).any():
        raise BadPolicy(f"rules: a grade of {name!r} is above {count}, the last that has a class; mend the table")
    if part["code"].notna().all():
        codes = tuple(str(code) for code in part["code"])
        if len(set(codes)) < len(codes):
            raise BadPolicy(f"rules: a code of {name!r} stands twice; leave one out")
        return Factor(name, amounts.astype(np.int64), codes=codes)
    above = part["above"].to_numpy(dtype=np.float64)
    up_to = part["up_to"].to_numpy(dtype=np.float64)
    above, up_to = np.where(np.isnan(above), -np.inf, above), np.where(np.isnan(up_to), np.inf, up_to)
    order = np.argsort(above, kind="stable")
    above, up_to = above[order], up_to[order]
    if above[0] != -np.inf or up_to[-1] != np.inf or (above[1:] != up_to[:-1]).any() or (above >= up_to).any():
        raise BadPolicy(
            f"rules: the steps of {name!r} leave a gap or overlap, each must begin where the last ends and the ends be "
            "open; mend the table"
        )
    return Factor(name, amounts[order].astype(np.int64), limits=up_to[:-1])


def _combine(rows: pd.DataFrame, factors: dict[str, Factor], count: int) -> Any:
    """Work out the last step for every combination of classes, with one axis for each factor."""
    axes = {
        name: factor.amounts.reshape([-1 if other == name else 1 for other in factors])
        for name, factor in factors.items()
    }
    done: dict[str, Any] = {}
    order = list(dict.fromkeys(rows.loc[~rows["rule"].isin(["class", "outside"]), "step"]))
    for step in order:
        part = rows[(rows["step"] == step) & ~rows["rule"].isin(["class", "outside"])]
        value: Any = None
        for rule, some in part.groupby("rule", sort=False):
            if rule == "steps":
                present = [axes[name] for name in dict.fromkeys(some["factor"]) if name in axes]
                value = present[0] if present else None
            elif rule == "matrix":
                value = _matrix(str(step), some, done, count)
            elif rule == "largest":
                taken = [done[name] for name in _known(some["factor"], order, str(step)) if name in done]
                value = np.maximum.reduce(np.broadcast_arrays(*taken)) if taken else None
            elif rule == "worsen":
                if value is None:
                    raise BadPolicy(f"rules: {step!r} is made worse before it has a grade; give its steps first")
                for name in dict.fromkeys(some["factor"]):
                    if name in axes:
                        value = np.minimum(value + axes[name], count)
        if value is not None:
            done[str(step)] = value
    final = rows.loc[rows["rule"] == "class", "step"].iloc[0]
    if final not in done:
        raise BadPolicy(f"rules: the classes are of {final!r}, {suggest(str(final), done)}; name the last step")
    return done[final]


def _known(names: Any, order: list[str], step: str) -> list[str]:
    before = order[: order.index(step)]
    for name in names:
        if name not in before:
            raise BadPolicy(
                f"rules: {step!r} goes by {name!r}, which is no step before it; {suggest(str(name), before)}"
            )
    return [str(name) for name in names]


def _matrix(step: str, some: pd.DataFrame, done: dict[str, Any], count: int) -> Any:
    pairs = set(zip(some["factor"], some["second"], strict=True))
    if len(pairs) != 1:
        raise BadPolicy(f"rules: the matrix of {step!r} is of {len(pairs)} pairs of steps, one is needed; mend it")
    first, second = next(iter(pairs))
    _known([first, second], [*done, step], step)
    cells = np.zeros((count, count), dtype=np.int64)
    try:
        cells[some["row"].to_numpy(int) - 1, some["column"].to_numpy(int) - 1] = some["grade"].to_numpy(int)
    except (IndexError, ValueError) as error:
        raise BadPolicy(f"rules: the matrix of {step!r} has a place that is no grade ({error}); mend it") from None
    if (cells < 1).any() or (cells > count).any():
        raise BadPolicy(f"rules: the matrix of {step!r} has holes, {count} × {count} grades are needed; fill them in")
    row, column = np.broadcast_arrays(done[str(first)], done[str(second)])
    return cells[row - 1, column - 1]


def _with_unknown(grades: NDArray[np.int16], of: Any) -> NDArray[np.int16]:
    """Put the unknown before the first class of every axis: the least or most that the factor could make of it."""
    for axis in range(grades.ndim):
        grades = np.concatenate([of(grades, axis=axis, keepdims=True), grades], axis=axis)
    return grades


def _deciding(grades: NDArray[np.int16]) -> Integers:
    """Give the bits of the factors that decide, for every combination."""
    gains = np.stack([grades - grades.min(axis=axis, keepdims=True) for axis in range(grades.ndim)])
    best = gains.max(axis=0)
    alone, apart = [], []
    for axis in range(grades.ndim):
        others = tuple(other for other in range(grades.ndim) if other != axis)
        by_itself = grades.min(axis=others, keepdims=True)
        alone.append(np.broadcast_to(by_itself, grades.shape) == grades)
        apart.append(np.broadcast_to(by_itself > by_itself.min(), grades.shape))
    limited = grades > grades.min()
    sufficient, away = np.stack(alone) & limited, np.stack(apart) & limited
    chosen = np.where(best > 0, (gains == best) & (best > 0), np.where(sufficient.any(axis=0), sufficient, away))
    bits = (1 << np.arange(grades.ndim, dtype=np.int64)).reshape([-1] + [1] * grades.ndim)
    return np.asarray((chosen * bits).sum(axis=0), dtype=np.int64)
