"""The analysis of the batch benchmark as a plain geopandas script: `python -m benchmarks.batch_peer JSON`."""

from __future__ import annotations

import json
import sys

import geopandas as gpd


def main() -> None:
    """Sum up areas by zone and class, layer by layer, and write one table a layer."""
    asked = json.loads(sys.argv[1])
    zones = gpd.read_parquet(asked["zones"])[[asked["key"], "geometry"]].rename(columns={asked["key"]: "zone"})
    for name, (path, column) in asked["layers"].items():
        layer = gpd.read_parquet(path)[[column, "geometry"]]
        pieces = gpd.overlay(zones, layer, how="intersection", keep_geom_type=True)
        pieces["area_m2"] = pieces.area
        table = pieces.groupby(["zone", column], as_index=False)["area_m2"].sum()
        table.rename(columns={column: "class"}).to_parquet(f"{asked['out']}/{name}.parquet")


if __name__ == "__main__":
    main()
