"""The page of a map: nothing from outside, nothing from data that runs, words and numbers in three languages."""

import datetime as dt
import json
import re
from html.parser import HTMLParser

import folium
import numpy as np
import pytest
import shapely

from spacegov.errors import BadInput, EmptyLayer, MissingColumn
from spacegov.maps import thinning
from spacegov.maps.folium_map import folium_map
from spacegov.maps.palette import palette
from tests.maps.layers import layer, points, raster, squares

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7777*7777 }} {% raw %} \u2028 \"'&"
SEVERITY = {"severity": {"title": {"en": "Severity", "zh": "冲突等级", "ru": "Степень"}}}


def page(drawn: folium.Map) -> str:
    return drawn.get_root().render()


def packed(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)[1])


class Reader(HTMLParser):
    """Collects the words a reader sees, the elements, and every address an element names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.addresses, self.names, self.skipping = [], [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.skipping = tag in ("script", "style")
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
                self.addresses.append(value)

    def handle_endtag(self, tag):
        self.skipping = False

    def handle_data(self, data):
        if not self.skipping and data.strip():
            self.words.append(data.strip())


def conflicts():
    frame = squares(
        [300, 200, 100],
        severity=["conditional", "prohibited", "prohibited"],
        name=["Mill <b>Lane</b>", "River", None],
        area_m2=[90_000.0, 40_000.0, 10_000.0],
    )
    return layer(
        frame,
        {"colour_by": "severity", "label": "name"},
        fields=SEVERITY,
        title={"en": "Conflicts", "zh": "冲突", "ru": "Конфликты"},
        columns={"area_m2": ({"en": "Area", "zh": "面积", "ru": "Площадь"}, "m²")},
        count_title={"en": "Conflicts", "zh": "处数", "ru": "Конфликты"},
    )


def drawn(*layers, **more):
    given = {
        "title": {"en": "Conflict of plans", "zh": "规划冲突", "ru": "Конфликт планов"},
        "date": dt.date(2026, 5, 18),
    }
    return folium_map(layers or [conflicts()], **{**given, **more})


def test_it_is_a_folium_map_that_saves_itself(tmp_path):
    made = drawn()
    assert isinstance(made, folium.Map)
    made.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "<iframe srcdoc=" in made._repr_html_()


def test_nothing_comes_from_outside():
    relief = layer(raster(np.arange(400.0).reshape(20, 20)), {"colour": "relief"})
    html = page(drawn(conflicts(), layer(raster([[1, 2]]), {"colour_by": "value"}), background=[relief]))
    assert Reader(html).addresses == []
    assert not re.search(r"@import|sourceMappingURL|//cdn|integrity=", html)
    for address in re.findall(r"url\(\s*[\"']?([^)\"']*)", html):
        assert address.startswith(("data:", "#")), address
    for address in re.findall(r"https?://[^\s\"'<)`\\]+", html):
        assert address in ("http://www.w3.org/2000/svg", "https://leafletjs.com"), address  # a name and a remark
    assert html.count("leafletjs.com") == 1


def test_the_same_input_gives_the_same_bytes():
    assert page(drawn()) == page(drawn())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Conflict of plans",
                "Severity",
                "Conflicts",
                "Area",
                "Prohibited",
                "5.0\u202fha",
                "14.0\u202fha",
                "Total",
            ],
        ),
        ("zh", ["规划冲突", "冲突等级", "处数", "面积", "禁止", "5.0\u202f公顷", "有条件", "合计", "2026年5月18日"]),
        ("ru", ["Конфликт планов", "Степень", "Площадь", "Запрещено", "5,0\u202fга", "Всего", "18 мая 2026"]),
    ],
)
def test_legend_and_foot_in_words_and_numbers(language, words):
    html = page(drawn(language=language, sources=["red line 2025-r2", "farmland 2025-12"]))
    assert f'<html lang="{language}">' in html
    read = Reader(html).words
    assert [word for word in words if word not in read] == []
    assert any("red line 2025-r2" in word and "farmland 2025-12" in word for word in read)


def test_the_order_of_the_legend_is_that_of_the_style():
    words = Reader(page(drawn())).words
    assert words.index("Prohibited") < words.index("Conditional") < words.index("Total")


def test_popups_say_fields_in_words_with_units():
    shapes = packed(page(drawn()))["layers"][0]
    columns = {column["title"]: column["words"] for column in shapes["columns"]}
    assert columns == {
        "name": ["Mill <b>Lane</b>", "River", ""],
        "Area": ["9.00\u202fha", "4.00\u202fha", "1.00\u202fha", ""],
    }
    assert shapes["fieldTitle"] == "Severity"
    assert [label["text"] for label in shapes["labels"]] == ["Mill <b>Lane</b>", "River"]


def test_codes_are_told_in_words():
    trial = layer(
        points(use=["0101", "0301", None]),
        columns={"use": ("Use", None)},
        values={"use": {"0101": {"zh": "水田", "en": "Paddy"}}},
    )
    (column,) = packed(page(drawn(trial, language="zh")))["layers"][0]["columns"]
    assert column["words"] == ["水田", "0301", ""]


@pytest.mark.parametrize("place", ["title", "answer", "source", "value", "layer", "column", "class"])
def test_what_comes_from_data_stays_text(place):
    frame = squares([100, 100], note=[EVIL if place == "value" else "x"] * 2)
    style = {"colour_by": "note"} if place != "class" else {
        "colour_by": "note", "classes": [{"value": "x", "title": {"en": EVIL}, "note": {"en": EVIL}}]
    }  # fmt: skip
    trial = layer(
        frame,
        {**style, "label": "note"},
        title=EVIL if place == "layer" else "Layer",
        columns={"note": (EVIL if place == "column" else "Note", None)},
        note=EVIL if place == "layer" else None,
    )
    html = page(
        folium_map(
            [trial],
            title=EVIL if place == "title" else "Map",
            answer=EVIL if place == "answer" else None,
            sources=[EVIL] if place == "source" else [],
        )
    )
    names = Reader(html).names
    assert names.count("img") == 0
    assert names.count("script") == Reader(page(drawn())).names.count("script")
    assert "60481729" not in html
    assert "</script><script>alert" not in html
    packed(html)


def test_several_legends_have_headings_and_single_symbols_stand_in_the_list():
    red = layer(squares([50]), {"colour": "red-line"}, title="Red line")
    html = page(drawn(conflicts(), red, layer(points(open=[True, False]), {"colour_by": "open"}, title="Stations")))
    assert html.count('class="spacegov-legend"') == 2
    assert "<h2>Stations</h2>" in html
    assert len(re.findall(r"data-layer=\"l\d\"", html)) == 3
    assert 'data-swatch="l1-0"' in html


def test_where_nobody_looked_is_said_in_the_legend():
    gap = layer(
        squares([100]), {"colour": "not-covered"}, title="Not covered", note={"en": "no village plan in Yunling"}
    )
    assert "no village plan in Yunling" in Reader(page(drawn(conflicts(), gap))).words


def test_classes_without_features_are_shown_as_zero():
    style = {"colour_by": "severity", "classes": [{"value": "prohibited"}, {"value": "conditional"}]}
    html = page(drawn(layer(squares([100], severity=["conditional"]), style)))
    assert '<tr class="none">' in html
    words = Reader(html).words
    assert words[words.index("Prohibited") + 1 :][:2] == ["0", "0\u202fha"]


def test_the_background_is_named_and_can_be_switched_off():
    ground = [
        layer(raster(np.arange(400.0).reshape(20, 20)), {"colour": "relief"}, title="Terrain"),
        layer(squares([400]), {"colour": "ground-water"}, title="water"),
    ]
    html = page(drawn(background=ground))
    assert "Relief · water" in Reader(html).words
    data = packed(html)
    assert [item["kind"] for item in data["background"]] == ["shapes", "image"]  # the first lies on top


def test_simplified_drawing_is_said_in_the_foot_and_counts_stay_those_of_the_data(monkeypatch):
    monkeypatch.setattr(thinning, "DRAWN_AS_IS", 20)
    frame = squares([100] * 30 + [0.2] * 4)
    html = page(drawn(layer(frame, title="Buildings")))
    words = Reader(html).words
    assert "Buildings: drawn simplified to 1\u202fm; 30 of 34 features drawn" in words
    assert "34" in words


def test_enlarged_specks_are_said_in_the_foot():
    frame = squares([5, 10])
    frame.geometry = [frame.geometry.iloc[0], frame.geometry.translate(9_000).iloc[1]]
    assert "мелкие участки увеличены" in Reader(page(drawn(layer(frame), language="ru"))).words
    assert "small areas enlarged" not in page(drawn(layer(squares([100, 100]))))


def test_theme_and_swipe():
    assert 'data-theme="dark"' in page(drawn(theme="dark")).partition("<head>")[0]
    assert "data-theme" not in page(drawn()).partition("<head>")[0]
    assert packed(page(drawn(conflicts(), conflicts(), swipe=(0, 1))))["swipe"] == [0, 1]


def test_the_map_opens_on_the_first_layer_that_is_shown():
    far = layer(squares([10]).translate(50_000, 0).to_frame("geometry"), visible=False)
    (south, west), (north, east) = packed(page(drawn(far, conflicts())))["bounds"]
    assert 119.985 < west < east < 120.02
    assert 29.3 < south < north < 29.4
    # what is small is shown with two kilometres of what lies around it
    assert max(north - south, east - west) == pytest.approx(0.02)


def test_errors_name_the_way_out():
    with pytest.raises(EmptyLayer, match="no feature to draw was given"):
        drawn(layer(squares([]), title="Nothing"))
    with pytest.raises(EmptyLayer, match="none"):
        folium_map([], title="x")
    with pytest.raises(BadInput, match="name two positions"):
        drawn(swipe=(0, 1))
    with pytest.raises(MissingColumn, match="did you mean 'note'"):
        drawn(layer(squares([1], note=["x"]), columns={"nota": ("Note", None)}))


def test_lists_and_mappings_in_columns_are_written_out():
    frame = squares([1, 1], tags=[["a", "b"], None], facts=[{"k": 1}, {"k": 2}])
    trial = layer(frame, columns={"tags": ("Tags", None), "facts": ("Facts", None)})
    tags, facts = packed(page(drawn(trial)))["layers"][0]["columns"]
    assert tags["words"] == ["a, b", ""]
    assert facts["words"] == ["{'k': 1}", "{'k': 2}", ""]


def test_points_lines_and_areas_may_stand_in_one_layer():
    frame = squares([100, 100, 100])
    frame.geometry = [frame.geometry.iloc[0], frame.geometry.iloc[1].exterior, shapely.Point(500_000, 3_250_000)]
    shapes = packed(page(drawn(layer(frame))))["layers"][0]
    assert "dimensions" in shapes


def test_swatches_show_pattern_dashes_and_both_themes():
    html = page(drawn(conflicts(), layer(squares([9]), {"colour": "boundary"})))
    red = palette().colour("prohibited")
    assert f".kl0-0{{--c:{red.light};--k:{red.light}" in html
    assert f'[data-theme="dark"] .kl0-0{{--c:{red.dark}' in html
    assert 'fill="url(#pl0-0)"' in html
    assert '<pattern id="pl0-0"' in html
    assert "stroke-dasharray" in html
