"""Further plans: alternatives, detailed plan, heritage, industry, villages, water, reserves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import environment, registers
from spacegov.synthetic.base import Base, Draws
from spacegov.synthetic.controls import share_borders
from spacegov.synthetic.frame import noise, to_millimetres
from spacegov.synthetic.land import GRASS, ORCHARD, TREES
from spacegov.synthetic.plans import Plans
from spacegov.synthetic.rivers import outline

NO_VILLAGE_PLAN = ("LH02", "LH03")  # Yunling and Songxi have none: real gaps, no absence


def _polygons(shape: Any, least: float) -> list[Any]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > least]


def alternatives(base: Base, plans: Plans) -> dict[str, Any]:
    """Two alternatives of the master plan, generalised: a as planned, b with the flexible land built upon."""
    codes = np.array([c[:4] for c in registers.village_codes(base)])[base.faces.village]
    use = plans.layers["planned.land-use-plan"]["use"].to_numpy()[: len(codes)]
    layers = {}
    for name, chosen in (("a", use), ("b", np.where((plans.town == 2) & (use != "urban"), "urban", use))):
        keys = pd.Series(codes) + "/" + pd.Series(chosen)
        groups = keys.groupby(keys, sort=True).groups
        shapes = np.array(
            [shapely.coverage_union_all(base.faces.shapes[np.asarray(rows)]) for rows in groups.values()], dtype=object
        )
        shapes = shapely.transform(shapely.coverage_simplify(shapes, 18.0, simplify_boundary=False), to_millimetres)
        layers[f"planned.master-plan-{name}"] = registers.frame(
            {
                "unit_id": [f"{name.upper()}{n + 1:03d}" for n in range(len(shapes))],
                "use": [str(k).partition("/")[2] for k in groups],
                "township_id": [str(k).partition("/")[0] for k in groups],
            },
            shapes,
        )
    return layers


def detailed_plan(base: Base, buildings: Any, random: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    """Limits of ratio, coverage, height and green for the blocks of the county town; nine blocks break theirs."""
    rows = [
        n
        for n, block in enumerate(base.blocks)
        if block.settlement == 0 and block.use not in ("park", "square", "blank")
    ]
    number = buildings["block_id"].str[1:].astype(int).to_numpy() - 1
    foot = shapely.area(buildings.geometry.to_numpy())
    ground = np.bincount(number, foot, minlength=len(base.blocks))
    floor = np.bincount(number, foot * buildings["floors"].to_numpy(), minlength=len(base.blocks))
    tall = np.zeros(len(base.blocks))
    np.maximum.at(tall, number, buildings["height_m"].to_numpy())
    area = shapely.area(base.block_shapes)
    busy = [n for n in rows if ground[n] > 0]
    over = sorted(random.choice(busy, 9, replace=False).tolist())
    columns: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for n in rows:
        ratio, cover = floor[n] / area[n], ground[n] / area[n]
        limit = {
            "ratio_max": round(ratio * 1.2 + 0.2, 2),
            "coverage_max": round(min(cover * 1.2 + 0.05, 0.8), 2),
            "height_max_m": round(tall[n] * 1.15 + 3.0, 0),
            "green_min": 0.3,
        }
        if n in over:
            what = ("ratio_max", "coverage_max", "height_max_m")[over.index(n) % 3]
            actual = {"ratio_max": ratio, "coverage_max": cover, "height_max_m": tall[n]}[what]
            limit[what] = round(float(actual) * 0.8, 2)
            truth.append(
                {
                    "unit": f"DP{len(columns) + 1:04d}",
                    "block": f"B{n + 1:05d}",
                    "limit": what,
                    "allowed": float(limit[what]),
                    "built": round(float(actual), 4),
                }
            )
        columns.append(
            {"unit_id": f"DP{len(columns) + 1:04d}", "block_id": f"B{n + 1:05d}", "use": base.blocks[n].use, **limit}
        )
    layer = registers.frame({name: [c[name] for c in columns] for name in columns[0]}, base.block_shapes[rows])
    return layer, {
        "layer": "planned.detailed-plan",
        "basis": "block ground between streets; footprint times floors",
        "over": truth,
    }


def protection(base: Base, draws: Draws, line: Any) -> dict[str, Any]:
    """Nature reserve, drinking-water protection, river management, heritage, and land for floods."""
    county = shapely.coverage_union_all(base.village_shapes)
    layers: dict[str, Any] = {}
    core = shapely.union_all(
        line.geometry[(line["sub_zone"] == "core") & ~line["line_id"].str.startswith("ERL9")].to_numpy()
    )
    around = shapely.intersection(shapely.buffer(core, 700), county, grid_size=0.001).simplify(6.0)
    shared = share_borders([core, around])
    parts = [("core", p) for p in _polygons(shared[0], 1e4)] + [("experimental", p) for p in _polygons(shared[1], 1e4)]
    layers["planned.nature-reserve"] = registers.frame(
        {
            "zone_id": [f"NR{n + 1:02d}" for n in range(len(parts))],
            "name": "Yunling Reservoir Reserve",
            "zone": [z for z, _ in parts],
        },
        [p for _, p in parts],
    )
    lake = base.water.shapes[0]
    wide = shapely.intersection(shapely.buffer(lake, 1_200).simplify(8.0), county, grid_size=0.001)
    near = shapely.intersection(shapely.buffer(lake, 220).simplify(4.0), county, grid_size=0.001)
    shared = share_borders([near, wide])
    parts = [("grade-1", p) for p in _polygons(shared[0], 1e3)] + [("grade-2", p) for p in _polygons(shared[1], 1e3)]
    layers["planned.water-source-protection"] = registers.frame(
        {
            "zone_id": [f"WS{n + 1:02d}" for n in range(len(parts))],
            "control": "source-protection",
            "sub_zone": [z for z, _ in parts],
        },
        [p for _, p in parts],
    )
    rows, shapes = [], []
    for body in np.flatnonzero(base.water.kind != "pond").tolist():
        margin = {"river": 25.0, "lake": 40.0, "reservoir": 60.0}[str(base.water.kind[body])]
        for part in _polygons(
            shapely.intersection(
                shapely.buffer(base.water.shapes[body], margin, quad_segs=4).simplify(1.5), county, grid_size=0.001
            ),
            500,
        ):
            rows.append((str(base.water.kind[body]), margin))
            shapes.append(part)
    shapes = share_borders(shapes)
    layers["planned.river-management-area"] = registers.frame(
        {
            "area_id": [f"RM{n + 1:03d}" for n in range(len(rows))],
            "control": "river-management",
            "kind": [r[0] for r in rows],
            "margin_m": [r[1] for r in rows],
        },
        shapes,
    )
    random = draws("heritage")
    old = [n for n, block in enumerate(base.blocks) if block.use == "old"]
    chosen = sorted(random.choice(old, 14, replace=False).tolist())
    rows2 = []
    for number, block in enumerate(chosen):
        body = shapely.transform(shapely.buffer(base.block_shapes[block], -18, join_style="mitre"), to_millimetres)
        rows2 += [
            (f"HE{number + 1:02d}", "protected", body),
            (
                f"HE{number + 1:02d}",
                "control",
                shapely.transform(shapely.difference(base.block_shapes[block], body), to_millimetres),
            ),
        ]
    layers["planned.heritage-protection"] = registers.frame(
        {
            "zone_id": [f"HZ{n + 1:03d}" for n in range(len(rows2))],
            "site": [r[0] for r in rows2],
            "zone": [r[1] for r in rows2],
            "grade": [("county", "provincial")[n // 2 % 5 == 0] for n in range(len(rows2))],
        },
        [r[2] for r in rows2],
    )
    above, far = environment.above_main_rivers(base)
    x, y = base.terrain.grid.centres()
    middle = shapely.get_coordinates(shapely.centroid(base.water.shapes[1]))[0]
    low = (above < 2.0) & (np.hypot(x - middle[0], y - middle[1]) < 2_200) & (far < 1_600)
    storage = shapely.intersection(outline(low, base.terrain, 3.0, 12.0), county, grid_size=0.001)
    towns = shapely.union_all(
        np.array([shapely.buffer(p.ground, 60, join_style="mitre") for p in base.places], dtype=object), grid_size=0.001
    )
    parts3 = _polygons(shapely.difference(storage, towns, grid_size=0.001), 60_000)
    layers["planned.flood-storage"] = registers.frame(
        {"area_id": [f"FS{n + 1:02d}" for n in range(len(parts3))], "name": "Hekou Polder", "storage_level_m": 31.5},
        parts3,
    )
    return layers


def development(base: Base, plans: Plans, draws: Draws) -> dict[str, Any]:
    """Industry parks, mines, projects, greenways, villages, farmland reserve, planned planting."""
    faces = base.faces
    codes = np.array(registers.village_codes(base))[faces.village]
    lup = plans.layers["planned.land-use-plan"]
    layers: dict[str, Any] = {}
    classes = lup["class"].to_numpy()[: len(faces.shapes)]
    works = np.isin(classes, ("100101", "110101")) & (plans.town == 1)
    parks = shapely.buffer(
        shapely.buffer(shapely.union_all(faces.shapes[works], grid_size=0.001), 18, join_style="mitre"),
        -18,
        join_style="mitre",
    )
    parts = _polygons(shapely.set_precision(parks, 0.001), 30_000)
    layers["planned.industry-plan"] = registers.frame(
        {
            "park_id": [f"IP{n + 1:03d}" for n in range(len(parts))],
            "use": "urban",
            "industry": draws("industry").choice(["machinery", "food", "textiles", "electronics"], len(parts)),
            "intensity_min": 3_500,
        },
        parts,
    )
    random = draws("projects")
    grown = np.flatnonzero((plans.town == 1) & (faces.origin == "natural") & (shapely.area(faces.shapes) > 6_000))
    chosen = np.sort(random.choice(grown, 36, replace=False))
    layers["planned.projects"] = registers.frame(
        {
            "project_id": [f"KP{n + 1:03d}" for n in range(36)],
            "name": [f"Key project {n + 1}" for n in range(36)],
            "kind": random.choice(["housing", "works", "school", "road", "water"], 36),
            "year": random.integers(2026, 2031, 36),
            "investment_10k": np.round(random.lognormal(8.2, 0.8, 36)),
        },
        faces.shapes[chosen],
    )
    grid = base.terrain.grid
    woods = np.flatnonzero(
        (faces.origin == "natural") & (faces.member == TREES) & ~plans.in_line & (shapely.area(faces.shapes) > 90_000)
    )
    spots = shapely.maximum_inscribed_circle(
        faces.shapes[np.sort(draws("mines").choice(woods, min(6, len(woods)), replace=False))], 2.0
    )
    rings = shapely.get_coordinates(spots).reshape(-1, 2, 2)
    mines = []
    for start, end in rings:
        radius = min(float(np.hypot(*(end - start))) * 0.8, 190.0)
        angle = np.linspace(0, 2 * np.pi, 11)[:-1]
        size = radius * draws("mines").uniform(0.7, 1.0, 10)
        mines.append(
            shapely.Polygon(to_millimetres(start + np.column_stack([size * np.cos(angle), size * np.sin(angle)])))
        )
    layers["planned.mineral-plan"] = registers.frame(
        {
            "area_id": [f"MI{n + 1:02d}" for n in range(len(mines))],
            "use": "mining",
            "mineral": [("granite", "limestone", "fluorite")[n % 3] for n in range(len(mines))],
        },
        mines,
    )
    large = [r for r in base.reaches if r.catchment_km2 > 60]
    county = shapely.coverage_union_all(base.village_shapes)
    ways = []
    for reach in large:
        side = shapely.offset_curve(reach.line, 95.0)
        ways += [
            p
            for p in shapely.get_parts(shapely.intersection(side, county, grid_size=0.001))
            if p.geom_type == "LineString" and p.length > 300
        ]
    layers["planned.greenways"] = registers.frame(
        {"way_id": [f"GW{n + 1:03d}" for n in range(len(ways))], "width_m": 3.5}, ways
    )
    rows, shapes = [], []
    for place in base.places:
        village = registers.village_codes(base)[place.number]
        if place.kind == "village" and village[:4] not in NO_VILLAGE_PLAN:
            rows.append(village)
            shapes.append(
                shapely.transform(shapely.buffer(place.ground, 28, join_style="mitre").simplify(2.0), to_millimetres)
            )
    layers["planned.village-plan"] = registers.frame(
        {
            "plan_id": [f"VP{n + 1:03d}" for n in range(len(rows))],
            "use": "village",
            "village_id": rows,
            "kind": ["gathering", "characteristic", "other"][0:1] * len(rows),
        },
        shapes,
    )
    reserve = np.flatnonzero(
        (faces.origin == "natural")
        & np.isin(faces.member, (GRASS, ORCHARD))
        & (plans.slope < 15)
        & ~plans.in_line
        & (plans.town == 0)
        & (shapely.area(faces.shapes) > 4_000)
    )[::3]
    layers["planned.farmland-reserve"] = registers.frame(
        {
            "plot_id": [f"FR{n + 1:04d}" for n in range(len(reserve))],
            "class": plans.survey[reserve].astype(object),
            "grade": draws("reserve").integers(5, 11, len(reserve)),
            "slope_deg": np.round(plans.slope[reserve], 1),
            "village_id": codes[reserve],
        },
        faces.shapes[reserve],
    )
    luck = noise(draws("planting"), grid.shape, 45, 3)
    bare = (base.natural == GRASS) & (luck > -0.3)
    parts = _polygons(
        shapely.intersection(
            outline(bare, base.terrain, 1.5, 8.0),
            shapely.union_all(faces.shapes[(faces.origin == "natural") & (faces.member == GRASS)], grid_size=0.001),
            grid_size=0.001,
        ),
        5_000,
    )
    layers["planned.ecological-restoration"] = registers.frame(
        {
            "site_id": [f"ER{n + 1:03d}" for n in range(len(parts))],
            "use": "afforestation",
            "measure": [("planting", "closing")[n % 2] for n in range(len(parts))],
        },
        parts,
    )
    return layers


def service_plans(base: Base, draws: Draws) -> dict[str, Any]:
    """Planned schools and clinics, and shelters still to be built: points in the growing parts of towns."""
    random = draws("service-plan")
    rows, points = [], []
    for place in base.places:
        if place.kind == "village":
            continue
        for number in range(6 if place.kind == "city" else 1):
            reach = 900 if place.kind == "city" else 320
            spot = place.centre + random.normal(0, reach, 2)
            rows.append((("school", "clinic", "shelter")[number % 3], 2027 + number % 4))
            points.append(spot)
    layers = {
        "planned.service-facilities": registers.frame(
            {
                "plan_id": [f"SF{n + 1:02d}" for n in range(len(rows))],
                "kind": [r[0] for r in rows],
                "year": [r[1] for r in rows],
            },
            shapely.points(to_millimetres(np.array(points))),
        )
    }
    return layers
