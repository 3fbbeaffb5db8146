"""What stands in a hazard: buildings, roads, assets and people, each measured once by class and unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov import numbers
from spacegov.errors import BadInput
from spacegov.kernels import pair_areas, polygon_areas, self_pair_areas
from spacegov.kinds import AreaBasis
from spacegov.ledger import doubt
from spacegov.tools.security._hazards import Hazards

_SLIVER_SHARE = 0.01
"""Share of a unit that may lie in another one too, as where borders were drawn twice."""
OUTSIDE_UNITS = "outside_units"
ALL = "all"


@dataclass(frozen=True)
class Units:
    """Administrative units: names in order, and shapes; without a layer one unit that holds everything."""

    names: list[str]
    frame: gpd.GeoDataFrame | None

    @classmethod
    def of(cls, units: gpd.GeoDataFrame | None, column: str) -> Units:
        """Take the units of a layer, one a name; of slivers in which two lie the first takes the ground."""
        if units is None:
            return cls([ALL], None)
        keys = units[column].astype(str)
        if units[column].isna().any():
            raise BadInput(f"units: {int(units[column].isna().sum())} units have no name in {column!r}; fill it")
        frame = gpd.GeoDataFrame({"unit": keys.to_numpy()}, geometry=_apart(units, keys), crs=units.crs)
        if keys.duplicated().any():
            frame = frame.dissolve(by="unit").reset_index()
        names = [str(name) for name in frame["unit"]]
        return cls([*names, OUTSIDE_UNITS], frame)

    @property
    def outside(self) -> int:
        """Position of what lies in no unit."""
        return len(self.names) - 1


def _apart(units: gpd.GeoDataFrame, keys: pd.Series) -> NDArray[Any]:
    """Take from later units what lies in earlier ones, where that is a sliver."""
    shapes = units.geometry.to_numpy().copy()
    twice = self_pair_areas(units, trusted=True)
    twice = twice[twice["area_m2"] > 0]
    left, right = twice["left_index"].to_numpy(), twice["right_index"].to_numpy()
    smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    nested = twice[twice["area_m2"] > _SLIVER_SHARE * smaller]
    if len(nested):
        first = nested.iloc[0]
        raise BadInput(
            f"units: {keys.iloc[int(first.left_index)]} and {keys.iloc[int(first.right_index)]} overlap by "
            f"{first.area_m2:.1f} m², so that people there would count twice; give units of one level that lie side by "
            "side, check-partition shows where they do not"
        )
    for first, second in zip(left.tolist(), right.tolist(), strict=True):
        shapes[second] = shapely.difference(shapes[second], shapes[first])
    wide = twice[twice["area_m2"] > 1.0]
    if len(wide):
        doubt(
            f"{len(wide)} pairs of units overlap by {numbers.area(float(wide['area_m2'].sum()))} together; what lies "
            "there counts for the first of both"
        )
    return np.asarray(shapes, dtype=object)


@dataclass(frozen=True)
class Measured:
    """Objects of one kind against the hazard.

    Attributes
    ----------
    size : array of float64, shape (objects,)
        Area, length or 1 of every object.
    by_class : array of float64, shape (objects, ranks)
        The same within each rank of the hazard.
    pieces : DataFrame
        unit, rank, size: where the sizes lie.
    unit : array of int64
        The unit that holds most of each object.
    measure : {"area_m2", "length_m", "points"}
    """

    size: NDArray[np.float64]
    by_class: NDArray[np.float64]
    pieces: pd.DataFrame
    unit: NDArray[np.int64]
    measure: str

    @property
    def severest(self) -> NDArray[np.int64]:
        """Severest rank with any share; then 0 (not covered), then -1 (not exposed)."""
        present = self.by_class > 0
        ranks = np.arange(present.shape[1])
        return np.asarray(np.where(present, ranks, -1).max(axis=1), dtype=np.int64)


def measure(frame: gpd.GeoDataFrame, hazards: Hazards, units: Units, basis: AreaBasis) -> list[tuple[Any, Measured]]:
    """Measure objects by type of geometry.

    Returns
    -------
    list of (positions, Measured)
        Row positions of the objects, and their measures.
    """
    kinds = shapely.get_dimensions(frame.geometry.to_numpy())
    answer = []
    for dimension, how in ((2, _polygons), (1, _lines), (0, _points)):
        positions = np.flatnonzero(kinds == dimension)
        if len(positions):
            answer.append((positions, how(frame.iloc[positions], hazards, units, basis)))
    return answer


def _polygons(frame: gpd.GeoDataFrame, hazards: Hazards, units: Units, basis: AreaBasis) -> Measured:
    areas = polygon_areas(frame, area_basis=basis)
    pairs = pair_areas(frame, hazards.ground, area_basis=basis, trusted=True)
    ranks = hazards.ground["rank"].to_numpy()[pairs["right_index"]]
    by_class = _cross(pairs["left_index"].to_numpy(), ranks, pairs["area_m2"].to_numpy(), len(frame), hazards)
    unit = np.zeros(len(frame), dtype=np.int64)
    if units.frame is not None:
        inside = pair_areas(frame, units.frame, area_basis=basis, trusted=True)
        unit = _main_unit(inside, len(frame), units)
    rows, columns = np.nonzero(by_class)
    pieces = pd.DataFrame({"unit": unit[rows], "rank": columns, "size": by_class[rows, columns]})
    return Measured(areas, by_class, _with_rest(pieces, areas, by_class, unit), unit, "area_m2")


def _lines(frame: gpd.GeoDataFrame, hazards: Hazards, units: Units, basis: AreaBasis) -> Measured:
    """Lines are cut at the borders of units, so that lengths count where they lie."""
    del basis  # lengths are those of the grid
    shapes = frame.geometry.to_numpy()
    whole = shapely.length(shapes)
    owner, unit, parts = _cut_by_units(shapes, units)
    lengths = shapely.length(parts)
    by_piece = _lengths_by_rank(parts, lengths, hazards)
    rest = np.maximum(lengths - by_piece.sum(axis=1), 0.0)
    rows, columns = np.nonzero(by_piece)
    pieces = pd.concat(
        [
            pd.DataFrame({"unit": unit[rows], "rank": columns, "size": by_piece[rows, columns]}),
            pd.DataFrame({"unit": unit, "rank": -1, "size": rest}),
        ],
        ignore_index=True,
    )
    by_class = np.zeros((len(frame), by_piece.shape[1]))
    np.add.at(by_class, owner, by_piece)
    held = pd.DataFrame({"left_index": owner, "right_index": unit, "area_m2": lengths})
    held = held.groupby(["left_index", "right_index"], as_index=False).agg({"area_m2": "sum"})
    main = _main_unit(held, len(frame), units)
    return Measured(whole, by_class, pieces[pieces["size"] > 0], main, "length_m")


def _cut_by_units(shapes: Any, units: Units) -> tuple[NDArray[np.int64], NDArray[np.int64], Any]:
    if units.frame is None:
        return np.arange(len(shapes)), np.zeros(len(shapes), dtype=np.int64), shapes
    areas = units.frame.geometry.to_numpy()
    line, area = shapely.STRtree(areas).query(shapes, predicate="intersects")
    within = shapely.contains_properly(areas[area], shapes[line])
    inner = np.zeros(len(shapes), dtype=bool)
    inner[line[within]] = True
    owner = [line[within]]
    unit = [area[within]]
    parts = [shapes[line[within]]]
    # what crosses a border is cut there, piece by piece, so that nothing on a border counts twice
    for position in np.flatnonzero(~inner):
        rest = shapes[position]
        for number in np.sort(area[line == position]):
            piece = shapely.intersection(rest, areas[number])
            if shapely.length(piece) > 0:
                owner.append(np.array([position]))
                unit.append(np.array([number]))
                parts.append(np.array([piece], dtype=object))
                rest = shapely.difference(rest, areas[number])
        if shapely.length(rest) > 0:
            owner.append(np.array([position]))
            unit.append(np.array([units.outside]))
            parts.append(np.array([rest], dtype=object))
    return np.concatenate(owner), np.concatenate(unit), np.concatenate(parts)


def _lengths_by_rank(parts: Any, lengths: NDArray[np.float64], hazards: Hazards) -> NDArray[np.float64]:
    ground = hazards.ground.geometry.to_numpy()
    ranks = hazards.ground["rank"].to_numpy()
    line, place = shapely.STRtree(ground).query(parts, predicate="intersects")
    inside = shapely.length(shapely.intersection(parts[line], ground[place]))
    by_rank = _cross(line, ranks[place], inside, len(parts), hazards)
    # a line along the border of two classes lies in both: there the severest takes it first
    for row in np.flatnonzero(by_rank.sum(axis=1) > lengths * (1 + 1e-9)):
        by_rank[row] = 0
        rest = parts[row]
        near = place[line == row]
        for rank in sorted(set(ranks[near]), reverse=True):
            shape = shapely.union_all(ground[near[ranks[near] == rank]])
            by_rank[row, rank] = shapely.length(shapely.intersection(rest, shape))
            rest = shapely.difference(rest, shape)
    return by_rank


def _points(frame: gpd.GeoDataFrame, hazards: Hazards, units: Units, basis: AreaBasis) -> Measured:
    del basis  # a point has no size
    shapes = frame.geometry.to_numpy()
    point, place = hazards.ground.sindex.query(shapes, predicate="intersects")
    rank = np.full(len(frame), -1, dtype=np.int64)
    np.maximum.at(rank, point, hazards.ground["rank"].to_numpy()[place])
    by_class = np.zeros((len(frame), len(hazards.names) + 1))
    hit = np.flatnonzero(rank >= 0)
    by_class[hit, rank[hit]] = 1.0
    unit = np.zeros(len(frame), dtype=np.int64)
    if units.frame is not None:
        inside, number = units.frame.sindex.query(shapes, predicate="intersects")
        unit[:] = units.outside
        np.minimum.at(unit, inside, number)
    size = np.ones(len(frame))
    pieces = pd.DataFrame({"unit": unit, "rank": rank, "size": size})
    return Measured(size, by_class, pieces, unit, "points")


def _cross(rows: Any, ranks: Any, sizes: Any, count: int, hazards: Hazards) -> NDArray[np.float64]:
    table = np.zeros((count, len(hazards.names) + 1))
    np.add.at(table, (rows, ranks), sizes)
    return table


def _with_rest(
    pieces: pd.DataFrame, sizes: NDArray[np.float64], by_class: NDArray[np.float64], unit: NDArray[np.int64]
) -> pd.DataFrame:
    rest = np.maximum(sizes - by_class.sum(axis=1), 0.0)
    return pd.concat([pieces, pd.DataFrame({"unit": unit, "rank": -1, "size": rest})], ignore_index=True)


def _main_unit(inside: pd.DataFrame, count: int, units: Units) -> NDArray[np.int64]:
    """Unit that holds most of each object; of equal ones the first."""
    unit = np.full(count, units.outside if units.frame is not None else 0, dtype=np.int64)
    best = inside.sort_values(["left_index", "area_m2", "right_index"], ascending=[True, False, True])
    best = best.drop_duplicates("left_index")
    unit[best["left_index"].to_numpy()] = best["right_index"].to_numpy()
    return unit
