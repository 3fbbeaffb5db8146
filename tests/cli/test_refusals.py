"""What the command line refuses: one sentence, the right exit code, no traceback, nothing half written."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from shapely import LineString, Point, Polygon

from spacegov.raster import Raster
from tests.processes import Told, spacegov, started
from tests.tiny import EAST, NORTH, parcels, square, town

PARCELS = "artificial.trial-parcels"


def refused(told: Told, code: int, *parts: str) -> str:
    """Assert one sentence on the error stream and nothing on the other."""
    assert told.code == code, told
    assert told.out == ""
    assert "Traceback" not in told.err
    lines = told.err.splitlines()
    assert len(lines) == 1, told.err
    message = lines[0].removeprefix("spacegov: ")
    assert len(message) < 700
    for part in parts:
        assert part in message
    return message


WORDS = [
    (("run", "trial-mesure"), "there is no tool 'trial-mesure'; did you mean 'trial-measure'"),
    (("run", "trial-measure", "places=artificial.trial-parcel"), f"did you mean '{PARCELS}'"),
    (("run", "trial-measure", "plces=x"), "there is no input or option 'plces'; did you mean 'places'"),
    (("run", "trial-measure", "min_aera=1"), "did you mean 'min_area'"),
    (("run", "trial-measure", "min_area=lots"), "min_area: 'lots' was given, needed is a valid number"),
    (("run", "trial-measure", "by=usage"), "the column 'usage' is missing; did you mean 'use'"),
    (("run", "trial-measure", "places"), "'places' was given where NAME=VALUE is needed"),
    (("run", "trial-measure", "places="), "places names no layer"),
    (("run", "trial-measure", "places=absent.gpkg"), "absent.gpkg: there is no such file"),
    (("run", "trial-measure", "places=planned.trial-unbound"), "has no data for the layer"),
    (("run", "trial-rules", "rules=trial-rule-1"), "did you mean 'trial-rules-1'"),
    (("run", "trial-measure", "--crs", "EPSG:99999999"), "--crs: 'EPSG:99999999' names no CRS"),
    (("run", "trial-measure", "--crs", "EPSG:4326"), "--crs: it is in EPSG:4326, in degrees"),
    (("run", "trial-measure", "--language", "fr"), "--language: there is no 'fr'"),
    (("run", "trial-measure", "--outt", "a.gpkg"), "no such option: --outt"),
    (("run",), "missing argument"),
    (("rum",), "did you mean"),
    (("show", "trial-rules-2"), "did you mean 'trial-rules-1'"),
    (("layers", "--space", "planed"), "did you mean 'planned'"),
    (("tools", "--application", "usage"), "there is no application 'usage'"),
]


@pytest.mark.parametrize(
    ("words", "told"), WORDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_words_that_mean_nothing(tiny_template: Path, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    message = refused(spacegov(*words, cwd=tiny_template), 2)
    assert told.lower() in message.lower()
    assert not (tiny_template / "runs").exists()


def test_a_workspace_that_is_none(tmp_path: Path) -> None:
    refused(started("layers", "-w", tmp_path / "absent"), 2, "there is no such folder")
    refused(spacegov("layers", "-w", tmp_path), 2, "has no workspace.yaml")


def test_refusals_are_json_when_json_is_asked_for(tiny_template: Path) -> None:
    told = spacegov("run", "trial-measure", "by=usage", "-w", tiny_template, "--json")
    assert (told.code, told.out) == (2, "")
    fault = told.lines[-1]
    assert fault["kind"] == "MissingColumn"
    assert fault["exit_code"] == 2
    assert "'usage'" in fault["error"]
    usage = spacegov("run", "trial-measure", "--json", "--outt", "x")
    assert (usage.code, usage.lines[0]["kind"]) == (2, "Usage")


OUT = [
    (("--out", "a.docx"), "the suffix '.docx' names no format"),
    (("--out", "absent/a.gpkg"), "the folder absent does not exist"),
    (("--map", "a.pdf"), "the suffix '.pdf' names no format"),
    (("--map", "absent/a.html"), "the folder absent does not exist"),
    (("--out", "a-file"), "a folder is needed there, it is a file"),
]


@pytest.mark.parametrize(("words", "told"), OUT, ids=[" ".join(words) for words, _ in OUT])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    tiny_folder: Path, words: tuple[str, ...], told: str
) -> None:
    (tiny_folder / "a-file").touch()
    # The tool itself would fail with code 4: what is told is the place, so the tool was never asked.
    refused(spacegov("run", "trial-fault", *words, cwd=tiny_folder), 2, told)
    assert not (tiny_folder / "runs").exists()


def test_faults_of_ours_end_with_four(tiny_folder: Path) -> None:
    refused(spacegov("run", "trial-imbalance", cwd=tiny_folder), 4, "the answer is withheld")
    message = refused(spacegov("run", "trial-fault", cwd=tiny_folder), 4, "ZeroDivisionError")
    assert "SPACEGOV_TRACEBACK=1" in message
    told = spacegov("run", "trial-fault", cwd=tiny_folder, SPACEGOV_TRACEBACK="1")
    assert told.code != 0
    assert "Traceback" in told.err
    assert not list((tiny_folder / "runs").glob("*"))


def _write_files(folder: Path) -> None:
    """Write one file for every way in which a file can be wrong."""
    parcels().to_file(folder / "good.gpkg")
    cut = (folder / "good.gpkg").read_bytes()
    (folder / "cut.gpkg").write_bytes(cut[: len(cut) // 2])
    parcels().to_crs(4326).to_file(folder / "good.geojson")
    text = (folder / "good.geojson").read_bytes()
    (folder / "cut.geojson").write_bytes(text[: len(text) // 2])
    parcels().to_file(folder / "cut.shp")
    shapes = (folder / "cut.shp").read_bytes()
    (folder / "cut.shp").write_bytes(shapes[: len(shapes) // 2])
    parcels().to_parquet(folder / "cut.parquet")
    rows = (folder / "cut.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(rows[: len(rows) // 2])
    (folder / "empty.gpkg").touch()
    (folder / "words.gpkg").write_text("these are words", encoding="utf-8")
    (folder / "table.csv").write_text("use,people\n0101,3\n", encoding="utf-8")
    parcels().set_crs(None, allow_override=True).to_file(folder / "nowhere.shp")
    parcels().to_crs(3857).to_file(folder / "mercator.gpkg")
    swapped = parcels().set_geometry(
        parcels().geometry.map(lambda shape: Polygon([(y, x) for x, y in shape.exterior.coords]))
    )
    swapped.to_file(folder / "swapped.gpkg")
    mixed = [square(0, 0, 10, 10), Point(EAST, NORTH), LineString([(EAST, NORTH), (EAST + 5, NORTH)])]
    gpd.GeoDataFrame({"use": list("abc")}, geometry=mixed, crs=4549).to_file(folder / "mixed.gpkg")
    bowtie = Polygon([(EAST, NORTH), (EAST + 10, NORTH + 10), (EAST + 10, NORTH), (EAST, NORTH + 10)])
    gpd.GeoDataFrame({"use": ["a"]}, geometry=[bowtie], crs=4549).to_file(folder / "bowtie.gpkg")
    gpd.GeoDataFrame({"use": ["a"]}, geometry=[None], crs=4549).to_file(folder / "hollow.gpkg")
    noise = np.random.default_rng(1).random((300, 300), dtype=np.float32)
    Raster.from_array(noise, Affine(5, 0, EAST, 0, -5, NORTH), 4549).write(folder / "good.tif")
    cells = (folder / "good.tif").read_bytes()
    (folder / "cut.tif").write_bytes(cells[: len(cells) // 2])
    Raster.from_array(noise, Affine(0.001, 0, 120, 0, -0.001, 29), 4326).write(folder / "degrees.tif")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faulty")
    _write_files(folder)
    return folder


FILES = [
    ("trial-measure", "cut.gpkg", "cut.gpkg"),
    ("trial-measure", "cut.geojson", "cut.geojson"),
    ("trial-measure", "cut.shp", "it is cut off"),
    ("trial-measure", "cut.parquet", "cut.parquet"),
    ("trial-measure", "empty.gpkg", "the file is empty"),
    ("trial-measure", "words.gpkg", "it may be cut off or not what its name says"),
    ("trial-measure", "table.csv", "is a table without geometry"),
    ("trial-measure", "good.geojson", "in degrees; a projected CRS in metres is needed; use --crs EPSG:326"),
    ("trial-measure", "nowhere.shp", "it has no CRS"),
    ("trial-measure", "mercator.gpkg", "EPSG:3857 is the wrong CRS for its place"),
    ("trial-measure", "swapped.gpkg", "with the axes swapped"),
    ("trial-measure", "mixed.gpkg", "only Polygon, MultiPolygon is allowed"),
    ("trial-measure", "bowtie.gpkg", "1 of 1 polygons are broken"),
    ("trial-measure", "hollow.gpkg", "none of its 1 features has a geometry"),
    ("trial-measure", "good.tif", "is a raster, Polygons is needed"),
    ("trial-measure", "good.gpkg:twon", "there is no layer 'twon'"),
    ("trial-raise", "cut.tif", "cut.tif"),
    ("trial-raise", "good.gpkg", "cannot be read as a raster"),
    ("trial-raise", "degrees.tif", "in degrees"),
]


@pytest.mark.parametrize(("tool", "name", "told"), FILES, ids=[name for _, name, _ in FILES])
def test_files_that_cannot_carry_the_question(
    faulty: Path, tiny_template: Path, tool: str, name: str, told: str
) -> None:
    words = (f"places={name}", "by=use") if tool == "trial-measure" else (f"terrain={name}",)
    before = sorted(faulty.iterdir())
    refused(spacegov("run", tool, *words, "-w", tiny_template, cwd=faulty), 2, told)
    assert sorted(faulty.iterdir()) == before
    assert not (tiny_template / "runs").exists()


def test_a_refusal_leaves_no_output(faulty: Path, tiny_template: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.gpkg"
    told = spacegov(
        "run",
        "trial-measure",
        "places=bowtie.gpkg",
        "by=use",
        "--out",
        out,
        "-w",
        tiny_template,
        cwd=faulty,
    )
    refused(told, 2, "broken")
    assert list(tmp_path.iterdir()) == []


def test_real_tools_refuse_in_the_same_way(faulty: Path) -> None:
    refused(spacegov("run", "detect-plan-conflict", "plans=good.gpkg,mercator.gpkg", "use=use", cwd=faulty), 2, "CRS")
    told = started("run", "check-geometry", "layer=bowtie.gpkg", "--json", cwd=faulty)
    assert told.code == 0, told.err
    assert told.answer["summary"]["broken"] == 1
    town().to_file(faulty / "extra.gpkg")
    assert (
        json.loads(spacegov("run", "check-geometry", "layer=extra.gpkg", "--json", cwd=faulty).out)["summary"]["broken"]
        == 0
    )
