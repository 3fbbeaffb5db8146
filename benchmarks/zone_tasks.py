"""The strictest zone of every building, each program from file to counts by level."""

from __future__ import annotations

import time
from collections.abc import Callable

Counts = dict[str, int]
Task = Callable[[], Counts]

SQL = """
    SELECT level, count(*) AS buildings FROM (
        SELECT a.building, min(b.level) AS level
        FROM {buildings} a JOIN {zones} b ON ST_Intersects(a.geometry, b.geometry)
        GROUP BY a.building
    ) AS strictest GROUP BY level
"""


def spacegov(buildings: str, zones: str) -> Task:
    """Ours: `strictest_zone`."""
    import geopandas

    from spacegov.kernels import strictest_zone, warm_up

    warm_up("area", "large", "zones")

    def run() -> Counts:
        found = strictest_zone(buildings, geopandas.read_parquet(zones), level_column="level").counts().dropna()
        return {str(level): int(count) for level, count in found.itertuples(index=False)}

    return run


def geopandas_join(buildings: str, zones: str) -> Task:
    """geopandas.sjoin, then the smallest level of each building."""
    import geopandas

    def run() -> Counts:
        frame = geopandas.read_parquet(buildings, columns=["building", "geometry"])
        joined = geopandas.sjoin(frame, geopandas.read_parquet(zones), predicate="intersects")
        levels = joined["level"].groupby(joined.index).min()
        return {str(level): int(count) for level, count in levels.value_counts().sort_index().items()}

    return run


def duckdb(buildings: str, zones: str) -> Task:
    """DuckDB with its spatial extension."""
    from benchmarks.area_tasks import connect_duckdb

    connection = connect_duckdb()
    query = SQL.format(buildings=f"read_parquet('{buildings}')", zones=f"read_parquet('{zones}')")
    return lambda: {str(level): int(count) for level, count in sorted(connection.execute(query).fetchall())}


def sedonadb(buildings: str, zones: str) -> Task:
    """SedonaDB."""
    import pyarrow as pa
    import sedonadb as sedona

    session = sedona.connect()

    def run() -> Counts:
        session.read_parquet(buildings).to_view("buildings", overwrite=True)
        session.read_parquet(zones).to_view("zones", overwrite=True)
        rows = pa.table(session.sql(SQL.format(buildings="buildings", zones="zones"))).to_pylist()
        return {str(level): int(count) for level, count in sorted(tuple(row.values()) for row in rows)}

    return run


def read_boxes(buildings: str, zones: str) -> Task:  # noqa: ARG001  as the others are called
    """Only reading the boxes of the buildings with pyarrow, a row group in each thread."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    import pyarrow.parquet as pq

    metadata = pq.read_metadata(buildings)

    def read(group: int) -> int:
        reader = pq.ParquetFile(buildings, metadata=metadata)
        return int(reader.read_row_group(group, columns=["bbox"], use_threads=False).num_rows)

    def run() -> Counts:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            return {"read": sum(pool.map(read, range(metadata.num_row_groups)))}

    return run


def added_zones(buildings: str, zones: str) -> Callable[[], list[float]]:
    """Milliseconds that each of 200 added zones takes, to updated levels and counts."""
    import geopandas
    import numpy as np
    import shapely

    from spacegov.kernels import strictest_zone, warm_up

    warm_up("area", "large", "zones")
    frame = geopandas.read_parquet(zones)
    found = strictest_zone(buildings, frame, level_column="level")
    random = np.random.default_rng(11)
    west, south, east, north = frame.total_bounds
    strictest = found.levels[0]
    found.add_zone(shapely.Point(west, south).buffer(1.0), strictest)

    def run() -> list[float]:
        taken = []
        for _ in range(200):
            centre = shapely.Point(random.uniform(west, east), random.uniform(south, north))
            start = time.perf_counter()
            found.add_zone(centre.buffer(500.0, quad_segs=64), strictest)
            found.counts()
            taken.append(1000 * (time.perf_counter() - start))
        return taken

    return run
