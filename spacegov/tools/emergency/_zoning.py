"""Drawing zones around the places of cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov import numbers
from spacegov.kernels import strictest_zone
from spacegov.ledger import doubt
from spacegov.tools.emergency._protocol import LOCAL_DEFAULT, Protocol, Rule

Indices = NDArray[np.int64]
_SLIVER_M2 = 1e-6
_LEVELS = 250


@dataclass(frozen=True)
class Ground:
    """The layers zones are drawn from, by row position.

    Attributes
    ----------
    buildings, blocks, compounds : array of geometry
        Shapes.
    block_of, compound_of : array of int64
        Position of the block and compound that holds most of each building; -1 for none.
    """

    buildings: Any
    blocks: Any
    compounds: Any
    block_of: Indices
    compound_of: Indices


@dataclass(frozen=True)
class Draft:
    """Ground of one zone type with the reasons it was drawn for."""

    shape: Any
    basis: str


def holder_of(shapes: Any, holders: Any) -> Indices:
    """Position of the holder with the largest part of each shape; of equal ones the first, -1 for none."""
    found = np.full(len(shapes), -1, dtype=np.int64)
    if not len(holders):
        return found
    # most buildings lie wholly inside one block: only the others need their shares; holders have many vertices and are
    # asked, since what is asked is prepared
    holder, inside = shapely.STRtree(shapes).query(holders, predicate="covers")
    order = np.lexsort((holder, inside))[::-1]
    found[inside[order]] = holder[order]
    rest = np.flatnonzero(found < 0)
    part, holder = shapely.STRtree(holders).query(shapes[rest], predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[rest][part], holders[holder]))
    table = pd.DataFrame({"part": part, "area": -area, "holder": holder})[area > 0]
    best = table.sort_values(["part", "area", "holder"]).drop_duplicates("part")
    found[rest[best["part"].to_numpy()]] = best["holder"].to_numpy()
    return found


def draw(
    protocol: Protocol,
    ground: Ground,
    places: Callable[[Rule], Indices],
    names: Sequence[str],
) -> dict[str, list[Draft]]:
    """Draw every zone type around the buildings its rules name.

    Parameters
    ----------
    protocol : Protocol
        The rules.
    ground : Ground
        Buildings, blocks, compounds.
    places : function
        Rule → positions of the buildings it is drawn around.
    names : sequence of str
        Names of buildings, for doubts.

    Returns
    -------
    dict
        Zone → drafts, which may overlap.
    """
    drafts: dict[str, list[Draft]] = {zone: [] for zone in protocol.zones}
    alone: set[str] = set()
    for rule in protocol.rules:
        for position in places(rule):
            found = _around(rule, int(position), ground)
            drafts[rule.zone] += found
            if not found and rule.extent != "neighbours":
                drafts[rule.zone].append(Draft(ground.buildings[position], LOCAL_DEFAULT))
                alone.add(str(names[position]))
    if alone:
        doubt(
            f"{len(alone)} case buildings lie in no block; their zone is the building alone",
            ", ".join(sorted(alone)[:10]),
        )
    return drafts


def _around(rule: Rule, position: int, ground: Ground) -> list[Draft]:
    if rule.extent == "building":
        return [Draft(ground.buildings[position], rule.basis)]
    compound, block = int(ground.compound_of[position]), int(ground.block_of[position])
    if rule.extent == "compound" and compound >= 0:
        return [Draft(ground.compounds[compound], rule.basis)]
    if rule.extent == "neighbours":
        centre = ground.blocks[block] if block >= 0 else ground.buildings[position]
        near = shapely.STRtree(ground.blocks).query(centre, predicate="dwithin", distance=rule.distance_m)
        return [Draft(ground.blocks[number], rule.basis) for number in np.sort(near) if number != block]
    # a block that stands for a compound is in no protocol
    return [Draft(ground.blocks[block], LOCAL_DEFAULT)] if block >= 0 else []


def settle(
    protocol: Protocol, drafts: dict[str, list[Draft]], counties: Any, with_cases: NDArray[np.bool_]
) -> pd.DataFrame:
    """Let the stricter zone win, cut at county borders, and give the rest of a county with cases its zone.

    Returns
    -------
    DataFrame
        zone, rank, county (position), part (position within zone and county), basis, geometry: connected parts of
        strict zones, one row a county for the rest. Together they tile the counties with cases where the protocol
        has a rest.
    """
    rows: list[dict[str, Any]] = []
    taken: Any = shapely.Polygon()
    for zone in protocol.zones:
        drawn = drafts[zone]
        if not drawn:
            continue
        shape = shapely.difference(shapely.union_all([draft.shape for draft in drawn]), taken)
        taken = shapely.union(taken, shape)
        for county, border in enumerate(counties):
            parts = _polygons(shapely.intersection(shape, border))
            rows += [
                {
                    "zone": zone,
                    "rank": protocol.ranks[zone],
                    "county": county,
                    "basis": _basis(drawn, part),
                    "geometry": part,
                }
                for part in sorted(parts, key=_place)
            ]
    outside = shapely.area(shapely.difference(taken, shapely.union_all(counties)))
    if outside > 1.0:
        doubt(
            f"{numbers.area(outside)} of blocks in zones lie outside the administrative units and were cut off", "units"
        )
    if protocol.rest is not None:
        for county in np.flatnonzero(with_cases).tolist():
            rest = shapely.difference(counties[county], taken)
            rows.append(
                {
                    "zone": protocol.rest,
                    "rank": protocol.ranks[protocol.rest],
                    "county": county,
                    "basis": "protocol",
                    "geometry": shapely.MultiPolygon(_polygons(rest)),
                }
            )
    return pd.DataFrame(rows, columns=["zone", "rank", "county", "basis", "geometry"])


def _polygons(shape: Any) -> list[Any]:
    parts = shapely.get_parts(shape)
    flat = [part for whole in parts for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    return [part for part in flat if part.area > _SLIVER_M2]


def _place(part: Any) -> tuple[float, float]:
    """Order parts from north to south, then from west to east, by their boxes."""
    west, _, _, north = part.bounds
    return (-north, west)


def _basis(drafts: list[Draft], part: Any) -> str:
    """A part is a local default as soon as one of its reasons is."""
    local = [draft.shape for draft in drafts if draft.basis == LOCAL_DEFAULT]
    if not local:
        return "protocol"
    return LOCAL_DEFAULT if shapely.intersects(shapely.union_all(local), part) else "protocol"


def strictest(shapes: Any, zones: gpd.GeoDataFrame) -> Indices:
    """Position of the strictest zone that each shape meets; of equal ones the first, -1 for none.

    Parameters
    ----------
    shapes : array of geometry
        Buildings.
    zones : GeoDataFrame
        Zones sorted from strict to loose.
    """
    found = np.full(len(shapes), -1, dtype=np.int64)
    # every zone is a level of its own; where there are more than a run of the kernel keeps, the stricter come first
    for first in range(0, len(zones), _LEVELS):
        asked = np.flatnonzero(found < 0)
        if not len(asked):
            break
        some = gpd.GeoDataFrame(
            {"place": np.arange(first, min(first + _LEVELS, len(zones)))},
            geometry=zones.geometry.to_numpy()[first : first + _LEVELS],
        )
        answer = strictest_zone(shapes[asked], some, level_column="place", trusted=True)
        levels = np.append(np.asarray(answer.levels, dtype=np.int64), -1)
        found[asked] = levels[np.minimum(answer.codes, len(answer.levels))]
    return found
