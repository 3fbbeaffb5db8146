"""The tables of a choice of sites."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.ledger import doubt, figure
from spacegov.tools.overlay import shapes_of
from spacegov.tools.use._location_inputs import Ways
from spacegov.tools.use._median import Choice
from spacegov.tools.values import labels_of

Floats = NDArray[np.float64]
_SITES = {
    "site": "str",
    "kind": "str",
    "decision": "str",
    "people": "float64",
    "capacity": "float64",
    "load_share": "float64",
    "minutes_mean": "float64",
    "minutes_farthest": "float64",
    "price": "float64",
    "snap_m": "float64",
}
_PLACES = {
    "place": "str",
    "answer": "str",
    "site": "str",
    "minutes": "float64",
    "reason": "str",
    "people": "float64",
    "people_served": "float64",
    "minutes_before": "float64",
}
ASSIGNMENT = {"place": "str", "site": "str", "people": "float64", "minutes": "float64"}


def place_frame(
    demand: gpd.GeoDataFrame,
    weights: Floats,
    served: Floats,
    ways: Ways,
    near: Floats,
    pairs: dict[str, Any],
    opened: NDArray[np.bool_],
    old: int,
    names: Any,
) -> gpd.GeoDataFrame:
    """A row for each place: served or not, by whom, in how many minutes, and why not."""
    count = len(demand)
    largest = np.lexsort((pairs["column"], -pairs["people"], pairs["row"]))
    rows, first = np.unique(pairs["row"][largest], return_index=True)
    site = np.full(count, "", dtype=object)
    site[rows] = names[pairs["column"][largest[first]]]
    spent = np.bincount(pairs["row"], pairs["people"] * pairs["minutes"], count)
    nearest = ways.minutes[:, opened].min(axis=1, initial=np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        # a place without people is as far as its nearest site
        minutes = np.where(served > 0, spent / served, nearest)
    off = ~np.isfinite(ways.place_snap)
    reached = np.isfinite(near[:, opened]).any(axis=1)
    there = np.isfinite(nearest)
    whole = reached & (served >= weights)
    before = ways.minutes[:, :old].min(axis=1, initial=np.inf)
    table = pd.DataFrame(
        {
            "place": labels_of(demand),
            "answer": np.select([whole, ~there], ["present", "failed"], "absent"),
            "site": site,
            "minutes": np.where(np.isfinite(minutes), minutes, np.nan),
            "reason": np.select([whole, off, ~there, ~reached], ["", "off_network", "no_way", "too_far"], "no_room"),
            "people": weights,
            "people_served": served,
            "minutes_before": np.where(np.isfinite(before), before, np.nan),
        }
    )
    return gpd.GeoDataFrame(table.astype(_PLACES), geometry=shapes_of(demand), crs=demand.crs)


def site_frame(
    both: gpd.GeoDataFrame,
    names: Any,
    old: int,
    opened: NDArray[np.bool_],
    room: Floats,
    prices: Floats,
    ways: Ways,
    pairs: dict[str, Any],
    new: int,
) -> gpd.GeoDataFrame:
    """A row for each facility kept and each candidate: the decision, who goes there and how far."""
    count = old + new
    kind = np.where(np.arange(count) < old, "existing", "candidate")
    people = np.bincount(pairs["column"], pairs["people"], count)
    spent = np.bincount(pairs["column"], pairs["people"] * pairs["minutes"], count)
    farthest = np.full(count, np.nan)
    np.fmax.at(farthest, pairs["column"], pairs["minutes"])
    off = ~np.isfinite(ways.site_snap)
    capacity = np.where(np.isfinite(room), room, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        table = pd.DataFrame(
            {
                "site": names,
                "kind": kind,
                "decision": np.select(
                    [off, kind == "existing", opened], ["off-network", "kept", "chosen"], "not-chosen"
                ),
                "people": people,
                "capacity": capacity,
                "load_share": np.where(opened & (capacity > 0), people / capacity, np.nan),
                "minutes_mean": np.where(people > 0, spent / people, np.nan),
                "minutes_farthest": farthest,
                "price": np.where(kind == "existing", np.nan, prices),
                "snap_m": np.where(off, np.nan, ways.site_snap),
            }
        )
    return gpd.GeoDataFrame(table.astype(_SITES), geometry=shapes_of(both), crs=both.crs)


def solution_table(goal: str, choice: Choice, weights: Floats, served: Floats, pairs: dict[str, Any]) -> pd.DataFrame:
    """The value of the choice and its bound, in one row."""
    people = float(pairs["people"].sum())
    return pd.DataFrame(
        {
            "goal": [goal],
            "objective": [choice.objective],
            "bound": [choice.bound],
            "gap": [choice.gap],
            "status": ["optimal" if choice.proven else "time-limit"],
            "chosen": [int(choice.chosen.sum())],
            "people": [float(weights.sum())],
            "people_served": [float(served.sum())],
            "minutes_mean": [float((pairs["people"] * pairs["minutes"]).sum()) / people if people else np.nan],
            "minutes_farthest": [float(pairs["minutes"].max(initial=0.0))],
        }
    )


def report(solution: pd.DataFrame, places: gpd.GeoDataFrame, choice: Choice) -> None:
    """Key figures and doubts."""
    row = solution.iloc[0]
    for name in ("chosen", "people", "people_served", "gap"):
        figure(name, row[name])
    figure("served_share", row["people_served"] / row["people"])
    figure("minutes_mean", 0.0 if np.isnan(row["minutes_mean"]) else row["minutes_mean"])
    before = places["minutes_before"].to_numpy(dtype=np.float64)
    known = ~np.isnan(before) & (places["people"].to_numpy() > 0)
    if known.any():
        figure("minutes_before", float(np.average(before[known], weights=places["people"].to_numpy()[known])))
    asked = places[places["people"] > 0]
    figure("places_unserved", int((asked["answer"] == "absent").sum()))
    figure("places_failed", int((asked["answer"] == "failed").sum()))
    if not choice.proven:
        doubt(
            f"the time limit came before the proof: a better choice by up to {choice.gap:.2%} may exist; give more time"
        )
    for reason, words in (("off_network", "lie off the network"), ("no_way", "have no way to any of the facilities")):
        lost = asked[asked["reason"] == reason]
        if len(lost):
            doubt(f"{len(lost)} places with {lost['people'].sum():g} people {words}", str(lost["place"].iloc[0]))
