"""Ground of basic farmland plots by what survey, change patches and crops say of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov import ledger
from spacegov.errors import BadInput
from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, differences, intersections, shapes_of, slivers, union_of
from spacegov.tools.protection._regimes import DatedRules, Days
from spacegov.tools.values import dates_of, labels_of, texts_of

CLASS_VERDICTS = ("farmland", "non_grain", "non_farm", "review")
CROP_VERDICTS = ("grain", "other_crop", "non_grain")


class Evidence(NamedTuple):
    """What a layer says of the ground: a row for every record."""

    source: npt.NDArray[Any]
    shapes: Shapes
    names: npt.NDArray[Any]
    codes: npt.NDArray[Any]
    days: Days
    verdicts: npt.NDArray[Any]
    articles: npt.NDArray[Any]


class Piece(NamedTuple):
    """Settings of what counts as a piece of ground."""

    min_area: float
    min_width: float
    area_basis: AreaBasis


def read_evidence(frame: gpd.GeoDataFrame, rules: DatedRules, *, column: str, days: Days, source: str) -> Evidence:
    """Read a layer and what the rules of its days make of each record."""
    codes = texts_of(frame[column])
    verdicts, articles = rules.judge(codes, days)
    unlisted = sorted({str(code) for code in codes[(verdicts == "unknown") & ~np.isnat(days)]})
    if unlisted:
        ledger.doubt(f"{len(unlisted)} values of {column!r} are in no rule of their day: {', '.join(unlisted)}", source)
    named = np.full(len(frame), source, dtype=object)
    return Evidence(named, shapes_of(frame), labels_of(frame), codes, days, verdicts, articles)


def days_of_layer(frame: gpd.GeoDataFrame, column: str, source: str) -> Days:
    """Read the days of a layer; those that cannot be read are on record."""
    days, texts = dates_of(frame[column])
    lost = np.isnat(days)
    if lost.any():
        example = next((text for text in texts[lost] if text is not None), "none given")
        ledger.doubt(f"{int(lost.sum())} records have no readable date ({example}): no rule holds for them", source)
    return days


def joined(layers: list[Evidence]) -> Evidence:
    """Put the records of several layers into one table."""
    return Evidence(*(np.concatenate(parts) for parts in zip(*layers, strict=True)))


def cut_plots(
    plots: gpd.GeoDataFrame, survey: Evidence, net: npt.NDArray[np.float64], piece: Piece
) -> tuple[pd.DataFrame, Shapes]:
    """Cut plots with the patches of a survey.

    Returns
    -------
    rows : DataFrame
        plot, patch (positions), area_m2, net_m2, verdict (`below` where the piece is too small to count), by plot and
        patch.
    shapes : array of polygons
    """
    crs, shapes = plots.crs, shapes_of(plots)
    pairs = pair_areas(
        gpd.GeoSeries(shapes, crs=crs),
        gpd.GeoSeries(survey.shapes, crs=crs),
        area_basis=piece.area_basis,
        trusted=True,
    )
    plot, patch = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    ground = intersections(shapes[plot], survey.shapes[patch])
    area = pairs["area_m2"].to_numpy()
    verdict = survey.verdicts[patch].copy()
    small = (verdict != "farmland") & ((area < piece.min_area) | slivers(ground, piece.min_width))
    _drop(area[small])
    verdict[small] = "below"
    kept = np.where(verdict == "farmland", net[patch], 1.0)
    rows = pd.DataFrame({"plot": plot, "patch": patch, "area_m2": area, "net_m2": area * kept, "verdict": verdict})
    return rows, ground


def _drop(areas: npt.NDArray[np.float64]) -> None:
    ledger.dropped(len(areas), "ground below min_area or min_width, not called a finding", area_m2=float(areas.sum()))


def check_overlaps(plots: gpd.GeoDataFrame, rows: pd.DataFrame, sizes: npt.NDArray[np.float64], piece: Piece) -> Any:
    """Measure what no patch of the survey covers; refuse a survey that lies on itself inside a plot."""
    found = np.bincount(rows["plot"], weights=rows["area_m2"], minlength=len(plots))
    rest = sizes - found
    worst = int(np.argmin(rest)) if len(rest) else 0
    if len(rest) and rest[worst] < -max(piece.min_area, 1e-6 * sizes[worst]):
        raise BadInput(
            f"survey: its patches lie on each other by {-rest[worst]:.1f} m² in plot {labels_of(plots)[worst]!r}, a "
            "survey that covers every place once is needed; mend it with check-partition"
        )
    twice = self_pair_areas(plots, area_basis=piece.area_basis, trusted=True)["area_m2"]
    if float(twice.sum()) >= piece.min_area:
        ledger.doubt(
            f"{len(twice)} pairs of plots share {float(twice.sum()):.0f} m²: each plot counts it, units count it twice",
            "plots",
        )
    return rest


def cut_out(
    rows: pd.DataFrame, shapes: Shapes, every: Evidence, source: str, piece: Piece, crs: Any
) -> tuple[pd.DataFrame, Shapes]:
    """Take from the farmland of the survey what another source says is none.

    Parameters
    ----------
    rows, shapes
        Pieces of plots.
    every : Evidence
        Records of all layers; those of `source` that keep farmland take nothing.
    source : str
        The layer that speaks.

    Returns
    -------
    rows, shapes
        Farmland less what was taken, and a row for each piece taken; every place once.
    """
    numbers = np.flatnonzero((every.source == source) & ~np.isin(every.verdicts, ("farmland", "grain", "other_crop")))
    field = np.flatnonzero((rows["verdict"] == "farmland").to_numpy())
    speaking = gpd.GeoSeries(every.shapes[numbers], crs=crs)
    pairs = pair_areas(gpd.GeoSeries(shapes[field], crs=crs), speaking, trusted=True)
    where, record = field[pairs["left_index"].to_numpy()], numbers[pairs["right_index"].to_numpy()]
    shapes, plot = shapes.copy(), rows["plot"].to_numpy()
    area, net = rows["area_m2"].to_numpy(copy=True), rows["net_m2"].to_numpy(copy=True)
    added, pieces = [], []
    for row, number in zip(where.tolist(), record.tolist(), strict=True):
        one = shapes[row : row + 1]
        taken = intersections(one, every.shapes[number : number + 1])
        left = differences(one, every.shapes[number : number + 1])
        size, rest = areas_of(np.concatenate([taken, left]), crs, piece.area_basis)
        if size < piece.min_area or slivers(taken, piece.min_width)[0]:
            _drop(np.array([size]))
            continue
        net[row] *= rest / area[row]
        area[row], shapes[row] = rest, left[0]
        pieces.append(taken[0])
        added.append((plot[row], number, size, size, every.verdicts[number]))
    rows = rows.assign(area_m2=area, net_m2=net)
    if added:
        rows = pd.concat([rows, pd.DataFrame(added, columns=list(rows.columns))], ignore_index=True)
        shapes = np.concatenate([shapes, np.array(pieces, dtype=object)])
    return rows, shapes


def area_by_crop(rows: pd.DataFrame, shapes: Shapes, every: Evidence, piece: Piece, crs: Any) -> pd.DataFrame:
    """Measure the farmland of each plot by what grows on it: grain_m2, other_crop_m2 by plot."""
    field = np.flatnonzero((rows["verdict"] == "farmland").to_numpy())
    growing = np.flatnonzero((every.source == "crops") & np.isin(every.verdicts, ("grain", "other_crop")))
    pairs = pair_areas(
        gpd.GeoSeries(shapes[field], crs=crs),
        gpd.GeoSeries(every.shapes[growing], crs=crs),
        area_basis=piece.area_basis,
        trusted=True,
    )
    table = pd.DataFrame(
        {
            "plot": rows["plot"].to_numpy()[field[pairs["left_index"].to_numpy()]],
            "verdict": every.verdicts[growing[pairs["right_index"].to_numpy()]].astype(str),
            "area_m2": pairs["area_m2"].to_numpy(),
        }
    )
    sums = table.pivot_table(index="plot", columns="verdict", values="area_m2", aggfunc="sum", fill_value=0.0)
    return pd.DataFrame({f"{kind}_m2": sums.get(kind, 0.0) for kind in ("grain", "other_crop")}, index=sums.index)


def gather_findings(rows: pd.DataFrame, shapes: Shapes, piece: Piece, crs: Any) -> tuple[pd.DataFrame, Shapes]:
    """Give one row and shape for each plot and record that is not kept farmland."""
    own = np.flatnonzero(~rows["verdict"].isin(["farmland", "below"]).to_numpy())
    found, ground = [], []
    for (plot, patch), group in rows.iloc[own].groupby(["plot", "patch"], sort=True):
        several = shapes[group.index.to_numpy()]
        ground.append(several[0] if len(several) == 1 else union_of(several))
        found.append((plot, patch, group["verdict"].iloc[0]))
    united = np.empty(len(ground), dtype=object)
    united[:] = ground
    table = pd.DataFrame(found, columns=["plot", "patch", "verdict"]).astype({"plot": "int64", "patch": "int64"})
    table["area_m2"] = areas_of(united, crs, piece.area_basis)
    return table, united


def since_when(
    rows: pd.DataFrame, shapes: Shapes, now: Evidence, before: Evidence | None, piece: Piece, crs: Any
) -> pd.DataFrame:
    """Tell for each finding whether an earlier survey saw it already.

    Returns
    -------
    DataFrame
        earlier_class (of most of the ground), lost_m2 (farmland then), standing_m2 (not farmland then), first_seen.
    """
    count = len(rows)
    found = pd.DataFrame(
        {
            "earlier_class": np.full(count, None, dtype=object),
            "lost_m2": np.full(count, np.nan),
            "standing_m2": np.full(count, np.nan),
            "first_seen": now.days[rows["patch"].to_numpy()],
        }
    )
    if before is None or not count:
        return found
    pairs = pair_areas(
        gpd.GeoSeries(shapes, crs=crs),
        gpd.GeoSeries(before.shapes, crs=crs),
        area_basis=piece.area_basis,
        trusted=True,
    )
    row, patch, area = (pairs[name].to_numpy() for name in ("left_index", "right_index", "area_m2"))
    was_field = before.verdicts[patch] == "farmland"
    found["lost_m2"] = np.bincount(row[was_field], weights=area[was_field], minlength=count)
    found["standing_m2"] = np.bincount(row[~was_field], weights=area[~was_field], minlength=count)
    largest = pairs.assign(code=before.codes[patch]).sort_values(["left_index", "area_m2", "code"], kind="stable")
    last = largest.drop_duplicates("left_index", keep="last")
    found.loc[last["left_index"], "earlier_class"] = last["code"].to_numpy()
    older = np.flatnonzero((found["standing_m2"] > found["lost_m2"]).to_numpy())
    day = pd.Series(before.days[patch][~was_field]).groupby(row[~was_field]).min()
    found.loc[older, "first_seen"] = day.reindex(older).to_numpy()
    return found
