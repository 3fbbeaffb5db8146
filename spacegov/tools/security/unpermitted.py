"""Buildings that nobody permitted: new ground under construction less permits and what stood before."""

from __future__ import annotations

from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadPolicy
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, PolicyKind, Polygons, SquareMetres
from spacegov.tools.overlay import areas_of, differences, intersections, polygons_only, shapes_of, union_of
from spacegov.tools.protection._changes import Changes, read_changes
from spacegov.tools.protection._permits import Permits
from spacegov.tools.protection._themes import protected_ground
from spacegov.tools.values import text_of

ANY_THEME = "any"
_COLUMNS = {
    "patch": "str",
    "kind": "str",
    "seen": "datetime64[s]",
    "answer": "str",
    "verdict": "str",
    "priority": "Int64",
    "area_m2": "float64",
    "existing_m2": "float64",
    "permitted_m2": "float64",
    "unpermitted_m2": "float64",
    "share": "float64",
    "themes": "str",
    "control_m2": "float64",
    "permits": "str",
    "permits_not_in_force": "str",
    "error": "str",
}


@checked(partition=None)
def detect_unpermitted_building(
    changes: Polygons,
    existing: Polygons | None = None,
    permits: Polygons | None = None,
    controls: list[Polygons] | None = None,
    *,
    priorities: Annotated[pd.DataFrame, PolicyKind(("theme", "min_m2", "priority"))],
    kinds: tuple[str, ...] = (),
    kind: Annotated[str | None, ColumnOf("changes")] = "kind",
    date: Annotated[str | None, ColumnOf("changes")] = "date",
    patch: Annotated[str | None, ColumnOf("changes")] = None,
    permit: Annotated[str | None, ColumnOf("permits")] = None,
    valid_from: Annotated[str | None, ColumnOf("permits")] = None,
    valid_to: Annotated[str | None, ColumnOf("permits")] = None,
    theme: Annotated[str | None, ColumnOf("controls")] = None,
    min_area: SquareMetres = 1.0,
    area_basis: AreaBasis = "plane",
) -> gpd.GeoDataFrame:
    """Find new buildings that neither stood before nor have a permit.

    Parameters
    ----------
    changes
        Change patches, or new footprints.
    existing
        Buildings that stood before.
    permits
        Ground for which a permit was given.
    controls
        Protected or controlled ground, such as the red line or basic farmland.
    priorities
        Control (`any` for every place), least unpermitted area, and priority; 1 is the most urgent.
    kinds
        Kinds of change that are buildings; all without it.
    kind, date, patch
        Columns of the changes: what, when it was seen, name.
    permit, valid_from, valid_to
        Columns of the permits: name, first and last day; the usual names where the layer has them.
    theme
        Column of a control's theme; `control` where a layer has that, else the layer is the theme.
    min_area
        Smallest ground that counts.
    area_basis
        How areas are measured.

    Returns
    -------
    GeoDataFrame
        A row for every change asked about, the most urgent first:
        patch, kind, seen : as delivered
        answer : `present` (suspected), `absent`, or `failed` (no readable date)
        verdict : `unpermitted`, `partly` (some of it permitted), `permitted`, or `existing` (stood before)
        priority : of suspected ones, by the table; empty for others
        area_m2, existing_m2, permitted_m2, unpermitted_m2 : m²; the last three sum to the first
        share : unpermitted share
        themes : controls under the unpermitted ground
        control_m2 : unpermitted ground under controls, m², counted once
        permits, permits_not_in_force : names of permits that meet the new ground
        error : why a change failed

    Raises
    ------
    BadPolicy
        A table without a priority for every place.

    Notes
    -----
    Ground of existing buildings is taken out first, then ground of permits in force on the day the change was seen;
    permits are judged by the same computation as in monitor-encroachment. A change partly over a building counts by
    what is new. Ground below `min_area` is left to drawing. Kinds that are no buildings are dropped and counted. Not
    split over machines only because permits and controls are given whole.

    References
    ----------
    Rules for the verification of satellite change patches (卫片执法) are the steward's; see verify-change-patch.

    Examples
    --------
    >>> def ground(*bounds, **columns):
    ...     shapes = [shapely.box(5e5 + w, 3e6, 5e5 + e, 3e6 + 10) for w, e in bounds]
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    >>> table = pd.DataFrame({"theme": ["any"], "min_m2": [0.0], "priority": [3]})
    >>> new = ground((0, 20), (30, 40), kind=["building"] * 2, date=["2025-03-01"] * 2)
    >>> answer = detect_unpermitted_building(new, ground((0, 5)), ground((30, 40)), priorities=table)
    >>> answer[["patch", "verdict", "existing_m2", "permitted_m2", "unpermitted_m2"]]
      patch      verdict  existing_m2  permitted_m2  unpermitted_m2
    0     0  unpermitted         50.0           0.0           150.0
    1     1    permitted          0.0         100.0             0.0
    """
    ranking = _read_priorities(priorities)
    buildings = _buildings_only(changes, kind, kinds)
    asked = read_changes(buildings, kind=kind, date=date, patch=patch, area_basis=area_basis)
    ledger.progress(0.2, "what stood before")
    new, stood = _new_ground(asked, existing, area_basis)
    sound = np.flatnonzero(asked.sound & (areas_of(new, asked.crs, area_basis) >= max(min_area, 1e-9)))
    rows = pd.DataFrame({"patch": sound, "area_m2": areas_of(new[sound], asked.crs, area_basis)})
    granted = Permits(permits, name=permit, valid_from=valid_from, valid_to=valid_to)
    judged, open_ground = granted.judge(rows, new[sound], asked, min_area=min_area, area_basis=area_basis)
    ledger.progress(0.7, "controls")
    broken = _controls(asked, sound, open_ground, controls, theme, min_area, area_basis)
    answer = _answer(asked, stood, sound, judged, broken, ranking)
    ledger.balance(
        float(asked.area_m2[asked.sound].sum()),
        answer.loc[answer["answer"] != "failed", ["existing_m2", "permitted_m2", "unpermitted_m2"]].to_numpy().ravel(),
        what="area of changes: existing, permitted, unpermitted",
    )
    _tell(answer)
    return answer


def _read_priorities(table: pd.DataFrame) -> list[tuple[str, float, int]]:
    rows = [(str(row.theme), float(str(row.min_m2)), int(str(row.priority))) for row in table.itertuples()]
    if not any(name == ANY_THEME and least == 0 for name, least, _ in rows):
        raise BadPolicy(
            f"priorities: the table {table.attrs.get('policy', '')!r} has no row for theme {ANY_THEME!r} from 0 m², so "
            "that some buildings had no priority; add one"
        )
    return sorted(rows, key=lambda row: row[2])


def _buildings_only(changes: gpd.GeoDataFrame, kind: str | None, kinds: tuple[str, ...]) -> gpd.GeoDataFrame:
    if kind is None or not kinds:
        return changes
    wanted = np.array([text_of(value) in kinds for value in changes[kind]], dtype=bool)
    ledger.dropped(int((~wanted).sum()), f"kind of change other than {', '.join(kinds)}")
    chosen = changes[wanted]
    chosen.attrs = dict(changes.attrs)
    return chosen


def _new_ground(asked: Changes, existing: gpd.GeoDataFrame | None, basis: AreaBasis) -> tuple[Any, Any]:
    """What of every change is new, and the area that stood before."""
    new = asked.shapes.copy()
    stood = np.zeros(len(new))
    if existing is None or not len(existing) or not len(new):
        return new, stood
    shapes = shapes_of(existing)
    pairs = pair_areas(
        gpd.GeoSeries(new, crs=asked.crs), gpd.GeoSeries(shapes, crs=asked.crs), area_basis=basis, trusted=True
    )
    for row, group in pairs.groupby("left_index"):
        position = int(str(row))
        before = union_of(shapes[group["right_index"].to_numpy()])
        stood[position] = areas_of(intersections(new[[position]], np.array([before])), asked.crs, basis)[0]
        new[position] = differences(new[[position]], np.array([before]))[0]
    return new, stood


def _controls(
    asked: Changes,
    sound: Any,
    open_ground: Any,
    controls: list[gpd.GeoDataFrame] | None,
    theme: str | None,
    min_area: float,
    basis: AreaBasis,
) -> dict[int, tuple[str, float]]:
    """Themes under the unpermitted ground of each change, and its area under any of them."""
    if controls is None or not len(sound):
        return {}
    left = Changes(asked.table.iloc[sound].reset_index(drop=True), open_ground, asked.area_m2[sound], asked.crs)
    rows, pieces = protected_ground(controls, left, theme=theme, area_basis=basis)
    keep = rows["area_m2"].to_numpy() >= max(min_area, 1e-9)
    found: dict[int, tuple[str, float]] = {}
    for row, group in rows[keep].groupby("patch"):
        both = polygons_only(np.array([shapely.union_all(pieces[group.index.to_numpy()])], dtype=object))
        names = "; ".join(sorted(str(name) for name in group["theme"].unique()))
        found[int(sound[int(str(row))])] = (names, float(areas_of(both, asked.crs, basis)[0]))
    return found


def _answer(
    asked: Changes,
    stood: Any,
    sound: Any,
    judged: pd.DataFrame,
    broken: dict[int, tuple[str, float]],
    ranking: list[tuple[str, float, int]],
) -> gpd.GeoDataFrame:
    count = len(asked.shapes)
    table = asked.table.assign(
        area_m2=asked.area_m2, existing_m2=stood, permitted_m2=0.0, unpermitted_m2=0.0, verdict="existing", permits=None
    )
    table["permits_not_in_force"] = None
    at = table.index[sound]
    for name in ("permitted_m2", "unpermitted_m2", "permits", "permits_not_in_force"):
        table.loc[at, name] = judged[name].to_numpy()
    table.loc[at, "verdict"] = judged["permitted"].to_numpy()
    # new ground too small to count stays with what stood before
    small = np.setdiff1d(np.arange(count), sound)
    table.loc[table.index[small], "existing_m2"] = table["area_m2"].to_numpy()[small]
    failed = ~asked.sound
    table.loc[failed, "verdict"] = None
    table.loc[failed, ["existing_m2", "permitted_m2", "unpermitted_m2"]] = np.nan
    themes_of = [broken.get(row, (None, 0.0))[0] for row in range(count)]
    table["themes"] = themes_of
    table["control_m2"] = [broken.get(row, (None, 0.0))[1] for row in range(count)]
    suspected = table["verdict"].isin(["unpermitted", "partly"]).to_numpy()
    table["answer"] = np.select([failed, suspected], ["failed", "present"], "absent")
    table["share"] = np.clip(table["unpermitted_m2"] / table["area_m2"], 0.0, 1.0)
    table["priority"] = pd.array(
        [
            _priority(themes, float(area), ranking) if open_case else None
            for themes, area, open_case in zip(themes_of, table["unpermitted_m2"], suspected, strict=True)
        ],
        dtype="Int64",
    )
    bounds = shapely.bounds(asked.shapes).reshape(-1, 4)
    urgency = table["priority"].fillna(10**6).to_numpy(dtype=np.int64)
    order = np.lexsort(
        (bounds[:, 1], bounds[:, 0], table["patch"].astype(str), -np.nan_to_num(table["unpermitted_m2"]), urgency)
    )
    ordered = table.iloc[order].reset_index(drop=True)
    return gpd.GeoDataFrame(ordered[list(_COLUMNS)].astype(_COLUMNS), geometry=asked.shapes[order], crs=asked.crs)


def _priority(themes: str | None, area: float, ranking: list[tuple[str, float, int]]) -> int:
    names = {ANY_THEME, *(themes.split("; ") if themes else ())}
    return next(priority for name, least, priority in ranking if name in names and area >= least)


def _tell(answer: gpd.GeoDataFrame) -> None:
    suspected = answer[answer["answer"] == "present"]
    ledger.figure("suspected", len(suspected))
    ledger.figure("unpermitted_m2", float(suspected["unpermitted_m2"].sum()))
    ledger.figure("on_controls", int((suspected["control_m2"] > 0).sum()))
    ledger.figure("permitted", int((answer["verdict"] == "permitted").sum()))
    ledger.figure("failed", int((answer["answer"] == "failed").sum()))
