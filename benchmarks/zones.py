"""The strictest zone of every building: ours beside geopandas, DuckDB and SedonaDB."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import inputs
from benchmarks.child import Measurement, measure
from benchmarks.report import machine, ratio, seconds, table, versions

_TASKS = "benchmarks.zone_tasks"
_PEERS = {"geopandas.sjoin": "geopandas_join", "DuckDB spatial": "duckdb", "SedonaDB": "sedonadb"}

_INTRODUCTION = """# The strictest zone of every building

{buildings:,} building footprints in a GeoParquet file and 300 zones of three levels that overlap; wanted is the
strictest level of every building. Answers are compared as counts by level. Every program runs in a process of its own,
from file to counts; starting and loading are not counted.

Written by `python -m benchmarks zones` on {machine}; {versions}.
"""

_BOUND = """
Reading the boxes of the buildings alone, with pyarrow and a row group in each thread, takes {read}, {share:.0%} of our
time. That bounds how much faster than the others any program can be that reads them so: {bounds}.
"""

_ADDED = """
## One zone more

A zone of 500 m added to the {buildings:,} buildings, {cases} times at random places, to updated levels and counts:
p50 {p50:.1f} ms, p95 {p95:.1f} ms, largest {largest:.1f} ms.
"""


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    count = 600_000 if small else 12_000_000
    buildings, zones = inputs.buildings_and_zones(folder, count)
    files = {"buildings": str(buildings), "zones": str(zones)}
    ours = measure(f"{_TASKS}:spacegov", **files)
    if isinstance(ours, str):
        raise RuntimeError(f"our own measurement failed: {ours}")
    rows = [["spacegov", seconds(ours.seconds), "", f"{ours.peak_mib:.0f} MiB", ""]]
    boxes = measure(f"{_TASKS}:read_boxes", **files)
    if isinstance(boxes, str):
        raise RuntimeError(f"reading the boxes failed: {boxes}")
    bounds = []
    for name, task in _PEERS.items():
        peer = measure(f"{_TASKS}:{task}", **files)
        rows.append(_row(name, peer, ours))
        if not isinstance(peer, str):
            bounds.append(f"{ratio(peer.seconds / boxes.seconds)} {name}")
    added = measure(f"{_TASKS}:added_zones", **files)
    if isinstance(added, str):
        raise RuntimeError(f"our own measurement failed: {added}")
    p50, p95 = np.percentile(added.answer, [50, 95])
    names = ["spacegov", "geopandas", "shapely", "duckdb", "sedonadb", "pyarrow", "numba"]
    text = _INTRODUCTION.format(buildings=count, machine=machine(), versions=versions(names))
    text += "\n" + table(["program", "time", "its time / ours", "peak memory", "counts agree"], rows) + "\n"
    text += _BOUND.format(read=seconds(boxes.seconds), share=boxes.seconds / ours.seconds, bounds=", ".join(bounds))
    return text + _ADDED.format(
        buildings=count, cases=len(added.answer), p50=p50, p95=p95, largest=float(np.max(added.answer))
    )


def _row(name: str, found: Measurement | str, ours: Measurement) -> list[str]:
    """One row of a peer; counts that differ stop the benchmark."""
    if isinstance(found, str):
        return [name, f"failed: {found}", "", "", ""]
    if found.answer != ours.answer:
        raise RuntimeError(f"{name} counts {found.answer}, ours {ours.answer}")
    return [name, seconds(found.seconds), ratio(found.seconds / ours.seconds), f"{found.peak_mib:.0f} MiB", "yes"]
