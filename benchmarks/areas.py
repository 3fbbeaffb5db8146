"""Areas by pair of classes: ours beside geopandas, DuckDB, SedonaDB and GEOS."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import inputs
from benchmarks.child import Measurement, measure
from benchmarks.report import machine, ratio, seconds, table, versions

_TASKS = "benchmarks.area_tasks"
_FILE_PEERS = {
    "geopandas.overlay": "geopandas_overlay",
    "DuckDB spatial": "duckdb",
    "SedonaDB": "sedonadb",
}
_COMPUTING_PEERS = {"geopandas.overlay": "geopandas_computing", "GEOS on candidate pairs": "geos"}
# peers that build shapes round the vertices of each of hundreds of thousands of pieces
_TOLERANCE = 1e-6

_INTRODUCTION = """# Areas by pair of classes

Two layers, a class in each; wanted is the area of intersection for every pair of classes. Every program reads the same
GeoParquet files (zstd, sorted along a Hilbert curve, bbox covering) in a process of its own and gives the same table,
checked here to {tolerance:g} of the total. The best of up to five runs counts, or the only one of a program that takes
longer than twelve seconds; starting the program, loading libraries and compiled code are not counted. Ours tests the
validity of every polygon unless it says "trusted". "Computing only" starts from layers laid out as our kernels take
them, as the frames of geopandas start from shapes already parsed; below it, its time is what the others are divided by.

Written by `python -m benchmarks areas` on {machine}; {versions}.
Absolute times depend on the machine and what else
runs on it; the ratios to ours are what to look at. On a machine busy with other work the ratio of processor
times is the steadier one: ours and DuckDB, SedonaDB use all cores, geopandas and GEOS one.
"""


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    text = _INTRODUCTION.format(
        tolerance=_TOLERANCE,
        machine=machine(),
        versions=versions(["spacegov", "geopandas", "shapely", "duckdb", "sedonadb", "pyarrow", "numba"]),
    )
    layers = {
        "Mesh: parcels × zones of nine vertices": inputs.parcels_and_zones(folder, small=small),
        "Large polygons: 80 to 8,000 vertices, × itself moved by 50 m": inputs.large_polygons(folder, small=small),
    }
    real = os.environ.get("SPACEGOV_REAL_DATA")
    if real:
        source = Path(real) / "hsinchu_county_zoning.gpkg"
        title = "Statutory zoning of a real county, repeated side by side, × itself moved by 50 m"
        layers[title] = inputs.real_zoning(folder, source, 2 if small else 27)
        layers["Zoning of a real city × its block groups"] = inputs.real_city(folder, Path(real) / "baltimore_md.gpkg")
    for title, (left, right) in layers.items():
        text += f"\n## {title}\n\n{describe(left, right)}\n\n{compare(left, right)}\n"
    return text


def describe(left: Path, right: Path) -> str:
    """Say how large two layers are."""
    import geopandas
    import shapely

    parts = []
    for path in (left, right):
        shapes = geopandas.read_parquet(path).geometry.to_numpy()
        size = path.stat().st_size / 2**20
        parts.append(
            f"{len(shapes):,} polygons of {shapely.get_num_coordinates(shapes).sum():,} vertices ({size:.0f} MiB)"
        )
    return " × ".join(parts) + "."


def compare(left: Path, right: Path) -> str:
    """Measure every program on two layers."""
    files = {"left": str(left), "right": str(right)}
    ours = measure(f"{_TASKS}:spacegov", **files)
    trusted = measure(f"{_TASKS}:spacegov", trusted=True, **files)
    computing = measure(f"{_TASKS}:spacegov_computing", **files)
    reading = measure(f"{_TASKS}:read_table", **files)
    joining = measure(f"{_TASKS}:spacegov_joining", **files)
    for own in (ours, trusted, computing, joining, reading):
        if not isinstance(own, Measurement):
            raise RuntimeError(f"our own measurement failed: {own}")
    rows = [
        _row("spacegov, files to table", ours, None, None),
        _row("spacegov, files to table, trusted", trusted, ours, ours),
        _row("reading both files with pyarrow", reading, ours, None),
    ]
    for name, task in _FILE_PEERS.items():
        rows.append(_row(f"{name}, files to table", measure(f"{_TASKS}:{task}", **files), ours, ours))
    rows.append(_row("spacegov, computing only", joining, None, ours))
    rows.append(_row("spacegov, frames to table", computing, joining, ours))
    for name, task in _COMPUTING_PEERS.items():
        rows.append(_row(f"{name}, frames to table", measure(f"{_TASKS}:{task}", **files), joining, ours))
    header = ["program", "time", "÷ ours", "processor time", "÷ ours", "peak memory", "largest difference"]
    return table(header, rows)


def _row(
    name: str, found: Measurement | str, beside: Measurement | str | None, answer: Measurement | str | None
) -> list[str]:
    """One row: the time, how often ours goes into it, and how far the answers differ."""
    if isinstance(found, str):
        return [name, f"failed: {found}", *[""] * 5]
    times, processor = "", ""
    if isinstance(beside, Measurement):
        times = ratio(found.seconds / beside.seconds)
        processor = ratio(found.processor_seconds / beside.processor_seconds)
    differs = f"{difference(found.answer, answer.answer):.1e}" if isinstance(answer, Measurement) else ""
    memory = f"{found.peak_mib:.0f} MiB"
    return [name, seconds(found.seconds), times, seconds(found.processor_seconds), processor, memory, differs]


def difference(found: list[list[float]], ours: list[list[float]]) -> float:
    """Largest difference of two tables, relative to the total; too large a one stops the benchmark."""
    tables = [{(row[0], row[1]): row[2] for row in rows} for rows in (found, ours)]
    total = sum(tables[1].values())
    keys = tables[0].keys() | tables[1].keys()
    largest = max(abs(tables[0].get(key, 0.0) - tables[1].get(key, 0.0)) for key in keys) / total
    if largest > _TOLERANCE:
        raise RuntimeError(f"the answers differ by {largest:g} of the total area")
    return largest
