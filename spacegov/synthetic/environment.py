"""Registers of nature beyond the base: rock, soil, climate, plants, habitats, water hazards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import registers
from spacegov.synthetic.admin import coarse, mosaic
from spacegov.synthetic.base import Base, Draws
from spacegov.synthetic.frame import Floats, Grid, Ints, noise, stretch, to_millimetres
from spacegov.synthetic.land import BAMBOO, FLAT, GRASS, SHRUB, TREES
from spacegov.synthetic.rivers import outline

ROCKS = ("alluvium", "sandstone", "shale", "limestone", "granite")
SOILS = (
    ("paddy soil", 6.2, 26.0, 95, 0.034),
    ("fluvo-aquic soil", 6.9, 18.0, 120, 0.038),
    ("red soil", 5.1, 14.0, 70, 0.029),
    ("yellow soil", 5.4, 22.0, 55, 0.026),
    ("skeletal soil", 5.8, 11.0, 25, 0.021),
)


def clip(base: Base, labels: Ints, shapes: Any, least: float = 2_000.0) -> tuple[Ints, Any]:
    """Polygons cut to the county, without crumbs."""
    county = shapely.coverage_union_all(base.village_shapes)
    cut = shapely.intersection(shapes, county, grid_size=0.001)
    parts, owner = shapely.get_parts(cut, return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > least)
    return labels[owner[keep]], parts[keep]


def rock_and_soil(base: Base, draws: Draws) -> dict[str, Any]:
    """Geology with faults, and soil with what tools ask of it."""
    random = draws("geology")
    grid = base.terrain.grid.coarser(4)
    height, slope, above = (coarse(v, 4) for v in (base.terrain.height, base.terrain.slope, base.terrain.above_river))
    band = height / 150 + 1.1 * noise(random, grid.shape, 70, 4)
    rock = np.digitize(band, [1.0, 2.0, 2.9]) + 1
    rock[(height > 330) & (noise(random, grid.shape, 90, 3) > 0.2)] = 4
    rock[(slope < 2.2) & (above < 22)] = 0
    label, shapes = clip(base, *mosaic(rock, grid, 170.0), 20_000.0)
    age = ("Quaternary", "Cretaceous", "Silurian", "Carboniferous", "Jurassic")
    layers = {
        "natural.geology": registers.frame(
            {
                "unit_id": [f"GE{n + 1:04d}" for n in range(len(label))],
                "rock": [ROCKS[k] for k in label],
                "age": [age[k] for k in label],
                "hardness": [(1, 3, 2, 4, 5)[k] for k in label],
            },
            shapes,
        )
    }
    lines = []
    west, south, east, north = shapely.total_bounds(base.village_shapes)
    county = shapely.coverage_union_all(base.village_shapes)
    for _ in range(7):
        start = np.array([random.uniform(west, east), random.uniform(south, north)])
        heading = random.normal(0.75, 0.25)
        length = random.uniform(6_000, 16_000)
        steps = np.linspace(-0.5, 0.5, 30)
        bend = random.normal(0, 350, 3)
        along = np.column_stack([steps * length, bend[0] * np.sin(5 * steps) + bend[1] * np.sin(11 * steps)])
        turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
        line = shapely.intersection(shapely.LineString(to_millimetres(start + along @ turn)), county, grid_size=0.001)
        lines += [part for part in shapely.get_parts(line) if part.length > 800]
    layers["natural.faults"] = registers.frame(
        {
            "fault_id": [f"FA{n + 1:02d}" for n in range(len(lines))],
            "kind": random.choice(["normal", "reverse", "strike-slip"], len(lines)),
            "active": random.random(len(lines)) < 0.2,
        },
        lines,
    )
    soil = np.where((slope < 3) & (above < 18), 0, np.where(slope < 9, 2, 3))
    soil[(coarse(base.terrain.catchment_km2, 4) > 15) | ((above < 2.2) & (noise(random, grid.shape, 25, 3) > 0.6))] = 1
    soil[slope > 21] = 4
    label, shapes = clip(base, *mosaic(soil, grid, 150.0), 12_000.0)
    spread = random.normal(0, 1, (4, len(label)))
    layers["natural.soil"] = registers.frame(
        {
            "unit_id": [f"SO{n + 1:04d}" for n in range(len(label))],
            "kind": [SOILS[k][0] for k in label],
            "ph": np.round([SOILS[k][1] + 0.25 * s for k, s in zip(label, spread[0], strict=True)], 1),
            "organic_g_kg": np.round([max(SOILS[k][2] + 3 * s, 4) for k, s in zip(label, spread[1], strict=True)], 1),
            "thickness_cm": [int(max(SOILS[k][3] + 9 * s, 10)) for k, s in zip(label, spread[2], strict=True)],
            "erodibility": np.round([SOILS[k][4] + 0.002 * s for k, s in zip(label, spread[3], strict=True)], 4),
        },
        shapes,
    )
    return layers


def climate_and_plants(base: Base, draws: Draws) -> dict[str, tuple[Floats, Grid]]:
    """Yearly rain, mean temperature and greenness of vegetation as cells on coarser grids."""
    random = draws("climate")
    grid = base.terrain.grid.coarser(4)
    height = coarse(base.terrain.height, 4)
    rain = np.round(1_380 + 0.62 * height + 35 * noise(random, grid.shape, 110, 2))
    warmth = np.round((17.4 - 0.0056 * height + 0.12 * noise(random, grid.shape, 90, 2)) * 8) / 8
    erosive = np.round(0.0534 * rain**1.6548 / 10) * 10
    fine = base.terrain.grid.coarser(2)
    green = np.array([0.52, 0.46, 0.63, 0.66, 0.79, 0.82, 0.68, 0.49, 0.34])[base.natural]
    built = np.zeros(base.terrain.grid.shape)
    x, y = base.terrain.grid.centres()
    for place in base.places:
        west, south, east, north = place.ground.bounds
        near = (x > west) & (x < east) & (y > south) & (y < north)
        built[near] = np.maximum(built[near], shapely.contains_xy(place.ground, x[near], y[near]))
    green = np.where(built > 0, 0.22, green)
    green = np.where(base.terrain.catchment_km2 > 300, 0.05, green)
    green = coarse(green, 2) + 0.045 * noise(random, fine.shape, 12, 4)
    return {
        "natural.rainfall": (rain, grid),
        "natural.temperature": (warmth, grid),
        "natural.rain-erosivity": (erosive, grid),
        "natural.vegetation": (np.round(np.clip(green, 0.02, 0.95) * 64) / 64, fine),
    }


def above_main_rivers(base: Base) -> tuple[Floats, Floats]:
    """Height above the river with banks that the water reaches, and distance to it; infinite where there is none."""
    terrain = base.terrain
    river = terrain.catchment_km2.ravel() > 18.0
    place = np.arange(river.size)
    downstream = np.where(river, place, terrain.downstream)
    for _ in range(13):
        downstream = downstream[downstream]
    reached = river[downstream]
    height = terrain.height.ravel()
    row, column = np.divmod(place, terrain.grid.columns)
    far = np.hypot(row - row[downstream], column - column[downstream]) * terrain.grid.cell
    above = np.where(reached, height - height[downstream], np.inf)
    return above.reshape(terrain.grid.shape), np.where(reached, far, np.inf).reshape(terrain.grid.shape)


def water_hazards(base: Base) -> dict[str, Any]:
    """Flood hazard along rivers by return period, and the landslide susceptibility of the mountain survey."""
    from scipy.ndimage import gaussian_filter

    above, far = above_main_rivers(base)
    county = shapely.coverage_union_all(base.village_shapes)
    rows, shapes = [], []
    inner = shapely.Polygon()
    for level, years, limit, reach in (("high", 20, 0.7, 700), ("moderate", 50, 1.4, 1_100), ("low", 100, 2.2, 1_600)):
        wet = gaussian_filter(((above < limit) & (far < reach)).astype(float), 2.2) > 0.5
        zone = shapely.intersection(outline(wet, base.terrain, 1.6, 9.0), county, grid_size=0.001)
        ring = shapely.difference(zone, inner, grid_size=0.001)
        inner = shapely.union(inner, zone, grid_size=0.001)
        for part in shapely.get_parts(ring):
            if part.geom_type == "Polygon" and part.area > 15_000:
                rows.append((level, years))
                shapes.append(part)
    flood = registers.frame(
        {
            "zone_id": [f"FL{n + 1:04d}" for n in range(len(rows))],
            "level": [r[0] for r in rows],
            "return_years": [r[1] for r in rows],
        },
        shapes,
    )
    grid = base.terrain.grid.coarser(4)
    steep = coarse(base.terrain.slope, 4)
    score = (
        steep / 30
        + 0.12 * (coarse(base.terrain.above_river, 4) < 60)
        + 0.05 * np.sin(np.arange(grid.rows) / 9)[:, None]
    )
    label = np.digitize(gaussian_filter(score, 1.2), [0.22, 0.42, 0.62])
    grade, parts = clip(base, *mosaic(np.where(label == 0, -1, label), grid, 150.0), 25_000.0)
    names = {1: "low", 2: "moderate", 3: "high"}
    slides = registers.frame(
        {"zone_id": [f"LS{n + 1:04d}" for n in range(len(grade))], "level": [names[int(g)] for g in grade]}, parts
    )
    return {"natural.flood-hazard": flood, "natural.landslide-susceptibility": slides}


def living_nature(base: Base, draws: Draws) -> dict[str, Any]:
    """Habitats, wetlands, old trees, drinking-water springs."""
    random = draws("living")
    terrain = base.terrain
    county = shapely.coverage_union_all(base.village_shapes)
    wooded = np.isin(base.natural, (TREES, BAMBOO, SHRUB, GRASS))
    layers: dict[str, Any] = {}
    rows, shapes = [], []
    for species, low, high, luck in (
        ("Chinese giant salamander", 180, 520, 1.35),
        ("silver pheasant", 220, 900, 0.95),
        ("black muntjac", 300, 1_200, 1.1),
    ):
        fit = (
            wooded
            & (terrain.height > low)
            & (terrain.height < high)
            & (noise(random, terrain.grid.shape, 50, 4) > luck)
        )
        if species.startswith("Chinese"):
            fit |= (
                wooded
                & (terrain.height > low)
                & (terrain.height < high)
                & (terrain.above_river < 22)
                & (noise(random, terrain.grid.shape, 80, 2) > 0.4)
            )
        area = shapely.intersection(outline(fit, terrain, 2.0, 12.0), county, grid_size=0.001)
        for part in shapely.get_parts(area):
            if part.geom_type == "Polygon" and part.area > 60_000:
                rows.append((species, round(float(random.uniform(0.45, 0.98)), 2)))
                shapes.append(part)
    layers["natural.habitat"] = registers.frame(
        {
            "habitat_id": [f"HB{n + 1:03d}" for n in range(len(rows))],
            "species": [r[0] for r in rows],
            "suitability": [r[1] for r in rows],
        },
        shapes,
    )
    flat = np.flatnonzero(
        (base.faces.origin == "natural") & (base.faces.member == FLAT) & (shapely.area(base.faces.shapes) > 800)
    )
    codes = np.array(registers.village_codes(base))
    layers["natural.wetlands"] = registers.frame(
        {
            "wetland_id": [f"WL{n + 1:03d}" for n in range(len(flat))],
            "class": "1106",
            "importance": np.where(shapely.area(base.faces.shapes[flat]) > 60_000, "provincial", "general"),
            "village_id": codes[base.faces.village[flat]],
        },
        base.faces.shapes[flat],
    )
    near = [place for place in base.places if place.kind == "village"]
    chosen = random.choice(len(near), 60, replace=True)
    spots = np.array([near[c].centre for c in chosen]) + random.normal(0, 220, (60, 2))
    trees: Any = shapely.points(to_millimetres(spots))
    free = np.ones(60, dtype=bool)
    free[np.unique(shapely.STRtree(base.buildings.shapes).query(trees, predicate="dwithin", distance=6.0)[0])] = False
    free &= shapely.contains_xy(county, spots[:, 0], spots[:, 1])
    free[np.unique(shapely.STRtree(base.water.shapes).query(trees, predicate="intersects")[0])] = False
    age = random.integers(110, 900, 60)
    layers["natural.ancient-trees"] = registers.frame(
        {
            "tree_id": [f"TR{n + 1:03d}" for n in range(int(free.sum()))],
            "species": random.choice(["camphor", "ginkgo", "sweetgum", "torreya"], 60)[free],
            "age_years": age[free],
            "grade": np.where(age >= 500, 1, np.where(age >= 300, 2, 3))[free],
        },
        trees[free],
    )
    return layers


def contours(base: Base) -> Any:
    """Contour lines every 100 m."""
    from scipy.ndimage import gaussian_filter
    from skimage import measure

    trace: Any = measure.find_contours  # it has no types

    grid = base.terrain.grid
    county = shapely.coverage_union_all(base.village_shapes)
    smooth = gaussian_filter(base.terrain.height, 2.0)
    rows, lines = [], []
    for level in range(100, int(smooth.max()), 100):
        for contour in trace(smooth, level + 0.001):
            if len(contour) < 40:
                continue
            points = np.column_stack(
                [grid.west + (contour[:, 1] + 0.5) * grid.cell, grid.north - (contour[:, 0] + 0.5) * grid.cell]
            )
            line = shapely.intersection(
                shapely.LineString(to_millimetres(points)).simplify(14.0), county, grid_size=0.001
            )
            for part in shapely.get_parts(line):
                if part.geom_type == "LineString" and part.length > 400:
                    rows.append(level)
                    lines.append(part)
    return registers.frame({"contour_id": [f"CT{n + 1:04d}" for n in range(len(rows))], "height_m": rows}, lines)


def river_sections(base: Base, draws: Draws) -> Any:
    """Water quality by month at sections of the larger rivers (a table)."""
    random = draws("quality")
    rows = []
    for section, reach in enumerate([r for r in base.reaches if r.catchment_km2 > 25][:12]):
        for month in range(1, 13):
            load = 1 + 0.35 * np.sin(month / 12 * 6.28) + 0.08 * random.standard_normal()
            rows.append(
                (
                    f"QS{section + 1:02d}",
                    reach.river,
                    f"2025-{month:02d}",
                    round(2.4 * load, 2),
                    round(0.32 * load, 3),
                    round(0.07 * load, 3),
                )
            )
    return pd.DataFrame(rows, columns=["section_id", "river", "month", "cod_mg_l", "ammonia_mg_l", "phosphorus_mg_l"])


def steepness(base: Base) -> Any:
    """Villages whose land is steep enough for the mountain surveys."""
    grid = base.terrain.grid
    point = shapely.get_coordinates(shapely.point_on_surface(base.faces.shapes))
    row, column = grid.locate(point[:, 0], point[:, 1])
    steep = stretch(base.terrain.slope[row, column], 6, 10)
    area = shapely.area(base.faces.shapes)
    return np.bincount(base.faces.village, area * steep) / np.bincount(base.faces.village, area)
