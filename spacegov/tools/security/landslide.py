"""Susceptibility to landslides by information value, checked on ground the model has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis, CoverageOf, Lines, Metres, Points, PolicyKind, ValueRaster
from spacegov.kinds import Raster as RasterInput
from spacegov.ledger import balance, doubt, dropped, figure, progress
from spacegov.raster import Raster
from spacegov.tools.cells import cell_areas, polygons_of
from spacegov.tools.security._information import (
    ZeroRule,
    area_under_curve,
    information_values,
    roc_points,
    spatial_folds,
)
from spacegov.tools.security._landslide_factors import Factor, factors_of

_LEAST_EVENTS = 10
_ZONE_COLUMNS = {
    "grade": "str",
    "answer": "str",
    "area_m2": "float64",
    "area_share": "float64",
    "events": "int64",
    "event_share": "float64",
    "ratio": "float64",
}


class Susceptibility(NamedTuple):
    """Answer of `map_landslide_susceptibility`."""

    zones: gpd.GeoDataFrame
    classes: pd.DataFrame
    validation: pd.DataFrame
    roc: pd.DataFrame
    score: Raster


@checked(partition=None)
def map_landslide_susceptibility(
    events: Points,
    terrain: ValueRaster,
    factors: list[RasterInput] | None = None,
    near: list[Lines] | None = None,
    *,
    grades: Annotated[pd.DataFrame, PolicyKind(("grade", "from_share"))],
    categorical: tuple[str, ...] = (),
    classes: Annotated[int, Field(ge=2, le=20)] = 8,
    zero_rule: ZeroRule = "add-half",
    block: Metres = 2000.0,
    folds: Annotated[int, Field(ge=2, le=10)] = 5,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("events")] = None,
    area_basis: AreaBasis = "plane",
) -> Susceptibility:
    """Grade ground by how prone it is to landslides, from where they happened.

    Parameters
    ----------
    events
        Inventory of landslides.
    terrain
        Digital elevation model; height, slope, aspect and relief are factors.
    factors
        Further factors on the same cells, such as geology or land cover.
    near
        Lines whose distance is a factor, such as rivers and roads.
    grades
        Grades from low to high, each with the share of the ground that lies below it.
    categorical
        Names of those `factors` whose values are codes.
    classes
        Classes of a number, each with about the same ground.
    zero_rule
        What a class without event gets: `add-half` adds half an event to every class of the factor, `lowest` takes
        the lowest value of the other classes.
    block
        Side of the square blocks that are kept together in cross-validation.
    folds
        Parts of the cross-validation.
    coverage
        Where the inventory was surveyed; other ground teaches nothing and checks nothing, and is graded with a doubt.
    area_basis
        How areas are measured.

    Returns
    -------
    zones : GeoDataFrame
        grade : from low to high, then `not_covered`
        answer : `present`, or `not_covered` where a factor is unknown
        area_m2, area_share : ground, m² and share of the known ground
        events, event_share : cells with events
        ratio : event share over area share
    classes : DataFrame
        factor, class, events, area_m2, information_value (−∞ without event), value_used (after the rule)
    validation : DataFrame
        sample : `model` (on the ground it was made from), `cross-validation`, and each fold; events, cells, auc,
        auc_low, auc_high (95 %)
    roc : DataFrame
        sample, threshold, true_share (events at or above), false_share (other ground at or above)
    score : Raster
        Sum of the information values.

    Raises
    ------
    BadInput
        Fewer than ten cells with events on known ground, a factor given twice, lines off the terrain.
    BadPolicy
        Grades that do not begin at 0 or do not rise.
    BadRaster
        Factors on other cells.

    Notes
    -----
    I = Σ ln((Nᵢ/N)/(Sᵢ/S)) over the classes a cell lies in, N counting cells with at least one event. A cell whose
    factor is unknown is not answered, never average. Cross-validation leaves out blocks of ground, not single cells:
    neighbouring cells are alike, and a random split would flatter the model. AUC counts pairs of event and other cell,
    with DeLong's interval. Grades are shares of ground by the index. Not split over machines: N and S are the whole's.

    References
    ----------
    Yin and Yan 1988, Statistical prediction models for slope instability; van Westen 1993; DeLong, DeLong and
    Clarke-Pearson 1988, Biometrics 44; Brenning 2005 on spatial cross-validation.

    Examples
    --------
    >>> from affine import Affine
    >>> import warnings; warnings.simplefilter("ignore")
    >>> x, y = np.meshgrid(np.arange(30.0), np.arange(30.0))
    >>> hill = Raster.from_array(np.maximum(x - 15, 0) ** 2 + 0.1 * y, Affine(50, 0, 500000, 0, -50, 3300000), 4549)
    >>> slides = gpd.GeoDataFrame(geometry=gpd.points_from_xy(501275 + 50 * np.arange(3).repeat(6),
    ...                                                      3299825 - 200 * np.tile(np.arange(6), 3)), crs=4549)
    >>> steps = pd.DataFrame({"grade": ["low", "high"], "from_share": [0.0, 0.8]})
    >>> answer = map_landslide_susceptibility(slides, hill, grades=steps, classes=4, block=300)
    >>> answer.zones[["grade", "events"]]
             grade  events
    0          low       0
    1         high      18
    2  not_covered       0
    """
    names, shares = _grades(grades)
    surveyed = _surveyed(terrain, coverage or {})
    model = _Model(factors_of(terrain, factors or [], near or [], categorical, classes), surveyed, zero_rule)
    hit = _event_cells(events, terrain, model.learnt)
    progress(0.4, "information values")
    areas = cell_areas(terrain, area_basis)
    tables = model.values(hit, areas, model.learnt)
    index = model.score(tables)
    validation, roc = _validate(model, hit, areas, index, spatial_folds(terrain.shape, _cells(terrain, block), folds))
    progress(0.8, "grades")
    zones = _zones(terrain, index, model.known, hit, areas, names, shares, area_basis)
    _report(zones, validation)
    return Susceptibility(
        zones, model.table(hit, areas, tables), validation, roc, terrain.like(index, layer="susceptibility")
    )


class _Model:
    """Factors stacked as classes of cells."""

    def __init__(self, factors: list[Factor], surveyed: NDArray[np.bool_], rule: ZeroRule) -> None:
        self.factors, self.rule = factors, rule
        self.known: NDArray[np.bool_] = np.ones(surveyed.shape, dtype=bool)
        for factor in factors:
            self.known &= factor.codes >= 0
        self.learnt = self.known & surveyed

    def values(
        self, hit: NDArray[np.bool_], areas: NDArray[np.float64], where: NDArray[np.bool_], rule: bool = True
    ) -> list[NDArray[np.float64]]:
        """Information values of each factor's classes, learnt from some of the ground."""
        answer = []
        for factor in self.factors:
            size = len(factor.labels)
            codes = factor.codes[where]
            counts = np.bincount(codes[hit[where]], minlength=size).astype(np.float64)
            ground: NDArray[np.float64] = np.bincount(codes, areas[where], minlength=size).astype(np.float64)
            answer.append(information_values(counts, ground, self.rule if rule else None))
        return answer

    def score(self, tables: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Sum of the information values of every known cell."""
        total = np.zeros(self.known.shape)
        for factor, table in zip(self.factors, tables, strict=True):
            total += table[np.where(self.known, factor.codes, 0)]
        return np.where(self.known, total, np.nan)

    def table(
        self, hit: NDArray[np.bool_], areas: NDArray[np.float64], used: list[NDArray[np.float64]]
    ) -> pd.DataFrame:
        """All classes with what they say."""
        raw = self.values(hit, areas, self.learnt, rule=False)
        rows = []
        for factor, plain, value in zip(self.factors, raw, used, strict=True):
            codes = factor.codes[self.learnt]
            counts = np.bincount(codes[hit[self.learnt]], minlength=len(factor.labels))
            ground = np.bincount(codes, areas[self.learnt], minlength=len(factor.labels))
            rows += [
                (factor.name, label, int(counts[n]), float(ground[n]), float(plain[n]), float(value[n]))
                for n, label in enumerate(factor.labels)
            ]
        return pd.DataFrame(
            rows, columns=["factor", "class", "events", "area_m2", "information_value", "value_used"]
        ).astype({"factor": "str", "class": "str"})


def _grades(table: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    shares = table["from_share"].to_numpy(dtype=np.float64)
    if not len(shares) or shares[0] != 0 or (np.diff(shares) <= 0).any() or shares[-1] >= 1:
        raise BadPolicy(
            f"grades: the shares {shares.tolist()} were given, they must begin at 0, rise and stay below 1; mend them"
        )
    return [str(name) for name in table["grade"]], shares


def _surveyed(terrain: Raster, coverage: Mapping[str, gpd.GeoDataFrame]) -> NDArray[np.bool_]:
    """Cells where the inventory was made, by their centres."""
    from rasterio.features import rasterize

    surveyed = np.ones(terrain.shape, dtype=bool)
    for polygons in coverage.values():
        shapes = [(shape, 1) for shape in polygons.geometry]
        surveyed &= rasterize(shapes, out_shape=terrain.shape, transform=terrain.transform, dtype="uint8") == 1
    if not surveyed.all():
        share = 1 - float(surveyed.mean())
        doubt(
            f"{share:.0%} of the ground was never surveyed for events: it teaches nothing, and its grades are carried "
            "over from surveyed ground",
            "events",
        )
    return surveyed


def _cells(terrain: Raster, block: float) -> int:
    return max(1, round(block / max(terrain.cell_size)))


def _event_cells(events: gpd.GeoDataFrame, terrain: Raster, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    places = shapely.get_coordinates(events.geometry.to_numpy())
    t = terrain.transform
    column = np.floor((places[:, 0] - t.c) / t.a).astype(np.int64)
    row = np.floor((places[:, 1] - t.f) / t.e).astype(np.int64)
    inside = (row >= 0) & (row < terrain.shape[0]) & (column >= 0) & (column < terrain.shape[1])
    hit = np.zeros(terrain.shape, dtype=bool)
    hit[row[inside], column[inside]] = True
    on_known = inside.copy()
    on_known[inside] = known[row[inside], column[inside]]
    dropped(int((~on_known).sum()), "events off the terrain, off the survey, or where a factor is unknown")
    hit &= known
    if hit.sum() < _LEAST_EVENTS:
        raise BadInput(
            f"events: {int(hit.sum())} cells with an event lie on surveyed ground with all factors known, at least "
            f"{_LEAST_EVENTS} are needed to learn from; give a larger inventory"
        )
    return hit


def _validate(
    model: _Model,
    hit: NDArray[np.bool_],
    areas: NDArray[np.float64],
    index: NDArray[np.float64],
    fold: NDArray[np.int64],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = model.learnt
    unseen = np.full(index.shape, np.nan)
    rows: list[dict[str, Any]] = []
    for number in np.unique(fold):
        left_out = known & (fold == number)
        learnt = known & (fold != number)
        if not left_out.any() or not (hit & learnt).any():
            continue
        unseen[left_out] = model.score(model.values(hit, areas, learnt))[left_out]
        rows.append(_validation_row(f"fold {number + 1}", unseen, left_out, hit))
    samples = {"model": index, "cross-validation": unseen}
    head = [_validation_row(name, values, known & np.isfinite(values), hit) for name, values in samples.items()]
    curves = []
    for name, values in samples.items():
        there = known & np.isfinite(values)
        threshold, true, false = roc_points(values[there & hit], values[there & ~hit])
        curves.append(pd.DataFrame({"sample": name, "threshold": threshold, "true_share": true, "false_share": false}))
    return pd.DataFrame([*head, *rows]).astype({"sample": "str"}), pd.concat(curves, ignore_index=True)


def _validation_row(
    name: str, values: NDArray[np.float64], where: NDArray[np.bool_], hit: NDArray[np.bool_]
) -> dict[str, Any]:
    events, others = values[where & hit], values[where & ~hit]
    area, low, high = area_under_curve(events, others) if len(events) and len(others) else (np.nan,) * 3
    return {
        "sample": name,
        "events": len(events),
        "cells": int(where.sum()),
        "auc": area,
        "auc_low": low,
        "auc_high": high,
    }


def _zones(
    terrain: Raster,
    index: NDArray[np.float64],
    known: NDArray[np.bool_],
    hit: NDArray[np.bool_],
    areas: NDArray[np.float64],
    names: list[str],
    shares: NDArray[np.float64],
    basis: AreaBasis,
) -> gpd.GeoDataFrame:
    limits = np.quantile(index[known], shares[1:])
    codes = np.full(index.shape, len(names), dtype=np.int64)
    codes[known] = np.searchsorted(limits, index[known], side="right")
    shapes = polygons_of(codes, terrain)
    area = np.bincount(codes.ravel(), areas.ravel(), len(names) + 1)
    count = np.bincount(codes[hit], minlength=len(names) + 1)
    ground = area[:-1].sum()
    rows: list[tuple[Any, ...]] = []
    for code in shapes:
        if code == len(names):
            rows.append(("not_covered", "not_covered", area[code], np.nan, 0, np.nan, np.nan))
            continue
        share, part = area[code] / ground, count[code] / hit.sum()
        rows.append((names[code], "present", area[code], share, count[code], part, part / share))
    table = pd.DataFrame(rows, columns=list(_ZONE_COLUMNS)).astype(_ZONE_COLUMNS)
    zones = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(shapes.values()), crs=terrain.crs), crs=terrain.crs)
    drawn = polygon_areas(zones, area_basis=basis, trusted=True)
    balance(float(areas.sum()), drawn.tolist(), what="area of grades and of unknown ground")
    return zones


def _report(zones: gpd.GeoDataFrame, validation: pd.DataFrame) -> None:
    auc, low, high = (float(validation[name].iloc[1]) for name in ("auc", "auc_low", "auc_high"))
    figure("auc", auc)
    figure("auc_low", low)
    figure("auc_high", high)
    figure("events", int(zones["events"].sum()))
    highest = zones[zones["answer"] == "present"].iloc[-1]
    figure("highest_m2", float(highest["area_m2"]))
    figure("highest_event_share", float(highest["event_share"]))
    figure("unanswered_m2", float(zones.loc[zones["answer"] == "not_covered", "area_m2"].sum()))
    if not low > 0.5:
        doubt(
            f"on ground it has not seen the model does not tell events from other ground (AUC {auc:.2f}, 95 % from "
            f"{low:.2f}); do not act on the grades",
            "validation",
        )
