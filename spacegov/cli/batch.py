"""`spacegov batch`: a plan of zones, questions and parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacegov.cli.options import JsonOption, WorkspaceOption, print_json
from spacegov.cli.progress import progress

if TYPE_CHECKING:
    from spacegov.batch.parts import Part

_SHOWN = 5


def batch(
    plan: Annotated[Path, typer.Argument(help="The plan; docs/batch.md says how it is written.", metavar="PLAN.yaml")],
    out: Annotated[Path, typer.Option(help="Folder to write to.", metavar="DIR")],
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; as many as processors by default.", min=1, metavar="N")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Use the workers of this dask scheduler.", metavar="ADDRESS")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what an earlier run answered from the same data and rules.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the plan and list its parts; ask nothing.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Ask tools or scenarios of every zone, with every value of their parameters."""
    from spacegov.batch import run_batch
    from spacegov.errors import BadInput, PartlyFailed
    from spacegov.workspace import Workspace

    if workers is not None and cluster is not None:
        raise BadInput("--workers and --cluster were given, one is needed; leave one out")
    opened = None if workspace is None else Workspace.open(workspace)
    if dry_run:
        from spacegov.batch.run import open_plan, plan_parts

        checked, asked, base = open_plan(plan, opened)
        _list(plan_parts(asked, checked, base, out.resolve()), json)
        return
    with progress("batch", as_json=json) as told:
        made = run_batch(plan, out, workspace=opened, workers=workers, cluster=cluster, resume=resume, progress=told)
    if json:
        print_json(made.to_json())
    else:
        counts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in made.counts.items())
        kept = f", {made.kept} of them kept from an earlier run" if made.kept else ""
        typer.echo(f"{len(made.answered)} parts{kept}: {counts}; {made.seconds:.1f} s")
        for name, path in made.files.items():
            typer.echo(f"  {name}: {path}")
        for part, answered in made.failed[:_SHOWN]:
            typer.echo(f"  failed: {part.title}: {answered.reason}")
        if len(made.failed) > _SHOWN:
            typer.echo(f"  … and {len(made.failed) - _SHOWN} more, see manifest.json")
    if made.failed:
        raise PartlyFailed(
            f"{len(made.failed)} of {len(made.answered)} parts failed, the others are in {made.folder}; mend what is "
            "named and run the same command with --resume"
        )


def _list(parts: list[Part], json: bool) -> None:
    """List the parts of a plan, and which of them an earlier run has answered."""
    from spacegov.batch.parts import kept_part
    from spacegov.cli.lists import print_table

    kept = [kept_part(part) is not None for part in parts]
    if json:
        for part, there in zip(parts, kept, strict=True):
            asked = {"tool": part.tool} if part.tool else {"scenario": part.scenario}
            place = {"zone": part.zone, "zone_name": part.zone_name}
            print_json(
                {"task": part.task, **asked, **place, "parameters": part.choice, "take": part.take, "kept": there}
            )
        return
    words = [
        [
            part.task,
            f"{part.zone_name} ({part.zone})",
            ", ".join(f"{name}={value}" for name, value in part.choice.items()),
            part.take,
            "kept" if there else "to be asked",
        ]
        for part, there in zip(parts, kept, strict=True)
    ]
    print_table(["Task", "Zone", "Parameters", "Takes", "State"], words)
    typer.echo(f"{len(parts)} parts, {sum(kept)} of them kept from an earlier run")
