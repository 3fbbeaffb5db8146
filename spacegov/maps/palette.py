"""The palette: what a colour name of a card looks like on light and on dark ground.

The names, values and words are content and lie beside this file in ``palette.yaml``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from spacegov import yaml12
from spacegov.cards import Card, card_of
from spacegov.errors import UnknownName, suggest
from spacegov.text import Text

Hex: TypeAlias = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Theme: TypeAlias = Literal["light", "dark"]


class Pair(Card):
    """One colour on light and on dark ground."""

    light: Hex
    dark: Hex


class Pattern(Card):
    """A tile drawn over a fill.

    Attributes
    ----------
    size : tuple of int
        Width and height in pixels.
    rotate : int
        Turn in degrees.
    path : str or None
        SVG path data, stroked with `width`.
    dots : tuple
        Centre and radius of dots.
    width : float
        Width of the stroke.
    ink : float
        Strength of the drawing, 0 to 1.
    """

    size: tuple[int, int]
    rotate: int = 0
    path: Annotated[str, StringConstraints(pattern=r"^[MmLlHhVvQqTt0-9 .-]+$")] | None = None
    dots: tuple[tuple[float, float, float], ...] = ()
    width: float = 1.0
    ink: float = Field(0.8, gt=0, le=1)

    @property
    def drawing(self) -> str:
        """SVG path data of the tile's lines."""
        return self.path or ""


class Colour(Card):
    """How one palette name is drawn.

    Attributes
    ----------
    title : dict or None
        What the name means to a reader, where it has a meaning of its own.
    light, dark : str
        The colour on either ground.
    ink : Pair or None
        Colour of the pattern and edge where it differs.
    casing : Pair or None
        Colour of a wider line underneath, for roads.
    pattern : str or None
        Name of a pattern.
    line : str
        Name of a line style.
    fill : float
        Strength of the fill, 0 to 1.
    width : float
        Width of edge or line in pixels.
    draws : {"area", "line"}
        Whether the area or only its outline is what counts.
    """

    title: Text | None = None
    light: Hex
    dark: Hex
    ink: Pair | None = None
    casing: Pair | None = None
    pattern: str | None = None
    line: str = "solid"
    fill: float = Field(0.55, ge=0, le=1)
    width: float = Field(1.0, ge=0, le=6)
    draws: Literal["area", "line"] = "area"


class Ramp(Card):
    """Ordered colours from low to high."""

    light: Annotated[tuple[Hex, ...], Field(min_length=5)]
    dark: Annotated[tuple[Hex, ...], Field(min_length=5)]

    def colours(self, number: int) -> list[Pair]:
        """Take `number` colours evenly from the ramp.

        Examples
        --------
        >>> ramp = Ramp(light=["#000000"] * 4 + ["#ffffff"], dark=["#ffffff"] * 5)
        >>> [pair.light for pair in ramp.colours(2)]
        ['#000000', '#ffffff']
        """
        places = [0.5] if number == 1 else [i / (number - 1) for i in range(number)]
        return [Pair(light=_between(self.light, place), dark=_between(self.dark, place)) for place in places]


def _between(colours: tuple[str, ...], place: float) -> str:
    position = place * (len(colours) - 1)
    low = min(int(position), len(colours) - 2)
    return mixed(colours[low], colours[low + 1], position - low)


def mixed(colour: str, other: str, part: float) -> str:
    """Mix a part of another colour into a colour.

    Examples
    --------
    >>> mixed("#000000", "#ffffff", 0.2)
    '#333333'
    """
    first, second = (bytes.fromhex(value[1:]) for value in (colour, other))
    return "#" + bytes(round(a + (b - a) * part) for a, b in zip(first, second, strict=True)).hex()


class Palette(Card):
    """All names a card may use."""

    patterns: dict[str, Pattern]
    lines: dict[str, tuple[float, ...]]
    colours: dict[str, Colour]
    ramps: dict[str, Ramp]
    aliases: dict[str, str]

    @model_validator(mode="after")
    def _names_exist(self) -> Palette:
        for name, colour in self.colours.items():
            if colour.pattern is not None and colour.pattern not in self.patterns:
                raise ValueError(f"a pattern of the palette for {name!r}; {suggest(colour.pattern, self.patterns)}")
            if colour.line not in self.lines:
                raise ValueError(f"a line style of the palette for {name!r}; {suggest(colour.line, self.lines)}")
        for alias, name in self.aliases.items():
            if name not in self.colours or alias in self.colours:
                raise ValueError(f"an alias that is no colour and stands for one; {alias!r} does not")
        return self

    def has(self, name: object) -> bool:
        """Tell whether a word, with `_` or capitals or not, is a name of a colour."""
        return isinstance(name, str) and self.name(name) in self.colours

    def name(self, word: str) -> str:
        """Give the palette's own name for a word: lower case, hyphens, aliases resolved."""
        name = re.sub(r"[\s_]+", "-", word.strip()).lower()
        return self.aliases.get(name, name)

    def colour(self, name: str) -> Colour:
        """Give a colour by its name.

        Raises
        ------
        UnknownName
            Naming the nearest valid name.

        Examples
        --------
        >>> palette().colour("not_covered").pattern
        'open-hatch'
        """
        found = self.colours.get(self.name(name))
        if found is None:
            names = [*self.colours, *self.aliases]
            raise UnknownName(f"the palette has no colour {name!r}; {suggest(name, names)}")
        return found

    def ramp(self, name: str) -> Ramp:
        """Give a ramp by its name."""
        if name not in self.ramps:
            raise UnknownName(f"the palette has no ramp {name!r}; {suggest(name, self.ramps)}")
        return self.ramps[name]


@cache
def palette() -> Palette:
    """Read the palette, once.

    Examples
    --------
    >>> palette().colour("red-line").title["zh"]
    '生态保护红线'
    """
    path = Path(__file__).with_name("palette.yaml")
    return card_of(yaml12.load(path), Palette, str(path), path.read_text(encoding="utf-8"))
