"""The server process: one address, requests until it is asked to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from spacegov.errors import BadInput
from spacegov.service.app import create_app
from spacegov.service.settings import Options


def run(options: Options, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve until a signal asks to stop.

    Parameters
    ----------
    options : Options
        What is served.
    host : str
        Address to bind to.
    port : int
        Port; 0 takes a free one.
    tell : callable
        Told the address as soon as requests are answered.

    Raises
    ------
    BadInput
        The address cannot be bound to.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only on sockets that say they are TCP; on others they wait 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
                tell(address)

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
