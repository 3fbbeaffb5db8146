"""Which part of changed ground a permit covers that was in force when the change was seen."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.errors import BadInput
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, differences, intersections, shapes_of, union_of
from spacegov.tools.protection._changes import Changes
from spacegov.tools.values import dates_of, labels_of, texts_of

_COLUMNS = ("permitted", "permitted_m2", "unpermitted_m2", "permits", "permits_not_in_force")


class Permits:
    """Permits with the days on which they are in force.

    Parameters
    ----------
    frame : GeoDataFrame or None
    name, valid_from, valid_to : str or None
        Columns; the days are taken from `valid_from` and `valid_to` where the layer has them.

    Raises
    ------
    BadInput
        A day cannot be read.
    """

    def __init__(
        self, frame: gpd.GeoDataFrame | None, *, name: str | None, valid_from: str | None, valid_to: str | None
    ) -> None:
        self.count = 0 if frame is None else len(frame)
        if frame is None or not self.count:
            return
        self.shapes = shapes_of(frame)
        self.names = texts_of(frame[name]) if name is not None else labels_of(frame)
        self.first = self._days(frame, valid_from, "valid_from")
        self.last = self._days(frame, valid_to, "valid_to")

    @staticmethod
    def _days(frame: gpd.GeoDataFrame, stated: str | None, usual: str) -> Any:
        column = stated or (usual if usual in frame.columns else None)
        if column is None:
            return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[s]")
        days, texts = dates_of(frame[column])
        broken = np.flatnonzero(np.isnat(days) & np.array([text is not None for text in texts]))
        if len(broken):
            raise BadInput(
                f"permits: {len(broken)} values of {column!r} are no dates, the first is {texts[broken[0]]!r}; "
                "write them as 2024-06-30, or leave them empty"
            )
        return days

    def in_force(self, permits: Any, days: Any) -> Any:
        """Tell whether each permit is in force on a day; an open end never ends."""
        begun = np.isnat(self.first[permits]) | (self.first[permits] <= days)
        not_over = np.isnat(self.last[permits]) | (self.last[permits] >= days)
        # a change without a date can only be covered by a permit without an end on either side
        dated = ~np.isnat(days) | (np.isnat(self.first[permits]) & np.isnat(self.last[permits]))
        return begun & not_over & dated

    def judge(
        self, rows: pd.DataFrame, shapes: Shapes, changes: Changes, *, min_area: float, area_basis: AreaBasis
    ) -> tuple[pd.DataFrame, Shapes]:
        """Split ground into permitted and not.

        Returns
        -------
        judged : DataFrame
            permitted, permitted_m2, unpermitted_m2, permits, permits_not_in_force; a row for every piece.
        open_ground : array of polygons
            What no permit covers.
        """
        whole = rows["area_m2"].to_numpy(dtype=np.float64)
        covered = np.empty(len(rows), dtype=object)
        names: list[list[set[str]]] = [[set(), set()] for _ in range(len(rows))]
        if self.count and len(rows):
            pairs = pair_areas(
                gpd.GeoSeries(shapes, crs=changes.crs), gpd.GeoSeries(self.shapes, crs=changes.crs), trusted=True
            )
            piece, permit = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
            days = changes.table["seen"].to_numpy()[rows["patch"].to_numpy()[piece]]
            valid = self.in_force(permit, days)
            for row, number, good in zip(piece.tolist(), permit.tolist(), valid.tolist(), strict=True):
                names[row][0 if good else 1].add(str(self.names[number]))
            for row, group in pd.Series(permit[valid]).groupby(piece[valid]):
                covered[row] = union_of(self.shapes[group.to_numpy()])
        has = np.array([value is not None for value in covered], dtype=bool)
        open_ground, granted = shapes.copy(), np.zeros(len(rows))
        crs = changes.crs
        if has.any():
            granted[has] = areas_of(intersections(shapes[has], covered[has]), crs, area_basis)
            open_ground[has] = differences(shapes[has], covered[has])
        left = areas_of(open_ground, crs, area_basis)
        ledger.balance(float(whole.sum()), [*granted, *left], what="area of encroachments, permitted and not")
        # what is left over by less than min_area is a matter of drawing
        status = np.where(
            left < max(min_area, 1e-9), "permitted", np.where(granted < max(min_area, 1e-9), "unpermitted", "partly")
        )
        judged = pd.DataFrame(
            {
                "permitted": status.astype(object),
                "permitted_m2": granted,
                "unpermitted_m2": left,
                "permits": ["; ".join(sorted(good)) or None for good, _ in names],
                "permits_not_in_force": ["; ".join(sorted(bad)) or None for _, bad in names],
            }
        )
        return judged[list(_COLUMNS)], open_ground
