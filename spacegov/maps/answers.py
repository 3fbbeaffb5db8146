"""From layers and results to what is drawn: styles from their cards, the workspace's own ground below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.maps.compiled import CompiledStyle
from spacegov.maps.picture import PictureLayer
from spacegov.maps.style import compile_style

if TYPE_CHECKING:
    from spacegov.layers.layer import Layer
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

GROUND = ("relief", "forest", "built", "water", "roads")
"""Roles of `background` in workspace.yaml, from the ground up."""


def is_drawable(frame: Any) -> bool:
    """Tell frames and rasters that have a place from plain tables."""
    if not hasattr(frame, "columns"):
        return hasattr(frame, "transform")
    return getattr(frame, "_geometry_column_name", None) in frame.columns and len(frame) > 0


def style_of_result(result: Result, frame: Any) -> CompiledStyle:
    """Compile the style of the tool's card for a frame of its answer; other frames are drawn plainly."""
    show = result.tool.card.show
    style = show.style
    columns = getattr(frame, "columns", None)
    if frame is not result.frame:
        style = {}
    elif columns is not None:
        style = {key: value for key, value in style.items() if key not in {"colour_by", "label"} or value in columns}
        if "colour_by" not in style:
            style.pop("classes", None)
    return compile_style(style, result.tool.card.columns, result.workspace.layers.schemes, frame)


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
    strength = {"relief": 0.9, "forest": 0.3, "built": 0.5, "water": 0.8, "roads": 0.6}
    return [
        PictureLayer(data, ground_style(role, layer, data), strength[role])
        for role, layer, data in ground_layers(workspace, crs)
    ]
