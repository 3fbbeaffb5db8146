"""Underused land: parcels that give, or carry, far less than such land should."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.kinds import AreaBasis, ColumnOf, Count, Features, PolicyKind, Polygons, Table
from spacegov.tools.indicators import Definition
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._criteria import CRITERION_COLUMNS, Floats, frames_by_word, measure, read_criteria
from spacegov.tools.values import labels_of, text_of, texts_of

OWN, OUTPUT, ANY = "parcels", "output", "any"
GRADES = ("low", "watch", "fair")
_PARCEL_COLUMNS = {
    "parcel": "str",
    "use": "str",
    "answer": "str",
    "grade": "str",
    "low": "str",
    "watched": "str",
    "unknown": "str",
    "shortfall": "float64",
    "area_m2": "float64",
}
_CRITERION_COLUMNS = {
    "parcel": "str",
    "criterion": "str",
    "value": "float64",
    "measure": "str",
    "low_limit": "float64",
    "watch_limit": "float64",
    "grade": "str",
    "shortfall": "float64",
    "source": "str",
}


class UnderusedLand(NamedTuple):
    """Answer of `find_underused_land`."""

    parcels: gpd.GeoDataFrame
    criteria: pd.DataFrame


@checked(partition=None)
def find_underused_land(
    parcels: Polygons,
    output: Table | None = None,
    themes: list[Features] | None = None,
    *,
    criteria: Annotated[pd.DataFrame, PolicyKind((*CRITERION_COLUMNS, "use", "low", "watch"))],
    use: Annotated[str | None, ColumnOf("parcels")] = None,
    parcel: Annotated[str | None, ColumnOf(("parcels", "output"))] = None,
    year_column: Annotated[str | None, ColumnOf("output")] = None,
    year: int | None = None,
    needed: Count = 1,
    area_basis: AreaBasis = "plane",
) -> UnderusedLand:
    """Find parcels of low efficiency, and the criterion that makes them so.

    Parameters
    ----------
    parcels
        Parcels in use.
    output
        Table of output, tax or vacancy by parcel.
    themes
        Layers that formulas ask, such as buildings.
    criteria
        Criterion, use for which it holds (or `any`), whether more or less is better, limit beyond which a parcel is
        low, limit beyond which it is watched, unit, formula, source. Formulas call the parcels `parcels`, the table
        `output`, and other layers by the last part of their id with _ for -.
    use, parcel
        Columns of the parcels' use, and of the parcel's number in both parcels and output.
    year_column, year
        Column of the year in output, and the year asked about; the latest without.
    needed
        Number of low criteria that make a parcel low; with fewer it is watched.
    area_basis
        How areas are measured.

    Returns
    -------
    parcels : GeoDataFrame
        A row for every parcel with a criterion for its use, the worst first:
        parcel, use
        answer : `present` (low), `absent`, or `failed` (not low by what is known, but a criterion is not known)
        grade : `low`, `watch`, `fair`, or `unknown` (no criterion is known)
        low, watched, unknown : criteria beyond their limits, and those not known
        shortfall : of the worst low criterion, as a share of its limit
        area_m2 : m²
    criteria : DataFrame
        A row for every such parcel and criterion, in their order: parcel, criterion, value, measure (its unit),
        low_limit, watch_limit, grade, shortfall, source

    Raises
    ------
    BadPolicy
        A formula is not of the language, limits that contradict each other.
    MissingColumn
        A table of output without the parcel's number.
    BadInput
        A parcel twice, in the layer or in one year of the table.

    Notes
    -----
    A criterion that is not known is no 0: the parcel is judged by the others, and fails where one more could make it
    low. Parcels of uses that no criterion names are left out and counted. Limits are local policy; the table given by
    default is a professional default. Values are those of rank-renewal-units under the same formulas. Not split over
    machines, since formulas may reach over the parcels' borders.

    References
    ----------
    Guiding opinions on deepening the redevelopment of low-efficiency urban land (trial), 2016; limits are local.

    Examples
    --------
    >>> import shapely
    >>> plots = gpd.GeoDataFrame({"lot": ["A", "B", "C"]}, geometry=[
    ...     shapely.box(5e5 + 200 * n, 3e6, 5e5 + 200 * n + 100, 3e6 + 100) for n in range(3)], crs=4549)
    >>> made = pd.DataFrame({"lot": ["A", "B"], "yuan": [90.0, 400.0]})
    >>> table = pd.DataFrame([["output-per-ha", "more", "10k/ha", "mean(output, yuan) / unit_area() * 10000", "", "any",
    ...                        150.0, 300.0]],
    ...     columns=["criterion", "better", "unit", "formula", "source", "use", "low", "watch"])
    >>> answer = find_underused_land(plots, made, criteria=table, parcel="lot")
    >>> answer.parcels[["parcel", "answer", "grade", "shortfall"]].to_numpy().tolist()
    [['0', 'present', 'low', 0.4], ['2', 'failed', 'unknown', nan], ['1', 'absent', 'fair', nan]]
    """
    wanted = _read(criteria)
    uses = np.array([text_of(value) or ANY for value in criteria["use"]], dtype=object)
    limits = criteria[["low", "watch"]].to_numpy(dtype=np.float64, na_value=np.nan)
    own_use = texts_of(parcels[use]) if use is not None else np.full(len(parcels), None, dtype=object)
    holds = (uses[None, :] == ANY) | (own_use[:, None] == uses[None, :])
    asked = holds.any(axis=1)
    area = areas_of(shapes_of(parcels), parcels.crs, area_basis)
    ledger.dropped(int((~asked).sum()), "no criterion for the parcel's use", area_m2=float(area[~asked].sum()))
    names = labels_of(parcels)
    chosen = parcels[asked].assign(_area=area[asked], _name=names[asked], _use=own_use[asked]).reset_index(drop=True)
    frames: dict[str, Any] = {OWN: chosen}
    if output is not None:
        frames[OUTPUT] = _placed(chosen, output, parcel, year_column, year)
    found = measure(wanted, chosen, frames_by_word(themes, frames), area_basis)
    grade, short = _grades(wanted, found.values, limits, holds[asked])
    answer = _frames(chosen, wanted, found.values, limits, grade, short, int(needed), criteria)
    _tell(answer)
    return answer


def _read(criteria: pd.DataFrame) -> list[Definition]:
    name = criteria.attrs.get("policy", "criteria")
    wanted = read_criteria(criteria)
    for criterion, low, watch in zip(wanted, criteria["low"], criteria["watch"], strict=True):
        if pd.isna(low) or (not pd.isna(watch) and (watch < low if criterion.direction == "more" else watch > low)):
            raise BadPolicy(
                f"{name}: {criterion.indicator!r} is low from {low} and watched from {watch}; a limit for low is "
                "needed, and the limit to watch on its better side"
            )
    return wanted


def _placed(
    parcels: gpd.GeoDataFrame, output: pd.DataFrame, parcel: str | None, year_column: str | None, year: int | None
) -> gpd.GeoDataFrame:
    """Put the records of one year on their parcels; those of other parcels are left out and counted."""
    if parcel is None:
        raise MissingColumn(
            "output: the column of the parcel's number was not named, it is needed; name it with parcel="
        )
    table = output
    if year_column is not None:
        years = pd.to_numeric(output[year_column], errors="coerce")
        asked = years.max() if year is None else year
        table = output[years == asked]
        if not len(table):
            raise BadInput(f"output: there is no record of the year {asked}; ask for another year")
        ledger.figure("year", int(asked))
    numbers = texts_of(table[parcel])
    for role, values in (("output", numbers), ("parcels", texts_of(parcels[parcel]))):
        named = pd.Series(values).dropna()
        if named.duplicated().any():
            raise BadInput(
                f"{role}: the parcel {named[named.duplicated()].iloc[0]!r} stands twice; "
                "give each parcel one record a year"
            )
    place = pd.Index(texts_of(parcels[parcel])).get_indexer(pd.Index(numbers))
    ledger.dropped(int((place < 0).sum()), "record of output without a parcel that is asked about")
    kept = table[place >= 0].reset_index(drop=True)
    return gpd.GeoDataFrame(kept, geometry=shapes_of(parcels)[place[place >= 0]], crs=parcels.crs)


def _grades(wanted: list[Definition], values: Floats, limits: Floats, holds: Any) -> tuple[Any, Floats]:
    """Grade every parcel by every criterion, and tell by what share of the limit it falls short."""
    more = np.array([criterion.direction == "more" for criterion in wanted], dtype=bool)
    sign = np.where(more, 1.0, -1.0)
    low = (values - limits[:, 0]) * sign < 0
    watch = (values - limits[:, 1]) * sign < 0
    grade = np.select([~holds, np.isnan(values), low, watch], ["", "unknown", "low", "watch"], "fair")
    with np.errstate(divide="ignore", invalid="ignore"):
        short = np.where(grade == "low", (limits[:, 0] - values) * sign / np.abs(limits[:, 0]), np.nan)
    return grade, np.where(np.isfinite(short), short, np.nan)


def _frames(
    parcels: gpd.GeoDataFrame,
    wanted: list[Definition],
    values: Floats,
    limits: Floats,
    grade: Any,
    short: Floats,
    needed: int,
    criteria: pd.DataFrame,
) -> UnderusedLand:
    names = np.array([criterion.indicator for criterion in wanted], dtype=object)

    def listed(wanted_grade: str) -> list[str]:
        return ["; ".join(names[own == wanted_grade]) for own in grade]

    low, unknown = (grade == "low").sum(axis=1), (grade == "unknown").sum(axis=1)
    some = (grade == "low").any(axis=1) | (grade == "watch").any(axis=1)
    known = ((grade != "unknown") & (grade != "")).any(axis=1)
    table = pd.DataFrame(
        {
            "parcel": parcels["_name"].to_numpy(dtype=object),
            "use": parcels["_use"].to_numpy(dtype=object),
            "answer": np.select([low >= needed, low + unknown >= needed], ["present", "failed"], "absent"),
            "grade": np.select([low >= needed, some, known], ["low", "watch", "fair"], "unknown"),
            "low": listed("low"),
            "watched": listed("watch"),
            "unknown": listed("unknown"),
            "shortfall": np.where(low > 0, np.nan_to_num(short).max(axis=1, initial=0.0), np.nan),
            "area_m2": parcels["_area"].to_numpy(dtype=np.float64),
        }
    )
    rank = table["answer"].map({"present": 0, "failed": 1, "absent": 2}).to_numpy(dtype=np.int64)
    order = np.lexsort((table["parcel"], -table["shortfall"].fillna(0.0).to_numpy(), -low, rank))
    row, column = np.nonzero(grade[order] != "")
    own = order[row]
    evidence = pd.DataFrame(
        {
            "parcel": table["parcel"].to_numpy()[own],
            "criterion": names[column],
            "value": values[own, column],
            "measure": np.array([criterion.unit for criterion in wanted], dtype=object)[column],
            "low_limit": limits[column, 0],
            "watch_limit": limits[column, 1],
            "grade": grade[own, column],
            "shortfall": short[own, column],
            "source": texts_of(criteria["source"])[column],
        }
    )
    frame = gpd.GeoDataFrame(
        table.iloc[order].reset_index(drop=True)[list(_PARCEL_COLUMNS)].astype(_PARCEL_COLUMNS),
        geometry=shapes_of(parcels)[order],
        crs=parcels.crs,
    )
    return UnderusedLand(frame, evidence[list(_CRITERION_COLUMNS)].astype(_CRITERION_COLUMNS))


def _tell(answer: UnderusedLand) -> None:
    low = answer.parcels[answer.parcels["answer"] == "present"]
    ledger.figure("low", len(low))
    ledger.figure("low_m2", float(low["area_m2"].sum()))
    ledger.figure("watch", int((answer.parcels["grade"] == "watch").sum()))
    ledger.figure("fair", int((answer.parcels["grade"] == "fair").sum()))
    failed = answer.parcels[answer.parcels["answer"] == "failed"]
    ledger.figure("failed", len(failed))
    if len(failed):
        ledger.doubt(f"{len(failed)} parcels cannot be judged, a criterion is not known", str(failed["parcel"].iloc[0]))
