"""Change patches as they were delivered: names, kinds, dates, and what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov import ledger
from spacegov.errors import BadPolicy
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, shapes_of
from spacegov.tools.values import dates_of, labels_of, text_of, texts_of

KIND_RULE_COLUMNS = ("theme", "kind", "verdict")
VERDICTS = ("encroachment", "review", "allowed")


@dataclass
class Changes:
    """Change patches.

    Attributes
    ----------
    table : DataFrame
        patch, kind, seen, error (None where the patch can be answered); a row for every patch, in order.
    shapes : array of polygons (n,)
    area_m2 : float64 (n,)
    crs : CRS
    """

    table: pd.DataFrame
    shapes: Shapes
    area_m2: npt.NDArray[np.float64]
    crs: Any

    @property
    def sound(self) -> npt.NDArray[np.bool_]:
        """Which patches can be answered."""
        return np.array([error is None for error in self.table["error"]], dtype=bool)


def read_changes(
    changes: gpd.GeoDataFrame, *, kind: str | None, date: str | None, patch: str | None, area_basis: AreaBasis
) -> Changes:
    """Read change patches; those whose date cannot be read are kept and marked."""
    count = len(changes)
    seen = np.full(count, np.datetime64("NaT"), dtype="datetime64[s]")
    error = np.full(count, None, dtype=object)
    if date is not None:
        seen, bad = dates_of(changes[date])
        for position in np.flatnonzero(np.isnat(seen)):
            error[position] = f"the date {bad[position]!r} cannot be read" if bad[position] is not None else "no date"
        lost = int(np.isnat(seen).sum())
        if lost:
            ledger.dropped(lost, "change patches without a readable date")
            ledger.doubt(f"{lost} change patches have no readable date and are answered `failed`", "changes")
    table = pd.DataFrame(
        {
            "patch": texts_of(changes[patch]) if patch is not None else labels_of(changes),
            "kind": texts_of(changes[kind]) if kind is not None else np.full(count, None, dtype=object),
            "error": error,
        },
        dtype=object,
    )
    table["seen"] = seen
    shapes = shapes_of(changes)
    return Changes(table, shapes, areas_of(shapes, changes.crs, area_basis), changes.crs)


def tell_verdicts(rules: pd.DataFrame | None, themes: Any, kinds: Any) -> npt.NDArray[Any]:
    """Give for each theme and kind of change what the rules make of it."""
    pairs = list(zip(themes, kinds, strict=True))
    if rules is None:
        return np.full(len(pairs), "encroachment", dtype=object)
    known: dict[tuple[str | None, str | None], str] = {}
    for number, row in enumerate(rules.to_dict("records"), start=1):
        verdict = text_of(row["verdict"])
        if verdict not in VERDICTS:
            raise BadPolicy(
                f"{rules.attrs.get('policy', 'the table of kinds of change')}, row {number}: the verdict {verdict!r} "
                f"was given, one of {', '.join(VERDICTS)} is needed; mend the table"
            )
        key = (text_of(row["theme"]), text_of(row["kind"]))
        earlier = known.get(key)
        known[key] = verdict if earlier is None else min(verdict, earlier, key=VERDICTS.index)
    found = np.array([known.get(pair) or known.get((None, pair[1])) or "unknown" for pair in pairs], dtype=object)
    missing = sorted(
        {f"{theme} × {kind}" for (theme, kind), verdict in zip(pairs, found, strict=True) if verdict == "unknown"}
    )
    if missing:
        ledger.doubt(f"{len(missing)} pairs of theme and kind of change are not in the rules", ", ".join(missing))
    return found
