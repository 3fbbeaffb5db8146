"""The text of a notice: what bounds a zone on its four sides, and which buildings lie in it."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from pydantic import Field

from spacegov import numbers
from spacegov.checks import checked
from spacegov.errors import BadPolicy
from spacegov.kinds import ColumnOf, Features, Metres, PolicyKind, Polygons
from spacegov.ledger import doubt, figure
from spacegov.text import Language
from spacegov.tools.emergency._bounds import SIDES, NamedLines, bounds_of
from spacegov.tools.emergency._cases import unique_ids
from spacegov.tools.emergency._protocol import COLUMNS, read_protocol, tell_version
from spacegov.tools.emergency._zoning import strictest
from spacegov.tools.values import text_of

_PARTS = ("heading", "bounds", "rest", "count", "count_buildings", "list", "more", "unnamed", "drill", "separator")
_LANGUAGES: tuple[Language, ...] = get_args(Language)
_COLUMNS = {
    "zone_id": "str",
    "zone": "str",
    "rank": "int64",
    "east": "str",
    "south": "str",
    "west": "str",
    "north": "str",
    "buildings": "int64",
    "people": "float64",
    "text_en": "str",
    "text_zh": "str",
    "text_ru": "str",
}


@checked(partition=None)
def describe_zone(
    zones: Polygons,
    lines: list[Features],
    buildings: Polygons | None = None,
    units: Polygons | None = None,
    *,
    protocol: Annotated[pd.DataFrame, PolicyKind((*COLUMNS, "title_en", "title_zh", "title_ru"))],
    wording: Annotated[pd.DataFrame, PolicyKind(("part", "en", "zh", "ru"))],
    zone_id: Annotated[str, ColumnOf("zones")] = "zone_id",
    zone: Annotated[str, ColumnOf("zones")] = "zone",
    county: Annotated[str, ColumnOf("zones")] = "county",
    unit: Annotated[str, ColumnOf("units")] = "name",
    name: Annotated[str, ColumnOf("lines")] = "name",
    label: Annotated[str | None, ColumnOf("buildings")] = None,
    people: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    reach: Metres = 60.0,
    longest_list: Annotated[int, Field(ge=0)] = 30,
) -> gpd.GeoDataFrame:
    """Write the notice of each zone: east to, south to, west to, north to, and its buildings.

    Parameters
    ----------
    zones
        Zones with an id, a type and a county.
    lines
        Roads, rivers and other lines or areas with names; names in Chinese and Russian are taken from the columns of
        the same name with `_zh` and `_ru`.
    buildings
        Buildings to be counted and listed.
    units
        Counties with their names in Chinese and Russian, in the columns of `unit` with `_zh` and `_ru`.
    protocol
        Zones with their ranks and titles.
    wording
        Sentences in three languages.
    zone_id, zone, county
        Columns of the zones.
    unit
        Column of the county's name in `units`.
    name
        Column of the name of a line.
    label
        Column that names a building, such as its address; without it no list is written.
    people
        Column of the people in a building.
    reach
        Distance within which a line bounds a zone.
    longest_list
        Buildings named at most; the rest are counted.

    Returns
    -------
    GeoDataFrame
        zone_id, zone, rank
        east, south, west, north : names, empty where no named line runs along that side
        buildings : number; people : persons
        text_en, text_zh, text_ru : the notice
        strict zones first, in the order of their ids

    Raises
    ------
    BadPolicy
        A wording that lacks a part, or a zone without title.

    Notes
    -----
    Each step of 10 m of the border votes for the nearest named line outside the zone within reach, on the side it
    faces. A zone of all the rest is described as such. A building is listed in the strictest zone it meets. Sides
    without a name are told as a doubt: a notice must not leave them to guess. Not split over machines, since zones are
    few.

    References
    ----------
    Wording in the manner of county notices; the table is the steward's.

    Examples
    --------
    >>> from shapely import LineString, box
    >>> import warnings; warnings.simplefilter("ignore")  # a historical protocol is a doubt
    >>> from spacegov.toolbox.policy import read_policy
    >>> at = lambda *places: LineString([(500000 + x, 3200000 + y) for x, y in places])
    >>> streets = gpd.GeoDataFrame({"name": ["East Road", "South Road", "West Road", "North Road"]}, crs="EPSG:4549",
    ...     geometry=[at((110, 0), (110, 100)), at((0, -10), (100, -10)),
    ...               at((-10, 0), (-10, 100)), at((0, 110), (100, 110))])
    >>> area = gpd.GeoDataFrame({"zone_id": ["containment-1"], "zone": ["containment"], "county": ["Lanhe"]},
    ...     geometry=[box(500000, 3200000, 500100, 3200100)], crs="EPSG:4549")
    >>> answer = describe_zone(area, [streets], protocol=read_policy("three-zones-community-2022"),
    ...                        wording=read_policy("zone-notice-2022"))
    >>> print(answer["text_en"].iloc[0])
    Containment no. 1, Lanhe. Bounded by East Road in the east, South Road in the south, West Road in the west and
    North Road in the north. Historical protocol, for drill use.
    """
    rules = read_protocol(protocol)
    tell_version(protocol)
    words = _Words(protocol, wording)
    unique_ids(zones, zone_id, "zones")
    known = NamedLines.of(lines, name)
    counties = NamedLines.of([units], unit).words if units is not None else {}
    ranks = [rules.ranks.get(str(value), 0) for value in zones[zone]]
    order = np.argsort([rank or 10**6 for rank in ranks], kind="stable")
    ordered = zones.iloc[order].reset_index(drop=True)
    ordered["rank"] = np.array(ranks, dtype=np.int64)[order]
    inside = _buildings_by_zone(buildings, ordered, label, people)
    rows: list[dict[str, Any]] = []
    unnamed: list[str] = []
    for number, row in enumerate(ordered.itertuples()):
        kind, own_id = str(getattr(row, zone)), str(getattr(row, zone_id))
        is_rest = kind == rules.rest
        sides: dict[str, str | None] = dict.fromkeys(SIDES)
        if not is_rest:
            sides = bounds_of(ordered.geometry.iloc[number], known, reach)
            unnamed += [f"{own_id} {side}" for side in SIDES if sides[side] is None]
        held = inside[number] if inside is not None else None
        texts = {
            f"text_{language}": words.notice(
                language,
                kind,
                own_id,
                _county(row, county, counties, language),
                sides,
                known,
                held,
                is_rest,
                longest_list,
            )
            for language in _LANGUAGES
        }
        rows.append(
            {
                "zone_id": own_id,
                "zone": kind,
                "rank": int(ordered["rank"].iloc[number]),
                **{side: sides[side] or "" for side in SIDES},
                "buildings": held.count if held else 0,
                "people": held.people if held and held.people is not None else np.nan,
                **texts,
            }
        )
    if unnamed:
        doubt(f"{len(unnamed)} sides of zones have no named line within {reach:g} m", ", ".join(unnamed[:12]))
    figure("notices", len(rows))
    figure("unnamed_sides", len(unnamed))
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=ordered.geometry.to_numpy(), crs=zones.crs)


def _county(row: Any, column: str, counties: dict[str, dict[str, str]], language: Language) -> str:
    """Name of the county in a language, where the units tell it."""
    own = str(getattr(row, column))
    return counties.get(own, {}).get(language, own)


class _Held:
    """Buildings in one zone."""

    def __init__(self, labels: list[str], count: int, people: float | None) -> None:
        self.labels, self.count, self.people = labels, count, people


def _buildings_by_zone(
    buildings: gpd.GeoDataFrame | None, zones: gpd.GeoDataFrame, label: str | None, people: str | None
) -> list[_Held] | None:
    if buildings is None:
        return None
    home = strictest(buildings.geometry.to_numpy(), zones.assign(rank=zones["rank"]))
    held = []
    for number in range(len(zones)):
        own = buildings[home == number]
        labels = sorted({text for value in own[label] if (text := text_of(value))}, key=_natural) if label else []
        held.append(_Held(labels, len(own), float(own[people].sum()) if people else None))
    return held


def _natural(text: str) -> list[tuple[int, str]]:
    """Order texts with numbers as people do: 2 before 10."""
    import re

    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", text)]


class _Words:
    """Sentences of a notice in three languages."""

    def __init__(self, protocol: pd.DataFrame, wording: pd.DataFrame) -> None:
        self.parts = {str(row["part"]): row for row in wording.to_dict("records")}
        missing = [part for part in _PARTS if part not in self.parts]
        if missing:
            raise BadPolicy(f"wording: the table has no part {missing[0]!r}; add it in three languages")
        self.titles = {
            str(row["zone"]): {language: text_of(row[f"title_{language}"]) for language in _LANGUAGES}
            for row in protocol.to_dict("records")
        }
        self.historical = bool(protocol.attrs.get("valid_to"))

    def say(self, part: str, language: Language, **values: Any) -> str:
        """Fill one sentence."""
        try:
            return str(self.parts[part][language]).format(**values)
        except (KeyError, IndexError, ValueError) as error:
            raise BadPolicy(f"wording: the part {part!r} in {language} cannot be filled ({error}); mend it") from None

    def notice(
        self,
        language: Language,
        kind: str,
        zone_id: str,
        county: str,
        sides: dict[str, str | None],
        lines: NamedLines,
        held: _Held | None,
        is_rest: bool,
        longest: int,
    ) -> str:
        """Write the whole notice."""
        title = self.titles.get(kind, {}).get(language)
        if not title:
            raise BadPolicy(f"protocol: the zone {kind!r} has no title in {language}; add title_{language}")
        sentences = [
            self.say("heading", language, title=title, number=zone_id.rpartition("-")[2] or zone_id, county=county)
        ]
        if is_rest:
            sentences.append(self.say("rest", language, county=county))
        else:
            edge = self.say("unnamed", language)
            named = {side: lines.words[value][language] if value else edge for side, value in sides.items()}
            sentences.append(self.say("bounds", language, **named))
        if held is not None:
            sentences += self._held(language, held, is_rest, longest)
        if self.historical:
            sentences.append(self.say("drill", language))
        # Chinese sentences follow each other without a space
        return ("" if language == "zh" else " ").join(sentences)

    def _held(self, language: Language, held: _Held, is_rest: bool, longest: int) -> list[str]:
        count = numbers.count(held.count, language)
        if held.people is None:
            sentences = [self.say("count_buildings", language, buildings=count)]
        else:
            people = numbers.count(held.people, language)
            sentences = [self.say("count", language, buildings=count, people=people)]
        if held.labels and not is_rest and longest:
            shown = self.say("separator", language).join(held.labels[:longest])
            rest = len(held.labels) - longest
            if rest > 0:
                shown = self.say("more", language, list=shown, number=numbers.count(rest, language))
            sentences.append(self.say("list", language, list=shown))
        return sentences
