"""Options that several commands share."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from spacegov.text import LANGUAGES, Language

WorkspaceOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="Folder of a workspace; else the nearest upwards, else the sample county.",
        metavar="DIR",
    ),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output, progress as JSON lines on standard error.")
]
LanguageOption: TypeAlias = Annotated[
    str | None, typer.Option("--language", "-l", help="en, zh or ru; the workspace's by default.", metavar="LANGUAGE")
]
GivenOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--given", help="Read inputs and options from a JSON object instead.", metavar="FILE.json"),
]
OpenOption: TypeAlias = Annotated[
    bool, typer.Option("--open-only", help="Ask as anyone may: only layers that are open; others are withheld.")
]


def language_of(given: str | None, default: Language) -> Language:
    """Check a language given on the command line."""
    from spacegov.errors import UnknownName, suggest

    if given is None:
        return default
    for language in LANGUAGES:
        if language == given:
            return language
    raise UnknownName(f"--language: there is no {given!r}; {suggest(given, LANGUAGES)}")


def print_json(data: Any, *, indent: int | None = None) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(_plain(data), ensure_ascii=False, indent=indent, allow_nan=False, default=str))


def _plain(data: Any) -> Any:
    """Replace what JSON cannot hold: numbers that are none become null."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if hasattr(data, "item") and not hasattr(data, "__len__"):
        data = data.item()
    return None if isinstance(data, float) and not math.isfinite(data) else data
