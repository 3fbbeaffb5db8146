"""What an id in the path stands for: an open layer, the answer of a job, an upload."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import UnknownName
from spacegov.layers.layer import Layer
from spacegov.service.frame_titles import titled
from spacegov.service.guard import RESULT, UPLOAD
from spacegov.service.jobs import SUCCESSFUL
from spacegov.service.problems import Problem
from spacegov.service.sharing import Need, permit
from spacegov.service.tables import Table, read_table, table_of_layer
from spacegov.text import Text, say

if TYPE_CHECKING:
    from spacegov.layers.card import LayerCard
    from spacegov.service.jobs import Job
    from spacegov.service.state import Service
    from spacegov.toolbox.tool import Tool

_JOB = re.compile(r"[0-9a-f]{32}")
_STEP = re.compile(r"[a-z][a-z0-9-]{0,63}")
_FRAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Collection:
    """Something with features or cells.

    Attributes
    ----------
    service : Service
    id : str
    title : Text
    about : str
    kind : {"Polygons", "Lines", "Points", "Raster", "Table", "Features"}
        `Features` where no card says what they are.
    path : Path or None
        Its file; None where a layer says it.
    layer : Layer or None
    fields : mapping
        What cards say of its properties.
    style : mapping
        How it is drawn.
    """

    service: Service
    id: str
    title: Text
    about: str
    kind: str
    path: Path | None
    layer: Layer | None
    fields: Mapping[str, Any]
    style: Mapping[str, Any]

    @property
    def is_raster(self) -> bool:
        """Whether it has cells, not features."""
        return self.kind == "Raster"

    @cached_property
    def table(self) -> Table:
        """Its records.

        Raises
        ------
        Problem
            404 for a raster.
        """
        if self.is_raster:
            raise Problem(404, f"{self.id} is a raster and has no features; ask for its tiles")
        if self.layer is not None:
            return table_of_layer(self.service, self.layer)
        path = self.file
        stamp = f"{path}:{path.stat().st_mtime_ns}"
        return self.service.remember(("table", stamp), lambda: read_table(path, stamp, None))

    @property
    def file(self) -> Path:
        """Its file."""
        if self.path is not None:
            return self.path
        assert self.layer is not None
        return self.layer.source_path()

    @property
    def card(self) -> LayerCard | None:
        """The card of a layer."""
        return None if self.layer is None else self.layer.card

    @property
    def stamp(self) -> str:
        """Changes whenever its data do."""
        if self.is_raster:
            stat = self.file.stat()
            return f"{self.file}:{stat.st_mtime_ns}:{stat.st_size}"
        return self.table.stamp


def collection(service: Service, name: str) -> Collection:
    """Give what an id stands for.

    Raises
    ------
    UnknownName
        There is no such layer, or no data of it here.
    Withheld
        It is not given.
    """
    if name.startswith(RESULT):
        return _result(service, name)
    if name.startswith(UPLOAD):
        return _upload(service, name)
    registry = service.workspace.layers
    permit(registry, name, Need.DATA)
    layer = registry[name]
    if not layer.bound:
        raise UnknownName(f"{name}: this workspace has no data of the layer, so every place is not covered")
    card = layer.card
    return Collection(service, name, card.title, say(card.about), card.kind, None, layer, card.fields, card.style)


def open_layers(service: Service) -> list[Layer]:
    """List the layers whose data are open and here, by id."""
    from spacegov.service.sharing import allows

    registry = service.workspace.layers
    names = [card.id for card in registry.shown() if allows(card, Need.DATA)]
    return [layer for layer in (registry[name] for name in names) if layer.bound]


def _gone(name: str) -> UnknownName:
    return UnknownName(f"there is no {name[:80]!r}; results and uploads are removed after a while, make it again")


def result_file(service: Service, job: str, frame: str) -> Path:
    """Give the file of a frame of a job's answer; a frame of a scenario's step is called `step.frame`."""
    step, _, name = frame.rpartition(".")
    if not (_JOB.fullmatch(job) and _FRAME.fullmatch(name) and (not step or _STEP.fullmatch(step))):
        raise _gone(f"{job}.{frame}")
    found = service.jobs.get(job)
    run = service.jobs.run_folder(job, step) if found is not None and found.state == SUCCESSFUL else None
    for suffix in (".parquet", ".tif") if run is not None else ():
        path = run / f"{name}{suffix}"  # type: ignore[operator]
        if path.is_file():
            return path
    raise _gone(f"{job}.{frame}")


def asked(service: Service, job: Job, step: str = "") -> tuple[Tool, Text]:
    """Give the tool that a job asked, of a scenario at one of its steps, and what its answer is called.

    Raises
    ------
    UnknownName
        The scenario has no such step any more.
    """
    if not step:
        tool = service.workspace.tools[job.tool]
        return tool, tool.card.title
    for each in service.workspace.scenarios[job.tool].steps:
        if each.id == step and each.tool is not None:
            return service.workspace.tools[each.tool], each.title
    raise _gone(f"{job.id}.{step}")


def _result(service: Service, name: str) -> Collection:
    job, _, frame = name.removeprefix(RESULT).partition(".")
    path = result_file(service, job, frame)
    found = service.jobs.get(job)
    if found is None:
        raise _gone(name)
    step, _, frame = frame.rpartition(".")
    tool, head = asked(service, found, step)
    title = titled(head, frame)
    kind = "Raster" if path.suffix == ".tif" else "Features"
    about = say(tool.card.question)
    return Collection(service, name, title, about, kind, path, None, tool.card.columns, tool.card.show.style)


def upload_file(service: Service, name: str) -> Path:
    """Give the file of an upload."""
    key = name.removeprefix(UPLOAD)
    files = list((service.uploads / key).glob("*.parquet")) if _JOB.fullmatch(key) else []
    if not files:
        raise _gone(name)
    return files[0]


def _upload(service: Service, name: str) -> Collection:
    path = upload_file(service, name)
    facts = json.loads((path.parent / "facts.json").read_text(encoding="utf-8"))
    title: Text = {"en": str(facts["name"])}
    return Collection(service, name, title, "Uploaded.", "Features", path, None, {}, {"colour": "category-1"})
