"""`spacegov check`: are the data of a workspace what its cards say, and its files whole."""

from __future__ import annotations

from typing import Annotated

import typer

from spacegov.cli.fault_files import FaultsOption, MapOption, check_names, write_faults
from spacegov.cli.options import JsonOption, WorkspaceOption, print_json
from spacegov.cli.progress import progress


def check(
    layers: Annotated[list[str] | None, typer.Argument(help="Layers; all that have data without it.")] = None,
    faults: FaultsOption = None,
    fault_map: MapOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Check layers: their files, geometry, fields, codes and place."""
    from spacegov.cli.lists import print_table
    from spacegov.errors import PartlyFailed
    from spacegov.layers.audit import audit_faults
    from spacegov.workspace import Workspace

    check_names(faults, fault_map)
    opened = Workspace.open(workspace)
    with progress("check", as_json=json) as told:
        found, every = audit_faults(opened, layers or None, told)
    written = write_faults(opened, every, faults, fault_map)
    rows = found.to_dict("records")
    if json:
        for row in rows:
            print_json(row)
    else:
        columns = ["layer", "state", "version", "rows", "problem_records", "faults", "reason"]
        heads = ["Layer", "State", "Version", "Records", "With errors", "Faults", "What was found"]
        print_table(heads, [[_cell(row[column]) for column in columns] for row in rows])
        sound = sum(row["state"] == "sound" for row in rows)
        if written:
            typer.echo(f"Faults: {', '.join(written)}")
        typer.echo(f"{sound} of {len(rows)} layers are sound")
    broken = [row["layer"] for row in rows if row["state"] == "unreadable"]
    if broken:
        raise PartlyFailed(
            f"{len(broken)} of {len(rows)} layers cannot be read ({', '.join(broken[:5])}); import again"
        )


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {code}" for code, count in value.items())
    return "" if value is None or value != value else str(value)
