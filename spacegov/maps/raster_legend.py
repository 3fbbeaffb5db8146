"""The entries of a legend for a raster, its cells counted window by window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.errors import BadInput
from spacegov.maps.compiled import CompiledStyle, LegendEntry
from spacegov.maps.field_words import field_words, key_of, text_of
from spacegov.maps.legend import range_entries, special_entry, value_entries
from spacegov.maps.measure import row_cell_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spacegov.maps.style import Style
    from spacegov.raster import Raster

SAMPLED_CELLS = 200_000


def of_raster(style: Style, fields: Mapping[str, Any], schemes: Mapping[str, Any], raster: Raster) -> CompiledStyle:
    """Hold a style against a raster; its cells are counted window by window."""
    from spacegov.maps.style import single_entry

    if style.colour == "relief":
        return CompiledStyle("relief", ())
    name = style.colour_by or ("value" if "value" in fields or style.classes else None)
    name = name or (None if style.colour else "value")
    words = field_words(name, fields, schemes)
    if name == "value" and not fields:
        words = replace(words, title=text_of(raster.attrs.get("title") or raster.name), unit=raster.attrs.get("unit"))
    if name is None:
        entries: tuple[LegendEntry, ...] = (single_entry(style),)
    elif style.classes:
        by_range = style.classes[0].range is not None
        entries = range_entries(style, words, np.empty(0)) if by_range else value_entries(style, words, {}, {})[0]
    elif words.type == "code" or words.titles or raster.dtype.kind == "b":
        codes = {key_of(code): code for window in raster.windows() for code in _codes(raster, window)}
        present = {key: 1.0 for key in codes if key is not None}
        entries = value_entries(style, words, present, {key: [codes[key]] for key in present})[0]
    else:
        entries = range_entries(style, words, _sample(raster))
    entries = tuple(replace(entry, values=tuple(_as_number(value) for value in entry.values)) for entry in entries)
    compiled = CompiledStyle(
        "raster", entries, field=name, title=words.title if name else None, unit=words.unit, skips_zero=name is None
    )
    return _counted(compiled, raster)


def _codes(raster: Raster, window: Any) -> NDArray[np.int64]:
    codes, valid = raster.read_codes(window)
    return np.unique(codes[valid])


def _as_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadInput(f"the style of a raster names the value {value!r}; its cells hold numbers, name those") from None


def _sample(raster: Raster) -> NDArray[np.float64]:
    """Values that decide the breaks: a part spread evenly over the raster, with the least and the greatest of all."""
    step = max(1, int(np.sqrt(raster.shape[0] * raster.shape[1] / SAMPLED_CELLS)))
    parts = []
    for window in raster.windows():
        values = raster.read(window)
        finite = values[np.isfinite(values)]
        if len(finite):
            thinned = values[::step, ::step]
            parts += [thinned[np.isfinite(thinned)], np.array([finite.min(), finite.max()])]
    return np.concatenate(parts) if parts else np.empty(0)


def _counted(compiled: CompiledStyle, raster: Raster) -> CompiledStyle:
    number = len(compiled.entries)
    areas = row_cell_areas(raster)
    counts, sizes = np.zeros(number + 1), np.zeros(number + 1)
    for window in raster.windows():
        values = raster.read(window)
        placed = compiled.classify(values)
        placed[np.isnan(values)] = number
        inside = placed >= 0
        counts += np.bincount(placed[inside], minlength=number + 1)
        if areas is not None:
            weight = np.broadcast_to(areas[window.rows][:, None], values.shape)
            sizes += np.bincount(placed[inside], weights=weight[inside], minlength=number + 1)
    entries = compiled.entries
    if counts[number]:
        entries = (*entries, special_entry("no-data"))
    measured = tuple(
        replace(entry, count=int(counts[i]), area_m2=float(sizes[i]) if areas is not None else None)
        for i, entry in enumerate(entries)
    )
    return replace(compiled, entries=measured)
