"""The index page of the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacegov.applications.index_page import write_page
from spacegov.text import Language

if TYPE_CHECKING:
    from spacegov.applications.demo import Demo
    from spacegov.workspace import Workspace


def write_index(workspace: Workspace, demo: Demo, language: Language) -> None:
    """Write the page that leads to everything the demo made.

    Parameters
    ----------
    workspace : Workspace
    demo : Demo
    language : {"en", "zh", "ru"}
    """
    facts = {"answers": demo.answers, "real": demo.real, "seconds": demo.seconds, "words": WORDS[language]}
    write_page(workspace, demo.index, "demo.html.j2", language, facts)


WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "asked": "Five jobs of its departments, from layers to report; every answer has a map, tables and its sources.",
        "all": "for everything on this page, on this computer",
        "real": "The same tools on real layers",
        "real_about": "Files as their owners publish them, read in place; broken shapes are mended on record.",
        "on": "How to go on",
        "serve": "Opens this county on the web map, with its layers, tools and answers.",
        "run": "Asks the same question of your own plans; no workspace is needed.",
        "new": "Starts a workspace for your county; fill it with spacegov import.",
        "foot": "Invented county and numbers. Each answer names its layers, versions, rules, and what nobody knows.",
    },
    "zh": {
        "asked": "各部门的五项工作，从图层直达报告；每个结论都有地图、表格和来源。",
        "all": "本页全部内容，在本机上",
        "real": "同样的工具，真实数据",
        "real_about": "直接读取数据发布者的原始文件；破损图形的修复均有记录。",
        "on": "下一步",
        "serve": "在网页地图上打开本县的图层、工具和结论。",
        "run": "直接用自己的规划提问，无需工作区。",
        "new": "为您的县新建工作区，再用 spacegov import 导入数据。",
        "foot": "虚构的县，虚构的数字。每份报告都注明图层、版本、规则以及无法回答之处。",
    },
    "ru": {
        "asked": "Пять работ ведомств — от слоёв до отчёта; у каждого ответа есть карта, таблицы и источники.",
        "all": "на всё на этой странице, на этом компьютере",
        "real": "Те же инструменты на настоящих слоях",
        "real_about": "Файлы в том виде, в каком их публикуют владельцы; исправление фигур записано.",
        "on": "Как продолжить",
        "serve": "Открывает уезд на веб-карте: слои, инструменты, ответы.",
        "run": "Тот же вопрос к вашим собственным планам; рабочая область не нужна.",
        "new": "Создаёт рабочую область вашего уезда; затем spacegov import.",
        "foot": "Уезд и числа вымышлены. Каждый отчёт называет слои, версии, правила и то, на что ответить нельзя.",
    },
}
