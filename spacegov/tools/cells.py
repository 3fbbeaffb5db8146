"""Cells of a raster: their areas, the cells under features, and polygons around cells of one code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.kinds import AreaBasis

if TYPE_CHECKING:
    import geopandas as gpd

    from spacegov.raster import Raster

_SAMPLES = 17


def cell_areas(raster: Raster, area_basis: AreaBasis) -> NDArray[np.float64]:
    """Area of every cell in m².

    Parameters
    ----------
    raster : Raster
        A raster in a projected CRS in metres.
    area_basis : {"plane", "ellipsoid"}
        In the grid, or on the ellipsoid.

    Returns
    -------
    array of float64, shape (rows, columns)

    Notes
    -----
    On the ellipsoid the plane area is divided by the projection's areal scale, taken at 17 × 17 places and
    interpolated by a cubic spline: the scale is smooth, the error over a county is below 1e-9 relative.
    """
    if area_basis == "plane":
        return np.full(raster.shape, raster.cell_area_m2)
    from pyproj import Proj
    from scipy.interpolate import RectBivariateSpline

    west, south, east, north = raster.bounds
    x, y = np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES)
    grid_x, grid_y = np.meshgrid(x, y)
    projection = Proj(raster.crs)
    longitude, latitude = projection(grid_x.ravel(), grid_y.ravel(), inverse=True)
    scale = np.asarray(projection.get_factors(longitude, latitude).areal_scale).reshape(grid_x.shape)
    t = raster.transform
    columns = t.c + (np.arange(raster.shape[1]) + 0.5) * t.a
    rows = t.f + (np.arange(raster.shape[0]) + 0.5) * t.e
    # the spline wants ascending coordinates, rows run from north to south
    fitted = RectBivariateSpline(y, x, scale)(rows[::-1], columns)[::-1]
    return np.asarray(raster.cell_area_m2 / fitted, dtype=np.float64)


def cells_under(raster: Raster, shapes: Any) -> NDArray[np.bool_]:
    """Cells that shapes touch.

    Parameters
    ----------
    raster : Raster
        The cells.
    shapes : array of shapely geometries
        In the raster's CRS.
    """
    from rasterio.features import rasterize

    there = [shape for shape in shapes if shape is not None and not shape.is_empty]
    if not there:
        return np.zeros(raster.shape, dtype=bool)
    burnt = rasterize(there, out_shape=raster.shape, transform=raster.transform, all_touched=True, dtype="uint8")
    return np.asarray(burnt, dtype=bool)


def polygons_of(codes: NDArray[Any], raster: Raster, mask: NDArray[np.bool_] | None = None) -> dict[int, Any]:
    """Draw around the cells of each code.

    Parameters
    ----------
    codes : array of int, shape (rows, columns)
        Codes.
    raster : Raster
        Gives the cells their place.
    mask : array of bool, optional
        Cells to draw.

    Returns
    -------
    dict
        Code → polygon or multipolygon along the edges of its cells; parts meet in corners at most.
    """
    from rasterio.features import shapes

    parts: dict[int, list[Any]] = {}
    drawn = shapes(codes.astype(np.int32), mask=mask, connectivity=4, transform=raster.transform)
    for geometry, code in drawn:
        rings = geometry["coordinates"]
        parts.setdefault(int(code), []).append(shapely.Polygon(rings[0], rings[1:]))
    return {code: _join(parts[code]) for code in sorted(parts)}


def _join(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def label_frame(rows: dict[str, list[Any]], shapes: list[Any], crs: Any) -> gpd.GeoDataFrame:
    """Make a frame of columns and shapes, also when it is empty."""
    import geopandas as gpd

    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)


def values_on(raster: Raster, grid: Raster) -> NDArray[np.float64]:
    """Measured values of a raster on the cells of another in the same CRS.

    Parameters
    ----------
    raster : Raster
        Values, which are interpolated (bilinear), or averaged where its cells are the smaller ones.
    grid : Raster
        The cells.

    Returns
    -------
    array of float64, shape of the grid
        NaN where the raster has no data.
    """
    if raster.same_grid(grid):
        return raster.read()
    if max(raster.cell_size) < 0.75 * min(grid.cell_size):
        return _averaged(raster, grid)
    rows, row_share, within_rows = _between(grid, raster, axis=0)
    columns, column_share, within_columns = _between(grid, raster, axis=1)
    values = raster.read()
    total, weight = np.zeros(grid.shape), np.zeros(grid.shape)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row = np.minimum(rows + down, raster.shape[0] - 1)
        column = np.minimum(columns + right, raster.shape[1] - 1)
        share = np.outer(row_share if down else 1 - row_share, column_share if right else 1 - column_share)
        part = values[np.ix_(row, column)]
        share[np.isnan(part)] = 0.0
        total += share * np.nan_to_num(part)
        weight += share
    there = (weight >= 0.5 - 1e-9) & np.logical_and.outer(within_rows, within_columns)
    return np.where(there, total / np.where(weight > 0, weight, 1.0), np.nan)


def _between(grid: Raster, raster: Raster, axis: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[Any]]:
    """Along one axis: the cell whose middle lies before, how far on the way to the next, and whether it is inside."""
    start, step = (grid.transform.f, grid.transform.e) if axis == 0 else (grid.transform.c, grid.transform.a)
    first, size = (raster.transform.f, raster.transform.e) if axis == 0 else (raster.transform.c, raster.transform.a)
    count = raster.shape[axis]
    place = (start + (np.arange(grid.shape[axis]) + 0.5) * step - first) / size
    inside = (place >= 0) & (place <= count)
    middle = np.clip(place - 0.5, 0.0, count - 1.0)
    before = np.floor(middle).astype(np.int64)
    return before, middle - before, inside


def _averaged(raster: Raster, grid: Raster) -> NDArray[np.float64]:
    from rasterio.warp import Resampling, reproject

    answer = np.full(grid.shape, np.nan)
    crs = "EPSG:3857" if grid.crs is None else grid.crs.to_wkt()
    reproject(
        raster.read(), answer, src_transform=raster.transform, dst_transform=grid.transform, src_crs=crs, dst_crs=crs,
        src_nodata=np.nan, dst_nodata=np.nan, resampling=Resampling.average,
    )  # fmt: skip
    return answer


def cells_with(raster: Raster, shapes: Any, numbers: Any) -> NDArray[np.float64]:
    """Number of the polygon that holds the middle of each cell; of several the last counts, NaN where there is none.

    Parameters
    ----------
    raster : Raster
        The cells.
    shapes : array of polygons
        In the raster's CRS.
    numbers : array of float
        One for each polygon.
    """
    from rasterio.features import rasterize

    there = [
        (shape, float(number))
        for shape, number in zip(shapes, numbers, strict=True)
        if shape is not None and not shape.is_empty
    ]
    if not there:
        return np.full(raster.shape, np.nan)
    burnt = rasterize(there, out_shape=raster.shape, transform=raster.transform, fill=np.nan, dtype="float64")
    return np.asarray(burnt, dtype=np.float64)
