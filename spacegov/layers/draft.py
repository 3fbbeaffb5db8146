"""A first draft of a layer card, from the file a department sent; a person then names fields and rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.layers.batches import VectorSource
from spacegov.layers.card import SPACES, Kind
from spacegov.layers.files import is_raster, split_source
from spacegov.layers.filter import GEOMETRY, kinds_of
from spacegov.layers.giants import refuse_giants

_ID = re.compile(r"(natural|artificial|planned)(\.[a-z0-9]+(-[a-z0-9]+)*)+")
_KINDS = {"Polygon": "Polygons", "MultiPolygon": "Polygons", "LineString": "Lines", "MultiLineString": "Lines",
          "LinearRing": "Lines", "Point": "Points", "MultiPoint": "Points"}  # fmt: skip


def check_layer_id(layer: str) -> str:
    """Refuse an id that could not be a folder and a file of cards.

    Examples
    --------
    >>> check_layer_id("planned.forest-plan")
    'planned.forest-plan'
    """
    if not _ID.fullmatch(layer):
        space = layer.partition(".")[0]
        hint = suggest(space, SPACES) if space not in SPACES else "small letters, digits and - are allowed"
        raise BadInput(f"{layer!r} is no id of a layer, one such as planned.forest-plan is needed; {hint}")
    return layer


def draft_card(given: str, layer: str, steward: str, *, kind: Kind | None = None) -> dict[str, Any]:
    """Draft the card of a layer from its data.

    Parameters
    ----------
    given : str
        A file, with its sublayer or band.
    layer : str
        The id the layer is to have.
    steward : str
        Key of the department that sent it.
    kind : str, optional
        The kind of layer; that of the geometry in the file without it.

    Returns
    -------
    dict
        The card's fields, to be written as YAML.

    Raises
    ------
    BadInput
        The layer mixes types of geometry.
    """
    title = layer.rpartition(".")[2].replace("-", " ").capitalize()
    card: dict[str, Any] = {"title": {"en": title}, "about": f"As delivered in {split_source(given)[0].name}."}
    rest = {
        "steward": steward,
        "sharing": {"class": "restricted", "reason": "Not decided yet."},
        "quality": {"tier": "C"},
    }
    if is_raster(given):
        return {**card, "kind": "Raster", "fields": {"value": {"type": "number", "title": {"en": "Value"}}}, **rest}
    path, sublayer = split_source(given)
    refuse_giants(path, sublayer)
    source = VectorSource(path, sublayer)
    fields = {
        name: {"type": "date" if kind == "datetime" else kind, "title": {"en": name}}
        for name, kind in kinds_of(source.schema()).items()
        if name != GEOMETRY and name.casefold() not in {"geometry", "bbox", "fault"}
    }
    return {**card, "kind": kind or _kind(source), "fields": fields, **rest}


def _kind(source: VectorSource) -> str:
    import numpy as np
    import shapely

    if not source.has_geometry:
        return "Table"
    kinds: set[str] = set()
    for batch in source.batches(columns=[]):
        shapes = shapely.from_wkb(np.array(batch.column(GEOMETRY).to_pylist(), dtype=object), on_invalid="ignore")
        types = {shape.geom_type for shape in shapes if shape is not None and not shape.is_empty}
        kinds |= {_KINDS.get(each, "Polygons") for each in types}
    if len(kinds) > 1:
        raise BadInput(f"{source.name}: it mixes {' and '.join(sorted(kinds))}; split it by type first")
    return kinds.pop() if kinds else "Polygons"


def write_card(workspace: Path, layer: str, text: str) -> Path:
    """Write a card into a workspace; one that is there is kept.

    Raises
    ------
    BadInput
        The workspace has another card of the layer.
    UnknownName
        The id names no space.
    """
    from spacegov.layers.store import write_text, writing

    space, _, rest = check_layer_id(layer).partition(".")
    if space not in SPACES:
        raise UnknownName(f"there is no space {space!r}; {suggest(space, SPACES)}")
    path = workspace / "layers" / space / f"{rest.replace('.', '/')}.yaml"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise BadInput(f"{path}: the workspace has a card of this layer; change that one, or import without --card")
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    return path
