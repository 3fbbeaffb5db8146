"""Whether a delivery lies where it should, and whether the CRS it states is one for that place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.kinds import AREAL_SCALE_TOLERANCE
from spacegov.layers.faults import FaultLog
from spacegov.ledger import collect

SAMPLE = 5_000
_MOST = 0.5


class Place:
    """The territory of a workspace, to hold deliveries against.

    Parameters
    ----------
    territory : GeoDataFrame, optional
        Polygons in the analysis CRS; without it nothing is outside.
    """

    def __init__(self, territory: Any) -> None:
        import shapely

        self.territory = territory if territory is not None and len(territory) else None
        self.ground: Any = None
        if self.territory is not None:
            self.ground = shapely.buffer(shapely.make_valid(self.territory.geometry.union_all()), 1.0)
            shapely.prepare(self.ground)

    def outside(self, shapes: NDArray[Any]) -> NDArray[np.int64]:
        """Give the rows of shapes that lie wholly outside; those without place do not count."""
        import shapely

        if self.ground is None:
            return np.empty(0, np.int64)
        there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
        return np.flatnonzero(there & ~shapely.intersects(self.ground, shapes))

    def judge(self, native: Any, name: str, log: FaultLog) -> None:
        """Say what is wrong when most of a layer lies elsewhere.

        Parameters
        ----------
        native : GeoDataFrame
            The first features as they were delivered.
        name : str
            The source, for the reason.
        log : FaultLog
            Where the verdict goes.
        """
        import geopandas as gpd
        import shapely

        if self.territory is None or not len(native):
            return
        boxes = shapely.bounds(np.asarray(native.geometry.array, dtype=object)[:SAMPLE])
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        if not len(boxes):
            return
        # A box stands for its feature: where a layer lies does not hang on its shapes, which may be broken.
        sample = gpd.GeoDataFrame(geometry=shapely.box(*boxes.T), crs=native.crs)
        sample.attrs["layer"] = name
        from spacegov.tools.foundation.extent import check_extent

        with collect():
            verdict = check_extent([sample], self.territory).layers.iloc[0]
        if verdict["verdict"] in {"elsewhere", "swapped-axes", "wrong-crs", "wrong-unit"}:
            log.layer_wide(str(verdict["verdict"]), "error", str(verdict["reason"]), str(verdict["mend"]))


def source_crs(stated: Any, given: Any, name: str) -> Any:
    """Give the CRS of a source: what it states, else what the user states for it.

    Raises
    ------
    UnsuitableCrs
        It states none and the user states none, or they differ.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    from spacegov.crs import crs_name, same_crs

    try:
        own = None if stated is None else CRS.from_user_input(stated)
        told = None if given is None else CRS.from_user_input(given)
    except CRSError:
        raise BadInput(f"{given or stated!r} names no CRS; write it as EPSG:4549") from None
    if own is None and told is None:
        raise UnsuitableCrs(f"{name}: it states no CRS; find out which it is and state it with --source-crs EPSG:…")
    if own is not None and told is not None and not same_crs(own, told):
        raise UnsuitableCrs(
            f"{name}: it states {crs_name(own)} itself and {crs_name(told)} was given; a layer is never relabelled, "
            "correct the file with ogr2ogr -a_srs if it is wrong"
        )
    return own if own is not None else told


def check_zone(crs: Any, bounds: Any, name: str, log: FaultLog) -> None:
    """Report a projected CRS whose areas are not true where the layer lies: a wrong zone, or a map for the eye."""
    from spacegov.crs import areal_scale, crs_name, fitting

    if not crs.is_projected or bounds is None or not np.isfinite(bounds).all():
        return
    west, south, east, north = (float(side) for side in bounds)
    low, high = areal_scale(crs.to_wkt(), (west, south, east, north))
    if low >= 1 - AREAL_SCALE_TOLERANCE and high <= 1 + AREAL_SCALE_TOLERANCE:
        return
    said = f"areas in {crs_name(crs)} are {low:.4f} to {high:.4f} times the true ones" if high < 1e6 else (
        f"{crs_name(crs)} is not defined at {west:g}, {south:g}, {east:g}, {north:g}"
    )  # fmt: skip
    fits = fitting(crs, (west, south, east, north)) if high < 1e6 else "another"
    log.layer_wide("wrong-zone", "warning", f"{name}: {said}", f"deliver it in {fits}, or in the analysis CRS")
