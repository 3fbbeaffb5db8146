"""Where the records of a collection lie, and how they are asked: one GeoParquet file, read by DuckDB."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput
from spacegov.layers.filter import GEOMETRY, kinds_of, quoted
from spacegov.service.problems import Problem

if TYPE_CHECKING:
    import pyarrow as pa

    from spacegov.layers.layer import Layer
    from spacegov.service.state import Service

Box = tuple[float, float, float, float]
_SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Table:
    """A Parquet file of one version of a layer.

    Attributes
    ----------
    path : Path
        The file.
    stamp : str
        Changes whenever the file does.
    crs : str or None
        Of its shapes, as pyproj understands; None for a table without shapes.
    kinds : dict of str to str
        Type of every property a filter can name.
    covering : bool
        Whether it has a bbox column.
    rows : int
    bounds : tuple of float or None
        In its own CRS.
    key : str or None
        The property that names a record; None where the number of the record does.
    """

    path: Path
    stamp: str
    crs: str | None
    kinds: dict[str, str]
    covering: bool
    rows: int
    bounds: Box | None
    key: str | None

    @property
    def spatial(self) -> bool:
        """Whether its records have shapes."""
        return self.crs is not None

    @cached_property
    def degrees(self) -> Box | None:
        """Its bounds in degrees."""
        return None if self.bounds is None or self.crs is None else moved_box(self.bounds, self.crs, "OGC:CRS84")


def table_of_layer(service: Service, layer: Layer) -> Table:
    """Give a layer's table; what is read in place from another format or CRS is copied once a version."""
    source = layer.vector_source()
    crs = service.workspace.crs
    key = next((name for name, field in layer.card.fields.items() if field.unique), None)
    if source.is_parquet and (not source.has_geometry or _same_crs(source.crs, crs)):
        stat = source.path.stat()
        stamp = f"{source.path}:{stat.st_mtime_ns}:{stat.st_size}"
        return service.remember(("table", stamp), lambda: read_table(source.path, stamp, key))
    changed = source.path.stat().st_mtime_ns if source.path.exists() else layer.version
    stamp = f"{layer.source}:{changed}:{crs}"
    copy = service.copies / layer.id / f"{hashlib.sha256(stamp.encode()).hexdigest()[:24]}.parquet"

    def make() -> Table:
        if not copy.exists():
            from spacegov.toolbox.runs import write_frame

            copy.parent.mkdir(exist_ok=True)
            temporary = copy.with_suffix(f".{threading.get_ident()}.part")
            frame = layer.read()
            if hasattr(frame, "geometry") and frame.geometry.name != GEOMETRY:
                frame = frame.rename_geometry(GEOMETRY)
            write_frame(frame, temporary)
            temporary.replace(copy)
            for old in copy.parent.glob("*.parquet"):
                if old != copy:
                    old.unlink(missing_ok=True)
        return read_table(copy, stamp, key)

    return service.remember(("table", stamp), make)


def _same_crs(first: Any, second: Any) -> bool:
    from pyproj import CRS

    if first is None:
        return False
    one, other = CRS.from_user_input(first), CRS.from_user_input(second)
    return bool(one == other or (one.to_epsg() is not None and one.to_epsg() == other.to_epsg()))


def read_table(path: Path, stamp: str, key: str | None) -> Table:
    """Learn what a Parquet file holds."""
    import pyarrow.parquet as pq
    from pyproj import CRS

    from spacegov.layers.batches import VectorSource

    source = VectorSource(path)
    schema = pq.read_schema(path)
    spatial = source.has_geometry
    hidden = {GEOMETRY, "bbox"} if spatial else set()
    kinds = {name: kind for name, kind in kinds_of(schema).items() if name not in hidden}
    covering = spatial and "bbox" in schema.names
    crs = None
    if spatial:
        found = CRS.from_user_input(source.crs)
        authority = found.to_authority()
        crs = ":".join(authority) if authority else found.to_wkt()
    table = Table(path, stamp, crs, kinds, covering, source.rows, None, None)
    bounds = _bounds(table) if spatial and source.rows else None
    unique = key if key in kinds and source.rows and _is_key(table, key) else None
    return Table(path, stamp, crs, kinds, covering, source.rows, bounds, unique)


def _bounds(table: Table) -> Box | None:
    if table.covering:
        sides = "min(bbox.xmin), min(bbox.ymin), max(bbox.xmax), max(bbox.ymax)"
        with asked() as cursor:
            found = cursor.execute(f"SELECT {sides} FROM read_parquet(?)", [str(table.path)]).fetchone()  # noqa: S608
        return None if found is None or found[0] is None else tuple(map(float, found))  # type: ignore[return-value]
    import numpy as np
    import pyarrow.parquet as pq
    import shapely

    bounds = shapely.total_bounds(shapely.from_wkb(pq.read_table(table.path, columns=[GEOMETRY])[GEOMETRY].to_numpy()))
    return tuple(map(float, bounds)) if np.isfinite(bounds).all() else None  # type: ignore[return-value]


def _is_key(table: Table, key: str) -> bool:
    name = quoted(key)
    query = f"SELECT count(DISTINCT {name}) = count(*) FROM read_parquet(?)"  # noqa: S608  quoted
    with asked() as cursor:
        return bool(cursor.execute(query, [str(table.path)]).fetchone()[0])


@contextmanager
def asked(seconds: float = 0.0) -> Iterator[Any]:
    """Give a cursor whose query is stopped after a while.

    Raises
    ------
    Problem
        504 where the time ran out; 400 where the query cannot be computed on these data.
    """
    import duckdb

    from spacegov.layers.duck import connection

    with connection(spatial=True) as cursor:
        # These settings are a cursor's own.
        cursor.execute("SET enable_geoparquet_conversion = false")
        timer = threading.Timer(seconds, cursor.interrupt) if seconds else None
        if timer is not None:
            timer.start()
        try:
            yield cursor
        except duckdb.InterruptException:
            raise Problem(
                504, f"the query takes longer than {seconds:g} s; ask for a smaller area or a simpler filter"
            ) from None
        except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            reason = str(error).splitlines()[0].partition(": ")[2]
            raise BadInput(f"the filter cannot be computed on this layer ({reason[:200]}); mend the filter") from None
        finally:
            if timer is not None:
                timer.cancel()


@dataclass(frozen=True)
class Condition:
    """A part of a WHERE clause, with its values.

    Attributes
    ----------
    sql : str
    values : tuple
    near : tuple of float, optional
        A box in the table's CRS that the boxes of all records which meet the condition meet.
    only_near : bool
        Whether that is all it asks.
    """

    sql: str
    values: tuple[Any, ...] = ()
    near: Box | None = None
    only_near: bool = False


def both(conditions: list[Condition]) -> Condition:
    """Join conditions; none is true of all."""
    if not conditions:
        return Condition("TRUE")
    if len(conditions) == 1:
        return conditions[0]
    places = [each.near for each in conditions if each.near is not None]
    return Condition(
        " AND ".join(f"({each.sql})" for each in conditions),
        tuple(value for each in conditions for value in each.values),
        min(places, key=lambda box: (box[2] - box[0]) * (box[3] - box[1])) if places else None,
    )


def meets_box(table: Table, box: Box) -> Condition:
    """Ask for records whose own boxes meet a box in the table's CRS; all of them where it has no bbox column."""
    if not table.covering:
        return Condition("TRUE")
    west, south, east, north = box
    sql = "bbox.xmin <= ? AND bbox.xmax >= ? AND bbox.ymin <= ? AND bbox.ymax >= ?"
    return Condition(sql, (east, west, north, south), box, only_near=True)


def meets_shape(table: Table, shape: Any) -> Condition:
    """Ask for records that meet a shape in the table's CRS; those boxed within a part of it need no further look."""
    import shapely

    near = meets_box(table, shape.bounds)
    exact = "ST_Intersects(ST_GeomFromWKB(geometry), ST_GeomFromWKB(?))"
    if not table.covering:
        return Condition(exact, (shapely.to_wkb(shape),))
    inner = inner_box(shape)
    if inner is None:
        return both([near, Condition(exact, (shapely.to_wkb(shape),))])
    inside = "bbox.xmin >= ? AND bbox.ymin >= ? AND bbox.xmax <= ? AND bbox.ymax <= ?"
    return both([near, Condition(f"({inside}) OR {exact}", (*inner, shapely.to_wkb(shape)))])


def inner_box(shape: Any) -> Box | None:
    """Find a box wholly inside a shape that is nearly a box; None where there is none at hand.

    Examples
    --------
    >>> import shapely
    >>> inner_box(shapely.box(0, 0, 100, 100))
    (0.0, 0.0, 100.0, 100.0)
    """
    import shapely

    west, south, east, north = shape.bounds
    for margin in (0.0, 0.01, 0.05, 0.15):
        across, along = (east - west) * margin, (north - south) * margin
        box = (west + across, south + along, east - across, north - along)
        if shapely.covers(shape, shapely.box(*box)):
            return box
    return None


def counted(table: Table, condition: Condition, seconds: float) -> int:
    """Count the records that meet a condition."""
    if condition.sql == "TRUE":
        return table.rows
    query = f"SELECT count(*) FROM read_parquet(?) WHERE {condition.sql}"  # noqa: S608  values are bound
    with asked(seconds) as cursor:
        return int(cursor.execute(query, [str(table.path), *condition.values]).fetchone()[0])


def fetched(
    table: Table, condition: Condition, *, columns: list[str], limit: int, offset: int = 0, seconds: float = 20.0
) -> pa.Table:
    """Fetch records in the order of the file, with the number of each as `__row`."""
    wanted = [quoted(name) for name in columns]
    if table.spatial:
        wanted.append(GEOMETRY)
    source = "SELECT *, file_row_number AS __row FROM read_parquet(?, file_row_number = true)"
    query = f"SELECT {', '.join([*wanted, '__row'])} FROM ({source}) WHERE {condition.sql} LIMIT ? OFFSET ?"  # noqa: S608
    with asked(seconds) as cursor:
        return cursor.execute(query, [str(table.path), *condition.values, limit, offset]).to_arrow_table()


@lru_cache(maxsize=256)
def _mover(source: str, target: str, _thread: int) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


def mover(source: str, target: str) -> Any:
    """Give a transformer of this thread; they must not be shared."""
    return _mover(source, target, threading.get_ident())


def moved(shapes: Any, source: str, target: str) -> Any:
    """Bring shapes to another CRS, east before north."""
    import shapely

    if source == target:
        return shapes
    transformer = mover(source, target)

    def move(points: Any) -> Any:
        import numpy as np

        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(shapes, move)


def moved_box(box: Box, source: str, target: str) -> Box:
    """Give the box around a box in another CRS."""
    west, south, east, north = mover(source, target).transform_bounds(*box, densify_pts=21)
    return float(west), float(south), float(east), float(north)
