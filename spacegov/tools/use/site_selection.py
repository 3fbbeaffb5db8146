"""Sites for a purpose: ground in one piece, of the wanted size and form, ranked by weighted criteria."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, EmptyLayer, UnknownName, suggest
from spacegov.kinds import (
    AreaBasis,
    Count,
    CoverageOf,
    Features,
    Metres,
    PolicyKind,
    Polygons,
    Raster,
    Share,
    SquareMetres,
    name_of,
)
from spacegov.ledger import doubt, dropped, figure, progress
from spacegov.tools.formulas import layer_word
from spacegov.tools.overlay import shapes_of
from spacegov.tools.use._ahp import judged_weights
from spacegov.tools.use._growing import Grown, Wanted, grow_sites
from spacegov.tools.use._site_frames import SiteAnswer, Surface, shifted, site_answer
from spacegov.tools.use._site_ground import (
    CRITERION_COLUMNS,
    RULE_COLUMNS,
    Criterion,
    cells_excluded,
    cells_inside,
    chosen_features,
    grid_over,
    measure_cells,
    read_criteria,
    scored,
)
from spacegov.tools.values import text_of

Floats = NDArray[np.float64]


@checked(partition=None)
def select_sites(
    land: Polygons,
    exclusions: list[Features] | None = None,
    themes: list[Features] | None = None,
    terrain: Raster | None = None,
    *,
    criteria: Annotated[pd.DataFrame, PolicyKind(CRITERION_COLUMNS)],
    rules: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    judgements: Annotated[pd.DataFrame, PolicyKind(("first", "second", "value"))] | None = None,
    weights: Literal["direct", "judged"] = "direct",
    area: Annotated[SquareMetres, Field(gt=0)] = 100_000.0,
    min_width: Annotated[Metres, Field(gt=0)] = 100.0,
    max_elongation: Annotated[float, Field(ge=1)] = 3.0,
    compactness: Share = 0.5,
    number: Count = 5,
    cell: Annotated[Metres, Field(gt=0)] = 50.0,
    emphasis: str | None = None,
    weight_change: Annotated[Share, Field(gt=0, lt=1)] = 0.2,
    max_inconsistency: Share = 0.1,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("exclusions")] = None,
    area_basis: AreaBasis = "plane",
) -> SiteAnswer:
    """Find the best sites of a wanted size and form on ground that no rule excludes, and how sure their ranks are.

    Parameters
    ----------
    land
        Land to choose from.
    exclusions
        Layers whose ground, and what lies near it, may not be used.
    themes
        Layers that criteria measure distances to.
    terrain
        Heights, for the criteria `slope` and `elevation`.
    criteria
        Wishes: criterion, layer, where (condition on the layer's columns, or empty), measure (`distance`, m; `slope`,
        degrees; `elevation`, m), worst (score 0), best (score 1), weight, source. Layers go by the last part of their
        id, with _ for -.
    rules
        Exclusions: layer, where, distance_m, reason, source.
    judgements
        Pairs of criteria, each once: first, second, value (how many times the first matters more).
    weights
        `direct`: those of the criteria; `judged`: by the judgements (analytic hierarchy process).
    area
        Size of a site; it is reached, and passed by less than one strip of `min_width`.
    min_width
        No part of a site is narrower.
    max_elongation
        Longest over shortest side of the rectangle around a site.
    compactness
        How much a compact form counts against better ground further off while a site grows, 0 to 1.
    number
        Sites at most.
    cell
        Side of the cells that sites are made of.
    emphasis
        Criterion whose weight is raised by `weight_change`, the others lowered in proportion.
    weight_change
        Share by which each weight is raised and lowered in turn to see whether ranks hold.
    max_inconsistency
        Largest consistency ratio of the judgements.
    coverage
        Where the exclusions are fully known.
    area_basis
        How areas are measured.

    Returns
    -------
    sites : GeoDataFrame
        By rank: site, rank, answer (`present`: meets every rule; `not_covered`: a rule could not be held there, named
        in unchecked), score (0 to 1), area_m2, elongation, strongest and weakest
        (criterion), rank_best and rank_worst (when weights change), rank_kept (share of the changes), unchecked
        (layers), geometry
    reasons : DataFrame
        site, criterion, value (mean over the site, in the unit of the measure), score, weight, contribution
    criteria : DataFrame
        criterion, measure, worst, best, weight (they sum to 1), source
    rules : DataFrame
        layer, reason, distance_m, answer (`present` excludes land, `absent` none, `not_covered` the layer was not
        given), excluded_m2, source
    stability : DataFrame
        criterion, change (share), site, score, rank: every site under every change of one weight

    Raises
    ------
    BadPolicy
        Judgements that contradict each other: the pair, or the three, are named. Tables that are not whole.
    UnknownName
        A criterion asks a layer that was not given, or `emphasis` names none.
    EmptyLayer
        There is no land.

    Notes
    -----
    Land is cut into cells; a cell is free when it lies wholly in the land and no part of it lies within the distance of
    a rule. Its score is the weighted mean of the criteria, each between worst and best; a cell with a measure missing
    is left out, and told. Sites grow from the seeds with the best surroundings as unions of squares of `min_width`; the
    best is taken, and so on without overlap. So a site is one piece of the wanted size, never a scatter of the best
    cells, and its score is the mean of all its cells. The search is greedy: another cut of the same ground may score a
    little better. Not split, since sites compete.

    References
    ----------
    Saaty 1980, The Analytic Hierarchy Process (weights, consistency ratio); Brookes 1997, A parameterized
    region-growing programme for site allocation on raster suitability maps; Malczewski 1999, GIS and Multicriteria
    Decision Analysis.

    Examples
    --------
    >>> ground = gpd.GeoDataFrame(geometry=[shapely.box(5e5, 3e6, 5e5 + 1000, 3e6 + 200)], crs=4549)
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(5e5, 3e6), (5e5, 3e6 + 200)])], crs=4549)
    >>> road.attrs["layer"] = "artificial.roads"
    >>> wishes = pd.DataFrame([["near a road", "roads", None, "distance", 1000.0, 0.0, 1.0, "example"]],
    ...                       columns=["criterion", "layer", "where", "measure", "worst", "best", "weight", "source"])
    >>> none = pd.DataFrame(columns=["layer", "where", "distance_m", "reason", "source"])
    >>> answer = select_sites(ground, None, [road], criteria=wishes, rules=none, area=40_000, number=1)
    >>> answer.sites.total_bounds.tolist(), answer.sites[["area_m2", "score"]].round(3).to_numpy().tolist()
    ([500000.0, 3000000.0, 500200.0, 3000200.0], [[40000.0, 0.9]])
    """
    if not len(land):
        raise EmptyLayer("land: the layer has no polygon, at least one is needed; check the layer or its filter")
    wishes = read_criteria(criteria)
    shares, ratio = _weights(wishes, weights, judgements, max_inconsistency)
    shares = _emphasised(wishes, shares, emphasis, weight_change)
    grid = grid_over(land, cell)
    surface = Surface(grid, cells_inside(grid, shapes_of(land)))
    _exclude(surface, exclusions or [], rules, coverage or {}, area_basis)
    progress(0.2, "criteria")
    around: dict[str, Any] = {}
    for position, frame in enumerate(themes or [], start=1):
        around[layer_word(name_of(frame, f"theme {position}"), around)] = frame
    for criterion in wishes:
        features = _features(criterion, around, terrain)
        values = measure_cells(criterion, grid, surface.free, features, terrain)
        surface.values.append(values)
        surface.scores.append(scored(criterion, values))
    total = np.tensordot(shares, np.array(surface.scores), axes=1)
    _tell_missing(surface, wishes, total)
    progress(0.6, "sites")
    found = _grow(surface, total, area, min_width, max_elongation, compactness, number, area_basis)
    answer = site_answer(surface, wishes, shares, found, weight_change, area_basis)
    _report(answer, surface, number, ratio, area_basis)
    return answer


def _weights(
    wishes: list[Criterion], basis: str, judgements: pd.DataFrame | None, max_ratio: float
) -> tuple[Floats, float | None]:
    if basis == "direct":
        given = np.array([criterion.weight for criterion in wishes])
        if not given.sum() > 0:
            raise BadPolicy("criteria: all weights are 0, one above 0 is needed; mend the table")
        return given / given.sum(), None
    if judgements is None:
        raise BadInput("judgements: none were given, judged weights need them; name a table or use direct weights")
    judged = judged_weights([criterion.name for criterion in wishes], judgements, max_ratio)
    return judged.weights, judged.ratio


def _emphasised(wishes: list[Criterion], shares: Floats, name: str | None, change: float) -> Floats:
    if name is None:
        return shares
    names = [criterion.name for criterion in wishes]
    if name not in names:
        raise UnknownName(f"emphasis: there is no criterion {name!r}; {suggest(name, names)}")
    return shifted(shares, names.index(name), change)


def _exclude(
    surface: Surface,
    exclusions: list[gpd.GeoDataFrame],
    rules: pd.DataFrame,
    coverage: Mapping[str, gpd.GeoDataFrame],
    area_basis: AreaBasis,
) -> None:
    """Take from the free cells what rules exclude, and mark what could not be asked."""
    given: dict[str, gpd.GeoDataFrame] = {}
    for position, frame in enumerate(exclusions, start=1):
        given[layer_word(name_of(frame, f"exclusion {position}"), given)] = frame
    table = rules.to_dict("records")
    ruled = {text_of(row["layer"]) for row in table}
    table += [
        {"layer": word, "where": None, "distance_m": 0.0, "reason": "", "source": ""}
        for word in given
        if word not in ruled
    ]
    land = surface.free.copy()
    for row in table:
        word, where = text_of(row["layer"]) or "", text_of(row["where"]) or None
        metres = float(row["distance_m"])
        if not metres >= 0:
            raise BadPolicy(f"rules: the distance of {word!r} is {metres:g}, 0 m or more is needed; mend the table")
        frame = given.get(word)
        answer, hit = "not_covered", np.zeros(land.shape, dtype=bool)
        if frame is None:
            surface.unchecked.append((word, np.ones(land.shape, dtype=bool)))
        else:
            hit = cells_excluded(surface.grid, chosen_features(frame, where, word), metres) & land
            answer = "present" if hit.any() else "absent"
            known = coverage.get(name_of(frame, word))
            if known is not None:
                surface.unchecked.append((word, ~cells_inside(surface.grid, shapes_of(known))))
        surface.free &= ~hit
        surface.rules.append(
            {
                "layer": word,
                "reason": text_of(row["reason"]) or "",
                "distance_m": metres,
                "answer": answer,
                "excluded_m2": surface.area_of(hit, area_basis),
                "source": text_of(row["source"]) or "",
            }
        )
    lacking = sorted({row["layer"] for row in surface.rules if row["answer"] == "not_covered"})
    if lacking:
        doubt("rules could not be held since their layers were not given", ", ".join(lacking))


def _features(criterion: Criterion, around: dict[str, Any], terrain: Any) -> Any:
    if criterion.measure != "distance":
        if terrain is None:
            raise UnknownName(
                f"criteria: {criterion.name!r} measures {criterion.measure}, no terrain was given; name a height "
                "model with terrain=…, or other criteria with criteria=…"
            )
        return None
    if criterion.layer not in around:
        raise UnknownName(
            f"criteria: {criterion.name!r} asks the layer {criterion.layer!r}, which was not given among the themes; "
            f"{suggest(criterion.layer, list(around))}"
        )
    features = chosen_features(around[criterion.layer], criterion.where, criterion.layer)
    if not len(features):
        doubt(f"{criterion.layer} has no feature that {criterion.name!r} asks for", criterion.where)
    return features


def _tell_missing(surface: Surface, wishes: list[Criterion], total: Floats) -> None:
    lost = surface.free & np.isnan(total)
    if not lost.any():
        return
    lacking = [
        criterion.name
        for criterion, values in zip(wishes, surface.values, strict=True)
        if (surface.free & np.isnan(values)).any()
    ]
    area = float(lost.sum()) * surface.grid.cell_area_m2
    dropped(int(lost.sum()), "cells without a measure of every criterion", area_m2=area)
    doubt("part of the land has no measure of some criterion and is left out", ", ".join(lacking))


def _grow(
    surface: Surface,
    total: Floats,
    area: float,
    min_width: float,
    max_elongation: float,
    compactness: float,
    number: int,
    area_basis: AreaBasis,
) -> list[Grown]:
    side = surface.grid.cell_size[0]
    score = np.where(surface.free, total, np.nan)
    # on the ellipsoid a cell is a little larger or smaller than in the grid, more so at one end of the land
    share = surface.smallest_cell(area_basis) / surface.grid.cell_area_m2
    cells = math.ceil(area / (surface.grid.cell_area_m2 * share) - 1e-6)
    wanted = Wanted(cells, max(math.ceil(min_width / side - 1e-9), 1), compactness)

    def fits(site: NDArray[np.int64]) -> bool:
        return surface.elongation(site) <= max_elongation + 1e-9

    return grow_sites(score, wanted, number, fits)


def _report(answer: SiteAnswer, surface: Surface, number: int, ratio: float | None, area_basis: AreaBasis) -> None:
    sites = answer.sites
    figure("sites", len(sites))
    figure("free_m2", surface.area_of(surface.free, area_basis))
    figure("score_first", float(sites["score"].iloc[0]) if len(sites) else 0.0)
    figure("area_first_m2", float(sites["area_m2"].iloc[0]) if len(sites) else 0.0)
    if len(sites):
        point = shapely.centroid(shapes_of(sites)[0])
        figure("first_x", round(float(point.x), 1))
        figure("first_y", round(float(point.y), 1))
    changes = answer.stability[answer.stability["site"] == sites["site"].iloc[0]] if len(sites) else answer.stability
    figure("first_kept_share", float((changes["rank"] == 1).mean()) if len(changes) else 1.0)
    figure("rules_unchecked", int((answer.rules["answer"] == "not_covered").sum()))
    if ratio is not None:
        figure("consistency_ratio", ratio)
    if len(sites) < number:
        doubt(f"the free land has room for {len(sites)} sites of this size and form, {number} were asked for")
