"""The faults of layers as files: a table in the format its name asks for, and a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

_TABLES = (".csv", ".geojson", ".gpkg", ".parquet")
FaultsOption = Annotated[
    Path | None,
    typer.Option("--faults", help="Write every fault, as .csv, .geojson, .gpkg or .parquet.", metavar="FILE"),
]
MapOption = Annotated[Path | None, typer.Option("--map", help="Write a map of the faults.", metavar="FILE.html")]


def check_names(table: Path | None, page: Path | None) -> None:
    """Refuse names of files that say no format, before anything is done.

    Raises
    ------
    BadInput
        A suffix is not known.
    """
    from spacegov.errors import BadInput

    if table is not None and table.suffix.lower() not in _TABLES:
        raise BadInput(f"--faults: {table.name} has no format that is known; use .csv, .geojson, .gpkg or .parquet")
    if page is not None and page.suffix.lower() != ".html":
        raise BadInput(f"--map: {page.name} is no page; use a name that ends in .html")


def write_faults(workspace: Workspace, faults: Any, table: Path | None, page: Path | None) -> list[str]:
    """Write the table and the map that were asked for; gives the files that were written."""
    from spacegov.maps.fault_map import write_fault_map

    written = []
    if table is not None:
        _write_table(faults, table)
        written.append(str(table))
    if page is not None:
        if write_fault_map(workspace, faults, page, workspace.settings.language):
            written.append(str(page))
        else:
            typer.echo(f"{page}: no map was written, no fault has a place", err=True)
    return written


def _write_table(faults: Any, path: Path) -> None:
    from spacegov.layers.store import writing

    suffix = path.suffix.lower()
    with writing(path.parent):
        if suffix == ".csv":
            faults.assign(geometry=faults.geometry.to_wkt()).to_csv(path, index=False)
        elif suffix == ".parquet":
            faults.to_parquet(path)
        elif suffix == ".geojson":
            faults.to_crs(4326).to_file(path, driver="GeoJSON")
        else:
            faults.to_file(path, layer="faults")
