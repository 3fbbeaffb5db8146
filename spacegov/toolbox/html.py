"""How workspaces and results show themselves in a notebook; every value is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from spacegov import numbers
from spacegov.text import say
from spacegov.toolbox.result import column_title

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

_STYLE = "font-family:system-ui,'Noto Sans','Noto Sans CJK SC',sans-serif;font-size:13px;line-height:1.5;max-width:60em"
SHOWN_ROWS = 8


def result_html(result: Result) -> str:
    """Show the question, the answer, the first rows, what is not covered, left out and doubted, and the sources."""
    language = result.workspace.settings.language
    facts = result.provenance
    parts = [
        f"<div style=\"{_STYLE}\"><div style='opacity:.7'>{escape(say(result.tool.card.question, language))}</div>",
        f"<p style='font-size:15px;margin:.3em 0'><b>{escape(result.answer(language))}</b></p>",
        _first_rows(result),
    ]
    notes = [
        f"not covered by {name}: {numbers.area(area, language)}"
        for name, area in result.summary.get("not_covered", {}).items()
    ]
    notes += [f"left out: {numbers.count(drop.count, language)} ({drop.reason})" for drop in facts.dropped]
    notes += [f"doubt: {doubt.text}" + (f" ({doubt.where})" if doubt.where else "") for doubt in facts.doubts]
    if notes:
        parts.append("<ul style='margin:.4em 0'>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>")
    sources = "; ".join(
        f"{say(item.title, language) or item.layer} {item.version or ''}".strip() for item in facts.inputs
    )
    parts.append(
        f"<div style='opacity:.7'>{escape(facts.tool)}, {escape(facts.software)}, {facts.seconds} s. "
        f"Sources: {escape(sources)}</div></div>"
    )
    return "".join(parts)


def _first_rows(result: Result) -> str:
    frame = result.frame
    if not hasattr(frame, "columns") or not len(frame):
        return ""
    language = result.workspace.settings.language
    geometry = getattr(frame, "_geometry_column_name", None)
    columns = [column for column in frame.columns if column != geometry][:9]
    head = "".join(
        f"<th style='text-align:left'>{escape(column_title(result, str(column), language))}</th>" for column in columns
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value, result))}</td>" for value in row) + "</tr>"
        for row in frame[columns].head(SHOWN_ROWS).itertuples(index=False, name=None)
    )
    more = f"<div style='opacity:.7'>{len(frame) - SHOWN_ROWS} more rows</div>" if len(frame) > SHOWN_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Any, result: Result) -> str:
    if isinstance(value, float):
        return numbers.number(value, result.workspace.settings.language)
    return "" if value is None else str(value)


def workspace_html(workspace: Workspace) -> str:
    """Show the territory, its layers by space, and how to search them."""
    language = workspace.settings.language
    rows = "".join(
        f"<tr><td>{escape(space)}</td><td style='text-align:right'>{len(names)}</td>"
        f"<td>{escape(', '.join(workspace.layers[name].title(language) for name in names[:6]))}"
        f"{' …' if len(names) > 6 else ''}</td></tr>"
        for space, names in workspace.layers.tree().items()
    )
    return (
        f"<div style=\"{_STYLE}\"><p style='font-size:15px;margin:.3em 0'><b>{escape(workspace.title)}</b></p>"
        f"<table><tbody>{rows}</tbody></table>"
        f"<div style='opacity:.7'>{len(workspace.tools)} tools, {escape(workspace.settings.crs)}. "
        "Search with ws.layers.search('words') and ws.tools.find('words').</div></div>"
    )
