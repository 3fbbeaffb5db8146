"""verify_change_patch: ground and papers worked out by hand, and the filings planted in the sample county."""

import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy
from spacegov.tools.security import verify_change_patch

RULES = pd.DataFrame(
    [
        ("building", "field", "grant + permit", "construction", "1"),
        ("building", "field", "linked + permit", "linked", "2"),
        ("building", "built", "permit", "renewal", "3"),
        ("building", "reserve", "prohibited", "prohibited", "4"),
        ("pond", "any", "none", "restructuring", "5"),
    ],
    columns=["kind", "ground", "papers", "category", "article"],
)
REGISTERS = pd.DataFrame(
    [("grants", "any", "grant"), ("permits", "any", "permit"), ("filings", "linked", "linked")],
    columns=["register", "kind", "paper"],
)
GROUNDS = pd.DataFrame([("0101", "field"), ("0701", "built")], columns=["class", "ground"])


def ground(*widths, name=None, **columns):
    shapes = [shapely.box(5e5 + w, 3e6, 5e5 + e, 3e6 + 10) for w, e in widths]
    frame = GeoDataFrame({key.rstrip("_"): value for key, value in columns.items()}, geometry=shapes, crs="EPSG:4549")
    frame.attrs["layer"] = name
    return frame


BEFORE = ground((0, 500), (500, 1000), class_=["0101", "0701"])


def patches(*widths, kind="building", date="2025-03-01"):
    return ground(*widths, kind=[kind] * len(widths), date=[date] * len(widths))


def verify(changes, *papers, controls=None, plan=None, before=BEFORE, **options):
    own = {"rules": RULES, "registers": REGISTERS, "grounds": GROUNDS}
    with ledger.collect() as book:
        answer = verify_change_patch(changes, before, list(papers), controls, plan, **{**own, **options})
    return answer, book


def grants(*widths, **columns):
    return ground(*widths, name="artificial.grants", **columns)


def permits(*widths, **columns):
    return ground(*widths, name="artificial.permits", **columns)


def test_papers_needed_together_cover_what_they_share():
    changes = patches((0, 20), (100, 120), (200, 220), (300, 320))
    answer, book = verify(changes, grants((0, 20), (100, 115), (200, 220)), permits((0, 20), (105, 120)))
    found = answer.patches.set_index("patch")
    assert found["verdict"].to_dict() == {"0": "legal", "1": "partly", "2": "papers_missing", "3": "papers_missing"}
    assert found["covered_m2"].to_dict() == pytest.approx({"0": 200.0, "1": 100.0, "2": 0.0, "3": 0.0})
    # on the open ground of the second, 5 m lack the permit and 5 m the grant
    assert found["missing"].to_dict() == {"0": "", "1": "grant; permit", "2": "permit", "3": "grant; permit"}
    assert found.loc["0", ["categories", "articles", "evidence"]].tolist() == ["construction", "1", "grant 0; permit 0"]
    assert answer.patches["patch"].tolist()[2:] == ["1", "0"]
    assert book.notes["figures"]["open_m2"] == pytest.approx(500.0)
    assert book.balances[0].difference == pytest.approx(0.0, abs=1e-6)


def test_several_ways_add_up_and_the_nearest_tells_what_is_missing():
    filings = ground((100, 110), name="artificial.filings", kind=["linked"])
    answer, _ = verify(patches((90, 110)), grants((90, 100)), permits((90, 110)), filings)
    assert answer.patches.loc[0, ["verdict", "covered_m2"]].tolist() == ["legal", 200.0]
    near, _ = verify(patches((100, 110)), permits((0, 1)), filings)
    assert near.patches.loc[0, "missing"] == "permit"


def test_papers_count_while_in_force():
    days = {"issued": ["2024-03-01", "2025-03-02", "2020-01-01"], "valid_to": ["2025-03-01", None, "2025-02-28"]}
    answer, _ = verify(patches((500, 510), (600, 610), (700, 710)), permits((500, 510), (600, 610), (700, 710), **days))
    found = answer.patches.set_index("patch")
    assert found["verdict"].to_dict() == {"0": "legal", "1": "papers_missing", "2": "papers_missing"}
    assert found["not_in_force"].to_dict() == {"0": "", "1": "permit 1", "2": "permit 2"}


def test_a_patch_is_cut_by_controls_and_ground_and_the_strictest_verdict_stands():
    reserve = ground((0, 10), name="reserve")
    answer, _ = verify(patches((5, 25), (490, 510)), permits((0, 600)), grants((0, 600)), controls=[reserve])
    pieces = answer.pieces.set_index(["patch", "ground"])
    assert pieces["verdict"].to_dict() == {
        ("0", "field"): "legal",
        ("0", "reserve"): "prohibited",
        ("1", "built"): "legal",
        ("1", "field"): "legal",
    }
    assert pieces["area_m2"].tolist() == pytest.approx([150.0, 50.0, 100.0, 100.0])
    assert answer.patches["verdict"].tolist() == ["prohibited", "legal"]
    assert answer.patches.loc[0, ["open_m2", "covered_m2", "share"]].tolist() == pytest.approx([50.0, 150.0, 0.25])
    assert answer.patches.loc[1, "categories"] == "construction; renewal"


def test_no_survey_no_rule_and_no_date_are_told_apart():
    changes = pd.concat([patches((2000, 2010)), patches((0, 10), kind="road"), patches((50, 60), date="soon")])
    changes = changes.reset_index(drop=True)
    answer, book = verify(changes, permits((0, 1)))
    found = answer.patches.set_index("patch")
    assert found["answer"].to_dict() == {"0": "not_covered", "1": "failed", "2": "failed"}
    assert found.loc["1", "error"] == "no rule for field"
    assert "cannot be read" in found.loc["2", "error"]
    assert any("rules say nothing" in doubt.text for doubt in book.doubts)
    pond, _ = verify(patches((0, 10), kind="pond"), permits((0, 1)))
    assert pond.patches.loc[0, ["answer", "verdict", "categories"]].tolist() == [
        "absent",
        "no_paper_needed",
        "restructuring",
    ]


def test_open_ground_is_held_against_the_plan():
    plan = ground((0, 110), (110, 400), use=["urban", "farm"])
    answer, _ = verify(
        patches((0, 20), (100, 120), (200, 220)), permits((0, 1)), plan=plan, plan_use="use", plan_uses=("urban",)
    )
    found = answer.patches.set_index("patch")
    assert found["in_plan"].to_dict() == {"0": "yes", "1": "partly", "2": "no"}
    assert found.loc["1", "plan_m2"] == pytest.approx(100.0)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 46), min_size=1, max_size=6, unique=True), st.integers(1, 400), st.integers(0, 400))
def test_areas_balance_and_parts_make_the_whole(places, width, start):
    changes = patches(*[(20 * n, 20 * n + 15) for n in places])
    papers = (permits((start, start + width)), grants((start // 2, start + width)))
    whole, _ = verify(changes, *papers)
    total = whole.patches["covered_m2"] + whole.patches["open_m2"]
    assert total.tolist() == pytest.approx(whole.patches["area_m2"].tolist())
    parts = [verify(changes.iloc[[n]], *papers)[0].patches for n in range(len(changes))]
    together = pd.concat(parts).set_index("patch")
    for name in ("verdict", "missing", "evidence"):
        assert together[name].to_dict() == whole.patches.set_index("patch")[name].to_dict()


def test_empty_layers():
    answer, _ = verify(patches((0, 10)).iloc[:0], permits((0, 1)))
    assert [len(frame) for frame in answer] == [0, 0]
    assert answer.patches.crs == answer.pieces.crs == "EPSG:4549"
    assert answer.pieces["open_m2"].dtype == "float64"
    none, _ = verify(patches((0, 10)), permits((0, 1)).iloc[:0])
    assert none.patches["verdict"].tolist() == ["papers_missing"]


def test_bad_input_is_refused():
    changes = patches((0, 10))
    with pytest.raises(BadPolicy, match="does not tell what papers"):
        verify(changes, ground((0, 1), name="artificial.unheard"))
    with pytest.raises(BadPolicy, match="joined by"):
        verify(changes, permits((0, 1)), rules=RULES.assign(papers="grant + "))
    with pytest.raises(BadPolicy, match="keep one"):
        verify(changes, permits((0, 1)), rules=pd.concat([RULES, RULES.iloc[[3]]]))
    with pytest.raises(BadPolicy, match="two kinds of ground"):
        verify(changes, permits((0, 1)), grounds=pd.concat([GROUNDS, GROUNDS.assign(ground="other")]))
    with pytest.raises(BadInput, match="no dates"):
        verify(changes, permits((0, 1), issued=["soon"]))


def test_planted_filings():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["land_filings"]["patches"]
    found = spacegov.open().run("verify-change-patch").frames["patches"].set_index("patch")
    for row in truth:
        own = found.loc[row["patch"]]
        assert (own["verdict"], own["missing"]) == (row["verdict"], row["missing"]), row["patch"]
        assert 1 - own["share"] == pytest.approx(row["covered_share"], abs=1e-4)
        papers = {text.rpartition(" ")[2] for name in ("evidence", "not_in_force") for text in own[name].split("; ")}
        assert set(row["papers"]) <= papers
    others = found.drop([row["patch"] for row in truth])
    assert not others["verdict"].isin(["legal", "partly"]).any()
