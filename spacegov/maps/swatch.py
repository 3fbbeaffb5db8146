"""Small drawings of legend entries, as SVG in the page; colours follow the theme through classes of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable

from spacegov.maps.compiled import LegendEntry, Marker, Shape, Symbol
from spacegov.maps.palette import palette

WIDTH, HEIGHT = 18, 12


def swatch(layer: str, position: int, entry: LegendEntry, shape: Shape) -> str:
    """Draw an entry as it appears on the map.

    Parameters
    ----------
    layer : str
        Id of the layer in the page.
    position : int
        Position of the entry.
    entry : LegendEntry
        What to draw.
    shape : str
        What the layer's features are.

    Returns
    -------
    str
        SVG of 18 × 12 pixels; needs `swatch_rules` and `swatch_patterns` in the page.
    """
    name = f"{layer}-{position}"
    draw = {"line": _line, "point": _point}.get(shape, _area)
    return (
        f'<svg class="spacegov-swatch k{name}" data-swatch="{name}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f"{draw(name, entry.symbol)}</svg>"
    )


def swatch_rules(layers: Iterable[tuple[str, Iterable[LegendEntry]]]) -> str:
    """Give the style rules that hold the colours of both themes: `--c` fill, `--k` ink, `--q` casing."""
    light, dark = [], []
    for layer, entries in layers:
        for position, entry in enumerate(entries):
            name, symbol = f".k{layer}-{position}", entry.symbol
            casing = symbol.casing or symbol.ink
            light.append(f"{name}{{--c:{symbol.light};--k:{symbol.ink.light};--q:{casing.light}}}")
            dark.append(f"{name}{{--c:{symbol.dark};--k:{symbol.ink.dark};--q:{casing.dark}}}")
    by_system = "".join(f':root:not([data-theme="light"]) {rule}' for rule in dark)
    by_page = "".join(f':root[data-theme="dark"] {rule}' for rule in dark)
    return f"{''.join(light)}@media (prefers-color-scheme:dark){{{by_system}}}{by_page}"


def swatch_patterns(layers: Iterable[tuple[str, Iterable[LegendEntry]]]) -> str:
    """Give the pattern definitions that swatches refer to."""
    drawn = []
    for layer, entries in layers:
        for position, entry in enumerate(entries):
            pattern = palette().patterns.get(entry.symbol.pattern)
            if pattern is None:
                continue
            width, height = pattern.size
            turn = f' patternTransform="rotate({pattern.rotate})"' if pattern.rotate else ""
            marks = "".join(f'<circle cx="{x}" cy="{y}" r="{r}" style="fill:var(--k)"/>' for x, y, r in pattern.dots)
            if pattern.path:
                marks += f'<path d="{pattern.path}" style="fill:none;stroke:var(--k);stroke-width:{pattern.width}"/>'
            drawn.append(
                f'<pattern id="p{layer}-{position}" class="k{layer}-{position}" width="{width}" height="{height}" '
                f'patternUnits="userSpaceOnUse"{turn}><g opacity="{pattern.ink}">{marks}</g></pattern>'
            )
    return f'<svg class="spacegov-defs" aria-hidden="true"><defs>{"".join(drawn)}</defs></svg>'


def _area(name: str, symbol: Symbol) -> str:
    stroke = max(min(symbol.width, 1.8), 0.8)
    half = stroke / 2
    box = f'x="{half:g}" y="{half:g}" width="{WIDTH - stroke:g}" height="{HEIGHT - stroke:g}"'
    dashes = _dashes(symbol, 0.55)
    parts = [f'<rect {box} style="fill:var(--c);fill-opacity:{symbol.fill}"/>']
    if symbol.pattern != "solid":
        parts.append(f'<rect {box} fill="url(#p{name})"/>')
    parts.append(f'<rect {box} style="fill:none;stroke:var(--k);stroke-width:{stroke:g}{dashes}"/>')
    return "".join(parts)


def _line(name: str, symbol: Symbol) -> str:
    del name
    path = f'd="M0 {HEIGHT / 2:g}H{WIDTH}"'
    casing = (
        f'<path {path} style="stroke:var(--q);stroke-width:{symbol.width + 1.6:g}"/>'
        if symbol.casing is not None
        else ""
    )
    return f'{casing}<path {path} style="stroke:var(--c);stroke-width:{symbol.width:g}{_dashes(symbol, 0.7)}"/>'


def _point(name: str, symbol: Symbol) -> str:
    del name
    fill = max(symbol.fill, 0.15)
    look = f"fill:var(--c);fill-opacity:{fill};stroke:var(--k);stroke-width:1.2"
    return f'<path d="{_marker(symbol.marker)}" style="{look}"/>'


def _marker(marker: Marker) -> str:
    x, y, r = WIDTH / 2, HEIGHT / 2, 4.6
    if marker == "circle":
        return f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    if marker == "square":
        return f"M{x - 4} {y - 4}h8v8h-8z"
    if marker == "cross":
        return f"M{x - 2} {y - 4.6}h4v2.6h2.6v4h-2.6v2.6h-4v-2.6h-2.6v-4h2.6z"
    corners, radius, down = {"diamond": (4, 5.5, 0.0), "triangle": (3, 5.8, 0.8), "pentagon": (5, 5.2, 0.2)}[marker]
    angles = [2 * math.pi * corner / corners - math.pi / 2 for corner in range(corners)]
    points = [f"{x + radius * math.cos(a):.2f} {y + down + radius * math.sin(a):.2f}" for a in angles]
    return "M" + "L".join(points) + "z"


def _dashes(symbol: Symbol, scale: float) -> str:
    dashes = palette().lines[symbol.line]
    return f";stroke-dasharray:{' '.join(f'{dash * scale:g}' for dash in dashes)}" if dashes else ""
