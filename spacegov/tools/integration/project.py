"""A project's site against all controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, SquareMetres, name_of
from spacegov.tools.integration._compatibility import RULE_COLUMNS, Compatibility
from spacegov.tools.integration._plan_areas import PlanClass
from spacegov.tools.overlay import Shapes, areas_of, differences, ground_area, intersections, shapes_of, union_of
from spacegov.tools.values import labels_of, texts_of

OUTSIDE = "outside"
VERDICTS = {"prohibited": "prohibit", "unknown": "unknown", "conditional": "negotiate", "compatible": "pass"}
# an unknown may turn out to be a prohibition, so that no negotiation settles it
_STRICT = ("prohibit", "unknown", "negotiate", "pass")
FINDING_COLUMNS = {
    "site": "str",
    "use": "str",
    "verdict": "str",
    "answer": "str",
    "layer": "str",
    "control": "str",
    "sub_zone": "str",
    "records": "str",
    "department": "str",
    "condition": "str",
    "evidence": "str",
    "article": "str",
    "area_m2": "float64",
    "share": "float64",
}
VERDICT_COLUMNS = {
    "site": "str",
    "use": "str",
    "verdict": "str",
    "prohibit": "int64",
    "unknown": "int64",
    "negotiate": "int64",
    "pass": "int64",
    "departments": "str",
    "area_m2": "float64",
}
ANSWER_COLUMNS = {
    "site": "str",
    "layer": "str",
    "answer": "str",
    "area_m2": "float64",
    "share": "float64",
    "not_covered_m2": "float64",
}


class ProjectReview(NamedTuple):
    """The answer of `review_project`."""

    findings: gpd.GeoDataFrame
    verdicts: gpd.GeoDataFrame
    answers: pd.DataFrame


@checked(partition="rows")
def review_project(
    site: Polygons,
    controls: list[Polygons],
    *,
    compatibility: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    use: str | None = None,
    use_column: Annotated[str | None, ColumnOf("site")] = None,
    min_area: SquareMetres = 1.0,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("controls")] = None,
) -> ProjectReview:
    """Hold a project's site against all controls: pass, negotiate or prohibit.

    Parameters
    ----------
    site : GeoDataFrame
        Sites of one or several projects.
    controls : list of GeoDataFrame
        Layers with controls; columns `control` and `sub_zone` where there. Without `control` the layer is one.
    compatibility : DataFrame
        Matrix of controls and planned uses, as for `detect_plan_conflict`.
    use : str, optional
        Planned use of every site.
    use_column : str, optional
        Column of the sites with the use; `use` by default where there is one.
    min_area : float
        Smallest ground of a site under a control that counts.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.
    coverage : mapping, optional
        Where each layer of controls is authoritative.

    Returns
    -------
    findings : GeoDataFrame
        A row for every site and control it lies under, and for ground that a layer does not cover; strictest first:
        site, use, verdict (prohibit, unknown, negotiate, pass), answer (present, not_covered), layer, control,
        sub_zone, records, department, condition, evidence, article, area_m2 (m²), share (of the site), geometry.
    verdicts : GeoDataFrame
        A row for every site: site, use, verdict (the strictest), prohibit, unknown, negotiate, pass (findings of each),
        departments, area_m2 (m²), geometry.
    answers : DataFrame
        A row for every site and layer: site, layer, answer (present, absent, not_covered), area_m2, share,
        not_covered_m2.

    Raises
    ------
    BadInput
        A site without a use.
    BadPolicy
        A verdict of the matrix is not known.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Areas of one control and sub-zone are united before a share is taken. Where the matrix knows the sub-zone `outside`
    of a control, the ground of a site outside all areas of that control is judged by it. A control that the matrix does
    not list is unknown, and stays so: an unknown or uncovered ground stands before a negotiation in the overall
    verdict, since it may turn out to be a prohibition. Sites are judged one by one, so that a run may be split by rows.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> def ground(west, east, **columns):
    ...     return gpd.GeoDataFrame(columns, geometry=[box(5e5 + west, 3e6, 5e5 + east, 3e6 + 100)], crs=4549)
    >>> rules = pd.DataFrame(
    ...     [["basic-farmland", None, "urban", "prohibited"]], columns=["control", "sub_zone", "use", "verdict"])
    >>> farm = ground(80, 300, control=["basic-farmland"])
    >>> answer = review_project(ground(0, 100), [farm], compatibility=rules, use="urban")
    >>> answer.findings[["verdict", "control", "area_m2", "share"]]
        verdict         control  area_m2  share
    0  prohibit  basic-farmland   2000.0    0.2
    """
    rules = Compatibility(compatibility)
    uses = _uses(site, use, use_column)
    sites, crs = shapes_of(site), site.crs
    sizes = areas_of(sites, crs, area_basis)
    names = labels_of(site)
    findings: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for position, frame in enumerate(controls, start=1):
        layer = name_of(frame, f"control {position}")
        gaps = _gaps(sites, (coverage or {}).get(layer), crs, area_basis)
        ground = _under(sites, frame, layer, rules, gaps, area_basis)
        for number in range(len(sites)):
            mine = [row for row in ground[number] if row["area_m2"] >= min_area]
            small = [row["area_m2"] for row in ground[number] if row["area_m2"] < min_area]
            ledger.dropped(len(small), "ground under a control below min_area", area_m2=float(sum(small)))
            missing = float(areas_of(gaps[[number]], crs, area_basis)[0])
            listed = [row for row in mine if row["sub_zone"] != OUTSIDE]
            findings += [_judge(row, uses[number], rules) | {"number": number, "layer": layer} for row in mine]
            if missing >= max(min_area, 1e-9):
                findings.append(
                    {"number": number, "layer": layer, "verdict": "unknown", "answer": "not_covered",
                     "area_m2": missing, "geometry": gaps[number]}
                )  # fmt: skip
            area = ground_area(np.array([row["geometry"] for row in listed], dtype=object), crs, area_basis)
            answers.append(
                {
                    "number": number,
                    "site": names[number],
                    "layer": layer,
                    "answer": "present" if listed else "not_covered" if missing >= max(min_area, 1e-9) else "absent",
                    "area_m2": area,
                    "share": min(area / sizes[number], 1.0),
                    "not_covered_m2": missing,
                }
            )
    found = _findings(findings, names, uses, sizes, crs)
    verdicts = _verdicts(findings, site, names, uses, sizes)
    answers.sort(key=lambda row: row["number"])
    table = pd.DataFrame(answers, columns=["number", *ANSWER_COLUMNS])[list(ANSWER_COLUMNS)].astype(ANSWER_COLUMNS)
    for verdict in ("prohibit", "unknown", "negotiate", "pass"):
        ledger.figure(f"sites_{verdict}", int((verdicts["verdict"] == verdict).sum()))
        ledger.figure(verdict, int((found["verdict"] == verdict).sum()))
    return ProjectReview(found, verdicts, table)


def _uses(site: gpd.GeoDataFrame, use: str | None, column: str | None) -> Any:
    if use is not None:
        return np.full(len(site), use, dtype=object)
    column = column or ("use" if "use" in site.columns else None)
    if column is None:
        raise BadInput("site: no use was given and the sites have no column `use`; write use=… or name use_column=…")
    uses = texts_of(site[column])
    lacking = sum(value is None for value in uses)
    if lacking:
        raise BadInput(f"site: {lacking} of {len(site)} sites have no value in {column!r}; fill it, or write use=…")
    return uses


def _gaps(sites: Shapes, coverage: gpd.GeoDataFrame | None, crs: Any, area_basis: AreaBasis) -> Shapes:
    """Give the ground of every site that a layer does not cover."""
    if coverage is None:
        return np.full(len(sites), shapely.Polygon(), dtype=object)
    rest = differences(sites, np.full(len(sites), union_of(shapes_of(coverage)), dtype=object))
    rest[areas_of(rest, crs, area_basis) < 1e-6] = shapely.Polygon()
    return rest


def _under(
    sites: Shapes, frame: gpd.GeoDataFrame, layer: str, rules: Compatibility, gaps: Shapes, area_basis: AreaBasis
) -> list[list[dict[str, Any]]]:
    """Cut every site with the controls of a layer, one piece for each control and sub-zone."""
    crs, shapes, records = frame.crs, shapes_of(frame), labels_of(frame)
    has = "control" in frame.columns
    controls = texts_of(frame["control"]) if has else np.full(len(frame), layer, dtype=object)
    zones = texts_of(frame["sub_zone"]) if "sub_zone" in frame.columns else np.full(len(frame), None, dtype=object)
    pairs = pair_areas(gpd.GeoSeries(sites, crs=crs), frame.geometry, area_basis=area_basis, trusted=True)
    cut: list[list[dict[str, Any]]] = [[] for _ in sites]
    table = pd.DataFrame({"site": pairs["left_index"], "area": pairs["right_index"]})
    area = table["area"].to_numpy()
    # what states no control asks nothing of a project
    table["control"], table["zone"] = controls[area], zones[area]
    table = table[table["control"].notna()]
    for (number, control, zone), group in table.groupby(["site", "control", "zone"], dropna=False, sort=True):
        own = np.asarray(group["area"].to_numpy(), dtype=np.int64)
        row = int(str(number))
        piece = intersections(sites[[row]], np.array([union_of(shapes[own])], dtype=object))
        cut[row].append(
            {
                "control": control,
                "sub_zone": None if zone is None or zone != zone else zone,
                "records": "; ".join(sorted(records[own])),
                "answer": "present",
                "area_m2": float(areas_of(piece, crs, area_basis)[0]),
                "geometry": piece[0],
            }
        )
    kinds = {value for value in controls if value is not None}
    control = next(iter(kinds)) if len(kinds) == 1 else None
    if control is not None and OUTSIDE in rules.sub_zones.get(control, set()):
        for number, shape in enumerate(sites):
            taken = np.array([gaps[number], *(row["geometry"] for row in cut[number])], dtype=object)
            rest = differences(np.array([shape], dtype=object), np.array([union_of(taken)], dtype=object))
            size = float(areas_of(rest, crs, area_basis)[0])
            if size > 1e-6:
                cut[number].append(
                    {"control": control, "sub_zone": OUTSIDE, "records": None, "answer": "present",
                     "area_m2": size, "geometry": rest[0]}
                )  # fmt: skip
    return cut


def _judge(row: dict[str, Any], use: str, rules: Compatibility) -> dict[str, Any]:
    rule = rules.rule(PlanClass("", None, row["control"], row["sub_zone"]), use)
    if rule is None:
        return row | {"verdict": "unknown"}
    return row | {
        "verdict": VERDICTS[rule.verdict],
        "department": rule.department,
        "condition": rule.condition,
        "evidence": rule.evidence,
        "article": rule.article,
    }


def _findings(findings: list[dict[str, Any]], names: Any, uses: Any, sizes: Any, crs: Any) -> gpd.GeoDataFrame:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        texts = tuple(str(row.get(name) or "") for name in ("layer", "control", "sub_zone"))
        return row["number"], _STRICT.index(row["verdict"]), texts

    findings.sort(key=key)
    for row in findings:
        row["site"], row["use"] = names[row["number"]], uses[row["number"]]
        row["share"] = min(row["area_m2"] / sizes[row["number"]], 1.0)
    shapes = np.empty(len(findings), dtype=object)
    shapes[:] = [row["geometry"] for row in findings]
    rows = [{name: row.get(name) for name in FINDING_COLUMNS} for row in findings]
    table = pd.DataFrame(rows, columns=list(FINDING_COLUMNS)).astype(FINDING_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs)


def _verdicts(findings: list[dict[str, Any]], site: gpd.GeoDataFrame, names: Any, uses: Any, sizes: Any) -> Any:
    """Sum up the findings of every site."""
    rows = []
    for number, (name, use, size) in enumerate(zip(names, uses, sizes, strict=True)):
        mine = [row for row in findings if row["number"] == number]
        counts = {verdict: sum(row["verdict"] == verdict for row in mine) for verdict in _STRICT}
        overall = next((verdict for verdict in _STRICT if counts[verdict]), "pass")
        concerned = {row.get("department") for row in mine if row["verdict"] != "pass"} - {None}
        rows.append(
            {"site": name, "use": use, "verdict": overall, **counts, "area_m2": size,
             "departments": "; ".join(sorted(map(str, concerned))) or None}
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(VERDICT_COLUMNS)).astype(VERDICT_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=shapes_of(site), crs=site.crs)
