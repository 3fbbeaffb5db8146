"""Polygons as plain arrays: the form in which every kernel takes them.

A layer is `coordinates` (N, 2), `ring_offsets` into them and `geometry_offsets` into the rings; a multipolygon is
simply all its rings. Shells run counter-clockwise and holes clockwise, so that the signed sum over the edges of all
rings is the area and no kernel needs to know which ring is a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.errors import WrongGeometry

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_POLYGON, _MULTIPOLYGON = 3, 6


@dataclass(frozen=True, slots=True)
class Ragged:
    """A layer of polygons as arrays.

    Attributes
    ----------
    coordinates : float64 (N, 2)
        Vertices; each ring repeats its first vertex.
    ring_offsets : int64 (R + 1,)
        First vertex of each ring.
    geometry_offsets : int64 (G + 1,)
        First ring of each geometry.
    boxes : float64 (G, 4)
        xmin, ymin, xmax, ymax; infinities turned round for an empty geometry.
    """

    coordinates: FloatArray
    ring_offsets: IntArray
    geometry_offsets: IntArray
    boxes: FloatArray

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def vertex_counts(self) -> IntArray:
        """Vertices of each geometry, int64 (G,)."""
        starts = self.ring_offsets[self.geometry_offsets]
        return starts[1:] - starts[:-1]


def from_shapely(geometries: NDArray[Any], name: str = "the layer", *, threads: int = 1) -> Ragged:
    """Lay out an array of shapely polygons and multipolygons.

    By way of well-known binary, which is twice as fast as asking for rings.

    Parameters
    ----------
    geometries : object (G,)
        Polygons, multipolygons; missing and empty geometries become rows without area.
    name : str
        What the layer is called in messages.
    threads : int
        Threads to use.

    Returns
    -------
    Ragged
        Two-dimensional coordinates, rings oriented.

    Raises
    ------
    WrongGeometry
        When a geometry is of another type.
    """
    from spacegov.kernels.wkb import parse_wkb, plain_wkb

    return parse_wkb(plain_wkb(np.asarray(geometries, dtype=object), name), name, threads=threads)


def refuse_other_types(geometries: NDArray[Any], name: str) -> BoolArray:
    """Raise when a geometry is no polygon; else say which rows hold one that is not empty.

    Raises
    ------
    WrongGeometry
        Naming how many and the first.
    """
    kinds = shapely.get_type_id(geometries)
    present = (kinds != -1) & ~shapely.is_empty(geometries)
    strange = np.flatnonzero(present & (kinds != _POLYGON) & (kinds != _MULTIPOLYGON))
    if len(strange):
        first = int(strange[0])
        raise WrongGeometry(
            f"{len(strange)} of {len(geometries)} geometries in {name} are not polygons (the first is row {first}, "
            f"a {geometries[first].geom_type}); areas need polygons or multipolygons, "
            "so take the polygon parts of the layer first"
        )
    return np.asarray(present, dtype=np.bool_)
