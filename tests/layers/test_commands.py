"""The commands new, import and check, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd

from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, plots
from tests.layers.test_import import faulty
from tests.tiny import CRS


def spacegov(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "spacegov", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_from_an_empty_folder_to_a_checked_layer(tmp_path: Path) -> None:
    plots().to_file(tmp_path / "p.gpkg")
    made = spacegov("new", tmp_path / "w", "--crs", CRS, "--name", "兰河", "--json")
    assert json.loads(made.stdout)["crs"] == CRS
    words = ["import", tmp_path / "p.gpkg", "--layer", "planned.plots", "--workspace", tmp_path / "w"]
    unknown = spacegov(*words)
    assert (unknown.returncode, "--draft STEWARD" in unknown.stderr) == (2, True)
    done = spacegov(*words, "--draft", "natural-resources", "--valid-from", "2026-03-01", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) | {"files": []} == {
        "layer": "planned.plots", "status": "imported", "version": "2026-03-01", "rows": 6, "problem_records": 0,
        "faults": {}, "repaired": 0, "files": [],
    }  # fmt: skip
    told = [json.loads(line) for line in spacegov("check", "-w", tmp_path / "w", "--json").stdout.splitlines()]
    assert [(row["layer"], row["state"], row["rows"]) for row in told] == [("planned.plots", "sound", 6)]
    assert Workspace.open(tmp_path / "w").title == "兰河"
    path = Workspace.open(tmp_path / "w").store.path("planned.plots")
    path.write_bytes(path.read_bytes()[:-100])
    broken = spacegov("check", "-w", tmp_path / "w")
    assert (broken.returncode, "cannot be read" in broken.stderr) == (3, True)


def test_a_delivery_with_faults_is_refused_with_a_table_of_them(tiny_folder: Path, tmp_path: Path) -> None:
    faulty().to_parquet(tmp_path / "f.parquet")
    words = ["import", tmp_path / "f.parquet", "--layer", PARCELS, "-w", tiny_folder]
    refused = spacegov(*words, "--faults", tmp_path / "faults.csv")
    assert refused.returncode == 2
    assert "5 of 8 records with errors" in refused.stdout
    assert "1 self-intersection" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert len((tmp_path / "faults.csv").read_text(encoding="utf-8").splitlines()) == 6
    taken = spacegov(*words, "--on-fault", "accept", "--map", tmp_path / "import.html")
    assert (taken.returncode, "imported" in taken.stdout) == (0, True)
    listed = ["--faults", tmp_path / "checked.parquet", "--map", tmp_path / "checked.html", "--json"]
    checked = spacegov("check", PARCELS, "-w", tiny_folder, *listed)
    assert checked.returncode == 0, checked.stderr
    table = gpd.read_parquet(tmp_path / "checked.parquet")
    assert set(table["layer"]) == {PARCELS}
    assert {"self-intersection", "duplicate"} <= set(table["code"])
    assert table.geometry[table["code"] == "duplicate"].notna().all()
    for page in ("import.html", "checked.html"):
        text = (tmp_path / page).read_text(encoding="utf-8")
        assert "self-intersection" in text
        assert "How to mend it" in text


def test_a_map_of_faults_needs_a_place(tiny_folder: Path, tmp_path: Path) -> None:
    wrong = spacegov("check", "-w", tiny_folder, "--map", tmp_path / "m.png")
    assert (wrong.returncode, "ends in .html" in wrong.stderr) == (2, True)
    plots().to_parquet(tmp_path / "p.parquet")
    words = ["import", tmp_path / "p.parquet", "--layer", PARCELS, "-w", tiny_folder, "--map", tmp_path / "m.html"]
    none = spacegov(*words)
    assert (none.returncode, "no fault has a place" in none.stderr) == (0, True)
    assert not (tmp_path / "m.html").exists()


def test_words_that_make_no_sense(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("x", encoding="utf-8")
    for words, said in (
        (("new", tmp_path / "a", "--crs", "EPSG:4326"), "in degrees"),
        (("new", tmp_path / "a", "--crs", "nonsense"), "names no CRS"),
        (("new", tmp_path / "full", "--crs", CRS), "not empty"),
    ):
        done = spacegov(*words)
        assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (2, True, 1), done.stderr
