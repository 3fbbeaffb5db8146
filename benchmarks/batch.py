"""A batch over all units of a county and of a province, beside a plain geopandas script of the same analysis."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import yaml

from benchmarks.report import machine, ratio, seconds, table, versions
from spacegov.content import content_path
from spacegov.workspace import Workspace

UNITS = 2_000_000
_PARTS = 6
_TOLERANCE = 1e-6

_INTRODUCTION = """# Batches

For every zone of a territory the area of each class of some layers: `spacegov batch` with the tool `summarize-by-zone`,
beside a plain geopandas script that overlays each layer with the zones and sums. Both start as processes, read the
same GeoParquet files and write Parquet; loading libraries and starting workers counts. The batch also writes
provenance for every zone, states what is not covered, and can be resumed; the script does none of it. Memory is the
largest sum over the process and its workers. A part for each zone costs a run for each; where a tool asks about the
zones themselves, `zones: {{rows: N}}` puts several into one. The tables agree to 1e-06 in every zone and class.

Written by `python -m benchmarks batch` on {machine}, {load:.1f} processes running beside it on average;
{versions}.
"""


@dataclass(frozen=True)
class Taken:
    """What a program took: seconds by the clock and of the processors, and memory at its peak."""

    seconds: float
    processor: float
    mib: float


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    province = folder / "province"
    if not (province / "workspace.yaml").exists():
        count = str(UNITS // 10 if small else UNITS)
        subprocess.run([sys.executable, "-m", "spacegov", "new", province, "--sample", "--units", count], check=True)
    packages = ["spacegov", "geopandas", "shapely", "distributed", "pyarrow"]
    parts = [_INTRODUCTION.format(machine=machine(), load=os.getloadavg()[0], versions=versions(packages))]
    parts.append(
        _measure(
            "The sample county by village",
            Workspace.open(content_path("sample_data")),
            "artificial.villages",
            {"artificial.land-survey": "class", "planned.land-use-plan": "use", "natural.forest": "category"},
            folder / "county-batch",
        )
    )
    parts.append(
        _measure(
            "A province by township",
            Workspace.open(province),
            "artificial.townships",
            {"artificial.land-survey": "class", "planned.land-use-plan": "use", "artificial.buildings": "use",
             "planned.permanent-basic-farmland": "grade"},
            folder / "province-batch",
        )
    )  # fmt: skip
    return "\n".join(parts)


def _measure(title: str, workspace: Workspace, zones: str, layers: dict[str, str], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    zone = workspace.layers[zones]
    key = str(zone.attrs()["key"])
    sources = {name: workspace.layers[name] for name in layers}
    rows = sum(layer.vector_source().rows for layer in sources.values())
    count = zone.vector_source().rows
    peer = {
        "zones": zone.source,
        "key": key,
        "layers": {name: (layer.source, layers[name]) for name, layer in sources.items()},
        "out": str(folder),
    }
    script = _taken([sys.executable, "-m", "benchmarks.batch_peer", json.dumps(peer)])
    found: list[tuple[str, Taken]] = [("geopandas script", script)]
    difference = 0.0
    given = {"zones": zones, "zone": key, "layers": list(layers), "classes": layers, "rasters": None, "sums": {},
             "class_rasters": [], "area_basis": "plane"}  # fmt: skip
    each = -(-count // _PARTS)
    for label, split, workers in (
        (f"spacegov batch, {each} zones a part, 1 worker", {"rows": each}, 1),
        (f"spacegov batch, {each} zones a part, 2 workers", {"rows": each}, 2),
        ("spacegov batch, a part for each zone, 2 workers", zones, 2),
    ):
        plan = {"zones": split, "tasks": [{"tool": "summarize-by-zone", "given": given}], "formats": ["parquet"]}
        (folder / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
        out = folder / f"out-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "spacegov", "batch", str(folder / "plan.yaml"), "--out", str(out),
                   "--workers", str(workers), "-w", str(workspace.directory)]  # fmt: skip
        found.append((label, _taken(command)))
        difference = max(difference, _difference(folder, out, layers))
    found.append(("the same again with --resume: all parts kept", _taken([*command, "--resume"])))
    size = f"{count:,} zones, {rows:,} records in {len(layers)} layers"
    head = f"## {title}\n\n{size}; largest difference {difference:.1e}.\n"
    lines = [
        [name, seconds(taken.seconds), ratio(script.seconds / taken.seconds), seconds(taken.processor),
         f"{taken.mib:.0f} MiB"]
        for name, taken in found
    ]  # fmt: skip
    return head + "\n" + table(["program", "time", "script ÷ this", "processor time", "peak memory"], lines) + "\n"


def _taken(command: Sequence[str]) -> Taken:
    """Run a program; poll the memory of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _memory(watched))
        time.sleep(0.1)
    clock = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{command[2]} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(clock, spent, peak / 2**20)


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        for each in [process, *process.children(recursive=True)]:
            total += int(each.memory_info().rss)
    except psutil.Error:
        return 0
    return total


def _difference(peer: Path, out: Path, layers: dict[str, str]) -> float:
    """Give the largest difference of an area, relative to its layer's total in the zone.

    Raises
    ------
    RuntimeError
        The answers differ.
    """
    ours = pd.read_parquet(out / "summarize-by-zone" / "classes.parquet")
    largest = 0.0
    for name in layers:
        theirs = pd.read_parquet(peer / f"{name}.parquet").astype({"class": str})
        mine = ours[ours["layer"] == name].groupby(["zone", "class"])["area_m2"].sum()
        both = pd.concat([mine.rename("ours"), theirs.groupby(["zone", "class"])["area_m2"].sum()], axis=1)
        gap: Any = (both["ours"].fillna(0) - both["area_m2"].fillna(0)).abs()
        largest = max(largest, float((gap / both["area_m2"].groupby("zone").transform("sum")).max()))
    if not largest <= _TOLERANCE:
        raise RuntimeError(f"the answers differ by {largest:.1e}")
    return largest
