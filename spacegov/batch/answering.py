"""How a part of a batch is answered: a tool or scenario run on a workspace that is cut to the zone."""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.batch.checking import placed
from spacegov.batch.cuts import Near, Own, Slice, outside_raster
from spacegov.batch.parts import RECORD, Answered, Part, State, kept_part
from spacegov.batch.plan import Zones as ZoneCard
from spacegov.batch.zones import ZoneSet, read_zones
from spacegov.errors import BadInput, EmptyLayer, SpacegovError
from spacegov.layers import files
from spacegov.layers.layer import Layer
from spacegov.toolbox.answers import is_answer
from spacegov.toolbox.clip import Clip
from spacegov.toolbox.view import PartLayer, ZoneWorkspace

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result
    from spacegov.toolbox.tool import Tool
    from spacegov.workspace import Workspace

_COVERED = 1e-6


def answer_part(part: Part) -> Answered:
    """Answer a part and keep it in its folder, whole or not at all.

    A part that fails leaves nothing behind; what failed and why is in what is given back.
    """
    clock = time.perf_counter()
    temporary = part.folder.with_name(f".{part.folder.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        state, reason, facts = _ask(part, temporary)
    except SpacegovError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        return Answered("failed", str(error), seconds=_since(clock))
    except Exception as error:  # noqa: BLE001  a defect in one part must not lose what the others found
        shutil.rmtree(temporary, ignore_errors=True)
        reason = f"this is a fault of spacegov, not of your input ({type(error).__name__}: {error})"
        return Answered("failed", reason, seconds=_since(clock))
    hashes = {
        str(file.relative_to(temporary)): files.file_hash(file)
        for file in sorted(temporary.rglob("*"))
        if file.is_file()
    }
    answered = Answered(state, reason, files=hashes, seconds=_since(clock), **facts)
    record = {"key": part.key, **answered.__dict__}
    text = json.dumps(record, ensure_ascii=False, indent=1, default=str)
    (temporary / RECORD).write_text(text, encoding="utf-8")
    shutil.rmtree(part.folder, ignore_errors=True)
    temporary.rename(part.folder)
    return kept_part(part) or answered


def _since(clock: float) -> float:
    return round(time.perf_counter() - clock, 3)


@functools.lru_cache(maxsize=2)
def _workspace(folder: Path) -> Workspace:
    from spacegov.workspace import Workspace

    return Workspace.open(folder)


@functools.lru_cache(maxsize=2)
def _zones(folder: Path, card: ZoneCard) -> ZoneSet:
    return read_zones(_workspace(folder), card)


def zones_of(part: Part) -> ZoneSet | None:
    """Give the zones of a part's batch; None where it is not split by zones."""
    return None if part.zones is None or part.zones.layer is None else _zones(part.workspace, part.zones)


def _ask(part: Part, folder: Path) -> tuple[State, str | None, dict[str, Any]]:
    workspace = _workspace(part.workspace)
    try:
        if part.scenario is not None:
            return _ask_scenario(part, workspace, folder)
        return _ask_tool(part, workspace, folder)
    except EmptyLayer as error:
        if part.take == "whole":
            raise
        return "absent", str(error), {}
    except BadInput as error:
        if part.take != "whole" and outside_raster(error):
            return "not_covered", str(error), {}
        raise


def _cut(part: Part, workspace: Workspace) -> tuple[ZoneWorkspace, Clip]:
    card = part.zones
    if card is None or part.position is None:
        raise BadInput(f"{part.task}: it is cut to a zone, none was given; name zones in the plan")
    zones = _zones(part.workspace, card)
    shape = zones.frame.geometry.iloc[part.position]
    territory = zones.frame.iloc[[part.position]]
    taken = shape.buffer(part.halo) if part.halo else shape
    cut = Clip(part.zone, taken, uncut=part.take == "meet", repair=bool(part.given.get("repair")))
    return ZoneWorkspace(workspace, cut, territory), cut


def _ask_tool(part: Part, workspace: Workspace, folder: Path) -> tuple[State, str | None, dict[str, Any]]:
    from spacegov.toolbox.run import run

    tool = workspace.tools[str(part.tool)]
    given = placed(tool.signature, part.given, part.base)
    asked: Workspace = workspace
    crs = None
    if part.take == "own":
        found = _own(part, workspace, tool, given)
        if found is None:
            return "absent", "no record of the first input lies here", {}
        asked, given = found
    elif part.take != "whole":
        asked, cut = _cut(part, workspace)
        kinds = tool.signature.inputs
        given = {
            role: _cut_files(workspace, role, value, cut, kinds[role].kind.cells if role in kinds else "either")
            for role, value in given.items()
        }
    if any(hasattr(value, "columns") for value in given.values()):
        crs = workspace.crs
    result = run(asked, tool.id, given, crs=crs, keep=False)
    _write(result, folder)
    facts = {
        "figures": result.summary,
        "provenance": result.provenance.model_dump(mode="json"),
        "answer": result.answer(part.language),
    }
    return _state(result, part), None, facts


def _own(
    part: Part, workspace: Workspace, tool: Tool, given: Mapping[str, Any]
) -> tuple[Workspace, dict[str, Any]] | None:
    """Give the workspace and the inputs for the records of the first input that belong to a part."""
    role, spec = next(iter(tool.signature.inputs.items()))
    named = given.get(role, tool.card.layers.get(role))
    if isinstance(named, list) and len(named) == 1:
        named = named[0]
    if not isinstance(named, str) or is_answer(named) or "," in named:
        raise BadInput(f"{part.task}: {role} is split by records, so one layer or file is needed; name one")
    as_it_is = spec.kind.name == "AnyLayer"
    cut: Own | Slice
    if part.zones is not None and part.zones.rows is not None:
        start = int(part.position or 0) * part.zones.rows
        cut = Slice(start, start + part.zones.rows, as_it_is)
    else:
        card = part.zones
        if card is None or part.position is None:
            raise BadInput(f"{part.task}: it is split by zones, none was given; name zones in the plan")
        cut = Own(_zones(part.workspace, card), part.position, as_it_is)
    subject: Any
    if files.looks_like_file(named):
        whole = files.read_vector(named, crs=None if as_it_is else workspace.crs)
        subject = records = cut.of_frame(whole)
    else:
        layer = workspace.layers[named]
        records = cut.read(layer)
        subject = _Read(workspace, layer, cut, records)
    if not len(records):
        return None
    others = [name for name in tool.signature.inputs if name != role]
    for name in others:
        items = given.get(name, tool.card.layers.get(name))
        if any(is_answer(item) for item in (items if isinstance(items, list) else [items])):
            raise BadInput(f"{part.task}: {name} takes an answer, which cannot be split; give take: clip")
    if getattr(records, "_geometry_column_name", None) not in records.columns or as_it_is:
        return workspace, {**given, role: subject}
    near = Near.of(records, _halo(tool, given, part.halo))
    zone = workspace.territory
    if part.zones is not None and part.zones.rows is None and part.position is not None and part.position >= 0:
        zone = _zones(part.workspace, part.zones).frame.iloc[[part.position]]
    return ZoneWorkspace(workspace, near, zone), {**given, role: subject}


class _Read(PartLayer):
    """A part of a layer that has been read."""

    def __init__(self, workspace: Workspace, whole: Layer, cut: Own | Slice, records: Any) -> None:
        super().__init__(workspace, whole, cut)
        self.records = records

    def read(self, bbox: tuple[float, float, float, float] | None = None, **wanted: Any) -> Any:
        """Give what was read."""
        if bbox is not None or any(value is not None for value in wanted.values()):
            return super().read(bbox, **wanted)
        return self.records


def _halo(tool: Tool, given: Mapping[str, Any], least: float) -> float:
    """Give the metres of neighbourhood that a tool needs: its own, or those of the option it names."""
    halo = getattr(tool.function, "halo", 0.0)
    if isinstance(halo, str):
        default = tool.signature.options.model_fields[halo].default
        halo = given.get(halo, tool.card.options.get(halo, default))
    return max(float(halo), least)


def _cut_files(workspace: Workspace, role: str, value: Any, cut: Clip, cells: files.Cells) -> Any:
    """Read files that an input names and cut them; layers are cut by the workspace."""
    if isinstance(value, list):
        return [_cut_files(workspace, role, item, cut, cells) for item in value]
    if not isinstance(value, str) or is_answer(value) or not Path(files.split_source(value)[0]).is_absolute():
        return value
    if files.is_raster(value):
        return files.open_raster(value, crs=workspace.crs, cells=cells).clip(cut.shape.bounds)
    frame = files.read_vector(value, crs=workspace.crs)
    return cut.of_frame(role, frame) if hasattr(frame, "geometry") else frame


def _write(result: Result, folder: Path) -> None:
    from spacegov.toolbox.runs import write_frame

    for name, frame in result.frames.items():
        write_frame(frame, folder / f"{name}.{'parquet' if hasattr(frame, 'columns') else 'tif'}")
    if result.not_covered is not None:
        write_frame(result.not_covered, folder / "not_covered.parquet")


def _state(result: Result, part: Part) -> State:
    """Give the answer of a zone: nothing found where a layer covers none of it is no absence."""
    rows = result.summary.get("rows", 0)
    gaps = result.not_covered
    if not rows and gaps is not None and isinstance(result.workspace, ZoneWorkspace) and part.take != "own":
        area = float(result.workspace.territory.geometry.area.sum())
        if float(gaps["area_m2"].max()) >= area * (1 - _COVERED):
            return "not_covered"
    return "present" if rows else "absent"


def _ask_scenario(part: Part, workspace: Workspace, folder: Path) -> tuple[State, str | None, dict[str, Any]]:
    from spacegov.applications.runner import run_scenario

    asked: Workspace = workspace if part.take == "whole" else _cut(part, workspace)[0]
    outcome = run_scenario(
        asked, str(part.scenario), part.given, out=folder / "report", language=part.language, keep=False
    )
    failed = outcome.failed
    if failed:
        told = "; ".join(f"{step.step.id}: {step.error}" for step in failed)
        raise BadInput(f"{len(failed)} of {len(outcome.steps)} steps failed ({told})")
    main = outcome.main.result
    if main is not None:
        _write(main, folder)
    records = [step.result.provenance.model_dump(mode="json") for step in outcome.steps if step.result is not None]
    facts = {"figures": outcome.figures, "provenance": records, "answer": outcome.answer(part.language)}
    state: State = "absent" if main is None else _state(main, part)
    return state, None, facts
