import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, BadPolicy, MissingColumn, WrongGeometry
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.integration import detect_plan_conflict, reconcile_plans
from tests.tools.integration.frames import box, layer

RULES = read_policy("plan-precedence-2025")
MATRIX = read_policy("plan-compatibility-2025")


def reconcile(conflicts, rules=RULES):
    return reconcile_plans(conflicts, precedence=rules)


def dispute(*shapes, severity="prohibited", one=("town", "urban", None), other=("farms", "farmland", "basic-farmland")):
    return layer(
        "conflicts",
        list(shapes),
        severity=severity,
        plan_1=one[0], use_1=one[1], control_1=one[2], department_1="housing",
        plan_2=other[0], use_2=other[1], control_2=other[2], department_2="agriculture",
    )  # fmt: skip


def rules(*rows):
    columns = [
        "order", "severity", "keeps_control", "keeps_sub_zone", "keeps_use",
        "yields_control", "yields_sub_zone", "yields_use", "outcome",
    ]  # fmt: skip
    return pd.DataFrame(list(rows), columns=columns)


def test_the_control_keeps_prohibited_ground():
    with collect() as ledger:
        proposals, by_rule = reconcile(dispute(box(0, 0, 10, 10)))
    (row,) = proposals.to_dict("records")
    assert (row["status"], row["proposed_use"], row["keeps"], row["yields"]) == ("decided", "farmland", "farms", "town")
    assert row["rule"] == 13
    assert row["departments"] == "agriculture; housing"
    assert row["area_m2"] == 100
    assert by_rule["area_m2"].tolist() == [100]
    assert ledger.notes["figures"]["decided_m2"] == 100


def test_conditional_ground_is_proposed_and_left_to_sign_with_its_condition():
    conflicts = dispute(box(0, 0, 10, 10), severity="conditional", one=("roads", "transport", "transport-reserve"))
    conflicts = conflicts.assign(condition="replacement", evidence="plan", department="agriculture")
    (row,) = reconcile(conflicts).proposals.to_dict("records")
    assert (row["status"], row["proposed_use"], row["condition"], row["evidence"]) == (
        "sign",
        "farmland",
        "replacement",
        "plan",
    )


def test_what_no_rule_decides_stays_open():
    (row,) = reconcile(dispute(box(0, 0, 10, 10), severity="unknown")).proposals.to_dict("records")
    assert row["status"] == "open"
    assert row["why_open"] == "no rule decides"
    assert row["yields"] == "farms; town"
    assert pd.isna(row["proposed_use"])
    assert pd.isna(row["rule"])


def test_the_first_fitting_rule_decides():
    two = rules(
        [2, None, None, None, "farmland", None, None, None, "decided"],
        [1, None, None, None, "urban", None, None, "farmland", "decided"],
    )
    assert reconcile(dispute(box(0, 0, 1, 1)), two).proposals["keeps"].tolist() == ["town"]
    assert reconcile(dispute(box(0, 0, 1, 1)), two.iloc[:1]).proposals["keeps"].tolist() == ["farms"]


def test_a_rule_that_fits_both_sides_decides_nothing():
    both = rules([1, "prohibited", None, None, None, None, None, None, "decided"])
    assert reconcile(dispute(box(0, 0, 1, 1)), both).proposals["status"].tolist() == ["open"]


def test_ground_in_two_conflicts_is_decided_once():
    # town × farms on 0–10, town × line on 5–15: on 5–10 both disputes must be settled, and the line beats the town too
    conflicts = pd.concat(
        [
            dispute(box(0, 0, 10, 10)),
            dispute(box(5, 0, 15, 10), other=("line", "protection", "red-line")),
        ],
        ignore_index=True,
    )
    proposals = reconcile(conflicts).proposals
    assert proposals["area_m2"].sum() == pytest.approx(150)
    assert shapely.area(shapely.union_all(proposals.geometry.values)) == pytest.approx(150)
    found = {row["conflicts"]: (row["status"], row["area_m2"]) for row in proposals.to_dict("records")}
    # farms and line stand beside each other on the middle strip: that is for people
    assert found == {"1": ("decided", 50), "2": ("decided", 50), "1; 2": ("open", 50)}
    assert proposals["why_open"].dropna().tolist() == ["several uses stand beside each other"]


def test_three_plans_on_one_ground_with_a_winner():
    plans = [
        layer("town", [box(0, 0, 10, 10)], use="urban"),
        layer("farms", [box(0, 0, 10, 10)], use="farmland", control="basic-farmland"),
        layer("line", [box(0, 0, 10, 10)], use="protection", control="red-line", sub_zone="core"),
    ]
    conflicts = detect_plan_conflict(plans, compatibility=MATRIX).conflicts
    assert len(conflicts) == 3
    (row,) = reconcile(conflicts).proposals.to_dict("records")
    assert (row["status"], row["keeps"], row["area_m2"], row["conflicts"]) == ("decided", "line", 100, "1; 2; 3")


def test_rules_that_go_round_in_a_circle_leave_it_open():
    plans = [layer(name, [box(0, 0, 10, 10)], use=name) for name in ("a", "b", "c")]
    conflicts = detect_plan_conflict(plans, compatibility=MATRIX).conflicts
    circle = rules(
        [1, None, None, None, "a", None, None, "b", "decided"],
        [2, None, None, None, "b", None, None, "c", "decided"],
        [3, None, None, None, "c", None, None, "a", "decided"],
    )
    (row,) = reconcile(conflicts, circle).proposals.to_dict("records")
    assert (row["status"], row["why_open"]) == ("open", "the rules beat every claim")


def test_order_of_conflicts_and_of_rules_changes_nothing():
    conflicts = pd.concat(
        [
            dispute(*(box(x, 0, x + 9, 9) for x in range(0, 60, 6))),
            dispute(box(3, 2, 40, 7), other=("line", "protection", "red-line")),
        ],
        ignore_index=True,
    )
    conflicts["conflict"] = np.arange(1, len(conflicts) + 1)
    usual = reconcile(conflicts).proposals
    mixed = reconcile(conflicts.sample(frac=1, random_state=5), RULES.sample(frac=1, random_state=5)).proposals
    pd.testing.assert_frame_equal(usual.drop(columns="geometry"), mixed.drop(columns="geometry"))


cells = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5))


@given(st.lists(cells, min_size=1, max_size=7))
@settings(max_examples=40, deadline=None)
def test_pieces_fill_the_disputed_ground_and_do_not_overlap(rectangles):
    cover = np.zeros((15, 15), dtype=bool)
    for x, y, width, height in rectangles:
        cover[x : x + width, y : y + height] = True
    proposals = reconcile(dispute(*(box(x, y, x + w, y + h) for x, y, w, h in rectangles))).proposals
    assert proposals["area_m2"].sum() == pytest.approx(cover.sum())
    assert shapely.area(shapely.union_all(proposals.geometry.values)) == pytest.approx(cover.sum())
    assert set(proposals["status"]) == {"decided"}


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_skew_ground_balances_too(seed):
    random = np.random.default_rng(seed)
    turned = [
        shapely.affinity.rotate(box(x, y, x + 30, y + 12), angle)
        for x, y, angle in zip(*random.uniform(0, 60, (2, 5)), random.uniform(0, 180, 5), strict=True)
    ]
    with collect() as ledger:
        proposals = reconcile(dispute(*turned)).proposals
    whole = shapely.area(shapely.union_all(turned))
    assert proposals["area_m2"].sum() == pytest.approx(whole, rel=1e-9)
    assert abs(ledger.balances[0].difference) <= 1e-6 * whole


def test_no_conflict_gives_no_proposal():
    none = reconcile(dispute(box(0, 0, 1, 1)).iloc[:0])
    full = reconcile(dispute(box(0, 0, 1, 1)))
    assert none.proposals.empty
    assert none.proposals.dtypes.to_dict() == full.proposals.dtypes.to_dict()
    assert none.by_rule.dtypes.to_dict() == full.by_rule.dtypes.to_dict()


def test_plans_may_be_given_instead_of_their_conflicts():
    plans = [
        layer("town", [box(0, 0, 100, 100)], use="urban"),
        layer("farms", [box(50, 0, 150, 100)], use="farmland", control="basic-farmland"),
    ]
    found = reconcile(detect_plan_conflict(plans, compatibility=MATRIX).conflicts).proposals
    at_once = reconcile_plans(None, plans, precedence=RULES, compatibility=MATRIX).proposals
    pd.testing.assert_frame_equal(found.drop(columns="geometry"), at_once.drop(columns="geometry"))


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="neither conflicts nor plans"):
        reconcile_plans(precedence=RULES)
    with pytest.raises(
        MissingColumn, match="'severity' is missing; give the conflicts that detect-plan-conflict finds"
    ):
        reconcile(layer("x", [box(0, 0, 1, 1)]))
    with pytest.raises(BadPolicy, match="the outcome 'perhaps'"):
        reconcile(dispute(box(0, 0, 1, 1)), RULES.assign(outcome="perhaps"))
    with pytest.raises(BadPolicy, match="the order '1' was given"):
        reconcile(dispute(box(0, 0, 1, 1)), RULES.assign(order=1))
    with pytest.raises(BadPolicy, match="no column 'yields_use'"):
        reconcile(dispute(box(0, 0, 1, 1)), RULES.drop(columns="yields_use"))
    with pytest.raises(WrongGeometry):
        reconcile(layer("x", [shapely.Point(500_000, 3_260_000)]))
