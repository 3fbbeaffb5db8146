"""Layers larger than memory: time and memory as the layer grows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.child import Measurement, measure
from benchmarks.inputs import mesh, write_layer
from benchmarks.report import machine, ratio, seconds, table, versions

_INTRODUCTION = """# Streaming

A layer of parcels against one of zones, each a mesh over the same ground, tabulated by class from file to table. The
layers grow; time for each million parcels and peak memory should not.

Written by `python -m benchmarks streaming` on {machine}; {versions}.
"""

# a tile of parcels is a square mesh of this many, repeated over the ground
_TILE_CELLS = 158
_TILE_EXTENT = 6_000.0
_ZONE_CELLS = 43


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    rows = []
    base: Measurement | None = None
    for side in (2, 3) if small else (3, 9, 20, 28):
        left, right, count = tiled(folder, side)
        given = {"left": str(left), "right": str(right)}
        both = measure("benchmarks.streaming:spacegov", threads=2, **given)
        single = measure("benchmarks.streaming:spacegov", threads=1, **given)
        if isinstance(both, str) or isinstance(single, str):
            raise RuntimeError(f"the measurement failed: {both}, {single}")
        base = base or both
        expected = (side * _TILE_EXTENT) ** 2
        if abs(both.answer / expected - 1) > 1e-9 or both.answer != single.answer:
            raise RuntimeError("the areas do not sum to the ground")
        million = count / 1e6
        rows.append(
            [
                f"{million:.3g}",
                seconds(both.seconds),
                seconds(both.seconds / million),
                f"{both.peak_mib:.0f} MiB",
                ratio(single.seconds / both.seconds),
            ]
        )
    text = _INTRODUCTION.format(machine=machine(), versions=versions(["spacegov", "pyarrow", "numba"]))
    header = ["million parcels", "time, two threads", "per million", "peak memory", "one thread / two"]
    return f"{text}\n{table(header, rows)}\n"


def tiled(folder: Path, side: int) -> tuple[Path, Path, int]:
    """Write side² tiles of parcels and of zones, a row group each, and give the number of parcels."""
    paths = []
    for name, cells, column in (("parcels", _TILE_CELLS, "left_class"), ("zones", _ZONE_CELLS, "right_class")):
        path = folder / f"tiles-{name}-{side}.parquet"
        tile = write_layer(folder / f"tile-{name}.parquet", mesh(cells, _TILE_EXTENT, 5, bends=3), column, 9, 10**6)
        if not path.exists():
            _repeat(tile, path, side)
        paths.append(path)
    return paths[0], paths[1], side * side * _TILE_CELLS**2


def _repeat(tile: Path, path: Path, side: int) -> None:
    """Write a tile side × side times, moved, without ever holding the whole layer."""
    table_ = pq.read_table(tile)
    storage = table_["geometry"].combine_chunks()
    data, offsets = np.frombuffer(storage.buffers()[2], np.uint8), storage.buffers()[1]
    starts = np.frombuffer(offsets, np.int32)
    # every value is a polygon of one ring: 13 bytes of header, then the coordinates
    sizes = np.diff(starts)
    points = (sizes[0] - 13) // 16
    if (sizes != sizes[0]).any():
        raise RuntimeError("the tile's polygons differ in their number of vertices")
    values = data[: starts[-1]].reshape(len(storage), sizes[0])
    xy = np.ascontiguousarray(values[:, 13:]).view("<f8").reshape(len(storage), points, 2)
    with pq.ParquetWriter(path, table_.schema, compression="zstd") as writer:
        for i in range(side):
            for j in range(side):
                moved = xy + np.array([i * _TILE_EXTENT, j * _TILE_EXTENT])
                changed = values.copy()
                changed[:, 13:] = moved.reshape(len(storage), -1).view(np.uint8)
                low, high = moved.min(axis=1), moved.max(axis=1)
                sides = [low[:, 0], low[:, 1], high[:, 0], high[:, 1]]
                bbox = pa.StructArray.from_arrays(
                    [pa.array(values_) for values_ in sides], names=["xmin", "ymin", "xmax", "ymax"]
                )
                geometry = pa.Array.from_buffers(
                    storage.type, len(storage), [None, offsets, pa.py_buffer(changed.tobytes())]
                )
                part = table_.set_column(table_.column_names.index("geometry"), "geometry", geometry)
                part = part.set_column(part.column_names.index("bbox"), "bbox", bbox)
                writer.write_table(part.cast(table_.schema))


def spacegov(left: str, right: str, threads: int) -> Callable[[], float]:
    """Ours, streamed whatever the size."""
    from spacegov.kernels import tabulate_areas, tabulate_files, warm_up

    warm_up("area", "large")
    tabulate_files._AT_ONCE_BYTES = 0

    def run() -> float:
        return float(tabulate_areas(left, right, by=("left_class", "right_class"), threads=threads)["area_m2"].sum())

    return run
