"""How many people are where and when, from a stream of positions, without telling who."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, UnsuitableCrs, WrongGeometry
from spacegov.kernels.places import DistinctPairs, Places
from spacegov.kinds import ColumnOf, Minutes, Polygons, Stream
from spacegov.ledger import doubt, dropped, figure
from spacegov.tools.emergency._cases import unique_ids

_MICROSECONDS = 60_000_000
# a place and a window are held in one number: windows up to half of this many before and after 1970
_WINDOWS = 1 << 33
_SHORTEST = 3_000_000
_PRESENCE_COLUMNS = {
    "kind": "str",
    "place": "str",
    "begins": "datetime64[s]",
    "ends": "datetime64[s]",
    "people": "Int64",
    "withheld": "bool",
}
_PLACE_COLUMNS = {
    "kind": "str",
    "place": "str",
    "answer": "str",
    "peak_people": "Int64",
    "peak_begins": "datetime64[s]",
    "windows": "int64",
    "windows_withheld": "int64",
}


class Presence(NamedTuple):
    """Answer of `count_presence`."""

    places: gpd.GeoDataFrame
    presence: pd.DataFrame


@checked(partition=None)
def count_presence(
    positions: Stream,
    zones: Polygons | None = None,
    buildings: Polygons | None = None,
    *,
    least: Annotated[int, Field(ge=2)],
    window: Minutes = 60.0,
    pseudonym: Annotated[str, ColumnOf("positions")] = "pseudonym",
    time: Annotated[str, ColumnOf("positions")] = "time",
    zone: Annotated[str, ColumnOf("zones")] = "zone_id",
    building: Annotated[str, ColumnOf("buildings")] = "building_id",
) -> Presence:
    """Count people in zones and buildings by time window.

    Parameters
    ----------
    positions
        Points with a pseudonym and a time, in batches of any size and order.
    zones, buildings
        Places to count in, one of them or both.
    least
        Smallest count that is given; smaller ones are withheld.
    window
        Length of a time window, counted from midnight.
    pseudonym, time
        Columns of the positions.
    zone, building
        Columns of the ids of places.

    Returns
    -------
    places : GeoDataFrame
        kind (`zone`, `building`), place (id), answer (`present` with a count to give, `withheld` below the least,
        `absent` without a position), peak_people and peak_begins (of the counts given), windows (with any position),
        windows_withheld
    presence : DataFrame
        kind, place, begins, ends, people (different pseudonyms; empty where withheld), withheld; sorted by kind, place
        and time; windows without a position have no row

    Raises
    ------
    BadInput
        Neither zones nor buildings, a window that does not divide a day, or times that cannot be read.

    Notes
    -----
    A person counts once in a place and window, however many positions there are. Where places of one kind overlap the
    first by id counts. Pseudonyms are hashed on arrival, only hashes are kept, and none leaves. Counts below `least`
    are withheld everywhere; counts of different kinds are not additive (people in the street are in a zone and in no
    building), which keeps withheld ones from being computed. Memory grows with different people by place and window,
    not with positions. A stream is one run.

    References
    ----------
    Sweeney 2002 on k-anonymity; the threshold is the steward's.

    Examples
    --------
    >>> from shapely import box
    >>> area = gpd.GeoDataFrame({"zone_id": ["c-1"]}, geometry=[box(500000, 3200000, 500100, 3200100)], crs="EPSG:4549")
    >>> def seen(names, minute):
    ...     points = gpd.points_from_xy([500050] * len(names), [3200050] * len(names))
    ...     columns = {"pseudonym": names, "time": [f"2022-05-01T10:{minute:02d}:00"] * len(names)}
    ...     return gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4549")
    >>> answer = count_presence([seen(["a", "b", "a"], 5), seen(["b", "c"], 50)], area, least=3)
    >>> answer.presence[["place", "people", "withheld"]].to_numpy().tolist()
    [['c-1', 3, False]]
    """
    if zones is None and buildings is None:
        raise BadInput("no place to count in was given; give zones, buildings, or both")
    span = _span(window)
    targets = [
        _Places("zone", zones, zone) if zones is not None else None,
        _Places("building", buildings, building) if buildings is not None else None,
    ]
    counters = [place for place in targets if place is not None]
    total, outside = 0, 0
    for batch in positions:
        total += len(batch)
        outside += _take(batch, counters, pseudonym, time, span)
    rows = pd.concat([counter.rows(span, least) for counter in counters], ignore_index=True).astype(_PRESENCE_COLUMNS)
    shapes = pd.concat([counter.frame(rows) for counter in counters], ignore_index=True)
    places = gpd.GeoDataFrame(shapes, geometry="geometry", crs=counters[0].crs)
    dropped(outside, "positions in none of the places")
    _report(total, rows, least)
    return Presence(places, rows)


def _span(window: float) -> int:
    """Window in microseconds; it must divide a day so that windows begin at the same times every day."""
    span = round(window * _MICROSECONDS)
    if span <= 0 or (24 * 60 * _MICROSECONDS) % span:
        raise BadInput(f"window: {window:g} minutes do not divide a day; give 5, 15, 60 or another that does")
    if span < _SHORTEST:
        raise BadInput(f"window: {window:g} minutes are shorter than three seconds; give a longer window")
    return span


class _Places:
    """Places of one kind, and the different people in each by window."""

    def __init__(self, kind: str, layer: gpd.GeoDataFrame, column: str) -> None:
        self.kind = kind
        ids = unique_ids(layer, column, f"{kind}s")
        order = np.argsort(np.array(ids, dtype=object), kind="stable")
        self.ids = [ids[number] for number in order]
        self.shapes = layer.geometry.to_numpy()[order]
        self.crs = layer.crs
        self.index = Places(self.shapes)
        self.seen = DistinctPairs()

    def add(self, points: NDArray[np.float64], windows: NDArray[np.int64], people: NDArray[np.int64]) -> Any:
        """Take positions, their windows counted from the earliest; tells which lie in a place."""
        first = self.index.first(points)
        inside = first < len(self.ids)
        self.seen.add(first[inside] * _WINDOWS + windows[inside], people[inside])
        return inside

    def rows(self, span: int, least: int) -> pd.DataFrame:
        """Counts by place and window, small ones withheld."""
        cells, people = self.seen.counts()
        begins = ((cells % _WINDOWS - _WINDOWS // 2) * span).astype("datetime64[us]")
        small = people < least
        return pd.DataFrame(
            {
                "kind": self.kind,
                "place": np.array(self.ids, dtype=object)[cells // _WINDOWS],
                "begins": begins.astype("datetime64[s]"),
                "ends": (begins + np.timedelta64(span, "us")).astype("datetime64[s]"),
                "people": pd.Series(people, dtype="Int64").mask(small),
                "withheld": small,
            }
        )

    def frame(self, rows: pd.DataFrame) -> gpd.GeoDataFrame:
        """Places with their peak."""
        own = rows[rows["kind"] == self.kind]
        given = own[~own["withheld"]].sort_values(["people", "begins"], ascending=[False, True], kind="stable")
        peak = given.drop_duplicates("place").set_index("place").reindex(self.ids)
        windows = own.groupby("place")["withheld"].agg(["size", "sum"]).reindex(self.ids).fillna(0)
        table = pd.DataFrame({"kind": self.kind, "place": self.ids})
        table["peak_people"] = peak["people"].to_numpy()
        table["peak_begins"] = peak["begins"].to_numpy()
        table["windows"], table["windows_withheld"] = windows["size"].to_numpy(), windows["sum"].to_numpy()
        table["answer"] = np.select(
            [table["peak_people"].notna(), table["windows"] > 0], ["present", "withheld"], "absent"
        )
        return gpd.GeoDataFrame(
            table[list(_PLACE_COLUMNS)].astype(_PLACE_COLUMNS), geometry=gpd.GeoSeries(self.shapes, crs=self.crs)
        )


def _take(batch: gpd.GeoDataFrame, counters: list[_Places], pseudonym: str, time: str, span: int) -> int:
    """Count one batch; gives the number of positions in none of the places."""
    if batch.crs != counters[0].crs:
        raise UnsuitableCrs(
            f"positions: they are in {batch.crs}, the places in {counters[0].crs}, one CRS is needed; use to_crs()"
        )
    for column in (pseudonym, time):
        if column not in batch.columns:
            raise BadInput(f"positions: the column {column!r} is missing from a batch; every batch needs it")
    times = batch[time]
    if not pd.api.types.is_datetime64_any_dtype(times):
        times = pd.to_datetime(times, errors="coerce", format="ISO8601")
    if getattr(times.dtype, "tz", None) is not None:
        times = times.dt.tz_localize(None)
    missing = (times.isna() | batch[pseudonym].isna()).to_numpy()
    if missing.any():
        dropped(int(missing.sum()), "positions without a readable time or a pseudonym")
    stamps = times.to_numpy()[~missing].astype("datetime64[us]").astype(np.int64)
    windows = stamps // span + _WINDOWS // 2
    if len(windows) and (windows.min() < 0 or windows.max() >= _WINDOWS):
        raise BadInput(
            f"positions: times in {time!r} reach beyond what windows of {span / _MICROSECONDS:g} minutes count"
        )
    people = _hashes(batch[pseudonym][~missing])
    points = _coordinates(batch.geometry.to_numpy()[~missing])
    inside = np.zeros(len(points), dtype=bool)
    for counter in counters:
        inside |= counter.add(points, windows, people)
    return int((~inside).sum())


def _hashes(pseudonyms: pd.Series[Any]) -> NDArray[np.int64]:
    """64 bits for each pseudonym, read as text, the same in every batch."""
    numbers, different = pd.factorize(pseudonyms)
    texts = np.asarray(different.astype(str), dtype=object)
    return pd.util.hash_array(texts, categorize=False).view(np.int64)[numbers]


def _coordinates(points: NDArray[Any]) -> NDArray[np.float64]:
    """Coordinates (N, 2) of points, not-a-number for empty ones."""
    strange = ~np.isin(shapely.get_type_id(points), (-1, 0))
    if strange.any():
        raise WrongGeometry(
            f"positions: {int(strange.sum())} of a batch are no points ({points[strange][0].geom_type}); give points"
        )
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])


def _report(total: int, rows: pd.DataFrame, least: int) -> None:
    given = rows[~rows["withheld"]]
    figure("positions_read", total)
    figure("counts", len(rows))
    figure("counts_withheld", int(rows["withheld"].sum()))
    figure("peak_people", int(given["people"].max()) if len(given) else 0)
    if rows["withheld"].any():
        doubt(f"{int(rows['withheld'].sum())} counts below {least} are withheld: they are not zero", "withheld")
