"""Putting the answers of a batch together: GeoParquet, GeoPackage, a workbook, and the manifest."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.batch.fingerprint import software
from spacegov.batch.merging import Piece, copy_to_gpkg, merge_parquet
from spacegov.batch.parts import Answered, Part
from spacegov.batch.plan import Plan
from spacegov.batch.workbook import write_workbook
from spacegov.layers import files
from spacegov.text import Language, say
from spacegov.toolbox.export import writing
from spacegov.toolbox.words import column_words

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

MANIFEST = "manifest.json"
UNITS = "units"
_NOT_COVERED = "not_covered"

Pair = tuple[Part, Answered]


def gather(
    workspace: Workspace,
    plan: Plan,
    folder: Path,
    answered: Sequence[Pair],
    started: datetime,
    seconds: Callable[[], float],
) -> dict[str, Path]:
    """Write what the parts say together.

    Parameters
    ----------
    workspace : Workspace
    plan : Plan
    folder : Path
        Of the batch.
    answered : sequence of (Part, Answered)
        In the plan's order.
    started : datetime
    seconds : callable
        Tells how long the batch has taken.

    Returns
    -------
    dict
        Files by their name in the folder.
    """
    made: dict[str, Path] = {}
    tasks: dict[str, list[Pair]] = {}
    for pair in answered:
        tasks.setdefault(pair[0].task, []).append(pair)
    wanted = set()
    for task, pairs in tasks.items():
        (folder / task).mkdir(exist_ok=True)
        for name, write in _writers(workspace, pairs):
            path = folder / task / f"{name}.parquet"
            wanted.add(path)
            with _replacing(path) as temporary:
                write(temporary)
            made[f"{task}/{path.name}"] = path
    for old in folder.glob("*/*.parquet"):
        # Frames of tasks that the plan no longer has, or of zones that all failed now.
        if old not in wanted:
            old.unlink()
    language = plan.language or workspace.settings.language
    for name, write, asked in (
        ("batch.gpkg", lambda path: _write_gpkg(made, path), "gpkg" in plan.formats),
        ("batch.xlsx", lambda path: _write_xlsx(workspace, tasks, made, path, language), "xlsx" in plan.formats),
    ):
        path = folder / name
        if asked:
            with _replacing(path) as temporary:
                write(temporary)
            made[name] = path
        else:
            path.unlink(missing_ok=True)
    facts = _manifest(workspace, plan, answered, made)
    facts |= {"started": started.isoformat(timespec="seconds"), "seconds": seconds()}
    with _replacing(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(facts, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    made[MANIFEST] = folder / MANIFEST
    return made


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file that takes a file's place when it is complete."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        with writing(path):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


Writer = Callable[[Path], Any]


def _writers(workspace: Workspace, pairs: Sequence[Pair]) -> Iterator[tuple[str, Writer]]:
    """Give the frames of a task, each with what writes it."""
    frames: dict[str, list[Piece]] = {}
    for part, answered in pairs:
        for file in answered.files:
            path = Path(file)
            if path.suffix == ".parquet" and len(path.parts) == 1 and answered.state != "failed":
                frames.setdefault(path.stem, []).append(Piece(part.folder / path, _told(part)))
    units = units_table(workspace, pairs)
    yield UNITS if UNITS not in frames else f"batch_{UNITS}", lambda path: _write_units(units, path)
    for name, pieces in frames.items():
        yield name, lambda path, pieces=pieces: merge_parquet(pieces, path, of_one=pairs[0][0].take == "own")  # type: ignore[misc]


def _told(part: Part) -> dict[str, Any]:
    """What is told of every row of a part."""
    return {"in_zone": part.zone, "in_zone_name": part.zone_name, **_choice(part)}


def _choice(part: Part) -> dict[str, Any]:
    """The values that vary, as columns."""
    return {
        f"given_{name.replace('.', '_')}": value if isinstance(value, (str, int, float, bool)) else str(value)
        for name, value in part.choice.items()
    }


def units_table(workspace: Workspace, pairs: Sequence[Pair]) -> Any:
    """Make the table of a task: a row for each zone and choice of parameters.

    Returns
    -------
    GeoDataFrame
        `zone`, `zone_name`, a column `given_…` for each parameter that varies, `state`, `reason`, `answer`, the figures
        of the answer, and the zone's shape.
    """
    import geopandas as gpd

    from spacegov.batch.answering import zones_of

    rows, shapes = [], []
    for part, answered in pairs:
        figures = {
            str(name).replace(".", "_"): value
            for name, value in answered.figures.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        gaps = answered.figures.get(_NOT_COVERED)
        if isinstance(gaps, dict):
            figures["not_covered_m2"] = max(gaps.values(), default=0.0)
        rows.append(
            {
                "zone": part.zone,
                "zone_name": part.zone_name,
                **_choice(part),
                "state": answered.state,
                "reason": answered.reason,
                "answer": answered.answer,
                **figures,
            }
        )
        zones = zones_of(part)
        there = zones is not None and part.position is not None and part.position >= 0
        shapes.append(zones.frame.geometry.iloc[part.position] if zones is not None and there else None)
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=workspace.crs)
    return frame.astype({"reason": "string", "answer": "string"})


def _write_units(frame: Any, path: Path) -> None:
    from spacegov.toolbox.runs import write_frame

    write_frame(frame, path)


def _write_gpkg(made: dict[str, Path], path: Path) -> None:
    for name, source in made.items():
        if source.suffix == ".parquet":
            copy_to_gpkg(source, path, name.removesuffix(".parquet").replace("/", "_"))


def _write_xlsx(
    workspace: Workspace, tasks: dict[str, list[Pair]], made: dict[str, Path], path: Path, language: Language
) -> None:
    import pandas as pd
    import pyarrow.parquet as pq

    tables = []
    for name, source in made.items():
        if source.suffix != ".parquet":
            continue
        columns = [column for column in pq.read_schema(source).names if column not in {"geometry", "bbox"}]
        frame = pd.read_parquet(source, columns=columns)
        task = tasks[source.parent.name]
        tables.append((_sheet(name, len(tasks)), frame, _titles(workspace, task[0][0], columns, language)))
    records = [
        (task, [record for _, answered in pairs for record in _records(answered)]) for task, pairs in tasks.items()
    ]
    write_workbook(path, tables, records, language)


def _sheet(name: str, tasks: int) -> str:
    task, _, frame = name.removesuffix(".parquet").partition("/")
    return frame if tasks == 1 else f"{frame} {task}"


def _records(answered: Answered) -> list[Any]:
    found = answered.provenance
    return [] if found is None else found if isinstance(found, list) else [found]


_WORDS: dict[str, dict[str, str]] = {
    "zone": {"en": "Zone", "zh": "分区", "ru": "Зона"},
    "zone_name": {"en": "Name of the zone", "zh": "分区名称", "ru": "Название зоны"},
    "in_zone": {"en": "In zone", "zh": "所在分区", "ru": "В зоне"},
    "in_zone_name": {"en": "In zone, name", "zh": "所在分区名称", "ru": "В зоне, название"},
    "state": {"en": "State", "zh": "状态", "ru": "Состояние"},
    "reason": {"en": "Reason", "zh": "原因", "ru": "Причина"},
    "answer": {"en": "Answer", "zh": "结论", "ru": "Ответ"},
    "rows": {"en": "Records", "zh": "记录数", "ru": "Записей"},
    "area_m2": {"en": "Area (m²)", "zh": "面积（m²）", "ru": "Площадь (м²)"},
    "length_m": {"en": "Length (m)", "zh": "长度（m）", "ru": "Длина (м)"},
    "not_covered_m2": {"en": "Not covered (m²)", "zh": "未覆盖（m²）", "ru": "Нет данных (м²)"},
}


def _titles(workspace: Workspace, part: Part, columns: Sequence[str], language: Language) -> dict[str, str]:
    """Find the words for columns: the batch's own, else those of the tool and of the layers it asked."""
    titles = {name: say(words, language) for name, words in _WORDS.items()}
    name = part.tool or workspace.scenarios[str(part.scenario)].main.tool
    if name is None:
        return titles
    tool = workspace.tools[name]
    asked = [item for named in tool.card.layers.values() for item in ([named] if isinstance(named, str) else named)]
    cards = [workspace.layers.card(item) for item in asked if item in workspace.layers]
    for column, words in column_words(tool.card, columns, cards, workspace.layers.schemes).items():
        unit = f" ({words.unit})" if words.unit else ""
        titles[column] = f"{say(words.title, language)}{unit}"
    return titles


def _manifest(workspace: Workspace, plan: Plan, answered: Sequence[Pair], made: dict[str, Path]) -> dict[str, Any]:
    parts = [
        {
            "task": part.task,
            "zone": part.zone,
            "zone_name": part.zone_name,
            "parameters": part.choice,
            "state": each.state,
            "reason": each.reason,
            "answer": each.answer,
            "figures": each.figures,
            "key": part.key,
            "seconds": each.seconds,
            "folder": f"{part.task}/parts/{part.folder.name}" if each.state != "failed" else None,
        }
        for part, each in answered
    ]
    inputs: dict[tuple[str, str], dict[str, Any]] = {}
    for _, each in answered:
        for record in _records(each):
            for item in record["inputs"]:
                kept = ("layer", "title", "steward", "version", "crs", "coverage", "licence", "status")
                inputs[(item["layer"], str(item["version"]))] = {name: item[name] for name in kept}
    return {
        "title": None if plan.title is None else dict(plan.title),
        "workspace": workspace.title,
        "software": software(),
        "plan": plan.model_dump(mode="json", exclude_none=True),
        "counts": dict(Counter(each.state for _, each in answered)),
        "parts": parts,
        "inputs": [inputs[key] for key in sorted(inputs)],
        "files": {
            name: {"sha256": files.file_hash(path)} if path.suffix == ".parquet" else {} for name, path in made.items()
        },
    }
