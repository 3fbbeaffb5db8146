"""What is built on parcels, measured: floor area, covered ground, height, green."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.errors import BadInput
from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import shapes_of, union_of
from spacegov.tools.use._pieces import Pieces, ground_on


def floor_areas_of(buildings: gpd.GeoDataFrame, floors: str | None, floor_area: str | None, footprint: Any) -> Any:
    """Give the floor area of whole buildings in m²; NaN where it is not known.

    Raises
    ------
    BadInput
        Floors or areas below 0.
    """
    known = np.full(len(buildings), np.nan)
    for column, factor in ((floor_area, np.ones(len(buildings))), (floors, footprint)):
        if column is None:
            continue
        values = buildings[column].to_numpy(dtype=np.float64, na_value=np.nan)
        if (values < 0).any():
            raise BadInput(f"buildings: {int((values < 0).sum())} values of {column!r} are below 0; mend or empty them")
        known = np.where(np.isnan(known), values * factor, known)
    return known


def measure_built(
    parcels: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    pieces: Pieces,
    each: Any,
    area: Any,
    height: str | None,
    min_piece: float,
) -> pd.DataFrame:
    """Measure what stands on every parcel: buildings, ground, floors, height.

    Parameters
    ----------
    each : float64 (buildings,)
        Floor areas of whole buildings, m².
    area : float64 (parcels,)
        m².
    height : str or None
        Column of the buildings' height.
    min_piece : float
        m² of a building below which its height does not count on a parcel.

    Returns
    -------
    DataFrame
        A row for every parcel: buildings, floors_missing, area_m2, footprint_m2, floor_area_m2, ratio (NaN where floors
        are missing), ratio_least, coverage, height_m, height_unknown.
    """
    count = len(parcels)
    parcel, building = (pieces.table[name].to_numpy() for name in ("parcel", "building"))
    own = each[building] * pieces.table["part"].to_numpy()
    missing = np.isnan(own)
    sum_of = np.bincount(parcel, np.nan_to_num(own), minlength=count)
    gaps = np.bincount(parcel, missing, minlength=count).astype(np.int64)
    stands = pieces.table["area_m2"].to_numpy() >= min_piece
    heights = np.full(count, np.nan)
    unknown_height = np.zeros(count, dtype=bool)
    if height is not None:
        metres = buildings[height].to_numpy(dtype=np.float64, na_value=np.nan)[building]
        heights = np.zeros(count)
        np.maximum.at(heights, parcel[stands], np.nan_to_num(metres[stands]))
        unknown_height[parcel[stands & np.isnan(metres)]] = True
    return pd.DataFrame(
        {
            "buildings": np.bincount(parcel[stands], minlength=count),
            "floors_missing": gaps,
            "area_m2": area,
            "footprint_m2": pieces.cover_m2,
            "floor_area_m2": sum_of,
            "ratio": np.where(gaps > 0, np.nan, sum_of / area),
            "ratio_least": sum_of / area,
            "coverage": pieces.cover_m2 / area,
            "height_m": heights,
            "height_unknown": unknown_height,
        }
    )


def green_shares(
    parcels: gpd.GeoDataFrame, greens: gpd.GeoDataFrame | None, column: str | None, area: Any, basis: AreaBasis
) -> Any:
    """Give the share of every parcel that is green, NaN without a layer of greens."""
    if greens is None:
        return np.full(len(parcels), np.nan)
    pairs = pair_areas(parcels, greens, area_basis=basis, trusted=True)
    part = np.ones(len(greens))
    if column is not None:
        part = greens[column].to_numpy(dtype=np.float64, na_value=0.0)
        if ((part < 0) | (part > 1)).any():
            raise BadInput(f"greens: values of {column!r} are no shares; give 0 to 1, not percent")
    left, right = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    sums = np.bincount(left, pairs["area_m2"].to_numpy() * part[right], minlength=len(parcels))
    if column is None:
        plots, shapes = shapes_of(parcels), shapes_of(greens)
        twice = self_pair_areas(greens, area_basis=basis, trusted=True)
        both = np.unique(twice[["left_index", "right_index"]].to_numpy())
        for plot in np.unique(left[np.isin(right, both)]):
            sums[plot] = ground_on(plots[plot], shapes[right[left == plot]], parcels.crs, basis)
    return sums / area


def surveyed_by(parcels: gpd.GeoDataFrame, area_of: gpd.GeoDataFrame | None, area: Any, basis: AreaBasis) -> Any:
    """Tell which parcels lie wholly where a layer is authoritative."""
    if area_of is None:
        return np.ones(len(parcels), dtype=bool)
    there = gpd.GeoSeries([union_of(shapes_of(area_of))] if len(area_of) else [], crs=parcels.crs)
    if not len(there):
        return np.zeros(len(parcels), dtype=bool)
    pairs = pair_areas(parcels, there, area_basis=basis, trusted=True)
    inside = np.bincount(pairs["left_index"], pairs["area_m2"], minlength=len(parcels))
    return inside >= area * (1 - 1e-6)
