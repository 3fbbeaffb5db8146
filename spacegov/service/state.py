"""What the application holds: the workspace as anyone may see it, its folders, its jobs, its log."""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from spacegov.service.jobs import Jobs
from spacegov.service.problems import Problem
from spacegov.service.settings import Limits, Options
from spacegov.service.sharing import ServedWorkspace

T = TypeVar("T")


def service_folder(workspace: ServedWorkspace) -> Path:
    """Give the folder of what the service keeps: uploads, jobs, tiles, copies of layers that are read in place."""
    return workspace.runs.parent / "service"


class Service:
    """The running service.

    Attributes
    ----------
    workspace : ServedWorkspace
        Layers and tools, withheld layers unreadable.
    jobs : Jobs
        The queue.
    limits : Limits
        What is allowed.
    log : structlog logger
        JSON lines on the error stream.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.workspace = ServedWorkspace.open(options.workspace)
        self.folder = service_folder(self.workspace)
        self.uploads = self.folder / "uploads"
        self.tiles = self.folder / "tiles"
        self.copies = self.folder / "copies"
        for folder in (self.uploads, self.tiles, self.copies, self.folder / "jobs"):
            folder.mkdir(parents=True, exist_ok=True)
        self.jobs = Jobs(self.folder)
        self.log = make_log()
        self.stopping = False
        self._memory: dict[Any, Any] = {}
        self._locks: dict[Any, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def limits(self) -> Limits:
        """What is allowed."""
        return self.options.limits

    def remember(self, key: Any, make: Callable[[], T]) -> T:
        """Give what was made under a key, making it once; the key names the version of all it depends on."""
        if key in self._memory:
            return self._memory[key]  # type: ignore[no-any-return]
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._memory:
                made = make()
                with self._lock:
                    if len(self._memory) >= 4096:
                        self._memory.clear()
                        self._locks.clear()
                    self._memory[key] = made
                return made
        return self.remember(key, make)

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        folders = (self.folder, self.workspace.runs, self.workspace.directory)
        return tuple(f"{folder}/" for folder in folders)

    def scrubbed(self, text: str) -> str:
        """Take paths of this machine out of a message."""
        for path in (*self._paths, f"{Path.home()}/"):
            text = text.replace(path, "")
        return text

    def clean(self) -> int:
        """Remove results and uploads that are older than they are kept, and what a stopped server left half done."""
        before = time.time() - self.limits.kept_seconds
        removed = 0
        for folder in self.uploads.iterdir():
            if folder.stat().st_mtime < before or (folder.name.startswith(".") and _idle(folder)):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        for job in self.jobs.ended_before(before):
            self.jobs.remove(job)
            removed += 1
        return removed


def _idle(folder: Path) -> bool:
    return time.time() - folder.stat().st_mtime > 3600


async def in_thread(call: Callable[..., T], *given: Any, **named: Any) -> T:
    """Compute beside the event loop."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(partial(call, *given, **named))


async def within(seconds: float, work: Awaitable[T], what: str) -> T:
    """Wait for work no longer than allowed."""
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        raise Problem(504, f"{what} takes longer than {seconds:g} s; ask for less") from None


def make_log() -> Any:
    """Make the log: JSON lines on the error stream."""
    import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
