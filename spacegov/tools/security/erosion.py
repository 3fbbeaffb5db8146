"""Soil erosion by water: loss a year by the revised universal equation, graded against what the soil tolerates."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from spacegov import numbers
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, BadRaster, UnknownName, suggest
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis, CodeRaster, Metres, PolicyKind, ValueRaster
from spacegov.ledger import balance, doubt, figure, progress
from spacegov.raster import Raster, require_same_grid
from spacegov.tools.cells import cell_areas, polygons_of
from spacegov.tools.foundation._horn import gradient
from spacegov.tools.security._hydrology import drain
from spacegov.tools.security._slope_length import slope_length_factor
from spacegov.tools.security._streams import accumulate

# 1 t/(hm²·a) is 100 t/(km²·a)
_PER_KM2 = 100.0
Factor = Annotated[float, Field(ge=0)]
_COLUMNS = {
    "grade": "str",
    "answer": "str",
    "from_t_km2": "float64",
    "area_m2": "float64",
    "area_share": "float64",
    "loss_t": "float64",
    "loss_mean_t_km2": "float64",
}


class SoilErosion(NamedTuple):
    """Answer of `map_soil_erosion`."""

    zones: gpd.GeoDataFrame
    loss: Raster
    slope_length: Raster


@checked(partition=None)
def map_soil_erosion(
    terrain: ValueRaster,
    land: CodeRaster | None = None,
    erosivity: ValueRaster | None = None,
    erodibility: ValueRaster | None = None,
    cover: ValueRaster | None = None,
    practice: ValueRaster | None = None,
    *,
    grades: Annotated[pd.DataFrame, PolicyKind(("region", "grade", "from_t_km2"))],
    land_factors: Annotated[pd.DataFrame, PolicyKind(("code", "cover", "practice"))] | None = None,
    region: str,
    erosivity_value: Factor | None = None,
    erodibility_value: Factor | None = None,
    max_length: Metres = 300.0,
    area_basis: AreaBasis = "plane",
) -> SoilErosion:
    """Map yearly soil loss by water and grade it.

    Parameters
    ----------
    terrain
        Digital elevation model with square cells.
    land
        Land-cover codes, from which `land_factors` gives cover and practice.
    erosivity
        R, MJ·mm/(hm²·h·a).
    erodibility
        K, t·hm²·h/(hm²·MJ·mm).
    cover, practice
        C and P, 0 to 1; instead of `land`.
    grades
        Regions with their grades and lower limits, t/(km²·a).
    land_factors
        Cover and practice by land-cover code.
    region
        Region of the tolerance: a row of `grades`.
    erosivity_value, erodibility_value
        One value for all the ground, where there is no raster; it is told as a doubt.
    max_length
        Slope length beyond which runoff is taken to have found a channel.
    area_basis
        How areas are measured.

    Returns
    -------
    zones : GeoDataFrame
        grade : from slight to severe, then `not_covered`
        answer : `present`, or `not_covered` where a factor is unknown
        from_t_km2 : lower limit of the grade, t/(km²·a)
        area_m2, area_share : m² and share of the known ground
        loss_t : soil lost, t/a; loss_mean_t_km2 : t/(km²·a)
    loss : Raster
        t/(km²·a).
    slope_length : Raster
        LS.

    Raises
    ------
    BadInput
        A factor that is given neither as raster nor as value, or both ways.
    UnknownName
        A region or land-cover code that the tables do not know.
    BadRaster
        Cells that are not square, rasters on other cells, negative factors, cover or practice above 1.

    Notes
    -----
    A = R · K · LS · C · P, in t/(hm²·a), times 100. LS after Desmet and Govers from Horn's slope and D8 accumulation,
    the area above a cell cut off at `max_length` times its width. A missing factor is missing: the cell is not
    answered, and no constant is put in unless it is given. Neither gullies nor deposition are modelled. Not split over
    machines, since accumulation has no bound.

    References
    ----------
    Renard et al. 1997, USDA Agriculture Handbook 703; SL 190-2007 for the grades.

    Examples
    --------
    >>> from affine import Affine
    >>> import warnings; warnings.simplefilter("ignore")
    >>> slope = Raster.from_array(np.tile(np.arange(5.0) * 3, (5, 1)), Affine(30, 0, 500000, 0, -30, 3300150), 4549)
    >>> steps = pd.DataFrame({"region": "south", "grade": ["slight", "more"], "from_t_km2": [0.0, 500.0]})
    >>> one = slope.like(np.ones((5, 5)))
    >>> answer = map_soil_erosion(slope, cover=one, practice=one, grades=steps, region="south",
    ...                           erosivity_value=100.0, erodibility_value=0.01)
    >>> answer.slope_length.read()[2].round(4)
    array([   nan, 3.9804, 3.341 , 2.5565,    nan])
    >>> answer.zones[["grade", "area_m2"]]
             grade  area_m2
    0       slight   8100.0
    1  not_covered  14400.0
    """
    names, limits = _grades(grades, region)
    heights = terrain.values()
    cell = _square(terrain)
    factors = _factors(
        terrain, land, erosivity, erodibility, cover, practice, land_factors, erosivity_value, erodibility_value
    )
    progress(0.3, "slope length")
    length = _slope_length(terrain, heights, cell, max_length)
    loss = length * _PER_KM2
    for values in factors.values():
        loss = loss * values
    zones = _zones(terrain, loss, names, limits, cell_areas(terrain, area_basis), area_basis)
    _report(zones, limits)
    return SoilErosion(
        zones,
        terrain.like(loss, layer="soil-loss", unit="t/(km²·a)"),
        terrain.like(length, layer="slope-length"),
    )


def _grades(table: pd.DataFrame, region: str) -> tuple[list[str], NDArray[np.float64]]:
    regions = [str(value) for value in table["region"]]
    if region not in regions:
        raise UnknownName(f"region: the table has no region {region!r}; {suggest(region, regions)}")
    rows = table[table["region"].astype(str) == region]
    limits = rows["from_t_km2"].to_numpy(dtype=np.float64)
    if limits[0] != 0 or (np.diff(limits) <= 0).any():
        raise BadPolicy(f"grades: the limits {limits.tolist()} of {region} must begin at 0 and rise; mend the table")
    return [str(name) for name in rows["grade"]], limits


def _square(terrain: Raster) -> float:
    width, height = terrain.cell_size
    if abs(width - height) > 1e-6 * width:
        raise BadRaster(
            f"{terrain.name}: its cells are {width:g} × {height:g} m, square ones are needed; warp it with gdalwarp -tr"
        )
    return width


def _factors(
    terrain: Raster,
    land: Raster | None,
    erosivity: Raster | None,
    erodibility: Raster | None,
    cover: Raster | None,
    practice: Raster | None,
    table: pd.DataFrame | None,
    erosivity_value: float | None,
    erodibility_value: float | None,
) -> dict[str, NDArray[np.float64] | float]:
    found: dict[str, NDArray[np.float64] | float] = {}
    for name, raster, value in (
        ("erosivity", erosivity, erosivity_value),
        ("erodibility", erodibility, erodibility_value),
    ):
        if (raster is None) == (value is None):
            raise BadInput(
                f"{name}: a raster or one value for all the ground is needed, one of them; give {name}_value=…"
            )
        if raster is not None:
            found[name] = _values(terrain, raster, name, None)
        elif value is not None:
            doubt(f"{name} is taken as {value:g} everywhere, as given", name)
            found[name] = value
    if land is not None:
        if cover is not None or practice is not None:
            raise BadInput("cover and practice were given beside land, which holds both; give either")
        found["cover"], found["practice"] = _from_land(terrain, land, table)
        return found
    for name, raster in (("cover", cover), ("practice", practice)):
        if raster is None:
            raise BadInput(f"{name}: no raster was given; give {name}=…, or land=… with land_factors")
        found[name] = _values(terrain, raster, name, 1.0)
    return found


def _values(terrain: Raster, raster: Raster, name: str, largest: float | None) -> NDArray[np.float64]:
    require_same_grid(terrain, raster)
    values = raster.values()
    wrong = (values < 0) | (values > largest if largest is not None else False)
    if wrong.any():
        bound = "0 or more" if largest is None else "0 to 1"
        raise BadRaster(f"{name} ({raster.name}): {int(wrong.sum())} cells are not {bound}; check its unit")
    return values


def _from_land(
    terrain: Raster, land: Raster, table: pd.DataFrame | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if table is None:
        raise BadPolicy("land was given without land_factors; name a table of cover and practice by code")
    require_same_grid(terrain, land)
    codes, valid = land.read_codes()
    known = {str(row["code"]): (float(row["cover"]), float(row["practice"])) for row in table.to_dict("records")}
    answer = np.full((2, *codes.shape), np.nan)
    for code in np.unique(codes[valid]):
        if str(code) not in known:
            raise UnknownName(
                f"land ({land.name}): the table has no factors for code {code}; {suggest(str(code), known)}"
            )
        answer[:, valid & (codes == code)] = np.array(known[str(code)])[:, None]
    return answer[0], answer[1]


def _slope_length(terrain: Raster, heights: NDArray[np.float64], cell: float, max_length: float) -> NDArray[np.float64]:
    east, north = gradient(heights, cell, cell)
    flow = drain(heights, None, terrain.cell_size)
    above = accumulate(flow, np.where(np.isfinite(heights), cell * cell, 0.0)) - cell * cell
    above = np.clip(above, 0.0, max(max_length - cell, 0.0) * cell)
    return slope_length_factor(above, cell, np.hypot(east, north), np.arctan2(north, east))


def _zones(
    terrain: Raster,
    loss: NDArray[np.float64],
    names: list[str],
    limits: NDArray[np.float64],
    areas: NDArray[np.float64],
    basis: AreaBasis,
) -> gpd.GeoDataFrame:
    known = np.isfinite(loss)
    codes = np.full(loss.shape, len(names), dtype=np.int64)
    codes[known] = np.searchsorted(limits, loss[known], side="right") - 1
    shapes = polygons_of(codes, terrain)
    size = len(names) + 1
    area = np.bincount(codes.ravel(), areas.ravel(), size)
    lost = np.bincount(codes.ravel(), np.where(known, loss * areas, 0.0).ravel() / 1e6, size)
    ground = area[:-1].sum()
    rows: list[tuple[Any, ...]] = []
    for code in shapes:
        if code == len(names):
            rows.append(("not_covered", "not_covered", np.nan, area[code], np.nan, np.nan, np.nan))
        else:
            mean = lost[code] / area[code] * 1e6
            rows.append((names[code], "present", limits[code], area[code], area[code] / ground, lost[code], mean))
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    zones = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(shapes.values()), crs=terrain.crs), crs=terrain.crs)
    drawn = polygon_areas(zones, area_basis=basis, trusted=True)
    balance(float(areas.sum()), drawn.tolist(), what="area of grades and of unknown ground")
    return zones


def _report(zones: gpd.GeoDataFrame, limits: NDArray[np.float64]) -> None:
    known = zones[zones["answer"] == "present"]
    figure("loss_t", float(known["loss_t"].sum()))
    ground = float(known["area_m2"].sum())
    figure("loss_mean_t_km2", float(known["loss_t"].sum()) / ground * 1e6 if ground else 0.0)
    beyond = known[known["from_t_km2"] >= limits[min(1, len(limits) - 1)]]
    figure("beyond_tolerance_m2", float(beyond["area_m2"].sum()))
    figure("beyond_tolerance_share", float(beyond["area_m2"].sum()) / ground if ground else 0.0)
    unknown = float(zones.loc[zones["answer"] == "not_covered", "area_m2"].sum())
    figure("unknown_m2", unknown)
    if unknown:
        doubt(
            f"{numbers.area(unknown)} are not answered: a factor is unknown there, or the slope at the edge",
            "not_covered",
        )
