"""Statistics of a raster by zone, through exactextract, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np

from spacegov.raster import Raster, Window
from spacegov.tools.foundation._shapes import Integers

# cells read at once: 200 MB
_CELLS_AT_ONCE = 25_000_000


def raster_in_zones(raster: Raster, zones: gpd.GeoDataFrame, operations: Sequence[str]) -> Any:
    """Run exactextract: every cell weighs by the share of it that lies in the zone.

    Zones near each other are read together, so that no cell is decoded for each zone that meets it; a zone larger
    than what is held at once is read in windows.

    Returns
    -------
    DataFrame
        A column for each operation and `count` (cells with data, in fractions), a row for each zone.
    """
    import pandas as pd

    wanted = list(dict.fromkeys(["count", *operations]))
    groups = list(_near_each_other(raster, zones.geometry.bounds.to_numpy(), np.arange(len(zones))))
    found = pd.concat([_extract(raster, zones.iloc[group], wanted) for group in groups], ignore_index=True)
    return found.iloc[np.argsort(np.concatenate(groups), kind="stable")].reset_index(drop=True)


def _near_each_other(raster: Raster, boxes: Any, rows: Integers) -> Iterator[Integers]:
    """Split zones by place until those of a group lie in a part of the raster that may be held."""
    west, south, east, north = raster.bounds
    mine = np.clip(boxes[rows], (west, south, west, south), (east, north, east, north))
    width, height = (mine[:, 2:].max(axis=0) - mine[:, :2].min(axis=0)) / raster.cell_size
    if len(rows) == 1 or width * height <= _CELLS_AT_ONCE:
        yield rows
        return
    side = 0 if width >= height else 1
    order = np.argsort(mine[:, side] + mine[:, side + 2], kind="stable")
    middle = len(rows) // 2
    yield from _near_each_other(raster, boxes, rows[order[:middle]])
    yield from _near_each_other(raster, boxes, rows[order[middle:]])


def _extract(raster: Raster, zones: gpd.GeoDataFrame, operations: list[str]) -> Any:
    import pandas as pd
    from exactextract import exact_extract

    west, south, east, north = raster.bounds
    box = tuple(map(float, np.clip(zones.total_bounds, (west, south, west, south), (east, north, east, north))))
    if box[0] >= box[2] or box[1] >= box[3]:
        empty = {op: np.nan if op != "count" else 0.0 for op in operations}
        lists = {op: [np.empty(0) for _ in range(len(zones))] for op in operations if op in ("unique", "frac")}
        return pd.DataFrame({**empty, **lists}, index=range(len(zones)))
    plain = gpd.GeoDataFrame(geometry=zones.geometry.to_numpy(), crs=zones.crs)
    source = _source(raster, (box[0], box[1], box[2], box[3]), zones.crs.to_wkt())
    return exact_extract(source, plain, operations, output="pandas").set_axis(operations, axis=1)


def _source(raster: Raster, box: tuple[float, float, float, float], wkt: str) -> Any:
    """Give exactextract the cells of a box in memory, or the raster itself where they are too many."""
    from exactextract.raster import NumPyRasterSource, RasterSource

    columns, rows = np.subtract(box[2:], box[:2]) / raster.cell_size
    if columns * rows <= _CELLS_AT_ONCE:
        part = raster.clip(box)
        return NumPyRasterSource(part.read(), *part.bounds, nodata=np.nan, name="cells", srs_wkt=wkt)

    class Windows(RasterSource):  # type: ignore[misc]  # the class comes without types
        """Reads as exactextract asks, some millions of cells at a time."""

        def __init__(self) -> None:
            super().__init__()
            self.set_name("cells")

        def res(self) -> tuple[float, float]:
            return raster.cell_size

        def extent(self) -> tuple[float, float, float, float]:
            return raster.bounds

        def nodata_value(self) -> float:
            return float("nan")

        def srs_wkt(self) -> str:
            return wkt

        def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Any:
            return raster.read(Window(slice(y0, y0 + ny), slice(x0, x0 + nx), (slice(None), slice(None))))

    return Windows()
