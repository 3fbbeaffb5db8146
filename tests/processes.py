"""The command line as real processes."""

from __future__ import annotations

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


def spacegov(*words: str | Path, cwd: Path | None = None, trial: bool = False, **extra: str) -> Told:
    """Run the command line to its end."""
    done = subprocess.run(
        command(*words, trial=trial),
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)
