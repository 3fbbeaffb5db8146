"""How a pure function reports what it dropped, balanced and doubted.

A tool calls `dropped`, `balance` and `doubt`; the toolbox opens `collect()` around the call and puts the entries into
the provenance of the result. Outside a run doubts become Python warnings, drops have nowhere to go (the docstring of a
function says what it drops), and a broken balance raises in either case: a wrong area must never leave a function.

Examples
--------
>>> with collect() as ledger:
...     dropped(3, "smaller than min_area", area_m2=0.4)
...     balance(100.0, [60.0, 40.0])
>>> ledger.drops[0].count, ledger.balances[0].difference
(3, 0.0)
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from spacegov.errors import AreaBalanceError, Defect

RESERVED_FIGURES = frozenset({"rows", "by", "frames", "not_covered", "unit"})
"""Names that a summary has already."""


class DoubtWarning(UserWarning):
    """A doubt told outside a run."""


@dataclass(frozen=True)
class Drop:
    """Features left out of the answer, and why."""

    count: int
    reason: str
    area_m2: float | None = None


@dataclass(frozen=True)
class Balance:
    """Whether the pieces sum to the whole."""

    what: str
    whole: float
    parts: float
    tolerance: float

    @property
    def difference(self) -> float:
        """Parts less whole."""
        return self.parts - self.whole


@dataclass(frozen=True)
class Doubt:
    """A reason to trust an answer less, with the place it concerns."""

    text: str
    where: str | None = None


@dataclass
class Ledger:
    """Everything one run reported."""

    drops: list[Drop] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    progress: Callable[[float, str], None] | None = None

    def merge(self, other: Ledger) -> None:
        """Add the entries of a partition; equal reasons are summed."""
        totals: dict[str, Drop] = {}
        for drop in [*self.drops, *other.drops]:
            known = totals.get(drop.reason)
            if known is None:
                totals[drop.reason] = drop
                continue
            areas = [area for area in (known.area_m2, drop.area_m2) if area is not None]
            totals[drop.reason] = Drop(known.count + drop.count, drop.reason, math.fsum(areas) if areas else None)
        self.drops = list(totals.values())
        self.balances.extend(other.balances)
        self.doubts.extend(doubt for doubt in other.doubts if doubt not in self.doubts)
        for topic, facts in other.notes.items():
            if topic == "areal_scale":
                for key, (low, high) in facts.items():
                    self.widen(topic, key, low, high)
            else:
                self.notes.setdefault(topic, {}).update(facts)

    def widen(self, topic: str, key: str, low: float, high: float) -> None:
        """Put a range on record, or widen the one that is there."""
        known = self.notes.setdefault(topic, {}).get(key, [low, high])
        self.notes[topic][key] = [min(known[0], low), max(known[1], high)]


_open: ContextVar[Ledger | None] = ContextVar("spacegov_ledger", default=None)


@contextmanager
def collect() -> Iterator[Ledger]:
    """Gather what the functions called inside report."""
    ledger = Ledger()
    token = _open.set(ledger)
    try:
        yield ledger
    finally:
        _open.reset(token)


def dropped(what: Sized | int, reason: str, *, area_m2: float | None = None) -> None:
    """Report features left out of the answer.

    Parameters
    ----------
    what : frame or int
        The features left out, or their number; nothing is written for zero.
    reason : str
        Why, in words that a planner understands.
    area_m2 : float, optional
        Their area together.
    """
    count = int(what) if isinstance(what, Integral) else len(what)  # type: ignore[arg-type]
    ledger = _open.get()
    if count and ledger is not None:
        drop = Ledger(drops=[Drop(count, reason, None if area_m2 is None else float(area_m2))])
        ledger.merge(drop)


def balance(whole: float, parts: float | Iterable[float], *, what: str = "area", tolerance: float = 1e-6) -> None:
    """Assert that pieces sum to the whole, and put it on record.

    Parameters
    ----------
    whole : float
        What was cut or merged.
    parts : float or iterable of float
        The pieces.
    what : str
        What is balanced, e.g. `area of plans`.
    tolerance : float
        Allowed difference relative to the whole.

    Raises
    ------
    AreaBalanceError
        When the difference is larger.
    """
    total = float(parts) if isinstance(parts, Real) else math.fsum(parts)  # type: ignore[arg-type]
    entry = Balance(what, float(whole), total, tolerance)
    if not abs(entry.difference) <= tolerance * max(abs(entry.whole), abs(entry.parts)):
        raise AreaBalanceError(
            f"{what}: the pieces sum to {total!r} where the whole is {float(whole)!r}, "
            f"beyond the tolerance of {tolerance:g}; the answer is withheld, please report this with the input"
        )
    ledger = _open.get()
    if ledger is not None:
        ledger.balances.append(entry)


def doubt(text: str, where: str | None = None) -> None:
    """Report a reason to trust the answer less.

    Parameters
    ----------
    text : str
        The reason, in one sentence.
    where : str, optional
        The features, layer or place concerned.
    """
    ledger = _open.get()
    entry = Doubt(text, where)
    if ledger is None:
        warnings.warn(f"{text} ({where})" if where else text, DoubtWarning, stacklevel=_outside())
    elif entry not in ledger.doubts:
        ledger.doubts.append(entry)


def _outside() -> int:
    """Stack level of the caller outside spacegov, whose line a warning should show."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "spacegov":
        level, frame = level + 1, frame.f_back
    return level


def note(topic: str, key: str, value: Any) -> None:
    """Put a fact on record, such as the areal scale of a layer's CRS.

    Parameters
    ----------
    topic : str
        What kind of fact.
    key : str
        What it is about.
    value : object
        Anything JSON can hold.
    """
    ledger = _open.get()
    if ledger is not None:
        ledger.notes.setdefault(topic, {})[key] = value


def note_range(topic: str, key: str, low: float, high: float) -> None:
    """Put a range on record; told again, it only grows, so that batches and partitions report one."""
    ledger = _open.get()
    if ledger is not None:
        ledger.widen(topic, key, low, high)


def figure(name: str, value: float) -> None:
    """Report a key figure of the answer, such as the people exposed; it becomes part of the summary.

    Parameters
    ----------
    name : str
        In snake_case, with the unit as its end where it has one (`volume_m3`).
    value : float
        The number.
    """
    if name in RESERVED_FIGURES:
        raise Defect(f"the figure {name!r} has a name that the summary keeps for itself; give it another")
    note("figures", name, int(value) if isinstance(value, Integral) else float(value))


def progress(done: float, step: str = "") -> None:
    """Tell how far a long function is.

    Parameters
    ----------
    done : float
        Share done, 0 to 1.
    step : str
        What is being done.
    """
    ledger = _open.get()
    if ledger is not None and ledger.progress is not None:
        ledger.progress(min(max(float(done), 0.0), 1.0), step)
