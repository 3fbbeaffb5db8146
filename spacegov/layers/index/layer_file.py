"""The index of one layer: pieces of its units with their boxes, and the units' attributes, mapped into memory.

Both are Arrow files without compression, so that a handful of records is read without touching the rest. Pieces stand
in the order of the store, along a Hilbert curve, in blocks of 64 whose boxes go into the common table of blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacegov.layers.index.pieces import split_all

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 64
_CHUNK = 512 * BLOCK
Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Built:
    """What was written for a layer.

    Attributes
    ----------
    units : int
        Records with a shape.
    pieces : int
        Pieces of them.
    blocks : array, shape (n, 4)
        Box of each block.
    """

    units: int
    pieces: int
    blocks: Boxes


def build(frames: Iterator[Any], pieces_path: Path, units_path: Path) -> Built:
    """Write the index of a layer.

    Parameters
    ----------
    frames : iterator of GeoDataFrame
        Its records in batches, in the analysis CRS.
    pieces_path, units_path : Path
        Temporary files, to be renamed.
    """
    import pyarrow as pa

    blocks: list[Boxes] = []
    units = pieces = 0
    piece_writer: Any = None
    unit_writer: Any = None
    waiting: list[Any] = []
    try:
        for frame in frames:
            table, shapes = _unit_table(frame)
            if unit_writer is None:
                unit_writer = pa.ipc.new_file(str(units_path), table.schema)
            for batch in table.combine_chunks().to_batches(max_chunksize=_CHUNK):
                unit_writer.write_batch(batch)
            waiting.append(_piece_table(shapes, units))
            units += len(table)
            if sum(len(part) for part in waiting) < _CHUNK:
                continue
            whole = pa.concat_tables(waiting)
            full = len(whole) // _CHUNK * _CHUNK
            piece_writer = _write(piece_writer, pieces_path, whole.slice(0, full), blocks)
            pieces += full
            waiting = [whole.slice(full)]
        rest = pa.concat_tables(waiting) if waiting else _piece_table(np.empty(0, object), 0)
        piece_writer = _write(piece_writer, pieces_path, rest, blocks)
        pieces += len(rest)
    finally:
        for writer in (piece_writer, unit_writer):
            if writer is not None:
                writer.close()
    return Built(units, pieces, np.concatenate(blocks) if blocks else np.empty((0, 4), np.float32))


def _unit_table(frame: Any) -> tuple[pa.Table, NDArray[Any]]:
    import pandas as pd
    import pyarrow as pa
    import shapely

    shapes = np.asarray(frame.geometry.array, dtype=object)
    whole = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    shapes = shapes[whole]
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))[whole]
    table = pa.Table.from_pandas(plain, preserve_index=False).replace_schema_metadata(None)
    return table.append_column("unit_area_m2", pa.array(shapely.area(shapes))), shapes


def _piece_table(shapes: NDArray[Any], first: int) -> pa.Table:
    import pyarrow as pa
    import shapely

    pieces, rows = split_all(shapes)
    boxes = shapely.bounds(pieces).reshape(-1, 4)
    # Rounded outwards, so that no box in single precision is smaller than its piece.
    low = np.nextafter(boxes[:, :2].astype(np.float32), np.float32(-np.inf))
    high = np.nextafter(boxes[:, 2:].astype(np.float32), np.float32(np.inf))
    flat = pa.array(np.ascontiguousarray(np.hstack([low, high])).ravel())
    box = pa.FixedSizeListArray.from_arrays(flat, 4)
    unit = pa.array((rows + first).astype(np.int64))
    shape = pa.array(list(shapely.to_wkb(pieces)) if len(pieces) else [], pa.binary())
    return pa.table({"box": box, "unit": unit, "shape": shape})


def _write(writer: Any, path: Path, table: pa.Table, blocks: list[Boxes]) -> Any:
    import pyarrow as pa

    if writer is None:
        writer = pa.ipc.new_file(str(path), table.schema)
    for start in range(0, len(table), _CHUNK):
        chunk = table.slice(start, _CHUNK).combine_chunks()
        writer.write_table(chunk)
        boxes = chunk.column("box").chunk(0).flatten().to_numpy().reshape(-1, 4)
        starts = np.arange(0, len(boxes), BLOCK)
        low = np.minimum.reduceat(boxes[:, :2], starts)
        high = np.maximum.reduceat(boxes[:, 2:], starts)
        blocks.append(np.hstack([low, high]))
    return writer


@dataclass(frozen=True)
class _Chunk:
    boxes: Boxes
    units: NDArray[np.int64]
    offsets: NDArray[np.int32]
    data: NDArray[np.uint8]


class LayerFile:
    """The index of one layer, open.

    Parameters
    ----------
    pieces_path, units_path : Path
        Its files.
    """

    def __init__(self, pieces_path: Path, units_path: Path) -> None:
        import pyarrow as pa

        self._pieces = pa.memory_map(str(pieces_path))
        self._units_path = units_path
        self._table: Any = None
        file = pa.ipc.open_file(self._pieces)
        self._chunks = [_chunk(file.get_batch(number)) for number in range(file.num_record_batches)]

    def candidates(self, blocks: NDArray[np.int64], box: Boxes) -> tuple[list[NDArray[np.int64]], list[bytes]]:
        """Give units and shapes of the pieces whose boxes meet a box, looking only into some blocks.

        Parameters
        ----------
        blocks : array of int
            Numbers of blocks, ascending.
        box : array of four float32
            The box.
        """
        units: list[NDArray[np.int64]] = []
        shapes: list[bytes] = []
        per_chunk = _CHUNK // BLOCK
        single = len(self._chunks) == 1
        for number in (0,) if single else np.unique(blocks // per_chunk).tolist():
            chunk = self._chunks[number]
            own = blocks if single else blocks[blocks // per_chunk == number] - number * per_chunk
            rows = (own[:, None] * BLOCK + _WITHIN).ravel()
            if rows[-1] >= len(chunk.boxes):
                rows = rows[rows < len(chunk.boxes)]
            boxes = chunk.boxes[rows]
            meet = (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
            rows = rows[meet]
            units.append(chunk.units[rows])
            shapes += [chunk.data[chunk.offsets[row] : chunk.offsets[row + 1]].tobytes() for row in rows.tolist()]
        return units, shapes

    def attributes(self, units: NDArray[np.int64]) -> Any:
        """Give the attributes of units as a DataFrame."""
        import pyarrow as pa

        if self._table is None:
            self._table = pa.ipc.open_file(pa.memory_map(str(self._units_path))).read_all()
        return self._table.take(pa.array(units)).to_pandas()


_WITHIN = np.arange(BLOCK)


def _chunk(batch: pa.RecordBatch) -> _Chunk:
    boxes = batch.column("box").flatten().to_numpy(zero_copy_only=True).reshape(-1, 4)
    shape = batch.column("shape")
    _, offsets, data = shape.buffers()
    return _Chunk(
        boxes,
        batch.column("unit").to_numpy(zero_copy_only=True),
        np.frombuffer(offsets, np.int32)[shape.offset : shape.offset + len(shape) + 1],
        np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8),
    )
