"""Permanent basic farmland held to the land survey: what is farmed, what is not, since when, and by whose leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, Metres, PolicyKind, Polygons, SquareMetres
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.protection._changes import Changes
from spacegov.tools.protection._farmland_audit import (
    CLASS_VERDICTS,
    CROP_VERDICTS,
    Evidence,
    Piece,
    area_by_crop,
    check_overlaps,
    cut_out,
    cut_plots,
    days_of_layer,
    gather_findings,
    joined,
    read_evidence,
    since_when,
)
from spacegov.tools.protection._farmland_frames import evidence_frame, plots_frame, units_frame
from spacegov.tools.protection._net_area import net_shares
from spacegov.tools.protection._permits import Permits
from spacegov.tools.protection._regimes import DatedRules
from spacegov.tools.protection._themes import gaps_of
from spacegov.tools.values import labels_of, texts_of

_DATED = ("verdict", "valid_from", "valid_to", "article")


class FarmlandAudit(NamedTuple):
    """The answer of `audit_basic_farmland`."""

    evidence: gpd.GeoDataFrame
    plots: gpd.GeoDataFrame
    units: pd.DataFrame


@checked(partition=None)
def audit_basic_farmland(
    plots: Polygons,
    survey: Polygons,
    earlier: Polygons | None = None,
    changes: Polygons | None = None,
    crops: Polygons | None = None,
    approvals: Polygons | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(("scheme", "class", *_DATED))],
    crop_rules: Annotated[pd.DataFrame, PolicyKind(("crop", *_DATED))] | None = None,
    scheme: str = "third-survey",
    land_class: Annotated[str, ColumnOf(("survey", "earlier"))] = "class",
    surveyed: Annotated[str, ColumnOf(("survey", "earlier"))] = "surveyed",
    change_scheme: str = "change-patch",
    change_kind: Annotated[str, ColumnOf("changes")] = "kind",
    change_date: Annotated[str, ColumnOf("changes")] = "date",
    ridge_share: Annotated[str | None, ColumnOf("survey", numeric=True)] = None,
    net_of_ridges: bool = True,
    unit: Annotated[str | None, ColumnOf("plots")] = None,
    issued: Annotated[str | None, ColumnOf("plots")] = None,
    crop: Annotated[str | None, ColumnOf("crops")] = None,
    valid_from: Annotated[str | None, ColumnOf("approvals")] = None,
    valid_to: Annotated[str | None, ColumnOf("approvals")] = None,
    min_area: SquareMetres = 1.0,
    min_width: Metres = 0.002,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("survey")] = None,
) -> FarmlandAudit:
    """Find the ground of basic farmland that is not farmed, or farmed with other than field crops.

    Parameters
    ----------
    plots : GeoDataFrame
        Plots of permanent basic farmland.
    survey : GeoDataFrame
        Land survey, every place once.
    earlier : GeoDataFrame, optional
        An earlier survey, which tells what a finding was before.
    changes : GeoDataFrame, optional
        Change patches seen since the survey; they stand before it.
    crops : GeoDataFrame, optional
        Parcels with what grows on them.
    approvals : GeoDataFrame, optional
        Ground whose conversion is approved.
    rules : DataFrame
        What a land class is on basic farmland: scheme, class, verdict (farmland, non_grain, non_farm, review),
        valid_from, valid_to, article. The rule in force on the day of the survey counts.
    crop_rules : DataFrame, optional
        The same for crops: crop, verdict (grain, other_crop, non_grain), valid_from, valid_to, article.
    scheme : str
        Classification of the surveys, as the rules name it.
    land_class, surveyed : str
        Columns of the surveys: land class, and day of the survey.
    change_scheme : str
        Scheme of the rules that holds the kinds of change.
    change_kind, change_date : str
        Columns of the change patches: what was seen, and on which day.
    ridge_share : str, optional
        Column of the share of field ridges in a patch, 0 to below 1 (KCMJ / TBMJ).
    net_of_ridges : bool
        Whether net areas leave ridges out; without `ridge_share` they cannot.
    unit : str, optional
        Column of the plots by which they are summed.
    issued : str, optional
        Column of the day on which a plot became basic farmland.
    crop : str, optional
        Column of what grows on the parcels.
    valid_from, valid_to : str, optional
        Columns of the first and last day of an approval; `valid_from` and `valid_to` where the layer has them.
    min_area : float
        Smallest ground that is a finding.
    min_width : float
        Ground nowhere wider than this is a matter of drawing.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.
    coverage : mapping, optional
        Where the survey is authoritative.

    Returns
    -------
    evidence : GeoDataFrame
        A row for each plot and record that is not kept farmland, by plot and patch: evidence (number), plot, unit,
        source (survey, changes, crops), patch, class (land class, kind of change or crop), verdict (non_farm,
        non_grain, review, unknown), article, area_m2 (m²), share (of the plot), origin (`lost`: farmland in the
        earlier survey; `delineated`: other ground before the plot was issued; `standing`: other ground already then,
        after the plot was issued; `unknown`), earlier_class, lost_m2, standing_m2 (m², farmland or not in the earlier
        survey), seen, first_seen (days), permitted (permitted, partly, unpermitted), permitted_m2, unpermitted_m2
        (m²), permits, permits_not_in_force, geometry.
    plots : GeoDataFrame
        A row for every plot, by name: plot, unit, answer (present: ground without approval that is not farmed or not
        with field crops; absent; not_covered; failed: class or day missing or in no rule), area_m2, farmland_m2, net_m2
        (farmland less ridges), non_farm_m2, non_grain_m2, unpermitted_m2 (of the last two), review_m2, unknown_m2,
        below_m2 (too small to count), unsurveyed_m2, grain_m2, other_crop_m2, crop_unknown_m2 (of the farmland; m²),
        share (unpermitted ground of the plot), not_covered (layers), geometry.
    units : DataFrame
        A row for every unit: unit, plots, plots_with_findings, the same areas, share.

    Raises
    ------
    BadPolicy
        An unknown verdict, two rules for one class and day, no rule of the scheme.
    BadInput
        A survey that lies on itself, a share of ridges that is none, days of plots that cannot be read.

    Notes
    -----
    Every plot balances: farmland, findings, ground below the limits and unsurveyed ground are its area. Net area is
    that of the farmland less ridges by the share of its survey patch; what is built over is gross. A class without a
    rule is `unknown`, never farmland. A run is not split, since units join plots of all the layer. Cost: a join of
    plots and survey, and an intersection for each pair. Crops are judged by the rules of the survey's last day.

    References
    ----------
    Notice on strict control of farmland use (自然资发〔2021〕166号); TD/T 1055-2019 for net areas.

    Examples
    --------
    >>> from shapely import box
    >>> def ground(*spans, **columns):
    ...     shapes = [box(5e5 + west, 3e6, 5e5 + east, 3e6 + 10) for west, east in spans]
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    >>> patches = ground((0, 60), (60, 90), (90, 100), surveyed="2025-12-31", ridges=[0.1, 0, 0])
    >>> patches["class"] = ["0101", "0201", "0702"]
    >>> verdicts = [("0101", "farmland"), ("0201", "non_grain"), ("0702", "non_farm")]
    >>> rules = pd.DataFrame(verdicts, columns=["class", "verdict"])
    >>> rules = rules.assign(scheme="third-survey", valid_from="2021-11-27", valid_to=None, article=None)
    >>> answer = audit_basic_farmland(ground((0, 100)), patches, rules=rules, ridge_share="ridges")
    >>> answer.plots[["farmland_m2", "net_m2", "non_grain_m2", "non_farm_m2", "share"]].to_numpy().tolist()
    [[600.0, 540.0, 300.0, 100.0, 0.4]]
    """
    dated = DatedRules(_of_scheme(rules, scheme), key="class", verdicts=CLASS_VERDICTS, role="rules")
    piece = Piece(min_area, min_width, area_basis)
    now = [_survey(survey, dated, land_class, surveyed, "survey")]
    before = None if earlier is None else _survey(earlier, dated, land_class, surveyed, "earlier")
    net = net_shares(survey, ridge_share if net_of_ridges else None, "survey")
    if net_of_ridges and ridge_share is None:
        ledger.doubt("no share of ridges is given: net areas are gross", "survey")
    crs, sizes = plots.crs, areas_of(shapes_of(plots), plots.crs, area_basis)
    rows, shapes = cut_plots(plots, now[0], net, piece)
    unsurveyed = check_overlaps(plots, rows, sizes, piece)
    if changes is not None:
        own = DatedRules(_of_scheme(rules, change_scheme), key="class", verdicts=CLASS_VERDICTS, role="rules")
        now.append(_survey(changes, own, change_kind, change_date, "changes"))
    if crops is not None:
        if crop is None or crop_rules is None:
            raise BadInput("crops: a layer was given, its column and rules are needed too; give crop and crop_rules")
        growing = DatedRules(crop_rules, key="crop", verdicts=CROP_VERDICTS, role="crop_rules")
        # what grows is judged by the rules of the survey's last day
        last = np.full(len(crops), now[0].days.max() if len(survey) else np.datetime64("NaT"), dtype="datetime64[s]")
        now.append(read_evidence(crops, growing, column=crop, days=last, source="crops"))
    every = joined(now)
    ledger.progress(0.4, "changes and crops")
    for source in ("changes", "crops"):
        rows, shapes = cut_out(rows, shapes, every, source, piece, crs)
    grown = None if crops is None else area_by_crop(rows, shapes, every, piece, crs)
    ledger.balance(float(sizes.sum()), [*rows["area_m2"], *unsurveyed], what="area of plots by verdict and unsurveyed")
    ledger.progress(0.7, "evidence")
    found, ground = gather_findings(rows, shapes, piece, crs)
    history = since_when(found, ground, every, before, piece, crs)
    permits = Permits(approvals, name=None, valid_from=valid_from, valid_to=valid_to)
    asked = pd.DataFrame({"patch": every.names, "kind": every.codes, "seen": every.days, "error": None})
    judged, _ = permits.judge(
        found,
        ground,
        Changes(asked, every.shapes, np.zeros(len(every.shapes)), crs),
        min_area=min_area,
        area_basis=area_basis,
    )
    found = pd.concat([found, history, judged], axis=1)
    names = labels_of(plots)
    units = texts_of(plots[unit]) if unit is not None else np.full(len(plots), None, dtype=object)
    evidence = evidence_frame(plots, found, ground, every, sizes, names, units, issued, before is not None)
    gaps = gaps_of(coverage or {}, shapes_of(plots), crs, min_area=min_area, area_basis=area_basis)
    table = plots_frame(plots, rows, found, unsurveyed, grown, sizes, names, units, gaps, min_area)
    _tell(evidence, table)
    return FarmlandAudit(evidence, table, units_frame(table))


def _of_scheme(rules: pd.DataFrame, scheme: str) -> pd.DataFrame:
    own: pd.DataFrame = rules[texts_of(rules["scheme"]) == scheme]
    if not len(own):
        known = ", ".join(sorted({str(name) for name in rules["scheme"]}))
        raise BadPolicy(f"rules: they have no row of the scheme {scheme!r}, only of {known}; name one of those")
    return own


def _survey(frame: gpd.GeoDataFrame, rules: DatedRules, column: str, date: str, source: str) -> Evidence:
    return read_evidence(frame, rules, column=column, days=days_of_layer(frame, date, source), source=source)


def _tell(evidence: gpd.GeoDataFrame, plots: gpd.GeoDataFrame) -> None:
    ledger.figure("plots", len(plots))
    for answer in ("present", "absent", "not_covered", "failed"):
        ledger.figure(f"plots_{answer}", int((plots["answer"] == answer).sum()))
    for column in ("farmland_m2", "net_m2", "non_farm_m2", "non_grain_m2", "unpermitted_m2", "review_m2"):
        ledger.figure(f"all_{column}", float(plots[column].sum()))
    ledger.figure("lost", int((evidence["origin"] == "lost").sum()))
    ledger.figure("delineated", int((evidence["origin"] == "delineated").sum()))
