"""A run split by zones or rows equals the whole run, feature for feature, for every tool that may be split."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import spacegov
from spacegov.batch import Plan, run_batch
from spacegov.batch.plan import Task, Zones
from spacegov.content import content_path
from spacegov.toolbox.card import APPLICATIONS
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

# Frames that count over all records; a batch has them once for each part, and their counts add up.
TOTALS = {
    "assess-coverage": {"layers": ["layer"]},
    "crosswalk-classes": {"classes": ["from_scheme", "from_code", "to_scheme", "to_code"]},
}
# What is asked in place of the card's example, so that the test stays short.
GIVEN = {"assess-coverage": {"only": ["natural.forest", "planned.ecological-red-line", "artificial.roads"]}}
TOOL_IDS = sorted(path.stem for name in APPLICATIONS for path in (content_path("tools") / name).glob("*.yaml"))


@cache
def sample() -> Workspace:
    return spacegov.open(content_path("sample_data"))


def splittable() -> list[str]:
    return [name for name in TOOL_IDS if sample().tools[name].function.partition is not None]


def canonical(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame as rows in an order that its values give, shapes as text, without what the batch adds."""
    table = pd.DataFrame(frame.drop(columns=[name for name in ("in_zone", "in_zone_name", "bbox") if name in frame]))
    for name in table.columns:
        if name == "geometry":
            table[name] = shapely.to_wkt(shapely.normalize(frame.geometry.to_numpy()), rounding_precision=3)
        elif table[name].dtype.kind in "fiub":
            table[name] = table[name].astype(float)
        else:
            table[name] = [None if _missing(value) else str(value) for value in table[name]]
    text = table.copy()
    for name in table.columns:
        text[name] = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in table[name]]
    return table.loc[text.sort_values(list(text.columns), kind="stable").index].reset_index(drop=True)


def _missing(value: Any) -> bool:
    return value is None or (not hasattr(value, "__len__") and bool(pd.isna(value)))


def read(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    return gpd.read_parquet(path) if "geometry" in frame else frame


def check_equal(name: str, given: dict[str, Any], split: Zones, folder: Path) -> None:
    # On the ellipsoid a layer is measured in a plane laid about its own middle, so that parts agree as areas balance.
    tolerance = 1e-12 if given.get("area_basis") == "plane" else 1e-6
    whole = run(sample(), name, given, keep=False)
    batch = run_batch(
        Plan(zones=split, tasks=(Task(tool=name, given=given),), formats=("parquet",)),
        folder,
        workspace=sample(),
        workers=1,
    )
    assert not batch.failed, batch.failed[0][1].reason
    assert sum(answered.state == "present" for _, answered in batch.answered) > 1, "nothing was split"
    for frame, expected in whole.frames.items():
        found = read(folder / name / f"{frame}.parquet")
        if frame in TOTALS.get(name, {}):
            check_totals(found, expected, TOTALS[name][frame])
            continue
        left, right = canonical(found), canonical(expected)
        assert len(left) == len(right), f"{frame}: {len(left)} rows in parts, {len(right)} in the whole"
        assert set(left.columns) == set(right.columns)
        pd.testing.assert_frame_equal(left[right.columns], right, rtol=tolerance, atol=1e-4, check_dtype=False)
    assert len(whole.frame) > 0, "there was nothing to compare"


def check_totals(found: pd.DataFrame, expected: pd.DataFrame, by: list[str]) -> None:
    counts = [name for name in expected.columns if expected[name].dtype.kind in "iu" or name == "area_m2"]
    assert counts
    summed, whole = (frame.groupby(by, dropna=False)[counts].sum().sort_index() for frame in (found, expected))
    assert len(whole) == len(expected), "a total stands twice"
    pd.testing.assert_frame_equal(summed, whole, rtol=1e-6, check_dtype=False)


def test_there_are_tools_to_split() -> None:
    assert len(splittable()) >= 10


@pytest.mark.parametrize("name", splittable())
def test_a_split_run_equals_the_whole_run(name: str, tmp_path: Path) -> None:
    tool = sample().tools[name]
    worked = tool.card.example
    given = {**({} if worked is None else worked.given), **GIVEN.get(name, {})}
    subject = next(iter(tool.signature.inputs.values()))
    named = given.get(subject.name, tool.card.layers.get(subject.name))
    rows = sample().layers[named].vector_source().rows
    slices = Zones(rows=max(1, rows // 3))
    check_equal(name, given, slices, tmp_path / "rows")
    if subject.kind.form != "table" and rows > 1:
        exact = {"area_basis": "plane"} if tool.signature.measures_area else {}
        check_equal(name, {**given, **exact}, Zones(layer="artificial.townships"), tmp_path / "zones")
