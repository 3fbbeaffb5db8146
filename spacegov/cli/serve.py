"""`spacegov serve`: the workspace over HTTP, for the viewer, QGIS and other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

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
    _run(options, host, port, json)


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


def _run(options: Options, host: str, port: int, json: bool) -> None:
    import asyncio
    import signal
    import socket

    import uvicorn

    from spacegov.errors import BadInput
    from spacegov.service.app import create_app

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadInput(f"{host}:{port} cannot be bound to ({error.strerror}); choose another with --port") from None
    listener.set_inheritable(False)
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    address = f"http://{shown}:{listener.getsockname()[1]}"

    class Server(uvicorn.Server):
        """Says where it is as soon as it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Start, then tell."""
            await super().startup(sockets)
            if self.started:
                _tell(address, json)

    settings: dict[str, Any] = {
        "log_config": None, "access_log": False, "server_header": False, "date_header": True,
        "timeout_graceful_shutdown": 30, "timeout_keep_alive": 30, "limit_concurrency": 256, "backlog": 256,
        "h11_max_incomplete_event_size": 64 << 10,
    }  # fmt: skip
    # uvicorn ends in order when asked to and then raises the signal again, to whoever handled it before.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _signal, _frame: None)
    server = Server(uvicorn.Config(create_app(options), **settings))
    asyncio.run(server.serve([listener]))


def _tell(address: str, json: bool) -> None:
    if json:
        print_json({"address": address, "viewer": f"{address}/viewer/"})
    else:
        typer.echo(f"{address}/viewer/  the map\n{address}/  the standard interfaces\nCtrl-C stops.")
