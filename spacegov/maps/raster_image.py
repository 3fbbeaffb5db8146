"""Rasters as pictures on a map: classes in their colours, or shaded relief, in Web Mercator as PNG."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from spacegov.errors import BadRaster, UnsuitableCrs
from spacegov.maps.compiled import CompiledStyle
from spacegov.maps.palette import Theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spacegov.raster import Raster

MOST_PIXELS = 1_600  # on the longer side
MOST_RELIEF_PIXELS = 1_100
MOST_GAP_PIXELS = 400
RELIEF_STEPS = 48  # more cannot be told apart, and cost space
UNFILLED = 60
NOTHING = 255
MERCATOR = "EPSG:3857"
SUN_AZIMUTH, SUN_ALTITUDE = 315.0, 45.0


@dataclass(frozen=True)
class Picture:
    """A raster drawn for both grounds.

    Attributes
    ----------
    light, dark : str
        Data URIs of the PNG.
    corners : tuple
        ((south, west), (north, east)) in degrees.
    """

    light: str
    dark: str
    corners: tuple[tuple[float, float], tuple[float, float]]


def picture_of_classes(raster: Raster, compiled: CompiledStyle) -> Picture:
    """Draw the classes of a raster; values without a class and missing data are left out (`gaps_of` draws these).

    Raises
    ------
    UnsuitableCrs
        The raster has no CRS.
    """
    values, transform = _reduced(raster, MOST_PIXELS)
    placed = compiled.classify(values)
    placed[np.isnan(values)] = -1
    codes = np.where(placed < 0, NOTHING, placed).astype(np.uint8)
    warped, corners = _warped(codes, transform, raster, "nearest", NOTHING)
    image = np.minimum(warped.astype(np.uint8), len(compiled.entries))
    return Picture(
        light=_png(image, *_class_palette(compiled, "light")),
        dark=_png(image, *_class_palette(compiled, "dark")),
        corners=corners,
    )


def picture_of_relief(raster: Raster) -> Picture:
    """Draw the shaded relief of heights in metres: light from the north-west, flat ground left as it is.

    Slopes steeper than the middle of the raster's are not exaggerated; in flat country heights are raised so that the
    relief can be read (Horn's method on the warped grid, cells in true metres).
    """
    values, transform = _reduced(raster, MOST_RELIEF_PIXELS)
    warped, corners = _warped(values.astype(np.float64), transform, raster, "bilinear", np.nan)
    (south, west), (north, east) = corners
    latitude = np.radians((south + north) / 2)
    cell = (_mercator_x(east) - _mercator_x(west)) / warped.shape[1] * np.cos(latitude)
    shade = _shade(warped, float(cell))
    image = np.where(np.isnan(shade), 0, 1 + np.rint(shade * (RELIEF_STEPS - 1))).astype(np.uint8)
    return Picture(
        light=_png(image, *_relief_palette(shadow=0.42, shine=0.55)),
        dark=_png(image, *_relief_palette(shadow=0.62, shine=0.13)),
        corners=corners,
    )


def _shade(heights: NDArray[np.float64], cell: float) -> NDArray[np.float64]:
    filled = np.where(np.isnan(heights), np.nanmean(heights), heights)
    padded = np.pad(filled, 1, mode="edge")
    east = padded[:-2, 2:] + 2 * padded[1:-1, 2:] + padded[2:, 2:]
    west = padded[:-2, :-2] + 2 * padded[1:-1, :-2] + padded[2:, :-2]
    south = padded[2:, :-2] + 2 * padded[2:, 1:-1] + padded[2:, 2:]
    north = padded[:-2, :-2] + 2 * padded[:-2, 1:-1] + padded[:-2, 2:]
    to_east, to_north = (east - west) / (8 * cell), (north - south) / (8 * cell)
    steep = float(np.quantile(np.hypot(to_east, to_north), 0.9))
    raised = float(np.clip(0.35 / steep, 0.6, 8.0)) if steep > 0 else 1.0
    to_east, to_north = to_east * raised, to_north * raised
    azimuth, altitude = np.radians(SUN_AZIMUTH), np.radians(SUN_ALTITUDE)
    towards_sun = -(np.sin(azimuth) * to_east + np.cos(azimuth) * to_north) * np.cos(altitude) + np.sin(altitude)
    lit: NDArray[np.float64] = np.clip(towards_sun / np.sqrt(1 + to_east**2 + to_north**2), 0.0, 1.0)
    # A cell beside missing ones has no slope of its own.
    known = np.pad(~np.isnan(heights), 1, constant_values=False)
    for rows in (slice(None, -2), slice(1, -1), slice(2, None)):
        for columns in (slice(None, -2), slice(1, -1), slice(2, None)):
            lit[~known[rows, columns]] = np.nan
    return lit


def _relief_palette(*, shadow: float, shine: float) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Black over what lies in the shade, white over what lies in the sun, nothing over level ground."""
    level = np.sin(np.radians(SUN_ALTITUDE))
    colours, alphas = [(0, 0, 0)], [0]
    for step in range(RELIEF_STEPS):
        lit = step / (RELIEF_STEPS - 1)
        dark = lit < level
        strength = shadow * (level - lit) / level if dark else shine * (lit - level) / (1 - level)
        colours.append((20, 26, 24) if dark else (255, 255, 252))
        alphas.append(round(255 * strength))
    return colours, alphas


def _class_palette(compiled: CompiledStyle, theme: Theme) -> tuple[list[tuple[int, int, int]], list[int]]:
    colours = [entry.symbol.light if theme == "light" else entry.symbol.dark for entry in compiled.entries]
    rgb = [(int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16)) for c in colours]
    # what has no fill where it is a polygon is no more than a breath of colour where it is cells
    strength = [255 if entry.symbol.fill > 0 else UNFILLED for entry in compiled.entries]
    return [*rgb, (0, 0, 0)], [*strength, 0]


def gaps_of(raster: Raster) -> NDArray[np.object_]:
    """Outline where a raster has no data, in EPSG:4326, to about the four-hundredth part of its longer side."""
    import geopandas as gpd
    import shapely
    from affine import Affine
    from rasterio.features import shapes

    values, transform = _reduced(raster, MOST_GAP_PIXELS)
    missing = np.isnan(values)
    outlines = [
        shapely.geometry.shape(outline)
        for outline, _ in shapes(missing.astype(np.uint8), mask=missing, transform=Affine(*transform))
    ]
    outlines_wgs84: NDArray[np.object_] = gpd.GeoSeries(outlines, crs=raster.crs).to_crs("EPSG:4326").to_numpy()
    return outlines_wgs84


def _reduced(raster: Raster, most: int) -> tuple[NDArray[np.float64], tuple[float, float, float, float, float, float]]:
    """Every n-th cell, from the middle of n, so that a picture needs no more than its pixels."""
    if raster.crs is None:
        raise UnsuitableCrs(f"{raster.name}: the raster has no coordinate reference system, which a map needs; set one")
    step = max(1, -(-max(raster.shape) // most))
    rows, columns = (-(-size // step) for size in raster.shape)
    values = np.full((rows, columns), np.nan)
    for window in raster.windows(size=step * max(1, 1024 // step)):
        block = raster.read(window)
        row, column = window.rows.start // step, window.columns.start // step
        start = tuple(min(step // 2, size - 1) for size in block.shape)
        part = block[start[0] :: step, start[1] :: step]
        values[row : row + part.shape[0], column : column + part.shape[1]] = part
    t = raster.transform
    return values, (t.a * step, t.b, t.c, t.d, t.e * step, t.f)


def _warped(
    values: NDArray[np.generic],
    transform: tuple[float, float, float, float, float, float],
    raster: Raster,
    resampling: Literal["nearest", "bilinear"],
    empty: float,
) -> tuple[NDArray[np.float64], tuple[tuple[float, float], tuple[float, float]]]:
    from affine import Affine
    from pyproj import Transformer
    from rasterio.enums import Resampling
    from rasterio.warp import calculate_default_transform, reproject

    if raster.crs is None:
        raise BadRaster(f"{raster.name}: the raster has no coordinate reference system")
    here = Affine(*transform)
    rows, columns = values.shape
    west, north = here.c, here.f
    east, south = west + here.a * columns, north + here.e * rows
    source_crs = raster.crs.to_wkt()
    there, width, height = calculate_default_transform(source_crs, MERCATOR, columns, rows, west, south, east, north)
    warped = np.full((height, width), empty, dtype=values.dtype)
    reproject(
        values,
        warped,
        src_transform=here,
        src_crs=source_crs,
        dst_transform=there,
        dst_crs=MERCATOR,
        src_nodata=empty,
        dst_nodata=empty,
        resampling=Resampling[resampling],
    )
    to_degrees = Transformer.from_crs(MERCATOR, "EPSG:4326", always_xy=True)
    (west, east), (south, north) = to_degrees.transform(
        [there.c, there.c + there.a * width], [there.f + there.e * height, there.f]
    )
    return warped, ((float(south), float(west)), (float(north), float(east)))


def _mercator_x(longitude: float) -> float:
    return float(np.radians(longitude) * 6_378_137.0)


def _png(image: NDArray[np.uint8], colours: list[tuple[int, int, int]], alphas: list[int]) -> str:
    """Write an indexed PNG as a data URI; the same pixels give the same bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = image.shape
    lines = np.zeros((height, width + 1), dtype=np.uint8)
    lines[:, 1:] = image
    png = b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", b"".join(bytes(colour) for colour in colours)),
            chunk(b"tRNS", bytes(alphas)),
            chunk(b"IDAT", zlib.compress(lines.tobytes(), 7)),
            chunk(b"IEND", b""),
        ]
    )
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
