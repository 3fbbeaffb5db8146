"""The restriction index: what it says is what all layers say, whatever was imported, removed or changed meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacegov.errors import BadInput
from spacegov.layers.index.pieces import split
from spacegov.layers.ingest import import_layer
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, disc, many, plots, send
from tests.tiny import CRS, EAST, NORTH, build_tiny_workspace, square

LAYERS = ("artificial.trial-county", PARCELS, "planned.trial-town", "planned.trial-farmland")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, gpd.GeoDataFrame]]:
    """Parcels in thousands and a polygon of 5,000 vertices, beside the other layers of the tiny workspace."""
    folder = tmp_path_factory.mktemp("index") / "tiny"
    build_tiny_workspace(folder)
    sent = many(2_000)
    sent.loc[0, "geometry"] = disc(5_000)
    sent.to_parquet(folder.parent / "m.parquet")
    workspace = Workspace.open(folder)
    import_layer(workspace, PARCELS, folder.parent / "m.parquet")
    return workspace, {name: workspace.layers[name].read() for name in LAYERS}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=st.floats(-100, 1100), y=st.floats(-100, 1100), size=st.sampled_from([0.0, 0.5, 20.0, 300.0]))
def test_it_says_what_the_layers_say(
    indexed: tuple[Workspace, dict[str, gpd.GeoDataFrame]], x: float, y: float, size: float
) -> None:
    workspace, frames = indexed
    place = shapely.Point(EAST + x, NORTH + y) if size == 0 else square(x, y, x + size, y + size)
    touched = workspace.restriction_index.touching(place)
    for name, frame in frames.items():
        wanted = frame[frame.intersects(place)]
        if len(wanted) == 0:
            assert name not in touched.layers
            continue
        got = touched.frame(name)
        assert len(got) == len(wanted)
        if name == PARCELS:
            assert sorted(got["plot_id"]) == sorted(wanted["plot_id"])
        if size:
            parts = touched.areas(place)
            assert parts.loc[parts["layer"] == name, "area_m2"].sum() == pytest.approx(
                wanted.intersection(place).area.sum(), rel=1e-9, abs=1e-6
            )
        assert np.allclose(sorted(got["unit_area_m2"]), sorted(wanted.area), rtol=1e-9)


def test_touching_borders_count(indexed: tuple[Workspace, dict[str, gpd.GeoDataFrame]]) -> None:
    touched = indexed[0].restriction_index.touching(square(1000, 0, 1100, 10))
    assert "artificial.trial-county" in touched.layers


def test_an_import_changes_only_its_layer(tiny_folder: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(tiny_folder)
    index = workspace.restriction_index
    assert sorted(index.refresh()) == sorted(LAYERS)
    assert index.refresh() == []
    files = {file.name: file.stat().st_mtime_ns for file in index.folder.glob("*.pieces")}
    place = square(0, 0, 5, 5)
    assert index.touching(place, layers=[PARCELS]).frame(PARCELS)["plot_id"].tolist() == ["a"]
    send(tmp_path, plots())
    # Another process imported; this one sees it at the next question.
    assert index.touching(place, layers=[PARCELS]).frame(PARCELS)["plot_id"].tolist() == ["p0"]
    now = {file.name: file.stat().st_mtime_ns for file in index.folder.glob("*.pieces")}
    assert len(now) == len(files) == 4
    assert len({name for name in now if now[name] == files.get(name)}) == 3
    assert index.units == 1 + 6 + 2 + 1


def test_it_is_made_anew_when_files_change_or_it_is_removed(tiny_folder: Path) -> None:
    index = Workspace.open(tiny_folder).restriction_index
    inside = square(700, 100, 710, 110)
    assert "planned.trial-town" in index.touching(inside).layers
    gpd.GeoDataFrame({"use": ["urban"]}, geometry=[square(0, 0, 5, 5)], crs=CRS).to_file(
        tiny_folder / "files/plans.gpkg", layer="town"
    )
    again = Workspace.open(tiny_folder).restriction_index
    assert "planned.trial-town" not in again.touching(inside).layers
    shutil.rmtree(again.folder)
    assert "artificial.trial-county" in Workspace.open(tiny_folder).restriction_index.touching(inside).layers


def test_a_layer_that_cannot_be_read_is_missing_and_not_absent(tiny_folder: Path) -> None:
    (tiny_folder / "files/farmland.geojson").write_text("{", encoding="utf-8")
    index = Workspace.open(tiny_folder).restriction_index
    assert index.missing() == ["planned.trial-farmland"]
    assert "planned.trial-farmland" not in index
    assert len(index) == 3


@pytest.mark.parametrize("place", [None, shapely.Point(), shapely.Polygon(), shapely.Point(np.inf, 0)])
def test_a_place_that_is_none(tiny_folder: Path, place: object) -> None:
    with pytest.raises(BadInput, match="empty"):
        Workspace.open(tiny_folder).restriction_index.touching(place)


def test_readers_of_the_index_are_readers_of_layers(indexed: tuple[Workspace, dict[str, gpd.GeoDataFrame]]) -> None:
    workspace, frames = indexed
    box = (EAST + 100, NORTH + 100, EAST + 160, NORTH + 160)
    readers = workspace.restriction_index.readers()
    assert set(readers) == set(workspace.layers)
    for name in LAYERS:
        got, wanted = readers[name].read(box), frames[name][frames[name].intersects(shapely.box(*box))]
        assert len(got) == len(wanted)
        assert got.crs == CRS
        assert set(frames[name].columns) <= set(got.columns)
        assert got.attrs["layer"] == name
    assert readers["planned.trial-unbound"].bound is False
    assert len(readers[PARCELS].read()) == 2_000


@settings(max_examples=8, deadline=None)
@given(vertices=st.integers(600, 2_000), radius=st.floats(50, 1e5), seed=st.integers(0, 99))
def test_pieces_make_up_the_whole(vertices: int, radius: float, seed: int) -> None:
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * np.random.default_rng(seed).uniform(0.5, 1.0, vertices)
    star = shapely.Polygon(np.c_[EAST + reach * np.cos(angle), NORTH + reach * np.sin(angle)])
    pieces = np.array(split(star))
    assert len(pieces) > 1
    assert shapely.is_valid(pieces).all()
    assert shapely.area(pieces).sum() == pytest.approx(star.area, rel=1e-9)
    assert shapely.get_num_coordinates(pieces).max() <= 520
    assert abs(shapely.union_all(pieces).symmetric_difference(star).area) <= 1e-8 * star.area
