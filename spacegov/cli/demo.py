"""`spacegov demo`: one scenario of each application on the sample county."""

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
    """Run one scenario of each application on the sample county: maps, tables, reports and an index page."""
    from spacegov.applications.demo import run_demo
    from spacegov.content import content_path
    from spacegov.errors import PartlyFailed
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace or content_path("sample_data"))
    chosen = language_of(language, opened.settings.language)
    with progress("demo", as_json=json) as report:
        made = run_demo(opened, out, chosen, report)
    if json:
        print_json(made.to_json())
    else:
        for answer in (*made.answers, *made.real):
            typer.echo(f"{answer.question}\n  {answer.text} ({answer.seconds:.1f} s)")
        typer.echo(f"{made.seconds:.1f} s in all; open {made.index}")
    if made.failed:
        raise PartlyFailed(
            f"{len(made.failed)} questions gave no answer ({', '.join(made.failed)}); the rest is in {out}"
        )
