"""Registers of what is built: roads, blocks, parcels, buildings, services."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic.admin import village_names
from spacegov.synthetic.base import Base
from spacegov.synthetic.frame import to_millimetres
from spacegov.synthetic.parcels import CLASSES
from spacegov.synthetic.registers import frame, village_codes
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
