"""The command line as a user meets it: real processes, what they print, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from tests.processes import command, environment, spacegov, started
from tests.tiny import farmland, parcels, square, town

PARCELS = "artificial.trial-parcels"


def loaded(*words: str) -> set[str]:
    """Name the modules that a command has loaded when it ends."""
    script = (
        "import sys, io, contextlib\n"
        "from spacegov.cli import main\n"
        "sys.argv = ['spacegov', *sys.argv[1:]]\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print('\\n'.join(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, env=environment(), check=True
    )
    return set(done.stdout.split())


HEAVY = {"geopandas", "numba", "folium", "pandas", "shapely", "rasterio", "pyproj", "pyarrow", "xarray", "scipy"}


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("tools", "--json"), ("layers", "--json")])
def test_lists_and_help_load_no_heavy_library(words: tuple[str, ...]) -> None:
    modules = loaded(*words)
    assert "spacegov.cli.main" in modules
    assert modules & HEAVY == set()


def test_importing_spacegov_loads_next_to_nothing() -> None:
    script = "import sys; before = set(sys.modules); import spacegov; print('\\n'.join(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment(), check=True)
    assert "spacegov" in done.stdout.split()
    assert {name for name in done.stdout.split() if name.startswith("spacegov")} == {"spacegov"}
    assert {name.partition(".")[0] for name in done.stdout.split()} - {"spacegov"} <= sys.stdlib_module_names


def test_help_and_version() -> None:
    told = started("--help")
    assert told.code == 0
    for name in ("demo", "layers", "tools", "show", "run"):
        assert f"  {name} " in told.out
    assert spacegov("--version").out.startswith("spacegov 0.")
    bare = spacegov()
    assert bare.code == 2
    assert "Usage:" in bare.out + bare.err


# ---- lists


def test_layers_and_tools_are_one_object_a_line(tiny_folder: Path) -> None:
    layers = [json.loads(line) for line in spacegov("layers", "--json", "-w", tiny_folder).out.splitlines()]
    found = {layer["id"]: layer for layer in layers}
    assert {"id", "title", "space", "kind", "steward", "status", "coverage", "version"} <= set(found[PARCELS])
    assert (found[PARCELS]["space"], found[PARCELS]["version"]) == ("artificial", "2025-01-01")
    assert found["planned.trial-unbound"]["status"] == "not-bound"
    tools = [json.loads(line) for line in spacegov("tools", "trial", "--json", "-w", tiny_folder).out.splitlines()]
    assert {"id", "title", "application", "question"} <= set(tools[0])
    assert "trial-measure" in {tool["id"] for tool in tools}


def test_lists_for_people(tiny_folder: Path) -> None:
    layers = spacegov("layers", "parcels trial", cwd=tiny_folder)
    assert layers.code == 0
    assert PARCELS in layers.out
    assert "layers of Tiny" in layers.out.splitlines()[-1]
    assert "布局" not in layers.out
    assert "试验" in spacegov("layers", "trial", "-w", tiny_folder, "--language", "zh").out


def test_show_a_layer_a_tool_and_a_policy_table(tiny_folder: Path) -> None:
    layer = spacegov("show", PARCELS, "-w", tiny_folder)
    assert "use: Use (code, scheme trial-use)" in layer.out
    facts = spacegov("show", PARCELS, "-w", tiny_folder, "--json").answer
    assert facts["card"]["sharing"]["class"] == "open"
    assert facts["binding"]["source"] == "store"
    tool = spacegov("show", "trial-conflict", "-w", tiny_folder)
    assert "plans (Features, several): planned.trial-town, planned.trial-farmland" in tool.out
    assert "min_area" in tool.out
    schema = spacegov("show", "trial-conflict", "-w", tiny_folder, "--json").answer["schema"]
    assert schema["properties"]["min_area"]["unit"] == "m²"
    table = spacegov("show", "trial-rules-1", "-w", tiny_folder)
    assert "keep" in table.out
    rows = spacegov("show", "trial-rules-1", "-w", tiny_folder, "--json").answer["rows"]
    assert rows[0] == {"use": "0101", "verdict": "keep", "weight": 1.0, "since": "2025-01-01"}
    assert rows[1]["since"] is None


# ---- run


def test_run_prints_one_object_and_nothing_else(tiny_folder: Path, tmp_path: Path) -> None:
    told = started("run", "trial-conflict", "-w", tiny_folder, "--json", "--out", tmp_path / "conflicts.gpkg")
    assert told.code == 0
    answer = told.answer
    assert set(answer) >= {"tool", "status", "rows", "summary", "provenance", "files"}
    assert (answer["tool"], answer["status"], answer["rows"]) == ("trial-conflict", "done", 1)
    assert answer["summary"]["area_m2"] == pytest.approx(60_000, rel=1e-6)
    assert answer["provenance"]["inputs"][0]["layer"] == "planned.trial-town"
    assert len(gpd.read_file(answer["files"]["out"])) == 1
    assert Path(answer["files"]["run"], "run.json").is_file()
    assert told.out.count("\n") == 1
    progress = [line for line in told.lines if "progress" in line]
    assert progress
    assert all(0 <= line["progress"] <= 1 for line in progress)
    assert all(set(line) in ({"progress", "step"}, {"message"}) for line in told.lines)


def test_run_for_people_says_the_answer_and_where_it_is(tiny_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer"
    told = spacegov(
        "run", "trial-measure", "min_area=101", "places=planned.trial-town", "-w", tiny_folder, "--out", out
    )
    assert (told.code, told.err) == (0, "")
    assert "How large are the places?" in told.out
    assert "not covered by planned.trial-town: 40.0" in told.out
    assert "left out: 1 (smaller than min_area" in told.out
    assert "doubt: 1 small places were left out (places)" in told.out
    assert {file.name for file in out.iterdir()} == {"places.gpkg", "totals.csv", "trial-measure.xlsx", "run.json"}
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["rows"] == 1


def test_run_on_files_alone_needs_no_workspace(tmp_path: Path) -> None:
    town().to_file(tmp_path / "plans.gpkg", layer="town")
    farmland().to_file(tmp_path / "plans.gpkg", layer="farm")
    told = spacegov(
        "run", "detect-plan-conflict", "plans=plans.gpkg:town,plans.gpkg:farm", "use=use", "--json",
        "--out", "a.parquet", cwd=tmp_path,
    )  # fmt: skip
    assert told.code == 0, told.err
    assert told.answer["provenance"]["workspace"] is None
    assert told.answer["summary"]["area_m2"] == pytest.approx(60_000, abs=1e-3)
    assert [record["layer"] for record in told.answer["provenance"]["inputs"]] == ["town", "farm"]
    assert len(gpd.read_parquet(tmp_path / "a.parquet")) == 1


def test_crs_and_repair_and_vary_reach_the_run(tiny_folder: Path, tmp_path: Path) -> None:
    parcels().to_crs(4326).to_file(tmp_path / "degrees.geojson")
    told = spacegov(
        "run", "trial-measure", f"places={tmp_path / 'degrees.geojson'}", "by=use", "--crs", "EPSG:4548", "--vary",
        "--repair", "--json", "-w", tiny_folder,
    )  # fmt: skip
    assert told.code == 0, told.err
    assert told.answer["provenance"]["inputs"][0]["crs"] == "EPSG:4548"
    assert told.answer["provenance"]["repair"] is True
    assert Path(told.answer["files"]["run"], "sensitivity.parquet").is_file()


def test_a_question_within_the_area_of_a_file(tiny_folder: Path, tmp_path: Path) -> None:
    """The conflict is 300 × 200 m from 600 to 900 m east; an area that ends at 700 m leaves a third of it."""
    area = tmp_path / "area.geojson"
    gpd.GeoDataFrame(geometry=[square(0, 0, 700, 1000)], crs=parcels().crs).to_crs(4326).to_file(area)
    told = spacegov("run", "trial-conflict", "-w", tiny_folder, "--within", area, "--json")
    assert told.code == 0, told.err
    assert told.answer["summary"]["area_m2"] == pytest.approx(20_000, rel=1e-5)
    assert told.answer["provenance"]["inputs"][0]["source"].endswith("cut to the area")
    point = tmp_path / "point.geojson"
    gpd.GeoDataFrame(geometry=[square(0, 0, 1, 1).centroid], crs=parcels().crs).to_crs(4326).to_file(point)
    told = spacegov("run", "trial-conflict", "-w", tiny_folder, "--within", point, "--json")
    assert told.code == 2
    assert "a Point was given, an area is needed" in told.err


def test_a_name_given_twice_collects_its_values(tiny_folder: Path) -> None:
    told = spacegov(
        "run",
        "trial-measure",
        f"places={PARCELS}",
        "places=planned.trial-town",
        "--json",
        "-w",
        tiny_folder,
    )
    assert told.answer["rows"] == 6


def test_numbers_that_are_none_are_null_in_json(tiny_folder: Path) -> None:
    told = spacegov("show", "trial-rules-1", "-w", tiny_folder, "--json")
    assert "NaN" not in told.out
    assert told.answer["rows"][1]["weight"] is None


def test_a_reader_that_stops_early_meets_no_traceback(tiny_folder: Path) -> None:
    shell = " ".join(f"'{word}'" for word in command("layers", "--json", "-w", tiny_folder))
    done = subprocess.run(
        ["bash", "-c", f"{shell} | head -1"], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["id"]


def test_a_map_is_written_when_asked(tiny_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    told = spacegov("run", "trial-conflict", "-w", tiny_folder, "--map", path, "--json")
    assert told.code == 0, told.err
    assert told.answer["files"]["map"] == str(path)
    assert "leaflet" in path.read_text(encoding="utf-8").lower()


def test_an_answer_without_a_place_is_told_although_no_map_can_be_drawn(tiny_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    told = spacegov(
        "run",
        "check-extent",
        "layers=artificial.trial-parcels",
        "territory=artificial.trial-county",
        "-w",
        tiny_folder,
        "--map",
        path,
        "--json",
    )
    assert told.code == 3
    assert "nothing in the answer has a place" in told.err
    assert told.answer["status"] == "done"
    assert "map" not in told.answer["files"]
    assert not path.exists()
