"""All scenarios in one command: a folder for each, a page that leads to them, the faults of one kept apart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import processes
from tests.processes import spacegov as command

MEASURE = "  - {id: measure, department: NR, title: {en: M}, days: 1, tool: trial-measure}\n"
DECIDE = "  - {id: decide, department: NR, title: {en: D}, days: 1, after: [measure], decision: {asked: {en: A?}}}\n"
FAIL = "  - {id: fail, department: NR, title: {en: F}, days: 1, tool: trial-fault}\n"
SCATTER = "  - {id: scatter, department: NR, title: {en: S}, days: 1, tool: trial-scatter, options: {count: 300000}}\n"


class Links(HTMLParser):
    """Where a page leads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(str(dict(attrs)["href"]))


@pytest.fixture
def written(write_card: Callable[..., Path]) -> Callable[..., Path]:
    """Write scenarios of an application that has none of ours; give their workspace."""

    def write(**steps: str) -> Path:
        paths = [write_card(text, name, application="foundation") for name, text in steps.items()]
        return paths[0].parents[3]

    return write


def run_all(workspace: Path, out: Path, *words: str) -> processes.Told:
    return command("scenario", "--all", "--application", "foundation", "-w", workspace, "--out", out, *words)


def test_each_has_a_line_and_a_folder_and_the_page_leads_to_them(written: Callable[..., Path], tmp_path: Path) -> None:
    workspace, out = written(first=MEASURE + DECIDE, second=MEASURE), tmp_path / "out"
    told = run_all(workspace, out)
    assert told.code == 0, told.err
    first, second, last = told.out.splitlines()
    assert first.split()[0] == "first"
    assert "1 done, 1 to be decided; Paper; " in first
    assert "1 done; Paper; " in second
    for name, line in (("first", first), ("second", second)):
        files = line.rpartition(f"{out / name}: ")[2].split()
        assert {"report.html", "map.html", "tables.xlsx", "layers.gpkg", "scenario.json"} <= set(files)
        assert {path.name for path in (out / name).iterdir()} == set(files)
    assert last.endswith(f"open {out / 'index.html'}")
    links = Links(out / "index.html").found
    assert {"first/report.html", "second/report.html", "second/layers.gpkg"} <= set(links)
    assert all((out / link).is_file() for link in links)


def test_what_fails_is_kept_apart(written: Callable[..., Path], tmp_path: Path) -> None:
    workspace = written(broken=MEASURE.replace("trial-measure", "trial-none"), partly=MEASURE + FAIL, whole=MEASURE)
    out = tmp_path / "out"
    told = run_all(workspace, out, "--json")
    assert told.code == 3
    facts = told.answer
    assert facts["status"] == "partly failed"
    assert facts["failed"] == ["broken", "partly"]
    assert "2 of 3 scenarios failed in part or whole (broken, partly)" in told.lines[-1]["error"]
    broken, partly, whole = facts["scenarios"]
    assert broken["status"] == "failed"
    assert "there is no tool 'trial-none'" in broken["error"]
    assert [step["status"] for step in partly["steps"]] == ["done", "failed"]
    assert whole["status"] == "done"
    assert whole["seconds"] >= 0
    assert whole["folder_seconds"] > 0
    assert all(Path(path).is_file() for each in (partly, whole) for path in each["files"].values())
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "there is no tool &#39;trial-none&#39;" in page
    assert "partly/report.html" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["已完成 1、待决定 1", "成果：Paper", "已运行场景 1 个"]), ("ru", ["выполнено: 1, ожидает решения: 1"])],
)
def test_the_page_speaks_the_language_asked_for(
    written: Callable[..., Path], tmp_path: Path, language: str, words: list[str]
) -> None:
    told = run_all(written(only=MEASURE + DECIDE), tmp_path / "out", "--language", language)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert words[0] in told.out
    assert all(text in page for text in words)


def test_running_again_replaces(written: Callable[..., Path], tmp_path: Path) -> None:
    workspace, out = written(first=MEASURE, second=MEASURE), tmp_path / "out"
    assert run_all(workspace, out).code == 0
    before = json.loads((out / "first" / "scenario.json").read_text(encoding="utf-8"))
    (out / "first" / "mine.txt").write_text("kept", encoding="utf-8")
    written(first=FAIL)
    assert run_all(workspace, out).code == 3
    after = json.loads((out / "first" / "scenario.json").read_text(encoding="utf-8"))
    assert before["status"] == "done"
    assert after["status"] == "partly failed"
    # No file of the earlier answer is taken for one of this.
    assert {path.name for path in (out / "first").iterdir()} == {*after["files"].values(), "mine.txt"}


def test_an_interrupt_leaves_whole_folders(written: Callable[..., Path], tmp_path: Path) -> None:
    workspace, out = written(first=MEASURE, second=SCATTER), tmp_path / "out"
    words = ("scenario", "--all", "--application", "foundation", "-w", workspace, "--out", out)
    process = subprocess.Popen(
        processes.command(*words, trial=True),
        cwd=processes.ROOT,
        env=processes.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (out / "index.html").exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 130, told
    assert told.strip().splitlines()[-1].startswith("spacegov: stopped")
    facts = json.loads((out / "first" / "scenario.json").read_text(encoding="utf-8"))
    assert all((out / "first" / name).is_file() for name in facts["files"].values())
    assert not (out / "second" / "scenario.json").exists()
    assert not [path for path in out.rglob("*") if ".part" in path.name]
    links = Links(out / "index.html").found
    assert links
    assert all(link.startswith("first/") for link in links)
    assert all((out / link).is_file() for link in links)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sky-patrol", "--all", "--out", "x"), "give an id or --all, not both"),
        (("--all", "--given", "x.json", "--out", "x"), "--all was given with --given"),
        (("--all",), "give --out DIR"),
        ((), "no scenario was named; give an id"),
        (("sky-patrol", "--application", "security"), "--application narrows --all"),
        (("--all", "--out", "x", "--application", "securty"), "did you mean 'security'"),
        (("--all", "--out", "x", "--application", "foundation"), "foundation has no scenarios"),
    ],
)
def test_what_does_not_go_together_is_refused(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    done = command("scenario", *words, cwd=tmp_path)
    assert done.code == 2
    assert told in done.err
    assert not list(tmp_path.iterdir())
