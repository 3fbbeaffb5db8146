"""`spacegov scenario` and `spacegov scenarios`: workflows of several departments, from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacegov.cli.options import JsonOption, LanguageOption, WorkspaceOption, language_of, print_json
from spacegov.cli.progress import progress

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.text import Language
    from spacegov.workspace import Workspace


def scenario(
    name: Annotated[str, typer.Argument(metavar="ID", help="Scenario id; spacegov scenarios lists them.")],
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STEP.NAME=VALUE …]",
            help="Inputs and options of a step that take the place of the card's, such as review.site=site.gpkg.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for layers, tables, map and report.", metavar="DIR")] = None,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """Run a scenario: every computing step in order, decisions left as proposals."""
    from spacegov.applications.folder import ready
    from spacegov.applications.runner import run_scenario
    from spacegov.cli.run import parse_given
    from spacegov.errors import PartlyFailed
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace)
    chosen = language_of(language, opened.settings.language)
    words = parse_given(given or [])
    if out is not None and name in opened.scenarios:
        ready(out)
    with progress(name, as_json=json) as report:
        outcome = run_scenario(opened, name, words, out=out, language=chosen, text=True, progress=report)
    files = {kind: str(path) for kind, path in outcome.files.items()}
    if json:
        print_json(outcome.to_json(files, chosen))
    else:
        _tell(opened, outcome, chosen, files)
    if outcome.failed:
        names = ", ".join(each.step.id for each in outcome.failed)
        kept = f"; the rest is in {out}" if out is not None else "; the rest is kept"
        raise PartlyFailed(
            f"{name}: {len(outcome.failed)} of {len(outcome.steps)} steps gave no answer ({names}){kept}"
        )


def _tell(workspace: Workspace, outcome: ScenarioOutcome, language: Language, files: dict[str, str]) -> None:
    from spacegov.applications.words import STATUS_TITLES, STEP_WORDS, department_titles
    from spacegov.text import say

    titles = department_titles(workspace, language)
    words = STEP_WORDS[language]
    typer.echo(say(outcome.card.question, language))
    typer.echo(outcome.answer(language))
    for number, each in enumerate(outcome.steps, start=1):
        step = each.step
        seconds = f", {each.seconds:.1f} s" if each.result is not None else ""
        department = titles.get(step.department, step.department)
        typer.echo(f"{number}. {department}: {say(step.title, language)}")
        typer.echo(f"   {STATUS_TITLES[each.status][language]}{seconds}")
        if each.result is not None:
            typer.echo(f"   {each.result.answer(language)}")
        if each.error is not None:
            typer.echo(f"   {each.error}")
        if step.decision is not None:
            typer.echo(f"   {words['asked']}: {say(step.decision.asked, language)}")
    signed = ", ".join(titles.get(code, code) for code in outcome.card.deliverable.signatures)
    typer.echo(f"{words['deliverable']}: {say(outcome.card.deliverable.title, language)}")
    typer.echo(f"{words['signatures']}: {signed}")
    typer.echo(f"{outcome.seconds:.1f} s")
    for kind, path in files.items():
        typer.echo(f"  {kind}: {path}")


def scenarios(
    query: Annotated[str, typer.Argument(help="Words in English, Chinese or Russian.")] = "",
    application: Annotated[str | None, typer.Option(help="One of the applications.")] = None,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """List the workflows of several departments."""
    from spacegov.applications.catalogue import describe
    from spacegov.cli.lists import tell_rows
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace)
    chosen = language_of(language, opened.settings.language)
    rows = [describe(card, chosen) for card in opened.scenarios.find(query, application=application)]
    columns = {"Scenario": "id", "Application": "application", "Departments": "departments", "Question": "question"}
    tell_rows(rows, columns, f"{len(rows)} of {len(opened.scenarios)} scenarios", json)


def show_scenario(workspace: Workspace, name: str, language: Language, json: bool) -> None:
    """Show a scenario: its steps with department, tool, inputs, decision, days and basis, and its deliverable."""
    from spacegov.applications.catalogue import describe
    from spacegov.applications.words import CHOICE_TITLES, STEP_WORDS, department_titles
    from spacegov.text import say

    card = workspace.scenarios[name]
    if json:
        print_json({**describe(card, language), "card": card.model_dump(mode="json", by_alias=True)})
        return
    titles = department_titles(workspace, language)
    words = STEP_WORDS[language]
    typer.echo(f"{card.id}: {say(card.title, language)}\n{say(card.question, language)}\n")
    if card.about is not None:
        typer.echo(f"{say(card.about, language)}\n")
    for number, step in enumerate(card.steps, start=1):
        department = titles.get(step.department, step.department)
        typer.echo(f"{number}. {step.id}: {department} ({step.department}), {words['days']}: {step.days}")
        typer.echo(f"   {say(step.title, language)}")
        if step.tool is not None:
            typer.echo(
                f"   {words['tool']}: {step.tool}{_inputs(step.model_dump(mode='json', by_alias=True)['inputs'])}"
            )
        if step.decision is not None:
            choices = ", ".join(say(CHOICE_TITLES[choice], language) for choice in step.decision.choices)
            typer.echo(f"   {words['asked']}: {say(step.decision.asked, language)} ({choices})")
        if step.basis:
            typer.echo(f"   {words['basis']}: {'; '.join(say(basis, language) for basis in step.basis)}")
    signed = ", ".join(titles.get(code, code) for code in card.deliverable.signatures)
    typer.echo(f"{words['deliverable']}: {say(card.deliverable.title, language)}\n{words['signatures']}: {signed}")


def _inputs(given: dict[str, object]) -> str:
    def word(item: object) -> str:
        if isinstance(item, list):
            return ",".join(word(each) for each in item)
        if isinstance(item, dict):
            return f"{item['from']}" + (f"[{item['where']}]" if item.get("where") else "")
        return str(item)

    return "".join(f" {name}={word(item)}" for name, item in given.items())
