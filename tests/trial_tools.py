"""Small tools that use every part of the contract; the tiny workspace's cards name them as `spacegov.tools.trial`.

Importing this module puts it there, so that the toolbox finds it by the only path a card may give.
"""

import math
import sys
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kinds import (
    AreaBasis,
    ColumnOf,
    CoverageOf,
    LayerSet,
    PolicyKind,
    Polygons,
    Raster,
    SquareMetres,
    Stream,
)
from spacegov.layers.coverage import covered_share
from spacegov.raster import Raster as Grid

sys.modules["spacegov.tools.trial"] = sys.modules[__name__]


class Measured(NamedTuple):
    """The answer of `measure_places`."""

    places: gpd.GeoDataFrame
    totals: pd.DataFrame


@checked(partition="rows")
def measure_places(
    places: list[Polygons],
    *,
    by: Annotated[str, ColumnOf("places")],
    min_area: SquareMetres = 0.0,
    labels: list[str] | None = None,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("places")] = None,
) -> Measured:
    """Measure places and say which of them lie where their layer is authoritative.

    Parameters
    ----------
    places : list of GeoDataFrame
        Places of any number of layers.
    by : str
        Column whose values are summed.
    min_area : float
        Smaller places are left out.
    """
    frames = []
    for frame in places:
        name = frame.attrs.get("layer")
        share = covered_share(frame, (coverage or {}).get(name))
        answer = np.where(share > 0.5, "present", "not_covered")
        frames.append(frame.assign(layer=name, area_m2=frame.area, answer=answer))
    merged = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=places[0].crs)
    small = merged["area_m2"] < min_area
    ledger.dropped(merged[small], "smaller than min_area", area_m2=float(merged.loc[small, "area_m2"].sum()))
    if small.any():
        ledger.doubt(f"{int(small.sum())} small places were left out", "places")
    whole = float(sum(frame.area.sum() for frame in places))
    ledger.balance(whole, merged["area_m2"].tolist(), what="area of places")
    kept = merged[~small].reset_index(drop=True)
    ledger.figure("largest_m2", kept["area_m2"].max() if len(kept) else np.float64(0))
    ledger.progress(1.0, "measured")
    totals = kept.groupby(by, as_index=False, sort=True)["area_m2"].sum()
    kept = kept.rename(columns={by: "kind"})[["layer", "kind", "answer", "area_m2", "geometry"]]
    return Measured(kept, totals.assign(basis=area_basis, labels=",".join(labels or [])))


@checked
def list_layers(layers: LayerSet) -> pd.DataFrame:
    """Count the features of every layer that has data, not covered where there are none."""
    rows = []
    for name, reader in layers.items():
        if not name.partition(".")[2].startswith("trial-") and reader.card is not None:
            continue
        if not reader.bound:
            rows.append((name, "not_covered", 0))
        elif reader.card is None or reader.card.kind == "Polygons":
            rows.append((name, "present", len(reader.read())))
    return pd.DataFrame(rows, columns=["layer", "answer", "features"])


@checked
def count_batches(features: Stream, *, min_area: SquareMetres = 0.0) -> pd.DataFrame:
    """Count features batch by batch."""
    counts = [int((batch.area >= min_area).sum()) for batch in features]
    return pd.DataFrame({"batch": range(len(counts)), "features": counts})


@checked
def raise_terrain(terrain: Raster, *, metres: float = 1.0) -> Grid:
    """Lift a terrain."""
    return terrain.like(terrain.values() + metres, unit="m")


@checked
def apply_rules(
    places: Polygons,
    *,
    use: Annotated[str, ColumnOf("places")],
    rules: Annotated[pd.DataFrame, PolicyKind(("use", "verdict"))],
) -> gpd.GeoDataFrame:
    """Give each place the verdict of its use."""
    merged = places.merge(rules[["use", "verdict"]], left_on=use, right_on="use", how="left")
    return gpd.GeoDataFrame(merged, geometry="geometry", crs=places.crs)


@checked
def break_balance(places: Polygons) -> gpd.GeoDataFrame:
    """Lose a tenth of the ground, which the ledger must not let pass."""
    ledger.balance(float(places.area.sum()), float(places.area.sum()) * 0.9, what="area of places")
    return places


@checked
def fail_inside(places: Polygons) -> gpd.GeoDataFrame:
    """Divide by zero."""
    return places.assign(ratio=len(places) / math.floor(0.5))


class Grains(NamedTuple):
    """The answer of `scatter_points`."""

    first: gpd.GeoDataFrame
    second: gpd.GeoDataFrame
    third: gpd.GeoDataFrame


@checked
def scatter_points(places: Polygons, *, count: int = 100_000) -> Grains:
    """Give three frames large enough that writing them takes a while."""
    west, south, east, north = places.total_bounds
    step = np.arange(count) / count
    points = shapely.points(west + (east - west) * step, south + (north - south) * (step * 7919 % 1.0))
    frame: Any = gpd.GeoDataFrame({"number": np.arange(count)}, geometry=points, crs=places.crs)
    return Grains(frame, frame.assign(number=1), frame.assign(number=2))
