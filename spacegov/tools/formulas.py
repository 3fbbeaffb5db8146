"""Formulas of indicators: read as a language of their own, checked, and computed without ever running as Python.

A formula joins numbers by + - * / and parentheses; numbers come from functions over layers, such as
``area(plan, use in ("urban", "village")) / 10000``. A condition compares columns of a layer of the function: names of
columns, or ``col("class")`` where a name is no plain word; texts and numbers; ``== != < <= > >=``, ``in``, ``not in``;
``startswith(column, "07")``; ``and``, ``or``, ``not``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov.errors import BadPolicy, MissingColumn, suggest
from spacegov.tools.values import texts_of

_LONGEST = 2_000
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


@dataclass(frozen=True)
class Argument:
    """What a function of the language takes at one place: a layer, a column, a number or a condition on a layer."""

    kind: str
    optional: bool = False
    # which of the layers before it a column or condition is about
    of: int = 0


LAYER, COLUMN, NUMBER = Argument("layer"), Argument("column"), Argument("number")
WHERE, WHERE_SECOND = Argument("condition", optional=True), Argument("condition", optional=True, of=1)

FUNCTIONS: dict[str, tuple[Argument, ...]] = {
    # m² of polygons, feature by feature; of ground, every place counted once; of a unit
    "area": (LAYER, WHERE),
    "ground": (LAYER, WHERE),
    "unit_area": (),
    # m of lines
    "length": (LAYER, WHERE),
    # features, sums and means of a column
    "count": (LAYER, WHERE),
    "sum": (LAYER, COLUMN, WHERE),
    "mean": (LAYER, COLUMN, WHERE),
    # m² of the first layer on the ground of the second
    "overlap": (LAYER, LAYER, WHERE, WHERE_SECOND),
    # features of the first layer, or the sum of their column, within metres of the second
    "count_near": (LAYER, LAYER, NUMBER, WHERE, WHERE_SECOND),
    "sum_near": (LAYER, COLUMN, LAYER, NUMBER, WHERE, WHERE_SECOND),
}
_NUMERIC_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": np.minimum, "max": np.maximum}


@dataclass(frozen=True)
class Call:
    """A function over layers as it stands in a formula."""

    function: str
    layers: tuple[str, ...]
    column: str | None
    number: float | None
    conditions: tuple[ast.expr | None, ...]


@dataclass(frozen=True)
class Formula:
    """A formula that was read and checked.

    Attributes
    ----------
    text : str
    layers : tuple of str
        The layers it asks, in alphabetical order.
    """

    text: str
    tree: ast.expr
    layers: tuple[str, ...]

    def compute(self, answer: Callable[[Call], Any]) -> npt.NDArray[np.float64]:
        """Compute the formula.

        Parameters
        ----------
        answer : callable
            Gives the numbers of a call, one for each unit.

        Returns
        -------
        float64 array
            NaN where a divisor is 0.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.asarray(_compute(self.tree, answer, self.text), dtype=np.float64)
        return np.where(np.isfinite(value), value, np.nan)


def read_formula(text: str) -> Formula:
    """Read and check a formula.

    Raises
    ------
    BadPolicy
        It is not of the language; the sentence names the part and the place.

    Examples
    --------
    >>> read_formula('area(plan, use == "urban") / sum(buildings, residents)').layers
    ('buildings', 'plan')
    >>> read_formula("__import__('os')")
    Traceback (most recent call last):
    ...
    spacegov.errors.BadPolicy: formula "__import__('os')": there is no function '__import__'; valid names are 'area',
    'count', 'count_near', 'ground', 'length', 'max', 'mean', 'min' and 4 more
    """
    if len(text) > _LONGEST:
        raise BadPolicy(f"a formula of {len(text)} characters was given, at most {_LONGEST} are allowed; split it")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadPolicy(f"formula {text!r}: it cannot be read ({_reason(error)}); mend it") from None
    layers: set[str] = set()
    _check(tree, text, layers)
    return Formula(text, tree, tuple(sorted(layers)))


def _reason(error: Exception) -> str:
    return f"{error.msg} at character {error.offset}" if isinstance(error, SyntaxError) else str(error) or "too deep"


def _refuse(node: ast.AST, text: str) -> BadPolicy:
    part = ast.get_source_segment(text.strip(), node) or type(node).__name__ if isinstance(node, ast.expr) else "a part"
    return BadPolicy(
        f"formula {text!r}: {part!r} is not of the language; write numbers, + - * /, parentheses and functions over "
        "layers"
    )


def _check(node: ast.expr, text: str, layers: set[str]) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        _check(node.left, text, layers)
        _check(node.right, text, layers)
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        _check(node.operand, text, layers)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id in _NUMERIC_FUNCTIONS:
            if len(node.args) != 2:
                raise _refuse(node, text)
            for argument in node.args:
                _check(argument, text, layers)
            return
        layers.update(_call(node, text).layers)
        return
    raise _refuse(node, text)


def _call(node: ast.Call, text: str) -> Call:
    """Read a function over layers."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        raise BadPolicy(
            f"formula {text!r}: there is no function {name!r}; {suggest(name, [*FUNCTIONS, *_NUMERIC_FUNCTIONS])}"
        )
    wanted = FUNCTIONS[name]
    needed = sum(not argument.optional for argument in wanted)
    if not needed <= len(node.args) <= len(wanted):
        raise BadPolicy(
            f"formula {text!r}: {name} was given {len(node.args)} values, "
            f"{needed if needed == len(wanted) else f'{needed} to {len(wanted)}'} are needed"
        )
    layers: list[str] = []
    column: str | None = None
    number: float | None = None
    conditions: dict[int, ast.expr] = {}
    for argument, given in zip(wanted, node.args, strict=False):
        if argument.kind == "layer":
            if not isinstance(given, ast.Name):
                raise _refuse(given, text)
            layers.append(given.id)
        elif argument.kind == "column":
            column = _column_name(given, text)
        elif argument.kind == "number":
            if not (isinstance(given, ast.Constant) and isinstance(given.value, (int, float))):
                raise _refuse(given, text)
            number = float(given.value)
        else:
            _check_condition(given, text)
            conditions[argument.of] = given
    return Call(name, tuple(layers), column, number, (conditions.get(0), conditions.get(1)))


def _column_name(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "col"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ):
        return node.args[0].value
    raise _refuse(node, text)


def _literal(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str)):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List)):
        return [_literal(part, text) for part in node.elts]
    raise _refuse(node, text)


def _check_condition(node: ast.expr, text: str) -> None:
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_condition(part, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_condition(node.operand, text)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        _column_name(node.left, text)
        value = _literal(node.comparators[0], text)
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) != isinstance(value, list):
            raise _refuse(node, text)
        if type(node.ops[0]) not in _COMPARISONS and not isinstance(node.ops[0], (ast.In, ast.NotIn)):
            raise _refuse(node, text)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "startswith":
        if len(node.args) != 2:
            raise _refuse(node, text)
        _column_name(node.args[0], text)
        if not isinstance(_literal(node.args[1], text), str):
            raise _refuse(node, text)
    else:
        raise _refuse(node, text)


def _compute(node: ast.expr, answer: Callable[[Call], Any], text: str) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.BinOp):
        left, right = _compute(node.left, answer, text), _compute(node.right, answer, text)
        return _ARITHMETIC[type(node.op)](np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64))
    if isinstance(node, ast.UnaryOp):
        value = _compute(node.operand, answer, text)
        return np.negative(value) if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in _NUMERIC_FUNCTIONS:
            return _NUMERIC_FUNCTIONS[node.func.id](*(_compute(part, answer, text) for part in node.args))
        return answer(_call(node, text))
    raise _refuse(node, text)


def select(condition: ast.expr | None, frame: pd.DataFrame, layer: str) -> npt.NDArray[np.bool_]:
    """Give the rows of a layer that a condition holds for; no comparison holds for a missing value.

    Raises
    ------
    MissingColumn
        The condition names a column that the layer does not have.
    """
    if condition is None:
        return np.ones(len(frame), dtype=bool)
    if isinstance(condition, ast.BoolOp):
        parts = [select(part, frame, layer) for part in condition.values]
        join = np.logical_and if isinstance(condition.op, ast.And) else np.logical_or
        return np.asarray(join.reduce(parts), dtype=bool)
    if isinstance(condition, ast.UnaryOp):
        return np.logical_not(select(condition.operand, frame, layer))
    if isinstance(condition, ast.Call):
        column, start = condition.args
        texts = texts_of(column_of(frame, _column_name(column, layer), layer))
        prefix = str(_literal(start, layer))
        return np.array([text is not None and text.startswith(prefix) for text in texts], dtype=bool)
    if not isinstance(condition, ast.Compare):
        raise _refuse(condition, layer)
    values = column_of(frame, _column_name(condition.left, layer), layer)
    wanted = _literal(condition.comparators[0], layer)
    return _compare(condition.ops[0], values, wanted)


def _compare(operator: ast.cmpop, values: Any, wanted: Any) -> npt.NDArray[np.bool_]:
    listed = wanted if isinstance(wanted, list) else [wanted]
    textual = any(isinstance(item, str) for item in listed)
    # codes are text: 0101 and 101 are told apart, whatever the column's type
    found = texts_of(values) if textual else pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    known = np.array([value is not None for value in found], dtype=bool) if textual else ~np.isnan(found)
    if isinstance(operator, (ast.In, ast.NotIn)):
        members = {str(item) for item in listed} if textual else {float(item) for item in listed}
        inside = np.array([value in members for value in found], dtype=bool)
        chosen = inside if isinstance(operator, ast.In) else ~inside
        return np.asarray(known & chosen, dtype=bool)
    holds = np.zeros(len(found), dtype=bool)
    compare = _COMPARISONS[type(operator)]
    holds[known] = compare(found[known], str(wanted) if textual else float(wanted))
    return holds


def column_of(frame: pd.DataFrame, column: str, layer: str) -> Any:
    """Give a column of a layer.

    Raises
    ------
    MissingColumn
        The layer does not have it.
    """
    if column not in frame.columns:
        raise MissingColumn(
            f"{layer}: the column {column!r} of a formula is missing; {suggest(column, map(str, frame.columns))}"
        )
    return frame[column]


def layer_word(name: str, known: Mapping[str, Any] | None = None) -> str:
    """Give the word by which formulas name a layer: the last part of its id, with _ for -.

    Examples
    --------
    >>> layer_word("planned.land-use-plan")
    'land_use_plan'
    """
    word = "".join(character if character.isalnum() else "_" for character in name.rpartition(".")[2])
    word = f"_{word}" if word[:1].isdigit() or not word else word
    return word if known is None or word not in known else f"{word}_{len(known) + 1}"
