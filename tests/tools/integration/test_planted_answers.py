"""The sample county against what was planted in it: rectangles whose areas follow from multiplication alone."""

import pytest

import spacegov
from spacegov import yaml12
from spacegov.content import content_path
from spacegov.toolbox.run import run


@pytest.fixture(scope="module")
def county():
    return spacegov.open(content_path("sample_data"))


@pytest.fixture(scope="module")
def truth():
    return yaml12.load(content_path("sample_data") / "truth.yaml")


def ask(county, tool, **given):
    return run(county, tool, {"area_basis": "plane", **given}, keep=False)


def test_every_planted_conflict_is_found_and_no_other(county, truth):
    planted = truth["plan_conflicts"]
    result = ask(county, "detect-plan-conflict")
    conflicts = result.frames["conflicts"]
    sides = zip(conflicts["record_1"], conflicts["record_2"], strict=True)
    features = {row["feature_1"] for row in planted["conflicts"]}
    found = {
        next(record for record in side if record in features): (severity, area)
        for side, severity, area in zip(sides, conflicts["severity"], conflicts["area_m2"], strict=True)
    }
    assert len(found) == len(conflicts) == planted["total"]["count"]
    for row in planted["conflicts"]:
        severity, area = found[row["feature_1"]]
        assert (severity, area) == (row["severity"], pytest.approx(row["area_m2"], rel=1e-6)), row["kind"]
    # the planted sliver is among the ground left out
    assert planted["slivers"][0]["feature_1"] not in found
    assert result.summary["pair_sum_m2"] == pytest.approx(planted["total"]["area_m2"])


def test_every_planted_overlap_of_the_three_lines_is_found_and_no_other(county, truth):
    planted = truth["three_lines"]
    overlaps = ask(county, "check-three-lines").frames["overlaps"]
    names = {("red-line", "basic-farmland"): "red-line-farmland", ("red-line", "urban-boundary"): "red-line-boundary"}
    found = {}
    for row in overlaps.to_dict("records"):
        kind = names.get((row["line_1"], row["line_2"]), "farmland-boundary")
        totals = found.setdefault(f"{kind}/{row['kind']}", {"count": 0, "area_m2": 0.0})
        totals["count"] += 1
        totals["area_m2"] += row["area_m2"]
    assert found == {
        key: {"count": v["count"], "area_m2": pytest.approx(v["area_m2"])} for key, v in planted["totals"].items()
    }
    records = set(overlaps["record_1"]) | set(overlaps["record_2"])
    assert {row["feature"] for row in planted["overlaps"]} <= records


def test_every_planted_encroachment_is_found_and_no_other(county, truth):
    planted = truth["encroachments"]
    frames = ask(county, "monitor-encroachment").frames
    found = frames["encroachments"].set_index("patch")
    assert len(found) == len(planted["encroachments"])
    for row in planted["encroachments"]:
        answer = found.loc[row["patch"]]
        assert answer["area_m2"] == pytest.approx(row["area_m2"]), row["patch"]
        assert answer["permitted_m2"] == pytest.approx(row["permitted_m2"], abs=1e-6), row["patch"]
        assert answer["share"] == pytest.approx(row["share"], rel=1e-3), row["patch"]
        assert answer["kind"] == row["kind"]
    assert (frames["patches"]["answer"] == "present").sum() == len(planted["encroachments"])


def test_conflicts_reconciled_and_composed_reproduce_the_planted_truth(county, truth):
    """Decided, signed and open ground is what was planted prohibited, conditional and unknown."""
    planted = {severity: row["area_m2"] for severity, row in truth["plan_conflicts"]["by_severity"].items()}
    conflicts = ask(county, "detect-plan-conflict").frames["conflicts"]
    proposals = ask(county, "reconcile-plans", conflicts=conflicts).frames["proposals"]
    by_status = proposals.groupby("status")["area_m2"].sum().to_dict()
    wanted = {"decided": planted["prohibited"], "sign": planted["conditional"], "open": planted["unknown"]}
    assert by_status == pytest.approx(wanted)
    plans = [county.layers[name].read() for name in county.tools["detect-plan-conflict"].card.layers["plans"]]
    survey = county.layers["artificial.land-survey"].read()
    composed = ask(county, "compose-base-map", base=survey, plans=plans, decisions=proposals, base_use="class")
    pieces = composed.frames["pieces"]
    assert pieces["area_m2"].sum() == pytest.approx(county.territory.area.sum(), rel=1e-9)
    by_level = pieces.groupby("level")["area_m2"].sum()
    for level, area in wanted.items():
        assert by_level[level] == pytest.approx(area), level


def test_every_broken_quota_is_found_and_no_other(county, truth):
    reviews = ask(county, "review-quotas").frames["reviews"]
    broken = reviews[reviews["verdict"] == "breach"].set_index(["unit", "item"])
    planted = truth["quotas"]["breaches"]
    assert set(broken.index) == {(row["township"], row["item"]) for row in planted}
    for row in planted:
        found = broken.loc[(row["township"], row["item"])]
        assert found["planned_m2"] == pytest.approx(row["planned_ha"] * 10_000, rel=1e-6)
        assert found["quota_m2"] == pytest.approx(row["quota_ha"] * 10_000)


def test_plots_that_the_land_use_plan_does_not_draw_are_lost(county, truth):
    """The planted enclaves are plots of basic farmland where the land-use plan builds."""
    features = ask(county, "review-layout").frames["features"]
    enclaves = [row for row in truth["three_lines"]["overlaps"] if row["verdict"] == "retained-enclave"]
    lost = features[features["status"] == "lost"]
    assert set(lost["issued_record"]) == {row["feature"] for row in enclaves}
    assert lost["lost_m2"].sum() == pytest.approx(sum(row["area_m2"] for row in enclaves))
    assert set(features["status"]) == {"kept", "lost"}


def test_the_text_of_the_plan_contradicts_its_map_where_planted(county, truth):
    planted = truth["plan_figures"]
    lines = ask(county, "check-map-table").frame.set_index("key")
    for row in planted["differs"]:
        assert lines.loc[row["use"], "verdict"] == "differs"
        assert lines.loc[row["use"], "difference_m2"] == pytest.approx(-10_000 * row["added_ha"], abs=60)
    assert lines.index[lines["verdict"] == "only_map"].tolist() == planted["only_map"]
    assert lines.index[lines["verdict"] == "only_table"].tolist() == planted["only_table"]
    assert (lines["verdict"] == "agrees").sum() == planted["lines"] - 3 + 1


def test_the_detailed_plan_breaks_the_master_plan_where_planted(county, truth):
    planted = truth["master_limits"]
    found = ask(county, "check-transmission").frame
    assert set(found["verdict"]) == {"deviation"}
    intensity = found[found["kind"] == "intensity"]
    assert {
        (unit, item, round(difference, 6))
        for unit, item, difference in intensity[["detailed_record", "item", "difference"]].to_numpy().tolist()
    } == {(row["unit_id"], row["item"], row["difference"]) for row in planted["intensity"]}
    for kind in ("use", "outside"):
        assert found.loc[found["kind"] == kind, "detailed_record"].tolist() == [planted[kind]]
    missing = found[found["kind"] == "facility"].set_index("item")["difference"]
    wanted = truth["facility_requirements"]["missing"]
    assert missing.to_dict() == {row["kind"]: -row["missing"] for row in wanted}


def test_the_neighbouring_plans_meet_but_where_planted(county, truth):
    planted = truth["edge_faults"]
    faults = ask(county, "match-edges").frames["faults"]
    gaps = faults[faults["code"] == "gap"].set_index("feature_right")["area_m2"]
    assert gaps.to_dict() == pytest.approx({row["patch_id"]: row["area_m2"] for row in planted["gaps"]})
    overlaps = faults[faults["code"] == "overlap"].groupby("feature_right")["area_m2"].sum()
    assert overlaps.to_dict() == pytest.approx({row["patch_id"]: row["area_m2"] for row in planted["overlaps"]})
    breaks = faults.loc[faults["code"] == "class-break", ["feature_right", "class_left", "class_right"]]
    assert breaks.to_numpy().tolist() == [
        [row["patch_id"], row["here"], row["there"]] for row in planted["class_breaks"]
    ]
