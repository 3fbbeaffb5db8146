"""Holding a scenario card to the tools, layers and departments it names, before anything is read or run."""

from __future__ import annotations

import graphlib
import inspect
import typing
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from spacegov.applications.scenario import ScenarioCard, Selection, Step
from spacegov.cards import Place
from spacegov.errors import suggest
from spacegov.layers.card import SPACES

if TYPE_CHECKING:
    from spacegov.signature import Input
    from spacegov.toolbox.tool import Tool
    from spacegov.workspace import Workspace

Form: TypeAlias = Literal["frame", "table", "raster"]
_FORMS: dict[str, Form] = {"GeoDataFrame": "frame", "DataFrame": "table", "Raster": "raster"}
_WORDS: dict[Form, str] = {"frame": "features", "table": "a table", "raster": "a raster"}


def check_names(workspace: Workspace, card: ScenarioCard, source: str, text: str = "") -> None:
    """Hold a card to the names it may use: steps, departments, tools, layers.

    Parameters
    ----------
    workspace : Workspace
        Whose tools and layers are known.
    card : ScenarioCard
    source : str
        Where it was read, for messages.
    text : str
        The file's text, from which messages take the line.

    Raises
    ------
    BadCard
        Naming file, line and the nearest valid name; also for an id given twice and for steps in a circle.
    """
    place = Place(source, text)
    if card.id in workspace.tools:
        # Tools and scenarios are processes of one service, and `spacegov show` finds both by id.
        raise place.fault((), f"a tool is called {card.id!r} already; give the scenario's file another name")
    ids = [step.id for step in card.steps]
    codes = {steward.code for steward in workspace.layers.stewards.values()}
    for position, step in enumerate(card.steps):
        here = ("steps", position)
        if step.id in ids[:position]:
            raise place.fault((*here, "id"), f"the step {step.id!r} stands twice; give one of them another id")
        place.known((*here, "department"), "department", step.department, codes)
        if step.tool is not None:
            place.known((*here, "tool"), "tool", step.tool, workspace.tools)
        for name in step.after:
            place.known((*here, "after"), "step", name, ids)
        for role, index, item in step.sources():
            where = (*here, "inputs", role, *(() if index is None else (index,)))
            name = item.source.partition(".")[0]
            if name in SPACES:
                place.known(where, "layer", item.source, workspace.layers)
            elif name not in ids:
                raise place.fault(
                    where, f"there is no layer and no step {item.source!r}; {suggest(name, [*ids, *workspace.layers])}"
                )
            elif (used := next(each for each in card.steps if each.id == name)).tool is None:
                raise place.fault(where, f"the step {used.id!r} has no tool, so it answers nothing; name another")
    _in_order(place, card, ids)
    asking = [step.id for step in card.steps if step.tool is not None]
    if not asking:
        raise place.fault(("steps",), "no step names a tool; a scenario asks at least one question")
    if card.shows is not None:
        place.known(("shows",), "step with a tool", card.shows, asking)
    for name in card.draws:
        place.known(("draws",), "step with a tool", name, asking)
    for code in card.deliverable.signatures:
        place.known(("deliverable", "signatures"), "department", code, codes)


def _in_order(place: Place, card: ScenarioCard, ids: list[str]) -> None:
    """Refuse steps in a circle, and steps that use what stands below them."""
    graph = {step.id: [other.id for other in card.needs(step)] for step in card.steps}
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        circle = [str(name) for name in reversed(error.args[1])]
        raise place.fault(
            ("steps", ids.index(circle[0])),
            f"the steps {' → '.join(circle)} wait for each other; take one of the references out",
        ) from None
    for position, step in enumerate(card.steps):
        for name in graph[step.id]:
            if ids.index(name) > position:
                raise place.fault(
                    ("steps", position), f"the step {step.id!r} needs {name!r}, which stands below it; move it up"
                )


def check_scenario(workspace: Workspace, card: ScenarioCard, source: str, text: str = "") -> None:
    """Hold every step to what its tool takes, and to what earlier tools answer.

    Parameters
    ----------
    workspace, card, source, text
        As in `check_names`.

    Raises
    ------
    BadCard
        An input, option, rule table or frame that does not exist, an input that is missing, or one of the wrong kind.
    """
    place = Place(source, text)
    for position, step in enumerate(card.steps):
        if step.tool is not None:
            _check_step(place, ("steps", position), workspace, card, step)


def _check_step(
    place: Place, here: tuple[str | int, ...], workspace: Workspace, card: ScenarioCard, step: Step
) -> None:
    from spacegov.toolbox import policy_names

    tool = workspace.tools[str(step.tool)]
    signature = tool.signature
    for group, what, given, known in (
        ("inputs", "input", step.inputs, signature.inputs),
        ("options", "option", step.options, signature.options.model_fields),
        ("policy", "rule table", step.policy, signature.policies),
    ):
        for name in given:
            if name not in known:
                raise place.fault((*here, group, name), f"{tool.id} has no {what} {name!r}; {suggest(name, known)}")
    for name, value in step.policy.items():
        place.known((*here, "policy", name), "rule table", value, policy_names(workspace.tools.policy_folders))
    for name, spec in signature.inputs.items():
        missing = name not in step.inputs and name not in tool.card.layers
        if missing and not spec.optional and spec.kind.form != "layers":
            raise place.fault((*here, "inputs"), f"{tool.id} needs {name!r}, {spec.kind.name}; name its layer")
    for role, index, item in step.sources():
        where = (*here, "inputs", role, *(() if index is None else (index,)))
        _check_source(place, where, workspace, card, signature.inputs[role], item)
        spec = signature.inputs[role]
        if index is not None and index > 0 and not spec.many and spec.kind.form != "layers":
            raise place.fault(where, f"{role} of {tool.id} takes one layer, several are given; name one")


def _check_source(
    place: Place,
    where: tuple[str | int, ...],
    workspace: Workspace,
    card: ScenarioCard,
    spec: Input,
    item: Selection,
) -> None:
    """Refuse what the input cannot take: a table for features, lines for polygons, a raster for a table."""
    form: Form
    found = card.step_of(item.source)
    if found is None:
        kind = workspace.layers.card(item.source).kind
        form = {"Raster": "raster", "Table": "table"}.get(kind, "frame")  # type: ignore[assignment]
        told = kind.lower() if form == "frame" else _WORDS[form]
        allowed = {name.removeprefix("Multi") for name in spec.kind.geometry}
        wrong = form == "frame" and bool(allowed) and _GEOMETRY.get(kind, kind) not in allowed
    else:
        step, frame = found
        tool = workspace.tools[str(step.tool)]
        forms = frame_forms(tool)
        name = frame or tool.card.show.frame or next(iter(forms))
        if name not in forms:
            raise place.fault(where, f"{tool.id} of the step {step.id!r} has no frame {name!r}; {suggest(name, forms)}")
        form, wrong = forms[name], False
        told = _WORDS[form]
    needed = {"stream": "frame", "layers": "frame"}.get(spec.kind.form, spec.kind.form)
    if wrong or (form != needed and not (needed == "table" and form == "frame")):
        raise place.fault(
            where, f"{item.source} is {told}, the input {spec.name!r} takes {spec.kind.name}; name another"
        )
    if not item.whole and form == "raster":
        raise place.fault(where, f"{item.source} is a raster, which has no columns; remove where and rename")


_GEOMETRY = {"Polygons": "Polygon", "Lines": "LineString", "Points": "Point"}


def frame_forms(tool: Tool) -> dict[str, Form]:
    """Give what each frame of a tool's answer is: features, a table or a raster.

    Parameters
    ----------
    tool : Tool

    Returns
    -------
    dict
        By frame name, in order.
    """
    plain = inspect.unwrap(tool.function)
    returned = typing.get_type_hints(plain)["return"]
    hints: dict[str, Any] = typing.get_type_hints(returned) if hasattr(returned, "_fields") else {"result": returned}
    return {name: _form(hint) for name, hint in hints.items()}


def _form(hint: Any) -> Form:
    parts = [hint, *typing.get_args(hint)]
    names = [getattr(part, "__name__", "") for part in parts]
    return next((_FORMS[name] for name in names if name in _FORMS), "frame")
