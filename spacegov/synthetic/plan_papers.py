"""Papers of plans: the figures of a plan's text, the limits a master plan sets, the plan of the neighbouring county."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.frame import to_millimetres

# use, hectares that the text states too much, what the map and the text then are to each other
STATED = (("urban", 35.0, "differs"), ("village", -12.5, "differs"), ("mining", None, "only_map"))
RESERVE = ("reserve", 120.0)
SOUTH, NORTH, DEPTH = 3_266_000.0, 3_270_000.0, 300.0
"""Ends of a stretch of the eastern border that only goes north, and how far the neighbour's plan is known beyond it."""


def plan_figures(plan: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table of areas in the text of the land-use plan, with lines that contradict its map.

    Parameters
    ----------
    plan
        The land-use plan.

    Returns
    -------
    tuple
        The table, and the truth: lines that differ, are missing, or stand for nothing on the map.
    """
    drawn = plan.geometry.area.groupby(plan["use"].to_numpy()).sum() / 10_000
    changed = {use: added for use, added, _ in STATED}
    lines = [
        (use, round(float(area) + (changed.get(use) or 0.0), 2))
        for use, area in drawn.items()
        if not (use in changed and changed[use] is None)
    ]
    lines.append(RESERVE)
    # the total was drawn up before the reserve was written into the table
    lines.append(("total", round(float(drawn.sum()), 2)))
    truth = {
        "differs": [{"use": use, "added_ha": added} for use, added, kind in STATED if kind == "differs"],
        "only_map": [use for use, _, kind in STATED if kind == "only_map"],
        "only_table": [RESERVE[0]],
        "lines": len(lines) - 1,
    }
    return pd.DataFrame({"use": [use for use, _ in lines], "area_ha": [area for _, area in lines]}), truth


def master_limits(detailed: Any) -> tuple[Any, dict[str, Any]]:
    """The master plan's use and limits for each unit of the detailed plan, a few of which it does not keep.

    Parameters
    ----------
    detailed
        The detailed plan.

    Returns
    -------
    tuple
        The layer, and the truth: units by what they break.
    """
    units = detailed.sort_values("unit_id").reset_index(drop=True)
    shapes = units.geometry.to_numpy()
    # units that stand alone, so that what is planted in one concerns no other
    near = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.01)
    alone = np.flatnonzero(np.bincount(near[0], minlength=len(units)) == 1)
    chosen = alone[(units["use"].to_numpy()[alone] == "residential") & (units["ratio_max"].to_numpy()[alone] >= 1.0)]
    ratio, height, green, blank, away, farm = (int(row) for row in chosen[:: max(len(chosen) // 6, 1)][:6])
    use = np.full(len(units), "urban", dtype=object)
    most = np.round(units["ratio_max"].to_numpy() + 0.2, 2)
    tall = units["height_max_m"].to_numpy() + 6.0
    least = np.full(len(units), 0.25)
    most[ratio] = round(float(units["ratio_max"][ratio]) - 0.4, 2)
    tall[height] = float(units["height_max_m"][height]) - 12.0
    least[green] = 0.35
    most[blank] = np.nan
    use[farm] = "farmland"
    kept = np.arange(len(units)) != away
    layer = registers.frame(
        {
            "limit_id": [f"ML{number + 1:04d}" for number in range(int(kept.sum()))],
            "use": use[kept],
            "ratio_max": most[kept],
            "height_max_m": tall[kept],
            "green_min": least[kept],
        },
        shapes[kept],
    )
    names = units["unit_id"]
    truth = {
        "intensity": [
            {"unit_id": str(names[ratio]), "item": "ratio_max", "difference": 0.4},
            {"unit_id": str(names[height]), "item": "height_max_m", "difference": 12.0},
            {"unit_id": str(names[green]), "item": "green_min", "difference": -0.05},
        ],
        "without_limit": str(names[blank]),
        "outside": str(names[away]),
        "use": str(names[farm]),
    }
    return layer, truth


def facility_requirements(facilities: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """How many facilities the master plan wants, of two kinds more than the plan of facilities places.

    Parameters
    ----------
    facilities
        Planned service facilities.

    Returns
    -------
    tuple
        The table, and the truth: kind and how many are missing.
    """
    there = facilities["kind"].value_counts()
    wanted = [
        ("clinic", int(there["clinic"]) + 2),
        ("school", int(there["school"])),
        ("shelter", int(there["shelter"]) + 1),
    ]
    truth = [{"kind": kind, "missing": count - int(there[kind])} for kind, count in wanted if count > there[kind]]
    return pd.DataFrame({"kind": [kind for kind, _ in wanted], "count": [n for _, n in wanted]}), {"missing": truth}


def neighbour_plan(plan: Any) -> tuple[Any, dict[str, Any]]:
    """The land-use plan of the county to the east along a stretch of the border, with faults of edge matching.

    Each patch goes on from one of this county, so that both meet vertex for vertex where nothing is planted. A patch
    that is moved along the parallel by w metres leaves or covers w times its length from south to north.

    Parameters
    ----------
    plan
        The land-use plan of this county.

    Returns
    -------
    tuple
        The layer, and the truth: gaps and overlaps with their areas, patches of another class.
    """
    rows = sorted(_border_of(plan), key=lambda row: float(row[1][:, 1].min()))
    long = [number for number, (_, line) in enumerate(rows) if np.ptp(line[:, 1]) >= 40.0]
    chosen = long[1 : -1 : max((len(long) - 2) // 6, 1)][:6]
    moved = dict(zip(chosen[:4], (2.0, 4.0, -3.0, -1.5), strict=True))
    other = {"farmland": "afforestation", "afforestation": "farmland"}
    columns: dict[str, list[str]] = {"patch_id": [], "use": []}
    shapes, truth = [], {"gaps": [], "overlaps": [], "class_breaks": []}  # type: ignore[var-annotated]
    for number, (patch, line) in enumerate(rows):
        name, use = f"E{number + 1:03d}", str(plan["use"].iloc[patch])
        start = line + np.array([moved.get(number, 0.0), 0.0])
        outline = np.concatenate([start, line[::-1] + np.array([DEPTH, 0.0])])
        shapes.append(shapely.Polygon(to_millimetres(outline)))
        if number in chosen[4:]:
            truth["class_breaks"].append({"patch_id": name, "here": use, "there": other.get(use, "farmland")})
            use = other.get(use, "farmland")
        if number in moved:
            kind = "gaps" if moved[number] > 0 else "overlaps"
            area = round(abs(moved[number]) * float(np.ptp(line[:, 1])), 6)
            truth[kind].append({"patch_id": name, "width_m": abs(moved[number]), "area_m2": area})
        columns["patch_id"].append(name)
        columns["use"].append(use)
    return registers.frame(columns, shapes), truth


def _border_of(plan: Any) -> list[tuple[int, Any]]:
    """Patches along the stretch, each with its part of the border from south to north."""
    west = 525_000.0
    shapes = plan.geometry.to_numpy()
    near = np.flatnonzero(shapely.intersects(shapes, shapely.box(west, SOUTH, west + 2_000.0, NORTH)))
    edges: dict[tuple[float, ...], list[int]] = {}
    for patch in near.tolist():
        for ring in [part.exterior for part in shapely.get_parts(shapes[patch])]:
            points = shapely.get_coordinates(ring).tolist()
            for first, second in pairwise(points):
                edges.setdefault((*min(first, second), *max(first, second)), []).append(patch)
    # what only one patch has, within the stretch and beyond the last patch to the east, is the border
    outer = {edge: owners[0] for edge, owners in edges.items() if len(owners) == 1}
    found: dict[int, list[tuple[float, ...]]] = {}
    ends = shapely.union_all(shapely.buffer(shapes[near], 0.001))
    for (x1, y1, x2, y2), patch in outer.items():
        beyond = shapely.Point((x1 + x2) / 2 + 0.5, (y1 + y2) / 2)
        within = min(x1, x2) >= west and min(y1, y2) >= SOUTH and max(y1, y2) <= NORTH
        if within and y1 != y2 and not shapely.intersects(ends, beyond):
            low, high = sorted([(x1, y1), (x2, y2)], key=lambda point: point[1])
            found.setdefault(patch, []).append((*low, *high))
    rows = []
    for patch, parts in found.items():
        parts.sort(key=lambda part: part[1])
        line: list[tuple[float, float]] = []
        for x1, y1, x2, y2 in parts:
            if line and line[-1] != (x1, y1):
                rows.append((patch, np.array(line)))
                line = []
            line = [*(line or [(x1, y1)]), (x2, y2)]
        rows.append((patch, np.array(line)))
    return rows
