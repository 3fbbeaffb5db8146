"""One server over the sample county for all tests that only ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spacegov.content import content_path
from spacegov.workspace import Workspace
from tests.service.client import Server


@pytest.fixture(scope="session")
def county_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over the sample county; it must end without a fault of its own in the log."""
    server = Server(content_path("sample_data"), tmp_path_factory.mktemp("served")).start()
    yield server
    assert server.stop() == 0
    assert not server.faults()
    assert server.events()[-1]["event"] == "stopped"


@pytest.fixture(scope="session")
def county() -> Workspace:
    """The sample county as its owner sees it."""
    return Workspace.open(content_path("sample_data"))
