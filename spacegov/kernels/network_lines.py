"""Making a network of lines."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse import csgraph

from spacegov.errors import BadInput, EmptyLayer
from spacegov.kernels.network_graph import Floats, Indices, Network

_MILLIMETRE = 1000.0

BOTH, FORWARD, BACKWARD = 0, 1, -1
_DIRECTIONS = {
    "both": BOTH, "no": BOTH, "b": BOTH, "0": BOTH, "false": BOTH, "": BOTH, "nan": BOTH, "none": BOTH,
    "forward": FORWARD, "yes": FORWARD, "ft": FORWARD, "f": FORWARD, "1": FORWARD, "true": FORWARD,
    "backward": BACKWARD, "-1": BACKWARD, "reverse": BACKWARD, "tf": BACKWARD, "t": BACKWARD,
}  # fmt: skip


def build_network(
    lines: gpd.GeoDataFrame,
    *,
    speed_kmh: ArrayLike | float | None = None,
    direction: ArrayLike | None = None,
    tolerance: float = 0.05,
    joined: str = "vertices",
) -> Network:
    """Make a network of lines.

    Parameters
    ----------
    lines : GeoDataFrame
        Lines in a metric CRS.
    speed_kmh : float or array, optional
        Speed, one for all lines or one each; costs are minutes then, metres without.
    direction : array, optional
        Direction of each line: both, forward, backward, or the usual codes of road data (yes, no, -1, FT, TF, B).
    tolerance : float
        Metres within which nodes are one.
    joined : {"vertices", "ends"}
        Whether lines join at any shared vertex, or at shared ends only.

    Returns
    -------
    Network

    Raises
    ------
    EmptyLayer
        There is no line with a length.
    BadInput
        A speed that is not positive, or a direction that no code names.
    """
    parts, line = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    if not len(coordinates):
        raise EmptyLayer("network: there is no line; give a layer with lines")
    vertex = _vertices(coordinates)
    is_end = np.ones(len(part), dtype=bool)
    is_end[1:-1] = (part[1:-1] != part[:-2]) | (part[1:-1] != part[2:])
    node_flag = is_end.copy()
    if joined == "vertices":
        node_flag |= np.bincount(vertex)[vertex] > 1
    steps = np.hypot(*np.diff(coordinates, axis=0).T)
    steps[part[1:] != part[:-1]] = 0.0
    along = np.concatenate([[0.0], np.cumsum(steps)])
    stops = np.flatnonzero(node_flag)
    start, end = stops[:-1], stops[1:]
    whole = (part[start] == part[end]) & (along[end] > along[start])
    start, end = start[whole], end[whole]
    if not len(start):
        raise EmptyLayer("network: no line has a length; give a layer with lines")
    nodes, number = _merge(coordinates, vertex, np.concatenate([start, end]), tolerance)
    tail, head = number[: len(start)], number[len(start) :]
    length = along[end] - along[start]
    owner = line[part[start]]
    cost = length if speed_kmh is None else length * 0.06 / _speeds(speed_kmh, len(lines))[owner]
    ways = np.zeros(len(lines), dtype=np.int64) if direction is None else _directions(direction)
    ways = ways[owner]
    return Network(
        nodes=nodes,
        tail=tail,
        head=head,
        line=owner,
        length_m=length,
        forward=np.where(ways == BACKWARD, np.inf, cost),
        backward=np.where(ways == FORWARD, np.inf, cost),
        shapes=_edge_shapes(coordinates, start, end),
        open=np.ones(len(start), dtype=bool),
    )


def _vertices(coordinates: Floats) -> Indices:
    """Number vertices; those equal to the millimetre are one."""
    keys = np.rint(coordinates * _MILLIMETRE).astype(np.int64)
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[order][1:] != keys[order][:-1]).any(axis=1)
    number = np.empty(len(keys), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    return number


def _merge(coordinates: Floats, vertex: Indices, used: Indices, tolerance: float) -> tuple[Floats, Indices]:
    """Give node coordinates, and the node of each used vertex, with nodes within the tolerance made one."""
    from scipy.spatial import cKDTree

    kinds, first, inverse = np.unique(vertex[used], return_index=True, return_inverse=True)
    places = coordinates[used[first]]
    pairs = cKDTree(places).query_pairs(tolerance, output_type="ndarray") if tolerance > 0 else np.empty((0, 2), int)
    if not len(pairs):
        return places, inverse
    graph = sparse.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(kinds), len(kinds)))
    _, label = csgraph.connected_components(graph, directed=False)
    _, keep = np.unique(label, return_index=True)
    return places[keep], label[inverse].astype(np.int64)


def _edge_shapes(coordinates: Floats, start: Indices, end: Indices) -> Any:
    counts = end - start + 1
    owner = np.repeat(np.arange(len(start)), counts)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return shapely.linestrings(coordinates[np.repeat(start, counts) + offset], indices=owner)


def _speeds(speed: ArrayLike | float, count: int) -> Floats:
    values = np.broadcast_to(np.asarray(speed, dtype=np.float64), (count,))
    wrong = ~(values > 0)
    if wrong.any():
        raise BadInput(
            f"network: {int(wrong.sum())} of {count} lines have no positive speed (km/h), the first is row "
            f"{int(np.flatnonzero(wrong)[0])}; fill the speeds"
        )
    return values


def _directions(values: ArrayLike) -> Indices:
    codes = []
    for row, value in enumerate(np.asarray(values, dtype=object)):
        text = str(value).strip().lower().removesuffix(".0")
        if text not in _DIRECTIONS:
            raise BadInput(
                f"network: the direction {value!r} of line {row} is unknown; write both, forward or backward"
            )
        codes.append(_DIRECTIONS[text])
    return np.array(codes, dtype=np.int64)
