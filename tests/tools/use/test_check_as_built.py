"""check_as_built: deviations worked out by hand, and the plots planted in the sample county."""

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.use import check_as_built

WEST, SOUTH = 500_000.0, 3_000_000.0
TOLERANCES = pd.DataFrame(
    [("floor_area", 1000.0, 0.05, None), ("floor_area", None, 0.01, None), ("height", None, 0.01, 0.3)],
    columns=["item", "up_to", "share", "amount"],
)
USES = pd.DataFrame(
    [("homes", "homes", 1.0), ("homes", "shop", 0.2), ("homes", "works", 0.0)],
    columns=["planned", "built", "max_share"],
)
SETBACKS = pd.DataFrame([("any", 0.0, 3.0), ("any", 24.0, 5.0)], columns=["use", "height_from_m", "setback_m"])


def ground(*boxes, name=None, **columns):
    shapes = [shapely.box(WEST + a, SOUTH + b, WEST + c, SOUTH + d) for a, b, c, d in boxes]
    frame = GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    if name:
        frame.attrs["layer"] = name
    return frame


def held(plots, buildings, **options):
    plots = plots if isinstance(plots, list) else [plots]
    with ledger.collect() as book:
        answer = check_as_built(plots, buildings, **{"tolerances": TOLERANCES, **options})
    return answer, book


def test_floor_area_is_held_with_the_tolerance_of_its_size():
    # 100 m × 10 m of ground, one after the other; buildings of 5 m × 10 m, floors as wanted
    boxes = [(n * 200, 0, n * 200 + 100, 10) for n in range(4)]
    plots = ground(*boxes, most=[500.0, 500.0, 500.0, 2000.0])
    # 500 + 5 %: 525 is within, 526 is not; 2000 + 1 %: 2020
    houses = ground(*[(a + 1, 1, a + 51, 9) for a, _, _, _ in boxes], area=[500.0, 525.0, 526.0, 2020.0])
    answer, book = held(plots, houses, floor_area_max="most", floor_area="area", floors=None)
    assert answer.checks["verdict"].tolist() == ["kept", "tolerated", "broken", "tolerated"]
    assert answer.checks["deviation"].tolist() == [0.0, 25.0, 26.0, 20.0]
    assert answer.checks["tolerance"].tolist() == [25.0, 25.0, 25.0, 20.0]
    assert answer.plots["answer"].tolist() == ["absent", "absent", "present", "absent"]
    assert answer.plots["tolerated"].tolist() == ["", "floor_area", "", "floor_area"]
    assert book.notes["figures"]["departing"] == 1
    assert book.notes["figures"]["tolerated"] == 2
    assert book.notes["figures"]["over_floor_area_m2"] == 26.0


def test_of_ratio_and_floor_area_the_tighter_holds_and_permits_are_held_beside_conditions():
    conditions = ground((0, 0, 100, 10), name="planned.conditions", ratio=[1.0], most=[800.0])
    permits = ground((0, 0, 50, 10), name="artificial.permits", most=[400.0])
    houses = ground((0, 0, 50, 10), floors=[2])
    answer, _ = held([conditions, permits], houses, ratio_max="ratio", floor_area_max="most")
    assert answer.checks[["source", "allowed", "built"]].to_numpy().tolist() == [
        ["planned.conditions", 800.0, 1000.0],
        ["artificial.permits", 400.0, 1000.0],
    ]


def test_height_and_setback_are_those_of_the_building_that_departs_most():
    plots = ground((0, 0, 100, 100), high=[20.0])
    # 3 m, 4 m and 1 m from the edge; the tall one needs 5 m and falls 1 m short, the low one at 1 m 2 m
    houses = ground((3, 30, 20, 40), (50, 86, 60, 96), (98, 50, 99, 60), height=[20.25, 30.0, 9.0], floors=[1, 1, 1])
    answer, _ = held(plots, houses, height_max="high", height="height", setbacks=SETBACKS)
    found = answer.checks.set_index("item")
    assert found.loc["height", ["subject", "verdict", "deviation"]].tolist() == ["1", "broken", 10.0]
    assert found.loc["setback", ["subject", "allowed", "built", "deviation"]].tolist() == ["2", 3.0, 1.0, 2.0]
    lower, _ = held(plots, houses.iloc[[0]], height_max="high", height="height", setbacks=SETBACKS)
    assert lower.checks["verdict"].tolist() == ["tolerated", "kept"]


def test_a_building_over_the_edge_has_no_setback_on_either_side():
    plots = ground((0, 0, 50, 50), (50, 0, 100, 50), least=[2.0, 2.0])
    answer, _ = held(plots, ground((40, 20, 60, 30), floors=[1]), setback_min="least")
    assert answer.checks["built"].tolist() == [0.0, 0.0]


def test_uses_are_shares_of_the_floor_area():
    plots = ground((0, 0, 100, 10), (200, 0, 300, 10), (400, 0, 500, 10), plan=["homes", "homes", None])
    houses = ground(
        (0, 0, 10, 10), (10, 0, 20, 10), (200, 0, 210, 10), (210, 0, 220, 10), (400, 0, 410, 10),
        floors=[3, 1, 9, 1, 1], kind=["homes", "shop", "homes", "barn", "works"],
    )  # fmt: skip
    answer, _ = held(plots, houses, uses=USES, use="plan", building_use="kind")
    found = answer.checks.set_index(["plot", "subject"])
    assert found.loc[("0", "shop"), ["built", "verdict"]].tolist() == [0.25, "broken"]
    assert found.loc[("0", "homes"), "verdict"] == "kept"
    assert found.loc[("1", "barn"), "verdict"] == "unknown"
    assert answer.plots["answer"].tolist() == ["present", "failed", "not_covered"]


def test_missing_data_are_not_guessed():
    plots = ground((0, 0, 100, 10), (200, 0, 300, 10), ratio=[1.0, 1.0], high=[10.0, 10.0], green=[0.3, 0.3])
    houses = ground(
        (0, 0, 60, 10), (60, 0, 70, 10), (200, 0, 260, 10), (260, 0, 270, 10),
        floors=[2.0, np.nan, 1.0, np.nan], height=[9.0, np.nan, 12.0, np.nan],
    )  # fmt: skip
    answer, book = held(plots, houses, ratio_max="ratio", height_max="high", height="height", green_min="green")
    found = answer.checks.set_index(["plot", "item"])["verdict"]
    assert found.loc["0"].to_dict() == {"floor_area": "broken", "height": "unknown", "green": "unknown"}
    assert found.loc["1"].to_dict() == {"floor_area": "unknown", "height": "broken", "green": "unknown"}
    assert "cannot be held" in book.doubts[0].text
    green, _ = held(plots, houses, greens=ground((0, 0, 100, 2)), green_min="green")
    # 200 of 1000 m² against 0.3; the second plot has none
    assert green.checks["deviation"].tolist() == pytest.approx([0.1, 0.3])


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.floats(0.2, 3.0))
def test_floor_areas_add_up_and_the_order_of_buildings_does_not_matter(floors, ratio):
    plots = ground((0, 0, 50, 20), (50, 0, 100, 20), ratio=[ratio, ratio])
    houses = ground(*[(n * 15 + 2, 2, n * 15 + 14, 12) for n in range(len(floors))], floors=floors)
    answer, _ = held(plots, houses, ratio_max="ratio")
    assert answer.plots["floor_area_m2"].sum() == pytest.approx(120.0 * sum(floors))
    turned, _ = held(plots, houses.iloc[::-1], ratio_max="ratio")
    assert turned.checks["built"].tolist() == pytest.approx(answer.checks["built"].tolist())


def test_no_buildings_and_no_plots():
    plots = ground((0, 0, 100, 10), ratio=[1.0], high=[10.0])
    none = ground((0, 0, 1, 1), floors=[1], height=[1.0]).iloc[:0]
    answer, _ = held(plots, none, ratio_max="ratio", height_max="high", height="height", setbacks=SETBACKS)
    assert answer.checks["verdict"].tolist() == ["kept", "kept"]
    empty, _ = held(plots.iloc[:0], none, ratio_max="ratio")
    assert len(empty.plots) == len(empty.checks) == 0
    assert empty.plots.crs == "EPSG:4549"
    assert empty.checks["deviation"].dtype == "float64"
    covered, _ = held(plots, none, ratio_max="ratio", coverage={"buildings": ground((0, 0, 50, 10))})
    assert covered.plots["answer"].tolist() == ["not_covered"]
    assert len(covered.checks) == 0


def test_bad_input_is_refused():
    plots, houses = ground((0, 0, 100, 10), ratio=[1.0], word=["much"]), ground((0, 0, 10, 10), floors=[1])
    with pytest.raises(BadInput, match="no condition"):
        held(plots, houses)
    with pytest.raises(MissingColumn, match="ratios"):
        held(plots, houses, ratio_max="ratios")
    with pytest.raises(BadInput, match="numbers are needed"):
        held(plots, houses, ratio_max="word")
    with pytest.raises(BadPolicy, match="no item"):
        held(plots, houses, ratio_max="ratio", tolerances=TOLERANCES.assign(item="colour"))
    with pytest.raises(BadPolicy, match="twice"):
        held(plots, houses, ratio_max="ratio", uses=pd.concat([USES, USES]))
    with pytest.raises(BadPolicy, match="0 to 1"):
        held(plots, houses, ratio_max="ratio", uses=USES.assign(max_share=20.0))


def test_planted_plots():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["development_intensity"]
    county = spacegov.open().layers
    answer, _ = held(
        county["planned.detailed-plan"].read(),
        county["artificial.buildings"].read(),
        tolerances=read_policy("as-built-tolerance-2025"),
        ratio_max="ratio_max",
        coverage_max="coverage_max",
        height_max="height_max_m",
        height="height_m",
    )
    items = {"ratio_max": "floor_area", "coverage_max": "coverage", "height_max_m": "height"}
    broken = answer.checks[answer.checks["verdict"] == "broken"]
    assert set(zip(broken["plot"], broken["item"], strict=True)) == {
        (row["unit"], items[row["limit"]]) for row in truth["over"]
    }
