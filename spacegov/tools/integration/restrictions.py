"""Every restriction on a place, across the whole registry."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kinds import AreaBasis, ColumnOf, Features, LayerSet
from spacegov.tools.integration._asking import ANSWERS, NO_ANSWER, LayerAnswer, Places, ask, asked, flat
from spacegov.tools.overlay import Shapes, areas_of, shapes_of
from spacegov.tools.values import labels_of, texts_of

RESTRICTION_COLUMNS = {
    "place": "str",
    "theme": "str",
    "layer": "str",
    "title": "str",
    "answer": "str",
    "below_threshold": "bool",
    "area_m2": "float64",
    "length_m": "float64",
    "objects": "int64",
    "share": "float64",
    "not_covered_m2": "float64",
    "values": "str",
    "records": "str",
    "law_status": "str",
    "valid_from": "datetime64[s]",
    "valid_to": "datetime64[s]",
    "documents": "str",
    "department": "str",
    "version": "str",
    "error": "str",
}
THEME_COLUMNS = {
    "place": "str",
    "theme": "str",
    "answer": "str",
    "area_m2": "float64",
    "share": "float64",
    "layers": "str",
}


class Restrictions(NamedTuple):
    """The answer of `extract_restrictions`."""

    restrictions: gpd.GeoDataFrame
    themes: pd.DataFrame


@checked(partition="rows")
def extract_restrictions(
    place: Features,
    layers: LayerSet,
    *,
    themes: list[str] | None = None,
    name: Annotated[str | None, ColumnOf("place")] = None,
    on: date | None = None,
    area_basis: AreaBasis = "plane",
) -> Restrictions:
    """Extract every restriction on a parcel, a drawn polygon, a line or a point.

    Parameters
    ----------
    place : GeoDataFrame
        Places asked about.
    layers : mapping of layer id to reader
        The registry; layers whose card names a restriction are asked.
    themes : list of str, optional
        Themes to ask; all by default.
    name : str, optional
        Column that names the places; the layer's key column, else the label of the record.
    on : date, optional
        Day on which the law is asked; the status of the binding alone by default.
    area_basis : {"plane", "ellipsoid"}
        Areas in the grid of the places or on the ellipsoid.

    Returns
    -------
    restrictions : GeoDataFrame
        A row for every place and layer, by place (in their order), theme, layer: place, theme, layer, title, answer
        (present: concerned; absent: not concerned; not_covered: nobody answers for all of the place there; failed: the
        layer could not be read), below_threshold (met, but less than the theme's threshold: answered absent), area_m2
        (m²), length_m (m), objects (count), share (of the place), not_covered_m2 (m²), values (of the layer's
        classifying field), records, law_status (in-force, draft, superseded, expired, not-yet-in-force), valid_from,
        valid_to, documents, department, version, error, geometry (the restricted ground; missing where there is none).
    themes : DataFrame
        A row for every place and theme: place, theme, answer (the first of present, failed, not_covered, absent that
        any layer gives), area_m2 (m²), share (ground of several layers counted once), layers (those present).

    Raises
    ------
    BadInput
        A theme that no layer has.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Pieces of one layer are united before area and share are taken, and thresholds are applied to the union: many small
    pieces do not vanish, no share exceeds 1. Polygons that only touch a place do not concern it. A layer that fails
    answers `failed` with its error and stops nothing else; a layer that the workspace does not bind answers
    `not_covered`. Only features in the box around the places are read. Places are answered one by one, so that a run
    may be split by rows.

    References
    ----------
    Federal ordinance on the cadastre of public-law restrictions on landownership (Switzerland, SR 510.622.4) for the
    content of an extract: restriction, legal basis, law status, the authority answerable.

    Examples
    --------
    >>> from spacegov.layers.card import LayerCard
    >>> from shapely import box
    >>> class Reader:
    ...     id, bound, coverage = "planned.line", True, None
    ...     card = LayerCard.model_validate({
    ...         "id": "planned.line", "space": "planned", "title": {"en": "Line"}, "about": "A line.",
    ...         "kind": "Polygons", "steward": "ecology", "sharing": {"class": "open"}, "quality": {"tier": "A"},
    ...         "restriction": {"theme": "red-line", "min_area_m2": 10}})
    ...     def read(self, bbox=None):
    ...         return gpd.GeoDataFrame(geometry=[box(5e5, 3e6, 5e5 + 60, 3e6 + 100)] * 2, crs=4549)
    >>> parcel = gpd.GeoDataFrame(geometry=[box(5e5 + 20, 3e6, 5e5 + 100, 3e6 + 100)], crs=4549)
    >>> answer = extract_restrictions(parcel, {"planned.line": Reader()})
    >>> answer.restrictions[["theme", "answer", "area_m2", "share", "department"]]
          theme   answer  area_m2  share department
    0  red-line  present   4000.0    0.5    ecology
    """
    readers = asked(layers, themes)
    shapes, crs = shapes_of(place), place.crs
    names = texts_of(place[name]) if name is not None else labels_of(place)
    places = Places(shapes, crs)
    answers = []
    for done, (identity, reader) in enumerate(readers):
        ledger.progress(done / max(len(readers), 1), identity)
        answers.append(ask(identity, reader, places, on))
    rows = _rows(answers, shapes, crs, area_basis)
    rows.sort(key=lambda row: (row["number"], row["theme"], row["layer"]))
    geometry = np.empty(len(rows), dtype=object)
    geometry[:] = [row["geometry"] for row in rows]
    for row in rows:
        row["place"] = names[row["number"]]
    table = pd.DataFrame({key: [row[key] for row in rows] for key in RESTRICTION_COLUMNS})
    restrictions = gpd.GeoDataFrame(
        table.astype(RESTRICTION_COLUMNS), geometry=gpd.GeoSeries(geometry, crs=crs), crs=crs
    )
    counts = Counter(row["answer"] for row in rows)
    for answer in ANSWERS:
        ledger.figure(f"answers_{answer}", counts[answer])
    ledger.figure("layers", len(readers))
    ledger.figure("places", len(place))
    failed = sorted({row["layer"] for row in rows if row["answer"] == "failed"})
    if failed:
        ledger.doubt(f"{len(failed)} layers could not be read, their restrictions are not known", ", ".join(failed))
    return Restrictions(restrictions, _by_theme(rows, shapes, crs, area_basis))


def _rows(answers: list[LayerAnswer], shapes: Shapes, crs: Any, area_basis: AreaBasis) -> list[dict[str, Any]]:
    """Measure what the layers have on the places, all at once, and hold it against the thresholds."""
    count = len(shapes)
    whole = areas_of(flat(shapes), crs, area_basis)
    lengths = shapely.length(shapes)
    dimensions = shapely.get_dimensions(shapes)
    ground = [concern.geometry for answer in answers for concern in answer.concerns if concern.dimension == 2]
    gaps = [answer.gap.ground for answer in answers if answer.gap is not None and answer.gap.some]
    areas = iter(areas_of(_column(ground), crs, area_basis).tolist())
    missing = iter(areas_of(np.concatenate(gaps), crs, area_basis).reshape(-1, count) if gaps else ())
    rows = []
    for answer in answers:
        left = next(missing) if answer.gap is not None and answer.gap.some else np.zeros(count)
        for number in range(count):
            row = answer.facts | NO_ANSWER | {"number": number, "not_covered_m2": float(left[number])}
            if answer.state is not None:
                rows.append(row | {"answer": answer.state, "error": answer.error})
                continue
            concern = answer.concerns[number]
            open_ = left[number] > 0 or (answer.gap is not None and bool(answer.gap.open[number]))
            rows.append(row | {"answer": "not_covered" if open_ else "absent"})
            if concern.dimension < 0:
                continue
            area = next(areas) if concern.dimension == 2 else 0.0
            length = float(shapely.length(concern.geometry)) if concern.dimension == 1 else 0.0
            share = 1.0
            if dimensions[number] == 2:
                share = min(area / whole[number], 1.0)
            elif dimensions[number] == 1:
                share = min(length / lengths[number], 1.0) if concern.dimension == 1 else 0.0
            areal = dimensions[number] == 2 and concern.dimension == 2
            below = bool(areal and (area < answer.min_area_m2 or share < answer.min_share))
            if not below:
                rows[-1]["answer"] = "present"
            rows[-1] |= {
                "below_threshold": below,
                "area_m2": area,
                "length_m": length,
                "objects": concern.objects,
                "share": float(share),
                "values": concern.values,
                "records": concern.records,
                "geometry": concern.geometry,
            }
    return rows


def _column(shapes: list[Any]) -> Shapes:
    column = np.empty(len(shapes), dtype=object)
    column[:] = shapes
    return column


def _by_theme(rows: list[dict[str, Any]], shapes: Shapes, crs: Any, area_basis: AreaBasis) -> pd.DataFrame:
    """Answer by theme, ground of several layers counted once."""
    groups: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["number"], row["theme"]), []).append(row)
    several: dict[tuple[int, str], Any] = {}
    for key, group in groups.items():
        present = [row["geometry"] for row in group if row["answer"] == "present"]
        areal = [shape for shape in present if shapely.get_dimensions(shape) == 2]
        if len(areal) > 1:
            several[key] = shapely.union_all(areal)
    united = dict(zip(several, areas_of(_column(list(several.values())), crs, area_basis).tolist(), strict=True))
    whole = areas_of(flat(shapes), crs, area_basis)
    answers = []
    for key, group in groups.items():
        present = [row for row in group if row["answer"] == "present"]
        area = united.get(key, max((row["area_m2"] for row in present), default=0.0))
        answers.append(
            {
                "place": group[0]["place"],
                "theme": key[1],
                "answer": min((row["answer"] for row in group), key=ANSWERS.index),
                "area_m2": area,
                "share": min(area / whole[key[0]], 1.0) if whole[key[0]] else max(row["share"] for row in group),
                "layers": "; ".join(row["layer"] for row in present) or None,
            }
        )
    return pd.DataFrame(answers, columns=list(THEME_COLUMNS)).astype(THEME_COLUMNS)
