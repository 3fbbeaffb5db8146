"""One measurement in a process of its own: `python -m benchmarks.child MODULE:FUNCTION JSON`."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# a short task is repeated, the best run counts; a long one is run once
_REPEATS = 5
_ENOUGH_SECONDS = 12.0


@dataclass(frozen=True)
class Measurement:
    """What one program took, and what it answered."""

    seconds: float
    processor_seconds: float
    peak_mib: float
    answer: Any


def measure(task: str, **given: Any) -> Measurement | str:
    """Run a task in a child process; where it fails, give the last line of its error.

    A task is a function that prepares, which is not timed, and gives the function to be timed.
    """
    command = [sys.executable, "-m", "benchmarks.child", task, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["no message"])[-1]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return Measurement(**found)


def main() -> None:
    """Run the task named on the command line and print its measurement."""
    module, function = sys.argv[1].split(":")
    run = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))
    taken: list[tuple[float, float]] = []
    answer = None
    while len(taken) < _REPEATS and sum(wall for wall, _ in taken) < _ENOUGH_SECONDS:
        start, processor = time.perf_counter(), time.process_time()
        answer = run()
        taken.append((time.perf_counter() - start, time.process_time() - processor))
    wall, processor = min(taken)
    found = Measurement(wall, processor, peak_mib(), answer)
    print(json.dumps(asdict(found)))


def peak_mib() -> float:
    """Largest memory this process has held; `getrusage` would count that of the parent before the start, too."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not tell the peak memory of a process")


if __name__ == "__main__":
    main()
