"""A batch killed at any moment and resumed says what an undisturbed one says."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from spacegov.content import content_path
from tests.batch.comparing import assert_same
from tests.processes import command, environment

PLAN = """
title: Township by township
zones: artificial.townships
tasks:
  - tool: find-idle-land
  - tool: monitor-encroachment
"""


def start(plan: Path, out: Path, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start a batch in a process group of its own."""
    words = command("batch", plan, "--out", out, "--workers", 2, "--resume", "-w", content_path("sample_data"))
    return subprocess.Popen(
        words,
        cwd=plan.parent,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )


def finish(plan: Path, out: Path) -> None:
    assert start(plan, out).wait(timeout=600) == 0


def answered(out: Path) -> int:
    return len(list(out.glob("*/parts/*/part.json")))


def kill_at(plan: Path, out: Path, parts: int, seconds: float) -> bool:
    """Kill a batch with all its workers some time after so many parts are answered; tell whether it still ran."""
    process = start(plan, out)
    while answered(out) < parts and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds)
    running = process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def check(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    plan = folder / "plan.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    whole, killed = folder / "undisturbed", folder / "killed"
    finish(plan, whole)
    total = answered(whole)
    # From the start of the workers to the time when all is answered and put together.
    moments = sorted(chance.randint(0, total) for _ in range(kills))
    hit = [kill_at(plan, killed, parts, chance.uniform(0.0, 0.4)) for parts in moments]
    assert sum(hit) >= kills // 2, "hardly anything was killed"
    finish(plan, killed)
    assert_same(whole, killed)


def test_three_kills_change_nothing(tmp_path: Path) -> None:
    check(tmp_path, 3, 11)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_ten_kills_change_nothing(tmp_path: Path, seed: int) -> None:
    check(tmp_path, 10, seed)


def test_a_worker_that_dies_loses_nothing(tmp_path: Path) -> None:
    plan, out = tmp_path / "plan.yaml", tmp_path / "out"
    plan.write_text(PLAN, encoding="utf-8")
    process = start(plan, out)
    while answered(out) < 2 and process.poll() is None:
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    assert len(workers) == 2
    workers[0].kill()
    assert process.wait(timeout=600) == 0
    assert not list(out.rglob(".*.part*"))
    finish(plan, tmp_path / "undisturbed")
    assert_same(tmp_path / "undisturbed", out)


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path) -> None:
    plan, out = tmp_path / "plan.yaml", tmp_path / "out"
    plan.write_text(PLAN, encoding="utf-8")
    process = start(plan, out, stderr=subprocess.PIPE)
    while answered(out) < 2 and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    told = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 130
    assert told.strip().splitlines()[-1].startswith("spacegov: stopped"), told
    assert "Traceback" not in told
    assert answered(out) >= 2
    assert not list(out.rglob(".*.part*"))
