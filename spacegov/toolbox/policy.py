"""Policy tables: rules as data, read into frames."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov import yaml12
from spacegov.cards import card_of
from spacegov.content import content_path
from spacegov.errors import BadCard, UnknownName, shown, suggest
from spacegov.toolbox.card import PolicyCard, PolicyColumn

if TYPE_CHECKING:
    import pandas as pd


def policy_names(folders: tuple[Path, ...] = ()) -> dict[str, Path]:
    """Give the file of every policy table, those of a workspace before our own."""
    names: dict[str, Path] = {}
    for folder in (content_path("tools") / "policy", *folders):
        names.update((path.stem, path) for path in sorted(folder.glob("*.yaml")))
    return names


def read_policy(name: str | Path, folders: tuple[Path, ...] = ()) -> pd.DataFrame:
    """Read a policy table.

    Parameters
    ----------
    name : str or path
        Its name with version, such as `plan-compatibility-2025`, or a YAML file.
    folders : tuple of path
        Further folders with tables; a table there stands before ours of the same name.

    Returns
    -------
    DataFrame
        The rules in the order of the file; `attrs` holds `policy`, `version`, `title`, `source`, `valid_from`,
        `valid_to`, `units`.

    Raises
    ------
    UnknownName
        There is no such table.
    BadCard
        A row or value breaks the table's own columns.
    """
    import pandas as pd

    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        known = policy_names(folders)
        if str(name) not in known:
            raise UnknownName(f"there is no policy table {str(name)!r}; {suggest(str(name), known)}")
        path = known[str(name)]
    card = read_policy_card(path)
    rows = [_row(card, number, row, path) for number, row in enumerate(card.rows)]
    table = pd.DataFrame(rows, columns=list(card.columns))
    for column, spec in card.columns.items():
        if spec.type == "number":
            table[column] = table[column].astype("float64")
        elif spec.type == "integer" and not table[column].isna().any():
            table[column] = table[column].astype("int64")
    table.attrs = {
        "policy": card.id,
        "version": card.version,
        "title": card.title,
        "source": card.source,
        "valid_from": card.valid_from,
        "valid_to": card.valid_to,
        "units": {column: spec.unit for column, spec in card.columns.items() if spec.unit},
    }
    return table


def read_policy_card(path: Path) -> PolicyCard:
    """Read the card of a policy table."""
    return card_of(
        yaml12.load(path),
        PolicyCard,
        str(path),
        path.read_text(encoding="utf-8") if path.exists() else "",
        id=path.stem,
    )


def _row(card: PolicyCard, number: int, row: list[Any] | dict[str, Any], path: Path) -> list[Any]:
    if isinstance(row, dict):
        for key in row:
            if key not in card.columns:
                place = _place(path, number)
                raise BadCard(f"{place}: there is no column {key!r}; {suggest(key, card.columns)}")
        values = [row.get(column) for column in card.columns]
    else:
        values = list(row)
    if len(values) != len(card.columns):
        raise BadCard(
            f"{_place(path, number)}: it has {len(values)} values, the table {len(card.columns)} columns; mend it"
        )
    clean = []
    for value, (column, spec) in zip(values, card.columns.items(), strict=True):
        fits, typed = _value(value, spec)
        if not fits:
            raise BadCard(
                f"{_place(path, number)}, {column!r}: {shown(value)} was given where {spec.type} is needed; "
                "mend the value"
            )
        clean.append(typed)
    return clean


def _place(path: Path, number: int) -> str:
    """Name a row with its line, which is looked for only when there is a fault to tell."""
    line = yaml12.line_of(path.read_text(encoding="utf-8"), ("rows", number))
    return f"{path}, line {line}, row {number + 1}"


def _value(value: Any, spec: PolicyColumn) -> tuple[bool, Any]:
    """Tell whether a value fits its column, and give it in the column's type."""
    if value is None:
        return True, None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if spec.type == "string":
        return not isinstance(value, (bool, list, dict)), str(value)
    if spec.type == "integer":
        return number and isinstance(value, int), value
    if spec.type == "boolean":
        return isinstance(value, bool), value
    if spec.type == "number":
        return number and not math.isnan(value), float(value) if number else None
    with suppress(ValueError, TypeError):
        return True, date.fromisoformat(value)
    return False, None
