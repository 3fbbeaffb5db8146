"""Jobs in real processes, killed for real."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.client import Server, gone, running, worker_of

LONG = {"count": 500_000}


@pytest.fixture
def serve(tiny_folder: Path, tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """Start servers over the tiny workspace, whose tools include slow and failing ones."""
    started: list[Server] = []

    def start() -> Server:
        server = Server(tiny_folder, tmp_path / "state", trial=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        assert server.process is not None
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="module")
def trial_server(tiny_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server over a copy of the tiny workspace, for tests that kill nothing but jobs."""
    folder = tmp_path_factory.mktemp("jobs")
    shutil.copytree(tiny_template, folder / "tiny")
    server = Server(folder / "tiny", folder / "state", trial=True).start()
    yield server
    assert server.stop() == 0


def test_a_job_survives_its_worker_its_server_and_a_restart(serve: Callable[[], Server]) -> None:
    server = serve()
    job = server.start_job("trial-scatter", LONG)

    child = running(server, job)
    os.kill(worker_of(child), signal.SIGKILL)
    assert gone(child), "the process of a job dies with its worker"

    child = running(server, job)
    others = server.children()
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    assert all(gone(other) for other in others), "workers and jobs die with the server"

    again = serve()
    child = running(again, job)
    others = again.children()
    assert again.stop() == 0, "asked to stop, the server ends in order"
    assert all(gone(other) for other in others)

    last = serve()
    assert last.wait(job)["status"] == "successful"
    got = last.ask(f"/collections/result.{job}.first/items?limit=1")
    assert got.json["numberMatched"] == LONG["count"]
    assert len([path for path in (last.workspace / "runs").iterdir() if not path.name.startswith(".")]) == 1


@pytest.mark.long
def test_a_job_that_is_killed_again_and_again_fails_and_says_so(serve: Callable[[], Server]) -> None:
    server = serve()
    job = server.start_job("trial-scatter", LONG)
    for _ in range(3):
        child = running(server, job)
        os.kill(worker_of(child), signal.SIGKILL)
        assert gone(child)
    status = server.wait(job)
    assert status["status"] == "failed"
    assert "interrupted 3 times" in status["message"]


def test_a_cancelled_job_leaves_nothing(trial_server: Server) -> None:
    server = trial_server
    job = server.start_job("trial-scatter", LONG)
    child = running(server, job)
    got = server.ask(f"/jobs/{job}", "DELETE")
    assert (got.status, got.json["status"]) == (200, "dismissed")
    assert gone(child, 2)
    assert server.ask(f"/jobs/{job}/results").problem == "the job was cancelled; start it anew"
    assert server.ask(f"/jobs/{job}", "DELETE").status == 200
    assert server.ask(f"/jobs/{job}").status == 404
    assert not server.workspace.joinpath("service", "jobs", job).exists()
    runs = server.workspace / "runs"
    assert not (runs.exists() and list(runs.glob("*trial-scatter*")))


def test_a_waiting_job_is_cancelled_before_it_begins(trial_server: Server) -> None:
    server = trial_server
    first, second = (server.start_job("trial-scatter", LONG) for _ in range(2))
    running(server, first)
    assert server.ask(f"/jobs/{second}", "DELETE").json["status"] == "dismissed"
    assert server.wait(first)["status"] == "successful"


def test_what_a_tool_refuses_and_what_is_our_fault(trial_server: Server) -> None:
    server = trial_server
    # the trial tool measures by a column the parcels do not have
    got = server.post("/processes/trial-measure/execution", {"inputs": {"by": "colour"}})
    assert got.status == 422
    assert "colour" in got.problem
    got = server.post("/processes/trial-fault/execution", {"inputs": {}})
    assert got.status == 500
    assert "ZeroDivision" not in got.problem
    assert any("ZeroDivision" in str(event) for event in server.faults()), "the log knows why"

    job = server.start_job("trial-fault")
    status = server.wait(job)
    assert status["status"] == "failed"
    assert str(server.workspace) not in str(status)
    assert "ZeroDivision" not in str(status)
    assert server.ask(f"/jobs/{job}/results").status == 500


def test_progress_and_results_of_a_job(trial_server: Server) -> None:
    server = trial_server
    job = server.start_job("trial-measure")
    status = server.wait(job)
    assert (status["status"], status["progress"]) == ("successful", 100)
    got = server.ask(f"/jobs/{job}/results").json
    assert got["summary"]["area_m2"] == 1_000_000
    assert len(got["places"]["value"]["features"]) == 4
    assert got["provenance"]["parameters"]["area_basis"] == "ellipsoid"
    for form, start in (("gpkg", b"SQLite"), ("parquet", b"PAR1"), ("geojson", b"{"), ("csv", b"layer")):
        file = server.ask(f"/jobs/{job}/results/places?f={form}")
        assert file.status == 200
        assert file.body.startswith(start)
    assert server.ask(f"/jobs/{job}/results/workbook?f=xlsx").body.startswith(b"PK")
    assert server.ask(f"/jobs/{job}/results/report").body.startswith(b"%PDF-")
    page = server.ask(f"/jobs/{job}/results/report?f=html&lang=ru").body.decode()
    assert 'lang="ru"' in page
    assert str(server.state) not in page
    assert "did you mean 'ru'" in server.ask(f"/jobs/{job}/results/report?lang=rus").problem
    assert server.ask(f"/jobs/{job}/results/places?f=xlsx").status == 400
    assert server.ask(f"/jobs/{job}/results/nowhere?f=gpkg").status == 404
