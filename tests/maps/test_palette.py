"""The palette: complete, readable on both grounds, and told apart without colour."""

import itertools

import pytest

from spacegov.errors import UnknownName
from spacegov.maps.palette import Ramp, mixed, palette

ZONES = ("containment", "control-zone", "prevention")
ANSWERS = ("present", "absent", "not-covered", "failed")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_title_is_in_three_languages():
    for name, colour in palette().colours.items():
        if colour.title is not None:
            assert set(colour.title) == {"en", "zh", "ru"}, name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_answers_zones_and_findings_stand_out_from_the_ground(theme):
    ground = getattr(palette().colour("ground"), theme)
    for name in (*ANSWERS, *ZONES, "red-line", "boundary", "prohibited", "conditional", "unknown", "no-permit"):
        colour = palette().colour(name)
        edge = getattr(colour.ink, theme) if colour.ink else getattr(colour, theme)
        assert contrast(edge, ground) >= 2.8, (name, theme)


GROUPS = [
    ZONES,
    ANSWERS,
    ("prohibited", "conditional", "compatible", "unknown"),
    ("red-line", "farmland", "boundary"),
    ("no-permit", "permitted", "elsewhere"),
]


@pytest.mark.parametrize("group", GROUPS)
def test_a_grey_print_still_tells_them_apart(group):
    looks = [
        (palette().colour(name).pattern, palette().colour(name).line, palette().colour(name).fill) for name in group
    ]
    assert len(set(looks)) == len(group)


def test_zones_fall_in_lightness_from_strict_to_loose():
    steps = [luminance(palette().colour(name).light) for name in ZONES]
    assert steps == sorted(steps)


@pytest.mark.parametrize("name", ["heat", "depth", "slope", "warm", "rain"])
def test_ramps_rise_or_fall_in_lightness(name):
    for colours in (palette().ramp(name).light, palette().ramp(name).dark):
        steps = [luminance(colour) for colour in colours]
        assert steps == sorted(steps) or steps == sorted(steps, reverse=True)


def test_categories_differ_on_both_grounds():
    names = [f"category-{i}" for i in range(1, 13)]
    for theme in ("light", "dark"):
        colours = [getattr(palette().colour(name), theme) for name in names]
        for one, other in itertools.combinations(colours, 2):
            parts = [(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) ** 2 for i in (1, 3, 5)]
            assert sum(parts) ** 0.5 > 35, (one, other)


def test_names_are_found_however_they_are_written():
    assert palette().colour("Not_Covered") is palette().colour("not-covered")
    assert palette().colour("permanent basic farmland") is palette().colour("farmland")
    assert palette().has("no_permit")
    assert not palette().has("plaid")
    assert not palette().has(None)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'farmland'"):
        palette().colour("farmlnd")
    with pytest.raises(UnknownName, match="no ramp 'hot'"):
        palette().ramp("hot")


def test_ramps_give_their_ends_and_evenly_between():
    ramp = Ramp(light=["#000000", "#404040", "#808080", "#c0c0c0", "#ffffff"], dark=["#ffffff"] * 5)
    assert [pair.light for pair in ramp.colours(3)] == ["#000000", "#808080", "#ffffff"]
    assert [pair.light for pair in ramp.colours(1)] == ["#808080"]
    assert len(ramp.colours(7)) == 7


def test_mixing_ends_at_either_colour():
    assert (mixed("#102030", "#ffffff", 0), mixed("#102030", "#ffffff", 1)) == ("#102030", "#ffffff")
