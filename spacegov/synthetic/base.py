"""The bare county: land, water, people's places and the partition of the ground, before any register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic import lakes, land, rivers, roads
from spacegov.synthetic.admin import Units, divide_county
from spacegov.synthetic.buildings import Buildings, raise_buildings
from spacegov.synthetic.frame import Ints
from spacegov.synthetic.parcels import Parcel, assign_uses, cut_parcels
from spacegov.synthetic.settlements import Block, Settlement, settle
from spacegov.synthetic.terrain import Terrain, make_terrain


@dataclass(frozen=True)
class Water:
    """Water bodies: polygons, kind (`river`, `lake`, `reservoir`, `pond`), number of the river, -1 for others."""

    shapes: Any
    kind: Any
    river: Ints


@dataclass(frozen=True)
class Base:
    """Everything that the registers of the county are drawn from."""

    terrain: Terrain
    reaches: list[rivers.Reach]
    units: Units
    water: Water
    dam: Any
    full_storage_m: float
    places: list[Settlement]
    network: list[roads.Road]
    blocks: list[Block]
    block_shapes: Any
    parcels: list[Parcel]
    buildings: Buildings
    natural: Ints
    faces: land.Faces
    village_shapes: Any
    village_of_place: Ints


class Draws:
    """Independent sources of randomness by subject: a change to one subject leaves the others as they are."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, subject: str) -> np.random.Generator:
        """The source of the named subject."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, *subject.encode()])))


def make_base(draws: Draws) -> Base:
    """Make the bare county.

    Parameters
    ----------
    draws
        Sources of randomness.

    Returns
    -------
    Base
        The county before its registers.
    """
    terrain = make_terrain(draws("terrain"))
    reaches, surfaces = rivers.draw_rivers(draws("rivers"), terrain)
    units = divide_county(draws("county"), terrain)
    county = units.county_shape
    reservoir, dam, level = lakes.flood_valley(draws("reservoir"), terrain, county)
    lake = lakes.plain_lake(draws("lake"), terrain, county)
    standing = np.array([reservoir, lake], dtype=object)
    banked = np.flatnonzero(~shapely.is_empty(surfaces))
    channels = shapely.difference(surfaces[banked], shapely.union_all(standing), grid_size=0.001)
    streams = np.array([reach.line for reach in reaches], dtype=object)
    places = settle(draws("settlements"), terrain, units, np.concatenate([channels, streams, standing]))
    network = roads.build_roads(draws("roads"), terrain, units, places, np.concatenate([channels, streams]), standing)
    assign_uses(draws("uses"), places)
    blocks = [block for place in places for block in place.blocks]
    outlines, parcels = cut_parcels(draws("parcels"), blocks)
    buildings = raise_buildings(draws("buildings"), places, blocks, parcels)
    widths = np.array([roads.WIDTH[road.rank] for road in network])
    strips = shapely.buffer(np.array([road.line for road in network], dtype=object), widths / 2, quad_segs=2)
    grounds = np.array([place.ground for place in places], dtype=object)
    ponds = lakes.dig_ponds(
        draws("ponds"), terrain, county, np.concatenate([strips, grounds, channels, streams, standing]), 900
    )
    water = Water(
        np.concatenate([standing, channels, ponds]),
        np.array(["reservoir", "lake"] + ["river"] * len(channels) + ["pond"] * len(ponds)),
        np.concatenate([[-1, -1], banked, np.full(len(ponds), -1)]),
    )
    natural = land.natural_classes(draws("nature"), terrain, np.array([place.centre for place in places]))
    fields = land.field_lines(draws("fields"), units, _bearings(draws("bearings"), units, places))
    faces = land.partition(
        units,
        grounds,
        np.array(outlines, dtype=object),
        shapely.union_all(strips, grid_size=0.001),
        water.shapes,
        natural,
        terrain.grid,
        fields,
        streams,
    )
    faces, village_of_place = _gather_villages(faces, units, places)
    villages = np.array(
        [shapely.coverage_union_all(faces.shapes[faces.village == n]) for n in range(int(faces.village.max()) + 1)],
        dtype=object,
    )
    return Base(
        terrain,
        reaches,
        units,
        water,
        dam,
        level,
        places,
        network,
        blocks,
        np.array(outlines, dtype=object),
        parcels,
        buildings,
        natural,
        faces,
        villages,
        village_of_place,
    )


def _bearings(random: np.random.Generator, units: Units, places: list[Settlement]) -> Any:
    """Fields lie as the streets of their village do, more or less."""
    bearings = random.normal(0, 0.45, len(units.village_shapes))
    for place in places:
        bearings[place.village] = place.bearing * 1.4 + 0.15 * bearings[place.village]
    return bearings


def _gather_villages(faces: land.Faces, units: Units, places: list[Settlement]) -> tuple[land.Faces, Ints]:
    """Number villages by settlement; land whose village has no settlement goes to a neighbour."""
    number = np.full(len(units.village_shapes), -1, dtype=np.int64)
    for place in places:
        number[place.village] = place.number
    seats = np.array([place.centre for place in places])
    homes = np.array([place.township for place in places])
    for empty in np.flatnonzero(number < 0).tolist():
        middle = shapely.get_coordinates(shapely.centroid(units.village_shapes[empty]))[0]
        away = np.hypot(*(seats - middle).T) + 1e9 * (homes != units.village_township[empty])
        number[empty] = int(np.argmin(away))
    village = number[faces.village]
    grounds = np.array([place.ground for place in places], dtype=object)
    point, place_of = shapely.STRtree(grounds).query(shapely.point_on_surface(faces.shapes), predicate="covered_by")
    village[point] = place_of
    return land.Faces(faces.shapes, faces.origin, faces.member, village), np.arange(len(places))
