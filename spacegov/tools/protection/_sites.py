"""Patches that are one site, and the cases to open."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, union_of
from spacegov.tools.protection._changes import Changes

CASE_COLUMNS = {
    "case": "int64",
    "first_seen": "datetime64[s]",
    "last_seen": "datetime64[s]",
    "themes": "str",
    "kinds": "str",
    "patches": "str",
    "patch_count": "int64",
    "area_m2": "float64",
}


def join_sites(changes: Changes, patches: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number the sites of patches: those that overlap or share a border are one.

    Parameters
    ----------
    changes : Changes
    patches : int64 (n,)
        Positions of the patches asked about; one may stand several times.

    Returns
    -------
    int64 (n,)
        Number of the site of each.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    own, place = np.unique(patches, return_inverse=True)
    shapes = changes.shapes[own]
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    # corners that touch do not make one site
    joined = shapely.get_dimensions(shapely.intersection(shapes[first], shapes[second])) >= 1
    graph = coo_array((np.ones(int(joined.sum())), (first[joined], second[joined])), shape=(len(own), len(own)))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int64)[place]


def list_cases(
    changes: Changes, rows: pd.DataFrame, open_ground: Shapes, site: Any, crs: Any, area_basis: AreaBasis
) -> tuple[gpd.GeoDataFrame, dict[int, int]]:
    """List the sites with ground that no permit covers.

    Returns
    -------
    cases : GeoDataFrame
    case_of_site : dict of int
        Number of the case by site.
    """
    seen = changes.table["seen"].to_numpy()
    patch = rows["patch"].to_numpy()
    found, shapes = [], []
    concerned = (rows["permitted"] != "permitted").to_numpy()
    for number in np.unique(site[concerned]):
        whole, broken = site == number, (site == number) & concerned
        shapes.append(union_of(open_ground[broken]))
        found.append(
            {
                "site": int(number),
                "first_seen": _bound(seen[patch[whole]], np.min),
                "last_seen": _bound(seen[patch[whole]], np.max),
                "themes": _join(rows["theme"][broken]),
                "kinds": _join(changes.table["kind"].to_numpy(dtype=object)[patch[broken]]),
                "patches": _join(changes.table["patch"].to_numpy(dtype=object)[patch[broken]]),
                "patch_count": len(np.unique(patch[broken])),
            }
        )
    ground = np.empty(len(shapes), dtype=object)
    ground[:] = shapes
    table = pd.DataFrame(found, columns=["site", *(name for name in CASE_COLUMNS if name not in ("case", "area_m2"))])
    table["area_m2"] = areas_of(ground, crs, area_basis)
    bounds = shapely.bounds(ground).reshape(-1, 4)
    # cases without a date stand last
    day = np.array(table["first_seen"], dtype="datetime64[s]")
    order = np.lexsort((bounds[:, 1], bounds[:, 0], day.astype(np.int64), np.isnat(day)))
    table = table.iloc[order].reset_index(drop=True)
    table["case"] = np.arange(1, len(table) + 1)
    case_of_site = dict(zip(table["site"].astype(int), table["case"].astype(int), strict=True))
    cases = gpd.GeoDataFrame(table[list(CASE_COLUMNS)].astype(CASE_COLUMNS), geometry=ground[order], crs=crs)
    return cases, case_of_site


def _bound(days: Any, choose: Any) -> Any:
    known = days[~np.isnat(days)]
    return choose(known) if len(known) else np.datetime64("NaT")


def _join(values: Any) -> str | None:
    return "; ".join(sorted({str(value) for value in values if value is not None and value == value})) or None
