"""The folder a scenario leaves: layers, rasters, one workbook, one map, a report, and what was done as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, UnreadableFile
from spacegov.text import Language
from spacegov.toolbox.export import plain_columns, writing

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome

Progress = Callable[[float, str], None]
RECORD = "scenario.json"


def write_scenario(
    outcome: ScenarioOutcome,
    folder: Path,
    language: Language,
    progress: Progress | None = None,
    *,
    layers: bool = True,
) -> dict[str, str]:
    """Write what a scenario found.

    Parameters
    ----------
    outcome : ScenarioOutcome
    folder : Path
        Made when it is not there. What an earlier run of a scenario left there is replaced; other files stay.
    language : {"en", "zh", "ru"}
    progress : callable, optional
        Told the share done, from 0.9 on, and what is written.
    layers : bool
        Whether features and rasters are written too.

    Returns
    -------
    dict
        File name in the folder by kind: `layers`, `rasters`, `tables`, `map`, `report`, `pdf`, `record`. A PDF in
        Chinese is left out where no Chinese typeface is installed.

    Raises
    ------
    BadInput
        The folder is a file.
    UnreadableFile
        It may not be written to.
    """
    ready(folder)
    with writing(folder), TemporaryDirectory(prefix=".scenario.", suffix=".part", dir=folder) as name:
        # Stopped at any moment, what an earlier run left here is still whole.
        files = _write(outcome, Path(name), language, progress, layers=layers)
        _put(Path(name), folder)
    return files


def _write(
    outcome: ScenarioOutcome, folder: Path, language: Language, progress: Progress | None, *, layers: bool
) -> dict[str, str]:
    """Write everything into an empty folder."""
    files: dict[str, str] = {}
    made = [each for each in outcome.steps if each.result is not None]

    def told(done: float, what: str) -> None:
        if progress is not None:
            progress(0.9 + 0.1 * done, what)

    if layers:
        told(0.0, "layers")
        files.update(write_layers(outcome, folder))
    if made:
        from spacegov.applications.workbook import write_workbook

        told(0.3, "tables")
        files["tables"] = write_workbook(outcome, folder / "tables.xlsx", language).name
        told(0.5, "map")
        files.update(_write_map(outcome, folder, language))
        told(0.7, "report")
        files.update(_write_report(outcome, folder, language))
    files["record"] = RECORD
    facts = outcome.to_json(files, language)
    for step, each in zip(facts["steps"], outcome.steps, strict=True):
        step["provenance"] = None if each.result is None else each.result.provenance.model_dump(mode="json")
    (folder / RECORD).write_text(json.dumps(facts, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    told(1.0, "")
    return files


def _put(made: Path, folder: Path) -> None:
    """Put what is whole in the place of what an earlier scenario wrote, the record last."""
    _clear(folder)
    for path in sorted(made.rglob("*"), key=lambda path: path.name == RECORD):
        target = folder / path.relative_to(made)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            path.replace(target)


def ready(folder: Path) -> None:
    """Make a folder to write to, or refuse the name."""
    if folder.is_file():
        raise BadInput(f"{folder}: a folder is needed there, it is a file; name another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreadableFile(f"{folder}: the folder cannot be made ({error.strerror}); name another") from None


def _clear(folder: Path) -> None:
    """Remove what an earlier scenario wrote here, so that nothing of it is taken for this one's."""
    with suppress(OSError, ValueError, AttributeError):
        known = json.loads((folder / RECORD).read_text(encoding="utf-8")).get("files", {})
        for name in known.values():
            path = folder / str(name)
            if path.parent == folder and path.is_file():
                path.unlink()
        for raster in (folder / "rasters").glob("*.tif"):
            raster.unlink()


def frame_name(step: str, frame: str, frames: dict[str, Any]) -> str:
    """Name a frame of a step: the step alone where it gave one frame only."""
    return step if len(frames) == 1 else f"{step}-{frame}"


def write_layers(outcome: ScenarioOutcome, folder: Path) -> dict[str, str]:
    """Write all features into one GeoPackage and every raster as a GeoTIFF.

    Parameters
    ----------
    outcome : ScenarioOutcome
    folder : Path
        Exists.

    Returns
    -------
    dict
        File name in the folder by kind: `layers`, `rasters`; what there is none of is left out.
    """
    from spacegov.maps.answers import is_drawable

    target = folder / "layers.gpkg"
    temporary = folder / f".layers.{os.getpid()}.part.gpkg"
    files: dict[str, str] = {}
    try:
        for each in outcome.steps:
            frames = {} if each.result is None else each.result.frames
            for name, frame in frames.items():
                label = frame_name(each.step.id, name, frames)
                if not hasattr(frame, "columns"):
                    (folder / "rasters").mkdir(exist_ok=True)
                    frame.write(folder / "rasters" / f"{label}.tif")
                    files["rasters"] = "rasters"
                elif is_drawable(frame):
                    plain_columns(frame).to_file(temporary, layer=label, driver="GPKG", engine="pyogrio")
                    files["layers"] = target.name
        if "layers" in files:
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return files


def _write_map(outcome: ScenarioOutcome, folder: Path, language: Language) -> dict[str, str]:
    from spacegov.applications.scenario_map import scenario_map

    drawn = scenario_map(outcome, language)
    if drawn is None:
        return {}
    drawn.save(str(folder / "map.html"))
    return {"map": "map.html"}


def _write_report(outcome: ScenarioOutcome, folder: Path, language: Language) -> dict[str, str]:
    from spacegov.reports.fonts import can_set
    from spacegov.reports.of_scenario import report_of_scenario
    from spacegov.reports.write import write_report

    report = report_of_scenario(outcome, language)
    files = {"report": write_report(report, folder / "report.html").name}
    if can_set(language):
        files["pdf"] = write_report(report, folder / "report.pdf").name
    return files
