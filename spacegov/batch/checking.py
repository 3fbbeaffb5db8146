"""Holding a plan to the tools, scenarios, layers and options it names, before anything is run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.batch.plan import Plan, Take, Task
from spacegov.cards import Place
from spacegov.errors import BadInput, suggest
from spacegov.layers import files

if TYPE_CHECKING:
    from spacegov.signature import Signature
    from spacegov.toolbox.tool import Tool
    from spacegov.workspace import Workspace


def check_plan(workspace: Workspace, plan: Plan, source: str, text: str = "") -> None:
    """Hold a plan to what the workspace knows.

    Parameters
    ----------
    workspace : Workspace
        Whose tools, scenarios and layers are asked.
    plan : Plan
    source : str
        Where it was read, for messages.
    text : str
        The file's text, from which messages take the line.

    Raises
    ------
    BadCard
        A name that does not exist, an option with a wrong value, or a tool that cannot be split as asked.
    """
    place = Place(source, text)
    split = plan.split
    if split is not None and split.layer is not None:
        where = ("zones",) if isinstance(plan.zones, str) else ("zones", "layer")
        place.known(where, "layer", split.layer, workspace.layers)
        layer = workspace.layers[split.layer]
        if layer.card.kind != "Polygons":
            raise place.fault(where, f"{layer.id} is a layer of {layer.card.kind}, zones are polygons; name another")
        if not layer.bound:
            raise place.fault(where, f"the workspace has no data for {layer.id}, so there are no zones; name another")
    names = [task.name for task in plan.tasks]
    for position, task in enumerate(plan.tasks):
        here = ("tasks", position)
        if task.name in names[:position]:
            raise place.fault(here, f"the task {task.name!r} stands twice; give one of them an id of its own")
        if task.tool is not None:
            place.known((*here, "tool"), "tool", task.tool, workspace.tools)
            _check_tool(place, here, plan, task, workspace.tools[task.tool])
        else:
            place.known((*here, "scenario"), "scenario", str(task.scenario), workspace.scenarios)
            _check_scenario(place, here, workspace, plan, task)


def _check_tool(place: Place, here: tuple[str | int, ...], plan: Plan, task: Task, tool: Tool) -> None:
    signature = tool.signature
    known = [*signature.inputs, *signature.policies, *signature.options.model_fields, "repair"]
    for group, given in (("given", task.given), ("vary", task.vary)):
        for name in given:
            if name not in known:
                raise place.fault(
                    (*here, group, name), f"{tool.id} has no input or option {name!r}; {suggest(name, known)}"
                )
    for choice in variants(task):
        asked = {
            name: value for name, value in {**task.given, **choice}.items() if name in signature.options.model_fields
        }
        try:
            signature.parse({**_needed(signature), **tool.card.options, **asked})
        except BadInput as error:
            group = "vary" if any(str(error).startswith(f"{name}:") for name in choice) else "given"
            raise place.fault((*here, group), f"{tool.id}: {error}") from None
    if plan.split is None or task.take == "whole":
        return
    partition = getattr(tool.function, "partition", None)
    if task.take == "own" and partition is None:
        raise place.fault(
            (*here, "take"), f"{tool.id} cannot be split by records (see spacegov show {tool.id}); use clip or meet"
        )
    subject = next(iter(signature.inputs.values()))
    if plan.split.rows is not None and take_of(plan, task, tool) != "own":
        raise place.fault(
            here, f"{tool.id} cannot be split by a number of rows; split by a layer of zones, or give take: whole"
        )
    if take_of(plan, task, tool) == "own" and plan.split.layer is not None and subject.kind.form == "table":
        raise place.fault(
            here, f"{tool.id} asks a table, whose records lie in no zone; split by rows, or give take: whole"
        )


def _needed(signature: Signature) -> dict[str, Any]:
    return {name: "" for name, field in signature.options.model_fields.items() if field.is_required()}


def _check_scenario(place: Place, here: tuple[str | int, ...], workspace: Workspace, plan: Plan, task: Task) -> None:
    card = workspace.scenarios[str(task.scenario)]
    if plan.split is not None and plan.split.rows is not None and task.take != "whole":
        raise place.fault(here, f"{card.id} cannot be split by a number of rows; split by a layer of zones")
    asking = {step.id: step for step in card.steps if step.tool is not None}
    for group, given in (("given", task.given), ("vary", task.vary)):
        for key in given:
            name, separator, role = key.partition(".")
            where = (*here, group, key)
            if not separator:
                raise place.fault(where, f"{key!r} names no step; write STEP.NAME")
            if name not in asking:
                raise place.fault(where, f"{card.id} has no step {name!r} with a tool; {suggest(name, asking)}")
            signature = workspace.tools[str(asking[name].tool)].signature
            known = [*signature.inputs, *signature.policies, *signature.options.model_fields]
            if role not in known:
                raise place.fault(where, f"{asking[name].tool} has no input or option {role!r}; {suggest(role, known)}")


def take_of(plan: Plan, task: Task, tool: Tool | None) -> Take:
    """Give what a zone takes of the layers for a task.

    Parameters
    ----------
    plan : Plan
    task : Task
    tool : Tool or None
        The task's tool; None for a scenario.
    """
    if plan.split is None:
        return "whole"
    if task.take is not None:
        return task.take
    return "own" if tool is not None and getattr(tool.function, "partition", None) is not None else "clip"


def variants(task: Task) -> list[dict[str, Any]]:
    """Give every combination of the values to try, in the plan's order; one, empty, where nothing varies.

    Examples
    --------
    >>> variants(Task(tool="t", vary={"a": [1, 2], "b": ["x"]}))
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'x'}]
    """
    return [dict(zip(task.vary, values, strict=True)) for values in itertools.product(*task.vary.values())]


def placed(signature: Signature, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Give what is asked with files found from the plan's folder."""

    def resolve(item: Any) -> Any:
        if isinstance(item, list):
            return [resolve(each) for each in item]
        if isinstance(item, str) and not item.startswith("@") and files.looks_like_file(item):
            return str(folder / item)
        return item

    return {name: resolve(value) if name in signature.inputs else value for name, value in given.items()}
