"""Ecological importance: what ground does for nature and people, and how easily it is harmed; the highest decides."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadInput, BadRaster, UnknownName, suggest
from spacegov.kinds import AreaBasis, PolicyKind, Polygons, ValueRaster, name_of
from spacegov.ledger import doubt, progress
from spacegov.raster import Raster
from spacegov.tools.cells import cell_areas, values_on
from spacegov.tools.graded_ground import GradedGround, grade_ground, ground_within
from spacegov.tools.suitability import RULE_COLUMNS, read_rules


@checked(partition=None)
def evaluate_ecological_importance(
    services: list[ValueRaster] | None = None,
    sensitivities: list[ValueRaster] | None = None,
    territory: Polygons | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    service_kinds: list[str] | None = None,
    sensitivity_kinds: list[str] | None = None,
    area_basis: AreaBasis = "plane",
) -> GradedGround:
    """Grade ground by its importance for ecology, and name the factor that decides.

    Parameters
    ----------
    services
        How much each cell does for water, soil, species, climate: indices or amounts for each m², 0 or more.
    sensitivities
        How easily each cell is harmed: an index or a loss, as the rules grade it.
    territory
        Ground to grade; all of the first raster without it. Services are ranked within it.
    rules
        Rule table of a named version (2019-06: five grades; 2020-01: three).
    service_kinds, sensitivity_kinds
        What each raster measures, in the order given: factors of the rules. The layers' names without them.
    area_basis
        How areas are measured.

    Returns
    -------
    zones : GeoDataFrame
        One row for each grade, deciding factors and missing factors.
        class : name of the grade, `not_covered` where factors are missing
        grade : 1 (general) to the most important; 0 without one
        answer : `present` or `not_covered`
        lowest, highest : range of the grade, given what is missing
        deciding : factors that decide, joined by +; missing : unknown factors that leave the grade open
        cells, area_m2 (m²), share (of the ground), rules (name of the table), geometry
    factors : DataFrame
        factor, given, source (layer), code (bit in the raster `deciding`), known_m2, missing_m2, decides_m2 (m²)
    grade, lowest, highest : Raster
        Grades; 0 not known, -1 beyond the ground.
    deciding : Raster
        Sum of the codes of the deciding factors.

    Raises
    ------
    BadInput
        No raster, not one kind for each, a kind given twice.
    UnknownName
        A kind that the rules do not know.
    BadRaster
        A service below 0 or 0 everywhere; a territory off the raster.

    Notes
    -----
    A service is graded by what share of all of it lies on better cells of the ground: cells of one value have one
    grade, whatever their order. A sensitivity is graded by its value. The highest factor decides; two that are equally
    high are both named. A factor that is missing at a cell stays missing: the grade stands only if another factor has
    the highest there is, else `lowest` and `highest` bound it. Factors of the rules that were not given are not asked,
    and a doubt names them. Rasters on other cells are interpolated to those of the first. Cost: sorting the cells.

    References
    ----------
    Guide to the evaluation of resource and environment carrying capacity and territorial suitability (trial), Ministry
    of Natural Resources, 2019-06 and 2020-01; guide to the delineation of the ecological red line, 2017.

    Examples
    --------
    >>> import warnings; warnings.simplefilter("ignore")
    >>> from affine import Affine
    >>> from spacegov.toolbox.policy import read_policy
    >>> water = Raster.from_array([[5.0, 3.0, 1.0, 1.0]], Affine(100, 0, 500000, 0, -100, 3300100), 4549)
    >>> loss = water.like([[100.0, 100.0, 9000.0, 100.0]])
    >>> answer = evaluate_ecological_importance([water], [loss], rules=read_policy("ecological-importance-2020-01"),
    ...     service_kinds=["water-conservation"], sensitivity_kinds=["soil-erosion"])
    >>> answer.grade.read().astype(int).tolist()
    [[3, 2, 3, 1]]
    >>> answer.zones.loc[answer.zones["grade"] == 3, "deciding"].tolist()
    ['soil-erosion', 'water-conservation']
    """
    rasters = [*(services or []), *(sensitivities or [])]
    if not rasters:
        raise BadInput("services: no raster was given, one service or sensitivity is needed; give services=…")
    kinds = [
        *_kinds("service", services or [], service_kinds),
        *_kinds("sensitivity", sensitivities or [], sensitivity_kinds),
    ]
    repeated = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    if repeated:
        raise BadInput(f"services: {repeated[0]!r} is given twice, each factor is needed once; leave one raster out")
    known = _known(rules)
    for kind in kinds:
        if kind not in known:
            raise UnknownName(f"rules: there is no factor {kind!r} of ecological importance; {suggest(kind, known)}")
    read = read_rules(rules, kinds)
    grid = rasters[0]
    inside = ground_within(grid, territory)
    areas = cell_areas(grid, area_basis)
    values: dict[str, NDArray[np.float64] | None] = {}
    for number, (kind, raster) in enumerate(zip(kinds, rasters, strict=True)):
        progress(0.6 * number / len(rasters), kind)
        cells = np.where(inside, values_on(raster, grid), np.nan)
        values[kind] = better_share(cells, areas, raster.name) if number < len(services or []) else cells
    absent = [name for name in known if name not in kinds]
    if absent:
        doubt(f"not asked, since not given: {', '.join(absent)}; where they matter the importance may be higher")
    sources = {kind: name_of(raster, kind) for kind, raster in zip(kinds, rasters, strict=True)}
    return grade_ground(grid, read, values, sources, inside, None, area_basis, best=len(read.classes))


def better_share(values: NDArray[np.float64], areas: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Share of the whole amount that lies on cells with a larger value; 1 for cells that give nothing.

    Parameters
    ----------
    values : array
        Amount for each m²; NaN where unknown.
    areas : array
        Areas of the cells, m².
    name : str
        For messages.

    Examples
    --------
    >>> better_share(np.array([5.0, 3.0, 1.0, 1.0, np.nan]), np.ones(5), "water").tolist()
    [0.0, 0.5, 0.8, 0.8, nan]
    """
    there = ~np.isnan(values)
    if (values[there] < 0).any() or not (values[there] > 0).any():
        raise BadRaster(
            f"{name}: values below 0 or none above 0 were given, a service of 0 or more is needed; rescale it"
        )
    kinds, place = np.unique(values[there], return_inverse=True)
    amount = np.bincount(place, values[there] * areas[there], len(kinds))
    above = np.append(np.cumsum(amount[::-1])[::-1][1:], 0.0) / amount.sum()
    answer = np.full(values.shape, np.nan)
    answer[there] = np.where(kinds > 0, above, 1.0)[place]
    return answer


def _known(rules: pd.DataFrame) -> list[str]:
    graded = rules[rules["rule"].isin(["steps", "worsen"])]
    return list(dict.fromkeys(str(name) for name in graded["factor"]))


def _kinds(what: str, rasters: list[Raster], given: list[str] | None) -> list[str]:
    if given is None:
        return [name_of(raster, f"{what}-{number + 1}") for number, raster in enumerate(rasters)]
    if len(given) != len(rasters):
        raise BadInput(
            f"{what}_kinds: {len(given)} were given for {len(rasters)} rasters, one for each is needed, in their order"
        )
    return list(given)
