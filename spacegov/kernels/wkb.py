"""Well-known binary straight from Arrow buffers to arrays, in two passes: count, then copy.

Plain polygons and multipolygons (little-endian, two-dimensional) are read by compiled code, several times faster than
by building geometries. Anything else goes through shapely, which either turns it into plain form or refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.errors import InvalidGeometry
from spacegov.kernels.parallel import even_slices, in_threads
from spacegov.kernels.ragged import IntArray, Ragged, refuse_other_types

if TYPE_CHECKING:
    import pyarrow as pa

ByteArray = NDArray[np.uint8]


def parse_wkb(column: Any, name: str, *, threads: int = 1) -> Ragged:
    """Lay out an Arrow column of WKB.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        Binary; missing values become rows without area.
    name : str
        What the layer is called in messages.
    threads : int
        Threads to use.

    Returns
    -------
    Ragged
        Two-dimensional coordinates, rings oriented.

    Raises
    ------
    WrongGeometry
        When a geometry is no polygon.
    InvalidGeometry
        When a value cannot be read at all.
    """
    from spacegov.kernels.wkb_passes import copy_parts, count_parts

    chunks = [_buffers(chunk) for chunk in binary_chunks(column)]
    count = sum(len(offsets) - 1 for _, offsets in chunks)
    rings, vertices = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    plain = np.ones(count, np.bool_)
    tasks = []
    base = 0
    for data, offsets in chunks:
        tasks += [
            (data, offsets[start : stop + 1], base + start) for start, stop in even_slices(len(offsets) - 1, threads)
        ]
        base += len(offsets) - 1

    def count_slice(task: tuple[ByteArray, IntArray, int]) -> None:
        data, offsets, at = task
        rows = slice(at, at + len(offsets) - 1)
        count_parts(data, offsets, rings[1:][rows], vertices[1:][rows], plain[rows])

    list(in_threads(count_slice, tasks, threads))
    if not plain.all():
        return parse_wkb(_plain_column(column, name), name, threads=threads)
    ring_starts, vertex_starts = np.cumsum(rings), np.cumsum(vertices)
    coordinates = np.empty((int(vertex_starts[-1]), 2))
    ring_offsets = np.empty(int(ring_starts[-1]) + 1, np.int64)
    ring_offsets[-1] = vertex_starts[-1]
    boxes = np.empty((count, 4))
    as_bytes = coordinates.reshape(-1).view(np.uint8)

    def copy_slice(task: tuple[ByteArray, IntArray, int]) -> None:
        data, offsets, at = task
        stop = at + len(offsets) - 1
        copy_parts(
            data,
            offsets,
            ring_starts[at:stop],
            vertex_starts[at:stop],
            ring_offsets,
            coordinates,
            as_bytes,
            boxes[at:stop],
        )

    list(in_threads(copy_slice, tasks, threads))
    return Ragged(coordinates, ring_offsets, ring_starts, boxes)


def binary_chunks(column: Any) -> list[pa.Array]:
    """Give the chunks of an Arrow column as plain binary arrays; an extension type gives its storage."""
    import pyarrow as pa

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    plain = []
    for chunk in chunks:
        storage = chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk
        if not (pa.types.is_binary(storage.type) or pa.types.is_large_binary(storage.type)):
            storage = storage.cast(pa.large_binary())
        # a missing value may point at bytes all the same
        plain.append(storage.fill_null(b"") if storage.null_count else storage)
    return plain


def _buffers(chunk: pa.Array) -> tuple[ByteArray, IntArray]:
    """Bytes and offsets of a binary array, without copying the bytes."""
    import pyarrow as pa

    _, offsets, data = chunk.buffers()
    width = np.int64 if pa.types.is_large_binary(chunk.type) else np.int32
    if offsets is None or len(chunk) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    starts = np.frombuffer(offsets, width, count=chunk.offset + len(chunk) + 1)[chunk.offset :]
    return np.frombuffer(data, np.uint8) if data is not None else _no_bytes(), starts.astype(np.int64, copy=True)


def _no_bytes() -> ByteArray:
    """No bytes, as read-only as those of an Arrow buffer: the kernels are compiled for that."""
    return np.frombuffer(b"\0", np.uint8)


def _plain_column(column: Any, name: str) -> pa.Array:
    """Bring any WKB that shapely reads to plain polygons."""
    values = np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in binary_chunks(column)])
    values[values == b""] = None
    geometries = shapely.from_wkb(values, on_invalid="ignore")
    lost = np.flatnonzero(shapely.is_missing(geometries) & (values != None))  # noqa: E711 -- elementwise
    if len(lost):
        raise InvalidGeometry(
            f"{len(lost)} of {len(values)} geometries in {name} cannot be read (the first is row {int(lost[0])}); "
            "curves and damaged values have no straight edges to take areas of, so convert or correct them first"
        )
    return plain_wkb(geometries, name)


def plain_wkb(geometries: NDArray[Any], name: str) -> pa.Array:
    """Write shapely polygons as plain WKB: little-endian, two-dimensional, missing where there is no area."""
    import pyarrow as pa

    present = refuse_other_types(geometries, name)
    values = shapely.to_wkb(geometries, byte_order=1, output_dimension=2)
    if not present.all():
        values[~present] = None
    return pa.array(values, pa.large_binary())
