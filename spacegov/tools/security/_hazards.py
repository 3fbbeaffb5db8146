"""Hazard classes as ground that is counted once: the severest wins, what nobody surveyed is a class of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadInput, BadPolicy, BadRaster, UnknownName, suggest
from spacegov.raster import Raster
from spacegov.tools.cells import polygons_of

NOT_COVERED = "not_covered"
NOT_EXPOSED = "not_exposed"


@dataclass(frozen=True)
class Hazards:
    """Ground by hazard class, without overlaps.

    Attributes
    ----------
    names : list of str
        Classes from mild to severe.
    ground : GeoDataFrame
        `rank` (0 for `not_covered`, then 1 and up from mild to severe) and polygons, one part a row.
    """

    names: list[str]
    ground: gpd.GeoDataFrame

    def name(self, rank: int) -> str:
        """Class of a rank; -1 is not exposed."""
        return NOT_EXPOSED if rank < 0 else NOT_COVERED if rank == 0 else self.names[rank - 1]

    @property
    def ranks(self) -> list[int]:
        """Every rank an object may have, mild to severe, then not covered."""
        return [-1, *range(1, len(self.names) + 1), 0]


def class_order(zones: gpd.GeoDataFrame, column: str, order: Sequence[str], rank: str | None) -> list[str]:
    """Order hazard classes from mild to severe.

    Parameters
    ----------
    zones : GeoDataFrame
        Hazard zones.
    column : str
        Column of the class.
    order : sequence of str
        The order, where stated.
    rank : str, optional
        Column whose number grows with severity.

    Raises
    ------
    UnknownName
        A class that the stated order does not name.
    BadInput
        Classes without any order, or a rank that says two things of one class.
    """
    classes = zones[column]
    if classes.isna().any():
        raise BadInput(
            f"hazard: {int(classes.isna().sum())} zones have no class in {column!r}; fill it, or leave them out"
        )
    present = [str(value) for value in classes.unique()]
    if order:
        for name in present:
            if name not in order:
                raise UnknownName(f"hazard: the class {name!r} is not in order; {suggest(name, order)}")
        return list(order)
    if rank is not None:
        ranks = zones.groupby(zones[column].astype(str))[rank].agg(["min", "max"])
        unclear = ranks[(ranks["min"] != ranks["max"]) | ranks["min"].isna()]
        if len(unclear) or ranks["min"].duplicated().any():
            raise BadInput(
                f"hazard: the column {rank!r} does not give every class one rank of its own; "
                "state the classes from mild to severe with order=…"
            )
        return [str(name) for name in ranks.sort_values("min").index]
    if pd.api.types.is_numeric_dtype(classes):
        return [str(value) for value in sorted(classes.unique())]
    if len(present) > 1:
        names = ", ".join(sorted(present))
        raise BadInput(
            f"hazard: nothing says which of the classes {names} is worse; state them from mild to severe with order=…"
        )
    return present


def from_zones(
    zones: gpd.GeoDataFrame,
    column: str,
    order: Sequence[str],
    rank: str | None,
    coverage: Mapping[str, gpd.GeoDataFrame],
    extent: tuple[float, float, float, float],
) -> Hazards:
    """Flatten hazard zones: the severest class wins, then what is not covered.

    Parameters
    ----------
    zones : GeoDataFrame
        Zones; rows whose `answer` is `not_covered` are ground that nobody surveyed.
    column, order, rank
        As for `class_order`.
    coverage : mapping
        Polygons where the layer is authoritative; empty for everywhere.
    extent : tuple of float
        Box that holds everything asked about.
    """
    missing = (
        zones["answer"].astype(str).eq(NOT_COVERED) if "answer" in zones.columns else pd.Series(False, zones.index)
    )
    missing |= zones[column].astype(str).eq(NOT_COVERED)
    surveyed = zones[~missing]
    names = class_order(surveyed, column, order, rank) if len(surveyed) else list(order)
    keys = surveyed[column].astype(str)
    ground = {
        number: shapely.union_all(surveyed.geometry[keys == name].to_numpy())
        for number, name in enumerate(names, start=1)
    }
    unknown = [shapely.union_all(zones.geometry[missing].to_numpy())] if missing.any() else []
    unknown += [
        shapely.difference(shapely.box(*extent), shapely.union_all(area.geometry.to_numpy()))
        for area in coverage.values()
    ]
    return _flatten(names, ground, shapely.union_all(unknown) if unknown else None, zones.crs)


def from_depth(depth: Raster, classes: pd.DataFrame | None, extent: tuple[float, float, float, float]) -> Hazards:
    """Draw depth classes around the cells of a depth raster; cells without data are not covered.

    Parameters
    ----------
    depth : Raster
        Depth in m; 0 is dry.
    classes : DataFrame
        Columns `class` and `from_m`.
    extent : tuple of float
        Box that holds everything asked about.
    """
    if classes is None:
        raise BadPolicy("depth was given without depth_classes; name a table such as flood-depth-2024")
    values = depth.values()
    known = np.isfinite(values)
    if (values[known] < 0).any():
        raise BadRaster(
            f"{depth.name}: {int((values[known] < 0).sum())} cells hold a negative depth, 0 or more is needed; "
            "mark them as nodata, or set dry cells to 0"
        )
    limits = classes["from_m"].to_numpy(dtype=np.float64)
    if not len(limits) or limits[0] != 0 or (np.diff(limits) <= 0).any():
        raise BadPolicy(
            f"depth_classes: the lower limits {limits.tolist()} were given, they must begin at 0 and rise; mend it"
        )
    names = [str(name) for name in classes["class"]]
    codes = np.zeros(depth.shape, dtype=np.int32)
    wet = known & (np.nan_to_num(values) > 0)
    codes[wet] = np.searchsorted(limits, values[wet], side="right")
    codes[~known] = len(names) + 1
    drawn = polygons_of(codes, depth, codes > 0)
    beyond = shapely.difference(shapely.box(*extent), shapely.box(*depth.bounds))
    # cells without data and the world outside the raster share borders and no ground
    unknown = shapely.union_all([beyond, *([drawn.pop(len(names) + 1)] if len(names) + 1 in drawn else [])])
    return _parts(names, drawn, unknown, depth.crs)


def _flatten(names: list[str], ground: dict[int, Any], unknown: Any, crs: Any) -> Hazards:
    flat: dict[int, Any] = {}
    worse: Any = None
    for rank in sorted(ground, reverse=True):
        shape = ground[rank]
        flat[rank] = shape if worse is None else shapely.difference(shape, worse)
        worse = shape if worse is None else shapely.union(worse, shape)
    if unknown is not None and worse is not None:
        unknown = shapely.difference(unknown, worse)
    return _parts(names, flat, unknown, crs)


def _parts(names: list[str], ground: dict[int, Any], unknown: Any, crs: Any) -> Hazards:
    shapes = {rank: ground[rank] for rank in sorted(ground)}
    if unknown is not None:
        shapes[0] = unknown
    ranks: list[int] = []
    parts: list[Any] = []
    for rank, shape in shapes.items():
        pieces = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
        pieces = [part for part in pieces if part.area > 0]
        ranks += [rank] * len(pieces)
        parts += pieces
    frame = gpd.GeoDataFrame({"rank": np.array(ranks, dtype=np.int64)}, geometry=gpd.GeoSeries(parts, crs=crs), crs=crs)
    return Hazards(names, frame)
