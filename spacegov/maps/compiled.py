"""A style as it is drawn: legend entries with their words, symbols, counts and sizes, and the entry of each feature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from spacegov.maps.palette import Colour, Pair, mixed
from spacegov.text import Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Shape: TypeAlias = Literal["polygon", "line", "point", "raster", "relief"]
Marker: TypeAlias = Literal["circle", "square", "diamond", "triangle", "pentagon", "cross"]
MARKERS: tuple[Marker, ...] = ("circle", "square", "diamond", "triangle", "pentagon", "cross")


@dataclass(frozen=True)
class Symbol:
    """What a reader sees: never colour alone.

    Attributes
    ----------
    light, dark : str
        Colour of fill or line on either ground.
    ink : Pair
        Colour of pattern and edge.
    casing : Pair or None
        Colour of a wider line underneath.
    pattern, line : str
        Names of pattern (`solid` for none) and line style.
    fill : float
        Strength of the fill, 0 to 1.
    width : float
        Width of edge or line in pixels.
    marker : str
        Form of a point.
    """

    light: str
    dark: str
    ink: Pair
    casing: Pair | None = None
    pattern: str = "solid"
    line: str = "solid"
    fill: float = 0.55
    width: float = 1.0
    marker: Marker = "circle"

    @classmethod
    def of(cls, colour: Colour, *, pattern: str | None = None, width: float | None = None) -> Symbol:
        """Make the symbol of a palette colour, with another pattern or width where asked."""
        return cls(
            light=colour.light,
            dark=colour.dark,
            ink=colour.ink or Pair(light=colour.light, dark=colour.dark),
            casing=colour.casing,
            pattern=pattern or colour.pattern or "solid",
            line=colour.line,
            fill=colour.fill,
            width=colour.width if width is None else width,
        )

    def turned(self, pattern: str) -> Symbol:
        """Give the symbol another pattern, in an ink that shows on its own fill."""
        ink = Pair(light=mixed(self.light, "#1b1e22", 0.45), dark=mixed(self.dark, "#eceeef", 0.4))
        return replace(self, pattern=pattern, ink=ink)

    def marked(self, marker: Marker) -> Symbol:
        """Give the symbol another form of point."""
        return replace(self, marker=marker)


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend.

    Attributes
    ----------
    key : str
        Stable name: the value, `low..high`, `no-data` or `other`.
    title : dict
        Words in the languages.
    symbol : Symbol
        How it is drawn.
    values : tuple
        Values of the field that belong here; empty for ranges, for `no-data` and for `other`.
    range : tuple of float or None, or None
        Lower and upper bound; the lower one belongs to the class, the upper one only where `closed`.
    closed : bool
        Whether the upper bound belongs to the class.
    count : int or None
        Features, or cells of a raster.
    area_m2, length_m : float or None
        Their area in m² or length in m, on the ellipsoid unless the layer states its own.
    note : dict or None
        A second, quieter line of words.
    """

    key: str
    title: dict[Language, str]
    symbol: Symbol
    values: tuple[Any, ...] = ()
    range: tuple[float | None, float | None] | None = None
    closed: bool = False
    count: int | None = None
    area_m2: float | None = None
    length_m: float | None = None
    note: dict[Language, str] | None = None


@dataclass(frozen=True, eq=False)
class CompiledStyle:
    """A style with everything it needs to be drawn.

    Attributes
    ----------
    shape : {"polygon", "line", "point", "raster", "relief"}
        What is drawn.
    entries : tuple of LegendEntry
        In the order of the legend; the first is drawn on top.
    entry_of : array of int16, shape (features,), or None
        Position of each feature's entry; None for a raster, whose cells `classify` places.
    field : str or None
        The field that decides; None for a single symbol.
    title : dict or None
        What the field means.
    unit : str or None
        Its unit.
    label : str or None
        Field whose text stands on the map.
    skips_zero : bool
        A raster of a single symbol: zero is "not here" and stays undrawn.
    """

    shape: Shape
    entries: tuple[LegendEntry, ...]
    entry_of: NDArray[np.int16] | None = None
    field: str | None = None
    title: dict[Language, str] | None = None
    unit: str | None = None
    label: str | None = None
    skips_zero: bool = False

    def classify(self, values: NDArray[np.float64]) -> NDArray[np.int16]:
        """Place raster values.

        Parameters
        ----------
        values : array of float64
            NaN is no data.

        Returns
        -------
        array of int16
            Position of the entry; -1 where nothing is drawn.
        """
        import numpy as np

        placed = np.full(values.shape, -1, dtype=np.int16)
        valid = ~np.isnan(values)
        for position, entry in enumerate(self.entries):
            if entry.range is not None:
                low, high = entry.range
                inside = valid if low is None else valid & (values >= low)
                if high is not None:
                    inside = inside & ((values <= high) if entry.closed else (values < high))
            elif entry.values:
                inside = valid & np.isin(values, np.asarray(entry.values, dtype=np.float64))
            elif entry.key == "no-data":
                inside = ~valid
            elif entry.key == "other" or self.field is None:
                inside = valid & (values != 0) if self.skips_zero else valid
            else:
                continue
            placed[inside & (placed < 0)] = position
        return placed

    @property
    def counted(self) -> bool:
        """Whether the legend has counts of features."""
        return self.shape not in ("raster", "relief") and any(entry.count is not None for entry in self.entries)
