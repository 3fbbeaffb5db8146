"""GeoParquet files read by row group: geometry as well-known binary, one class column, boxes from the statistics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from spacegov.errors import MissingColumn, UnreadableFile, suggest
from spacegov.kernels.parallel import in_threads
from spacegov.kernels.ragged import FloatArray

SIDES = ("xmin", "ymin", "xmax", "ymax")


@cache
def _crs(text: str) -> Any:
    """Coordinate system from its JSON, once for layers that share it."""
    import pyproj

    return pyproj.CRS.from_user_input(json.loads(text))


class GeoParquet:
    """One GeoParquet file.

    Parameters
    ----------
    path : path
        The file.
    name : str
        What the layer is called in messages.

    Raises
    ------
    UnreadableFile
        When it is absent, no Parquet, without geometry, or not encoded as well-known binary.
    """

    def __init__(self, path: Any, name: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path = Path(path)
        self.name = name
        try:
            self.metadata = pq.read_metadata(self.path)
        except FileNotFoundError as error:
            raise UnreadableFile(f"{name}: there is no file {self.path}") from error
        except (pa.ArrowInvalid, OSError) as error:
            raise UnreadableFile(
                f"{name}: {self.path} is no complete Parquet file; areas of files are taken from GeoParquet, "
                "so read it with geopandas, or convert it with GeoDataFrame.to_parquet"
            ) from error
        self.geo = self._geo_metadata()
        self.geometry = str(self.geo["primary_column"])
        self.schema = self.open().schema_arrow
        self.columns = self.schema.names

    def _geo_metadata(self) -> dict[str, Any]:
        """The `geo` key of the file's metadata."""
        text = (self.metadata.metadata or {}).get(b"geo")
        if text is None:
            raise UnreadableFile(
                f"{self.name}: {self.path} is Parquet without the GeoParquet metadata that says where its geometry is; "
                "write it with GeoDataFrame.to_parquet"
            )
        geo: dict[str, Any] = json.loads(text)
        encoding = geo["columns"][geo["primary_column"]].get("encoding")
        if encoding != "WKB":
            raise UnreadableFile(
                f"{self.name}: the geometry of {self.path} is encoded as {encoding!r}, and 'WKB' is needed; "
                "write it with GeoDataFrame.to_parquet(geometry_encoding='WKB')"
            )
        return geo

    @property
    def _column(self) -> dict[str, Any]:
        """Metadata of the geometry column."""
        column: dict[str, Any] = self.geo["columns"][self.geometry]
        return column

    @cached_property
    def crs(self) -> Any:
        """Coordinate system; longitude and latitude when the file does not say, None when it says unknown."""
        written = self._column.get("crs", "OGC:CRS84")
        return None if written is None else _crs(json.dumps(written))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.metadata.num_rows)

    @property
    def bytes(self) -> int:
        """Size of the data when decompressed."""
        return sum(self.metadata.row_group(g).total_byte_size for g in range(self.groups))

    @property
    def groups(self) -> int:
        """Number of row groups."""
        return int(self.metadata.num_row_groups)

    @cached_property
    def first_rows(self) -> list[int]:
        """Row number at which each row group begins."""
        sizes = [self.metadata.row_group(g).num_rows for g in range(self.groups)]
        return [0, *map(int, np.cumsum(sizes))][:-1]

    def open(self) -> Any:
        """Open a reader of its own, for one thread."""
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path, metadata=self.metadata)

    @property
    def covering(self) -> dict[str, list[str]] | None:
        """Column and field of each side of the bbox covering, None when the file has none."""
        covering: dict[str, list[str]] | None = self._column.get("covering", {}).get("bbox")
        return covering

    @cached_property
    def group_boxes(self) -> FloatArray | None:
        """Boxes (row groups, 4) from the statistics of the bbox covering; None when the file has none."""
        covering = self.covering
        if covering is None or not self.groups:
            return None
        first = self.metadata.row_group(0)
        numbers = {first.column(i).path_in_schema: i for i in range(first.num_columns)}
        places = [numbers.get(".".join(covering[side])) for side in SIDES]
        boxes = np.empty((self.groups, 4))
        for g in range(self.groups):
            group = self.metadata.row_group(g)
            for side, place in enumerate(places):
                statistics = None if place is None else group.column(place).statistics
                if statistics is None or not statistics.has_min_max:
                    return None
                boxes[g, side] = statistics.min if side < 2 else statistics.max
        return boxes

    @cached_property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Extent of the layer as the metadata gives it, None when it does not."""
        box = self._column.get("bbox")
        if box is not None and len(box) in (4, 6):
            half = len(box) // 2
            return float(box[0]), float(box[1]), float(box[half]), float(box[half + 1])
        if self.group_boxes is None:
            return None
        low, high = self.group_boxes[:, :2].min(axis=0), self.group_boxes[:, 2:].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def require_column(self, column: str) -> None:
        """Refuse a class column that is not there."""
        if column not in self.columns:
            raise MissingColumn(
                f"{self.name} has no column {column!r} to sum areas by; {suggest(column, map(str, self.columns))}"
            )

    def read_all(self, columns: Sequence[str], *, threads: int) -> Any:
        """Read the whole file as an Arrow table, a row group in each thread."""
        import pyarrow as pa

        if self.groups < 2 or threads == 1:
            return self.open().read(columns=list(columns), use_threads=threads > 1)

        def read(group: int) -> Any:
            return self.read_group(group, columns)

        return pa.concat_tables(in_threads(read, range(self.groups), threads))

    def read_group(self, group: int, columns: Sequence[str]) -> Any:
        """Read a row group as an Arrow table, in this thread."""
        return self.open().read_row_group(group, columns=list(columns), use_threads=False)

    def batches(self, groups: Sequence[int], columns: Sequence[str], size: int) -> Iterator[tuple[int, Any]]:
        """Read row groups in batches of at most `size` rows, each with the number of its first row."""
        import pyarrow as pa

        reader = self.open()
        for group in groups:
            row = self.first_rows[group]
            if self.metadata.row_group(group).num_rows <= size:
                yield row, reader.read_row_group(group, columns=list(columns), use_threads=False)
                continue
            for batch in reader.iter_batches(size, row_groups=[group], columns=list(columns), use_threads=False):
                yield row, pa.Table.from_batches([batch])
                row += batch.num_rows
