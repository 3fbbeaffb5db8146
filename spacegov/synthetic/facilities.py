"""Services, lines of supply, addresses and things to keep away from."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.admin import TOWNSHIPS, coarse, steps
from spacegov.synthetic.base import Base, Draws
from spacegov.synthetic.frame import Floats, noise, to_millimetres

# layer, letter, uses of parcels that carry it, kinds of settlement, one in how many, kinds of facility
KINDS = (
    (
        "kindergartens",
        "N",
        ("residential", "old", "village-public"),
        ("city", "town", "village"),
        40,
        ("public", "private"),
    ),
    ("markets", "M", ("commercial", "village-public"), ("city", "town"), 24, ("food market", "supermarket")),
    ("elderly-care", "A", ("office", "village-public"), ("city", "town", "village"), 14, ("day care", "nursing home")),
    ("sports-grounds", "G", ("school", "park", "square"), ("city", "town"), 3, ("field", "hall", "pitch")),
    (
        "culture-houses",
        "U",
        ("office", "village-public"),
        ("city", "town", "village"),
        9,
        ("library", "culture house", "village hall"),
    ),
    ("fire-stations", "X", ("utility", "office"), ("city", "town"), 9, ("full-time", "small")),
    (
        "hazardous-sources",
        "Z",
        ("industry", "storage"),
        ("city", "town"),
        11,
        ("fuel depot", "chemical works", "gas station", "fireworks store"),
    ),
)


def facility_points(base: Base, draws: Draws) -> dict[str, Any]:
    """Facilities of seven kinds on parcels whose use fits them."""
    codes = registers.village_codes(base)
    use = np.array([p.use for p in base.parcels])
    owner = np.array([base.blocks[p.block].settlement for p in base.parcels])
    kind = np.array([place.kind for place in base.places])[owner]
    shapes = np.array([p.shape for p in base.parcels], dtype=object)
    layers: dict[str, Any] = {}
    for name, letter, uses, places, one_in, kinds in KINDS:
        random = draws(name)
        fit = np.flatnonzero(np.isin(use, uses) & np.isin(kind, places))
        chosen = np.sort(random.choice(fit, max(len(fit) // one_in, 6), replace=False))
        points = shapely.transform(shapely.centroid(shapes[chosen]), to_millimetres)
        columns: dict[str, Any] = {
            "facility_id": [f"{letter}{n + 1:04d}" for n in range(len(chosen))],
            "name": [f"{name.replace('-', ' ').rstrip('s').capitalize()} {n + 1}" for n in range(len(chosen))],
            "kind": random.choice(kinds, len(chosen)),
            "village_id": [codes[o] for o in owner[chosen]],
        }
        if name == "hazardous-sources":
            columns["grade"] = random.integers(1, 5, len(chosen))
            columns["quantity_t"] = np.round(random.lognormal(3.6, 0.9, len(chosen)), 1)
        else:
            columns["capacity"] = random.integers(4, 40, len(chosen)) * 10
        layers[f"artificial.{name}"] = registers.frame(columns, points)
    parks = np.flatnonzero(np.isin(use, ("park", "square")))
    layers["artificial.parks"] = registers.frame(
        {
            "park_id": [f"PK{n + 1:03d}" for n in range(len(parks))],
            "kind": use[parks],
            "green_share": np.round(draws("green").uniform(0.45, 0.9, len(parks)), 2),
            "village_id": [codes[o] for o in owner[parks]],
        },
        shapes[parks],
    )
    hospital = np.flatnonzero((use == "health") & (kind == "city"))
    layers["artificial.hospitals"] = registers.frame(
        {
            "hospital_id": [f"HO{n + 1:02d}" for n in range(len(hospital))],
            "name": [f"County Hospital {n + 1}" for n in range(len(hospital))],
            "level": np.where(np.arange(len(hospital)) == 0, 3, 2),
            "beds": draws("beds").integers(12, 60, len(hospital)) * 10,
        },
        shapely.transform(shapely.centroid(shapes[hospital]), to_millimetres),
    )
    return layers


def stops_and_stations(base: Base, draws: Draws) -> dict[str, Any]:
    """Bus stops along main streets and country roads, monitoring stations on rivers and in towns."""
    random = draws("stops")
    main = [
        r
        for r in base.network
        if r.rank in ("main", "county", "provincial", "national", "township") and r.line.length > 60
    ]
    chosen = [r for n, r in enumerate(main) if n % 4 == 0]
    points = shapely.transform(
        shapely.line_interpolate_point([r.line for r in chosen], 0.5, normalized=True), to_millimetres
    )
    layers = {
        "artificial.bus-stops": registers.frame(
            {
                "stop_id": [f"BS{n + 1:04d}" for n in range(len(chosen))],
                "routes": random.integers(1, 9, len(chosen)),
                "shelter": random.random(len(chosen)) < 0.6,
            },
            points,
        )
    }
    reaches = [r for r in base.reaches if r.catchment_km2 > 25 and r.line.length > 300][:14]
    on_river = shapely.transform(
        shapely.line_interpolate_point([r.line for r in reaches], 0.4, normalized=True), to_millimetres
    )
    county = shapely.coverage_union_all(base.village_shapes)
    on_river = on_river[shapely.covers(county, on_river)]
    towns: Any = shapely.points(
        to_millimetres(np.array([p.centre + random.normal(0, 150, 2) for p in base.places if p.kind != "village"]))
    )
    kinds = ["water level"] * len(on_river) + ["air quality"] * len(towns)
    layers["artificial.monitoring-stations"] = registers.frame(
        {
            "station_id": [f"MS{n + 1:03d}" for n in range(len(kinds))],
            "kind": kinds,
            "since": random.integers(1998, 2024, len(kinds)),
        },
        [*on_river, *towns],
    )
    return layers


def _way(
    base: Base, random: np.random.Generator, start: tuple[float, float], end: tuple[float, float], smooth: float
) -> Any:
    """A long line over gentle ground that keeps away from houses."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.sparse.csgraph import dijkstra

    grid = base.terrain.grid.coarser(4)
    cost = (1 + (coarse(base.terrain.slope, 4) / 3) ** 2) * np.exp(0.3 * noise(random, grid.shape, 30, 3))
    x, y = grid.centres()
    for place in base.places:
        wide = shapely.buffer(place.ground, 260)
        west, south, east, north = wide.bounds
        near = (x > west) & (x < east) & (y > south) & (y < north)
        cost[near] += 60.0 * shapely.contains_xy(wide, x[near], y[near])
    row, column = grid.locate(np.array([start[0], end[0]]), np.array([start[1], end[1]]))
    first, last = (int(row[k] * grid.columns + column[k]) for k in (0, 1))
    _, before = dijkstra(
        steps(cost, np.ones(cost.shape, dtype=bool), grid.cell), directed=False, indices=first, return_predecessors=True
    )
    path = [last]
    while path[-1] != first:
        path.append(int(before[path[-1]]))
    rows, columns = np.divmod(np.array(path[::-1]), grid.columns)
    points = np.column_stack(
        [
            gaussian_filter1d(grid.west + (columns + 0.5) * grid.cell, smooth, mode="nearest"),
            gaussian_filter1d(grid.north - (rows + 0.5) * grid.cell, smooth, mode="nearest"),
        ]
    )
    county = shapely.coverage_union_all(base.village_shapes)
    line = shapely.intersection(shapely.LineString(to_millimetres(points)).simplify(4.0), county, grid_size=0.001)
    return max(shapely.get_parts(line), key=lambda part: part.length)


def supply_lines(base: Base, draws: Draws) -> dict[str, Any]:
    """Railway, power lines, pipelines."""
    random = draws("lines")
    west, _, east, _ = shapely.total_bounds(base.village_shapes)
    rail = [
        _way(base, random, (496_100, 3_262_500), (529_900, 3_257_500), 7.0),
        _way(base, random, (514_500, 3_258_900), (518_000, 3_246_100), 7.0),
    ]
    layers = {
        "artificial.railways": registers.frame(
            {
                "rail_id": ["RL01", "RL02"],
                "name": ["Lanhe line", "Nanyuan branch"],
                "kind": ["trunk", "branch"],
                "speed_kmh": [160, 80],
                "electrified": [True, False],
            },
            rail,
        )
    }
    towns = np.array([p.centre for p in base.places if p.kind != "village"]) + random.normal(0, 500, (9, 2))
    gap = np.hypot(*(towns[:, None] - towns[None]).transpose(2, 0, 1))
    joined, links = [0], []
    while len(joined) < len(towns):
        rest = [n for n in range(len(towns)) if n not in joined]
        a, b = min(((a, b) for a in joined for b in rest), key=lambda pair: gap[pair])
        links.append((a, b, 110))
        joined.append(b)
    far = np.array([[west - 10, 3_266_800.0], [east + 10, 3_258_200.0]])
    points = np.vstack([towns, far])
    links += [(9, 0, 220), (0, 10, 220)]
    lines = []
    county = shapely.coverage_union_all(base.village_shapes)
    for a, b, _ in links:
        middle = (points[a] + points[b]) / 2 + random.normal(0, gap.max() * 0.03, 2)
        part = shapely.intersection(
            shapely.LineString(to_millimetres(np.array([points[a], middle, points[b]]))), county, grid_size=0.001
        )
        lines.append(max(shapely.get_parts(part), key=lambda p: p.length))
    layers["artificial.power-lines"] = registers.frame(
        {
            "line_id": [f"PL{n + 1:02d}" for n in range(len(links))],
            "voltage_kv": [link[2] for link in links],
            "corridor_m": [30.0 if link[2] == 110 else 40.0 for link in links],
        },
        lines,
    )
    gas = _way(base, random, (496_100, 3_270_500), (529_900, 3_271_500), 5.0)
    city = base.places[0].centre
    water = _way(
        base, random, (float(base.dam[0]), float(base.dam[1])), (float(city[0]) - 2_600, float(city[1]) + 2_400), 5.0
    )
    layers["artificial.pipelines"] = registers.frame(
        {
            "pipe_id": ["PI01", "PI02"],
            "kind": ["gas", "water"],
            "diameter_mm": [813, 1_000],
            "pressure_mpa": [6.3, 0.8],
        },
        [gas, water],
    )
    return layers


def addresses(base: Base, buildings: Any) -> Any:
    """An address point at the door side of every dwelling."""
    lived = buildings[buildings["residents"] > 0]
    corners = shapely.get_coordinates(lived.geometry.to_numpy()).reshape(len(lived), 5, 2)
    door: Floats = (corners[:, 0] * 0.5 + corners[:, 1] * 0.5) * 0.9 + corners[:, :4].mean(axis=1) * 0.1
    names = {f"LH{p.township + 1:02d}": TOWNSHIPS[p.township][0] for p in base.places}
    return registers.frame(
        {
            "address_id": [f"AD{n + 1:06d}" for n in range(len(lived))],
            "building_id": lived["building_id"].to_numpy(),
            "address": (lived["address"] + ", " + lived["township_id"].map(names)).to_numpy(),
            "village_id": lived["village_id"].to_numpy(),
        },
        shapely.points(to_millimetres(door)),
    )
