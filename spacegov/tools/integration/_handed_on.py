"""What a detailed plan hands on of a master plan: uses, limits of intensity, numbers of facilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadInput, BadPolicy, MissingColumn, suggest
from spacegov.tools.overlay import shapes_of, union_of
from spacegov.tools.values import text_of, texts_of

USE_COLUMNS = ("master_use", "detailed_use", "verdict")
VERDICTS = ("same", "allowed", "deviation")


class HandedUses:
    """Which use hands on which; the first fitting row decides."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.rows: list[tuple[str, str, str, str | None]] = []
        name = table.attrs.get("policy", "uses")
        for number, row in enumerate(table.to_dict("records"), start=1):
            said = {str(column): text_of(value) for column, value in row.items()}
            if said["verdict"] not in VERDICTS:
                raise BadPolicy(
                    f"{name}, row {number}: the verdict {said['verdict']!r} was given, one "
                    f"of {', '.join(VERDICTS)} is needed; mend the table"
                )
            self.rows.append(
                (said["master_use"] or "", said["detailed_use"] or "", said["verdict"] or "", said.get("note"))
            )

    def judge(self, master: str | None, detailed: str | None) -> tuple[str, str | None]:
        """Give the verdict on a pair of uses, and the note of the row that decided."""
        if master is None or detailed is None:
            return "unknown", "a use is not stated"
        if master == detailed:
            return "same", None
        for wanted, given, verdict, note in self.rows:
            if _matches(wanted, master) and _matches(given, detailed):
                return verdict, note
        return "unknown", None


def _matches(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def read_limits(
    master: gpd.GeoDataFrame, detailed: gpd.GeoDataFrame, intensity: Mapping[str, str]
) -> dict[str, tuple[str, Any, Any]]:
    """Read by column: its bound, the limits of the master plan, the values of the detailed plan."""
    found = {}
    for column, bound in intensity.items():
        numbers = []
        for label, frame in (("master", master), ("detailed", detailed)):
            if column not in frame.columns:
                near = suggest(column, map(str, frame.columns))
                raise MissingColumn(f"{label}: the column {column!r} of intensity is missing; {near}")
            if not pd.api.types.is_numeric_dtype(frame[column]):
                raise BadInput(f"{label}: the column {column!r} of intensity holds no numbers; convert it")
            numbers.append(frame[column].to_numpy(dtype=np.float64))
        found[column] = (bound, numbers[0], numbers[1])
    return found


def check_limits(limits: dict[str, tuple[str, Any, Any]], master: int, detailed: int) -> list[dict[str, Any]]:
    found = []
    for column, (bound, allowed, planned) in limits.items():
        limit, value = float(allowed[master]), float(planned[detailed])
        if np.isnan(limit):
            continue
        row: dict[str, Any] = {"kind": "intensity", "item": column, "required": text_of(limit)}
        if np.isnan(value):
            found.append(row | {"verdict": "unknown", "note": "the detailed plan states no value"})
        elif (value > limit) if bound == "ceiling" else (value < limit):
            note = f"{bound} of the master plan"
            found.append(
                row | {"verdict": "deviation", "planned": text_of(value), "difference": value - limit, "note": note}
            )
    return found


def count_facilities(
    master: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame | None,
    requirements: pd.DataFrame | None,
    kind: str,
    required: str,
    unit: str | None,
) -> list[dict[str, Any]]:
    """Hold a detailed area against the limits of a master area."""
    """Count facilities against the numbers wanted."""
    if requirements is None:
        return []
    if facilities is None:
        raise BadInput("facilities: none were given, the requirements ask for them; name the layer of facilities")
    kinds = texts_of(facilities[kind])
    places = shapes_of(facilities)
    grounds: dict[str | None, Any] = {None: None}
    if unit is not None:
        names = texts_of(master[unit])
        grounds = {
            str(name): union_of(shapes_of(master)[names == name]) for name in sorted({str(n) for n in names if n})
        }
    found = []
    for row in requirements.to_dict("records"):
        name = text_of(row[unit]) if unit is not None else None
        wanted, what = float(row[required]), text_of(row[kind])
        if unit is not None and name not in grounds:
            raise BadInput(f"requirements: {name!r} in {unit!r} is no unit; {suggest(str(name), map(str, grounds))}")
        here = np.ones(len(places), dtype=bool) if name is None else shapely.intersects(grounds[name], places)
        count = int((here & (kinds == what)).sum())
        if count < wanted:
            found.append(
                {
                    "kind": "facility", "verdict": "deviation", "item": what, "master_record": name,
                    "required": text_of(wanted), "planned": str(count), "difference": count - wanted,
                    "geometry": grounds[name],
                }
            )  # fmt: skip
    return found
