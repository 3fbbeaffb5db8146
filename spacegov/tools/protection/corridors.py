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
from spacegov.kinds import AreaBasis, CodeRaster, ColumnOf, PolicyKind, Polygons, Share
from spacegov.ledger import doubt, figure
from spacegov.raster import Raster
from spacegov.tools.cells import polygons_of
from spacegov.tools.foundation._records import answer_frame, record_names
from spacegov.tools.protection._connectivity import importance, integral_index, probability_index
from spacegov.tools.protection._links import Link, links_between, window_transform

Positive = Annotated[float, Field(gt=0)]


class Corridors(NamedTuple):
    """Answer of `trace_ecological_corridors`."""

    corridors: gpd.GeoDataFrame
    sources: gpd.GeoDataFrame
    indices: pd.DataFrame
    pinch_points: gpd.GeoDataFrame


@checked(partition=None)
def trace_ecological_corridors(
    sources: Polygons,
    land_cover: CodeRaster,
    *,
    resistance: Annotated[pd.DataFrame, PolicyKind(("code", "resistance"))],
    source: Annotated[str | None, ColumnOf("sources")] = None,
    max_cost: Positive,
    probability: Annotated[Share, Field(gt=0, lt=1)] = 0.5,
    detour: Share = 0.05,
    pinch: Annotated[Share, Field(gt=0)] = 0.5,
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
    detour
        How much dearer than the least, as a share, the ways are that count to a corridor.
    pinch
        Share of the flow between two habitats that passes through a pinch point at least.
    area_basis
        How areas are measured.

    Returns
    -------
    corridors : GeoDataFrame
        One row for each pair of habitats. from, to : names, in the order given; status : `linked` (within `max_cost`),
        `far` (a way, but dearer), `no-path` (barriers on every way), `touching`; cost (m of resistance 1), length_m
        (m), probability (0 unless linked), pinch_points (number), narrowest (largest share of the flow through one
        cell), geometry : line between cell centres; cost, length and line are empty unless linked
    sources : GeoDataFrame
        source, area_m2 (m²), links (number), d_iic, d_pc : shares of IIC and PC lost without it; geometry
    indices : DataFrame
        One row. habitats, links, iic, pc : over the area of the sources; area_m2
    pinch_points : GeoDataFrame
        from, to; flow : largest share of the flow; cells, area_m2 (m²), geometry : cells that hang together

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
    A step costs its length times the mean resistance of both cells, to eight neighbours (Dijkstra), and nothing is
    looked for beyond `max_cost`. Cells of a habitat are left without cost from their own habitat. IIC =
    ΣΣ aᵢaⱼ/(1 + nlᵢⱼ)/A², PC = ΣΣ aᵢaⱼp*ᵢⱼ/A², with A the area of all sources and p* the most probable path over any
    number of links. A corridor is the ground of all ways up to `detour` dearer than the least; the flow through it is
    a current between both habitats over conductors between neighbouring cells. Cost: one run over the cells within
    `max_cost` for each habitat and link, and a sparse solution for each corridor.

    References
    ----------
    Pascual-Hortal and Saura 2006, Landscape Ecology 21; Saura and Pascual-Hortal 2007, Landscape and Urban Planning
    83; Adriaensen et al. 2003 on least-cost modelling; McRae et al. 2008, Ecology 89, on currents.

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
    cells = _cells_of(sources, land_cover, names)
    ground = _entered(_resistance(land_cover, resistance), cells)
    areas = np.asarray(polygon_areas(sources, area_basis=area_basis), dtype=np.float64)
    count = len(names)
    linked: NDArray[np.bool_] = np.zeros((count, count), dtype=bool)
    chance = np.zeros((count, count))
    found: list[Link] = []
    for link in links_between(ground, cells, max_cost / land_cover.cell_size[0], detour):
        found.append(link)
        if link.cost is not None:
            linked[link.start, link.to] = linked[link.to, link.start] = True
            odds = probability ** (link.cost * land_cover.cell_size[0] / max_cost)
            chance[link.start, link.to] = chance[link.to, link.start] = odds
    squeezed = _pinch_points(found, names, pinch, land_cover, area_basis)
    corridors = _corridors(found, names, chance, squeezed, land_cover)
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
    figure("pinch_points", len(squeezed))
    figure("linked_length_m", float(corridors.loc[corridors["status"] == "linked", "length_m"].sum()))
    blocked = corridors[corridors["status"] == "no-path"]
    if len(blocked):
        doubt(f"{len(blocked)} pairs of habitats have no way between them that is free of barriers or unknown ground")
    return Corridors(corridors, patches, table, squeezed)


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
    passable = {int(code) for code, value in zip(table["code"], values, strict=True) if np.isfinite(value)}
    closed = sorted(set(np.unique(codes[known]).tolist()) - passable)
    if closed:
        doubt(f"land cover {', '.join(map(str, closed))} has no resistance in the table and is a barrier", "land_cover")
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


def _entered(ground: NDArray[np.float64], cells: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Let habitats be left and entered whatever their cover."""
    for own in cells:
        inside = ground[own[:, 0], own[:, 1]]
        ground[own[:, 0], own[:, 1]] = np.where(inside < 0, 1.0, inside)
    return ground


def _corridors(
    links: list[Link], names: NDArray[Any], chance: NDArray[np.float64], squeezed: gpd.GeoDataFrame, raster: Raster
) -> gpd.GeoDataFrame:
    side = raster.cell_size[0]
    lines = [_line(link.way, raster) for link in links]
    pinched = squeezed.groupby(["from", "to"]).size().to_dict() if len(squeezed) else {}
    rows = {
        "from": ([names[link.start] for link in links], "str"),
        "to": ([names[link.to] for link in links], "str"),
        "status": ([link.status for link in links], "str"),
        "cost": ([np.nan if link.cost is None else link.cost * side for link in links], "float64"),
        "length_m": (
            [np.nan if link.cost is None else line.length for link, line in zip(links, lines, strict=True)],
            "float64",
        ),
        "probability": ([chance[link.start, link.to] for link in links], "float64"),
        "pinch_points": ([pinched.get((names[link.start], names[link.to]), 0) for link in links], "int64"),
        "narrowest": ([np.nan if link.flow is None else float(link.flow.max()) for link in links], "float64"),
    }
    return answer_frame(rows, lines, raster.crs)


def _line(way: NDArray[np.int64] | None, raster: Raster) -> Any:
    if way is None or len(way) < 2:
        return shapely.LineString()
    place = raster.transform
    return shapely.LineString(
        np.column_stack([place.c + (way[:, 1] + 0.5) * place.a, place.f + (way[:, 0] + 0.5) * place.e])
    )


def _pinch_points(
    links: list[Link], names: NDArray[Any], pinch: float, raster: Raster, area_basis: AreaBasis
) -> gpd.GeoDataFrame:
    """Cells through which much of the flow between two habitats passes, those that hang together as one."""
    from scipy.ndimage import label, maximum

    rows: list[tuple[Any, Any, float, int]] = []
    shapes: list[Any] = []
    for link in links:
        if link.flow is None:
            continue
        groups, count = label(link.flow >= pinch - 1e-9, structure=np.ones((3, 3)))
        if not count:
            continue
        part = Raster.from_array(groups, window_transform(link.corner, raster), raster.crs)
        drawn = polygons_of(groups, part, groups > 0)
        largest = maximum(link.flow, groups, np.arange(1, count + 1))
        sizes = np.bincount(groups.ravel(), minlength=count + 1)[1:]
        for number in range(1, count + 1):
            rows.append((names[link.start], names[link.to], float(largest[number - 1]), int(sizes[number - 1])))
            shapes.append(drawn[number])
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    frame = answer_frame(
        {
            "from": (list(columns[0]), "str"),
            "to": (list(columns[1]), "str"),
            "flow": (list(columns[2]), "float64"),
            "cells": (list(columns[3]), "int64"),
        },
        shapes,
        raster.crs,
    )
    areas = polygon_areas(frame, area_basis=area_basis, trusted=True) if len(frame) else np.zeros(0)
    frame.insert(4, "area_m2", np.asarray(areas, dtype=np.float64))
    return frame
