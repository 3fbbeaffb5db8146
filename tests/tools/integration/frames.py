"""Small layers with known coordinates, near the middle of EPSG:4549."""

from __future__ import annotations

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

CRS = "EPSG:4549"
EAST, NORTH = 500_000.0, 3_260_000.0


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Give a rectangle in metres from the origin of the test ground."""
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def layer(name: str, shapes: list[BaseGeometry], **columns: object) -> gpd.GeoDataFrame:
    """Give a layer with a name; a column may be one value for all."""
    frame = gpd.GeoDataFrame(
        {key: value if isinstance(value, list) else [value] * len(shapes) for key, value in columns.items()},
        geometry=shapes,
        crs=CRS,
    )
    frame.attrs.update(layer=name, steward=f"steward of {name}")
    return frame
