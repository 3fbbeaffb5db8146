"""Class columns: values numbered in a stable order, and brought back into the table."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from spacegov.errors import MissingColumn, suggest
from spacegov.kernels.ragged import IntArray


class Classes(NamedTuple):
    """A class column.

    Attributes
    ----------
    codes : int64 (G,)
        Class of each row.
    values : pandas.Index
        The classes, sorted; a missing value is a class of its own and comes last.
    """

    codes: IntArray
    values: pd.Index[Any]


def number_classes(frame: Any, column: str, name: str) -> Classes:
    """Number the values of a column of a frame."""
    if not hasattr(frame, "columns") or column not in frame.columns:
        given = list(map(str, getattr(frame, "columns", [])))
        raise MissingColumn(f"{name} has no column {column!r} to sum areas by; {suggest(column, given)}")
    return number_values(frame[column])


def number_values(series: Any) -> Classes:
    """Number the values of a series."""
    codes, values = pd.factorize(series, use_na_sentinel=False)
    values = pd.Index(values)
    order = class_order(values)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return Classes(rank[codes] if len(codes) else np.empty(0, np.int64), values.take(order))


def class_order(values: pd.Index[Any]) -> IntArray:
    """Order of classes: by value, or by their text when values of several types mix; missing last."""
    missing = np.asarray(values.isna())
    present = np.flatnonzero(~missing)
    kept = values.take(present)
    try:
        order = np.asarray(kept.argsort(), dtype=np.int64)
    except TypeError:
        order = np.asarray(pd.Index([f"{type(value).__name__} {value}" for value in kept]).argsort(), dtype=np.int64)
    return np.concatenate([present[order], np.flatnonzero(missing)]).astype(np.int64)


def output_names(by: tuple[str, str]) -> tuple[str, str]:
    """Column names of the table: those of the classes, told apart when both layers call them the same."""
    left, right = by
    return (left, right) if left != right else (f"{left}_left", f"{right}_right")
