"""The drill's notices and papers: zones as they were announced, zones in force, reports, screenings, contacts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Draws
from spacegov.synthetic.frame import to_millimetres

# the first notice knows the cases up to its day, the second replaces it
NOTICES = (("1", "2025-11-12"), ("2", "2025-11-18"))
_REACH = 80.0
_AROUND = 400.0
_RANKS = {"containment": 1, "control": 2, "prevention": 3}


def outbreak_papers(
    layers: dict[str, Any], truth: dict[str, Any], draws: Draws
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Notices, zones in force, states of buildings, reports, screenings and contacts of the drill.

    Parameters
    ----------
    layers
        Layers made before, with cases, blocks, buildings, addresses and the county.
    truth
        Truth made before, with the traced case.
    draws
        Sources of randomness.

    Returns
    -------
    tuple
        Layers, and the truth: areas of zones, buildings by state, addresses that name no building.
    """
    county = layers["artificial.county"].geometry.iloc[0]
    blocks = _case_blocks(layers)
    notices = _notices(blocks, layers["artificial.outbreak-cases"])
    in_force = _in_force(notices, county)
    states = {number: _states(layers["artificial.buildings"], notices, number, blocks) for number, _ in NOTICES}
    reports, unresolved = _reports(layers, truth, draws("case-reports"))
    made = {
        "artificial.zone-notices": notices,
        "artificial.outbreak-zones": in_force,
        "artificial.building-zones-1": states["1"],
        "artificial.building-zones-2": states["2"],
        "artificial.case-reports": reports,
        "artificial.screenings": _screenings(in_force),
        "artificial.close-contacts": _contacts(in_force, draws("close-contacts")),
    }
    area = in_force.geometry.area
    said: dict[str, Any] = {
        "layer": "artificial.outbreak-zones",
        "area_m2": {str(kind): float(round(area[in_force["zone"] == kind].sum(), 3)) for kind in _RANKS},
        "buildings": {
            number: {str(kind): int(count) for kind, count in frame["zone"].value_counts().sort_index().items()}
            for number, frame in states.items()
        },
        "reports": len(reports),
        "unresolved_reports": unresolved,
    }
    return made, said


def _case_blocks(layers: dict[str, Any]) -> Any:
    """Blocks of the cases, each with the day of its first case."""
    cases, buildings, blocks = (layers[f"artificial.{name}"] for name in ("outbreak-cases", "buildings", "blocks"))
    block_of = dict(zip(buildings["building_id"], buildings["block_id"], strict=True))
    first = cases.assign(block_id=cases["building_id"].map(block_of)).groupby("block_id")["date"].min()
    own = blocks[blocks["block_id"].isin(first.index)].sort_values("block_id").reset_index(drop=True)
    return own.assign(first=own["block_id"].map(first).to_numpy())[["block_id", "first", "geometry"]]


def _notices(blocks: Any, cases: Any) -> Any:
    """Both notices: the blocks of cases are containment, boxes of 80 m around them control, overlapping on purpose."""
    del cases
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []
    for number, day in NOTICES:
        known = blocks[blocks["first"] <= pd.Timestamp(day)]
        replaces = "1" if number == "2" else None
        for kind in ("containment", "control"):
            for count, shape in enumerate(known.geometry, start=1):
                west, south, east, north = to_millimetres(np.array(shape.bounds))
                box = shapely.box(west - _REACH, south - _REACH, east + _REACH, north + _REACH)
                shapes.append(shape if kind == "containment" else box)
                rows.append(
                    {
                        "notice_zone": f"N{number}-{kind}-{count}",
                        "notice": number,
                        "zone": kind,
                        "issued": pd.Timestamp(day),
                        "replaces": replaces,
                    }
                )
    frame = registers.frame({key: [row[key] for row in rows] for key in rows[0]}, shapes)
    return frame.astype({"issued": "datetime64[ms]"})


def _in_force(notices: Any, county: Any) -> Any:
    """Zones of the second notice without overlap: the stricter wins, the rest of the county is prevention."""
    last = notices[notices["notice"] == NOTICES[-1][0]]
    strict = shapely.union_all(last.geometry[last["zone"] == "containment"].to_numpy())
    control = shapely.difference(shapely.union_all(last.geometry[last["zone"] == "control"].to_numpy()), strict)
    parts = [("containment", part) for part in _ordered(strict)] + [("control", part) for part in _ordered(control)]
    parts.append(("prevention", shapely.difference(county, shapely.union(strict, control))))
    count: dict[str, int] = {}
    names = []
    for kind, _ in parts:
        count[kind] = count.get(kind, 0) + 1
        names.append(f"{kind}-{count[kind]}")
    columns = {
        "zone_id": names,
        "zone": [kind for kind, _ in parts],
        "rank": [_RANKS[kind] for kind, _ in parts],
        "county": ["Lanhe County"] * len(parts),
        "notice": [NOTICES[-1][0]] * len(parts),
        "since": [pd.Timestamp(NOTICES[-1][1])] * len(parts),
    }
    return registers.frame(columns, [part for _, part in parts]).astype({"since": "datetime64[ms]"})


def _ordered(shape: Any) -> list[Any]:
    """Parts from north to south, then from west to east."""
    parts = [part for part in shapely.get_parts(shape) if part.area > 0.01]
    return sorted(parts, key=lambda part: (-part.bounds[3], part.bounds[0]))


def _states(buildings: Any, notices: Any, number: str, blocks: Any) -> Any:
    """Buildings near the cases with their state under one notice."""
    around = shapely.union_all(np.atleast_1d(np.asarray(shapely.box(*shapely.bounds(blocks.geometry.to_numpy()).T))))
    near = buildings[shapely.dwithin(buildings.geometry.to_numpy(), around, _AROUND)].sort_values("building_id")
    own = notices[notices["notice"] == number]
    zone = np.full(len(near), "prevention", dtype=object)
    for kind in ("control", "containment"):
        ground = shapely.union_all(own.geometry[own["zone"] == kind].to_numpy())
        zone[shapely.intersects(near.geometry.to_numpy(), ground)] = kind
    columns = {
        "building_id": near["building_id"].tolist(),
        "notice": [number] * len(near),
        "zone": zone.tolist(),
        "residents": near["residents"].tolist(),
    }
    return registers.frame(columns, near.geometry.to_numpy())


def _reports(layers: dict[str, Any], truth: dict[str, Any], random: np.random.Generator) -> tuple[Any, list[str]]:
    """Reports of cases with addresses as people write them; some name no building."""
    register = layers["artificial.addresses"]
    town = register[register["address"].str.endswith("Lanhe Town")].sort_values("address_id")
    chosen = town.iloc[random.choice(len(town), 24, replace=False)]
    onset = pd.Timestamp("2025-11-10") + pd.to_timedelta(random.integers(0, 6, len(chosen)), unit="D")
    rows: list[dict[str, Any]] = []
    unresolved: list[str] = []
    for number, (address, day) in enumerate(zip(chosen["address"], onset, strict=True)):
        written = _written(str(address), number)
        identity = f"R{number + 1:03d}"
        if number % 8 == 7:
            unresolved.append(identity)
        person = truth["contacts"]["case"] if number == 0 else f"u{(number * 2_246_822_519) % 2**32:08x}"
        # the traced case fell ill after its visits began
        begun = pd.Timestamp("2025-11-10") if number == 0 else day
        rows.append(
            {
                "report_id": identity,
                "pseudonym": person,
                "address": written,
                "onset": begun,
                "isolated": begun + pd.Timedelta(days=5),
            }
        )
    table = pd.DataFrame(rows).astype({"onset": "datetime64[ms]", "isolated": "datetime64[ms]"})
    return table, unresolved


def _written(address: str, number: int) -> str:
    """One of the ways to write an address; every eighth has a house number that does not exist."""
    if number % 8 == 7:
        street, _, town = address.partition(", ")
        words = street.split(" ")
        return " ".join([*words[:-1], str(int(words[-1]) + 9_000)]) + f", {town}"
    ways = (
        address,
        address.upper(),
        address.replace(",", ""),
        address.replace("Street", "St").replace("Lane", "Ln").replace("Road", "Rd"),
        address.lower(),
        f"{address.partition(', ')[0]} room 301, {address.partition(', ')[2]}",
        address.replace(" ", "  "),
    )
    return ways[number % 8]


def _screenings(zones: Any) -> Any:
    """Rounds of screening: one containment zone misses people in its last round, one control zone was not screened."""
    rows: list[tuple[str, str, int, int]] = []
    strict = zones[zones["zone"] != "prevention"]
    control = strict.loc[strict["zone"] == "control", "zone_id"].tolist()
    for name in strict["zone_id"]:
        for day in ("2025-11-20", "2025-11-26", "2025-12-03"):
            if name == control[-1] and day == "2025-12-03":
                continue
            missed = 4 if name == "containment-2" and day == "2025-12-03" else 0
            rows.append((str(name), day, 1 if name == "containment-1" and day == "2025-11-20" else 0, missed))
    table = pd.DataFrame(rows, columns=["zone_id", "date", "positive", "missed"])
    table.insert(0, "screening_id", [f"SC{n + 1:03d}" for n in range(len(table))])
    return table.assign(date=pd.to_datetime(table["date"])).astype({"date": "datetime64[ms]"})


def _contacts(zones: Any, random: np.random.Generator) -> Any:
    """Close contacts by zone; one of containment-3 has no negative test yet."""
    rows: list[tuple[str, str, pd.Timestamp, pd.Timestamp | None]] = []
    for name in zones.loc[zones["zone"] == "containment", "zone_id"]:
        for number in range(3):
            exposed = pd.Timestamp("2025-11-14") + pd.Timedelta(days=int(random.integers(0, 4)))
            negative = None if name == "containment-3" and number == 2 else exposed + pd.Timedelta(days=14)
            rows.append((str(name), f"k{len(rows) + 1:03d}", exposed, negative))
    table = pd.DataFrame(rows, columns=["zone_id", "pseudonym", "exposed", "negative"])
    table.insert(0, "contact_id", [f"CC{n + 1:03d}" for n in range(len(table))])
    return table.astype({"exposed": "datetime64[ms]", "negative": "datetime64[ms]"})
