"""Positions streaming into presence counts: ours beside geopandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import inputs
from benchmarks.child import measure
from benchmarks.report import machine, ratio, seconds, table, versions

_BATCH = 200_000
_PEOPLE = 150_000
_HOURS = 6
_LEAST = 5

_INTRODUCTION = """# Positions into presence counts

{positions:,} positions of {people:,} people over {hours} hours, in batches of {batch:,}; counted are the different
people by zone and hour, and by building and hour, among {zones} zones and {buildings:,} buildings. geopandas joins each
batch with both layers and counts pseudonyms at the end. Counts are compared. Making the positions is not timed, all
programs run on one core.

Written by `python -m benchmarks positions` on {machine}; {versions}.
"""


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    batches, count, areas = (2, 60_000, 5) if small else (20, 600_000, 50)
    buildings, zones = inputs.buildings_and_zones(folder, count)
    given: dict[str, Any] = {"buildings": str(buildings), "zones": str(zones), "areas": areas, "batches": batches}
    ours = measure("benchmarks.positions:spacegov", **given)
    peer = measure("benchmarks.positions:geopandas_join", **given)
    if isinstance(ours, str):
        raise RuntimeError(f"our own measurement failed: {ours}")
    positions = batches * _BATCH
    rows = [_row("spacegov", ours, positions, "")]
    if isinstance(peer, str):
        rows.append(["geopandas.sjoin", f"failed: {peer}", "", "", "", ""])
    else:
        if peer.answer != ours.answer:
            raise RuntimeError(f"geopandas counts {peer.answer}, ours {ours.answer}")
        rows.append(_row("geopandas.sjoin", peer, positions, ratio(peer.processor_seconds / ours.processor_seconds)))
    text = _INTRODUCTION.format(
        positions=positions,
        people=_PEOPLE,
        hours=_HOURS,
        batch=_BATCH,
        buildings=count,
        zones=areas,
        machine=machine(),
        versions=versions(["spacegov", "geopandas", "shapely", "pandas"]),
    )
    header = ["program", "time", "processor time", "positions a second", "peak memory", "÷ ours"]
    return f"{text}\n{table(header, rows)}\n"


def _row(name: str, found: Any, positions: int, times: str) -> list[str]:
    """One row of the table."""
    rate = f"{positions / found.processor_seconds:,.0f}"
    return [
        name,
        seconds(found.seconds),
        seconds(found.processor_seconds),
        rate,
        f"{found.peak_mib:.0f} MiB",
        times,
    ]


def _places(buildings: str, zones: str, areas: int) -> tuple[Any, Any]:
    """Both layers of places with ids of text; so many zones that they cover about as much as there is ground."""
    import geopandas

    frame = geopandas.read_parquet(buildings, columns=["building", "geometry"])
    frame["building_id"] = frame["building"].map("b{:07d}".format)
    chosen = geopandas.read_parquet(zones).iloc[:areas]
    chosen["zone_id"] = [f"z{number:03d}" for number in range(areas)]
    return frame[["building_id", "geometry"]], chosen[["zone_id", "geometry"]]


def _stream(extent: Any, batches: int) -> Iterator[Any]:
    """Positions at random places, times and people."""
    import geopandas
    import pandas as pd

    random = np.random.default_rng(12)
    west, south, east, north = extent
    for _ in range(batches):
        x, y = random.uniform(west, east, _BATCH), random.uniform(south, north, _BATCH)
        time = pd.Timestamp("2022-05-01") + pd.to_timedelta(random.integers(0, _HOURS * 3600, _BATCH), unit="s")
        person = pd.Series(random.integers(0, _PEOPLE, _BATCH)).map("p{:06d}".format)
        points = geopandas.GeoSeries.from_xy(x, y, crs=inputs.CRS)
        yield geopandas.GeoDataFrame({"pseudonym": person, "time": time}, geometry=points)


def spacegov(buildings: str, zones: str, areas: int, batches: int) -> Callable[[], list[int]]:
    """Ours: `count_presence`."""
    from spacegov.tools.emergency import count_presence

    houses, quarters = _places(buildings, zones, areas)
    stream = list(_stream(houses.total_bounds, batches))

    def run() -> list[int]:
        found = count_presence(stream, quarters, houses, least=_LEAST).presence
        given = found[~found["withheld"]]
        return [len(found), int(found["withheld"].sum()), int(given["people"].sum())]

    return run


def geopandas_join(buildings: str, zones: str, areas: int, batches: int) -> Callable[[], list[int]]:
    """geopandas.sjoin of each batch, the first place by id where several overlap, then different people."""
    import geopandas
    import pandas as pd

    houses, quarters = _places(buildings, zones, areas)
    stream = list(_stream(houses.total_bounds, batches))

    def run() -> list[int]:
        parts = []
        for batch in stream:
            for layer, column in ((quarters, "zone_id"), (houses, "building_id")):
                joined = geopandas.sjoin(batch, layer, predicate="intersects")
                first = joined[column].groupby(joined.index).min()
                hour = batch["time"].loc[first.index].dt.floor("h")
                person = batch["pseudonym"].loc[first.index]
                parts.append(pd.DataFrame({"place": first, "hour": hour, "person": person}))
        counts = pd.concat(parts).groupby(["place", "hour"])["person"].nunique()
        given = counts[counts >= _LEAST]
        return [len(counts), int((counts < _LEAST).sum()), int(given.sum())]

    return run
