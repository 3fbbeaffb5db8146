"""Protected ground under patches: areas of one theme united before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, name_of
from spacegov.tools.overlay import Shapes, areas_of, differences, ground_area, intersections, shapes_of, union_of
from spacegov.tools.protection._changes import Changes
from spacegov.tools.values import labels_of, text_of, texts_of


def protected_ground(
    protected: list[gpd.GeoDataFrame], changes: Changes, *, theme: str | None, area_basis: AreaBasis
) -> tuple[pd.DataFrame, Shapes]:
    """Cut patches with protected areas, one piece for each patch and theme.

    Returns
    -------
    rows : DataFrame
        patch (position), theme, sub_zones, records (texts with ; between), area_m2; by patch and theme.
    shapes : array of polygons
        The pieces, each place once.
    """
    crs = protected[0].crs
    shapes = np.concatenate([shapes_of(frame) for frame in protected])
    table = pd.concat([_rows(frame, position, theme) for position, frame in enumerate(protected)], ignore_index=True)
    sound = np.flatnonzero(changes.sound)
    asked = gpd.GeoSeries(changes.shapes[sound], crs=crs)
    pairs = pair_areas(asked, gpd.GeoSeries(shapes, crs=crs), area_basis=area_basis, trusted=True)
    left, right = sound[pairs["left_index"]], pairs["right_index"].to_numpy()
    pieces = intersections(changes.shapes[left], shapes[right])
    found = pd.DataFrame({"patch": left, "theme": table["theme"].to_numpy(dtype=object)[right], "right": right})
    rows, united = [], []
    for (patch, name), group in found.groupby(["patch", "theme"], sort=True):
        own = group["right"].to_numpy()
        several = pieces[group.index.to_numpy()]
        united.append(several[0] if len(several) == 1 else union_of(several))
        rows.append((patch, name, _join(table["sub_zone"][own]), _join(table["record"][own])))
    answer = pd.DataFrame(rows, columns=["patch", "theme", "sub_zones", "records"]).astype({"patch": "int64"})
    ground = np.empty(len(united), dtype=object)
    ground[:] = united
    answer["area_m2"] = areas_of(ground, crs, area_basis)
    return answer, ground


def _rows(frame: gpd.GeoDataFrame, position: int, theme: str | None) -> pd.DataFrame:
    name = name_of(frame, f"protected {position + 1}")
    column = theme or ("control" if "control" in frame.columns else None)
    themes = texts_of(frame[column]) if column is not None else np.full(len(frame), name, dtype=object)
    zones = texts_of(frame["sub_zone"]) if "sub_zone" in frame.columns else np.full(len(frame), None, dtype=object)
    # ground whose theme is not stated still is protected: the layer stands for it
    named = [value if value is not None else name for value in themes]
    return pd.DataFrame({"theme": named, "sub_zone": zones, "record": labels_of(frame)}, dtype=object)


def _join(values: Any) -> str | None:
    texts = {text_of(value) for value in values} - {None}
    return "; ".join(sorted(str(text) for text in texts)) or None


def gaps_of(
    coverage: Mapping[str, gpd.GeoDataFrame], patches: Shapes, crs: Any, *, min_area: float, area_basis: AreaBasis
) -> pd.DataFrame:
    """Measure for each patch the ground on which a layer is not authoritative.

    Returns
    -------
    DataFrame
        not_covered_m2 (every place counted once), not_covered (names of the layers); a row for every patch.
    """
    gaps: list[list[Any]] = [[] for _ in patches]
    names: list[list[str]] = [[] for _ in patches]
    for name in sorted(coverage):
        ground = shapes_of(coverage[name])
        known = np.full(len(patches), union_of(ground), dtype=object)
        rest = differences(patches, known)
        sizes = areas_of(rest, crs, area_basis)
        for position in np.flatnonzero(sizes >= max(min_area, 1e-9)):
            gaps[position].append(rest[position])
            names[position].append(name)
    amount = [ground_area(np.array(found, dtype=object), crs, area_basis) for found in gaps]
    return pd.DataFrame(
        {
            "not_covered_m2": np.array(amount, dtype=np.float64),
            "not_covered": ["; ".join(found) or None for found in names],
        }
    )
