"""Indicators: formulas over layers, computed for a territory or for each of its units.

Tools give layers by the words that formulas use (`formulas.layer_word`); the definitions are a policy table.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov.errors import BadPolicy, MissingColumn, WrongGeometry
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.conditions import column_of, select
from spacegov.tools.formulas import Call, Formula, read_formula
from spacegov.tools.overlay import Shapes, areas_of, intersections, shapes_of, union_of
from spacegov.tools.reach import WaysByRoad
from spacegov.tools.values import text_of

DEFINITION_COLUMNS = ("indicator", "unit", "direction", "formula", "source")
DIRECTIONS = ("more", "less", "none")
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Definition:
    """One indicator.

    `direction` tells whether more or less of it is better, or neither.
    """

    indicator: str
    unit: str | None
    direction: str
    formula: Formula
    source: str | None


@dataclass(frozen=True)
class Value:
    """An indicator's numbers, one for each unit, or why it has none."""

    numbers: Numbers
    missing: str | None = None


def read_definitions(table: pd.DataFrame) -> list[Definition]:
    """Read a table of indicator definitions.

    Raises
    ------
    BadPolicy
        A formula is not of the language, a direction is not known, an indicator stands twice.
    """
    name = table.attrs.get("policy", "definitions")
    found: dict[str, Definition] = {}
    for number, row in enumerate(table.to_dict("records"), start=1):
        said = {str(column): text_of(value) for column, value in row.items()}
        key, direction = said["indicator"], said["direction"]
        if key is None or key in found:
            raise BadPolicy(f"{name}, row {number}: the indicator {key!r} is missing or stands twice; name each once")
        if direction not in DIRECTIONS:
            raise BadPolicy(
                f"{name}, row {number}: the direction {direction!r} was given, one of {', '.join(DIRECTIONS)} is "
                "needed; mend the table"
            )
        try:
            formula = read_formula(said["formula"] or "")
        except BadPolicy as error:
            raise BadPolicy(f"{name}, row {number} ({key}): {error}") from None
        found[key] = Definition(key, said["unit"], direction, formula, said["source"])
    return list(found.values())


class Indicators:
    """Layers to compute indicators from.

    Parameters
    ----------
    layers : mapping of str to frame
        Layers by the word that formulas use, all in one CRS.
    units : GeoDataFrame, optional
        Units; without them the layers are taken whole.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.
    max_snap : float
        Metres from a road beyond which nothing is reached by it.
    walking : float
        km/h between a road and a door.

    Attributes
    ----------
    doubts : dict of str to str
        What was missing in the layers that were asked, by the part of the formula.

    Notes
    -----
    Areas and lengths are cut at the borders of units. Features that are counted or summed belong to the unit that holds
    their representative point, the first of several. A feature is near, within or reached where its representative
    point is. Numbers are kept, so that formulas share them.
    """

    def __init__(
        self,
        layers: Mapping[str, pd.DataFrame],
        *,
        units: gpd.GeoDataFrame | None = None,
        area_basis: AreaBasis = "plane",
        max_snap: float = 200.0,
        walking: float = 4.8,
    ) -> None:
        self.layers = layers
        self.doubts: dict[str, str] = {}
        self.units = None if units is None else shapes_of(units)
        self.crs = None if units is None else units.crs
        self.area_basis: AreaBasis = area_basis
        self._known: dict[str, Numbers] = {}
        self._places: dict[str, Shapes] = {}
        self._ways = WaysByRoad(max_snap, walking)

    @property
    def count(self) -> int:
        """How many numbers an indicator has."""
        return 1 if self.units is None else len(self.units)

    def value(self, definition: Definition) -> Value:
        """Compute an indicator; one whose layer or column is missing has no numbers and says so."""
        lacking = [layer for layer in definition.formula.layers if layer not in self.layers]
        nothing = np.full(self.count, np.nan)
        if lacking:
            return Value(nothing, f"layer {', '.join(lacking)}")
        try:
            numbers = np.broadcast_to(definition.formula.compute(self._answer), (self.count,)).copy()
        except MissingColumn as error:
            return Value(nothing, str(error))
        return Value(numbers)

    def _answer(self, call: Call) -> Numbers:
        conditions = "|".join("" if part is None else ast.dump(part) for part in call.conditions)
        key = f"{call.function}|{call.layers}|{call.column}|{call.number}|{call.speed}|{conditions}"
        if key not in self._known:
            self._known[key] = getattr(self, f"_{call.function}")(call)
        return self._known[key]

    def _rows(self, call: Call, position: int = 0) -> Any:
        return self._where(call.layers[position], call.conditions[position])

    def _where(self, layer: str, condition: ast.expr | None) -> Any:
        frame = self.layers[layer]
        return frame[select(condition, frame, layer, partial(self._inside, layer))]

    def _inside(self, layer: str, other: str, condition: ast.expr | None) -> npt.NDArray[np.bool_]:
        """Which features of a layer have their point in another."""
        frame, around = self.layers[layer], self._where(other, condition)
        for name, given in ((layer, frame), (other, around)):
            if not isinstance(given, gpd.GeoDataFrame):
                raise WrongGeometry(f"{name}: within needs layers with geometry, a table was given; name another layer")
        inside = np.zeros(len(frame), dtype=bool)
        found, _ = shapely.STRtree(shapes_of(around)).query(self._points(layer), predicate="intersects")
        inside[found] = True
        return inside

    def _points(self, layer: str) -> Shapes:
        """Representative points of a layer."""
        if layer not in self._places:
            self._places[layer] = np.asarray(shapely.point_on_surface(shapes_of(self.layers[layer])), dtype=object)
        return self._places[layer]

    def _shapes(self, call: Call, position: int, dimension: int | None) -> tuple[Any, Shapes]:
        frame, layer = self._rows(call, position), call.layers[position]
        if not isinstance(frame, gpd.GeoDataFrame):
            raise WrongGeometry(f"{layer}: {call.function} needs a layer with geometry, a table was given")
        shapes = shapes_of(frame)
        if dimension is not None and len(shapes) and (shapely.get_dimensions(shapes) != dimension).any():
            wanted = {0: "points", 1: "lines", 2: "polygons"}[dimension]
            raise WrongGeometry(
                f"{layer}: {call.function} needs {wanted}, other geometry was given; name another layer"
            )
        return frame, shapes

    def _area(self, call: Call) -> Numbers:
        frame, shapes = self._shapes(call, 0, 2)
        return self._areas_by_unit(shapes, frame.crs)

    def _ground(self, call: Call) -> Numbers:
        frame, shapes = self._shapes(call, 0, 2)
        return self._areas_by_unit(_once(shapes), frame.crs)

    def _area_times(self, call: Call) -> Numbers:
        frame, shapes = self._shapes(call, 0, 2)
        factor = np.nan_to_num(self._column(frame, call))
        if self.units is None:
            return np.array([(areas_of(shapes, frame.crs, self.area_basis) * factor).sum()])
        pairs = self._unit_pairs(shapes, frame.crs)
        return self._by_number(pairs["left_index"], pairs["area_m2"] * factor[pairs["right_index"]])

    def _unit_area(self, call: Call) -> Numbers:
        if self.units is None:
            raise MissingColumn(f"{call.function} needs units, none were given; name them")
        return areas_of(self.units, self.crs, self.area_basis)

    def _areas_by_unit(self, shapes: Shapes, crs: Any) -> Numbers:
        if self.units is None:
            return np.array([areas_of(shapes, crs, self.area_basis).sum()])
        pairs = self._unit_pairs(shapes, crs)
        return self._by_number(pairs["left_index"], pairs["area_m2"])

    def _unit_pairs(self, shapes: Shapes, crs: Any) -> pd.DataFrame:
        units = gpd.GeoSeries(self.units, crs=crs)
        return pair_areas(units, gpd.GeoSeries(shapes, crs=crs), area_basis=self.area_basis, trusted=True)

    def _length(self, call: Call) -> Numbers:
        _, shapes = self._shapes(call, 0, 1)
        return self._lengths_by_unit(shapes)

    def _length_in(self, call: Call) -> Numbers:
        _, shapes = self._shapes(call, 0, 1)
        _, other = self._shapes(call, 1, 2)
        other = _once(other)
        line, ground = shapely.STRtree(other).query(shapes, predicate="intersects")
        return self._lengths_by_unit(np.asarray(shapely.intersection(shapes[line], other[ground]), dtype=object))

    def _lengths_by_unit(self, shapes: Shapes) -> Numbers:
        if self.units is None:
            return np.array([shapely.length(shapes).sum()])
        unit, line = shapely.STRtree(shapes).query(self.units, predicate="intersects")
        inside = shapely.length(shapely.intersection(shapes[line], self.units[unit]))
        return self._by_number(unit, inside)

    def _count(self, call: Call) -> Numbers:
        frame = self._rows(call)
        return self._by_unit(frame, np.ones(len(frame)))

    def _sum(self, call: Call) -> Numbers:
        frame = self._rows(call)
        return self._by_unit(frame, self._column(frame, call))

    def _mean(self, call: Call) -> Numbers:
        frame = self._rows(call)
        values = self._column(frame, call)
        known = ~np.isnan(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._by_unit(frame, values) / self._by_unit(frame, known.astype(np.float64))

    def _column(self, frame: pd.DataFrame, call: Call) -> Numbers:
        # call.column is there: the language makes sure of it
        given = column_of(frame, str(call.column), call.layers[0])
        values = np.asarray(pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64))
        missing = int(np.isnan(values).sum())
        if missing:
            self.doubts[f"{call.layers[0]}.{call.column}"] = (
                f"{missing} values of {call.column!r} are missing in {call.layers[0]} and count as nothing"
            )
        return values

    def _by_unit(self, frame: Any, values: Numbers) -> Numbers:
        """Sum values by the unit that holds each feature."""
        known = np.nan_to_num(values)
        if self.units is None:
            return np.array([known.sum()])
        if not isinstance(frame, gpd.GeoDataFrame):
            raise MissingColumn("a table without geometry cannot be told apart by unit; give a layer with geometry")
        points = shapely.point_on_surface(shapes_of(frame))
        feature, unit = shapely.STRtree(self.units).query(points, predicate="intersects")
        own = pd.DataFrame({"feature": feature, "unit": unit}).groupby("feature")["unit"].min()
        return self._by_number(own, known[own.index.to_numpy(dtype=np.int64)])

    def _by_number(self, units: Any, amounts: Any) -> Numbers:
        """Sum amounts by the number of their unit."""
        sums = np.bincount(np.asarray(units, dtype=np.int64), weights=amounts, minlength=self.count)
        return sums.astype(np.float64)

    def _overlap(self, call: Call) -> Numbers:
        frame, shapes = self._shapes(call, 0, 2)
        _, other = self._shapes(call, 1, 2)
        other = _once(other)
        pairs = pair_areas(
            gpd.GeoSeries(shapes, crs=frame.crs),
            gpd.GeoSeries(other, crs=frame.crs),
            area_basis=self.area_basis,
            trusted=True,
        )
        if self.units is None:
            return np.array([pairs["area_m2"].sum()])
        pieces = intersections(shapes[pairs["left_index"]], other[pairs["right_index"]])
        return self._areas_by_unit(pieces, frame.crs)

    def _is_near(self, call: Call, frame: Any) -> npt.NDArray[np.bool_]:
        """Which features lie within a distance of the second layer."""
        _, other = self._shapes(call, 1, None)
        points = shapely.point_on_surface(shapes_of(frame))
        near = np.zeros(len(points), dtype=bool)
        if len(other) and len(points):
            feature, _ = shapely.STRtree(other).query(points, predicate="dwithin", distance=float(call.number or 0.0))
            near[feature] = True
        return near

    def _is_reached(self, call: Call, frame: Any) -> npt.NDArray[np.bool_]:
        """Which features are within minutes of the second layer by the roads of the third."""
        _, facilities = self._shapes(call, 1, None)
        roads = self.layers[call.layers[2]]
        if not isinstance(roads, gpd.GeoDataFrame):
            raise WrongGeometry(
                f"{call.layers[2]}: ways need roads with geometry, a table was given; name another layer"
            )
        points = shapely.point_on_surface(shapes_of(frame))
        minutes, off = self._ways.minutes(call.layers[2], roads, call.speed, facilities, points)
        if off:
            self.doubts[f"{call.layers[0]} by {call.layers[2]}"] = (
                f"{off} of {len(points)} features of {call.layers[0]} lie off {call.layers[2]} and count as not reached"
            )
        return np.asarray(minutes <= float(call.number or 0.0) + 1e-9)

    def _count_near(self, call: Call) -> Numbers:
        frame, _ = self._shapes(call, 0, None)
        return self._by_unit(frame, self._is_near(call, frame).astype(np.float64))

    def _sum_near(self, call: Call) -> Numbers:
        frame, _ = self._shapes(call, 0, None)
        return self._by_unit(frame, np.where(self._is_near(call, frame), self._column(frame, call), 0.0))

    def _area_near(self, call: Call) -> Numbers:
        frame, shapes = self._shapes(call, 0, 2)
        return self._areas_by_unit(shapes[self._is_near(call, frame)], frame.crs)

    def _count_reached(self, call: Call) -> Numbers:
        frame, _ = self._shapes(call, 0, None)
        return self._by_unit(frame, self._is_reached(call, frame).astype(np.float64))

    def _sum_reached(self, call: Call) -> Numbers:
        frame, _ = self._shapes(call, 0, None)
        return self._by_unit(frame, np.where(self._is_reached(call, frame), self._column(frame, call), 0.0))

    def _area_reached(self, call: Call) -> Numbers:
        frame, shapes = self._shapes(call, 0, 2)
        return self._areas_by_unit(shapes[self._is_reached(call, frame)], frame.crs)


def _once(shapes: Shapes) -> Shapes:
    """Unite polygons into parts that do not overlap."""
    if not len(shapes):
        return shapes
    return np.asarray(shapely.get_parts(union_of(shapes)), dtype=object)
