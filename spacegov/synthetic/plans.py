"""Plans of the departments before anything contradictory is planted: they agree with each other everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic import controls, registers
from spacegov.synthetic.base import Base, Draws
from spacegov.synthetic.frame import Ints, Mask
from spacegov.synthetic.land import BAMBOO, DRY, FLAT, GRASS, NATURAL, ORCHARD, PADDY, SHRUB, TEA, TREES
from spacegov.synthetic.parcels import CLASSES
from spacegov.synthetic.planted import Ground

PARTS = {1: "concentrated", 2: "flexible", 3: "special-use"}
PLAN_CLASS = {
    "0101": "0101",
    "0103": "0103",
    "0201": "0201",
    "0202": "0202",
    "0301": "0301",
    "0302": "0302",
    "0305": "0303",
    "0404": "0403",
    "1106": "0506",
    "1101": "1701",
    "1102": "1702",
    "1103": "1703",
    "1104": "1704",
    "1004": "1207",
    "1006": "0601",
}


@dataclass
class Plans:
    """The plan layers and what planting needs to know of the ground.

    `survey` is the third-survey class of each face, `town` its part of the development boundary (0 none),
    `farmland` whether it is permanent basic farmland, `in_line` whether it meets the ecological red line.
    """

    layers: dict[str, Any]
    survey: Any
    town: Ints
    farmland: Mask
    in_line: Mask
    slope: Any
    ground: Ground


def draw_plans(base: Base, draws: Draws, forest: Any) -> Plans:
    """Draw the control lines and the plans of land use, forest, transport and water.

    Parameters
    ----------
    base
        The bare county.
    draws
        Sources of randomness.
    forest
        Forest stands (layer `natural.forest`).

    Returns
    -------
    Plans
        Seven layers that nowhere contradict each other.
    """
    faces = base.faces
    survey = np.array(registers.survey_class(base))
    slope = registers.face_slope(base)
    codes = np.array(registers.village_codes(base))
    town, boundary = controls.town_land(draws("boundary"), faces, base.places)
    farmland = controls.basic_farmland(
        draws("farmland"), faces, slope, np.array([shape for _, _, shape in boundary], dtype=object)
    )
    line = controls.red_line(draws("red-line"), base.terrain, faces, base.water.shapes[0])
    in_line = np.zeros(len(faces.shapes), dtype=bool)
    in_line[
        np.unique(shapely.STRtree([shape for _, _, shape in line]).query(faces.shapes, predicate="intersects")[0])
    ] = True
    layers: dict[str, Any] = {}
    layers["planned.ecological-red-line"] = registers.frame(
        {
            "line_id": [f"ERL{n + 1:03d}" for n in range(len(line))],
            "control": "red-line",
            "sub_zone": [zone for zone, _, _ in line],
            "function": [function for _, function, _ in line],
            "issued": pd.Timestamp("2022-11-01"),
        },
        [shape for _, _, shape in line],
    )
    index = np.flatnonzero(farmland)
    grade = np.clip(
        np.round(
            4.5 + slope[index] * 0.35 + 2.0 * (faces.member[index] == DRY) + draws("grade").normal(0, 0.8, len(index))
        ),
        1,
        15,
    )
    layers["planned.permanent-basic-farmland"] = registers.frame(
        {
            "plot_id": [f"PBF{n + 1:05d}" for n in range(len(index))],
            "control": "basic-farmland",
            "class": survey[index],
            "grade": grade.astype(np.int64),
            "village_id": codes[faces.village[index]],
            "issued": pd.Timestamp("2022-10-14"),
        },
        faces.shapes[index],
    )
    seats = np.array([f"LH{base.places[number].township + 1:02d}" for number, _, _ in boundary])
    layers["planned.urban-development-boundary"] = registers.frame(
        {
            "boundary_id": [f"UDB{n + 1:03d}" for n in range(len(boundary))],
            "control": "urban-boundary",
            "sub_zone": [PARTS[part] for _, part, _ in boundary],
            "township_id": seats,
            "issued": pd.Timestamp("2022-11-01"),
        },
        [shape for _, _, shape in boundary],
    )
    layers["planned.land-use-plan"] = _land_use_plan(base, survey, town, farmland, codes)
    layers["planned.forest-plan"] = registers.frame(
        {
            "plan_id": [f"FP{n + 1:05d}" for n in range(len(forest))],
            "use": "afforestation",
            "control": "forest",
            "sub_zone": forest["category"].to_list(),
            "measure": np.where(forest["category"] == "public-welfare", "tending", "improvement"),
            "grade": forest["grade"].to_numpy(),
        },
        forest.geometry.to_numpy(),
    )
    layers["planned.transport-plan"] = _transport_plan(base, survey)
    wet = faces.origin == "water"
    bodies = np.unique(faces.member[wet])
    layers["planned.water-plan"] = registers.frame(
        {
            "plan_id": [f"WP{n + 1:04d}" for n in range(len(bodies))],
            "use": "water-works",
            "control": "river-management",
            "sub_zone": None,
            "work": [
                {"river": "channel", "lake": "lake", "reservoir": "reservoir", "pond": "pond"}[str(base.water.kind[b])]
                for b in bodies
            ],
        },
        [shapely.coverage_union_all(faces.shapes[wet & (faces.member == b)]) for b in bodies],
    )
    return Plans(layers, survey, town, farmland, in_line, slope, Ground.of(faces.shapes))


def _land_use_plan(base: Base, survey: Any, town: Ints, farmland: Mask, codes: Any) -> Any:
    """Every face with its planned class, its group of use, and the control it stands for."""
    faces = base.faces
    count = len(faces.shapes)
    classes: list[str] = []
    uses: list[str] = []
    control: list[str | None] = []
    zone: list[str | None] = []
    for n in range(count):
        origin, member, part = faces.origin[n], int(faces.member[n]), int(town[n])
        kind = "" if origin != "block" else base.blocks[member].use
        natural = member if origin == "natural" else -1
        in_town = part in (1, 2) or (
            origin in ("block", "street") and base.places[base.blocks[member].settlement].kind != "village"
            if origin == "block"
            else False
        )
        if origin == "block":
            classes.append(CLASSES[kind][0])
            uses.append("urban" if in_town else "village")
        elif natural in (PADDY, DRY, ORCHARD, GRASS, TEA) and part == 1:
            classes.append(("070102", "100101", "0901")[n % 3])
            uses.append("urban")
        else:
            classes.append(PLAN_CLASS[str(survey[n])])
            uses.append(
                {"street": "urban" if part == 1 else "village", "road": "transport", "water": "water-works"}.get(
                    str(origin), ""
                )
                or (
                    "afforestation"
                    if natural in (TREES, BAMBOO, SHRUB)
                    else "ecology"
                    if natural in (GRASS, FLAT)
                    else "farmland"
                )
            )
        if uses[-1] == "farmland":
            control.append("basic-farmland" if farmland[n] else "farmland")
            zone.append(None)
        elif uses[-1] == "urban":
            control.append("urban-boundary")
            zone.append(PARTS.get(part, "concentrated"))
        else:
            control.append(None)
            zone.append(None)
    phase = np.where((faces.origin == "natural") & (town == 1) & (np.array(uses) == "urban"), "planned", "existing")
    return registers.frame(
        {
            "patch_id": [f"LU{n + 1:05d}" for n in range(count)],
            "class": classes,
            "use": uses,
            "control": control,
            "sub_zone": zone,
            "phase": phase,
            "village_id": codes[faces.village],
        },
        faces.shapes,
    )


def _transport_plan(base: Base, survey: Any) -> Any:
    """Land reserved for the main roads: the strips of national, provincial and county roads outside towns."""
    faces = base.faces
    on_road = np.flatnonzero(faces.origin == "road")
    main = [road for road in base.network if road.rank in ("national", "provincial", "county")]
    width = {"national": 24.0, "provincial": 16.0, "county": 11.0}
    strip = shapely.union_all(
        shapely.buffer(
            np.array([r.line for r in main], dtype=object), np.array([width[r.rank] for r in main]) / 2, quad_segs=2
        ),
        grid_size=0.001,
    )
    parts = shapely.intersection(faces.shapes[on_road], shapely.buffer(strip, -0.4), grid_size=0.001)
    shapes = [
        part for shape in parts for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 300
    ]
    del survey
    return registers.frame(
        {
            "plan_id": [f"TP{n + 1:04d}" for n in range(len(shapes))],
            "use": "transport",
            "control": "transport-reserve",
            "sub_zone": None,
            "project": "Upgrade of main roads",
        },
        shapes,
    )


def survey_layer(base: Base, plans: Plans, random: np.random.Generator) -> Any:
    """The land survey: every face with its class, a partition of the county."""
    faces = base.faces
    codes = np.array(registers.village_codes(base))
    farmed = np.isin(plans.survey, ("0101", "0102", "0103"))
    steep = np.digitize(plans.slope, [2, 6, 15, 25]) + 1
    ridge = np.where(
        farmed, np.round(np.clip(0.055 + 0.012 * plans.slope + random.normal(0, 0.01, len(steep)), 0.03, 0.28), 4), 0.0
    )
    return registers.frame(
        {
            "patch_id": [f"TB{n + 1:06d}" for n in range(len(faces.shapes))],
            "class": plans.survey.astype(object),
            "village_id": codes[faces.village],
            "slope_grade": np.where(farmed, steep, 0).astype(np.int64),
            "ridge_share": ridge,
            "surveyed": pd.Timestamp("2025-12-31"),
        },
        faces.shapes,
    )


def land_cover(base: Base) -> Any:
    """Land cover: 1 crop, 2 orchard, 3 forest, 4 shrub, 5 grass, 6 flat, 7 water, 8 built, 0 none."""
    import rasterio.features
    from affine import Affine

    grid = base.terrain.grid
    faces = base.faces
    of_class = {"0101": 1, "0103": 1, "0201": 2, "0202": 2, "0301": 3, "0302": 3, "0305": 4, "0404": 5, "1106": 6}
    cover = np.array([of_class[code] for code in NATURAL])
    value = np.where(
        faces.origin == "natural",
        cover[np.clip(faces.member, 0, len(cover) - 1)],
        np.where(faces.origin == "water", 7, 8),
    )
    order = np.argsort(np.where(faces.origin == "road", 0, 1), kind="stable")
    return rasterio.features.rasterize(
        zip(faces.shapes[order], value[order].tolist(), strict=True),
        out_shape=grid.shape,
        fill=0,
        dtype="uint8",
        transform=Affine(grid.cell, 0, grid.west, 0, -grid.cell, grid.north),
    )


def merge_patches(plan: Any) -> Any:
    """The land-use plan with neighbouring patches of equal content made one: a plan is coarser than a survey.

    Planted patches (numbers from LU9…) stay as they are.
    """
    planted = plan["patch_id"].str.startswith("LU9").to_numpy()
    columns = ["class", "use", "control", "sub_zone", "phase", "village_id"]
    key = plan[columns].fillna("").astype(str).agg("/".join, axis=1)
    shapes: list[Any] = []
    rows: list[int] = []
    for _, members in plan.index.to_series()[~planted].groupby(key[~planted], sort=True):
        parts = shapely.get_parts(shapely.coverage_union_all(plan.geometry.loc[members].to_numpy()))
        shapes += list(parts)
        rows += [int(members.iloc[0])] * len(parts)
    content = plan.loc[rows, columns].reset_index(drop=True)
    content.insert(0, "patch_id", [f"LU{n + 1:05d}" for n in range(len(rows))])
    merged = registers.frame({name: content[name].to_numpy() for name in content}, shapes)
    import geopandas as gpd

    return gpd.GeoDataFrame(pd.concat([merged, plan[planted]], ignore_index=True), geometry="geometry", crs=plan.crs)
