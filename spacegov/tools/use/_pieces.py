"""Buildings cut at the borders of parcels: what of each stands where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, intersections, shapes_of, union_of


@dataclass(frozen=True)
class Pieces:
    """Buildings on parcels.

    Attributes
    ----------
    table : DataFrame
        parcel, building (row positions), area_m2 of the piece, part (share of the footprint)
    footprint_m2 : float64 (buildings,)
    cover_m2 : float64 (parcels,)
        Ground under buildings, counted once where footprints overlap.
    overlapping : int
        Pairs of footprints that overlap.
    """

    table: pd.DataFrame
    footprint_m2: Any
    cover_m2: Any
    overlapping: int


def pieces_on(parcels: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, basis: AreaBasis) -> Pieces:
    """Cut buildings at the borders of parcels."""
    plots, houses = shapes_of(parcels), shapes_of(buildings)
    footprint = areas_of(houses, buildings.crs, basis)
    pairs = pair_areas(parcels, buildings, area_basis=basis, trusted=True)
    table = pairs.rename(columns={"left_index": "parcel", "right_index": "building"})
    table["part"] = np.minimum(table["area_m2"].to_numpy() / footprint[table["building"].to_numpy()], 1.0)
    cover = np.bincount(table["parcel"], table["area_m2"], minlength=len(parcels)).astype(np.float64)
    twice = self_pair_areas(buildings, area_basis=basis, trusted=True)
    # a shared wall drawn twice is no overlap
    twice = twice[twice["area_m2"] > 0.01]
    both = np.unique(twice[["left_index", "right_index"]].to_numpy())
    for parcel in table.loc[table["building"].isin(both), "parcel"].unique():
        own = table.loc[table["parcel"] == parcel, "building"].to_numpy()
        cover[parcel] = ground_on(plots[parcel], houses[own], parcels.crs, basis)
    return Pieces(table, footprint, cover, len(twice))


def ground_on(plot: Any, shapes: Shapes, crs: Any, basis: AreaBasis) -> float:
    """Measure the ground of a plot under shapes, every place counted once."""
    cut = intersections(np.full(len(shapes), plot, dtype=object), shapes)
    cut = cut[shapely.area(cut) > 0]
    return float(areas_of(np.array([union_of(cut)], dtype=object), crs, basis)[0]) if len(cut) else 0.0
