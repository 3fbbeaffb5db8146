"""One style, compiled for every map: folium and rasters here, MapLibre in the viewer.

A card states a style by names of the palette and by words; `compile_style` holds it against the data and gives the
legend, in order, and the legend entry of every feature. Nothing is drawn here and no map library is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from spacegov.cards import Card, card_of
from spacegov.errors import MissingColumn, WrongGeometry, suggest
from spacegov.maps.compiled import CompiledStyle, LegendEntry, Shape, Symbol
from spacegov.maps.palette import palette
from spacegov.text import Language, Text

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from spacegov.raster import Raster


def _is_colour(name: str) -> str:
    if not palette().has(name):
        known = palette()
        raise ValueError(f"a colour of the palette; {suggest(name, [*known.colours, *known.aliases])}")
    return name


def _is_pattern(name: str) -> str:
    if name != "solid" and name not in palette().patterns:
        raise ValueError(f"a pattern of the palette; {suggest(name, ['solid', *palette().patterns])}")
    return name


def _is_ramp(name: str) -> str:
    if name not in palette().ramps:
        raise ValueError(f"a ramp of the palette; {suggest(name, palette().ramps)}")
    return name


ColourName: TypeAlias = Annotated[str, AfterValidator(_is_colour)]
PatternName: TypeAlias = Annotated[str, AfterValidator(_is_pattern)]
RampName: TypeAlias = Annotated[str, AfterValidator(_is_ramp)]


class StyleClass(Card):
    """One class of a style: a value or a range of the field, its words and its symbol.

    A range holds its lower bound and not its upper one, except in the class that ends highest; null is open.
    """

    value: str | bool | int | float | None = None
    range: tuple[float | None, float | None] | None = None
    title: Text | None = None
    colour: ColourName | None = None
    pattern: PatternName | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> StyleClass:
        if (self.value is None) == (self.range is None):
            raise ValueError("a value or a range, one of them")
        return self


class Style(Card):
    """The `style` of a layer card and the `show` of a tool card.

    Attributes
    ----------
    colour : str or None
        Palette name of a single symbol.
    colour_by : str or None
        Field that decides the symbol.
    classes : tuple of StyleClass
        Its classes, in the order of the legend. Without them values of a code field take titles and colours from its
        codes or scheme, other words those of the palette or a colour of their own, and numbers are classed.
    breaks : {"quantiles", "natural"}
        How numbers are classed.
    number : int
        Into how many classes.
    ramp : str
        Palette name of the ramp that numbers take.
    label : str or None
        Field whose text stands on the map.
    width : float or None
        Width of edge or line in pixels.
    pattern : str or None
        Pattern of a single symbol.
    """

    colour: ColourName | None = None
    colour_by: str | None = None
    classes: tuple[StyleClass, ...] = ()
    breaks: Literal["quantiles", "natural"] = "quantiles"
    number: int = Field(5, ge=2, le=9)
    ramp: RampName = "heat"
    label: str | None = None
    width: float | None = Field(None, gt=0, le=12)
    pattern: PatternName | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Style:
        if self.colour is not None and self.colour_by is not None:
            raise ValueError("colour or colour_by, one of them")
        if len({entry.range is None for entry in self.classes}) > 1:
            raise ValueError("classes of values or classes of ranges, not both")
        return self


def compile_style(
    style: Style | Mapping[str, Any] | None,
    fields: Mapping[str, Any],
    schemes: Mapping[str, Any],
    data: gpd.GeoDataFrame | Raster,
) -> CompiledStyle:
    """Hold a style against data.

    Parameters
    ----------
    style : Style, mapping or None
        As in a card; None draws everything alike.
    fields : mapping
        Field name to what a card says of it: `type`, `title`, `unit`, `codes`, `scheme` (a layer card's fields or a
        tool card's columns, as objects or mappings).
    schemes : mapping
        Scheme name to scheme, for fields that name one.
    data : GeoDataFrame or Raster
        Features of any geometry, or a raster. Areas and lengths of the legend are taken on the ellipsoid, or from
        the columns `area_m2` and `length_m` where a tool computed them.

    Returns
    -------
    CompiledStyle
        Legend entries in order, and the entry of every feature. Features without a value have an entry of their own,
        `no-data`; values that no class names have `other`.

    Raises
    ------
    MissingColumn
        The style names a column that the layer does not have.
    BadInput
        Classes of ranges on a column that holds no numbers, or an unknown name of the palette.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> boxes = [shapely.box(500_000 + i, 3_250_000, 500_100 + i, 3_250_100) for i in (0, 200, 400)]
    >>> frame = gpd.GeoDataFrame({"severity": ["prohibited", None, "prohibited"]}, geometry=boxes, crs="EPSG:4549")
    >>> compiled = compile_style({"colour_by": "severity"}, {}, {}, frame)
    >>> [(entry.title["zh"], entry.count, round(entry.area_m2)) for entry in compiled.entries]
    [('禁止', 2, 20000), ('无数据', 1, 10000)]
    """
    from spacegov.maps.raster_legend import of_raster
    from spacegov.raster import Raster

    chosen = style if isinstance(style, Style) else card_of(dict(style or {}), Style, "style")
    if isinstance(data, Raster):
        return of_raster(chosen, fields, schemes, data)
    return _of_frame(chosen, fields, schemes, data)


def _of_frame(
    style: Style, fields: Mapping[str, Any], schemes: Mapping[str, Any], frame: gpd.GeoDataFrame
) -> CompiledStyle:
    import numpy as np

    from spacegov.maps.field_words import field_words
    from spacegov.maps.legend import of_column

    shape = shape_of(frame)
    for name in (style.colour_by, style.label):
        if name is not None and name not in frame.columns:
            columns = [str(column) for column in frame.columns if column != frame.geometry.name]
            raise MissingColumn(f"the style names the column {name!r}, which the layer does not have; "
                                f"{suggest(name, columns)}")  # fmt: skip
    sizes = _sizes(frame, shape)
    words = field_words(style.colour_by, fields, schemes)
    if style.colour_by is None:
        entries: tuple[LegendEntry, ...] = (single_entry(style),)
        entry_of = np.zeros(len(frame), dtype=np.int16)
    else:
        entries, entry_of = of_column(style, words, frame[style.colour_by], sizes)
    entries = _marked(entries) if shape == "point" and all(entry.range is None for entry in entries) else entries
    return CompiledStyle(
        shape=shape,
        entries=_measured(entries, entry_of, shape, sizes),
        entry_of=entry_of,
        field=style.colour_by,
        title=words.title if style.colour_by else None,
        unit=words.unit,
        label=style.label,
    )


def single_entry(style: Style) -> LegendEntry:
    """Give the entry of a style that draws everything alike."""
    name = style.colour or "category-1"
    colour = palette().colour(name)
    symbol = Symbol.of(colour, pattern=style.pattern, width=style.width)
    title: dict[Language, str] = dict(colour.title) if colour.title else {"en": name.replace("-", " ")}
    return LegendEntry(key="all", title=title, symbol=symbol)


def shape_of(frame: gpd.GeoDataFrame) -> Shape:
    """Tell what a frame is drawn as, by the highest dimension among its geometries."""
    import shapely

    if "geometry" not in type(frame).__name__.lower() and not hasattr(frame, "geometry"):
        raise WrongGeometry("a table without geometry was given where a layer is needed; join it to its features first")
    dimensions = shapely.get_dimensions(frame.geometry.to_numpy())
    highest = int(dimensions.max()) if len(dimensions) else 2
    shapes: dict[int, Shape] = {0: "point", 1: "line", 2: "polygon"}
    return shapes.get(highest, "polygon")


def _sizes(frame: gpd.GeoDataFrame, shape: Shape) -> NDArray[np.float64] | None:
    from spacegov.maps.measure import feature_areas, feature_lengths

    if shape == "polygon":
        return feature_areas(frame)
    return feature_lengths(frame) if shape == "line" else None


def _marked(entries: tuple[LegendEntry, ...]) -> tuple[LegendEntry, ...]:
    """Give the classes of points different forms, so that colour is not all that parts them."""
    from spacegov.maps.compiled import MARKERS

    if len(entries) < 2:
        return entries
    return tuple(
        replace(entry, symbol=entry.symbol.marked(MARKERS[position % len(MARKERS)]))
        for position, entry in enumerate(entries)
    )


def _measured(
    entries: tuple[LegendEntry, ...], entry_of: NDArray[np.int16], shape: Shape, sizes: NDArray[np.float64] | None
) -> tuple[LegendEntry, ...]:
    import numpy as np

    counts = np.bincount(entry_of, minlength=len(entries))
    totals = None if sizes is None else np.bincount(entry_of, weights=np.nan_to_num(sizes), minlength=len(entries))
    return tuple(
        replace(
            entry,
            count=int(counts[position]),
            area_m2=float(totals[position]) if totals is not None and shape == "polygon" else None,
            length_m=float(totals[position]) if totals is not None and shape == "line" else None,
        )
        for position, entry in enumerate(entries)
    )
