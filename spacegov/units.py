"""Units of measurement and of counting, in English, Chinese and Russian.

English needs one form for one and another for more, Russian three (1, 2 to 4, 5 and more; a fraction takes the
second), Chinese one.
"""

from __future__ import annotations

from dataclasses import dataclass

from spacegov.text import Language


@dataclass(frozen=True)
class Unit:
    """The forms of one unit: `en` (one, more), `zh`, `ru` (one, two to four, five and more)."""

    en: tuple[str, str]
    zh: str
    ru: tuple[str, str, str]

    def form(self, value: float, language: Language = "en") -> str:
        """Give the form that stands behind a number.

        Examples
        --------
        >>> [UNITS["day"].form(n, "ru") for n in (1, 3, 11, 21, 2.5)]
        ['день', 'дня', 'дней', 'день', 'дня']
        """
        if language == "zh":
            return self.zh
        if language == "en":
            return self.en[0] if abs(value) == 1 else self.en[1]
        if value != int(value):
            return self.ru[1]
        last, last_two = abs(int(value)) % 10, abs(int(value)) % 100
        if last == 1 and last_two != 11:
            return self.ru[0]
        return self.ru[1] if 2 <= last <= 4 and not 12 <= last_two <= 14 else self.ru[2]


def _symbol(en: str, zh: str, ru: str) -> Unit:
    return Unit((en, en), zh, (ru, ru, ru))


UNITS: dict[str, Unit] = {
    "m²": _symbol("m²", "平方米", "м²"),
    "ha": _symbol("ha", "公顷", "га"),
    "km²": _symbol("km²", "平方公里", "км²"),
    "mu": _symbol("mu", "亩", "му"),
    "mm": _symbol("mm", "毫米", "мм"),
    "cm": _symbol("cm", "厘米", "см"),
    "m": _symbol("m", "米", "м"),
    "km": _symbol("km", "公里", "км"),
    "m³": _symbol("m³", "立方米", "м³"),
    "m³/s": _symbol("m³/s", "立方米/秒", "м³/с"),
    "m/s": _symbol("m/s", "米/秒", "м/с"),
    "km/h": _symbol("km/h", "公里/小时", "км/ч"),
    "%": _symbol("%", "%", "%"),
    "°": _symbol("°", "°", "°"),
    "°C": _symbol("°C", "℃", "°C"),
    "dB": _symbol("dB", "分贝", "дБ"),
    "kV": _symbol("kV", "千伏", "кВ"),
    "t": _symbol("t", "吨", "т"),
    "kg": _symbol("kg", "公斤", "кг"),
    "t/(hm²·a)": _symbol("t/(ha·a)", "吨/(公顷·年)", "т/(га·год)"),
    "t/(km²·a)": _symbol("t/(km²·a)", "吨/(平方公里·年)", "т/(км²·год)"),
    "people/km²": _symbol("people/km²", "人/平方公里", "чел./км²"),
    "people/ha": _symbol("people/ha", "人/公顷", "чел./га"),
    "m²/person": _symbol("m²/person", "平方米/人", "м²/чел."),
    "m/ha": _symbol("m/ha", "米/公顷", "м/га"),
    "km/km²": _symbol("km/km²", "公里/平方公里", "км/км²"),
    "yuan": _symbol("yuan", "元", "юаней"),
    "10k yuan": _symbol("10 000 yuan", "万元", "10 тыс. юаней"),
    "year": _symbol("", "", ""),  # the name of a year, which is no amount
    "s": _symbol("s", "秒", "с"),
    "min": _symbol("min", "分钟", "мин"),
    "h": _symbol("h", "小时", "ч"),
    "day": Unit(("day", "days"), "天", ("день", "дня", "дней")),
    "month": Unit(("month", "months"), "个月", ("месяц", "месяца", "месяцев")),
    "years": Unit(("year", "years"), "年", ("год", "года", "лет")),
    "person": Unit(("person", "people"), "人", ("человек", "человека", "человек")),
    "household": Unit(("household", "households"), "户", ("домохозяйство", "домохозяйства", "домохозяйств")),
    "dwelling": Unit(("dwelling", "dwellings"), "套", ("квартира", "квартиры", "квартир")),
    "building": Unit(("building", "buildings"), "栋", ("здание", "здания", "зданий")),
    "floor": Unit(("floor", "floors"), "层", ("этаж", "этажа", "этажей")),
    "place": Unit(("place", "places"), "个", ("место", "места", "мест")),
    "bed": Unit(("bed", "beds"), "张床位", ("койка", "койки", "коек")),
    "pupil": Unit(("pupil", "pupils"), "名学生", ("ученик", "ученика", "учеников")),
    "job": Unit(("job", "jobs"), "个岗位", ("рабочее место", "рабочих места", "рабочих мест")),
    "cell": Unit(("cell", "cells"), "个像元", ("ячейка", "ячейки", "ячеек")),
}

_OTHER_NAMES = {
    "m2": "m²",
    "km2": "km²",
    "hm²": "ha",
    "m3": "m³",
    "a": "years",
    "d": "day",
    "deg": "°",
    "degrees": "°",
    "degC": "°C",
    "minutes": "min",
    "hours": "h",
    "days": "day",
    "months": "month",
    "people": "person",
    "persons": "person",
    "residents": "person",
    "households": "household",
    "dwellings": "dwelling",
    "units": "dwelling",
    "buildings": "building",
    "floors": "floor",
    "storeys": "floor",
    "places": "place",
    "beds": "bed",
    "pupils": "pupil",
    "jobs": "job",
    "cells": "cell",
    "CNY": "yuan",
}


def unit_named(name: str) -> Unit:
    """Give a unit by any of its names; an unknown word is a unit that is written as it is.

    Examples
    --------
    >>> unit_named("m2").zh, unit_named("t CO₂").form(2, "ru")
    ('平方米', 't CO₂')
    """
    known = UNITS.get(_OTHER_NAMES.get(name, name))
    return known or _symbol(name, name, name)
