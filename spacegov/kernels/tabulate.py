"""Areas of intersection by pair of classes."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

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

# a layer that overlaps itself by more than this share of its area cannot say what lies outside it
_OVERLAP_SHARE = 1e-9


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
    left, right : GeoDataFrame
        Polygons and multipolygons in one CRS.
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
    InvalidGeometry, UnsuitableCrs, WrongGeometry
        As for `pair_areas`.

    Notes
    -----
    Method and error as for `pair_areas`, of which this is the exact sum, rounded once: totals too are the same to the
    last bit whatever the threads, the chunks and the order of rows.

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
    left_classes = number_classes(left, by[0], "left")
    right_classes = number_classes(right, by[1], "right")
    (a, b), factor = take_layers(
        [(left, "left"), (right, "right")], area_basis=area_basis, care=Care(repair, trusted), threads=count
    )
    rows = _class_areas(a, left_classes, b, right_classes, count)
    wholes = None
    if balance:
        refuse_missing_classes(right_classes)
        _refuse_overlap(b, count)
        wholes = _whole_areas(a, left_classes) * factor
    return class_table(by, left_classes, right_classes, (rows[0], rows[1], rows[2] * factor), wholes)


def _class_areas(
    a: Ragged, a_classes: Classes, b: Ragged, b_classes: Classes, threads: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Sum the pairs of two layers by class."""
    from spacegov.kernels.matching import match
    from spacegov.kernels.totals import ExactTotals

    totals = ExactTotals((len(a_classes.values), len(b_classes.values)), box_area(a))
    left, right, areas = match(a, b, threads=threads)
    totals.add(a_classes.codes[left], b_classes.codes[right], areas)
    return totals.result()


def box_area(layer: Ragged) -> float:
    """Area of the box around a layer, which no intersection exceeds."""
    present = layer.boxes[layer.boxes[:, 0] <= layer.boxes[:, 2]]
    if not len(present):
        return 1.0
    width, height = present[:, 2:].max(axis=0) - present[:, :2].min(axis=0)
    return float(width * height) or 1.0


def _whole_areas(layer: Ragged, classes: Classes) -> FloatArray:
    """Whole area of each class of a layer."""
    from spacegov.kernels.rings import geometry_areas
    from spacegov.kernels.totals import ExactTotals

    areas = np.zeros(len(layer))
    geometry_areas(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, areas)
    totals = ExactTotals((len(classes.values), 1), box_area(layer))
    totals.add(classes.codes, np.zeros(len(layer), np.int64), areas)
    wholes = np.zeros(len(classes.values))
    rows, _, sums = totals.result()
    wholes[rows] = sums
    return wholes


def refuse_missing_classes(classes: Classes) -> None:
    """With a balance, a missing right class would be read as outside."""
    if classes.values.isna().any():
        raise BadInput(
            "right has rows without a class, which could not be told from what lies outside right; "
            "give them a class (fillna), or ask without balance"
        )


def _refuse_overlap(layer: Ragged, threads: int) -> None:
    """What lies outside a layer is the whole less the inside only when the inside is counted once."""
    from spacegov.kernels.matching import match_self
    from spacegov.kernels.rings import geometry_areas

    first, second, overlaps = match_self(layer, threads=threads)
    areas = np.zeros(len(layer))
    geometry_areas(layer.coordinates, layer.ring_offsets, layer.geometry_offsets, areas)
    overlap = float(overlaps.sum())
    if overlap > _OVERLAP_SHARE * float(areas.sum()):
        worst = int(overlaps.argmax())
        raise overlap_error(overlap, len(overlaps), int(first[worst]), int(second[worst]))


def overlap_error(overlap: float, pairs: int, first: int, second: int) -> BadInput:
    """Word the refusal of a balance against a layer that overlaps itself."""
    return BadInput(
        f"right overlaps itself by {overlap:.6g} square units in {pairs} pairs (the largest is rows {first} and "
        f"{second}), so what lies outside it cannot be had by subtraction; union it first (dissolve), "
        "or ask without balance"
    )


def class_table(
    by: tuple[str, str],
    left: Classes,
    right: Classes,
    rows: tuple[IntArray, IntArray, FloatArray],
    wholes: FloatArray | None,
) -> pd.DataFrame:
    """Put sums into a table; with the whole areas of the left classes, add what lies outside and balance it."""
    import pandas as pd

    left_codes, right_codes, areas = rows
    outside_code = len(right.values)
    if wholes is not None:
        inside = np.bincount(left_codes, weights=areas, minlength=len(left.values))
        outside = wholes - inside
        # a class wholly inside leaves a rounding error, and no row
        outside[np.abs(outside) <= 1e-9 * wholes] = 0.0
        ledger.balance(
            float(wholes.sum()), [*map(float, areas), *map(float, np.maximum(outside, 0.0))], what="area of left"
        )
        some = np.flatnonzero(outside > 0.0)
        left_codes = np.concatenate([left_codes, some])
        right_codes = np.concatenate([right_codes, np.full(len(some), outside_code)])
        areas = np.concatenate([areas, outside[some]])
        order = np.lexsort((right_codes, left_codes))
        left_codes, right_codes, areas = left_codes[order], right_codes[order], areas[order]
    left_name, right_name = output_names(by)
    table = pd.DataFrame({left_name: left.values.take(left_codes)})
    if wholes is None:
        table[right_name] = right.values.take(right_codes)
    else:
        # objects, since None stands beside the values
        named = np.concatenate([np.asarray(right.values, dtype=object), np.array([None], dtype=object)])
        table[right_name] = pd.Series(named[right_codes], index=table.index, dtype="object")
    table["area_m2"] = areas
    return table


def is_path(layer: Any) -> bool:
    """Whether a layer is given as the path of a file."""
    return isinstance(layer, (str, PathLike))
