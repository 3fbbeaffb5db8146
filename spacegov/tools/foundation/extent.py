"""Whether layers lie where they should."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from spacegov.checks import checked
from spacegov.errors import EmptyLayer
from spacegov.kinds import AnyLayer, ColumnOf, Metres, Polygons, name_of
from spacegov.ledger import figure, progress
from spacegov.tools.foundation._placing import Box, degrees_of, explain, name_crs, share_within, widened
from spacegov.tools.foundation._records import answer_frame, answer_table, record_names
from spacegov.tools.foundation._shapes import Floats, Shapes
from spacegov.tools.overlay import shapes_of, union_of

_SAMPLE = 500


class ExtentCheck(NamedTuple):
    """The verdict on each layer, and the features that lie outside."""

    layers: pd.DataFrame
    outside: gpd.GeoDataFrame


@checked(partition=None)
def check_extent(
    layers: list[AnyLayer],
    territory: Polygons,
    *,
    id_column: Annotated[str | None, ColumnOf("layers")] = None,
    tolerance: Metres = 1.0,
) -> ExtentCheck:
    """Find layers and features that do not lie where they should.

    Parameters
    ----------
    layers : list of GeoDataFrame
        Any layers, as they were delivered.
    territory : GeoDataFrame
        Where they should lie; its CRS must be right.
    id_column : str, optional
        Column that names a record; the row label without it.
    tolerance : float
        How far beyond the border a feature may reach.

    Returns
    -------
    layers : DataFrame
        A row for each layer, in the order given: `layer`, `verdict` (`inside`; `outside`: some features lie wholly or
        partly outside; `elsewhere`: it lies elsewhere and no explanation fits; `swapped-axes`; `wrong-crs`;
        `wrong-unit`; `no-crs`; `empty`), `stated_crs`, `likely_crs`, `features`, `outside` (wholly), `reaching_out`
        (partly), `bounds` (its own coordinates: west, south, east, north), `reason`, `mend`.
    outside : GeoDataFrame
        Features outside of layers that lie in the territory, in its CRS: `layer`, `feature`, `row`, `wholly`,
        `distance_m` (m, how far the farthest part lies beyond the border), `geometry` (the part outside).

    Raises
    ------
    EmptyLayer
        The territory has no feature.

    Notes
    -----
    A layer lies in the territory when at least half of its features meet the territory's box, widened by half of its
    size. Where it does not, explanations are tried in this order, and the first that brings 90 % of the features there
    is given: axes swapped; the coordinates fit another CRS (the territory's, those that the EPSG register has for the
    place, Web Mercator, degrees); both; the unit is millimetres, kilometres or feet. Several CRS of one meridian and
    different datums lie within 100 m of each other and cannot be told apart by place: the likely CRS is of the
    territory's datum where one fits. Shifts of some hundred metres, as of encrypted web maps, are not seen. Not split:
    the verdict is on whole layers.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> county = gpd.GeoDataFrame(geometry=[shapely.box(5e5, 3.25e6, 5.2e5, 3.27e6)], crs="EPSG:4549")
    >>> wells = gpd.GeoDataFrame(geometry=[shapely.Point(3.26e6, 5.1e5)], crs="EPSG:4549")
    >>> check_extent([wells], county).layers[["verdict", "reason"]].values.tolist()
    [['swapped-axes', 'x and y are exchanged']]
    """
    if not len(territory):
        raise EmptyLayer("territory: the layer has no feature, one is needed; give the border of the territory")
    ground = union_of(shapes_of(territory))
    home = CRS(territory.crs)
    box = degrees_of(np.array([shapely.bounds(ground)]), home)[0]
    place = widened((float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    room = shapely.buffer(ground, tolerance)
    shapely.prepare(room)
    rows, found = [], []
    for number, layer in enumerate(layers, start=1):
        name = name_of(layer, f"layer{number}")
        verdict, beyond = _judge(layer, name, home, place, room, ground, record_names(layer, id_column))
        rows.append(verdict)
        found.append(beyond)
        progress(number / len(layers), name)
    outside = pd.concat(found, ignore_index=True)
    figure("layers", len(rows))
    figure("misplaced", sum(row["verdict"] not in {"inside", "outside", "empty"} for row in rows))
    figure("features_outside", sum(row["outside"] + row["reaching_out"] for row in rows))
    counts = ("features", "outside", "reaching_out")
    order = ("layer", "verdict", "stated_crs", "likely_crs", *counts, "bounds", "reason", "mend")
    table = answer_table(
        {column: ([row[column] for row in rows], "int64" if column in counts else "str") for column in order}
    )
    return ExtentCheck(table, gpd.GeoDataFrame(outside, geometry="geometry", crs=territory.crs))


def _judge(
    layer: gpd.GeoDataFrame, name: str, home: CRS, place: Box, room: Any, ground: Any, names: Any
) -> tuple[dict[str, Any], gpd.GeoDataFrame]:
    nothing = _outside_frame(layer, name, np.empty(0, np.int64), np.empty(0, dtype=object), ground, names, home)
    shapes = shapes_of(layer)
    boxes = shapely.bounds(shapes)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    stated = None if layer.crs is None else CRS(layer.crs)
    facts: dict[str, Any] = {"layer": name, "stated_crs": name_crs(stated), "features": len(layer), "outside": 0}
    facts |= {"reaching_out": 0, "likely_crs": name_crs(stated), "mend": "", "reason": "", "bounds": _say_bounds(boxes)}
    if not len(boxes):
        return {**facts, "verdict": "empty", "reason": "no feature has a geometry"}, nothing
    sample = boxes[:: max(len(boxes) // _SAMPLE, 1)]
    if stated is not None and share_within(degrees_of(sample, stated), place) >= 0.5:
        beyond = _beyond(layer, name, shapes, room, ground, names, home)
        wholly, partly = int(beyond["wholly"].sum()), int((~beyond["wholly"]).sum())
        verdict = "outside" if wholly or partly else "inside"
        return {**facts, "verdict": verdict, "outside": wholly, "reaching_out": partly}, beyond
    hypothesis = explain(sample, stated, home, place)
    if hypothesis is None:
        reason = "it lies elsewhere, and neither axes, CRS nor unit explain it" if stated else "it states no CRS"
        mend = "ask the department for the right layer" if stated else "ask the department for its CRS"
        verdict = "elsewhere" if stated else "no-crs"
        return {**facts, "verdict": verdict, "likely_crs": "", "reason": reason, "mend": mend}, nothing
    told = {"verdict": hypothesis.verdict, "reason": hypothesis.reason, "mend": hypothesis.mend}
    return {**facts, **told, "likely_crs": name_crs(hypothesis.crs)}, nothing


def _say_bounds(boxes: Floats) -> str:
    if not len(boxes):
        return ""
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return ", ".join(f"{value:.10g}" for value in (west, south, east, north))


def _beyond(
    layer: gpd.GeoDataFrame, name: str, shapes: Shapes, room: Any, ground: Any, names: Any, home: CRS
) -> gpd.GeoDataFrame:
    if layer.crs != home:
        moved = layer.to_crs(home)
        shapes = shapes_of(moved)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    rows = np.flatnonzero(there & ~shapely.covered_by(shapes, room))
    return _outside_frame(layer, name, rows, shapes[rows], ground, names, home)


def _outside_frame(
    layer: gpd.GeoDataFrame, name: str, rows: Any, shapes: Shapes, ground: Any, names: Any, home: CRS
) -> gpd.GeoDataFrame:
    # Broken polygons are another tool's matter; here they are measured as if repaired.
    sound = shapely.make_valid(shapes)
    parts = shapely.difference(sound, ground)
    return answer_frame(
        {
            "layer": ([name] * len(rows), "str"),
            "feature": (names[rows], "str"),
            "row": ([str(layer.index[row]) for row in rows], "str"),
            "wholly": (~shapely.intersects(sound, ground), "bool"),
            "distance_m": (_farthest(parts, ground), "float64"),
        },
        parts,
        home,
    )


def _farthest(parts: Shapes, ground: Any) -> Floats:
    """Give the largest distance from the territory of any vertex of each part."""
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    farthest = np.zeros(len(parts))
    np.maximum.at(farthest, part, shapely.distance(shapely.points(coordinates), ground))
    return farthest
