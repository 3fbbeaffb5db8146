"""Pictures of rasters by tile: classes in the colours of the card, relief as shade, heights for the viewer's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.errors import BadInput
from spacegov.maps.compiled import CompiledStyle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spacegov.service.collection import Collection

SIDE = 256
SUN_AZIMUTH, SUN_ALTITUDE = np.radians(315.0), np.radians(45.0)


def raster_tile(found: Collection, level: int, row: int, column: int, *, form: str, theme: str) -> bytes:
    """Draw a tile as PNG; nothing where the raster has no cells.

    Parameters
    ----------
    found : Collection
        A raster.
    form : {"png", "terrarium"}
        The card's colours, or heights in the encoding that map libraries shade.
    theme : {"light", "dark"}
    """
    from spacegov.service.styles import compiled_style

    compiled = compiled_style(found)
    smooth = form == "terrarium" or compiled.shape == "relief" or any(entry.range for entry in compiled.entries)
    values = read_tile(found, level, row, column, smooth=smooth)
    if values is None:
        return b""
    inner = values[1:-1, 1:-1]
    if form == "terrarium":
        if compiled.shape != "relief" and not np.isfinite(inner).any():
            return b""
        return _png(*_terrarium(inner))
    if compiled.shape == "relief":
        return _png(*_relief(values, level, theme))
    return _png(*_classes(inner, compiled, theme))


def read_tile(found: Collection, level: int, row: int, column: int, *, smooth: bool) -> NDArray[np.float64] | None:
    """Read the cells of a tile with one more around it; NaN where no data, None where the tile lies elsewhere."""
    from rio_tiler.errors import TileOutsideBounds
    from rio_tiler.io import Reader

    way: Any = "bilinear" if smooth else "nearest"
    try:
        with Reader(str(found.file)) as source:
            image = source.tile(
                column, row, level, tilesize=SIDE, indexes=1, buffer=1, resampling_method=way, reproject_method=way
            )
    except TileOutsideBounds:
        return None
    band = image.array[0]
    values = np.where(np.ma.getmaskarray(band), np.nan, np.ma.getdata(band).astype(np.float64))
    return values if np.isfinite(values).any() else None


def value_at(found: Collection, longitude: float, latitude: float) -> float | None:
    """Give the value of the cell that a place lies in; None outside the raster and where it has no data."""
    from spacegov.raster import Raster, Window
    from spacegov.service.tables import mover

    raster = Raster.open(found.file) if found.layer is None else found.layer.read()
    if raster.crs is None:
        raise BadInput(f"{found.id} has no coordinate system, so a place cannot be found in it; import it with one")
    x, y = mover("OGC:CRS84", raster.crs.to_string()).transform(longitude, latitude)
    column, row = ~raster.transform * (x, y)
    if not (0 <= column < raster.shape[1] and 0 <= row < raster.shape[0]):
        return None
    window = Window(slice(int(row), int(row) + 1), slice(int(column), int(column) + 1), (slice(None), slice(None)))
    value = float(raster.read(window)[0, 0])
    return None if np.isnan(value) else value


def _terrarium(values: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Encode heights in metres as red × 256 + green + blue / 256 - 32768; no data lies at zero."""
    if np.nanmax(np.abs(values)) > 32_000:
        raise BadInput("f: the cells are no heights in metres; ask for f=png")
    scaled = np.where(np.isnan(values), 0.0, values) + 32_768.0
    whole = np.floor(scaled)
    bands = [whole // 256, whole % 256, np.floor((scaled - whole) * 256)]
    return np.stack(bands).astype(np.uint8), np.full(values.shape, 255, np.uint8)


def _relief(values: NDArray[np.float64], level: int, theme: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Shade heights in metres, lit from the north-west (Horn's method); level ground stays clear."""
    from spacegov.service.tiles import HALF

    cell = 2 * HALF / 2**level / SIDE
    filled = np.where(np.isnan(values), np.nanmean(values), values)
    east = filled[:-2, 2:] + 2 * filled[1:-1, 2:] + filled[2:, 2:]
    west = filled[:-2, :-2] + 2 * filled[1:-1, :-2] + filled[2:, :-2]
    south = filled[2:, :-2] + 2 * filled[2:, 1:-1] + filled[2:, 2:]
    north = filled[:-2, :-2] + 2 * filled[:-2, 1:-1] + filled[:-2, 2:]
    x, y = (east - west) / (8 * cell), (north - south) / (8 * cell)
    towards = -(np.sin(SUN_AZIMUTH) * x + np.cos(SUN_AZIMUTH) * y) * np.cos(SUN_ALTITUDE) + np.sin(SUN_ALTITUDE)
    lit = np.clip(towards / np.sqrt(1 + x**2 + y**2), 0, 1)
    flat = np.sin(SUN_ALTITUDE)
    shadow, shine = (0.42, 0.55) if theme == "light" else (0.62, 0.13)
    strength = np.where(lit < flat, shadow * (flat - lit) / flat, shine * (lit - flat) / (1 - flat))
    strength[np.isnan(values[1:-1, 1:-1])] = 0
    bands = np.where(lit < flat, 20, 255).astype(np.uint8)
    return np.stack([bands, bands, bands]), np.rint(strength * 255).astype(np.uint8)


def _classes(
    values: NDArray[np.float64], compiled: CompiledStyle, theme: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    placed = compiled.classify(values)
    placed[np.isnan(values)] = -1
    names = [entry.symbol.light if theme == "light" else entry.symbol.dark for entry in compiled.entries]
    colours = np.array([[int(name[at : at + 2], 16) for at in (1, 3, 5)] for name in names] or [[0, 0, 0]], np.uint8)
    bands = np.moveaxis(colours[np.maximum(placed, 0)], -1, 0)
    return np.ascontiguousarray(bands), np.where(placed < 0, 0, 255).astype(np.uint8)


def _png(bands: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> bytes:
    from rio_tiler.utils import render

    return bytes(render(bands, alpha, img_format="PNG"))
