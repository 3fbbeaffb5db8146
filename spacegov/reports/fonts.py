"""Typefaces: which families a report asks for, in order, and whether Chinese can be set here at all."""

from __future__ import annotations

from functools import cache

from spacegov.errors import BadInput
from spacegov.text import Language

_LATIN = ("Noto Sans", "Source Sans 3", "Liberation Sans", "Arial", "Helvetica", "DejaVu Sans")
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "SimHei",
    "Noto Serif CJK SC",
    "SimSun",
)
# The last one comes with typst itself and has Latin and Cyrillic letters, so that a report never lacks them.
_LAST = ("Libertinus Serif",)
FAMILIES: dict[Language, tuple[str, ...]] = {
    "en": (*_LATIN, *CHINESE, *_LAST),
    "ru": (*_LATIN, *CHINESE, *_LAST),
    "zh": (*CHINESE, *_LATIN, *_LAST),
}
MONOSPACED = ("Liberation Mono", "DejaVu Sans Mono")


@cache
def installed() -> frozenset[str]:
    """Give the families that typst finds: its own and those of the system."""
    import typst

    return frozenset(typst.Fonts().families())


def can_set(language: Language) -> bool:
    """Tell whether a PDF in a language can be set here."""
    return language != "zh" or any(family in installed() for family in CHINESE)


def families(language: Language) -> list[str]:
    """Give the families to set a PDF in, those that are installed.

    Raises
    ------
    BadInput
        The report is in Chinese and no Chinese typeface is installed.
    """
    found = [family for family in FAMILIES[language] if family in installed()]
    if not can_set(language):
        raise BadInput(
            "no Chinese typeface is installed, so a PDF in Chinese would be boxes; install one, such as Noto Sans CJK "
            "(Debian: apt install fonts-noto-cjk), or write the report as .html"
        )
    return found
