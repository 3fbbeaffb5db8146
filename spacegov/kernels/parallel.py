"""Slices of a layer for a pool of threads."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

import numpy as np

from spacegov.errors import BadInput
from spacegov.kernels.ragged import FloatArray, IntArray

Task = TypeVar("Task")
Answer = TypeVar("Answer")

# below this many vertices a second thread costs more than it saves
_SMALL_WORK = 20_000
_SLICES_PER_THREAD = 8


def thread_count(threads: int | None) -> int:
    """How many threads to use: as asked for, else all the cores this process may run on."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise BadInput(f"threads={threads} was given; at least one thread is needed, or None for all cores")
    return threads


def balanced_slices(weights: IntArray | FloatArray, threads: int) -> list[tuple[int, int]]:
    """Cut rows into runs of about equal weight, in order."""
    count = len(weights)
    total = float(weights.sum())
    if threads == 1 or total < _SMALL_WORK:
        return [(0, count)] if count else []
    slices = threads * _SLICES_PER_THREAD
    targets = np.linspace(0.0, total, slices + 1)[1:-1]
    cuts = np.unique(np.concatenate([[0], np.searchsorted(np.cumsum(weights), targets), [count]]))
    return [(int(start), int(stop)) for start, stop in itertools.pairwise(cuts)]


def even_slices(count: int, threads: int) -> list[tuple[int, int]]:
    """Cut rows of like cost into runs, in order."""
    size = max(1024, -(-count // (threads * _SLICES_PER_THREAD))) if threads > 1 else max(count, 1)
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def in_threads(work: Callable[[Task], Answer], tasks: Sequence[Task], threads: int) -> Iterator[Answer]:
    """Do the tasks, giving the answers in the order of the tasks."""
    if threads == 1 or len(tasks) < 2:
        yield from map(work, tasks)
        return
    # each task sees the caller's context: reports reach the ledger the caller opened
    contexts = [copy_context() for _ in tasks]
    with ThreadPoolExecutor(max_workers=min(threads, len(tasks))) as pool:
        yield from pool.map(lambda context, task: context.run(work, task), contexts, tasks)
