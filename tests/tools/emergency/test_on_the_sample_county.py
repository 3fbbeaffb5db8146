"""An outbreak in the sample county from cases to release, against the answers written down when it was made."""

from datetime import date

import pandas as pd
import pytest

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import (
    check_supply_access,
    check_zone_release,
    compare_notices,
    count_presence,
    delineate_three_zones,
    describe_zone,
    match_addresses,
    resolve_zone_overlap,
    summarize_zones,
    trace_contacts,
)

PROTOCOL = read_policy("three-zones-community-2022")


@pytest.fixture(scope="module")
def truth():
    return yaml12.load(content_path("sample_data") / "truth.yaml")


@pytest.fixture(scope="module")
def layer():
    county = spacegov.open()
    known = {}

    def read(name):
        if name not in known:
            known[name] = county.layers[name].read()
        return known[name]

    return read


@pytest.fixture(scope="module")
def zones(layer):
    with ledger.collect():
        return delineate_three_zones(
            layer("artificial.outbreak-cases"),
            layer("artificial.buildings"),
            layer("artificial.blocks"),
            layer("artificial.county"),
            protocol=PROTOCOL,
            people="residents",
        )


def run(tool, *args, **options):
    with ledger.collect() as book:
        answer = tool(*args, **options)
    return answer, book


def test_containment_holds_the_planted_blocks(truth, zones):
    planted = truth["outbreak"]
    strict = zones.zones[zones.zones["zone"] == "containment"]
    assert strict["cases"].sum() == planted["cases"]
    assert strict["buildings"].sum() == planted["buildings_in_case_blocks"]
    assert strict["people"].sum() == planted["residents_in_case_blocks"]
    assert zones.zones["buildings"].sum() == truth["people"]["buildings"]
    assert zones.zones["people"].sum() == truth["people"]["residents"]


def test_the_summary_agrees_with_the_map(truth, zones, layer):
    answer, _ = run(
        summarize_zones,
        zones.zones,
        layer("artificial.buildings"),
        [layer("artificial.clinics")],
        sums=["residents", "elderly"],
    )
    table = answer.types.set_index("zone")
    assert table.loc["containment", "elderly"] == sum(
        block["elderly_in_block"] for block in truth["outbreak"]["blocks"]
    )
    assert table["residents"].sum() == truth["people"]["residents"]
    assert table["facilities"].sum() == len(layer("artificial.clinics"))


def test_notices_name_their_streets_in_three_languages(zones, layer):
    answer, book = run(
        describe_zone,
        zones.zones,
        [layer("artificial.roads"), layer("natural.rivers")],
        layer("artificial.buildings"),
        layer("artificial.county"),
        protocol=PROTOCOL,
        wording=read_policy("zone-notice-2022"),
        label="address",
        people="residents",
    )
    strict = answer[answer["zone"] != "prevention"]
    # streets bound the blocks of the county town
    assert (strict[["east", "south", "west", "north"]] != "").to_numpy().mean() > 0.9
    assert strict["text_zh"].str.startswith("兰河县").all()
    assert strict["text_ru"].str.contains("Границы: на востоке").all()
    assert book.notes["figures"]["notices"] == len(zones.zones)


def test_notices_of_the_same_zones_change_nothing(zones, layer):
    notices = zones.zones.assign(notice="1")
    answer, _ = run(
        resolve_zone_overlap,
        notices,
        layer("artificial.buildings"),
        layer("artificial.county"),
        protocol=PROTOCOL,
        on=date(2025, 11, 20),
    )
    changed, book = run(compare_notices, zones.buildings, answer.buildings, protocol=PROTOCOL)
    assert set(changed.buildings["change"]) == {"unchanged"}
    assert book.notes["figures"]["unchanged_buildings"] == len(zones.buildings)


def test_the_last_case_opens_the_count_of_days(zones, layer):
    cases = layer("artificial.outbreak-cases")
    last = pd.to_datetime(cases["date"]).max()
    answer, _ = run(
        check_zone_release,
        zones.zones,
        zones.buildings,
        cases,
        rules=read_policy("zone-release-community-2022"),
        on=date(2025, 12, 20),
    )
    assert set(answer.zones["decision"]) == {"blocked"}
    days = answer.conditions[answer.conditions["condition"] == "no_case"].set_index("zone_id")["day"]
    control = answer.zones.loc[answer.zones["zone"] == "control", "zone_id"]
    # zones without a case of their own count from the county's last
    assert set(days[control]) == {(last + pd.Timedelta(days=14)).date().isoformat()}


def test_supply_reaches_the_zones_by_road(zones, layer):
    answer, book = run(
        check_supply_access,
        zones.zones,
        layer("artificial.buildings"),
        [layer("artificial.hospitals"), layer("artificial.markets")],
        layer("artificial.roads"),
        road_speed="speed_kmh",
    )
    asked = zones.zones[zones.zones["rank"] <= 2]["buildings"].sum()
    assert book.notes["figures"]["buildings_asked"] == asked
    assert len(answer.buildings) == 2 * asked
    assert (answer.buildings["answer"] != "failed").mean() > 0.95


def test_planted_contacts_are_found(truth, layer):
    planted = truth["contacts"]
    case = pd.DataFrame({"pseudonym": [planted["case"]], "onset": ["2025-11-14"]})
    visits = layer("artificial.visits")
    own = visits[visits["pseudonym"] == planted["case"]]
    case["onset"] = pd.to_datetime(own["arrived"]).min().date().isoformat()
    answer, _ = run(
        trace_contacts, visits, case, layer("artificial.buildings"), rules=read_policy("contact-tracing-2022")
    )
    found = answer.contacts[answer.contacts["risk"] == "high-risk"]
    expected = {
        (row["pseudonym"], row["building"]): row["minutes"] for row in planted["contacts_of_at_least_15_minutes"]
    }
    got = {(row.person, row.building_id): row.overlap_minutes for row in found.itertuples()}
    assert {key: got.get(key) for key in expected} == expected
    short = {(row["pseudonym"], row["building"]) for row in planted["shorter"]}
    assert not short & set(got)


def test_written_addresses_find_their_buildings(layer):
    register = layer("artificial.addresses")
    sample = register.iloc[::350]
    written = pd.DataFrame({"address": [text.upper().replace(",", "") for text in sample["address"]]})
    answer, _ = run(match_addresses, written, register)
    resolved = answer.matches["answer"] == "present"
    assert resolved.mean() > 0.9
    assert (
        answer.matches.loc[resolved, "building"].to_numpy() == sample.loc[resolved.to_numpy(), "building_id"].to_numpy()
    ).all()


def test_reports_with_a_wrong_number_are_left_to_people(truth, layer):
    answer, _ = run(
        match_addresses, layer("artificial.case-reports"), layer("artificial.addresses"), record="report_id"
    )
    assert answer.unresolved["record"].tolist() == truth["outbreak_papers"]["unresolved_reports"]
    assert len(answer.matches) == truth["outbreak_papers"]["reports"]


def test_zones_in_force_are_those_of_the_second_notice(truth, layer):
    answer, _ = run(
        resolve_zone_overlap,
        layer("artificial.zone-notices"),
        layer("artificial.buildings"),
        layer("artificial.county"),
        protocol=PROTOCOL,
        on=date(2025, 11, 20),
        replaces="replaces",
        valid_from="issued",
    )
    areas = answer.zones.groupby("zone")["area_m2"].sum()
    assert areas.to_dict() == pytest.approx(truth["outbreak_papers"]["area_m2"], rel=1e-9)
    counts = answer.buildings["zone"].value_counts()
    planted = truth["outbreak_papers"]["buildings"]["2"]
    assert {kind: counts[kind] for kind in ("containment", "control")} == {
        kind: planted[kind] for kind in ("containment", "control")
    }


def test_presence_withholds_small_counts(layer):
    answer, book = run(
        count_presence, layer("artificial.positions"), layer("artificial.villages"), least=5, zone="village_id"
    )
    given = answer.presence["people"].dropna()
    assert (given >= 5).all()
    assert book.notes["figures"]["positions_read"] == len(layer("artificial.positions"))
