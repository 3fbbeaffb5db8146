"""What bounds a zone on its four sides: the named road or river along most of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.tools.values import text_of

SIDES = ("east", "south", "west", "north")
_STEP_M = 10.0
_IN_FRONT = 0.5
_ON_BORDER_M = 0.5


@dataclass(frozen=True)
class NamedLines:
    """Lines that have a name.

    Attributes
    ----------
    shapes : array of geometry
        Roads, rivers, water bodies.
    names : array of object
        English name of each, the one it is known by.
    words : dict
        Name → its words by language.
    """

    shapes: Any
    names: NDArray[Any]
    words: dict[str, dict[str, str]]

    @classmethod
    def of(cls, layers: list[gpd.GeoDataFrame], column: str) -> NamedLines:
        """Take the features of layers that have a name, with their names in other languages where there are any."""
        shapes: list[Any] = []
        names: list[str] = []
        words: dict[str, dict[str, str]] = {}
        for layer in layers:
            for row, shape in zip(
                pd.DataFrame(layer.drop(columns=layer.geometry.name)).to_dict("records"), layer.geometry, strict=True
            ):
                name = text_of(row.get(column))
                if not name:
                    continue
                shapes.append(shape)
                names.append(name)
                own = {language: text_of(row.get(f"{column}_{language}")) or name for language in ("zh", "ru")}
                words.setdefault(name, {"en": name, **own})
        array = np.empty(len(shapes), dtype=object)
        array[:] = shapes
        return cls(array, np.array(names, dtype=object), words)


def bounds_of(zone: Any, lines: NamedLines, reach: float) -> dict[str, str | None]:
    """Name what lies along each side of a zone.

    Parameters
    ----------
    zone : Polygon or MultiPolygon
        The zone.
    lines : NamedLines
        Roads and waters.
    reach : float
        Metres within which a line bounds the zone.

    Returns
    -------
    dict
        Side → name, None where no named line runs along it.

    Notes
    -----
    The border is walked in steps of 10 m. Each step belongs to the side it faces (its outward normal, by quarters) and
    votes for the nearest named line within reach that lies in front of it (within 60° of the normal): a line inside the
    zone or around the corner has no vote. Most steps win, then the nearer line.
    """
    middle, normal, facing = _steps(zone)
    answer: dict[str, str | None] = dict.fromkeys(SIDES)
    if not len(lines.shapes) or not len(middle):
        return answer
    points: NDArray[Any] = np.atleast_1d(np.asarray(shapely.points(middle), dtype=object))
    step, line, distance = _near(points, lines, reach)
    ends = shapely.get_coordinates(shapely.shortest_line(points[step], lines.shapes[line])).reshape(-1, 2, 2)
    ahead = ((ends[:, 1] - ends[:, 0]) * normal[step]).sum(axis=1)
    in_front = ahead >= _IN_FRONT * distance - _ON_BORDER_M
    votes = pd.DataFrame({"step": step, "side": facing[step], "name": lines.names[line], "distance": distance})[
        in_front
    ]
    nearest = votes.sort_values(["step", "distance", "name"]).drop_duplicates("step")
    counted = nearest.groupby(["side", "name"], as_index=False).agg(
        steps=("step", "size"), distance=("distance", "mean")
    )
    ordered = counted.sort_values(["side", "steps", "distance", "name"], ascending=[True, False, True, True])
    for row in ordered.drop_duplicates("side").itertuples():
        answer[SIDES[int(str(row.side))]] = str(row.name)
    return answer


def _near(points: NDArray[Any], lines: NamedLines, reach: float) -> tuple[Any, Any, Any]:
    step, line = shapely.STRtree(lines.shapes).query(points, predicate="dwithin", distance=reach)
    return step, line, shapely.distance(points[step], lines.shapes[line])


def _steps(zone: Any) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Middles of steps along the outer border, their outward normals, and sides (0 east, 1 south, 2 west, 3 north)."""
    middles: list[NDArray[np.float64]] = []
    normals: list[NDArray[np.float64]] = []
    sides: list[NDArray[np.int64]] = []
    for part in shapely.get_parts(zone):
        ring = shapely.get_coordinates(shapely.segmentize(shapely.get_exterior_ring(part), _STEP_M))
        if not shapely.is_ccw(shapely.get_exterior_ring(part)):
            ring = ring[::-1]
        along = np.diff(ring, axis=0)
        middles.append((ring[1:] + ring[:-1]) / 2)
        outward = np.column_stack([along[:, 1], -along[:, 0]])
        normals.append(outward / np.maximum(np.hypot(*outward.T), 1e-12)[:, None])
        # counter-clockwise, the outside lies to the right of the way
        angle = np.degrees(np.arctan2(-along[:, 0], along[:, 1])) % 360
        sides.append(np.array([0, 3, 2, 1])[((angle + 45) // 90).astype(np.int64) % 4])
    return np.concatenate(middles), np.concatenate(normals), np.concatenate(sides)
