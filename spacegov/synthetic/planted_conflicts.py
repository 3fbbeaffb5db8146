"""Planted contradictions between the plans of land use, forest, transport and water."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.base import Base
from spacegov.synthetic.plans import Plans
from spacegov.synthetic.planted import Ground, Truth, append_rows, cut_out, even_size, rectangle

# name, plan that is added to, use, control, sub-zone, other plan's use, control and sub-zone, severity, how many, size
CONFLICTS = (
    (
        "afforestation-on-basic-farmland",
        "forest-plan",
        "afforestation",
        None,
        None,
        "land-use-plan",
        "farmland",
        "basic-farmland",
        None,
        "prohibited",
        10,
        (60, 110),
    ),
    (
        "afforestation-on-farmland",
        "forest-plan",
        "afforestation",
        None,
        None,
        "land-use-plan",
        "farmland",
        "farmland",
        None,
        "conditional",
        7,
        (30, 60),
    ),
    (
        "road-on-basic-farmland",
        "transport-plan",
        "transport",
        "transport-reserve",
        None,
        "land-use-plan",
        "farmland",
        "basic-farmland",
        None,
        "conditional",
        9,
        (30, 120),
    ),
    (
        "road-in-public-forest",
        "transport-plan",
        "transport",
        "transport-reserve",
        None,
        "forest-plan",
        "afforestation",
        "forest",
        "public-welfare",
        "conditional",
        5,
        (40, 140),
    ),
    (
        "road-through-urban",
        "transport-plan",
        "transport",
        "transport-reserve",
        None,
        "land-use-plan",
        "urban",
        "urban-boundary",
        "concentrated",
        "prohibited",
        5,
        (30, 60),
    ),
    (
        "water-works-on-basic-farmland",
        "water-plan",
        "water-works",
        "river-management",
        None,
        "land-use-plan",
        "farmland",
        "basic-farmland",
        None,
        "conditional",
        6,
        (40, 90),
    ),
    (
        "water-works-in-village",
        "water-plan",
        "water-works",
        "river-management",
        None,
        "land-use-plan",
        "village",
        None,
        None,
        "prohibited",
        3,
        (10, 24),
    ),
    (
        "urban-in-public-forest",
        "land-use-plan",
        "urban",
        "urban-boundary",
        "special-use",
        "forest-plan",
        "afforestation",
        "forest",
        "public-welfare",
        "prohibited",
        4,
        (60, 120),
    ),
    (
        "mining-in-commercial-forest",
        "land-use-plan",
        "mining",
        None,
        None,
        "forest-plan",
        "afforestation",
        "forest",
        "commercial",
        "conditional",
        3,
        (60, 100),
    ),
    (
        "special-land-in-public-forest",
        "land-use-plan",
        "special",
        None,
        None,
        "forest-plan",
        "afforestation",
        "forest",
        "public-welfare",
        "unknown",
        2,
        (50, 80),
    ),
)


def plant_conflicts(base: Base, plans: Plans, ground: Ground, forest_face: Any, random: np.random.Generator) -> Truth:
    """Put contradictory rectangles into the plans.

    Parameters
    ----------
    base, plans
        The county and its plans; the plans are changed.
    ground
        Faces of the county, each used once.
    forest_face
        Row of the forest plan for each face, -1 for none.
    random
        Source of randomness.

    Returns
    -------
    dict
        Truth: every conflict with its two plans, severity and area; one sliver that is none.
    """
    layers = plans.layers
    lup = layers["planned.land-use-plan"]
    category = layers["planned.forest-plan"]["sub_zone"].to_numpy()
    rows: list[Truth] = []
    new: dict[str, list[dict[str, Any]]] = {
        "forest-plan": [],
        "transport-plan": [],
        "water-plan": [],
        "land-use-plan": [],
    }
    uses, control = lup["use"].to_numpy(), lup["control"].to_numpy()
    wooded = np.zeros(len(uses), dtype=object)
    wooded[forest_face >= 0] = category[forest_face[forest_face >= 0]]
    for name, plan, use, own_control, own_zone, other, other_use, other_control, other_zone, severity, count, (
        low,
        high,
    ) in CONFLICTS:
        for number in range(count):
            breadth, depth = even_size(random, low, high)
            if other == "forest-plan":
                fit = (wooded == other_zone) & ~plans.in_line & (plans.town == 0)
            else:
                fit = (uses == other_use) & (
                    control == other_control if other_control else np.ones(len(uses), dtype=bool)
                )
                fit &= (base.faces.origin == "natural") if other_use == "farmland" else (base.faces.origin == "block")
            face, centre = ground.take(random, fit, float(np.hypot(breadth, depth)) / 2 + 4)
            box = rectangle(centre, breadth, depth)
            shape: Any = shapely.box(*box)
            area = float(breadth * depth)
            truth: Truth = {
                "kind": name,
                "plan_1": f"planned.{plan}",
                "use_1": use,
                "plan_2": f"planned.{other}",
                "use_2": other_use,
                "severity": severity,
                "area_m2": area,
                "box": list(box),
            }
            if name == "water-works-on-basic-farmland" and number == 0:
                hole = rectangle(centre, 20, 10)
                shape = shapely.difference(shape, shapely.box(*hole))
                truth |= {
                    "area_m2": area - 200.0,
                    "hole": list(hole),
                    "note": "the hole of 20 m by 10 m is no conflict, the ring around it is",
                }
            if plan == "land-use-plan":
                cut_out(lup, face, box)
                truth["note"] = (
                    "the land-use plan's forest has a hole here, the forest plan has none: the hole is the conflict"
                )
            key = {
                "land-use-plan": ("patch_id", "LU9"),
                "forest-plan": ("plan_id", "FP9"),
                "transport-plan": ("plan_id", "TP9"),
                "water-plan": ("plan_id", "WP9"),
            }[plan]
            identity = f"{key[1]}{len(new[plan]) + 1:04d}"
            truth["feature_1"] = identity
            row: dict[str, Any] = {
                key[0]: identity,
                "use": use,
                "control": own_control,
                "sub_zone": own_zone,
                "geometry": shape,
            }
            more: dict[str, dict[str, Any]] = {
                "forest-plan": {"measure": "planting", "grade": 4},
                "transport-plan": {"project": f"New road {number + 1}"},
                "water-plan": {"work": "pumping station"},
                "land-use-plan": {
                    "class": {"urban": "0901", "mining": "1002", "special": "1506"}.get(use, "16"),
                    "phase": "planned",
                    "village_id": lup["village_id"].iloc[face],
                },
            }
            new[plan].append(row | more[plan])
            rows.append(truth)
    sliver = _plant_sliver(plans, ground, forest_face, wooded, new, random)
    for plan, added in new.items():
        layers[f"planned.{plan}"] = append_rows(layers[f"planned.{plan}"], added)
    by_severity = {
        s: {
            "count": sum(r["severity"] == s for r in rows),
            "area_m2": sum(r["area_m2"] for r in rows if r["severity"] == s),
        }
        for s in ("prohibited", "conditional", "unknown")
    }
    return {
        "about": "Land-use, forest, transport and water plan set against each other. "
        "Equal uses never conflict; everything not listed agrees.",
        "total": {"count": len(rows), "area_m2": sum(r["area_m2"] for r in rows)},
        "by_severity": by_severity,
        "slivers": [sliver],
        "conflicts": rows,
    }


def _plant_sliver(
    plans: Plans,
    ground: Ground,
    forest_face: Any,
    wooded: Any,
    new: dict[str, list[dict[str, Any]]],
    random: np.random.Generator,
) -> Truth:
    """An urban patch and the wood around it overlap by one millimetre: a fault of drawing, no conflict."""
    lup, forest = plans.layers["planned.land-use-plan"], plans.layers["planned.forest-plan"]
    face, centre = ground.take(random, (wooded == "public-welfare") & ~plans.in_line & (plans.town == 0), 80.0)
    west, south, east, north = rectangle(centre, 100, 80)
    cut_out(lup, face, (west, south, east, north))
    cut_out(forest, int(forest_face[face]), (west, south, east - 0.001, north))
    new["land-use-plan"].append(
        {
            "patch_id": "LU90999",
            "use": "urban",
            "control": "urban-boundary",
            "sub_zone": "special-use",
            "class": "0901",
            "phase": "planned",
            "village_id": lup["village_id"].iloc[face],
            "geometry": shapely.box(west, south, east, north),
        }
    )
    return {
        "feature_1": "LU90999",
        "plan_1": "planned.land-use-plan",
        "plan_2": "planned.forest-plan",
        "width_m": 0.001,
        "length_m": 80.0,
        "area_m2": 0.08,
        "box": [east - 0.001, south, east, north],
    }
