"""Maps in a real browser, with the network switched off."""

import os
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pytest

from spacegov.maps.folium_map import folium_map
from tests.maps.browser import ask, needs_chromium
from tests.maps.layers import layer, points, raster, squares

pytestmark = needs_chromium

EVIL = "<img src=x onerror='document.title=\"broken\"'><script>document.title='broken'</script>"
REAL = os.environ.get("SPACEGOV_REAL_DATA")

SCENE = """
const hex = (part) => part.toString(16).padStart(2, "0");
const colours = new Set();
let painted = 0;
for (const canvas of container.querySelectorAll("canvas")) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 30) painted += 1;
    if (data[i + 3] === 255) colours.add("#" + hex(data[i]) + hex(data[i + 1]) + hex(data[i + 2]));
  }
}
"""


def conflicts(**more):
    frame = squares(
        [300, 200, 100],
        severity=["prohibited", "conditional", None],
        name=["Mill Lane", EVIL, "Tail"],
        area_m2=[90_000.0, 40_000.0, 10_000.0],
    )
    return layer(
        frame,
        {"colour_by": "severity"},
        title="Conflicts",
        fields={"severity": {"title": {"en": "Severity"}}},
        columns={"name": (f"Name {EVIL}", None), "area_m2": ("Area", "m²")},
        **more,
    )


def middle(frame, position):
    place = frame.to_crs(4326).geometry.iloc[position].centroid
    return f"[{place.y}, {place.x}]"


def test_features_popups_layers_and_themes(tmp_path):
    top = conflicts()
    below = layer(squares([350]), {"colour": "red-line"}, title="Red line")
    off = layer(points(kind=["a", "b"]), {"colour_by": "kind"}, title="Stations", visible=False)
    relief = layer(raster(np.add.outer(np.arange(90.0), np.arange(90.0)) * 3), {"colour": "relief"}, title="Relief")
    html = folium_map([top, below, off], title="Plans", background=[relief]).get_root().render()
    found = ask(
        html,
        tmp_path,
        SCENE
        + f"""
        const legendHidden = (id) => container.querySelector(`[data-legend="${{id}}"]`)?.hidden;
        const number = (selector) => container.querySelectorAll(selector).length;
        const before = {{ drawn: container.dataset.drawn, off: legendHidden("l2"), panes: number("canvas") }};
        await click({middle(top.data, 0)});
        const popup = () => container.querySelector(".leaflet-popup");
        const first = popup().innerText;
        const outlines = number("path.spacegov-chosen");
        popup().querySelector("footer button:last-child").click();
        await wait(50);
        const second = popup().innerText;
        await click({middle(top.data, 1)});
        const images = popup().querySelectorAll("img, script").length;
        const evil = {{ text: popup().innerText, images, title: document.title }};
        map.closePopup();
        map.setView({middle(top.data, 0)}, map.getZoom(), {{ animate: false }});
        container.dispatchEvent(new KeyboardEvent("keypress", {{ key: "Enter", bubbles: true }}));
        await wait(100);
        const keyed = popup().innerText;
        container.querySelector('[data-layer="l2"]').click();
        container.querySelector('[data-layer="l0"]').click();
        await wait(50);
        const after = {{ on: legendHidden("l2"), gone: legendHidden("l0"), pictures: number("img.spacegov-relief") }};
        container.querySelector('[data-background="plain"]').click();
        const plain = number("img.spacegov-relief");
        const light = getComputedStyle(container).backgroundColor;
        document.documentElement.dataset.theme = "dark";
        await wait(100);
        const dark = getComputedStyle(container).backgroundColor;
        const scale = container.querySelector(".spacegov-scale").innerText;
        const looks = {{ light, dark, scale, colours: [...colours] }};
        return {{ before, first, keyed, outlines, second, evil, after, plain, ...looks }};
        """,
    )
    assert found["before"] == {"drawn": "6", "off": True, "panes": 3}
    for word in ("Conflicts", "Severity", "Prohibited", "Mill Lane", "9.00\u202fha", "1 / 2"):
        assert word in found["first"]
    assert "Red line" in found["second"]
    assert "Mill Lane" in found["keyed"]
    assert found["outlines"] == 1
    assert EVIL in found["evil"]["text"]
    assert (found["evil"]["images"], found["evil"]["title"]) == (0, "Plans")
    assert found["after"] == {"on": False, "gone": True, "pictures": 1}
    assert found["plain"] == 0
    assert (found["light"], found["dark"]) == ("rgb(242, 241, 236)", "rgb(27, 30, 33)")
    assert {"#a3281f", "#c77a10", "#bf3f24"} <= set(found["colours"])
    assert found["scale"].endswith("m")


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (760, 420)], ids=["desk", "tablet", "notebook"])
def test_nothing_lies_on_anything_else(tmp_path, size):
    top = conflicts(count_title={"en": "Conflicts"})
    many = layer(squares([30] * 30, use=[f"use number {i}" for i in range(30)]), {"colour_by": "use"}, title="Uses")
    html = (
        folium_map(
            [top, many],
            title={"en": "Where the sector plans of the whole county contradict each other"},
            sources=["a source with a long name"] * 9,
            date="2026-05-18",
        )
        .get_root()
        .render()
    )
    found = ask(
        html,
        tmp_path,
        f"""
        const boxes = {{
          title: box(".spacegov-title"),
          layers: box(".spacegov-layers"),
          tools: box(".leaflet-top.leaflet-right"),
          foot: box(".spacegov-foot"),
        }};
        await click({middle(top.data, 0)});
        await wait(1500);
        const wide = document.documentElement.scrollWidth;
        return {{ ...boxes, popup: box(".leaflet-popup"), page: [innerWidth, innerHeight], wide }};
        """,
        size=size,
    )
    width, height = found["page"]
    assert found["wide"] <= width
    names = ["title", "layers", "tools", "foot"]
    for position, one in enumerate(names):
        left, top_side, right, bottom = found[one]
        assert left >= 0
        assert top_side >= 0
        assert right <= width + 0.5
        assert bottom <= height + 0.5
        for other in names[position + 1 :]:
            a, b = found[one], found[other]
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, other, a, b)
    left, top_side, right, bottom = found["popup"]
    assert left >= 0
    assert top_side >= 0
    assert right <= width
    assert bottom <= found["foot"][1] + 1
    if width > 1000:
        assert left >= found["title"][2]


def test_swipe_measure_raster_and_folium_children(tmp_path):
    depth = raster(np.where(np.arange(60) < 30, 0.2, 2.0) * np.ones((60, 1)))
    style = {
        "colour_by": "value",
        "classes": [{"range": [0, 1], "colour": "present"}, {"range": [1, 3], "colour": "absent"}],
    }
    left = layer(depth, style, title="Before", fields={"value": {"title": {"en": "Depth"}, "unit": "m"}})
    right = layer(squares([600]), {"colour": "farmland"}, title="After")
    made = folium_map([left, right], title="Swipe", swipe=(0, 1), language="ru")
    place = squares([600]).to_crs(4326).geometry.iloc[0].centroid
    folium.Marker([place.y, place.x], popup=folium.Popup("a folium popup")).add_to(made)
    found = ask(
        made.get_root().render(),
        tmp_path,
        """
        const size = map.getSize();
        const at = (x, y) => map.containerPointToLatLng([x, y]);
        const marker = container.querySelector(".leaflet-marker-icon");
        marker.click();
        await wait(300);
        const folium = container.querySelector(".leaflet-popup")?.innerText;
        map.closePopup();
        const clips = ["l0", "l1"].map((id) => map.getPane(`spacegov-${id}`).style.clipPath);
        const range = container.querySelector("input[type=range]");
        const image = container.querySelector("img.spacegov-cells").getBoundingClientRect();
        const inImage = { x: image.left + image.width * 0.25, y: image.top + image.height / 2 };
        range.value = "1"; range.dispatchEvent(new Event("input"));
        await click(at(inImage.x, inImage.y));
        const cell = container.querySelector(".leaflet-popup")?.innerText;
        map.closePopup();
        range.value = "0"; range.dispatchEvent(new Event("input"));
        await click(at(inImage.x, inImage.y));
        const hidden = container.querySelector(".leaflet-popup")?.innerText ?? "";
        map.closePopup();
        [...container.querySelectorAll(".spacegov-button")].at(-1).click();
        await click(at(size.x / 2 - 50, 200)); await click(at(size.x / 2 + 50, 200));
        const text = (selector) => container.querySelector(selector).innerText;
        const popups = container.querySelectorAll(".leaflet-popup").length;
        const [measured, sides] = [text(".spacegov-measured"), text(".spacegov-swipe-line")];
        return { folium, clips, cell, hidden, measured, popups, sides };
        """,
    )
    assert "a folium popup" in found["folium"]
    assert all(clip.startswith("polygon(") for clip in found["clips"])
    assert "Depth" in found["cell"]
    assert "0–1\u202fм" in found["cell"]
    assert "Depth" not in found["hidden"]
    assert found["measured"].startswith("Длина: ")
    assert found["popups"] == 0
    assert "Before" in found["sides"]
    assert "After" in found["sides"]


@pytest.mark.skipif(REAL is None, reason="needs the real layers (environment variable SPACEGOV_REAL_DATA)")
@pytest.mark.parametrize(
    ("file", "name", "field", "language"),
    [("baltimore_md.gpkg", "streets", "sha_class", "ru"), ("hsinchu_county_zoning.gpkg", "tw_J", "使用分", "zh")],
)
def test_real_layers_are_drawn_whole(tmp_path, file, name, field, language):
    frame = gpd.read_file(Path(REAL) / file, layer=name)
    trial = layer(frame, {"colour_by": field}, title=name, columns={c: (c, None) for c in frame.columns[:4]})
    made = folium_map([trial], title=name, language=language)
    found = ask(
        made.get_root().render(),
        tmp_path,
        SCENE
        + """
        const rows = container.querySelectorAll("tbody tr").length;
        return { drawn: Number(container.dataset.drawn), painted, rows };
        """,
    )
    assert len(frame) * 0.99 < found["drawn"] <= len(frame)
    assert found["painted"] > 5_000
    assert found["rows"] >= len(trial.style.entries)
