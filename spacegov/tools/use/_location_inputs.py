"""What the choice of sites starts from: people, room, prices, and the ways between places and sites."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.errors import BadInput, EmptyLayer, UnknownName, suggest
from spacegov.ledger import doubt
from spacegov.tools.overlay import shapes_of
from spacegov.tools.values import amounts_of, texts_of

Floats = NDArray[np.float64]


class Ways(NamedTuple):
    """Minutes from places to sites (infinite without a way or beyond the limit), and how far from the road each is."""

    minutes: Floats
    site_snap: Floats
    place_snap: Floats


def people_of(demand: gpd.GeoDataFrame, column: str | None) -> Floats:
    """People of each place; missing values count as none, and are told."""
    if column is None:
        doubt("no column of people was named: every place counts as one person")
        return np.ones(len(demand))
    weights = np.nan_to_num(amounts_of(demand, column, "demand", "people"))
    if not weights.any():
        raise EmptyLayer(f"demand: no place has people by {column!r}, at least one is needed; check the column")
    return weights


def room_of(sites: gpd.GeoDataFrame, column: str | None, role: str) -> Floats:
    """Most people of each site; infinite where nothing is said."""
    if column is None:
        return np.full(len(sites), np.inf)
    room = sites[column].to_numpy(dtype=np.float64, na_value=np.nan)
    if (room < 0).any():
        raise BadInput(f"{role}: {int((room < 0).sum())} values of {column!r} are below 0; mend or empty them")
    return np.asarray(np.where(np.isnan(room), np.inf, np.floor(room)), dtype=np.float64)


def prices_of(candidates: gpd.GeoDataFrame, column: str | None) -> Floats:
    """Cost of each candidate."""
    if column is None:
        return np.ones(len(candidates))
    prices = candidates[column].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(prices).all() or (prices < 0).any():
        raise BadInput(f"candidates: {column!r} has missing or negative prices, 0 or more is needed; fill them in")
    return np.asarray(prices, dtype=np.float64)


def straight_ways(demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, walking: float) -> Ways:
    """Ways walked along straight lines."""
    from scipy.spatial.distance import cdist

    ends = [shapely.get_coordinates(shapely.centroid(shapes_of(layer))) for layer in (demand, sites)]
    return Ways(cdist(*ends) * 0.06 / walking, np.zeros(len(sites)), np.zeros(len(demand)))


def table_ways(travel: pd.DataFrame, columns: tuple[str, str, str], places: Any, sites: Any) -> Ways:
    """Ways as a table tells them by the names of places and sites."""
    minutes = np.full((len(places), len(sites)), np.inf)
    found = []
    for column, names, what in ((columns[0], places, "place"), (columns[1], sites, "site")):
        if len(set(names)) < len(names):
            raise BadInput(f"travel: two {what}s have one name, travel times need one name for each; name a key column")
        at = pd.Index(names).get_indexer(texts_of(travel[column]))
        if (at < 0).any():
            strange = str(travel[column].iloc[int(np.argmax(at < 0))])
            raise UnknownName(
                f"travel: there is no {what} {strange!r}; {suggest(strange, [str(name) for name in names])}"
            )
        found.append(at)
    values = travel[columns[2]].to_numpy(dtype=np.float64, na_value=np.nan)
    if not (values >= 0).all():
        raise BadInput(f"travel: {columns[2]!r} has missing or negative values, 0 or more is needed; mend the table")
    np.minimum.at(minutes, (found[0], found[1]), values)
    return Ways(minutes, np.zeros(len(sites)), np.zeros(len(places)))
