"""The command line as real processes."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# The tiny workspace's cards name functions that tests define; a process must know them before it runs the command.
_LAUNCH = "from tests import trial_tools; from spacegov.cli import main; main()"


@dataclass(frozen=True)
class Told:
    """What a process printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """Standard output as the one JSON object it must be."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The error stream as JSON lines."""
        return [json.loads(line) for line in self.err.splitlines()]


def command(*words: str | Path, trial: bool = False) -> list[str]:
    """The words that start the command line, with the tests' own tools if asked for."""
    start = ["-c", _LAUNCH] if trial else ["-m", "spacegov"]
    return [sys.executable, *start, *map(str, words)]


def environment(**extra: str) -> dict[str, str]:
    """The environment of a process: the checkout on its path, no traceback asked for."""
    known = {name: value for name, value in os.environ.items() if name != "SPACEGOV_TRACEBACK"}
    return {**known, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **extra}


def started(*words: str | Path, cwd: Path | None = None, **extra: str) -> Told:
    """Run `python -m spacegov` from its start to its end."""
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)


@functools.cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.process_server"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.terminate)
    return server


def spacegov(*words: str | Path, cwd: Path | None = None, **extra: str) -> Told:
    """Run the command line in a process forked from one that has loaded the libraries and the tests' tools."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    request = {"words": list(map(str, words)), "folder": str(cwd or Path.cwd()), "environment": environment(**extra)}
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    return Told(**json.loads(server.stdout.readline()))
