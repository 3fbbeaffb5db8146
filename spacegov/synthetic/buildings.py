"""Buildings in parcels: slabs facing south, houses along streets, sheds in works; and who lives in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Floats, to_millimetres
from spacegov.synthetic.parcels import Parcel
from spacegov.synthetic.settlements import Block, Settlement


@dataclass
class Buildings:
    """Buildings as columns of equal length."""

    parcel: list[int] = field(default_factory=list)
    use: list[str] = field(default_factory=list)
    floors: list[int] = field(default_factory=list)
    year: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    share: list[tuple[float, float]] = field(default_factory=list)
    size: list[tuple[float, float]] = field(default_factory=list)
    shapes: Any = None
    residents: Any = None


def raise_buildings(
    random: np.random.Generator, places: list[Settlement], blocks: list[Block], parcels: list[Parcel]
) -> Buildings:
    """Put buildings on the parcels by use.

    Parameters
    ----------
    random
        Source of randomness.
    places, blocks, parcels
        Settlements, their blocks in order, and the parcels that refer to them.

    Returns
    -------
    Buildings
        Footprints that lie wholly in their parcel and do not touch each other, with floors, year, dwelling units and
        residents.
    """
    made = Buildings()
    for number, parcel in enumerate(parcels):
        block = blocks[parcel.block]
        kind = places[block.settlement].kind
        breadth = block.breadth * (parcel.s1 - parcel.s0)
        depth = block.depth * (parcel.t1 - parcel.t0)
        _fill(random, made, number, parcel, kind, breadth, depth)
    return _stand(random, made, blocks, parcels)


def _add(
    made: Buildings,
    parcel: int,
    use: str,
    floors: int,
    year: int,
    units: int,
    s: float,
    t: float,
    size: tuple[float, float],
) -> None:
    made.parcel.append(parcel)
    made.use.append(use)
    made.floors.append(floors)
    made.year.append(year)
    made.units.append(units)
    made.share.append((s, t))
    made.size.append(size)


def _fill(
    random: np.random.Generator, made: Buildings, number: int, parcel: Parcel, kind: str, breadth: float, depth: float
) -> None:
    use = parcel.use
    if use == "residential":
        _compound(random, made, number, kind, breadth, depth)
    elif use in ("village", "old"):
        _house(random, made, number, parcel, kind, breadth, depth)
    elif use in ("commercial", "office", "health", "village-public"):
        cover = float(random.uniform(0.35, 0.55)) if use == "commercial" else 0.28
        wide = min(breadth - 10, 85.0)
        deep = min(max(cover * breadth * depth / max(wide, 1), 11.0), depth - 10, 42.0)
        top = {"city": 11, "town": 6, "village": 3}[kind]
        if wide > 8 and deep > 8:
            floors = int(random.integers(2, top + 1)) if use != "health" else max(3, top - 2)
            _add(made, number, use, floors, int(random.integers(1992, 2025)), 0, 0.5, 0.5, (wide, deep))
    elif use == "school":
        for t in (0.25, 0.45):
            _add(made, number, use, 4, int(random.integers(1995, 2022)), 0, 0.5, t, (min(breadth - 30, 76.0), 13.0))
        _add(made, number, use, 2, int(random.integers(2000, 2022)), 0, 0.8, 0.8, (24.0, 16.0))
    elif use in ("industry", "storage"):
        across = max(int(breadth // 95), 1)
        along = max(int(depth // 75), 1)
        for i in range(across):
            for j in range(along):
                if random.random() < 0.9:
                    size = (
                        min(breadth / across - 16, random.uniform(45, 80)),
                        min(depth / along - 16, random.uniform(28, 52)),
                    )
                    _add(
                        made,
                        number,
                        use,
                        int(random.choice([1, 1, 1, 2, 3])),
                        int(random.integers(1998, 2025)),
                        0,
                        (i + 0.5) / across,
                        (j + 0.5) / along,
                        size,
                    )
    elif use == "utility":
        _add(made, number, use, 2, int(random.integers(1990, 2020)), 0, 0.5, 0.4, (22.0, 14.0))


def _compound(
    random: np.random.Generator, made: Buildings, number: int, kind: str, breadth: float, depth: float
) -> None:
    """Rows of slabs facing south, apart by their height, all of one time."""
    year = int(random.choice([1988, 1996, 2003, 2009, 2015, 2020]) + random.integers(0, 5))
    if year < 2005 or kind != "city":
        floors = 6 if year > 1994 else 5
    else:
        floors = int(random.choice([6, 11, 17, 18, 26, 32], p=[0.2, 0.3, 0.2, 0.17, 0.08, 0.05]))
    deep = 12.4 if floors <= 6 else 15.2
    wide = {True: 52.0, False: 34.0}[floors <= 6]
    gap = min(max(1.1 * floors * 3.0, 16.0), 46.0)
    rows = max(int((depth - 10 + gap) // (deep + gap)), 1)
    across = max(int((breadth - 12 + 9) // (wide + 9)), 1)
    wide = min(wide, breadth - 14)
    if wide < 15 or depth < deep + 8:
        return
    for j in range(rows):
        for i in range(across):
            if random.random() > 0.97:
                continue
            t = (5 + deep / 2 + j * (depth - 10 - deep) / max(rows - 1, 1)) / depth if rows > 1 else 0.5
            units = floors * max(int(wide // 13), 1) * 2 if floors <= 6 else floors * 4
            _add(
                made,
                number,
                "residential",
                floors,
                year + int(random.integers(0, 2)),
                units,
                (i + 0.5) / across,
                t,
                (wide, deep),
            )


def _house(
    random: np.random.Generator, made: Buildings, number: int, parcel: Parcel, kind: str, breadth: float, depth: float
) -> None:
    """A house at the street side of its plot; some plots are empty, some have a shed behind."""
    if random.random() < (0.08 if kind == "village" else 0.03):
        return
    front = parcel.t0 == 0.0
    deep = float(random.uniform(9.0, 11.5)) if kind == "village" else min(float(random.uniform(13, 19)), depth - 5)
    wide = max(breadth - float(random.uniform(2.4, 4.2)), 7.0)
    set_back = float(random.uniform(2.0, 3.5))
    t = (set_back + deep / 2) / depth
    floors = int(random.choice([1, 2, 2, 3, 3, 4])) if kind == "village" else int(random.integers(3, 6))
    units = 1 if kind == "village" else floors - 1 + int(wide > 15) * (floors - 1)
    year = int(random.integers(1978, 2025))
    _add(
        made,
        number,
        "village-house" if kind == "village" else "residential",
        floors,
        year,
        units,
        0.5,
        t if front else 1 - t,
        (wide, deep),
    )
    behind = depth - deep - set_back
    if kind != "village" and behind > 24 and random.random() < 0.8:
        rear = min(float(random.uniform(12, 17)), behind - 10)
        t = (set_back + deep + float(random.uniform(7, 9)) + rear / 2) / depth
        low = int(random.integers(2, 5))
        _add(
            made,
            number,
            "residential",
            low,
            year + 2 if year < 2022 else year,
            low,
            0.5,
            t if front else 1 - t,
            (wide, rear),
        )
    if kind == "village" and random.random() < 0.22 and depth - deep - set_back > 8.5:
        t = 1 - 4.2 / depth
        _add(
            made,
            number,
            "shed",
            1,
            year,
            0,
            float(random.uniform(0.38, 0.62)),
            t if front else 1 - t,
            (min(wide, 5.5), 4.0),
        )


def _stand(random: np.random.Generator, made: Buildings, blocks: list[Block], parcels: list[Parcel]) -> Buildings:
    """Turn places and sizes into footprints; what does not fit its parcel is made smaller, then left out."""
    share, size = np.array(made.share), np.array(made.size)
    owner = np.array(made.parcel)
    centre, along = np.empty((len(owner), 2)), np.empty((len(owner), 2))
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(parcels) + 1))
    for number, parcel in enumerate(parcels):
        rows = order[bounds[number] : bounds[number + 1]]
        if len(rows) == 0:
            continue
        block = blocks[parcel.block]
        s = parcel.s0 + share[rows, 0] * (parcel.s1 - parcel.s0)
        t = parcel.t0 + share[rows, 1] * (parcel.t1 - parcel.t0)
        centre[rows] = block.at(s, t)
        ahead = block.at(np.minimum(s + 0.01, 1.0), t) - block.at(np.maximum(s - 0.01, 0.0), t)
        along[rows] = ahead / np.hypot(*ahead.T)[:, None]
    shapes = _boxes(centre, along, size)
    ground = shapely.buffer(np.array([p.shape for p in parcels], dtype=object), -0.6)[owner]
    fits = shapely.covers(ground, shapes)
    for factor in (0.88, 0.78, 0.68):
        worse = ~fits
        size[worse] *= factor
        shapes[worse] = _boxes(centre[worse], along[worse], size[worse])
        fits[worse] = shapely.covers(ground[worse], shapes[worse])
    tree = shapely.STRtree(shapes)
    a, b = tree.query(shapes, predicate="dwithin", distance=0.4)
    fits[np.maximum(a, b)[(a != b) & fits[np.minimum(a, b)]]] = False
    keep = np.flatnonzero(fits & (size.min(axis=1) > 2.2))
    result = Buildings(
        **{
            name: [getattr(made, name)[k] for k in keep]
            for name in ("parcel", "use", "floors", "year", "units", "share", "size")
        }
    )
    result.shapes = shapes[keep]
    units = np.array(result.units)
    house = np.array(result.use) == "village-house"
    lived_in = np.where(house, random.random(len(units)) < 0.86, True) * units
    result.residents = np.where(
        house, random.poisson(3.3, len(units)) * (lived_in > 0), random.binomial(lived_in * 4, 0.58)
    )
    return result


def _boxes(centre: Floats, along: Floats, size: Floats) -> Any:
    across = np.column_stack([-along[:, 1], along[:, 0]])
    a, b = along * size[:, :1] / 2, across * size[:, 1:] / 2
    return shapely.polygons(
        to_millimetres(np.stack([centre - a - b, centre + a - b, centre + a + b, centre - a + b], axis=1))
    )
