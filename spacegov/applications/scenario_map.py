"""One map of a scenario: the answer that the scenario shows, with the answers of the other steps to be switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.text import Language, say

if TYPE_CHECKING:
    import folium

    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.maps.folium_map import MapTheme

MOST_FEATURES = 25_000
"""Features of a step that is not shown at first; beyond it the map would be slow for something nobody asked to see."""


def scenario_map(outcome: ScenarioOutcome, language: Language = "en", theme: MapTheme = "auto") -> folium.Map | None:
    """Draw a scenario's answers.

    Parameters
    ----------
    outcome : ScenarioOutcome
    language : {"en", "zh", "ru"}
    theme : {"auto", "light", "dark"}

    Returns
    -------
    folium.Map or None
        None where no step answered with features or a raster.
    """
    from spacegov.maps.answers import gap_layers, is_drawable, map_ground, result_layers
    from spacegov.maps.folium_map import folium_map

    answered = {
        each.step.id: each.result
        for each in outcome.steps
        if each.result is not None and is_drawable(each.result.frame)
    }
    opened = [name for name in outcome.card.draws or (outcome.card.main.id,) if name in answered]
    order = list(dict.fromkeys([*opened, *answered]))
    if not order:
        return None
    shown = answered[order[0]]
    crs = shown.frame.crs
    layers = []
    for name in order:
        visible = name in opened or name == order[0]
        first = result_layers(answered[name], main=outcome.step(name).step.title, visible=visible)[0]
        if first.data.crs == crs and (first.visible or _features(first.data) <= MOST_FEATURES):
            layers.append(first)
    layers += gap_layers(shown)
    read = {
        f"{say(item.title, language) or item.layer} {item.version or ''}".strip(): None
        for result in answered.values()
        for item in result.provenance.inputs
        if not item.source.startswith("answer of ")
    }
    return folium_map(
        layers,
        title=outcome.card.question,
        subtitle=outcome.card.title,
        answer=outcome.answer(language),
        sources=list(read),
        date=shown.provenance.started.date(),
        background=map_ground(shown.workspace, crs),
        language=language,
        theme=theme,
    )


def _features(data: Any) -> int:
    return len(data) if hasattr(data, "columns") else 1
