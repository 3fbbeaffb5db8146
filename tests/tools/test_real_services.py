"""Ways by road in two real towns, asked by file names alone, against networkx over the same streets."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from spacegov.content import content_path
from spacegov.errors import BadInput, BadPolicy, UnsuitableCrs
from spacegov.toolbox.run import run
from spacegov.workspace import Workspace

DATA = os.environ.get("SPACEGOV_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="real layers are found through SPACEGOV_REAL_DATA")
ROOT = Path(DATA or ".")
CITY = f"{ROOT / 'baltimore_md.gpkg'}:"
TOWN = f"{ROOT / 'swellendam' / 'training_data.gpkg'}:"
METRES_A_MINUTE = 80.0
"""4.8 km/h, the pace on foot."""


def ask(tool, **given):
    return run(Workspace.open(content_path("sample_data")), tool, given, text=True, keep=False)


def read(source, crs=None):
    path, _, layer = source.rpartition(":")
    frame = gpd.read_file(path, layer=layer)
    return frame if crs is None else frame.to_crs(crs)


class Streets:
    """Streets as a graph of networkx, a node for every vertex, in metres; places are put in where they stand."""

    def __init__(self, lines, forward=None):
        self.graph = nx.DiGraph()
        parts, line = shapely.get_parts(lines, return_index=True)
        pieces = []
        for part, row in zip(parts, line, strict=True):
            points = [tuple(point) for point in np.round(shapely.get_coordinates(part), 2)]
            for one, two in itertools.pairwise(points):
                if one != two:
                    self._link(one, two, both=forward is None or not forward[row])
                    pieces.append(shapely.LineString([one, two]))
        self.pieces = np.array(pieces, dtype=object)
        self.tree = shapely.STRtree(self.pieces)

    def _link(self, one, two, both):
        self.graph.add_edge(one, two, weight=float(np.hypot(one[0] - two[0], one[1] - two[1])))
        if both:
            self.graph.add_edge(two, one, weight=self.graph[one][two]["weight"])

    def enter(self, places, name, most=200.0):
        """Link places with both ends of their nearest street; the node is named, the way to the road counts."""
        place, piece = self.tree.query_nearest(places, max_distance=most, all_matches=False)
        for number, street in zip(place.tolist(), piece.tolist(), strict=True):
            one, two = (tuple(point) for point in shapely.get_coordinates(self.pieces[street]))
            along = float(shapely.line_locate_point(self.pieces[street], places[number]))
            aside = float(shapely.distance(self.pieces[street], places[number]))
            for end, metres in ((one, along), (two, float(self.pieces[street].length) - along)):
                self.graph.add_edge((name, number), end, weight=metres + aside)
                self.graph.add_edge(end, (name, number), weight=metres + aside)
        return np.isin(np.arange(len(places)), place)

    def metres_to(self, name, count, targets, other):
        """Metres from places to the nearest of others, infinite without a way."""
        sources = {(other, number) for number in range(targets) if (other, number) in self.graph}
        found = nx.multi_source_dijkstra_path_length(self.graph.reverse(copy=False), sources)
        return np.array([found.get((name, number), np.inf) for number in range(count)])


def test_who_reaches_a_school_on_foot_in_a_small_town():
    given = {"facilities": f"{TOWN}schools", "roads": f"{TOWN}roads", "population": f"{TOWN}buildings"}
    with pytest.raises(UnsuitableCrs, match=r"in degrees.*--crs EPSG:32734"):
        ask("measure-service-coverage", **given)
    answer = ask("measure-service-coverage", **given, crs="EPSG:32734")
    streets = Streets(read(f"{TOWN}roads", 32734).geometry.to_numpy())
    doors = shapely.centroid(read(f"{TOWN}buildings", 32734).geometry.to_numpy())
    schools = shapely.centroid(read(f"{TOWN}schools", 32734).geometry.to_numpy())
    on = streets.enter(doors, "home")
    streets.enter(schools, "school")
    minutes = streets.metres_to("home", len(doors), len(schools), "school") / METRES_A_MINUTE
    buildings = answer.frames["buildings"]
    known = np.isfinite(minutes)
    # a home and a school on one street need no crossing, which the graph does not know: at most a few are nearer
    near = buildings["minutes"].to_numpy()
    assert (near[known] <= minutes[known] + 1e-3).all()
    assert np.isclose(near[known], minutes[known], atol=1e-3).mean() > 0.99
    assert (buildings["answer"] == "failed").tolist() == (~known).tolist()
    assert (buildings["reason"] == "off_network").tolist() == (~on).tolist()
    served = float((near <= 15).sum()) / len(doors)
    assert answer.summary["served_share"] == pytest.approx(served)
    assert served == pytest.approx((minutes <= 15).mean(), abs=0.002)
    assert answer.frames["units"]["buildings"].sum() == len(doors)
    assert any("every place counts as one person" in doubt.text for doubt in answer.provenance.doubts)


def test_service_areas_end_where_the_minutes_do():
    answer = ask(
        "measure-service-coverage", facilities=f"{TOWN}schools", roads=f"{TOWN}roads", population=f"{TOWN}buildings",
        crs="EPSG:32734", limit="10",
    )  # fmt: skip
    streets = Streets(read(f"{TOWN}roads", 32734).geometry.to_numpy())
    lines = streets.pieces
    schools = shapely.centroid(read(f"{TOWN}schools", 32734).geometry.to_numpy())
    streets.enter(schools, "school")
    limit = 10 * METRES_A_MINUTE
    for number, length in enumerate(answer.frames["areas"]["length_m"]):
        reach = nx.single_source_dijkstra_path_length(streets.graph, ("school", number), cutoff=limit)
        ends = [[limit - reach.get(tuple(point), np.inf) for point in shapely.get_coordinates(line)] for line in lines]
        sizes = shapely.length(lines)
        paid = np.maximum(np.array(ends), 0).sum(axis=1)
        # parts of streets at the limit count as far as the minutes last; the school's own street is reached from within
        assert length == pytest.approx(np.minimum(paid, sizes).sum(), abs=150)


@pytest.mark.long
def test_who_reaches_a_recreation_centre_in_a_city():
    answer = ask(
        "measure-service-coverage", facilities=f"{CITY}rec_centers", roads=f"{CITY}streets",
        population=f"{CITY}baltimore_block_groups", units=f"{CITY}planning_districts", unit="name",
    )  # fmt: skip
    streets = Streets(read(f"{CITY}streets").geometry.to_numpy())
    doors = shapely.centroid(read(f"{CITY}baltimore_block_groups").geometry.to_numpy())
    centres = read(f"{CITY}rec_centers").geometry.to_numpy()
    on = streets.enter(doors, "home")
    streets.enter(centres, "centre")
    minutes = streets.metres_to("home", len(doors), len(centres), "centre") / METRES_A_MINUTE
    buildings = answer.frames["buildings"]
    known = np.isfinite(minutes)
    assert np.isclose(buildings["minutes"].to_numpy()[known], minutes[known], atol=0.02).mean() > 0.99
    assert (buildings["reason"] == "off_network").tolist() == (~on).tolist()
    assert answer.summary["served_share"] == pytest.approx((minutes <= 15).mean(), abs=0.005)
    assert answer.frames["units"]["people"].sum() == len(doors)


def test_two_new_sites_are_the_best_pair_of_all():
    given = {"demand": f"{CITY}neighborhoods", "candidates": f"{CITY}rec_centers", "number": "2"}
    answer = ask("locate-facilities", **given)
    homes = shapely.get_coordinates(shapely.centroid(read(f"{CITY}neighborhoods").geometry.to_numpy()))
    sites = shapely.get_coordinates(read(f"{CITY}rec_centers").geometry.to_numpy())
    metres = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1))
    pairs = {pair: np.minimum(*metres[:, pair].T).sum() for pair in itertools.combinations(range(len(sites)), 2)}
    best = min(pairs, key=pairs.get)
    chosen = answer.frames["sites"]
    assert tuple(np.flatnonzero(chosen["decision"] == "chosen")) == best
    assert answer.frames["solution"]["objective"].iloc[0] == pytest.approx(pairs[best] / METRES_A_MINUTE)
    with pytest.raises(BadInput, match="maximum-coverage needs the longest time; give minutes"):
        ask("locate-facilities", **given, goal="maximum-coverage")


def test_most_people_within_reach_are_those_of_every_triple():
    answer = ask(
        "locate-facilities", demand=f"{TOWN}buildings", candidates=f"{TOWN}restaurants", roads=f"{TOWN}roads",
        crs="EPSG:32734", goal="maximum-coverage", number="3", limit="8",
    )  # fmt: skip
    streets = Streets(read(f"{TOWN}roads", 32734).geometry.to_numpy())
    doors = shapely.centroid(read(f"{TOWN}buildings", 32734).geometry.to_numpy())
    sites = shapely.centroid(read(f"{TOWN}restaurants", 32734).geometry.to_numpy())
    streets.enter(doors, "home")
    streets.enter(sites, "site")
    reach = np.zeros((len(sites), len(doors)), dtype=bool)
    for site in range(len(sites)):
        if ("site", site) in streets.graph:
            found = nx.single_source_dijkstra_path_length(
                streets.graph.reverse(copy=False), ("site", site), cutoff=8 * METRES_A_MINUTE
            )
            reach[site, [number for kind, number in found if kind == "home"]] = True
    most = max(reach[list(three)].any(axis=0).sum() for three in itertools.combinations(range(len(sites)), 3))
    # on one street the tool needs no crossing: it may serve a few more
    assert most <= answer.summary["people_served"] <= most * 1.01
    assert answer.frames["solution"]["status"].iloc[0] == "optimal"


def shelters_and_homes(tmp_path, room):
    schools = read(f"{TOWN}schools", 32734)[["name", "geometry"]].assign(capacity=room)
    homes = read(f"{TOWN}buildings", 32734)[["geometry"]].iloc[::4].assign(people="3", street="Swellendam")
    for name, frame in (("schools", schools), ("homes", homes)):
        frame.to_file(tmp_path / f"{name}.gpkg")
    return str(tmp_path / "homes.gpkg"), str(tmp_path / "schools.gpkg"), homes, schools


def test_an_evacuation_is_the_cheapest_flow(tmp_path):
    homes, schools, places, shelters = shelters_and_homes(tmp_path, [900, 300, 200, 500])
    answer = ask(
        "route-evacuation", origins=homes, shelters=schools, roads=f"{TOWN}roads", people="people", place="street",
        crs="EPSG:32734", speed="4.8",
    )  # fmt: skip
    streets = Streets(read(f"{TOWN}roads", 32734).geometry.to_numpy())
    doors, goals = (shapely.centroid(frame.geometry.to_numpy()) for frame in (places, shelters))
    streets.enter(doors, "home", 300.0)
    streets.enter(goals, "school", 300.0)
    flow = nx.DiGraph()
    for goal in range(len(goals)):
        found = nx.single_source_dijkstra_path_length(streets.graph.reverse(copy=False), ("school", goal))
        for kind, number in found:
            if kind == "home":
                flow.add_edge("start", number, capacity=3, weight=0)
                flow.add_edge(number, ("school", goal), weight=round(found[(kind, number)]))
        flow.add_edge(("school", goal), "end", capacity=int(shelters["capacity"].iloc[goal]), weight=0)
    placed = nx.maximum_flow_value(flow, "start", "end")
    cost = nx.max_flow_min_cost(flow, "start", "end")
    metres = nx.cost_of_flow(flow, cost)
    assert answer.summary["placed"] == placed
    assert answer.summary["person_minutes"] == pytest.approx(metres / METRES_A_MINUTE, rel=0.002)
    assert answer.summary["bound_person_minutes"] == pytest.approx(answer.summary["person_minutes"], rel=1e-9)
    unplaced = answer.frames["origins"]["unplaced"].sum()
    assert placed + unplaced == 3 * len(places)
    told = [doubt for doubt in answer.provenance.doubts if "people have no shelter" in doubt.text]
    assert sum(int(doubt.text.split()[0]) for doubt in told) == unplaced > 0
    assert all(doubt.where.startswith("Swellendam (") for doubt in told)
    assert (answer.frames["shelters"]["placed"] <= shelters["capacity"].to_numpy()).all()


def test_supply_of_districts_finds_each_building_its_nearest_shop():
    given = {
        "zones": f"{CITY}planning_districts", "buildings": f"{CITY}bcps_programs", "facilities": f"{CITY}main_streets",
        "roads": f"{CITY}streets", "zone_id": "name",
    }  # fmt: skip
    answer = ask("check-supply-access", **given, walking="30", repair="true")
    rows, places = answer.frames["buildings"], answer.frames["facilities"]
    schools = read(f"{CITY}bcps_programs").geometry.to_numpy()
    shops = shapely.centroid(read(f"{CITY}main_streets").geometry.to_numpy())
    # at one speed on road and path no way is shorter than the straight line, and few are twice as long
    straight = shapely.distance(schools[:, None], shops[None]).min(axis=1) / 500.0
    asked = rows["building"].astype(int).to_numpy()
    reached = rows["minutes"].notna().to_numpy()
    ratio = rows["minutes"].to_numpy()[reached] / straight[asked[reached]]
    assert ratio.min() >= 1 - 1e-6
    assert np.median(ratio) < 1.5
    assert places["buildings"].sum() == reached.sum()
    assert places["snap_m"].max() <= answer.summary["longest_snap_m"] + 1e-9


def test_setbacks_of_schools_from_stations_are_those_of_all_pairs(tmp_path):
    given = {
        "sources": f"{CITY}mta_light_rail_stations", "receptors": f"{CITY}bcps_programs", "source_kind": "mode",
        "receptor_kind": "type",
    }  # fmt: skip
    with pytest.raises(BadPolicy, match="no rule is for any of the kinds of sources Light Rail"):
        ask("check-hazard-setback", **given, rules="hazard-setback-2025")
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "title: {en: Distances, zh: 距离, ru: Расстояния}\nsource: a trial\nversion: '1'\n"
        "columns: {source: {type: string}, receptor: {type: string}, distance_m: {type: number}, "
        "basis: {type: string}, article: {type: string}}\nrows:\n  - [Light Rail, any, 400, default, null]\n"
    )
    answer = ask("check-hazard-setback", **given, rules=str(rules))
    metres = shapely.distance(
        read(f"{CITY}mta_light_rail_stations").geometry.to_numpy()[:, None],
        read(f"{CITY}bcps_programs").geometry.to_numpy()[None],
    )
    assert answer.summary["breach_count"] == int((metres < 400).sum()) > 0
    assert answer.summary["receptors_too_near"] == int((metres < 400).any(axis=0).sum())
    assert answer.summary["largest_missing_m"] == pytest.approx(400 - metres.min())
