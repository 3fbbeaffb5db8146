"""Another tool's answer as an input."""

import geopandas.testing
import pytest

import spacegov
from spacegov.errors import UnknownName


@pytest.fixture(scope="module")
def county():
    return spacegov.open()


def test_a_named_answer_is_the_frame_that_tool_gives(county):
    conflicts = county.run("detect-plan-conflict")
    by_name = county.run("reconcile-plans", conflicts="@detect-plan-conflict")
    by_frame = county.run("reconcile-plans", conflicts=conflicts.frame)
    geopandas.testing.assert_geodataframe_equal(by_name.frame, by_frame.frame)
    record = next(item for item in by_name.provenance.inputs if item.role == "conflicts")
    assert record.sha256 == conflicts.provenance.key
    assert record.source == "answer of detect-plan-conflict"


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("@detect-plan-conflicts", "did you mean 'detect-plan-conflict'"),
        ("@detect-plan-conflict:matrices", "did you mean 'matrix'"),
    ],
)
def test_an_answer_that_is_not_there_is_named(county, named, sentence):
    with pytest.raises(UnknownName, match=sentence):
        county.run("reconcile-plans", conflicts=named)


def test_a_raster_that_a_tool_answers_with_is_taken_by_another(county):
    loss = county.run("map-soil-erosion")
    given = {"sensitivities": "@map-soil-erosion:loss", "sensitivity_kinds": ["soil-erosion"]}
    result = county.run("evaluate-ecological-importance", **given)
    factors = result.frames["factors"].set_index("factor")
    assert factors["source"]["soil-erosion"] == "map-soil-erosion:loss"
    assert factors["decides_m2"]["soil-erosion"] > 0
    record = next(item for item in result.provenance.inputs if item.role == "sensitivities")
    assert record.sha256 == loss.provenance.key
    # the answer itself keeps its name
    assert loss.frames["loss"].attrs["layer"] == "soil-loss"
