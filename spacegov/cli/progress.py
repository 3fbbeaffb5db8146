"""Progress on the error stream: a bar for people, JSON lines for programs."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def _write(facts: dict[str, Any]) -> None:
    sys.stderr.write(json.dumps(facts, ensure_ascii=False) + "\n")
    sys.stderr.flush()


class _JsonLines(logging.Handler):
    """What the engine announces (such as kernels being compiled), as lines among those of the progress."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        _write({"message": record.getMessage()})


@contextmanager
def progress(label: str, *, as_json: bool, by_step: bool = False) -> Iterator[Callable[[float, str], None] | None]:
    """Give a function to report progress to; None where nobody would see it.

    With `by_step` the words before a colon name a step of several, and its beginning is never left out.
    """
    if as_json:
        last, begun = [0.0], [""]

        def line(done: float, step: str) -> None:
            now = time.monotonic()
            name = step.partition(":")[0] if by_step else ""
            if now - last[0] >= 0.2 or done >= 1 or name != begun[0]:
                last[0], begun[0] = now, name
                _write({"progress": round(done, 4), "step": step})

        handler = _JsonLines(logging.INFO)
        logger = logging.getLogger("spacegov")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield line
        finally:
            logger.removeHandler(handler)
        return
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(label, total=1.0)
        yield lambda done, step: bar.update(task, completed=done, description=f"{label}: {step}" if step else label)
