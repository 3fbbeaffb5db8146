"""`spacegov new`: an empty workspace, or one filled with the sample county or a province of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacegov.cli.options import JsonOption, print_json
from spacegov.cli.progress import progress
from spacegov.errors import BadInput

DEFAULT_LAYERS = 60


def new(
    directory: Annotated[Path, typer.Argument(help="Folder of the workspace, new or empty.", metavar="DIR")],
    crs: Annotated[str | None, typer.Option(help="Analysis CRS, projected and in metres.", metavar="EPSG:n")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the territory.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Fill it with the invented county.")] = False,
    units: Annotated[
        int | None, typer.Option(help="With --sample: a province of about so many spatial units.", min=1)
    ] = None,
    layers: Annotated[int | None, typer.Option(help="With --units: how many layers.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="With --sample: the same seed gives the same files.")] = None,
    json: JsonOption = False,
) -> None:
    """Make a workspace: empty with --crs, invented with --sample."""
    if sample == (crs is not None):
        raise BadInput("a new workspace is empty (--crs EPSG:n) or invented (--sample); give one of the two")
    if not sample and (units is not None or layers is not None or seed is not None):
        raise BadInput("--units, --layers and --seed belong to an invented workspace; add --sample")
    if sample and name is not None:
        raise BadInput("an invented workspace has its own name; leave out --name")
    if layers is not None and units is None:
        raise BadInput("--layers belongs to a province; add --units N")
    if sample:
        _invent(directory, units, layers or DEFAULT_LAYERS, 2025 if seed is None else seed, json)
    else:
        _found(directory, str(crs), name, json)


def _found(directory: Path, crs: str, name: str | None, json: bool) -> None:
    from spacegov.layers.found import found_workspace

    made = found_workspace(directory, crs, name=name)
    if json:
        print_json({"workspace": str(made.directory), "crs": made.crs, "layers": len(made.layers)})
        return
    typer.echo(f"{made.directory}: a workspace in {made.crs}, {len(made.layers)} layers known, none with data")
    typer.echo(f"Next: spacegov import FILE --layer ID --workspace {directory}")


def _invent(directory: Path, units: int | None, layers: int, seed: int, json: bool) -> None:
    from spacegov.synthetic import build_province, new_county
    from spacegov.workspace import Workspace

    with progress("new", as_json=json) as report:
        if units is None:
            new_county(directory, seed)
            facts = {}
        else:
            facts = build_province(directory, units, layers, seed, report)
    made = Workspace.open(directory)
    facts = {"workspace": str(made.directory), "crs": made.crs, **facts}
    if json:
        print_json(facts)
        return
    size = f", {facts['units']} units in {facts['layers']} layers, {facts['seconds']:.1f} s" if units else ""
    typer.echo(f"{made.directory}: {made.title}{size}")
    typer.echo(f"Next: spacegov layers --workspace {directory}")
