"""Standing water: a reservoir behind a dam, a lake on the plain, ponds among the fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Floats, noise, to_millimetres
from spacegov.synthetic.rivers import outline, upstream_of
from spacegov.synthetic.terrain import Terrain


def flood_valley(random: np.random.Generator, terrain: Terrain, county: Any) -> tuple[Any, Floats, float]:
    """A reservoir: what a dam across a mountain valley would put under water.

    Parameters
    ----------
    random
        Source of randomness (which of the fitting valleys are tried).
    terrain
        Relief and drainage.
    county
        Polygon that the reservoir lies in.

    Returns
    -------
    tuple
        Its polygon, the place (2,) of the dam and the height of full storage in metres.
    """
    from scipy.ndimage import label, uniform_filter

    grid = terrain.grid
    steep = uniform_filter(terrain.slope, 61)
    x, y = grid.centres()
    fit = (terrain.catchment_km2 > 9) & (terrain.catchment_km2 < 40) & (steep > 8)
    rows, columns = np.nonzero(fit)
    inside = shapely.contains_xy(shapely.buffer(county, -2_000), x[rows, columns], y[rows, columns])
    candidates = np.column_stack([rows[inside], columns[inside]])
    chosen = candidates[np.sort(random.choice(len(candidates), min(30, len(candidates)), replace=False))]
    best: tuple[float, Any, Any, float] | None = None
    for row, column in chosen.tolist():
        level = float(terrain.height[row, column]) + 36.0
        wet = upstream_of(terrain, row * grid.columns + column) & (terrain.height < level)
        parts, _ = label(wet)
        wet = parts == parts[row, column]
        miss = abs(np.log(max(wet.sum(), 1) * grid.cell**2 / 1.3e6))
        if best is None or miss < best[0]:
            best = (miss, wet, (row, column), level)
    assert best is not None
    shape = max(shapely.get_parts(outline(best[1], terrain, 0.9, 6.0)), key=lambda part: part.area)
    row, column = best[2]
    return shape, np.array([x[row, column], y[row, column]]), best[3]


def plain_lake(random: np.random.Generator, terrain: Terrain, county: Any) -> Any:
    """A shallow lake of about one square kilometre on low ground near the main river.

    Parameters
    ----------
    random
        Source of randomness.
    terrain
        Relief and drainage.
    county
        Polygon that the lake lies in.

    Returns
    -------
    Polygon
        Its shore.
    """
    from scipy.ndimage import label, minimum_filter, uniform_filter

    grid = terrain.grid
    x, y = grid.centres()
    ground = (
        np.where(terrain.catchment_km2 > 20, 1e3, 0)
        + uniform_filter(terrain.slope, 41)
        + 0.05 * uniform_filter(terrain.above_river, 41)
    )
    ground += 0.001 * np.hypot(x - 519_500, y - 3_260_500)
    ground += 50.0 * (minimum_filter((terrain.catchment_km2 < 9).astype(int), 41) == 0)
    ground += 100.0 * ~shapely.contains_xy(shapely.buffer(county, -2_500), x, y)
    row, column = divmod(int(np.argmin(ground)), grid.columns)
    far = np.hypot((x - x[row, column]) / 1.25, y - y[row, column])
    parts, _ = label((far < 520 + 190 * noise(random, grid.shape, 26, 4)) & (far < 1_100))
    shape = outline(parts == parts[row, column], terrain, 1.4, 6.0)
    return max(shapely.get_parts(shape), key=lambda part: part.area)


def dig_ponds(random: np.random.Generator, terrain: Terrain, county: Any, taken: Any, count: int) -> Any:
    """Ponds among the fields of the valleys.

    Parameters
    ----------
    random
        Source of randomness.
    terrain
        Relief and drainage.
    county
        Polygon that the ponds lie in.
    taken
        Array of geometries that no pond comes within 25 m of (roads, settlements, other water).
    count
        Number tried.

    Returns
    -------
    numpy.ndarray
        Polygons that neither touch each other nor what is taken.
    """
    grid = terrain.grid
    west, south, east, north = county.bounds
    place = np.column_stack([random.uniform(west, east, count * 4), random.uniform(south, north, count * 4)])
    row, column = grid.locate(place[:, 0], place[:, 1])
    fit = (terrain.slope[row, column] < 3.0) & (terrain.above_river[row, column] < 14)
    place = place[fit & shapely.contains_xy(shapely.buffer(county, -300), place[:, 0], place[:, 1])][:count]
    angles = np.linspace(0, 2 * np.pi, 15)[:-1]
    size = random.lognormal(3.25, 0.45, len(place))
    squash = random.uniform(0.5, 0.95, len(place))
    turn = random.uniform(0, np.pi, len(place))
    radius = size[:, None] * (1 + 0.16 * random.standard_normal((len(place), len(angles))).clip(-1.6, 1.6))
    a, b = radius * np.cos(angles), radius * np.sin(angles) * squash[:, None]
    rings = np.stack(
        [
            place[:, :1] + a * np.cos(turn)[:, None] - b * np.sin(turn)[:, None],
            place[:, 1:] + a * np.sin(turn)[:, None] + b * np.cos(turn)[:, None],
        ],
        axis=2,
    )
    ponds: Any = shapely.polygons(to_millimetres(rings))
    ponds = ponds[shapely.is_valid(ponds)]
    near = np.unique(shapely.STRtree(taken).query(ponds, predicate="dwithin", distance=25.0)[0])
    ponds = np.delete(ponds, near)
    first, second = shapely.STRtree(ponds).query(ponds, predicate="dwithin", distance=30.0)
    return np.delete(ponds, np.unique(np.maximum(first, second)[first != second]))
