"""Vector data in batches: any file as a stream of Arrow record batches, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import UnknownName, UnreadableFile, WrongGeometry, suggest
from spacegov.layers.arcs import curve_names, type_codes
from spacegov.layers.files import Reading, is_geojson_like, sublayers
from spacegov.layers.filter import GEOMETRY, Filter
from spacegov.layers.filter_rows import rows_passing
from spacegov.layers.parquet_groups import parquet_facts
from spacegov.layers.parquet_read import parquet_batches
from spacegov.layers.shapefile import deleted_records, refuse_cut_off

if TYPE_CHECKING:
    import pyarrow as pa

    Bounds = tuple[float, float, float, float]

BATCH = 50_000
"""Records of a batch: some ten megabytes, enough that the work per batch outweighs its overhead."""
_PARQUET = frozenset({".parquet", ".geoparquet"})


@dataclass(frozen=True)
class VectorSource:
    """One layer of a vector file.

    Attributes
    ----------
    path : Path
        The file, or a folder that is one (a file geodatabase).
    sublayer : str, optional
        The layer in it, where it holds several.
    encoding : str, optional
        Encoding of its text, where the file does not state it.
    options : dict
        GDAL's open options.
    title : str
        The name in messages; the path by default.
    address : str
        GDAL's name of a dataset that is no file, such as `OAPIF:https://…`.
    """

    path: Path
    sublayer: str | None = None
    encoding: str | None = None
    options: dict[str, str] = field(default_factory=dict, hash=False)
    title: str = ""
    address: str = ""

    @property
    def dataset(self) -> Path | str:
        """What GDAL opens."""
        return self.address or self.path

    def _reading(self) -> Any:
        return ReadingRemote(self.title) if self.address else Reading(self.path)

    @property
    def name(self) -> str:
        """Its name in messages."""
        shown = self.title or str(self.path)
        return f"{shown}:{self.sublayer}" if self.sublayer else shown

    @property
    def is_parquet(self) -> bool:
        """Whether Arrow reads it, not GDAL."""
        return self.path.suffix.lower() in _PARQUET

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return parquet_facts(self.path) if self.is_parquet else self._gdal_facts()

    @property
    def stamp(self) -> dict[str, Any]:
        """What the store wrote into the file about its checks, nothing for other files.

        It lies in the file itself, so that a file that another program rewrote has none.
        """
        return dict(self._facts["stamp"]) if self.is_parquet else {}

    def _gdal_facts(self) -> dict[str, Any]:
        import pyogrio

        if not self.address:
            refuse_cut_off(self.path)
        layer = self.sublayer or _only_layer(self.path)
        with self._reading():
            known = [layer] if self.address else sublayers(self.path)
            if layer not in known:
                raise UnknownName(f"{self.name}: there is no layer {layer!r}; {suggest(layer, known)}")
            info = pyogrio.read_info(
                self.dataset, layer=layer, encoding=self.encoding, force_feature_count=not self.address, **self.options
            )
        return {
            "layer": layer,
            "crs": info["crs"] or ("EPSG:4326" if is_geojson_like(self.path) else None),
            "rows": -1 if self.address else int(info["features"]) - deleted_records(self.path),
            "fields": [str(name) for name in info["fields"]],
            "geometry": info["geometry_type"] is not None,
            "bounds": info.get("total_bounds"),
        }

    @property
    def crs(self) -> Any:
        """Its CRS as a text or PROJJSON that pyproj understands; None where the file states none."""
        return self._facts["crs"]

    @property
    def rows(self) -> int:
        """Records that the file announces."""
        return int(self._facts["rows"])

    @property
    def fields(self) -> list[str]:
        """Its columns but the geometry."""
        return list(self._facts["fields"])

    @property
    def has_geometry(self) -> bool:
        """Whether its records have a place."""
        return bool(self._facts["geometry"])

    @property
    def bounds(self) -> Bounds | None:
        """The box the file announces, in its own CRS."""
        bounds = self._facts["bounds"]
        return None if bounds is None else (*map(float, bounds),)  # type: ignore[return-value]

    def schema(self) -> pa.Schema:
        """Give the columns as they come in batches; those of a file without records are text."""
        import pyarrow as pa

        if self.is_parquet:
            schema = self._facts["schema"]
            place = [pa.field(GEOMETRY, pa.binary())] if self.has_geometry else []
            return pa.schema([*(schema.field(name) for name in self.fields), *place])
        first = next(self.batches(size=1), None)
        if first is not None:
            return first.schema
        place = [pa.field(GEOMETRY, pa.binary())] if self.has_geometry else []
        return pa.schema([*(pa.field(name, pa.string()) for name in self.fields), *place])

    def batches(
        self,
        *,
        size: int = BATCH,
        bbox: Bounds | None = None,
        columns: list[str] | None = None,
        where: Filter | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Go through its records.

        Parameters
        ----------
        size : int
            Records of a batch.
        bbox : tuple of float, optional
            West, south, east, north in its own CRS; records whose boxes meet it.
        columns : list of str, optional
            Columns to read; all without it. The geometry always comes.
        where : Filter, optional
            Records to keep.

        Yields
        ------
        pyarrow.RecordBatch
            The columns, then `geometry` as well-known binary where there is one.

        Raises
        ------
        UnreadableFile
            The file ends before it should, or its text is not in the encoding it states.
        WrongGeometry
            It holds curves.
        """
        for column in columns or []:
            if column not in self.fields:
                raise UnknownName(f"{self.name}: there is no column {column!r}; {suggest(column, self.fields)}")
        if self.is_parquet:
            wanted = self.fields if columns is None else columns
            read = parquet_batches(self.path, self._facts, size=size, bbox=bbox, columns=wanted, where=where)
        else:
            read = self._gdal_batches(size, bbox, columns, where)
        rows = 0
        for batch in read:
            self._check(batch, rows)
            rows += batch.num_rows
            part = batch if where is None or self.is_parquet else _passing(batch, where, columns, self.fields)
            if part.num_rows:
                yield part
        if bbox is None and (where is None or not self.is_parquet) and 0 <= self.rows != rows:
            raise UnreadableFile(
                f"{self.name}: it announces {self.rows} records and only {rows} could be read; it is cut off or broken"
            )

    def _check(self, batch: pa.RecordBatch, before: int) -> None:
        import pyarrow as pa

        if self.stamp:
            # The store looked at the text and the shapes when the file was written.
            return
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:
            raise UnreadableFile(
                f"{self.name}: text in records {before} to {before + batch.num_rows - 1} is not in the encoding the "
                "file states; name its encoding, such as --encoding gb18030"
            ) from None
        if GEOMETRY in batch.schema.names and self.path.suffix.lower() not in {".shp", ".geojson", ".json", ".csv"}:
            codes = type_codes(batch.column(GEOMETRY))
            curved = sorted({int(code) for code in codes} & set(curve_names()))
            if curved:
                first = before + int((codes == curved[0]).argmax())
                kinds = " and ".join(curve_names()[code] for code in curved)
                raise WrongGeometry(
                    f"{self.name}: it holds {kinds}, the first is record {first}; arcs have no exact area here, "
                    "convert them with ogr2ogr -nlt CONVERT_TO_LINEAR"
                )

    def _gdal_batches(
        self, size: int, bbox: Bounds | None, columns: list[str] | None, where: Filter | None
    ) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        from pyogrio.raw import open_arrow

        asked = columns
        if columns is not None and where is not None:
            asked = [*columns, *sorted(where.columns - {*columns, GEOMETRY})]
        with (
            self._reading(),
            open_arrow(
                self.dataset, layer=self._facts["layer"], encoding=self.encoding, bbox=bbox, columns=asked,
                batch_size=size, use_pyarrow=True, read_geometry=self.has_geometry, **self.options,
            ) as (meta, reader),
        ):  # fmt: skip
            stored = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                if batch.num_rows == 0:
                    continue
                if not self.has_geometry or stored not in batch.schema.names:
                    yield batch
                    continue
                place = batch.schema.get_field_index(stored)
                attributes = [name for name in batch.schema.names if name != stored]
                geometry = batch.column(place)
                shapes = pa.array(geometry) if isinstance(geometry, pa.Array) else geometry
                arrays = [batch.column(batch.schema.get_field_index(name)) for name in attributes]
                yield pa.RecordBatch.from_arrays([*arrays, _as_binary(shapes)], names=[*attributes, GEOMETRY])


def _passing(batch: Any, where: Filter, columns: list[str] | None, fields: list[str]) -> Any:
    """Keep the records of a batch that pass, and of its columns those that were asked for."""
    import pyarrow as pa

    rows = rows_passing(pa.Table.from_batches([batch]), where)
    kept = batch.take(pa.array(rows)) if len(rows) < batch.num_rows else batch
    wanted = [*(fields if columns is None else columns), *([GEOMETRY] if GEOMETRY in batch.schema.names else [])]
    return kept.select(wanted)


class ReadingRemote:
    """Turns whatever GDAL raises about a server into `UnreadableFile`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> None:
        """Nothing is to be looked at beforehand."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        module = type(error).__module__.partition(".")[0]
        if isinstance(error, (OSError, ValueError, RuntimeError)) and module != "spacegov":
            reason = " ".join(str(error).split())[:200]
            raise UnreadableFile(
                f"{self.address}: the server gives no layer ({reason}); check the address, or ask again later"
            ) from None


def _as_binary(shapes: Any) -> Any:
    import pyarrow as pa

    storage = shapes.storage if isinstance(shapes, pa.ExtensionArray) else shapes
    return storage if storage.type == pa.binary() else storage.cast(pa.binary())


def _only_layer(path: Path) -> str:
    names = sublayers(path)
    if len(names) != 1:
        shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        raise UnknownName(f"{path}: it holds {len(names)} layers ({shown}); name one as {path.name}:NAME")
    return names[0]
