"""Which records of a table pass a filter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput
from spacegov.layers.filter import Filter


def rows_passing(table: Any, wanted: Filter) -> NDArray[np.int64]:
    """Give the rows of an Arrow table that pass a filter.

    Parameters
    ----------
    table : pyarrow.Table
        With the columns the filter reads, `geometry` as well-known binary.
    wanted : Filter
        The filter.
    """
    import duckdb
    import pyarrow as pa

    from spacegov.layers.duck import connection

    if not wanted.columns:
        table = pa.table({"__nothing": pa.nulls(table.num_rows, pa.int8())})
    else:
        table = table.select(sorted(wanted.columns))
    table = table.append_column("__row", pa.array(np.arange(table.num_rows)))
    with connection(spatial=wanted.spatial) as duck:
        duck.register("records", table)
        query = f"SELECT __row FROM records WHERE {wanted.sql} ORDER BY __row"  # noqa: S608  values are bound
        try:
            return np.asarray(duck.execute(query, list(wanted.values)).fetchnumpy()["__row"], dtype=np.int64)
        except duckdb.Error as error:
            reason = " ".join(str(error).split())[:160]
            raise BadInput(f"the filter cannot be asked of these values ({reason}); correct it") from None
