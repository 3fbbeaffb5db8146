"""What the service allows: sizes, counts and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of requests, answers and jobs; docs/service.md lists them.

    Attributes
    ----------
    body_bytes, upload_bytes : int
        Size of a request's body, and of an uploaded file.
    features, vertices : int
        Geometry in the body of a request.
    upload_features, upload_vertices : int
        Geometry in an uploaded file.
    upload_seconds, query_seconds, wait_seconds, job_seconds : float
        Time to read an upload, to query a layer, to wait for a synchronous execution, to run a job.
    page, most_items : int
        Features of a page where no limit is given, and at most.
    tile_features, tile_bytes : int
        What a vector tile holds.
    waiting : int
        Jobs in the queue.
    attempts : int
        How often a job that was interrupted is begun.
    kept_seconds : float
        How long results and uploads are kept.
    """

    body_bytes: int = MIB
    upload_bytes: int = 100 * MIB
    features: int = 10_000
    vertices: int = 200_000
    upload_features: int = 100_000
    upload_vertices: int = 5_000_000
    upload_seconds: float = 60.0
    query_seconds: float = 20.0
    wait_seconds: float = 60.0
    job_seconds: float = 3600.0
    page: int = 10
    most_items: int = 10_000
    tile_features: int = 20_000
    tile_bytes: int = 500_000
    waiting: int = 100
    attempts: int = 3
    kept_seconds: float = 7 * 86_400.0


@dataclass(frozen=True)
class Options:
    """How the service is started.

    Attributes
    ----------
    workspace : Path
        Folder of the workspace.
    hosts : tuple of str
        Names under which it may be addressed; others are refused, so that no foreign page reaches it by a name of its
        own.
    limits : Limits
        What is allowed.
    workers : bool
        Whether processes for jobs are started.
    """

    workspace: Path
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    limits: Limits = field(default_factory=Limits)
    workers: bool = True
