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
from spacegov.errors import BadCard, UnknownName, suggest
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
    rows = [_row(card, number, row, path) for number, row in enumerate(card.rows, start=1)]
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
                raise BadCard(f"{path}, row {number}: there is no column {key!r}; {suggest(key, card.columns)}")
        values = [row.get(column) for column in card.columns]
    else:
        values = list(row)
    if len(values) != len(card.columns):
        raise BadCard(
            f"{path}, row {number}: it has {len(values)} values, the table {len(card.columns)} columns; mend it"
        )
    return [
        _value(value, spec, f"{path}, row {number}, {column!r}")
        for value, (column, spec) in zip(values, card.columns.items(), strict=True)
    ]


def _value(value: Any, spec: PolicyColumn, place: str) -> Any:
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    result: Any = None
    if spec.type == "string" and not isinstance(value, (bool, list, dict)):
        result = str(value)
    elif (spec.type == "integer" and number and isinstance(value, int)) or (
        spec.type == "boolean" and isinstance(value, bool)
    ):
        result = value
    elif spec.type == "number" and number:
        result = float(value)
    elif spec.type == "date" and isinstance(value, str):
        with suppress(ValueError):
            result = date.fromisoformat(value)
    if result is None or (isinstance(result, float) and math.isnan(result)):
        raise BadCard(f"{place}: {value!r} was given where {spec.type} is needed; mend the value")
    return result
