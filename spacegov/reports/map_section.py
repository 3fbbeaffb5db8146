"""The maps of a report: the whole territory, the part where findings crowd, the legend in words and amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spacegov import numbers
from spacegov.maps.answers import is_drawable, style_of_result
from spacegov.maps.picture import PictureLayer, legend_swatch
from spacegov.maps.style import compile_style
from spacegov.reports import amounts
from spacegov.reports.asked import Asked
from spacegov.reports.drawing import EDGE, UNIT_EDGE, draw_map
from spacegov.reports.listing import around
from spacegov.reports.model import LegendGroup, LegendLine, Map, Picture
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.maps.compiled import CompiledStyle, LegendEntry
    from spacegov.maps.picture import Bounds

MANY_POINTS = 600
"""From so many points on, each is drawn small."""
MOST_ENTRIES = 12
_SVG = "http://www.w3.org/2000/svg"
WIDTH, NARROW, SMALL, TALLEST, LOWEST, DETAIL = 169.0, 116.0, 88.0, 120.0, 70.0, 80.0


def answer_map(asked: Asked, foremost: Sequence[int], *, name: str, small: bool = False) -> Map | None:
    """Draw the answer over its whole territory, None where it has no place."""
    if not asked.is_map:
        return None
    shapes = _shapes(asked, foremost)
    return _map(asked, _extent(asked), shapes, name=name, title="", legend=True, small=small)


def detail_map(asked: Asked, foremost: Sequence[int], *, name: str) -> Map | None:
    """Draw the part where the foremost findings lie, where that is a small part of the territory."""
    shapes = _shapes(asked, foremost)
    if not shapes:
        return None
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    bounds = around((west, south, east, north), share=0.12)
    whole = _extent(asked)
    size, all_of_it = (max(box[2] - box[0], box[3] - box[1]) for box in (bounds, whole))
    if size > 0.55 * all_of_it:
        return None
    return _map(asked, bounds, shapes, name=name, title=asked.words["detail"], legend=False)


def compact(asked: Asked, positions: Sequence[int]) -> bool:
    """Tell whether findings are places, rather than ground that reaches over most of the territory."""
    west, south, east, north = _extent(asked)
    reach = max(east - west, north - south)
    boxes = np.array([shape.bounds for shape in _shapes(asked, positions)]).reshape(-1, 4)
    sizes = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return bool((sizes < 0.4 * reach).mean() >= 0.5) if len(sizes) else False


def _shapes(asked: Asked, positions: Sequence[int]) -> list[Any]:
    if asked.frame is None or not positions:
        return []
    return [asked.frame.geometry.iloc[position] for position in positions]


def _extent(asked: Asked) -> Bounds:
    """Give the ground a map shows: the territory where the answer lies in it, else the answer's own."""
    frame = asked.drawn
    own = frame.total_bounds if hasattr(frame, "total_bounds") else frame.bounds
    west, south, east, north = (float(value) for value in own)
    territory = asked.places.territory
    if territory is not None and asked.facts.workspace is not None:
        box = territory.bounds
        margin = 0.02 * max(box[2] - box[0], box[3] - box[1])
        return (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
    margin = 0.06 * max(east - west, north - south, 100.0)
    return (west - margin, south - margin, east + margin, north + margin)


def _map(
    asked: Asked, bounds: Bounds, shapes: list[Any], *, name: str, title: str, legend: bool, small: bool = False
) -> Map:
    result = asked.result
    crs = result.frame.crs
    layers = list(asked.places.ground(crs))
    gaps = _gap_layer(asked)
    layers += [gaps] if gaps is not None else []
    for other in result.frames.values():
        column = asked.card.show.colour_by
        if other is not result.frame and is_drawable(other) and column in getattr(other, "columns", ()):
            layers.append(PictureLayer(other, style_of_result(result, other), radius=_radius(other)))
    layers.append(PictureLayer(asked.drawn, asked.style, marks=True, radius=_radius(asked.drawn)))
    shape = (bounds[3] - bounds[1]) / max(bounds[2] - bounds[0], 1e-9)
    # A tall territory leaves room for the legend beside it.
    beside = legend and (small or shape > 0.72)
    width = SMALL if small else NARROW if beside else WIDTH
    high = width * shape
    picture = draw_map(
        layers,
        bounds,
        asked.places,
        language=asked.language,
        words=say(asked.card.question, asked.language),
        name=name,
        width_mm=width,
        height_mm=round(min(max(high, 0.75 * width if small else LOWEST), TALLEST if legend else DETAIL), 1),
        numbered=shapes,
        north=asked.words["north"],
    )
    groups = _legend(asked, gaps, name) if legend else ()
    # A detail stands below the map of the whole, whose words hold for both.
    return Map(picture, groups, caption(asked, numbered=bool(shapes)) if legend else "", title, beside)


def _radius(data: Any) -> float:
    count = len(data) if hasattr(data, "columns") else 0
    return 3.2 if count <= MANY_POINTS else 1.1


def _gap_layer(asked: Asked) -> PictureLayer | None:
    """Give the ground without an answer, hatched: what the answer says of itself, else what an input leaves out."""
    missing = asked.unanswered if asked.unanswered is not None else asked.result.not_covered
    if missing is None or not len(missing):
        return None
    return PictureLayer(missing, compile_style({"colour": "not-covered"}, {}, {}, missing))


def _legend(asked: Asked, gaps: PictureLayer | None, name: str) -> tuple[LegendGroup, ...]:
    style = asked.style
    entries = [entry for entry in style.entries if entry.count != 0][:MOST_ENTRIES]
    texts = _amounts(asked, entries)
    own = [
        LegendLine(
            symbol(entry, style, f"{name}-k{position}", asked.language),
            say(entry.title, asked.language) if style.field is not None else asked.result.tool.title(asked.language),
            text,
        )
        for position, (entry, text) in enumerate(zip(entries, texts, strict=True))
    ]
    if gaps is not None:
        entry = gaps.style.entries[0]
        own.append(
            LegendLine(
                symbol(entry, gaps.style, f"{name}-gap", asked.language),
                f"{asked.words['not_covered_long']}. {asked.words['not_nothing']}"
                if asked.language != "zh"
                else f"{asked.words['not_covered_long']}。{asked.words['not_nothing']}",
            )
        )
    field = say(style.title, asked.language) if style.field is not None else ""
    # A raster without words of its own is called by the tool's title.
    named = field if field not in ("", "value") else asked.result.tool.title(asked.language)
    groups = [LegendGroup(named, tuple(own))]
    ground = _ground_lines(asked, name)
    if ground:
        groups.append(LegendGroup(asked.words["ground"], tuple(ground)))
    borders = _border_lines(asked)
    if borders:
        groups.append(LegendGroup(asked.words["boundaries"], tuple(borders)))
    return tuple(groups)


def _amounts(asked: Asked, entries: Sequence[LegendEntry]) -> list[str]:
    """Write number and area of every legend entry, so that they add up."""
    language = asked.language
    if not asked.style.counted:
        return ["" for _ in entries]
    parts = [[numbers.count(entry.count, language)] for entry in entries]
    sizes = [entry.area_m2 for entry in entries]
    if asked.measure.kind == "area" and all(size is not None for size in sizes):
        column = amounts.areas([float(size or 0) for size in sizes], language)
        for part, cell in zip(parts, column.cells, strict=True):
            part.append(f"{cell}{numbers.NARROW_SPACE}{column.unit}")
    semicolon = "；" if language == "zh" else "; "
    return [semicolon.join(part) for part in parts]


def symbol(entry: LegendEntry, style: CompiledStyle, name: str, language: Language) -> Picture:
    """Draw a legend entry's symbol."""
    title = say(entry.title, language)
    drawn = legend_swatch(replace(entry, title={"en": title}), style.shape, "light", name)
    return Picture(drawn, 5.4, 4.05, title)


def _ground_lines(asked: Asked, name: str) -> list[LegendLine]:
    lines = []
    for role, title, drawn in asked.places.background(asked.result.frame.crs):
        entry = next((entry for entry in drawn.style.entries if entry.count), None)
        if role != "relief" and entry is not None:
            lines.append(LegendLine(symbol(entry, drawn.style, f"{name}-{role}", asked.language), title))
    return lines


def _border_lines(asked: Asked) -> list[LegendLine]:
    settings, layers = asked.result.workspace.settings, asked.result.workspace.layers
    titles = [layers[name].title(asked.language) for name in settings.units.values() if name in layers]
    looks = [f'stroke="{EDGE}" stroke-width="1.5"', f'stroke="{UNIT_EDGE}" stroke-width="1" stroke-dasharray="4 2.5"']
    shown = titles[:1] if not asked.places.units else titles[:2]
    return [
        LegendLine(
            Picture(
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 12"><path d="M0 6H16" {look}/></svg>',
                5.4,
                4.05,
            ),
            title,
        )
        for title, look in zip(shown, looks, strict=False)
    ]


def caption(asked: Asked, *, numbered: bool) -> str:
    """Name sources, grid and date of a map."""
    from pyproj import CRS

    facts, language = asked.facts, asked.language
    sources = list(
        dict.fromkeys(
            f"{say(item.title, language) or item.layer} {item.version or ''}".strip() for item in facts.inputs
        )
    )
    shown = sources[:4] + ([f"+ {len(sources) - 4}"] if len(sources) > 4 else [])
    crs = asked.result.frame.crs
    grid = CRS.from_user_input(crs).name if crs is not None else asked.words["not_stated"]
    texts = [
        asked.word(
            "map_caption",
            sources=("、" if language == "zh" else ", ").join(shown),
            crs=grid,
            date=numbers.date(facts.started.date(), language),
        ),
        asked.words["small_enlarged"] if asked.style.shape == "polygon" else "",
        asked.words["numbered"] if numbered else "",
    ]
    return ("" if language == "zh" else " ").join(filter(None, texts))


def raster_rows(asked: Asked) -> list[tuple[str, float, str]]:
    """Give words, area in m² and colour of every class of a raster answer."""
    raster = asked.result.frame
    values = raster.read()
    placed = asked.style.classify(values)
    counts = np.bincount(placed[placed >= 0], minlength=len(asked.style.entries))
    return [
        (say(entry.title, asked.language), float(counts[position]) * raster.cell_area_m2, entry.symbol.light)
        for position, entry in enumerate(asked.style.entries)
        if counts[position] and entry.key != "no-data"
    ]
