"""Areas by pair of classes, each program from file to table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Answer = list[list[float]]
Task = Callable[[], Answer]

SQL = """
    SELECT a.left_class, b.right_class, sum(ST_Area(ST_Intersection(a.geometry, b.geometry))) AS area
    FROM {left} a JOIN {right} b ON ST_Intersects(a.geometry, b.geometry)
    GROUP BY a.left_class, b.right_class
"""


def spacegov(left: str, right: str, trusted: bool = False) -> Task:
    """Ours: `tabulate_areas` of the two files, validity tested unless trusted."""
    from spacegov.kernels import tabulate_areas, warm_up

    warm_up("area", "large")

    def run() -> Answer:
        table = tabulate_areas(left, right, by=("left_class", "right_class"), trusted=trusted)
        return table.to_numpy().tolist()

    return run


def spacegov_computing(left: str, right: str) -> Task:
    """Ours on frames already read, until the table."""
    import geopandas

    from spacegov.kernels import tabulate_areas, warm_up

    warm_up("area", "large")
    frames = geopandas.read_parquet(left), geopandas.read_parquet(right)

    def run() -> Answer:
        return tabulate_areas(*frames, by=("left_class", "right_class")).to_numpy().tolist()

    return run


def spacegov_joining(left: str, right: str) -> Task:
    """Ours on layers laid out for the kernels, as peers have theirs as shapes: cutting, joining, summing."""
    import geopandas

    from spacegov.kernels import warm_up
    from spacegov.kernels.classes import number_classes
    from spacegov.kernels.parallel import thread_count
    from spacegov.kernels.ragged import from_shapely
    from spacegov.kernels.tabulate import class_table, sum_layers

    warm_up("area", "large")
    by, threads = ("left_class", "right_class"), thread_count(None)
    frames = geopandas.read_parquet(left), geopandas.read_parquet(right)
    layers = [from_shapely(frame.geometry.to_numpy()) for frame in frames]
    classes = [number_classes(frame, column, column) for frame, column in zip(frames, by, strict=True)]

    def run() -> Answer:
        sums = sum_layers(layers[0], classes[0], layers[1], classes[1], 1.0, threads, balance=False)
        return class_table(by, sums).to_numpy().tolist()

    return run


def _overlay(left: Any, right: Any) -> Answer:
    """Sum the pieces of a geopandas overlay by class."""
    import geopandas

    pieces = geopandas.overlay(left, right, how="intersection", keep_geom_type=True)
    sums = pieces.area.groupby([pieces["left_class"], pieces["right_class"]]).sum()
    return [[*classes, area] for classes, area in sums.items()]


def geopandas_overlay(left: str, right: str) -> Task:
    """geopandas.overlay of the two files, then areas by class."""
    import geopandas

    def run() -> Answer:
        return _overlay(geopandas.read_parquet(left), geopandas.read_parquet(right))

    return run


def geopandas_computing(left: str, right: str) -> Task:
    """geopandas.overlay of frames already read."""
    import geopandas

    frames = geopandas.read_parquet(left), geopandas.read_parquet(right)
    return lambda: _overlay(*frames)


def geos(left: str, right: str) -> Task:
    """GEOS through shapely on the candidate pairs of a tree, files already read."""
    import geopandas
    import numpy as np
    import shapely

    frames = geopandas.read_parquet(left), geopandas.read_parquet(right)
    a, b = (np.asarray(frame.geometry) for frame in frames)
    classes = frames[0]["left_class"].to_numpy(), frames[1]["right_class"].to_numpy()

    def run() -> Answer:
        i, j = shapely.STRtree(b).query(a)
        areas = shapely.area(shapely.intersection(a[i], b[j]))
        sums = np.zeros((classes[0].max() + 1, classes[1].max() + 1))
        np.add.at(sums, (classes[0][i], classes[1][j]), areas)
        return [[k, m, float(sums[k, m])] for k, m in np.argwhere(sums > 0).tolist()]

    return run


def connect_duckdb() -> Any:
    """Open DuckDB with its spatial extension, reading geometry of GeoParquet as such, on all cores."""
    import duckdb

    from spacegov.layers.duck import spatial_extension

    connection = duckdb.connect()
    connection.execute(f"LOAD '{spatial_extension()}'")
    return connection


def duckdb(left: str, right: str) -> Task:
    """DuckDB with its spatial extension."""
    connection = connect_duckdb()

    def run() -> Answer:
        query = SQL.format(left=f"read_parquet('{left}')", right=f"read_parquet('{right}')")
        return [list(row) for row in connection.execute(query).fetchall()]

    return run


def sedonadb(left: str, right: str) -> Task:
    """SedonaDB."""
    import pyarrow as pa
    import sedonadb as sedona

    session = sedona.connect()

    def run() -> Answer:
        session.read_parquet(left).to_view("left_layer", overwrite=True)
        session.read_parquet(right).to_view("right_layer", overwrite=True)
        table = pa.table(session.sql(SQL.format(left="left_layer", right="right_layer")))
        return [list(row.values()) for row in table.to_pylist()]

    return run


def read_table(left: str, right: str) -> Task:
    """Only reading both files with pyarrow."""
    import pyarrow.parquet as pq

    def run() -> Answer:
        pq.read_table(left)
        pq.read_table(right)
        return []

    return run
