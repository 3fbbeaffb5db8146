"""What tools say while they compute, in the language of a report."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from spacegov import yaml12
from spacegov.text import Language, say


@cache
def sayings() -> tuple[tuple[re.Pattern[str], dict[Language, str]], ...]:
    """Give every known saying: what it looks like in English, and its words."""
    entries: list[dict[Language, str]] = yaml12.load(Path(__file__).parent / "sayings.yaml")
    # Those with fewer gaps say more and are tried first.
    ordered = sorted(entries, key=lambda entry: (entry["en"].count("{}"), -len(entry["en"])))
    return tuple((_pattern(entry["en"]), entry) for entry in ordered)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in text.split("{}")) + r"\Z", re.DOTALL)


def spoken(text: str, language: Language) -> str:
    """Say in a language what a tool reported in English; what is not known stays in English.

    Examples
    --------
    >>> spoken("3 buildings lie in no zone", "zh"), spoken("zones of Lanhe", "ru"), spoken("something new", "zh")
    ('3栋建筑不在任何区内', 'зоны: Lanhe', 'something new')
    """
    if language == "en":
        return text
    for pattern, words in sayings():
        found = pattern.match(text)
        if found is not None:
            return say(words, language).format(*found.groups())
    return text
