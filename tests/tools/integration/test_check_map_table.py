import pandas as pd
import pytest

from spacegov.errors import BadInput, MissingColumn
from spacegov.ledger import collect
from spacegov.tools.integration import check_map_table
from tests.tools.integration.frames import box, layer

MAP = layer(
    "plan",
    [box(0, 0, 1000, 600), box(1000, 0, 2000, 300), box(1000, 300, 2000, 600)],
    town=["North", "South", "South"],
    use=["farm", "farm", "urban"],
    ridges=[1000.0, 0.0, None],
)


def table(**areas):
    return pd.DataFrame({"use": list(areas), "area": [float(area) for area in areas.values()]})


def check(stated, **options):
    return check_map_table(MAP, stated, **{"map_key": "use", "table_key": "use", "value": "area", **options})


def test_areas_of_map_and_table():
    # 60 + 30 ha farm, 30 ha urban
    answer = check(table(farm=88, urban=30.9))
    assert answer[["key", "verdict", "difference_m2"]].to_numpy().tolist() == [
        ["farm", "differs", 20_000],
        ["urban", "agrees", pytest.approx(-9000)],
    ]


def test_what_only_one_side_has():
    answer = check(table(farm=90, water=5)).set_index("key")
    assert answer["verdict"].to_dict() == {"farm": "agrees", "urban": "only_map", "water": "only_table"}
    assert answer.loc["water", "difference_m2"] == -50_000
    # a line of the table within the tolerance has nothing to miss on the map
    assert check(table(farm=90, urban=30, water=0.5)).set_index("key").loc["water", "verdict"] == "agrees"


def test_the_total_is_held_against_the_map_and_against_the_lines():
    with collect() as ledger:
        answer = check(table(farm=90, urban=30, all=125), total="all")
    last = answer.iloc[-1]
    assert (last["key"], last["verdict"], last["map_m2"], last["difference_m2"]) == (
        "all",
        "differs",
        1_200_000,
        -50_000,
    )
    assert ledger.doubts[0].text == "the table's lines sum to 1200000 m² where its total says 1250000 m²"


def test_keys_of_two_columns_and_mu():
    stated = pd.DataFrame(
        {"place": ["North", "South", "South"], "class": ["farm", "farm", "urban"], "mu": [900, 450, 450]}
    )
    answer = check_map_table(
        MAP, stated, map_key=["town", "use"], table_key=["place", "class"], value="mu", unit="mu", tolerance=1
    )
    assert answer["key"].tolist() == ["North/farm", "South/farm", "South/urban"]
    assert set(answer["verdict"]) == {"agrees"}


def test_ridges_are_deducted():
    answer = check(table(farm=90, urban=30), deduction="ridges").set_index("key")
    assert answer.loc["farm", "map_m2"] == 900_000 - 1000


def test_lines_of_a_register_are_summed_on_request():
    register = pd.DataFrame({"use": ["farm", "urban", "farm"], "area": [60.0, 30.0, 30.0]})
    assert set(check(register, sum_lines=True, tolerance=1)["verdict"]) == {"agrees"}


def test_order_of_lines_changes_nothing():
    usual = check(table(farm=90, urban=30))
    mixed = check(table(urban=30, farm=90))
    pd.testing.assert_frame_equal(usual, mixed)


def test_an_empty_map_has_nothing_of_the_table():
    answer = check_map_table(MAP.iloc[:0], table(farm=90), map_key="use", table_key="use", value="area")
    assert answer["verdict"].tolist() == ["only_table"]
    assert answer.dtypes.to_dict() == check(table(farm=90)).dtypes.to_dict()


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="'farm' stands twice"):
        check(pd.concat([table(farm=1), table(farm=2)]))
    with pytest.raises(BadInput, match="no line 'all'"):
        check(table(farm=90), total="all")
    with pytest.raises(BadInput, match="names 2 columns and table_key 1"):
        check(table(farm=90), map_key=["town", "use"])
    with pytest.raises(MissingColumn, match="'size' is missing"):
        check(table(farm=90), value="size")
    with pytest.raises(BadInput, match="unit"):
        check(table(farm=90), unit="acre")
