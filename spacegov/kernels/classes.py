"""Class columns: values numbered in a stable order, and brought back into the table."""

from __future__ import annotations

import threading
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
    order, rank = class_order(pd.Index(values))
    return Classes(rank[codes] if len(codes) else np.empty(0, np.int64), pd.Index(values).take(order))


def class_order(values: pd.Index[Any]) -> tuple[IntArray, IntArray]:
    """Order of classes: by value, or by their text when values of several types mix; missing last.

    Returns
    -------
    order, rank : int64
        Positions in order, and the place of each position.
    """
    missing = np.asarray(values.isna())
    present = np.flatnonzero(~missing)
    kept = values.take(present)
    try:
        order = np.asarray(kept.argsort(), dtype=np.int64)
    except TypeError:
        order = np.asarray(pd.Index([f"{type(value).__name__} {value}" for value in kept]).argsort(), dtype=np.int64)
    whole = np.concatenate([present[order], np.flatnonzero(missing)]).astype(np.int64)
    rank = np.empty(len(whole), np.int64)
    rank[whole] = np.arange(len(whole))
    return whole, rank


class ClassBook:
    """Numbers for classes met part by part, by several threads."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._lock = threading.Lock()
        self._type: Any = None

    def number(self, column: Any) -> tuple[IntArray, IntArray]:
        """Number the values of an Arrow column.

        Returns
        -------
        codes : int64 (rows,)
            Class of each row within this part.
        classes : int64
            What the part's classes are in the book.
        """
        import pyarrow as pa

        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        encoded = column.dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.unify_dictionaries()
            indices = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
            values = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
            codes = np.concatenate(indices) if indices else np.empty(0, np.int64)
        else:
            codes, values = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
        with self._lock:
            self._type = column.type
            classes = [self._numbers.setdefault(_key(value), len(self._numbers)) for value in values]
        return codes.astype(np.int64), np.array(classes, dtype=np.int64)

    def ordered(self) -> tuple[pd.Index[Any], IntArray]:
        """Give the classes in order, and the place of each number in it."""
        import pyarrow as pa

        values = list(self._numbers)
        index = pd.Index(pa.array(values, self._type).to_pandas() if values else [])
        order, rank = class_order(index)
        return index.take(order), rank


def _key(value: Any) -> Any:
    """A value that equals itself: not-a-number is a missing value."""
    return None if value != value else value


def output_names(by: tuple[str, str]) -> tuple[str, str]:
    """Column names of the table: those of the classes, told apart when both layers call them the same."""
    left, right = by
    return (left, right) if left != right else (f"{left}_left", f"{right}_right")
