"""detect_unpermitted_building: areas of strips counted by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.security import detect_unpermitted_building

PRIORITIES = read_policy("unpermitted-priority-2025")


def strips(*bounds, name=None, **columns):
    """Strips of 10 m height from one easting to another: 10 m² a metre."""
    shapes = [shapely.box(500_000 + west, 3_260_000, 500_000 + east, 3_260_010) for west, east in bounds]
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    if name:
        frame.attrs["layer"] = name
    return frame


def changes(*bounds, kind="building", date="2025-06-01"):
    return strips(
        *bounds, kind=[kind] * len(bounds), date=[date] * len(bounds), id=[f"C{n}" for n in range(len(bounds))]
    )


def detect(*args, **options):
    with ledger.collect() as book:
        answer = detect_unpermitted_building(*args, **{"priorities": PRIORITIES, "patch": "id", **options})
    return answer.set_index("patch"), book


def test_existing_ground_comes_off_first_then_permits_in_force():
    new = changes((0, 40), (50, 70), (80, 100), (110, 120))
    stood = strips((0, 10), (110, 120))
    permits = strips((5, 20), (50, 70), (80, 100), issued=["2024-01-01"] * 3, ends=["2026-01-01", None, "2025-05-31"])
    answer, book = detect(new, stood, permits, valid_from="issued", valid_to="ends")
    assert answer.loc["C0", ["existing_m2", "permitted_m2", "unpermitted_m2"]].tolist() == [100, 100, 200]
    assert answer["verdict"].to_dict() == {"C0": "partly", "C1": "permitted", "C2": "unpermitted", "C3": "existing"}
    # the permit of C2 ended a day before the change was seen
    assert answer.loc["C2", "permits_not_in_force"] == "2"
    assert answer["share"].to_dict() == {"C0": 0.5, "C1": 0, "C2": 1, "C3": 0}
    figures = book.notes["figures"]
    assert (figures["suspected"], figures["unpermitted_m2"], figures["permitted"]) == (2, 400, 1)


def test_controls_under_the_unpermitted_ground_decide_the_priority():
    new = changes((0, 20), (30, 50), (60, 260), (300, 310))
    farmland = strips((0, 10), control=["basic-farmland"])
    red_line = strips((5, 12), (30, 40), sub_zone=["core", "core"], control=["red-line"] * 2)
    permits = strips((30, 40))
    answer, _ = detect(new, None, permits, [farmland, red_line])
    # the red line under C1 is permitted ground, so that the open half breaks nothing
    assert answer["priority"].to_dict() == {"C0": 1, "C2": 2, "C3": 3, "C1": 3}
    assert answer.loc["C0", "themes"] == "basic-farmland; red-line"
    assert answer.loc["C0", "control_m2"] == 120
    assert answer.loc["C1", "control_m2"] == 0
    # the most urgent first, then by area
    assert answer.index.tolist() == ["C0", "C2", "C1", "C3"]


def test_other_kinds_are_dropped_and_undated_changes_fail():
    new = pd.concat([changes((0, 10)), changes((20, 30), kind="road"), changes((40, 50), date="soon")])
    new = gpd.GeoDataFrame(new.assign(id=["a", "b", "c"]), crs="EPSG:4549")
    answer, book = detect(new, kinds=["building"])
    assert answer["answer"].to_dict() == {"a": "present", "c": "failed"}
    assert np.isnan(answer.loc["c", "unpermitted_m2"])
    assert any("other than building" in drop.reason and drop.count == 1 for drop in book.drops)


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=5)


@settings(deadline=None, max_examples=20)
@given(spans, spans, spans)
def test_areas_are_those_of_plain_sets_of_metres(new, stood, granted):
    def metres(rows):
        return {m for start, length in rows for m in range(start, start + length)}

    def frame(rows, **columns):
        return strips(*[(s, s + n) for s, n in rows], **columns)

    answer, _ = detect(changes(*[(s, s + n) for s, n in new]), frame(stood), frame(granted))
    for number, (start, length) in enumerate(new):
        own = set(range(start, start + length))
        row = answer.loc[f"C{number}"]
        assert row["existing_m2"] == pytest.approx(10 * len(own & metres(stood)))
        assert row["unpermitted_m2"] == pytest.approx(10 * len(own - metres(stood) - metres(granted)))
        assert row["area_m2"] == pytest.approx(row[["existing_m2", "permitted_m2", "unpermitted_m2"]].sum())


def test_empty_layers_and_bad_input():
    answer, _ = detect(changes((0, 10)).iloc[:0])
    assert len(answer) == 0
    assert "unpermitted_m2" in answer.columns
    with pytest.raises(MissingColumn, match="kynd"):
        detect(changes((0, 10)), kind="kynd")
    with pytest.raises(BadPolicy, match="no row for theme 'any'"):
        detect(changes((0, 10)), priorities=PRIORITIES[PRIORITIES["theme"] != "any"])
