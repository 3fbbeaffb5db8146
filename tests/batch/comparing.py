"""Two folders of batches say the same: GeoParquet byte for byte, other files but for times and durations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pyogrio

_TIMES = {"started", "seconds"}


def files(folder: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    }


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in _TIMES}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def said(path: Path) -> Any:
    """What a file says, without times."""
    if path.suffix == ".json":
        return timeless(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        return {sheet.title: [[cell.value for cell in row] for row in sheet.rows] for sheet in book}
    if path.suffix == ".gpkg":
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        return {name: pyogrio.read_dataframe(path, layer=name).to_csv() for name in names}
    return path.read_bytes()


def assert_same(left: Path, right: Path) -> None:
    ours, theirs = files(left), files(right)
    assert set(ours) == set(theirs)
    for name in ours:
        assert said(ours[name]) == said(theirs[name]), f"{name} differs"
