"""Static pictures of layers as SVG, for index pages and reports: same styles as the maps, no script, no request.

A picture is drawn in the layers' own metric CRS, so that a scale bar holds over all of it. On an `auto` picture every
colour follows the page's theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.maps.compiled import CompiledStyle, LegendEntry, Symbol
from spacegov.maps.palette import palette
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.raster import Raster

PictureTheme: TypeAlias = Literal["auto", "light", "dark"]
Bounds: TypeAlias = tuple[float, float, float, float]
LEAST_OUTLINE = 1.2
_LINE, _POLYGON = 1, 3  # of shapely.get_type_id
SPECK = 6
MOST_SPECKS = 300
SCALE_FAMILY = "Noto Sans, Liberation Sans, Arial, DejaVu Sans, Noto Sans CJK SC, sans-serif"


@dataclass(frozen=True, eq=False)
class PictureLayer:
    """One layer of a picture.

    Attributes
    ----------
    data : GeoDataFrame or Raster
    style : CompiledStyle
    opacity : float
        Of the whole layer, 0 to 1.
    marks : bool
        Whether polygons too small to be seen are marked by a dot: for findings, not for what lies below them.
    radius : float
        Of points, in pixels.
    """

    data: Any
    style: CompiledStyle
    opacity: float = 1.0
    marks: bool = False
    radius: float = 3.2


def picture(
    layers: Sequence[PictureLayer],
    bounds: Bounds,
    width: int,
    height: int,
    *,
    title: str = "",
    theme: PictureTheme = "auto",
    language: Language = "en",
    name: str = "picture",
    over: Callable[[View], str] | None = None,
) -> str:
    """Draw layers.

    Parameters
    ----------
    layers : sequence of PictureLayer
        From the ground up, all in one metric CRS.
    bounds : tuple of float
        West, south, east, north of what must be seen; widened to the picture's proportions.
    width, height : int
        In pixels.
    title : str
        What is seen, for readers who do not see it.
    theme : {"auto", "light", "dark"}
        Fixed colours, or colours that follow the page.
    language : {"en", "zh", "ru"}
        Of the scale bar.
    name : str
        Unique within a page; names the patterns.
    over : callable, optional
        Given the view, what to draw above the layers and below the scale bar, as SVG.

    Returns
    -------
    str
        An `<svg>` element.
    """
    view = View.fitting(bounds, width, height)
    ink = _Ink(theme, name)
    body = [_draw(layer, view, ink) for layer in layers]
    bar = ("" if over is None else over(view)) + _scale_bar(view, ink, language)
    ground = ink.colour("#f2f1ec", "#1b1e21")
    # Where a page cuts the picture, it keeps the corner with the scale bar.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="xMaxYMax slice" '
        'role="img" '
        f'aria-label="{escape(title)}"><defs>{"".join(ink.patterns.values())}</defs>'
        f'<rect width="{width}" height="{height}" style="fill:{ground}"/>{"".join(body)}{bar}</svg>'
    )


@dataclass(frozen=True)
class View:
    """The part of the ground that a picture shows."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    @classmethod
    def fitting(cls, bounds: Bounds, width: int, height: int) -> View:
        """Fit bounds into a picture, centred."""
        west, south, east, north = bounds
        metres = max((east - west) / width, (north - south) / height, 1e-6)
        x, y = (west + east) / 2, (south + north) / 2
        return cls(x - metres * width / 2, y + metres * height / 2, 1 / metres, width, height)

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north of the whole picture."""
        return (self.west, self.north - self.height / self.scale, self.west + self.width / self.scale, self.north)

    def pixels(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring coordinates to pixels, to a tenth."""
        return np.round((coordinates - (self.west, self.north)) * (self.scale, -self.scale), 1)


class _Ink:
    """Colours by theme, and the patterns used."""

    def __init__(self, theme: PictureTheme, name: str) -> None:
        self.theme = theme
        self.name = name
        self.patterns: dict[str, str] = {}

    def colour(self, light: str, dark: str) -> str:
        if self.theme == "auto":
            return f"light-dark({light},{dark})"
        return light if self.theme == "light" else dark

    def pattern(self, symbol: Symbol) -> str | None:
        tile = palette().patterns.get(symbol.pattern)
        if tile is None:
            return None
        key = f"{self.name}-{symbol.pattern}-{symbol.ink.light[1:]}"
        if key not in self.patterns:
            colour = self.colour(symbol.ink.light, symbol.ink.dark)
            turn = f' patternTransform="rotate({tile.rotate})"' if tile.rotate else ""
            drawn = "".join(f'<circle cx="{x}" cy="{y}" r="{r}" style="fill:{colour}"/>' for x, y, r in tile.dots)
            if tile.path:
                drawn += f'<path d="{tile.path}" style="fill:none;stroke:{colour};stroke-width:{tile.width}"/>'
            self.patterns[key] = (
                f'<pattern id="{key}" width="{tile.size[0]}" height="{tile.size[1]}" patternUnits="userSpaceOnUse"'
                f'{turn}><g opacity="{tile.ink}">{drawn}</g></pattern>'
            )
        return f"url(#{key})"


def _draw(layer: PictureLayer, view: View, ink: _Ink) -> str:
    if not hasattr(layer.data, "columns"):
        drawn = _image(layer, view)
    else:
        drawn = _features(layer, view, ink)
    return drawn if layer.opacity == 1 or not drawn else f'<g opacity="{layer.opacity}">{drawn}</g>'


def _features(layer: PictureLayer, view: View, ink: _Ink) -> str:
    shapes = layer.data.geometry.to_numpy()
    entry_of = layer.style.entry_of
    if entry_of is None or not len(shapes):
        return ""
    boxes = shapely.bounds(shapes)
    west, south, east, north = view.bounds
    seen = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    parts = []
    # The first entry of the legend matters most and is drawn last, on top.
    for position in range(len(layer.style.entries) - 1, -1, -1):
        chosen = shapes[seen & (entry_of == position)]
        if len(chosen):
            parts.append(_entry(layer, layer.style.entries[position], chosen, view, ink))
    return "".join(parts)


def _entry(layer: PictureLayer, entry: LegendEntry, shapes: Any, view: View, ink: _Ink) -> str:
    style = layer.style
    symbol = entry.symbol
    colour = ink.colour(symbol.light, symbol.dark)
    dashes = palette().lines.get(symbol.line, ())
    dash = f";stroke-dasharray:{' '.join(f'{value:g}' for value in dashes)}" if dashes else ""
    if style.shape == "point":
        return _points(shapes, view, colour, ink.colour("#ffffff", "#111316"), layer.radius)
    specks, shapes = _specks(shapes, view) if layer.marks and style.shape == "polygon" else (shapes[:0], shapes)
    marks = _marks(specks, view, colour, ink.colour(symbol.ink.light, symbol.ink.dark))
    path = path_data(clipped(shapes, view), view)
    if not path:
        return marks
    if style.shape == "line":
        line = f'<path d="{path}" style="fill:none;stroke-linejoin:round;stroke-linecap:round;'
        casing = ""
        if symbol.casing is not None:
            edge = ink.colour(symbol.casing.light, symbol.casing.dark)
            casing = f'{line}stroke:{edge};stroke-width:{symbol.width + 1.2:g}"/>'
        return f'{casing}{line}stroke:{colour};stroke-width:{symbol.width:g}{dash}"/>'
    edge = ink.colour(symbol.ink.light, symbol.ink.dark)
    # A small patch keeps an outline of constant width, so that it is seen at any scale.
    outline = f"stroke:{edge};stroke-width:{min(max(symbol.width * 0.6, 0.4), LEAST_OUTLINE):g}{dash}"
    drawn = f'<path d="{path}" style="fill:{colour};fill-opacity:{symbol.fill:g};fill-rule:evenodd;{outline}"/>'
    pattern = ink.pattern(symbol)
    return (
        drawn + (f'<path d="{path}" style="fill:{pattern};fill-rule:evenodd;stroke:none"/>' if pattern else "") + marks
    )


def _specks(shapes: Any, view: View) -> tuple[Any, Any]:
    """Part polygons too small to be seen from the rest; where there are very many, none are parted."""
    boxes = shapely.bounds(shapes)
    small = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) * view.scale < SPECK
    if small.sum() > MOST_SPECKS:
        return shapes[:0], shapes
    return shapes[small], shapes[~small]


def _marks(shapes: Any, view: View, colour: str, edge: str) -> str:
    """Mark places whose polygon would not be seen by a dot of constant size."""
    if not len(shapes):
        return ""
    points = view.pixels(shapely.get_coordinates(shapely.centroid(shapes)))
    circles = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="3.4"/>' for x, y in points)
    return f'<g style="fill:{colour};fill-opacity:.85;stroke:{edge};stroke-width:1">{circles}</g>'


def clipped(shapes: Any, view: View, margin: float = 8.0) -> Any:
    """Clip shapes to the picture, with a margin in pixels."""
    west, south, east, north = view.bounds
    more = margin / view.scale
    return shapely.clip_by_rect(np.asarray(shapes), west - more, south - more, east + more, north + more)


def path_data(shapes: Iterable[Any], view: View) -> str:
    """Give SVG path data of polygons and lines in pixels, without what is finer than half a pixel."""
    parts = shapely.get_parts(np.asarray(shapes))
    kinds = shapely.get_type_id(parts)
    areas, lines = np.flatnonzero(kinds == _POLYGON), np.flatnonzero(kinds == _LINE)
    rings, ring_part = shapely.get_rings(parts[areas], return_index=True)
    pieces = np.concatenate([rings, parts[lines]])
    # In the order of what was given, rings of a polygon together.
    order = np.argsort(np.concatenate([areas[ring_part], lines]), kind="stable")
    # Ring by ring: keeping thousands of rings of one shape apart takes minutes, and could not be seen.
    thinned = shapely.simplify(pieces[order], 0.4 / view.scale)
    coordinates, piece = shapely.get_coordinates(thinned, return_index=True)
    if not len(piece):
        return ""
    closed = (order < len(rings))[piece]
    first, last = np.ones(len(piece), dtype=bool), np.ones(len(piece), dtype=bool)
    first[1:] = last[:-1] = piece[1:] != piece[:-1]
    # A closed ring need not come back to its first point, which ends it anyway.
    drawn = ~(last & closed)
    first, closed, piece = first[drawn], closed[drawn], piece[drawn]
    last = np.append(piece[1:] != piece[:-1], True)
    marks = np.where(first, "M", "L").astype(object)
    ends = np.where(last & closed, "Z", "").astype(object)
    tenths = np.rint(view.pixels(coordinates[drawn]) * 10).astype(np.int64)
    different, place = np.unique(tenths, return_inverse=True)
    texts = np.array([f"{value / 10:g}" for value in different.tolist()], dtype=object)[place.reshape(tenths.shape)]
    return "".join((marks + texts[:, 0] + " " + texts[:, 1] + ends).tolist())


def _points(shapes: Any, view: View, colour: str, halo: str, radius: float) -> str:
    points = view.pixels(shapely.get_coordinates(shapes))
    circles = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"/>' for x, y in points)
    # Many small points would be all halo.
    edge = f"stroke:{halo};stroke-width:1" if radius >= 2.5 else "stroke:none"
    return f'<g style="fill:{colour};{edge}">{circles}</g>'


def _image(layer: PictureLayer, view: View) -> str:
    raster: Raster = layer.data
    west, south, east, north = view.bounds
    left, bottom, right, top = raster.bounds
    if left >= east or right <= west or bottom >= north or top <= south:
        return ""
    part = raster.clip((west, south, east, north))
    step = max(1, int(min(part.cell_size) and 1 / view.scale / part.cell_size[0]))
    values = part.read()[::step, ::step]
    colours = (
        _relief(values, part.cell_size[0] * step) if layer.style.shape == "relief" else _classed(layer.style, values)
    )
    x0, y0 = view.pixels(np.array([[part.bounds[0], part.bounds[3]]]))[0]
    # Thinned rows and columns may reach past the last cell; each still stands for `step` cells.
    wide = values.shape[1] * step * part.cell_size[0] * view.scale
    high = values.shape[0] * step * part.cell_size[1] * view.scale
    smooth = "auto" if layer.style.shape == "relief" else "pixelated"
    return (
        f'<image x="{x0:g}" y="{y0:g}" width="{wide:.1f}" height="{high:.1f}" preserveAspectRatio="none" '
        f'style="image-rendering:{smooth}" href="{png_data(colours)}"/>'
    )


def _classed(style: CompiledStyle, values: NDArray[np.float64]) -> NDArray[np.uint8]:
    placed = style.classify(values)
    image = np.zeros((*values.shape, 4), dtype=np.uint8)
    for position, entry in enumerate(style.entries):
        colour = bytes.fromhex(entry.symbol.light[1:])
        image[placed == position] = (*colour, round(255 * max(entry.symbol.fill, 0.75)))
    return image


def _relief(values: NDArray[np.float64], cell: float) -> NDArray[np.uint8]:
    """Shade slopes lit from the north-west: dark and light veils that work on either ground."""
    filled = np.where(np.isnan(values), np.nanmean(values) if np.isfinite(values).any() else 0.0, values)
    south, east = np.gradient(filled, cell)
    # Light from 315° at 45°; vertical exaggeration keeps gentle counties readable.
    east, south = 1.6 * east, 1.6 * south
    light = (1 + (east + south) * np.sqrt(0.5)) / np.sqrt(2 * (1 + east**2 + south**2))
    shade = np.clip((light - np.sqrt(0.5)) / (1 - np.sqrt(0.5)), -1, 1)
    image = np.zeros((*values.shape, 4), dtype=np.uint8)
    image[..., :3] = np.where(shade[..., None] > 0, 255, 40)
    strength = np.where(shade > 0, 0.35 * shade, 0.22 * -shade)
    image[..., 3] = np.where(np.isnan(values), 0, np.round(255 * strength))
    return image


def png_data(image: NDArray[np.uint8]) -> str:
    """Give an RGBA image as a PNG data URI."""
    import base64
    import warnings

    import rasterio
    from rasterio.io import MemoryFile

    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        height, width = image.shape[:2]
        with memory.open(driver="PNG", height=height, width=width, count=4, dtype="uint8") as target:
            target.write(np.moveaxis(image, 2, 0))
        return "data:image/png;base64," + base64.b64encode(memory.getbuffer()).decode()


def _scale_bar(view: View, ink: _Ink, language: Language) -> str:
    unit = {"en": ("m", "km"), "zh": ("米", "公里"), "ru": ("м", "км")}[language]
    longest = view.width * 0.22 / view.scale
    magnitude = 10 ** int(np.floor(np.log10(max(longest, 1e-9))))
    metres = max(factor * magnitude for factor in (1, 2, 5) if factor * magnitude <= longest)
    words = f"{metres / 1000:g}\u202f{unit[1]}" if metres >= 1000 else f"{metres:g}\u202f{unit[0]}"
    length = metres * view.scale
    x, y = view.width - length - 14, view.height - 12
    text, ground = ink.colour("#1b1e22", "#eceeef"), ink.colour("#fbfaf7", "#191c20")
    return (
        f'<rect x="{x - 8:.1f}" y="{y - 19}" width="{length + 16:.1f}" height="25" style="fill:{ground};opacity:.88"/>'
        f'<path d="M{x:.1f} {y - 4}V{y}H{x + length:.1f}V{y - 4}" style="fill:none;stroke:{text};stroke-width:1.4"/>'
        # Programs other than browsers read the attributes, which know no variables.
        f'<text x="{x + length / 2:.1f}" y="{y - 7}" text-anchor="middle" font-size="11" font-family="{SCALE_FAMILY}" '
        f'style="fill:{text};font-family:var(--font,sans-serif)">{words}</text>'
    )


def legend_swatch(entry: LegendEntry, shape: str, theme: PictureTheme = "auto", name: str = "key") -> str:
    """Draw a legend entry's symbol as a small SVG."""
    ink = _Ink(theme, f"{name}-{entry.key}".replace(" ", "-").replace("..", "to"))
    symbol = entry.symbol
    colour, edge = ink.colour(symbol.light, symbol.dark), ink.colour(symbol.ink.light, symbol.ink.dark)
    pattern = ink.pattern(symbol)
    if shape == "line":
        dashes = " ".join(f"{value:g}" for value in palette().lines.get(symbol.line, ()))
        dash = f";stroke-dasharray:{dashes}" if dashes else ""
        body = f'<path d="M0 6H16" style="stroke:{colour};stroke-width:{max(symbol.width, 1.5):g}{dash}"/>'
    elif shape == "point":
        body = f'<circle cx="8" cy="6" r="4" style="fill:{colour}"/>'
    else:
        box = '<rect x=".5" y=".5" width="15" height="11"'
        body = f'{box} style="fill:{colour};fill-opacity:{max(symbol.fill, 0.3):g};stroke:{edge};stroke-width:1"/>'
        body += f'{box} style="fill:{pattern}"/>' if pattern else ""
    return (
        f'<svg class="swatch" width="16" height="12" viewBox="0 0 16 12" role="img" '
        f'aria-label="{escape(say(entry.title))}"><defs>{"".join(ink.patterns.values())}</defs>{body}</svg>'
    )
