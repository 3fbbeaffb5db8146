"""`spacegov import` and `spacegov new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from spacegov.cli.fault_files import FaultsOption, MapOption, check_names, write_faults
from spacegov.cli.options import JsonOption, WorkspaceOption, print_json
from spacegov.cli.progress import progress

if TYPE_CHECKING:
    from datetime import date

    from spacegov.layers.card import OnFault
    from spacegov.layers.ingest import ImportReport
    from spacegov.workspace import Workspace

_SHOWN = 12


def import_(
    files: Annotated[list[str], typer.Argument(help="What was sent: files, FILE:SUBLAYER, folders, zip archives.")],
    layer: Annotated[str, typer.Option(help="Id of the layer, such as planned.forest-plan.", metavar="ID")],
    card: Annotated[Path | None, typer.Option(help="Card of a layer that is new here.", metavar="FILE")] = None,
    draft: Annotated[
        str | None, typer.Option(help="Draft the card of a new layer, for this department.", metavar="STEWARD")
    ] = None,
    on_fault: Annotated[
        str | None, typer.Option(help="reject, repair or accept; the card's policy by default.", metavar="POLICY")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Name of the version; its first day by default.")] = None,
    valid_from: Annotated[str | None, typer.Option(help="First day in force.", metavar="DATE")] = None,
    valid_to: Annotated[str | None, typer.Option(help="Last day in force.", metavar="DATE")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence under which it was given.")] = None,
    source_crs: Annotated[str | None, typer.Option(help="CRS of files that state none.", metavar="EPSG:n")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of text in files that do not state it, such as gb18030.")
    ] = None,
    faults: FaultsOption = None,
    fault_map: MapOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Check a delivery and keep it as a new version of a layer."""
    from spacegov.errors import InvalidDelivery
    from spacegov.layers.ingest import import_layer
    from spacegov.workspace import Workspace

    check_names(faults, fault_map)
    opened = Workspace.open(workspace)
    drafted = _know(opened, layer, card, draft, files)
    if drafted is not None and not json:
        typer.echo(f"{drafted}: a card was drafted; give its fields titles and rules", err=True)
    with progress("import", as_json=json) as told:
        report = import_layer(
            opened,
            layer,
            files,
            on_fault=cast("OnFault | None", on_fault),  # held to its values inside, with the nearest valid name
            version=version,
            valid_from=_day("--valid-from", valid_from),
            valid_to=_day("--valid-to", valid_to),
            licence=licence,
            source_crs=source_crs,
            encoding=encoding,
            progress=told,
        )
    written = write_faults(opened, report.faults, faults, fault_map)
    if json:
        print_json(_facts(report, written))
    else:
        _tell(report, written)
    if report.status == "rejected":
        codes = ", ".join(f"{count} {code}" for code, count in report.facts["faults"].items())
        hint = "mend them, or import with --on-fault repair or accept"
        raise InvalidDelivery(f"{layer}: rejected ({codes}), nothing was changed; {hint}")


def _know(workspace: Workspace, layer: str, card: Path | None, draft: str | None, files: list[str]) -> Path | None:
    """Make a layer known that is new to the workspace; gives the card that was drafted for it."""
    drafted = None
    from spacegov.errors import UnknownName, suggest
    from spacegov.layers.draft import draft_card, write_card

    if card is not None:
        from spacegov.cards import read_card
        from spacegov.layers.card import LayerCard

        read_card(card, LayerCard, id=layer, space=layer.partition(".")[0])
        write_card(workspace.directory, layer, card.read_text(encoding="utf-8"))
    elif layer not in workspace.layers and draft is not None:
        import yaml

        if draft not in workspace.layers.stewards:
            raise UnknownName(f"--draft: there is no department {draft!r}; {suggest(draft, workspace.layers.stewards)}")
        text = yaml.safe_dump(draft_card(files[0], layer, draft), allow_unicode=True, sort_keys=False, width=120)
        drafted = write_card(workspace.directory, layer, text)
    elif layer not in workspace.layers:
        raise UnknownName(
            f"there is no layer {layer!r}; {suggest(layer, workspace.layers)}, or give its card with --card FILE, or "
            "have one drafted with --draft STEWARD"
        )
    workspace.forget()
    return drafted


def _day(option: str, text: str | None) -> date | None:
    from datetime import date

    from spacegov.errors import BadInput

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option}: {text!r} is no date; write it as 2025-12-31") from None


def _facts(report: ImportReport, written: list[str]) -> dict[str, Any]:
    return {
        "layer": report.layer,
        "status": report.status,
        "version": report.version,
        "rows": report.rows,
        "problem_records": report.problem_records,
        "faults": report.facts.get("faults", {}),
        "repaired": report.facts.get("repaired", 0),
        "files": written,
    }


def _tell(report: ImportReport, written: list[str]) -> None:
    from spacegov.cli.lists import print_table

    table = report.faults
    if report.status != "unchanged" and len(table):
        shown = table.assign(_first=(table["severity"] != "error")).sort_values("_first", kind="stable").head(_SHOWN)
        columns = ["feature", "field", "code", "severity", "value", "reason", "action"]
        heads = ["Record", "Field", "Fault", "Severity", "Value", "What was found", "Action"]
        print_table(heads, [[str(row[column]) for column in columns] for row in shown.to_dict("records")])
        if len(table) > len(shown):
            typer.echo(f"… and {len(table) - len(shown)} more; write all of them with --faults FILE")
    if written:
        typer.echo(f"Faults: {', '.join(written)}")
    typer.echo(report.sentence)
