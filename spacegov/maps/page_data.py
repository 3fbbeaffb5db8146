"""A layer as the page draws it: packed shapes or a picture, legend entries, popup texts, names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov import numbers
from spacegov.errors import BadInput
from spacegov.maps import page
from spacegov.maps.packing import pack_integers, pack_shapes
from spacegov.maps.page import MapLayer
from spacegov.maps.raster_image import gaps_of, picture_of_classes, picture_of_relief
from spacegov.maps.thinning import DrawnLayer, drawn_layer
from spacegov.maps.words import WORDS
from spacegov.raster import Raster
from spacegov.text import Language, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CHARACTERS = 25_000_000  # of packed data in one page
MOST_LABELS = 3_000
FEW = 1_000  # features of a layer in which each is drawn large enough to be seen
SPECK = 5 / 800  # of the map's side
LEAST_DEGREES = 0.02  # of a map, about two kilometres


def packed_layer(layer: MapLayer, layer_id: str, language: Language) -> tuple[dict[str, Any], str]:
    """Give a layer as the page draws it, and what the foot must say of it."""
    style = layer.style
    common: dict[str, Any] = {
        "id": layer_id,
        "title": say(layer.title, language),
        "visible": layer.visible,
        "opacity": layer.opacity,
        "fieldTitle": say(style.title, language) if style.field is not None else "",
        "entries": [page.entry_data(entry, language) for entry in style.entries],
        "columns": [],
    }
    if isinstance(layer.data, Raster):
        relief = style.shape == "relief"
        picture = picture_of_relief(layer.data) if relief else picture_of_classes(layer.data, style)
        pictures = {"light": picture.light, "dark": picture.dark}
        common |= {"kind": "image", "smooth": relief, "pictures": pictures, "corners": picture.corners}
        missing = [position for position, entry in enumerate(style.entries) if entry.key == "no-data"]
        return {**common, **({"gaps": _gaps(layer.data, missing[0])} if missing else {})}, ""
    drawn = drawn_layer(layer.data, say(layer.title, "en"))
    shapes = pack_shapes(drawn.geometry)
    entry_of = style.entry_of if style.entry_of is not None else np.zeros(len(layer.data), dtype=np.int16)
    if shapes.size > MOST_CHARACTERS:
        raise BadInput(
            f"{say(layer.title, 'en')}: {shapes.size / 1e6:.0f} MB of outlines, a map in one page holds "
            f"{MOST_CHARACTERS / 1e6:.0f}; give a box or a filter, or open the layer in the viewer, which draws tiles"
        )
    packed = {
        **common,
        "kind": "shapes",
        "shapeDimension": {"point": 0, "line": 1}.get(style.shape, 2),
        "scale": shapes.scale,
        "coordinates": shapes.coordinates,
        "vertexCounts": shapes.vertex_counts,
        "ringCounts": shapes.ring_counts,
        **({"dimensions": shapes.dimensions} if shapes.dimensions is not None else {}),
        "entryOf": pack_integers(entry_of[drawn.kept]),
        "columns": page.column_data(layer, drawn.kept, language),
        "labels": _labels(layer, drawn, language),
        "box": _box(drawn.geometry),
    }
    return packed, _drawn_note(layer, drawn, language)


def _gaps(raster: Raster, entry: int) -> dict[str, Any]:
    """Give the places without data as shapes of their legend entry."""
    outlines = gaps_of(raster)
    shapes = pack_shapes(outlines)
    return {
        "shapeDimension": 2,
        "scale": shapes.scale,
        "coordinates": shapes.coordinates,
        "vertexCounts": shapes.vertex_counts,
        "ringCounts": shapes.ring_counts,
        "entryOf": pack_integers(np.full(len(outlines), entry)),
        "columns": [],
    }


def _drawn_note(layer: MapLayer, drawn: DrawnLayer, language: Language) -> str:
    words = WORDS[language]
    if drawn.tolerance_m == 0:
        return words["enlarged"] if _has_specks(layer, drawn) else ""
    title = say(layer.title, language)
    parts = [words["simplified"].format(tolerance=numbers.length(drawn.tolerance_m, language))]
    if len(drawn.kept) < drawn.features:
        shown, whole = numbers.count(len(drawn.kept), language), numbers.count(drawn.features, language)
        parts.append(words["partly"].format(drawn=shown, features=whole, what=words["features"]))
    return f"{title}{words['colon']}{'; '.join(parts)}"


def _has_specks(layer: MapLayer, drawn: DrawnLayer) -> bool:
    """Tell whether the page enlarges areas (`LEAST` pixels in `web/map/shapes.js`) when the map opens."""
    import shapely

    if layer.style.shape != "polygon" or not 0 < len(drawn.geometry) <= FEW:
        return False
    bounds = shapely.bounds(drawn.geometry)
    whole = (bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max()
    sizes = (bounds[:, 2:] - bounds[:, :2]).max(axis=1)
    return bool((sizes < whole * SPECK).any())


def _box(geometry: NDArray[np.object_]) -> list[float] | None:
    import shapely

    if len(geometry) == 0:
        return None
    west, south, east, north = shapely.total_bounds(geometry)
    return [float(round(value, 7)) for value in (west, south, east, north)]


def bounds_of(layers: Sequence[dict[str, Any]]) -> list[list[float]] | None:
    """Corners, south-west and north-east, of the first layer with features; visible ones go before others."""
    found: list[list[float]] = []
    for layer in sorted(layers, key=lambda layer: not layer["visible"]):
        if layer["kind"] == "image":
            found.append([float(side) for corner in layer["corners"] for side in corner])
        elif layer["box"] is not None:
            west, south, east, north = layer["box"]
            found.append([south, west, north, east])
    if not found:
        return None
    south, west, north, east = found[0]
    # a small answer is shown with what lies around it
    more = max(0.0, LEAST_DEGREES - max(north - south, east - west)) / 2
    return [[south - more, west - more], [north + more, east + more]]


def _labels(layer: MapLayer, drawn: DrawnLayer, language: Language) -> list[dict[str, Any]]:
    """Give the names on the map: one for each text and place, the largest place first."""
    import shapely

    if layer.style.label is None or isinstance(layer.data, Raster):
        return []
    words = layer.values.get(layer.style.label, {})
    texts = [page.value_text(value, None, words, language) for value in layer.data[layer.style.label].iloc[drawn.kept]]
    boxes = shapely.bounds(drawn.geometry)
    middles = (
        shapely.line_interpolate_point(drawn.geometry, 0.5, normalized=True)
        if layer.style.shape == "line"
        else shapely.point_on_surface(drawn.geometry)
    )
    places = shapely.get_coordinates(middles)
    if len(places) != len(texts):
        return []
    order = np.argsort(-(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1] + 1e-12), kind="stable")
    labels, seen = [], set()
    for position in order[:MOST_LABELS]:
        text = texts[position]
        if not text or (layer.style.shape == "line" and text in seen):
            continue
        seen.add(text)
        longitude, latitude = places[position]
        labels.append(
            {
                "text": text,
                "x": round(float((longitude + 180) / 360), 9),
                "y": round(float(0.5 - np.arcsinh(np.tan(np.radians(latitude))) / (2 * np.pi)), 9),
                "width": round(float(boxes[position, 2] - boxes[position, 0]) / 360, 9),
            }
        )
    return labels
