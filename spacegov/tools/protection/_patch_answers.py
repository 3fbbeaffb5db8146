"""The answer for every change patch: present, absent, not covered or failed."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import ground_area
from spacegov.tools.protection._changes import Changes

PATCH_COLUMNS = {
    "patch": "str",
    "answer": "str",
    "kind": "str",
    "seen": "datetime64[s]",
    "area_m2": "float64",
    "encroached_m2": "float64",
    "share": "float64",
    "not_covered_m2": "float64",
    "not_covered": "str",
    "error": "str",
}


def answer_patches(
    asked: Changes, rows: pd.DataFrame, shapes: Any, gaps: pd.DataFrame, crs: Any, area_basis: AreaBasis
) -> gpd.GeoDataFrame:
    """Answer for every patch: present, absent, not covered or failed."""
    encroached = np.zeros(len(asked.shapes))
    for position, group in rows.groupby("patch"):
        encroached[int(str(position))] = ground_area(shapes[group.index.to_numpy()], crs, area_basis)
    error = asked.table["error"].to_numpy(dtype=object)
    failed = np.array([text is not None for text in error], dtype=bool)
    uncovered = gaps["not_covered_m2"].to_numpy()
    answer = np.where(encroached > 0, "present", np.where(uncovered > 0, "not_covered", "absent")).astype(object)
    answer[failed] = "failed"
    table = pd.DataFrame(
        {
            "patch": asked.table["patch"],
            "answer": answer,
            "kind": asked.table["kind"],
            "seen": asked.table["seen"],
            "area_m2": asked.area_m2,
            "encroached_m2": np.where(failed, np.nan, encroached),
            "share": np.where(failed, np.nan, np.minimum(encroached / asked.area_m2, 1.0)),
            "not_covered_m2": uncovered,
            "not_covered": gaps["not_covered"],
            "error": error,
        }
    )
    return gpd.GeoDataFrame(table.astype(PATCH_COLUMNS), geometry=asked.shapes, crs=crs)
