"""Every card's style names what the palette and the card itself have."""

from pathlib import Path

import pytest

from spacegov import yaml12
from spacegov.cards import card_of
from spacegov.content import content_path
from spacegov.maps.palette import palette
from spacegov.maps.style import Style

LAYERS = sorted(
    path
    for space in ("natural", "artificial", "planned")
    for path in (content_path("layers") / space).rglob("*.yaml")
)  # fmt: skip
TOOLS = sorted(path for path in content_path("tools").rglob("*.yaml") if "run" in yaml12.load(path))
SCHEMES = sorted((content_path("layers") / "schemes").glob("*.yaml"))


def stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", LAYERS, ids=stem)
def test_styles_of_layers_are_drawable(path):
    card = yaml12.load(path)
    style = card_of(card.get("style") or {}, Style, str(path))
    fields = card.get("fields", {})
    for name in (style.colour_by, style.label):
        assert name is None or name in fields or (name == "value" and card["kind"] == "Raster")
    for code in (fields.get(style.colour_by) or {}).get("codes") or {}:
        colour = fields[style.colour_by]["codes"][code].get("colour")
        assert colour is None or palette().has(colour), (code, colour)


@pytest.mark.parametrize("path", TOOLS, ids=stem)
def test_styles_of_tools_are_drawable(path):
    show = yaml12.load(path).get("show") or {}
    shown = {key: value for key, value in show.items() if key in ("colour", "colour_by", "classes", "label")}
    style = card_of(shown, Style, str(path))
    assert all(entry.title or entry.range or palette().has(str(entry.value)) for entry in style.classes)


@pytest.mark.parametrize("path", SCHEMES, ids=stem)
def test_colours_of_schemes_are_in_the_palette(path):
    for code, said in yaml12.load(path)["codes"].items():
        assert said.get("colour") is None or palette().has(said["colour"]), (code, said["colour"])
