"""The entries of a legend for a column: stated classes, codes and words, or classed numbers."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.errors import BadInput
from spacegov.maps import classes
from spacegov.maps.compiled import CompiledStyle, LegendEntry, Symbol
from spacegov.maps.field_words import FieldWords, key_of
from spacegov.maps.palette import Pair, mixed, palette
from spacegov.text import Language

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from spacegov.maps.style import Style

# Classes that a card gives one colour are told apart by these, in turn.
TURNS = ("solid", "hatch", "dots", "horizontal", "back-hatch", "grid", "vertical", "cross")
CATEGORY_COLOURS = 12
CATEGORY_PATTERNS = ("solid", "hatch", "dots")
MOST_CATEGORIES = CATEGORY_COLOURS * len(CATEGORY_PATTERNS)

_YES_NO: dict[str, dict[Language, str]] = {
    "true": {"en": "Yes", "zh": "是", "ru": "Да"},
    "false": {"en": "No", "zh": "否", "ru": "Нет"},
}


def of_column(
    style: Style, words: FieldWords, column: pd.Series[Any], sizes: NDArray[np.float64] | None
) -> tuple[tuple[LegendEntry, ...], NDArray[np.int16]]:
    """Give the entries for a column, and the entry of each of its values."""
    if _is_numeric(style, words, column):
        return _of_numbers(style, words, column)
    return _of_words(style, words, column, sizes)


def _is_numeric(style: Style, words: FieldWords, column: pd.Series[Any]) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if style.classes:
        return style.classes[0].range is not None
    if words.type == "code" or words.titles:
        return False
    return bool(is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype))


def _of_numbers(
    style: Style, words: FieldWords, column: pd.Series[Any]
) -> tuple[tuple[LegendEntry, ...], NDArray[np.int16]]:
    import pandas as pd

    try:
        values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        raise BadInput(
            f"the column {style.colour_by!r} was given classes of ranges and holds {column.dtype} values such as "
            f"{column.dropna().iloc[0]!r}; numbers are needed, or classes of values"
        ) from None
    entries = range_entries(style, words, values[np.isfinite(values)])
    return _completed(
        entries, CompiledStyle("polygon", entries, field=style.colour_by).classify(values), ~np.isnan(values)
    )


def range_entries(style: Style, words: FieldWords, finite: NDArray[np.float64]) -> tuple[LegendEntry, ...]:
    """Give the entries for numbers: the stated classes, or computed ones over the finite values."""
    if style.classes:
        stated = [(entry.range or (None, None)) for entry in style.classes]
        ends = [high for _, high in stated if high is not None]
        closing = max(ends) if ends and all(high is not None for _, high in stated) else None
        bounds = [(low, high, high is not None and high == closing) for low, high in stated]
    elif len(finite) == 0:
        bounds = []
    else:
        divide = classes.quantile_breaks if style.breaks == "quantiles" else classes.natural_breaks
        inner = divide(finite, style.number)
        ends = [_floor(float(finite.min()), inner), *inner, _ceiling(float(finite.max()), inner)]
        bounds = [(low, high, position == len(inner)) for position, (low, high) in enumerate(itertools.pairwise(ends))]
    ramp = palette().ramp(style.ramp)
    colours = ramp.colours(len(bounds)) if bounds else []
    whole = words.type == "integer" or (not style.classes and bool(np.all(finite == np.rint(finite))))
    entries = []
    for position, ((low, high, closed), pair) in enumerate(zip(bounds, colours, strict=True)):
        stated_class = style.classes[position] if style.classes else None
        symbol = _ramp_symbol(pair, ramp.colours(2)[1], style.width)
        if stated_class is not None and stated_class.colour is not None:
            symbol = Symbol.of(palette().colour(stated_class.colour), pattern=stated_class.pattern, width=style.width)
        elif stated_class is not None and stated_class.pattern is not None:
            symbol = replace(symbol, pattern=stated_class.pattern)
        title = stated_class.title if stated_class is not None else None
        entries.append(
            LegendEntry(
                key=f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}",
                title=dict(title) if title else classes.range_title(low, high, words.unit, whole=whole, last=closed),
                symbol=symbol,
                range=(low, high),
                closed=closed,
                note=stated_class.note if stated_class is not None else None,
            )
        )
    return tuple(entries)


def _floor(value: float, inner: Sequence[float]) -> float:
    unit = _digit(value, inner)
    return min(float(f"{np.floor(value / unit) * unit:.12g}"), value)


def _ceiling(value: float, inner: Sequence[float]) -> float:
    unit = _digit(value, inner)
    return max(float(f"{np.ceil(value / unit) * unit:.12g}"), value)


def _digit(value: float, inner: Sequence[float]) -> float:
    """The last digit the inner bounds show, at which the outer ones are rounded outward."""
    shown = [len(f"{bound:.12g}".partition(".")[2]) for bound in inner]
    if not inner:
        shown = [0 if float(value).is_integer() else 2]
    return float(10.0 ** -max(shown))


def _ramp_symbol(pair: Pair, strongest: Pair, width: float | None) -> Symbol:
    ink = Pair(light=mixed(pair.light, strongest.light, 0.4), dark=mixed(pair.dark, strongest.dark, 0.4))
    return Symbol(pair.light, pair.dark, ink, fill=0.82, width=0.6 if width is None else width)


def _of_words(
    style: Style, words: FieldWords, column: pd.Series[Any], sizes: NDArray[np.float64] | None
) -> tuple[tuple[LegendEntry, ...], NDArray[np.int16]]:
    import pandas as pd

    codes, uniques = pd.factorize(column, use_na_sentinel=True)
    keys = [key_of(value) for value in uniques]
    weight = np.ones(len(column)) if sizes is None else np.nan_to_num(sizes)
    total = np.bincount(codes[codes >= 0], weights=weight[codes >= 0], minlength=len(uniques))
    present: dict[str, float] = {}
    raw: dict[str, list[Hashable]] = {}
    for key, value, amount in zip(keys, uniques, total, strict=True):
        if key is not None:
            present[key] = present.get(key, 0.0) + float(amount)
            raw.setdefault(key, []).append(value)
    entries, place = value_entries(style, words, present, raw)
    place_of_unique = np.array([-1 if key is None else place.get(key, -1) for key in keys] + [-1], dtype=np.int16)
    valid_of_unique = np.array([key is not None for key in keys] + [False])
    return _completed(entries, place_of_unique[codes], valid_of_unique[codes])


def value_entries(
    style: Style, words: FieldWords, present: Mapping[str, float], raw: Mapping[str, Sequence[Hashable]]
) -> tuple[tuple[LegendEntry, ...], dict[str, int]]:
    """Give the entries for words and codes, and the position of each key.

    Stated classes keep their order. Otherwise codes come in the order of their list, names of the palette in its
    order, other words by size, the largest first; those beyond the colours there are fall to `other`.
    """
    if style.classes:
        stated = {key_of(entry.value): entry for entry in style.classes}
        order = [key for key in stated if key is not None]
    else:
        stated = {}
        order = _order(words, present)[:MOST_CATEGORIES]
    entries, next_colour = [], 0
    for key in order:
        said = stated.get(key)
        name = (said.colour if said else None) or words.colours.get(key)
        title = (said.title if said else None) or words.titles.get(key)
        known = palette().colour(key) if palette().has(key) else None
        if name is not None:
            symbol = Symbol.of(palette().colour(name), pattern=said.pattern if said else None, width=style.width)
        elif known is not None:
            symbol = Symbol.of(known, pattern=said.pattern if said else None, width=style.width)
        else:
            symbol = _category_symbol(next_colour, said.pattern if said else None, style.width)
            next_colour += 1
        if title is None:
            title = (known.title if known else None) or _YES_NO.get(key) or {"en": key}
        entries.append(
            LegendEntry(
                key=key,
                title=dict(title),
                symbol=symbol,
                values=tuple(raw.get(key, ())) or (said.value if said else key,),
                note=said.note if said else None,
            )
        )
    return _apart(entries), {key: position for position, key in enumerate(order)}


def _apart(entries: Sequence[LegendEntry]) -> tuple[LegendEntry, ...]:
    """Give entries of one colour and pattern different patterns."""
    seen: set[tuple[str, str]] = set()
    parted = []
    for entry in entries:
        colour, pattern = entry.symbol.light, entry.symbol.pattern
        if (colour, pattern) in seen:
            pattern = next((turn for turn in TURNS if (colour, turn) not in seen), pattern)
        symbol = entry.symbol if pattern == entry.symbol.pattern else entry.symbol.turned(pattern)
        seen.add((colour, pattern))
        parted.append(replace(entry, symbol=symbol))
    return tuple(parted)


def _order(words: FieldWords, present: Mapping[str, float]) -> list[str]:
    listed = [code for code in words.titles if code in present]
    named = [key for key in present if key not in listed and palette().has(key)]
    names = list(palette().colours)
    named.sort(key=lambda key: names.index(palette().name(key)))
    yes_no = [key for key in ("true", "false") if key in present and key not in listed]
    rest = [key for key in present if key not in listed and key not in named and key not in yes_no]
    rest.sort(key=lambda key: (-present[key], key))
    return [*listed, *named, *yes_no, *rest]


def _category_symbol(position: int, pattern: str | None, width: float | None) -> Symbol:
    colour = palette().colour(f"category-{position % CATEGORY_COLOURS + 1}")
    turn = CATEGORY_PATTERNS[position // CATEGORY_COLOURS % len(CATEGORY_PATTERNS)]
    symbol = Symbol.of(colour, pattern=pattern, width=width)
    return symbol if pattern is not None or turn == "solid" else symbol.turned(turn)


def special_entry(name: str) -> LegendEntry:
    """Give the entry `no-data` or `other`."""
    colour = palette().colour(name)
    return LegendEntry(key=name, title=dict(colour.title or {"en": name}), symbol=Symbol.of(colour))


def _completed(
    entries: tuple[LegendEntry, ...], placed: NDArray[np.int16], valid: NDArray[np.bool_]
) -> tuple[tuple[LegendEntry, ...], NDArray[np.int16]]:
    """Add `other` and `no-data` where features need them; nothing stays without an entry."""
    placed = placed.astype(np.int16, copy=True)
    for name, wanted in (("other", valid & (placed < 0)), ("no-data", ~valid)):
        if wanted.any():
            placed[wanted] = len(entries)
            entries = (*entries, special_entry(name))
    return entries, placed
