"""What the first use of a kernel costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import machine, seconds, table, versions

_CODE = """
import time
import geopandas, numba, pyarrow.parquet
from spacegov.kernels import warm_up
start = time.perf_counter()
warm_up("{family}")
print(time.perf_counter() - start)
"""

_INTRODUCTION = """# First use of a kernel

Kernels are compiled on their first use on a machine, announced on standard error, and kept on disk. Measured beyond
the import of numba and geopandas; cold with an empty folder of compiled code, warm in the next process.

Written by `python -m benchmarks first-use` on {machine}; {versions}.
"""

_FAMILIES = {
    "area": "areas of ordinary polygons",
    "large": "beyond that, polygons of more than 96 vertices",
    "zones": "beyond that, the strictest zone of buildings",
}


def run(folder: Path, *, small: bool) -> str:
    """Measure and give the page."""
    # made anew each time: what an earlier run compiled would make the cold case warm
    compiled = Path(tempfile.mkdtemp(prefix="compiled-", dir=folder))
    rows = []
    for family, title in _FAMILIES.items():
        cold = _once(family, compiled)
        warm = cold if small else min(_once(family, compiled) for _ in range(3))
        rows.append([title, seconds(cold), seconds(warm)])
    shutil.rmtree(compiled)
    text = _INTRODUCTION.format(machine=machine(), versions=versions(["spacegov", "numba"]))
    return f"{text}\n{table(['kernels', 'cold', 'warm'], rows)}\n"


def _once(family: str, compiled: Path) -> float:
    """Seconds of one warm-up in a new process."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(compiled)}
    code = _CODE.format(family=family)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
