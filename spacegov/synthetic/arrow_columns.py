"""Columns for Parquet straight from numpy: well-known binary, boxes, numbered names, without an object per feature."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from spacegov.synthetic.frame import CRS, Floats, Ints


def polygons(corners: Floats) -> Any:
    """Polygons of equally many corners as WKB.

    Parameters
    ----------
    corners
        Array (n, k, 2): the rings, not closed, counter-clockwise.

    Returns
    -------
    pyarrow.Array
        Binary values, one polygon each.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> shapely.from_wkb(polygons(np.array([[[0.0, 0], [2, 0], [2, 1], [0, 1]]]))[0].as_py()).area
    2.0
    """
    count, points = corners.shape[:2]
    kind = np.dtype(
        [("order", "u1"), ("type", "<u4"), ("rings", "<u4"), ("points", "<u4"), ("xy", "<f8", (points + 1, 2))]
    )
    record = np.empty(count, dtype=kind)
    record["order"], record["type"], record["rings"], record["points"] = 1, 3, 1, points + 1
    record["xy"][:, :points] = corners
    record["xy"][:, points] = corners[:, 0]
    return _binary(record)


def lines(ends: Floats) -> Any:
    """Straight lines (n, 2, 2) as WKB."""
    kind = np.dtype([("order", "u1"), ("type", "<u4"), ("points", "<u4"), ("xy", "<f8", (2, 2))])
    record = np.empty(len(ends), dtype=kind)
    record["order"], record["type"], record["points"] = 1, 2, 2
    record["xy"] = ends
    return _binary(record)


def _binary(record: Any) -> Any:
    import pyarrow as pa

    offsets = np.arange(len(record) + 1, dtype=np.int64) * record.dtype.itemsize
    if offsets[-1] >= 2**31:
        return pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(record), [None, pa.py_buffer(offsets), pa.py_buffer(record)]
        )
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(record), [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(record)]
    )


def boxes(corners: Floats) -> Any:
    """The covering column `bbox`: least and greatest coordinates of (n, k, 2) points."""
    import pyarrow as pa

    low, high = corners.min(axis=1), corners.max(axis=1)
    values = [pa.array(v) for v in (low[:, 0], low[:, 1], high[:, 0], high[:, 1])]
    return pa.StructArray.from_arrays(values, names=["xmin", "ymin", "xmax", "ymax"])


def numbered(letters: str, numbers: Ints, digits: int) -> Any:
    """Names such as `J000000017`: letters and a number with leading zeros.

    Examples
    --------
    >>> import numpy as np
    >>> numbered("J", np.array([7, 12]), 4).to_pylist()
    ['J0007', 'J0012']
    """
    import pyarrow as pa

    count, head = len(numbers), len(letters)
    text = np.empty((count, head + digits), dtype=np.uint8)
    text[:, :head] = np.frombuffer(letters.encode(), dtype=np.uint8)
    rest = np.asarray(numbers, dtype=np.int64).copy()
    for place in range(digits - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, head + place] = digit + 48
    offsets = (np.arange(count + 1) * (head + digits)).astype(np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def chosen(words: tuple[str, ...], which: Ints) -> Any:
    """Words picked by position."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(np.asarray(which, dtype=np.int8)), pa.array(words)).cast(pa.string())


@lru_cache
def geo_metadata(kind: str) -> dict[bytes, bytes]:
    """The GeoParquet 1.1 description of a file with a WKB column `geometry` and a covering column `bbox`."""
    import pyproj

    corners = {name: ["bbox", name] for name in ("xmin", "ymin", "xmax", "ymax")}
    column = {
        "encoding": "WKB",
        "crs": pyproj.CRS(CRS).to_json_dict(),
        "geometry_types": [kind],
        "covering": {"bbox": corners},
    }
    return {
        b"geo": json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}).encode()
    }


class LayerWriter:
    """Writes one layer as it comes, in row groups of about `rows` features."""

    def __init__(self, path: Path, kind: str, rows: int = 32_768) -> None:
        self.path, self.kind, self.rows = path, kind, rows
        self.waiting: list[Any] = []
        self.count = 0
        self.written = 0
        self._writer: Any = None

    def add(self, columns: dict[str, Any]) -> None:
        """Take features; they are written once a row group is full."""
        import pyarrow as pa

        batch = pa.RecordBatch.from_pydict(columns)
        self.waiting.append(batch)
        self.count += batch.num_rows
        if self.count >= self.rows:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self.waiting:
            return
        table = pa.Table.from_batches(self.waiting).replace_schema_metadata(geo_metadata(self.kind))
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            plain = [name for name in table.column_names if name not in ("geometry", "bbox")]
            self._writer = pq.ParquetWriter(
                self.path,
                table.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[n for n in plain if not n.endswith("_id")],
                write_statistics=True,
            )
        self._writer.write_table(table, row_group_size=self.rows)
        self.written += self.count
        self.waiting, self.count = [], 0

    def close(self) -> int:
        """Write what is left and give the number of features written."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
        return self.written
