"""The application: routers, the guard before them, the envelope around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from spacegov.service import (
    core,
    features,
    jobs_api,
    problems,
    processes,
    scenarios_api,
    tiles,
    uploads,
    viewer,
    viewer_api,
)
from spacegov.service.background import Workers, warm
from spacegov.service.guard import guard
from spacegov.service.middleware import Envelope
from spacegov.service.settings import Options
from spacegov.service.state import Service

THREADS = 8
"""Requests that compute at the same time; more wait their turn."""


def create_app(options: Options) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    options : Options
        Workspace, host names, limits.

    Returns
    -------
    FastAPI
        `app.state.service` is its `Service`.
    """
    service = Service(options)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        import anyio.to_thread

        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        workers = Workers(service) if options.workers else None
        if workers is not None:
            workers.start()
            warm(service)
        try:
            yield
        finally:
            service.stopping = True
            if workers is not None:
                await anyio.to_thread.run_sync(workers.stop)
            service.log.info("stopped")

    app = FastAPI(
        title="spacegov",
        lifespan=lifespan,
        dependencies=[Depends(guard)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    for part in (core, features, tiles, processes, jobs_api, uploads, viewer_api, scenarios_api, viewer):
        app.include_router(part.router)
    problems.install(app)
    app.add_middleware(
        Envelope,
        log=service.log,
        hosts=options.hosts,
        body_bytes=options.limits.body_bytes,
        upload_bytes=options.limits.upload_bytes,
    )
    return app
