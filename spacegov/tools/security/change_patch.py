"""Verification of change patches: whether papers cover the change that its kind and its ground need."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons, SquareMetres
from spacegov.tools.overlay import ground_area, intersections, shapes_of
from spacegov.tools.protection._changes import Changes, read_changes
from spacegov.tools.security._papers import (
    PAPER_COLUMNS,
    RULE_COLUMNS,
    Legality,
    Papers,
    judge,
    read_ways,
    ways_for,
)
from spacegov.tools.security._patch_grounds import UNGROUPED, UNSURVEYED, grounds_under
from spacegov.tools.values import texts_of

VERDICTS = ("prohibited", "papers_missing", "partly", "unknown", "legal", "no_paper_needed")
"""Verdicts, the strictest first."""
_SUSPECT = VERDICTS[:3]
_PATCH_COLUMNS = {
    "patch": "str",
    "kind": "str",
    "seen": "datetime64[s]",
    "answer": "str",
    "verdict": "str",
    "categories": "str",
    "grounds": "str",
    "missing": "str",
    "evidence": "str",
    "not_in_force": "str",
    "articles": "str",
    "area_m2": "float64",
    "covered_m2": "float64",
    "open_m2": "float64",
    "share": "float64",
    "in_plan": "str",
    "plan_m2": "float64",
    "error": "str",
}
_PIECE_COLUMNS = {
    "patch": "str",
    "ground": "str",
    "verdict": "str",
    "category": "str",
    "missing": "str",
    "evidence": "str",
    "not_in_force": "str",
    "article": "str",
    "area_m2": "float64",
    "covered_m2": "float64",
    "open_m2": "float64",
}


class PatchVerification(NamedTuple):
    """Answer of `verify_change_patch`."""

    patches: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


@checked(partition="rows")
def verify_change_patch(
    changes: Polygons,
    before: Polygons,
    papers: list[Polygons],
    controls: list[Polygons] | None = None,
    plan: Polygons | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    registers: Annotated[pd.DataFrame, PolicyKind(PAPER_COLUMNS)],
    grounds: Annotated[pd.DataFrame, PolicyKind(("class", "ground"))],
    kind: Annotated[str, ColumnOf("changes")] = "kind",
    date: Annotated[str, ColumnOf("changes")] = "date",
    patch: Annotated[str | None, ColumnOf("changes")] = None,
    land_class: Annotated[str, ColumnOf("before")] = "class",
    theme: Annotated[str | None, ColumnOf("controls")] = None,
    plan_use: Annotated[str | None, ColumnOf("plan")] = None,
    plan_uses: tuple[str, ...] = (),
    paper_kind: tuple[str, ...] = ("kind",),
    begins: tuple[str, ...] = ("approved", "issued", "filed", "valid_from"),
    ends: tuple[str, ...] = ("valid_to", "ends"),
    min_area: SquareMetres = 1.0,
    area_basis: AreaBasis = "plane",
) -> PatchVerification:
    """Tell of every change patch whether papers cover it, which legal category it is, and which papers are missing.

    Parameters
    ----------
    changes
        Change patches with kind and day of discovery.
    before
        Land survey from before the change.
    papers
        Registers of approvals, temporary land, farm facilities, linked increase and decrease, permits.
    controls
        Controlled ground such as the red line or basic farmland; ground under several counts under the first given.
    plan
        Plan, to tell whether open ground is planned for building.
    rules
        Kind of change, kind of ground (a control or a group of classes; `any` for every one), papers needed together
        joined by +, or `none` or `prohibited`; legal category, article. Several rows of one pair are ways to choose.
    registers
        Register (last part of the layer's name, or `any`), kind (or `any`), paper it is.
    grounds
        Land class and the kind of ground it is.
    kind, date, patch
        Columns of the changes: what, when it was seen, name.
    land_class, theme
        Columns of the land class of the survey, and of a control's theme (`control` where a layer has that, else the
        layer is the theme).
    plan_use, plan_uses
        Column of the planned use, and the uses that are for building.
    paper_kind, begins, ends
        Names of the columns of a paper's kind, first and last day; each register is read by the first it has.
    min_area
        Smallest ground that counts.
    area_basis
        How areas are measured.

    Returns
    -------
    patches : GeoDataFrame
        A row for every patch, suspected ones first, by verdict and open ground:
        patch, kind, seen : as delivered
        answer : `present` (ground that no paper covers), `absent`, `not_covered` (on ground without a survey), `failed`
        (no readable date, or no rule)
        verdict : the strictest of its pieces: `prohibited`, `papers_missing`, `partly`, `unknown`, `legal`,
        `no_paper_needed`
        categories, grounds, missing, evidence, not_in_force, articles : of its pieces, with ; between
        area_m2, covered_m2 (by papers, or needing none), open_m2 : m²; the last two sum to the first
        share : of open ground
        in_plan : whether open ground is planned for building (`yes`, `partly`, `no`); plan_m2 : how much of it
        error : why a patch failed
    pieces : GeoDataFrame
        A row for every patch and kind of ground: patch, ground, verdict, category (legal category by the papers found),
        missing (papers of the nearest way), evidence (papers in force that meet it), not_in_force, article, area_m2,
        covered_m2, open_m2, geometry

    Raises
    ------
    BadPolicy
        A register that the table does not know, a row without papers, a class with two kinds of ground.
    BadInput
        Days of papers that cannot be read.

    Notes
    -----
    A patch is cut by controls, then by the classes of the survey before. On each piece the ground that all papers of
    one way cover together is legal; what several ways cover is united. Papers count while in force on the day the patch
    was seen. What is missing is told for the way that is nearest. Ground below `min_area` is left to the patch's
    larger pieces. Whether a patch truly shows a change on the ground remains with the inspector. Cost: overlays of
    patches with survey, controls and papers.

    References
    ----------
    Land Administration Law of the PRC, 2019, Art. 37, 44, 57, 77.

    Examples
    --------
    >>> def ground(*widths, name=None, **columns):
    ...     shapes = [shapely.box(5e5 + w, 3e6, 5e5 + e, 3e6 + 10) for w, e in widths]
    ...     frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    ...     frame.attrs["layer"] = name
    ...     return frame
    >>> rule = pd.DataFrame([["any", "any", "approval + permit", "construction", "44"]],
    ...                     columns=["kind", "ground", "papers", "category", "article"])
    >>> known = pd.DataFrame([["grants", "any", "approval"], ["permits", "any", "permit"]],
    ...                      columns=["register", "kind", "paper"])
    >>> answer = verify_change_patch(
    ...     ground((0, 20), kind=["building"], date=["2025-03-01"]), ground((0, 90), **{"class": ["0101"]}),
    ...     [ground((0, 20), name="grants"), ground((0, 5), name="permits")], rules=rule, registers=known,
    ...     grounds=pd.DataFrame({"class": ["0101"], "ground": ["farmland"]}))
    >>> answer.patches[["verdict", "missing", "covered_m2", "open_m2"]].to_numpy().tolist()
    [['partly', 'permit', 50.0, 150.0]]
    """
    ways = read_ways(rules)
    asked = read_changes(changes, kind=kind, date=date, patch=patch, area_basis=area_basis)
    held = Papers(papers, registers, begins=begins, ends=ends, kind=paper_kind)
    if held.nameless:
        ledger.doubt(
            f"{held.nameless} papers are of a kind that the table of registers does not know; they cover nothing"
        )
    ledger.progress(0.1, "ground")
    rows, shapes = grounds_under(asked, controls or [], before, grounds, land_class, theme, min_area, area_basis)
    ledger.progress(0.4, "papers")
    kinds, days = asked.table["kind"].to_numpy(dtype=object), asked.table["seen"].to_numpy()
    position = rows["position"].to_numpy()
    met = held.meeting(shapes, days[position], changes.crs)
    found: list[Legality] = []
    for number, (row, (in_force, _)) in enumerate(zip(rows.to_dict("records"), met, strict=True)):
        known = (
            [] if row["ground"] in (UNSURVEYED, UNGROUPED) else ways_for(ways, kinds[row["position"]], row["ground"])
        )
        found.append(
            judge(
                shapes[number],
                row["area_m2"],
                known,
                held,
                in_force,
                min_area=min_area,
                crs=changes.crs,
                basis=area_basis,
            )
        )
    pieces = _pieces(asked, rows, found, met, held)
    inside = _planned(pieces, found, plan, plan_use, plan_uses, area_basis)
    patches = _patches(asked, pieces, inside, plan is not None, min_area)
    pieces = pieces[list(_PIECE_COLUMNS)].astype(_PIECE_COLUMNS).assign(geometry=shapes)
    answer = PatchVerification(patches, gpd.GeoDataFrame(pieces, geometry="geometry", crs=changes.crs))
    _tell(answer)
    return answer


def _pieces(asked: Changes, rows: pd.DataFrame, found: list[Legality], met: Any, papers: Papers) -> pd.DataFrame:
    table = rows.assign(
        patch=asked.table["patch"].to_numpy(dtype=object)[rows["position"]],
        verdict=[own.verdict for own in found],
        category=[own.category for own in found],
        missing=[own.missing for own in found],
        article=[own.article for own in found],
        evidence=[_names(papers, good) for good, _ in met],
        not_in_force=[_names(papers, bad) for _, bad in met],
        open_m2=[own.open_m2 if own.verdict not in ("legal", "no_paper_needed") else 0.0 for own in found],
    )
    table["open_m2"] = np.minimum(table["open_m2"], table["area_m2"])
    table["covered_m2"] = table["area_m2"] - table["open_m2"]
    return table


def _names(papers: Papers, numbers: list[int]) -> str:
    return "; ".join(sorted(f"{papers.paper[number]} {papers.names[number]}" for number in numbers))


def _planned(
    pieces: pd.DataFrame,
    found: list[Legality],
    plan: gpd.GeoDataFrame | None,
    use: str | None,
    uses: tuple[str, ...],
    basis: AreaBasis,
) -> Any:
    """Measure the open ground of each piece that the plan gives for building; NaN without a plan."""
    inside = np.full(len(pieces), np.nan)
    if plan is None:
        return inside
    inside[:] = 0.0
    building = plan if use is None else plan[np.isin(texts_of(plan[use]).astype(str), uses)]
    open_rows = [row for row, own in enumerate(found) if own.open_ground is not None and own.verdict in _SUSPECT]
    if not open_rows or not len(building):
        return inside
    shapes = np.empty(len(open_rows), dtype=object)
    shapes[:] = [found[row].open_ground for row in open_rows]
    planned = shapes_of(building)
    pairs = pair_areas(gpd.GeoSeries(shapes, crs=plan.crs), gpd.GeoSeries(planned, crs=plan.crs), trusted=True)
    cut = intersections(shapes[pairs["left_index"].to_numpy()], planned[pairs["right_index"].to_numpy()])
    for number, own in pairs.groupby("left_index"):
        inside[open_rows[int(str(number))]] = ground_area(cut[own.index.to_numpy()], plan.crs, basis)
    return inside


def _patches(asked: Changes, pieces: pd.DataFrame, inside: Any, planned: bool, min_area: float) -> gpd.GeoDataFrame:
    pieces = pieces.assign(inside=inside)
    by_patch: dict[int, pd.DataFrame] = {int(str(key)): group for key, group in pieces.groupby("position")}
    rows = []
    for position, record in enumerate(asked.table.to_dict("records")):
        row: dict[str, Any] = dict.fromkeys(_PATCH_COLUMNS)
        row |= {str(key): value for key, value in record.items()}
        row |= {"area_m2": asked.area_m2[position], "answer": "failed"}
        own = by_patch.get(position)
        if own is not None and record["error"] is None:
            row |= _sum_up(own, asked.area_m2[position], planned, min_area)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(_PATCH_COLUMNS))
    rank = table["verdict"].map(lambda name: VERDICTS.index(name) if name in VERDICTS else len(VERDICTS))
    bounds = shapely.bounds(asked.shapes).reshape(-1, 4)
    amount = -table["open_m2"].astype("float64").fillna(0.0).to_numpy()
    order = np.lexsort((bounds[:, 1], bounds[:, 0], table["patch"].astype(str), amount, rank))
    return gpd.GeoDataFrame(
        table.iloc[order].reset_index(drop=True).astype(_PATCH_COLUMNS), geometry=asked.shapes[order], crs=asked.crs
    )


def _sum_up(own: pd.DataFrame, area: float, planned: bool, min_area: float) -> dict[str, Any]:
    """Give one patch's row from its pieces."""
    verdict = min(own["verdict"], key=VERDICTS.index)
    if verdict == "papers_missing" and own["verdict"].isin(["legal", "partly"]).any():
        verdict = "partly"
    unruled = own.loc[own["verdict"] == "unknown", "ground"]
    row: dict[str, Any] = {
        name: "; ".join(sorted({part for text in own[column] for part in text.split("; ") if part}))
        for name, column in (
            ("categories", "category"),
            ("grounds", "ground"),
            ("missing", "missing"),
            ("evidence", "evidence"),
            ("not_in_force", "not_in_force"),
            ("articles", "article"),
        )
    }
    open_m2 = float(own["open_m2"].sum())
    row |= {
        "verdict": verdict,
        "open_m2": open_m2,
        "covered_m2": max(area - open_m2, 0.0),
        "share": min(open_m2 / area, 1.0),
    }
    if verdict in _SUSPECT:
        row["answer"] = "present"
    elif verdict == "unknown":
        row["answer"] = "not_covered" if (unruled == UNSURVEYED).all() else "failed"
        row["error"] = None if (unruled == UNSURVEYED).all() else f"no rule for {', '.join(sorted(set(unruled)))}"
    else:
        row["answer"] = "absent"
    if planned and verdict in _SUSPECT:
        amount = float(own["inside"].sum())
        suspect = float(own.loc[own["verdict"].isin(_SUSPECT), "open_m2"].sum())
        least = max(min_area, 1e-9)
        row |= {
            "plan_m2": amount,
            "in_plan": "yes" if suspect - amount < least else "partly" if amount >= least else "no",
        }
    return row


def _tell(answer: PatchVerification) -> None:
    patches, pieces = answer
    suspected = patches[patches["answer"] == "present"]
    ledger.figure("suspected", len(suspected))
    ledger.figure("open_m2", float(suspected["open_m2"].sum()))
    for verdict in VERDICTS:
        ledger.figure(verdict, int((patches["verdict"] == verdict).sum()))
    ledger.figure("failed", int(patches["answer"].isin(["failed"]).sum()))
    unruled = sorted({f"{row['ground']}" for row in pieces[pieces["verdict"] == "unknown"].to_dict("records")})
    if unruled:
        ledger.doubt("the rules say nothing of some ground under patches", ", ".join(unruled))
