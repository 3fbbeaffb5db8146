"""Registers of nature and of administrative units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic.admin import TOWNSHIPS, village_names
from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import CRS, Floats, Ints, to_millimetres
from spacegov.synthetic.land import BAMBOO, NATURAL, SHRUB, TREES
from spacegov.synthetic.parcels import CLASSES
from spacegov.synthetic.rivers import RIVER_NAMES, width_of


def frame(columns: dict[str, Any], shapes: Any) -> Any:
    """A GeoDataFrame in the county's reference system."""
    import geopandas as gpd

    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def village_codes(base: Base) -> list[str]:
    """Codes of all villages by number of their settlement."""
    count: dict[int, int] = {}
    codes = []
    for place in base.places:
        count[place.township] = count.get(place.township, 0) + 1
        codes.append(f"LH{place.township + 1:02d}{count[place.township]:02d}")
    return codes


def units(base: Base) -> dict[str, Any]:
    """County, townships and villages, with the people who live in them."""
    codes = village_codes(base)
    names = village_names(len(base.places))
    people = _people(base)
    town = {p.township: p for p in base.places if p.kind != "village"}
    rows = []
    for place in base.places:
        if place.kind == "village":
            english, chinese, russian = names[place.number]
        else:
            english, chinese, russian = TOWNSHIPS[place.township]
            chinese = chinese[:-1] + "社区"
        rows.append(
            (
                codes[place.number],
                english,
                chinese,
                russian,
                f"LH{place.township + 1:02d}",
                place.kind,
                int(people[place.number]),
            )
        )
    villages = frame(
        dict(
            zip(
                ("village_id", "name", "name_zh", "name_ru", "township_id", "kind", "residents"),
                map(list, zip(*rows, strict=True)),
                strict=True,
            )
        ),
        base.village_shapes,
    )
    shapes, columns = [], []
    for number in sorted(town):
        own = villages.township_id == f"LH{number + 1:02d}"
        shapes.append(shapely.coverage_union_all(villages.geometry[own].to_numpy()))
        english, chinese, russian = TOWNSHIPS[number]
        columns.append(
            (f"LH{number + 1:02d}", english, chinese, russian, int(villages.residents[own].sum()), int(own.sum()))
        )
    townships = frame(
        dict(
            zip(
                ("township_id", "name", "name_zh", "name_ru", "residents", "villages"),
                map(list, zip(*columns, strict=True)),
                strict=True,
            )
        ),
        shapes,
    )
    county = frame(
        {
            "county_id": ["LH"],
            "name": ["Lanhe County"],
            "name_zh": ["兰河县"],
            "name_ru": ["Ланьхэ"],
            "residents": [int(people.sum())],
        },
        [shapely.coverage_union_all(base.village_shapes)],
    )
    return {"artificial.county": county, "artificial.townships": townships, "artificial.villages": villages}


def _people(base: Base) -> Ints:
    owner = np.array([base.blocks[base.parcels[p].block].settlement for p in base.buildings.parcel])
    people = np.bincount(owner, base.buildings.residents, minlength=len(base.places))
    return np.asarray(people, dtype=np.int64)


def rivers_and_water(base: Base) -> dict[str, Any]:
    """River reaches and water bodies inside the county."""
    county = shapely.coverage_union_all(base.village_shapes)
    lines = []
    rows = [
        (reach, part)
        for reach in base.reaches
        for part in shapely.get_parts(shapely.intersection(reach.line, county, grid_size=0.001))
        if part.geom_type == "LineString" and part.length > 5
    ]
    rivers: dict[str, list[Any]] = {
        k: [] for k in ("reach_id", "name", "name_zh", "name_ru", "order", "catchment_km2", "width_m", "from_m", "to_m")
    }
    for number, (reach, part) in enumerate(rows):
        name = (
            RIVER_NAMES[reach.river]
            if reach.river < len(RIVER_NAMES)
            else (f"Brook {reach.river}", f"{reach.river}号溪", f"Ручей {reach.river}")
        )
        values = (
            f"R{number + 1:04d}",
            *name,
            reach.order,
            round(reach.catchment_km2, 2),
            round(float(width_of(np.array([reach.catchment_km2]))[0]), 1),
            round(reach.from_m, 1),
            round(reach.to_m, 1),
        )
        for column, value in zip(rivers, values, strict=True):
            rivers[column].append(value)
        lines.append(part)
    code = {"river": "1101", "lake": "1102", "reservoir": "1103", "pond": "1104"}
    wet = base.faces.origin == "water"
    water_rows, shapes = [], []
    for body in np.unique(base.faces.member[wet]).tolist():
        kind = str(base.water.kind[body])
        number = int(base.water.river[body])
        name = (
            RIVER_NAMES[number]
            if 0 <= number < len(RIVER_NAMES)
            else {
                "reservoir": ("Yunling Reservoir", "云岭水库", "Водохранилище Юньлин"),
                "lake": ("Hekou Lake", "河口湖", "Озеро Хэкоу"),
            }.get(kind, ("", "", ""))
        )
        shapes.append(shapely.coverage_union_all(base.faces.shapes[wet & (base.faces.member == body)]))
        water_rows.append((f"W{len(shapes):04d}", kind, code[kind], *name))
    columns = dict(
        zip(
            ("water_id", "kind", "class", "name", "name_zh", "name_ru"),
            map(list, zip(*water_rows, strict=True)),
            strict=True,
        )
    )
    return {"natural.rivers": frame(rivers, lines), "natural.water-bodies": frame(columns, shapes)}


def face_slope(base: Base) -> Floats:
    """Mean slope of each face in degrees, sampled at its inner point (large faces: smoothed relief)."""
    from scipy.ndimage import uniform_filter

    point = shapely.get_coordinates(shapely.point_on_surface(base.faces.shapes))
    row, column = base.terrain.grid.locate(point[:, 0], point[:, 1])
    return np.asarray(uniform_filter(base.terrain.slope, 5)[row, column], dtype=np.float64)


def survey_class(base: Base) -> list[str]:
    """Class of each face in the third land survey."""
    water = {"river": "1101", "lake": "1102", "reservoir": "1103", "pond": "1104"}
    codes = []
    for origin, member in zip(base.faces.origin.tolist(), base.faces.member.tolist(), strict=True):
        if origin == "block":
            codes.append(CLASSES[base.blocks[member].use][1])
        elif origin == "water":
            codes.append(water[str(base.water.kind[member])])
        elif origin == "natural":
            codes.append(NATURAL[member])
        else:
            codes.append("1004" if origin == "street" else "1006")
    return codes


def forest(base: Base, random: np.random.Generator) -> Any:
    """Forest stands with category, grade of protection and species."""
    woods = (
        (base.faces.origin == "natural")
        & np.isin(base.faces.member, (TREES, BAMBOO, SHRUB))
        & (shapely.area(base.faces.shapes) > 400)
    )
    index = np.flatnonzero(woods)
    slope = face_slope(base)[index]
    point = shapely.get_coordinates(shapely.point_on_surface(base.faces.shapes[index]))
    row, column = base.terrain.grid.locate(point[:, 0], point[:, 1])
    high = base.terrain.height[row, column]
    welfare = (slope > 14) | (high > 320) | (random.random(len(index)) < 0.25)
    kind = base.faces.member[index]
    species = np.where(
        kind == BAMBOO,
        "moso bamboo",
        np.where(
            kind == SHRUB,
            "mixed shrub",
            random.choice(["masson pine", "chinese fir", "oak", "camphor", "mixed broadleaf"], len(index)),
        ),
    )
    codes = np.array(village_codes(base))
    return frame(
        {
            "stand_id": [f"F{n + 1:05d}" for n in range(len(index))],
            "class": [NATURAL[k] for k in kind],
            "category": np.where(welfare, "public-welfare", "commercial"),
            "grade": np.where(welfare, np.where(high > 450, 1, 2), np.where(slope > 8, 3, 4)).astype(np.int64),
            "species": species,
            "origin": np.where(random.random(len(index)) < 0.55, "natural", "planted"),
            "age_years": random.integers(6, 70, len(index)),
            "canopy_share": np.round(random.uniform(0.35, 0.92, len(index)), 2),
            "village_id": codes[base.faces.village[index]],
        },
        base.faces.shapes[index],
    )


def geohazards(base: Base, random: np.random.Generator) -> Any:
    """Known landslides, rock falls and debris flows of the mountain survey."""
    grid = base.terrain.grid
    x, y = grid.centres()
    steep = (base.terrain.slope > 13) & (base.terrain.above_river < 180)
    row, column = np.nonzero(steep)
    inside = shapely.contains_xy(
        shapely.buffer(shapely.coverage_union_all(base.village_shapes), -200), x[row, column], y[row, column]
    )
    row, column = row[inside], column[inside]
    weight = np.exp(base.terrain.slope[row, column] / 7) * (1 + 3 * (base.natural[row, column] == SHRUB))
    chosen = np.sort(random.choice(len(row), 150, replace=False, p=weight / weight.sum()))
    place = np.column_stack([x[row[chosen], column[chosen]], y[row[chosen], column[chosen]]]) + random.uniform(
        -12, 12, (len(chosen), 2)
    )
    count = len(chosen)
    point = shapely.points(to_millimetres(place))
    _, village = shapely.STRtree(base.village_shapes).query_nearest(point, all_matches=False)
    codes = np.array(village_codes(base))
    return frame(
        {
            "hazard_id": [f"H{n + 1:04d}" for n in range(count)],
            "kind": random.choice(["landslide", "rockfall", "debris-flow"], count, p=[0.68, 0.2, 0.12]),
            "scale": random.choice(["small", "medium", "large"], count, p=[0.7, 0.24, 0.06]),
            "stability": random.choice(["stable", "marginal", "unstable"], count),
            "threatened_people": random.poisson(5, count),
            "recorded": pd.to_datetime("2012-01-01") + pd.to_timedelta(random.integers(0, 4900, count), unit="D"),
            "village_id": codes[village],
        },
        point,
    ).astype({"recorded": "datetime64[ms]"})
