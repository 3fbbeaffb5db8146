"""The benchmarks measure what they say: valid layers, equal answers, real processes."""

import geopandas
import numpy as np
import pytest
import shapely

from benchmarks import areas, inputs, streaming
from benchmarks.child import Measurement, measure
from benchmarks.report import table
from spacegov.kernels import self_pair_areas, tabulate_files


@pytest.mark.parametrize("bends", [1, 19])
def test_a_mesh_is_a_partition_of_its_ground(bends):
    shapes = inputs.mesh(12, 1200.0, 1, bends=bends, jitter=0.2)
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).sum() == pytest.approx(1200.0**2, rel=1e-12)
    assert self_pair_areas(shapes).empty


def test_programs_answer_alike_in_processes_of_their_own(tmp_path):
    left = inputs.write_layer(tmp_path / "left.parquet", inputs.mesh(20, 800.0, 1), "left_class", 4, 100)
    right = inputs.write_layer(tmp_path / "right.parquet", inputs.mesh(9, 800.0, 2), "right_class", 3, 30)
    found = [
        measure(f"benchmarks.area_tasks:{task}", left=str(left), right=str(right)) for task in ("spacegov", "duckdb")
    ]
    assert all(isinstance(each, Measurement) for each in found), found
    assert areas.difference(found[1].answer, found[0].answer) < 1e-12
    assert found[0].seconds > 0
    assert 50 < found[0].peak_mib < 2000
    with pytest.raises(RuntimeError, match="the answers differ"):
        areas.difference([[0, 0, 1.0]], found[0].answer)


def test_a_failing_program_is_told_not_hidden():
    assert "NoSuchFunction" in measure("benchmarks.area_tasks:NoSuchFunction")


def test_tiles_cover_the_ground_without_gaps(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_TILE_CELLS", 8)
    monkeypatch.setattr(streaming, "_ZONE_CELLS", 3)
    # the task sets it for its own process
    monkeypatch.setattr(tabulate_files, "_AT_ONCE_BYTES", 0)
    left, right, count = streaming.tiled(tmp_path, 3)
    frame = geopandas.read_parquet(left)
    assert len(frame) == count == 9 * 64
    assert frame.area.sum() == pytest.approx((3 * 6000.0) ** 2, rel=1e-12)
    np.testing.assert_array_equal(
        np.array([[box[k] for k in ("xmin", "ymin", "xmax", "ymax")] for box in covering_boxes(left)]),
        frame.bounds.to_numpy(),
    )
    assert streaming.spacegov(str(left), str(right), 2)() == pytest.approx((3 * 6000.0) ** 2, rel=1e-9)


def covering_boxes(path):
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=["bbox"])["bbox"].to_pylist()


def test_tables_are_markdown():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n|---|---|\n| 1 | 2 |"
