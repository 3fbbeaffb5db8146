"""Ecological corridors: the ways of least resistance between habitats, and how much each habitat holds together."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, BadRaster
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons, Share
from spacegov.kinds import Raster as RasterInput
from spacegov.ledger import doubt, figure, progress
from spacegov.raster import Raster
from spacegov.tools.foundation._records import record_names
from spacegov.tools.protection._connectivity import importance, integral_index, probability_index

Positive = Annotated[float, Field(gt=0)]


class Corridors(NamedTuple):
    """Answer of `trace_ecological_corridors`."""

    corridors: gpd.GeoDataFrame
    sources: gpd.GeoDataFrame
    indices: pd.DataFrame


@checked(partition=None)
def trace_ecological_corridors(
    sources: Polygons,
    land_cover: RasterInput,
    *,
    resistance: Annotated[pd.DataFrame, PolicyKind(("code", "resistance"))],
    source: Annotated[str | None, ColumnOf("sources")] = None,
    max_cost: Positive,
    probability: Annotated[Share, Field(gt=0, lt=1)] = 0.5,
    area_basis: AreaBasis = "plane",
) -> Corridors:
    """Trace the ways of least resistance between habitats and measure how well they are connected.

    Parameters
    ----------
    sources
        Habitats between which animals move.
    land_cover
        Codes of the ground between them, on square cells.
    resistance
        Resistance of each code, above 0; codes that are not listed or have no value are barriers.
    source
        Column that names the habitats; their key without it.
    max_cost
        Cost up to which two habitats are linked, in metres of resistance 1.
    probability
        Probability of a move at `max_cost`; it falls off exponentially with cost.
    area_basis
        How areas are measured.

    Returns
    -------
    corridors : GeoDataFrame
        One row for each pair of habitats. from, to : names, in the order given; status : `linked` (within `max_cost`),
        `far`, `no-path` (barriers on every way), `touching`; cost (m of resistance 1), length_m (m), probability,
        geometry : line between cell centres, empty without a path
    sources : GeoDataFrame
        source, area_m2 (m²), links (number), d_iic, d_pc : shares of IIC and PC lost without it; geometry
    indices : DataFrame
        One row. habitats, links, iic, pc : over the area of the sources; area_m2

    Raises
    ------
    BadInput
        Fewer than two habitats, names that repeat, a habitat without a cell of the raster.
    BadPolicy
        A resistance that is not above 0, a code listed twice.
    BadRaster
        Cells that are not square.

    Notes
    -----
    A step costs its length times the mean resistance of both cells, to eight neighbours (Dijkstra). Cells of a
    habitat are left without cost from their own habitat. IIC = ΣΣ aᵢaⱼ/(1 + nlᵢⱼ)/A², PC = ΣΣ aᵢaⱼp*ᵢⱼ/A², with A the
    area of all sources and p* the most probable path over any number of links. Cost: one run over the raster for each
    habitat.

    References
    ----------
    Pascual-Hortal and Saura 2006, Landscape Ecology 21; Saura and Pascual-Hortal 2007, Landscape and Urban Planning
    83; Adriaensen et al. 2003 on least-cost modelling.

    Examples
    --------
    >>> from affine import Affine
    >>> cover = Raster.from_array(np.ones((3, 9), dtype=int), Affine(10, 0, 500000, 0, -10, 3300000), 4549)
    >>> woods = gpd.GeoDataFrame({"id": ["a", "b"]}, crs=4549,
    ...     geometry=[shapely.box(500000, 3299970, 500010, 3300000), shapely.box(500080, 3299970, 500090, 3300000)])
    >>> ease = pd.DataFrame({"code": [1], "resistance": [2.0]})
    >>> answer = trace_ecological_corridors(woods, cover, resistance=ease, source="id", max_cost=500)
    >>> answer.corridors[["status", "cost", "length_m"]].to_numpy().tolist()
    [['linked', 160.0, 80.0]]
    """
    names = record_names(sources, source)
    if len(names) < 2 or len(set(names)) < len(names):
        raise BadInput(
            f"sources: {len(names)} habitats with {len(set(names))} names were given, two or more with a name each are "
            "needed; give another layer or column"
        )
    cost = _resistance(land_cover, resistance)
    cells = _cells_of(sources, land_cover, names)
    areas = np.asarray(polygon_areas(sources, area_basis=area_basis), dtype=np.float64)
    count = len(names)
    linked: NDArray[np.bool_] = np.zeros((count, count), dtype=bool)
    chance = np.zeros((count, count))
    rows: list[dict[str, Any]] = []
    lines: list[Any] = []
    for first in range(count - 1):
        progress(first / count, "corridors")
        for second, found, path in _paths(cost, cells, first, land_cover):
            status = (
                "no-path" if path is None else "touching" if not found else "linked" if found <= max_cost else "far"
            )
            odds = 0.0 if path is None else float(probability ** (found / max_cost))
            if status in ("linked", "touching"):
                linked[first, second] = linked[second, first] = True
                chance[first, second] = chance[second, first] = odds
            line = shapely.LineString() if path is None or len(path) < 2 else shapely.LineString(path)
            rows.append(
                {
                    "from": names[first],
                    "to": names[second],
                    "status": status,
                    "cost": np.nan if path is None else found,
                    "length_m": np.nan if path is None else line.length,
                    "probability": odds,
                }
            )
            lines.append(line)
    corridors = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=lines, crs=sources.crs)
    total = float(areas.sum()) ** 2
    d_iic, d_pc = importance(areas, linked, chance)
    patches = gpd.GeoDataFrame(
        {"source": names, "area_m2": areas, "links": linked.sum(axis=1), "d_iic": d_iic, "d_pc": d_pc},
        geometry=sources.geometry.to_numpy(),
        crs=sources.crs,
    )
    iic, pc = integral_index(areas, linked) / total, probability_index(areas, chance) / total
    links = int(linked.sum()) // 2
    table = pd.DataFrame(
        {"habitats": [count], "links": [links], "iic": [iic], "pc": [pc], "area_m2": [float(areas.sum())]}
    )
    for name, value in (("habitats", count), ("links", links), ("iic", iic), ("pc", pc)):
        figure(name, value)
    figure("linked_length_m", float(corridors.loc[corridors["status"] == "linked", "length_m"].sum()))
    blocked = corridors[corridors["status"] == "no-path"]
    if len(blocked):
        doubt(f"{len(blocked)} pairs of habitats have no way between them that is free of barriers or unknown ground")
    return Corridors(corridors, patches, table)


def _resistance(land_cover: Raster, table: pd.DataFrame) -> NDArray[np.float64]:
    width, height = land_cover.cell_size
    if abs(width - height) > 1e-6 * width:
        raise BadRaster(
            f"{land_cover.name}: cells of {width:g} m by {height:g} m were given, square cells are needed; "
            "resample with gdalwarp -tr"
        )
    values = table["resistance"].to_numpy(dtype=np.float64)
    if table["code"].duplicated().any() or (values <= 0).any():
        raise BadPolicy("resistance: a code is listed twice or its resistance is not above 0; give one above 0 to each")
    codes, known = land_cover.read_codes()
    answer = np.full(codes.shape, -1.0)
    for code, value in zip(table["code"].astype(int), values, strict=True):
        if np.isfinite(value):
            answer[known & (codes == code)] = value
    return answer


def _cells_of(sources: gpd.GeoDataFrame, raster: Raster, names: NDArray[Any]) -> list[NDArray[np.int64]]:
    from rasterio.features import rasterize

    found = []
    for name, shape in zip(names, sources.geometry, strict=True):
        burnt = rasterize([shape], out_shape=raster.shape, transform=raster.transform, all_touched=True, dtype="uint8")
        cells = np.argwhere(burnt)
        if not len(cells):
            raise BadInput(f"sources: habitat {name!r} lies off {raster.name}; give a raster that covers all habitats")
        found.append(cells)
    return found


def _paths(cost: NDArray[np.float64], cells: list[NDArray[np.int64]], first: int, raster: Raster) -> Any:
    """Least cost and path from one habitat to each later one."""
    from skimage.graph import MCP_Geometric

    # habitat itself can be left and entered whatever its cover
    ground = cost.copy()
    for own in cells:
        inside = ground[own[:, 0], own[:, 1]]
        ground[own[:, 0], own[:, 1]] = np.where(inside < 0, 1.0, inside)
    solver = MCP_Geometric(ground)
    reached, _ = solver.find_costs([tuple(cell) for cell in cells[first].tolist()])
    place, side = raster.transform, raster.cell_size[0]
    for second in range(first + 1, len(cells)):
        ends = cells[second]
        values = reached[ends[:, 0], ends[:, 1]]
        best = int(np.argmin(values))
        if not np.isfinite(values[best]):
            yield second, np.inf, None
            continue
        steps = np.asarray(solver.traceback(tuple(ends[best].tolist())), dtype=np.float64)
        path = np.column_stack([place.c + (steps[:, 1] + 0.5) * place.a, place.f + (steps[:, 0] + 0.5) * place.e])
        yield second, float(values[best]) * side, path
