"""The county, its nine townships and its villages: borders keep to ridges and rivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Floats, Grid, Ints, Mask, noise, stretch
from spacegov.synthetic.terrain import Terrain

COUNTY_KM2 = 676.0
TOWNSHIPS = (
    ("Lanhe Town", "兰河镇", "Ланьхэ"),
    ("Yunling", "云岭镇", "Юньлин"),
    ("Songxi", "松溪镇", "Сунси"),
    ("Hedong", "河东镇", "Хэдун"),
    ("Shimen", "石门镇", "Шимэнь"),
    ("Baishui", "白水乡", "Байшуй"),
    ("Longtan", "龙潭乡", "Лунтань"),
    ("Nanyuan", "南源镇", "Наньюань"),
    ("Hekou", "河口镇", "Хэкоу"),
)
SYLLABLES = (
    ("Shang", "上", "Шан"),
    ("Xia", "下", "Ся"),
    ("Qian", "前", "Цянь"),
    ("Hou", "后", "Хоу"),
    ("Da", "大", "Да"),
    ("Xiao", "小", "Сяо"),
    ("Dong", "东", "Дун"),
    ("Xi", "西", "Си"),
    ("Nan", "南", "Нань"),
    ("Bei", "北", "Бэй"),
    ("Zhang", "张", "Чжан"),
    ("Li", "李", "Ли"),
    ("Wang", "王", "Ван"),
    ("Chen", "陈", "Чэнь"),
    ("Zhou", "周", "Чжоу"),
    ("Liu", "刘", "Лю"),
    ("Huang", "黄", "Хуан"),
    ("Shi", "石", "Ши"),
    ("Zhu", "竹", "Чжу"),
    ("Song", "松", "Сун"),
)
ENDINGS = (
    ("tang", "塘", "тан"),
    ("ping", "坪", "пин"),
    ("wan", "湾", "вань"),
    ("ling", "岭", "лин"),
    ("qiao", "桥", "цяо"),
    ("jia", "家", "цзя"),
    ("zhuang", "庄", "чжуан"),
    ("an", "岸", "ань"),
    ("keng", "坑", "кэн"),
    ("tian", "田", "тянь"),
)


@dataclass(frozen=True)
class Units:
    """Administrative units as labels on a 50 m grid and as polygons.

    Parameters
    ----------
    grid
        Grid of the labels.
    township
        Number of the township of each cell, -1 outside the county.
    village
        Number of the village of each cell, -1 outside the county.
    town_seats
        Row and column (n, 2) of each township's seat.
    village_seats
        Row and column (m, 2) of each village's seat.
    village_township
        Township number of each village.
    village_shapes
        Polygons of the villages, a coverage.
    """

    grid: Grid
    township: Ints
    village: Ints
    town_seats: Ints
    village_seats: Ints
    village_township: Ints
    village_shapes: Any

    @property
    def county_shape(self) -> Any:
        """Polygon of the whole county, made of the village polygons."""
        return shapely.coverage_union_all(self.village_shapes)


def steps(cost: Floats, allowed: Mask, cell: float, group: Ints | None = None) -> Any:
    """Sparse matrix of the cost of stepping between neighbouring cells, never from one group to another."""
    from scipy.sparse import csr_array

    rows, columns = cost.shape
    index = np.arange(rows * columns).reshape(cost.shape)
    heads, tails, weights = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        b = (slice(down, rows), slice(max(0, right), columns + min(0, right)))
        ok = allowed[a] & allowed[b]
        if group is not None:
            ok &= group[a] == group[b]
        weight = 0.5 * (cost[a] + cost[b]) * cell * np.hypot(down, right)
        heads.append(index[a][ok])
        tails.append(index[b][ok])
        weights.append(weight[ok])
    head, tail, weight = np.concatenate(heads), np.concatenate(tails), np.concatenate(weights)
    size = rows * columns
    return csr_array((np.r_[weight, weight], (np.r_[head, tail], np.r_[tail, head])), shape=(size, size))


def nearest_seed(cost: Floats, allowed: Mask, seeds: Ints, cell: float, group: Ints | None = None) -> Ints:
    """Number of the seed that is cheapest to reach from each cell, -1 where none can be reached."""
    from scipy.sparse.csgraph import dijkstra

    flat = seeds[:, 0] * cost.shape[1] + seeds[:, 1]
    graph = steps(cost, allowed, cell, group)
    _, _, source = dijkstra(graph, directed=False, indices=flat, min_only=True, return_predecessors=True)
    number = np.full(cost.size, -1, dtype=np.int64)
    number[flat] = np.arange(len(flat))
    found = source >= 0
    number[found] = number[source[found]]
    return number.reshape(cost.shape)


def spread(score: Floats, count: int, apart: float, taken: Ints | None = None) -> Ints:
    """Up to `count` cells of the highest score, each at least `apart` cells from the others (greedy)."""
    order = np.argsort(-score.ravel(), kind="stable")
    order = order[np.isfinite(score.ravel()[order]) & (score.ravel()[order] > -1e8)]
    free = np.ones(score.shape, dtype=bool)
    rows, columns = score.shape
    reach = int(np.ceil(apart))
    window = np.hypot(*np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))) < apart

    def block(row: int, column: int) -> None:
        top, left = max(row - reach, 0), max(column - reach, 0)
        bottom, right = min(row + reach + 1, rows), min(column + reach + 1, columns)
        part = window[top - row + reach : bottom - row + reach, left - column + reach : right - column + reach]
        free[top:bottom, left:right] &= ~part

    for row, column in [] if taken is None else taken.tolist():
        block(row, column)
    found: list[tuple[int, int]] = []
    flat_free = free.ravel()
    for place in order.tolist():
        if flat_free[place]:
            row, column = divmod(place, columns)
            found.append((row, column))
            block(row, column)
            if len(found) == count:
                break
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def coarse(values: Floats, factor: int) -> Floats:
    """Means of blocks of `factor` × `factor` cells."""
    rows, columns = values.shape
    blocks = values.reshape(rows // factor, factor, columns // factor, factor)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float64)


def in_one_piece(label: Ints) -> Ints:
    """Labels whose cells all hang together by their sides: stray cells go to the nearest other piece."""
    from scipy.ndimage import distance_transform_edt
    from scipy.ndimage import label as components

    stray = np.zeros(label.shape, dtype=bool)
    for number in range(int(label.max()) + 1):
        parts, count = components(label == number)
        if count > 1:
            stray |= (parts > 0) & (parts != 1 + int(np.argmax(np.bincount(parts.ravel())[1:])))
    row, column = distance_transform_edt(stray | (label < 0), return_distances=False, return_indices=True)
    result = np.where(stray, label[row, column], label)
    return in_one_piece(result) if stray.any() else result


def mosaic(label: Ints, grid: Grid, tolerance: float) -> tuple[Ints, Any]:
    """Polygons of equal labels that share softened borders exactly.

    Parameters
    ----------
    label
        Numbers (rows, columns); -1 is outside.
    grid
        Grid of the labels.
    tolerance
        Root of the area of the triangles that simplification removes, in metres; it takes away the steps of the cells.

    Returns
    -------
    tuple
        Label of each polygon, and the polygons: a valid coverage with coordinates in whole millimetres.
    """
    import rasterio.features
    from affine import Affine

    transform = Affine(grid.cell, 0, grid.west, 0, -grid.cell, grid.north)
    found = list(rasterio.features.shapes(label.astype(np.int32), mask=label >= 0, transform=transform))
    numbers = np.array([int(value) for _, value in found])
    polygons = np.array([shapely.Polygon(g["coordinates"][0], g["coordinates"][1:]) for g, _ in found], dtype=object)

    # The polygonizer leaves out the corners of neighbours on straight edges; a coverage needs them.
    polygons = shapely.transform(shapely.segmentize(polygons, grid.cell), lambda c: np.round(c, 3))
    polygons = shapely.coverage_simplify(polygons, tolerance)
    return numbers, shapely.transform(polygons, lambda c: np.round(c, 3))


def divide_county(random: np.random.Generator, terrain: Terrain) -> Units:
    """Choose the county's ground, seats of townships and villages, and draw the borders between them.

    Parameters
    ----------
    random
        Source of randomness.
    terrain
        Relief and drainage.

    Returns
    -------
    Units
        Labels and polygons.
    """
    factor = 2
    grid = terrain.grid.coarser(factor)
    slope = coarse(terrain.slope, factor)
    above = coarse(terrain.above_river, factor)
    water = coarse(terrain.catchment_km2, factor)
    river = water > 12.0
    cost = (1 + (slope / 6) ** 1.3) * np.exp(0.45 * noise(random, grid.shape, 14, 3)) + 12.0 * river
    everywhere = np.ones(grid.shape, dtype=bool)
    county = _county(random, grid, cost, everywhere)
    big_river = coarse((terrain.catchment_km2 > 700).astype(float), factor) > 0
    from scipy.ndimage import distance_transform_edt, uniform_filter

    edge = distance_transform_edt(county) * grid.cell
    to_river = distance_transform_edt(~(water > 25.0)) * grid.cell
    to_main = distance_transform_edt(~big_river) * grid.cell
    gentle = uniform_filter((slope < 5).astype(float), 15)
    base = (
        gentle
        - 0.9 * np.abs(np.log((to_river + 60) / 420)) * 0.25
        - 3.0 * (above < 1.6)
        - 0.02 * np.maximum(above - 12, 0)
    )
    base = base + 0.05 * noise(random, grid.shape, 20) - 4.0 * stretch(-edge, -700, -150)
    base[~county | river] = -1e9
    x, y = grid.centres()
    middle = np.hypot(x - 513_000, y - 3_263_000)
    seat_score = base + 1.2 * uniform_filter((slope < 4).astype(float), 61) - 2.0 * stretch(middle, 1_500, 6_500)
    seat_score -= 1.5 * stretch(np.abs(to_main - 900), 250, 1_200) + 2.0 * stretch(-edge, -6_000, -2_500)
    seat_score[base < -1e8] = -1e9
    first = spread(seat_score, 1, 10)
    towns = np.vstack(
        [
            first,
            spread(base - 3.0 * stretch(-edge, -2_600, -1_200) + 0.4 * random.random(), 8, 6_300 / grid.cell, first),
        ]
    )
    township = in_one_piece(nearest_seed(cost, county, towns, grid.cell))
    villages = spread(base + 0.25 * noise(random, grid.shape, 30), 124, 1_450 / grid.cell, towns)
    villages = np.vstack([towns, villages])
    of_township = township[villages[:, 0], villages[:, 1]]
    order = np.lexsort((-villages[:, 0], np.arange(len(villages)) >= len(towns), of_township))
    villages, of_township = villages[order], of_township[order]
    village = in_one_piece(nearest_seed(cost, county, villages, grid.cell, township))
    township = np.where(village >= 0, of_township[village], -1)
    numbers, shapes = mosaic(village, grid, 95.0)
    merged = [shapely.coverage_union_all(shapes[numbers == n]) for n in range(len(villages))]
    return Units(grid, township, village, towns, villages, of_township, np.array(merged, dtype=object))


def _county(random: np.random.Generator, grid: Grid, cost: Floats, everywhere: Mask) -> Mask:
    """Ground of the county: small natural cells, nearest to the centre first, until its area is reached."""
    from scipy.ndimage import binary_fill_holes, label

    seeds = spread(random.random(grid.shape), 900, 17)
    cells = nearest_seed(cost, everywhere, seeds, grid.cell)
    x, y = grid.centres()
    angle = np.arctan2(y - 3_263_000, x - 513_000)
    radius = ((np.abs(x - 513_000) ** 4 + np.abs(y - 3_263_000) ** 4) ** 0.25) * (
        1 + 0.05 * np.sin(3 * angle + 1) + 0.03 * np.sin(5 * angle)
    )
    radius += 500 * noise(random, grid.shape, 50, 3)
    size = np.bincount(cells.ravel(), minlength=len(seeds))
    mean = np.bincount(cells.ravel(), radius.ravel(), minlength=len(seeds)) / np.maximum(size, 1)
    order = np.argsort(mean, kind="stable")
    total = np.cumsum(size[order]) * grid.cell**2 / 1e6
    inside = np.isin(cells, order[total <= COUNTY_KM2])
    parts, count = label(inside)
    if count > 1:
        inside = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return np.asarray(binary_fill_holes(inside), dtype=bool)


def village_names(count: int) -> list[tuple[str, str, str]]:
    """Names of villages in English, Chinese and Russian, each different."""
    names = [
        (first[0] + last[0], first[1] + last[1] + "村", first[2] + last[2])
        for offset in range(len(ENDINGS))
        for first, last in zip(SYLLABLES, (ENDINGS * 2)[offset : offset + 10] * 2, strict=True)
    ]
    return names[:count]
