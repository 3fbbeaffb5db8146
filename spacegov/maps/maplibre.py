"""A compiled style as MapLibre layers, so that the viewer draws what folium draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spacegov.maps.compiled import CompiledStyle, LegendEntry
from spacegov.maps.palette import Theme, palette


@dataclass(frozen=True)
class MapLibreLayers:
    """Layers of a MapLibre style, bottom first, and the pattern images they name.

    Attributes
    ----------
    layers : list of dict
        Layers of type fill, line or circle.
    images : dict
        Image name to SVG text, to be added with `map.addImage`.
    """

    layers: list[dict[str, Any]]
    images: dict[str, str]


def to_maplibre(
    compiled: CompiledStyle,
    source: str,
    *,
    source_layer: str | None = None,
    theme: Theme = "light",
    prefix: str | None = None,
) -> MapLibreLayers:
    """Write a compiled style as MapLibre layers.

    Parameters
    ----------
    compiled : CompiledStyle
        Of polygons, lines or points.
    source : str
        Name of the source.
    source_layer : str, optional
        Layer inside vector tiles.
    theme : {"light", "dark"}
        Ground.
    prefix : str, optional
        Begins the ids of the layers; the source's name without it.

    Returns
    -------
    MapLibreLayers

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from spacegov.maps.style import compile_style
    >>> frame = gpd.GeoDataFrame({"use": ["urban", None]}, geometry=[shapely.Point(0, 0)] * 2, crs="EPSG:4549")
    >>> out = to_maplibre(compile_style({"colour_by": "use"}, {}, {}, frame), "plans")
    >>> out.layers[0]["paint"]["circle-color"]
    ['match', ['to-string', ['get', 'use']], ['urban'], '#b56a86', '#6a6e76']
    """
    name = prefix or source
    base: dict[str, Any] = {"source": source, **({"source-layer": source_layer} if source_layer else {})}
    write = {"polygon": _polygons, "line": _lines, "point": _points}.get(compiled.shape)
    if write is None:
        return MapLibreLayers([], {})
    return write(compiled, base, name, theme)


def _polygons(compiled: CompiledStyle, base: dict[str, Any], name: str, theme: Theme) -> MapLibreLayers:
    fill = {
        **base,
        "id": f"{name}-fill",
        "type": "fill",
        "paint": {
            "fill-color": _by_entry(compiled, [_colour(entry, theme) for entry in compiled.entries]),
            "fill-opacity": _by_entry(compiled, [entry.symbol.fill for entry in compiled.entries]),
            "fill-antialias": False,
        },
    }
    layers, images = [fill], {}
    for entry in compiled.entries:
        if entry.symbol.pattern == "solid":
            continue
        ink = getattr(entry.symbol.ink, theme)
        image = f"{entry.symbol.pattern}:{ink}"
        images[image] = pattern_svg(entry.symbol.pattern, ink)
        layer = {
            **base,
            "id": f"{name}-pattern-{entry.key}",
            "type": "fill",
            "paint": {"fill-pattern": image, "fill-opacity": palette().patterns[entry.symbol.pattern].ink},
        }
        condition = _is_entry(compiled, entry)
        layers.append(layer if condition is None else {**layer, "filter": condition})
    return MapLibreLayers([*layers, *_strokes(compiled, base, name, theme, ink=True)], images)


def _lines(compiled: CompiledStyle, base: dict[str, Any], name: str, theme: Theme) -> MapLibreLayers:
    return MapLibreLayers(_strokes(compiled, base, name, theme, ink=False), {})


def _strokes(
    compiled: CompiledStyle, base: dict[str, Any], name: str, theme: Theme, *, ink: bool
) -> list[dict[str, Any]]:
    """One layer of lines per line style: MapLibre's dashes cannot follow the data."""
    layers: list[dict[str, Any]] = []
    styles = list(dict.fromkeys(entry.symbol.line for entry in compiled.entries))
    cased = [entry for entry in compiled.entries if entry.symbol.casing is not None]
    if cased and not ink:
        colours = [getattr(entry.symbol.casing or entry.symbol.ink, theme) for entry in compiled.entries]
        widths = [entry.symbol.width + 1.6 if entry.symbol.casing else 0 for entry in compiled.entries]
        layers.append(_stroke(compiled, base, f"{name}-casing", colours, widths))
    for style in styles:
        of_style = [entry for entry in compiled.entries if entry.symbol.line == style]
        colours = [getattr(entry.symbol.ink, theme) if ink else _colour(entry, theme) for entry in compiled.entries]
        layer = _stroke(
            compiled, base, f"{name}-line-{style}", colours, [entry.symbol.width for entry in compiled.entries]
        )
        dashes = palette().lines[style]
        if dashes:
            width = max(of_style[0].symbol.width, 0.5)
            layer["paint"]["line-dasharray"] = [round(dash / width, 3) for dash in dashes]
        conditions = [_is_entry(compiled, entry) for entry in of_style]
        if len(styles) > 1:
            layer["filter"] = ["any", *[condition for condition in conditions if condition is not None]]
        layers.append(layer)
    return layers


def _stroke(
    compiled: CompiledStyle, base: dict[str, Any], name: str, colours: list[Any], widths: list[Any]
) -> dict[str, Any]:
    return {
        **base,
        "id": name,
        "type": "line",
        "layout": {"line-join": "round", "line-cap": "butt"},
        "paint": {"line-color": _by_entry(compiled, colours), "line-width": _by_entry(compiled, widths)},
    }


def _points(compiled: CompiledStyle, base: dict[str, Any], name: str, theme: Theme) -> MapLibreLayers:
    circle = {
        **base,
        "id": f"{name}-circle",
        "type": "circle",
        "paint": {
            "circle-radius": 5,
            "circle-color": _by_entry(compiled, [_colour(entry, theme) for entry in compiled.entries]),
            "circle-opacity": _by_entry(compiled, [max(entry.symbol.fill, 0.15) for entry in compiled.entries]),
            "circle-stroke-color": _by_entry(
                compiled, [getattr(entry.symbol.ink, theme) for entry in compiled.entries]
            ),
            "circle-stroke-width": 1.2,
        },
    }
    return MapLibreLayers([circle], {})


def _colour(entry: LegendEntry, theme: Theme) -> str:
    return entry.symbol.light if theme == "light" else entry.symbol.dark


def _by_entry(compiled: CompiledStyle, outputs: list[Any]) -> Any:
    """An expression that gives each feature the output of its entry; a plain value where all are alike."""
    if not outputs:
        return "#000000"
    if compiled.field is None or all(output == outputs[0] for output in outputs):
        return outputs[0]
    by_key = {entry.key: output for entry, output in zip(compiled.entries, outputs, strict=True)}
    fallback = by_key.get("other", outputs[-1])
    text = ["to-string", ["get", compiled.field]]
    if any(entry.range is not None for entry in compiled.entries):
        cases: list[Any] = [["==", text, ""], by_key["no-data"]] if "no-data" in by_key else []
        for entry, output in zip(compiled.entries, outputs, strict=True):
            if entry.range is not None:
                cases += [_is_entry(compiled, entry), output]
        return ["case", *cases, fallback]
    pairs: list[Any] = []
    for entry, output in zip(compiled.entries, outputs, strict=True):
        if entry.values:
            pairs += [_labels(entry), output]
    if "no-data" in by_key and fallback != by_key["no-data"]:
        pairs += [[""], by_key["no-data"]]
    return ["match", text, *pairs, fallback]


def _labels(entry: LegendEntry) -> list[str]:
    return list(dict.fromkeys(_as_text(value) for value in entry.values))


def _as_text(value: Any) -> str:
    """A value as MapLibre's `to-string` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_entry(compiled: CompiledStyle, entry: LegendEntry) -> list[Any] | None:
    """A filter for the features of one entry; None where all features are of it."""
    if compiled.field is None:
        return None
    value = ["get", compiled.field]
    if entry.range is not None:
        number = ["to-number", value, -1e308]
        low, high = entry.range
        bounds: list[Any] = [["!=", value, None]]
        bounds += [] if low is None else [[">=", number, low]]
        bounds += [] if high is None else [["<=" if entry.closed else "<", number, high]]
        return ["all", *bounds]
    text = ["to-string", value]
    if entry.values:
        return ["in", text, ["literal", _labels(entry)]]
    if entry.key == "no-data":
        return ["==", text, ""]
    named = [label for other in compiled.entries for label in _labels(other) if other.values]
    ranges = [condition for other in compiled.entries if other.range and (condition := _is_entry(compiled, other))]
    return ["all", ["!=", text, ""], ["!", ["in", text, ["literal", named]]], *[["!", one] for one in ranges]]


def pattern_svg(name: str, colour: str, *, scale: int = 2) -> str:
    """Draw one tile of a pattern as SVG text.

    A turned tile is drawn over a square of the same spacing, wide enough to repeat.

    Examples
    --------
    >>> pattern_svg("dots", "#112233")[:62]
    '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12"'
    """
    pattern = palette().patterns[name]
    width, height = pattern.size
    turned = pattern.rotate % 180
    # Turned by 45° a square tile repeats after its diagonal.
    side = round(width * 2**0.5) if turned else width
    box = (side, side) if turned else (width, height)
    marks = "".join(f'<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/>' for x, y, r in pattern.dots)
    if pattern.path:
        marks += f'<path d="{pattern.path}" fill="none" stroke="{colour}" stroke-width="{pattern.width}"/>'
    turn = f' patternTransform="scale({side / (width * 2**0.5):.5f}) rotate({pattern.rotate})"' if turned else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{box[0] * scale}" height="{box[1] * scale}" '
        f'viewBox="0 0 {box[0]} {box[1]}"><defs><pattern id="p" width="{width}" height="{height}" '
        f'patternUnits="userSpaceOnUse"{turn}>{marks}</pattern></defs>'
        f'<rect width="{box[0]}" height="{box[1]}" fill="url(#p)"/></svg>'
    )
