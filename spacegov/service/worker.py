"""A worker: takes jobs from the queue and runs each in a process of its own.

The process is forked from the worker, which has the libraries loaded, and becomes the command line:
`spacegov run TOOL --given FILE --open-only --json`, or `spacegov scenario ID` with the same words. Its error stream
tells the progress, its output is the answer. It dies with the worker, and the worker with the server.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from spacegov.errors import PartlyFailed, SpacegovError
from spacegov.service.jobs import DISMISSED, FAILED, LONG, QUICK, SUCCESSFUL, Job, Jobs
from spacegov.service.sharing import ServedWorkspace

_PR_SET_PDEATHSIG = 1
BEAT = 1.0
TICK = 0.02
RUNS = "runs"
"""Folder in that of a job where the steps of a scenario keep their runs: they go with the job."""
IDLE = {QUICK: 0.05, LONG: 0.2}


def die_with(parent: int) -> None:
    """Ask the system to kill this process when its parent ends, however it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before it could be asked
        os._exit(1)


class Worker:
    """Runs the jobs of one lane.

    Parameters
    ----------
    workspace : Path
        Folder of the workspace.
    jobs : Jobs
        The queue.
    lane : {"quick", "long"}
        Whose jobs.
    """

    def __init__(self, workspace: Path, jobs: Jobs, lane: str) -> None:
        self.workspace = workspace
        self.jobs = jobs
        self.opened = ServedWorkspace.open(workspace)
        self.runs = self.opened.runs
        self.lane = lane
        self.name = f"{lane}-{os.getpid()}-{secrets.token_hex(3)}"
        self.stopping = False

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """End after putting the running job back."""
        self.stopping = True

    def work(self, steps: Iterator[None]) -> None:
        """Take jobs until asked to stop; while none waits, load what the next ones will need."""
        sweep(self.runs)
        looked = 0.0
        while not self.stopping:
            if time.monotonic() - looked > BEAT:
                self.jobs.reclaim()
                looked = time.monotonic()
            job = self.jobs.claim(self.name, self.lane)
            if job is not None:
                self.run(job)
            elif next(steps, self) is self:
                time.sleep(IDLE[self.lane])

    def run(self, job: Job) -> None:
        """Run one job to its end."""
        folder = self.jobs.folder / job.id
        child = self._start(job, folder)
        started = beaten = time.monotonic()
        progress = Progress(folder / "progress.jsonl")
        status: int | None = None
        ended = ""
        while status is None:
            done, raw = os.waitpid(child, os.WNOHANG)
            if done:
                status = os.waitstatus_to_exitcode(raw)
                break
            changed = progress.read()
            now = time.monotonic()
            if now - started > job.seconds:
                ended = f"it took longer than {job.seconds:g} s and was stopped; ask for a smaller area, or less"
            elif self.stopping:
                ended = "stopping"
            elif (changed or now - beaten > BEAT) and now - beaten > 0.1:
                if not self.jobs.beat(job.id, self.name, progress.share, progress.step):
                    ended = "cancelled"
                beaten = now
            elif self.jobs.is_cancelled(job.id):
                ended = "cancelled"
            if ended:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                sweep(self.runs)
                break
            time.sleep(TICK)
        progress.read()
        self._finish(job, status, ended, progress)

    def _finish(self, job: Job, status: int | None, ended: str, progress: Progress) -> None:
        if status not in (0, PartlyFailed.exit_code):
            shutil.rmtree(self.jobs.folder / job.id / RUNS, ignore_errors=True)
        if ended == "stopping":
            self.jobs.put_back(job.id, self.name)
        elif ended == "cancelled":
            self.jobs.finish(job.id, self.name, DISMISSED)
        elif ended:
            self.jobs.finish(job.id, self.name, FAILED, exit_code=124, error=ended)
        elif status == 0:
            self.jobs.finish(job.id, self.name, SUCCESSFUL, exit_code=0)
        elif status == PartlyFailed.exit_code:
            self.jobs.finish(job.id, self.name, SUCCESSFUL, exit_code=status, error=progress.error)
        elif status is not None and status < 0:
            error = f"its process was ended by the system ({signal.Signals(-status).name}); ask for less"
            self.jobs.finish(job.id, self.name, FAILED, exit_code=4, error=error)
        else:
            self.jobs.finish(job.id, self.name, FAILED, exit_code=status, error=progress.error)

    def _start(self, job: Job, folder: Path) -> int:
        words = ["--given", str(folder / "given.json"), "--open-only", "--workspace", str(self.workspace), "--json"]
        if job.tool in self.opened.scenarios and job.tool not in self.opened.tools:
            words = ["scenario", job.tool, "--runs", str(folder / RUNS), *words]
        else:
            words = ["run", job.tool, *words]
        shutil.rmtree(folder / RUNS, ignore_errors=True)
        (folder / "progress.jsonl").unlink(missing_ok=True)
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _become(words, folder, parent, niceness=10 if self.lane == LONG else 2)
        with suppress(OSError):  # both sides do it, so that neither can come too early
            os.setpgid(child, child)
        return child


def _become(words: list[str], folder: Path, parent: int, niceness: int) -> None:
    """Turn the forked process into the command line; it never returns."""
    code = 70
    try:
        os.setpgid(0, 0)
        die_with(parent)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_DFL)
        os.nice(niceness)
        os.chdir(folder)
        streams = [
            os.open(os.devnull, os.O_RDONLY),
            os.open("answer.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            os.open("progress.jsonl", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600),
        ]
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 4096)
        sys.argv = ["spacegov", *words]
        from spacegov.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def sweep(runs: Path) -> None:
    """Remove what runs left half written whose process is gone."""
    for left in runs.glob(".*.part"):
        process = left.name.split(".")[-2]
        if not (Path("/proc") / process).exists():
            shutil.rmtree(left, ignore_errors=True)


class Progress:
    """Follows the lines that a job's process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.share = 0.0
        self.step = ""
        self.error = "the tool ended without an answer"
        self._read = 0

    def read(self) -> bool:
        """Take in what was written since; True where the progress moved."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._read)
                written = stream.read()
        except OSError:
            return False
        whole = written[: written.rfind(b"\n") + 1]
        self._read += len(whole)
        before = (self.share, self.step)
        for line in whole.splitlines():
            with suppress(ValueError):
                self._take(json.loads(line))
        return (self.share, self.step) != before

    def _take(self, facts: Any) -> None:
        if not isinstance(facts, dict):
            return
        if isinstance(facts.get("progress"), (int, float)):
            self.share = max(0.0, min(1.0, float(facts["progress"])))
        self.step = str(facts.get("step") or facts.get("message") or self.step)
        if "error" in facts:
            self.error = str(facts["error"])


def loading(workspace: Path) -> Iterator[None]:
    """Load what jobs need, once, a step at a time: libraries, compiled kernels, tools.

    Nothing here may leave a thread running, since a fork copies none; DuckDB is therefore left to the jobs.
    """
    import geopandas  # noqa: F401
    import pyogrio  # noqa: F401

    import spacegov.applications.runner
    import spacegov.cli
    import spacegov.toolbox.run  # noqa: F401

    yield
    import pyarrow.parquet  # noqa: F401
    import rasterio  # noqa: F401
    from pyproj import Transformer

    opened = ServedWorkspace.open(workspace)
    Transformer.from_crs("OGC:CRS84", opened.crs, always_xy=True)
    yield
    from spacegov.kernels.compilation import warm_up

    warm_up()
    for tool in opened.tools.values():
        yield
        with suppress(SpacegovError):  # told to whoever asks the tool
            _ = tool.signature


def main() -> None:
    """Work until the server ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--lane", choices=(QUICK, LONG), required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--attempts", type=int, default=3)
    given = parser.parse_args()
    die_with(given.parent)
    worker = Worker(given.workspace, Jobs(given.folder, given.attempts), given.lane)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    steps = loading(given.workspace)
    next(steps)
    worker.work(steps)


if __name__ == "__main__":
    main()
