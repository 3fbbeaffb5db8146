from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from shapely import LineString, Point, Polygon, box

import spacegov
from spacegov.errors import EmptyLayer, UnknownName, UnreadableFile
from spacegov.ledger import collect
from spacegov.raster import Raster
from spacegov.tools.foundation import assess_coverage


@dataclass
class Reader:
    data: Any
    coverage: Any = None
    bound: bool = True
    card: Any = None
    binding: Any = None
    version: str | None = None

    def read(self, bbox=None):
        if isinstance(self.data, Exception):
            raise self.data
        return self.data


@pytest.fixture
def units(layer):
    return layer([box(0, 0, 100, 100), box(100, 0, 200, 100)], name="units", code=["A", "B"])


def answers(units, **readers):
    with collect():
        cells = assess_coverage(units, readers, unit="code").cells
    return [tuple(row) for row in cells[["layer", "unit", "answer"]].values.tolist()]


def test_present_and_absent(layer, units):
    wood = Reader(layer([box(10, 10, 20, 20)]))
    assert answers(units, wood=wood) == [("wood", "A", "present"), ("wood", "B", "absent")]


def test_nothing_found_where_nobody_looked_is_not_covered(layer, units):
    wood = Reader(layer([box(10, 10, 20, 20)]), coverage=layer([box(0, 0, 150, 100)]))
    with collect():
        cells = assess_coverage(units, {"wood": wood}, unit="code").cells
    assert cells["answer"].tolist() == ["present", "not_covered"]
    assert cells["covered_share"].tolist() == pytest.approx([1.0, 0.5])


def test_what_is_found_outside_the_coverage_is_present_all_the_same(layer, units):
    wood = Reader(layer([box(110, 10, 120, 20)]), coverage=layer([box(0, 0, 100, 100)]))
    assert [answer for _, _, answer in answers(units, wood=wood)] == ["absent", "present"]


def test_a_layer_without_data_and_one_that_cannot_be_read(layer, units):
    readers = {"none": Reader(None, bound=False), "bad": Reader(UnreadableFile("x.gpkg: it is cut off; check it"))}
    with collect() as ledger:
        answer = assess_coverage(units, readers, unit="code")
    assert answer.cells["answer"].tolist() == ["not_covered"] * 2 + ["failed"] * 2
    assert answer.layers["reason"].tolist() == ["the workspace has no data for it", "x.gpkg: it is cut off; check it"]
    assert [(doubt.where, "cut off" in doubt.text) for doubt in ledger.doubts] == [("bad", True)]
    assert answer.units[["unit", "present", "absent", "not_covered", "failed", "share"]].values.tolist() == [
        ["A", 0, 0, 1, 1, 0.0],
        ["B", 0, 0, 1, 1, 0.0],
    ]


def test_touching_is_not_being_there(layer, units):
    readers = {
        "plots": Reader(layer([box(100, 0, 120, 20)])),
        "roads": Reader(layer([LineString([(100, 50), (150, 50)])])),
        "wells": Reader(layer([Point(150, 50)])),
        "mixed": Reader(layer([Point(150, 50), box(150, 50, 160, 60), None])),
    }
    assert {answer for _, unit, answer in answers(units, **readers) if unit == "A"} == {"absent"}
    assert {answer for _, unit, answer in answers(units, **readers) if unit == "B"} == {"present"}


def test_features_are_counted_and_broken_ones_read_as_if_repaired(layer, units):
    bowtie = Polygon([(10, 10), (30, 30), (30, 10), (10, 30)])
    with collect():
        cells = assess_coverage(units, {"w": Reader(layer([bowtie, box(90, 0, 110, 10)]))}, unit="code").cells
    assert cells["features"].tolist() == [2, 1]


def test_rasters_are_covered_where_they_have_data(units):
    values = np.array([[1.0, np.nan, np.nan, np.nan]])
    grid = Raster.from_array(values, Affine(50, 0, 510_000, 0, -100, 3_260_100), "EPSG:4549")
    with collect():
        cells = assess_coverage(units, {"dem": Reader(grid)}, unit="code").cells
    assert cells["answer"].tolist() == ["present", "not_covered"]
    assert cells["covered_share"].tolist() == pytest.approx([0.5, 0.0])


def test_tables_speak_of_the_whole_territory(units):
    assert [a for *_, a in answers(units, gdp=Reader(pd.DataFrame({"year": [2024]})))] == ["present", "present"]


def test_another_crs_is_brought_along(layer, units):
    assert [a for *_, a in answers(units, wood=Reader(layer([box(10, 10, 20, 20)]).to_crs(4490)))] == [
        "present",
        "absent",
    ]


def test_dates_tier_and_department_are_given(layer, units):
    card = SimpleNamespace(space="natural", steward="forestry", quality=SimpleNamespace(tier="B"))
    binding = SimpleNamespace(status="in-force", valid_from="2024-01-01", valid_to=None)
    reader = Reader(layer([box(0, 0, 9, 9)]), card=card, binding=binding, version="2024-12-31")
    with collect() as ledger:
        layers = assess_coverage(units, {"wood": reader}, unit="code").layers
    assert layers.iloc[0][["space", "steward", "tier", "status", "version", "valid_from", "valid_to"]].tolist() == [
        "natural", "forestry", "B", "in-force", "2024-12-31", "2024-01-01", "",
    ]  # fmt: skip
    assert ledger.notes["figures"] == {
        "units": 2, "layers": 1, "answers_present": 1, "answers_absent": 1, "answers_not_covered": 0,
        "answers_failed": 0, "answered_share": 1.0,
    }  # fmt: skip


def test_split_by_units_gives_the_whole(layer, units):
    readers = {"wood": Reader(layer([box(10, 10, 120, 20)])), "none": Reader(None, bound=False)}
    with collect():
        whole = assess_coverage(units, readers, unit="code")
        parts = [assess_coverage(units.iloc[[n]], readers, unit="code") for n in (0, 1)]
    joined = pd.concat([part.units for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(pd.DataFrame(joined), pd.DataFrame(whole.units))
    cells = pd.concat([part.cells for part in parts]).sort_values(["layer", "unit"], ignore_index=True)
    pd.testing.assert_frame_equal(cells, whole.cells.sort_values(["layer", "unit"], ignore_index=True))


def test_bad_input_is_refused_in_one_sentence(layer, units):
    with pytest.raises(EmptyLayer, match="no unit"):
        assess_coverage(units.iloc[:0], {"x": Reader(None)}, unit="code")
    with pytest.raises(UnknownName, match="there is no layer 'wod'; did you mean 'wood'"):
        assess_coverage(units, {"wood": Reader(None)}, unit="code", only=["wod"])


def test_the_gaps_of_the_sample_county_show():
    workspace = spacegov.open()
    townships = workspace.layers["artificial.townships"].read()
    readers = {name: workspace.layers[name] for name in ("natural.geohazard-points", "artificial.schools")}
    with collect():
        layers = assess_coverage(townships, readers).layers.set_index("layer")
    # The geohazard survey covers the mountains only; schools are known everywhere.
    assert layers.loc["natural.geohazard-points", "covered_share"] < 1
    assert layers.loc["artificial.schools", "covered_share"] == 1
    assert layers.loc["artificial.schools", "not_covered"] == 0
