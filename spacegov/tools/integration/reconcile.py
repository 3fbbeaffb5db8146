"""Who keeps the ground that plans dispute."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, MissingColumn
from spacegov.kernels import self_pair_areas
from spacegov.kinds import AreaBasis, Features, PolicyKind, Polygons, name_of
from spacegov.tools.integration._compatibility import RULE_COLUMNS
from spacegov.tools.integration._precedence import PRECEDENCE_COLUMNS, Claim, Decision, Precedence
from spacegov.tools.integration.conflict import detect_plan_conflict
from spacegov.tools.overlay import Shapes, areas_of, canonical_order, disjoint_groups, ground_area, pieces_of, shapes_of
from spacegov.tools.values import text_of

_SIDE = ("plan", "use", "control", "sub_zone", "department")
_NEEDED = ("severity", "plan_1", "use_1", "plan_2", "use_2")
PROPOSAL_COLUMNS = {
    "proposal": "int64",
    "status": "str",
    "proposed_use": "str",
    "keeps": "str",
    "yields": "str",
    "yielding_uses": "str",
    "rule": "Int64",
    "article": "str",
    "why_open": "str",
    "departments": "str",
    "condition": "str",
    "evidence": "str",
    "conflicts": "str",
    "area_m2": "float64",
}
BY_RULE_COLUMNS = {
    "status": "str",
    "rule": "Int64",
    "article": "str",
    "keeps": "str",
    "proposals": "int64",
    "area_m2": "float64",
}


class Proposals(NamedTuple):
    """The answer of `reconcile_plans`."""

    proposals: gpd.GeoDataFrame
    by_rule: pd.DataFrame


@checked(partition=None)
def reconcile_plans(
    conflicts: Polygons | None = None,
    plans: list[Features] | None = None,
    *,
    precedence: Annotated[pd.DataFrame, PolicyKind(PRECEDENCE_COLUMNS)],
    compatibility: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)] | None = None,
    area_basis: AreaBasis = "plane",
) -> Proposals:
    """Propose who keeps disputed ground, by ordered rules, and say what is left for people.

    Parameters
    ----------
    conflicts : GeoDataFrame, optional
        Conflicts as `detect_plan_conflict` gives them: severity; plan, use, control, sub_zone, department of either
        side (ending in _1 and _2); conflict, department, condition, evidence where known.
    plans : list of GeoDataFrame, optional
        Without conflicts, the plans to find them in.
    precedence : DataFrame
        Rules: order, severity, keeps_control, keeps_sub_zone, keeps_use, yields_control, yields_sub_zone, yields_use
        (missing: any), outcome (decided, sign), article where known.
    compatibility : DataFrame, optional
        With plans, the matrix by which conflicts are found, as for `detect_plan_conflict`.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layer's grid or on the ellipsoid.

    Returns
    -------
    proposals : GeoDataFrame
        A row for every piece of disputed ground, decided ones first, then by rule and place: proposal (number), status
        (decided by rule; sign: proposed, the departments must sign; open: no rule decides), proposed_use, keeps and
        yields (plans), yielding_uses, rule (its order), article, why_open, departments (all concerned), condition,
        evidence, conflicts (their numbers), area_m2 (m²), geometry. Pieces do not overlap.
    by_rule : DataFrame
        status, rule, article, keeps; proposals (count), area_m2 (m²).

    Raises
    ------
    BadInput
        Neither conflicts nor plans with a compatibility matrix.
    MissingColumn
        The layer is no list of conflicts.
    BadPolicy
        An outcome is not known, or an order stands twice.
    UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Where conflicts overlap, because more than two plans want the same ground, the ground is cut into pieces with all
    their claims, and each piece is decided once: every dispute on it must be settled by a rule and one use be left
    unbeaten, else the piece stays open. Under `sign` the side that keeps is proposed, and the condition under which the
    other may have the ground is handed on with its evidence. The pieces sum to the disputed ground. A run is not split,
    since overlapping conflicts are decided together.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> dispute = gpd.GeoDataFrame(
    ...     {"severity": ["prohibited"], "plan_1": ["town"], "use_1": ["urban"], "plan_2": ["farms"],
    ...      "use_2": ["farmland"], "control_2": ["basic-farmland"]},
    ...     geometry=[box(5e5, 3e6, 5e5 + 10, 3e6 + 10)], crs=4549)
    >>> rules = pd.DataFrame(
    ...     [[1, "prohibited", "basic-farmland", None, None, None, None, None, "decided"]],
    ...     columns=["order", "severity", "keeps_control", "keeps_sub_zone", "keeps_use",
    ...              "yields_control", "yields_sub_zone", "yields_use", "outcome"])
    >>> reconcile_plans(dispute, precedence=rules).proposals[["status", "proposed_use", "keeps", "yields", "area_m2"]]
        status proposed_use  keeps yields  area_m2
    0  decided     farmland  farms   town    100.0
    """
    rules = Precedence(precedence)
    if conflicts is None:
        if plans is None or compatibility is None:
            raise BadInput("neither conflicts nor plans with a compatibility table were given; name either")
        conflicts = detect_plan_conflict(plans, compatibility=compatibility, area_basis=area_basis).conflicts
    for column in _NEEDED:
        if column not in conflicts.columns:
            raise MissingColumn(
                f"conflicts ({name_of(conflicts, 'conflicts')}): the column {column!r} is missing; give the conflicts "
                "that detect-plan-conflict finds"
            )
    shapes = shapes_of(conflicts)
    disputes, facts = _read(conflicts)
    pieces, cover = _cut(shapes, conflicts.crs, area_basis)
    sizes = areas_of(pieces, conflicts.crs, area_basis)
    ledger.balance(ground_area(shapes, conflicts.crs, area_basis), sizes, what="disputed ground, whole and in pieces")
    known: dict[tuple[int, ...], Decision] = {}
    rows = []
    for over, size in zip(cover, sizes.tolist(), strict=True):
        key = tuple(over)
        if key not in known:
            known[key] = rules.decide([disputes[number] for number in over])
        rows.append(_row(known[key], [disputes[n] for n in over], [facts[n] for n in over], size))
    table = pd.DataFrame(rows, columns=list(PROPOSAL_COLUMNS)).astype(PROPOSAL_COLUMNS)
    rank = table["status"].map({"decided": 0, "sign": 1, "open": 2}).to_numpy(dtype=np.int64)
    place = np.empty(len(pieces), dtype=np.int64)
    place[canonical_order(pieces)] = np.arange(len(pieces))
    order = np.lexsort((place, table["rule"].fillna(np.iinfo(np.int64).max).to_numpy(dtype=np.int64), rank))
    table = table.iloc[order].reset_index(drop=True)
    table["proposal"] = np.arange(1, len(table) + 1)
    proposals = gpd.GeoDataFrame(table, geometry=pieces[order], crs=conflicts.crs)
    for status in ("decided", "sign", "open"):
        chosen = proposals["status"] == status
        ledger.figure(status, int(chosen.sum()))
        ledger.figure(f"{status}_m2", float(proposals["area_m2"][chosen].sum()))
    return Proposals(proposals, _by_rule(proposals))


def _read(conflicts: gpd.GeoDataFrame) -> tuple[list[tuple[str, Claim, Claim]], list[dict[str, str | None]]]:
    """Read the two claims of every conflict, and what must be handed on with it."""
    disputes, facts = [], []
    for number, row in enumerate(conflicts.drop(columns=conflicts.geometry.name).to_dict("records"), start=1):
        said = {str(column): text_of(value) for column, value in row.items()}
        first, second = (Claim(*(said.get(f"{name}{end}") or "" for name in _SIDE)) for end in ("_1", "_2"))
        disputes.append((said["severity"] or "unknown", first, second))
        handed = {name: said.get(name) for name in ("department", "condition", "evidence")}
        facts.append({**handed, "conflict": said.get("conflict") or str(number)})
    return disputes, facts


def _cut(shapes: Shapes, crs: Any, area_basis: AreaBasis) -> tuple[Shapes, list[list[int]]]:
    """Cut conflicts that overlap into pieces, each with the conflicts over it."""
    pairs = self_pair_areas(gpd.GeoSeries(shapes, crs=crs), area_basis=area_basis, trusted=True)
    group = disjoint_groups(pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy(), len(shapes))
    pieces: list[Any] = []
    cover: list[list[int]] = []
    for numbers in pd.Series(np.arange(len(shapes))).groupby(group).agg(list):
        own, over = pieces_of(shapes[numbers])
        pieces.extend(own)
        cover.extend([[int(numbers[position]) for position in found] for found in over])
    array = np.empty(len(pieces), dtype=object)
    array[:] = pieces
    return array, cover


def _row(
    decision: Decision, disputes: list[tuple[str, Claim, Claim]], facts: list[dict[str, str | None]], size: float
) -> tuple[Any, ...]:
    claims = {claim for _, first, second in disputes for claim in (first, second)}
    yielding = claims - {decision.keeps} if decision.keeps is not None else claims
    if decision.keeps is not None:
        # what asks the same use gives nothing up
        yielding = {claim for claim in yielding if claim.use != decision.keeps.use}
    departments = {claim.department for claim in claims} | {fact["department"] for fact in facts}
    needs_sign = decision.status != "decided"
    return (
        0,
        decision.status,
        decision.keeps.use if decision.keeps is not None else None,
        decision.keeps.plan if decision.keeps is not None else None,
        _join(claim.plan for claim in yielding),
        _join(claim.use for claim in yielding),
        decision.order,
        decision.article,
        decision.why,
        _join(departments),
        _join(fact["condition"] for fact in facts) if needs_sign else None,
        _join(fact["evidence"] for fact in facts) if needs_sign else None,
        _join((fact["conflict"] for fact in facts), numbers=True),
        size,
    )


def _join(values: Any, *, numbers: bool = False) -> str | None:
    texts = {str(value) for value in values if value}
    key = (lambda text: (len(text), text)) if numbers else (lambda text: (0, text))
    return "; ".join(sorted(texts, key=key)) or None


def _by_rule(proposals: gpd.GeoDataFrame) -> pd.DataFrame:
    keys = ["status", "rule", "article", "keeps"]
    rows = [
        (*key, len(group), float(group["area_m2"].sum()))
        for key, group in proposals.groupby(keys, dropna=False, sort=True)
    ]
    return pd.DataFrame(rows, columns=list(BY_RULE_COLUMNS)).astype(BY_RULE_COLUMNS)
