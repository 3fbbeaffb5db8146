"""OGC API Features, parts 1 to 3; tests carry the ids of the abstract tests they keep."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spacegov.service.crs import CRS84, MERCATOR, WGS84
from spacegov.workspace import Workspace
from tests.service.client import Server

OWN = "http://www.opengis.net/def/crs/EPSG/0/4549"
RIVERS = "/collections/natural.rivers/items"


def ask(server: Server, path: str, **given: Any) -> Any:
    got = server.ask(f"{path}?{urlencode({name.replace('_', '-'): value for name, value in given.items()})}")
    assert got.status == 200, got.body[:500]
    return got.json


def shapes(answer: Any) -> Any:
    return shapely.from_geojson([str(feature["geometry"]).replace("'", '"') for feature in answer["features"]])


@pytest.fixture(scope="module")
def rivers(county: Workspace) -> gpd.GeoDataFrame:
    return county.layers["natural.rivers"].read()


def test_ats_core_root_op(county_server: Server) -> None:
    """/ats/core/root-op: the landing page links description, conformance and data."""
    links = {each["rel"]: each for each in county_server.ask("/").json["links"]}
    assert {"service-desc", "conformance", "data", "self"} <= set(links)
    for each in links.values():
        path = each["href"].removeprefix(county_server.address)
        assert path != each["href"]


def test_ats_core_conformance(county_server: Server) -> None:
    """/ats/core/conformance-op."""
    declared = county_server.ask("/conformance").json["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in declared
    assert "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter" in declared
    assert not any("html" in each or "job-list" in each or "callback" in each for each in declared)


def test_ats_core_collections(county_server: Server, county: Workspace) -> None:
    """/ats/core/rc-md-op and sfc-md-op: every open layer that is bound, each with its links, nothing else."""
    listed = county_server.ask("/collections").json["collections"]
    expected = [
        name
        for name in county.layers
        if county.layers[name].card.sharing.class_ == "open" and county.layers[name].bound
    ]
    assert [each["id"] for each in listed] == [*expected, "registry"]
    for each in listed:
        alone = county_server.ask(f"/collections/{quote(each['id'])}").json
        assert alone == each
        if each["itemType"] == "feature":
            assert {"items", "self"} <= {entry["rel"] for entry in each["links"]}


def test_ats_core_fc_limit_and_paging(county_server: Server, rivers: gpd.GeoDataFrame) -> None:
    """/ats/core/fc-limit-response, fc-links: pages follow each other and give every feature once."""
    assert len(ask(county_server, RIVERS)["features"]) == 10
    path, names, pages = f"{RIVERS}?limit=50", [], 0
    while path:
        page = county_server.ask(path).json
        assert page["numberMatched"] == len(rivers)
        assert page["numberReturned"] == len(page["features"]) <= 50
        names += [feature["id"] for feature in page["features"]]
        links = {each["rel"]: each["href"].removeprefix(county_server.address) for each in page["links"]}
        path, pages = links.get("next", ""), pages + 1
    assert names == rivers["reach_id"].tolist()
    assert pages == -(-len(rivers) // 50)
    assert ask(county_server, RIVERS, limit=99_999)["numberReturned"] == len(rivers)


def test_ats_core_f_op(county_server: Server, rivers: gpd.GeoDataFrame) -> None:
    """/ats/core/f-op: one feature by its id, as in the layer."""
    name = rivers["reach_id"][7]
    got = county_server.ask(f"{RIVERS}/{quote(name)}")
    assert got.media == "application/geo+json"
    assert got.json["id"] == name
    row = rivers.iloc[7]
    assert got.json["properties"]["width_m"] == row["width_m"]
    assert county_server.ask(f"{RIVERS}/nowhere").status == 404


@pytest.mark.parametrize(
    "part", [(0.2, 0.2, 0.6, 0.5), (0.45, 0.1, 0.5, 0.9), (0, 0, 1, 1), (0.5, 0.5, 0.5001, 0.5001)]
)
def test_ats_core_fc_bbox(county_server: Server, rivers: gpd.GeoDataFrame, part: tuple[float, ...]) -> None:
    """/ats/core/fc-bbox-response: features whose shapes meet the box, told from geopandas."""
    degrees = rivers.to_crs(4326)
    west, south, east, north = degrees.total_bounds
    box = (west + part[0] * (east - west), south + part[1] * (north - south),
           west + part[2] * (east - west), south + part[3] * (north - south))  # fmt: skip
    expected = rivers["reach_id"][degrees.intersects(shapely.box(*box))].tolist()
    got = ask(county_server, RIVERS, bbox=",".join(map(str, box)), limit=1000)
    assert [feature["id"] for feature in got["features"]] == expected
    six = ",".join(map(str, (*box[:2], -100, *box[2:], 9000)))
    assert ask(county_server, RIVERS, bbox=six, limit=1000)["numberMatched"] == len(expected)


def test_a_box_across_the_date_line_and_around_the_earth(county_server: Server, rivers: gpd.GeoDataFrame) -> None:
    assert ask(county_server, RIVERS, bbox="170,-10,-170,10")["numberMatched"] == 0
    assert ask(county_server, RIVERS, bbox="100,-10,-170,60")["numberMatched"] == len(rivers)
    assert ask(county_server, RIVERS, bbox="-180,-90,180,90")["numberMatched"] == len(rivers)


@pytest.mark.parametrize(
    ("crs", "code", "swapped"), [(CRS84, 4326, False), (WGS84, 4326, True), (OWN, 4549, True), (MERCATOR, 3857, False)]
)
def test_ats_crs(county_server: Server, rivers: gpd.GeoDataFrame, crs: str, code: int, swapped: bool) -> None:
    """/ats/crs/crs-parameter, content-crs and axis order, as the authority of each CRS has it."""
    got = county_server.ask(f"{RIVERS}?{urlencode({'crs': crs, 'limit': 20})}")
    assert got.headers["content-crs"] == f"<{crs}>"
    expected = rivers.geometry[:20].to_crs(code).to_numpy()
    if swapped:
        expected = shapely.transform(expected, lambda points: points[:, ::-1])
    apart = np.abs(shapely.get_coordinates(shapes(got.json)) - shapely.get_coordinates(expected)).max()
    assert apart < (1e-8 if code == 4326 else 1e-3)
    box = shapely.bounds(expected[3])
    boxed = ask(county_server, RIVERS, bbox=",".join(map(repr, box.tolist())), bbox_crs=crs, limit=1000)
    assert rivers["reach_id"][3] in {feature["id"] for feature in boxed["features"]}


def test_ats_crs_metadata(county_server: Server) -> None:
    """/ats/crs/fc-md-crs-list and storageCrs."""
    got = county_server.ask("/collections/natural.rivers").json
    assert got["storageCrs"] == OWN
    assert got["crs"][0] == CRS84
    assert OWN in got["crs"]


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("width_m > 20", lambda f: f["width_m"] > 20),
        ('width_m BETWEEN 5 AND 20 AND "order" >= 2', lambda f: f["width_m"].between(5, 20) & (f["order"] >= 2)),
        ("name IS NULL", lambda f: f["name"].isna()),
        (
            "\"order\" IN (1, 3) OR name LIKE 'L%'",
            lambda f: f["order"].isin([1, 3]) | f["name"].fillna("").str.startswith("L"),
        ),
        ("NOT (width_m <= 20)", lambda f: f["width_m"] > 20),
    ],
)
def test_ats_filter_cql2_text(county_server: Server, rivers: gpd.GeoDataFrame, text: str, mask: Any) -> None:
    """/ats/filter and cql2-text: the same features as pandas finds."""
    got = ask(county_server, RIVERS, filter=text, limit=1000)
    assert [feature["id"] for feature in got["features"]] == rivers["reach_id"][mask(rivers)].tolist()
    assert got["numberMatched"] == got["numberReturned"]


def test_ats_filter_place_in_each_crs(county_server: Server, rivers: gpd.GeoDataFrame) -> None:
    """/ats/filter/filter-crs-param: a place in degrees, and in the layer's CRS with its axis order."""
    west, south, east, north = rivers.total_bounds
    area = shapely.box(west, south, (west + east) / 2, (south + north) / 2)
    expected = rivers["reach_id"][rivers.intersects(area)].tolist()
    turned = shapely.transform(area, lambda points: points[:, ::-1])
    got = ask(county_server, RIVERS, filter=f"S_INTERSECTS(geometry, {turned.wkt})", filter_crs=OWN, limit=1000)
    assert [feature["id"] for feature in got["features"]] == expected
    wide = {"op": ">", "args": [{"property": "width_m"}, 10]}
    narrow = {"op": "<", "args": [{"property": "width_m"}, 30]}
    json_filter = json.dumps({"op": "and", "args": [wide, narrow]})
    got = ask(county_server, RIVERS, filter=json_filter, filter_lang="cql2-json", limit=1000)
    assert got["numberMatched"] == int(rivers["width_m"].gt(10).mul(rivers["width_m"].lt(30)).sum())


def test_ats_queryables(county_server: Server, rivers: gpd.GeoDataFrame) -> None:
    """/ats/queryables and queryables-query-parameters: what is listed can be asked, by name too."""
    got = county_server.ask("/collections/natural.rivers/queryables")
    assert got.media == "application/schema+json"
    assert set(got.json["properties"]) == {*rivers.columns} - {"geometry"} | {"geometry"}
    asked = ask(county_server, RIVERS, order=2, limit=1000)
    assert asked["numberMatched"] == int((rivers["order"] == 2).sum())


def test_properties_are_chosen(county_server: Server) -> None:
    got = ask(county_server, RIVERS, properties="name,width_m", limit=3)
    assert {name for feature in got["features"] for name in feature["properties"]} == {"reach_id", "name", "width_m"}


def test_days_are_days(county_server: Server) -> None:
    got = ask(county_server, "/collections/artificial.change-patches/items", limit=5)
    assert all(len(feature["properties"]["date"]) == 10 for feature in got["features"])


def test_codes_keep_their_zeros(county_server: Server) -> None:
    got = ask(county_server, "/collections/artificial.land-survey/items", **{"class": "0101", "limit": 2})
    assert got["features"][0]["properties"]["class"] == "0101"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("bbox=1,2,3", "four or six"),
        ("bbox=a,b,c,d", "numbers"),
        ("bbox=1,5,2,4", "south"),
        ("bbox=nan,1,2,3", "finite"),
        ("bbox=1e400,1,2,3", "finite"),
        ("bbox=500000,3000000,510000,3010000", "degrees"),
        ("bbox=119,29,120,30&bbox-crs=EPSG:4549", "bbox-crs"),
        ("bbox-crs=" + quote(OWN), "without bbox"),
        ("crs=http://www.opengis.net/def/crs/EPSG/0/2154", "not given in"),
        ("crs=file:///etc/passwd", "not given in"),
        ("datetime=yesterday", "datetime"),
        ("datetime=2025-13-01", "datetime"),
        ("datetime=2025-02-01/2025-01-01", "datetime"),
        ("filter=width_m%20%3E", "CQL2"),
        ("filter=widht_m%20%3E%201", "width_m"),
        ("filter=width_m%20%3E%20'wide'", "compares"),
        ("filter=" + "(" * 500 + "width_m>1" + ")" * 500, "nested"),
        ("filter=" + quote("name = 'x'; DROP TABLE x"), "CQL2"),
        ("filter=" + quote("S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))"), "geometry"),
        ("filter=width_m%3E1&filter-lang=sql", "filter-lang"),
        ("filter=width_m%3E1&filter-crs=here", "filter-crs"),
        ("filter-lang=cql2-text", "without filter"),
        ("properties=widht_m", "width_m"),
        ("width_m=wide", "number"),
        ("nonsense=1", "no parameter"),
        ("limit=1&limit=2", "twice"),
        ("name=%00", "zero byte"),
    ],
)
def test_what_is_malformed_is_refused_in_one_sentence(county_server: Server, query: str, told: str) -> None:
    got = county_server.ask(f"{RIVERS}?{query}")
    assert got.status == 400, got.body[:300]
    assert told in got.problem
    assert "\n" not in got.problem


@pytest.mark.parametrize(
    "path",
    [
        "/collections/nowhere",
        "/collections/natural.river",
        "/collections/..%2f..%2fetc",
        "/collections/natural.terrain/items",
        "/nothing",
    ],
)
def test_what_is_not_there_is_told_so(county_server: Server, path: str) -> None:
    got = county_server.ask(path)
    assert got.status == 404
    assert got.problem


def test_methods_that_are_not_answered(county_server: Server) -> None:
    got = county_server.ask("/collections", "POST", {})
    assert got.status == 405
    assert "GET" in got.headers["allow"]
