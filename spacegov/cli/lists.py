"""`spacegov layers`, `spacegov tools`, `spacegov show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacegov.cli.options import JsonOption, LanguageOption, WorkspaceOption, language_of, print_json
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.toolbox.tool import Tool
    from spacegov.workspace import Workspace


def layers(
    query: Annotated[str, typer.Argument(help="Words in English, Chinese or Russian.")] = "",
    space: Annotated[str | None, typer.Option(help="natural, artificial or planned.")] = None,
    steward: Annotated[str | None, typer.Option(help="Key of a department.")] = None,
    status: Annotated[str | None, typer.Option(help="draft, in-force, superseded or not-bound.")] = None,
    sharing: Annotated[str | None, typer.Option(help="open, conditional or restricted.")] = None,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """List the layers that are known."""
    from spacegov.layers.registry import describe
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace)
    chosen = language_of(language, opened.settings.language)
    found = opened.layers.find(query, space=space, steward=steward, status=status, sharing=sharing)
    rows = [describe(layer, chosen) for layer in found]
    columns = {
        "Layer": "id", "Title": "title", "Kind": "kind", "Department": "steward_title", "Sharing": "sharing",
        "Status": "status", "Version": "version", "Coverage": "coverage",
    }  # fmt: skip
    tell_rows(rows, columns, f"{len(rows)} of {len(opened.layers)} layers of {say(opened.settings.name, chosen)}", json)


def tools(
    query: Annotated[str, typer.Argument(help="Words in English, Chinese or Russian.")] = "",
    application: Annotated[str | None, typer.Option(help="One of the applications.")] = None,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """List the questions that can be asked."""
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace)
    chosen = language_of(language, opened.settings.language)
    rows = [tool.describe(chosen) for tool in opened.tools.find(query, application=application)]
    columns = {"Tool": "id", "Application": "application", "Question": "question"}
    tell_rows(rows, columns, f"{len(rows)} of {len(opened.tools)} tools", json)


def show(
    name: Annotated[str, typer.Argument(help="Id of a layer, a tool, a scenario or a policy table.")],
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """Show all that is known of a layer, a tool, a scenario or a policy table."""
    from spacegov.errors import UnknownName, suggest
    from spacegov.toolbox.policy import policy_names
    from spacegov.workspace import Workspace

    opened = Workspace.open(workspace)
    chosen = language_of(language, opened.settings.language)
    policies = policy_names(opened.tools.policy_folders)
    if name in opened.tools:
        _show_tool(opened.tools[name], chosen, json)
    elif name in opened.layers:
        _show_layer(opened, name, chosen, json)
    elif name in opened.scenarios:
        from spacegov.cli.scenario import show_scenario

        show_scenario(opened, name, chosen, json)
    elif name in policies:
        _show_policy(opened, name, chosen, json)
    else:
        names = [*opened.tools, *opened.layers, *opened.scenarios, *policies]
        raise UnknownName(f"there is no layer, tool, scenario or policy table {name!r}; {suggest(name, names)}")


def _show_tool(tool: Tool, language: Language, json: bool) -> None:
    import inspect

    if json:
        facts = {**tool.describe(language), "card": tool.card.model_dump(mode="json"), "schema": tool.schema()}
        print_json(facts)
        return
    typer.echo(f"{tool.id}: {tool.title(language)}\n{say(tool.card.question, language)}\n")
    typer.echo("Inputs")
    for given in tool.signature.inputs.values():
        default = tool.card.layers.get(given.name)
        shown = (
            ", ".join(default) if isinstance(default, list) else default or ("optional" if given.optional else "needed")
        )
        typer.echo(f"  {given.name} ({given.kind.name}{', several' if given.many else ''}): {shown}")
    typer.echo("Options")
    for name, field in tool.schema()["properties"].items():
        if name in tool.signature.inputs:
            continue
        unit = f" {field['unit']}" if field.get("unit") else ""
        meaning = f"  {field['description']}" if field.get("description") else ""
        typer.echo(f"  {name} = {field.get('default')}{unit}{meaning}")
    if tool.card.cites:
        typer.echo(f"Standards: {'; '.join(tool.card.cites)}")
    if tool.card.example is not None:
        given_words = " ".join(
            f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}"
            for key, value in tool.card.example.given.items()
        )
        typer.echo(f"Example: spacegov run {tool.id} {given_words}".rstrip())
    typer.echo(f"\n{inspect.getdoc(tool.function) or ''}")


def _show_layer(workspace: Workspace, name: str, language: Language, json: bool) -> None:
    from spacegov.layers.registry import describe

    layer = workspace.layers[name]
    facts = describe(layer, language)
    if json:
        binding = layer.binding.model_dump(mode="json") if layer.binding else None
        print_json({**facts, "card": layer.card.model_dump(mode="json", by_alias=True), "binding": binding})
        return
    typer.echo(f"{name}: {facts['title']}\n{say(layer.card.about, language)}\n")
    reason = say(layer.card.sharing.reason, language)
    rows = [
        ["Kind", f"{layer.card.kind}, {layer.card.level} level, quality tier {layer.card.quality.tier}"],
        ["Department", facts["steward_title"]],
        ["Sharing", f"{layer.card.sharing.class_}{f': {reason}' if reason else ''}"],
        ["Status", facts["status"]],
        ["Version", str(facts["version"] or "none")],
        ["Coverage", facts["coverage"] or "not covered: this workspace has no data for it"],
        *([["Standards", "; ".join(layer.card.cites)]] if layer.card.cites else []),
    ]
    print_table(["", ""], rows, head=False)
    for field, spec in layer.card.fields.items():
        unit = f", {spec.unit}" if spec.unit else ""
        scheme = f", scheme {spec.scheme}" if spec.scheme else ""
        typer.echo(f"  {field}: {say(spec.title, language)} ({spec.type}{unit}{scheme})")


def _show_policy(workspace: Workspace, name: str, language: Language, json: bool) -> None:
    from spacegov.toolbox.policy import read_policy

    table = read_policy(name, workspace.tools.policy_folders)
    facts = {**table.attrs, "rows": table.astype(object).where(table.notna(), None).to_dict("records")}
    if json:
        print_json(facts)
        return
    typer.echo(f"{name}: {say(table.attrs['title'], language)}, version {table.attrs['version']}")
    typer.echo(f"Source: {say(table.attrs['source'], language)}\n")
    print_table(
        [str(column) for column in table.columns], [[_cell(value) for value in row] for row in table.to_numpy()]
    )


def tell_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], count: str, json: bool) -> None:
    """Tell what was found: an object a line, or a table of some of the facts under their headings and the count."""
    if json:
        for row in rows:
            print_json(row)
        return
    print_table(list(columns), [[_fact(row[name]) for name in columns.values()] for row in rows])
    typer.echo(count)


def _fact(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value or "")


def _cell(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def print_table(heads: list[str], rows: list[list[str]], *, head: bool = True) -> None:
    """Print a table; on a pipe no line is folded."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=head, box=None, pad_edge=False, padding=(0, 2, 0, 0), highlight=False)
    for position, title in enumerate(heads):
        table.add_column(title, no_wrap=position == 0, overflow="fold", header_style="bold")
    for row in rows:
        table.add_row(*(value.replace("[", "\\[") for value in row))
    console = Console()
    # On a pipe nothing may be folded: the reader is a program or grep.
    (console if console.is_terminal else Console(width=400)).print(table)
