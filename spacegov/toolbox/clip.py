"""A layer cut to an area: records at its border, cells beyond it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from spacegov.layers.layer import Layer
    from spacegov.raster import Raster

    Bounds = tuple[float, float, float, float]


class Cut(Protocol):
    """What is taken of a layer."""

    @property
    def words(self) -> str:
        """What was done to the layer, for the record."""

    @property
    def key(self) -> str:
        """What tells this part from others of the same layer."""

    def read(self, layer: Layer, **wanted: Any) -> Any:
        """Read the part of a frame or raster; `wanted` goes to `Layer.read`."""


@dataclass(frozen=True, eq=False)
class Clip:
    """What lies in a zone, cut at its border; tables are taken whole.

    Attributes
    ----------
    zone : str
        Its key.
    shape : Polygon or MultiPolygon
        In the workspace's CRS, the halo included.
    uncut : bool
        Whether records that meet the zone are taken as they are.
    repair : bool
        Whether broken polygons are mended before they are cut.
    """

    zone: str
    shape: Any
    uncut: bool = False
    repair: bool = False

    @property
    def words(self) -> str:
        """What was done to the layer."""
        return f" {'meeting' if self.uncut else 'cut to'} {self.zone}"

    @property
    def key(self) -> str:
        """The zone's shape and what is done with it."""
        return f"{self.uncut} {self.repair} {hashlib.sha256(self.shape.wkb).hexdigest()}"

    def read(self, layer: Layer, **wanted: Any) -> Any:
        """Read what lies in the zone."""
        if layer.card.kind == "Table":
            return layer.read(**wanted)
        bounds: Bounds = tuple(map(float, self.shape.bounds))  # type: ignore[assignment]
        if layer.card.kind == "Raster":
            raster = layer.read(bounds, **wanted)
            return raster if self.uncut else _masked(raster, self.shape)
        return self.of_frame(layer.id, layer.read(bounds, **wanted))

    def of_frame(self, role: str, frame: Any) -> Any:
        """Take of a frame what lies in the zone; records that only touch its border do not."""
        import numpy as np
        import shapely

        from spacegov.toolbox.mending import mend

        if not len(frame):
            return frame
        attrs = dict(frame.attrs)
        frame = mend(role, frame, all_faults=self.repair)
        shapes = frame.geometry.values._data
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        sound = np.zeros(len(shapes), dtype=bool)
        sound[there] = shapely.is_valid(shapes[there])
        shapely.prepare(self.shape)
        meets = ~sound
        meets[sound] = shapely.intersects(self.shape, shapes[sound])
        across = np.zeros(len(shapes), dtype=bool)
        across[sound] = meets[sound] & ~shapely.contains_properly(self.shape, shapes[sound])
        if across.any():
            dimension = shapely.get_dimensions(shapes[across])
            parts = shapely.intersection(shapes[across], self.shape)
            # A cut leaves points and lines where borders touch; what is of another dimension is no part of the record.
            pieces = np.array([_of_dimension(part, size) for part, size in zip(parts, dimension, strict=True)], object)
            kept = ~shapely.is_empty(pieces)
            meets[np.flatnonzero(across)[~kept]] = False
            if not self.uncut:
                shapes = shapes.copy()
                shapes[np.flatnonzero(across)[kept]] = pieces[kept]
        cut = frame.set_geometry(type(frame.geometry.array)(shapes, crs=frame.crs))[meets].reset_index(drop=True)
        cut.attrs = attrs
        return cut


def _of_dimension(shape: Any, dimension: int) -> Any:
    """Give the pieces of one dimension of what a cut left."""
    import shapely

    if shape.geom_type != "GeometryCollection":
        return shape if shapely.get_dimensions(shape) == dimension else type(shape)()
    pieces = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == dimension]
    return shapely.union_all(pieces) if pieces else shapely.Point()


def _masked(raster: Raster, shape: Any) -> Raster:
    """Take away the cells whose centres lie outside a zone."""
    import numpy as np
    from rasterio.features import geometry_mask

    outside = geometry_mask([shape], raster.shape, raster.transform)
    if not outside.any():
        return raster
    values, valid = raster.read_codes() if raster.dtype.kind in "iu" else (raster.read(), None)
    if valid is None:
        return raster.like(np.where(outside, np.nan, values).astype(raster.dtype), **raster.attrs)
    if raster.nodata is None or not valid.all():
        return raster.like(np.where(outside | ~valid, np.nan, values.astype(np.float64)), **raster.attrs)
    return raster.like(
        np.where(outside, raster.nodata, values).astype(raster.dtype), nodata=raster.nodata, **raster.attrs
    )
