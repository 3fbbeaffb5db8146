"""Landscape metrics of a hundred million cells, and of a smaller map beside pylandstats where that is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Measurement, measure
from benchmarks.report import machine, seconds, table, versions

_INTRODUCTION = """# Landscape metrics

Written by `python -m benchmarks landscape` on {machine}; {versions}. Land cover of six classes: smoothed noise, patches
of some hundred cells in the mean, and single cells among them.
"""


def cover(side: int) -> Any:
    """Make codes 1 to 6 on side × side cells, the same every time."""
    from scipy.ndimage import gaussian_filter

    tile = min(side, 2500)
    field = gaussian_filter(np.random.default_rng(1).standard_normal((tile, tile)).astype(np.float32), 2.0, mode="wrap")
    codes = (np.digitize(field, np.quantile(field[::5, ::5], [0.1, 0.3, 0.5, 0.7, 0.9])) + 1).astype(np.uint8)
    return np.tile(codes, (side // tile, side // tile))


def ours(side: int) -> Callable[[], Any]:
    """Prepare our measurement."""
    from affine import Affine

    from spacegov import ledger
    from spacegov.raster import Raster
    from spacegov.tools.protection import measure_landscape

    def run(values: Any) -> Any:
        with ledger.collect():
            raster = Raster.from_array(values, Affine(10, 0, 500_000, 0, -10, 3_300_000), "EPSG:4549")
            row = measure_landscape(raster).landscape.iloc[0]
        return {"np": int(row["np"]), "enn_mn": round(float(row["enn_mn"]), 3)}

    run(cover(200))  # compiled code is loaded
    codes = cover(side)
    return lambda: run(codes)


def theirs(side: int) -> Callable[[], Any]:
    """Prepare pylandstats: the number of patches and the mean distance to the nearest neighbour."""
    import pylandstats

    landscape = pylandstats.Landscape(cover(side), res=(10, 10), neighborhood_rule="8", nodata=0)

    def run() -> Any:
        patches = int(landscape.number_of_patches())
        return {"np": patches, "enn_mn": round(float(landscape.euclidean_nearest_neighbor_mn()), 3)}

    return run


def run(_folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    # pylandstats looks at every pair of patches for the distances: a larger map takes it a quarter of an hour
    beside = 500
    sides = [beside] if small else [beside, 2500, 10_000]
    rows = [_row("spacegov", side, measure("benchmarks.landscape:ours", side=side)) for side in sides]
    names = ["spacegov", "numba", "scipy"]
    if importlib.util.find_spec("pylandstats"):
        names.append("pylandstats")
        rows.append(_row("pylandstats", beside, measure("benchmarks.landscape:theirs", side=beside)))
    introduction = _INTRODUCTION.format(machine=machine(), versions=versions(names))
    return introduction + "\n" + table(["program", "cells", "time", "peak memory, MiB", "answer"], rows) + "\n"


def _row(program: str, side: int, found: Measurement | str) -> list[str]:
    cells = f"{side * side:,}"
    if isinstance(found, str):
        return [program, cells, "failed", "", found]
    return [program, cells, seconds(found.seconds), f"{found.peak_mib:,.0f}", str(found.answer)]
