"""`spacegov run`: one question, from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacegov.cli.answer import tell
from spacegov.cli.options import (
    GivenOption,
    JsonOption,
    LanguageOption,
    OpenOption,
    WorkspaceOption,
    language_of,
    print_json,
)
from spacegov.cli.progress import progress

if TYPE_CHECKING:
    from spacegov.errors import SpacegovError
    from spacegov.text import Language
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace


def run(
    tool: Annotated[str, typer.Argument(help="Tool id; spacegov tools lists them.")],
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE …]",
            help="Inputs as layer ids or files (file.gpkg:layer, a comma separates several), and options.",
        ),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write the answer: a file (.gpkg, .parquet, .geojson, .xlsx, .tif …) or a folder.", metavar="PATH"
        ),
    ] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="Write a map.", metavar="FILE.html")] = None,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="Write a report to print and sign.", metavar="FILE.html|FILE.pdf")
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(help="Bring every input to this CRS (reprojected, never relabelled).", metavar="EPSG:n"),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend broken polygons, with the change in area told.")
    ] = False,
    vary: Annotated[bool, typer.Option("--vary", help="Try the option values that the tool's card names.")] = False,
    within: Annotated[
        str | None,
        typer.Option(
            help="Ask only of the area of a file: the workspace's layers are cut to it.", metavar="FILE[:LAYER]"
        ),
    ] = None,
    given_file: GivenOption = None,
    open_only: OpenOption = False,
    workspace: WorkspaceOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """Ask one question of layers or files."""
    from spacegov.toolbox.run import run as run_tool

    opened = opened_as(workspace, open_only)
    chosen = language_of(language, opened.settings.language)
    words = parse_given(given or []) if given_file is None else read_given(given_file, given)
    targets = [_target(path) for path in out or []]
    if map_file is not None:
        _check_file(map_file, (".html",))
    if report_file is not None:
        check_report(report_file, chosen)
    with progress(tool, as_json=json) as report:
        result = run_tool(
            opened,
            tool,
            words,
            crs=_crs(crs),
            repair=repair,
            vary=vary,
            within=within,
            text=given_file is None,
            progress=report,
        )
    files = {"run": str(result.folder)}
    for number, path in enumerate(targets):
        files["out" if number == 0 else f"out{number + 1}"] = str(write_target(result, path))
    undrawn = _draw(result, map_file, chosen, files)
    if report_file is not None:
        files["report"] = str(result.report(report_file, language=chosen))
    if json:
        print_json(result.to_json(files))
    else:
        tell(result, chosen, files)
    if undrawn is not None:
        raise undrawn


def _draw(result: Result, path: Path | None, language: Language, files: dict[str, str]) -> SpacegovError | None:
    """Write the map; an answer without a place has none, which costs nobody the answer."""
    from spacegov.errors import EmptyLayer, PartlyFailed
    from spacegov.toolbox.export import writing

    if path is None:
        return None
    try:
        drawn = result.map(language=language)
    except EmptyLayer:
        return PartlyFailed(f"{path}: no map was written, nothing in the answer has a place; the answer is above")
    with writing(path):
        drawn.save(str(path))
    files["map"] = str(path)
    return None


def opened_as(folder: Path | None, open_only: bool, kept: Path | None = None) -> Workspace:
    """Open a workspace as its owner sees it, or as anyone may."""
    from spacegov.service.sharing import ServedWorkspace
    from spacegov.workspace import Workspace

    return (ServedWorkspace if open_only else Workspace).open(folder, kept=None if kept is None else kept.resolve())


def read_given(path: Path, words: list[str] | None) -> dict[str, Any]:
    """Read inputs and options from a JSON object, whose values keep their types."""
    import json

    from spacegov.errors import BadInput, UnreadableFile

    if words:
        raise BadInput(f"--given was given beside {words[0]!r}; put everything into {path}, or leave --given out")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path}: it is no JSON that can be read ({error}); check the file") from None
    if not isinstance(data, dict):
        raise UnreadableFile(f'{path}: an object such as {{"min_area": 100}} is needed; check the file')
    return data


def parse_given(words: list[str]) -> dict[str, Any]:
    """Read `name=value` words; a name given twice collects its values."""
    from spacegov.errors import BadInput

    given: dict[str, Any] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise BadInput(f"{word!r} was given where NAME=VALUE is needed; write it as input={word}")
        if name in given:
            known = given[name]
            given[name] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            given[name] = value
    return given


def _crs(given: str | None) -> Any:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    from spacegov.crs import check_crs
    from spacegov.errors import UnsuitableCrs

    if given is None:
        return None
    try:
        crs = CRS.from_user_input(given)
    except CRSError:
        raise UnsuitableCrs(f"--crs: {given!r} names no CRS; write it as EPSG:4549") from None
    check_crs("--crs", crs)
    return crs


def _target(path: Path) -> Path:
    """Refuse before the work what could not be written after it."""
    from spacegov.toolbox.export import RASTER_SUFFIXES, VECTOR_SUFFIXES

    if path.suffix:
        _check_file(path, (*VECTOR_SUFFIXES, *RASTER_SUFFIXES, ".xlsx"))
    elif path.is_file():
        from spacegov.errors import BadInput

        raise BadInput(f"{path}: a folder is needed there, it is a file; name another")
    return path


def _check_file(path: Path, suffixes: tuple[str, ...]) -> None:
    from spacegov.toolbox.export import require_folder
    from spacegov.toolbox.result import require_suffix

    require_suffix(path, suffixes)
    require_folder(path)


def check_report(path: Path, language: Language) -> None:
    """Refuse before the work a report that could not be written after it."""
    from spacegov.reports.write import ready_to_write

    ready_to_write(path, language)


def write_target(result: Result, path: Path) -> Path:
    """Write a result to a file, or all its frames to a folder."""
    import json

    from spacegov.toolbox.export import writing

    if path.suffix == ".xlsx":
        return result.to_xlsx(path)
    if path.suffix:
        return result.to_file(path)
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    for name, frame in result.frames.items():
        table = hasattr(frame, "columns")
        spatial = table and getattr(frame, "_geometry_column_name", None) in frame.columns
        result.to_file(path / f"{name}{'.gpkg' if spatial else '.csv' if table else '.tif'}", name)
    if any(hasattr(frame, "columns") for frame in result.frames.values()):
        result.to_xlsx(path / f"{result.tool.id}.xlsx")
    text = json.dumps(result.to_json(), ensure_ascii=False, indent=1, default=str)
    with writing(path):
        (path / "run.json").write_text(text, encoding="utf-8")
    return path
