"""A flood drill and an outbreak, with everybody counted beforehand; blocks that no school reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import CRS, to_millimetres
from spacegov.synthetic.planted import Truth


def drill_zones(base: Base, buildings: Any) -> tuple[Any, Truth]:
    """Inundation zones of a drill: whole villages, and city blocks between main streets, with everybody inside counted.

    The edges run along the middle of streets or round whole villages, so no building is cut, and who is inside follows
    from the building's block alone.
    """
    place_of = np.array([block.settlement for block in base.blocks])
    column, row = np.array([b.column for b in base.blocks]), np.array([b.row for b in base.blocks])
    block = buildings["block_id"].str[1:].astype(int).to_numpy() - 1
    residents, elderly = buildings["residents"].to_numpy(), buildings["elderly"].to_numpy()
    rows: list[dict[str, Any]] = []
    truth: list[Truth] = []

    def add(level: str, shape: Any, chosen: Any) -> None:
        inside = chosen[block]
        rows.append(
            {
                "zone_id": f"DZ{len(rows) + 1:02d}",
                "level": level,
                "depth_m": {"high": 1.8, "moderate": 0.9, "low": 0.3}[level],
                "geometry": shape,
            }
        )
        truth.append(
            {
                "zone": rows[-1]["zone_id"],
                "level": level,
                "buildings": int(inside.sum()),
                "residents": int(residents[inside].sum()),
                "elderly": int(elderly[inside].sum()),
            }
        )

    city = base.places[0]
    lines = city.main_columns
    middle = city.lattice.shape[1] // 2
    for level, left, low, high in (
        ("high", 1, middle - 7, middle - 3),
        ("moderate", 1, middle - 3, middle + 1),
        ("low", 2, middle - 6, middle),
    ):
        west, east = int(lines[len(lines) // 2 - 2 + left]), int(lines[len(lines) // 2 - 1 + left])
        part = city.lattice[west : east + 1, low : high + 1]
        ring = np.vstack([part[:, 0], part[-1, 1:], part[-2::-1, -1], part[0, -2:0:-1]])
        add(
            level,
            shapely.Polygon(ring),
            (place_of == 0) & (column >= west) & (column < east) & (row >= low) & (row < high),
        )
    villages = sorted(
        (p for p in base.places if p.kind == "village"),
        key=lambda p: (base.terrain.above_river[tuple(np.array(base.terrain.grid.locate(*p.centre)))], p.number),
    )
    for level, place in zip(("high", "high", "moderate", "moderate", "low", "low"), villages, strict=False):
        hull = shapely.transform(shapely.buffer(shapely.convex_hull(place.ground), 15.0), to_millimetres)
        add(level, hull, place_of == place.number)
    import geopandas as gpd

    totals: Truth = {}
    for entry_of in truth:
        entry = totals.setdefault(entry_of["level"], {"buildings": 0, "residents": 0, "elderly": 0})
        for key in entry:
            entry[key] += entry_of[key]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS), {
        "layer": "natural.drill-zones",
        "totals": totals,
        "zones": truth,
    }


def cases(buildings: Any, random: np.random.Generator) -> tuple[Any, Truth]:
    """An outbreak: eight cases in six dwellings of the county town, with the blocks they lie in."""
    fit = buildings.index[
        (buildings["use"] == "residential") & (buildings["residents"] > 30) & (buildings["township_id"] == "LH01")
    ]
    size = buildings.groupby("block_id")["building_id"].count()
    chosen: list[int] = []
    used: set[str] = set()
    for index in random.permutation(fit.to_numpy()).tolist():
        block = str(buildings["block_id"].loc[index])
        if block not in used and 6 <= size[block] <= 40:
            chosen.append(index)
            used.add(block)
        if len(chosen) == 6:
            break
    shape = buildings.geometry.loc[chosen].to_numpy()
    place = shapely.transform(shapely.centroid(shape), to_millimetres)
    order = [0, 0, 1, 2, 2, 3, 4, 5]
    dates = [
        "2025-11-10",
        "2025-11-12",
        "2025-11-11",
        "2025-11-13",
        "2025-11-13",
        "2025-11-15",
        "2025-11-16",
        "2025-11-18",
    ]
    rows = {
        "case_id": [f"CASE{n + 1:02d}" for n in range(8)],
        "building_id": [buildings["building_id"].loc[chosen[o]] for o in order],
        "date": pd.to_datetime(dates).astype("datetime64[ms]"),
        "onset": (pd.to_datetime(dates) - pd.Timedelta(days=2)).astype("datetime64[ms]"),
        "isolated": (pd.to_datetime(dates) + pd.Timedelta(days=1)).astype("datetime64[ms]"),
        "kind": ["resident"] * 8,
    }
    truth = []
    for index in chosen:
        block = buildings["block_id"].loc[index]
        own = buildings["block_id"] == block
        truth.append(
            {
                "building": buildings["building_id"].loc[index],
                "block": block,
                "buildings_in_block": int(own.sum()),
                "residents_in_block": int(buildings["residents"][own].sum()),
                "elderly_in_block": int(buildings["elderly"][own].sum()),
            }
        )
    return registers.frame(rows, place[order]), {
        "layer": "artificial.outbreak-cases",
        "cases": 8,
        "buildings": len(chosen),
        "blocks": truth,
        "buildings_in_case_blocks": sum(t["buildings_in_block"] for t in truth),
        "residents_in_case_blocks": sum(t["residents_in_block"] for t in truth),
    }


def far_from_schools(blocks: Any, schools: Any) -> Truth:
    """Blocks that no school can serve within 1,500 m, since even a straight line is longer."""
    middle = shapely.get_coordinates(shapely.centroid(blocks.geometry.to_numpy()))
    place = shapely.get_coordinates(schools.geometry.to_numpy())
    away = np.hypot(middle[:, :1] - place[:, 0], middle[:, 1:] - place[:, 1]).min(axis=1)
    far = away > 1_500.0
    return {
        "about": "distance from a block's centroid to the nearest school in a straight line; "
        "by road it is longer still",
        "limit_m": 1_500.0,
        "blocks_certainly_unserved": int(far.sum()),
        "farthest": [
            {"block": blocks["block_id"].iloc[row], "distance_m": round(float(away[row]), 3)}
            for row in np.argsort(-away, kind="stable")[:5].tolist()
        ],
    }
