"""Planned land on hazardous ground: what is acceptable, with which measures, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadPolicy
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, SquareMetres, name_of
from spacegov.ledger import balance, doubt, dropped, figure, progress
from spacegov.tools.overlay import areas_of, differences, intersections, shapes_of, union_of
from spacegov.tools.values import labels_of, text_of, texts_of

ANY = "any"
# mild to severe; unknown stands before acceptable, since nobody settled it
VERDICTS = ("acceptable", "unknown", "with_measures", "not_acceptable")
NOT_COVERED = "not_covered"
_PIECE_COLUMNS = {
    "patch": "str",
    "use": "str",
    "verdict": "str",
    "hazards": "str",
    "measures": "str",
    "area_m2": "float64",
    "share": "float64",
}
_PATCH_COLUMNS = {
    "patch": "str",
    "use": "str",
    "answer": "str",
    "verdict": "str",
    "hazards": "str",
    "measures": "str",
    "area_m2": "float64",
    "not_acceptable_m2": "float64",
    "with_measures_m2": "float64",
    "unknown_m2": "float64",
    "not_covered_m2": "float64",
    "acceptable_m2": "float64",
}


class PlannedLand(NamedTuple):
    """Answer of `screen_planned_land`."""

    pieces: gpd.GeoDataFrame
    patches: gpd.GeoDataFrame


@checked(partition="rows")
def screen_planned_land(
    plan: Polygons,
    hazards: list[Polygons],
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(("use", "hazard", "grade", "verdict", "measures"))],
    use: Annotated[str, ColumnOf("plan")] = "use",
    grade: Annotated[str, ColumnOf("hazards")] = "grade",
    uses: tuple[str, ...] = (),
    min_area: SquareMetres = 1.0,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("hazards")] = None,
    area_basis: AreaBasis = "plane",
) -> PlannedLand:
    """Screen planned land against hazards: acceptable, acceptable with measures, or not.

    Parameters
    ----------
    plan
        Planned land with its use.
    hazards
        Hazard zones with their grade, a layer for each hazard.
    rules
        Use, hazard (layer) and grade (`any` for every one) with verdict (`acceptable`, `with_measures`,
        `not_acceptable`) and the measures it asks for.
    use, grade
        Columns.
    uses
        Uses to screen; all without it.
    min_area
        Smallest ground that counts.
    coverage
        Where each hazard layer is authoritative.
    area_basis
        How areas are measured.

    Returns
    -------
    pieces : GeoDataFrame
        Planned ground on a hazard, every place once, the severest verdict counting: patch, use, verdict (`unknown`
        where no rule speaks), hazards (layer and grade), measures, area_m2, share (of the patch)
    patches : GeoDataFrame
        Every planned patch: patch, use, answer (`present` on a hazard, `absent`, `not_covered`), verdict (severest),
        hazards, measures, area_m2, and its parts not_acceptable_m2, with_measures_m2, unknown_m2, not_covered_m2,
        acceptable_m2, which sum to it

    Raises
    ------
    BadPolicy
        A verdict that is none, or measures missing where the verdict asks for them.

    Notes
    -----
    The most particular rule speaks: use, hazard and grade, then `any` in place of the use, of the hazard, of the grade.
    Pairs without a rule are `unknown`, never acceptable. Ground off a hazard is acceptable where the hazards are
    surveyed, else not covered. A run may be split by planned patches.

    References
    ----------
    Land use on hazardous ground is the steward's rule; the table names its source.

    Examples
    --------
    >>> strip = lambda a, b, **c: gpd.GeoDataFrame({k: [v] for k, v in c.items()},
    ...     geometry=[shapely.box(5e5 + a, 3e6, 5e5 + b, 3e6 + 10)], crs=4549)
    >>> columns = ["use", "hazard", "grade", "verdict", "measures"]
    >>> table = pd.DataFrame([("urban", "any", "high", "not_acceptable", None)], columns=columns)
    >>> answer = screen_planned_land(strip(0, 30, use="urban"), [strip(20, 50, grade="high")], rules=table)
    >>> answer.patches[["verdict", "not_acceptable_m2", "acceptable_m2"]]
              verdict  not_acceptable_m2  acceptable_m2
    0  not_acceptable              100.0          200.0
    """
    table = _Rules(rules)
    asked = _asked(plan, use, uses)
    shapes = shapes_of(asked)
    names, kinds = labels_of(asked), texts_of(asked[use])
    whole = areas_of(shapes, plan.crs, area_basis)
    progress(0.2, "hazards")
    found = _pairs(asked, hazards, grade, kinds, table, area_basis)
    rows, pieces = _flatten(found, shapes, hazards, plan.crs, min_area, area_basis)
    progress(0.8, "coverage")
    gaps = _gaps(shapes, rows, pieces, coverage or {}, plan.crs, area_basis)
    piece_frame = _pieces(rows, pieces, names, kinds, whole, plan.crs)
    patches = _patches(rows, shapes, names, kinds, whole, gaps, plan.crs)
    parts = patches[["not_acceptable_m2", "with_measures_m2", "unknown_m2", "not_covered_m2", "acceptable_m2"]]
    balance(float(whole.sum()), parts.to_numpy().ravel(), what="planned area by verdict")
    _report(piece_frame, patches)
    return PlannedLand(piece_frame, patches)


class _Rules:
    """Verdicts by use, hazard and grade."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.rows: dict[tuple[str, str, str], tuple[str, str]] = {}
        name = table.attrs.get("policy", "rules")
        for row in table.to_dict("records"):
            key = (str(row["use"]), str(row["hazard"]), str(row["grade"]))
            verdict, measures = str(row["verdict"]), text_of(row["measures"]) or ""
            if verdict not in VERDICTS or verdict == "unknown":
                raise BadPolicy(
                    f"{name}: the verdict {verdict!r} of {' × '.join(key)} is unknown; use acceptable, "
                    "with_measures or not_acceptable"
                )
            if verdict == "with_measures" and not measures:
                raise BadPolicy(f"{name}: {' × '.join(key)} is acceptable with measures, and none is named; name them")
            self.rows[key] = (verdict, measures)

    def of(self, use: str | None, hazard: str, grade: str | None) -> tuple[str, str]:
        """Verdict and measures; `unknown` where no rule speaks."""
        for one in (str(use), ANY):
            for two in (hazard, ANY):
                for three in (str(grade), ANY):
                    if (one, two, three) in self.rows:
                        return self.rows[(one, two, three)]
        return "unknown", ""


def _asked(plan: gpd.GeoDataFrame, use: str, uses: tuple[str, ...]) -> gpd.GeoDataFrame:
    if not uses:
        return plan
    wanted = plan[use].astype(str).isin(uses)
    dropped(int((~wanted).sum()), f"planned use other than {', '.join(uses)}")
    chosen = plan[wanted]
    chosen.attrs = dict(plan.attrs)
    return chosen


def _pairs(
    asked: gpd.GeoDataFrame,
    hazards: list[gpd.GeoDataFrame],
    grade: str,
    kinds: NDArray[Any],
    rules: _Rules,
    basis: AreaBasis,
) -> pd.DataFrame:
    """Patches and hazard zones that share ground, with what the rules say."""
    found: list[pd.DataFrame] = []
    for number, layer in enumerate(hazards):
        name = name_of(layer, f"hazard {number + 1}")
        grades = texts_of(layer[grade])
        pairs = pair_areas(asked, layer, area_basis=basis, trusted=True)
        patch, zone = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
        said = [rules.of(kinds[p], name, grades[z]) for p, z in zip(patch, zone, strict=True)]
        found.append(
            pd.DataFrame(
                {
                    "patch": patch,
                    "layer": number,
                    "zone": zone,
                    "verdict": [verdict for verdict, _ in said],
                    "measures": [measures for _, measures in said],
                    "hazard": [f"{name}: {grades[z] or '?'}" for z in zone],
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def _flatten(
    found: pd.DataFrame,
    shapes: Any,
    hazards: list[gpd.GeoDataFrame],
    crs: Any,
    min_area: float,
    basis: AreaBasis,
) -> tuple[pd.DataFrame, Any]:
    """One piece for each patch and verdict, the severest first, without overlap."""
    zones = [shapes_of(layer) for layer in hazards]
    rows: list[dict[str, Any]] = []
    pieces: list[Any] = []
    for patch, group in found.groupby("patch", sort=True):
        position = int(str(patch))
        taken: Any = shapely.Polygon()
        for verdict in reversed(VERDICTS):
            own = group[group["verdict"] == verdict]
            if own.empty:
                continue
            ground = union_of(
                np.array(
                    [zones[layer][zone] for layer, zone in zip(own["layer"], own["zone"], strict=True)], dtype=object
                )
            )
            inside = intersections(shapes[[position]], np.array([ground], dtype=object))
            piece = differences(inside, np.array([taken], dtype=object))[0]
            taken = union_of(np.array([taken, piece], dtype=object))
            rows.append(
                {
                    "patch": position,
                    "verdict": verdict,
                    "hazards": "; ".join(sorted(set(own["hazard"]))),
                    "measures": "; ".join(sorted({text for text in own["measures"] if text})),
                }
            )
            pieces.append(piece)
    table = pd.DataFrame(rows, columns=["patch", "verdict", "hazards", "measures"])
    array = np.empty(len(pieces), dtype=object)
    array[:] = pieces
    table["area_m2"] = areas_of(array, crs, basis)
    keep = table["area_m2"].to_numpy() >= max(min_area, 1e-9)
    dropped(int((~keep).sum()), "ground below min_area", area_m2=float(table["area_m2"][~keep].sum()))
    return table[keep].reset_index(drop=True), array[keep]


def _gaps(
    shapes: Any, rows: pd.DataFrame, pieces: Any, coverage: Mapping[str, gpd.GeoDataFrame], crs: Any, basis: AreaBasis
) -> NDArray[np.float64]:
    """Area of each patch that some hazard does not cover and on which no verdict was found."""
    gaps = np.zeros(len(shapes))
    if not coverage or not len(shapes):
        return gaps
    known = shapely.intersection_all([union_of(shapes_of(area)) for area in coverage.values()])
    rest = differences(shapes, np.full(len(shapes), known, dtype=object))
    for patch, group in rows.groupby("patch"):
        position = int(str(patch))
        said = union_of(pieces[group.index.to_numpy()])
        rest[position] = differences(rest[[position]], np.array([said], dtype=object))[0]
    return areas_of(rest, crs, basis)


def _pieces(
    rows: pd.DataFrame, pieces: Any, names: Any, kinds: Any, whole: NDArray[np.float64], crs: Any
) -> gpd.GeoDataFrame:
    patch = rows["patch"].to_numpy(dtype=np.int64)
    table = rows.assign(patch=names[patch], use=kinds[patch], share=np.minimum(rows["area_m2"] / whole[patch], 1.0))
    severity = np.array([-VERDICTS.index(verdict) for verdict in table["verdict"]], dtype=np.int64)
    # in the order of the plan, so that a run over parts of it is the same run
    order = np.lexsort((severity, patch))
    ordered = table.iloc[order].reset_index(drop=True)
    return gpd.GeoDataFrame(ordered[list(_PIECE_COLUMNS)].astype(_PIECE_COLUMNS), geometry=pieces[order], crs=crs)


def _patches(
    rows: pd.DataFrame,
    shapes: Any,
    names: Any,
    kinds: Any,
    whole: NDArray[np.float64],
    gaps: NDArray[np.float64],
    crs: Any,
) -> gpd.GeoDataFrame:
    table = pd.DataFrame({"patch": names, "use": kinds, "area_m2": whole, "not_covered_m2": gaps})
    for verdict in VERDICTS:
        own = rows[rows["verdict"] == verdict].groupby("patch")["area_m2"].sum()
        table[f"{verdict}_m2"] = own.reindex(range(len(table))).fillna(0.0).to_numpy()
    said = table[["not_acceptable_m2", "with_measures_m2", "unknown_m2", "not_covered_m2"]].sum(axis=1)
    # ground on which nothing speaks against the use, on a hazard or off it
    table["acceptable_m2"] = np.maximum(table["area_m2"] - said, 0.0)
    joined = rows.groupby("patch").agg({"hazards": _join, "measures": _join}).reindex(range(len(table))).fillna("")
    table["hazards"], table["measures"] = joined["hazards"].to_numpy(), joined["measures"].to_numpy()
    hit = table["hazards"] != ""
    table["answer"] = np.select([hit, table["not_covered_m2"] > 1e-9], ["present", NOT_COVERED], "absent")
    table["verdict"] = np.select(
        [table[f"{verdict}_m2"] > 0 for verdict in ("not_acceptable", "with_measures", "unknown", NOT_COVERED)],
        ["not_acceptable", "with_measures", "unknown", NOT_COVERED],
        "acceptable",
    )
    return gpd.GeoDataFrame(table[list(_PATCH_COLUMNS)].astype(_PATCH_COLUMNS), geometry=shapes, crs=crs)


def _join(texts: Any) -> str:
    return "; ".join(sorted({part for text in texts for part in str(text).split("; ") if part}))


def _report(pieces: gpd.GeoDataFrame, patches: gpd.GeoDataFrame) -> None:
    figure("patches_asked", len(patches))
    for verdict in ("not_acceptable", "with_measures", "unknown", NOT_COVERED):
        figure(f"patches_{verdict}", int((patches["verdict"] == verdict).sum()))
        figure(f"{verdict}_m2", float(patches[f"{verdict}_m2"].sum()))
    pairs = sorted(
        {f"{use} × {text}" for use, text in pieces.loc[pieces["verdict"] == "unknown", ["use", "hazards"]].to_numpy()}
    )
    if pairs:
        doubt(
            f"{len(pairs)} pairs of use and hazard have no rule: their ground is unknown, not acceptable",
            ", ".join(pairs[:10]),
        )
