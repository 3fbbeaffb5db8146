"""Running a scenario unattended: every computing step in order, decisions left as proposals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from spacegov.applications.outcome import ScenarioOutcome, Status, StepOutcome
from spacegov.errors import BadInput, SpacegovError, UnknownName, suggest
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.scenario import ScenarioCard, Selection, Step
    from spacegov.workspace import Workspace

Progress: TypeAlias = Callable[[float, str], None]

__all__ = ["ScenarioOutcome", "Status", "StepOutcome", "run_scenario"]


def run_scenario(
    workspace: Workspace,
    name: str,
    given: Mapping[str, Any] | None = None,
    *,
    out: Path | None = None,
    language: Language | None = None,
    text: bool = False,
    keep: bool = True,
    progress: Progress | None = None,
) -> ScenarioOutcome:
    """Run a scenario unattended.

    Every computing step runs in order, each as `workspace.run` would run it; what people decide is left as a proposal.
    A step that fails stops only the steps that depend on it.

    Parameters
    ----------
    workspace : Workspace
        Whose layers and tools answer.
    name : str
        Scenario id.
    given : mapping, optional
        Inputs, options and rule tables by `step.name`, which take the place of the card's.
    out : Path, optional
        Folder to write layers, tables, map and report to.
    language : {"en", "zh", "ru"}, optional
        Of what is written; the workspace's by default.
    text : bool
        Whether option values in `given` are text from a command line.
    keep : bool
        Whether each step keeps a run folder.
    progress : callable, optional
        Told the share done and the step.

    Returns
    -------
    ScenarioOutcome

    Raises
    ------
    UnknownName
        There is no such scenario, or `given` names no step, input or option of it.
    BadCard
        The card does not fit the tools and layers it names.
    """
    from spacegov.applications.checking import check_scenario

    card = workspace.scenarios[name]
    path = workspace.scenarios.path(name)
    check_scenario(workspace, card, str(path), path.read_text(encoding="utf-8"))
    changes = _by_step(workspace, card, given or {}, text)
    started, clock = datetime.now(UTC), time.perf_counter()
    done: dict[str, StepOutcome] = {}
    share = 0.9 if out is not None else 1.0
    for position, step in enumerate(card.steps):
        title = say(step.title, language or workspace.settings.language)

        def told(part: float, what: str, position: int = position, title: str = title) -> None:
            if progress is not None:
                progress(share * (position + min(part, 1.0)) / len(card.steps), f"{title}: {what}" if what else title)

        told(0.0, "")
        done[step.id] = _run_step(workspace, card, step, done, changes.get(step.id, {}), keep=keep, progress=told)
    outcome = ScenarioOutcome(card, tuple(done.values()), started, round(time.perf_counter() - clock, 2))
    if out is not None:
        from spacegov.applications.folder import write_scenario

        clock = time.perf_counter()
        files = write_scenario(outcome, out, language or workspace.settings.language, progress)
        outcome = replace(
            outcome,
            folder=out,
            files={kind: out / file for kind, file in files.items()},
            folder_seconds=round(time.perf_counter() - clock, 2),
        )
    return outcome


def _by_step(
    workspace: Workspace, card: ScenarioCard, given: Mapping[str, Any], text: bool
) -> dict[str, dict[str, Any]]:
    """Sort what was given by step, and refuse names that no step has."""
    asking = {step.id: step for step in card.steps if step.tool is not None}
    changes: dict[str, dict[str, Any]] = {}
    for key, value in given.items():
        name, separator, role = key.partition(".")
        if not separator:
            raise BadInput(f"{card.id}: {key!r} was given, a step and a name are needed; write STEP.NAME=VALUE")
        if name not in asking:
            raise UnknownName(f"{card.id}: there is no step {name!r} with a tool; {suggest(name, asking)}")
        signature = workspace.tools[str(asking[name].tool)].signature
        # A file in degrees can be brought to the CRS that the step measures in, as `spacegov run --crs` would.
        known = [*signature.inputs, *signature.policies, *signature.options.model_fields, "crs"]
        if role not in known:
            raise UnknownName(f"{card.id}: {asking[name].tool} has no input or option {role!r}; {suggest(role, known)}")
        changes.setdefault(name, {}).update(signature.from_text({role: value}) if text else {role: value})
    return changes


def _run_step(
    workspace: Workspace,
    card: ScenarioCard,
    step: Step,
    done: Mapping[str, StepOutcome],
    changes: Mapping[str, Any],
    *,
    keep: bool,
    progress: Progress,
) -> StepOutcome:
    from spacegov.toolbox.run import run

    lost = [other.id for other in card.needs(step) if done[other.id].status in {"failed", "skipped"}]
    if lost:
        return StepOutcome(step, "skipped", error=f"not begun, since {' and '.join(map(repr, lost))} gave no answer")
    if step.tool is None:
        return StepOutcome(step, "proposed")
    clock = time.perf_counter()

    def failed(reason: str) -> StepOutcome:
        return StepOutcome(step, "failed", error=reason, seconds=round(time.perf_counter() - clock, 3))

    try:
        tool = workspace.tools[step.tool]
        words = {
            # A scenario is asked of this territory, so a file of the user's own meets the workspace's other layers,
            # and is asked as the tool's card says.
            **tool.card.options,
            **{role: layer for role, layer in tool.card.layers.items() if role in tool.signature.inputs},
            **{role: _values(workspace, card, given, done) for role, given in step.inputs.items()},
            **step.policy,
            **step.options,
            **changes,
        }
        result = run(workspace, step.tool, words, keep=keep, progress=progress)
    except SpacegovError as error:
        return failed(str(error))
    except Exception as error:  # noqa: BLE001  a defect in one step must not lose what the others found
        return failed(f"this is a fault of spacegov, not of your input ({type(error).__name__}: {error})")
    return StepOutcome(step, "done", result, seconds=round(time.perf_counter() - clock, 3))


def _values(workspace: Workspace, card: ScenarioCard, given: Any, done: Mapping[str, StepOutcome]) -> Any:
    """Turn the sources of an input into what a run takes."""
    from spacegov.applications.scenario import Selection

    if isinstance(given, list):
        return [_values(workspace, card, item, done) for item in given]
    return _value(workspace, card, given if isinstance(given, Selection) else Selection(**{"from": given}), done)


def _value(workspace: Workspace, card: ScenarioCard, item: Selection, done: Mapping[str, StepOutcome]) -> Any:
    from spacegov.toolbox.answers import Answer, LayerPart

    found = card.step_of(item.source)
    if found is None:
        return item.source if item.whole else LayerPart(workspace.layers[item.source], item.where, item.rename)
    step, frame = found
    result = done[step.id].result
    if result is None:
        raise BadInput(f"{item.source}: the step {step.id!r} gave no answer")
    return Answer(result, frame, item.source, item.where, item.rename)
