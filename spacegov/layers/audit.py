"""The state of a workspace's layers: files whole, records as the cards say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, BadRaster, UnknownName, UnreadableFile, suggest
from spacegov.layers.faults import BatchCheck, FaultLog, count_codes

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from spacegov.layers.layer import Layer
    from spacegov.workspace import Workspace


def audit(
    workspace: Workspace, layers: Sequence[str] | None = None, progress: Callable[[float, str], None] | None = None
) -> pd.DataFrame:
    """Check layers as they lie in a workspace.

    Parameters
    ----------
    workspace : Workspace
        Whose layers they are.
    layers : sequence of str, optional
        Ids; all that have data without it.
    progress : callable, optional
        Told the share done and the layer.

    Returns
    -------
    DataFrame
        A row for each layer: `layer`, `state` (`sound`, `faulty`, `unreadable`, `changed`: the file is not the one that
        was imported, `not_covered`: no data), `version`, `rows`, `problem_records`, `faults` (records by code),
        `reason`.

    Raises
    ------
    UnknownName
        There is no such layer.
    """
    return audit_faults(workspace, layers, progress)[0]


def audit_faults(
    workspace: Workspace, layers: Sequence[str] | None = None, progress: Callable[[float, str], None] | None = None
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Check layers as `audit` does, and give every fault beside the table of layers.

    Returns
    -------
    layers : DataFrame
        As `audit` gives it.
    faults : GeoDataFrame
        A row for each fault: `layer`, `row`, `feature`, `field`, `code`, `severity`, `value`, `reason`, `mend`, and the
        place, in the analysis CRS.
    """
    import geopandas as gpd
    import pandas as pd

    registry = workspace.layers
    for name in layers or []:
        if name not in registry:
            raise UnknownName(f"there is no layer {name!r}; {suggest(name, registry)}")
    names = list(layers) if layers else [name for name in registry if registry.binding(name) is not None]
    rows, found = [], [FaultLog().frame(workspace.crs).assign(layer="")]
    for number, name in enumerate(names, start=1):
        facts, log = _audit(registry[name])
        rows.append(facts)
        if log.parts:
            found.append(log.frame(workspace.crs).assign(layer=name))
        if progress is not None:
            progress(number / len(names), name)
    columns = ["layer", "state", "version", "rows", "problem_records", "faults", "reason"]
    table = pd.DataFrame(rows, columns=columns).astype({"rows": "Int64", "problem_records": "Int64"})
    whole = pd.concat(found, ignore_index=True) if len(found) > 1 else found[0]
    named = ["layer", *(name for name in whole.columns if name not in {"layer", "action"})]
    return table, gpd.GeoDataFrame(whole[named], geometry="geometry", crs=workspace.crs)


def _audit(layer: Layer) -> tuple[dict[str, Any], FaultLog]:
    facts: dict[str, Any] = {"layer": layer.id, "version": layer.version, "faults": {}, "reason": ""}
    log = FaultLog()
    if not layer.bound:
        return {**facts, "state": "not_covered", "reason": "the workspace has no data for it"}, log
    try:
        changed = _changed(layer)
        found = _raster(layer) if layer.card.kind == "Raster" else _vector(layer, log)
    except BadInput as error:
        return {**facts, "state": "unreadable", "reason": str(error)}, FaultLog()
    state = "changed" if changed else "faulty" if found["problem_records"] else "sound"
    return {**facts, **found, "state": state, "reason": changed}, log


def _changed(layer: Layer) -> str:
    """Say where the file is not the one that was imported."""
    from spacegov.layers.files import file_hash

    if layer.binding is None or layer.binding.source != "store":
        return ""
    told = layer.workspace.store.facts(layer.id).get("sha256")
    path: Path = layer.workspace.store.path(layer.id)
    if told is None or file_hash(path) == told:
        return ""
    return f"{path.name} is not the file that was imported; import the layer again"


def _raster(layer: Layer) -> dict[str, Any]:
    import numpy as np

    from spacegov.layers.files import open_raster

    raster = open_raster(layer.source)
    field = layer.card.fields.get("value")
    cells = bad = there = 0
    for window in raster.windows(2048):
        values = raster.read(window)
        cells += values.size
        there += int(np.isfinite(values).sum())
        if field is not None and field.range is not None:
            low, high = (float(bound) for bound in field.range)  # type: ignore[arg-type]
            with np.errstate(invalid="ignore"):
                bad += int(((values < low) | (values > high)).sum())
    if not there:
        raise BadRaster(f"{layer.id}: every cell is nodata; import it again")
    return {"rows": cells, "problem_records": bad, "faults": {"out-of-range": bad} if bad else {}}


def _vector(layer: Layer, log: FaultLog) -> dict[str, Any]:
    import numpy as np

    from spacegov.layers.vector_import import field_codes, middles

    check = BatchCheck(layer.card, field_codes(layer), log)
    start = 0
    unique: list[Any] = []
    where: list[Any] = []
    for frame in layer.scan():
        names = check.names(frame, start)
        places = None
        if layer.card.kind != "Table":
            if not hasattr(frame, "geometry"):
                raise UnreadableFile(f"{layer.id}: its file has no geometry; import it again")
            log.append(check.geometry(frame, names, start))
            places = middles(np.asarray(frame.geometry.array, dtype=object))
        known = [name for name in layer.card.fields if name in frame.columns]
        check.attributes(frame[known].reset_index(drop=True), names, start, places)
        if check.key is not None and check.key in frame.columns:
            unique.append(frame[check.key].astype(object).to_numpy())
            where.append(np.full(len(frame), None, dtype=object) if places is None else places)
        start += len(frame)
    if unique:
        import pandas as pd

        keys = pd.Series(np.concatenate(unique))
        twice = np.flatnonzero((keys.duplicated(keep=False) & keys.notna()).to_numpy())
        names, spots = keys.astype(str).to_numpy()[twice], np.concatenate(where)[twice]
        log.add(twice, "duplicate", "error", features=names, column=str(check.key), values=names, places=spots,
                reason="a value of its own is needed", mend="give every record a value of its own")  # fmt: skip
    rows = log.error_rows()
    problems = start if len(rows) and rows[0] < 0 else len(rows)
    faults = count_codes(log.frame(None)) if log.parts else {}
    return {"rows": start, "problem_records": problems, "faults": faults}
