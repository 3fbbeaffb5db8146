"""The index page of a folder with every scenario."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from spacegov import numbers
from spacegov.applications.index_page import write_page
from spacegov.applications.words import APPLICATION_TITLES
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.every import EveryScenario
    from spacegov.workspace import Workspace


def write_index(workspace: Workspace, every: EveryScenario, language: Language) -> None:
    """Write the page that leads to every scenario that has run.

    Parameters
    ----------
    workspace : Workspace
    every : EveryScenario
    language : {"en", "zh", "ru"}
    """
    words = WORDS[language]
    groups = [
        (say(APPLICATION_TITLES[application], language), [each.card for each in part])
        for application, part in groupby(every.ran, key=lambda each: each.application)
    ]
    done, total = (numbers.count(count, language) for count in (len(every.ran), every.total))
    told = words["every" if len(every.ran) == every.total else "some"].format(done=done, total=total)
    facts = {"groups": groups, "told": told, "seconds": every.seconds, "words": words}
    write_page(workspace, every.index, "every.html.j2", language, facts)


WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "every": "Scenarios run: {total}, each with its folder: report, map, tables and layers.",
        "some": "Scenarios run: {done} of {total}, each with its folder: report, map, tables and layers.",
        "all": "for everything on this page, on this computer",
    },
    "zh": {
        "every": "已运行场景 {total} 个，各有文件夹：报告、地图、表格和图层。",
        "some": "已运行场景 {done} 个（共 {total} 个），各有文件夹：报告、地图、表格和图层。",
        "all": "本页全部内容，在本机上",
    },
    "ru": {
        "every": "Выполнено сценариев: {total}; у каждого своя папка: отчёт, карта, таблицы и слои.",
        "some": "Выполнено сценариев: {done} из {total}; у каждого своя папка: отчёт, карта, таблицы и слои.",
        "all": "на всё на этой странице, на этом компьютере",
    },
}
