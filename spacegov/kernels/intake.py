"""From layers as users hold them to arrays in square metres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.kernels.ragged import Ragged, from_shapely, geometry_values
from spacegov.kernels.validity import refuse_invalid, repair_invalid

AreaBasis = Literal["plane", "ellipsoid"]


def check_area_basis(area_basis: str) -> None:
    """Refuse an unknown basis."""
    if area_basis not in get_args(AreaBasis):
        raise BadInput(f"area_basis={area_basis!r} was given; it is 'plane' (the layer's grid) or 'ellipsoid'")


def take_layers(
    layers: Sequence[tuple[Any, str]], *, area_basis: AreaBasis, repair: bool, trusted: bool
) -> tuple[list[Ragged], float]:
    """Lay out the layers of one question in one common plane.

    Parameters
    ----------
    layers : sequence of (layer, name)
        What the caller gave, and what it is called in messages.
    area_basis : {'plane', 'ellipsoid'}
        Areas in the layers' own grid, or on their ellipsoid.
    repair : bool
        Make invalid polygons valid instead of refusing them.
    trusted : bool
        The caller vouches that every polygon is valid.

    Returns
    -------
    layers : list of Ragged
        In one plane.
    square_metres : float
        Square metres in a square unit of that plane.
    """
    check_area_basis(area_basis)
    taken = [(*geometry_values(layer, name), name) for layer, name in layers]
    crs = common_crs([(crs, name) for _, crs, name in taken])
    ragged = [from_shapely(checked(values, name, repair=repair, trusted=trusted), name) for values, _, name in taken]
    if area_basis == "plane":
        return ragged, square_metres(crs)
    return project_all(ragged, crs), 1.0


def checked(values: NDArray[Any], name: str, *, repair: bool, trusted: bool, first_row: int = 0) -> NDArray[Any]:
    """Refuse or repair invalid polygons, unless the caller vouches for them."""
    if trusted:
        return values
    if repair:
        return repair_invalid(values, name, first_row)
    refuse_invalid(values, name, first_row)
    return values


def project_all(layers: list[Ragged], crs: Any) -> list[Ragged]:
    """Bring layers to the equal-area projection about their common extent."""
    from spacegov.kernels.projection import equal_area_projection, project_ragged

    if crs is None:
        raise UnsuitableCrs(
            "ellipsoidal areas need to know the coordinate system, and the layers have none; "
            "set it (frame.set_crs), or ask for area_basis='plane'"
        )
    boxes = np.concatenate([layer.boxes for layer in layers])
    boxes = boxes[boxes[:, 0] <= boxes[:, 2]]
    if not len(boxes):
        return layers
    xmin, ymin = boxes[:, :2].min(axis=0)
    xmax, ymax = boxes[:, 2:].max(axis=0)
    projection = equal_area_projection(crs, (float(xmin), float(ymin), float(xmax), float(ymax)))
    return [project_ragged(layer, projection) for layer in layers]


def common_crs(given: Sequence[tuple[Any, str]]) -> Any:
    """Give the coordinate system the layers share, None when none is known.

    Raises
    ------
    UnsuitableCrs
        When they differ.
    """
    known = [(crs, name) for crs, name in given if crs is not None]
    for crs, name in known[1:]:
        if crs != known[0][0]:
            raise UnsuitableCrs(
                f"{known[0][1]} is in {known[0][0].name!r} and {name} in {crs.name!r}; "
                "areas are taken in one coordinate system, so bring both to the same with to_crs"
            )
    return known[0][0] if known else None


def square_metres(crs: Any) -> float:
    """Square metres in a square unit of a projected coordinate system; 1 when none is known.

    Raises
    ------
    UnsuitableCrs
        When the coordinates are degrees.
    """
    if crs is None:
        return 1.0
    if crs.is_geographic:
        raise UnsuitableCrs(
            f"{crs.name!r} counts in degrees, in which a plane area means nothing; bring the layers to a metric grid "
            "with to_crs, or ask for area_basis='ellipsoid'"
        )
    factors = [axis.unit_conversion_factor for axis in crs.axis_info[:2]]
    return float(np.prod(factors)) if len(factors) == 2 else 1.0
