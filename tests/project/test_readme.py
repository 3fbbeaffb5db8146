"""Every command and snippet of README and of the page on batches runs, and the figures are those of their pages."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from docs import measured
from spacegov.batch.run import open_plan
from spacegov.content import content_path
from spacegov.workspace import Workspace
from tests.processes import environment, spacegov

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BATCHES = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    parts = re.split(r"^```(\w*)\n", text, flags=re.MULTILINE)
    # Every second fence opens a block; what it is stands behind it.
    return [body for kind, body in zip(parts[1::4], parts[2::4], strict=True) if kind == language]


def commands(text: str, program: str) -> list[list[str]]:
    lines = [line for block in blocks(text, "") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines if line.startswith(f"{program} ")]
    return words


ALONE = [words for words in commands(README, "spacegov") if words[1] != "batch" and "baltimore" not in str(words)]


def test_there_is_something_to_run() -> None:
    assert len(ALONE) >= 8
    assert len(commands(README, "spacegov")) - len(ALONE) >= 4
    assert len(blocks(README, "python")) >= 1


@pytest.mark.parametrize("words", ALONE, ids=" ".join)
def test_a_command_of_readme_runs(words: list[str], tmp_path: Path) -> None:
    told = spacegov(*words[1:], cwd=tmp_path)
    assert told.code == 0, told.err
    assert told.out.strip()
    for option, value in itertools.pairwise(words):
        if option in {"--out", "--map", "--report"}:
            assert (tmp_path / value).exists()
    if words[1] == "scenario":
        promised = {"report.html", "report.pdf", "map.html", "tables.xlsx", "layers.gpkg"}
        out = tmp_path / words[-1]
        folders = [path for path in out.iterdir() if path.is_dir()] if "--all" in words else [out]
        assert folders
        assert all({path.name for path in folder.iterdir()} >= promised for folder in folders)
        assert "--all" not in words or (out / "index.html").is_file()


def test_the_batch_of_readme_runs(tmp_path: Path) -> None:
    (plan,) = blocks(README, "yaml")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    for words in (words for words in commands(README, "spacegov") if words[1] == "batch"):
        told = spacegov(*words[1:], cwd=tmp_path)
        assert told.code == 0, told.err
    assert "kept from an earlier run" in told.out
    assert (tmp_path / "townships" / "manifest.json").is_file()


def test_the_question_about_ones_own_files_runs(tmp_path: Path) -> None:
    real = os.environ.get("SPACEGOV_REAL_DATA")
    if real is None or not (Path(real) / "baltimore_md.gpkg").exists():
        pytest.skip("SPACEGOV_REAL_DATA names no folder with baltimore_md.gpkg")
    (tmp_path / "baltimore_md.gpkg").symlink_to(Path(real) / "baltimore_md.gpkg")
    (words,) = (words for words in commands(README, "spacegov") if "baltimore" in str(words))
    told = spacegov(*words[1:], cwd=tmp_path)
    assert told.code == 0, told.err
    assert "4\N{NARROW NO-BREAK SPACE}450.5" in told.out or "4 450.5" in told.out.replace("\N{NO-BREAK SPACE}", " ")
    assert (tmp_path / "baltimore.html").stat().st_size > 10_000


@pytest.mark.parametrize("number", range(len(blocks(README, "python"))))
def test_a_snippet_of_readme_runs(number: int, tmp_path: Path) -> None:
    run_snippet(blocks(README, "python")[number], tmp_path)


def run_snippet(code: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=folder, env=environment(), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_snippet_of_the_page_on_batches_runs(tmp_path: Path) -> None:
    (code,) = blocks(BATCHES, "python")
    run_snippet(
        "import spacegov\nif __name__ == '__main__':\n" + "".join(f"    {line}\n" for line in code.splitlines()),
        tmp_path,
    )
    assert (tmp_path / "idle-land" / "batch.xlsx").is_file()


def test_the_plan_of_the_page_on_batches_fits(tmp_path: Path) -> None:
    (plan,) = blocks(BATCHES, "yaml")
    assert plan == (ROOT / "docs" / "plans" / "townships.yaml").read_text(encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    checked, _, _ = open_plan(tmp_path / "plan.yaml", Workspace.open(content_path("sample_data")))
    assert len(checked.tasks) == 3
    listed = spacegov(*commands(BATCHES, "spacegov")[0][1:], cwd=tmp_path)
    assert listed.code == 0, listed.err
    assert "29 parts" in listed.out


def test_the_targets_of_readme_exist() -> None:
    named = {words[1] for words in commands(README, "make")} | set(re.findall(r"`make ([a-z-]+)", README))
    assert {"run", "test"} <= named
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_links_of_readme_lead_somewhere() -> None:
    for text, folder in ((README, ROOT), (BATCHES, ROOT / "docs")):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (folder / target).exists(), f"{target} is missing"


def test_the_measured_figures_are_those_of_their_pages() -> None:
    assert f"{measured.BEGIN}\n{measured.measured()}\n{measured.END}" in README, "run python -m docs.measured"
