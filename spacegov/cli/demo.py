"""`spacegov demo`: the sample county, asked its main questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacegov.cli.options import JsonOption, LanguageOption, WorkspaceOption, language_of, print_json
from spacegov.cli.progress import progress


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to.", metavar="DIR")] = Path("spacegov-demo"),
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the sample county its main questions: maps, tables and an index page."""
    from spacegov.applications.demo import run_demo
    from spacegov.content import content_path
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace or content_path("sample_data"))
    chosen = language_of(language, opened.settings.language)
    with progress("demo", as_json=json) as report:
        made = run_demo(opened, out, chosen, report)
    if json:
        print_json(made.to_json())
        return
    for answer in made.answers:
        typer.echo(f"{answer.question}\n  {answer.text} ({answer.seconds:.1f} s)")
    typer.echo(f"{made.seconds:.1f} s in all; open {made.index}")
