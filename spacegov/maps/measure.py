"""Sizes for the legend: areas and lengths on the ellipsoid, whatever the layer's CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS, Geod

    from spacegov.raster import Raster


def feature_areas(frame: gpd.GeoDataFrame) -> NDArray[np.float64] | None:
    """Area of each feature in m², or None without a CRS.

    A column `area_m2` stands first: it is what a tool computed and printed. Otherwise corners are carried to a
    cylindrical equal-area projection of the layer's ellipsoid, with straight edges between them (error below 1e-6 of
    the area for edges under 1 km).

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.box(500_000, 3_250_000, 501_000, 3_251_000)], crs="EPSG:4549")
    >>> round(float(feature_areas(frame)[0]))
    1000000
    """
    if "area_m2" in frame:
        return np.asarray(frame["area_m2"].to_numpy(dtype=np.float64, na_value=np.nan))
    if frame.crs is None or len(frame) == 0:
        return None
    import shapely

    return np.asarray(shapely.area(_carried(frame)), dtype=np.float64)


def feature_lengths(frame: gpd.GeoDataFrame) -> NDArray[np.float64] | None:
    """Length of each line in m, or None without a CRS: `length_m` where the layer has it, else geodesic."""
    if "length_m" in frame:
        return np.asarray(frame["length_m"].to_numpy(dtype=np.float64, na_value=np.nan))
    if frame.crs is None or len(frame) == 0:
        return None
    import shapely

    geometry = frame.geometry.to_numpy()
    coordinates, feature = shapely.get_coordinates(shapely.get_parts(geometry), return_index=True)
    part_of = shapely.get_parts(geometry, return_index=True)[1]
    longitude, latitude = _geographic(coordinates, frame.crs)
    same = feature[1:] == feature[:-1]
    metres = _geod(frame.crs).inv(longitude[:-1][same], latitude[:-1][same], longitude[1:][same], latitude[1:][same])[2]
    return np.bincount(part_of[feature[1:][same]], weights=metres, minlength=len(geometry)).astype(np.float64)


def row_cell_areas(raster: Raster) -> NDArray[np.float64] | None:
    """Mean area of a cell in each row of a raster, in m², or None without a CRS."""
    if raster.crs is None:
        return None
    rows, columns = raster.shape
    west, south, east, north = raster.bounds
    # Nine points along a row's edge follow its curve on the ellipsoid.
    x = np.linspace(west, east, 9)
    y = np.linspace(north, south, rows + 1)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    px, py = (values.reshape(rows + 1, 9) for values in _equal_area(grid, raster.crs))
    ring_x = np.concatenate([px[:-1], px[1:, ::-1]], axis=1)
    ring_y = np.concatenate([py[:-1], py[1:, ::-1]], axis=1)
    turned_x, turned_y = np.roll(ring_x, -1, axis=1), np.roll(ring_y, -1, axis=1)
    areas: NDArray[np.float64] = np.abs((ring_x * turned_y - turned_x * ring_y).sum(axis=1)) / 2 / columns
    return areas


def _carried(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    import shapely

    def carry(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_equal_area(coordinates, frame.crs))

    carried: NDArray[np.object_] = shapely.transform(shapely.force_2d(frame.geometry.to_numpy()), carry)
    return carried


def _equal_area(coordinates: NDArray[np.float64], crs: CRS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pyproj import Proj

    longitude, latitude = _geographic(coordinates, crs)
    middle = float(np.nanmean(longitude)), float(np.nanmean(latitude))
    ellipsoid = crs.ellipsoid
    shape = (
        f"+a={ellipsoid.semi_major_metre} +b={ellipsoid.semi_minor_metre}" if ellipsoid is not None else "+ellps=WGS84"
    )
    projected = Proj(f"+proj=cea +lon_0={middle[0]} +lat_ts={middle[1]} {shape}")(longitude, latitude)
    return np.asarray(projected[0]), np.asarray(projected[1])


def _geographic(coordinates: NDArray[np.float64], crs: CRS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees on the layer's own datum."""
    if crs.is_geographic:
        return coordinates[:, 0], coordinates[:, 1]
    from pyproj import Transformer

    transformer = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    longitude, latitude = transformer.transform(coordinates[:, 0], coordinates[:, 1])
    return np.asarray(longitude), np.asarray(latitude)


def _geod(crs: CRS) -> Geod:
    from pyproj import Geod

    return crs.get_geod() or Geod(ellps="WGS84")
