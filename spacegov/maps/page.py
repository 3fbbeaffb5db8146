"""The page of a map: words, legend and packed data, put together as HTML without a single outside reference."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from spacegov import numbers
from spacegov.errors import MissingColumn, suggest
from spacegov.maps.compiled import CompiledStyle, LegendEntry
from spacegov.maps.packing import pack_integers
from spacegov.maps.palette import palette
from spacegov.maps.words import WORDS
from spacegov.text import Language, Text, say

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from jinja2 import Template
    from numpy.typing import NDArray

    from spacegov.raster import Raster

Columns: TypeAlias = Mapping[str, tuple[Mapping[Language, str] | str, str | None]]


@dataclass(frozen=True, eq=False)
class MapLayer:
    """One layer of a map.

    Attributes
    ----------
    data : GeoDataFrame or Raster
        In any CRS.
    title : dict or str
        Its name.
    style : CompiledStyle
        From `compile_style` on the same data.
    columns : mapping
        Column to (title, unit): what a popup shows, in this order.
    visible : bool
        Whether it is shown when the map opens.
    note : dict or str or None
        A sentence under its legend, such as where nobody looked.
    values : mapping
        Column to value to words, for columns of codes.
    count_title : dict or str or None
        What is counted in its legend; "Number" without it.
    opacity : float
        Of the whole layer, 0 to 1; less than 1 keeps a background quiet.
    """

    data: gpd.GeoDataFrame | Raster
    title: Text | str
    style: CompiledStyle
    columns: Columns = field(default_factory=dict)
    visible: bool = True
    note: Text | str | None = None
    values: Mapping[str, Mapping[str, Mapping[Language, str]]] = field(default_factory=dict)
    count_title: Text | str | None = None
    opacity: float = 1.0


def entry_data(entry: LegendEntry, language: Language) -> dict[str, Any]:
    """Give the page what it needs to draw an entry."""
    symbol = entry.symbol
    pattern = palette().patterns.get(symbol.pattern)
    data: dict[str, Any] = {
        "title": say(entry.title, language),
        "colour": {"light": symbol.light, "dark": symbol.dark},
        "ink": {"light": symbol.ink.light, "dark": symbol.ink.dark},
        "fill": symbol.fill,
        "width": symbol.width,
        "dashes": list(palette().lines[symbol.line]),
        "marker": symbol.marker,
    }
    if symbol.casing is not None:
        data["casing"] = {"light": symbol.casing.light, "dark": symbol.casing.dark}
    if pattern is not None:
        data["pattern"] = {
            "name": symbol.pattern,
            "size": list(pattern.size),
            "rotate": pattern.rotate,
            "path": pattern.path,
            "dots": [list(dot) for dot in pattern.dots],
            "width": pattern.width,
            "ink": pattern.ink,
        }
    return data


def column_data(layer: MapLayer, kept: NDArray[Any], language: Language) -> list[dict[str, Any]]:
    """Give the popup's columns: a title, the distinct texts, and the text of each feature drawn.

    Raises
    ------
    MissingColumn
        A column is not in the layer.
    """
    frame: Any = layer.data
    heading = layer.style.label
    wanted = dict(layer.columns)
    if heading is not None:
        wanted = {heading: wanted.pop(heading, (heading, None)), **wanted}
    columns = []
    for name, (title, unit) in wanted.items():
        if name not in frame.columns:
            valid = [str(column) for column in frame.columns if column != frame.geometry.name]
            raise MissingColumn(f"the map asks for the column {name!r}, which the layer lacks; {suggest(name, valid)}")
        if name == layer.style.field and name != heading:
            continue  # the popup's first line already says it, in the words of the legend
        texts, index = _texts(frame[name].iloc[kept], unit, layer.values.get(name, {}), language)
        columns.append(
            {"title": say(title, language), "words": texts, "index": pack_integers(index), "heading": name == heading}
        )
    return columns


def _texts(
    column: pd.Series[Any], unit: str | None, words: Mapping[str, Mapping[Language, str]], language: Language
) -> tuple[list[str], NDArray[Any]]:
    import pandas as pd

    if column.dtype == object:
        column = column.map(lambda value: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value)
    try:
        index, distinct = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # values that cannot be told apart, such as mappings
        index, distinct = pd.factorize(column.map(str), use_na_sentinel=True)
    texts = [value_text(value, unit, words, language) for value in distinct]
    return [*texts, ""], index % (len(texts) + 1)


def value_text(
    value: Any,
    unit: str | None = None,
    words: Mapping[str, Mapping[Language, str]] | None = None,
    language: Language = "en",
) -> str:
    r"""Write one value of a feature in words.

    Examples
    --------
    >>> value_text(191500.0, "m²"), value_text(True), value_text(dt.date(2026, 5, 18), language="zh")
    ('19.15\u202fha', 'yes', '2026年5月18日')
    """
    import numpy as np

    from spacegov.maps.field_words import key_of

    key = key_of(value)
    if key is None:
        return ""
    if words and key in words:
        return say(words[key], language)
    if isinstance(value, bool | np.bool_):
        return WORDS[language]["yes" if value else "no"]
    if isinstance(value, int | float | np.number):
        return numbers.quantity(float(value), unit, language)
    if isinstance(value, dt.date):
        return numbers.date(value, language)
    return str(value)


def script_safe(data: Any) -> str:
    """Write data as JSON that can stand in a page: nothing in it can end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def page_template() -> Template:
    """Give the template of the page; what it is given as text is escaped."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("spacegov.maps", "."), autoescape=True)
    return environment.get_template("page.html.jinja")


def date_text(value: dt.date | str, language: Language) -> str:
    """Write a date in words; other words stay as they are."""
    if isinstance(value, str):
        try:
            return numbers.date(dt.date.fromisoformat(value), language)
        except ValueError:
            return value
    return numbers.date(value, language)


def sources_text(sources: Sequence[str], language: Language) -> str:
    """Write the source line."""
    words = WORDS[language]
    if not sources:
        return ""
    stop = "。" if language == "zh" else "."
    return f"{words['sources']}{words['colon']}{words['comma'].join(sources).rstrip('.。')}{stop}"
