"""The frames of many parts as one file; memory does not grow with their number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROWS = 50_000
"""Records of a row group, and of a batch that is copied."""
_INDEX = "__index_level_"
_COVERING = "bbox"
_MEASURES = ("_count", "_area_m2", "_length_m", "_share")
"""Ends of columns that measure what was found of a class; a part that found none of it may lack the column."""


@dataclass(frozen=True)
class Piece:
    """A Parquet file of a part, with what is told of every row of it: columns and their values."""

    path: Path
    told: Mapping[str, Any]


def merge_parquet(pieces: Sequence[Piece], path: Path, *, of_one: bool = False) -> int:
    """Write the rows of several files, in their order, as one.

    Columns that a file lacks are empty there; where files disagree on a column's type, it becomes the wider one, else
    text.

    Parameters
    ----------
    pieces : sequence of Piece
        At least one.
    path : Path
        The file; written as it is, the caller renames.
    of_one : bool
        Whether the files are parts of one answer: a measure that a file lacks is then 0, as nothing of that class was
        found there.

    Returns
    -------
    int
        Rows written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(piece.path) for piece in pieces]
    rows = [pq.read_metadata(piece.path).num_rows for piece in pieces]
    # A file without rows has columns of no type; it decides about columns only where no other file does.
    filled = [position for position, count in enumerate(rows) if count] or [0]
    told = pa.Table.from_pylist([dict(piece.told) for piece in pieces]).schema
    schema = _common([told, *(_plain(schemas[position]) for position in filled)])
    geo = _geo([schemas[position] for position in filled])
    if geo is not None:
        schema = schema.with_metadata({b"geo": json.dumps(geo, sort_keys=True).encode()})
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting: list[Any] = []
        for position in filled:
            piece = pieces[position]
            for table in _tables(piece, told, schema, of_one=of_one):
                waiting.append(table)
                written += len(table)
                if sum(map(len, waiting)) >= ROWS:
                    writer.write_table(pa.concat_tables(waiting), row_group_size=ROWS)
                    waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=ROWS)
    return written


def _tables(piece: Piece, told: Any, schema: Any, *, of_one: bool) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(piece.path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            columns = []
            for field in schema:
                if field.name in told.names:
                    column = pa.array([piece.told.get(field.name)] * len(batch), told.field(field.name).type)
                elif field.name in batch.schema.names:
                    column = batch.column(field.name)
                elif of_one and field.name.endswith(_MEASURES) and _is_number(field.type):
                    column = pa.array([0] * len(batch), field.type)
                else:
                    column = pa.nulls(len(batch), field.type)
                columns.append(_as(column, field.type))
            yield pa.Table.from_arrays(columns, schema=schema)


def _as(column: Any, kind: Any) -> Any:
    """Bring a column to a type; what has no other form becomes text."""
    import pyarrow as pa

    if column.type == kind:
        return column
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kind == pa.string() and not _is_plain(column.type):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], kind)
    return column.cast(kind)


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_plain(kind: Any) -> bool:
    import pyarrow as pa

    return not pa.types.is_nested(kind)


def _plain(schema: Any) -> Any:
    """Give a schema without the frame's own index, whose columns are of their values' types."""
    import pyarrow as pa

    fields = []
    for field in schema:
        if not field.name.startswith(_INDEX):
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            fields.append(pa.field(field.name, pa.string() if kind == pa.large_string() else kind))
    return pa.schema(fields)


def _common(schemas: Iterable[Any]) -> Any:
    """Unite schemas: the wider of two types, text where there is none."""
    import pyarrow as pa

    found: dict[str, Any] = {}
    for schema in schemas:
        for field in schema:
            plain = field.remove_metadata().with_nullable(True)
            known = found.get(field.name)
            if known is None:
                found[field.name] = plain
                continue
            try:
                merged = pa.unify_schemas([pa.schema([known]), pa.schema([plain])], promote_options="permissive")
                found[field.name] = merged.field(0)
            except (pa.ArrowTypeError, pa.ArrowInvalid):
                found[field.name] = pa.field(field.name, pa.string())
    return pa.schema(list(found.values()))


def _geo(schemas: Sequence[Any]) -> dict[str, Any] | None:
    """Unite what GeoParquet states of the shapes: their types and their box."""
    stated = [json.loads(schema.metadata[b"geo"]) for schema in schemas if b"geo" in (schema.metadata or {})]
    if not stated:
        return None
    geo: dict[str, Any] = stated[0]
    primary = geo["primary_column"]
    columns = [each["columns"][primary] for each in stated if each["primary_column"] == primary]
    united = dict(columns[0])
    united["geometry_types"] = sorted({name for column in columns for name in column.get("geometry_types", [])})
    boxes = [column["bbox"] for column in columns if "bbox" in column]
    if boxes:
        united["bbox"] = [*(min(box[side] for box in boxes) for side in (0, 1)),
                          *(max(box[side] for box in boxes) for side in (2, 3))]  # fmt: skip
    if not all("covering" in column for column in columns):
        united.pop("covering", None)
    geo["columns"] = {primary: united}
    return geo


def copy_to_gpkg(source: Path, path: Path, layer: str) -> None:
    """Copy a Parquet file into a layer of a GeoPackage, batch by batch.

    Parameters
    ----------
    source : Path
        GeoParquet, or Parquet, which becomes a table.
    path : Path
        The GeoPackage; other layers in it stay.
    layer : str
        Name of the new layer.
    """
    import geopandas as gpd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyogrio

    with pq.ParquetFile(source) as file:
        geo = json.loads(file.schema_arrow.metadata[b"geo"]) if b"geo" in (file.schema_arrow.metadata or {}) else None
        stated = {} if geo is None else geo["columns"][geo["primary_column"]]
        types = set(stated.get("geometry_types", []))
        same = (name for name in ("Polygon", "LineString", "Point") if types and types <= {name, f"Multi{name}"})
        kind = next((f"Multi{name}" for name in same), "Unknown")
        empty = file.schema_arrow.empty_table().to_batches()
        batches = file.iter_batches(batch_size=ROWS) if file.metadata.num_rows else iter(empty or [])
        for number, batch in enumerate(batches):
            table = pa.Table.from_batches([batch])
            names = [name for name in table.column_names if name != _COVERING or geo is None]
            frame = _for_gpkg(table.select(names), None if geo is None else geo["primary_column"], stated.get("crs"))
            options: dict[str, Any] = {"layer": layer, "driver": "GPKG", "append": number > 0}
            if isinstance(frame, gpd.GeoDataFrame):
                options |= {"geometry_type": kind, "promote_to_multi": kind.startswith("Multi")}
            pyogrio.write_dataframe(frame, path, **options)


def _for_gpkg(table: Any, geometry: str | None, crs: Any) -> Any:
    """Turn a table into a frame that a GeoPackage can hold: nested values become text, `fid` is another's name."""
    import geopandas as gpd
    import pyarrow as pa

    shapes = None
    if geometry is not None:
        shapes = table.column(geometry).to_numpy()
        table = table.drop_columns([geometry])
    for position, field in enumerate(table.schema):
        if not _is_plain(field.type) or pa.types.is_null(field.type):
            text = [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in
                    table.column(position).to_pylist()]  # fmt: skip
            table = table.set_column(position, field.name, pa.array(text, pa.string()))
    frame = table.to_pandas().rename(columns={"fid": "fid_"})
    if shapes is None:
        return frame
    place = None if crs is None else json.dumps(crs)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries.from_wkb(shapes, crs=place))
