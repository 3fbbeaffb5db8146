"""Scenarios as processes: how they are described, and how a request for one becomes what its job is given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.applications.checking import check_scenario
from spacegov.applications.scenario import ScenarioCard, Selection, Step
from spacegov.applications.words import department_titles
from spacegov.errors import BadCard, BadInput, UnknownName, shown, suggest
from spacegov.service.execution import VARY, WITHIN, Order, layers_of, ordered, policy_of, qualified
from spacegov.service.tool_processes import inputs_of
from spacegov.text import Language, say
from spacegov.toolbox.card import APPLICATIONS

if TYPE_CHECKING:
    from spacegov.service.jobs import Job
    from spacegov.service.state import Service
    from spacegov.toolbox.tool import Tool

STATUS, ANSWER, STEPS = "status", "answer", "steps"
"""Outputs that every scenario has, beside the frames of its steps."""


def is_scenario(service: Service, process: str) -> bool:
    """Tell scenarios from tools; no card of a scenario that is called like a tool is taken."""
    return process in service.workspace.scenarios and process not in service.workspace.tools


def scenarios_of(service: Service) -> list[ScenarioCard]:
    """Give the cards of all scenarios, by application and id; one that is faulty is told in the log and left out."""

    def make() -> list[ScenarioCard]:
        found = []
        for name in service.workspace.scenarios:
            try:
                found.append(service.workspace.scenarios[name])
            except BadCard as error:
                service.log.warning("scenario left out", scenario=name, error=str(error))
        return sorted(found, key=lambda card: (APPLICATIONS.index(card.application), card.id))

    return service.remember(("scenarios",), make)


def asking(card: ScenarioCard) -> list[Step]:
    """Give the steps that ask a tool."""
    return [step for step in card.steps if step.tool is not None]


def tool_of(service: Service, step: Step) -> Tool:
    """Give the tool of a step that has one."""
    return service.workspace.tools[str(step.tool)]


def outputs_of_scenario(service: Service, card: ScenarioCard) -> tuple[str, ...]:
    """Name what a scenario gives: what became of it, and the frames of its steps as `step.frame`."""
    frames = [f"{step.id}.{frame}" for step in asking(card) for frame in tool_of(service, step).signature.returns]
    return (STATUS, ANSWER, STEPS, *frames)


def summary(card: ScenarioCard, language: Language) -> dict[str, Any]:
    """Give what lists of processes show of a scenario."""
    return {
        "id": card.id,
        "title": say(card.title, language),
        "description": say(card.question, language),
        "version": version("spacegov"),
        "keywords": [card.application, "scenario"],
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
    }


def describe(service: Service, card: ScenarioCard) -> dict[str, Any]:
    """Describe a scenario: its inputs as JSON Schema, its outputs, its steps and what it ends in.

    Raises
    ------
    BadCard
        The card does not fit the tools it names.
    """
    language = service.workspace.settings.language
    departments = department_titles(service.workspace, language)

    def named(code: str) -> dict[str, str]:
        return {"id": code, "title": departments.get(code, code)}

    steps = [
        {
            "id": step.id,
            "title": say(step.title, language),
            "department": named(step.department),
            "tool": step.tool,
            "after": [other.id for other in card.needs(step)],
            "decision": None if step.decision is None else say(step.decision.asked, language),
            "days": step.days,
            "basis": [say(basis, language) for basis in step.basis],
        }
        for step in card.steps
    ]
    return {
        **summary(card, language),
        "inputs": describe_inputs(service, card),
        "outputs": describe_outputs(service, card),
        "steps": steps,
        "days": sum(step.days for step in card.steps),
        "deliverable": {
            "title": say(card.deliverable.title, language),
            "signatures": [named(code) for code in card.deliverable.signatures],
        },
        "cites": list(card.cites),
    }


def describe_outputs(service: Service, card: ScenarioCard) -> dict[str, Any]:
    """Describe what a scenario gives."""
    language = service.workspace.settings.language
    titles = {
        STATUS: ("Whether all steps were answered", "string"),
        ANSWER: ("The answer in a sentence", "string"),
        STEPS: ("What became of each step, and what is to be decided", "array"),
    }
    described = {name: {"title": title, "schema": {"type": kind}} for name, (title, kind) in titles.items()}
    for step in asking(card):
        for frame in tool_of(service, step).signature.returns:
            title = f"{say(step.title, language)}: {frame.replace('_', ' ')}"
            described[f"{step.id}.{frame}"] = {"title": title, "schema": {"type": "object"}}
    return described


def describe_inputs(service: Service, card: ScenarioCard) -> dict[str, Any]:
    """Describe what may be given: the inputs, rule tables and options of each step, as `step.name`.

    Raises
    ------
    BadCard
        The card does not fit the tools it names.
    """
    path = service.workspace.scenarios.path(card.id)
    check_scenario(service.workspace, card, str(path), path.read_text(encoding="utf-8"))
    language = service.workspace.settings.language
    described: dict[str, Any] = {}
    for step in asking(card):
        for name, own in inputs_of(tool_of(service, step)).items():
            if name not in (VARY, WITHIN):
                described[f"{step.id}.{name}"] = _input(card, step, name, own, language)
    return described


def _input(card: ScenarioCard, step: Step, name: str, own: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Describe an input of a step: that of its tool, with what the card gives in the place of the tool's default."""
    schema = {key: value for key, value in own["schema"].items() if key != "default"}
    about = own["description"]
    if name in step.inputs:
        given = step.inputs[name]
        items = given if isinstance(given, list) else [given]
        if all(isinstance(item, str) and card.step_of(item) is None for item in items):
            schema["default"] = items if schema.get("type") == "array" else items[0]
        else:
            taken = " and ".join(_words(card, item) for item in items)
            about = f"{about.rstrip('. ')}. By default: {taken}.".lstrip(". ")
    elif name in step.options or name in step.policy:
        schema["default"] = step.options[name] if name in step.options else step.policy[name]
    elif "default" in own["schema"]:
        schema["default"] = own["schema"]["default"]
    title = f"{say(step.title, language)}: {own['title']}"
    return {**own, "title": title, "description": about, "schema": schema, "minOccurs": 0}


def _words(card: ScenarioCard, item: str | Selection) -> str:
    """Say what a step takes where nothing else is given."""
    source = item if isinstance(item, str) else item.source
    found = card.step_of(source)
    what = source
    if found is not None:
        step, frame = found
        what = f"the answer of the step {step.id}" + (f" ({frame.replace('_', ' ')})" if frame else "")
    return what if isinstance(item, str) or item.where is None else f"{what} where {item.where}"


def order_scenario(service: Service, card: ScenarioCard, body: Any) -> Order:
    """Hold a request to the steps of a scenario and to the sharing of layers.

    A layer that a step takes by its card and that is withheld fails that step alone; one that is named in the request
    refuses the request.

    Raises
    ------
    BadInput
        An input is unknown, or not what its step needs.
    Withheld
        It names a layer that is not given.
    """
    given = partial(_given, service, card)
    return ordered(service, card.id, outputs_of_scenario(service, card), body, given)


def _given(service: Service, card: ScenarioCard, inputs: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    steps = {step.id: step for step in asking(card)}
    given: dict[str, Any] = {}
    options: dict[str, dict[str, Any]] = {}
    for key, sent in inputs.items():
        name, separator, role = str(key).partition(".")
        if not separator:
            raise BadInput(f"{card.id}: the input {shown(key)} names no step; write STEP.NAME, such as {_first(card)}")
        if name not in steps:
            raise BadInput(f"{card.id}: there is no step {shown(name)} with a tool; {suggest(name[:200], steps)}")
        tool = tool_of(service, steps[name])
        signature = tool.signature
        known = [*signature.inputs, *signature.policies, *signature.options.model_fields]
        if role not in known:
            raise BadInput(f"{card.id}: {tool.id} has no input {shown(role)}; {suggest(role[:200], known)}")
        if role in signature.inputs:
            given[key], own = layers_of(service, key, signature.inputs[role], sent, folder)
            if own and "crs" not in signature.options.model_fields:
                given[f"{name}.crs"] = service.workspace.crs
        elif role in signature.policies:
            given[key] = policy_of(service, key, sent)
        else:
            options.setdefault(name, {})[role] = given[key] = qualified(sent)
    for name, values in options.items():
        step, tool = steps[name], tool_of(service, steps[name])
        try:
            tool.signature.parse({**tool.card.options, **step.options, **values})
        except UnknownName as error:
            raise BadInput(f"{name}: {error}") from None
        except BadInput as error:
            raise BadInput(f"{name}.{error}") from None
    return given


def _first(card: ScenarioCard) -> str:
    return f"{asking(card)[0].id}.NAME"


def step_now(card: ScenarioCard, job: Job) -> dict[str, Any]:
    """Say at which step a running scenario is: its share of the work done counts steps, each as much as another."""
    count = len(card.steps)
    number = min(int(job.progress * count + 0.01), count - 1)
    return {"id": card.steps[number].id, "number": number + 1, "of": count}
