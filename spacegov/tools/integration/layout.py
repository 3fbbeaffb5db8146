"""A lower plan's control line against the line that was issued."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, Metres, Polygons, SquareMetres
from spacegov.tools.overlay import (
    Shapes,
    areas_of,
    differences,
    ground_area,
    grouped,
    intersections,
    shapes_of,
    slivers,
    union_of,
)
from spacegov.tools.values import labels_of, texts_of

PIECE_COLUMNS = {
    "piece": "int64",
    "kind": "str",
    "issued_record": "str",
    "plan_record": "str",
    "area_m2": "float64",
}
FEATURE_COLUMNS = {
    "status": "str",
    "issued_record": "str",
    "plan_records": "str",
    "issued_m2": "float64",
    "plan_m2": "float64",
    "kept_m2": "float64",
    "lost_m2": "float64",
    "added_m2": "float64",
    "within_tolerance_m2": "float64",
    "area_match": "float64",
    "shift_m": "float64",
}
_ROUNDING_M2 = 1e-6


class LayoutReview(NamedTuple):
    """The answer of `review_layout`."""

    features: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


@checked(partition=None)
def review_layout(
    plan: Polygons,
    issued: Polygons,
    *,
    plan_column: Annotated[str | None, ColumnOf("plan")] = None,
    plan_values: list[str] | None = None,
    tolerance: Metres = 1.0,
    min_area: SquareMetres = 1.0,
    area_basis: AreaBasis = "plane",
) -> LayoutReview:
    """Find what a lower plan kept, lost, added or shifted of a control line that was issued.

    Parameters
    ----------
    plan : GeoDataFrame
        The line as the lower plan draws it.
    issued : GeoDataFrame
        The line as it was issued.
    plan_column, plan_values : str, list of str, optional
        Only the plan's areas with one of these values in this column draw the line, such as control: basic-farmland.
    tolerance : float
        Ground nowhere wider than this between the two lines is a matter of drawing.
    min_area : float
        Smaller pieces count as a matter of drawing too.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    features : GeoDataFrame
        A row for every issued area, then one for every area of the plan that meets none, by record: status (kept,
        shifted, reduced, enlarged, lost, added), issued_record, plan_records, issued_m2, plan_m2 (of the plan's areas
        that meet it), kept_m2, lost_m2, added_m2 (m², beyond the tolerance), within_tolerance_m2 (m², drawn otherwise
        within it), area_match (plan over issued), shift_m (m, largest distance between the vertices of one border and
        the other border), geometry (issued, or the plan's where added).
    pieces : GeoDataFrame
        A row for every piece of ground, by kind and place: piece (number), kind (kept, lost, added, within-tolerance),
        issued_record, plan_record, area_m2 (m²), geometry.

    Raises
    ------
    UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    An area is kept when nothing wider than the tolerance differs, shifted when it lost on one side and gained on
    another, reduced or enlarged when it only lost or gained. The tolerance is a width: a piece that vanishes under a
    negative buffer of half of it is within. Kept, lost and drawn otherwise sum to the issued ground. A run is not
    split, since areas of both lines meet across any border.

    References
    ----------
    Rockafellar and Wets (1998), Variational Analysis, section 4.C, for the distance of two sets after Hausdorff.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> def line(*bounds):
    ...     return gpd.GeoDataFrame(geometry=[box(5e5 + w, 3e6, 5e5 + e, 3e6 + 100) for w, e in bounds], crs=4549)
    >>> answer = review_layout(line((0.5, 100), (220, 300)), line((0, 100), (200, 300), (500, 600)))
    >>> answer.features[["status", "issued_m2", "lost_m2", "area_match"]]
        status  issued_m2  lost_m2  area_match
    0     kept    10000.0      0.0       0.995
    1  reduced    10000.0   2000.0       0.800
    2     lost    10000.0  10000.0       0.000
    """
    plan = _chosen(plan, plan_column, plan_values)
    old, new = shapes_of(issued), shapes_of(plan)
    pairs = pair_areas(issued.geometry, plan.geometry, area_basis=area_basis, trusted=True)
    pairs = pairs[pairs["area_m2"] > _ROUNDING_M2]
    first, second = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    old_labels, new_labels = labels_of(issued), labels_of(plan)
    crs = issued.crs
    common = intersections(old[first], new[second])
    lost, lost_of = _rest(old, new, first, second)
    added, added_of = _rest(new, old, second, first)
    pieces = pd.concat(
        [
            _pieces("kept", common, old_labels[first], new_labels[second], crs, area_basis),
            _pieces("lost", lost, old_labels[lost_of], None, crs, area_basis),
            _pieces("added", added, None, new_labels[added_of], crs, area_basis),
        ],
        ignore_index=True,
    )
    ground = np.asarray(pieces.pop("geometry").values, dtype=object)
    within = (pieces["kind"] != "kept").to_numpy() & (
        slivers(ground, tolerance) | (pieces["area_m2"].to_numpy() < min_area)
    )
    pieces["given"] = pieces["kind"]
    pieces.loc[within, "kind"] = "within-tolerance"
    _balance(pieces, old, new, crs, area_basis)
    features = _features(pieces, issued, plan, first, second, area_basis)
    bounds = shapely.bounds(ground).reshape(-1, 4)
    rank = pieces["kind"].map({"lost": 0, "added": 1, "within-tolerance": 2, "kept": 3}).to_numpy(dtype=np.int64)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], rank))
    pieces = pieces.iloc[order].reset_index(drop=True)
    pieces["piece"] = np.arange(1, len(pieces) + 1)
    for kind in ("kept", "lost", "added", "within-tolerance"):
        amount = float(pieces.loc[pieces["kind"] == kind, "area_m2"].sum())
        ledger.figure(f"{kind.replace('-', '_')}_m2", amount)
    for status in ("kept", "shifted", "reduced", "enlarged", "lost", "added"):
        ledger.figure(status, int((features["status"] == status).sum()))
    ledger.figure("area_match", _ratio(ground_area(new, crs, area_basis), ground_area(old, crs, area_basis)))
    return LayoutReview(
        features, gpd.GeoDataFrame(pieces[list(PIECE_COLUMNS)].astype(PIECE_COLUMNS), geometry=ground[order], crs=crs)
    )


def _chosen(plan: gpd.GeoDataFrame, column: str | None, values: list[str] | None) -> gpd.GeoDataFrame:
    if (column is None) != (values is None):
        raise BadInput("plan_column and plan_values belong together, one of them was given; give both or none")
    if column is None or values is None:
        return plan
    return plan[np.isin(texts_of(plan[column]).astype(str), values)]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _rest(mine: Shapes, theirs: Shapes, own: Any, other: Any) -> tuple[Shapes, npt.NDArray[np.int64]]:
    """Give the contiguous parts of areas that the other line does not have."""
    rest = mine.copy()
    keys, partners = grouped(own, other)
    known = np.empty(len(keys), dtype=object)
    known[:] = [theirs[found[0]] if len(found) == 1 else union_of(theirs[found]) for found in partners]
    rest[keys] = differences(mine[keys], known)
    parts, origin = shapely.get_parts(rest, return_index=True)
    real = shapely.area(parts) > _ROUNDING_M2
    return np.asarray(parts[real], dtype=object), np.asarray(origin[real], dtype=np.int64)


def _pieces(kind: str, shapes: Shapes, issued: Any, plan: Any, crs: Any, area_basis: AreaBasis) -> gpd.GeoDataFrame:
    none = np.full(len(shapes), None, dtype=object)
    table = pd.DataFrame(
        {
            "kind": np.full(len(shapes), kind, dtype=object),
            "issued_record": none if issued is None else issued,
            "plan_record": none if plan is None else plan,
        },
        dtype=object,
    )
    table["area_m2"] = areas_of(shapes, crs, area_basis)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs)


def _balance(pieces: pd.DataFrame, old: Shapes, new: Shapes, crs: Any, area_basis: AreaBasis) -> None:
    """Assert that either line is what was kept of it and what was not."""
    areas = pieces.groupby("given")["area_m2"].sum()
    kept = float(areas.get("kept", 0.0))
    for name, shapes, other in (("issued", old, "lost"), ("plan", new, "added")):
        whole = float(areas_of(shapes, crs, area_basis).sum())
        parts = kept + float(areas.get(other, 0.0))
        if abs(parts - whole) > 1e-6 * max(whole, 1.0):
            # a line that overlaps itself meets the other more than once
            ledger.doubt(f"the {name} line overlaps itself, its areas are judged one by one", name)
        else:
            ledger.balance(whole, parts, what=f"ground of the {name} line, kept and not")


def _features(
    pieces: pd.DataFrame,
    issued: gpd.GeoDataFrame,
    plan: gpd.GeoDataFrame,
    first: Any,
    second: Any,
    area_basis: AreaBasis,
) -> gpd.GeoDataFrame:
    old, new, crs = shapes_of(issued), shapes_of(plan), issued.crs
    old_areas, new_areas = areas_of(old, crs, area_basis), areas_of(new, crs, area_basis)
    old_labels, new_labels = labels_of(issued), labels_of(plan)
    by_old = pieces.groupby(["issued_record", "kind"])["area_m2"].sum().to_dict()
    gained = pieces[pieces["given"] == "added"].groupby(["plan_record", "kind"])["area_m2"].sum().to_dict()
    partners = dict(zip(*grouped(first, second), strict=True))
    reach = _reach(old, new, partners)
    rows, shapes = [], []
    for number, label in enumerate(old_labels):
        own = partners.get(number, np.empty(0, dtype=np.int64))
        lost = float(by_old.get((label, "lost"), 0.0))
        added = sum(float(gained.get((new_labels[n], "added"), 0.0)) for n in own)
        near = float(by_old.get((label, "within-tolerance"), 0.0))
        near += sum(float(gained.get((new_labels[n], "within-tolerance"), 0.0)) for n in own)
        status = "lost" if not len(own) else _STATUS[lost > 0, added > 0]
        rows.append(
            (
                status, label, "; ".join(new_labels[own]) or None, old_areas[number], float(new_areas[own].sum()),
                float(by_old.get((label, "kept"), 0.0)), lost, added, near,
                _ratio(float(new_areas[own].sum()), old_areas[number]),
                reach[number],
            )
        )  # fmt: skip
        shapes.append(old[number])
    for number in np.setdiff1d(np.arange(len(new)), second):
        label = new_labels[number]
        near = float(gained.get((label, "within-tolerance"), 0.0))
        added = float(gained.get((label, "added"), 0.0))
        rows.append(("added", None, label, 0.0, new_areas[number], 0.0, 0.0, added, near, np.nan, np.nan))
        shapes.append(new[number])
    table = pd.DataFrame(rows, columns=list(FEATURE_COLUMNS)).astype(FEATURE_COLUMNS)
    ground = np.empty(len(shapes), dtype=object)
    ground[:] = shapes
    label = table["issued_record"].fillna(table["plan_records"]).to_numpy(dtype=object).astype(str)
    order = np.lexsort((label, (table["status"] == "added").to_numpy()))
    return gpd.GeoDataFrame(table.iloc[order].reset_index(drop=True), geometry=ground[order], crs=crs)


_STATUS = {(False, False): "kept", (True, False): "reduced", (False, True): "enlarged", (True, True): "shifted"}


def _reach(old: Shapes, new: Shapes, partners: dict[Any, Any]) -> npt.NDArray[np.float64]:
    """Give the largest distance between the borders, taken at the vertices of both (Hausdorff)."""
    reach = np.full(len(old), np.nan)
    numbers = np.array(sorted(partners), dtype=np.int64)
    drawn = np.empty(len(numbers), dtype=object)
    own = [partners[number] for number in numbers.tolist()]
    drawn[:] = [new[found[0]] if len(found) == 1 else union_of(new[found]) for found in own]
    reach[numbers] = shapely.hausdorff_distance(shapely.boundary(old[numbers]), shapely.boundary(drawn))
    return reach
