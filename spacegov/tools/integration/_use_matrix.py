"""Areas of all use pairs of plans, balanced against the plans."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spacegov import ledger
from spacegov.kinds import AreaBasis
from spacegov.tools.integration._plan_areas import PlanAreas
from spacegov.tools.overlay import ground_area, intersections

_SIDE = ("plan", "use", "control", "sub_zone")
MATRIX_COLUMNS = (
    *(f"{name}_1" for name in _SIDE),
    *(f"{name}_2" for name in _SIDE),
    "compatibility",
    "pairs",
    "area_m2",
    "slivers_m2",
)


def use_matrix(areas: PlanAreas, pairs: pd.DataFrame, own: pd.DataFrame, area_basis: AreaBasis) -> pd.DataFrame:
    """Sum the pairs by class, and add what each class has outside the other plan.

    Parameters
    ----------
    areas : PlanAreas
    pairs : DataFrame
        first, second, area_m2, severity, counts: areas of different plans that share ground.
    own : DataFrame
        first, second, area_m2: areas of one plan that share ground.
    area_basis : {"plane", "ellipsoid"}
    """
    codes = areas.table["class"].to_numpy()
    met = pd.DataFrame(
        {
            "class_1": codes[pairs["first"]],
            "class_2": codes[pairs["second"]],
            "compatibility": pairs["severity"].to_numpy(dtype=object),
            "pairs": pairs["counts"].to_numpy().astype(np.int64),
            "area_m2": np.where(pairs["counts"], pairs["area_m2"], 0.0),
            "slivers_m2": np.where(pairs["counts"], 0.0, pairs["area_m2"]),
        }
    )
    inside = met.groupby(["class_1", "class_2", "compatibility"], as_index=False, sort=True).sum()
    rows: list[Any] = [
        (*_side(areas, class_1), *_side(areas, class_2), *figures)
        for class_1, class_2, *figures in inside.itertuples(index=False, name=None)
    ]
    rows += _outside(areas, pairs, own, area_basis)
    position = {name: number for number, name in enumerate(areas.plans)}
    rows.sort(
        key=lambda row: (
            position[row[0]],
            position[row[4]],
            row[8] == "outside",
            tuple(part or "" for part in (*row[1:4], *row[5:8])),
        )
    )
    table = pd.DataFrame(rows, columns=list(MATRIX_COLUMNS))
    texts = dict.fromkeys(MATRIX_COLUMNS[:9], "str")
    return table.astype({**texts, "pairs": "int64", "area_m2": "float64", "slivers_m2": "float64"})


def _side(areas: PlanAreas, code: int) -> tuple[str, str | None, str | None, str | None]:
    item = areas.classes[code]
    return item.plan, item.use, item.control, item.sub_zone


def _outside(areas: PlanAreas, pairs: pd.DataFrame, own: pd.DataFrame, area_basis: AreaBasis) -> list[Any]:
    """Give what each class has outside each plan that its own plan meets."""
    codes, owner = areas.table["class"].to_numpy(), areas.table["plan"].to_numpy()
    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    both = pd.DataFrame(
        {
            "area": np.concatenate([first, second]),
            "other": np.concatenate([second, first]),
            "area_m2": np.tile(pairs["area_m2"].to_numpy(), 2),
        }
    )
    both["other_plan"] = owner[both["other"].to_numpy()]
    inside = both.groupby(["area", "other_plan"])[["area_m2"]].sum().reset_index()
    _count_once(areas, both, inside, own, area_basis)
    whole = areas.area_m2[inside["area"].to_numpy()]
    rest = np.maximum(whole - inside["area_m2"].to_numpy(), 0.0)
    ledger.balance(
        float(whole.sum()),
        float(inside["area_m2"].sum() + rest.sum()),
        what="area of plans, within and outside each other",
    )
    by_class = inside.assign(code=codes[inside["area"].to_numpy()]).groupby(["code", "other_plan"])["area_m2"].sum()
    class_area = np.bincount(codes, weights=areas.area_m2, minlength=len(areas.classes))
    met_plans = {*zip(owner[first].tolist(), owner[second].tolist(), strict=True)}
    rows: list[Any] = []
    for code, item in enumerate(areas.classes):
        here = areas.plans.index(item.plan)
        for there, other in enumerate(areas.plans):
            if (min(here, there), max(here, there)) not in met_plans:
                continue
            left = max(float(class_area[code] - by_class.get((code, there), 0.0)), 0.0)
            one, none = _side(areas, code), (other, None, None, None)
            sides = (*one, *none) if here < there else (*none, *one)
            rows.append((*sides, "outside", 0, left, 0.0))
    return rows


def _count_once(
    areas: PlanAreas, both: pd.DataFrame, inside: pd.DataFrame, own: pd.DataFrame, area_basis: AreaBasis
) -> None:
    """Where a plan overlaps itself under several uses, count the ground an area shares with it once."""
    if not len(own):
        return
    doubled = np.union1d(own["first"].to_numpy(), own["second"].to_numpy())
    suspects = both[np.isin(both["other"].to_numpy(), doubled)]
    concerned = suspects.groupby(["area", "other_plan"]).size()
    concerned = concerned[concerned > 1]
    place = {key: row for row, key in enumerate(zip(inside["area"], inside["other_plan"], strict=True))}
    partners = both.groupby(["area", "other_plan"])["other"]
    amounts: npt.NDArray[np.float64] = inside["area_m2"].to_numpy().copy()
    for area, other_plan in concerned.index:
        others = partners.get_group((area, other_plan)).to_numpy()
        shared = intersections(np.full(len(others), areas.shapes[area], dtype=object), areas.shapes[others])
        amounts[place[area, other_plan]] = ground_area(shared, areas.crs, area_basis)
    inside["area_m2"] = amounts
