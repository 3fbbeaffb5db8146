"""Shapes to be classified, from a frame or a GeoParquet file: their boxes first, a few of the shapes on demand."""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.errors import WrongGeometry
from spacegov.kernels.geoparquet import SIDES, GeoParquet
from spacegov.kernels.ragged import FloatArray, IntArray
from spacegov.parquet.pages import paged_file

# shapes of a frame taken at once
_BATCH = 1 << 16

Shapes = NDArray[Any]


class Footprints(Protocol):
    """Shapes in parts."""

    @property
    def count(self) -> int:
        """Number of shapes."""

    @property
    def parts(self) -> list[tuple[int, int]]:
        """First and last row of each part."""

    def boxes(self, part: int) -> FloatArray:
        """Boxes (4, rows) of a part, not-a-number for empty shapes."""

    def shapes(self, part: int, rows: IntArray) -> Shapes:
        """Some shapes of a part, by their ascending position in it."""


class FrameFootprints:
    """Shapes held in memory."""

    def __init__(self, geometries: Shapes) -> None:
        self._geometries = geometries

    @property
    def count(self) -> int:
        """Number of shapes."""
        return len(self._geometries)

    @property
    def parts(self) -> list[tuple[int, int]]:
        """First and last row of each part."""
        return [(row, min(row + _BATCH, self.count)) for row in range(0, self.count, _BATCH)]

    def boxes(self, part: int) -> FloatArray:
        """Boxes (4, rows) of a part."""
        return np.ascontiguousarray(shapely.bounds(self._geometries[slice(*self.parts[part])]).T)

    def shapes(self, part: int, rows: IntArray) -> Shapes:
        """Some shapes of a part."""
        return np.asarray(self._geometries[rows + self.parts[part][0]], dtype=object)


class FileFootprints:
    """Shapes of a GeoParquet file, by row group; each thread has its own reader."""

    def __init__(self, file: GeoParquet) -> None:
        self._file = file
        self._own = threading.local()
        # of a file with an index only the pages that hold a shape are unpacked
        self._pages = paged_file(file.path)
        self._schema = file.schema

    @property
    def count(self) -> int:
        """Number of shapes."""
        return self._file.rows

    @property
    def parts(self) -> list[tuple[int, int]]:
        """First and last row of each row group."""
        starts = self._file.first_rows
        return list(zip(starts, [*starts[1:], self.count], strict=True)) if starts else []

    def _read(self, part: int, columns: list[str]) -> Any:
        """Read columns of a row group."""
        if not hasattr(self._own, "reader"):
            self._own.reader = self._file.open()
        return self._own.reader.read_row_group(part, columns=columns, use_threads=False)

    def boxes(self, part: int) -> FloatArray:
        """Boxes (4, rows) of a row group: from the covering where there is one, else from the shapes."""
        covering = self._file.covering
        start, stop = self.parts[part]
        boxes = np.empty((4, stop - start))
        if covering is None:
            boxes[:] = shapely.bounds(self.shapes(part, np.arange(stop - start))).T
            return boxes
        table = self._read(part, [covering[SIDES[0]][0]])
        for side, name in enumerate(SIDES):
            column = table[covering[name][0]].combine_chunks()
            for field in covering[name][1:]:
                column = column.field(field)
            values = column.to_numpy(zero_copy_only=False)
            boxes[side] = np.where(np.isnan(values), np.nan, values) if column.null_count else values
        return boxes

    def shapes(self, part: int, rows: IntArray) -> Shapes:
        """Some shapes of a row group, by ascending position."""
        import pyarrow as pa

        pages, name = self._pages, self._file.geometry
        if pages is not None and pages.worth([(part, rows)], [name]):
            column = pages.read([(part, rows)], [name], self._schema)[name]
        else:
            column = self._read(part, [name])[name].take(pa.array(rows))
        values = column.to_numpy()
        try:
            return np.asarray(shapely.from_wkb(values), dtype=object)
        except shapely.errors.GEOSException as error:
            raise WrongGeometry(
                f"{self._file.name}: {self._file.path} has geometry that cannot be read (around row "
                f"{self.parts[part][0] + int(rows[0])}: {error}); convert curves and correct damaged values first"
            ) from error
