"""Records read by pages are those that reading everything gives."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacegov.parquet import thrift
from spacegov.parquet.pages import paged_file

ROWS, GROUP = 4_000, 1_500


def everything() -> pa.Table:
    """Columns of all kinds a store may hold: with gaps, few words, long words, structures, and a list."""
    random = np.random.default_rng(3)
    gaps = random.random(ROWS) < 0.2
    sides = {side: random.uniform(0, 100, ROWS) for side in ("xmin", "ymin", "xmax", "ymax")}
    return pa.table(
        {
            "number": pa.array(random.integers(-5, 5, ROWS), mask=gaps),
            "share": pa.array(random.random(ROWS)),
            "sound": pa.array(random.random(ROWS) < 0.5, mask=gaps),
            "use": pa.array(random.choice(["0101", "农田", "лес"], ROWS)).dictionary_encode(),
            "note": pa.array(["x" * int(n) for n in random.integers(0, 300, ROWS)], mask=gaps),
            "day": pa.array([date(2025, 1, 1 + n % 28) for n in range(ROWS)]),
            "geometry": pa.array([random.bytes(int(n)) for n in random.integers(5, 400, ROWS)], pa.binary()),
            "bbox": pa.StructArray.from_arrays(list(sides.values()), names=list(sides), mask=pa.array(gaps)),
            "many": pa.array([list(range(n % 4)) for n in range(ROWS)]),
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    path = tmp_path_factory.mktemp("pages") / "all.parquet"
    table = everything()
    pq.write_table(
        table, path, row_group_size=GROUP, compression="zstd", write_page_index=True, data_page_size=4_000,
        max_rows_per_page=300, write_batch_size=20, use_dictionary=["use", "number"],
    )  # fmt: skip
    return path, table


@given(
    rows=st.sets(st.integers(0, ROWS - 1), min_size=1, max_size=60),
    names=st.lists(
        st.sampled_from(["number", "share", "sound", "use", "note", "day", "geometry", "bbox"]),
        min_size=1, max_size=8, unique=True,
    ),
)  # fmt: skip
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_by_pages_are_those_of_the_whole(made: tuple[Path, pa.Table], rows: set[int], names: list[str]) -> None:
    path, table = made
    pages = paged_file(path)
    assert pages is not None
    wanted = np.array(sorted(rows))
    chosen = [(int(group), wanted[wanted // GROUP == group] % GROUP) for group in np.unique(wanted // GROUP)]
    found = pages.read(chosen, names, pq.read_schema(path))
    assert found.combine_chunks() == table.select(names).take(pa.array(wanted)).combine_chunks()


def test_pages_that_cannot_hold_a_box_are_left_out(made: tuple[Path, pa.Table]) -> None:
    path, table = made
    pages = paged_file(path)
    assert pages is not None
    box = table.column("bbox").slice(0, GROUP).to_pylist()
    near = [row for row, each in enumerate(box) if each is not None and each["xmin"] <= 1 and each["ymax"] >= 99]
    found = pages.boxes(0, "bbox", (0, 99, 1, 200), ["xmin", "ymin", "xmax", "ymax"])
    assert found is not None
    assert set(near) <= set(found.tolist())
    none = pages.boxes(0, "bbox", (0, 1_000, 1, 2_000), ["xmin", "ymin", "xmax", "ymax"])
    assert none is not None
    assert len(none) == 0


def test_lists_and_files_without_an_index_are_read_whole(made: tuple[Path, pa.Table], tmp_path: Path) -> None:
    path, table = made
    pages = paged_file(path)
    assert pages is not None
    assert pages.worth([(0, np.array([3]))], ["many", "share"]) == ["share"]
    pq.write_table(table, tmp_path / "bare.parquet", row_group_size=GROUP)
    assert paged_file(tmp_path / "bare.parquet") is None


@given(st.integers(-(1 << 62), 1 << 62), st.binary(max_size=300), st.lists(st.integers(0, 1 << 40), max_size=40))
def test_what_is_written_is_read(number: int, text: bytes, listed: list[int]) -> None:
    said: thrift.Fields = {
        1: (thrift.I64, number),
        2: (thrift.TRUE, True),
        40: (thrift.BINARY, text),
        41: (thrift.LIST, thrift.Items(thrift.I64, listed)),
        42: (thrift.STRUCT, {3: (thrift.DOUBLE, b"12345678"), 4: (thrift.LIST, thrift.Items(thrift.TRUE, [True]))}),
    }
    assert thrift.Reader(thrift.write(said)).structure() == said
