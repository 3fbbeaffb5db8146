"""audit_basic_farmland: areas by arithmetic, rules by their days, and what was planted in the sample county."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.protection import audit_basic_farmland

RULES = read_policy("basic-farmland-classes-2025")
CROPS = read_policy("basic-farmland-crops-2021")
COLUMNS = ("farmland_m2", "non_farm_m2", "non_grain_m2", "review_m2", "unknown_m2", "below_m2", "unsurveyed_m2")


def ground(*spans, **columns):
    """Strips 10 m deep, from west to east in metres."""
    shapes = [box(5e5 + west, 3e6, 5e5 + east, 3e6 + 10) for west, east in spans]
    return GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs="EPSG:4549")


def survey(*patches, on="2025-12-31", ridges=None):
    layer = ground(*(span for span, _ in patches), surveyed=[on] * len(patches))
    layer["class"] = [code for _, code in patches]
    layer["ridges"] = np.array(ridges if ridges is not None else [0.0] * len(patches), dtype="float64")
    return layer


def audit(plots, patches, *others, **options):
    with ledger.collect() as book:
        answer = audit_basic_farmland(plots, patches, *others, **{"rules": RULES, "ridge_share": "ridges", **options})
    return answer, book


def test_a_plot_is_divided_by_what_the_survey_found_and_net_area_leaves_ridges_out():
    patches = survey(
        ((0, 60), "0101"), ((60, 80), "0201"), ((80, 95), "0702"), ((95, 100), "1006"), ridges=[0.1, 0.2, 0, 0]
    )
    answer, book = audit(ground((0, 110)), patches)
    plot = answer.plots.iloc[0]
    assert plot[list(COLUMNS)].tolist() == [600, 150, 200, 50, 0, 0, 100]
    assert plot["net_m2"] == 600 * 0.9
    assert plot["unpermitted_m2"] == 350
    assert plot["share"] == 350 / 1100
    assert plot["answer"] == "present"
    found = answer.evidence.set_index("class")
    assert found["verdict"].to_dict() == {"0201": "non_grain", "0702": "non_farm", "1006": "review"}
    assert found["area_m2"].to_dict() == {"0201": 200, "0702": 150, "1006": 50}
    assert (answer.evidence["origin"] == "unknown").all()
    assert book.notes["figures"]["all_net_m2"] == 540
    gross, _ = audit(ground((0, 110)), patches, net_of_ridges=False)
    assert gross.plots["net_m2"].tolist() == [600]


@pytest.mark.parametrize(
    ("code", "on", "verdict"),
    [
        ("1202", "2021-11-26", "review"),
        ("1202", "2021-11-27", "non_farm"),
        ("0404", "2020-11-03", "review"),
        ("0404", "2020-11-04", "non_grain"),
        ("0201", "2019-12-31", "non_grain"),
        ("0601", "2010-12-31", "non_farm"),
        ("0601", "1998-12-31", "unknown"),
        ("9999", "2025-12-31", "unknown"),
    ],
)
def test_the_rule_of_the_day_of_the_survey_counts(code, on, verdict):
    answer, book = audit(ground((0, 10)), survey(((0, 10), code), on=on))
    assert answer.evidence["verdict"].tolist() == [verdict]
    assert answer.plots["answer"].tolist() == [{"review": "absent", "unknown": "failed"}.get(verdict, "present")]
    assert any("no rule" in doubt.text for doubt in book.doubts) == (verdict == "unknown")


def test_a_missing_class_or_day_is_no_farmland():
    for patches in (survey(((0, 10), None)), survey(((0, 10), "0101"), on=None)):
        answer, _ = audit(ground((0, 10)), patches)
        assert answer.plots[["answer", "unknown_m2", "farmland_m2"]].to_numpy().tolist() == [["failed", 100.0, 0.0]]


def test_an_earlier_survey_tells_lost_farmland_from_plots_drawn_over_other_ground():
    patches = survey(((0, 10), "0702"), ((10, 20), "0702"), ((20, 30), "0702"))
    earlier = survey(((0, 6), "0101"), ((6, 10), "0702"), ((10, 30), "0701"), on="2020-12-31")
    plots = ground((0, 10), (10, 20), (20, 30), issued=["2022-10-14", "2022-10-14", "2019-01-01"])
    answer, _ = audit(plots, patches, earlier, issued="issued")
    found = answer.evidence
    assert found["origin"].tolist() == ["lost", "delineated", "standing"]
    assert found[["lost_m2", "standing_m2"]].to_numpy().tolist() == [[60, 40], [0, 100], [0, 100]]
    assert found["first_seen"].dt.year.tolist() == [2025, 2020, 2020]
    assert found["earlier_class"].tolist() == ["0101", "0701", "0701"]


def test_change_patches_stand_before_the_survey_and_every_place_counts_once():
    changes = ground((10, 30), (20, 40), (55, 70), kind=["building", "pond", "road"], date=["2026-03-01"] * 3)
    answer, _ = audit(ground((0, 100)), survey(((0, 60), "0101"), ((60, 100), "0702"), ridges=[0.1, 0]), None, changes)
    plot = answer.plots.iloc[0]
    # of the road only the part on farmland is news; the pond begins where the building ends
    assert plot[list(COLUMNS)].tolist() == [600 - 200 - 100 - 50, 400 + 200 + 50, 100, 0, 0, 0, 0]
    assert plot["net_m2"] == pytest.approx(250 * 0.9)
    assert answer.evidence["source"].value_counts().to_dict() == {"changes": 3, "survey": 1}
    assert (answer.evidence["seen"].dt.year == 2026).tolist() == (answer.evidence["source"] == "changes").tolist()


def test_crops_are_counted_and_those_that_spoil_the_field_are_findings():
    crops = ground((0, 20), (20, 30), (30, 45), (45, 50), crop=["rice", "vegetables", "trees", "unheard of"])
    answer, book = audit(ground((0, 60)), survey(((0, 60), "0101")), None, None, crops, crop="crop", crop_rules=CROPS)
    plot = answer.plots.iloc[0]
    assert plot[["grain_m2", "other_crop_m2", "non_grain_m2"]].tolist() == [200, 100, 150]
    assert plot["unknown_m2"] == 50
    assert plot["crop_unknown_m2"] == 100
    assert answer.evidence["class"].tolist() == ["trees", "unheard of"]
    assert any("unheard of" in doubt.text for doubt in book.doubts)


def test_an_approval_in_force_takes_the_blame_off_its_own_ground():
    approvals = ground((0, 10), (20, 30), valid_from=["2024-01-01", "2026-01-01"], valid_to=[None, None])
    answer, _ = audit(ground((0, 40)), survey(((0, 40), "0702")), None, None, None, approvals)
    assert answer.evidence[["permitted", "permitted_m2", "unpermitted_m2"]].to_numpy().tolist() == [
        ["partly", 100.0, 300.0]
    ]
    assert answer.plots["unpermitted_m2"].tolist() == [300]
    all_of_it, _ = audit(ground((0, 10)), survey(((0, 10), "0702")), None, None, None, approvals)
    assert all_of_it.plots["answer"].tolist() == ["absent"]


def test_ground_without_survey_and_outside_its_coverage_is_not_covered():
    answer, _ = audit(ground((0, 10), (20, 30)), survey(((0, 10), "0101")))
    assert answer.plots["answer"].tolist() == ["absent", "not_covered"]
    patches = survey(((0, 30), "0101"))
    patches.attrs["layer"] = "survey"
    partial, _ = audit(ground((0, 10), (20, 30)), patches, coverage={"survey": ground((0, 15))})
    assert partial.plots["answer"].tolist() == ["absent", "not_covered"]
    assert partial.plots["not_covered"].fillna("").tolist() == ["", "survey"]


def test_slivers_and_small_ground_are_no_findings_but_stay_in_the_balance():
    answer, book = audit(ground((0, 10)), survey(((0, 9.9995), "0101"), ((9.9995, 10), "0702")), min_area=0)
    assert answer.plots["answer"].tolist() == ["absent"]
    assert answer.plots["below_m2"].tolist() == [pytest.approx(0.005)]
    assert len(answer.evidence) == 0
    assert book.drops[0].count == 1


def test_units_sum_their_plots():
    plots = ground((0, 10), (10, 20), (20, 40), village=["B", "A", "B"])
    answer, _ = audit(plots, survey(((0, 5), "0702"), ((5, 40), "0101")), unit="village")
    assert answer.units["unit"].tolist() == ["A", "B"]
    assert answer.units["plots"].tolist() == [1, 2]
    assert answer.units["plots_with_findings"].tolist() == [0, 1]
    assert answer.units["non_farm_m2"].tolist() == [0, 50]
    assert answer.units["share"].tolist() == [0, 50 / 300]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from(["0101", "0103", "0201", "0702", "1006", "1104", "8888"]), min_size=2, max_size=10),
    st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
)
def test_every_plot_balances_and_cutting_plots_or_their_order_changes_no_sum(codes, cuts):
    edges = np.linspace(0, 100, len(codes) + 1)
    patches = survey(*(((a, b), code) for a, b, code in zip(edges[:-1], edges[1:], codes, strict=True)))
    whole, _ = audit(ground((0, 100)), patches, min_area=0, min_width=0)
    points = [0, *sorted(cuts), 100]
    parts = ground(*pairwise(points)).iloc[::-1].reset_index(drop=True)
    divided, _ = audit(parts, patches.iloc[::-1].reset_index(drop=True), min_area=0, min_width=0)
    assert whole.plots[list(COLUMNS)].sum(axis=1).tolist() == pytest.approx([1000])
    assert divided.plots[list(COLUMNS)].sum().to_numpy() == pytest.approx(whole.plots[list(COLUMNS)].iloc[0].to_numpy())


def test_empty_layers_have_their_columns():
    patches = survey(((0, 10), "0101"))
    for plots, layer in ((ground((0, 10)).iloc[:0], patches), (ground((0, 10)), patches.iloc[:0])):
        answer, _ = audit(plots, layer)
        assert len(answer.evidence) == 0
        assert answer.evidence.crs == "EPSG:4549"
        assert answer.plots["area_m2"].dtype == "float64"
        assert str(answer.evidence["first_seen"].dtype) == "datetime64[s]"


def test_bad_input_is_refused():
    plots, patches = ground((0, 10)), survey(((0, 10), "0101"))
    with pytest.raises(BadInput, match="lie on each other"):
        audit(plots, survey(((0, 10), "0101"), ((5, 10), "0702")))
    with pytest.raises(BadInput, match="divide per cent"):
        audit(plots, survey(((0, 10), "0101"), ridges=[12.0]))
    with pytest.raises(MissingColumn):
        audit(plots, patches, land_class="code")
    with pytest.raises(BadPolicy, match="scheme"):
        audit(plots, patches, scheme="fourth-survey")
    with pytest.raises(BadPolicy, match="two rules"):
        audit(plots, patches, rules=pd.concat([RULES, RULES.iloc[[1]]]))
    with pytest.raises(BadPolicy, match="verdict"):
        audit(plots, patches, rules=RULES.assign(verdict="fine"))
    with pytest.raises(BadInput, match="crop_rules"):
        audit(plots, patches, None, None, ground((0, 10), crop=["rice"]))
    with pytest.raises(BadInput, match="no date"):
        audit(ground((0, 10), issued=["soon"]), survey(((0, 10), "0702")), patches, issued="issued")


def test_planted_changes_on_basic_farmland():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["encroachments"]
    planted = {
        row["patch"]: (row["area_m2"], row["permitted_m2"])
        for row in truth["encroachments"]
        if row["protected"] == "planned.permanent-basic-farmland"
    }
    layers = spacegov.open().layers
    plots, patches, changes, permits = (
        layers[name].read()
        for name in (
            "planned.permanent-basic-farmland",
            "artificial.land-survey",
            "artificial.change-patches",
            "artificial.permits",
        )
    )
    with ledger.collect() as book:
        answer = audit_basic_farmland(
            plots,
            patches,
            None,
            changes,
            None,
            permits,
            rules=RULES,
            ridge_share="ridge_share",
            unit="village_id",
            valid_from="issued",
            valid_to="valid_to",
        )
    found = answer.evidence.groupby("patch")[["area_m2", "permitted_m2"]].sum()
    assert found.to_dict("index") == {
        name: {"area_m2": pytest.approx(area), "permitted_m2": pytest.approx(granted)}
        for name, (area, granted) in planted.items()
    }
    # net of ridges: the registered net area of the survey, patch by patch
    net = patches.set_index("patch_id")
    share = (net["TBDLMJ"] / net["TBMJ"]).reindex(patches["patch_id"])
    assert np.allclose(share, 1 - patches["ridge_share"], atol=1e-3)
    assert answer.units["net_m2"].sum() == pytest.approx(book.notes["figures"]["all_net_m2"])
    assert answer.plots["net_m2"].sum() < answer.plots["farmland_m2"].sum() <= answer.plots["area_m2"].sum()
