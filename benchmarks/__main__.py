"""Run the benchmarks: `python -m benchmarks [FAMILY ...] [--small]`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import (
    areas,
    batch,
    first_use,
    landscape,
    network,
    positions,
    priorities,
    real_layers,
    service,
    store,
    streaming,
    viewer,
    zonal,
    zones,
)
from benchmarks.report import write_page

FAMILIES = {
    "areas": (areas.run, "areas.md"),
    "streaming": (streaming.run, "streaming.md"),
    "zones": (zones.run, "zones.md"),
    "positions": (positions.run, "positions.md"),
    "zonal": (zonal.run, "zonal.md"),
    "first-use": (first_use.run, "first-use.md"),
    "landscape": (landscape.run, "landscape.md"),
    "priorities": (priorities.run, "priorities.md"),
    "network": (network.run, "network.md"),
    "store": (store.run, "store.md"),
    "real-layers": (real_layers.run, "real-layers.md"),
    "batch": (batch.run, "batch.md"),
    "service": (service.run, "service.md"),
    "viewer": (viewer.run, "viewer.md"),
}


def main() -> None:
    """Run the families asked for, all by default, and write their pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"{', '.join(FAMILIES)}; all by default")
    parser.add_argument("--small", action="store_true", help="a tenth of the size, to try the benchmark itself")
    parser.add_argument("--data", type=Path, help="folder in which the layers made for it are kept for the next run")
    parser.add_argument("--out", type=Path, default=Path("docs/performance"), help="folder of the pages")
    arguments = parser.parse_args()
    unknown = [family for family in arguments.families if family not in FAMILIES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(FAMILIES)}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.data or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for family in arguments.families or FAMILIES:
            run, page = FAMILIES[family]
            report = run(folder, small=arguments.small)
            print(report)
            if not arguments.small:
                write_page(arguments.out / page, report)


if __name__ == "__main__":
    main()
