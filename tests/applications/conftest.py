"""Scenarios of the sample county, each run once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import spacegov
import tests.trial_tools  # noqa: F401  the tiny workspace's tools
from spacegov.applications.outcome import ScenarioOutcome
from spacegov.toolbox.card import Application
from spacegov.workspace import Workspace


@pytest.fixture(scope="session")
def county() -> Workspace:
    """The sample county."""
    return spacegov.open()


@pytest.fixture(scope="session")
def outcome_of(county: Workspace) -> Callable[[str], ScenarioOutcome]:
    """Run a scenario, or give what it came to before."""
    known: dict[str, ScenarioOutcome] = {}

    def run(name: str) -> ScenarioOutcome:
        if name not in known:
            known[name] = county.scenario(name)
        return known[name]

    return run


@pytest.fixture
def write_card(tiny_folder: Path) -> Callable[[str], Path]:
    """Write a scenario card of the tiny workspace."""

    def write(
        steps: str, name: str = "trial-scenario", rest: str = "", application: Application = "integration"
    ) -> Path:
        folder = tiny_folder / "tools" / application / "scenarios"
        folder.mkdir(parents=True, exist_ok=True)
        head = "title: {en: Trial}\nquestion: {en: What then?}\nsteps:\n"
        tail = "deliverable: {title: {en: Paper}, signatures: [NR]}\n"
        path = folder / f"{name}.yaml"
        path.write_text(head + dedent(steps).strip("\n") + "\n" + rest + tail, encoding="utf-8")
        return path

    return write
