"""Zones around waters, coasts and monuments, by the class of each and the rule of the day."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, MissingColumn
from spacegov.kinds import AreaBasis, name_of
from spacegov.tools.overlay import Shapes, areas_of, polygons_only, shapes_of, union_of
from spacegov.tools.protection._changes import Changes
from spacegov.tools.protection._regimes import days_in_force, holds
from spacegov.tools.values import labels_of, text_of, texts_of

VERDICTS = ("prohibited", "conditional")
# sides of a round corner: a buffer is narrower than its distance by at most 0.01 %
_QUARTER = 64


class Zone(NamedTuple):
    """A zone of one class of feature: from one distance to another."""

    theme: str
    feature_class: str | None
    name: str
    near: float
    far: float
    verdict: str
    article: str | None
    first: np.datetime64
    last: np.datetime64

    @property
    def strictness(self) -> tuple[int, float, float, str]:
        """Order in which zones of a theme take ground."""
        return VERDICTS.index(self.verdict), self.near, self.far, self.name


class Protected(NamedTuple):
    """Features to keep away from: a row for every record of all layers."""

    themes: npt.NDArray[Any]
    classes: npt.NDArray[Any]
    names: npt.NDArray[Any]
    shapes: Shapes


def read_zones(table: pd.DataFrame) -> list[Zone]:
    """Read the table of zones."""
    name = table.attrs.get("policy", "buffers")
    first, last = days_in_force(table, "buffers")
    zones = []
    for number, row in enumerate(table.to_dict("records")):
        near, far, verdict = float(row["from_m"]), float(row["to_m"]), text_of(row["verdict"])
        if not 0 <= near <= far or (near == far and far > 0) or verdict not in VERDICTS:
            raise BadPolicy(
                f"{name}, row {number + 1}: from_m {near:g}, to_m {far:g} and the verdict {verdict!r} were given, "
                f"a zone from near to far (0 to 0 is the feature) and one of {', '.join(VERDICTS)} are needed"
            )
        theme, zone = text_of(row["theme"]), text_of(row["zone"])
        if theme is None or zone is None:
            raise BadPolicy(f"{name}, row {number + 1}: theme or zone is missing, both are needed; fill them in")
        article = text_of(row["article"])
        zones.append(Zone(theme, text_of(row["class"]), zone, near, far, verdict, article, first[number], last[number]))
    return zones


def read_protected(
    layers: list[gpd.GeoDataFrame], zones: list[Zone], *, themes: list[str] | None, classes: Any, width: str | None
) -> Protected:
    """Read the features of all layers; a line with a width is the ground that far on either side."""
    if themes is not None and len(themes) != len(layers):
        raise BadInput(
            f"themes: {len(themes)} names were given for {len(layers)} layers, one each is needed; give them in order"
        )
    if width is not None and not any(width in layer.columns for layer in layers):
        raise MissingColumn(f"protected: no layer has the column {width!r} of widths; name another, or none")
    columns = [classes] * len(layers) if classes is None or isinstance(classes, str) else list(classes)
    if len(columns) == 1:
        columns *= len(layers)
    parts = []
    for number, layer in enumerate(layers):
        name = themes[number] if themes is not None else name_of(layer, f"protected {number + 1}")
        kinds = texts_of(layer[columns[number]]) if columns[number] is not None else np.full(len(layer), None)
        shapes = shapes_of(layer).copy()
        if width is not None and width in layer.columns:
            half = layer[width].to_numpy(dtype=np.float64, na_value=0.0) / 2
            lines = (shapely.get_dimensions(shapes) == 1) & (half > 0)
            shapes[lines] = shapely.buffer(shapes[lines], half[lines], quad_segs=_QUARTER)
        parts.append(Protected(np.full(len(layer), name, dtype=object), kinds.astype(object), labels_of(layer), shapes))
    found = Protected(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    known = {(zone.theme, zone.feature_class) for zone in zones}
    pairs = set(zip(found.themes.tolist(), found.classes.tolist(), strict=True))
    without = sorted(f"{theme} {kind}" for theme, kind in pairs if not {(theme, kind), (theme, None)} & known)
    if without:
        ledger.doubt(f"no zone is set for {len(without)} classes of features: {', '.join(without)}", "protected")
    return found


def zone_ground(
    protected: Protected, zones: list[Zone], changes: Changes, *, area_basis: AreaBasis
) -> tuple[pd.DataFrame, Shapes]:
    """Cut patches with the zones of the features near them, the strictest zone of a theme first.

    Returns
    -------
    rows : DataFrame
        patch (position), theme, zone, sub_zones (classes), records, rule (prohibited, conditional, earlier), article,
        distance_m, area_m2; by patch, theme and strictness.
    shapes : array of polygons
    """
    reach = max((zone.far for zone in zones), default=0.0)
    sound = np.flatnonzero(changes.sound)
    near, feature = shapely.STRtree(protected.shapes).query(changes.shapes[sound], predicate="dwithin", distance=reach)
    order = sorted(zones, key=lambda zone: zone.strictness)
    seen = changes.table["seen"].to_numpy()
    together: dict[tuple[int, str], list[int]] = {}
    for one, other in zip(sound[near].tolist(), feature.tolist(), strict=True):
        together.setdefault((one, str(protected.themes[other])), []).append(other)
    rows: list[dict[str, Any]] = []
    pieces: list[Any] = []
    for (patch, theme), around in sorted(together.items()):
        left = changes.shapes[patch]
        for zone, rule, features in _zones_near(order, protected, theme, around, seen[patch]):
            ring = union_of(_rings(protected.shapes[features], zone))
            piece = polygons_only(np.array([shapely.intersection(left, ring)], dtype=object))[0]
            if piece.area <= 0:
                continue
            left = shapely.difference(left, ring)
            away = shapely.distance(piece, protected.shapes[features])
            own = features[away <= zone.far + 1e-6]
            rows.append(
                {
                    "patch": patch,
                    "theme": theme,
                    "zone": zone.name,
                    "sub_zones": _join(protected.classes[own]),
                    "records": _join(protected.names[own]),
                    "rule": rule,
                    "article": zone.article,
                    "distance_m": float(away.min()),
                }
            )
            pieces.append(piece)
    shapes = np.empty(len(pieces), dtype=object)
    shapes[:] = pieces
    columns = ["patch", "theme", "zone", "sub_zones", "records", "rule", "article", "distance_m"]
    table = pd.DataFrame(rows, columns=columns).astype({"patch": "int64", "distance_m": "float64"})
    table["area_m2"] = areas_of(shapes, changes.crs, area_basis)
    return table, shapes


def _zones_near(
    zones: list[Zone], protected: Protected, theme: str, around: list[int], day: np.datetime64
) -> list[tuple[Zone, str, npt.NDArray[np.int64]]]:
    """Give the zones of the features around a patch with the rule that judges, those in force on its day first."""
    current, later = [], []
    for zone in zones:
        if zone.theme != theme:
            continue
        features = np.array(
            [one for one in around if _class_of(zones, theme, protected.classes[one]) == zone.feature_class]
        )
        if not len(features):
            continue
        if _in_force(zone, day):
            current.append((zone, zone.verdict, features))
        elif zone.first > day and not any(_same(zone, other) and _in_force(other, day) for other in zones):
            later.append((zone, "earlier", features))
    return current + later


def _class_of(zones: list[Zone], theme: str, kind: str | None) -> str | None:
    """Give the class whose zones hold for a feature: its own, else the one for all the others."""
    return kind if any(zone.theme == theme and zone.feature_class == kind for zone in zones) else None


def _in_force(zone: Zone, day: np.datetime64) -> bool:
    if np.isnat(day):
        return bool(np.isnat(zone.last))
    return bool(holds(np.array([zone.first]), np.array([zone.last]), day)[0])


def _same(one: Zone, other: Zone) -> bool:
    return (one.theme, one.feature_class, one.name) == (other.theme, other.feature_class, other.name)


def _rings(shapes: Shapes, zone: Zone) -> Shapes:
    if zone.far == 0:
        return polygons_only(shapes)
    outer = shapely.buffer(shapes, zone.far, quad_segs=_QUARTER)
    inner = shapely.buffer(shapes, zone.near, quad_segs=_QUARTER) if zone.near > 0 else polygons_only(shapes)
    return polygons_only(np.asarray(shapely.difference(outer, inner), dtype=object))


def _join(values: Any) -> str | None:
    return "; ".join(sorted({str(value) for value in values if value is not None})) or None
