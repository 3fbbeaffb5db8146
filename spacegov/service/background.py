"""The worker processes of a running server: started, watched, started again, stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from spacegov.service.jobs import LONG, QUICK

if TYPE_CHECKING:
    from spacegov.service.state import Service

WATCH = 0.5
PATIENCE = 10.0
HOUR = 3600.0


def warm(service: Service) -> None:
    """Look at every open layer once, in a thread, so that the first client need not wait for it."""

    def look() -> None:
        from spacegov.errors import SpacegovError
        from spacegov.service.collection import collection, open_layers
        from spacegov.service.features import bounds_of

        for layer in open_layers(service):
            if service.stopping:
                return
            try:
                bounds_of(collection(service, layer.id))
            except SpacegovError as error:
                service.log.warning("layer cannot be read", layer=layer.id, error=str(error))

    threading.Thread(target=look, name="warm", daemon=True).start()


class Workers:
    """The processes that run jobs, one for those somebody waits for and one for the long ones.

    A thread starts each and starts it again when it ends. Workers ask the system to be killed when that thread ends,
    which is when the server does.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def start(self) -> None:
        """Start them."""
        self._thread.start()

    def stop(self) -> None:
        """Ask them to put back what they run, and wait for their end."""
        self._stop.set()
        self._thread.join(PATIENCE + 5)

    def _watch(self) -> None:
        cleaned = 0.0
        while not self._stop.is_set():
            for lane in (QUICK, LONG):
                process = self.processes.get(lane)
                if process is None or process.poll() is not None:
                    if process is not None:
                        self.service.log.warning("worker ended", lane=lane, code=process.returncode)
                    self.processes[lane] = self._started(lane)
            if time.monotonic() - cleaned > HOUR:
                self.service.clean()
                cleaned = time.monotonic()
            self._stop.wait(WATCH)
        for process in self.processes.values():
            process.terminate()
        until = time.monotonic() + PATIENCE
        for process in self.processes.values():
            try:
                process.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()

    def _started(self, lane: str) -> subprocess.Popen[bytes]:
        service = self.service
        words = [sys.executable, "-m", "spacegov.service.worker", "--workspace", str(service.workspace.directory)]
        words += ["--folder", str(service.folder), "--lane", lane, "--parent", str(os.getpid())]
        words += ["--attempts", str(service.limits.attempts)]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL)  # noqa: S603  the words are ours
        service.log.info("worker started", lane=lane, process=process.pid)
        return process
