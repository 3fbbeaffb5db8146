"""Landscape metrics: how much of each land cover there is, in how many pieces, of what shape, how far apart."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadRaster
from spacegov.kinds import CodeRaster
from spacegov.ledger import balance, doubt, figure, progress
from spacegov.raster import Raster
from spacegov.tools.protection._nearest import nearest_neighbour_cells
from spacegov.tools.protection._patches import Patches, code_cells, patches_of

_HECTARE = 10_000.0
Neighbours = Literal[4, 8]


class LandscapeMetrics(NamedTuple):
    """Answer of `measure_landscape`."""

    classes: pd.DataFrame
    landscape: pd.DataFrame
    patches: pd.DataFrame
    patch_area: Raster


@checked(partition=None)
def measure_landscape(
    land_cover: CodeRaster, *, neighbours: Neighbours = 8, boundary: bool = False, nearest: bool = True
) -> LandscapeMetrics:
    """Measure the pattern of a land-cover map by the metrics of FRAGSTATS, version 4.

    Parameters
    ----------
    land_cover
        Codes on square cells; no data is background outside the landscape.
    neighbours
        8 joins cells that touch at a corner into one patch, 4 does not.
    boundary
        Whether the boundary of the landscape counts as edge in TE and ED.
    nearest
        Whether to measure distances to the nearest neighbour (ENN_MN), the longest part of the work.

    Returns
    -------
    classes : DataFrame
        One row for each code, in order.
        code : land cover
        area_m2 : area, m²
        ca (ha), pland (%), np, pd (per 100 ha), lpi (%), te (m), ed (m/ha), lsi, area_mn (ha), shape_mn, enn_mn (m),
        clumpy, ai (%), cohesion (%), mesh (ha) : FRAGSTATS's metrics under its names; missing where they have no value
    landscape : DataFrame
        One row.
        area_m2 : area of all classes, m²
        ta (ha), np, pd, lpi, te, ed, lsi, area_mn, shape_mn, enn_mn, contag (%), shdi, shei, ai, cohesion, mesh :
        as above
    patches : DataFrame
        patch (number, row by row from the north-west), code, area_m2 (m²), perimeter_m (m), shape, enn_m (m),
        x, y (a cell of it, in the raster's CRS)
    patch_area : Raster
        Area of the patch a cell belongs to, ha.

    Raises
    ------
    BadRaster
        Cells that are not square, values with fractions, no data at all.

    Notes
    -----
    Definitions of version 4, which differ from version 3 in CLUMPY, class LSI and SHAPE. Perimeters include sides
    towards background. LSI takes the whole landscape's boundary with the class's or all inner edges. CLUMPY compares
    G = gᵢᵢ/Σgᵢₖ (boundary included) with the class's share P. CONTAG and AI leave background out. ENN is measured
    between cell centres. Areas are in the plane of the grid, as FRAGSTATS has them.

    Cost: two passes over the cells, then the search for neighbours; memory about 10 bytes a cell.

    References
    ----------
    McGarigal, Cushman and Ene 2012, FRAGSTATS v4; He, DeZonia and Mladenoff 2000 on AI; Jaeger 2000 on MESH; Li and
    Reynolds 1993 on CONTAG; Schumaker 1996 on COHESION.

    Examples
    --------
    >>> from affine import Affine
    >>> cover = Raster.from_array([[1, 1, 1, 2], [1, 1, 2, 2], [3, 3, 1, 2], [3, 3, 2, 2]],
    ...                           Affine(10, 0, 500000, 0, -10, 3300000), 4549)
    >>> measure_landscape(cover).landscape[["np", "te", "contag", "shdi"]].round(4)
       np     te  contag    shdi
    0   3  100.0  9.9752  1.0822
    """
    side = _side(land_cover)
    cells, codes = code_cells(land_cover)
    progress(0.15, "patches")
    found = patches_of(cells, len(codes), neighbours)
    progress(0.4, "nearest neighbours")
    distance = np.full(len(found.cells), np.nan)
    if nearest:
        distance = nearest_neighbour_cells(cells, found, len(codes), neighbours)
    progress(0.9, "metrics")
    measures = _Measures(found, distance, codes, side)
    balance(float(np.count_nonzero(cells)), float(measures.size.sum()), what="cells of patches")
    classes, landscape = measures.classes(boundary), measures.landscape(boundary)
    _report(landscape, classes, found, nearest)
    area = (found.cells * (side * side / _HECTARE)).astype(np.float32)
    area[0] = np.nan
    raster = land_cover.like(area[found.labels], layer="patch-area", unit="ha")
    return LandscapeMetrics(classes, landscape, measures.patches(land_cover), raster)


def _side(raster: Raster) -> float:
    width, height = raster.cell_size
    if abs(width - height) > 1e-6 * width:
        raise BadRaster(
            f"{raster.name}: cells of {width:g} m by {height:g} m were given, square cells are needed; "
            "resample with gdalwarp -tr"
        )
    return width


def _report(landscape: pd.DataFrame, classes: pd.DataFrame, found: Patches, nearest: bool) -> None:
    row = landscape.iloc[0]
    figure("area_m2", row["area_m2"])
    figure("patches", row["np"])
    figure("diversity", row["shdi"])
    figure("largest_patch_share", row["lpi"] / 100)
    figure("classes", len(classes))
    single = int((found.cells[1:] == 1).sum())
    if single > 0.5 * (len(found.cells) - 1):
        doubt(
            f"{single} of {len(found.cells) - 1} patches are single cells; the pattern may be the noise of the "
            "classification, think of a smallest mapping unit before"
        )
    if nearest and classes["np"].eq(1).all():
        doubt("no class has two patches, so there is no distance to a nearest neighbour")


def _ratio(upper: Any, lower: Any) -> NDArray[np.float64]:
    """Divide; nothing over nothing has no value."""
    top, bottom = np.asarray(upper, dtype=np.float64), np.asarray(lower, dtype=np.float64)
    answer: NDArray[np.float64] = np.full(np.broadcast(top, bottom).shape, np.nan)
    np.divide(top, bottom, out=answer, where=bottom != 0)
    return answer


def _most_adjacent(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest number of like sides, each counted once, that so many cells can have."""
    n = np.floor(np.sqrt(cells))
    rest = cells - n * n
    more = np.where(rest == 0, 0, np.where(rest <= n, 2 * rest - 1, 2 * rest - 2))
    return np.asarray(2 * n * (n - 1) + more, dtype=np.float64)


def _cohesion(perimeter: Any, weighted: Any, total: float) -> NDArray[np.float64]:
    if total <= 1:
        return np.full(np.shape(perimeter), np.nan)
    return np.asarray(100 * (1 - _ratio(perimeter, weighted)) / (1 - 1 / np.sqrt(total)), dtype=np.float64)


class _Measures:
    """Patches as numbers of cells, from which all metrics follow."""

    def __init__(self, found: Patches, distance: NDArray[np.float64], codes: NDArray[np.int64], side: float) -> None:
        self.codes, self.side = codes, side
        self.of = found.class_of[1:] - 1
        self.size = found.cells[1:].astype(np.float64)
        self.perimeter = found.perimeter[1:].astype(np.float64)
        self.first = found.first[1:]
        self.distance = distance[1:] * side
        self.shape = 0.25 * self.perimeter / np.sqrt(self.size)
        self.sides = found.sides.astype(np.float64)
        self.cells = self._sum(self.size)
        self.total = float(self.cells.sum())
        self.ground = self.total * side * side
        inner = self.sides[1:, 1:]
        self.like = np.diag(inner)
        self.edge = (inner.sum(axis=1) - self.like) * side
        self.rim = self.sides[1:, 0] * side

    def _sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(self.of, values, minlength=len(self.codes)), dtype=np.float64)

    def _clumpiness(self) -> NDArray[np.float64]:
        share = self.cells / self.total
        like = _ratio(self.like, self.sides[1:].sum(axis=1))
        lower = (like < share) & (share < 0.5)
        return np.asarray(
            np.where(lower, _ratio(like - share, share), _ratio(like - share, 1 - share)), dtype=np.float64
        )

    def _aggregation(self) -> NDArray[np.float64]:
        return 100 * _ratio(self.like / 2, _most_adjacent(self.cells))

    def _contagion(self) -> float:
        count = len(self.codes)
        if count < 2:
            return float("nan")
        inner = self.sides[1:, 1:]
        q = (self.cells / self.total)[:, None] * _ratio(inner, inner.sum(axis=1)[:, None])
        q = q[q > 0]
        return float(100 * (1 + (q * np.log(q)).sum() / (2 * np.log(count))))

    def classes(self, boundary: bool) -> pd.DataFrame:
        """One row for each class."""
        area = self.cells * self.side**2
        hectares = area / _HECTARE
        patches = np.bincount(self.of, minlength=len(self.codes))
        largest = np.zeros(len(self.codes))
        np.maximum.at(largest, self.of, self.size)
        edge = self.edge + (self.rim if boundary else 0.0)
        apart = np.isfinite(self.distance)
        ground = self.ground / _HECTARE
        return pd.DataFrame(
            {
                "code": self.codes,
                "area_m2": area,
                "ca": hectares,
                "pland": 100 * self.cells / self.total,
                "np": patches,
                "pd": 100 * patches / ground,
                "lpi": 100 * largest / self.total,
                "te": edge,
                "ed": edge / ground,
                "lsi": 0.25 * (self.rim.sum() + self.edge) / np.sqrt(self.ground),
                "area_mn": hectares / patches,
                "shape_mn": self._sum(self.shape) / patches,
                "enn_mn": _ratio(self._sum(np.where(apart, self.distance, 0)), self._sum(apart.astype(np.float64))),
                "clumpy": self._clumpiness(),
                "ai": self._aggregation(),
                "cohesion": _cohesion(
                    self._sum(self.perimeter), self._sum(self.perimeter * np.sqrt(self.size)), self.total
                ),
                "mesh": self._sum(self.size**2) * self.side**2 / self.total / _HECTARE,
            }
        )

    def landscape(self, boundary: bool) -> pd.DataFrame:
        """One row."""
        share = self.cells / self.total
        patches, ground = len(self.size), self.ground / _HECTARE
        inner = float(self.edge.sum()) / 2
        rim = float(self.rim.sum())
        edge = inner + (rim if boundary else 0.0)
        diversity = -float((share * np.log(share)).sum()) + 0.0
        aggregation = self._aggregation()
        apart = self.distance[np.isfinite(self.distance)]
        return pd.DataFrame(
            {
                "area_m2": [self.ground],
                "ta": [ground],
                "np": [patches],
                "pd": [100 * patches / ground],
                "lpi": [100 * float(self.size.max()) / self.total],
                "te": [edge],
                "ed": [edge / ground],
                "lsi": [0.25 * (rim + inner) / np.sqrt(self.ground)],
                "area_mn": [ground / patches],
                "shape_mn": [float(self.shape.mean())],
                "enn_mn": [float(apart.mean()) if len(apart) else float("nan")],
                "contag": [self._contagion()],
                "shdi": [diversity],
                "shei": [diversity / np.log(len(share)) if len(share) > 1 else 0.0],
                "ai": [float(np.nansum(aggregation * share)) if np.isfinite(aggregation).any() else float("nan")],
                "cohesion": _cohesion(
                    [self.perimeter.sum()], [(self.perimeter * np.sqrt(self.size)).sum()], self.total
                ),
                "mesh": [float((self.size**2).sum()) * self.side**2 / self.total / _HECTARE],
            }
        )

    def patches(self, raster: Raster) -> pd.DataFrame:
        """One row for each patch."""
        row, column = np.divmod(self.first, raster.shape[1])
        place = raster.transform
        return pd.DataFrame(
            {
                "patch": np.arange(1, len(self.size) + 1),
                "code": self.codes[self.of],
                "area_m2": self.size * self.side**2,
                "perimeter_m": self.perimeter * self.side,
                "shape": self.shape,
                "enn_m": self.distance,
                "x": place.c + (column + 0.5) * place.a,
                "y": place.f + (row + 0.5) * place.e,
            }
        )
