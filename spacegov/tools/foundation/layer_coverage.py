"""What is known where: layers against units."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.checks import checked
from spacegov.errors import EmptyLayer, SpacegovError, UnknownName, suggest
from spacegov.kinds import ColumnOf, LayerSet, Polygons
from spacegov.layers.coverage import Answer, covered_share
from spacegov.layers.files import to_crs
from spacegov.ledger import doubt, figure, progress
from spacegov.raster import Raster
from spacegov.tools.foundation._mending import mend_shapes
from spacegov.tools.foundation._overlaps import shared_areas
from spacegov.tools.foundation._raster_zones import raster_in_zones
from spacegov.tools.foundation._records import answer_frame, answer_table
from spacegov.tools.foundation._shapes import Floats, Integers
from spacegov.tools.foundation._zone_measures import lines_in_zones, points_in_zones
from spacegov.tools.overlay import polygons_only, shapes_of
from spacegov.tools.values import texts_of

# A unit counts as wholly covered when less than this share of it is not: borders of two surveys differ a little.
_WHOLLY = 1 - 1e-6
ANSWERS = tuple(answer.value for answer in Answer)


class CoverageAssessment(NamedTuple):
    """Every unit and layer, and both summed up."""

    units: gpd.GeoDataFrame
    cells: pd.DataFrame
    layers: pd.DataFrame


@checked(partition="zones")
def assess_coverage(
    units: Polygons,
    layers: LayerSet,
    *,
    unit: Annotated[str, ColumnOf("units")] = "name",
    only: list[str] | None = None,
) -> CoverageAssessment:
    """Tell for every unit what each layer knows of it: present, absent, not covered, failed.

    Parameters
    ----------
    units : GeoDataFrame
        The units asked about, one row each.
    layers : mapping from layer id to reader
        The layers; the whole registry without a choice.
    unit : str
        Column that names a unit.
    only : list of str, optional
        Ids of the layers to ask.

    Returns
    -------
    units : GeoDataFrame
        A row for each unit, in the order given: `unit`, `present`, `absent`, `not_covered`, `failed` (numbers of
        layers), `share` (of layers that give an answer, present or absent, 0–1), `geometry`.
    cells : DataFrame
        A row for each layer and unit: `layer`, `unit`, `answer`, `covered_share` (of the unit, 0–1), `features` (number
        that share area or length with the unit, points in it; cells of a raster).
    layers : DataFrame
        A row for each layer: `layer`, `space`, `steward`, `tier`, `status`, `version`, `valid_from`, `valid_to` (dates
        as text, empty where not stated), `present`, `absent`, `not_covered`, `failed` (numbers of units),
        `covered_share` (mean over units), `reason` (why it failed or has no data).

    Raises
    ------
    EmptyLayer
        There are no units.
    UnknownName
        `only` names a layer that is not there.

    Notes
    -----
    Present: at least one feature or cell with data. Absent: none, and the unit lies wholly where the layer is
    authoritative. Not covered: none, and part of the unit was never looked at, or the workspace has no data at all.
    Failed: the layer could not be read. Touching is not being there: a parcel that borders on a unit does not count.
    Broken polygons are read as if repaired. Split by units. Cost: one join for each layer.

    References
    ----------
    .. [1] ISO 19157-1:2023, Geographic information, Data quality, completeness.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> units = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.box(5e5, 3e6, 500_100, 3_000_100)], crs="EPSG:4549")
    >>> class Reader:
    ...     id, card, bound, coverage = "wells", None, False, None
    >>> assess_coverage(units, {"wells": Reader()}).cells[["layer", "unit", "answer"]].values.tolist()
    [['wells', 'A', 'not_covered']]
    """
    if not len(units):
        raise EmptyLayer("units: the layer has no unit, at least one is needed; check the layer or its filter")
    for name in only or []:
        if name not in layers:
            raise UnknownName(f"only: there is no layer {name!r}; {suggest(name, layers)}")
    chosen = [name for name in layers if only is None or name in only]
    names = ["" if value is None else value for value in texts_of(units[unit])]
    cells: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    for number, layer in enumerate(chosen, start=1):
        answers, share, count, reason = _ask(layers[layer], layer, units)
        cells += [
            {"layer": layer, "unit": name, "answer": answer, "covered_share": part, "features": features}
            for name, answer, part, features in zip(names, answers, share, count, strict=True)
        ]
        tally = {answer: answers.count(answer) for answer in ANSWERS}
        facts.append({**_facts(layers[layer], layer), **tally, "covered_share": float(share.mean()), "reason": reason})
        progress(number / len(chosen), layer)
    return _frames(units, names, cells, facts)


def _ask(reader: Any, name: str, units: gpd.GeoDataFrame) -> tuple[list[str], Floats, Integers, str]:
    """Give answer, covered share and number of features for every unit, and the reason for having none."""
    nothing = np.zeros(len(units)), np.zeros(len(units), np.int64)
    if not reader.bound:
        return [Answer.NOT_COVERED.value] * len(units), *nothing, "the workspace has no data for it"
    try:
        cover = reader.coverage
        share = covered_share(units, None if cover is None else to_crs(cover, units.crs))
        data = reader.read()
        if isinstance(data, Raster):
            share, count = _cells(data, units)
        elif hasattr(data, "geometry"):
            count = _features(to_crs(data, units.crs), units)
        else:
            # A table without places speaks of the whole territory.
            count = np.full(len(units), len(data), dtype=np.int64)
    except SpacegovError as error:
        doubt(f"could not be asked: {error}", name)
        return [Answer.FAILED.value] * len(units), *nothing, str(error)
    silent = np.where(share >= _WHOLLY, Answer.ABSENT.value, Answer.NOT_COVERED.value)
    answers = [str(word) for word in np.where(count > 0, Answer.PRESENT.value, silent)]
    return answers, share, count, ""


def _features(frame: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> Integers:
    shapes = shapes_of(frame)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = mend_shapes(shapes[broken])
    zones = shapes_of(units)
    dimension = shapely.get_dimensions(shapes)
    count = np.zeros(len(units), np.int64)
    for family in np.unique(dimension):
        some = shapes[dimension == family]
        none = np.zeros(len(some), np.int64)
        if family == 2:
            _, zone, _ = shared_areas(polygons_only(some), zones, units.crs, "plane")
            count += np.bincount(zone, minlength=len(units))
        else:
            measure = lines_in_zones if family == 1 else points_in_zones
            count += measure(some, none, zones, 1)[0].features[:, 0]
    return count


def _cells(raster: Raster, units: gpd.GeoDataFrame) -> tuple[Floats, Integers]:
    """Give the share of every unit that has data, and the number of cells."""
    cells = raster_in_zones(raster, units, ["count"])["count"].to_numpy(np.float64)
    share = np.minimum(cells * raster.cell_area_m2 / units.geometry.area.to_numpy(), 1.0)
    return share, np.ceil(cells).astype(np.int64)


def _facts(reader: Any, name: str) -> dict[str, Any]:
    card, binding = reader.card, getattr(reader, "binding", None)
    return {
        "layer": name,
        "space": "" if card is None else str(card.space),
        "steward": "" if card is None else str(card.steward),
        "tier": "" if card is None else str(card.quality.tier),
        "status": "" if binding is None else str(binding.status),
        "version": str(getattr(reader, "version", None) or ""),
        "valid_from": "" if binding is None or binding.valid_from is None else str(binding.valid_from),
        "valid_to": "" if binding is None or binding.valid_to is None else str(binding.valid_to),
    }


def _frames(
    units: gpd.GeoDataFrame, names: list[str], cells: list[dict[str, Any]], facts: list[dict[str, Any]]
) -> CoverageAssessment:
    long = answer_table(
        {
            "layer": ([cell["layer"] for cell in cells], "str"),
            "unit": ([cell["unit"] for cell in cells], "str"),
            "answer": ([cell["answer"] for cell in cells], "str"),
            "covered_share": ([cell["covered_share"] for cell in cells], "float64"),
            "features": ([cell["features"] for cell in cells], "int64"),
        }
    )
    words = np.array([cell["answer"] for cell in cells], dtype=object).reshape(len(facts), len(names))
    tally = {answer: (words == answer).sum(axis=0) for answer in ANSWERS}
    answered = tally["present"] + tally["absent"]
    share = answered / len(facts) if facts else np.zeros(len(names))
    by_unit = answer_frame(
        {
            "unit": (names, "str"),
            **{answer: (tally[answer], "int64") for answer in ANSWERS},
            "share": (share, "float64"),
        },
        shapes_of(units),
        units.crs,
    )
    texts = ("layer", "space", "steward", "tier", "status", "version", "valid_from", "valid_to")
    by_layer = answer_table(
        {
            **{column: ([fact[column] for fact in facts], "str") for column in texts},
            **{answer: ([fact[answer] for fact in facts], "int64") for answer in ANSWERS},
            "covered_share": ([fact["covered_share"] for fact in facts], "float64"),
            "reason": ([fact["reason"] for fact in facts], "str"),
        }
    )
    figure("units", len(names))
    figure("layers", len(facts))
    for answer in ANSWERS:
        figure(f"answers_{answer}", int(tally[answer].sum()))
    figure("answered_share", float(answered.sum() / words.size) if words.size else 0.0)
    return CoverageAssessment(by_unit, long, by_layer)
