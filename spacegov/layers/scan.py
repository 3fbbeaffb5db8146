"""Reading a layer by window, filter and columns, whole or as a stream, at any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.errors import UnknownName, suggest
from spacegov.layers.batches import BATCH, VectorSource
from spacegov.layers.filter import GEOMETRY, Filter, compile_filter, kinds_of

if TYPE_CHECKING:
    import pyarrow as pa

    from spacegov.layers.layer import Layer

    Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Window:
    """What is wanted of a layer.

    Attributes
    ----------
    bbox : tuple of float, optional
        West, south, east, north in the CRS of the answer.
    where : str, optional
        CQL2; its geometries are in the CRS of the answer.
    columns : list of str, optional
        Columns besides the geometry.
    """

    bbox: Bounds | None = None
    where: Any = None
    columns: list[str] | None = None


def scan(source: VectorSource, window: Window, crs: Any, *, size: int = BATCH) -> Iterator[Any]:
    """Go through the records of a file that are wanted.

    Parameters
    ----------
    source : VectorSource
        The file.
    window : Window
        What is wanted.
    crs : anything pyproj understands, optional
        CRS of the answer; the file's own without it.
    size : int
        Records of a batch, before filtering.

    Yields
    ------
    GeoDataFrame, or DataFrame where there is no geometry
        At least one, so that an answer without records has its columns too.
    """
    move = _Move(source, crs)
    schema = source.schema()
    for column in window.columns or []:
        if column not in source.fields:
            raise UnknownName(f"{source.name}: there is no column {column!r}; {suggest(column, source.fields)}")
    wanted = _compiled(window, schema, move)
    asked = source.fields if window.columns is None else window.columns
    box = None if window.bbox is None else move.box_to_file(window.bbox)
    if wanted is not None and wanted.box is not None:
        box = wanted.box if box is None else _common_box(box, wanted.box)
    yielded = False
    if box is None or (box[0] <= box[2] and box[1] <= box[3]):
        for batch in source.batches(size=size, bbox=box, columns=asked, where=wanted):
            frame = _frame(batch.select([*asked, *_place(batch)]), move)
            if window.bbox is not None and len(frame):
                frame = frame[_meets(frame, window.bbox)]
            if len(frame):
                yielded = True
                yield frame.reset_index(drop=True)
    if not yielded:
        yield _frame(_empty(schema, asked), move)


def read(source: VectorSource, window: Window, crs: Any) -> Any:
    """Read the records of a file that are wanted into one frame; see `scan`."""
    import pandas as pd

    frames = list(scan(source, window, crs))
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _place(batch: Any) -> list[str]:
    return [GEOMETRY] if GEOMETRY in batch.schema.names else []


def _common_box(first: Bounds, second: Bounds) -> Bounds:
    return max(first[0], second[0]), max(first[1], second[1]), min(first[2], second[2]), min(first[3], second[3])


def _empty(schema: pa.Schema, columns: list[str]) -> pa.RecordBatch:
    import pyarrow as pa

    names = [*columns, *([GEOMETRY] if GEOMETRY in schema.names else [])]
    wanted = pa.schema([schema.field(name) for name in names])
    return pa.RecordBatch.from_arrays([pa.array([], each.type) for each in wanted], schema=wanted)


def _compiled(window: Window, schema: pa.Schema, move: _Move) -> Filter | None:
    if window.where is None or window.where == "":
        return None
    kinds = {name: kind for name, kind in kinds_of(schema).items() if name != GEOMETRY}
    return compile_filter(window.where, kinds, to_native=move.shape_to_file if move.moves else None)


def _meets(frame: Any, bbox: Bounds) -> Any:
    """Tell which shapes meet a box; only those whose own boxes lie across its border need to be looked at."""
    import shapely

    shapes = np.asarray(frame.geometry.array, dtype=object)
    west, south, east, north = bbox
    boxes = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        meet = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        inside = (boxes[:, 0] >= west) & (boxes[:, 2] <= east) & (boxes[:, 1] >= south) & (boxes[:, 3] <= north)
    across = np.flatnonzero(meet & ~inside)
    if len(across):
        window = shapely.box(west, south, east, north)
        shapely.prepare(window)
        meet[across] = shapely.intersects(window, shapes[across])
    return meet


class _Move:
    """Between the CRS of a file and that of the answer."""

    def __init__(self, source: VectorSource, crs: Any) -> None:
        from pyproj import CRS

        from spacegov.crs import same_crs
        from spacegov.errors import UnsuitableCrs

        self.source = source
        if not source.has_geometry:
            self.native = self.target = None
            self.moves = False
            return
        self.native = None if source.crs is None else CRS.from_user_input(source.crs)
        self.target = self.native if crs is None else CRS.from_user_input(crs)
        if self.native is None and crs is not None:
            raise UnsuitableCrs(
                f"{source.name}: it has no CRS and cannot be brought to another; state its own with ogr2ogr -a_srs"
            )
        self.moves = crs is not None and not same_crs(self.native, self.target)

    def box_to_file(self, box: Bounds) -> Bounds:
        if not self.moves:
            return box
        from pyproj import Transformer

        moved = Transformer.from_crs(self.target, self.native, always_xy=True).transform_bounds(*box, densify_pts=51)
        return (*map(float, moved),)  # type: ignore[return-value]

    def shape_to_file(self, shape: Any) -> Any:
        import shapely
        from pyproj import Transformer

        move = Transformer.from_crs(self.target, self.native, always_xy=True)
        return shapely.transform(shape, lambda points: np.stack(move.transform(points[:, 0], points[:, 1]), axis=1))


def _frame(batch: Any, move: _Move) -> Any:
    import geopandas as gpd
    import pyarrow as pa
    import shapely

    from spacegov.layers.files import to_crs

    table = pa.Table.from_batches([batch])
    if GEOMETRY not in table.column_names:
        return table.to_pandas()
    attributes = table.drop_columns([GEOMETRY]).to_pandas()
    raw = table.column(GEOMETRY).to_numpy()
    shapes = shapely.from_wkb(raw, on_invalid="ignore") if len(raw) else np.empty(0, object)
    frame = gpd.GeoDataFrame(attributes, geometry=gpd.GeoSeries(shapes, crs=move.native), crs=move.native)
    return to_crs(frame, move.target) if move.moves else frame


class LayerStream:
    """A layer as batches that can be gone through again, as a sensitivity run does; memory holds one of them.

    Parameters
    ----------
    layer : Layer
        A layer of vector data.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.attrs = layer.attrs()

    @property
    def crs(self) -> Any:
        """The CRS of the batches."""
        from pyproj import CRS

        return CRS.from_user_input(self.layer.workspace.crs)

    def __iter__(self) -> Iterator[Any]:
        return self.layer.scan()

    def __len__(self) -> int:
        """Records, or 0 where a server does not count them."""
        return max(self.layer.vector_source().rows, 0)
