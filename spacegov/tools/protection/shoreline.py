"""Changes too near to waters, coasts and monuments: in which zone, since when, and by whose leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, Features, Metres, PolicyKind, Polygons, SquareMetres
from spacegov.tools.overlay import Shapes, areas_of, ground_area, shapes_of, slivers
from spacegov.tools.protection._buffer_zones import read_protected, read_zones, zone_ground
from spacegov.tools.protection._changes import KIND_RULE_COLUMNS, Changes, read_changes, tell_verdicts
from spacegov.tools.protection._patch_answers import answer_patches
from spacegov.tools.protection._permits import Permits
from spacegov.tools.protection._sites import join_sites, list_cases
from spacegov.tools.protection._themes import gaps_of

INTRUSION_COLUMNS = {
    "intrusion": "int64",
    "case": "Int64",
    "patch": "str",
    "theme": "str",
    "zone": "str",
    "classes": "str",
    "records": "str",
    "kind": "str",
    "verdict": "str",
    "article": "str",
    "distance_m": "float64",
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


class ShorelineIntrusions(NamedTuple):
    """The answer of `check_shoreline_buffer`."""

    intrusions: gpd.GeoDataFrame
    cases: gpd.GeoDataFrame
    patches: gpd.GeoDataFrame


@checked(partition=None)
def check_shoreline_buffer(
    protected: list[Features],
    changes: Polygons,
    permits: Polygons | None = None,
    *,
    buffers: Annotated[
        pd.DataFrame,
        PolicyKind(("theme", "class", "zone", "from_m", "to_m", "verdict", "valid_from", "valid_to", "article")),
    ],
    kinds: Annotated[pd.DataFrame, PolicyKind(KIND_RULE_COLUMNS)] | None = None,
    themes: list[str] | None = None,
    feature_class: Annotated[list[str] | str | None, ColumnOf("protected")] = None,
    width: str | None = None,
    kind: Annotated[str | None, ColumnOf("changes")] = None,
    date: Annotated[str | None, ColumnOf("changes")] = None,
    patch: Annotated[str | None, ColumnOf("changes")] = None,
    permit: Annotated[str | None, ColumnOf("permits")] = None,
    valid_from: Annotated[str | None, ColumnOf("permits")] = None,
    valid_to: Annotated[str | None, ColumnOf("permits")] = None,
    min_area: SquareMetres = 1.0,
    min_width: Metres = 0.002,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("protected")] = None,
) -> ShorelineIntrusions:
    """Find changes of the ground within the buffers of waters, coasts and monuments.

    Parameters
    ----------
    protected : list of GeoDataFrame
        Rivers, lakes, coasts, monuments: lines, polygons or points.
    changes : GeoDataFrame
        Change patches, or buildings with the day they were built.
    permits : GeoDataFrame, optional
        Ground for which a permit was given.
    buffers : DataFrame
        theme, class (missing: every class without rows of its own), zone, from_m, to_m (0 to 0 is the feature itself),
        verdict (prohibited, conditional), valid_from, valid_to, article.
    kinds : DataFrame, optional
        What a kind of change is to a theme: theme (missing: every theme), kind, verdict (encroachment, allowed,
        review). Without it every kind is judged by its zone alone.
    themes : list of str, optional
        The theme of each layer, in order; the layers' names by default.
    feature_class : str or list of str, optional
        Column of the class of features, one for all layers or one for each.
    width : str, optional
        Column of the width of a line in metres, where a layer has it: its shore lies half of that away.
    kind, date : str, optional
        Columns of the changes: what changed, and when it was seen; without a date the zones without an end judge.
    patch, permit : str, optional
        Columns that name a patch and a permit; the label of the record by default.
    valid_from, valid_to : str, optional
        Columns of the first and last day of a permit; `valid_from` and `valid_to` where the layer has them.
    min_area : float
        Smallest ground that counts, of a patch in a zone.
    min_width : float
        Ground nowhere wider than this is a matter of drawing.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.
    coverage : mapping, optional
        Where each protected layer is authoritative.

    Returns
    -------
    intrusions : GeoDataFrame
        A row for every patch, theme and zone that meet, by patch, theme and distance: intrusion (number), case (number,
        missing where none is to open), patch, theme, zone, classes, records (of the features), kind, verdict
        (prohibited, conditional, review, unknown, earlier: it stood before the rule), article, distance_m (m to the
        nearest feature), seen and first_seen (date of the patch; of the first patch on its site), area_m2 (m²), share
        (of the patch), permitted (permitted, partly, unpermitted), permitted_m2, unpermitted_m2 (m²), permits,
        permits_not_in_force, geometry.
    cases : GeoDataFrame
        A row for every site with ground that no permit covers and a rule forbids: case, first_seen, last_seen, themes,
        kinds, patches, patch_count, area_m2 (m², every place once), geometry.
    patches : GeoDataFrame
        A row for every patch: patch, answer (present, absent, not_covered, failed), kind, seen, area_m2, encroached_m2
        (m², every place once), share, not_covered_m2 (m²), not_covered (layers), error, geometry.

    Raises
    ------
    BadPolicy
        A zone that is none, or a verdict that is not known.
    BadInput, MissingColumn
        Themes that do not fit the layers, no layer with the column of widths.

    Notes
    -----
    A zone reaches from one distance to another around a feature, without the feature itself. Where zones of one theme
    overlap, the strictest takes the ground, so that every place counts once for a theme. The rule in force on the day
    the change was seen judges it; a zone that came later makes it `earlier`. Distances are exact; zones are drawn with
    64 sides to a quarter circle, narrower than stated by at most 0.01 %. A class without a zone is a doubt. Permits and
    sites as in `monitor_encroachment`. A run is not split, since sites join patches of all the layer. Cost: a search of
    features within reach of each patch, and a buffer for each pair.

    References
    ----------
    Widths of waters are defaults of the table in use; monuments follow the law on the protection of cultural relics.

    Examples
    --------
    >>> from shapely import LineString, box
    >>> river = gpd.GeoDataFrame({"wide": [20.0]}, geometry=[LineString([(5e5, 3e6), (500500, 3e6)])], crs=4549)
    >>> shed = box(500100, 3000020, 500110, 3000060)
    >>> seen = gpd.GeoDataFrame({"kind": ["building"], "date": ["2025-10-03"]}, geometry=[shed], crs=4549)
    >>> zones = pd.DataFrame([("river", "bank", 0, 30, "prohibited"), ("river", "outer", 30, 60, "conditional")],
    ...                      columns=["theme", "zone", "from_m", "to_m", "verdict"])
    >>> zones = zones.assign(valid_from=None, valid_to=None, article=None)
    >>> zones["class"] = None
    >>> answer = check_shoreline_buffer([river], seen, buffers=zones, themes=["river"], width="wide", date="date")
    >>> answer.intrusions[["zone", "verdict", "distance_m", "area_m2"]].to_numpy().tolist()
    [['bank', 'prohibited', 10.0, 200.0], ['outer', 'conditional', 30.0, 200.0]]
    """
    zones = read_zones(buffers)
    features = read_protected(protected, zones, themes=themes, classes=feature_class, width=width)
    asked = read_changes(changes, kind=kind, date=date, patch=patch, area_basis=area_basis)
    ledger.progress(0.1, "zones")
    rows, shapes = zone_ground(features, zones, asked, area_basis=area_basis)
    keep = (rows["area_m2"].to_numpy() >= min_area) & ~slivers(shapes, min_width)
    small = rows[~keep]
    ledger.dropped(len(small), "ground below min_area or min_width", area_m2=float(small["area_m2"].sum()))
    rows, shapes = rows[keep].reset_index(drop=True), shapes[keep]
    # without a column of kinds the zone alone judges
    said = tell_verdicts(
        kinds if kind is not None else None, rows["theme"], asked.table["kind"].to_numpy(dtype=object)[rows["patch"]]
    )
    rule = rows["rule"].to_numpy(dtype=object)
    # a kind that people or nobody settled keeps its word, unless it stood before the rule
    rows["verdict"] = np.where((said == "encroachment") | (rule == "earlier"), rule, said)
    allowed = said == "allowed"
    gone = float(rows["area_m2"][allowed].sum())
    ledger.dropped(int(allowed.sum()), "kind of change that the rules allow", area_m2=gone)
    rows, shapes = rows[~allowed].reset_index(drop=True), shapes[~allowed]
    ledger.progress(0.6, "permits")
    granted = Permits(permits, name=permit, valid_from=valid_from, valid_to=valid_to)
    judged, open_ground = granted.judge(rows, shapes, asked, min_area=min_area, area_basis=area_basis)
    rows = pd.concat([rows, judged], axis=1)
    ledger.progress(0.8, "cases")
    site = join_sites(asked, rows["patch"].to_numpy())
    charged = (rows["verdict"] != "earlier").to_numpy()
    charges = rows[charged].reset_index(drop=True)
    cases, case_of_site = list_cases(asked, charges, open_ground[charged], site[charged], changes.crs, area_basis)
    intrusions = _intrusions(asked, rows, shapes, site, case_of_site, changes.crs)
    gaps = gaps_of(coverage or {}, asked.shapes, changes.crs, min_area=min_area, area_basis=area_basis)
    patches = answer_patches(asked, rows, shapes, gaps, changes.crs, area_basis)
    _tell(intrusions, cases, patches, area_basis)
    return ShorelineIntrusions(intrusions, cases, patches)


def _intrusions(
    asked: Changes, rows: pd.DataFrame, shapes: Shapes, site: Any, case_of_site: dict[int, int], crs: Any
) -> gpd.GeoDataFrame:
    seen, position = asked.table["seen"].to_numpy(), rows["patch"].to_numpy()
    first = pd.Series(seen[position]).groupby(site).transform("min").to_numpy() if len(rows) else seen[position]
    open_case = (rows["permitted"] != "permitted") & (rows["verdict"] != "earlier")
    numbers = [case_of_site.get(int(one)) if is_open else None for one, is_open in zip(site, open_case, strict=True)]
    table = rows.assign(
        patch=asked.table["patch"].to_numpy(dtype=object)[position],
        classes=rows["sub_zones"],
        kind=asked.table["kind"].to_numpy(dtype=object)[position],
        seen=seen[position],
        first_seen=first,
        share=np.minimum(rows["area_m2"].to_numpy() / asked.area_m2[position], 1.0),
        case=pd.array(numbers, dtype="Int64"),
    )
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    table["west"] = bounds[:, 0]
    order = table.sort_values(["patch", "theme", "distance_m", "zone", "west"], kind="stable").index.to_numpy()
    table = table.iloc[order].reset_index(drop=True)
    table["intrusion"] = np.arange(1, len(table) + 1)
    columns = table[list(INTRUSION_COLUMNS)].astype(INTRUSION_COLUMNS)
    return gpd.GeoDataFrame(columns, geometry=shapes[order], crs=crs)


def _tell(
    intrusions: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, patches: gpd.GeoDataFrame, area_basis: AreaBasis
) -> None:
    ledger.figure("patches", len(patches))
    ledger.figure("ground_m2", ground_area(shapes_of(intrusions), intrusions.crs, area_basis))
    ledger.figure("cases", len(cases))
    ledger.figure("case_ground_m2", float(areas_of(shapes_of(cases), cases.crs, area_basis).sum()))
    for status in ("permitted", "partly", "unpermitted"):
        ledger.figure(status, int((intrusions["permitted"] == status).sum()))
    for verdict in ("prohibited", "conditional", "earlier"):
        ledger.figure(verdict, int((intrusions["verdict"] == verdict).sum()))
    for answer in ("present", "absent", "not_covered", "failed"):
        ledger.figure(f"patches_{answer}", int((patches["answer"] == answer).sum()))
