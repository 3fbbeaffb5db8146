"""Every restriction on a place, across the whole registry."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, SpacegovError, suggest
from spacegov.kinds import AreaBasis, ColumnOf, Features, LayerSet
from spacegov.text import say
from spacegov.tools.integration._concern import Concern, concern_of, uncovered
from spacegov.tools.overlay import Shapes, areas_of, shapes_of
from spacegov.tools.values import dates_of, labels_of, texts_of

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
# of several layers of a theme, the answer that must not be overlooked
_ANSWERS = ("present", "failed", "not_covered", "absent")


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
    readers = _asked(layers, themes)
    shapes, crs = shapes_of(place), place.crs
    names = texts_of(place[name]) if name is not None else labels_of(place)
    rows: list[dict[str, Any]] = []
    for done, (identity, reader) in enumerate(readers):
        ledger.progress(done / max(len(readers), 1), identity)
        rows.extend(_ask(identity, reader, shapes, crs, on, area_basis))
    rows.sort(key=lambda row: (row["number"], row["theme"], row["layer"]))
    geometry = np.empty(len(rows), dtype=object)
    geometry[:] = [row["geometry"] for row in rows]
    for row in rows:
        row["place"] = names[row["number"]]
    table = pd.DataFrame(
        [{key: row.get(key) for key in RESTRICTION_COLUMNS} for row in rows], columns=list(RESTRICTION_COLUMNS)
    )
    restrictions = gpd.GeoDataFrame(
        table.astype(RESTRICTION_COLUMNS), geometry=gpd.GeoSeries(geometry, crs=crs), crs=crs
    )
    for answer in _ANSWERS:
        ledger.figure(f"answers_{answer}", int((restrictions["answer"] == answer).sum()))
    ledger.figure("layers", len(readers))
    ledger.figure("places", len(place))
    failed = sorted({row["layer"] for row in rows if row["answer"] == "failed"})
    if failed:
        ledger.doubt(f"{len(failed)} layers could not be read, their restrictions are not known", ", ".join(failed))
    return Restrictions(restrictions, _by_theme(rows, shapes, crs, area_basis))


def _asked(layers: Any, themes: list[str] | None) -> list[tuple[str, Any]]:
    """Choose the layers whose cards name a restriction."""
    found = [
        (str(identity), reader)
        for identity, reader in sorted(layers.items())
        if getattr(reader.card, "restriction", None) is not None
    ]
    if themes is None:
        return found
    known = {reader.card.restriction.theme for _, reader in found}
    for theme in themes:
        if theme not in known:
            raise BadInput(f"themes: no layer restricts for {theme!r}; {suggest(theme, known)}")
    return [(identity, reader) for identity, reader in found if reader.card.restriction.theme in themes]


def _ask(
    identity: str, reader: Any, shapes: Shapes, crs: Any, on: date | None, area_basis: AreaBasis
) -> list[dict[str, Any]]:
    """Ask one layer about all places; a layer that fails answers so."""
    facts = _facts(identity, reader, on)
    count = len(shapes)
    if not reader.bound:
        gaps = areas_of(_areal(shapes), crs, area_basis)
        return [
            facts | _no_answer("not_covered", number, float(gaps[number])) | {"error": None} for number in range(count)
        ]
    try:
        found, gaps = _read(reader, shapes, crs, area_basis)
    except (SpacegovError, OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error) or type(error).__name__
        return [facts | _no_answer("failed", number, 0.0) | {"error": reason} for number in range(count)]
    restriction = reader.card.restriction
    rows = []
    for number, concern in enumerate(found):
        met = concern.objects > 0
        areal = shapely.get_dimensions(shapes[number]) == 2 and shapely.get_dimensions(concern.geometry) == 2
        below = bool(
            met and areal and (concern.area_m2 < restriction.min_area_m2 or concern.share < restriction.min_share)
        )
        answer = "present" if met and not below else "not_covered" if gaps[number] > 0 else "absent"
        rows.append(
            facts
            | {
                "number": number,
                "answer": answer,
                "below_threshold": below,
                "area_m2": concern.area_m2,
                "length_m": concern.length_m,
                "objects": concern.objects,
                "share": concern.share,
                "not_covered_m2": float(gaps[number]) if np.isfinite(gaps[number]) else 0.0,
                "values": concern.values,
                "records": concern.records,
                "geometry": concern.geometry if met else None,
            }
        )
    return rows


def _areal(shapes: Shapes) -> Shapes:
    flat = shapes.copy()
    flat[shapely.get_dimensions(flat) < 2] = shapely.Polygon()
    return flat


def _no_answer(answer: str, number: int, missing: float) -> dict[str, Any]:
    return {
        "number": number,
        "answer": answer,
        "below_threshold": False,
        "area_m2": 0.0,
        "length_m": 0.0,
        "objects": 0,
        "share": 0.0,
        "not_covered_m2": missing,
        "geometry": None,
    }


def _read(reader: Any, shapes: Shapes, crs: Any, area_basis: AreaBasis) -> tuple[list[Concern], Any]:
    if reader.card.kind in ("Raster", "Table"):
        raise BadInput(f"{reader.card.id}: a layer of {reader.card.kind} cannot restrict a place, features are needed")
    west, south, east, north = shapely.total_bounds(shapes) if len(shapes) else (0.0, 0.0, 0.0, 0.0)
    frame = reader.read(bbox=(float(west), float(south), float(east), float(north)))
    if frame.crs != crs:
        frame = frame.to_crs(crs)
    style = getattr(reader.card, "style", {}) or {}
    found = concern_of(shapes, frame, classes=style.get("colour_by"), area_basis=area_basis)
    coverage = reader.coverage
    if coverage is not None and coverage.crs != crs:
        coverage = coverage.to_crs(crs)
    return found, uncovered(shapes, coverage, crs, area_basis)


def _facts(identity: str, reader: Any, on: date | None) -> dict[str, Any]:
    """Give what the card and the binding say, whatever the data say."""
    card, binding = reader.card, getattr(reader, "binding", None)
    first, last = getattr(binding, "valid_from", None), getattr(binding, "valid_to", None)
    status = getattr(binding, "status", None)
    if on is not None and last is not None and last < on:
        status = "expired"
    elif on is not None and first is not None and first > on:
        status = "not-yet-in-force"
    days, _ = dates_of(pd.Series([first, last], dtype=object))
    return {
        "theme": card.restriction.theme,
        "layer": identity,
        "title": say(card.title),
        "law_status": status,
        "valid_from": days[0],
        "valid_to": days[1],
        "documents": "; ".join(_document(document) for document in card.restriction.documents) or None,
        "department": card.steward,
        "version": getattr(reader, "version", None),
    }


def _document(document: Any) -> str:
    article = f"Art. {document.article}" if document.article else None
    details = ", ".join(part for part in (document.number, article, document.date.isoformat()) if part)
    return f"{say(document.title)} ({details})"


def _by_theme(rows: list[dict[str, Any]], shapes: Shapes, crs: Any, area_basis: AreaBasis) -> pd.DataFrame:
    """Answer by theme, ground of several layers counted once."""
    groups: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["number"], row["theme"]), []).append(row)
    answers = []
    for (number, theme), group in groups.items():
        ground = [row["geometry"] for row in group if row["answer"] == "present"]
        areal = [shape for shape in ground if shapely.get_dimensions(shape) == 2]
        united = np.array([shapely.union_all(areal) if areal else shapely.Polygon()], dtype=object)
        area = float(areas_of(united, crs, area_basis)[0])
        whole = float(areas_of(_areal(shapes[[number]]), crs, area_basis)[0])
        answers.append(
            {
                "place": group[0]["place"],
                "theme": theme,
                "answer": min((row["answer"] for row in group), key=_ANSWERS.index),
                "area_m2": area,
                "share": min(area / whole, 1.0) if whole else max(row["share"] for row in group),
                "layers": "; ".join(row["layer"] for row in group if row["answer"] == "present") or None,
            }
        )
    return pd.DataFrame(answers, columns=list(THEME_COLUMNS)).astype(THEME_COLUMNS)
