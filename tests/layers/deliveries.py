"""What departments send, made for tests: sound parcels, and every way in which a delivery can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LinearRing, Polygon

from spacegov.errors import SpacegovError
from spacegov.layers.ingest import ImportReport, import_layer
from spacegov.workspace import Workspace
from tests.tiny import CRS, EAST, NORTH, square

PARCELS = "artificial.trial-parcels"
TERRAIN = "natural.trial-terrain"
TABLE = "artificial.trial-indicators"


def bowtie(west: float, south: float, size: float = 10.0) -> Polygon:
    """A ring twisted into two triangles that meet in its middle, together half of the square."""
    x, y = EAST + west, NORTH + south
    return Polygon([(x, y), (x + size, y + size), (x + size, y), (x, y + size)])


def plots(count: int = 6) -> gpd.GeoDataFrame:
    """A row of squares of 10 × 10 m."""
    return gpd.GeoDataFrame(
        {
            "plot_id": [f"p{number}" for number in range(count)],
            "use": [("0101", "0301", "0702")[number % 3] for number in range(count)],
            "people": np.arange(count),
        },
        geometry=[square(10 * n, 0, 10 * n + 10, 10) for n in range(count)],
        crs=CRS,
    )


def many(count: int, seed: int = 1) -> gpd.GeoDataFrame:
    """Squares scattered over the territory."""
    random = np.random.default_rng(seed)
    west, south = random.uniform(0, 990, (2, count))
    return gpd.GeoDataFrame(
        {"plot_id": [f"m{n}" for n in range(count)], "use": random.choice(["0101", "0301", "0702"], count),
         "people": random.integers(0, 100, count)},
        geometry=[square(x, y, x + 10, y + 10) for x, y in zip(west, south, strict=True)],
        crs=CRS,
    )  # fmt: skip


def disc(vertices: int, radius: float = 400.0) -> Polygon:
    """A ragged disc in the middle of the territory."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * (1 + 0.05 * np.cos(37 * angle))
    return Polygon(LinearRing(np.c_[EAST + 500 + reach * np.cos(angle), NORTH + 500 + reach * np.sin(angle)]))


def send(folder: Path, frame: pd.DataFrame, name: str = "sent.gpkg", workspace: Path | None = None, **how: object) -> (
    ImportReport
):  # fmt: skip
    """Write a frame to a file and import it as the tiny workspace's parcels."""
    path = folder / name
    path.unlink(missing_ok=True)
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".csv"):
        frame.to_csv(path, index=False)
    else:
        frame.to_file(path)
    return import_layer(Workspace.open(workspace or folder / "tiny"), PARCELS, path, **how)


def content(folder: Path, layer: str = PARCELS) -> dict[str, bytes]:
    """Give every file of a layer in the store, but for locks."""
    root = folder / "data" / layer
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def import_in_child(folder: str, file: str, answer: str) -> None:
    """Import in a process of its own and write down what came of it; the process may be killed at any moment."""
    try:
        report = import_layer(Workspace.open(folder), PARCELS, file)
        told = {"status": report.status, "version": report.version}
    except SpacegovError as error:
        told = {"status": "error", "message": str(error)}
    Path(answer).write_text(json.dumps(told), encoding="utf-8")
