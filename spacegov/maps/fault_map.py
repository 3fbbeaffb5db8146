"""A map of the faults of layers, each where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.text import Language, Text

if TYPE_CHECKING:
    import geopandas as gpd

    from spacegov.workspace import Workspace

_TITLE: Text = {
    "en": "What is wrong in these data, and where?",
    "zh": "数据中存在哪些错误，位于何处？",
    "ru": "Какие ошибки есть в данных и где они находятся?",
}
_NAME: Text = {"en": "Faults", "zh": "数据错误", "ru": "Ошибки данных"}
_STYLE = {
    "colour_by": "severity",
    "label": "feature",
    "classes": [
        {"value": "error", "title": {"en": "Error", "zh": "错误", "ru": "Ошибка"}, "colour": "fault"},
        {"value": "warning", "title": {"en": "Warning", "zh": "警告", "ru": "Предупреждение"}, "colour": "doubt"},
    ],
}
_FIELDS = {"severity": {"type": "string", "title": {"en": "Severity", "zh": "严重程度", "ru": "Серьёзность"}}}
_COLUMNS: dict[str, Text] = {
    "layer": {"en": "Layer", "zh": "图层", "ru": "Слой"},
    "feature": {"en": "Record", "zh": "记录", "ru": "Запись"},
    "field": {"en": "Field", "zh": "字段", "ru": "Поле"},
    "code": {"en": "Fault", "zh": "错误类型", "ru": "Вид ошибки"},
    "value": {"en": "Value", "zh": "值", "ru": "Значение"},
    "reason": {"en": "What was found", "zh": "发现的问题", "ru": "Что обнаружено"},
    "mend": {"en": "How to mend it", "zh": "整改建议", "ru": "Как исправить"},
    "action": {"en": "What was done", "zh": "处理方式", "ru": "Что сделано"},
}
_NO_PLACE: dict[Language, str] = {
    "en": "{shown} of {all} faults have a place; the others are in the table.",
    "zh": "{all} 处错误中有 {shown} 处可定位，其余见表。",
    "ru": "На карте {shown} из {all} ошибок; у остальных нет места, они в таблице.",
}


def write_fault_map(workspace: Workspace, faults: gpd.GeoDataFrame, path: Path, language: Language) -> int:
    """Write a map of faults.

    Parameters
    ----------
    workspace : Workspace
        Its ground lies below.
    faults : GeoDataFrame
        As an import or a check found them: `feature`, `field`, `code`, `severity`, `reason`, `mend`, the place; `layer`
        where they are of several.
    path : Path
        The page.
    language : {"en", "zh", "ru"}

    Returns
    -------
    int
        Faults on the map; none is written where no fault has a place.
    """
    from spacegov.layers.store import writing
    from spacegov.maps.answers import map_ground
    from spacegov.maps.folium_map import folium_map
    from spacegov.maps.page import MapLayer
    from spacegov.maps.style import compile_style

    there = faults.geometry.notna() & ~faults.geometry.is_empty
    shown: Any = faults[there].reset_index(drop=True)
    if not len(shown):
        return 0
    columns: dict[str, tuple[Text | str, str | None]] = {
        name: (title, None) for name, title in _COLUMNS.items() if name in shown.columns
    }
    layer = MapLayer(shown, _NAME, compile_style(_STYLE, _FIELDS, {}, shown), columns)
    drawn = folium_map(
        [layer],
        title=_TITLE,
        answer=_NO_PLACE[language].format(shown=len(shown), all=len(faults)) if len(shown) < len(faults) else None,
        background=map_ground(workspace, shown.crs),
        language=language,
    )
    with writing(path.parent):
        drawn.save(str(path))
    return len(shown)
