"""The figures an answer comes down to."""

from __future__ import annotations

import math
from typing import Any

from spacegov.ledger import Ledger
from spacegov.toolbox.card import ToolCard

NOT_STATED = "not stated"


def frames_of(answer: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Give the frames of an answer by name; a lone frame is called `result`."""
    if isinstance(answer, tuple) and hasattr(answer, "_fields"):
        return dict(zip(names, answer, strict=True))
    return {names[0]: answer}


def summarize(frames: dict[str, Any], card: ToolCard, ledger: Ledger) -> dict[str, Any]:
    """Count and sum an answer.

    Returns
    -------
    dict
        `rows`, `area_m2` and `length_m` of the main frame where it has them, every key figure the function reported,
        `by` (for each column of the card's `sum_by`: rows and area by value), `frames` (rows of each frame).
    """
    main = main_frame(frames, card)
    summary: dict[str, Any] = _totals(main)
    summary.update(ledger.notes.get("figures", {}))
    by = {column: _by(main, column) for column in card.show.sum_by if column in getattr(main, "columns", ())}
    if by:
        summary["by"] = by
    if len(frames) > 1:
        summary["frames"] = {name: _totals(frame) for name, frame in frames.items() if frame is not None}
    return summary


def main_frame(frames: dict[str, Any], card: ToolCard) -> Any:
    """Give the frame an answer is about: the card's, else the first."""
    return frames.get(card.show.frame or "", next(iter(frames.values())))


def _totals(frame: Any) -> dict[str, Any]:
    if not hasattr(frame, "columns"):
        return {"rows": int(frame.shape[0] * frame.shape[1]), "unit": "cells"} if hasattr(frame, "shape") else {}
    totals: dict[str, Any] = {"rows": len(frame)}
    for column in ("area_m2", "length_m"):
        if column in frame.columns:
            totals[column] = math.fsum(float(value) for value in frame[column].dropna())
    return totals


def _by(frame: Any, column: str) -> dict[str, dict[str, Any]]:
    import numpy as np
    import pandas as pd

    if not len(frame):
        return {}
    codes, values = pd.factorize(frame[column], sort=True, use_na_sentinel=False)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes, minlength=len(values)))[:-1])
    sums = {
        name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("area_m2", "length_m")
        if name in frame.columns
    }
    found = {}
    for value, rows in zip(values, parts, strict=True):
        totals: dict[str, Any] = {"rows": len(rows)}
        for name, numbers in sums.items():
            part = numbers[rows]
            totals[name] = math.fsum(part[~np.isnan(part)].tolist())
        found[NOT_STATED if pd.isna(value) else str(value)] = totals
    return found
