"""`spacegov scenario` and `spacegov scenarios`: workflows of several departments, from the shell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacegov.cli.options import (
    GivenOption,
    JsonOption,
    LanguageOption,
    OpenOption,
    WorkspaceOption,
    language_of,
    print_json,
)
from spacegov.cli.progress import progress

if TYPE_CHECKING:
    from spacegov.applications.every import Ran
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.text import Language
    from spacegov.workspace import Workspace


def scenario(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Scenario id; spacegov scenarios lists them.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STEP.NAME=VALUE …]",
            help="Inputs and options of a step that take the place of the card's, such as review.site=site.gpkg.",
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Run every scenario, each into a folder of its id in --out, with an index page."),
    ] = False,
    application: Annotated[str | None, typer.Option(help="With --all: only the scenarios of one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for layers, tables, map and report.", metavar="DIR")] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Folder for its steps' runs; the workspace's own by default.", metavar="DIR")
    ] = None,
    given_file: GivenOption = None,
    open_only: OpenOption = False,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """Run a scenario, or all of them: every computing step in order, decisions left as proposals."""
    from spacegov.applications.folder import ready
    from spacegov.applications.runner import run_scenario
    from spacegov.cli.run import opened_as, parse_given, read_given
    from spacegov.errors import BadInput, PartlyFailed

    opened = opened_as(workspace, open_only, runs)
    chosen = language_of(language, opened.settings.language)
    if every:
        folder = _folder_of_all(name, given_file, out)
        _run_all(opened, folder, application, chosen, json)
        return
    if name is None:
        raise BadInput("no scenario was named; give an id (spacegov scenarios lists them) or --all")
    if application is not None:
        raise BadInput("--application narrows --all; give it without an id, with --all")
    words = parse_given(given or []) if given_file is None else read_given(given_file, given)
    if out is not None and name in opened.scenarios:
        ready(out)
    with progress(name, as_json=json, by_step=True) as report:
        outcome = run_scenario(opened, name, words, out=out, language=chosen, text=given_file is None, progress=report)
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


def _folder_of_all(name: str | None, given_file: Path | None, out: Path | None) -> Path:
    """Refuse what does not go with --all; give the folder."""
    from spacegov.errors import BadInput

    if name is not None or given_file is not None:
        raise BadInput(
            f"--all was given with {name if name is not None else '--given'}; every scenario runs as its card says: "
            "give an id or --all, not both"
        )
    if out is None:
        raise BadInput("--all was given without a folder; give --out DIR, which takes a folder for each scenario")
    return out


def _run_all(workspace: Workspace, out: Path, application: str | None, language: Language, json: bool) -> None:
    from spacegov.applications.every import run_every
    from spacegov.errors import PartlyFailed

    width = max(len(name) for name in workspace.scenarios)
    # The bar takes what is printed while it runs; on a pipe the lines must still reach standard output.
    lines = None if sys.stdout.isatty() else sys.stdout

    def told(ran: Ran) -> None:
        files = " ".join(Path(file).name for file in ran.facts["files"].values())
        parts = [f"{ran.seconds:6.1f} s", ran.steps, ran.deliverable, f"{out / ran.id}: {files}" if files else ""]
        typer.echo(f"{ran.id:<{width}}  {'; '.join(part for part in parts if part)}", file=lines)

    with progress("all", as_json=json, by_step=True) as report:
        every = run_every(
            workspace, out, language, application=application, told=None if json else told, progress=report
        )
    if json:
        print_json(every.to_json())
    else:
        typer.echo(f"{every.seconds:.1f} s in all; open {every.index}")
    if every.failed:
        raise PartlyFailed(
            f"{len(every.failed)} of {len(every.ran)} scenarios failed in part or whole ({', '.join(every.failed)}); "
            f"the rest is in {out}"
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
    typer.echo(f"{outcome.seconds + outcome.folder_seconds:.1f} s")
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
