"""The ground under change patches: controls first, then what the survey before says."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.errors import BadPolicy
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import areas_of, differences, intersections, shapes_of, union_of
from spacegov.tools.protection._changes import Changes
from spacegov.tools.protection._themes import protected_ground
from spacegov.tools.values import text_of, texts_of

UNSURVEYED, UNGROUPED = "unsurveyed", "ungrouped"


def grounds_under(
    asked: Changes,
    controls: list[gpd.GeoDataFrame],
    before: gpd.GeoDataFrame,
    grounds: pd.DataFrame,
    land_class: str,
    theme: str | None,
    min_area: float,
    basis: AreaBasis,
) -> tuple[pd.DataFrame, Any]:
    """Cut patches by controls, then by kinds of ground of the survey.

    Returns
    -------
    rows : DataFrame
        position (of the patch), ground (theme of a control, kind of ground, `unsurveyed`, or `ungrouped` for a class of
        no kind), area_m2; by patch and ground.
    shapes : array of polygons
        The pieces, each place once.
    """
    group_of = _groups(grounds)
    rest = asked.shapes.copy()
    found: list[tuple[int, str, Any]] = []
    for control in controls:
        own = Changes(asked.table, rest, asked.area_m2, asked.crs)
        rows, pieces = protected_ground([control], own, theme=theme, area_basis=basis)
        for index, (number, name) in enumerate(zip(rows["patch"].tolist(), rows["theme"].tolist(), strict=True)):
            found.append((number, name, intersections(rest[[number]], pieces[[index]])[0]))
            rest[number] = differences(rest[[number]], pieces[[index]])[0]
    classes = np.array([group_of.get(str(text), UNGROUPED) for text in texts_of(before[land_class])], dtype=object)
    survey = shapes_of(before)
    sound = np.flatnonzero(asked.sound)
    pairs = pair_areas(
        gpd.GeoSeries(rest[sound], crs=asked.crs), gpd.GeoSeries(survey, crs=asked.crs), area_basis=basis, trusted=True
    )
    left, right = sound[pairs["left_index"].to_numpy()], pairs["right_index"].to_numpy()
    cut = intersections(rest[left], survey[right])
    met = pd.DataFrame({"patch": left, "ground": classes[right]})
    for _, group in met.groupby(["patch", "ground"]):
        number, name = int(group["patch"].iloc[0]), str(group["ground"].iloc[0])
        piece: Any = np.array([union_of(cut[group.index.to_numpy()])], dtype=object)
        found.append((number, name, intersections(rest[[number]], piece)[0]))
        rest[number] = differences(rest[[number]], piece)[0]
    found += [(int(number), UNSURVEYED, rest[number]) for number in sound]
    table = pd.DataFrame([(number, ground) for number, ground, _ in found], columns=["position", "ground"])
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [shape for _, _, shape in found]
    table["area_m2"] = areas_of(shapes, asked.crs, basis)
    ledger.balance(float(asked.area_m2[sound].sum()), table["area_m2"], what="area of patches by kind of ground")
    return _without_small(table.astype({"position": "int64"}), shapes, asked, min_area)


def _without_small(table: pd.DataFrame, shapes: Any, asked: Changes, min_area: float) -> tuple[pd.DataFrame, Any]:
    """Leave out pieces too small to count, but never the largest of a patch; what was left out is reported."""
    largest = table.groupby("position")["area_m2"].transform("max") == table["area_m2"]
    keep = ((table["area_m2"] >= max(min_area, 1e-9)) | largest) & (table["area_m2"] > 0)
    small = table[~keep & (table["area_m2"] > 0)]
    ledger.dropped(len(small), "ground below min_area", area_m2=float(small["area_m2"].sum()))
    left, pieces = table[keep], shapes[keep.to_numpy()]
    order = np.lexsort((left["ground"], asked.table["patch"].astype(str).to_numpy()[left["position"]]))
    return left.iloc[order].reset_index(drop=True), pieces[order]


def _groups(grounds: pd.DataFrame) -> dict[str, str]:
    """Read which kind of ground a land class is."""
    group_of: dict[str, str] = {}
    for row in grounds.to_dict("records"):
        name, group = str(text_of(row["class"])), str(text_of(row["ground"]))
        if group_of.setdefault(name, group) != group:
            raise BadPolicy(f"grounds: the class {name!r} is of two kinds of ground; give each class one row")
    return group_of
