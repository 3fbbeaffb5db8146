"""Index pages of folders with several answers: one style, one card, written whole or not at all."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov import numbers
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.workspace import Workspace


def write_page(workspace: Workspace, path: Path, template: str, language: Language, facts: dict[str, Any]) -> None:
    """Write an index page.

    Parameters
    ----------
    workspace : Workspace
        Whose name heads the page.
    path : Path
        The page; its folder exists.
    template : str
        Name of a template in this package.
    language : {"en", "zh", "ru"}
    facts : dict
        What the template needs besides: `words`, `seconds`, and its answers.
    """
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("spacegov.applications"), autoescape=True, trim_blocks=True)
    territory = workspace.territory
    area = math.fsum(float(value) for value in territory.geometry.area) if territory is not None else None
    page = environment.get_template(template).render(
        {
            **facts,
            "words": {**CARD_WORDS[language], **facts["words"]},
            "language": language,
            "title": say(workspace.settings.name, language),
            "about": say(workspace.settings.about, language),
            "area": numbers.area(area, language) if area else "",
            "number": lambda value: numbers.number(value, language, 1),
        }
    )
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part.html")
    try:
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


CARD_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "map": "Map",
        "tables": "Tables",
        "report": "Report",
        "pdf": "PDF",
        "layers": "Layers",
        "comma": ", ",
        "colon": ": ",
        "second": "\N{NARROW NO-BREAK SPACE}s",
        "decides": "Still to decide: ",
        "not_covered": "Not covered: ",
        "failed": "Failed: ",
    },
    "zh": {
        "map": "地图",
        "tables": "表格",
        "report": "报告",
        "pdf": "PDF",
        "layers": "图层",
        "comma": "、",
        "colon": "：",
        "second": "\N{NARROW NO-BREAK SPACE}秒",
        "decides": "尚待决定：",
        "not_covered": "未覆盖：",
        "failed": "失败：",
    },
    "ru": {
        "map": "Карта",
        "tables": "Таблицы",
        "report": "Отчёт",
        "pdf": "PDF",
        "layers": "Слои",
        "comma": ", ",
        "colon": ": ",
        "second": "\N{NARROW NO-BREAK SPACE}с",
        "decides": "Ещё решают: ",
        "not_covered": "Нет данных: ",
        "failed": "Не удалось: ",
    },
}
