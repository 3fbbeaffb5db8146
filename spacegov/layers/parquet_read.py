"""Records of a Parquet file that meet a box and pass a filter: row groups, pages and records are left out in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacegov.layers.files import Reading
from spacegov.layers.filter import GEOMETRY, Filter
from spacegov.layers.filter_rows import rows_passing
from spacegov.layers.parquet_groups import boxes_meeting, groups_meeting, parquet_facts, row_group_runs
from spacegov.parquet.pages import PagedFile, paged_file

if TYPE_CHECKING:
    import pyarrow as pa

    Bounds = tuple[float, float, float, float]
    Rows = NDArray[np.int64]
    Chosen = list[tuple[int, Rows]]

ROW = "__row"
"""Column for the number of a record in its file."""


def parquet_batches(
    path: Path,
    facts: dict[str, Any],
    *,
    size: int,
    bbox: Bounds | None,
    columns: Sequence[str],
    where: Filter | None,
) -> Iterator[pa.RecordBatch]:
    """Go through the records of a Parquet file that are wanted.

    What is needed to choose records is read first, and the rest only of the pages that hold any.

    Parameters
    ----------
    path : Path
        The file.
    facts : dict
        What it says of itself, see `parquet_facts`.
    size : int
        Most records of a batch.
    bbox : tuple of float, optional
        Records whose boxes meet it; without a bbox column in the file, all.
    columns : sequence of str
        Columns to read besides the geometry.
    where : Filter, optional
        Records to keep.
    """
    import pyarrow.parquet as pq

    wanted = [*columns, *([facts["column"]] if facts["geometry"] else [])]
    covering = facts["covering"] if bbox is not None else None
    groups = groups_meeting(facts, bbox)
    with Reading(path):
        if covering is None and where is None:
            with pq.ParquetFile(path, metadata=facts["metadata"]) as file:
                for batch in file.iter_batches(batch_size=size, row_groups=groups, columns=wanted):
                    yield _named(batch.select(wanted), facts["column"])
            return
        reader = _Reader(path, facts, paged_file(path) if groups else None)
        for some in row_group_runs(facts["metadata"], groups, size):
            chosen = reader.everything(some)
            if covering is not None and bbox is not None:
                chosen = reader.in_box(chosen, covering, bbox)
            if where is not None:
                chosen = reader.passing(chosen, where)
            if chosen:
                for batch in reader.read(chosen, wanted).combine_chunks().to_batches(max_chunksize=size):
                    yield _named(batch, facts["column"])


def records_meeting(path: Path, bbox: Bounds, columns: Sequence[str], *, most: int) -> pa.Table | None:
    """Read the records whose boxes meet a box, with the number of each in the file as `__row`.

    Parameters
    ----------
    path : Path
        The file.
    bbox : tuple of float
        West, south, east, north in its CRS.
    columns : sequence of str
        Columns as they are called in the file.
    most : int
        Records that the row groups meeting the box may hold.

    Returns
    -------
    pyarrow.Table or None
        None where the file has no boxes, or the row groups hold more.
    """
    import pyarrow as pa

    facts = parquet_facts(path)
    if facts["covering"] is None:
        return None
    groups = groups_meeting(facts, bbox)
    sizes = [facts["metadata"].row_group(group).num_rows for group in range(facts["metadata"].num_row_groups)]
    if sum(sizes[group] for group in groups) > most:
        return None
    with Reading(path):
        reader = _Reader(path, facts, paged_file(path) if groups else None)
        chosen = reader.in_box(reader.everything(groups), facts["covering"], bbox)
        if not chosen:
            empty = facts["schema"].empty_table().select(list(columns))
            return empty.append_column(ROW, pa.array([], pa.int64()))
        first = np.concatenate([[0], np.cumsum(sizes)])
        numbers = np.concatenate([first[group] + rows for group, rows in chosen])
        return reader.read(chosen, list(columns)).append_column(ROW, pa.array(numbers))


def _named(batch: pa.RecordBatch, own: str | None) -> pa.RecordBatch:
    return batch.rename_columns([GEOMETRY if name == own else name for name in batch.schema.names])


class _Reader:
    """A file, read by pages where they are few, else by row groups."""

    def __init__(self, path: Path, facts: dict[str, Any], pages: PagedFile | None) -> None:
        self.path = path
        self.facts = facts
        self.pages = pages

    def everything(self, groups: Sequence[int]) -> Chosen:
        """Give all records of some row groups."""
        metadata = self.facts["metadata"]
        return [(group, np.arange(metadata.row_group(group).num_rows)) for group in groups]

    def read(self, chosen: Chosen, names: Sequence[str]) -> pa.Table:
        """Read columns of the chosen records."""
        import pyarrow as pa

        few = [] if self.pages is None else self.pages.worth(chosen, names)
        whole = [name for name in names if name not in few]
        parts = [] if not whole else [self._whole(chosen, whole)]
        if self.pages is not None and few:
            parts.append(self.pages.read(chosen, few, self.facts["schema"]))
        columns = {name: part.column(name) for part in parts for name in part.column_names}
        return pa.table({name: columns[name] for name in names})

    def _whole(self, chosen: Chosen, names: Sequence[str]) -> pa.Table:
        """Read columns of whole row groups side by side, and leave out the records that were not chosen."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        alone = len(chosen) == 1

        def one(part: tuple[int, Rows]) -> pa.Table:
            group, rows = part
            with pq.ParquetFile(self.path, metadata=self.facts["metadata"]) as file:
                table = file.read_row_group(group, columns=list(names), use_threads=alone)
            return table if len(rows) == len(table) else table.take(pa.array(rows))

        if alone:
            return one(chosen[0])
        with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            return pa.concat_tables(list(pool.map(one, chosen)))

    def in_box(self, chosen: Chosen, covering: list[str], box: Bounds) -> Chosen:
        """Keep the records whose boxes meet a box."""
        column = covering[0].partition(".")[0]
        sides = [path.partition(".")[2] for path in covering]
        near = []
        for group, rows in chosen:
            found = None if self.pages is None else self.pages.boxes(group, column, box, sides)
            near.append((group, rows if found is None else found))
        near = [(group, rows) for group, rows in near if len(rows)]
        if not near:
            return []
        return _kept(near, boxes_meeting(self.read(near, [column]), covering, box))

    def passing(self, chosen: Chosen, where: Filter) -> Chosen:
        """Keep the records that pass a filter."""
        import pyarrow as pa

        if not chosen:
            return []
        own = self.facts["column"]
        names = [own if name == GEOMETRY and own else name for name in sorted(where.columns)]
        count = sum(len(rows) for _, rows in chosen)
        if names:
            table = self.read(chosen, names)
            table = table.rename_columns([GEOMETRY if name == own else name for name in names])
        else:
            table = pa.table({"__number": np.arange(count)})
        keep = np.zeros(count, bool)
        keep[rows_passing(table, where)] = True
        return _kept(chosen, keep)


def _kept(chosen: Chosen, keep: NDArray[np.bool_]) -> Chosen:
    ends = np.cumsum([len(rows) for _, rows in chosen])
    parts = zip(chosen, np.split(keep, ends[:-1]), strict=True)
    kept = [(group, rows[part]) for (group, rows), part in parts]
    return [(group, rows) for group, rows in kept if len(rows)]
