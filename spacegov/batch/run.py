"""Running a batch: its parts, what is kept of an earlier run, the answers together, the manifest."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from spacegov.batch.checking import check_plan, take_of, variants
from spacegov.batch.cluster import answers, processors
from spacegov.batch.fingerprint import Fingerprints
from spacegov.batch.gathering import MANIFEST, gather
from spacegov.batch.parts import Answered, Part, kept_part
from spacegov.batch.plan import Plan, Task, read_plan
from spacegov.batch.plan import Zones as ZoneCard
from spacegov.batch.zones import OUTSIDE, ZoneSet, folder_name, read_zones
from spacegov.errors import BadInput
from spacegov.layers import files
from spacegov.layers.store import take_lock
from spacegov.toolbox.export import writing

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

Progress: TypeAlias = Callable[[float, str], None]
_GATHERING = 0.05
"""Share of the progress that putting the answers together takes."""


@dataclass(frozen=True)
class Batch:
    """What became of a batch.

    Attributes
    ----------
    plan : Plan
    folder : Path
        Where everything was written.
    answered : tuple of (Part, Answered)
        In the plan's order.
    kept : int
        Parts that an earlier run had answered.
    files : dict
        Path of every file that puts answers together, by its name in the folder.
    started : datetime
    seconds : float
    """

    plan: Plan
    folder: Path
    answered: tuple[tuple[Part, Answered], ...]
    kept: int
    files: dict[str, Path]
    started: datetime
    seconds: float

    @property
    def failed(self) -> tuple[tuple[Part, Answered], ...]:
        """Parts that failed."""
        return tuple(pair for pair in self.answered if pair[1].state == "failed")

    @property
    def counts(self) -> dict[str, int]:
        """Parts by what became of them."""
        return dict(Counter(answered.state for _, answered in self.answered))

    def to_json(self) -> dict[str, Any]:
        """Give what `spacegov batch --json` prints."""
        return {
            "status": "partly failed" if self.failed else "done",
            "parts": len(self.answered),
            "kept": self.kept,
            "counts": self.counts,
            "failed": [{"part": part.title, "reason": answered.reason} for part, answered in self.failed],
            "seconds": self.seconds,
            "files": {name: str(path) for name, path in self.files.items()},
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in self.counts.items())
        return f"<Batch of {len(self.answered)} parts: {counts}; {self.seconds:.1f} s>"


def plan_parts(workspace: Workspace, plan: Plan, base: Path, out: Path) -> list[Part]:
    """Give every part of a plan, in its order, with the hash that decides whether an earlier answer is kept.

    Parameters
    ----------
    workspace : Workspace
    plan : Plan
        Checked by `check_plan`.
    base : Path
        The plan's folder, from which files are found.
    out : Path
        Folder of the batch.
    """
    split = plan.split
    zones = None if split is None or split.layer is None else read_zones(workspace, split)
    fingerprints = Fingerprints(workspace)
    parts: list[Part] = []
    for task in plan.tasks:
        tool = None if task.tool is None else workspace.tools[task.tool]
        take = take_of(plan, task, tool)
        places = _places(workspace, task, take, split, zones, base)
        for position, zone, name, shape in places:
            for number, choice in enumerate(variants(task)):
                label = (
                    folder_name(zone) if position is None or position < 0 else f"{position + 1:04d}-{folder_name(zone)}"
                )
                part = Part(
                    workspace=workspace.directory,
                    base=base,
                    task=task.name,
                    tool=task.tool,
                    scenario=task.scenario,
                    given={**task.given, **choice},
                    choice=choice,
                    take=take,
                    halo=task.halo,
                    zones=None if take == "whole" else split,
                    position=position,
                    zone=zone,
                    zone_name=name,
                    language=plan.language or workspace.settings.language,
                    folder=out / task.name / "parts" / (f"{label}--{number + 1}" if task.vary else label),
                )
                parts.append(replace(part, key=fingerprints.key(part, shape)))
    return parts


def _places(
    workspace: Workspace, task: Task, take: str, split: ZoneCard | None, zones: ZoneSet | None, base: Path
) -> list[tuple[int | None, str, str, str]]:
    """Give position, key, title and hash of each zone of a task."""
    import hashlib

    if take == "whole" or split is None:
        return [(None, "whole", workspace.title, "")]
    if zones is None:
        count = _records(workspace, task, base)
        step = int(split.rows or 1)
        starts = range(0, max(count, 1), step)
        return [(number, f"rows-{start + 1}", f"{start + 1}–{min(start + step, count)}", str(step))
                for number, start in enumerate(starts)]  # fmt: skip
    frame = zones.frame
    each = [hashlib.sha256(shape.wkb).hexdigest() for shape in frame.geometry]
    together = hashlib.sha256("".join(each).encode()).hexdigest()
    found: list[tuple[int | None, str, str, str]] = [
        (position, zone, name, together if take == "own" else shape)
        for position, (zone, name, shape) in enumerate(zip(frame["zone"], frame["zone_name"], each, strict=True))
    ]
    if take == "own":
        found.append((-1, OUTSIDE, "outside all zones", together))
    return found


def _records(workspace: Workspace, task: Task, base: Path) -> int:
    """Count the records of a tool's first input."""
    tool = workspace.tools[str(task.tool)]
    role = next(iter(tool.signature.inputs))
    named = task.given.get(role, tool.card.layers.get(role))
    named = named[0] if isinstance(named, list) and len(named) == 1 else named
    if not isinstance(named, str):
        raise BadInput(f"{task.name}: {role} is split by records, so one layer or file is needed; name one")
    if files.looks_like_file(named):
        return len(files.read_vector(str(base / named)))
    return workspace.layers[named].vector_source().rows


def run_batch(
    plan: Plan | str | Path,
    out: str | Path,
    *,
    workspace: Workspace | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Batch:
    """Run a batch.

    Parameters
    ----------
    plan : Plan or path
        What is asked, or the file that says it.
    out : path
        Folder to write to, new or empty, or with `resume` that of an earlier run.
    workspace : Workspace, optional
        Whose layers are asked; the plan's own, else the nearest, without it.
    workers : int, optional
        Processes; as many as processors by default. With more than one, a script must start it under
        `if __name__ == "__main__"`.
    cluster : str, optional
        Address of a dask scheduler to use instead.
    resume : bool
        Whether answers of an earlier run are kept where inputs, parameters and versions are the same.
    progress : callable, optional
        Told the share done and the part.

    Returns
    -------
    Batch
        Parts that failed are told in it, the others are kept and put together.

    Raises
    ------
    BadCard
        The plan does not fit the workspace.
    BadInput
        The folder holds a batch and `resume` is not asked for, or another batch is writing to it.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    checked, opened, base = open_plan(plan, workspace)
    folder = Path(out).resolve()
    with _held(folder, resume=resume), _swept(folder):
        parts = plan_parts(opened, checked, base, folder)
        _sweep(folder, parts)
        found = [(part, kept_part(part)) for part in parts]
        done = {part.folder: answered for part, answered in found if answered is not None}
        kept = len(done)
        waiting = [part for part in parts if part.folder not in done]
        count = workers or processors()

        def told(part: Part | None) -> None:
            if progress is not None:
                share = (1 - _GATHERING) * len(done) / max(len(parts), 1)
                progress(share, f"{len(done)} of {len(parts)} parts" + (f", {part.title}" if part else ""))

        told(None)
        for part, answered in answers(waiting, count, cluster):
            done[part.folder] = answered
            told(part)
        _remove_halves(folder)  # of workers that died
        answered_parts = tuple((part, done[part.folder]) for part in parts if not _is_void(part, done[part.folder]))
        if progress is not None:
            progress(1 - _GATHERING, "putting the answers together")
        made = gather(opened, checked, folder, answered_parts, started, lambda: round(time.perf_counter() - clock, 2))
        if progress is not None:
            progress(1.0, "")
    return Batch(checked, folder, answered_parts, kept, made, started, round(time.perf_counter() - clock, 2))


def open_plan(plan: Plan | str | Path, workspace: Workspace | None = None) -> tuple[Plan, Workspace, Path]:
    """Read and check a plan; give it with its workspace and the folder from which its files are found."""
    from spacegov.workspace import Workspace

    path = None if isinstance(plan, Plan) else Path(plan)
    read = plan if isinstance(plan, Plan) else read_plan(plan)
    base = Path.cwd() if path is None else path.resolve().parent
    if workspace is None:
        workspace = Workspace.open(None if read.workspace is None else base / read.workspace)
    text = "" if path is None else path.read_text(encoding="utf-8")
    check_plan(workspace, read, "the plan" if path is None else str(path), text)
    return read, workspace, base


def _is_void(part: Part, answered: Answered) -> bool:
    """Tell the part for records in no zone where there are none."""
    return part.position == -1 and answered.state == "absent" and not answered.figures.get("rows")


@contextmanager
def _held(folder: Path, *, resume: bool) -> Iterator[None]:
    """Hold the folder of a batch; the system lets go of it when the process ends, however it ends."""
    if folder.is_file():
        raise BadInput(f"{folder}: a folder is needed there, it is a file; name another with --out")
    if folder.is_dir() and any(folder.iterdir()) and not resume:
        what = "holds a batch" if (folder / MANIFEST).exists() or (folder / ".lock").exists() else "is not empty"
        raise BadInput(f"{folder}: the folder {what}; go on with --resume, or name another with --out")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        take_lock(handle, str(folder), 0.0)
        yield
    finally:
        os.close(handle)


@contextmanager
def _swept(folder: Path) -> Iterator[None]:
    """Leave nothing half written behind when a batch is stopped."""
    try:
        yield
    except BaseException:
        _remove_halves(folder)
        raise


def _remove_halves(folder: Path) -> None:
    for left in [*folder.glob("*/parts/.*.part"), *folder.glob("*/.*.part*"), *folder.glob(".*.part*")]:
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _sweep(folder: Path, parts: list[Part]) -> None:
    """Remove what a run that was killed left half written, and parts that the plan no longer has."""
    wanted = {part.folder for part in parts}
    with writing(folder):
        _remove_halves(folder)
        for old in folder.glob("*/parts/*"):
            if old not in wanted:
                shutil.rmtree(old)
