"""How workspaces and results show themselves in a notebook; every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from spacegov import numbers
from spacegov.text import Language, Text, say
from spacegov.toolbox.result import column_title

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

_STYLE = "font-family:system-ui,'Noto Sans','Noto Sans CJK SC',sans-serif;font-size:13px;line-height:1.5;max-width:60em"
SHOWN_ROWS = 8
SHOWN_COLUMNS = 9


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
    columns = [column for column in frame.columns if column != geometry]
    # Numbers come first to mind: an area beyond the shown columns takes the last of them.
    late = [column for column in columns[SHOWN_COLUMNS - 1 :] if column in ("area_m2", "length_m")]
    columns = columns[: SHOWN_COLUMNS - len(late)] + late if late else columns[:SHOWN_COLUMNS]
    codes = {name: words.codes or {} for name, words in result.columns.items()}
    head = "".join(
        f"<th style='text-align:left'>{escape(column_title(result, str(column), language))}</th>" for column in columns
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td style='text-align:left'>{escape(_cell(value, codes.get(str(column), {}), language))}</td>"
            for column, value in zip(columns, row, strict=True)
        )
        + "</tr>"
        for row in frame[columns].head(SHOWN_ROWS).itertuples(index=False, name=None)
    )
    more = f"<div style='opacity:.7'>{len(frame) - SHOWN_ROWS} more rows</div>" if len(frame) > SHOWN_ROWS else ""
    return (
        f"<div style='overflow-x:auto'><table style='font-size:13px'><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def _cell(value: Any, codes: Mapping[str, Text], language: Language) -> str:
    if isinstance(value, float):
        return numbers.number(value, language)
    return "" if value is None else say(codes.get(str(value)), language) or str(value)


def workspace_html(workspace: Workspace) -> str:
    """Show the territory, its layers by space, and a box that finds layers as one types."""
    language = workspace.settings.language
    layers = [workspace.layers[name] for name in workspace.layers]
    counts = ", ".join(f"{len(names)} {space}" for space, names in workspace.layers.tree().items())
    rows = "".join(
        f'<tr data-words="{escape(" ".join([layer.id, *layer.card.title.values()]).casefold())}">'
        f"<td><code>{escape(layer.id)}</code></td><td>{escape(layer.title(language))}</td>"
        f"<td>{escape(say(workspace.layers.stewards[layer.card.steward].title, language))}</td></tr>"
        for layer in layers
    )
    # Plain script of our own: every row is kept or hidden by the words it carries; without script all rows show.
    filtering = (
        "const words=this.value.toLowerCase().split(/\\s+/);"
        "for(const row of this.parentElement.querySelectorAll('tr[data-words]'))"
        "row.hidden=!words.every(word=>row.dataset.words.includes(word))"
    )
    return (
        f"<div style=\"{_STYLE}\"><p style='font-size:15px;margin:.3em 0'><b>{escape(workspace.title)}</b></p>"
        f"<div style='opacity:.7'>{counts} layers, {len(workspace.tools)} tools, {escape(workspace.settings.crs)}</div>"
        f"<input type='search' aria-label='Find a layer' placeholder='Find a layer' oninput=\"{escape(filtering)}\" "
        "style='font:inherit;margin:.5em 0;padding:.2em .5em;width:20em'>"
        f"<div style='max-height:18em;overflow:auto'><table><tbody>{rows}</tbody></table></div></div>"
    )
