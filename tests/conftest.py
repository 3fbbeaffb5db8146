"""What tests share: a tiny workspace of constructed geometry, with its own cards, bindings, tools and coverage gaps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny import build_tiny_workspace


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep runs on workspaces that may not be written to, such as the sample county, out of the user's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def tiny_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny workspace, built once; never written to."""
    folder = tmp_path_factory.mktemp("template") / "tiny"
    build_tiny_workspace(folder)
    return folder


@pytest.fixture
def tiny_folder(tiny_template: Path, tmp_path: Path) -> Path:
    """A copy of the tiny workspace that a test may change."""
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_template, folder)
    return folder
