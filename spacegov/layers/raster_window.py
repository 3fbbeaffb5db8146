"""Parts of a raster: by window, and by overview where less detail will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput
from spacegov.layers.files import Cells, open_raster, split_source, warp

if TYPE_CHECKING:
    from spacegov.raster import Raster

    Bounds = tuple[float, float, float, float]


def read_window(
    source: str, crs: Any, bbox: Bounds | None, cell_size: float | None = None, cells: Cells = "either"
) -> Raster:
    """Read a part of a raster in a CRS.

    A part of a raster in another CRS is cut out of the file before it is warped, with a margin, so that a window costs
    what the window holds and not what the file does.

    Parameters
    ----------
    source : str
        A file that GDAL reads.
    crs : anything pyproj understands
        CRS of the answer.
    bbox : tuple of float, optional
        West, south, east, north in that CRS; the whole without it.
    cell_size : float, optional
        Width of a cell that will do, in metres; the coarsest overview that is not coarser is read.
    cells : {"either", "values", "codes"}
        What the cells hold, see `warp`.
    """
    from pyproj import CRS, Transformer

    from spacegov.crs import same_crs

    target = CRS.from_user_input(crs)
    raster = open_raster(source) if cell_size is None else _overview(source, cell_size, target)
    if bbox is None:
        return warp(raster, target, cells)
    if raster.crs is None or same_crs(raster.crs, target):
        return raster.clip(bbox)
    west, south, east, north = Transformer.from_crs(target, raster.crs, always_xy=True).transform_bounds(*bbox)
    margin = 3 * max(raster.cell_size)
    cut = raster.clip((west - margin, south - margin, east + margin, north + margin))
    return warp(cut, target, cells).clip(bbox)


def _overview(source: str, cell_size: float, target: Any) -> Raster:
    """Open the overview whose cells are as large as will do."""
    import rasterio

    from spacegov.raster import Raster

    if not cell_size > 0:
        raise BadInput(f"cell_size: {cell_size} was given, a width in metres above 0 is needed")
    whole = open_raster(source)
    path, band = split_source(source)
    number = int(band or 1)
    own = _metres(whole, target)
    with rasterio.open(path) as file:
        levels = [factor for factor in file.overviews(number) if own * factor <= cell_size * (1 + 1e-9)]
    if not levels:
        return whole
    with rasterio.open(path) as file:
        place = file.overviews(number).index(max(levels))
    with rasterio.open(path, overview_level=place) as file:
        values = file.read(number)
        there = file.read_masks(number) != 0
        nodata = file.nodata
        if values.dtype.kind == "f":
            values[~there] = float("nan")
        elif nodata is not None:
            values[~there] = nodata
        return Raster.from_array(values, file.transform, whole.crs, nodata, **whole.attrs, overview=max(levels))


def _metres(raster: Raster, target: Any) -> float:
    """Give the width of a cell in the units of the target CRS, at the raster's middle."""
    from pyproj import Transformer

    if raster.crs is None or raster.crs == target:
        return raster.cell_size[0]
    west, south, east, north = raster.bounds
    x, y = (west + east) / 2, (south + north) / 2
    move = Transformer.from_crs(raster.crs, target, always_xy=True)
    (x1, y1), (x2, y2) = move.transform(x, y), move.transform(x + raster.cell_size[0], y)
    return float(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
