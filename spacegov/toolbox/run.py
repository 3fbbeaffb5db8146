"""The one path of execution: inputs, function, ledger, provenance, run folder, result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.layers.coverage import not_covered
from spacegov.ledger import Ledger, collect
from spacegov.toolbox.hashes import hash_value
from spacegov.toolbox.inputs import Resolved, resolve
from spacegov.toolbox.policy import read_policy
from spacegov.toolbox.provenance import IN_MEMORY, PolicyRecord, Provenance, ledger_records
from spacegov.toolbox.result import Result
from spacegov.toolbox.runs import keep_run
from spacegov.toolbox.summary import frames_of, main_frame, summarize
from spacegov.toolbox.tool import Tool
from spacegov.toolbox.within import cut_to

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

Progress = Callable[[float, str], None]


def run(
    workspace: Workspace,
    name: str,
    given: Mapping[str, Any],
    *,
    crs: Any = None,
    repair: bool = False,
    vary: bool = False,
    within: Any = None,
    text: bool = False,
    keep: bool = True,
    progress: Progress | None = None,
) -> Result:
    """Run a tool.

    Parameters
    ----------
    workspace : Workspace
        Where layers, policy tables and runs are.
    name : str
        Tool id.
    given : mapping
        Inputs, policy tables and options by name. `crs`, `repair`, `vary` and `within` may also stand here.
    crs : anything pyproj understands, optional
        CRS to bring the inputs to.
    repair : bool
        Whether broken polygons are mended, on record.
    vary : bool
        Whether the card's other option values are tried too.
    within : file, GeoJSON, frame or shape, optional
        The area that is asked about: layers of the workspace are cut to it. Files and frames are taken as they are.
    text : bool
        Whether option values are text from a command line.
    keep : bool
        Whether a run folder is written.
    progress : callable, optional
        Told the share done and the step.

    Returns
    -------
    Result
    """
    tool = workspace.tools[name]
    signature = tool.signature
    rest = dict(given)
    crs = rest.pop("crs", crs) if "crs" not in signature.options.model_fields else crs
    repair = bool(rest.pop("repair", repair)) if "repair" not in signature.options.model_fields else repair
    vary = bool(rest.pop("vary", vary)) if "vary" not in signature.options.model_fields else vary
    area = rest.pop("within", within) if "within" not in signature.options.model_fields else within
    if area is not None:
        workspace = cut_to(workspace, area)
    if repair and "repair" in signature.options.model_fields:
        rest.setdefault("repair", "true" if text else True)
    if vary and not tool.card.vary:
        raise BadInput(f"{tool.id}: its card names no option to vary; run it without --vary")
    _known(tool, rest)
    rest = signature.without(rest) if text else rest
    started, clock = datetime.now(UTC), time.perf_counter()
    with collect() as ledger:
        ledger.progress = progress
        resolved = resolve(workspace, tool, rest, crs=crs, repair=repair)
        policies, policy_records = _policies(workspace, tool, rest)
        options = _options(workspace, tool, rest, resolved, text)
        answer = tool.function(**resolved.values, **policies, **options)
        frames = frames_of(answer, signature.returns)
    frames = {frame: value for frame, value in frames.items() if value is not None}
    gaps = _gaps(workspace, resolved)
    summary = summarize(frames, tool.card, ledger)
    if gaps is not None:
        summary["not_covered"] = {row.layer: float(row.area_m2) for row in gaps.itertuples()}
    provenance = _provenance(
        workspace, tool, resolved, policy_records, options, ledger, frames, gaps, started, clock, repair=repair
    )
    result = Result(
        tool=tool,
        workspace=workspace,
        frames=frames,
        summary=summary,
        provenance=provenance,
        not_covered=gaps,
        inputs=resolved.values,
        sensitivity=_sensitivity(tool, resolved, policies, options) if vary else None,
    )
    return keep_run(workspace.runs, result) if keep else result


def _known(tool: Tool, given: Mapping[str, Any]) -> None:
    signature = tool.signature
    names = [*signature.inputs, *signature.coverages, *signature.policies, *signature.options.model_fields]
    for name in given:
        if name not in names:
            raise UnknownName(f"{tool.id}: there is no input or option {name!r}; {suggest(name, names)}")


def _policies(workspace: Workspace, tool: Tool, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[PolicyRecord]]:
    tables: dict[str, Any] = {}
    records = []
    for parameter in tool.signature.policies:
        value = given.get(parameter, tool.card.policy.get(parameter))
        if value is None:
            tables[parameter] = None
            continue
        table = read_policy(value, workspace.tools.policy_folders) if isinstance(value, (str, Path)) else value
        tables[parameter] = table
        if not hasattr(table, "columns"):
            continue
        records.append(
            PolicyRecord(
                parameter=parameter,
                name=str(table.attrs.get("policy", IN_MEMORY)),
                version=str(table.attrs.get("version", "not stated")),
                sha256=hash_value(table),
                source=table.attrs.get("source"),
                valid_from=table.attrs.get("valid_from"),
                valid_to=table.attrs.get("valid_to"),
            )
        )
    return tables, records


def _options(
    workspace: Workspace, tool: Tool, given: Mapping[str, Any], resolved: Resolved, text: bool
) -> dict[str, Any]:
    signature = tool.signature
    known = signature.options.model_fields
    explicit = {name: given[name] for name in known if name in given}
    defaults = dict(tool.card.options) if resolved.at_home or not resolved.records else {}
    if signature.measures_area and (resolved.at_home or _of_this_territory(workspace, resolved)):
        defaults.setdefault("area_basis", workspace.settings.area_basis)
    return signature.parse({**defaults, **(signature.from_text(explicit) if text else explicit)})


def _of_this_territory(workspace: Workspace, resolved: Resolved) -> bool:
    """Tell frames held in memory in the analysis CRS, such as earlier answers: measured as the workspace measures."""
    from pyproj import CRS

    from spacegov.crs import same_crs

    placed = [record for record in resolved.records if record.crs is not None]
    held = all(record.source == IN_MEMORY for record in placed)
    return (
        bool(placed)
        and held
        and all(same_crs(CRS.from_user_input(record.crs), CRS(workspace.crs)) for record in placed)
    )


def _gaps(workspace: Workspace, resolved: Resolved) -> Any:
    """Find the ground that inputs do not cover, one row for each layer."""
    import geopandas as gpd
    import pandas as pd

    territory = workspace.territory if resolved.gaps else None
    if territory is None:
        return None
    parts: list[Any] = []
    for layer in resolved.layers:
        if layer.id in resolved.gaps and all(part["layer"].iloc[0] != layer.id for part in parts):
            gap = not_covered(territory, resolved.gaps[layer.id])
            if len(gap):
                parts.append(gap.assign(layer=layer.id, title=layer.title(), answer="not_covered"))
    if not parts:
        return None
    columns = ["layer", "title", "answer", "area_m2", "geometry"]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)[columns], crs=territory.crs)


def _provenance(
    workspace: Workspace,
    tool: Tool,
    resolved: Resolved,
    policies: list[PolicyRecord],
    options: dict[str, Any],
    ledger: Ledger,
    frames: dict[str, Any],
    gaps: Any,
    started: datetime,
    clock: float,
    *,
    repair: bool,
) -> Provenance:
    missing = {} if gaps is None else dict(zip(gaps["layer"], gaps["area_m2"], strict=True))
    inputs = [
        record.model_copy(update={"not_covered_m2": float(missing[record.layer])})
        if record.layer in missing
        else record
        for record in resolved.records
    ]
    main = main_frame(frames, tool.card)
    rows = main.shape[0] * main.shape[1] if not hasattr(main, "columns") else len(main)
    return Provenance(
        tool=tool.id,
        title={str(key): value for key, value in tool.card.title.items()},
        question={str(key): value for key, value in tool.card.question.items()},
        software=f"spacegov {tool.version}",
        cites=list(tool.card.cites),
        parameters={name: _plain(value) for name, value in options.items()},
        policies=policies,
        inputs=inputs,
        repair=repair,
        workspace=str(workspace.title) if resolved.at_home else None,
        rows_in=sum(record.rows for record in inputs),
        rows_out=int(rows),
        started=started,
        seconds=round(time.perf_counter() - clock, 3),
        **ledger_records(ledger),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return str(value)


def _sensitivity(tool: Tool, resolved: Resolved, policies: dict[str, Any], options: dict[str, Any]) -> Any:
    """Run again over the values the card names, one option at a time."""
    import pandas as pd

    rows = []
    for option, values in tool.card.vary.items():
        for value in values:
            with collect() as ledger:
                answer = tool.function(**resolved.values, **policies, **{**options, option: value})
            summary = summarize(frames_of(answer, tool.signature.returns), tool.card, ledger)
            figures = {key: figure for key, figure in summary.items() if isinstance(figure, (int, float))}
            rows.append({"option": option, "value": value, "chosen": value == options[option], **figures})
    return pd.DataFrame(rows, columns=None if rows else ["option", "value", "chosen", "rows"])
