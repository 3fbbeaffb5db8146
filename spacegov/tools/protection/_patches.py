"""Patches of a raster of codes: numbering, area, perimeter and the sides that classes share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadRaster
from spacegov.kernels.jit import kernel
from spacegov.raster import Raster, Window

_STRIP_CELLS = 4_000_000


class Codes(NamedTuple):
    """Cells as positions in a list of codes; 0 is no data, class `i` is `codes[i - 1]`."""

    cells: NDArray[Any]
    codes: NDArray[np.int64]


class Patches(NamedTuple):
    """Numbered patches; arrays over patches begin with the entry of the background.

    `sides[i, k]` counts cell sides from class i to class k, each from both of its cells; class 0 is the background,
    outside of the raster included.
    """

    labels: NDArray[np.int32]
    class_of: NDArray[np.int64]
    cells: NDArray[np.int64]
    perimeter: NDArray[np.int64]
    first: NDArray[np.int64]
    sides: NDArray[np.int64]


def code_cells(raster: Raster) -> Codes:
    """Read a raster of codes strip by strip into one or two bytes a cell.

    Raises
    ------
    BadRaster
        Fractions, no data at all, or more than 65,534 classes.
    """
    height, width = raster.shape
    step = max(_STRIP_CELLS // max(width, 1), 1)
    cells = np.zeros(raster.shape, dtype=np.uint16)
    known: dict[int, int] = {}
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        codes, valid = raster.read_codes(Window(rows, slice(0, width), (slice(None), slice(None))))
        found, position = np.unique(codes[valid], return_inverse=True)
        for code in found.tolist():
            known.setdefault(code, len(known) + 1)
        if len(known) > 65_534:
            raise BadRaster(
                f"{raster.name}: more than 65,534 different values were given where land-cover codes are needed; "
                "reclassify the raster first"
            )
        part = np.zeros(codes.shape, dtype=np.uint16)
        part[valid] = np.asarray([known[code] for code in found.tolist()], dtype=np.uint16)[position.ravel()]
        cells[rows] = part
    if not known:
        raise BadRaster(f"{raster.name}: every cell is nodata, codes are needed; check the file and its nodata value")
    ordered = sorted(known)
    place = np.zeros(len(known) + 1, dtype=np.uint8 if len(known) < 255 else np.uint16)
    for position_of, code in enumerate(ordered, start=1):
        place[known[code]] = position_of
    return Codes(place[cells], np.asarray(ordered, dtype=np.int64))


def patches_of(cells: NDArray[Any], classes: int, neighbours: int) -> Patches:
    """Number the patches of every class and count their cells and sides.

    Parameters
    ----------
    cells : array of int, shape (rows, columns)
        Class of each cell from 1 to `classes`; 0 is background.
    classes : int
        Number of classes.
    neighbours : {4, 8}
        Whether cells that touch at a corner belong to one patch.
    """
    labels, root_of, count = _number(cells, neighbours == 8)
    return Patches(labels, *_count(cells, labels, root_of, count, classes))


@kernel
def _find(parent: Any, label: int) -> int:
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label


@kernel
def _number(cells: Any, corners: bool) -> Any:
    """Number runs from the top left, joining numbers that meet; give the final number of every preliminary one."""
    height, width = cells.shape
    labels = np.zeros((height, width), dtype=np.int32)
    parent = np.zeros(1024, dtype=np.int32)
    used = 0
    for row in range(height):
        for column in range(width):
            code = cells[row, column]
            if code == 0:
                continue
            own = 0
            if column > 0 and cells[row, column - 1] == code:
                own = labels[row, column - 1]
            if row > 0:
                for shift in range(-1, 2):
                    near = column + shift
                    if (shift != 0 and not corners) or near < 0 or near >= width or cells[row - 1, near] != code:
                        continue
                    other = labels[row - 1, near]
                    if own == 0:
                        own = other
                    elif own != other:
                        first, second = _find(parent, own), _find(parent, other)
                        if first < second:
                            parent[second] = first
                        elif second < first:
                            parent[first] = second
            if own == 0:
                used += 1
                if used >= parent.size:
                    larger = np.zeros(parent.size * 2, dtype=np.int32)
                    larger[: parent.size] = parent
                    parent = larger
                parent[used] = used
                own = used
            labels[row, column] = own
    count = 0
    # a root is the smallest number of its patch, so it is met before its members
    for label in range(1, used + 1):
        if parent[label] == label:
            count += 1
            parent[label] = -count
        else:
            root = parent[label]
            while root > 0:
                root = parent[root]
            parent[label] = root
    return labels, parent[: used + 1], count


@kernel
def _count(cells: Any, labels: Any, root_of: Any, count: int, classes: int) -> Any:
    height, width = cells.shape
    class_of = np.zeros(count + 1, dtype=np.int64)
    area = np.zeros(count + 1, dtype=np.int64)
    perimeter = np.zeros(count + 1, dtype=np.int64)
    first = np.full(count + 1, -1, dtype=np.int64)
    sides = np.zeros((classes + 1, classes + 1), dtype=np.int64)
    for row in range(height):
        for column in range(width):
            code = cells[row, column]
            label = -root_of[labels[row, column]]
            labels[row, column] = label
            if code != 0:
                area[label] += 1
                if first[label] < 0:
                    first[label] = row * width + column
                    class_of[label] = code
            # the sides towards north and west; those towards east and south are counted from there
            north = cells[row - 1, column] if row > 0 else 0
            west = cells[row, column - 1] if column > 0 else 0
            sides[code, north] += 1
            sides[north, code] += 1
            sides[code, west] += 1
            sides[west, code] += 1
            if north != code:
                perimeter[label] += 1
                if row > 0:
                    perimeter[labels[row - 1, column]] += 1
            if west != code:
                perimeter[label] += 1
                if column > 0:
                    perimeter[labels[row, column - 1]] += 1
            if row == height - 1:
                sides[code, 0] += 1
                sides[0, code] += 1
                if code != 0:
                    perimeter[label] += 1
            if column == width - 1:
                sides[code, 0] += 1
                sides[0, code] += 1
                if code != 0:
                    perimeter[label] += 1
    return class_of, area, perimeter, first, sides
