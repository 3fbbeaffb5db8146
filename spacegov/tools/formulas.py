"""Formulas of indicators: read as a language of their own, checked, and computed without ever running as Python.

A formula joins numbers by + - * / and parentheses; numbers come from functions over layers, such as
``area(plan, use in ("urban", "village")) / 10000``. A condition compares columns of a layer of the function: names of
columns, or ``col("class")`` where a name is no plain word; texts and numbers; ``== != < <= > >=``, ``in``, ``not in``;
``startswith(column, "07")``; ``within(boundary)`` and ``within(boundary, condition)`` for features whose point lies in
another layer; ``and``, ``or``, ``not``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spacegov.errors import BadPolicy, suggest
from spacegov.tools.conditions import check_condition, column_name, layers_within, parse_expression, refuse

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}


@dataclass(frozen=True)
class Argument:
    """What a function of the language takes at one place: a layer, a column, a number or a condition on a layer."""

    kind: str
    optional: bool = False
    # which of the layers before it a column or condition is about
    of: int = 0


LAYER, COLUMN, NUMBER, SPEED = Argument("layer"), Argument("column"), Argument("number"), Argument("speed")
WHERE, WHERE_SECOND = Argument("condition", optional=True), Argument("condition", optional=True, of=1)

FUNCTIONS: dict[str, tuple[Argument, ...]] = {
    # m² of polygons, feature by feature; of ground, every place counted once; of a unit
    "area": (LAYER, WHERE),
    "ground": (LAYER, WHERE),
    "unit_area": (),
    # m² of polygons times a column, such as floors
    "area_times": (LAYER, COLUMN, WHERE),
    # m of lines; of lines on the ground of polygons
    "length": (LAYER, WHERE),
    "length_in": (LAYER, LAYER, WHERE, WHERE_SECOND),
    # features, sums and means of a column
    "count": (LAYER, WHERE),
    "sum": (LAYER, COLUMN, WHERE),
    "mean": (LAYER, COLUMN, WHERE),
    # m² of the first layer on the ground of the second
    "overlap": (LAYER, LAYER, WHERE, WHERE_SECOND),
    # features of the first layer, the sum of their column, or their m², within metres of the second
    "count_near": (LAYER, LAYER, NUMBER, WHERE, WHERE_SECOND),
    "sum_near": (LAYER, COLUMN, LAYER, NUMBER, WHERE, WHERE_SECOND),
    "area_near": (LAYER, LAYER, NUMBER, WHERE, WHERE_SECOND),
    # the same within minutes of the second layer by the roads of the third, at km/h: a number or a column of the roads
    "count_reached": (LAYER, LAYER, LAYER, NUMBER, SPEED, WHERE, WHERE_SECOND),
    "sum_reached": (LAYER, COLUMN, LAYER, LAYER, NUMBER, SPEED, WHERE, WHERE_SECOND),
    "area_reached": (LAYER, LAYER, LAYER, NUMBER, SPEED, WHERE, WHERE_SECOND),
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
    speed: float | str | None = None

    @property
    def asked(self) -> set[str]:
        """Every layer it asks, those of `within` included."""
        asked = set(self.layers)
        for condition in self.conditions:
            if condition is not None:
                asked |= layers_within(condition)
        return asked


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
    'area_near', 'area_reached', 'area_times', 'count', 'count_near', 'count_reached', 'ground' and 10 more
    """
    tree = parse_expression("formula", text)
    layers: set[str] = set()
    _check(tree, text, layers)
    return Formula(text, tree, tuple(sorted(layers)))


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
                raise refuse(node, text)
            for argument in node.args:
                _check(argument, text, layers)
            return
        layers.update(_call(node, text).asked)
        return
    raise refuse(node, text)


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
    speed: float | str | None = None
    conditions: dict[int, ast.expr] = {}
    for argument, given in zip(wanted, node.args, strict=False):
        if argument.kind == "layer":
            if not isinstance(given, ast.Name):
                raise refuse(given, text)
            layers.append(given.id)
        elif argument.kind == "column":
            column = column_name(given, text)
        elif argument.kind == "number" or (argument.kind == "speed" and isinstance(given, ast.Constant)):
            if not (isinstance(given, ast.Constant) and isinstance(given.value, (int, float))):
                raise refuse(given, text)
            number, speed = (float(given.value), speed) if argument.kind == "number" else (number, float(given.value))
        elif argument.kind == "speed":
            speed = column_name(given, text)
        else:
            check_condition(given, text)
            conditions[argument.of] = given
    return Call(name, tuple(layers), column, number, (conditions.get(0), conditions.get(1)), speed)


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
    raise refuse(node, text)


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
