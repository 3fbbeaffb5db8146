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
    from rasterio.warp import Resampling, reproject

    answer = np.full(grid.shape, np.nan)
    finer = max(raster.cell_size) < 0.75 * min(grid.cell_size)
    # both lie in one CRS, so that a local one does: no cell is moved by a datum
    place = {"src_crs": "EPSG:3857", "dst_crs": "EPSG:3857"}
    reproject(
        raster.read(), answer, src_transform=raster.transform, dst_transform=grid.transform, src_nodata=np.nan,
        dst_nodata=np.nan, resampling=Resampling.average if finer else Resampling.bilinear, **place,
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
