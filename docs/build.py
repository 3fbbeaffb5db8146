"""Make the documentation pages: `make docs` writes them to `out/docs`.

A tool's page is its card (question, words, standards, example) and its docstring (method, limits, source); a layer's
its card; a policy table its rows. Nothing is written twice.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

import spacegov
from spacegov.schemas import write_schemas
from spacegov.text import say
from spacegov.toolbox.card import APPLICATIONS
from spacegov.toolbox.policy import policy_names, read_policy
from spacegov.toolbox.tool import Tool
from spacegov.workspace import Workspace

HERE = Path(__file__).parent


def sections(doc: str) -> list[tuple[str, str]]:
    r"""Split a numpydoc docstring into titled sections; the part before the first one has no title.

    Examples
    --------
    >>> sections("Find it.\n\nNotes\n-----\nBy looking.")
    [('', 'Find it.'), ('Notes', 'By looking.')]
    """
    found: list[tuple[str, list[str]]] = [("", [])]
    lines = doc.splitlines()
    position = 0
    while position < len(lines):
        line = lines[position]
        below = lines[position + 1] if position + 1 < len(lines) else ""
        if line.strip() and below.strip() and set(below.strip()) == {"-"}:
            found.append((line.strip(), []))
            position += 2
            continue
        found[-1][1].append(line)
        position += 1
    return [(title, "\n".join(text).strip()) for title, text in found if "\n".join(text).strip()]


def tool_page(tool: Tool) -> dict[str, Any]:
    """Give what the page of a tool shows."""
    schema = tool.schema()["properties"]
    inputs = [
        {
            "name": given.name,
            "kind": given.kind.name + (", several" if given.many else ""),
            "default": tool.card.layers.get(given.name, "optional" if given.optional else "needed"),
            "meaning": given.meaning or "",
        }
        for given in tool.signature.inputs.values()
    ]
    options = [
        {
            "name": name,
            "default": schema[name].get("default", "needed"),
            "unit": schema[name].get("unit", ""),
            "meaning": schema[name].get("description", ""),
        }
        for name in [*tool.signature.policies, *tool.signature.options.model_fields]
    ]
    columns = [
        {"name": name, "titles": dict(column.title), "unit": column.unit or ""}
        for name, column in tool.card.columns.items()
    ]
    return {
        "tool": tool,
        "inputs": inputs,
        "options": options,
        "columns": columns,
        "sections": sections(inspect.getdoc(inspect.unwrap(tool.function)) or ""),
        "command": _command(tool),
    }


def _command(tool: Tool) -> str:
    given = tool.card.example.given if tool.card.example else {}
    words = [f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}" for key, value in given.items()]
    return " ".join(["spacegov run", tool.id, *words])


def build(workspace: Workspace, out: Path) -> int:
    """Write all pages and give their number."""
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True)
    environment.globals["say"] = say
    template = environment.get_template("page.html.j2")
    (out / "tools").mkdir(parents=True, exist_ok=True)
    (out / "policy").mkdir(exist_ok=True)
    tools = workspace.tools.find()
    for tool in tools:
        page = template.render(kind="tool", title=tool.title(), root="../", **tool_page(tool))
        (out / "tools" / f"{tool.id}.html").write_text(page, encoding="utf-8")
    tables = [read_policy(name) for name in policy_names()]
    for table in tables:
        page = template.render(kind="policy", title=say(table.attrs["title"]), root="../", table=table)
        (out / "policy" / f"{table.attrs['policy']}.html").write_text(page, encoding="utf-8")
    layers = [workspace.layers[name] for name in workspace.layers]
    grouped = [(name, [tool for tool in tools if tool.card.application == name]) for name in APPLICATIONS]
    index = template.render(kind="index", title="spacegov", root="", grouped=grouped, layers=layers, tables=tables)
    (out / "index.html").write_text(index, encoding="utf-8")
    return len(tools) + len(tables) + 1


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "out/docs")
    print(f"{build(spacegov.open(), target)} pages in {target}")
    print(f"{len(write_schemas(HERE / 'schemas'))} schemas in docs/schemas")
