"""Ellipsoidal areas: coordinates brought to an equal-area projection on the layer's own ellipsoid.

The definition: an edge is straight in the layer's own coordinate system, and the area is that of the piece of the
ellipsoid it bounds. (A geodesic between the same two vertices is another line: on a kilometre in a transverse Mercator
grid the two part by some tenths of a millimetre, on a kilometre along a parallel in geographic coordinates by
centimetres.) An equal-area projection bends straight edges, so long ones get more vertices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spacegov.errors import UnsuitableCrs
from spacegov.kernels.ragged import FloatArray, IntArray, Ragged, refuse_other_types

if TYPE_CHECKING:
    import geopandas
    import pyproj

# An edge of length L may be off by max(5e-7 m · L, 1e-9 · L²): below 1e-7 of any polygon at least ten metres wide.
BORDER_TOLERANCE_M = 5e-7
LENGTH_TOLERANCE = 1e-9
_WIDE_DEGREES = 60.0


@dataclass(frozen=True)
class EqualArea:
    """An equal-area projection for one place.

    Attributes
    ----------
    source : pyproj.CRS
        The layer's own coordinate system, in which edges are straight.
    target : pyproj.CRS
        Lambert azimuthal equal-area about the place, or cylindrical equal-area for geographic coordinates and
        wide extents; in metres, on the source's datum and ellipsoid.
    curvature : float
        Bound of the curvature in 1/m that straight edges of the source have in the target.
    """

    source: pyproj.CRS
    target: pyproj.CRS
    curvature: float

    @cached_property
    def transformer(self) -> pyproj.Transformer:
        """From source to target, x before y."""
        return _transformer(self.source, self.target)

    def transform(self, coordinates: FloatArray) -> FloatArray:
        """Transform vertices (N, 2)."""
        x, y = self.transformer.transform(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([x, y])


def equal_area_projection(crs: Any, bounds: tuple[float, float, float, float]) -> EqualArea:
    """Choose the equal-area projection for an extent.

    The centre is a whole degree, so that neighbouring extents and parts of one layer usually share the projection.

    Parameters
    ----------
    crs : pyproj.CRS
        The layers' coordinate system.
    bounds : tuple of float
        xmin, ymin, xmax, ymax in it.

    Returns
    -------
    EqualArea
        The projection.

    Raises
    ------
    UnsuitableCrs
        When the coordinate system does not rest on an ellipsoid.
    """
    import pyproj

    source = pyproj.CRS.from_user_input(crs).to_2d()
    geodetic = source.geodetic_crs
    if geodetic is None:
        raise UnsuitableCrs(
            f"ellipsoidal areas need a coordinate system tied to the earth, but {source.name!r} is not; "
            "give the layer its CRS, or ask for area_basis='plane'"
        )
    to_degrees = _transformer(source, geodetic)
    xmin, ymin, xmax, ymax = bounds
    longitude, latitude = to_degrees.transform(0.5 * (xmin + xmax), 0.5 * (ymin + ymax))
    west, south, east, north = to_degrees.transform_bounds(xmin, ymin, xmax, ymax)
    wide = not (north - south <= _WIDE_DEGREES and (east - west) % 360.0 <= _WIDE_DEGREES)
    if not np.isfinite([longitude, latitude]).all():
        raise UnsuitableCrs(
            f"the extent {xmin:g} {ymin:g} {xmax:g} {ymax:g} lies where {source.name!r} is not defined; "
            "check that the layer's CRS is the one its coordinates are in"
        )
    target = _target(source, float(np.round(longitude)), float(np.round(latitude)), wide)
    projection = EqualArea(source, target, np.inf)
    return EqualArea(source, target, _largest_curvature(projection, bounds))


# Making a transformer costs as much as projecting a hundred thousand vertices, and small calls about one place are
# many: a place is a whole degree, so few are kept.
@lru_cache(maxsize=64)
def _transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    import pyproj

    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def _target(source: pyproj.CRS, longitude: float, latitude: float, wide: bool) -> pyproj.CRS:
    """Make the equal-area CRS about a place, on the datum of the source."""
    import pyproj

    conversion: Any
    if source.is_geographic or wide:
        conversion = pyproj.crs.coordinate_operation.LambertCylindricalEqualAreaConversion(
            latitude_first_parallel=min(max(latitude, -80.0), 80.0), longitude_natural_origin=longitude
        )
    else:
        conversion = pyproj.crs.coordinate_operation.LambertAzimuthalEqualAreaConversion(
            latitude_natural_origin=latitude, longitude_natural_origin=longitude
        )
    return pyproj.CRS(pyproj.crs.ProjectedCRS(conversion=conversion, geodetic_crs=source.geodetic_crs))


def _largest_curvature(projection: EqualArea, bounds: tuple[float, float, float, float]) -> float:
    """Measure how strongly straight lines bend: a grid of places, four directions, with a margin of one half."""
    xmin, ymin, xmax, ymax = bounds
    least = 0.02 if projection.source.is_geographic else 1000.0
    step = max(xmax - xmin, ymax - ymin, least) / 16.0
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(xmin, xmax, 17), np.linspace(ymin, ymax, 17)))
    largest = 0.0
    for dx, dy in ((1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (0.7, -0.7)):
        along = np.column_stack([dx * step * np.ones(len(x)), dy * step * np.ones(len(x))])
        middle = projection.transform(np.column_stack([x, y]))
        before = projection.transform(np.column_stack([x, y]) - along)
        after = projection.transform(np.column_stack([x, y]) + along)
        chord = np.hypot(*(after - before).T)
        rise = np.hypot(*(0.5 * (before + after) - middle).T)
        bend = 8.0 * rise / chord**2
        bend = bend[np.isfinite(bend)]
        largest = max(largest, float(bend.max(initial=0.0)))
    return 1.5 * largest


def project_ragged(layer: Ragged, projection: EqualArea) -> Ragged:
    """Bring a layer to the equal-area plane, with vertices added where its edges bend.

    Which vertices an edge gets depends on its two ends alone, not on the polygon or the direction it is run through,
    so that neighbours keep sharing their border.
    """
    coordinates, counts = densify(layer.coordinates, layer.ring_offsets, projection)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return oriented(coordinates, sums[layer.ring_offsets], layer.geometry_offsets)


def oriented(coordinates: FloatArray, ring_offsets: IntArray, geometry_offsets: IntArray) -> Ragged:
    """Rebuild a layer from moved vertices; a projection that mirrors turns every ring round."""
    from spacegov.kernels.rings import fill_boxes, geometry_areas, reverse_all

    areas = np.empty(len(geometry_offsets) - 1)
    geometry_areas(coordinates, ring_offsets, geometry_offsets, areas)
    if areas.sum() < 0.0:
        reverse_all(coordinates, ring_offsets)
    boxes = np.empty((len(areas), 4))
    fill_boxes(coordinates, ring_offsets, geometry_offsets, boxes)
    return Ragged(coordinates, ring_offsets, geometry_offsets, boxes)


def densify(coordinates: FloatArray, ring_offsets: IntArray, projection: EqualArea) -> tuple[FloatArray, IntArray]:
    """Transform rings, with points added along edges that bend.

    Parameters
    ----------
    coordinates : float64 (N, 2)
        Vertices in the source.
    ring_offsets : int64 (R + 1,)
        First vertex of each ring.
    projection : EqualArea
        The projection.

    Returns
    -------
    coordinates : float64 (M, 2)
        Vertices in the target.
    counts : int64 (N,)
        How many new vertices each old one became: itself and the points on the edge that leaves it.
    """
    moved = projection.transform(coordinates)
    if not np.isfinite(moved).all():
        raise UnsuitableCrs(
            f"{int((~np.isfinite(moved)).any(axis=1).sum())} vertices lie where {projection.source.name!r} is not "
            "defined; check that the layer's CRS is the one its coordinates are in"
        )
    counts = np.ones(len(coordinates), np.int64)
    if len(coordinates) < 2:
        return moved, counts
    length = np.hypot(*(moved[1:] - moved[:-1]).T)
    tolerance = np.maximum(BORDER_TOLERANCE_M, LENGTH_TOLERANCE * length)
    bends = projection.curvature * length**2 / 12.0 > tolerance
    last = ring_offsets[1:-1] - 1
    bends[last[(last >= 0) & (last < len(bends))]] = False
    edges = np.flatnonzero(bends)
    if not len(edges):
        return moved, counts
    start, end = coordinates[edges], coordinates[edges + 1]
    swapped = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low = np.where(swapped[:, None], end, start)
    high = np.where(swapped[:, None], start, end)
    rise = _rise(low, high, projection)
    parts = np.ceil(np.sqrt((2.0 / 3.0) * 1.2 * rise / tolerance[edges])).astype(np.int64)
    parts = np.maximum(parts, 1)
    counts[edges] = parts
    dense = np.repeat(moved, counts, axis=0)
    added = np.repeat(np.arange(len(edges)), parts - 1)
    if len(added):
        first = np.cumsum(parts - 1) - (parts - 1)
        step = np.arange(len(added)) - first[added] + 1
        from_low = np.where(swapped[added], parts[added] - step, step)
        share = (from_low / parts[added])[:, None]
        points = projection.transform(low[added] + (high[added] - low[added]) * share)
        starts = np.cumsum(counts) - counts
        dense[starts[edges][added] + step] = points
    return dense, counts


def _rise(low: FloatArray, high: FloatArray, projection: EqualArea) -> FloatArray:
    """Largest distance between edge and chord, measured at the quarters of the edge."""
    a, b = projection.transform(low), projection.transform(high)
    largest = np.zeros(len(low))
    for share, weight in ((0.25, 4.0 / 3.0), (0.5, 1.0), (0.75, 4.0 / 3.0)):
        point = projection.transform(low + (high - low) * share)
        largest = np.maximum(largest, weight * np.hypot(*(point - (a + (b - a) * share)).T))
    return largest


def equal_area(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Bring polygons to an equal-area projection on their own ellipsoid.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        Polygons and multipolygons in any CRS with an ellipsoid.

    Returns
    -------
    GeoDataFrame or GeoSeries
        The same rows and columns; CRS in metres, whose plane areas are the ellipsoidal areas of the input. Edges
        that bend have more vertices.

    Raises
    ------
    UnsuitableCrs
        Without a CRS, or when vertices lie outside the CRS.
    WrongGeometry
        When rows are not polygons.

    Notes
    -----
    Method: Lambert azimuthal equal-area about the extent, cylindrical equal-area for geographic coordinates and
    extents over 60 degrees. An edge of length L is split until the area between the edge and its chords is below
    max(5e-7 m · L, 1e-9 · L²), which for polygons at least ten metres wide is below 1e-7 of the area. The split of
    an edge depends on its ends only: shared borders stay shared.
    Edges are straight in the layer's own CRS. pyproj's `Geod.geometry_area_perimeter` takes geodesics between the
    same vertices instead, and differs by the area between both lines.

    Examples
    --------
    A cell of one degree at the equator, between two parallels, in km²:

    >>> import geopandas, shapely
    >>> cell = geopandas.GeoSeries([shapely.box(0, 0, 1, 1)], crs=4326)
    >>> round(float(equal_area(cell).area[0]) / 1e6, 3)
    12308.464
    """
    geometries, crs = np.asarray(frame.geometry.values, dtype=object), frame.crs
    if crs is None:
        raise UnsuitableCrs("the layer has no CRS; set it (frame.set_crs) before asking for ellipsoidal areas")
    bounds = shapely.total_bounds(geometries)
    if not np.isfinite(bounds).all():
        bounds = np.zeros(4)
    projection = equal_area_projection(crs, tuple(bounds))
    flat = _projected_shapes(geometries, projection)
    if hasattr(frame, "set_geometry"):
        return frame.set_geometry(type(frame.geometry)(flat, index=frame.index, crs=projection.target))
    return type(frame)(flat, index=frame.index, crs=projection.target, name=frame.name)


def _projected_shapes(geometries: Any, projection: EqualArea) -> Any:
    """Project shapely polygons; missing and empty rows stay what they are."""
    present = refuse_other_types(geometries, "the layer")
    result = geometries.copy()
    rows = np.flatnonzero(present)
    if not len(rows):
        return result
    kind, coordinates, offsets = shapely.to_ragged_array(geometries[rows], include_z=False)
    rings = np.asarray(offsets[0], np.int64)
    dense, counts = densify(np.ascontiguousarray(coordinates), rings, projection)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    shapes = shapely.from_ragged_array(kind, dense, (sums[rings], *offsets[1:]))
    single = shapely.get_type_id(geometries[rows]) == 3
    if kind != shapely.GeometryType.POLYGON and single.any():
        shapes[single] = shapely.get_geometry(shapes[single], 0)
    result[rows] = shapes
    return result
