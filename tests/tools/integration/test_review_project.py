import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput, UnsuitableCrs
from spacegov.toolbox.policy import read_policy
from spacegov.tools.integration import review_project
from tests.tools.integration.frames import box, layer

RULES = read_policy("plan-compatibility-2025")


def controls(name, *shapes, control, zone=None):
    return layer(name, list(shapes), control=control, sub_zone=[zone] * len(shapes))


FARM = controls("farm", box(0, 0, 100, 100), control="basic-farmland")
CORE = controls("line", box(200, 0, 300, 100), control="red-line", zone="core")


def review(site, layers, **options):
    return review_project(site, list(layers), compatibility=RULES, **{"use": "urban", **options})


def site(*shapes, **columns):
    return layer("site", list(shapes), **columns)


def test_each_control_gives_its_verdict_article_and_share():
    findings, verdicts, answers = review(site(box(50, 0, 250, 100)), [FARM, CORE], use="transport")
    found = findings.set_index("control")
    assert found["verdict"].to_dict() == {"red-line": "prohibit", "basic-farmland": "negotiate"}
    assert found["area_m2"].to_dict() == {"red-line": 5000, "basic-farmland": 5000}
    assert found["share"].to_dict() == {"red-line": 0.25, "basic-farmland": 0.25}
    assert found.loc["basic-farmland", "condition"] == "national-project-and-replacement"
    assert findings["verdict"].tolist() == ["prohibit", "negotiate"]
    assert verdicts["verdict"].tolist() == ["prohibit"]
    assert answers["answer"].tolist() == ["present", "present"]


def test_pieces_of_one_control_are_united():
    twice = controls("farm", *[box(0, 0, 100, 100)] * 3, control="basic-farmland")
    findings, _, _ = review(site(box(0, 0, 100, 100)), [twice])
    assert findings["share"].tolist() == [1]
    assert findings["records"].tolist() == ["0; 1; 2"]


def test_unknown_stays_unknown_and_stands_before_a_negotiation():
    strange = controls("heritage", box(0, 0, 10, 10), control="heritage")
    findings, verdicts, _ = review(site(box(0, 0, 100, 100)), [FARM, strange], use="transport")
    assert findings["verdict"].tolist() == ["unknown", "negotiate"]
    assert verdicts["verdict"].tolist() == ["unknown"]


def test_ground_that_nobody_covers_is_no_pass():
    coverage = {"line": layer("coverage", [box(0, 0, 50, 100)])}
    findings, verdicts, answers = review(site(box(0, 0, 100, 100)), [CORE], coverage=coverage)
    assert findings[["answer", "verdict", "area_m2"]].to_numpy().tolist() == [["not_covered", "unknown", 5000]]
    assert verdicts["verdict"].tolist() == ["unknown"]
    assert answers[["answer", "not_covered_m2"]].to_numpy().tolist() == [["not_covered", 5000]]


def test_a_site_without_controls_passes():
    _, verdicts, answers = review(site(box(5000, 0, 5100, 100)), [FARM, CORE])
    assert verdicts[["verdict", "prohibit", "pass"]].to_numpy().tolist() == [["pass", 0, 0]]
    assert answers["answer"].tolist() == ["absent", "absent"]


def test_ground_outside_the_urban_boundary_is_judged_as_such():
    boundary = controls("boundary", box(0, 0, 60, 100), control="urban-boundary", zone="concentrated")
    findings, verdicts, _ = review(site(box(0, 0, 100, 100)), [boundary])
    assert findings.set_index("sub_zone")["area_m2"].to_dict() == {"outside": 4000, "concentrated": 6000}
    assert findings["verdict"].tolist() == ["prohibit", "pass"]
    assert verdicts["verdict"].tolist() == ["prohibit"]


def test_every_site_has_its_own_use():
    sites = site(box(0, 0, 10, 10), box(20, 0, 30, 10), use=["urban", "farmland"])
    _, verdicts, _ = review(sites, [FARM], use=None)
    assert verdicts["verdict"].tolist() == ["prohibit", "pass"]


def test_sites_one_by_one_equal_sites_together():
    sites = site(box(0, 0, 120, 50), box(150, 0, 250, 50), box(400, 0, 410, 10))
    whole = review(sites, [FARM, CORE])
    parts = [review(sites.iloc[[n]], [FARM, CORE]) for n in range(3)]
    for number, frame in enumerate(whole):
        joined = pd.concat([part[number] for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(joined))


@given(st.integers(0, 150), st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_shares_follow_from_widths(west, width):
    findings, _, _ = review(site(box(west, 0, west + width, 100)), [FARM], min_area=0)
    shared = max(0, min(100, west + width) - min(west, 100))
    assert findings["share"].sum() == pytest.approx(shared / width)


def test_no_site_gives_the_same_columns():
    none, full = review(site(box(0, 0, 1, 1)).iloc[:0], [FARM]), review(site(box(0, 0, 1, 1)), [FARM])
    for one, other in zip(none, full, strict=True):
        assert one.dtypes.to_dict() == other.dtypes.to_dict()


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="no use was given"):
        review(site(box(0, 0, 1, 1)), [FARM], use=None)
    with pytest.raises(BadInput, match="1 of 2 sites have no value"):
        review(site(box(0, 0, 1, 1), box(2, 0, 3, 1), use=["urban", None]), [FARM], use=None)
    with pytest.raises(UnsuitableCrs, match="one CRS"):
        review(site(box(0, 0, 1, 1)).to_crs(4548), [FARM])
    with pytest.raises(BadInput, match="broken"):
        review(
            site(
                shapely.from_wkt(
                    "POLYGON ((500000 3260000, 500009 3260009, 500009 3260000, 500000 3260009, 500000 3260000))"
                )
            ),
            [FARM],
        )
