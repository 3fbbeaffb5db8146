"""Registers of what is there: nature, units, roads, parcels, buildings, services."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic.admin import TOWNSHIPS, village_names
from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import CRS, Floats, to_millimetres
from spacegov.synthetic.land import BAMBOO, NATURAL, SHRUB, TREES
from spacegov.synthetic.parcels import CLASSES
from spacegov.synthetic.rivers import RIVER_NAMES, width_of
from spacegov.synthetic.roads import LANES, SPEED, WIDTH

STREETS_NORTH = (
    "Jiefang",
    "Zhongshan",
    "Wenhua",
    "Xinhua",
    "Qingnian",
    "Huancheng",
    "Tianmu",
    "Hongqi",
    "Guangming",
    "Xueyuan",
    "Jianguo",
    "Heping",
    "Chaoyang",
    "Yingbin",
    "Lanting",
    "Fuxing",
    "Yangliu",
    "Dongfeng",
    "Changjiang",
    "Meigui",
)
STREETS_EAST = (
    "Renmin",
    "Binhe",
    "Chengnan",
    "Beihuan",
    "Gongye",
    "Fazhan",
    "Xingfu",
    "Minzhu",
    "Lanxi",
    "Shuyuan",
    "Kaifang",
    "Qunxian",
    "Yushan",
    "Taoyuan",
    "Wuyi",
    "Linjiang",
    "Baihua",
    "Zhuyuan",
    "Longquan",
    "Xishan",
)


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


def _people(base: Base) -> Floats:
    owner = np.array([base.blocks[base.parcels[p].block].settlement for p in base.buildings.parcel])
    return np.bincount(owner, base.buildings.residents, minlength=len(base.places))


def rivers_and_water(base: Base) -> dict[str, Any]:
    """River reaches and water bodies inside the county."""
    county = shapely.coverage_union_all(base.village_shapes)
    rows, lines = [], []
    for reach in base.reaches:
        inside = shapely.intersection(reach.line, county, grid_size=0.001)
        for part in shapely.get_parts(inside):
            if part.geom_type == "LineString" and part.length > 5:
                rows.append((reach, part))
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
    return uniform_filter(base.terrain.slope, 5)[row, column]


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


def street_name(base: Base, settlement: int, axis: int, line: int) -> str:
    """Name of a street by its place in the lattice of its town; lanes of villages carry the village's name."""
    place = base.places[settlement]
    if place.kind == "village":
        return f"{village_names(len(base.places))[settlement][0]} Lane {line + 1}"
    names = STREETS_NORTH if axis == 0 else STREETS_EAST
    text = names[(line + settlement * 3) % len(names)]
    return f"{text} {'Road' if axis == 0 else 'Street'}" + (f" {line // len(names) + 1}" if line >= len(names) else "")


def road_register(base: Base) -> Any:
    """Roads and streets: one connected network."""
    letter = {"national": "G330", "provincial": "S217", "county": "X", "township": "Y", "village": "C"}
    rows = []
    for number, road in enumerate(base.network):
        if road.settlement >= 0:
            name = street_name(base, road.settlement, road.axis, road.number)
        elif road.rank in ("national", "provincial"):
            name = letter[road.rank]
        else:
            name = f"{letter[road.rank]}{number + 1:03d}"
        rows.append(
            (f"D{number + 1:05d}", name, road.rank, WIDTH[road.rank], LANES[road.rank], SPEED[road.rank], road.bridge)
        )
    columns = ("road_id", "name", "rank", "width_m", "lanes", "speed_kmh", "bridge")
    return frame(
        dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)), [road.line for road in base.network]
    )


def blocks_and_parcels(base: Base, random: np.random.Generator) -> dict[str, Any]:
    """Blocks between streets and water, and the parcels that tile them."""
    codes = village_codes(base)
    owner = [block.settlement for block in base.blocks]
    blocks = frame(
        {
            "block_id": [f"B{n + 1:05d}" for n in range(len(owner))],
            "use": [b.use for b in base.blocks],
            "village_id": [codes[o] for o in owner],
            "township_id": [codes[o][:4] for o in owner],
        },
        base.block_shapes,
    )
    block_of = np.array([p.block for p in base.parcels])
    rights = np.where([base.places[owner[b]].kind == "village" for b in block_of], "collective", "state")
    parcels = frame(
        {
            "parcel_id": [f"P{n + 1:06d}" for n in range(len(base.parcels))],
            "block_id": [f"B{b + 1:05d}" for b in block_of],
            "use": [p.use for p in base.parcels],
            "class": [CLASSES[p.use][0] for p in base.parcels],
            "right": rights,
            "granted": [
                f"{y}-{m:02d}-{d:02d}"
                for y, m, d in zip(
                    random.integers(1992, 2024, len(block_of)),
                    random.integers(1, 13, len(block_of)),
                    random.integers(1, 29, len(block_of)),
                    strict=True,
                )
            ],
            "village_id": [codes[owner[b]] for b in block_of],
        },
        [p.shape for p in base.parcels],
    )
    parcels["granted"] = pd.to_datetime(parcels.granted).astype("datetime64[ms]")
    return {"artificial.blocks": blocks, "artificial.parcels": parcels}


def building_register(base: Base, random: np.random.Generator) -> Any:
    """Buildings with use, height, age, dwelling units, residents and address."""
    made = base.buildings
    count = len(made.use)
    codes = village_codes(base)
    owner = np.array(made.parcel)
    block = np.array([base.parcels[p].block for p in made.parcel])
    place = np.array([base.blocks[b].settlement for b in block])
    floors = np.array(made.floors)
    storey = np.where(
        np.isin(made.use, ("industry", "storage")),
        6.0,
        np.where(np.isin(made.use, ("commercial", "office", "health", "school")), 3.9, 3.0),
    )
    year = np.minimum(np.array(made.year), 2025)
    addresses = []
    seen: dict[str, int] = {}
    for number in range(count):
        share = made.share[number]
        parcel = base.parcels[owner[number]]
        line = base.blocks[block[number]].row + (1 if parcel.t0 + share[1] * (parcel.t1 - parcel.t0) > 0.5 else 0)
        street = street_name(base, int(place[number]), 1, line)
        key = f"{place[number]}/{street}"
        seen[key] = seen.get(key, 0) + 1
        addresses.append(f"{street} {seen[key]}")
    return frame(
        {
            "building_id": [f"J{n + 1:06d}" for n in range(count)],
            "use": made.use,
            "floors": floors,
            "height_m": np.round(floors * storey, 1),
            "year": year,
            "structure": np.where(
                floors > 9,
                "concrete",
                np.where(
                    np.isin(made.use, ("industry", "storage")),
                    "steel",
                    np.where(year < 1990, "brick-timber", "masonry"),
                ),
            ),
            "dwelling_units": np.array(made.units),
            "residents": made.residents.astype(np.int64),
            "elderly": random.binomial(
                made.residents.astype(np.int64), np.where(np.isin(made.use, ("village-house",)), 0.31, 0.18)
            ),
            "block_id": [f"B{b + 1:05d}" for b in block],
            "parcel_id": [f"P{p + 1:06d}" for p in owner],
            "village_id": [codes[p] for p in place],
            "township_id": [codes[p][:4] for p in place],
            "address": addresses,
        },
        made.shapes,
    )


def services(base: Base, random: np.random.Generator) -> dict[str, Any]:
    """Schools, clinics and shelters at the buildings and open spaces that serve as such."""
    codes = village_codes(base)
    use = np.array([p.use for p in base.parcels])
    owner = np.array([base.blocks[p.block].settlement for p in base.parcels])
    middle = shapely.transform(
        shapely.centroid(np.array([p.shape for p in base.parcels], dtype=object)), to_millimetres
    )
    kinds = np.array([p.kind for p in base.places])[owner]
    village_hall = np.zeros(len(use), dtype=bool)
    halls = np.flatnonzero(use == "village-public")
    village_hall[halls[np.unique(owner[halls], return_index=True)[1]]] = True
    school = np.flatnonzero((use == "school") | (village_hall & (owner % 3 == 0)))
    grade = np.where(
        use[school] != "school", "primary", np.where(np.arange(len(school)) % 3 == 0, "secondary", "primary")
    )
    clinic = np.flatnonzero((use == "health") | (village_hall & (owner % 2 == 0)))
    shelter = np.flatnonzero(np.isin(use, ("school", "square", "park")) | (village_hall & (owner % 3 == 0)))
    area = shapely.area(np.array([p.shape for p in base.parcels], dtype=object))

    def points(rows: Any, letter: str, title: str, columns: dict[str, Any]) -> Any:
        names = [f"{title} {n + 1}" for n in range(len(rows))]
        return frame(
            {
                f"{title.lower()}_id": [f"{letter}{n + 1:04d}" for n in range(len(rows))],
                "name": names,
                **columns,
                "village_id": [codes[o] for o in owner[rows]],
            },
            middle[rows],
        )

    return {
        "artificial.schools": points(
            school, "S", "School", {"grade": grade, "places": random.integers(8, 45, len(school)) * 40}
        ),
        "artificial.clinics": points(
            clinic,
            "K",
            "Clinic",
            {
                "grade": np.where(
                    use[clinic] == "health", np.where(kinds[clinic] == "city", "county", "township"), "village"
                ),
                "beds": np.where(use[clinic] == "health", random.integers(30, 320, len(clinic)), 0),
            },
        ),
        "artificial.shelters": points(
            shelter,
            "E",
            "Shelter",
            {
                "kind": np.where(
                    use[shelter] == "school", "indoor", np.where(village_hall[shelter], "indoor", "open-air")
                ),
                "usable_m2": np.round(area[shelter] * np.where(use[shelter] == "school", 0.18, 0.5)),
                "capacity": np.floor(area[shelter] * np.where(use[shelter] == "school", 0.18, 0.5) / 2.0).astype(
                    np.int64
                ),
            },
        ),
    }


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
