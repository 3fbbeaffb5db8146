"""Conditions on the columns of a layer, as formulas and policy tables state them: read, checked, never run as code."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov.errors import BadPolicy, MissingColumn, suggest
from spacegov.tools.values import texts_of

LONGEST = 2_000
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}

Inside = Callable[[str, "ast.expr | None"], npt.NDArray[np.bool_]]
"""Tells which features of a layer lie in the features of another that a condition holds for."""


def layers_within(condition: ast.expr) -> set[str]:
    """Name the layers that a condition asks by `within`."""
    return {
        node.args[0].id
        for node in ast.walk(condition)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "within"
        and isinstance(node.args[0], ast.Name)
    }


def reason_of(error: Exception) -> str:
    """Why Python's reader did not take a text."""
    return f"{error.msg} at character {error.offset}" if isinstance(error, SyntaxError) else str(error) or "too deep"


def refuse(node: ast.AST, text: str) -> BadPolicy:
    """Give the error for a part that is not of the language."""
    part = ast.get_source_segment(text.strip(), node) or type(node).__name__ if isinstance(node, ast.expr) else "a part"
    return BadPolicy(
        f"formula {text!r}: {part!r} is not of the language; write numbers, + - * /, parentheses and functions over "
        "layers"
    )


def column_name(node: ast.expr, text: str) -> str:
    """Read the name of a column."""
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
    raise refuse(node, text)


def literal(node: ast.expr, text: str) -> Any:
    """Read a text, a number or a list of them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str)):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List)):
        return [literal(part, text) for part in node.elts]
    raise refuse(node, text)


def check_condition(node: ast.expr, text: str) -> None:
    """Hold a condition to the language."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            check_condition(part, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        check_condition(node.operand, text)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        column_name(node.left, text)
        value = literal(node.comparators[0], text)
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) != isinstance(value, list):
            raise refuse(node, text)
        if type(node.ops[0]) not in _COMPARISONS and not isinstance(node.ops[0], (ast.In, ast.NotIn)):
            raise refuse(node, text)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "within":
        if len(node.args) not in (1, 2) or node.keywords or not isinstance(node.args[0], ast.Name):
            raise refuse(node, text)
        for part in node.args[1:]:
            check_condition(part, text)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "startswith":
        if len(node.args) != 2:
            raise refuse(node, text)
        column_name(node.args[0], text)
        if not isinstance(literal(node.args[1], text), str):
            raise refuse(node, text)
    else:
        raise refuse(node, text)


def read_condition(text: str) -> ast.expr:
    """Read and check a condition on the columns of a layer.

    Raises
    ------
    BadPolicy
        It is not of the language.

    Examples
    --------
    >>> roads = pd.DataFrame({"rank": ["main", "lane"]})
    >>> select(read_condition('rank in ("main", "county")'), roads, "roads").tolist()
    [True, False]
    """
    tree = parse_expression("condition", text)
    check_condition(tree, text)
    return tree


def parse_expression(what: str, text: str) -> ast.expr:
    """Parse a formula or condition, which is then held to its language; nothing of it is ever run as Python."""
    if len(text) > LONGEST:
        raise BadPolicy(f"a {what} of {len(text)} characters was given, at most {LONGEST} are allowed; split it")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadPolicy(f"{what} {text!r}: it cannot be read ({reason_of(error)}); mend it") from None


def select(
    condition: ast.expr | None, frame: pd.DataFrame, layer: str, inside: Inside | None = None
) -> npt.NDArray[np.bool_]:
    """Give the rows of a layer that a condition holds for; no comparison holds for a missing value.

    Parameters
    ----------
    condition : expression, optional
        As it stands in a formula.
    frame : DataFrame
        The layer.
    layer : str
        Its name, for messages.
    inside : callable, optional
        Answers `within`.

    Raises
    ------
    MissingColumn
        The condition names a column that the layer does not have.
    """
    if condition is None:
        return np.ones(len(frame), dtype=bool)
    if isinstance(condition, ast.BoolOp):
        parts = [select(part, frame, layer, inside) for part in condition.values]
        join = np.logical_and if isinstance(condition.op, ast.And) else np.logical_or
        return np.asarray(join.reduce(parts), dtype=bool)
    if isinstance(condition, ast.UnaryOp):
        return np.logical_not(select(condition.operand, frame, layer, inside))
    if isinstance(condition, ast.Call) and isinstance(condition.func, ast.Name) and condition.func.id == "within":
        if inside is None or not isinstance(condition.args[0], ast.Name):
            raise refuse(condition, layer)
        return inside(condition.args[0].id, condition.args[1] if len(condition.args) > 1 else None)
    if isinstance(condition, ast.Call):
        column, start = condition.args
        texts = texts_of(column_of(frame, column_name(column, layer), layer))
        prefix = str(literal(start, layer))
        return np.array([text is not None and text.startswith(prefix) for text in texts], dtype=bool)
    if not isinstance(condition, ast.Compare):
        raise refuse(condition, layer)
    values = column_of(frame, column_name(condition.left, layer), layer)
    wanted = literal(condition.comparators[0], layer)
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
