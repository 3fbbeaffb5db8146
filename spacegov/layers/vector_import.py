"""Vector deliveries: batch by batch through mapping, checks, repair and reprojection into a sorted file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput, EmptyLayer
from spacegov.layers.batches import BATCH, VectorSource
from spacegov.layers.faults import LAYER, BatchCheck, FaultLog, count_codes, restore_zeros
from spacegov.layers.filter import GEOMETRY
from spacegov.layers.geoparquet import ROW, Spool, write_sorted
from spacegov.layers.mapping import arrow_type, coerce, match_fields
from spacegov.layers.placing import Place, check_zone, source_crs
from spacegov.layers.store import writing

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa

    from spacegov.layers.ingest import Order, Progress
    from spacegov.layers.layer import Layer

    Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Taken:
    """A delivery that was read: a complete temporary file, and what was found."""

    data: Path
    rows: int
    problems: int
    faults: gpd.GeoDataFrame
    facts: dict[str, Any]
    refused: bool


def take_vectors(
    layer: Layer, sources: Sequence[VectorSource], order: Order, scratch: Path, progress: Progress | None
) -> Taken:
    """Read a delivery of vector data.

    Parameters
    ----------
    layer : Layer
        The layer it is for.
    sources : sequence of VectorSource
        Its parts.
    order : Order
        How it is to be taken in.
    scratch : Path
        A folder for temporary files.
    progress : callable, optional
        Told the share done.

    Raises
    ------
    BadInput
        One of its kinds.
    """
    intake = _Intake(layer, sources, order, scratch)
    done = 0
    total = max(sum(source.rows for source in sources), 1)
    for source in sources:
        for batch in source.batches(size=BATCH):
            intake.take(source, batch)
            done += batch.num_rows
            if progress is not None:
                progress(0.8 * done / total, "checked")
    return intake.finish()


class _Intake:
    """The state of one delivery."""

    def __init__(self, layer: Layer, sources: Sequence[VectorSource], order: Order, scratch: Path) -> None:
        from pyproj import CRS

        self.layer, self.order, self.scratch = layer, order, scratch
        self.card = layer.card
        self.placed = self.card.kind != "Table"
        self.log = FaultLog()
        self.codes = field_codes(layer)
        self.checks = BatchCheck(self.card, self.codes, self.log)
        self.crs = CRS.from_user_input(layer.workspace.crs) if self.placed else None
        self.names = {source: match_fields(self.card.fields, source.fields, source.name) for source in _once(sources)}
        self.types = self._types(sources)
        self.spool = Spool(scratch / "spool.parquet")
        self.unsound = 0
        self.repaired = 0
        self.unique: dict[str, list[NDArray[np.uint64]]] = {
            name: [] for name, spec in self.card.fields.items() if spec.unique and name in self.types
        }
        self.origins: dict[VectorSource, Any] = {}
        self.judged: set[VectorSource] = set()
        self.place = Place(None)
        self.bounds = (0.0, 0.0, 1.0, 1.0)
        if self.placed:
            self._prepare(sources)
        if not sum(source.rows for source in sources):
            raise EmptyLayer(f"{layer.id}: what was sent holds no record, nothing was changed; ask for it again")

    def _prepare(self, sources: Sequence[VectorSource]) -> None:
        boxes = []
        for source in sources:
            if not source.has_geometry:
                raise BadInput(
                    f"{source.name}: it has no geometry and {self.card.id} is a layer of {self.card.kind}; send a file "
                    "with geometry, or a table with columns such as x and y"
                )
            self.origins[source] = source_crs(source.crs, self.order.source_crs, source.name)
            box = source.bounds
            if box is not None and np.isfinite(box).all():
                check_zone(self.origins[source], box, source.name, self.log)
                boxes.append(_moved_box(box, self.origins[source], self.crs))
        known = [box for box in boxes if np.isfinite(box).all()]
        if known:
            sides = np.array(known)
            self.bounds = (*map(float, sides[:, :2].min(axis=0)), *map(float, sides[:, 2:].max(axis=0)))  # type: ignore[assignment]
        workspace = self.layer.workspace
        if self.layer.id not in workspace.settings.units.values():
            self.place = Place(workspace.territory)

    def _types(self, sources: Sequence[VectorSource]) -> dict[str, Any]:
        """Give the stored type of every column: the card's, else what the files have in common."""
        import pyarrow as pa

        types: dict[str, Any] = {}
        for source in _once(sources):
            schema = source.schema()
            if GEOMETRY in schema.names and not self.placed and not source.options:
                raise BadInput(
                    f"{source.name}: it has geometry and {self.card.id} is a table; import it into a layer of "
                    "Polygons, Lines or Points, or send the table alone"
                )
            for column, name in self.names[source].items():
                if name in self.card.fields:
                    types[name] = arrow_type(self.card.fields[name])
                    continue
                found = _plain_type(schema.field(column).type)
                types[name] = found if types.get(name, found) == found else _common(types[name], found)
        known = [name for name in self.card.fields if name in types]
        return {name: types[name] for name in [*known, *(name for name in types if name not in known)]} or {
            "id": pa.int64()
        }

    def take(self, source: VectorSource, batch: pa.RecordBatch) -> None:
        """Check a batch and put it on the spool."""
        import pandas as pd
        import pyarrow as pa

        start = self.spool.rows
        arrays, wrong, restored = self._columns(source, batch, start)
        table = pa.Table.from_arrays(list(arrays.values()), names=list(arrays))
        known = [name for name in self.card.fields if name in arrays]
        frame = table.select(known).to_pandas() if known else pd.DataFrame(index=range(batch.num_rows))
        for name in known:
            if pa.types.is_date(self.types[name]):
                frame[name] = pd.to_datetime(frame[name], errors="coerce")
        names = self.checks.names(frame, start)
        shapes: Any = None
        if self.placed:
            shapes, stored = self._shapes(source, batch, names, start)
            table = table.append_column(GEOMETRY, stored)
        places = None if shapes is None else middles(shapes)
        for name, rows, texts in wrong:
            self.checks.wrong_types(name, rows, texts, names, start, places)
        for name, rows, texts in restored:
            self.log.add(
                rows + start, "leading-zero-lost", "error", features=names[rows], column=name, values=texts,
                reason="the code is one of the list but for its leading zeros", mend="deliver codes as text",
                places=None if places is None else places[rows],
            )  # fmt: skip
            if self.order.policy == "repair":
                self.log.parts[-1]["action"] = "repaired"
                self.repaired += len(rows)
        self.checks.attributes(frame, names, start, places)
        for name, hashes in self.unique.items():
            column = arrays[name].cast(pa.string())
            texts = column.to_pandas().fillna("").to_numpy(object)
            hashes.append(np.asarray(pd.util.hash_array(texts), np.uint64))
        with writing(self.scratch.parent):
            self.spool.add(table, shapes, None, self.bounds)

    def _columns(
        self, source: VectorSource, batch: pa.RecordBatch, start: int
    ) -> tuple[dict[str, Any], list[Any], list[Any]]:
        """Bring the columns of a batch to the stored types; gives what could not be, and codes mended."""
        import pyarrow as pa

        columns = {name: column for column, name in self.names[source].items()}
        arrays: dict[str, Any] = {}
        wrong, restored = [], []
        for name, wanted in self.types.items():
            if name not in columns:
                # A layer without a single column still needs one that counts its records.
                bare = name == "id" and not self.names[source]
                arrays[name] = (
                    pa.array(np.arange(start, start + batch.num_rows)) if bare else pa.nulls(batch.num_rows, wanted)
                )
                continue
            column = batch.column(batch.schema.get_field_index(columns[name]))
            spec = self.card.fields.get(name)
            if spec is None:
                arrays[name] = _cast(column, wanted)
                continue
            done = coerce(column, spec)
            values = done.values
            if len(done.rows):
                wrong.append((name, done.rows, done.texts))
            if spec.type == "code":
                mended, rows, before = restore_zeros(values, self.codes.get(name))
                if len(rows):
                    restored.append((name, rows, before))
                    values = mended if self.order.policy == "repair" else values
            arrays[name] = values
        return arrays, wrong, restored

    def _shapes(self, source: VectorSource, batch: pa.RecordBatch, names: Any, start: int) -> tuple[Shapes, Any]:
        """Read, reproject, check and, where that is the policy, repair the shapes of a batch."""
        import geopandas as gpd
        import pyarrow as pa
        import shapely

        from spacegov.crs import same_crs

        stored = batch.column(batch.schema.get_field_index(GEOMETRY))
        raw = np.array(stored.to_pylist(), dtype=object)
        shapes = np.asarray(shapely.from_wkb(raw, on_invalid="ignore"), dtype=object)
        origin = self.origins[source]
        if source not in self.judged:
            self.judged.add(source)
            self.place.judge(gpd.GeoDataFrame(geometry=shapes, crs=origin), source.name, self.log)
        changed = np.zeros(len(shapes), bool)
        if not same_crs(origin, self.crs):
            shapes = np.asarray(gpd.GeoSeries(shapes, crs=origin).to_crs(self.crs).array, dtype=object)
            changed[:] = True
        found = self.checks.geometry(gpd.GeoDataFrame(geometry=shapes, crs=self.crs), names, start)
        bad = np.unique(found.loc[found["severity"] == "error", "row"].to_numpy(np.int64)) - start
        if self.order.policy == "repair" and len(bad):
            shapes, bad = self._repair(shapes, bad, found, start, names)
            changed[list(set(found["row"] - start) & set(np.flatnonzero(~shapely.is_missing(shapes))))] = True
        self.unsound += len(bad)
        self.log.append(found)
        away = self.place.outside(shapes)
        self.log.add(
            away + start, "outside-territory", "warning", features=names[away], column="geometry",
            reason="it lies wholly outside the territory", mend="check its place, or leave it out",
            places=middles(shapes)[away],
        )  # fmt: skip
        if not changed.any():
            return shapes, stored.cast(pa.binary())
        raw[changed] = shapely.to_wkb(shapes[changed], flavor="iso")
        return shapes, pa.array(list(raw), pa.binary())

    def _repair(self, shapes: Shapes, bad: Any, found: Any, start: int, names: Any) -> tuple[Shapes, Any]:
        import geopandas as gpd
        import shapely

        from spacegov.tools.foundation._mending import mend_shapes

        before = shapes[bad]
        after = mend_shapes(before, allow_z=True)
        again = self.checks.geometry(gpd.GeoDataFrame(geometry=after, crs=self.crs), names[bad], 0)
        still = set(again.loc[again["severity"] == "error", "row"])
        good = np.array([row not in still for row in range(len(bad))])
        shapes = shapes.copy()
        shapes[bad[good]] = after[good]
        self.repaired += int(good.sum())
        was, now = (np.nan_to_num(shapely.area(each)) for each in (before, after))
        told = {
            int(bad[row]) + start: f"; area {was[row]:.3f} m² became {now[row]:.3f} m²" for row in np.flatnonzero(good)
        }
        mended = found["row"].isin(list(told)) & (found["severity"] == "error")
        found.loc[mended, "action"] = "repaired"
        polygons = mended & (self.card.kind == "Polygons")
        found.loc[polygons, "reason"] += found.loc[polygons, "row"].map(told)
        return shapes, bad[~good]

    def _find_duplicates(self) -> None:
        import pyarrow.parquet as pq
        import shapely

        for name, hashes in self.unique.items():
            every = np.concatenate(hashes)
            _, back, counts = np.unique(every, return_inverse=True, return_counts=True)
            suspects = np.flatnonzero(counts[back] > 1)
            if not len(suspects):
                continue
            columns = [name, ROW, *(["bbox"] if self.placed else [])]
            table = pq.read_table(self.spool.path, columns=columns).take(suspects)
            values = table.column(name).to_pandas()
            twice = (values.duplicated(keep=False) & values.notna()).to_numpy()
            texts = values[twice].astype(str).to_numpy(object)
            places = None
            if self.placed:
                boxes = table.column("bbox").combine_chunks().flatten()
                west, south, east, north = (box.to_numpy(zero_copy_only=False)[twice] for box in boxes)
                places = shapely.points((west + east) / 2, (south + north) / 2)
            self.log.add(
                suspects[twice], "duplicate", "error", features=texts, column=name, values=texts,
                reason="a value of its own is needed", mend="give every record a value of its own", places=places,
            )  # fmt: skip

    def finish(self) -> Taken:
        """Decide, and write the sorted file where the delivery is taken."""
        with writing(self.scratch.parent):
            self.spool.close()
        self._find_duplicates()
        faults = self.log.frame(self.crs)
        errors = faults["severity"] == "error"
        open_errors = errors & (faults["action"] != "repaired")
        word = {"reject": "refused", "repair": "refused", "accept": "marked"}[self.order.policy]
        faults.loc[open_errors, "action"] = word
        faults.loc[~errors, "action"] = "noted"
        rows = set(faults.loc[errors, "row"])
        problems = self.spool.rows if LAYER in rows else len(rows)
        facts = {
            "rows": self.spool.rows,
            "problem_records": problems,
            "repaired": self.repaired,
            "faults": count_codes(faults),
            "valid": self.unsound == 0,
            "crs": self.layer.workspace.settings.crs if self.placed else None,
            "source_crs": sorted({_name(crs) for crs in self.origins.values()}),
            "bounds": self.spool.bounds,
        }
        refused = self.order.policy != "accept" and bool(open_errors.any())
        data = self.scratch / "data.parquet"
        if not refused:
            marks = _marks(faults[open_errors])
            with writing(self.scratch.parent):
                write_sorted(self.spool, data, self.crs, {"valid": bool(facts["valid"])}, marks)
        return Taken(data, self.spool.rows, problems, faults, facts, refused)


def field_codes(layer: Layer) -> dict[str, Any]:
    """Give the codes of every code field, from its card or its scheme."""
    schemes = layer.workspace.layers.schemes
    return {
        name: spec.codes if spec.codes is not None else schemes[str(spec.scheme)].codes
        for name, spec in layer.card.fields.items()
        if spec.type == "code"
    }


def _once(sources: Sequence[VectorSource]) -> list[VectorSource]:
    return list(dict.fromkeys(sources))


def _name(crs: Any) -> str:
    from spacegov.crs import crs_name

    return crs_name(crs)


def _marks(faults: Any) -> dict[int, str]:
    marked = faults[faults["row"] != LAYER].groupby("row", sort=True)["code"]
    return {int(row): ", ".join(sorted(set(codes))) for row, codes in marked}


def middles(shapes: Shapes) -> Shapes:
    """Give a point for each shape: the middle of its box."""
    import shapely

    boxes = shapely.bounds(shapes)
    there = np.isfinite(boxes).all(axis=1)
    points = np.full(len(shapes), None, dtype=object)
    middle = (boxes[there, :2] + boxes[there, 2:]) / 2
    points[there] = shapely.points(middle)
    return points


def _moved_box(box: Any, origin: Any, target: Any) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs(origin, target, always_xy=True).transform_bounds(*box)


def _plain_type(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


def _common(first: Any, second: Any) -> Any:
    import pyarrow as pa

    numeric = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (first, second)]
    if all(numeric):
        both = pa.types.is_integer(first) and pa.types.is_integer(second)
        return pa.int64() if both else pa.float64()
    return pa.string()


def _cast(column: Any, wanted: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == wanted:
        return column
    if wanted == pa.string() and not (pa.types.is_integer(column.type) or pa.types.is_large_string(column.type)):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return column.cast(wanted, safe=False)
