"""What cards say of a field, and how its values are written as keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spacegov.text import Language


@dataclass(frozen=True)
class FieldWords:
    """What cards say of a field: its title, unit and type, and the words and colours of its codes."""

    title: dict[Language, str]
    unit: str | None = None
    type: str | None = None
    titles: Mapping[str, dict[Language, str]] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)


def field_words(name: str | None, fields: Mapping[str, Any], schemes: Mapping[str, Any]) -> FieldWords:
    """Collect what the cards say of a field; codes of the field go before those of its scheme."""
    stated = fields.get(name) if name is not None else None
    listed: list[tuple[Any, Any]] = []
    scheme = _said(stated, "scheme")
    if scheme is not None and scheme in schemes:
        listed += (_said(schemes[scheme], "codes") or {}).items()
    listed += (_said(stated, "codes") or {}).items()
    titles, colours = {}, {}
    # a code that the field only words otherwise keeps the colour of its scheme
    for code, said in listed:
        text = _said(said, "title") or (said if isinstance(said, Mapping) and "en" in said else None)
        if text is not None:
            titles[str(code)] = text_of(text)
        if _said(said, "colour"):
            colours[str(code)] = str(_said(said, "colour"))
    return FieldWords(
        title=text_of(_said(stated, "title") or (name or "").replace("_", " ")),
        unit=_said(stated, "unit"),
        type=_said(stated, "type"),
        titles=titles,
        colours=colours,
    )


def _said(what: Any, name: str) -> Any:
    return what.get(name) if isinstance(what, Mapping) else getattr(what, name, None)


def text_of(text: Mapping[Language, str] | str) -> dict[Language, str]:
    """Give words of one language the form of a text."""
    return {"en": text} if isinstance(text, str) else dict(text)


def key_of(value: Any) -> str | None:
    """Write a value as the key under which cards list it; None for a missing one.

    Examples
    --------
    >>> key_of(3.0), key_of(True), key_of("0101"), key_of(float("nan")), key_of(" ")
    ('3', 'true', '0101', None, None)
    """
    if value is None or (isinstance(value, float) and np.isnan(value)) or str(value) in ("<NA>", "NaT"):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    return str(value).strip() or None
