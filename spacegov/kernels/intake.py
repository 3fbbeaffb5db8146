"""From layers as users hold them to arrays in square metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import shapely

from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.kernels.ragged import IntArray, Ragged
from spacegov.kernels.validity import Geometries, Repair, find_invalid, invalid_geometry, make_valid, record_repairs
from spacegov.kernels.wkb import binary_chunks, parse_wkb, plain_wkb

AreaBasis = Literal["plane", "ellipsoid"]


@dataclass
class Care:
    """What to do about invalid polygons, and what was done.

    Attributes
    ----------
    repair : bool
        Make them valid instead of refusing them.
    trusted : bool
        The caller vouches that there are none.
    repairs : list of Repair
        What was made valid so far.
    """

    repair: bool = False
    trusted: bool = False
    repairs: list[Repair] = field(default_factory=list)

    def valid_or_refused(self, before: Geometries, rows: IntArray, total: int, name: str, part: str = "") -> Geometries:
        """Refuse invalid polygons, or give them made valid."""
        if not self.repair:
            raise invalid_geometry(before[0], int(rows[0]), len(rows), total, name + part)
        after = make_valid(before)
        # threads add to one list
        self.repairs.append(Repair(name, rows, float(shapely.area(before).sum()), float(shapely.area(after).sum())))
        return after

    def report(self) -> None:
        """Tell the ledger what was repaired, one entry for each layer."""
        for name in dict.fromkeys(repair.name for repair in self.repairs):
            record_repairs(name, [repair for repair in self.repairs if repair.name == name])
        self.repairs.clear()


def check_area_basis(area_basis: str) -> None:
    """Refuse an unknown basis."""
    if area_basis not in get_args(AreaBasis):
        raise BadInput(f"area_basis={area_basis!r} was given; it is 'plane' (the layer's grid) or 'ellipsoid'")


def take_layers(
    layers: Sequence[tuple[Any, str]], *, area_basis: AreaBasis, care: Care, threads: int
) -> tuple[list[Ragged], float]:
    """Lay out the layers of one question in one common plane.

    Parameters
    ----------
    layers : sequence of (layer, name)
        What the caller gave, and what it is called in messages.
    area_basis : {'plane', 'ellipsoid'}
        Areas in the layers' own grid, or on their ellipsoid.
    care : Care
        What to do about invalid polygons.
    threads : int
        Threads to use.

    Returns
    -------
    layers : list of Ragged
        In one plane.
    square_metres : float
        Square metres in a square unit of that plane.
    """
    check_area_basis(area_basis)
    columns = [(geometry_column(layer, name), name) for layer, name in layers]
    crs = common_crs([(column_crs(column), name) for column, name in columns])
    factor = square_metres(crs) if area_basis == "plane" else 1.0
    ragged = [take_column(column, name, care=care, threads=threads) for column, name in columns]
    care.report()
    return (ragged if area_basis == "plane" else project_all(ragged, crs)), factor


def geometry_column(layer: Any, name: str) -> Any:
    """Take the geometries out of whatever holds them.

    Parameters
    ----------
    layer : GeoDataFrame, GeoSeries, GeometryArray, sequence of shapely geometries, or Arrow array of WKB
        The polygons.
    name : str
        What the layer is called in messages.

    Returns
    -------
    GeoSeries, GeometryArray, object array or Arrow array
        The column.
    """
    column: Any = layer.geometry if hasattr(layer, "columns") and hasattr(layer, "geometry") else layer
    if hasattr(column, "crs") or is_arrow(column):
        return column
    if isinstance(column, (np.ndarray, list, tuple)):
        values = np.empty(len(column), dtype=object)
        values[:] = column
        return values
    raise BadInput(
        f"{name} is a {type(layer).__name__}; polygons are taken from a GeoDataFrame, a GeoSeries, "
        "an array of shapely geometries or an Arrow array of WKB"
    )


def is_arrow(column: Any) -> bool:
    """Whether a column is Arrow's."""
    return type(column).__module__.partition(".")[0] == "pyarrow"


def column_crs(column: Any) -> Any:
    """Coordinate system of a column, None when it is not known."""
    return getattr(column, "crs", None)


def take_column(column: Any, name: str, *, care: Care, threads: int, first_row: int = 0, part: str = "") -> Ragged:
    """Lay out one column of polygons, refusing or repairing those that are invalid.

    Parameters
    ----------
    column
        As `geometry_column` gives it.
    name : str
        What the layer is called in messages.
    care : Care
        What to do about invalid polygons.
    threads : int
        Threads to use.
    first_row, part : int, str
        For layers read in parts: row number of the first geometry, and what to add to the name in messages.
    """
    if is_arrow(column):
        return _take_arrow(column, name, care, threads, first_row, part)
    geometries = np.asarray(getattr(column, "values", column), dtype=object)
    ragged = parse_wkb(plain_wkb(geometries, name), name, threads=threads)
    if care.trusted:
        return ragged
    rows = find_invalid(ragged, lambda rows: geometries[rows], threads=threads)
    if not len(rows):
        return ragged
    repaired = geometries.copy()
    repaired[rows] = care.valid_or_refused(geometries[rows], rows, len(geometries), name)
    return parse_wkb(plain_wkb(repaired, name), name, threads=threads)


def _take_arrow(column: Any, name: str, care: Care, threads: int, first_row: int, part: str) -> Ragged:
    """Lay out an Arrow column; shapes are built only of rows the quick test leaves open."""
    import pyarrow as pa

    ragged = parse_wkb(column, name + part, threads=threads)
    if care.trusted:
        return ragged
    chunked = pa.chunked_array(binary_chunks(column), type=None if len(column) else pa.binary())

    def shapes(rows: IntArray) -> Geometries:
        values = chunked.take(pa.array(rows)).to_numpy()
        values[values == b""] = None
        return np.asarray(shapely.from_wkb(values), dtype=object)

    rows = find_invalid(ragged, shapes, threads=threads)
    if not len(rows):
        return ragged
    after = care.valid_or_refused(shapes(rows), rows + first_row, len(ragged), name, part)
    values = chunked.to_numpy().copy()
    values[rows] = plain_wkb(after, name).to_numpy(zero_copy_only=False)
    return parse_wkb(pa.array(values, pa.large_binary()), name, threads=threads)


def project_all(layers: list[Ragged], crs: Any) -> list[Ragged]:
    """Bring layers to the equal-area projection about their common extent."""
    from spacegov.kernels.projection import equal_area_projection, project_ragged
    from spacegov.kernels.rings import extent

    require_crs(crs)
    xmin, ymin, xmax, ymax = extent(np.array([extent(layer.boxes) for layer in layers]))
    if xmax < xmin:
        return layers
    projection = equal_area_projection(crs, (xmin, ymin, xmax, ymax))
    return [project_ragged(layer, projection) for layer in layers]


def require_crs(crs: Any) -> None:
    """Refuse an ellipsoidal area of a layer without a place on earth."""
    if crs is None:
        raise UnsuitableCrs(
            "ellipsoidal areas need to know the coordinate system, and the layers have none; "
            "set it (frame.set_crs), or ask for area_basis='plane'"
        )


def common_crs(given: Sequence[tuple[Any, str]]) -> Any:
    """Give the coordinate system the layers share, None when none is known.

    Raises
    ------
    UnsuitableCrs
        When they differ.
    """
    known = [(crs, name) for crs, name in given if crs is not None]
    for crs, name in known[1:]:
        # coordinates are x before y whatever the order of the axes
        if crs != known[0][0] and not crs.equals(known[0][0], ignore_axis_order=True):
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
