"""Tabulation where at least one layer is a GeoParquet file: at once when small, streamed when large."""

from __future__ import annotations

from typing import Any

import numpy as np

from spacegov.errors import InvalidGeometry
from spacegov.kernels.classes import Classes, number_classes, number_values
from spacegov.kernels.frame_parts import FrameParts, Parts
from spacegov.kernels.geoparquet import GeoParquet
from spacegov.kernels.intake import (
    AreaBasis,
    Care,
    check_area_basis,
    column_crs,
    common_crs,
    geometry_column,
    project_all,
    require_crs,
    square_metres,
    take_column,
)
from spacegov.kernels.projection import equal_area_projection
from spacegov.kernels.ragged import Ragged
from spacegov.kernels.rings import extent
from spacegov.kernels.streaming import PartReader, RightParts, self_overlap, stream_class_areas
from spacegov.kernels.tabulate import ClassSums, is_path, refuse_missing_classes, refuse_overlap, spread, sum_layers

Bounds = tuple[float, float, float, float]

# two layers up to this size together are read at once
_AT_ONCE_BYTES = 256 << 20
_PARTS_PER_THREAD = 4
_NAMES = ("left", "right")


def sum_files(
    left: Any, right: Any, by: tuple[str, str], area_basis: AreaBasis, care: Care, threads: int, *, balance: bool
) -> ClassSums:
    """Sum areas by class of two layers of which at least one is a file."""
    check_area_basis(area_basis)
    sources = [
        GeoParquet(layer, name) if is_path(layer) else layer for layer, name in ((left, "left"), (right, "right"))
    ]
    for source, column in zip(sources, by, strict=True):
        if isinstance(source, GeoParquet):
            source.require_column(column)
    large = sum(source.bytes for source in sources if isinstance(source, GeoParquet)) > _AT_ONCE_BYTES
    if large or _well_parted(sources[0], sources[1], threads):
        return _stream(sources, by, area_basis, care, threads, balance=balance)
    return _at_once(sources, by, area_basis, care, threads, balance=balance)


def _well_parted(left: Any, right: Any, threads: int) -> bool:
    """Whether two files have parts enough that reading one beside the sums of another is the quicker way."""
    if not isinstance(left, GeoParquet) or not isinstance(right, GeoParquet):
        return False
    known = left.group_boxes is not None and right.group_boxes is not None
    return known and threads > 1 and left.groups >= _PARTS_PER_THREAD * threads


def _at_once(
    sources: list[Any], by: tuple[str, str], area_basis: AreaBasis, care: Care, threads: int, *, balance: bool
) -> ClassSums:
    """Read both layers, then sum them."""
    crs = _common_crs(sources)
    factor = square_metres(crs) if area_basis == "plane" else 1.0
    taken = [
        _read(source, column, name, care, threads) for source, column, name in zip(sources, by, _NAMES, strict=True)
    ]
    care.report()
    layers = [layer for layer, _ in taken]
    if area_basis == "ellipsoid":
        layers = project_all(layers, crs)
    return sum_layers(layers[0], taken[0][1], layers[1], taken[1][1], factor, threads, balance=balance)


def _read(source: Any, column: str, name: str, care: Care, threads: int) -> tuple[Ragged, Classes]:
    """Take one layer whole, from a file or a frame."""
    if not isinstance(source, GeoParquet):
        classes = number_classes(source, column, name)
        return take_column(geometry_column(source, name), name, care=care, threads=threads), classes
    table = source.read_all(list(dict.fromkeys([column, source.geometry])), threads=threads)
    classes = number_values(table[column].to_pandas())
    return take_column(table[source.geometry], name, care=care, threads=threads), classes


def _common_crs(sources: list[Any]) -> Any:
    """Give the coordinate system of two files or frames."""
    known = [
        source.crs if isinstance(source, GeoParquet) else column_crs(geometry_column(source, name))
        for source, name in zip(sources, _NAMES, strict=True)
    ]
    return common_crs(list(zip(known, _NAMES, strict=True)))


def _parts(source: Any, column: str, name: str) -> Parts:
    """Take a file or a frame in parts."""
    if isinstance(source, GeoParquet):
        return source
    # refuses a frame without the column
    number_classes(source, column, name)
    return FrameParts(source, column, name)


def _stream(
    sources: list[Any], by: tuple[str, str], area_basis: AreaBasis, care: Care, threads: int, *, balance: bool
) -> ClassSums:
    """Sum two layers part by part."""
    crs = _common_crs(sources)
    factor = square_metres(crs) if area_basis == "plane" else 1.0
    left, right = (_parts(source, column, name) for source, column, name in zip(sources, by, _NAMES, strict=True))
    bounds = left.bounds or _measured_bounds(left)
    projection = None
    if area_basis == "ellipsoid":
        require_crs(crs)
        other = right.bounds or _measured_bounds(right)
        projection = equal_area_projection(crs, _around(bounds, other))
        low, high = projection.transform(np.array([bounds[:2], bounds[2:]]))
        bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    left_reader = PartReader(left, by[0], care, projection)
    right_reader = PartReader(right, by[1], care, projection)
    parts = RightParts(right_reader)
    if balance:
        overlap = self_overlap(parts)
        refuse_overlap(overlap.area, overlap.pairs, (overlap.first, overlap.second), overlap.whole)
    box_area = abs((bounds[2] - bounds[0]) * (bounds[3] - bounds[1])) or 1.0
    streamed = stream_class_areas(left_reader, parts, box_area, wholes=balance, threads=threads)
    care.report()
    left_values, left_rank = left_reader.book.ordered()
    right_values, right_rank = right_reader.book.ordered()
    if balance:
        refuse_missing_classes(right_values)
    rows, columns, areas = streamed.pairs.result()
    rows, columns = left_rank[rows], right_rank[columns]
    order = np.lexsort((columns, rows))
    wholes = None
    if balance:
        wholes = np.zeros(len(left_values))
        wholes[left_rank] = spread(streamed.wholes, len(left_values)) * factor
    return ClassSums(left_values, right_values, rows[order], columns[order], areas[order] * factor, wholes)


def _around(first: Bounds, second: Bounds) -> Bounds:
    """The box around two."""
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def _measured_bounds(file: Parts) -> Bounds:
    """Extent of a file whose metadata does not tell it, by reading all its geometry."""
    found = []
    for _, table in file.batches(range(file.groups), [file.geometry], 1 << 16):
        found.append(extent(take_column(table[file.geometry], file.name, care=Care(trusted=True), threads=1).boxes))
    xmin, ymin, xmax, ymax = extent(np.array(found).reshape(-1, 4))
    if xmax < xmin:
        return 0.0, 0.0, 0.0, 0.0
    if not np.isfinite([xmin, ymin, xmax, ymax]).all():
        raise InvalidGeometry(f"{file.name} has coordinates that are not finite; correct them first")
    return xmin, ymin, xmax, ymax
