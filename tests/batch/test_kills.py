"""A batch killed at any moment and resumed says what an undisturbed one says."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

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
    vary: {min_area: [0, 200]}
"""


def start(plan: Path, out: Path) -> subprocess.Popen[bytes]:
    """Start a batch in a process group of its own."""
    words = command("batch", plan, "--out", out, "--workers", 2, "--resume", "-w", content_path("sample_data"))
    return subprocess.Popen(
        words,
        cwd=plan.parent,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
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
