"""Planted overlaps of the three control lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.base import Base
from spacegov.synthetic.land import DRY, GRASS, ORCHARD, PADDY
from spacegov.synthetic.plans import Plans
from spacegov.synthetic.planted import Ground, Truth, append_rows, even_size, rectangle


def plant_three_lines(base: Base, plans: Plans, ground: Ground, random: np.random.Generator) -> Truth:
    """Let the three lines overlap in known places: each kind of breach, enclaves that are none, and a sliver."""
    layers = plans.layers
    line, farm, boundary = (
        layers[f"planned.{n}"]
        for n in ("ecological-red-line", "permanent-basic-farmland", "urban-development-boundary")
    )
    new: dict[str, list[dict[str, Any]]] = {"line": [], "farm": [], "boundary": []}
    truth: list[Truth] = []

    def red(zone: str, box: tuple[float, float, float, float]) -> str:
        new["line"].append(
            {
                "line_id": f"ERL9{len(new['line']) + 1:02d}",
                "control": "red-line",
                "sub_zone": zone,
                "function": "soil-conservation",
                "issued": pd.Timestamp("2022-11-01"),
                "geometry": shapely.box(*box),
            }
        )
        return str(new["line"][-1]["line_id"])

    def urban(zone: str, box: tuple[float, float, float, float]) -> str:
        new["boundary"].append(
            {
                "boundary_id": f"UDB9{len(new['boundary']) + 1:02d}",
                "control": "urban-boundary",
                "sub_zone": zone,
                "township_id": "LH01",
                "issued": pd.Timestamp("2022-11-01"),
                "geometry": shapely.box(*box),
            }
        )
        return str(new["boundary"][-1]["boundary_id"])

    def plot(face: int, box: tuple[float, float, float, float]) -> str:
        new["farm"].append(
            {
                "plot_id": f"PBF9{len(new['farm']) + 1:04d}",
                "control": "basic-farmland",
                "class": "0101",
                "grade": 4,
                "village_id": registers.village_codes(base)[base.faces.village[face]],
                "issued": pd.Timestamp("2022-10-14"),
                "geometry": shapely.box(*box),
            }
        )
        return str(new["farm"][-1]["plot_id"])

    for zone in ("other", "core"):
        breadth, depth = even_size(random, 80, 120)
        face, centre = ground.take(random, plans.farmland, float(np.hypot(breadth, depth)) / 2 + 4)
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "red-line-farmland",
                "verdict": "breach",
                "feature": red(zone, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
            }
        )
    for zone in ("flexible", "concentrated"):
        breadth, depth = even_size(random, 80, 120)
        face, centre = ground.take(random, plans.farmland, float(np.hypot(breadth, depth)) / 2 + 4)
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "farmland-boundary",
                "verdict": "breach",
                "feature": urban(zone, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
                "note": "the boundary lies inside a larger plot: the plot is no enclave",
            }
        )
    inside = Ground.of(line.geometry.to_numpy())
    for zone, sub_zone in (("special-use", "other"), ("flexible", "core")):
        breadth, depth = even_size(random, 100, 160)
        _, centre = inside.take(
            random, (line["sub_zone"] == sub_zone).to_numpy(), float(np.hypot(breadth, depth)) / 2 + 4
        )
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "red-line-boundary",
                "verdict": "breach",
                "feature": urban(zone, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
            }
        )
    for _ in range(3):
        breadth, depth = even_size(random, 60, 100)
        face, centre = ground.take(
            random,
            (plans.town == 1) & np.isin(base.faces.member, (PADDY, DRY)) & (base.faces.origin == "natural"),
            float(np.hypot(breadth, depth)) / 2 + 4,
        )
        box = rectangle(centre, breadth, depth)
        truth.append(
            {
                "kind": "farmland-boundary",
                "verdict": "retained-enclave",
                "feature": plot(face, box),
                "area_m2": float(breadth * depth),
                "box": list(box),
            }
        )
    free = (
        ~plans.farmland
        & (plans.town == 0)
        & ~plans.in_line
        & (base.faces.origin == "natural")
        & np.isin(base.faces.member, (ORCHARD, GRASS, DRY, PADDY))
    )
    _, centre = ground.take(random, free, 62.0)
    west, south, east, north = rectangle(centre, 100, 60)
    middle = float(centre[0])
    first, second = red("other", (west, south, middle, north)), urban("flexible", (middle - 0.001, south, east, north))
    sliver = {
        "kind": "red-line-boundary",
        "verdict": "none",
        "features": [first, second],
        "width_m": 0.001,
        "length_m": 60.0,
        "area_m2": 0.06,
    }
    layers["planned.ecological-red-line"] = append_rows(line, new["line"])
    layers["planned.permanent-basic-farmland"] = append_rows(farm, new["farm"])
    layers["planned.urban-development-boundary"] = append_rows(boundary, new["boundary"])
    totals: Truth = {}
    for row in truth:
        entry = totals.setdefault(f"{row['kind']}/{row['verdict']}", {"count": 0, "area_m2": 0.0})
        entry["count"] += 1
        entry["area_m2"] += row["area_m2"]
    return {
        "about": "Overlaps of the three control lines. Nothing else overlaps.",
        "totals": totals,
        "overlaps": truth,
        "slivers": [sliver],
    }
