"""Statistics of a raster by zone: ours beside rasterstats and exactextract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np

from benchmarks.child import Measurement, measure
from benchmarks.inputs import CORNER, CRS, mesh
from benchmarks.report import machine, ratio, seconds, table, versions

_CELL = 10.0
# rasterstats takes a cell for in or out by its centre, so its means differ by the borders
_TOLERANCE = {"exactextract": 1e-9, "rasterstats": 0.05}

_INTRODUCTION = """# Statistics of a raster by zone

The mean and the sum of {cells:,} cells of terrain by {zones:,} zones, from a GeoTIFF. exactextract is called as its
own documentation does; rasterstats counts cells by their centres, and its means are compared to a twentieth.

Written by `python -m benchmarks zonal` on {machine}; {versions}.
"""


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    side, cells = (1500, 20) if small else (6000, 70)
    raster, zones, count = made(folder, side, cells)
    files = {"raster": str(raster), "zones": str(zones)}
    ours = measure("benchmarks.zonal:spacegov", **files)
    if isinstance(ours, str):
        raise RuntimeError(f"our own measurement failed: {ours}")
    rows = [["spacegov", seconds(ours.seconds), "", f"{ours.peak_mib:.0f} MiB", ""]]
    rows += [_row(name, measure(f"benchmarks.zonal:{name}", **files), ours) for name in _TOLERANCE]
    names = ["spacegov", "exactextract", "rasterstats", "rasterio", "numpy"]
    text = _INTRODUCTION.format(cells=side * side, zones=count, machine=machine(), versions=versions(names))
    header = ["program", "time", "its time / ours", "peak memory", "largest difference of a mean"]
    return f"{text}\n{table(header, rows)}\n"


def _row(name: str, found: Measurement | str, ours: Measurement) -> list[str]:
    """One row of a peer; means that differ too much stop the benchmark."""
    if isinstance(found, str):
        return [name, f"failed: {found}", "", "", ""]
    largest = float(np.max(np.abs(np.array(found.answer) / np.array(ours.answer) - 1)))
    if largest > _TOLERANCE[name]:
        raise RuntimeError(f"the means of {name} differ from ours by {largest:g}")
    memory = f"{found.peak_mib:.0f} MiB"
    return [name, seconds(found.seconds), ratio(found.seconds / ours.seconds), memory, f"{largest:.1e}"]


def made(folder: Path, side: int, cells: int) -> tuple[Path, Path, int]:
    """Write a rough terrain and a mesh of zones over it."""
    import rasterio
    from rasterio.transform import from_origin

    raster, zones = folder / f"terrain-{side}.tif", folder / f"terrain-zones-{cells}.gpkg"
    shapes = mesh(cells, side * _CELL, 6, bends=4)
    if not raster.exists():
        x, y = np.meshgrid(np.arange(side), np.arange(side))
        heights = 400 + 150 * np.sin(x / 310) * np.cos(y / 170) + 20 * np.sin(x * y / 9e5)
        profile = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "float32", "crs": CRS}
        profile |= {"transform": from_origin(CORNER[0], CORNER[1] + side * _CELL, _CELL, _CELL)}
        profile |= {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
        with rasterio.open(raster, "w", **profile) as file:
            file.write(heights.astype(np.float32), 1)
    if not zones.exists():
        names = [f"z{number:05d}" for number in range(len(shapes))]
        geopandas.GeoDataFrame({"name": names}, geometry=shapes, crs=CRS).to_file(zones, engine="pyogrio")
    return raster, zones, len(shapes)


def spacegov(raster: str, zones: str) -> Callable[[], list[float]]:
    """Ours: `summarize_by_zone`."""
    from spacegov.kernels import warm_up
    from spacegov.raster import Raster
    from spacegov.tools.foundation import summarize_by_zone

    warm_up("area")
    frame = geopandas.read_file(zones)

    def run() -> list[float]:
        answer = summarize_by_zone(frame, None, [Raster.open(raster)], statistics=["mean", "sum"]).zones
        column = next(name for name in answer.columns if name.endswith("_mean"))
        return list(map(float, answer.sort_values("zone")[column]))

    return run


def exactextract(raster: str, zones: str) -> Callable[[], list[float]]:
    """Exactextract of the file, the frame already read."""
    from exactextract import exact_extract

    frame = geopandas.read_file(zones)

    def run() -> list[float]:
        found: Any = exact_extract(raster, frame, ["mean", "sum"], output="pandas", include_cols="name")
        return list(map(float, found.sort_values("name")["mean"]))

    return run


def rasterstats(raster: str, zones: str) -> Callable[[], list[float]]:
    """Rasterstats of the file, the frame already read."""
    from rasterstats import zonal_stats

    frame = geopandas.read_file(zones)

    def run() -> list[float]:
        return [float(each["mean"]) for each in zonal_stats(frame, raster, stats=["mean", "sum"])]

    return run
