"""Plans as one frame of areas: whose, for which use, under which control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.errors import BadInput
from spacegov.kernels import self_pair_areas
from spacegov.kinds import AreaBasis, name_of
from spacegov.tools.overlay import Shapes, areas_of, canonical_order, differences, shapes_of, union_of
from spacegov.tools.values import labels_of, text_of

_AREAL = (3, 6)


@dataclass(frozen=True)
class PlanClass:
    """Areas of one plan that ask the same of the ground."""

    plan: str
    use: str | None
    control: str | None
    sub_zone: str | None


@dataclass
class PlanAreas:
    """The areas of several plans.

    Attributes
    ----------
    plans : list of str
        Names in order.
    classes : list of PlanClass
    table : DataFrame
        A row per area: plan and class (positions in the lists), record (label in its layer), department.
    shapes : array of polygons (n,)
        Ground that two areas of one class share belongs to the larger of them only.
    area_m2 : float64 (n,)
    """

    plans: list[str]
    classes: list[PlanClass]
    table: pd.DataFrame
    shapes: Shapes
    area_m2: npt.NDArray[np.float64]
    crs: Any

    def pairs(self, area_basis: AreaBasis) -> pd.DataFrame:
        """Measure every two areas that share ground: first, second (positions), area_m2, the earlier plan first."""
        found = self_pair_areas(self.frame, area_basis=area_basis, trusted=True)
        plan = self.table["plan"].to_numpy()
        first, second = found["left_index"].to_numpy(), found["right_index"].to_numpy()
        swap = plan[first] > plan[second]
        return pd.DataFrame(
            {
                "first": np.where(swap, second, first),
                "second": np.where(swap, first, second),
                "area_m2": found["area_m2"].to_numpy(),
            }
        )

    @property
    def frame(self) -> gpd.GeoSeries:
        """The shapes with their CRS."""
        return gpd.GeoSeries(self.shapes, crs=self.crs)


def gather_plans(
    plans: list[gpd.GeoDataFrame], *, plan: str | None, use: str | None, area_basis: AreaBasis
) -> PlanAreas:
    """Bring plans together.

    Parameters
    ----------
    plans : list of GeoDataFrame
        Layers.
    plan : str, optional
        Column whose values are the plans; else every layer is one.
    use : str, optional
        Column of the use; else `use` where a layer has it, else the plan's name.
    area_basis : {"plane", "ellipsoid"}

    Returns
    -------
    PlanAreas
    """
    names = _layer_names(plans)
    table = pd.concat(
        [_rows(frame, name, plan, use) for frame, name in zip(plans, names, strict=True)], ignore_index=True
    )
    shapes = np.concatenate([shapes_of(frame) for frame in plans]) if plans else np.empty(0, dtype=object)
    order = sorted(set(table["plan"])) if plan is not None else names
    table["plan"] = table["plan"].map({name: position for position, name in enumerate(order)}).astype("int64")
    if len(order) < 2:
        raise BadInput(
            f"plans: one plan ({order[0] if order else 'none'}) was given, two are needed; name another layer, or the "
            "column that tells the plans of one layer apart with plan=…"
        )
    areal = np.isin(shapely.get_type_id(shapes), _AREAL)
    if not areal.all():
        # a plan drawn as a line has no ground to dispute
        concerned = sorted({order[code] for code in table["plan"][~areal]})
        ledger.dropped(int((~areal).sum()), "drawn as a line or point: no ground")
        ledger.doubt(
            f"{int((~areal).sum())} features drawn as lines or points have no ground and were left out",
            ", ".join(concerned),
        )
        table, shapes = table[areal].reset_index(drop=True), shapes[areal]
    keys = [tuple(row) for row in table[["plan", "use", "control", "sub_zone"]].itertuples(index=False)]
    known = sorted(
        set(keys),
        key=lambda key: tuple(
            "" if part is None else f"{part}" if isinstance(part, str) else f"{part:09d}" for part in key
        ),
    )
    codes = {key: position for position, key in enumerate(known)}
    table["class"] = np.array([codes[key] for key in keys], dtype=np.int64)
    classes = [PlanClass(order[key[0]], *key[1:]) for key in known]
    gathered = PlanAreas(order, classes, table, shapes, np.zeros(0), plans[0].crs)
    _count_ground_once(gathered, area_basis)
    return gathered


def _layer_names(plans: list[gpd.GeoDataFrame]) -> list[str]:
    names: list[str] = []
    for position, frame in enumerate(plans, start=1):
        name = name_of(frame, f"plan {position}")
        while name in names:
            name = f"{name} ({position})"
        names.append(name)
    return names


def _rows(frame: gpd.GeoDataFrame, name: str, plan: str | None, use: str | None) -> pd.DataFrame:
    """Read whose each feature is and what it asks."""

    def texts(column: str | None) -> list[str | None]:
        if column is None or column not in frame.columns:
            return [None] * len(frame)
        return [text_of(value) for value in frame[column]]

    owners: list[str | None] = texts(plan) if plan is not None else [name] * len(frame)
    lacking = sum(owner is None for owner in owners)
    if lacking:
        raise BadInput(
            f"plans ({name}): {lacking} of {len(frame)} features have no value in {plan!r}, every feature must belong "
            "to a plan; fill the column, or leave them out"
        )
    has_use = (use or "use") in frame.columns
    uses = texts(use or "use") if has_use else owners
    silent = sum(value is None for value in uses)
    if silent:
        ledger.doubt(f"{silent} features state no use, so their pairs are unknown", name)
    steward = text_of(frame.attrs.get("steward"))
    departments = texts("steward") if "steward" in frame.columns else [steward] * len(frame)
    return pd.DataFrame(
        {
            "plan": owners,
            "use": uses,
            "control": texts("control"),
            "sub_zone": texts("sub_zone"),
            "record": labels_of(frame),
            "department": departments,
        },
        dtype=object,
    )


def _count_ground_once(areas: PlanAreas, area_basis: AreaBasis) -> None:
    """Take ground that areas of one class share from the smaller ones, and measure what each area has."""
    pairs = areas.pairs(area_basis)
    codes = areas.table["class"].to_numpy()
    own = pairs[codes[pairs["first"]] == codes[pairs["second"]]]
    if len(own):
        sizes = areas_of(areas.shapes, areas.crs, area_basis)
        rank = np.empty(len(areas.shapes), dtype=np.int64)
        place = np.empty(len(areas.shapes), dtype=np.int64)
        place[canonical_order(areas.shapes)] = np.arange(len(areas.shapes))
        rank[np.lexsort((place, -sizes))] = np.arange(len(areas.shapes))
        first, second = own["first"].to_numpy(), own["second"].to_numpy()
        smaller = np.where(rank[first] > rank[second], first, second)
        larger = np.where(rank[first] > rank[second], second, first)
        original = areas.shapes.copy()
        for position, group in pd.Series(larger).groupby(smaller):
            areas.shapes[position] = differences(
                np.array([original[position]], dtype=object),
                np.array([union_of(original[group.to_numpy()])], dtype=object),
            )[0]
        for plan, amount in own["area_m2"].groupby(areas.table["plan"].to_numpy()[first]).sum().items():
            ledger.doubt(
                f"areas of one use overlap each other by {amount:.2f} m², that ground is counted once",
                areas.plans[int(str(plan))],
            )
        kept = np.flatnonzero(~shapely.is_empty(areas.shapes))
        areas.table = areas.table.iloc[kept].reset_index(drop=True)
        areas.shapes = areas.shapes[kept]
    areas.area_m2 = areas_of(areas.shapes, areas.crs, area_basis)
