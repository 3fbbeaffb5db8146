"""The records of a table that meet a condition: near a place by the pages of the file, elsewhere by DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.layers.filter import GEOMETRY
from spacegov.layers.parquet_read import ROW, records_meeting
from spacegov.service.tables import Condition, Table, asked, counted, fetched

if TYPE_CHECKING:
    import pyarrow as pa

MOST_NEAR = 300_000
"""Records of the row groups near a place, from which on DuckDB goes through the file."""


def page_of(
    table: Table, condition: Condition, *, columns: list[str], limit: int, offset: int, seconds: float
) -> tuple[pa.Table, int | None]:
    """Give a page of the records that meet a condition, in the order of the file.

    Returns
    -------
    records : pyarrow.Table
        With the number of each as `__row`.
    matched : int or None
        How many meet it; None where only as many were looked at as the page needs.
    """
    near = near_records(table, condition, seconds)
    if near is None:
        found = fetched(table, condition, columns=columns, limit=limit, offset=offset, seconds=seconds)
        return found, None
    return near.slice(offset, limit).select([*columns, GEOMETRY, ROW]), near.num_rows


def largest(
    table: Table, condition: Condition, *, columns: list[str], most: int, seconds: float
) -> tuple[pa.Table, int]:
    """Give the records that meet a condition, the largest where they are too many, and the number of the others."""
    near = near_records(table, condition, seconds)
    if near is None:
        return _largest_of_file(table, condition, columns, most, seconds)
    count = near.num_rows
    if count > most:
        west, south, east, north = (
            near.column("bbox").combine_chunks().field(number).to_numpy() for number in range(4)
        )
        sizes = (east - west) * (north - south)
        near = near.take(np.sort(np.argsort(-sizes, kind="stable")[:most]))
    return near.select([*columns, GEOMETRY]), max(count - most, 0)


def near_records(table: Table, condition: Condition, seconds: float) -> pa.Table | None:
    """Read all records that meet a condition which keeps to a place; None where it does not, or the place is large."""
    import pyarrow as pa

    if condition.near is None or not table.covering:
        return None
    near = records_meeting(table.path, condition.near, [*table.kinds, "bbox", GEOMETRY], most=MOST_NEAR)
    if near is None or condition.only_near or not near.num_rows:
        return near
    positions = near.append_column("__at", pa.array(np.arange(near.num_rows)))
    with asked(seconds) as cursor:
        cursor.register("near_records", positions)
        query = f"SELECT __at FROM near_records WHERE {condition.sql}"  # noqa: S608  values are bound
        passing = cursor.execute(query, list(condition.values)).fetchnumpy()["__at"]
    return near.take(pa.array(np.sort(np.asarray(passing, dtype=np.int64))))


def _largest_of_file(
    table: Table, condition: Condition, columns: list[str], most: int, seconds: float
) -> tuple[pa.Table, int]:
    """Give the same, asking the whole file."""
    from spacegov.layers.filter import quoted

    if not table.covering:
        return fetched(table, condition, columns=columns, limit=most, seconds=seconds), max(table.rows - most, 0)
    count = counted(table, condition, seconds)
    if count <= most:
        return fetched(table, condition, columns=columns, limit=most, seconds=seconds), 0
    names = ", ".join([*map(quoted, columns), GEOMETRY])
    query = (
        f"SELECT {names} FROM read_parquet(?) WHERE {condition.sql} "  # noqa: S608  names are quoted, values bound
        "ORDER BY (bbox.xmax - bbox.xmin) * (bbox.ymax - bbox.ymin) DESC LIMIT ?"
    )
    with asked(seconds) as cursor:
        found: Any = cursor.execute(query, [str(table.path), *condition.values, most]).to_arrow_table()
    return found, count - most
