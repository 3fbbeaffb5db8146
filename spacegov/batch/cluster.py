"""Where parts are answered: in this process, in worker processes of this machine, or on a cluster."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from spacegov.batch.answering import answer_part
from spacegov.batch.fingerprint import software
from spacegov.batch.parts import Answered, Part, kept_part
from spacegov.errors import BadInput, UnreadableFile

_DIED = "the worker process ended before it answered, perhaps for want of memory; use fewer workers, or smaller zones"


def processors() -> int:
    """Count the processors this process may use."""
    return len(os.sched_getaffinity(0))


def answers(parts: Sequence[Part], workers: int, cluster: str | None) -> Iterator[tuple[Part, Answered]]:
    """Answer parts, as each is done.

    Parameters
    ----------
    parts : sequence of Part
    workers : int
        Processes on this machine; one answers in this process.
    cluster : str or None
        Address of a dask scheduler instead, such as `tcp://host:8786`, whose workers see the same folders.

    Yields
    ------
    Part, Answered

    Raises
    ------
    BadInput
        Dask is not installed, or the cluster runs another version of spacegov.
    UnreadableFile
        The cluster cannot be reached.
    """
    if cluster is None and (workers == 1 or len(parts) <= 1):
        for part in parts:
            yield part, answer_part(part)
        return
    missing = [name for name in ("dask", "distributed") if find_spec(name) is None]
    if missing:
        raise BadInput(
            f'{" and ".join(missing)} are not installed; install them with pip install "spacegov[scale]", or use '
            "--workers 1"
        )
    from distributed import as_completed

    with _client(min(workers, len(parts)), cluster) as client:
        futures = {client.submit(answer_part, part, pure=False, key=f"{part.task}-{part.key}"): part for part in parts}
        for future in as_completed(list(futures)):  # type: ignore[no-untyped-call]
            part = futures[future]
            if future.status != "finished":
                yield part, Answered("failed", _DIED)
                continue
            answered = future.result()
            if answered.state != "failed" and kept_part(part) is None:
                reason = (
                    f"the worker wrote to {part.folder}, which is not seen here; use a folder that all machines share"
                )
                answered = Answered("failed", reason)
            yield part, answered
            future.release()


@contextmanager
def _client(workers: int, cluster: str | None) -> Iterator[Any]:
    """Give a client of the cluster, or of one made for the time being."""
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # A worker that dies may hold parts that are not at fault; one at which a second worker dies is told as failed.
    settings = {"distributed.scheduler.allowed-failures": 1, "distributed.worker.daemon": True}
    with dask.config.set(settings):
        if cluster is None:
            with (
                LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                ) as local,
                Client(local) as client,  # type: ignore[no-untyped-call]
            ):
                client.register_plugin(_quiet())
                yield client
            return
        try:
            client = Client(cluster, timeout="10s")  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            raise UnreadableFile(
                f"--cluster: {cluster} cannot be reached ({type(error).__name__}); check the address, such as "
                "tcp://host:8786"
            ) from None
        with client:
            _same_software(client, cluster)
            yield client


def _quiet() -> Any:
    """Make a plugin for workers of this machine, which speak to nobody but the process that started them.

    Ctrl-C reaches all processes, and the first of them ends the others; what the engine announces would stand on the
    error stream among the lines of the progress.
    """
    from distributed import WorkerPlugin

    class Quiet(WorkerPlugin):
        def setup(self, worker: Any) -> None:  # noqa: ARG002
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            logger = logging.getLogger("spacegov")
            logger.addHandler(logging.NullHandler())
            logger.setLevel(logging.INFO)

    return Quiet()


def _same_software(client: Any, cluster: str) -> None:
    """Refuse workers that would answer otherwise."""
    ours = software()
    found = client.run(software)
    if not found:
        raise BadInput(f"--cluster: {cluster} has no worker; start one with dask worker {cluster}")
    for address, theirs in found.items():
        if theirs != ours:
            raise BadInput(
                f"--cluster: the worker {address} runs another spacegov ({theirs['version']}, this is "
                f"{ours['version']}, or of other source); install the same on all machines"
            )
