"""A run folder is whole or absent: kills, full disks, folders that may not be written to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest

import spacegov
from spacegov.content import content_path
from spacegov.errors import UnreadableFile
from spacegov.toolbox.run import run
from tests import trial_tools as _trial_tools  # noqa: F401  the tiny workspace's cards name its functions
from tests.processes import command, environment
from tests.processes import spacegov as process

FRAMES = {"first.parquet", "second.parquet", "third.parquet", "run.json"}


def whole(folder: Path, rows: int) -> None:
    """Assert that every visible run is complete."""
    for kept in folder.glob("[!.]*"):
        assert {file.name for file in kept.iterdir()} == FRAMES
        assert json.loads((kept / "run.json").read_text(encoding="utf-8"))["summary"]["rows"] == rows
        assert len(gpd.read_parquet(kept / "third.parquet")) == rows


def kill_while_writing(tiny: Path, delay: float, count: int) -> bool:
    """Start a run, kill it when it has begun to write and some more time has passed; tell whether it was killed."""
    runs = tiny / "runs"
    words = ("run", "trial-scatter", f"count={count}", "-w", tiny, "--json")
    child = subprocess.Popen(
        command(*words, trial=True), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    begun = set(runs.glob(".*.part")) if runs.is_dir() else set()
    deadline = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < deadline:
        if runs.is_dir() and set(runs.glob(".*.part")) - begun:
            time.sleep(delay)
            break
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def test_a_killed_run_leaves_no_half_answer(tiny_folder: Path) -> None:
    killed = [kill_while_writing(tiny_folder, delay, 80_000) for delay in (0.0, 0.1)]
    assert killed[0]
    whole(tiny_folder / "runs", 80_000)
    assert process("run", "trial-scatter", "count=1000", "-w", tiny_folder).code == 0


def test_what_a_killed_run_left_is_swept_after_a_day(tiny_folder: Path) -> None:
    old, young = (tiny_folder / "runs" / name for name in (".old.1.part", ".young.2.part"))
    for left in (old, young):
        left.mkdir(parents=True)
        (left / "first.parquet").write_bytes(b"half")
    os.utime(old, (time.time() - 100_000, time.time() - 100_000))
    spacegov.open(tiny_folder).run("trial-measure")
    assert not old.exists()
    assert young.exists()


@pytest.mark.long
def test_a_hundred_kills_leave_no_half_answer(tiny_folder: Path) -> None:
    killed = sum(kill_while_writing(tiny_folder, number * 0.004, 150_000) for number in range(100))
    assert killed > 50
    whole(tiny_folder / "runs", 150_000)


def test_an_interrupted_run_stops_with_one_sentence(tiny_folder: Path) -> None:
    runs = tiny_folder / "runs"
    words = ("run", "trial-scatter", "count=600000", "-w", tiny_folder)
    child = subprocess.Popen(
        command(*words, trial=True), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < deadline and not (runs.is_dir() and list(runs.glob(".*.part"))):
        time.sleep(0.002)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (130, "", "spacegov: stopped; nothing half written was left behind\n")
    assert list(runs.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a mebibyte."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        pytest.skip("a small disk is mounted by root only")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        yield folder
    finally:
        subprocess.run([unmount, folder], check=True)


def test_a_full_disk_is_told_and_leaves_nothing(tiny_folder: Path, small_disk: Path) -> None:
    full = small_disk / "tiny"
    shutil.copytree(tiny_folder, full)
    (full / "ballast").write_bytes(b"\0" * 200_000)
    ws = spacegov.open(full)
    with pytest.raises(UnreadableFile, match=r"the run cannot be written there \(.*\); free space or rights") as caught:
        run(ws, "trial-scatter", {"count": 60_000})
    assert "\n" not in str(caught.value)
    assert "None" not in str(caught.value)
    assert list(ws.runs.iterdir()) == []
    elsewhere = run(ws, "trial-scatter", {"count": 60_000}, keep=False)
    for name in ("grains.parquet", "grains.gpkg", "grains.csv", "grains.shp", "grains.xlsx"):
        with pytest.raises(UnreadableFile, match=f"{name}: it cannot be written") as caught:
            (elsewhere.to_xlsx if name.endswith("xlsx") else elsewhere.to_file)(full / name)
        assert "\n" not in str(caught.value)
        assert not [file for file in full.iterdir() if "grains" in file.name]


def test_a_workspace_that_may_not_be_written_to_keeps_its_runs_with_the_user(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() == 0:
        # Root may write anywhere but on a disk that is mounted for reading.
        if mount is None or unmount is None:
            pytest.skip("root may write everywhere, and no disk can be mounted here")
        done = subprocess.run([mount, "--bind", "-o", "ro", tiny_folder, tiny_folder], capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip("this machine does not let a folder be mounted for reading")
    else:
        tiny_folder.chmod(0o555)
    try:
        result = spacegov.open(tiny_folder).run("trial-measure")
        assert result.folder is not None
        assert result.folder.parent == tmp_path / "state" / "spacegov" / "tiny" / "runs"
        with pytest.raises(UnreadableFile, match="it cannot be written"):
            result.to_file(tiny_folder / "answer.gpkg")
    finally:
        if os.geteuid() == 0:
            subprocess.run([unmount, tiny_folder], check=True)
        else:
            tiny_folder.chmod(0o755)


def test_runs_on_the_sample_county_lie_with_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    sample = spacegov.open(content_path("sample_data"))
    assert sample.runs == tmp_path / "spacegov" / "sample_data" / "runs"
