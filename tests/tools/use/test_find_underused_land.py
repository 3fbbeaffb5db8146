"""find_underused_land: values and grades worked out by hand, and the works planted in the sample county."""

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import spacegov
from spacegov import ledger, yaml12
from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.tools.use import find_underused_land

COLUMNS = ["criterion", "use", "better", "low", "watch", "unit", "formula", "source"]
PER_HECTARE = "mean(output, {}) / unit_area() * 10000"
CRITERIA = pd.DataFrame(
    [
        ("output", "works", "more", 100.0, 200.0, "k/ha", PER_HECTARE.format("made"), "default"),
        ("vacancy", "works", "less", 0.5, 0.3, "share", "mean(output, empty)", "default"),
        ("ratio", "works", "more", 0.5, 1.0, "1", "area_times(houses, floors) / unit_area()", "default"),
    ],
    columns=COLUMNS,
)


def plots(count, use="works"):
    # each 100 m × 100 m, one hectare
    shapes = [shapely.box(5e5 + 200 * n, 3e6, 5e5 + 200 * n + 100, 3e6 + 100) for n in range(count)]
    table = {"lot": [f"P{n}" for n in range(count)], "use": [use] * count}
    frame = GeoDataFrame(table, geometry=shapes, crs="EPSG:4549")
    frame.attrs["key"] = "lot"
    return frame


def houses(*rows):
    """Buildings of 50 m × 100 m on the numbered plots, with floors."""
    shapes = [shapely.box(5e5 + 200 * n, 3e6, 5e5 + 200 * n + 50, 3e6 + 100) for n, _ in rows]
    frame = GeoDataFrame({"floors": [floors for _, floors in rows]}, geometry=shapes, crs="EPSG:4549")
    frame.attrs["layer"] = "artificial.houses"
    return frame


def made(*rows, years=None):
    table = pd.DataFrame(rows, columns=["lot", "made", "empty"]).astype({"made": "float64", "empty": "float64"})
    return table if years is None else table.assign(year=years)


def find(parcels, output, themes=None, **options):
    with ledger.collect() as book:
        answer = find_underused_land(
            parcels, output, themes, **{"criteria": CRITERIA, "use": "use", "parcel": "lot", **options}
        )
    return answer, book


def test_grades_by_limit_direction_and_number_of_criteria():
    output = made(("P0", 99.0, 0.51), ("P1", 100.0, 0.5), ("P2", 200.0, 0.3), ("P3", 40.0, 0.1))
    answer, book = find(plots(4), output, [houses((0, 1), (1, 1), (2, 2), (3, 4))])
    found = answer.parcels.set_index("parcel")
    # a floor over half of the ground makes a ratio of 0.5, two floors 1.0
    assert found["grade"].to_dict() == {"P3": "low", "P0": "low", "P1": "watch", "P2": "fair"}
    assert found["low"].to_dict() == {"P0": "output; vacancy", "P3": "output", "P1": "", "P2": ""}
    assert found.loc["P1", "watched"] == "output; vacancy; ratio"
    assert found.loc[["P3", "P0"], "shortfall"].tolist() == pytest.approx([0.6, 0.02])
    # the one with two low criteria comes before the one with one
    assert answer.parcels["parcel"].tolist() == ["P0", "P3", "P1", "P2"]
    assert book.notes["figures"]["low_m2"] == pytest.approx(20_000.0)
    two, _ = find(plots(4), output, [houses((0, 1), (1, 1), (2, 2), (3, 4))], needed=2)
    assert two.parcels.set_index("parcel")["grade"].to_dict() == {
        "P0": "low",
        "P3": "watch",
        "P1": "watch",
        "P2": "fair",
    }
    values = answer.criteria.set_index(["parcel", "criterion"])["value"]
    assert values["P3", "ratio"] == pytest.approx(2.0)
    assert values["P2", "output"] == pytest.approx(200.0)


def test_what_is_not_known_is_no_zero():
    output = made(("P0", 500.0, None), ("P1", 50.0, None))
    answer, book = find(plots(3), output, [houses((0, 4), (1, 4), (2, 4))])
    found = answer.parcels.set_index("parcel")
    assert found["answer"].to_dict() == {"P0": "failed", "P1": "present", "P2": "failed"}
    assert found["unknown"].to_dict() == {"P0": "vacancy", "P1": "vacancy", "P2": "output; vacancy"}
    assert found.loc["P2", "grade"] == "fair"
    assert "cannot be judged" in book.doubts[-1].text
    nothing, _ = find(plots(1), None)
    assert nothing.parcels.loc[0, ["grade", "unknown"]].tolist() == ["unknown", "output; vacancy; ratio"]


def test_the_year_asked_about_and_uses_without_criteria():
    output = made(("P0", 50.0, 0.1), ("P0", 500.0, 0.1), ("P9", 1.0, 0.1), years=[2024, 2025, 2025])
    parcels = pd.concat([plots(1), plots(2, use="park").iloc[1:]], ignore_index=True)
    parcels.attrs["key"] = "lot"
    latest, book = find(parcels, output, [houses((0, 4))], year_column="year")
    assert latest.parcels[["parcel", "grade"]].to_numpy().tolist() == [["P0", "fair"]]
    assert {drop.reason: drop.count for drop in book.drops} == {
        "no criterion for the parcel's use": 1,
        "record of output without a parcel that is asked about": 1,
    }
    assert book.notes["figures"]["year"] == 2025
    earlier, _ = find(parcels, output, [houses((0, 4))], year_column="year", year=2024)
    assert earlier.parcels["grade"].tolist() == ["low"]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0, 400), min_size=1, max_size=8), st.integers(1, 3))
def test_more_output_is_never_worse_and_order_does_not_matter(amounts, needed):
    count = len(amounts)
    rows = [(f"P{n}", amount, 0.4) for n, amount in enumerate(amounts)]
    built = [houses(*[(n, 1) for n in range(count)])]
    answer, _ = find(plots(count), made(*rows), built, needed=needed)
    grade = answer.parcels.set_index("parcel")["grade"].map(["low", "watch", "fair"].index)
    ordered = [grade[f"P{n}"] for n in np.argsort(amounts, kind="stable")]
    assert ordered == sorted(ordered)
    turned, _ = find(plots(count).iloc[::-1], made(*rows[::-1]), built, needed=needed)
    assert turned.parcels["parcel"].tolist() == answer.parcels["parcel"].tolist()


def test_an_empty_layer_has_its_columns():
    answer, _ = find(plots(1).iloc[:0], made(("P0", 1.0, 0.1)), [houses((0, 1))])
    assert [len(frame) for frame in answer] == [0, 0]
    assert answer.parcels.crs == "EPSG:4549"
    assert answer.criteria["value"].dtype == "float64"


def test_bad_input_is_refused():
    output = made(("P0", 1.0, 0.1))
    with pytest.raises(MissingColumn, match="parcel="):
        find(plots(1), output, parcel=None)
    with pytest.raises(BadInput, match="stands twice"):
        find(plots(1), pd.concat([output, output]))
    with pytest.raises(BadInput, match="of the year 1999"):
        find(plots(1), output.assign(year=2025), year_column="year", year=1999)
    with pytest.raises(BadPolicy, match="better side"):
        find(plots(1), output, criteria=CRITERIA.assign(watch=50.0))
    with pytest.raises(BadPolicy, match="more or less"):
        find(plots(1), output, criteria=CRITERIA.assign(better="none"))
    with pytest.raises(BadPolicy, match="no function"):
        find(plots(1), output, criteria=CRITERIA.assign(formula="exec(output)"))


def test_planted_works():
    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["low_output"]
    result = spacegov.open().run("find-underused-land", area_basis="plane")
    parcels = result.frames["parcels"].set_index("parcel")
    assert result.summary["year"] == truth["year"]
    assert set(parcels.index[parcels["grade"] == "low"]) == {row["parcel"] for row in truth["low"]}
    values = result.frames["criteria"].set_index(["parcel", "criterion"])["value"]
    for row in truth["low"]:
        assert values[row["parcel"], "vacancy"] == row["vacancy"]
        # amounts of the table are rounded to 0.1 and 0.01
        assert values[row["parcel"], "output-per-ha"] == pytest.approx(row["output_10k_per_ha"], abs=0.15)
        assert values[row["parcel"], "tax-per-ha"] == pytest.approx(row["tax_10k_per_ha"], abs=0.02)
