"""What a Parquet file says of itself: its geometry, its boxes, and which of its row groups a window can skip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import UnreadableFile
from spacegov.layers.files import Reading

if TYPE_CHECKING:
    Bounds = tuple[float, float, float, float]

_MOST_AT_ONCE = 500_000


def row_group_runs(metadata: Any, groups: list[int], size: int) -> Iterator[list[int]]:
    """Put row groups together up to some hundred thousand records; never more than memory for a few batches needs."""
    some: list[int] = []
    total = 0
    for group in groups:
        rows = metadata.row_group(group).num_rows
        if some and total + rows > max(min(_MOST_AT_ONCE, 4 * size), rows):
            yield some
            some, total = [], 0
        some.append(group)
        total += rows
    if some:
        yield some


def parquet_facts(path: Path) -> dict[str, Any]:
    """Give CRS, records, columns, boxes and stamp of a file, read once while it does not change."""
    with Reading(path):
        stat = path.stat()
    return _facts_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _facts_of(path: Path, changed: int, size: int) -> dict[str, Any]:  # noqa: ARG001  the stat is the key
    import pyarrow.parquet as pq
    from pyproj import CRS

    with Reading(path):
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    column = geo.get("primary_column")
    described = geo.get("columns", {}).get(column, {})
    if column is not None and described.get("encoding") != "WKB":
        raise UnreadableFile(
            f"{path}: its geometry is stored as {described.get('encoding')}, well-known binary is needed; convert it "
            "with gpd.read_parquet(…).to_parquet(…)"
        )
    stated = described.get("crs", "OGC:CRS84") if column else None
    covering = described.get("covering", {}).get("bbox")
    paths = None if covering is None else [".".join(covering[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
    hidden = {column, *(name.partition(".")[0] for name in paths or [])}
    return {
        # Read once for a file: a CRS written as PROJJSON takes milliseconds.
        "crs": None if stated is None else CRS.from_user_input(stated),
        "rows": metadata.num_rows,
        "fields": [name for name in schema.names if name not in hidden],
        "geometry": column is not None,
        "column": column,
        "covering": paths,
        "bounds": described.get("bbox"),
        "schema": schema,
        "metadata": metadata,
        "stamp": json.loads((schema.metadata or {}).get(b"spacegov", b"{}")),
    }


def groups_meeting(facts: dict[str, Any], bbox: Bounds | None) -> list[int]:
    """List the row groups of a Parquet file that may hold records in a box, from the statistics of its bbox column.

    Parameters
    ----------
    facts : dict
        What the file says of itself.
    bbox : tuple of float, optional
        The box.
    """
    import numpy as np

    everything = range(facts["metadata"].num_row_groups)
    if facts["covering"] is None or bbox is None or not everything:
        return list(everything)
    if "boxes" not in facts:
        # Kept with the other facts: a file of many million records has hundreds of row groups.
        facts["boxes"] = _group_boxes(facts["metadata"], facts["covering"])
    west, south, east, north = facts["boxes"].T
    meet = (west <= bbox[2]) & (east >= bbox[0]) & (south <= bbox[3]) & (north >= bbox[1])
    return [int(group) for group in np.flatnonzero(meet)]


def _group_boxes(metadata: Any, covering: list[str]) -> Any:
    """Give the box of each row group, everywhere where the file does not state it."""
    import numpy as np

    first = metadata.row_group(0)
    place = {first.column(column).path_in_schema: column for column in range(first.num_columns)}
    sides = [place[path] for path in covering]
    boxes = np.tile([-np.inf, -np.inf, np.inf, np.inf], (metadata.num_row_groups, 1))
    for group in range(metadata.num_row_groups):
        columns = [metadata.row_group(group).column(side).statistics for side in sides]
        if all(each is not None and each.has_min_max for each in columns):
            boxes[group] = [columns[0].min, columns[1].min, columns[2].max, columns[3].max]
    return boxes


def boxes_meeting(table: Any, covering: list[str], bbox: Bounds) -> Any:
    """Tell which records' boxes meet a box."""
    import numpy as np
    import pyarrow.compute as pc

    name = covering[0].partition(".")[0]
    box = table.column(name).combine_chunks()
    sides = [pc.struct_field(box, path.partition(".")[2]) for path in covering]
    west, south, east, north = (np.asarray(side.fill_null(float("nan"))) for side in sides)
    with np.errstate(invalid="ignore"):
        return (west <= bbox[2]) & (east >= bbox[0]) & (south <= bbox[3]) & (north >= bbox[1])
