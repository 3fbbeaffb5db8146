"""Tools of space security on the sample county, against the answers written down when it was made."""

import pytest

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.toolbox.policy import read_policy
from spacegov.tools.security import (
    assess_exposure,
    check_shelter_capacity,
    detect_unpermitted_building,
    map_flood,
    route_evacuation,
    warn_thresholds,
)


@pytest.fixture(scope="module")
def truth():
    return yaml12.load(content_path("sample_data") / "truth.yaml")


@pytest.fixture(scope="module")
def layer():
    county = spacegov.open()
    return lambda name: county.layers[name].read()


def run(tool, *args, **options):
    with ledger.collect() as book:
        answer = tool(*args, **options)
    return answer, book


def test_people_and_buildings_in_the_drill_zones(truth, layer):
    answer, _ = run(
        assess_exposure,
        layer("natural.drill-zones"),
        buildings=layer("artificial.buildings"),
        units=layer("artificial.townships"),
        hazard_class="level",
        order=["low", "moderate", "high"],
        people="residents",
    )
    table = answer.by_class.set_index("class")
    for level, expected in truth["exposure"]["totals"].items():
        assert table.loc[level, "objects"] == expected["buildings"]
        assert table.loc[level, "people"] == expected["residents"]
        # the zones cut no building
        assert table.loc[level, "people_by_area"] == pytest.approx(expected["residents"])
    assert table["objects"].sum() == truth["people"]["buildings"]
    assert table["people"].sum() == truth["people"]["residents"]


def test_planted_buildings_without_permit(truth, layer):
    answer, book = run(
        detect_unpermitted_building,
        layer("artificial.change-patches"),
        layer("artificial.buildings"),
        layer("artificial.permits"),
        priorities=read_policy("unpermitted-priority-2025"),
        kinds=["building"],
        valid_from="issued",
        valid_to="valid_to",
    )
    planted = truth["unpermitted_buildings"]
    counts = answer["verdict"].value_counts().to_dict()
    assert len(answer) == planted["patches"]
    assert counts == {name: planted[name] for name in ("unpermitted", "partly", "permitted")}
    assert book.notes["figures"]["suspected"] == planted["unpermitted"] + planted["partly"]


def test_straight_series_have_their_slopes(truth, layer):
    answer, _ = run(
        warn_thresholds, layer("artificial.indicator-series"), thresholds=read_policy("indicator-thresholds-2025")
    )
    table = answer.set_index("indicator")
    for planted in truth["indicators"]["straight"]:
        row = table.loc[planted["indicator"]]
        assert row["slope"] == pytest.approx(planted["slope"], abs=1e-9)
        assert row["value"] == pytest.approx(planted["value_2025"])
    # farmland lost 38 ha a year and stands below its watch value
    assert table.loc["farmland-area", ["grade", "trend", "next_grade"]].tolist() == ["watch", "falling", "warning"]


def test_water_rises_from_the_rivers_and_more_stage_means_more_water(layer):
    terrain, rivers, steps = layer("natural.terrain"), layer("natural.rivers"), read_policy("flood-depth-2024")
    volumes = []
    for stage in (0.5, 2.0):
        answer, book = run(map_flood, terrain, rivers, stage=stage, classes=steps, method="hand")
        figures = book.notes["figures"]
        assert 0 < figures["flooded_m2"] < 0.6 * terrain.shape[0] * terrain.shape[1] * terrain.cell_area_m2
        assert answer.zones.geometry.is_valid.all()
        volumes.append(figures["volume_m3"])
    assert volumes[0] < volumes[1]


def test_everybody_in_the_drill_zones_has_a_place_or_a_reason(truth, layer):
    answer, book = run(
        route_evacuation,
        layer("artificial.buildings"),
        layer("artificial.shelters"),
        layer("artificial.roads"),
        layer("natural.drill-zones"),
        people="residents",
    )
    expected = sum(level["residents"] for level in truth["exposure"]["totals"].values())
    figures = book.notes["figures"]
    assert figures["people"] == expected
    assert figures["placed"] + figures["unplaced"] == expected
    assert figures["person_minutes"] == pytest.approx(figures["bound_person_minutes"])
    assert (answer.origins.loc[answer.origins["unplaced"] > 0, "reason"] != "").all()
    assert (answer.shelters["free"] >= 0).all()


def test_shelters_and_people_balance(truth, layer):
    answer, _ = run(
        check_shelter_capacity,
        layer("artificial.shelters"),
        layer("artificial.buildings"),
        layer("artificial.townships"),
        people="residents",
        area_per_person=read_policy("shelter-area-2015"),
    )
    assert answer.units["people"].sum() == truth["people"]["residents"]
    assert (answer.units["placed"] + answer.units["shortfall"] == answer.units["people"]).all()
    assert (answer.shelters["placed"] <= answer.shelters["capacity"]).all()
