"""Floods: how deep water stands, and where it can get to."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from spacegov import numbers
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis, Features, PolicyKind, ValueRaster
from spacegov.ledger import balance, doubt, figure, progress
from spacegov.raster import Raster
from spacegov.tools.cells import cell_areas, cells_under, polygons_of
from spacegov.tools.security._hydrology import drain, edge_cells, height_above_drainage

Side = Literal["west", "east", "north", "south"]
Height = Annotated[float, Field(json_schema_extra={"unit": "m"})]

_COLUMNS = ("class", "answer", "depth_from_m", "depth_to_m", "depth_mean_m", "area_m2", "volume_m3", "edge_length_m")


class Flood(NamedTuple):
    """Answer of `map_flood`."""

    zones: gpd.GeoDataFrame
    depth: Raster


@checked(partition=None)
def map_flood(
    terrain: ValueRaster,
    source: Features | None = None,
    *,
    stage: Height,
    classes: Annotated[pd.DataFrame, PolicyKind(("class", "from_m"))],
    method: Literal["level", "hand"] = "level",
    sides: tuple[Side, ...] = (),
    neighbours: Literal[4, 8] = 8,
    area_basis: AreaBasis = "plane",
) -> Flood:
    """Map the depth of water that is connected with its source.

    Parameters
    ----------
    terrain
        Digital elevation model, metres; cells without data are not answered, never dry.
    source
        Where the water comes from: river or shore lines, water bodies, or points.
    stage
        Method `level`: height of the water surface in the terrain's own datum. Method `hand`: height of the water
        above the ground of the source, the same along it.
    classes
        Depth classes: name and lower limit; the first begins at 0.
    method
        `level` floods at one water surface, as from a lake, a reservoir or the sea. `hand` follows the fall of a river:
        depth is the stage less the height above the source cell that a place drains to.
    sides
        Sides of the terrain from which water comes in; with method `level` only.
    neighbours
        Whether water passes between cells by their corners (8) or by their sides only (4); with method `level` only.
    area_basis
        How areas and volumes are measured.

    Returns
    -------
    zones : GeoDataFrame
        class : depth class, or `not_covered`
        answer : `present` (flooded) or `not_covered` (no terrain there, or draining off the map before any source)
        depth_from_m, depth_to_m : limits of the class, m
        depth_mean_m : mean depth, m
        area_m2 : area, m²
        volume_m3 : water, m³
        edge_length_m : length of the class along the edge of the known terrain, m
        sorted from shallow to deep, `not_covered` last.
    depth : Raster
        Depth in m; 0 is dry, NaN is not answered.

    Raises
    ------
    BadInput
        Without a source and sides, or where the source lies outside the terrain.
    BadPolicy
        Depth classes that do not begin at 0 or do not rise.

    Notes
    -----
    `level`: cells below the stage, labelled by connected component; those with a source or an open side are wet, so a
    basin behind a ridge stays dry. A source over cells without data wets the cells beside it. `hand`: directions by
    priority flood and D8; a place is wet where the *highest* ground on its way to the source lies below the stage.
    Water standing at the edge of the terrain may go on outside: its length is given and a doubt raised. Neither method
    knows time, flow or defences narrower than a cell. Not split over machines, since connection has no bound. Memory
    about 80 bytes a cell.

    References
    ----------
    Poulter and Halpin 2008, Raster modelling of coastal flooding from sea-level rise, IJGIS 22. Nobre et al. 2011,
    Height Above the Nearest Drainage, Journal of Hydrology 404.

    Examples
    --------
    >>> from affine import Affine
    >>> land = Raster.from_array([[2.0, 3.0, 5.0, 1.0, 6.0]], Affine(10, 0, 500000, 0, -10, 3300010), "EPSG:4549")
    >>> steps = pd.DataFrame({"class": ["shallow", "deep"], "from_m": [0.0, 1.5]})
    >>> import warnings; warnings.simplefilter("ignore")  # the water reaches the edge of this small terrain
    >>> answer = map_flood(land, stage=4, classes=steps, sides=("west",))
    >>> answer.depth.read()
    array([[2., 1., 0., 0., 0.]])
    >>> answer.zones[["class", "area_m2", "volume_m3"]]
         class  area_m2  volume_m3
    0  shallow    100.0      100.0
    1     deep    100.0      200.0
    """
    names, limits = _classes(classes)
    heights = terrain.values()
    seeds = _seeds(terrain, source, sides, method)
    progress(0.1, "connected water")
    if method == "level":
        depth = _level_depth(heights, seeds, stage, neighbours)
    else:
        depth = _hand_depth(heights, seeds, stage, terrain.cell_size)
    progress(0.6, "zones")
    zones = _zones(terrain, depth, names, limits, area_basis)
    _report(zones)
    return Flood(zones, terrain.like(depth, layer="depth", unit="m"))


def _classes(table: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    limits = table["from_m"].to_numpy(dtype=np.float64)
    if not len(limits) or limits[0] != 0 or (np.diff(limits) <= 0).any():
        raise BadPolicy(
            f"classes: the lower limits {limits.tolist()} were given, they must begin at 0 and rise; mend the table"
        )
    return [str(name) for name in table["class"]], limits


def _seeds(terrain: Raster, source: gpd.GeoDataFrame | None, sides: tuple[Side, ...], method: str) -> NDArray[np.bool_]:
    """Cells where the water comes from."""
    if source is None and not sides:
        raise BadInput("no source of water was given; give source (rivers, water bodies, points) or sides=west,…")
    if sides and method == "hand":
        raise BadInput("sides were given with method 'hand', which follows flow paths to a river; give source instead")
    seeds = np.zeros(terrain.shape, dtype=bool)
    if source is not None:
        seeds |= cells_under(terrain, source.geometry)
        if not seeds.any():
            raise BadInput(
                f"source: none of its {len(source)} features lies on the terrain {terrain.bounds}; give one that does"
            )
    for side, line in (("west", np.s_[:, 0]), ("east", np.s_[:, -1]), ("north", np.s_[0]), ("south", np.s_[-1])):
        if side in sides:
            seeds[line] = True
    return seeds


def _level_depth(
    heights: NDArray[np.float64], seeds: NDArray[np.bool_], stage: float, neighbours: int
) -> NDArray[np.float64]:
    valid = np.isfinite(heights)
    block = np.ones((3, 3), dtype=bool)
    # where the terrain has no data under a river or lake, water stands beside it
    begins = (seeds & valid) | (ndimage.binary_dilation(seeds & ~valid, structure=block) & valid)
    below = np.zeros(heights.shape, dtype=bool)
    np.less(heights, stage, out=below, where=valid)
    structure = block if neighbours == 8 else ndimage.generate_binary_structure(2, 1)
    labels, count = ndimage.label(below, structure=structure)
    wet_labels = np.zeros(count + 1, dtype=bool)
    wet_labels[labels[begins & below]] = True
    wet_labels[0] = False
    return np.where(valid, np.where(wet_labels[labels], stage - heights, 0.0), np.nan)


def _hand_depth(
    heights: NDArray[np.float64], seeds: NDArray[np.bool_], stage: float, cell_size: tuple[float, float]
) -> NDArray[np.float64]:
    drainage = seeds & np.isfinite(heights)
    height, barrier, reached = height_above_drainage(heights, drainage, drain(heights, drainage, cell_size))
    wet = reached & (np.nan_to_num(barrier, nan=np.inf) < stage)
    return np.where(reached, np.where(wet, stage - height, 0.0), np.nan)


def _zones(
    terrain: Raster, depth: NDArray[np.float64], names: list[str], limits: NDArray[np.float64], basis: AreaBasis
) -> gpd.GeoDataFrame:
    known = np.isfinite(depth)
    wet = known & (np.nan_to_num(depth) > 0)
    codes = np.zeros(depth.shape, dtype=np.int32)
    codes[wet] = np.searchsorted(limits, depth[wet], side="right")
    beyond = len(names) + 1
    codes[~known] = beyond
    areas = cell_areas(terrain, basis)
    edges = _edge_lengths(terrain, known)
    size = beyond + 1
    flat = codes.ravel()
    area = np.bincount(flat, areas.ravel(), size)
    volume = np.bincount(flat, np.where(wet, depth * areas, 0.0).ravel(), size)
    edge = np.bincount(flat, edges.ravel(), size)
    shapes = polygons_of(codes, terrain, codes > 0)
    drawn = polygon_areas(gpd.GeoSeries(list(shapes.values()), crs=terrain.crs), area_basis=basis, trusted=True)
    balance(float(areas.sum()), [float(area[0]), *drawn.tolist()], what="area of terrain: dry, flooded, not covered")
    upper = [*limits[1:].tolist(), np.nan]
    rows: list[tuple[Any, ...]] = []
    for code in shapes:
        if code == beyond:
            rows.append(("not_covered", "not_covered", np.nan, np.nan, np.nan, area[code], np.nan, edge[code]))
        else:
            mean = volume[code] / area[code]
            lower = limits[code - 1]
            rows.append(
                (names[code - 1], "present", lower, upper[code - 1], mean, area[code], volume[code], edge[code])
            )
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    table = table.astype(dict.fromkeys(_COLUMNS[2:], "float64") | {"class": "str", "answer": "str"})
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(shapes.values()), crs=terrain.crs), crs=terrain.crs)


def _edge_lengths(terrain: Raster, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Length of a cell's sides towards unknown ground: the raster's edge or cells without answer."""
    width, height = terrain.cell_size
    unknown = ~np.pad(known, 1, constant_values=False)
    above, below = unknown[:-2, 1:-1], unknown[2:, 1:-1]
    left, right = unknown[1:-1, :-2], unknown[1:-1, 2:]
    lengths = width * (above.astype(float) + below) + height * (left.astype(float) + right)
    return np.where(edge_cells(known), lengths, 0.0)


def _report(zones: gpd.GeoDataFrame) -> None:
    wet = zones[zones["answer"] == "present"]
    missing = zones[zones["answer"] == "not_covered"]
    figure("flooded_m2", float(wet["area_m2"].sum()))
    figure("volume_m3", float(wet["volume_m3"].sum()))
    figure("unanswered_m2", float(missing["area_m2"].sum()))
    figure("edge_length_m", float(wet["edge_length_m"].sum()))
    if wet.empty:
        doubt("no place is flooded: the stage is not above the ground of the source")
    edge = float(wet["edge_length_m"].sum())
    if edge > 0:
        doubt(
            f"the water reaches the edge of the known terrain over {numbers.length(edge)} and may go on outside",
            "edge of the terrain",
        )
    if len(missing):
        doubt(
            f"{numbers.area(float(missing['area_m2'].sum()))} have no terrain data or drain off the map: nobody knows "
            "whether they are flooded",
            "not_covered",
        )
