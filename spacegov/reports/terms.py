"""What names, codes and words stand for: layers, departments, units, codes of columns, words of rule tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from spacegov.reports.sayings import called, spoken
from spacegov.reports.words import WORDS
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.reports.places import Places
    from spacegov.toolbox.result import Result

_CODE = re.compile(r"[a-z]+(?:[_-][a-z0-9]+)*")


class Terms:
    """The words of one result in one language.

    Parameters
    ----------
    result : Result
    language : {"en", "zh", "ru"}
    places : Places
        The units of its workspace.
    """

    def __init__(self, result: Result, language: Language, places: Places) -> None:
        self.result = result
        self.language = language
        self.places = places

    def named(self, text: str) -> str:
        """Give the name behind a code: of a layer, a department, a unit; other texts as they are."""
        layers = self.result.workspace.layers
        if text in layers:
            return say(layers.card(text).title, self.language)
        if text in layers.stewards:
            return self.department(text)
        return self._units.get(text) or self.places.names.get(text, text)

    def department(self, key: str | None) -> str:
        """Give the name of a department."""
        stewards = self.result.workspace.layers.stewards
        if key is None:
            return WORDS[self.language]["not_stated"]
        return say(stewards[key].title, self.language) if key in stewards else key

    def term(self, text: str) -> str:
        """Give the words behind what a tool put into a sentence: a code, a name, a column; other texts as they are."""
        title = self.codes.get(text.replace("_", " ")) or self.table_words.get(text)
        if title is None and (named := self.named(text)) != text:
            return named
        title = title or self._layers.get(text) or self._columns.get(text) or text
        # Within a sentence a title begins small, unless it is an abbreviation.
        small = self.language == "ru" and title != text and not title[1:2].isupper()
        return title[:1].lower() + title[1:] if small else title

    def cell(self, text: str, column: str = "") -> str:
        """Say a text that stands in a column of an answer."""
        named = self.named(text)
        if named != text or self.language == "en":
            return named
        # What is written as a code is one of the tool's, if it knows it, whatever column it stands in.
        code = self.codes.get(text.replace("_", " ")) if _CODE.fullmatch(text) else None
        known = code or self.table_words.get(text) or (self._layers.get(text) if column == "layer" else None)
        if known:
            return known
        told = spoken(text, self.language, self.term)
        # Names within a text, as in an address, stay as they were written.
        return told if told != text else called(text, self.language)

    def sentence(self, text: str) -> str:
        """Say what a tool reported, begun with a capital."""
        told = spoken(text, self.language, self.term)
        return told[:1].upper() + told[1:]

    def place(self, text: str) -> str:
        """Say where a doubt is."""
        told = spoken(text, self.language, self.term)
        return told if told != text else called(text, self.language, self.term)

    @cached_property
    def codes(self) -> dict[str, str]:
        """Words for the codes of the answer's columns, without those that mean different things in two columns."""
        known: dict[str, set[str]] = {}
        for column in (*self.result.tool.card.columns.values(), *self.result.columns.values()):
            for code, title in (column.codes or {}).items():
                known.setdefault(code.replace("_", " "), set()).add(say(title, self.language))
        return {code: next(iter(titles)) for code, titles in known.items() if len(titles) == 1}

    @cached_property
    def table_words(self) -> dict[str, str]:
        """Words that rule tables of the answer have beside their English ones, as in `title_en` and `title_ru`."""
        return {} if self.language == "en" else dict(self._pairs())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        from spacegov.toolbox.policy import policy_names, read_policy

        folders = self.result.workspace.tools.policy_folders
        names = policy_names(folders)
        for record in self.result.provenance.policies:
            table = read_policy(record.name, folders) if record.name in names else None
            for column in table.columns if table is not None else ():
                other = f"{str(column).removesuffix('_en')}_{self.language}"
                if table is not None and str(column).endswith("_en") and other in table.columns:
                    told = table[[column, other]].dropna().astype(str)
                    yield from zip(told[column], told[other], strict=True)

    @cached_property
    def _units(self) -> dict[str, str]:
        """Names of the units that were asked about, where they are of one level: a town and its village share names."""
        inputs = self.result.provenance.inputs
        asked = {item.layer for item in inputs if item.role == "units"} or {item.layer for item in inputs}
        units = self.result.workspace.settings.units
        levels = [found for level, found in self.places.levels.items() if units[level] in asked]
        return {unit.called: unit.name for unit in levels[0] if unit.called and unit.name} if len(levels) == 1 else {}

    @cached_property
    def _layers(self) -> dict[str, str]:
        """Titles of layers by the word that formulas call them by, where it is the word of one."""
        known: dict[str, list[str]] = {}
        layers = self.result.workspace.layers
        for name in layers:
            known.setdefault(str(name).rpartition(".")[2].replace("-", "_"), []).append(str(name))
        return {word: say(layers.card(ids[0]).title, self.language) for word, ids in known.items() if len(ids) == 1}

    @cached_property
    def _columns(self) -> dict[str, str]:
        return {name: say(column.title, self.language) for name, column in self.result.columns.items()}
