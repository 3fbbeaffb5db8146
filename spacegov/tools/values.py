"""Values of attribute columns as texts, amounts and dates, the same in every tool."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov.errors import BadInput
from spacegov.kinds import name_of
from spacegov.ledger import doubt


def text_of(value: Any) -> str | None:
    """Give a value as text; a missing value is None, 101.0 is written 101.

    Examples
    --------
    >>> text_of("0101"), text_of(101.0), text_of(float("nan"))
    ('0101', '101', None)
    """
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def texts_of(column: Any) -> npt.NDArray[Any]:
    """Give a column as texts, None where a value is missing."""
    if isinstance(getattr(column, "dtype", None), pd.StringDtype):
        # These are texts as they are; taken one by one out of Arrow's memory, they would cost most of an answer.
        return np.array(column.to_numpy(dtype=object, na_value=None), dtype=object)
    return np.array([text_of(value) for value in column], dtype=object)


def column_among(frame: Any, names: tuple[str, ...]) -> str | None:
    """Give the first of some usual names that a layer has a column of.

    Examples
    --------
    >>> column_among(pd.DataFrame({"issued": [1]}), ("approved", "issued")), column_among(pd.DataFrame(), ("a",))
    ('issued', None)
    """
    return next((name for name in names if name in frame.columns), None)


def labels_of(frame: Any) -> npt.NDArray[Any]:
    """Give the names of a layer's records: its key column where the layer states one (`attrs["key"]`), else the index.

    Examples
    --------
    >>> plots = pd.DataFrame({"plot_id": ["P7", "P8"]})
    >>> labels_of(plots).tolist()
    ['0', '1']
    >>> plots.attrs["key"] = "plot_id"
    >>> labels_of(plots).tolist()
    ['P7', 'P8']
    """
    key = frame.attrs.get("key")
    texts = texts_of(frame[key]) if key in frame.columns else np.full(len(frame), None, dtype=object)
    index = [str(label) for label in frame.index]
    return np.array([text or label for text, label in zip(texts, index, strict=True)], dtype=object)


def amounts_of(frame: Any, column: str, layer: str, what: str) -> npt.NDArray[np.float64]:
    """Give people, values or rooms of features; negative ones are refused, missing ones told and left empty.

    Parameters
    ----------
    frame : DataFrame
        The features.
    column : str
        The column of the amounts.
    layer, what : str
        What the features and the amounts are, for messages.

    Raises
    ------
    BadInput
        An amount below 0 or infinite.

    Examples
    --------
    >>> amounts_of(pd.DataFrame({"residents": [3, 0]}), "residents", "buildings", "people")
    array([3., 0.])
    """
    values: npt.NDArray[np.float64] = np.asarray(frame[column].to_numpy(dtype=np.float64, na_value=np.nan))
    wrong = np.flatnonzero((values < 0) | np.isinf(values))
    if len(wrong):
        raise BadInput(
            f"{layer} ({name_of(frame, layer)}): {len(wrong)} features have a negative or infinite {what} in "
            f"{column!r}, the first is record {frame.index[wrong[0]]}; correct them, or leave them empty"
        )
    missing = int(np.isnan(values).sum())
    if missing:
        doubt(f"{missing} of {len(values)} {layer} have no {what} in {column!r}; they add nothing to its sums", layer)
    return values


def readable_dates(frame: pd.DataFrame, column: str, role: str) -> npt.NDArray[np.datetime64]:
    """Read a column of dates that may be empty, refusing values that are no dates.

    Raises
    ------
    BadInput
        A value is no date.
    """
    dates, texts = dates_of(frame[column])
    broken = np.flatnonzero(np.isnat(dates) & np.array([text is not None for text in texts], dtype=bool))
    if len(broken):
        raise BadInput(
            f"{role}: {len(broken)} values of {column!r} are no dates, the first is {texts[broken[0]]!r}; "
            "write them as 2024-06-30, or leave them empty"
        )
    return dates


def dates_of(column: Any) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[Any]]:
    """Read a column of dates.

    Parameters
    ----------
    column : Series
        Dates, or texts such as 2024-06-30 or 20240630.

    Returns
    -------
    dates : datetime64[s] (n,)
        NaT where a value is missing or cannot be read.
    texts : object (n,)
        The values as texts, to name those that cannot be read.

    Examples
    --------
    >>> dates, texts = dates_of(pd.Series(["2024-06-30", "20240701", "soon"]))
    >>> dates.astype("datetime64[D]").astype(str).tolist(), texts[2]
    (['2024-06-30', '2024-07-01', 'NaT'], 'soon')
    """
    texts = texts_of(column)
    values = column if pd.api.types.is_datetime64_any_dtype(column) else pd.Series(texts, dtype=object)
    read = pd.to_datetime(values, errors="coerce", format="ISO8601")
    if getattr(read.dtype, "tz", None) is not None:
        # the day is the one at the place where the time was written
        read = read.dt.tz_localize(None)
    return read.to_numpy().astype("datetime64[s]"), texts
