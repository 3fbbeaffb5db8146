"""Constructed layers whose sizes can be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from spacegov.maps.page import MapLayer
from spacegov.maps.style import compile_style
from spacegov.raster import Raster

CRS = "EPSG:4549"
EAST, NORTH = 500_000.0, 3_250_000.0


def squares(sides: Sequence[float], **columns: Sequence[Any]) -> gpd.GeoDataFrame:
    """Squares of the given sides in metres, side by side at the central meridian, where the grid is true to size."""
    shapes, west = [], EAST
    for side in sides:
        shapes.append(shapely.box(west, NORTH, west + side, NORTH + side))
        west += side + 50
    return gpd.GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs=CRS)


def points(**columns: Sequence[Any]) -> gpd.GeoDataFrame:
    """Points in a row, 100 m apart."""
    number = len(next(iter(columns.values())))
    shapes = [shapely.Point(EAST + 100 * i, NORTH) for i in range(number)]
    return gpd.GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs=CRS)


def raster(values: Any, *, cell: float = 10.0, nodata: float | None = None, crs: Any = CRS) -> Raster:
    """A raster with its upper left corner at the origin of the squares."""
    return Raster.from_array(np.asarray(values), Affine(cell, 0, EAST, 0, -cell, NORTH), crs, nodata, layer="trial")


def layer(frame: Any, style: dict[str, Any] | None = None, *, title: Any = "Trial", **more: Any) -> MapLayer:
    """A layer of a map, its style compiled without a card."""
    return MapLayer(frame, title, compile_style(style, more.pop("fields", {}), {}, frame), **more)
