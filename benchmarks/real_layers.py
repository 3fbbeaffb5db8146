"""Layers that no one here made, all of them imported: what was found in each.

The folder is named by the environment variable SPACEGOV_REAL_DATA.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pyogrio
import yaml

from benchmarks.report import machine, seconds, table, versions
from spacegov.errors import BadInput
from spacegov.layers.draft import draft_card, write_card
from spacegov.layers.found import found_workspace
from spacegov.layers.ingest import import_layer
from spacegov.workspace import Workspace

_PLACES = {".": "EPSG:2804", "jakarta": "EPSG:32748", "swellendam": "EPSG:32734"}
"""Analysis CRS of each folder; files at the root are those of Baltimore, but for the zoning of Hsinchu."""
_HEAD = ["file", "layer", "CRS", "records or cells", "with errors", "faults", "processor time"]


def run(folder: Path, *, small: bool) -> str:  # noqa: ARG001  the layers are as large as they are
    """Import everything and give the page."""
    given = os.environ.get("SPACEGOV_REAL_DATA")
    if not given:
        return "# Real layers\n\nSPACEGOV_REAL_DATA names no folder, nothing was imported.\n"
    root = Path(given)
    rows = []
    for number, path in enumerate(_files(root)):
        inside = path.relative_to(root)
        crs = "EPSG:3826" if "hsinchu" in path.name else _PLACES.get(inside.parts[0], _PLACES["."])
        workspace = found_workspace(folder / f"real-{number}", crs)
        names = [""] if path.suffix == ".tif" else [str(name) for name, _ in pyogrio.list_layers(path)]
        rows += [_row(workspace, path, name, str(inside)) for name in names]
    return (
        f"# Real layers\n\nWritten by `python -m benchmarks real-layers` on {machine()}; "
        f"{versions(['spacegov', 'pyogrio', 'rasterio', 'shapely'])}. Every layer of a folder of real data, each "
        "with a drafted card, taken in with marks on what is at fault; population rasters may not be negative.\n\n"
        f"{table(_HEAD, rows)}\n"
    )


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in {".gpkg", ".shp", ".tif"})


def _row(workspace: Workspace, path: Path, name: str, shown: str) -> list[str]:
    given = f"{path}:{name}" if name and path.suffix == ".gpkg" else str(path)
    words = (name or path.stem).lower()
    layer = "artificial." + "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in words)
    start = time.process_time()
    try:
        card = _card(given, layer)
        write_card(workspace.directory, layer, yaml.safe_dump(card, allow_unicode=True, sort_keys=False))
        workspace.forget()
        report = import_layer(workspace, layer, given, on_fault="accept")
    except BadInput as error:
        reason = str(error).replace(str(path.parent), "…")
        return [shown, name, "", "", "", f"refused: {reason}", seconds(time.process_time() - start)]
    crs = ", ".join(report.facts.get("source_crs", []))
    faults = ", ".join(f"{count} {code}" for code, count in report.facts["faults"].items()) or "none"
    spent = seconds(time.process_time() - start)
    return [shown, name, crs, f"{report.rows:,}", f"{report.problem_records:,}", faults, spent]


def _card(given: str, layer: str) -> dict[str, Any]:
    try:
        card = draft_card(given, layer, "natural-resources")
    except BadInput as error:
        if "mixes" not in str(error):
            raise
        card = draft_card(given, layer, "natural-resources", kind="Polygons")
    if "population" in layer:
        card["fields"]["value"]["range"] = [0, 1_000_000]
    return card
