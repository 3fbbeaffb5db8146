"""estimate_carrying_capacity: land and water by hand, which limits, ranges where it is not known, bad input."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.raster import Raster
from spacegov.toolbox.policy import read_policy
from spacegov.tools.use import estimate_carrying_capacity

WEST, SOUTH = 500_000, 3_300_000


def box(west, east, height=1000):
    return shapely.box(WEST + west, SOUTH, WEST + east, SOUTH + height)


def layer(*shapes, **columns):
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)
    frame.attrs["layer"] = "planned.fields"
    return frame


UNITS = layer(box(0, 1000), box(1000, 2000), id=["a", "b"])
NEED = pd.DataFrame(
    {
        "item": [
            "runoff_share", "usable_share", "farming_share", "town_share", "irrigation", "water_per_person",
            "land_per_person",
        ],
        "value": [0.5, 0.4, 0.6, 0.3, 6000.0, 100.0, 100.0],
    }
)  # fmt: skip


def ask(farming=None, construction=None, volumes=(300_000.0, 300_000.0), units=UNITS, **options):
    water = options.pop("water", None)
    table = None if water is not None else pd.DataFrame({"unit": ["a", "b"][: len(volumes)], "water_m3": volumes})
    with ledger.collect() as book:
        answer = estimate_carrying_capacity(
            units, farming, construction, water, table, **{"quotas": NEED, "unit": "id", **options}
        )
    return answer, book


def test_land_and_water_by_hand():
    # 300,000 m³ · 0.6 / 6000 m³/ha = 30 ha; · 0.3 / 100 m³ = 900 people on 100 m² each
    answer, book = ask([layer(box(0, 500), box(1000, 1100))], [layer(box(0, 50), box(1000, 1900))])
    assert answer["farming_land_m2"].tolist() == pytest.approx([500_000, 100_000])
    assert answer["farming_water_m2"].tolist() == pytest.approx([300_000, 300_000])
    assert answer["farmland_m2"].tolist() == pytest.approx([300_000, 100_000])
    assert answer["farmland_limit"].tolist() == ["water", "land"]
    assert answer["construction_m2"].tolist() == pytest.approx([50_000, 90_000])
    assert answer["construction_limit"].tolist() == ["land", "water"]
    assert answer["population"].tolist() == [500, 900]
    assert answer["answer"].tolist() == ["present", "present"]
    assert book.notes["figures"]["population"] == 1400
    assert book.notes["figures"]["farmland_m2"] == pytest.approx(400_000)


def test_precipitation_becomes_water():
    rain = Raster.from_array(
        np.repeat([[1000.0, 500.0]], 10, axis=0).repeat(10, axis=1), Affine(100, 0, WEST, 0, -100, SOUTH + 1000), 4549
    )
    answer, _ = ask([layer(box(0, 2000))], water=rain)
    # 1 m on 1 km² · 0.5 · 0.4
    assert answer["water_m3"].tolist() == pytest.approx([200_000, 100_000])
    assert answer["farmland_m2"].tolist() == pytest.approx([200_000, 100_000])


def test_equal_limits_are_both():
    answer, _ = ask([layer(box(0, 300))])
    assert answer["farmland_limit"][0] == "both"


def test_ground_that_lies_on_itself_counts_once():
    answer, _ = ask([layer(box(0, 200), box(100, 250)), layer(box(200, 250))])
    assert answer["farmland_m2"][0] == pytest.approx(250_000)


def test_classes_choose_the_ground_and_what_is_not_known_gives_a_range():
    ground = layer(box(0, 100), box(100, 200), box(200, 900), grade=["high", "not_covered", "low"])
    answer, book = ask([ground], farming_class="grade", farming_suitable=["high"])
    row = answer.iloc[0]
    assert (row["farmland_m2"], row["farmland_at_most_m2"]) == pytest.approx((100_000, 200_000))
    assert (row["farmland_limit"], row["answer"]) == ("land", "not_covered")
    assert book.drops[0].count == 1
    assert any("no single answer" in each.text for each in book.doubts)
    # where more may be suitable than water allows, the limit is not known
    wide = layer(box(0, 100), box(100, 900), grade=["high", "not_covered"])
    answer, _ = ask([wide], farming_class="grade", farming_suitable=["high"])
    assert answer["farmland_limit"][0] == "unknown"
    assert answer["farmland_at_most_m2"][0] == pytest.approx(300_000)
    # water that limits what is known already settles it
    rich = layer(box(0, 400), box(400, 900), grade=["high", "not_covered"])
    answer, _ = ask([rich], farming_class="grade", farming_suitable=["high"])
    assert (answer["farmland_limit"][0], answer["answer"][0]) == ("water", "present")


def test_ground_beyond_the_coverage_is_not_known():
    answer, _ = ask([layer(box(0, 100))], farming_coverage={"planned.fields": layer(box(0, 800))})
    assert answer["farmland_at_most_m2"].tolist() == pytest.approx([300_000, 300_000])
    # in the first unit even all that is not known is no more than water allows
    assert answer["farmland_limit"].tolist() == ["land", "unknown"]


def test_unknown_water_is_not_nothing():
    answer, book = ask([layer(box(0, 100))], volumes=(300_000.0,))
    assert np.isnan(answer["farmland_m2"][1])
    assert answer["farmland_limit"].tolist() == ["land", "unknown"]
    assert answer["answer"].tolist() == ["present", "not_covered"]
    rain = Raster.from_array(np.full((10, 12), 1000.0), Affine(100, 0, WEST, 0, -100, SOUTH + 1000), 4549)
    part, _ = ask([layer(box(0, 2000))], water=rain)
    assert np.isnan(part["water_m3"][1])
    assert book.notes["figures"]["open_units"] == 1


def test_what_is_not_asked_stays_empty():
    answer, _ = ask([layer(box(0, 100))])
    assert answer["construction_m2"].isna().all()
    assert answer["population"].isna().all()
    assert answer["answer"].tolist() == ["present", "present"]


@settings(max_examples=20, deadline=None)
@given(first=st.integers(0, 1000), more=st.integers(0, 1000), volume=st.integers(0, 10**6))
def test_more_ground_or_water_never_makes_it_less(first, more, volume):
    few, _ = ask([layer(box(0, first + 1))], volumes=(float(volume), 0.0))
    many, _ = ask([layer(box(0, min(first + 1 + more, 1000)))], volumes=(float(volume + more), 0.0))
    assert many["farmland_m2"][0] >= few["farmland_m2"][0] - 1e-6


def test_the_order_of_units_does_not_matter():
    turned = UNITS.iloc[::-1].reset_index(drop=True)
    ground = [layer(box(0, 500), box(1000, 1100))]
    straight, other = ask(ground)[0], ask(ground, units=turned)[0]
    assert other["farmland_m2"].tolist() == straight["farmland_m2"].tolist()[::-1]


def test_the_default_quotas_read():
    assert ask([layer(box(0, 500))], quotas=read_policy("carrying-capacity-2020"))[0]["farmland_m2"][0] > 0


def test_bad_input_is_refused():
    ground = [layer(box(0, 500))]
    with pytest.raises(BadInput, match="neither farming nor construction"):
        ask()
    with pytest.raises(BadInput, match="precipitation or volumes"):
        estimate_carrying_capacity(UNITS, ground, quotas=NEED, unit="id")
    with pytest.raises(BadInput, match="a unit twice"):
        ask(ground, units=UNITS.assign(id="a"))
    with pytest.raises(BadInput, match="'c' is no unit"):
        estimate_carrying_capacity(
            UNITS, ground, None, None, pd.DataFrame({"unit": ["c"], "water_m3": [1.0]}), quotas=NEED, unit="id"
        )
    with pytest.raises(BadInput, match="go together"):
        ask(ground, farming_suitable=["high"])
    with pytest.raises(MissingColumn):
        ask(ground, farming_class="grade", farming_suitable=["high"])
    with pytest.raises(BadPolicy, match="there is no 'irrigation'"):
        ask(ground, quotas=NEED[NEED["item"] != "irrigation"])
    with pytest.raises(BadPolicy, match="'town_share' is 2"):
        ask(ground, quotas=NEED.assign(value=[0.5, 0.4, 0.6, 2, 1, 1, 1]))
    with pytest.raises(BadPolicy, match="more than all of the water"):
        ask(ground, quotas=NEED.assign(value=[0.5, 0.4, 0.6, 0.5, 1, 1, 1]))
