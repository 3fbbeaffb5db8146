"""Renewal units ranked by several criteria, with what each criterion brings and how sure the rank is."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadPolicy
from spacegov.kinds import AreaBasis, ColumnOf, Features, PolicyKind, Polygons, Share
from spacegov.tools.indicators import Definition
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._ahp import judged_weights
from spacegov.tools.use._criteria import CRITERION_COLUMNS, Floats, frames_by_word, measure, read_criteria
from spacegov.tools.use._ranking import Scores, ranks_of, topsis, weighted
from spacegov.tools.values import labels_of, texts_of

OWN = "units"
_UNIT_COLUMNS = {
    "rank": "Int64",
    "unit": "str",
    "use": "str",
    "answer": "str",
    "score": "float64",
    "rank_best": "Int64",
    "rank_worst": "Int64",
    "leading": "str",
    "missing": "str",
    "area_m2": "float64",
}
_CRITERION_COLUMNS = {
    "rank": "Int64",
    "unit": "str",
    "criterion": "str",
    "value": "float64",
    "measure": "str",
    "better": "str",
    "weight": "float64",
    "contribution": "float64",
    "source": "str",
}


class RenewalRanking(NamedTuple):
    """Answer of `rank_renewal_units`."""

    units: gpd.GeoDataFrame
    criteria: pd.DataFrame


@checked(partition=None)
def rank_renewal_units(
    units: Polygons,
    themes: list[Features] | None = None,
    *,
    criteria: Annotated[pd.DataFrame, PolicyKind((*CRITERION_COLUMNS, "weight"))],
    judgements: Annotated[pd.DataFrame, PolicyKind(("first", "second", "value"))] | None = None,
    method: Literal["topsis", "weighted"] = "topsis",
    use: Annotated[str | None, ColumnOf("units")] = None,
    uses: tuple[str, ...] = (),
    weight_change: Share = 0.2,
    max_inconsistency: Share = 0.1,
    area_basis: AreaBasis = "plane",
) -> RenewalRanking:
    """Rank renewal units by criteria, and tell what puts each of them where it is.

    Parameters
    ----------
    units
        Units such as blocks.
    themes
        Layers that formulas ask, by the last part of their id with _ for -; the units themselves are `units`.
    criteria
        Criterion, whether more or less of it lets a unit come first, weight (of any sum), unit, formula, source.
    judgements
        How many times the first criterion matters more than the second, every pair once; weights come from them
        instead of the table.
    method
        `topsis` by distances to the best and the worst of all, `weighted` by the weighted sum of values from 0 to 1.
    use, uses
        Column of the units' use, and the uses that are ranked; all without.
    weight_change
        Share by which the weight of each criterion is moved up and down to see how sure a rank is.
    max_inconsistency
        Largest consistency ratio of judgements.
    area_basis
        How areas are measured.

    Returns
    -------
    units : GeoDataFrame
        A row for every unit ranked, the first first, and those that cannot be ranked last:
        rank : equal scores share one; unit, use
        answer : `present` (ranked) or `failed` (a criterion is not known)
        score : 0 to 1
        rank_best, rank_worst : while each weight is moved
        leading : criteria by what they bring, the most first; missing : criteria not known
        area_m2 : m²
    criteria : DataFrame
        A row for every unit and criterion, in their order: rank, unit, criterion, value, measure (its unit), better,
        weight (all sum to 1), contribution (under topsis the share in the squared distance to the worst, summing to 1;
        else the part of the score), source

    Raises
    ------
    BadPolicy
        A formula is not of the language, weights below 0 or all 0, judgements that contradict each other.

    Notes
    -----
    There is no national threshold: a rank tells the order under the named criteria, not that a unit must be renewed. A
    unit with a criterion that is not known is not ranked; nothing is put in its place. Ranks are of the units asked:
    another choice may change the order of two. Not split over machines, since every unit is held against all.

    References
    ----------
    Hwang and Yoon (1981), Multiple Attribute Decision Making: TOPSIS with vector norm.

    Examples
    --------
    >>> import shapely
    >>> plots = gpd.GeoDataFrame({"a": [4, 2, 5], "b": [3, 5, 1], "c": [100, 60, 140]}, crs=4549, geometry=[
    ...     shapely.box(5e5 + n, 3e6, 5e5 + n + 1, 3e6 + 1) for n in range(3)])
    >>> table = pd.DataFrame({"criterion": ["a", "b", "c"], "better": ["more", "more", "less"],
    ...                       "weight": [0.5, 0.3, 0.2], "unit": "", "source": "",
    ...                       "formula": ["sum(units, a)", "sum(units, b)", "sum(units, c)"]})
    >>> answer = rank_renewal_units(plots, criteria=table)
    >>> answer.units[["rank", "unit", "score"]].round(5).to_numpy().tolist()
    [[1, '0', 0.58196], [2, '2', 0.5029], [3, '1', 0.4971]]
    """
    wanted = read_criteria(criteria)
    names = [criterion.indicator for criterion in wanted]
    if judgements is None:
        weights = _weights(criteria)
    else:
        weights = np.asarray(judged_weights(names, judgements, max_inconsistency).weights, dtype=np.float64)
    asked = _asked(units, use, uses)
    found = measure(wanted, asked, frames_by_word(themes, {OWN: asked}), area_basis)
    known = np.asarray(~np.isnan(found.values).any(axis=1), dtype=bool)
    more = np.array([criterion.direction == "more" for criterion in wanted], dtype=bool)
    score_of = topsis if method == "topsis" else weighted
    scores = score_of(found.values[known], weights, more)
    moved = _moved(found.values[known], weights, more, score_of, weight_change)
    answer = _frames(asked, use, wanted, found.values, known, scores, moved, weights, area_basis)
    _tell(answer, weight_change)
    return answer


def _weights(criteria: pd.DataFrame) -> Floats:
    name = criteria.attrs.get("policy", "criteria")
    weights = pd.to_numeric(criteria["weight"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(weights).any() or (weights < 0).any() or not weights.sum() > 0:
        raise BadPolicy(f"{name}: every criterion needs a weight of 0 or more, and not all may be 0; mend the table")
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _asked(units: gpd.GeoDataFrame, use: str | None, uses: tuple[str, ...]) -> gpd.GeoDataFrame:
    chosen = units
    if use is not None and uses:
        inside = np.isin(texts_of(units[use]).astype(str), uses)
        ledger.dropped(int((~inside).sum()), f"unit of another use than {', '.join(uses)}")
        chosen = units[inside]
    named = chosen.assign(_unit=labels_of(chosen)).reset_index(drop=True)
    named.attrs = dict(units.attrs)
    return named


def _moved(
    values: Floats, weights: Floats, more: NDArray[np.bool_], score_of: Any, change: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the best and the worst rank of every unit while each weight is moved."""
    tried = [ranks_of(score_of(values, weights, more).score)]
    for number in range(len(weights)):
        for factor in (1.0 - change, 1.0 + change):
            other = weights.copy()
            other[number] *= factor
            if other.sum() > 0:
                tried.append(ranks_of(score_of(values, other / other.sum(), more).score))
    return np.min(tried, axis=0), np.max(tried, axis=0)


def _frames(
    units: gpd.GeoDataFrame,
    use: str | None,
    wanted: list[Definition],
    values: Floats,
    known: NDArray[np.bool_],
    scores: Scores,
    moved: tuple[NDArray[np.int64], NDArray[np.int64]],
    weights: Floats,
    basis: AreaBasis,
) -> RenewalRanking:
    count, names = len(units), [criterion.indicator for criterion in wanted]
    part = np.full(values.shape, np.nan)
    part[known] = scores.part
    ranks = {}
    for name, own in (("rank", ranks_of(scores.score)), ("rank_best", moved[0]), ("rank_worst", moved[1])):
        column = pd.array([None] * count, dtype="Int64")
        column[known] = own
        ranks[name] = column
    score = np.full(count, np.nan)
    score[known] = scores.score
    shapes = shapes_of(units)
    table = pd.DataFrame(
        {
            **ranks,
            "unit": units["_unit"].to_numpy(dtype=object),
            "use": texts_of(units[use]) if use is not None else None,
            "answer": np.where(known, "present", "failed"),
            "score": score,
            "leading": [
                "; ".join(names[place] for place in np.argsort(-own, kind="stable") if own[place] > 0) for own in part
            ],
            "missing": [
                "; ".join(name for name, value in zip(names, own, strict=True) if np.isnan(value)) for own in values
            ],
            "area_m2": areas_of(shapes, units.crs, basis),
        }
    )
    order = np.lexsort((table["unit"], table["rank"].fillna(count + 1).to_numpy(dtype=np.int64)))
    rows = [
        (table["rank"].iloc[row], table["unit"].iloc[row], names[place], values[row, place], criterion.unit,
         criterion.direction, weights[place], part[row, place], criterion.source)
        for row in order.tolist() for place, criterion in enumerate(wanted)
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(
        table.iloc[order].reset_index(drop=True)[list(_UNIT_COLUMNS)].astype(_UNIT_COLUMNS),
        geometry=shapes[order],
        crs=units.crs,
    )
    return RenewalRanking(frame, pd.DataFrame(rows, columns=list(_CRITERION_COLUMNS)).astype(_CRITERION_COLUMNS))


def _tell(answer: RenewalRanking, change: float) -> None:
    ranked = answer.units[answer.units["answer"] == "present"]
    ledger.figure("ranked", len(ranked))
    ledger.figure("failed", len(answer.units) - len(ranked))
    ledger.figure("best_score", float(ranked["score"].max()) if len(ranked) else 0.0)
    steady = ranked["rank_worst"].le(10)
    ledger.figure("sure_of_first_ten", int(steady.sum()))
    ledger.figure("weight_change", change)
    if len(ranked) < len(answer.units):
        lost = answer.units.loc[answer.units["answer"] == "failed", "unit"]
        ledger.doubt(f"{len(lost)} units are not ranked, a criterion is not known", str(lost.iloc[0]))
