"""Layers made for the measurements, written once as GeoParquet."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

CRS = 32650
CORNER = (400_000.0, 3_000_000.0)


def mesh(cells: int, extent: float, seed: int, bends: int = 1, jitter: float = 0.1) -> NDArray[np.object_]:
    """Make a mesh of cells² polygons without gaps; each edge bends at so many points."""
    random = np.random.default_rng(seed)
    size = extent / cells
    steps = np.arange(cells + 1) * size
    corners = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1)
    corners[1:-1, 1:-1] += random.uniform(-0.25, 0.25, (cells - 1, cells - 1, 2)) * size

    def edges(start: NDArray[np.float64], stop: NDArray[np.float64], sides: int) -> NDArray[np.float64]:
        share = np.linspace(0, 1, bends + 2)[:, None, None, None]
        line = start * (1 - share) + stop * share
        moves = random.uniform(-jitter, jitter, line[1:-1].shape) * size / (bends + 1)
        # the outline stays straight
        np.moveaxis(moves, sides, 0)[[0, -1]] = 0.0
        line[1:-1] += moves
        return line

    across, along = edges(corners[:-1], corners[1:], 2), edges(corners[:, :-1], corners[:, 1:], 1)
    rings = np.concatenate(
        [across[:-1, :, :-1], along[:-1, 1:, :], across[:0:-1, :, 1:], along[:0:-1, :-1, :], across[:1, :, :-1]]
    )
    shapes = shapely.polygons(np.moveaxis(rings, 0, 2).reshape(cells * cells, -1, 2) + np.array(CORNER))
    return np.asarray(shapes, dtype=object)


def write_layer(path: Path, shapes: NDArray[np.object_], column: str, classes: int, rows: int) -> Path:
    """Write polygons with a class column, sorted along a Hilbert curve."""
    if path.exists():
        return path
    series = geopandas.GeoSeries(shapes, crs=CRS)
    random = np.random.default_rng(7)
    frame = geopandas.GeoDataFrame({column: random.integers(0, classes, len(series))}, geometry=series)
    frame = frame.iloc[np.argsort(series.hilbert_distance(), kind="stable")]
    frame.to_parquet(path, index=False, row_group_size=rows, write_covering_bbox=True, compression="zstd")
    return path


def parcels_and_zones(folder: Path, *, small: bool) -> tuple[Path, Path]:
    """160,000 parcels and 12,100 zones of nine vertices over the same ground."""
    cells = (126, 35) if small else (400, 110)
    return (
        write_layer(folder / f"parcels-{cells[0]}.parquet", mesh(cells[0], 16_000, 1), "left_class", 12, 20_000),
        write_layer(folder / f"zones-{cells[1]}.parquet", mesh(cells[1], 16_000, 2), "right_class", 9, 4_000),
    )


def large_polygons(folder: Path, *, small: bool) -> tuple[Path, Path]:
    """Zoning-like: most polygons of 80 vertices, some of thousands; and the same layer moved by 50 m."""
    shapes = mesh(80 if small else 260, 15_000, 3, bends=19, jitter=0.2)
    wide = mesh(5 if small else 14, 15_000, 4, bends=1999, jitter=0.2)
    both = np.concatenate([shapes, shapely.transform(wide, lambda xy: xy + np.array([15_100.0, 0.0]))])
    moved = shapely.transform(both, lambda xy: xy + np.array([50.0, 0.0]))
    name = "small" if small else "whole"
    return (
        write_layer(folder / f"zoning-{name}.parquet", both, "left_class", 15, 10_000),
        write_layer(folder / f"moved-{name}.parquet", moved, "right_class", 15, 10_000),
    )


def _moved(shapes: NDArray[np.object_], east: float, north: float) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(shapes, lambda xy: xy + np.array([east, north])), dtype=object)


def real_zoning(folder: Path, source: Path, copies: int) -> tuple[Path, Path]:
    """The statutory zoning of a real county `copies` times side by side, and the same moved by 50 m; none invalid."""
    frame = geopandas.read_file(source)
    once = shapely.force_2d(np.asarray(frame.geometry[frame.geometry.is_valid]))
    west, south, east, north = shapely.total_bounds(once)
    wide, high = east - west + 500, north - south + 500
    shapes = np.concatenate([_moved(once, (k % 6) * wide, (k // 6) * high) for k in range(copies)])
    moved = _moved(shapes, 50.0, 0.0)
    return (
        write_layer(folder / f"county-{copies}.parquet", shapes, "left_class", 15, 20_000),
        write_layer(folder / f"county-moved-{copies}.parquet", moved, "right_class", 15, 20_000),
    )


def real_city(folder: Path, source: Path) -> tuple[Path, Path]:
    """The zoning of a real city and its statistical blocks; invalid polygons are left out."""
    paths = []
    for name, column in (("zoning", "left_class"), ("baltimore_block_groups", "right_class")):
        geometry = geopandas.read_file(source, layer=name).geometry
        shapes = shapely.force_2d(np.asarray(geometry[geometry.is_valid]))
        paths.append(write_layer(folder / f"city-{name}.parquet", shapes, column, 15, 20_000))
    return paths[0], paths[1]


def buildings_and_zones(folder: Path, count: int) -> tuple[Path, Path]:
    """Footprints of five vertices in blocks along streets, and 300 zones that overlap, of three levels."""
    extent = 80_000.0 * (count / 12_000_000) ** 0.5
    random = np.random.default_rng(8)
    zones_path = folder / f"control-zones-{count}.parquet"
    if not zones_path.exists():
        centres = random.uniform(0, extent, (300, 2)) + np.array(CORNER)
        shapes = shapely.buffer(shapely.points(centres), random.uniform(300, 2500, 300), quad_segs=32)
        order = np.argsort(random.random(300))
        shapes[order[:100]] = shapely.segmentize(shapely.envelope(shapes[order[:100]]), 100.0)
        frame = geopandas.GeoDataFrame({"level": random.integers(1, 4, 300)}, geometry=shapes, crs=CRS)
        frame.to_parquet(zones_path, index=False)
    path = folder / f"buildings-{count}.parquet"
    if not path.exists():
        _write_buildings(path, count, extent)
    return path, zones_path


def _write_buildings(path: Path, count: int, extent: float) -> None:
    """Write footprints as the store does: tile by tile along a curve, in small pages with an index, boxes in them."""
    import pyarrow.parquet as pq

    from spacegov.layers.geoparquet import PAGED

    random = np.random.default_rng(9)
    tiles = max(round((count / 30_000) ** 0.5), 1)
    each, size = count // (tiles * tiles), extent / tiles
    writer = None
    number = 0
    for tile in range(tiles * tiles):
        corner = np.array(CORNER) + size * np.array(divmod(tile, tiles))
        extra = count - each * tiles * tiles if tile == 0 else 0
        centres = random.uniform(0, size, (each + extra, 1, 2)) + corner
        half = random.uniform(3, 12, (each + extra, 1, 2))
        angle = random.uniform(0, np.pi, (each + extra, 1))
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
        x, y = np.moveaxis(signs * half, -1, 0)
        turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)
        series = geopandas.GeoSeries(shapely.polygons(centres + turned), crs=CRS)
        series = series.iloc[series.hilbert_distance().argsort()].reset_index(drop=True)
        frame = geopandas.GeoDataFrame({"building": np.arange(number, number + len(series))}, geometry=series)
        number += len(series)
        part = path.with_suffix(".part")
        frame.to_parquet(part, index=False, write_covering_bbox=True)
        table = pq.read_table(part)
        part.unlink()
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema, use_dictionary=False, **PAGED)
        writer.write_table(table.cast(writer.schema), row_group_size=len(series))
    if writer is not None:
        writer.close()
