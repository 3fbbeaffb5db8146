"""Words about scenarios in three languages: states, choices, names of departments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacegov.text import Language, Text, say
from spacegov.toolbox.card import Application

if TYPE_CHECKING:
    from spacegov.applications.outcome import Status
    from spacegov.applications.scenario import Choice
    from spacegov.workspace import Workspace

APPLICATION_TITLES: dict[Application, Text] = {
    "foundation": {"en": "Foundation", "zh": "基础", "ru": "Основа"},
    "integration": {"en": "Integration", "zh": "多规合一", "ru": "Согласование планов"},
    "protection": {"en": "Protection", "zh": "空间保护", "ru": "Охрана"},
    "use": {"en": "Use", "zh": "空间利用", "ru": "Использование"},
    "security": {"en": "Security", "zh": "空间安全", "ru": "Безопасность"},
    "emergency": {"en": "Emergency", "zh": "应急三区", "ru": "Чрезвычайные ситуации"},
}
STATUS_TITLES: dict[Status, dict[Language, str]] = {
    "done": {"en": "done", "zh": "已完成", "ru": "выполнено"},
    "failed": {"en": "failed", "zh": "失败", "ru": "не удалось"},
    "skipped": {"en": "not begun", "zh": "未开始", "ru": "не начато"},
    "proposed": {"en": "to be decided", "zh": "待决定", "ru": "ожидает решения"},
}
CHOICE_TITLES: dict[Choice, dict[Language, str]] = {
    "agree": {"en": "agree", "zh": "同意", "ru": "согласовать"},
    "object": {"en": "object with reasons", "zh": "不同意并说明理由", "ru": "возразить с обоснованием"},
    "return": {"en": "return for revision", "zh": "退回修改", "ru": "вернуть на доработку"},
    "correct": {"en": "ask for a correction of data", "zh": "申请数据更正", "ru": "запросить исправление данных"},
}
STEP_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "asked": "To be decided",
        "tool": "Tool",
        "days": "working days",
        "basis": "Basis",
        "steps": "Steps",
        "deliverable": "Deliverable",
        "signatures": "Signatures",
    },
    "zh": {
        "asked": "待决定",
        "tool": "工具",
        "days": "工作日",
        "basis": "依据",
        "steps": "步骤",
        "deliverable": "成果",
        "signatures": "签署部门",
    },
    "ru": {
        "asked": "Решить",
        "tool": "Инструмент",
        "days": "рабочих дней",
        "basis": "Основание",
        "steps": "Шаги",
        "deliverable": "Результат",
        "signatures": "Подписи",
    },
}


def department_titles(workspace: Workspace, language: Language) -> dict[str, str]:
    """Give the names of departments by code."""
    return {steward.code: say(steward.title, language) for steward in workspace.layers.stewards.values()}
