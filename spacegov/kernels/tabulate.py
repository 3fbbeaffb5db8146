"""Areas of intersection by pair of classes."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spacegov import ledger
from spacegov.errors import BadInput
from spacegov.kernels.classes import Classes, number_classes, output_names
from spacegov.kernels.compilation import ensure_compiled
from spacegov.kernels.intake import AreaBasis, Care, take_layers
from spacegov.kernels.parallel import thread_count
from spacegov.kernels.ragged import FloatArray, IntArray, Ragged

if TYPE_CHECKING:
    import pandas as pd

    from spacegov.kernels.totals import ExactTotals

# a layer that overlaps itself by more than this share of its area cannot say what lies outside it
_OVERLAP_SHARE = 1e-9
# the rounding error of a sum of exact areas, relative
_ROUNDING = 1e-9


def tabulate_areas(
    left: Any,
    right: Any,
    *,
    by: tuple[str, str],
    area_basis: AreaBasis = "plane",
    balance: bool = False,
    threads: int | None = None,
    repair: bool = False,
    trusted: bool = False,
) -> pd.DataFrame:
    """Area of intersection of two layers by pair of classes.

    Parameters
    ----------
    left, right : GeoDataFrame or path
        Polygons and multipolygons in one CRS: frames, or GeoParquet files of any size.
    by : (str, str)
        Class column of `left` and of `right`. A missing value is a class of its own.
    area_basis : {'plane', 'ellipsoid'}
        Areas in the layers' own grid, or on their ellipsoid.
    balance : bool
        Add, for each class of `left`, what lies outside `right` as a row whose right class is None, so that the rows
        of a class sum to its whole area. `right` must not overlap itself.
    threads : int, optional
        Threads to use; all cores by default.
    repair : bool
        Make invalid polygons valid, with the change in area on record, instead of refusing them.
    trusted : bool
        The polygons are known to be valid: skip the test.

    Returns
    -------
    DataFrame
        The class columns under their own names (with `_left`, `_right` when both are called the same) and area_m2,
        float64, square metres; sorted by both classes. Pairs that share no area have no row.

    Raises
    ------
    MissingColumn
        When a class column is not there.
    BadInput
        With balance=True, when `right` overlaps itself or has missing classes.
    UnreadableFile
        When a file is absent or no GeoParquet.
    InvalidGeometry, UnsuitableCrs, WrongGeometry
        As for `pair_areas`.

    Notes
    -----
    Method and error as for `pair_areas`, of which this is the exact sum, rounded once: totals too are the same to the
    last bit whatever the threads, the chunks and the order of rows.

    Small files are read at once. Large ones are streamed: `left` in batches of row groups, `right` by row group with
    the most recently used kept. Memory stays bounded, at about 1 GB, when row groups are small (20 to 50 thousand
    rows), and reading is fast when rows are sorted by place and the file has the bbox covering of GeoParquet 1.1
    with statistics; a file without them is answered just as rightly, more slowly.

    Examples
    --------
    >>> import geopandas, shapely
    >>> plots = geopandas.GeoDataFrame(
    ...     {"use": ["farm", "town"]}, geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], crs=32650)
    >>> zones = geopandas.GeoDataFrame({"zone": ["red"]}, geometry=[shapely.box(5, 0, 12, 20)], crs=32650)
    >>> tabulate_areas(plots, zones, by=("use", "zone"), balance=True)
        use  zone  area_m2
    0  farm   red     50.0
    1  farm  None     50.0
    2  town   red     20.0
    3  town  None     80.0
    """
    ensure_compiled("area")
    count = thread_count(threads)
    care = Care(repair, trusted)
    if not is_path(left) and not is_path(right):
        sums = _sum_frames(left, right, by, area_basis, care, count, balance=balance)
    else:
        from spacegov.kernels.tabulate_files import sum_files

        sums = sum_files(left, right, by, area_basis, care, count, balance=balance)
    return class_table(by, sums)


class ClassSums(NamedTuple):
    """Areas by pair of classes, in square metres.

    Attributes
    ----------
    left_values, right_values : pandas.Index
        The classes, in order.
    left, right : int64 (P,)
        Pairs of classes that share an area, sorted.
    areas : float64 (P,)
        Their areas.
    wholes : float64 or None
        Whole area of each left class, where a balance is asked for.
    """

    left_values: pd.Index[Any]
    right_values: pd.Index[Any]
    left: IntArray
    right: IntArray
    areas: FloatArray
    wholes: FloatArray | None


def _sum_frames(
    left: Any, right: Any, by: tuple[str, str], area_basis: AreaBasis, care: Care, threads: int, *, balance: bool
) -> ClassSums:
    """Sum two layers held in memory."""
    left_classes = number_classes(left, by[0], "left")
    right_classes = number_classes(right, by[1], "right")
    (a, b), factor = take_layers([(left, "left"), (right, "right")], area_basis=area_basis, care=care, threads=threads)
    return sum_layers(a, left_classes, b, right_classes, factor, threads, balance=balance)


def sum_layers(
    a: Ragged, left: Classes, b: Ragged, right: Classes, factor: float, threads: int, *, balance: bool
) -> ClassSums:
    """Sum two laid-out layers."""
    from spacegov.kernels.matching import match, match_self
    from spacegov.kernels.totals import ExactTotals

    names = np.arange(len(left.values)), np.arange(len(right.values))
    totals = ExactTotals(box_area(a))
    rows, columns, areas = match(a, b, threads=threads)
    totals.add(left.codes[rows], right.codes[columns], areas, *names)
    wholes = None
    if balance:
        refuse_missing_classes(right.values)
        first, second, shared = match_self(b, threads=threads)
        worst = int(shared.argmax()) if len(shared) else 0
        pair = (int(first[worst]), int(second[worst])) if len(shared) else (0, 0)
        refuse_overlap(float(shared.sum()), len(shared), pair, float(areas_of(b).sum()))
        whole_totals = ExactTotals(box_area(a))
        whole_totals.add(left.codes, np.zeros(len(a), np.int64), areas_of(a), names[0], np.zeros(1, np.int64))
        wholes = spread(whole_totals, len(left.values)) * factor
    pairs = totals.result()
    return ClassSums(left.values, right.values, pairs[0], pairs[1], pairs[2] * factor, wholes)


def areas_of(layer: Ragged) -> FloatArray:
    """Area of each polygon of a laid-out layer."""
    from spacegov.kernels.rings import geometry_areas

    areas = np.zeros(len(layer))
    geometry_areas(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, areas)
    return areas


def spread(totals: ExactTotals, classes: int) -> FloatArray:
    """Totals of single classes as an array with zero for the absent ones."""
    sums = np.zeros(classes)
    rows, _, areas = totals.result()
    sums[rows] = areas
    return sums


def box_area(layer: Ragged) -> float:
    """Area of the box around a layer, which no intersection exceeds."""
    from spacegov.kernels.rings import extent

    xmin, ymin, xmax, ymax = extent(layer.boxes)
    return float((xmax - xmin) * (ymax - ymin)) or 1.0 if xmax >= xmin else 1.0


def refuse_missing_classes(values: pd.Index[Any]) -> None:
    """With a balance, a missing right class would be read as outside."""
    if values.isna().any():
        raise BadInput(
            "right has rows without a class, which could not be told from what lies outside right; "
            "give them a class (fillna), or ask without balance"
        )


def refuse_overlap(overlap: float, pairs: int, worst: tuple[int, int], whole: float) -> None:
    """What lies outside a layer is the whole less the inside only when the inside is counted once."""
    if overlap > _OVERLAP_SHARE * whole:
        raise BadInput(
            f"right overlaps itself by {overlap:.6g} square units in {pairs} pairs (the largest is rows {worst[0]} "
            f"and {worst[1]}), so what lies outside it cannot be had by subtraction; union it first (dissolve), "
            "or ask without balance"
        )


def class_table(by: tuple[str, str], sums: ClassSums) -> pd.DataFrame:
    """Put sums into a table; with the whole areas of the left classes, add what lies outside and balance it."""
    import pandas as pd

    left_name, right_name = output_names(by)
    left, right, areas = sums.left, sums.right, sums.areas
    if sums.wholes is None:
        table = pd.DataFrame({left_name: sums.left_values.take(left)})
        table[right_name] = sums.right_values.take(right)
        table["area_m2"] = areas
        return table
    outside = sums.wholes - np.bincount(left, weights=areas, minlength=len(sums.left_values))
    # a class wholly inside leaves a rounding error, and no row
    outside[np.abs(outside) <= _ROUNDING * sums.wholes] = 0.0
    kept = np.flatnonzero(outside > 0.0)
    parts = [*map(float, areas), *map(float, outside[kept])]
    ledger.balance(float(sums.wholes.sum()), parts, what="area of left")
    left = np.concatenate([left, kept])
    right = np.concatenate([right, np.full(len(kept), len(sums.right_values))])
    areas = np.concatenate([areas, outside[kept]])
    order = np.lexsort((right, left))
    # objects, since None stands beside the values
    named = np.concatenate([np.asarray(sums.right_values, dtype=object), np.array([None], dtype=object)])
    table = pd.DataFrame({left_name: sums.left_values.take(left[order])})
    table[right_name] = pd.Series(named[right[order]], index=table.index, dtype="object")
    table["area_m2"] = areas[order]
    return table


def is_path(layer: Any) -> bool:
    """Whether a layer is given as the path of a file."""
    return isinstance(layer, (str, PathLike))
