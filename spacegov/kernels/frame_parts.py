"""A frame held in memory, read in parts like a file: so that one of two layers may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import shapely

from spacegov.errors import BadInput
from spacegov.kernels.ragged import FloatArray
from spacegov.kernels.wkb import plain_wkb

_ROWS = 1 << 15


class Parts(Protocol):
    """What a layer read in parts can tell: a GeoParquet file, or a frame."""

    name: str
    geometry: str

    @property
    def first_rows(self) -> list[int]:
        """Row number at which each part begins."""

    @property
    def groups(self) -> int:
        """Number of parts."""

    @property
    def group_boxes(self) -> FloatArray | None:
        """Boxes (parts, 4), None when only reading tells."""

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Extent, None when only reading tells."""

    def read_group(self, group: int, columns: Sequence[str]) -> Any:
        """Read a part as an Arrow table."""

    def batches(self, groups: Sequence[int], columns: Sequence[str], size: int) -> Iterator[tuple[int, Any]]:
        """Read parts in batches, each with the number of its first row."""


class FrameParts:
    """A frame in parts.

    Parameters
    ----------
    frame : GeoDataFrame
        The layer.
    column : str
        Its class column.
    name : str
        What the layer is called in messages.
    """

    def __init__(self, frame: Any, column: str, name: str) -> None:
        import pyarrow as pa

        self.name = name
        self.geometry = ""
        values = np.asarray(frame.geometry.values, dtype=object)
        try:
            classes = pa.array(frame[column], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise BadInput(
                f"column {column!r} of {name} mixes types, so it cannot be compared with a file's; "
                "bring it to one type with astype"
            ) from error
        # the geometry has no name, so that no class column can have the same
        self.table = pa.table([classes, plain_wkb(values, name)], names=[column, self.geometry])
        self.first_rows = list(range(0, len(values), _ROWS))
        boxes = shapely.bounds(values)
        parts = [_around(boxes[row : row + _ROWS]) for row in self.first_rows]
        self.group_boxes: FloatArray | None = np.array(parts).reshape(-1, 4)
        xmin, ymin, xmax, ymax = map(float, _around(boxes))
        self.bounds: tuple[float, float, float, float] | None = (xmin, ymin, xmax, ymax)

    @property
    def groups(self) -> int:
        """Number of parts."""
        return len(self.first_rows)

    def read_group(self, group: int, columns: Sequence[str]) -> Any:
        """Give a part as an Arrow table."""
        return self.table.slice(self.first_rows[group], _ROWS).select(list(columns))

    def batches(self, groups: Sequence[int], columns: Sequence[str], size: int) -> Iterator[tuple[int, Any]]:
        """Give parts in order; they are smaller than any batch."""
        assert size >= _ROWS
        for group in groups:
            yield self.first_rows[group], self.read_group(group, columns)


def _around(boxes: FloatArray) -> FloatArray:
    """The box around some, of which those of empty geometries are not-a-number."""
    present = boxes[~np.isnan(boxes[:, 0])]
    low = present[:, :2].min(axis=0, initial=np.inf)
    return np.concatenate([low, present[:, 2:].max(axis=0, initial=-np.inf)])
