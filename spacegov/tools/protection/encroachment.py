"""Changes on protected ground: which, since when, and whether a permit covers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, Metres, PolicyKind, Polygons, SquareMetres
from spacegov.tools.overlay import areas_of, ground_area, shapes_of, slivers
from spacegov.tools.protection._changes import KIND_RULE_COLUMNS, Changes, read_changes, tell_verdicts
from spacegov.tools.protection._patch_answers import answer_patches
from spacegov.tools.protection._permits import Permits
from spacegov.tools.protection._sites import join_sites, list_cases
from spacegov.tools.protection._themes import gaps_of, protected_ground

ENCROACHMENT_COLUMNS = {
    "encroachment": "int64",
    "case": "Int64",
    "patch": "str",
    "theme": "str",
    "sub_zones": "str",
    "records": "str",
    "kind": "str",
    "verdict": "str",
    "seen": "datetime64[s]",
    "first_seen": "datetime64[s]",
    "area_m2": "float64",
    "share": "float64",
    "permitted": "str",
    "permitted_m2": "float64",
    "unpermitted_m2": "float64",
    "permits": "str",
    "permits_not_in_force": "str",
}


class Encroachments(NamedTuple):
    """The answer of `monitor_encroachment`."""

    encroachments: gpd.GeoDataFrame
    cases: gpd.GeoDataFrame
    patches: gpd.GeoDataFrame


@checked(partition=None)
def monitor_encroachment(
    protected: list[Polygons],
    changes: Polygons,
    permits: Polygons | None = None,
    *,
    theme: Annotated[str | None, ColumnOf("protected")] = None,
    kind: Annotated[str | None, ColumnOf("changes")] = "kind",
    date: Annotated[str | None, ColumnOf("changes")] = "date",
    patch: Annotated[str | None, ColumnOf("changes")] = None,
    permit: Annotated[str | None, ColumnOf("permits")] = None,
    valid_from: Annotated[str | None, ColumnOf("permits")] = None,
    valid_to: Annotated[str | None, ColumnOf("permits")] = None,
    rules: Annotated[pd.DataFrame, PolicyKind(KIND_RULE_COLUMNS)] | None = None,
    min_area: SquareMetres = 1.0,
    min_width: Metres = 0.002,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("protected")] = None,
) -> Encroachments:
    """Find changes of the ground inside protected areas, and whether a permit covers them.

    Parameters
    ----------
    protected : list of GeoDataFrame
        Protected areas of one or several themes.
    changes : GeoDataFrame
        Change patches, of one survey or of several.
    permits : GeoDataFrame, optional
        Ground for which a permit was given.
    theme : str, optional
        Column of the theme; without it `control` where a layer has that, else the layer is the theme.
    kind, date : str, optional
        Columns of the changes: what changed, and when it was seen. None where there is none.
    patch, permit : str, optional
        Columns that name a patch and a permit; the label of the record by default.
    valid_from, valid_to : str, optional
        Columns of the first and last day of a permit; `valid_from` and `valid_to` where the layer has them.
    rules : DataFrame, optional
        What a kind of change is to a theme: theme (missing: every theme), kind, verdict (encroachment, allowed,
        review). A pair that is not listed is `unknown`. Without rules every change is an encroachment.
    min_area : float
        Smallest ground that counts, of a patch and a theme together.
    min_width : float
        Ground nowhere wider than this is a matter of drawing.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.
    coverage : mapping, optional
        Where each protected layer is authoritative; a layer that is not in it is so everywhere.

    Returns
    -------
    encroachments : GeoDataFrame
        A row for every patch and theme that meet, by patch and theme: encroachment (number), case (number, missing
        where all is permitted), patch, theme, sub_zones, records (of the protected layers), kind, verdict
        (encroachment, review, unknown), seen and first_seen (date of the patch; of the first patch on its site),
        area_m2 (m²), share (of the patch), permitted (permitted, partly, unpermitted), permitted_m2, unpermitted_m2
        (m²), permits (in force when seen), permits_not_in_force, geometry.
    cases : GeoDataFrame
        A row for every site with ground that no permit covers, by first_seen and place: case (number), first_seen,
        last_seen, themes, kinds, patches (names), patch_count, area_m2 (m² without permit, every place counted once),
        geometry.
    patches : GeoDataFrame
        A row for every change patch: patch, answer (present, absent, not_covered, failed), kind, seen, area_m2,
        encroached_m2 (m² on protected ground, every place counted once), share, not_covered_m2 (m² on which at least
        one protected layer is not authoritative), not_covered (those layers), error, geometry.

    Raises
    ------
    BadPolicy
        A verdict that is not known.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Overlapping areas of one theme are united before a share is taken, so that no share exceeds 1 and many small pieces
    add up. A permit counts when it is in force on the day the change was seen. Patches that overlap or share a border
    are one site, whatever their dates. A patch whose date cannot be read is answered `failed`. A run is not split,
    since sites join patches of all the layer. Cost: a join of patches and protected areas, and an intersection for
    each pair.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> def ground(*bounds, **columns):
    ...     shapes = [box(5e5 + w, 3e6, 5e5 + e, 3e6 + 10) for w, e in bounds]
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    >>> changes = ground((0, 20), (50, 60), kind=["building", "road"], date=["2024-06-30"] * 2)
    >>> answer = monitor_encroachment([ground((10, 40))], changes, ground((10, 14)))
    >>> answer.encroachments[["patch", "kind", "share", "permitted", "permitted_m2", "unpermitted_m2"]]
      patch      kind  share permitted  permitted_m2  unpermitted_m2
    0     0  building    0.5    partly          40.0            60.0
    >>> answer.patches["answer"].tolist()
    ['present', 'absent']
    """
    asked = read_changes(changes, kind=kind, date=date, patch=patch, area_basis=area_basis)
    ledger.progress(0.1, "protected ground")
    rows, shapes = protected_ground(protected, asked, theme=theme, area_basis=area_basis)
    keep = (rows["area_m2"].to_numpy() >= min_area) & ~slivers(shapes, min_width)
    small = rows[~keep]
    ledger.dropped(len(small), "ground below min_area or min_width", area_m2=float(small["area_m2"].sum()))
    rows, shapes = rows[keep].reset_index(drop=True), shapes[keep]
    rows["verdict"] = tell_verdicts(rules, rows["theme"], asked.table["kind"].to_numpy(dtype=object)[rows["patch"]])
    allowed = (rows["verdict"] == "allowed").to_numpy()
    ledger.dropped(
        int(allowed.sum()), "kind of change that the rules allow", area_m2=float(rows["area_m2"][allowed].sum())
    )
    rows, shapes = rows[~allowed].reset_index(drop=True), shapes[~allowed]
    ledger.progress(0.6, "permits")
    granted = Permits(permits, name=permit, valid_from=valid_from, valid_to=valid_to)
    judged, open_ground = granted.judge(rows, shapes, asked, min_area=min_area, area_basis=area_basis)
    rows = pd.concat([rows, judged], axis=1)
    ledger.progress(0.8, "cases")
    site = join_sites(asked, rows["patch"].to_numpy())
    cases, case_of_site = list_cases(asked, rows, open_ground, site, changes.crs, area_basis)
    encroachments = _encroachments(asked, rows, shapes, site, case_of_site, changes.crs)
    gaps = gaps_of(coverage or {}, asked.shapes, changes.crs, min_area=min_area, area_basis=area_basis)
    patches = answer_patches(asked, rows, shapes, gaps, changes.crs, area_basis)
    _tell_figures(encroachments, cases, patches, area_basis)
    return Encroachments(encroachments, cases, patches)


def _encroachments(
    asked: Changes, rows: pd.DataFrame, shapes: Any, site: Any, case_of_site: dict[int, int], crs: Any
) -> gpd.GeoDataFrame:
    seen = asked.table["seen"].to_numpy()
    position = rows["patch"].to_numpy()
    first = pd.Series(seen[position]).groupby(site).transform("min").to_numpy() if len(rows) else seen[position]
    table = rows.assign(
        position=position,
        patch=asked.table["patch"].to_numpy(dtype=object)[position],
        kind=asked.table["kind"].to_numpy(dtype=object)[position],
        seen=seen[position],
        first_seen=first,
        share=np.minimum(rows["area_m2"].to_numpy() / asked.area_m2[position], 1.0),
        # a site's case holds for those of its pieces that no permit covers wholly
        case=pd.array(
            [
                case_of_site.get(int(number)) if status != "permitted" else None
                for number, status in zip(site, rows["permitted"], strict=True)
            ],
            dtype="Int64",
        ),
    )
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], table["theme"].astype(str), table["patch"].astype(str)))
    table = table.iloc[order].reset_index(drop=True)
    table["encroachment"] = np.arange(1, len(table) + 1)
    return gpd.GeoDataFrame(
        table[list(ENCROACHMENT_COLUMNS)].astype(ENCROACHMENT_COLUMNS), geometry=shapes[order], crs=crs
    )


def _tell_figures(
    encroachments: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, patches: gpd.GeoDataFrame, area_basis: AreaBasis
) -> None:
    ledger.figure("patches", len(patches))
    ledger.figure("ground_m2", ground_area(shapes_of(encroachments), encroachments.crs, area_basis))
    ledger.figure("cases", len(cases))
    ledger.figure("case_ground_m2", float(areas_of(shapes_of(cases), cases.crs, area_basis).sum()))
    for status in ("permitted", "partly", "unpermitted"):
        ledger.figure(status, int((encroachments["permitted"] == status).sum()))
    for answer in ("absent", "not_covered", "failed"):
        ledger.figure(f"patches_{answer}", int((patches["answer"] == answer).sum()))
