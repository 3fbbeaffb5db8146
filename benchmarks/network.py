"""Service areas on a network of a hundred thousand nodes: ours beside networkx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Measurement, measure
from benchmarks.report import machine, ratio, seconds, table, versions

_SPACING = 100.0
_WALKING = 4.8
_MINUTES = (15.0, 30.0, 60.0)

_INTRODUCTION = """# Service areas on a network

A street network of {nodes:,} nodes and {edges:,} edges, {spacing:.0f} m apart, walked at {speed} km/h, and
{facilities:,} facilities at random places. Wanted are the nodes that every facility reaches within some minutes, with
the time to each (a search from each facility), and the nearest facility of every node (one search from all). Every
program runs in a process of its own and starts with the network in its own form; facilities enter it where they stand.
Answers are compared: number of nodes reached, and the sum of the minutes.

Written by `python -m benchmarks network` on {machine}; {versions}.
"""


def streets(side: int) -> Any:
    """Make a grid of streets whose crossings lie a little off, nine in ten of them built."""
    import geopandas as gpd
    import shapely

    random = np.random.default_rng(1)
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    places = np.column_stack([column.ravel(), row.ravel()]) * _SPACING + random.uniform(-20, 20, (side * side, 2))
    number = np.arange(side * side).reshape(side, side)
    east = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    north = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.vstack([east, north])
    ends = ends[random.random(len(ends)) < 0.9]
    return gpd.GeoDataFrame(geometry=shapely.linestrings(places[ends]), crs="EPSG:4549")


def ground(side: int, facilities: int) -> tuple[Any, Any, Any]:
    """Give the network, the facilities on it and its nodes as points on it."""
    import shapely

    from spacegov.kernels.network import build_network

    network = build_network(streets(side), speed_kmh=_WALKING)
    random = np.random.default_rng(2)
    places = network.snap(shapely.points(random.uniform(0, (side - 1) * _SPACING, (facilities, 2))))
    return network, places, network.snap(shapely.points(network.nodes))


def size(side: int, facilities: int) -> Callable[[], dict[str, int]]:
    """Count nodes and edges."""
    network, _, _ = ground(side, facilities)
    return lambda: {"nodes": len(network.nodes), "edges": len(network)}


def making(side: int, facilities: int) -> Callable[[], dict[str, int]]:
    """Lines to network, and facilities onto it: what comes before our searches."""
    import shapely

    from spacegov.kernels.network import build_network

    lines = streets(side)
    points = shapely.points(np.random.default_rng(2).uniform(0, (side - 1) * _SPACING, (facilities, 2)))

    def run() -> dict[str, int]:
        network = build_network(lines, speed_kmh=_WALKING)
        return {"on": int(network.snap(points).on.sum())}

    return run


def spacegov(side: int, facilities: int, minutes: float) -> Callable[[], dict[str, float]]:
    """Ours: the nodes each facility reaches within the minutes."""
    from spacegov.kernels import warm_up

    network, places, _ = ground(side, facilities)
    warm_up("network")

    def run() -> dict[str, float]:
        reached, total = 0, 0.0
        for _, nodes, costs in network.reached(places, minutes):
            reached += len(nodes)
            total += float(costs.sum())
        return {"reached": reached, "minutes": round(total, 3)}

    return run


def networkx(side: int, facilities: int, minutes: float) -> Callable[[], dict[str, float]]:
    """Measure networkx's single_source_dijkstra_path_length with a cutoff."""
    import networkx as nx

    graph = _graph(side, facilities)

    def run() -> dict[str, float]:
        reached, total = 0, 0.0
        for number in range(facilities):
            found = nx.single_source_dijkstra_path_length(graph, -1 - number, cutoff=minutes, weight="minutes")
            # the facility itself is no node of the streets
            reached += len(found) - 1
            total += sum(found.values())
        return {"reached": reached, "minutes": round(total, 3)}

    return run


def spacegov_nearest(side: int, facilities: int) -> Callable[[], dict[str, float]]:
    """Ours: the nearest facility of every node."""
    network, places, nodes = ground(side, facilities)

    def run() -> dict[str, float]:
        nearest, minutes = network.nearest(places, nodes)
        known = nearest >= 0
        return {"reached": int(known.sum()), "minutes": round(float(minutes[known].sum()), 3)}

    return run


def networkx_nearest(side: int, facilities: int) -> Callable[[], dict[str, float]]:
    """Measure networkx's multi_source_dijkstra_path_length."""
    import networkx as nx

    graph = _graph(side, facilities)
    sources = [-1 - number for number in range(facilities)]

    def run() -> dict[str, float]:
        found = nx.multi_source_dijkstra_path_length(graph, sources, weight="minutes")
        return {"reached": len(found) - facilities, "minutes": round(sum(found.values()), 3)}

    return run


def _graph(side: int, facilities: int) -> Any:
    """Give the same network to networkx, a node below 0 for each facility."""
    import networkx as nx

    network, places, _ = ground(side, facilities)
    graph: Any = nx.DiGraph()
    both = ((network.tail, network.head, network.forward), (network.head, network.tail, network.backward))
    for tails, heads, costs in both:
        graph.add_weighted_edges_from(
            zip(tails.tolist(), heads.tolist(), costs.tolist(), strict=True), weight="minutes"
        )
    facility, node, cost = network.entries(places)
    graph.add_weighted_edges_from(
        zip((-1 - facility).tolist(), node.tolist(), cost.tolist(), strict=True), weight="minutes"
    )
    return graph


def run(_: Path, *, small: bool) -> str:
    """Measure and give the page."""
    given = {"side": 100 if small else 317, "facilities": 100 if small else 1000}
    counts = _own(measure("benchmarks.network:size", **given)).answer
    made = _own(measure("benchmarks.network:making", **given))
    rows = [["network made of lines, facilities put on it", seconds(made.seconds), "", "", "", ""]]
    tasks: list[tuple[str, str, str, dict[str, float]]] = [
        (f"within {minutes:g} minutes of each facility", "spacegov", "networkx", {"minutes": minutes})
        for minutes in _MINUTES
    ]
    tasks.append(("nearest facility of every node", "spacegov_nearest", "networkx_nearest", {}))
    for title, own, peer, options in tasks:
        ours = _own(measure(f"benchmarks.network:{own}", **given, **options))
        theirs = measure(f"benchmarks.network:{peer}", **given, **options)
        rows.append(_row(title, ours, theirs))
    text = _INTRODUCTION.format(
        **counts,
        spacing=_SPACING,
        speed=_WALKING,
        facilities=given["facilities"],
        machine=machine(),
        versions=versions(["spacegov", "networkx", "scipy", "numba"]),
    )
    header = ["question", "spacegov", "networkx", "its time / ours", "nodes reached", "answers agree"]
    return text + "\n" + table(header, rows) + "\n"


def _own(found: Measurement | str) -> Measurement:
    if isinstance(found, str):
        raise RuntimeError(f"our own measurement failed: {found}")
    return found


def _row(title: str, ours: Measurement, theirs: Measurement | str) -> list[str]:
    """One row; answers that differ stop the benchmark."""
    reached = f"{ours.answer['reached']:,}"
    if isinstance(theirs, str):
        return [title, seconds(ours.seconds), f"failed: {theirs}", "", reached, ""]
    agree = ours.answer["reached"] == theirs.answer["reached"] and np.isclose(
        ours.answer["minutes"], theirs.answer["minutes"], rtol=1e-9
    )
    if not agree:
        raise RuntimeError(f"{title}: networkx gives {theirs.answer}, ours {ours.answer}")
    return [title, seconds(ours.seconds), seconds(theirs.seconds), ratio(theirs.seconds / ours.seconds), reached, "yes"]
