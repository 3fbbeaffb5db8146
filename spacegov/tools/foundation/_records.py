"""Records in an answer: by which name a feature is called, and frames of faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.tools.values import labels_of, texts_of


def record_names(frame: pd.DataFrame, column: str | None) -> NDArray[np.object_]:
    """Give the name of every record: the value of a column, else of the layer's own key, else its row label."""
    names = labels_of(frame) if column is None else texts_of(frame[column])
    return np.asarray(["" if name is None else name for name in names], dtype=object)


def answer_frame(
    columns: Mapping[str, tuple[Any, str]], geometry: Any, crs: Any, *, order: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Build an answer with stated columns and types, also when it is empty.

    Parameters
    ----------
    columns : mapping
        Column → (values, dtype).
    geometry : sequence of shapely geometries
        One for each row.
    crs : CRS
        Of the input.
    order : sequence of str
        Columns to sort by; the order of rows never depends on how the answer was computed.
    """
    table = answer_table(columns)
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(geometry), crs=crs), crs=crs)
    return frame.sort_values(list(order), kind="stable", ignore_index=True) if order else frame


def answer_table(columns: Mapping[str, tuple[Any, str]], *, order: Sequence[str] = ()) -> pd.DataFrame:
    """Build a table with stated columns and types, also when it is empty."""
    table = pd.DataFrame(
        {
            name: pd.Series(_values(values), dtype=dtype).reset_index(drop=True)
            for name, (values, dtype) in columns.items()
        }
    )
    return table.sort_values(list(order), kind="stable", ignore_index=True) if order else table


def _values(values: Any) -> Any:
    return values if isinstance(values, (pd.Series, np.ndarray)) else list(values)
