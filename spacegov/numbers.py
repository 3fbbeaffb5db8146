"""Numbers in words a reader trusts: grouping, units, rounding, the same on every map, table and report.

Thousands are set apart by a narrow no-break space (U+202F), which also stands before a unit; the decimal sign is a
point in English and Chinese and a comma in Russian; a minus is U+2212. A positive number that would round to zero is
written as less than the smallest number shown, zero is `0`, and what is not known is words, never a number.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Literal

from spacegov.text import Language, say
from spacegov.units import UNITS, Unit, unit_named

NARROW_SPACE = "\u202f"
MINUS = "\u2212"

AreaUnit = Literal["m²", "ha", "km²"]
LengthUnit = Literal["m", "km"]

_METRES_PER: dict[str, float] = {"m²": 1.0, "ha": 1e4, "km²": 1e6, "m": 1.0, "km": 1e3}
_UNKNOWN: dict[Language, str] = {"en": "no data", "zh": "无数据", "ru": "нет данных"}
_MONTHS: dict[Language, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "ru": (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
}


def number(value: float | None, language: Language = "en", decimals: int | None = None) -> str:
    r"""Write a number.

    Parameters
    ----------
    value : float or None
        None, NaN and infinities are written as no data.
    language : {"en", "zh", "ru"}
        Language of the text around it.
    decimals : int, optional
        Digits after the decimal sign. Without it as many as the size of the number makes worth reading: none from
        1,000 on, one from 100 on, two from 1 on, three below.

    Examples
    --------
    >>> number(28614), number(-3.14159, "ru"), number(0.04, decimals=1), number(None, "zh")
    ('28\u202f614', '\u22123,14', '<\u202f0.1', '无数据')
    """
    if value is None or not math.isfinite(value):
        return say(_UNKNOWN, language)
    trim = decimals is None
    if decimals is None:
        size = abs(value)
        decimals = 0 if size >= 1000 or value == int(value) else 1 if size >= 100 else 2 if size >= 1 else 3
    text = f"{abs(value):,.{decimals}f}"
    if value == 0:
        text = "0"
    elif float(text.replace(",", "")) == 0:
        smallest = f"{10.0**-decimals:.{decimals}f}"
        return _signs(f"<\u202f{smallest}" if value > 0 else f">\u202f-{smallest}", language)
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return _signs(f"-{text}" if value < 0 else text, language)


def _signs(text: str, language: Language) -> str:
    text = text.replace(",", NARROW_SPACE).replace("-", MINUS)
    return text.replace(".", ",") if language == "ru" else text


def with_unit(text: str, value: float | None, unit: Unit | str, language: Language = "en") -> str:
    """Set a unit behind a written number, in the form its language asks for."""
    if value is None or not math.isfinite(value):
        return text
    word = unit_named(unit).form(value, language) if isinstance(unit, str) else unit.form(value, language)
    # a plain degree stands at its number
    return f"{text}{'' if word == '°' else NARROW_SPACE}{word}" if word else text


def area_unit(values_m2: float | Iterable[float | None] | None) -> AreaUnit:
    """Choose the unit of an area, or of a column of areas by its largest one.

    Square metres below 0.1 ha, hectares up to 10,000 ha, square kilometres above.

    Examples
    --------
    >>> area_unit(480), area_unit([480, 52_000]), area_unit(675.6e6)
    ('m²', 'ha', 'km²')
    """
    largest = _largest(values_m2)
    return "m²" if largest < 1e3 else "ha" if largest <= 1e8 else "km²"


def length_unit(values_m: float | Iterable[float | None] | None) -> LengthUnit:
    """Choose the unit of a length, or of a column of lengths by its largest one: metres below 1 km."""
    return "m" if _largest(values_m) < 1e3 else "km"


def _largest(values: float | Iterable[float | None] | None) -> float:
    if values is None or isinstance(values, int | float):
        values = [values]
    return max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)


def area(
    value_m2: float | None, language: Language = "en", *, single: bool = False, unit: AreaUnit | None = None
) -> str:
    r"""Write an area.

    Parameters
    ----------
    value_m2 : float or None
        Square metres.
    language : {"en", "zh", "ru"}
        Language of the text around it.
    single : bool
        The area of one feature: hectares get two decimals instead of one.
    unit : {"m²", "ha", "km²"}, optional
        Unit of the column it stands in (see `area_unit`); a column never mixes two.

    Examples
    --------
    >>> area(6_865_000), area(191_500, single=True), area(480, "zh"), area(213.2e6, "ru")
    ('686.5\u202fha', '19.15\u202fha', '480\u202f平方米', '213,2\u202fкм²')
    """
    chosen = unit or area_unit(value_m2)
    decimals = 0 if chosen == "m²" else 2 if single and chosen == "ha" else 1
    return _in_unit(value_m2, chosen, decimals, language)


def length(value_m: float | None, language: Language = "en", *, unit: LengthUnit | None = None) -> str:
    r"""Write a length: whole metres below 1 km, kilometres with one decimal above (none from 1,000 km on).

    Examples
    --------
    >>> length(940.4), length(48_473), length(48_473, "zh")
    ('940\u202fm', '48.5\u202fkm', '48.5\u202f公里')
    """
    chosen = unit or length_unit(value_m)
    decimals = 0 if chosen == "m" or _largest(value_m) >= 1e6 else 1
    return _in_unit(value_m, chosen, decimals, language)


_VOLUMES: dict[Language, tuple[tuple[float, str], ...]] = {
    "en": ((1e9, "billion m³"), (1e6, "million m³")),
    "zh": ((1e8, "亿立方米"), (1e6, "万立方米")),
    "ru": ((1e9, "млрд м³"), (1e6, "млн м³")),
}


def volume(value_m3: float | None, language: Language = "en") -> str:
    r"""Write a volume: whole cubic metres below a million, then in the large units of the language.

    Examples
    --------
    >>> volume(141_439_758), volume(38_240), volume(2_500_000, "zh"), volume(141_439_758, "ru")
    ('141.4\u202fmillion m³', '38\u202f240\u202fm³', '250\u202f万立方米', '141,4\u202fмлн м³')
    """
    size = _largest(value_m3)
    for least, word in _VOLUMES[language]:
        if value_m3 is not None and size >= least:
            scale = 1e4 if word.startswith("万") else least
            return f"{number(value_m3 / scale, language)}{NARROW_SPACE}{word}"
    return with_unit(number(value_m3, language, 0), value_m3, "m³", language)


def _in_unit(value: float | None, unit: str, decimals: int, language: Language) -> str:
    scaled = None if value is None else value / _METRES_PER[unit]
    return with_unit(number(scaled, language, decimals), scaled, unit, language)


def areas(values_m2: Sequence[float | None], language: Language = "en") -> list[str]:
    r"""Write a column of areas in one unit, rounded so that the cells add up to the rounded total.

    Examples
    --------
    >>> areas([4_551_400.0, 2_313_300.0])
    ['455.2\u202fha', '231.3\u202fha']
    """
    unit = area_unit(_total(values_m2))
    return _column(values_m2, unit, 0 if unit == "m²" else 1, language)


def lengths(values_m: Sequence[float | None], language: Language = "en") -> list[str]:
    """Write a column of lengths in one unit, rounded so that the cells add up to the rounded total."""
    unit = length_unit(_total(values_m))
    return _column(values_m, unit, 0 if unit == "m" else 1, language)


def _total(values: Sequence[float | None]) -> float:
    return math.fsum(value for value in values if value is not None and math.isfinite(value))


def _column(values: Sequence[float | None], unit: str, decimals: int, language: Language) -> list[str]:
    known = [value / _METRES_PER[unit] for value in values if value is not None and math.isfinite(value)]
    cells = iter(zip(known, rounded(known, decimals), strict=True))
    texts = []
    for value in values:
        if value is None or not math.isfinite(value):
            texts.append(say(_UNKNOWN, language))
            continue
        exact, shown = next(cells)
        # A true amount that rounds away keeps its sign of life, "< 0.1".
        text = number(shown or min(exact, 10.0**-decimals / 4), language, decimals)
        texts.append(with_unit(text, exact, unit, language))
    return texts


def rounded(values: Sequence[float], decimals: int = 0) -> list[float]:
    """Round numbers so that they add up to their rounded sum (largest remainder).

    Parameters
    ----------
    values : sequence of float
        Parts of one whole, none negative.
    decimals : int
        Digits after the decimal sign.

    Returns
    -------
    list of float
        Each part rounded down or up; of equal remainders the earlier part goes up.

    Examples
    --------
    >>> rounded([33.34, 33.33, 33.33]), rounded([0.5, 0.5, 1.0])
    ([34.0, 33.0, 33.0], [1.0, 0.0, 1.0])
    """
    scale = 10.0**decimals
    scaled = [value * scale for value in values]
    # A part that is a whole number but for the last bits of a float stays it.
    floors = [float(math.floor(value + 1e-9)) for value in scaled]
    missing = round(math.fsum(scaled)) - int(sum(floors))
    order = sorted(range(len(scaled)), key=lambda i: (round(floors[i] - scaled[i], 9), i))
    for i in order[: max(missing, 0)]:
        floors[i] += 1
    return [value / scale for value in floors]


def count(value: float | None, language: Language = "en", what: str | None = None) -> str:
    r"""Write a count, with the word for what was counted where that is one of the known units.

    Examples
    --------
    >>> count(28614), count(41283, "en", "people"), count(1, "en", "people"), count(3, "ru", "buildings")
    ('28\u202f614', '41\u202f283\u202fpeople', '1\u202fperson', '3\u202fздания')
    """
    text = number(value if value is None or not math.isfinite(value) else round(value), language, 0)
    return with_unit(text, value, what, language) if what else text


def share(value: float | None, language: Language = "en", *, decimals: int | None = None) -> str:
    r"""Write a share of 0 to 1 in per cent: one decimal below 10 %, none above.

    Parameters
    ----------
    value : float or None
        The share; 1 is the whole.
    language : {"en", "zh", "ru"}
        Language of the text around it.
    decimals : int, optional
        Digits after the decimal sign; a table takes 1 for every cell.

    Examples
    --------
    >>> share(0.0102), share(0.714), share(0.0002), share(0), share(0.714, "ru", decimals=1)
    ('1.0\u202f%', '71\u202f%', '<\u202f0.1\u202f%', '0\u202f%', '71,4\u202f%')
    """
    percent = None if value is None else value * 100
    if decimals is None:
        decimals = 1 if percent is None or abs(percent) < 9.95 else 0
    return with_unit(number(percent, language, decimals), percent, "%", language)


def quantity(value: float | None, unit: str | None = None, language: Language = "en") -> str:
    r"""Write a number with the unit its field names.

    Square metres are written as an area of one feature (`area`), `share` in per cent; `year` and a whole number
    without a unit below 10,000 are not grouped, since they are names of years or codes rather than amounts.

    Parameters
    ----------
    value : float or None
        The number, in `unit`.
    unit : str, optional
        A unit of `spacegov.units`, or any other word, which is written as it is.
    language : {"en", "zh", "ru"}
        Language of the text around it.

    Examples
    --------
    >>> quantity(191_500, "m²"), quantity(42.5, "m"), quantity(0.71, "share"), quantity(1998)
    ('19.15\u202fha', '42.5\u202fm', '71\u202f%', '1998')
    """
    if value is None or not math.isfinite(value):
        return say(_UNKNOWN, language)
    if unit in ("m²", "m2"):
        return area(value, language, single=True)
    if unit in ("share", "1"):
        return share(value, language)
    plain = unit == "year" or (unit is None and value == int(value) and abs(value) < 10_000)
    if plain:
        return f"{value:.0f}".replace("-", MINUS)
    if unit == "m³":
        return volume(value, language)
    text = number(value, language)
    return text if unit is None else with_unit(text, value, unit, language)


def date(value: dt.date | str, language: Language = "en") -> str:
    """Write a date in words.

    Examples
    --------
    >>> date("2026-05-18"), date("2026-05-18", "zh"), date("2026-05-18", "ru")
    ('18 May 2026', '2026年5月18日', '18 мая 2026')
    """
    day = dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


__all__ = [
    "MINUS",
    "NARROW_SPACE",
    "UNITS",
    "area",
    "area_unit",
    "areas",
    "count",
    "date",
    "length",
    "length_unit",
    "lengths",
    "number",
    "quantity",
    "rounded",
    "share",
    "with_unit",
]
