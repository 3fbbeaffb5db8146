"""The types of a tool's inputs and options.

A tool function says in its signature what it needs, `@checked` holds it to that on every call (`spacegov.checks`), and
`spacegov.signature` derives from the same signature the HTTP schema, the viewer's form and the notebook's help. This
module imports no geospatial library, so that listing tools stays cheap.

Frames carry what they are in `attrs`: `layer` (layer id or file stem), `title`, `steward`, `version`, `key` (the column
that names its records).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from spacegov.raster import Raster as _Raster

    _Frame: TypeAlias = gpd.GeoDataFrame
    _Table: TypeAlias = pd.DataFrame
    _Grid: TypeAlias = _Raster
else:
    # Resolved at the first call by spacegov.signature, so that importing this module stays light.
    _Frame = _Table = _Grid = Any


@dataclass(frozen=True)
class LayerKind:
    """A kind of input layer.

    Attributes
    ----------
    name : str
        As it is shown to users.
    geometry : tuple of str
        Allowed types of geometry; empty for any.
    metric : bool
        Whether a projected CRS in metres, true to area within 0.5 %, and valid geometry are needed.
    form : {"frame", "stream", "raster", "table", "layers"}
        How the function receives it.
    cells : {"either", "values", "edged", "counts", "codes"}
        What a raster's cells hold: measured values, which are interpolated where cells are made anew; values that end
        at an edge, such as water depths, and codes, which are taken over; or counts, whose sum is kept. `either` goes
        by the layer's card, and for a file without one by the type of its numbers.
    """

    name: str
    geometry: tuple[str, ...] = ()
    metric: bool = True
    form: Literal["frame", "stream", "raster", "table", "layers"] = "frame"
    cells: Literal["either", "values", "edged", "counts", "codes"] = "either"


@dataclass(frozen=True)
class ColumnOf:
    """An option that names a column of one or several inputs.

    Attributes
    ----------
    inputs : str or tuple of str
        The inputs that must have the column.
    numeric : bool
        Whether its values must be numbers.
    """

    inputs: str | tuple[str, ...]
    numeric: bool = False

    @property
    def of(self) -> tuple[str, ...]:
        """The inputs, always a tuple."""
        return (self.inputs,) if isinstance(self.inputs, str) else self.inputs


@dataclass(frozen=True)
class CoverageOf:
    """A parameter that tells where an input is authoritative; the toolbox fills it from the bindings.

    The function receives a mapping from layer name to polygons; a layer that is not in it covers everything.
    """

    input: str


@dataclass(frozen=True)
class PolicyKind:
    """A rule table of a named version, and the columns the function reads."""

    columns: tuple[str, ...] = ()


class LayerReader(Protocol):
    """One layer of a `LayerSet`, read when it is asked for."""

    @property
    def id(self) -> str:
        """Layer id."""

    @property
    def card(self) -> Any:
        """The layer's card."""

    @property
    def coverage(self) -> gpd.GeoDataFrame | None:
        """Where the layer is authoritative; None for everywhere."""

    @property
    def bound(self) -> bool:
        """Whether the workspace has data for it."""

    def read(self, bbox: tuple[float, float, float, float] | None = None) -> Any:
        """Read its features, those that meet a box if one is given."""


Polygons = Annotated[_Frame, LayerKind("Polygons", ("Polygon", "MultiPolygon"))]
"""Valid polygons in a metric CRS."""
Lines = Annotated[_Frame, LayerKind("Lines", ("LineString", "MultiLineString", "LinearRing"))]
"""Lines in a metric CRS."""
Points = Annotated[_Frame, LayerKind("Points", ("Point", "MultiPoint"))]
"""Points in a metric CRS."""
Features = Annotated[
    _Frame,
    LayerKind(
        "Features", ("Point", "MultiPoint", "LineString", "MultiLineString", "LinearRing", "Polygon", "MultiPolygon")
    ),
]
"""Points, lines or polygons in a metric CRS."""
AnyLayer = Annotated[_Frame, LayerKind("AnyLayer", metric=False)]
"""Any layer, with any CRS or none, broken geometry included: for tools that exist to find faults."""
Stream = Annotated[Iterable[_Frame], LayerKind("Stream", form="stream")]
"""Batches of features in a metric CRS; a frame counts as one batch."""
Raster = Annotated[_Grid, LayerKind("Raster", form="raster")]
"""One band in a metric CRS: a `spacegov.raster.Raster`, or a DataArray of rioxarray."""
ValueRaster = Annotated[_Grid, LayerKind("Raster", form="raster", cells="values")]
"""A raster of measured values, such as heights in whole metres: interpolated when it is brought to another CRS."""
EdgedRaster = Annotated[_Grid, LayerKind("Raster", form="raster", cells="edged")]
"""A raster of values that end at an edge, such as water depths: interpolated, the shore would move outwards."""
CountRaster = Annotated[_Grid, LayerKind("Raster", form="raster", cells="counts")]
"""A raster of counts in each cell, such as people: their sum is kept when it is brought to another CRS."""
CodeRaster = Annotated[_Grid, LayerKind("Raster", form="raster", cells="codes")]
"""A raster of codes, such as land cover: the nearest cell counts when it is brought to another CRS."""
Table = Annotated[_Table, LayerKind("Table", metric=False, form="table")]
"""Rows without geometry."""
LayerSet = Annotated[Mapping[str, LayerReader], LayerKind("LayerSet", metric=False, form="layers")]
"""Layer id → reader, for tools that ask the whole registry."""
PolicyTable = Annotated[_Table, PolicyKind()]
"""A rule table; `attrs` holds its name, version, source and title."""

Metres = Annotated[float, Field(ge=0, json_schema_extra={"unit": "m"})]
SquareMetres = Annotated[float, Field(ge=0, json_schema_extra={"unit": "m²"})]
Share = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "share, 0 to 1"})]
Degrees = Annotated[float, Field(ge=0, le=90, json_schema_extra={"unit": "°"})]
Days = Annotated[int, Field(ge=0, json_schema_extra={"unit": "d"})]
Minutes = Annotated[float, Field(ge=0, json_schema_extra={"unit": "min"})]
Count = Annotated[int, Field(ge=1)]
AreaBasis = Literal["plane", "ellipsoid"]
"""`plane` measures in the layer's own grid, `ellipsoid` on the ellipsoid, as registered areas are."""

AREAL_SCALE_TOLERANCE = 0.005


def name_of(layer: Any, default: str) -> str:
    """Give the name of a layer for messages and columns.

    Parameters
    ----------
    layer : frame or Raster
        Anything with `attrs`.
    default : str
        The name where it has none.
    """
    return str(getattr(layer, "attrs", {}).get("layer") or default)
