"""Maps in one file: folium with everything inside, for a notebook, a mail or a folder without a network.

folium by itself links ten files on other servers. Here Leaflet and our controls are set into the page, data are
packed beside them, and no tile layer is asked for: the page works with the network switched off.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, TypeAlias

import folium
from branca.element import Element, Figure
from folium.template import Template
from markupsafe import Markup

from spacegov import numbers
from spacegov.content import content_path
from spacegov.errors import BadInput, EmptyLayer, UnreadableFile
from spacegov.maps import page
from spacegov.maps.legend_table import section_of
from spacegov.maps.page import MapLayer
from spacegov.maps.page_data import bounds_of, packed_layer
from spacegov.maps.swatch import swatch, swatch_patterns, swatch_rules
from spacegov.maps.thinning import check_number
from spacegov.maps.words import SCRIPT_WORDS, WORDS
from spacegov.raster import Raster
from spacegov.text import Language, Text, say

MapTheme: TypeAlias = Literal["auto", "light", "dark"]
NOTEBOOK_HEIGHT = "640px"


def folium_map(
    layers: Sequence[MapLayer],
    *,
    title: Text | str,
    subtitle: Text | str | None = None,
    answer: str | None = None,
    sources: Sequence[str] = (),
    date: dt.date | str = "",
    background: Sequence[MapLayer] | None = None,
    language: Language = "en",
    theme: MapTheme = "auto",
    swipe: tuple[int, int] | None = None,
) -> folium.Map:
    """Draw layers on a map that needs nothing from outside its file.

    Parameters
    ----------
    layers : sequence of MapLayer
        The first lies on top and leads the legend. Any CRS; shown in Web Mercator.
    title : dict or str
        Title of the map; best the question it answers.
    subtitle : dict or str, optional
        A quieter line.
    answer : str, optional
        The answer in a sentence with its numbers.
    sources : sequence of str
        Layers and versions, for the source line.
    date : date or str
        Date of the run; other words, such as tool and version, stand as they are.
    background : sequence of MapLayer, optional
        Quiet ground, from the bottom up: relief, water, roads.
    language : {"en", "zh", "ru"}
        Of all words.
    theme : {"auto", "light", "dark"}
        `auto` follows the reader's system.
    swipe : tuple of int, optional
        Positions of two layers to compare, left and right of a divider.

    Returns
    -------
    folium.Map
        `save` writes the file, a notebook shows it; folium layers can be added to it.

    Raises
    ------
    EmptyLayer
        There is nothing to draw.
    BadInput
        There is more than a browser can hold; the message names the ways out.
    UnsuitableCrs
        A layer has no CRS.

    Notes
    -----
    From 20,000 features of a layer on, borders are simplified (shared ones together where the layer is a coverage)
    and specks are left out; the foot of the map says to what and how many. Legend counts and areas stay exact. The
    same input gives the same bytes.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from spacegov.maps.style import compile_style
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.box(500_000, 3_250_000, 500_100, 3_250_100)], crs="EPSG:4549")
    >>> made = folium_map([MapLayer(frame, "Plots", compile_style({"colour": "parcel"}, {}, {}, frame))], title="Plots")
    >>> html = made.get_root().render()
    >>> "Plots" in html, "cdn" in html
    (True, False)
    """
    ground = list(background or ())
    check_number(sum(len(layer.data) for layer in [*layers, *ground] if not isinstance(layer.data, Raster)))
    packed = [packed_layer(layer, f"l{position}", language) for position, layer in enumerate(layers)]
    packed_ground = [packed_layer(layer, f"b{position}", language) for position, layer in enumerate(reversed(ground))]
    bounds = bounds_of([data for data, _ in packed]) or bounds_of([data for data, _ in packed_ground])
    if bounds is None:
        names = ", ".join(say(layer.title, "en") for layer in layers) or "none"
        raise EmptyLayer(f"no feature to draw was given (layers: {names}); give one with features, or a wider filter")
    if swipe is not None and not all(0 <= position < len(layers) for position in swipe):
        raise BadInput(f"swipe names the layers {swipe}, there are {len(layers)}; name two positions from 0")
    data = {
        "language": language,
        "words": {name: WORDS[language][name] for name in SCRIPT_WORDS},
        "bounds": bounds,
        "layers": [data for data, _ in packed],
        "background": [data for data, _ in packed_ground],
        **({"swipe": list(swipe)} if swipe is not None else {}),
    }
    notes = [note for _, note in packed if note]
    return _Map(
        data=data,
        head=_head(layers),
        title=say(title, language),
        theme=theme,
        language=language,
        content={
            "title": say(title, language),
            "subtitle": say(subtitle, language),
            "answer": answer,
            "sections": _sections(layers, language),
            "listed": _listed(layers, language) if len(layers) > 1 or ground else [],
            "background": _background_words(ground, language),
            "patterns": Markup(swatch_patterns(_swatched(layers))),  # noqa: S704  built from the palette alone
            "drawn": "; ".join(dict.fromkeys(notes)),
            "sources": page.sources_text(sources, language),
            "date": page.date_text(date, language),
            "words": WORDS[language],
            "language": language,
        },
    )


def _sections(layers: Sequence[MapLayer], language: Language) -> list[Any]:
    """Legends in the title card: the first layer's, those with classes, and those with something to say."""
    led = [
        (position, layer)
        for position, layer in enumerate(layers)
        if layer.style.entries and (position == 0 or layer.style.field is not None or layer.note)
    ]
    return [section_of(layer, f"l{position}", language, headed=len(led) > 1) for position, layer in led]


def _listed(layers: Sequence[MapLayer], language: Language) -> list[dict[str, Any]]:
    rows = []
    for position, layer in enumerate(layers):
        style = layer.style
        single = style.field is None and style.entries
        drawn = swatch(f"l{position}", 0, style.entries[0], style.shape) if single else ""
        rows.append(
            {
                "id": f"l{position}",
                "title": say(layer.title, language),
                "visible": layer.visible,
                "count": "" if isinstance(layer.data, Raster) else numbers.count(len(layer.data), language),
                "swatch": Markup(drawn),  # noqa: S704  built from the palette alone
            }
        )
    return rows


def _background_words(ground: Sequence[MapLayer], language: Language) -> str:
    names = [
        WORDS[language]["relief"] if layer.style.shape == "relief" else say(layer.title, language) for layer in ground
    ]
    return " · ".join(dict.fromkeys(names))


def _swatched(layers: Sequence[MapLayer]) -> list[tuple[str, Any]]:
    return [(f"l{position}", layer.style.entries) for position, layer in enumerate(layers)]


def _head(layers: Sequence[MapLayer]) -> str:
    return f"<style>{swatch_rules(_swatched(layers))}</style>"


@cache
def _asset(name: str) -> str:
    path = content_path("web") / "map" / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror
        raise UnreadableFile(f"{path}: the map asset cannot be read ({reason}); build it with make setup") from None


class _Literal(Element):
    """Text that is set into the page as it is: branca would read braces in it as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **kwargs: Any) -> str:
        """Give the text."""
        del kwargs
        return self._text


class _Page(Figure):
    """A whole HTML page, with language, theme and an escaped title."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.language }}"{{ this.theme_attribute }}>\n<head>\n'
        "<title>{{ this.title | e }}</title>\n{{ this.header.render(**kwargs) }}\n</head>\n<body>\n"
        "{{ this.html.render(**kwargs) }}\n<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )

    def __init__(self, title: str, language: Language, theme: MapTheme) -> None:
        super().__init__(height=NOTEBOOK_HEIGHT, title=title)
        self.language = language
        self.theme_attribute = "" if theme == "auto" else f' data-theme="{theme}"'


class _Map(folium.Map):
    """A folium map whose scripts, styles and data stand in the page."""

    def __init__(
        self,
        *,
        data: dict[str, Any],
        head: str,
        title: str,
        theme: MapTheme,
        language: Language,
        content: dict[str, Any],
    ) -> None:
        (south, west), (north, east) = data["bounds"]
        super().__init__(location=[(south + north) / 2, (west + east) / 2], tiles=None)
        self.default_js = []
        self.default_css = []
        self._data = page.script_safe(data)
        self._content = content
        self._head = head
        # The id comes from what is drawn, so that the same input gives the same bytes.
        self._id = hashlib.sha256(f"{self._data}{title}{theme}".encode()).hexdigest()[:32]
        figure = _Page(title, language, theme)
        figure.add_child(self)

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # as folium's own
        """Set everything into the page, then whatever folium elements were added."""
        figure = self.get_root()
        assert isinstance(figure, Figure)
        name = self.get_name()
        body = page.page_template().render(id=name, data=Markup(self._data), **self._content)  # noqa: S704  script_safe
        licences = _asset("LICENCES.txt").replace("--", "—")
        head = [
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<!-- {licences} -->",
            f"<style>{_asset('map.css')}</style>",
            self._head,
            f"<script>{_asset('map.js')}</script>",
        ]
        packed = f'JSON.parse(document.getElementById("{name}_data").textContent)'
        figure.header.add_child(_Literal("\n".join(head)), name=name)
        figure.html.add_child(_Literal(body), name=name)
        figure.script.add_child(_Literal(f'var {name} = L.spacegov.openMap("{name}", {packed});'), name=name)
        for child in self._children.values():
            child.render(**kwargs)


__all__ = ["MapLayer", "folium_map"]
