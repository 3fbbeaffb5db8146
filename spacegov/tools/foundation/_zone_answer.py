"""The answer of a zone summary while it grows: wide columns, long rows, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadInput, MissingColumn, WrongGeometry, suggest
from spacegov.kinds import AreaBasis
from spacegov.layers.coverage import Answer, covered_share
from spacegov.ledger import balance, doubt
from spacegov.raster import Raster
from spacegov.tools.foundation._raster_zones import raster_in_zones
from spacegov.tools.foundation._shapes import Floats, Integers
from spacegov.tools.foundation._zone_measures import (
    Inside,
    Tally,
    lines_in_zones,
    points_in_zones,
    polygons_in_zones,
)
from spacegov.tools.overlay import shapes_of

UNCLASSIFIED = "unclassified"
# A zone counts as wholly covered when less than this share of it lies outside: borders of two surveys differ by
# millimetres.
_WHOLLY = 1 - 1e-6


class ZoneAnswer:
    """Wide columns and long rows, collected layer by layer."""

    def __init__(self, names: list[str], area: Floats) -> None:
        self.names, self.area = names, area
        self.wide: dict[str, Any] = {}
        self.classes: list[pd.DataFrame] = []
        self.statistics: list[pd.DataFrame] = []

    def put(self, column: str, values: Any) -> None:
        """Add a column of the wide table, refusing a name that is there already."""
        if column in self.wide:
            raise BadInput(f"two columns of the answer would be called {column!r}; give the layers distinct names")
        self.wide[column] = values

    def add_classes(self, layer: str, prefix: str, labels: list[str], tally: Tally, measures: Sequence[str]) -> None:
        """Add the sums of a layer by class, wide and long."""
        share = tally.area / self.area[:, None]
        parts = {"count": tally.features, "length_m": tally.length, "area_m2": tally.area, "share": share}
        classed = labels != [""]
        for column, label in enumerate(labels):
            for measure in measures:
                self.put(f"{prefix}_{label}_{measure}" if classed else f"{prefix}_{measure}", parts[measure][:, column])
        zone, label_number = (
            grid.ravel() for grid in np.meshgrid(range(len(self.names)), range(len(labels)), indexing="ij")
        )
        some = (tally.features.ravel() > 0) | (tally.area.ravel() > 0)
        self.classes.append(
            pd.DataFrame(
                {
                    "zone": np.asarray(self.names, dtype=object)[zone[some]],
                    "layer": layer,
                    "class": np.asarray(labels, dtype=object)[label_number[some]],
                    **{name: values.ravel()[some] for name, values in parts.items()},
                }
            )
        )


def put_layer(
    answer: ZoneAnswer,
    layer: gpd.GeoDataFrame,
    name: str,
    prefix: str,
    zones: gpd.GeoDataFrame,
    column: str | None,
    summed: str | None,
    cover: gpd.GeoDataFrame | None,
    area_basis: AreaBasis,
) -> None:
    """Put what a layer of points, lines or polygons has in every zone."""
    shapes, zone_shapes = shapes_of(layer), shapes_of(zones)
    labels, codes = _labels(layer, name, column)
    dimension = np.unique(shapely.get_dimensions(shapes))
    if len(dimension) > 1:
        raise WrongGeometry(
            f"{name}: points, lines and polygons are mixed, one type is needed; split the layer by type first"
        )
    measures = ["count"]
    if not len(dimension) or dimension[0] == 2:
        tally, covered, inside, crossing = polygons_in_zones(
            shapes, codes, zone_shapes, len(labels), layer.crs, area_basis
        )
        measures += ["area_m2", "share"]
        _check_cover(answer, name, covered, crossing)
        if column is not None:
            answer.put(f"{prefix}_count", tally.features.sum(axis=1))
            answer.put(f"{prefix}_area_m2", covered)
            answer.put(f"{prefix}_share", covered / answer.area)
    elif dimension[0] == 1:
        tally, inside = lines_in_zones(shapes, codes, zone_shapes, len(labels))
        measures += ["length_m"]
        if column is not None:
            answer.put(f"{prefix}_count", tally.features.sum(axis=1))
            answer.put(f"{prefix}_length_m", tally.length.sum(axis=1))
    else:
        tally, inside = points_in_zones(shapes, codes, zone_shapes, len(labels))
        if column is not None:
            answer.put(f"{prefix}_count", tally.features.sum(axis=1))
    answer.add_classes(name, prefix, labels, tally, measures)
    if summed is not None:
        answer.put(f"{prefix}_{summed}_sum", _sums(layer, name, summed, inside, len(zones)))
    share = covered_share(zones, cover)
    if cover is not None:
        answer.put(f"{prefix}_covered_share", share)
    found = tally.features.sum(axis=1) > 0
    answer.put(f"{prefix}_answer", _answers(found, share))


def _answers(found: Any, share: Floats) -> list[str]:
    """No record where nobody looked is not an absence."""
    silent = np.where(share >= _WHOLLY, Answer.ABSENT.value, Answer.NOT_COVERED.value)
    return [str(word) for word in np.where(found, Answer.PRESENT.value, silent)]


def _check_cover(answer: ZoneAnswer, name: str, covered: Floats, crossing: bool) -> None:
    rest = np.maximum(answer.area - covered, 0.0)
    balance(float(answer.area.sum()), [*covered, *rest], what=f"area of zones, in and out of {name}")
    if crossing:
        doubt("features of different classes overlap, so that the shares of its classes may exceed its own", name)


def _labels(layer: gpd.GeoDataFrame, name: str, column: str | None) -> tuple[list[str], Integers]:
    """Give the classes of a layer in order, and the class of every feature."""
    if column is None:
        return [""], np.zeros(len(layer), np.int64)
    _need_column(layer, name, column, "classes")
    values = layer[column]
    missing = values.isna().to_numpy()
    words = np.where(missing, UNCLASSIFIED, values.astype(str).to_numpy())
    if missing.any():
        doubt(f"{int(missing.sum())} features have no {column!r} and are counted as {UNCLASSIFIED}", name)
    labels, codes = np.unique(words.astype(str), return_inverse=True)
    return [str(label) for label in labels] or [""], codes.astype(np.int64)


def _need_column(layer: gpd.GeoDataFrame, name: str, column: str, option: str) -> None:
    if column not in layer.columns:
        there = [str(known) for known in layer.columns if known != layer.geometry.name]
        raise MissingColumn(f"{option}: {name} has no column {column!r}; {suggest(column, there)}")


def _sums(layer: gpd.GeoDataFrame, name: str, column: str, inside: Inside, zones: int) -> Floats:
    _need_column(layer, name, column, "sums")
    if not pd.api.types.is_numeric_dtype(layer[column]):
        raise BadInput(f"sums: {name}'s column {column!r} holds {layer[column].dtype}, numbers are needed; convert it")
    values = layer[column].to_numpy(np.float64, na_value=np.nan)
    missing = int(np.isnan(values).sum())
    if missing:
        doubt(f"{missing} features have no {column!r} and add nothing to its sum", name)
    weights = np.nan_to_num(values)[inside.feature] * inside.share
    return np.asarray(np.bincount(inside.zone, weights=weights, minlength=zones), dtype=np.float64)


def put_raster(
    answer: ZoneAnswer,
    raster: Raster,
    name: str,
    prefix: str,
    zones: gpd.GeoDataFrame,
    wanted: Sequence[str],
    percentiles: Sequence[int],
) -> None:
    """Put statistics of a raster of values."""
    titles = [*wanted, *(f"p{percent}" for percent in percentiles)]
    operations = [*wanted, *(f"quantile(q={percent / 100:g})" for percent in percentiles)]
    table = raster_in_zones(raster, zones, operations)
    empty = table["count"].to_numpy() == 0
    for title, operation in zip(titles, operations, strict=True):
        values = np.where(empty, np.nan, table[operation].to_numpy(np.float64))
        answer.put(f"{prefix}_{title}", values)
        answer.statistics.append(
            pd.DataFrame({"zone": answer.names, "layer": name, "statistic": title, "value": values})
        )
    _put_cells(answer, raster, prefix, table["count"].to_numpy(np.float64), zones)


def put_class_raster(answer: ZoneAnswer, raster: Raster, name: str, prefix: str, zones: gpd.GeoDataFrame) -> None:
    """Put areas and shares of a raster of classes."""
    table = raster_in_zones(raster, zones, ["unique", "frac"])
    found = [np.asarray(values) for values in table["unique"]]
    labels = np.unique(np.concatenate(found)) if found else np.empty(0)
    if (labels != np.rint(labels)).any():
        raise BadInput(f"class_rasters: {name} holds values with fractions, classes are whole numbers; reclassify it")
    share = np.zeros((len(zones), len(labels)))
    for row, (values, parts) in enumerate(zip(found, table["frac"], strict=True)):
        share[row, np.searchsorted(labels, values)] = parts
    covered = _put_cells(answer, raster, prefix, table["count"].to_numpy(np.float64), zones)
    area = share * (covered * answer.area)[:, None]
    words = [str(int(label)) for label in labels]
    tally = Tally(np.zeros(area.shape, np.int64), np.zeros(area.shape), area)
    answer.add_classes(name, prefix, words, tally, ["area_m2", "share"])


def _put_cells(answer: ZoneAnswer, raster: Raster, prefix: str, cells: Floats, zones: gpd.GeoDataFrame) -> Floats:
    """Put the share of each zone that has data, from plane areas on both sides."""
    covered = np.minimum(cells * raster.cell_area_m2 / zones.geometry.area.to_numpy(), 1.0)
    covered[covered >= _WHOLLY] = 1.0
    answer.put(f"{prefix}_covered_share", covered)
    answer.put(f"{prefix}_answer", [Answer.PRESENT.value if cell > 0 else Answer.NOT_COVERED.value for cell in cells])
    return np.asarray(covered, dtype=np.float64)
