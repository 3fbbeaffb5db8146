"""From layers and results to what is drawn: styles from their cards, the workspace's own ground below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.layers.coverage import ANSWER_TITLES, Answer
from spacegov.maps.compiled import CompiledStyle
from spacegov.maps.picture import PictureLayer
from spacegov.maps.style import compile_style
from spacegov.text import Language, Text, say

if TYPE_CHECKING:
    import folium

    from spacegov.layers.layer import Layer
    from spacegov.maps.folium_map import MapTheme
    from spacegov.maps.page import MapLayer
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

GROUND = ("relief", "forest", "built", "water", "roads")
"""Roles of `background` in workspace.yaml, from the ground up."""
GROUND_STRENGTH = {"relief": 0.9, "forest": 0.3, "built": 0.5, "water": 0.8, "roads": 0.6}
"""How strongly each is drawn: quiet below what is shown."""


CONTEXT_FEATURES = 20_000


def is_drawable(frame: Any) -> bool:
    """Tell frames and rasters that have a place from plain tables."""
    if not hasattr(frame, "columns"):
        return hasattr(frame, "transform")
    return getattr(frame, "_geometry_column_name", None) in frame.columns and len(frame) > 0


def style_of_result(result: Result, frame: Any) -> CompiledStyle:
    """Compile the style of the tool's card for a frame of its answer; frames without its column are drawn plainly."""
    show = result.tool.card.show
    style = show.style
    columns = getattr(frame, "columns", None)
    if frame is not result.frame and show.colour_by not in (columns if columns is not None else ()):
        style = {}
    elif columns is not None:
        style = {key: value for key, value in style.items() if key not in {"colour_by", "label"} or value in columns}
        if "colour_by" not in style:
            style.pop("classes", None)
    return compile_style(style, result.columns, result.workspace.layers.schemes, frame)


def style_of_layer(layer: Layer, data: Any) -> CompiledStyle:
    """Compile the style of a layer's card."""
    return compile_style(layer.card.style, layer.card.fields, layer.workspace.layers.schemes, data)


def ground_layers(workspace: Workspace, crs: Any) -> list[tuple[str, Layer, Any]]:
    """Read the workspace's background, from the ground up: role, layer, data; empty in another CRS."""
    from pyproj import CRS

    if crs is None or CRS.from_user_input(crs) != CRS.from_user_input(workspace.settings.crs):
        return []
    found = []
    for role in GROUND:
        named = workspace.settings.background.get(role, [])
        for name in [named] if isinstance(named, str) else named:
            if name in workspace.layers and workspace.layers[name].bound:
                layer = workspace.layers[name]
                found.append((role, layer, layer.read()))
    return found


def ground_style(role: str, layer: Layer, data: Any) -> CompiledStyle:
    """Compile the style of a background layer: relief as shading, the rest as its card says."""
    if role == "relief":
        return compile_style({"colour": "relief"}, {}, {}, data)
    return style_of_layer(layer, data)


def picture_ground(workspace: Workspace, crs: Any) -> list[PictureLayer]:
    """Give the background as layers of a picture, quiet below what is shown."""
    return [
        PictureLayer(data, ground_style(role, layer, data), GROUND_STRENGTH[role])
        for role, layer, data in ground_layers(workspace, crs)
    ]


def map_ground(workspace: Workspace, crs: Any, *, without: str | None = None) -> list[MapLayer]:
    """Give the background as layers of a map, from the ground up, without a layer that the map draws itself."""
    from spacegov.maps.page import MapLayer

    return [
        MapLayer(data, dict(layer.card.title), ground_style(role, layer, data), opacity=GROUND_STRENGTH[role])
        for role, layer, data in ground_layers(workspace, crs)
        if layer.id != without
    ]


def result_map(result: Result, language: Language, theme: MapTheme = "auto") -> folium.Map:
    """Draw a result: its main frame, the other frames switched off, ground that inputs do not cover.

    Parameters
    ----------
    result : Result
    language : {"en", "zh", "ru"}
    theme : {"auto", "light", "dark"}

    Returns
    -------
    folium.Map

    Raises
    ------
    EmptyLayer
        The answer has nothing to draw.
    """
    from spacegov.maps.folium_map import folium_map

    card = result.tool.card
    layers = result_layers(result)
    layers += gap_layers(result)
    facts = result.provenance
    if facts.workspace is None:
        layers += _context(result, layers[0].data.crs if layers else None)
    at_home = facts.workspace is not None
    return folium_map(
        layers,
        title=card.question,
        subtitle=card.title,
        answer=result.answer(language),
        sources=[f"{say(item.title, language) or item.layer} {item.version or ''}".strip() for item in facts.inputs],
        date=facts.started.date(),
        background=map_ground(result.workspace, getattr(result.frame, "crs", None)) if at_home else None,
        language=language,
        theme=theme,
    )


def result_layers(result: Result, *, main: Text | None = None, visible: bool = True) -> list[MapLayer]:
    """Give the frames of a result as layers of a map, the main one first.

    Parameters
    ----------
    result : Result
    main : Text, optional
        Title of the main frame; the tool's by default.
    visible : bool
        Whether the main frame, and those the card shows beside it, are shown when the map opens.

    Returns
    -------
    list of MapLayer
    """
    from spacegov.maps.page import MapLayer

    words = {name: (dict(column.title), column.unit) for name, column in result.columns.items()}
    codes = {name: column.codes for name, column in result.columns.items() if column.codes}
    named = sorted(result.frames.items(), key=lambda item: item[1] is not result.frame)
    return [
        MapLayer(
            frame,
            (main or dict(result.tool.card.title))
            if frame is result.frame
            else {"en": name.replace("_", " ").capitalize()},
            style_of_result(result, frame),
            _present(words, frame),
            visible=visible and (frame is result.frame or name in result.tool.card.show.beside),
            values=_present(codes, frame),
        )
        for name, frame in named
        if is_drawable(frame)
    ]


def gap_layers(result: Result) -> list[MapLayer]:
    """Give the ground that inputs do not cover as a layer of a map; none where all is covered."""
    from spacegov.maps.page import MapLayer

    if result.not_covered is None:
        return []
    style = compile_style({"colour": "not-covered"}, {}, result.workspace.layers.schemes, result.not_covered)
    return [MapLayer(result.not_covered, dict(ANSWER_TITLES[Answer.NOT_COVERED]), style, {})]


def layer_map(layer: Layer, language: Language, theme: MapTheme = "auto") -> folium.Map:
    """Draw a layer by its card's style."""
    from spacegov.maps.folium_map import folium_map
    from spacegov.maps.page import MapLayer

    data = layer.read()
    words = {name: (dict(spec.title), spec.unit) for name, spec in layer.card.fields.items()}
    return folium_map(
        [
            MapLayer(
                data,
                dict(layer.card.title),
                style_of_layer(layer, data),
                _present(words, data),
                values=_present(_code_words(layer), data),
            )
        ],
        title=layer.card.title,
        subtitle=layer.card.about,
        sources=[f"{layer.title(language)} {layer.version or ''}".strip()],
        background=map_ground(layer.workspace, data.crs, without=layer.id),
        language=language,
        theme=theme,
    )


def _code_words(layer: Layer) -> dict[str, dict[str, dict[Language, str]]]:
    """Give the words of every code field: column to value to title."""
    words = {}
    for name, spec in layer.card.fields.items():
        codes = layer.workspace.layers.schemes[spec.scheme].codes if spec.scheme else spec.codes
        if codes:
            words[name] = {key: dict(getattr(code, "title", code)) for key, code in codes.items()}
    return words


def _present(words: dict[str, Any], data: Any) -> dict[str, Any]:
    """Keep the words of columns that the data have."""
    return {name: value for name, value in words.items() if name in getattr(data, "columns", ())}


def _context(result: Result, crs: Any) -> list[MapLayer]:
    """Give the layers that were asked as outlines, where there is no workspace whose ground could lie below."""
    from spacegov.maps.page import MapLayer

    found = []
    for role, value in result.inputs.items():
        for frame in value if isinstance(value, list) else [value]:
            if is_drawable(frame) and hasattr(frame, "columns") and len(frame) <= CONTEXT_FEATURES and frame.crs == crs:
                style = compile_style({"colour": "parcel"}, {}, {}, frame)
                found.append(
                    MapLayer(frame, frame.attrs.get("title") or str(frame.attrs.get("layer", role)), style, {})
                )
    return found
