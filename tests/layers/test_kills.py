"""Processes that die, disks that are full, two at once: the earlier version stays readable and the command succeeds."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pytest

from spacegov.errors import UnreadableFile
from spacegov.layers.ingest import import_layer
from spacegov.workspace import Workspace
from tests.layers.deliveries import PARCELS, content, many, plots

ROWS = 20_000


def command(folder: Path, file: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "spacegov", "import", str(file), "--layer", PARCELS, "--workspace", str(folder),
            "--json", *more]  # fmt: skip


def state(folder: Path) -> tuple[str | None, int, int]:
    """Read the current version as another process would: name, records, sum of people."""
    workspace = Workspace.open(folder)
    frame = workspace.layers[PARCELS].read()
    return workspace.store.current(PARCELS), len(frame), int(frame["people"].sum())


def kill_at_random(folder: Path, file: Path, times: int, longest: float, seed: int) -> tuple[int, int]:
    """Start the import again and again and kill it; gives how often it was killed, and how often it had ended."""
    moments = random.Random(seed)
    killed = ended = 0
    before = state(folder)
    for _ in range(times):
        process = subprocess.Popen(command(folder, file), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.0, longest))
        if process.poll() is None:
            killed += 1
            process.send_signal(signal.SIGKILL)
        else:
            ended += 1
        process.wait()
        now = state(folder)
        assert now == before or now[1:] == (ROWS, int(many(ROWS)["people"].sum()))
        for version in Workspace.open(folder).store.versions(PARCELS):
            path = Workspace.open(folder).store.path(PARCELS, version)
            assert len(gpd.read_parquet(path)) in {4, ROWS}
    return killed, ended


def finish(folder: Path, file: Path) -> None:
    """The same command succeeds, and leaves one new version and nothing half written."""
    done = subprocess.run(command(folder, file), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] in {"imported", "unchanged"}
    assert state(folder)[1:] == (ROWS, int(many(ROWS)["people"].sum()))
    workspace = Workspace.open(folder)
    assert len(workspace.store.versions(PARCELS)) == 2
    assert not [name for name in content(folder) if "part" in name]
    assert PARCELS in workspace.restriction_index


def took(folder: Path, file: Path, tmp_path: Path) -> float:
    """Measure an import in a copy, so that the kills fall within it."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    start = time.monotonic()
    subprocess.run(command(copy, file), check=True, capture_output=True)
    return time.monotonic() - start


def test_killed_ten_times_at_random_moments(tiny_folder: Path, tmp_path: Path) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    longest = took(tiny_folder, tmp_path / "m.parquet", tmp_path)
    killed, _ = kill_at_random(tiny_folder, tmp_path / "m.parquet", 10, longest, seed=4)
    assert killed >= 3
    finish(tiny_folder, tmp_path / "m.parquet")


@pytest.mark.long
def test_killed_a_hundred_times_at_random_moments(tiny_folder: Path, tmp_path: Path) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    longest = took(tiny_folder, tmp_path / "m.parquet", tmp_path)
    killed = 0
    for round_ in range(10):
        folder = tmp_path / f"round{round_}"
        shutil.copytree(tiny_folder, folder)
        killed += kill_at_random(folder, tmp_path / "m.parquet", 10, longest, seed=round_)[0]
        finish(folder, tmp_path / "m.parquet")
    assert killed >= 50


STEPS = ("faults", "record", "data", "current")


@pytest.mark.parametrize("step", range(1, 5))
def test_killed_between_two_steps_of_the_switch(tiny_folder: Path, tmp_path: Path, step: int) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    before = state(tiny_folder)
    program = (
        "import os, pathlib, sys\n"
        "left = [int(sys.argv.pop(1))]\n"
        "replace = pathlib.Path.replace\n"
        "def dying(self, target):\n"
        "    if '/data/' in str(target):\n"
        "        left[0] -= 1\n"
        "        if left[0] == 0:\n"
        "            os.kill(os.getpid(), 9)\n"
        "    return replace(self, target)\n"
        "pathlib.Path.replace = dying\n"
        "from spacegov.cli import main\n"
        "sys.argv[0] = 'spacegov'\n"
        "main()\n"
    )
    words = command(tiny_folder, tmp_path / "m.parquet")[3:]
    done = subprocess.run([sys.executable, "-c", program, str(step), *words], capture_output=True, check=False)
    if step <= 3:
        assert done.returncode == -signal.SIGKILL
        assert state(tiny_folder) == before
    finish(tiny_folder, tmp_path / "m.parquet")


def test_two_imports_of_one_layer_at_once(tiny_folder: Path, tmp_path: Path) -> None:
    many(ROWS).to_parquet(tmp_path / "m.parquet")
    many(ROWS, seed=2).to_parquet(tmp_path / "n.parquet")
    both = [
        subprocess.Popen(command(tiny_folder, tmp_path / name), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in ("m.parquet", "n.parquet")
    ]
    answers = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
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


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting a small disk needs root")
@pytest.mark.parametrize("size", ["64k", "200k", "700k", "1500k"])
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
        done = subprocess.run(command(folder, tmp_path / "m.parquet"), capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        assert "free space" in json.loads(done.stderr.strip().splitlines()[-1])["error"]
        assert content(folder) == before
        assert state(folder)[1] == 4
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        done = subprocess.run(command(folder, tmp_path / "m.parquet"), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
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
        done = subprocess.run(command(folder, tmp_path / "p.parquet"), capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        assert "nothing can be written there" in json.loads(done.stderr.strip().splitlines()[-1])["error"]
        assert state(folder)[1] == 4
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
