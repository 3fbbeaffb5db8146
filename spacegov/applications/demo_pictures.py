"""Pictures of the demo: answers on the workspace's ground, with their legend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spacegov.applications.scenario import Selection, Source
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.demo_card import DemoScenario
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.toolbox.result import Result

BELOW = 0.32
"""How strongly layers below an answer are drawn: told apart, but quiet."""


def scenario_picture(
    outcome: ScenarioOutcome, entry: DemoScenario, language: Language
) -> tuple[str, list[dict[str, Any]]]:
    """Draw the answers that a card names, on the workspace's ground and the layers below."""
    from spacegov.maps.answers import is_drawable, picture_ground, style_of_layer, style_of_result
    from spacegov.maps.picture import PictureLayer

    shown = outcome.main.result
    if shown is None:
        return "", []
    workspace = shown.workspace
    drawn: list[tuple[Any, Any]] = []
    for item in entry.draw or [outcome.main.step.id]:
        result, frame = _frame_of(outcome, item)
        if result is not None and is_drawable(frame):
            drawn.append((frame, style_of_result(_showing(result, frame), frame)))
    if not drawn:
        return "", []
    layers = picture_ground(workspace, drawn[-1][0].crs)
    for name in entry.below:
        layer = workspace.layers[name]
        data = layer.read()
        layers.append(PictureLayer(data, style_of_layer(layer, data), BELOW))
    layers += [
        PictureLayer(frame, style, marks=position == len(drawn) - 1) for position, (frame, style) in enumerate(drawn)
    ]
    focus = entry.focus or bounds(drawn[-1][0], entry.focus_on)
    size = (560, 820) if entry.wide else (460, 290)
    title = say(outcome.card.question, language)
    return draw(layers, [style for _, style in drawn], focus, size, title, entry.scenario, language)


def _frame_of(outcome: ScenarioOutcome, item: Source) -> tuple[Result | None, Any]:
    """Give a frame that a card names, or the part of it."""
    from spacegov.toolbox.answers import Answer, read_answer

    selection = item if isinstance(item, Selection) else Selection(**{"from": item})
    name, _, frame = selection.source.partition(".")
    result = outcome.step(name).result
    if result is None:
        return None, None
    if selection.whole:
        return result, result.frames[frame] if frame else result.frame
    answer = Answer(result, frame or None, selection.source, selection.where, selection.rename)
    return result, read_answer(result.workspace, "draw", answer)[0]


def _showing(result: Result, frame: Any) -> Result:
    """Give a result whose main frame is a part of it, so that its card's style holds for the part."""
    column = result.tool.card.show.colour_by
    if frame is result.frame or column not in getattr(frame, "columns", ()):
        return result
    name = result.tool.card.show.frame or next(iter(result.frames))
    return replace(result, frames={**result.frames, name: frame})


def draw(
    layers: list[Any],
    styles: list[Any],
    focus: tuple[float, float, float, float],
    size: tuple[int, int],
    title: str,
    name: str,
    language: Language,
) -> tuple[str, list[dict[str, Any]]]:
    """Draw a picture and the legend of its answers, the foremost first."""
    from spacegov.maps.picture import legend_swatch, picture

    svg = picture(layers, focus, *size, title=title, language=language, name=f"p-{name}")
    entries: dict[str, dict[str, Any]] = {}
    for number, style in enumerate(reversed(styles)):
        for entry in style.entries:
            words = say(entry.title, language)
            if entry.count != 0 and words not in entries:
                swatch = legend_swatch(entry, style.shape, name=f"k-{name}-{number}")
                entries[words] = {"swatch": swatch, "title": words}
    return svg, list(entries.values())[:8]


def bounds(frame: Any, focus_on: Mapping[str, str]) -> tuple[float, float, float, float]:
    """Give the bounds of a frame, or of the features that a card names, with a margin."""
    chosen = frame
    for column, value in focus_on.items():
        chosen = chosen[chosen[column].astype(str) == value]
    west, south, east, north = (
        float(value) for value in (chosen.total_bounds if hasattr(chosen, "total_bounds") else chosen.bounds)
    )
    margin = 0.06 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin
