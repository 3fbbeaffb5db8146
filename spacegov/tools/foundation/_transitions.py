"""Ground that goes from class to class between two layers, balanced on both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from spacegov.kinds import AreaBasis
from spacegov.ledger import balance
from spacegov.tools.foundation._overlaps import shared_areas
from spacegov.tools.foundation._shapes import Floats, Integers, Shapes
from spacegov.tools.overlay import areas_of

OUTSIDE = "outside"
# What is left of a class after its pieces are taken off, below this share of it, is rounding.
_ROUNDING = 1e-9


class Side(NamedTuple):
    """One layer as shapes and classes."""

    shapes: Shapes
    classes: Any
    areas: Floats


class Transitions(NamedTuple):
    """Pairs of features that share ground, and the sums by class."""

    first: Integers
    second: Integers
    shared: Floats
    matrix: pd.DataFrame


def side_of(shapes: Shapes, classes: Sequence[str], crs: Any, area_basis: AreaBasis) -> Side:
    """Measure one layer."""
    return Side(shapes, np.asarray(classes, dtype=object), areas_of(shapes, crs, area_basis))


def transitions(before: Side, after: Side, crs: Any, area_basis: AreaBasis, *, exact: bool) -> Transitions:
    """Sum the ground that two layers share by pair of classes.

    Parameters
    ----------
    before, after : Side
        Layers whose polygons do not overlap within the layer.
    exact : bool
        Whether both sides must balance; layers that overlap themselves cannot.

    Returns
    -------
    Transitions
        The matrix has `class_before`, `class_after`, `area_m2` (m²), sorted; ground of one layer only has the class
        `outside` on the other side.
    """
    first, second, shared = shared_areas(before.shapes, after.shapes, crs, area_basis)
    sums: dict[tuple[str, str], list[float]] = {}
    for a, b, area in zip(before.classes[first], after.classes[second], shared, strict=True):
        sums.setdefault((a, b), []).append(area)
    totals = {pair: math.fsum(areas) for pair, areas in sums.items()}
    for classes, areas, place in ((before.classes, before.areas, 0), (after.classes, after.areas, 1)):
        for name in sorted(set(classes)):
            whole = math.fsum(areas[classes == name])
            inside = math.fsum(area for pair, area in totals.items() if pair[place] == name and OUTSIDE not in pair)
            rest = whole - inside
            if rest > _ROUNDING * whole:
                totals[(name, OUTSIDE) if place == 0 else (OUTSIDE, name)] = rest
    rows = sorted((a, b, area) for (a, b), area in totals.items())
    matrix = pd.DataFrame(rows, columns=["class_before", "class_after", "area_m2"])
    matrix = matrix.astype({"class_before": "str", "class_after": "str", "area_m2": "float64"})
    if exact:
        for column, side, word in (("class_before", before, "before"), ("class_after", after, "after")):
            parts = matrix.loc[matrix[column] != OUTSIDE, "area_m2"]
            balance(math.fsum(side.areas), parts.tolist(), what=f"area {word}, by class")
    return Transitions(first, second, shared, matrix)
