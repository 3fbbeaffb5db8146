"""One map of a scenario: the answer that the scenario shows, with the answers of the other steps to be switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.text import Language, say

if TYPE_CHECKING:
    import folium

    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.maps.folium_map import MapTheme

MOST_FEATURES = 12_000
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

    answered = [each for each in outcome.steps if each.result is not None and is_drawable(each.result.frame)]
    if not answered:
        return None
    shown = next((each for each in answered if each.step.id == outcome.main.step.id), answered[-1])
    assert shown.result is not None
    layers = [*result_layers(shown.result, main=shown.step.title), *gap_layers(shown.result)]
    crs = layers[0].data.crs
    for each in answered:
        result = each.result
        if result is None or each is shown:
            continue
        first = result_layers(result, main=each.step.title, visible=False)[0]
        if _features(first.data) <= MOST_FEATURES and first.data.crs == crs:
            layers.append(first)
    facts = shown.result.provenance
    read = {
        f"{say(item.title, language) or item.layer} {item.version or ''}".strip(): None
        for each in answered
        if each.result is not None
        for item in each.result.provenance.inputs
        if not item.source.startswith("answer of ")
    }
    return folium_map(
        layers,
        title=outcome.card.question,
        subtitle=outcome.card.title,
        answer=outcome.answer(language),
        sources=list(read),
        date=facts.started.date(),
        background=map_ground(shown.result.workspace, crs),
        language=language,
        theme=theme,
    )


def _features(data: Any) -> int:
    return len(data) if hasattr(data, "columns") else 1
