"""Words in English, Chinese and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, WithJsonSchema

Language: TypeAlias = Literal["en", "zh", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def _has_english(text: dict[Language, str]) -> dict[Language, str]:
    if not text.get("en"):
        raise ValueError("an English text (en)")
    return text


TEXT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {language: {"type": "string"} for language in LANGUAGES},
    "required": ["en"],
    "additionalProperties": False,
}

Text: TypeAlias = Annotated[dict[Language, str], AfterValidator(_has_english), WithJsonSchema(TEXT_SCHEMA)]
"""One phrase by language; English is always there."""


def say(text: Mapping[Any, str] | str | None, language: Language = "en", default: str = "") -> str:
    """Give a text in a language, in English where that is missing.

    Examples
    --------
    >>> say({"en": "River", "zh": "河流"}, "zh"), say({"en": "River"}, "ru")
    ('河流', 'River')
    """
    if text is None:
        return default
    if isinstance(text, str):
        return text
    return text.get(language) or text.get("en") or default
