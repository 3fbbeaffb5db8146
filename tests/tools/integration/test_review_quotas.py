import pandas as pd
import pytest

from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.ledger import collect
from spacegov.toolbox.policy import read_policy
from spacegov.tools.integration import review_quotas
from tests.tools.integration.frames import box, layer

ITEMS = pd.DataFrame(
    [
        ["farmland", "floor", "plan", "use", "farmland"],
        ["construction", "ceiling", "plan", "use", "urban; village"],
        ["red-line", "floor", "line", None, None],
    ],
    columns=["item", "bound", "layer", "column", "values"],
)
UNITS = layer("units", [box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)], town=["North", "South"])
PLAN = layer(
    "plan",
    [box(0, 0, 600, 1000), box(600, 0, 900, 1000), box(900, 0, 1100, 1000), box(1100, 0, 2000, 1000)],
    use=["farmland", "urban", "village", "farmland"],
)
LINE = layer("line", [box(0, 0, 100, 1000), box(50, 0, 150, 1000)])


def quotas(*rows):
    return pd.DataFrame(list(rows), columns=["town", "item", "quota"])


def review(table, plans=(PLAN, LINE), **options):
    return review_quotas(list(plans), UNITS, table, items=options.pop("items", ITEMS), unit="town", **options)


def test_floors_and_ceilings():
    # hectares; North: 60 farmland, 30 urban + 10 village; South: 90 farmland, 10 village
    reviews, contributions = review(
        quotas(
            ["North", "farmland", 65],
            ["North", "construction", 35],
            ["South", "farmland", 90],
            ["South", "construction", 10],
            ["North", "red-line", 15],
        )
    )
    found = reviews.set_index(["unit", "item"])[["verdict", "cause", "planned_m2", "gap_m2"]]
    assert found.loc[("North", "farmland")].tolist() == ["breach", "below-floor", 600_000, -50_000]
    assert found.loc[("North", "construction")].tolist() == ["breach", "above-ceiling", 400_000, 50_000]
    assert found.loc[("South", "farmland"), "verdict"] == "pass"
    assert found.loc[("South", "construction"), "verdict"] == "pass"
    assert found.loc[("South", "red-line"), "verdict"] == "no_quota"
    assert reviews.set_index(["unit", "item"]).loc[("North", "construction"), "largest"] == "urban; village"
    part = contributions[(contributions["unit"] == "North") & (contributions["item"] == "construction")]
    assert part[["value", "features", "area_m2"]].to_numpy().tolist() == [
        ["urban", 1, 300_000],
        ["village", 1, 100_000],
    ]


def test_ground_under_two_features_of_an_item_counts_once():
    reviews, _ = review(quotas(["North", "red-line", 15]))
    row = reviews[reviews["item"] == "red-line"].iloc[0]
    # 0–100 and 50–150 are 150 m wide together
    assert (row["planned_m2"], row["verdict"]) == (150_000, "pass")


def test_a_gap_within_the_tolerance_is_none():
    assert review(quotas(["North", "farmland", 60.5]), tolerance=5000).reviews["verdict"].tolist()[0] == "pass"
    assert review(quotas(["North", "farmland", 60.5])).reviews["verdict"].tolist()[0] == "breach"


def test_quotas_in_mu():
    reviews, _ = review(quotas(["North", "farmland", 900]), quota_unit="mu")
    assert reviews["quota_m2"].dropna().tolist() == pytest.approx([600_000])
    assert reviews["gap_m2"].dropna().tolist() == pytest.approx([0], abs=1e-6)


def test_a_floor_on_ground_nobody_drew_is_not_covered_and_a_broken_ceiling_stays_broken():
    coverage = {"plan": layer("coverage", [box(0, 0, 900, 1000), box(1000, 0, 2000, 1000)])}
    table = quotas(["North", "farmland", 65], ["North", "construction", 35], ["South", "farmland", 95])
    found = review(table, coverage=coverage).reviews.set_index(["unit", "item"])["verdict"]
    assert found["North", "farmland"] == "not_covered"
    assert found["North", "construction"] == "breach"
    assert found["South", "farmland"] == "breach"


def test_ground_outside_all_units_is_told():
    away = pd.concat([PLAN, layer("plan", [box(5000, 0, 5100, 100)], use="farmland")], ignore_index=True)
    away.attrs["layer"] = "plan"
    with collect() as ledger:
        review(quotas(["North", "farmland", 60]), plans=(away, LINE))
    assert [drop.area_m2 for drop in ledger.drops] == pytest.approx([10_000])


def test_nothing_planned_is_named():
    bare = PLAN[PLAN["use"] == "urban"]
    bare.attrs["layer"] = "plan"
    reviews, _ = review(quotas(["South", "farmland", 1]), plans=(bare, LINE))
    assert reviews.loc[reviews["verdict"] == "breach", "cause"].tolist() == ["nothing-planned"]


def test_a_unit_without_a_quota_is_named_and_an_item_without_any_is_not_asked():
    reviews, _ = review(quotas(["North", "farmland", 1]))
    assert reviews[["unit", "item", "verdict"]].to_numpy().tolist() == [
        ["North", "farmland", "pass"],
        ["South", "farmland", "no_quota"],
    ]
    none, _ = review(quotas().astype({"quota": float}))
    assert none.empty
    assert none.dtypes.to_dict() == reviews.dtypes.to_dict()


def test_the_items_of_the_default_table_are_readable():
    table = read_policy("quota-items-2025")
    assert set(table["bound"]) == {"floor", "ceiling"}


def test_bad_input_is_refused():
    table = quotas(["North", "farmland", 65])
    with pytest.raises(BadInput, match="'East' in 'town' is no unit"):
        review(quotas(["East", "farmland", 65]))
    with pytest.raises(BadInput, match="the item 'forest' is not among the items"):
        review(quotas(["North", "forest", 65]))
    with pytest.raises(BadInput, match="two quotas for 'farmland'"):
        review(pd.concat([table, table]))
    with pytest.raises(BadInput, match="'North' stands twice"):
        review_quotas([PLAN, LINE], pd.concat([UNITS, UNITS]), table, items=ITEMS, unit="town")
    with pytest.raises(BadInput, match="the layer 'line' of the item 'red-line' is not among them"):
        review(quotas(["North", "red-line", 1]), plans=(PLAN,))
    with pytest.raises(BadPolicy, match="the bound 'about'"):
        review(table, items=ITEMS.assign(bound="about"))
    with pytest.raises(MissingColumn, match="'purpose' of the item"):
        review(table, items=ITEMS.assign(column="purpose"))
    with pytest.raises(BadInput, match="numbers are needed"):
        review(table.assign(quota="many"))
