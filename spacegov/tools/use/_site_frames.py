"""The tables of a choice of sites on a grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.kinds import AreaBasis
from spacegov.raster import Raster
from spacegov.tools.cells import cell_areas, polygons_of
from spacegov.tools.overlay import areas_of
from spacegov.tools.use._growing import Grown
from spacegov.tools.use._site_ground import Criterion

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SITES = {
    "site": "str",
    "rank": "int64",
    "answer": "str",
    "score": "float64",
    "area_m2": "float64",
    "elongation": "float64",
    "strongest": "str",
    "weakest": "str",
    "rank_best": "int64",
    "rank_worst": "int64",
    "rank_kept": "float64",
    "unchecked": "str",
}
_REASONS = {
    "site": "str",
    "criterion": "str",
    "value": "float64",
    "score": "float64",
    "weight": "float64",
    "contribution": "float64",
}
_CRITERIA = {
    "criterion": "str",
    "measure": "str",
    "worst": "float64",
    "best": "float64",
    "weight": "float64",
    "source": "str",
}
_RULES = {
    "layer": "str",
    "reason": "str",
    "distance_m": "float64",
    "answer": "str",
    "excluded_m2": "float64",
    "source": "str",
}
_STABILITY = {"criterion": "str", "change": "float64", "site": "str", "score": "float64", "rank": "int64"}


class SiteAnswer(NamedTuple):
    """Answer of `select_sites`."""

    sites: gpd.GeoDataFrame
    reasons: pd.DataFrame
    criteria: pd.DataFrame
    rules: pd.DataFrame
    stability: pd.DataFrame


@dataclass
class Surface:
    """The land as cells: those that are free, what rules took and could not be asked, measures and scores."""

    grid: Raster
    free: Flags
    rules: list[dict[str, Any]] = field(default_factory=list)
    unchecked: list[tuple[str, Flags]] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    scores: list[Floats] = field(default_factory=list)
    _areas: dict[str, Floats] = field(default_factory=dict)

    def _cell_areas(self, area_basis: AreaBasis) -> Floats:
        if area_basis not in self._areas:
            self._areas[area_basis] = cell_areas(self.grid, area_basis)
        return self._areas[area_basis]

    def area_of(self, cells: Flags, area_basis: AreaBasis) -> float:
        """Area of cells in m²."""
        return float(self._cell_areas(area_basis)[cells].sum())

    def smallest_cell(self, area_basis: AreaBasis) -> float:
        """Area of the smallest cell in m²."""
        return float(self._cell_areas(area_basis).min())

    def outline(self, cells: NDArray[np.int64]) -> Any:
        """Polygon around cells."""
        row, column = np.divmod(cells, self.grid.shape[1])
        top, left = int(row.min()), int(column.min())
        marked = np.zeros((int(row.max()) - top + 1, int(column.max()) - left + 1), dtype=np.uint8)
        marked[row - top, column - left] = 1
        t = self.grid.transform
        part = Raster.from_array(marked, t @ t.translation(left, top), self.grid.crs)
        return polygons_of(marked, part, marked == 1)[1]

    def elongation(self, cells: NDArray[np.int64]) -> float:
        """Longest over shortest side of the rectangle around cells."""
        corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(self.outline(cells)))
        sides = np.hypot(*np.diff(corners[:3], axis=0).T)
        return float(sides.max() / sides.min())


def site_answer(
    surface: Surface,
    wishes: list[Criterion],
    shares: Floats,
    found: list[Grown],
    change: float,
    area_basis: AreaBasis,
) -> SiteAnswer:
    """Rank sites, give the reasons, and change one weight after the other."""
    names = [str(number) for number in range(1, len(found) + 1)]
    values = np.array([[own.ravel()[site.cells].mean() for own in surface.values] for site in found])
    scores = np.array([[own.ravel()[site.cells].mean() for own in surface.scores] for site in found])
    values, scores = (part.reshape(len(found), len(wishes)) for part in (values, scores))
    stability = _stability(wishes, shares, scores, names, change)
    reasons = pd.DataFrame(
        [
            (
                name,
                wish.name,
                values[row, column],
                scores[row, column],
                shares[column],
                scores[row, column] * shares[column],
            )
            for row, name in enumerate(names)
            for column, wish in enumerate(wishes)
        ],
        columns=list(_REASONS),
    ).astype(_REASONS)
    criteria = pd.DataFrame(
        [
            (wish.name, wish.measure, wish.worst, wish.best, share, wish.source)
            for wish, share in zip(wishes, shares.tolist(), strict=True)
        ],
        columns=list(_CRITERIA),
    ).astype(_CRITERIA)
    rules = pd.DataFrame(surface.rules, columns=list(_RULES)).astype(_RULES)
    sites = _sites(surface, wishes, shares, found, names, scores, stability, area_basis)
    return SiteAnswer(sites, reasons, criteria, rules, stability)


def _sites(
    surface: Surface,
    wishes: list[Criterion],
    shares: Floats,
    found: list[Grown],
    names: list[str],
    scores: Floats,
    stability: pd.DataFrame,
    area_basis: AreaBasis,
) -> gpd.GeoDataFrame:
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [surface.outline(site.cells) for site in found]
    rows = []
    for number, (name, site) in enumerate(zip(names, found, strict=True)):
        own = stability[stability["site"] == name]["rank"]
        unchecked = sorted({layer for layer, cells in surface.unchecked if cells.ravel()[site.cells].any()})
        # what a criterion adds less than it could, or more
        gain = scores[number] * shares
        loss = (1 - scores[number]) * shares
        rows.append(
            {
                "site": name,
                "rank": number + 1,
                "answer": "not_covered" if unchecked else "present",
                "score": site.score,
                "elongation": surface.elongation(site.cells),
                "strongest": wishes[int(np.argmax(gain))].name,
                "weakest": wishes[int(np.argmax(loss))].name if loss.max() > 0 else "",
                "rank_best": int(min(own.min(), number + 1)) if len(own) else number + 1,
                "rank_worst": int(max(own.max(), number + 1)) if len(own) else number + 1,
                "rank_kept": float((own == number + 1).mean()) if len(own) else 1.0,
                "unchecked": ", ".join(unchecked),
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in _SITES if name != "area_m2"])
    table["area_m2"] = areas_of(shapes, surface.grid.crs, area_basis)
    return gpd.GeoDataFrame(table[list(_SITES)].astype(_SITES), geometry=shapes, crs=surface.grid.crs)


def _stability(
    wishes: list[Criterion], shares: Floats, scores: Floats, names: list[str], change: float
) -> pd.DataFrame:
    rows = []
    for position, wish in enumerate(wishes):
        for moved in (-change, change):
            totals = scores @ shifted(shares, position, moved)
            # of equal sites the one that was better stays before
            order = np.argsort(-totals.round(12), kind="stable")
            rank = np.empty(len(names), dtype=np.int64)
            rank[order] = np.arange(1, len(names) + 1)
            rows += [
                (wish.name, moved, name, float(total), int(place))
                for name, total, place in zip(names, totals, rank, strict=True)
            ]
    return pd.DataFrame(rows, columns=list(_STABILITY)).astype(_STABILITY)


def shifted(shares: Floats, position: int, change: float) -> Floats:
    """Weights with one changed by a share of itself, and the others in proportion so that they sum to 1.

    Examples
    --------
    >>> shifted(np.array([0.5, 0.3, 0.2]), 0, 0.2).round(2).tolist()
    [0.6, 0.24, 0.16]
    """
    moved, rest = min(float(shares[position]) * (1 + change), 1.0), 1.0 - float(shares[position])
    if rest <= 0:
        return shares.copy()
    others = shares * ((1.0 - moved) / rest)
    others[position] = moved
    return np.asarray(others, dtype=np.float64)
