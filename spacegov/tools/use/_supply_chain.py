"""The chain of land supply in time: which steps a parcel has passed, and where the chain breaks."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd

from spacegov.errors import BadPolicy
from spacegov.tools.use._days import years_after
from spacegov.tools.values import text_of

STEPS = ("approve", "supply", "deliver", "start", "accept")
"""Steps of the chain, in order."""
CHAIN_COLUMNS = ("step", "required", "years", "article")


class Step(NamedTuple):
    """What holds for one step: whether it may not be skipped, years after the step before, article."""

    required: bool
    years: int | None
    article: str


class Break(NamedTuple):
    """A break of the chain: step, kind, the day of the step, the day it is held against, days between."""

    step: str
    kind: str
    day: date | None
    against: date | None
    days: int | None


class Course(NamedTuple):
    """How far one parcel has come."""

    stage: str
    breaks: list[Break]
    next_step: str
    next_due: date | None


def read_chain(table: pd.DataFrame) -> dict[str, Step]:
    """Read the rules of the chain.

    Raises
    ------
    BadPolicy
        A step that is not known, twice, or missing.
    """
    name = table.attrs.get("policy", "chain")
    chain: dict[str, Step] = {}
    for number, row in enumerate(table.to_dict("records"), start=1):
        step = text_of(row["step"])
        if step not in STEPS or step in chain:
            raise BadPolicy(
                f"{name}, row {number}: the step {step!r} was given, each of {', '.join(STEPS)} is needed once; "
                "mend the table"
            )
        chain[step] = Step(
            bool(row["required"]), None if pd.isna(row["years"]) else int(row["years"]), text_of(row["article"]) or ""
        )
    missing = [step for step in STEPS if step not in chain]
    if missing:
        raise BadPolicy(f"{name}: there is no row for {', '.join(missing)}; add one")
    return chain


def course_of(days: dict[str, date | None], agreed: date | None, chain: dict[str, Step], on: date) -> Course:
    """Follow one parcel through the chain as it is known on a day.

    Examples
    --------
    >>> rules = {step: Step(True, 1 if step == "start" else None, "") for step in STEPS}
    >>> days = {"approve": date(2020, 1, 1), "supply": date(2019, 6, 1), "deliver": date(2020, 3, 1)}
    >>> course = course_of(days, None, rules, date(2021, 3, 11))
    >>> course.stage, [(found.step, found.kind, found.days) for found in course.breaks]
    ('deliver', [('supply', 'order', 214), ('start', 'overdue', 10)])
    """
    known = {step: day for step in STEPS if (day := days.get(step)) is not None and day <= on}
    stage = max(known, key=STEPS.index, default="")
    breaks: list[Break] = []
    reached = STEPS.index(stage) if stage else -1
    previous: date | None = None
    for step in STEPS[: reached + 1]:
        day = known.get(step)
        if day is None:
            if chain[step].required:
                breaks.append(Break(step, "missing", None, None, None))
            continue
        if previous is not None and day < previous:
            breaks.append(Break(step, "order", day, previous, (previous - day).days))
        else:
            due = _due(step, known, agreed, chain)
            if due is not None and day > due:
                breaks.append(Break(step, "late", day, due, (day - due).days))
        previous = day if previous is None else max(previous, day)
    following = STEPS[reached + 1] if 0 <= reached < len(STEPS) - 1 else ""
    due = _due(following, known, agreed, chain) if following else None
    if following and due is not None and on > due:
        breaks.append(Break(following, "overdue", None, due, (on - due).days))
    return Course(stage, breaks, following, due)


def _due(step: str, known: dict[str, date], agreed: date | None, chain: dict[str, Step]) -> date | None:
    """Give the last day for a step: the agreed one for the start, else so many years after the step before."""
    if step == "start" and agreed is not None:
        return agreed
    before = known.get(STEPS[STEPS.index(step) - 1]) if step != STEPS[0] else None
    years = chain[step].years
    return None if before is None or years is None else years_after(before, years)
