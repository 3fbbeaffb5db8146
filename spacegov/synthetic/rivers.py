"""Rivers that follow the relief, and the water that lies in it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Floats, Ints, Mask, noise, to_millimetres
from spacegov.synthetic.terrain import Terrain

STREAM_KM2 = 2.5  # a stream is drawn where it gathers more than this
BANKS_KM2 = 18.0  # a river has two banks on the map where it gathers more than this

RIVER_NAMES = (
    ("Lan He", "兰河", "Ланьхэ"),
    ("Qing Xi", "清溪", "Цинси"),
    ("Bai Shui", "白水河", "Байшуй"),
    ("Song Xi", "松溪", "Сунси"),
    ("Shi Men He", "石门河", "Шимэньхэ"),
    ("Yun Xi", "云溪", "Юньси"),
    ("Zhu Jiang Gang", "竹江港", "Чжуцзянган"),
    ("Long Tan He", "龙潭河", "Лунтаньхэ"),
    ("Mei Xi", "梅溪", "Мэйси"),
    ("He Kou Gang", "河口港", "Хэкоуган"),
    ("Nan Yuan He", "南源河", "Наньюаньхэ"),
    ("Hong Qiao Gang", "虹桥港", "Хунцяоган"),
    ("Xiao Lan He", "小兰河", "Сяоланьхэ"),
    ("Feng Xi", "枫溪", "Фэнси"),
    ("Tao Yuan Xi", "桃源溪", "Таоюаньси"),
    ("Chang Tang He", "长塘河", "Чантанхэ"),
)


@dataclass(frozen=True)
class Reach:
    """A stretch of river between two confluences, drawn downstream."""

    river: int
    line: Any
    catchment_km2: float
    order: int
    from_m: float
    to_m: float


def width_of(catchment_km2: Floats) -> Floats:
    """Width of the water in metres, growing with the square root of the catchment."""
    return np.maximum(2.6 * np.sqrt(catchment_km2), 3.0)


def _paths(terrain: Terrain) -> list[Ints]:
    """The cells of every river from mouth to head, the largest river first, each ending where it joins another."""
    area = terrain.catchment_km2.ravel()
    cells = np.flatnonzero(area > STREAM_KM2)
    downstream = terrain.downstream[cells]
    order = np.lexsort((cells, -area[cells], downstream))
    cells, downstream = cells[order], downstream[order]
    heads = np.searchsorted(downstream, downstream, side="left")
    upstream: dict[int, list[int]] = {}
    for cell, below, _ in zip(cells.tolist(), downstream.tolist(), heads.tolist(), strict=True):
        if cell != below:
            upstream.setdefault(below, []).append(cell)
    mouths = sorted((int(c) for c in cells[cells == downstream]), key=lambda c: -area[c])
    queue: list[list[int]] = [[mouth] for mouth in mouths]
    paths: list[Ints] = []
    while queue:
        queue.sort(key=lambda start: (-area[start[-1]], start[-1]))
        path = queue.pop(0)
        while path[-1] in upstream:
            above = upstream[path[-1]]
            queue.extend([path[-1], other] for other in above[1:])
            path.append(above[0])
        if len(path) > 12:
            paths.append(np.array(path))
    return paths


def draw_rivers(random: np.random.Generator, terrain: Terrain) -> tuple[list[Reach], Any]:
    """Draw the rivers as reaches between confluences, and the water between their banks.

    Parameters
    ----------
    random
        Source of randomness (gentle bends on flat ground).
    terrain
        Relief and drainage.

    Returns
    -------
    tuple
        The reaches, and an array of polygons: the water surface of every river, by river number (empty geometry for
        a river too narrow to have banks).
    """
    from scipy.ndimage import gaussian_filter1d

    grid = terrain.grid
    flat = 1 / (1 + (terrain.slope / 1.2) ** 2)
    bend_x = flat * 26 * noise(random, grid.shape, 26, 2)
    bend_y = flat * 26 * noise(random, grid.shape, 26, 2)
    placed: dict[int, Floats] = {}
    paths = _paths(terrain)
    strahler = _strahler(paths)
    reaches: list[Reach] = []
    surfaces: list[Any] = []
    for number, path in enumerate(paths):
        rows, columns = np.divmod(path, grid.columns)
        x = grid.west + (columns + 0.5) * grid.cell + bend_x[rows, columns]
        y = grid.north - (rows + 0.5) * grid.cell + bend_y[rows, columns]
        points = np.column_stack([gaussian_filter1d(x, 2.6, mode="nearest"), gaussian_filter1d(y, 2.6, mode="nearest")])
        if int(path[0]) in placed:
            points[0] = placed[int(path[0])]
            points[1] = (points[0] + points[2]) / 2
        points = to_millimetres(points)
        placed.update(
            {int(c): p for c, p in zip(path[1:] if number else path, points[1:] if number else points, strict=True)}
        )
        area = terrain.catchment_km2.ravel()[path]
        joins = {int(other[0]) for other in paths[number + 1 :]}
        cuts = [0, *[i for i in range(1, len(path) - 1) if int(path[i]) in joins], len(path) - 1]
        height = terrain.height.ravel()[path]
        for low, high in itertools.pairwise(cuts):
            keep = np.unique(np.r_[low, np.arange(low, high, 2), high])
            reaches.append(
                Reach(
                    number,
                    shapely.LineString(points[keep][::-1]),
                    float(area[low + 1]),
                    strahler[int(path[low + 1])],
                    float(height[high]),
                    float(height[low]),
                )
            )
        surfaces.append(_surface(points, area))
    taken = shapely.Polygon()
    for number, surface in enumerate(surfaces):
        if surface.is_empty:
            continue
        surfaces[number] = shapely.difference(surface, taken, grid_size=0.001)
        taken = shapely.union(taken, surface, grid_size=0.001)
    return reaches, np.array(surfaces, dtype=object)


def _strahler(paths: list[Ints]) -> dict[int, int]:
    """Strahler order of every river cell: rises where two rivers of equal order meet."""
    feeding: dict[int, list[int]] = {}
    order: dict[int, int] = {}
    for path in reversed(paths):
        current = 1
        for cell in path[:0:-1].tolist():
            for other in feeding.get(cell, ()):
                current = current + 1 if other == current else max(current, other)
            order[cell] = current
        feeding.setdefault(int(path[0]), []).append(current)
        order.setdefault(int(path[0]), current)
    return order


def _surface(points: Floats, area: Floats) -> Any:
    """The ground between the banks: hulls of neighbouring circles whose radius follows the catchment."""
    wide = area > BANKS_KM2
    if wide.sum() < 6:
        return shapely.Polygon()
    keep = np.flatnonzero(wide)[::2]
    from scipy.ndimage import gaussian_filter1d

    radius = gaussian_filter1d(width_of(area)[keep] / 2, 4.0, mode="nearest")
    circles = shapely.buffer(shapely.points(points[keep]), radius, quad_segs=3)
    pairs = shapely.convex_hull(shapely.union(circles[:-1], circles[1:]))
    surface = shapely.union_all(pairs).simplify(0.8)
    return shapely.set_precision(surface, 0.001)


def outline(mask: Mask, terrain: Terrain, smooth: float = 1.0, simplify: float = 4.0) -> Any:
    """Polygon around the cells of a mask with softened corners.

    Parameters
    ----------
    mask
        Cells (rows, columns) inside.
    terrain
        Gives the grid.
    smooth
        Width of softening in cells.
    simplify
        Tolerance of simplification in metres.

    Returns
    -------
    Polygon or MultiPolygon
        The outline, coordinates rounded to one millimetre.
    """
    from scipy.ndimage import gaussian_filter
    from skimage import measure

    trace: Any = measure.find_contours  # it has no types

    grid = terrain.grid
    soft = gaussian_filter(np.pad(mask, 4).astype(np.float64), smooth)
    rings = []
    for contour in trace(soft, 0.5):
        if len(contour) >= 8:
            x = grid.west + (contour[:, 1] - 4 + 0.5) * grid.cell
            y = grid.north - (contour[:, 0] - 4 + 0.5) * grid.cell
            rings.append(shapely.Polygon(np.column_stack([x, y])).simplify(simplify))
    rings.sort(key=lambda ring: -ring.area)
    area: Any = shapely.Polygon()
    for ring in rings:  # a ring inside another is a hole
        area = area.symmetric_difference(shapely.make_valid(ring))
    return shapely.set_precision(area, 0.001)


def upstream_of(terrain: Terrain, cell: int) -> Mask:
    """Cells whose water passes the given cell."""
    downstream = terrain.downstream.copy()
    downstream[cell] = cell
    for _ in range(13):
        downstream = downstream[downstream]
    return np.asarray((downstream == cell).reshape(terrain.grid.shape), dtype=bool)
