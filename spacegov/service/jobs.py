"""The queue of jobs: rows in SQLite with a lease that a worker renews.

A worker takes a waiting job, holds a lease on it and renews it while the job's process lives. A lease that ran out
means that the worker was killed: the job waits again, until it was begun too often.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

LEASE = 6.0
"""Seconds without a sign of life after which a worker counts as dead; it gives one every second."""
QUICK, LONG = "quick", "long"
ACCEPTED, RUNNING, SUCCESSFUL, FAILED, DISMISSED = "accepted", "running", "successful", "failed", "dismissed"
ENDED = (SUCCESSFUL, FAILED, DISMISSED)

_metadata = sa.MetaData()
_jobs = sa.Table(
    "service_jobs",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("tool", sa.String, nullable=False),
    sa.Column("lane", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("progress", sa.Float, nullable=False, default=0.0),
    sa.Column("step", sa.String, nullable=False, default=""),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("worker", sa.String),
    sa.Column("lease", sa.Float, nullable=False, default=0.0),
    sa.Column("cancel", sa.Boolean, nullable=False, default=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("finished", sa.Float),
    sa.Column("exit_code", sa.Integer),
    sa.Column("error", sa.String),
    sa.Column("request", sa.String),
)


@dataclass(frozen=True)
class Job:
    """One job as it stands."""

    id: str
    tool: str
    lane: str
    state: str
    progress: float
    step: str
    attempts: int
    worker: str | None
    lease: float
    cancel: bool
    seconds: float
    created: float
    started: float | None
    updated: float
    finished: float | None
    exit_code: int | None
    error: str | None
    request: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED


class Jobs:
    """The jobs of a workspace.

    Parameters
    ----------
    folder : Path
        The service's folder: `records.sqlite` lies beside it, a folder for each job in `jobs`.
    attempts : int
        How often an interrupted job is begun.
    """

    def __init__(self, folder: Path, attempts: int = 3) -> None:
        self.folder = folder / "jobs"
        self.attempts = attempts
        self.folder.mkdir(parents=True, exist_ok=True)
        self.engine = sa.create_engine(f"sqlite:///{folder.parent / 'records.sqlite'}", connect_args={"timeout": 30})
        sa.event.listen(self.engine, "connect", _prepare)
        _metadata.create_all(self.engine, checkfirst=True)

    def add(
        self,
        tool: str,
        given: dict[str, Any],
        *,
        lane: str,
        seconds: float,
        request: str,
        job: str = "",
        wish: Any = None,
    ) -> str:
        """Put a job into the queue.

        Parameters
        ----------
        tool : str
            Id of the tool or scenario.
        given : dict
            Inputs and options as `spacegov run --given` or `spacegov scenario --given` takes them.
        lane : {"quick", "long"}
            Whether somebody waits for it.
        seconds : float
            How long it may run.
        request : str
            Id of the request, for the log.
        job : str
            Its id, where its folder has been begun already.
        wish : JSON, optional
            What of the answer is wanted.
        """
        name = job or secrets.token_hex(16)
        own = self.folder / name
        own.mkdir(exist_ok=True)
        (own / "given.json").write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
        if wish is not None:
            (own / "wish.json").write_text(json.dumps(wish), encoding="utf-8")
        now = time.time()
        row = {"id": name, "tool": tool, "lane": lane, "state": ACCEPTED, "seconds": seconds, "created": now}
        with self.engine.begin() as connection:
            connection.execute(_jobs.insert().values(**row, updated=now, request=request))
        return name

    def get(self, name: str) -> Job | None:
        """Give a job, None where there is no such."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(_jobs).where(_jobs.c.id == name)).one_or_none()
        return None if row is None else Job(**row._mapping)

    def waiting(self) -> int:
        """Count the jobs that wait or run."""
        query = sa.select(sa.func.count()).where(_jobs.c.state.in_((ACCEPTED, RUNNING)))
        with self.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def claim(self, worker: str, lane: str) -> Job | None:
        """Take the job that waits longest, None where none does."""
        now = time.time()
        oldest = (
            sa.select(_jobs.c.id)
            .where(_jobs.c.state == ACCEPTED, _jobs.c.lane == lane)
            .order_by(_jobs.c.created)
            .limit(1)
            .scalar_subquery()
        )
        with self.engine.connect() as connection:
            if connection.execute(sa.select(oldest)).scalar() is None:
                return None
        taken = (
            sa.update(_jobs)
            .where(_jobs.c.id == oldest, _jobs.c.state == ACCEPTED)
            .values(
                state=RUNNING, attempts=_jobs.c.attempts + 1, worker=worker, lease=now + LEASE, started=now,
                updated=now, progress=0.0, step="",
            )
            .returning(*_jobs.c)
        )  # fmt: skip
        with self.engine.begin() as connection:
            row = connection.execute(taken).one_or_none()
        return None if row is None else Job(**row._mapping)

    def beat(self, name: str, worker: str, progress: float, step: str) -> bool:
        """Renew the lease on a job; False where it is cancelled or no longer the worker's."""
        now = time.time()
        mine = sa.and_(_jobs.c.id == name, _jobs.c.worker == worker, _jobs.c.state == RUNNING)
        renewed = (
            sa.update(_jobs)
            .where(mine, _jobs.c.cancel.is_(False))
            .values(lease=now + LEASE, updated=now, progress=progress, step=step[:300])
        )
        with self.engine.begin() as connection:
            return connection.execute(renewed).rowcount == 1

    def is_cancelled(self, name: str) -> bool:
        """Tell whether somebody asked for a job's end."""
        job = self.get(name)
        return job is None or job.cancel

    def finish(self, name: str, worker: str, state: str, *, exit_code: int | None = None, error: str = "") -> None:
        """Put the end of a job on record, unless another worker has taken it over."""
        now = time.time()
        values: dict[str, Any] = {"state": state, "exit_code": exit_code, "error": error or None, "finished": now}
        if state == SUCCESSFUL:
            values["progress"] = 1.0
        mine = sa.and_(_jobs.c.id == name, _jobs.c.worker == worker, _jobs.c.state == RUNNING)
        with self.engine.begin() as connection:
            connection.execute(sa.update(_jobs).where(mine).values(**values, updated=now))

    def put_back(self, name: str, worker: str) -> None:
        """Let a job wait again, since its worker is asked to stop; the attempt does not count."""
        mine = sa.and_(_jobs.c.id == name, _jobs.c.worker == worker, _jobs.c.state == RUNNING)
        values = {"state": ACCEPTED, "attempts": _jobs.c.attempts - 1, "updated": time.time()}
        with self.engine.begin() as connection:
            connection.execute(sa.update(_jobs).where(mine).values(**values))

    def reclaim(self) -> int:
        """Let jobs wait again whose worker has died; those begun too often have failed."""
        now = time.time()
        lost = sa.and_(_jobs.c.state == RUNNING, _jobs.c.lease < now)
        often = f"it was interrupted {self.attempts} times and is not begun again; ask for less, or start it anew"
        with self.engine.connect() as connection:
            if connection.execute(sa.select(_jobs.c.id).where(lost).limit(1)).scalar() is None:
                return 0
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(_jobs)
                .where(lost, _jobs.c.cancel.is_(True))
                .values(state=DISMISSED, updated=now, finished=now)
            )
            connection.execute(
                sa.update(_jobs)
                .where(lost, _jobs.c.attempts >= self.attempts)
                .values(state=FAILED, error=often, exit_code=137, updated=now, finished=now)
            )
            return int(connection.execute(sa.update(_jobs).where(lost).values(state=ACCEPTED, updated=now)).rowcount)

    def cancel(self, name: str) -> None:
        """Ask for a job's end; one that waits ends at once."""
        now = time.time()
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(_jobs)
                .where(_jobs.c.id == name, _jobs.c.state == ACCEPTED)
                .values(state=DISMISSED, cancel=True, updated=now, finished=now)
            )
            connection.execute(
                sa.update(_jobs).where(_jobs.c.id == name, _jobs.c.state == RUNNING).values(cancel=True, updated=now)
            )

    def ended_before(self, moment: float) -> list[str]:
        """Name the jobs that ended before a moment."""
        query = sa.select(_jobs.c.id).where(_jobs.c.state.in_(ENDED), _jobs.c.finished < moment)
        with self.engine.connect() as connection:
            return [str(row.id) for row in connection.execute(query)]

    def wish(self, name: str) -> Any:
        """Give what of the answer is wanted, None where all is."""
        path = self.folder / name / "wish.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def answer(self, name: str) -> dict[str, Any]:
        """Give what the job's process printed."""
        found = json.loads((self.folder / name / "answer.json").read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}

    def run_folder(self, name: str, step: str = "") -> Path | None:
        """Give the run folder of a job that succeeded; of a scenario's job that of a step, if it was answered."""
        try:
            answer = self.answer(name)
            if not step:
                return Path(answer["files"]["run"])
            return Path(next(each["run"] for each in answer["steps"] if each["id"] == step))
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            return None

    def remove(self, name: str) -> None:
        """Remove a job that ended, with its run; those of a scenario's steps lie in the job's folder."""
        run = self.run_folder(name)
        if run is not None:
            shutil.rmtree(run, ignore_errors=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        with self.engine.begin() as connection:
            connection.execute(sa.delete(_jobs).where(_jobs.c.id == name, _jobs.c.state.in_(ENDED)))


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()
