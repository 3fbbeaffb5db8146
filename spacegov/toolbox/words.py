"""Words for the columns of an answer: from the tool's card, else from the card of the layer a column comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from spacegov.toolbox.card import Column, ToolCard

if TYPE_CHECKING:
    from spacegov.layers.card import Code, LayerCard, LayerField, Scheme
    from spacegov.text import Text


def column_words(
    card: ToolCard,
    names: Iterable[str],
    layers: Iterable[LayerCard] = (),
    schemes: Mapping[str, Scheme] | None = None,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Column]:
    """Find the words for columns.

    Parameters
    ----------
    card : ToolCard
        Its `columns` name a column as it is, or several with `*` (`*_area_m2`); `{}` in their title stands for what
        the `*` is.
    names : iterable of str
        The columns of the answer.
    layers : iterable of LayerCard
        The layers that were asked; a column that is one of their fields takes its words from there.
    schemes : mapping of Scheme
        Code schemes that fields name.
    options : mapping, optional
        The options of the run: where one of a column's own name names a field (`zoning=use`), the column takes the
        field's codes if the card gives none.

    Returns
    -------
    dict of Column
        Those that words were found for.

    Examples
    --------
    >>> card = ToolCard(
    ...     id="t", application="use", title={"en": "T"}, question="Q?", run="spacegov.tools.use.t:t",
    ...     columns={"*_area_m2": {"title": {"en": "Area of {}"}, "unit": "m²"}})
    >>> column_words(card, ["public_forest_area_m2", "other"])["public_forest_area_m2"].title
    {'en': 'Area of public forest'}
    """
    fields = {name: spec for layer in reversed(list(layers)) for name, spec in layer.fields.items()}
    found: dict[str, Column] = {}
    for name in names:
        words = card.columns.get(name) or _by_pattern(card, name)
        if words is None and name in fields:
            words = _of_field(fields[name], schemes or {})
        if words is not None:
            words = _with_codes(words, schemes or {})
            source = (options or {}).get(name)
            if words.codes is None and isinstance(source, str) and source in fields:
                words = words.model_copy(update={"codes": _of_field(fields[source], schemes or {}).codes})
            found[name] = words
    return found


def _with_codes(words: Column, schemes: Mapping[str, Scheme]) -> Column:
    """Fill in the codes of a column that names a scheme."""
    if words.scheme is None or words.scheme not in schemes:
        return words
    listed = {code: spoken.title for code, spoken in schemes[words.scheme].codes.items()}
    return words.model_copy(update={"codes": {**listed, **(words.codes or {})}})


def _by_pattern(card: ToolCard, name: str) -> Column | None:
    """Find the most telling of the card's patterns that a column fits."""
    for pattern in sorted((key for key in card.columns if "*" in key), key=len, reverse=True):
        fit = re.fullmatch(re.escape(pattern).replace(r"\*", "(.+)"), name)
        if fit is not None:
            words, part = card.columns[pattern], fit.group(1).replace("_", " ")
            return words.model_copy(
                update={"title": {language: title.replace("{}", part) for language, title in words.title.items()}}
            )
    return None


def _of_field(field: LayerField, schemes: Mapping[str, Scheme]) -> Column:
    listed: Mapping[str, Code | Text] = field.codes or {}
    if field.scheme is not None and field.scheme in schemes:
        listed = schemes[field.scheme].codes
    codes = {code: words if isinstance(words, dict) else words.title for code, words in listed.items()}
    return Column(title=field.title, unit=field.unit, codes=codes or None, about=field.about)
