"""Indicators: formulas over layers, computed for a territory or for each of its units.

Tools give layers by the words that formulas use (`formulas.layer_word`); the definitions are a policy table.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov.errors import BadPolicy, MissingColumn, WrongGeometry
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.formulas import Call, Formula, column_of, read_formula, select
from spacegov.tools.overlay import Shapes, areas_of, intersections, shapes_of, union_of
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

    Notes
    -----
    Areas and lengths are cut at the borders of units. Features that are counted or summed belong to the unit that holds
    their representative point, the first of several. Numbers are kept, so that formulas share them.
    """

    def __init__(
        self,
        layers: Mapping[str, pd.DataFrame],
        *,
        units: gpd.GeoDataFrame | None = None,
        area_basis: AreaBasis = "plane",
    ) -> None:
        self.layers = layers
        self.units = None if units is None else shapes_of(units)
        self.crs = None if units is None else units.crs
        self.area_basis: AreaBasis = area_basis
        self._known: dict[str, Numbers] = {}

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
        key = f"{call.function}|{call.layers}|{call.column}|{call.number}|{conditions}"
        if key not in self._known:
            self._known[key] = getattr(self, f"_{call.function}")(call)
        return self._known[key]

    def _rows(self, call: Call, position: int = 0) -> Any:
        layer = call.layers[position]
        frame = self.layers[layer]
        return frame[select(call.conditions[position], frame, layer)]

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

    def _unit_area(self, call: Call) -> Numbers:
        if self.units is None:
            raise MissingColumn(f"{call.function} needs units, none were given; name them")
        return areas_of(self.units, self.crs, self.area_basis)

    def _areas_by_unit(self, shapes: Shapes, crs: Any) -> Numbers:
        if self.units is None:
            return np.array([areas_of(shapes, crs, self.area_basis).sum()])
        pairs = pair_areas(
            gpd.GeoSeries(self.units, crs=crs), gpd.GeoSeries(shapes, crs=crs), area_basis=self.area_basis, trusted=True
        )
        return self._by_number(pairs["left_index"], pairs["area_m2"])

    def _length(self, call: Call) -> Numbers:
        _, shapes = self._shapes(call, 0, 1)
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

    @staticmethod
    def _column(frame: pd.DataFrame, call: Call) -> Numbers:
        # call.column is there: the language makes sure of it
        values = column_of(frame, str(call.column), call.layers[0])
        return np.asarray(pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64))

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

    def _near(self, call: Call, frame: Any, values: Numbers) -> Numbers:
        """Sum what lies within a distance of the second layer."""
        _, other = self._shapes(call, 1, None)
        points = shapely.point_on_surface(shapes_of(frame))
        near = np.zeros(len(points), dtype=bool)
        if len(other) and len(points):
            feature, _ = shapely.STRtree(other).query(points, predicate="dwithin", distance=float(call.number or 0.0))
            near[feature] = True
        return self._by_unit(frame, np.where(near, values, 0.0))

    def _count_near(self, call: Call) -> Numbers:
        frame, _ = self._shapes(call, 0, None)
        return self._near(call, frame, np.ones(len(frame)))

    def _sum_near(self, call: Call) -> Numbers:
        frame, _ = self._shapes(call, 0, None)
        return self._near(call, frame, self._column(frame, call))


def _once(shapes: Shapes) -> Shapes:
    """Unite polygons into parts that do not overlap."""
    if not len(shapes):
        return shapes
    return np.asarray(shapely.get_parts(union_of(shapes)), dtype=object)
