"""Writing GeoParquet 1.1: sorted along a Hilbert curve, with a bbox column, in row groups that a window can skip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 32_768
PAGE, PAGE_ROWS, PAGE_STEP = 32_768, 4_096, 64
"""Bytes and most records of a page, which is what a window unpacks at least; sizes are looked at every few records."""
PAGED: dict[str, Any] = {
    "compression": "zstd", "write_page_index": True,
    "data_page_size": PAGE, "max_rows_per_page": PAGE_ROWS, "write_batch_size": PAGE_STEP,
}  # fmt: skip
"""How the files are written that a window is read from."""
IN_MEMORY = 512 << 20
"""Bytes up to which records are sorted in memory; beyond, DuckDB sorts them on disk."""
ROW = "__row"
KEY = "__hilbert"
SORT = f"{KEY}, bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax, {ROW}"
_LEVEL = 16
_TYPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
          "GeometryCollection")  # fmt: skip


def hilbert_keys(boxes: NDArray[np.float64], bounds: tuple[float, float, float, float]) -> NDArray[np.uint32]:
    """Give the place of each box's centre along a Hilbert curve of 65,536 × 65,536 cells.

    Parameters
    ----------
    boxes : array, shape (n, 4)
        West, south, east, north; not finite where there is no geometry, which sorts first.
    bounds : tuple of float
        The box the curve fills.

    Examples
    --------
    >>> corners = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1], [1, 0, 1, 0]], float)
    >>> keys = hilbert_keys(corners, (0, 0, 1, 1))
    >>> bool((np.diff(keys.astype(np.int64)) > 0).all())
    True
    """
    side = (1 << _LEVEL) - 1
    west, south, east, north = bounds
    there: NDArray[np.bool_] = np.asarray(np.isfinite(boxes).all(axis=1))
    centres = np.where(there[:, None], (boxes[:, :2] + boxes[:, 2:]) / 2, [[west, south]])
    width, height = max(east - west, 1e-9), max(north - south, 1e-9)
    x = np.clip((centres[:, 0] - west) / width * side, 0, side).astype(np.int64)
    y = np.clip((centres[:, 1] - south) / height * side, 0, side).astype(np.int64)
    key = np.zeros(len(boxes), np.int64)
    step = 1 << (_LEVEL - 1)
    while step:
        right, upper = (x & step) > 0, (y & step) > 0
        key += step * step * ((3 * right) ^ upper)
        # Turn the quarter so that the curve goes on where the last one ended.
        flip = ~upper & right
        x, y = (
            np.where(flip, step - 1 - (x & (step - 1)), x & (step - 1)),
            np.where(flip, step - 1 - (y & (step - 1)), y & (step - 1)),
        )
        x, y = np.where(upper, x, y), np.where(upper, y, x)
        step >>= 1
    return np.where(there, key, 0).astype(np.uint32)


class Spool:
    """Records as they come, kept on disk until all are there and can be sorted.

    Parameters
    ----------
    path : Path
        A temporary file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.types: set[str] = set()
        self.bounds: list[float] | None = None
        self._writer: Any = None

    def add(
        self, attributes: pa.Table, shapes: NDArray[Any] | None, keep: NDArray[np.bool_] | None, hilbert_bounds: Any
    ) -> None:
        """Add a batch.

        Parameters
        ----------
        attributes : Table
            The columns, and `geometry` as well-known binary where the layer has a place.
        shapes : array of shapely geometries, optional
            The same geometry.
        keep : array of bool, optional
            Records to keep.
        hilbert_bounds : tuple of float
            The box of the curve.
        """
        import pyarrow as pa

        table = attributes.append_column(ROW, pa.array(np.arange(self.rows, self.rows + len(attributes))))
        self.rows += len(attributes)
        if shapes is not None:
            table = self._placed(table, shapes, hilbert_bounds)
        if keep is not None:
            table = table.filter(pa.array(keep))
        if self._writer is None:
            import pyarrow.parquet as pq

            self._writer = pq.ParquetWriter(self.path, table.schema, compression="lz4")
        self._writer.write_table(table)

    def _placed(self, table: pa.Table, shapes: NDArray[Any], hilbert_bounds: Any) -> pa.Table:
        import pyarrow as pa
        import shapely

        boxes = shapely.bounds(shapes)
        there = np.isfinite(boxes).all(axis=1)
        sides = [pa.array(boxes[:, side], mask=~there) for side in range(4)]
        struct = pa.StructArray.from_arrays(sides, names=["xmin", "ymin", "xmax", "ymax"], mask=pa.array(~there))
        if there.any():
            box = [*boxes[there, :2].min(axis=0), *boxes[there, 2:].max(axis=0)]
            known = self.bounds or box
            self.bounds = [float(choose(a, b)) for choose, a, b in zip((min, min, max, max), known, box, strict=True)]
        for code in np.unique(shapely.get_type_id(shapes[there])):
            of = shapes[there][shapely.get_type_id(shapes[there]) == code]
            name = "LineString" if code == 2 else _TYPES[code]
            for high in np.unique(shapely.has_z(of)):
                self.types.add(f"{name} Z" if high else name)
        keys = hilbert_keys(boxes, hilbert_bounds)
        return table.append_column("bbox", struct).append_column(KEY, pa.array(keys))

    def close(self) -> None:
        """Finish writing."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def sorted(self) -> Iterator[pa.Table]:
        """Give the records in order, a row group at a time."""
        import pyarrow.parquet as pq

        placed = KEY in pq.read_schema(self.path).names
        if not placed or self.path.stat().st_size <= IN_MEMORY:
            table = pq.read_table(self.path)
            if placed:
                table = table.take(_order(table))
            for start in range(0, max(len(table), 1), ROW_GROUP):
                yield table.slice(start, ROW_GROUP)
            return
        import duckdb
        import pyarrow as pa

        with duckdb.connect() as connection:
            connection.execute(f"SET temp_directory = '{str(self.path.parent).replace(chr(39), chr(39) * 2)}'")
            connection.execute("SET memory_limit = '1GiB'")
            connection.execute("SET threads = 2")
            connection.execute("SET enable_geoparquet_conversion = false")
            query = f"SELECT * FROM read_parquet(?) ORDER BY {SORT}"  # noqa: S608  the names are ours
            reader = connection.execute(query, [str(self.path)]).to_arrow_reader(ROW_GROUP)
            waiting: list[pa.RecordBatch] = []
            for batch in reader:
                waiting.append(batch)
                table = pa.Table.from_batches(waiting)
                if len(table) >= ROW_GROUP:
                    yield table.slice(0, ROW_GROUP)
                    waiting = table.slice(ROW_GROUP).to_batches()
            if waiting:
                yield pa.Table.from_batches(waiting)


def _order(table: pa.Table) -> Any:
    import pyarrow.compute as pc

    box = table.column("bbox")
    keys = table.select([KEY, ROW])
    for side in ("xmin", "ymin", "xmax", "ymax"):
        keys = keys.append_column(side, pc.struct_field(box, side))
    names = [KEY, "xmin", "ymin", "xmax", "ymax", ROW]
    return pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names])


def write_sorted(
    spool: Spool, target: Path, crs: Any, stamp: dict[str, Any], marks: dict[int, str] | None = None
) -> int:
    """Write the records of a spool in order.

    Parameters
    ----------
    spool : Spool
        All records.
    target : Path
        A temporary file, to be renamed.
    crs : pyproj.CRS, optional
        Of the geometry; None for a table.
    stamp : dict
        What the checks found, kept in the file itself.
    marks : dict, optional
        Faults by record, written as the column `fault`.

    Returns
    -------
    int
        Records written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    rows = 0
    try:
        for part in spool.sorted():
            table = part
            if marks:
                texts = [marks.get(row) for row in table.column(ROW).to_pylist()]
                at = table.schema.get_field_index("geometry") if crs is not None else table.num_columns
                table = table.add_column(at, "fault", pa.array(texts, pa.string()))
            table = table.drop_columns([name for name in (ROW, KEY) if name in table.column_names])
            if writer is None:
                metadata = {b"spacegov": json.dumps(stamp, sort_keys=True).encode()}
                if crs is not None:
                    metadata[b"geo"] = json.dumps(_described(spool, crs)).encode()
                schema = table.schema.with_metadata(metadata)
                writer = pq.ParquetWriter(target, schema, use_dictionary=_repeating(table), **PAGED)
            writer.write_table(table.cast(schema), row_group_size=ROW_GROUP)
            rows += len(table)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _repeating(table: pa.Table) -> list[str]:
    """Name the columns whose values come again and again; a dictionary of others is larger than what it saves."""
    import pyarrow.compute as pc

    plain = [name for name in table.column_names if name not in {"geometry", "bbox"}]
    return [name for name in plain if pc.count_distinct(table.column(name)).as_py() <= len(table) // 4]


def _described(spool: Spool, crs: Any) -> dict[str, Any]:
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(spool.types),
        "crs": crs.to_json_dict(),
        "covering": {"bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}},
    }
    if spool.bounds is not None:
        column["bbox"] = spool.bounds
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
