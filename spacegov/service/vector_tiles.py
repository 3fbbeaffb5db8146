"""Vector tiles: from a stored set up to its deepest level, else cut from the records."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.layers.filter import quoted
from spacegov.service.records import largest
from spacegov.service.tables import Condition, Table, asked, both, meets_box, moved, mover
from spacegov.service.tile_memory import Tile, kept
from spacegov.service.tile_shapes import BUFFER, EXTENT, tile_shapes

if TYPE_CHECKING:
    import pyarrow as pa

    from spacegov.service.collection import Collection
    from spacegov.service.state import Service

STORED_FROM = 20_000
"""Features from which on a layer is worth a stored set of tiles."""
STORED_TO = 15
"""Deepest level of stored tiles."""


def vector_tile(found: Collection, level: int, row: int, column: int, condition: Condition | None = None) -> Tile:
    """Give a tile of a collection; with a condition, of the records that meet it, which no stored tile holds."""
    table = found.table
    service = found.service
    stored = stored_tiles(service, found) if condition is None else None
    if stored is not None and level <= STORED_TO:
        content = stored.get(level, column, row)
        return Tile(content or b"", packed=True)
    key = (table.stamp, level, row, column, condition)
    limits = service.limits
    most = limits.tile_features, limits.tile_bytes
    return kept(key, lambda: cut_tile(table, level, row, column, *most, limits.query_seconds, condition))


def cut_tile(
    table: Table,
    level: int,
    row: int,
    column: int,
    most: int,
    most_bytes: int,
    seconds: float,
    condition: Condition | None = None,
) -> Tile:
    """Cut a tile from the records; where they are too many the largest stay, and the number of the others is told.

    Shapes are transformed by PROJ and cut by GEOS, each in one pass, and encoded by DuckDB.
    """
    import shapely

    from spacegov.service.tiles import tile_box

    box = tile_box(level, row, column)
    margin = (box[2] - box[0]) * BUFFER / EXTENT
    wide = (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
    assert table.crs is not None
    near = _native_box(wide, table)
    if near is None:
        return Tile(b"")
    columns = [name for name in table.kinds if name != "geometry"]
    place = meets_box(table, near)
    wanted = place if condition is None else both([place, condition])
    records, dropped = largest(table, wanted, columns=columns, most=most, seconds=seconds)
    if not records.num_rows:
        return Tile(b"")
    shapes = moved(shapely.force_2d(shapely.from_wkb(records["geometry"].to_numpy())), table.crs, "EPSG:3857")
    order = np.argsort(-_sizes(shapes), kind="stable")
    keep = len(order)
    while True:
        chosen = np.sort(order[:keep])
        content = _encoded(records.take(chosen), shapes[chosen], table, box)
        if len(content) <= most_bytes or keep <= 1:
            break
        keep = max(1, int(keep * min(0.8, 0.9 * most_bytes / len(content))))
    return Tile(content, dropped + len(order) - keep)


def _native_box(box: tuple[float, float, float, float], table: Table) -> tuple[float, float, float, float] | None:
    """Bring a tile's box to the records' CRS, cut to where they are."""
    from spacegov.service.tiles import HALF

    if table.bounds is None or table.crs is None:
        return None
    own = mover(table.crs, "EPSG:3857").transform_bounds(*table.bounds, densify_pts=21)
    west, south, east, north = (max(box[0], own[0], -HALF), max(box[1], own[1], -HALF),
                                min(box[2], own[2], HALF), min(box[3], own[3], HALF))  # fmt: skip
    if west > east or south > north:
        return None
    found = mover("EPSG:3857", table.crs).transform_bounds(west, south, east, north, densify_pts=21)
    return None if not np.isfinite(found).all() else tuple(map(float, found))  # type: ignore[return-value]


def _sizes(shapes: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    import shapely

    areas = shapely.area(shapes)
    return np.asarray(np.where(areas > 0, areas, shapely.length(shapes) * 1e-6), dtype=np.float64)


def _encoded(records: pa.Table, shapes: Any, table: Table, box: tuple[float, float, float, float]) -> bytes:
    """Cut shapes to a tile and encode them, with attributes of the types a tile can hold."""
    import pyarrow as pa
    import shapely

    arrays = {
        name: _attribute(records[name], kind) for name, kind in table.kinds.items() if name in records.column_names
    }
    placed = tile_shapes(shapes, box)
    arrays["__shape"] = pa.array(shapely.to_wkb(placed), pa.binary())
    names = ", ".join(
        [*(quoted(name) for name in arrays if name != "__shape"), "ST_GeomFromWKB(__shape) AS __geometry"]
    )
    query = (
        f"SELECT ST_AsMVT(placed, 'features', {EXTENT}, '__geometry') "  # noqa: S608  names are quoted
        f"FROM (SELECT {names} FROM records) AS placed"
    )
    with asked() as cursor:
        cursor.register("records", pa.table(arrays).filter(pa.array(~shapely.is_missing(placed))))
        found = cursor.execute(query).fetchone()
    return bytes(found[0]) if found is not None and found[0] is not None else b""


def _attribute(column: Any, kind: str) -> Any:
    import pyarrow as pa

    types = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    return column.cast(types.get(kind, pa.string()), safe=False)


class Stored:
    """A PMTiles archive."""

    def __init__(self, path: Path) -> None:
        from pmtiles.reader import MmapSource, Reader

        self._stream = path.open("rb")
        self._reader: Any = Reader(MmapSource(self._stream))  # type: ignore[no-untyped-call]

    def get(self, level: int, column: int, row: int) -> bytes | None:
        """Give a tile, compressed."""
        found: bytes | None = self._reader.get(level, column, row)
        return found


def stored_path(service: Service, found: Collection) -> Path:
    """Give the archive of a collection's present version, whether it is there or not."""
    return service.tiles / found.id / f"{sha256(found.stamp.encode()).hexdigest()[:24]}.pmtiles"


def stored_tiles(service: Service, found: Collection) -> Stored | None:
    """Give a collection's stored tiles, None where it has none."""
    if found.layer is None or found.table.rows < STORED_FROM:
        return None
    path = stored_path(service, found)
    if not path.exists():
        return None
    return service.remember(("stored", str(path)), lambda: Stored(path))
