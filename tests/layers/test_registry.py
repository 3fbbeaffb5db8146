"""The registry of 1,200 layers: found by words in three languages, counted by facets, quality by layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.large_registry import write_large_workspace
from spacegov.errors import BadCard
from spacegov.layers.card import SPACES
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, many, send
from tests.layers.test_import import faulty


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace of 1,200 layers of its own."""
    folder = tmp_path_factory.mktemp("large")
    write_large_workspace(folder, 1_200)
    return Workspace.open(folder)


def own(names: list[str]) -> list[str]:
    return [name for name in names if ".made-" in name]


def test_all_are_known_and_bound(large: Workspace) -> None:
    names = own(list(large.layers))
    assert len(names) == 1_200
    assert large.layers.binding(names[7]).status in {"draft", "in-force"}  # type: ignore[union-attr]
    assert own(large.layers.tree()["natural"]) == [name for name in names if name.startswith("natural.")]


@pytest.mark.parametrize("word", ["wetland", "wetlnad", "湿地", "болото", "болтоо", "Wetland 7"])
def test_words_are_found_in_three_languages_and_with_a_slip(large: Workspace, word: str) -> None:
    found = large.layers.find(word)
    assert found
    assert "Wetland" in found[0].title("en")
    assert all("wetland" in layer.title("en").casefold() for layer in found[:20])


def test_facets_count_what_find_narrows(large: Workspace) -> None:
    facets = large.layers.facets()
    for facet in ("space", "steward", "sharing", "status"):
        for value, count in facets[facet].items():
            assert len(large.layers.find(**{facet: value})) == count
    assert sum(facets["space"].values()) == len(large.layers)
    assert set(facets["space"]) == set(SPACES)
    some = large.layers.facets("湿地")
    assert sum(some["kind"].values()) == len(large.layers.find("湿地"))
    assert some["theme"].keys() == {"wetland"}


def test_quality_and_problem_rate_by_layer(tiny_folder: Path, tmp_path: Path) -> None:
    send(tmp_path, faulty(), "f.parquet", on_fault="accept")
    table = Workspace.open(tiny_folder).layers.quality()
    row = table.loc[PARCELS]
    assert (row["tier"], row["rows"], row["problem_records"], row["rate"]) == ("A", 8, 5, 5 / 8)
    assert table.loc["planned.trial-town", "coverage"] == "partial"
    assert table["rows"].isna()["planned.trial-unbound"]


def test_a_bad_card_among_1200_is_named_with_its_line(tmp_path: Path) -> None:
    write_large_workspace(tmp_path, 30)
    card = next((tmp_path / "layers/planned").glob("*.yaml"))
    card.write_text(card.read_text(encoding="utf-8").replace("steward:", "stewart:"), encoding="utf-8")
    layers = Workspace.open(tmp_path).layers
    with pytest.raises(BadCard, match=r"line \d+.*'stewart'.*did you mean 'steward'"):
        layers[f"planned.{card.stem}"]
    assert len(own(list(layers))) == 30


def test_what_was_changed_is_seen_by_the_next_workspace(tiny_folder: Path, tmp_path: Path) -> None:
    first = Workspace.open(tiny_folder)
    assert PARCELS in [layer.id for layer in first.layers.find("Parcels", space="artificial")]
    send(tmp_path, many(5))
    card = tiny_folder / "layers/artificial/trial-parcels.yaml"
    card.write_text(card.read_text(encoding="utf-8").replace("Parcels", "Allotments"), encoding="utf-8")
    assert Workspace.open(tiny_folder).layers.find("allotments")[0].id == PARCELS
