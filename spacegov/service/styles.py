"""The styles of cards for the viewer: the same module that draws folium maps, written for MapLibre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.maps.compiled import CompiledStyle, LegendEntry
from spacegov.maps.palette import Theme
from spacegov.service.guard import RESULT

if TYPE_CHECKING:
    from spacegov.service.collection import Collection

SAMPLED = 200_000
"""Records up to which a legend counts; of larger layers its classes stand on a sample, and it counts none."""


def compiled_style(found: Collection) -> CompiledStyle:
    """Hold a collection's style against its data, once for each version."""
    return found.service.remember(("style", found.id, found.stamp), lambda: _compile(found))


def _compile(found: Collection) -> CompiledStyle:
    from spacegov.maps.answers import style_of_result
    from spacegov.maps.style import compile_style

    schemes = found.service.workspace.layers.schemes
    data = _data(found)
    if found.id.startswith(RESULT):
        from spacegov.service.results import result_of

        job, _, frame = found.id.removeprefix(RESULT).partition(".")
        known = found.service.jobs.get(job)
        assert known is not None
        step, _, frame = frame.rpartition(".")
        result = result_of(found.service, known, step)
        own = result.frames.get(frame)
        if own is not None:
            return style_of_result(result, own)
        return compile_style({"colour": "not-covered"}, {}, {}, data)
    return compile_style(found.style, found.fields, schemes, data)


def _data(found: Collection) -> Any:
    from spacegov.raster import Raster

    if found.is_raster:
        return Raster.open(found.file)
    import geopandas as gpd

    from spacegov.service.tables import Condition, fetched

    table = found.table
    named = [found.style.get("colour_by"), found.style.get("label")]
    measured = ["area_m2", "length_m"]
    columns = [name for name in table.kinds if name in named or name in measured]
    records = fetched(table, Condition("TRUE"), columns=columns, limit=SAMPLED, seconds=120.0)
    frame = records.drop_columns(["geometry", "__row"]).to_pandas()
    shapes = gpd.GeoSeries.from_wkb(records["geometry"].to_numpy(), crs=table.crs)
    return gpd.GeoDataFrame(frame, geometry=shapes)


def style_answer(found: Collection, theme: Theme, tiles: str) -> dict[str, Any]:
    """Give MapLibre's layers, images, source and legend of a collection.

    Parameters
    ----------
    found : Collection
    theme : {"light", "dark"}
    tiles : str
        Template of its tiles, `{z}`, `{y}`, `{x}` to be filled in.
    """
    from spacegov.maps.maplibre import to_maplibre
    from spacegov.service.features import bounds_of

    compiled = compiled_style(found)
    bounds = bounds_of(found)
    around = {"bounds": list(bounds)} if bounds is not None else {}
    if found.is_raster:
        source = {"type": "raster", "tiles": [tiles], "tileSize": 256, "maxzoom": 18, **around}
        layers = [{"id": f"{found.id}-raster", "type": "raster", "source": found.id, "paint": {}}]
        images: dict[str, str] = {}
    else:
        made = to_maplibre(compiled, found.id, source_layer="features", theme=theme)
        source = {"type": "vector", "tiles": [tiles], "maxzoom": 16, **around}
        layers, images = made.layers, made.images
        if found.table.key is not None:
            source["promoteId"] = {"features": found.table.key}
    sampled = not found.is_raster and found.table.rows > SAMPLED
    return {
        "id": found.id,
        "title": dict(found.title),
        "shape": compiled.shape,
        "field": compiled.field,
        "fieldTitle": compiled.title,
        "unit": compiled.unit,
        "label": compiled.label,
        "source": source,
        "layers": layers,
        "images": images,
        "counted": not sampled,
        "legend": [_entry(entry, theme, counted=not sampled) for entry in compiled.entries],
    }


def _entry(entry: LegendEntry, theme: Theme, *, counted: bool) -> dict[str, Any]:
    symbol = entry.symbol
    facts: dict[str, Any] = {
        "key": entry.key,
        "title": dict(entry.title),
        "note": entry.note,
        "colour": symbol.light if theme == "light" else symbol.dark,
        "ink": getattr(symbol.ink, theme),
        "pattern": symbol.pattern,
        "line": symbol.line,
        "fill": symbol.fill,
        "width": symbol.width,
        "marker": symbol.marker,
        "values": list(entry.values),
        "range": entry.range,
    }
    if counted:
        facts |= {"count": entry.count, "area_m2": entry.area_m2, "length_m": entry.length_m}
    return facts
