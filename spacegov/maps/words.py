"""The few words a map brings itself, in the languages."""

from __future__ import annotations

from collections.abc import Sequence

from spacegov.text import Language

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "layers": "Layers",
        "background": "Background",
        "plain": "Plain",
        "sources": "Sources",
        "number": "Number",
        "area": "Area",
        "length": "Length",
        "total": "Total",
        "noData": "no data",
        "yes": "yes",
        "no": "no",
        "previous": "Previous finding here",
        "next": "Next finding here",
        "close": "Close",
        "zoomIn": "Zoom in",
        "zoomOut": "Zoom out",
        "whole": "Whole area",
        "map": "Map",
        "needsScript": "This map is drawn by the script in this file; allow scripts to see it.",
        "simplified": "drawn simplified to {tolerance}",
        "partly": "{drawn} of {features} {what} drawn",
        "features": "features",
        "and": " and ",
        "comma": ", ",
        "colon": ": ",
    },
    "zh": {
        "layers": "图层",
        "background": "底图",
        "plain": "空白",
        "sources": "资料来源",
        "number": "数量",
        "area": "面积",
        "length": "长度",
        "total": "合计",
        "noData": "无数据",
        "yes": "是",
        "no": "否",
        "previous": "此处上一项",
        "next": "此处下一项",
        "close": "关闭",
        "zoomIn": "放大",
        "zoomOut": "缩小",
        "whole": "全图",
        "map": "地图",
        "needsScript": "地图由本文件内的脚本绘制，请允许运行脚本。",
        "simplified": "绘制时已简化至 {tolerance}",
        "partly": "{what}绘制 {drawn} 个，共 {features} 个",
        "features": "要素",
        "and": "和",
        "comma": "、",
        "colon": "：",
    },
    "ru": {
        "layers": "Слои",
        "background": "Подложка",
        "plain": "Без подложки",
        "sources": "Источники",
        "number": "Количество",
        "area": "Площадь",
        "length": "Длина",
        "total": "Всего",
        "noData": "нет данных",
        "yes": "да",
        "no": "нет",
        "previous": "Предыдущий объект здесь",
        "next": "Следующий объект здесь",
        "close": "Закрыть",
        "zoomIn": "Приблизить",
        "zoomOut": "Отдалить",
        "whole": "Вся территория",
        "map": "Карта",
        "needsScript": "Карту рисует сценарий в этом файле; разрешите сценарии, чтобы увидеть её.",
        "simplified": "границы упрощены до {tolerance}",
        "partly": "{what}: показано {drawn} из {features}",
        "features": "объекты",
        "and": " и ",
        "comma": ", ",
        "colon": ": ",
    },
}

GROUND_WORDS: dict[str, dict[Language, str]] = {
    "relief": {"en": "relief", "zh": "地形", "ru": "рельеф"},
    "ground-forest": {"en": "woodland", "zh": "林地", "ru": "лес"},
    "ground-town": {"en": "towns", "zh": "城镇", "ru": "населённые пункты"},
    "ground-water": {"en": "water", "zh": "水系", "ru": "воды"},
    "ground-road": {"en": "roads", "zh": "道路", "ru": "дороги"},
    "ground-building": {"en": "buildings", "zh": "建筑", "ru": "здания"},
    "ground-border": {"en": "borders", "zh": "界线", "ru": "границы"},
}


def listed(items: Sequence[str], language: Language) -> str:
    """Write a list in words.

    Examples
    --------
    >>> listed(["relief", "water", "roads"], "en"), listed(["地形", "水系"], "zh")
    ('relief, water and roads', '地形和水系')
    """
    if len(items) < 2:
        return "".join(items)
    words = WORDS[language]
    return words["comma"].join(items[:-1]) + words["and"] + items[-1]
