"""Features packed for a page: small to send and quick to unpack (`web/map/decode.js` is the other half).

Whole numbers are written seven bits a byte, lowest first, the high bit saying that more follow; coordinates are whole
steps from the last vertex, folded so that small steps of either sign are small numbers. Base64 carries the bytes.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALE = 10_000_000  # steps in a degree: a centimetre
_MULTIPOINT = 4  # of shapely.get_type_id, the first of those that hold others


@dataclass(frozen=True)
class PackedShapes:
    """Geometry of a layer's features in EPSG:4326, packed.

    Attributes
    ----------
    coordinates, vertex_counts, ring_counts : str
        Steps of longitude and latitude; vertices of each ring; rings of each feature.
    dimensions : str or None
        Dimension of each feature where they differ, else None.
    scale : int
        Steps in a degree.
    """

    coordinates: str
    vertex_counts: str
    ring_counts: str
    dimensions: str | None
    scale: int = SCALE

    @property
    def size(self) -> int:
        """Characters in the page."""
        return len(self.coordinates) + len(self.vertex_counts) + len(self.ring_counts) + len(self.dimensions or "")


def pack_integers(values: ArrayLike) -> str:
    """Pack whole numbers that are not negative.

    Examples
    --------
    >>> pack_integers([1, 300])
    'AawC'
    """
    numbers = np.asarray(values, dtype=np.uint64)
    lengths = np.ones(len(numbers), dtype=np.int64)
    for bits in range(7, 64, 7):
        lengths += numbers >= np.uint64(1) << np.uint64(bits)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    packed = np.zeros(int(starts[-1]), dtype=np.uint8)
    for place in range(int(lengths.max(initial=0))):
        reached = lengths > place
        seven = (numbers[reached] >> np.uint64(7 * place)) & np.uint64(127)
        more = np.where(lengths[reached] > place + 1, np.uint64(128), np.uint64(0))
        packed[starts[:-1][reached] + place] = seven | more
    return base64.b64encode(packed.tobytes()).decode("ascii")


def unpack_integers(text: str) -> NDArray[np.int64]:
    """Give back what `pack_integers` packed.

    Examples
    --------
    >>> unpack_integers("AawC").tolist()
    [1, 300]
    """
    values, value, place = [], 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 127) << place
        place += 7
        if byte < 128:
            values.append(value)
            value = place = 0
    return np.asarray(values, dtype=np.int64)


def fold(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fold signed steps, so that 0, −1, 1, −2 and so on become 0, 1, 2, 3."""
    return np.where(steps < 0, -2 * steps - 1, 2 * steps)


def unfold(folded: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give back what `fold` folded."""
    return np.where(folded % 2 == 1, -(folded + 1) // 2, folded // 2)


def pack_shapes(geometry: NDArray[np.object_]) -> PackedShapes:
    """Pack geometry in EPSG:4326.

    Parameters
    ----------
    geometry : array of shapely geometry, shape (features,)
        Of any type; of a collection the parts of its highest dimension are kept. Empty geometry has no ring.

    Returns
    -------
    PackedShapes
    """
    import shapely

    parts, feature = shapely.get_parts(shapely.force_2d(geometry), return_index=True)
    for _ in range(4):  # collections may hold collections
        if (shapely.get_type_id(parts) < _MULTIPOINT).all():
            break
        parts, inner = shapely.get_parts(parts, return_index=True)
        feature = feature[inner]
    dimension = shapely.get_dimensions(parts)
    highest = np.full(len(geometry), -1)
    np.maximum.at(highest, feature, dimension)
    kept = (dimension == highest[feature]) & ~shapely.is_empty(parts)
    parts, feature, dimension = parts[kept], feature[kept], dimension[kept]

    # One orientation for all, so that features drawn in one path unite and holes stay holes.
    polygons = dimension == 2
    rings, ring_part = shapely.get_rings(shapely.orient_polygons(parts[polygons]), return_index=True)
    pieces = np.concatenate([rings, parts[~polygons]])
    piece_feature = np.concatenate([feature[polygons][ring_part], feature[~polygons]]).astype(np.int64)
    closed = np.concatenate([np.ones(len(rings), bool), np.zeros(int((~polygons).sum()), bool)])
    order = np.argsort(piece_feature, kind="stable")
    pieces, piece_feature, closed = pieces[order], piece_feature[order], closed[order]

    coordinates, piece = shapely.get_coordinates(pieces, return_index=True)
    last = np.ones(len(piece), bool)
    last[:-1] = piece[1:] != piece[:-1]
    # The page closes rings itself.
    drawn = ~(last & closed[piece]) if len(piece) else np.zeros(0, bool)
    whole = np.rint(coordinates[drawn] * SCALE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    dimensions = np.maximum(highest, 0)
    alike = len(np.unique(dimensions)) <= 1
    return PackedShapes(
        coordinates=pack_integers(fold(steps).ravel()),
        vertex_counts=pack_integers(np.bincount(piece[drawn], minlength=len(pieces))),
        ring_counts=pack_integers(np.bincount(piece_feature, minlength=len(geometry))),
        dimensions=None if alike else pack_integers(dimensions),
    )
