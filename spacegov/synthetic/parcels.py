"""Blocks get uses and are cut into parcels that tile them exactly."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Floats, to_millimetres
from spacegov.synthetic.settlements import Block, Settlement

# use → class of the 2023 planning classification, class of the third land survey
CLASSES = {
    "residential": ("070102", "0701"),
    "old": ("070102", "0701"),
    "commercial": ("0901", "05H1"),
    "office": ("0801", "08H1"),
    "school": ("080403", "08H2"),
    "health": ("080601", "08H2"),
    "industry": ("100101", "0601"),
    "storage": ("110101", "0508"),
    "park": ("1401", "0810"),
    "square": ("1403", "0810"),
    "utility": ("1303", "0809"),
    "blank": ("16", "0404"),
    "village": ("0703", "0702"),
    "village-public": ("0704", "08H1"),
}


@dataclass(frozen=True)
class Parcel:
    """A parcel: shares of its block's sides that it takes, and its use."""

    block: int
    use: str
    s0: float
    s1: float
    t0: float
    t1: float
    shape: Any


def assign_uses(random: np.random.Generator, places: list[Settlement]) -> None:
    """Give every block a use: services in the middle, shops along main streets, works at the downstream edge.

    Parameters
    ----------
    random
        Source of randomness.
    places
        Settlements; the `use` of their blocks is set.
    """
    for place in places:
        middles = np.array([block.at(np.array([0.5]), np.array([0.5]))[0] for block in place.blocks])
        offset = middles - middles.mean(axis=0)
        away = np.hypot(*offset.T) / max(float(np.hypot(*offset.T).max()), 1.0)
        east = offset[:, 0] * 0.8 - offset[:, 1] * 0.6
        east = east / max(float(np.abs(east).max()), 1.0)
        order = np.argsort(away, kind="stable")
        if place.kind == "village":
            for block in place.blocks:
                block.use = "village"
            if len(place.blocks) >= 5:
                place.blocks[int(order[0])].use = "village-public"
            continue
        city = place.kind == "city"
        draw = random.random(len(order))
        for rank, (block, r, e, d) in enumerate(zip(place.blocks, away, east, draw, strict=True)):
            if e > 0.42 + 0.2 * d and r > 0.45:
                block.use = "industry" if d < 0.8 else "storage"
            elif r > 0.72 and d > 0.80:
                block.use = "blank"
            elif r < 0.16 + 0.10 * d:
                block.use = "commercial" if d < 0.55 else "old"
            elif d > 0.93:
                block.use = "office"
            elif d > 0.885:
                block.use = "park"
            elif d > 0.80:
                block.use = "commercial"
            elif d < (0.16 if city else 0.45) and r < 0.6:
                block.use = "old"
            else:
                block.use = "residential"
            del rank
        fixed = (
            ["office", "health", "school", "square", "school", "utility"]
            if not city
            else (
                ["office", "square", "health", "park", "school"]
                + ["school"] * 10
                + ["health"] * 2
                + ["utility"] * 3
                + ["park"] * 6
            )
        )
        steps = np.linspace(1, len(order) * 0.86, len(fixed)).astype(int)
        for use, step in zip(fixed, steps, strict=True):
            place.blocks[int(order[min(step, len(order) - 1)])].use = use


def cut_parcels(random: np.random.Generator, blocks: list[Block]) -> tuple[list[Any], list[Parcel]]:
    """Cut every block into one or two rows of parcels.

    Parameters
    ----------
    random
        Source of randomness.
    blocks
        The blocks of all settlements; a parcel names its block by position.

    Returns
    -------
    tuple
        Polygons of the blocks and the parcels. The parcels of a block share all their corners with each other and
        with the block, so they tile it without gap or overlap.
    """
    outlines: list[Any] = []
    parcels: list[Parcel] = []
    for number, block in enumerate(blocks):
        frontage, rows = _frontage(random, block)
        per_row = [_cuts(random, block.breadth, frontage) for _ in range(rows)]
        knots = np.linspace(0, 1, len(block.bottom))
        levels = [0.0, 1.0] if rows == 1 else [0.0, float(random.uniform(0.46, 0.54)), 1.0]
        sides = []
        for level, _t in enumerate(levels):
            touching = per_row[max(level - 1, 0) : level + 1] if rows > 1 else per_row
            sides.append(np.unique(np.round(np.concatenate([knots, *touching]), 9)))
        points = [to_millimetres(block.at(s, np.full(len(s), t))) for s, t in zip(sides, levels, strict=True)]
        west = [p[0] for p in points[1:-1]]
        east = [p[-1] for p in points[1:-1]]
        outlines.append(
            shapely.Polygon(
                np.vstack([points[0], *[e[None] for e in east], points[-1][::-1], *[w[None] for w in west[::-1]]])
            )
        )
        for row in range(rows):
            cuts = np.round(per_row[row], 9)
            for s0, s1 in itertools.pairwise(cuts):
                low = points[row][(sides[row] >= s0) & (sides[row] <= s1)]
                high = points[row + 1][(sides[row + 1] >= s0) & (sides[row + 1] <= s1)]
                shape = shapely.Polygon(np.vstack([low, high[::-1]]))
                parcels.append(
                    Parcel(number, _use(random, block.use), float(s0), float(s1), levels[row], levels[row + 1], shape)
                )
    return outlines, parcels


def _use(random: np.random.Generator, use: str) -> str:
    """Most parcels have the use of their block; a few shops stand among flats."""
    if use in ("residential", "old") and random.random() < 0.07:
        return "commercial"
    return use


def _frontage(random: np.random.Generator, block: Block) -> tuple[float, int]:
    """Breadth of a parcel at the street in metres, and rows of parcels."""
    deep = block.depth > 115
    return {
        "residential": (float(random.uniform(85, 150)), 2 if block.depth > 150 else 1),
        "old": (float(random.uniform(17, 24)), 2),
        "commercial": (float(random.uniform(38, 70)), 2 if block.depth > 75 else 1),
        "office": (float(random.uniform(60, 110)), 2 if deep else 1),
        "industry": (float(random.uniform(110, 220)), 1),
        "storage": (float(random.uniform(110, 180)), 1),
        "village": (float(random.uniform(13.0, 16.0)), 2),
        "village-public": (38.0, 1),
    }.get(block.use, (400.0, 1))


def _cuts(random: np.random.Generator, breadth: float, frontage: float) -> Floats:
    count = max(round(breadth / frontage), 1)
    cuts = np.linspace(0, 1, count + 1)
    cuts[1:-1] += random.uniform(-0.10, 0.10, count - 1) / count
    return cuts
