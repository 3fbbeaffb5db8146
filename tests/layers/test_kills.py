"""Processes that die, disks that are full, two at once: the earlier version stays readable and the command succeeds."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
from multiprocessing.process import BaseProcess as Process
from pathlib import Path

import geopandas as gpd
import pytest

from spacegov.errors import UnreadableFile
from spacegov.layers.ingest import import_layer
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, content, import_in_child, many, plots

ROWS = 20_000


SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload(["tests.layers.deliveries", "spacegov.tools.foundation.extent", "duckdb"])


def start(folder: Path, file: Path, answer: Path | None = None) -> Process:
    """Start an import in a process of its own."""
    words = (str(folder), str(file), str(answer or file.with_suffix(".answer")))
    process = SPAWN.Process(target=import_in_child, args=words)
    process.start()
    return process


def told(folder: Path, file: Path) -> dict[str, str]:
    """Import in a process of its own and give what came of it."""
    answer = file.with_suffix(".told")
    process = start(folder, file, answer)
    process.join()
    assert process.exitcode == 0
    return dict(json.loads(answer.read_text(encoding="utf-8")))


def state(folder: Path) -> tuple[str | None, int, int]:
    """Read the current version as another process would: name, records, sum of people."""
    workspace = Workspace.open(folder)
    frame = workspace.layers[PARCELS].read()
    return workspace.store.current(PARCELS), len(frame), int(frame["people"].sum())


def die_before(step: str, folder: str, file: str) -> None:
    """Import, and die when the record, the data or the word of the version is about to be put in its place."""
    replace = Path.replace
    ends = {"record": ".json", "data": ".parquet", "current": "current"}

    def dying(self: Path, target: Path) -> Path:
        if "/data/" in str(target) and str(target).endswith(ends[step]):
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    Path.replace = dying  # type: ignore[method-assign,assignment]
    import_in_child(folder, file, file + ".answer")


def kill_at_random(folder: Path, file: Path, times: int, longest: float, seed: int) -> int:
    """Start the import again and again and kill it; gives how often it was still running."""
    moments = random.Random(seed)
    killed = 0
    fresh = folder.with_name("fresh")
    shutil.copytree(folder, fresh)
    before = state(folder)
    for _ in range(times):
        if state(folder) != before:
            # It came through; what is there already would be taken in at once and could hardly be killed.
            shutil.rmtree(folder)
            shutil.copytree(fresh, folder)
        process = start(folder, file)
        time.sleep(moments.uniform(0.0, longest))
        if process.is_alive():
            killed += 1
            process.kill()
        process.join()
        now = state(folder)
        assert now == before or now[1:] == (ROWS, int(many(ROWS)["people"].sum()))
        for version in Workspace.open(folder).store.versions(PARCELS):
            path = Workspace.open(folder).store.path(PARCELS, version)
            assert len(gpd.read_parquet(path)) in {4, ROWS}
    shutil.rmtree(fresh)
    return killed


def finish(folder: Path, file: Path) -> None:
    """The same command succeeds, and leaves one new version and nothing half written."""
    assert told(folder, file)["status"] in {"imported", "unchanged"}
    assert state(folder)[1:] == (ROWS, int(many(ROWS)["people"].sum()))
    workspace = Workspace.open(folder)
    assert len(workspace.store.versions(PARCELS)) == 2
    assert not [name for name in content(folder) if "part" in name]
    assert PARCELS in workspace.restriction_index


def took(folder: Path, file: Path, tmp_path: Path) -> float:
    """Measure an import in a copy, so that the kills fall within it."""
    seconds = 0.0
    for name in ("first", "second"):
        copy = tmp_path / name
        shutil.copytree(folder, copy)
        begun = time.monotonic()
        told(copy, file)
        # The first one also starts the server of processes.
        seconds = time.monotonic() - begun
    return seconds


def test_killed_ten_times_at_random_moments(tiny_folder: Path, tmp_path: Path) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    longest = took(tiny_folder, tmp_path / "m.parquet", tmp_path)
    killed = kill_at_random(tiny_folder, tmp_path / "m.parquet", 10, longest, seed=4)
    assert killed >= 4
    finish(tiny_folder, tmp_path / "m.parquet")


@pytest.mark.long
def test_killed_a_hundred_times_at_random_moments(tiny_folder: Path, tmp_path: Path) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    longest = took(tiny_folder, tmp_path / "m.parquet", tmp_path)
    killed = 0
    for round_ in range(10):
        folder = tmp_path / f"round{round_}"
        shutil.copytree(tiny_folder, folder)
        killed += kill_at_random(folder, tmp_path / "m.parquet", 10, longest, seed=round_)
        finish(folder, tmp_path / "m.parquet")
    assert killed >= 50


@pytest.mark.parametrize("step", ["record", "data", "current"])
def test_killed_between_two_steps_of_the_switch(tiny_folder: Path, tmp_path: Path, step: str) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    before = state(tiny_folder)
    process = SPAWN.Process(target=die_before, args=(step, str(tiny_folder), str(tmp_path / "m.parquet")))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert state(tiny_folder) == before
    finish(tiny_folder, tmp_path / "m.parquet")


def test_two_imports_of_one_layer_at_once(tiny_folder: Path, tmp_path: Path) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    many(ROWS, seed=2).to_parquet(tmp_path / "n.parquet")
    both = [start(tiny_folder, tmp_path / name) for name in ("m.parquet", "n.parquet")]
    for process in both:
        process.join()
    answers = [json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in ("m.answer", "n.answer")]
    assert [answer["status"] for answer in answers] == ["imported", "imported"]
    store = Workspace.open(tiny_folder).store
    versions = store.versions(PARCELS)
    assert len(versions) == 3
    sums = {int(many(ROWS, seed)["people"].sum()) for seed in (1, 2)}
    assert {int(gpd.read_parquet(store.path(PARCELS, version))["people"].sum()) for version in versions[1:]} == sums


def test_an_import_that_finds_the_layer_taken_says_so(tiny_folder: Path, tmp_path: Path) -> None:
    plots().to_parquet(tmp_path / "p.parquet")
    workspace = Workspace.open(tiny_folder)
    with (
        workspace.store.lock(PARCELS),
        pytest.raises(UnreadableFile, match="another import"),
    ):
        import_layer(Workspace.open(tiny_folder), PARCELS, tmp_path / "p.parquet", wait=0.1)
    assert import_layer(workspace, PARCELS, tmp_path / "p.parquet").status == "imported"


def refused_by(folder: Path, file: Path) -> dict[str, str]:
    """Import what a disk refuses; gives the sentence."""
    answer = told(folder, file)
    assert answer["status"] == "error"
    assert "\n" not in answer["message"]
    return answer


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting a small disk needs root")
@pytest.mark.parametrize("size", ["64k", "1500k"])
def test_a_full_disk(tiny_folder: Path, tmp_path: Path, size: str) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        folder = disk / "tiny"
        shutil.copytree(tiny_folder, folder)
        used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // 1024 + 200
        room = used + int(size.rstrip("k"))
        subprocess.run(["mount", "-o", f"remount,size={room}k", str(disk)], check=True)
        before = content(folder)
        answer = refused_by(folder, tmp_path / "m.parquet")
        assert "free space" in answer["message"]
        assert content(folder) == before
        assert state(folder)[1] == 4
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert told(folder, tmp_path / "m.parquet")["status"] == "imported"
        assert state(folder)[1] == ROWS
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting a disk needs root")
def test_a_disk_that_may_only_be_read(tiny_folder: Path, tmp_path: Path) -> None:
    plots().to_parquet(tmp_path / "p.parquet")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let a disk be mounted")
    try:
        folder = disk / "tiny"
        shutil.copytree(tiny_folder, folder)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert "nothing can be written there" in refused_by(folder, tmp_path / "p.parquet")["message"]
        assert state(folder)[1] == 4
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
