"""Numbers as reports and maps write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacegov import numbers

N = numbers.NARROW_SPACE


@pytest.mark.parametrize(
    ("value_m2", "text"),
    [
        (0, "0"),
        (0.2, f"<{N}1{N}m²"),
        (999, f"999{N}m²"),
        (1000, f"0.1{N}ha"),
        (6_739_000, f"673.9{N}ha"),
        (1e8, f"10{N}000.0{N}ha"),
        (1.5e8, f"150.0{N}km²"),
        (None, "no data"),
        (math.nan, "no data"),
    ],
)
def test_area_takes_the_unit_of_its_size(value_m2, text):
    assert numbers.area(value_m2).removesuffix(f"{N}m²" if value_m2 == 0 else "") == text


def test_an_area_of_one_feature_has_two_decimals_of_a_hectare():
    assert numbers.area(191_500, single=True) == f"19.15{N}ha"
    assert numbers.area(191_500) == f"19.1{N}ha"


def test_a_column_of_areas_has_one_unit_and_adds_up():
    texts = numbers.areas([4_551_400.0, 2_313_400.0, 300.0])
    assert all(text.endswith(f"{N}ha") for text in texts)
    assert texts[2] == f"<{N}0.1{N}ha"
    shown = [float(text.split(N)[0]) for text in texts[:2]]
    assert sum(shown) == pytest.approx(686.5)


def test_russian_and_chinese_signs_and_units():
    assert numbers.area(213.2e6, "ru") == f"213,2{N}км²"
    assert numbers.area(6_739_000, "zh") == f"673.9{N}公顷"
    assert numbers.quantity(-3.5, "°C", "ru") == f"−3,5{N}°C"
    assert numbers.count(21, "ru", "days") == f"21{N}день"
    assert numbers.count(112, "ru", "days") == f"112{N}дней"
    assert numbers.count(1482, "zh", "people") == f"1{N}482{N}人"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, f"0{N}%"),
        (0.0004, f"<{N}0.1{N}%"),
        (0.0993, f"9.9{N}%"),
        (0.0996, f"10{N}%"),
        (1, f"100{N}%"),
        (None, "no data"),
    ],
)
def test_share_has_a_decimal_below_ten_per_cent_only(value, text):
    assert numbers.share(value) == text


def test_years_and_codes_are_not_grouped_but_amounts_are():
    assert numbers.quantity(1998) == "1998"
    assert numbers.quantity(2026, "year", "ru") == "2026"
    assert numbers.quantity(1998, "people") == f"1{N}998{N}people"
    assert numbers.quantity(41283) == f"41{N}283"


def test_an_unknown_unit_is_written_as_it_is():
    assert numbers.quantity(3, "µg/m³", "ru") == f"3{N}µg/m³"


def test_less_than_the_smallest_number_shown_is_never_zero():
    assert numbers.number(0.0004, decimals=2) == f"<{N}0.01"
    assert numbers.number(-0.0004, decimals=2) == f">{N}−0.01"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(0, 3))
def test_rounded_parts_add_up_and_stay_within_one_step(values, decimals):
    parts = numbers.rounded(values, decimals)
    step = 10.0**-decimals
    assert abs(math.fsum(parts) - math.fsum(values)) <= step * 0.501
    assert all(abs(part - value) <= step * (1 + 1e-6) for part, value in zip(parts, values, strict=True))


def test_volumes_keep_to_the_large_units_of_a_language():
    assert numbers.volume(999_999.4) == f"999{N}999{N}m³"
    assert numbers.volume(1_000_000) == f"1{N}million m³"
    assert numbers.volume(2.5e9) == f"2.5{N}billion m³"
    assert numbers.volume(141_439_758, "zh") == f"1.41{N}亿立方米"
    assert numbers.volume(38_240_000, "zh") == f"3{N}824{N}万立方米"
    assert numbers.volume(1_250_000, "ru") == f"1,25{N}млн м³"
    assert numbers.volume(None) == "no data"
    assert numbers.quantity(5_000_000.0, "m³") == f"5{N}million m³"
    assert numbers.volume(0.2) == f"<{N}1{N}m³"
