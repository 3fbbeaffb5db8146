"""What tools say while they compute, in the language of a report.

A tool tells the ledger in English what it left out, balanced and doubted. The files beside this reader, one for every
application and one for what all share, hold every such sentence in the languages, with `{}` where the tool puts a
number or a name in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from spacegov import numbers, yaml12
from spacegov.text import LANGUAGES, Language, say

GAP = "{}"
_ANY = "(.+?)"
_NUMBER = r"([+\-\u2212]?[\d.,]+)"
_QUANTITY = re.compile(r"([+\-\u2212]?)(\d[\d\u202f]*(?:\.\d+)?)(?:[\u202f ]?(m²|ha|km²|m³|km|m|%|°))?")
_UNITS = (" m²", " m,", " people", " cells")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_BETWEEN = re.compile(r"(, |; |: | and | or | × | \(\d+\))")
_JOINTS: dict[Language, dict[str, str]] = {
    "en": {},
    "zh": {", ": "、", "; ": "；", ": ": "：", " and ": "和", " or ": "或"},
    "ru": {" and ": " и ", " or ": " или "},
}
_QUOTES: dict[Language, str] = {"en": "“{}”", "zh": "“{}”", "ru": "«{}»"}


@dataclass(frozen=True, eq=False)
class Saying:
    """A sentence in the languages, with a pattern that knows it again by what the tool put into its gaps."""

    words: dict[Language, str]
    gap: str = _ANY

    @cached_property
    def literals(self) -> list[str]:
        """What stands around the gaps in English."""
        return self.words["en"].split(GAP)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The English sentence with any text in its gaps."""
        return re.compile(self.gap.join(map(re.escape, self.literals)) + r"\Z", re.DOTALL)

    def gaps_of(self, text: str) -> tuple[str, ...] | None:
        """Give what stands in the gaps, None where a text is another sentence."""
        if not all(literal in text for literal in self.literals):
            return None
        found = self.pattern.match(text)
        return None if found is None else found.groups()


@cache
def sayings() -> tuple[Saying, ...]:
    """Read every known saying; what says most comes first."""
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    known = [_read(entry) for file in files for entry in yaml12.load(file)]
    return tuple(sorted(known, key=lambda saying: (-sum(map(len, saying.literals)), len(saying.literals))))


def _read(entry: dict[str, str]) -> Saying:
    """Read an entry; one that says `gaps: numbers` would else be known again in too many texts."""
    words: dict[Language, str] = {language: entry[language] for language in LANGUAGES}
    return Saying(words, _NUMBER) if entry.get("gaps") == "numbers" else Saying(words)


def spoken(text: str, language: Language, named: Callable[[str], str] = str) -> str:
    """Say in a language what a tool reported in English; what is not known stays in English.

    Parameters
    ----------
    text : str
        What the tool said.
    language : {"en", "zh", "ru"}
    named : callable
        Gives what a code that the tool put in is called, such as a layer; other texts as they are.

    Examples
    --------
    >>> spoken("3 buildings lie in no zone", "zh"), spoken("zones of Lanhe", "ru"), spoken("something new", "zh")
    ('3栋建筑不在任何区内', 'зоны: Lanhe', 'something new')
    """
    if language == "en":
        return text
    for saying in sayings():
        pieces = saying.gaps_of(text)
        if pieces is not None:
            told = map(_grouped, pieces, saying.literals[1:])
            return say(saying.words, language).format(*(called(piece, language, named) for piece in told))
    return text


def called(text: str, language: Language, named: Callable[[str], str] = str) -> str:
    r"""Say in a language what a tool put into a sentence: an amount, a day, a name, words of its own, a list of these.

    Examples
    --------
    >>> called("1.25 km", "ru"), called("2022-06-28", "zh"), called("'use'", "ru"), called("units, cases (3)", "zh")
    ('1,25\u202fкм', '2022年6月28日', '«use»', '单元、病例 (3)')
    """
    if language == "en":
        return named(text)
    quantity = _QUANTITY.fullmatch(text)
    if quantity is not None:
        return _quantity(*quantity.groups(), language=language)
    if _DAY.fullmatch(text):
        return numbers.date(text, language)
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return _QUOTES[language].format(named(quoted[1] or quoted[2] or ""))
    name = named(text)
    if name != text:
        return name
    said = spoken(text, language, named)
    if said != text:
        return said
    parts = _BETWEEN.split(text)
    if len(parts) == 1:
        return text
    told = [part if position % 2 else called(part, language, named) for position, part in enumerate(parts)]
    if told == parts and not all(_QUANTITY.fullmatch(part) for part in parts[::2]):
        return text
    joints = _JOINTS[language]
    return "".join(joints.get(part, part) if position % 2 else part for position, part in enumerate(told))


def _grouped(piece: str, after: str) -> str:
    """Set thousands of an amount apart; numbers without a unit behind them may be those of records."""
    found = re.fullmatch(r"(\d{5,})(\.\d+)?", piece) if after.startswith(_UNITS) else None
    return piece if found is None else f"{int(found[1]):,}".replace(",", numbers.NARROW_SPACE) + (found[2] or "")


def _quantity(sign: str, digits: str, unit: str | None, *, language: Language) -> str:
    text = sign.replace("-", numbers.MINUS) + (digits.replace(".", ",") if language == "ru" else digits)
    return numbers.with_unit(text, float(digits.replace(numbers.NARROW_SPACE, "")), unit or "", language)
