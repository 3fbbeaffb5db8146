"""`spacegov serve`: the workspace over HTTP, for the viewer, QGIS and other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacegov.cli.options import JsonOption, WorkspaceOption, print_json
from spacegov.cli.progress import progress

if TYPE_CHECKING:
    from spacegov.service.settings import Options


def serve(
    host: Annotated[
        str, typer.Option(help="Address to bind to; by default this machine alone can reach it.", metavar="ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8000,
    prepare_tiles: Annotated[
        bool, typer.Option("--prepare-tiles", help="Store vector tiles of large layers before serving.")
    ] = False,
    max_upload: Annotated[int, typer.Option(help="Size of an uploaded file in MiB.", min=1, max=4096)] = 100,
    job_time: Annotated[float, typer.Option(help="Seconds a job may run.", min=1)] = 3600.0,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Serve layers, tiles, tools and the viewer until stopped."""
    from spacegov.service.settings import MIB, Limits, Options
    from spacegov.workspace import find_workspace

    _require_extra()
    limits = Limits(upload_bytes=max_upload * MIB, job_seconds=job_time)
    names = dict.fromkeys(("127.0.0.1", "localhost", "[::1]", host))
    options = Options(find_workspace(workspace), tuple(names), limits)
    if prepare_tiles:
        _prepare(options, json)
    from spacegov.service.server import run

    run(options, host, port, lambda address: _tell(address, json))


def _require_extra() -> None:
    from importlib.util import find_spec

    from spacegov.errors import BadInput

    missing = [name for name in ("fastapi", "uvicorn", "structlog", "rio_tiler", "pmtiles") if find_spec(name) is None]
    if missing:
        raise BadInput(f'{", ".join(missing)} are not installed; install them with pip install "spacegov[service]"')


def _prepare(options: Options, json: bool) -> None:
    from spacegov.service.prepare import prepare
    from spacegov.service.state import Service

    with progress("tiles", as_json=json) as report:
        made = prepare(Service(options), report)
    if not json:
        typer.echo(f"stored the tiles of {len(made)} layers")


def _tell(address: str, json: bool) -> None:
    if json:
        print_json({"address": address, "viewer": f"{address}/viewer/"})
    else:
        typer.echo(f"{address}/viewer/  the map\n{address}/  the standard interfaces\nCtrl-C stops.")
