"""The demo: a workspace asked the questions of `tools/demo.yaml`, with maps, workbooks and an index page."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from spacegov import numbers
from spacegov.cards import Card, read_card
from spacegov.content import content_path
from spacegov.errors import BadInput, UnreadableFile
from spacegov.text import Language, Text, say
from spacegov.toolbox.card import Application

if TYPE_CHECKING:
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

Progress = Callable[[float, str], None]

APPLICATION_TITLES: dict[Application, Text] = {
    "foundation": {"en": "Foundation", "zh": "基础", "ru": "Основа"},
    "integration": {"en": "Integration", "zh": "多规合一", "ru": "Согласование планов"},
    "protection": {"en": "Protection", "zh": "空间保护", "ru": "Охрана"},
    "use": {"en": "Use", "zh": "空间利用", "ru": "Использование"},
    "security": {"en": "Security", "zh": "空间安全", "ru": "Безопасность"},
    "emergency": {"en": "Emergency", "zh": "应急三区", "ru": "Чрезвычайные ситуации"},
}


class DemoQuestion(Card):
    """One question of the demo.

    Attributes
    ----------
    tool : str
        Tool id.
    given : dict
        Inputs and options.
    question : Text or None
        Its words here; the tool's by default.
    focus : tuple of float or None
        What the picture shows: west, south, east, north in the analysis CRS.
    focus_on : dict
        Column and value of the features that the picture shows, where no focus is given.
    below : list of str
        Layers drawn under the answer.
    wide : bool
        Whether it takes a wide card.
    """

    tool: str
    given: dict[str, Any] = Field(default={})
    question: Text | None = None
    focus: tuple[float, float, float, float] | None = None
    focus_on: dict[str, str] = Field(default={})
    below: list[str] = Field(default=[])
    wide: bool = False


class DemoCard(Card):
    """The questions of the demo."""

    questions: list[DemoQuestion]


@dataclass
class DemoAnswer:
    """One question answered."""

    id: str
    application: Application
    question: str
    text: str
    seconds: float
    picture: str
    legend: list[dict[str, Any]]
    lines: list[tuple[str, str]]
    note: str
    files: dict[str, str]
    wide: bool


@dataclass
class Demo:
    """What the demo made."""

    index: Path
    answers: list[DemoAnswer] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Give what `spacegov demo --json` prints."""
        rows = [
            {"tool": answer.id, "question": answer.question, "answer": answer.text, "seconds": answer.seconds}
            for answer in self.answers
        ]
        return {"status": "done", "index": str(self.index), "seconds": self.seconds, "answers": rows}


def run_demo(workspace: Workspace, out: Path, language: Language, progress: Progress | None = None) -> Demo:
    """Ask every question and write the folder.

    Parameters
    ----------
    workspace : Workspace
        Whose layers answer.
    out : Path
        Folder to write; made when it is not there.
    language : {"en", "zh", "ru"}
    progress : callable, optional

    Returns
    -------
    Demo
    """
    if out.is_file():
        raise BadInput(f"{out}: a folder is needed there, it is a file; name another")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreadableFile(f"{out}: the folder cannot be made ({error.strerror}); name another") from None
    card = read_card(content_path("tools") / "demo.yaml", DemoCard)
    demo = Demo(out / "index.html")
    started = time.perf_counter()
    for number, question in enumerate(card.questions):
        if progress is not None:
            progress(number / len(card.questions), question.tool)
        demo.answers.append(_ask(workspace, question, out, language))
    demo.seconds = round(time.perf_counter() - started, 1)
    _write_index(workspace, demo, language)
    return demo


def _ask(workspace: Workspace, question: DemoQuestion, out: Path, language: Language) -> DemoAnswer:
    clock = time.perf_counter()
    result = workspace.run(question.tool, **question.given)
    stem = question.tool
    result.map(language=language).save(str(out / f"{stem}.html"))
    files = {"map": f"{stem}.html"}
    if any(hasattr(frame, "columns") for frame in result.frames.values()):
        result.to_xlsx(out / f"{stem}.xlsx")
        files["table"] = f"{stem}.xlsx"
    facts = json.dumps(result.to_json(), ensure_ascii=False, indent=1, default=str)
    (out / f"{stem}.json").write_text(facts, encoding="utf-8")
    files["provenance"] = f"{stem}.json"
    picture, legend = _picture(result, question, language)
    return DemoAnswer(
        id=question.tool,
        application=result.tool.card.application,
        question=say(question.question or result.tool.card.question, language),
        text=result.answer(language),
        seconds=round(time.perf_counter() - clock, 1),
        picture=picture,
        legend=legend,
        lines=_lines(result, language),
        note=_note(result, language),
        files=files,
        wide=question.wide,
    )


def _picture(result: Result, question: DemoQuestion, language: Language) -> tuple[str, list[dict[str, Any]]]:
    from spacegov.maps.answers import is_drawable, picture_ground, style_of_layer, style_of_result
    from spacegov.maps.picture import PictureLayer, legend_swatch, picture

    frame = result.frame
    if not is_drawable(frame):
        return "", []
    style = style_of_result(result, frame)
    layers = [*picture_ground(result.workspace, frame.crs)]
    for name in question.below:
        layer = result.workspace.layers[name]
        data = layer.read()
        layers.append(PictureLayer(data, style_of_layer(layer, data), 0.45))
    others = [other for other in result.frames.values() if other is not frame and is_drawable(other)]
    coloured = [other for other in others if result.tool.card.show.colour_by in getattr(other, "columns", ())]
    layers += [PictureLayer(other, style_of_result(result, other)) for other in coloured]
    layers.append(PictureLayer(frame, style, marks=True))
    bounds = question.focus or _bounds(frame, question.focus_on)
    width, height = (560, 760) if question.wide else (460, 290)
    title = say(question.question or result.tool.card.question, language)
    drawn = picture(layers, bounds, width, height, title=title, language=language, name=f"p-{result.tool.id}")
    legend = [
        {
            "swatch": legend_swatch(entry, style.shape, name=f"k-{result.tool.id}"),
            "title": say(entry.title, language),
        }
        for entry in style.entries
        if entry.count != 0
    ]
    return drawn, legend[:7]


def _bounds(frame: Any, focus_on: dict[str, str]) -> tuple[float, float, float, float]:
    """Give the bounds of a frame, or of the features that the card names, with a margin."""
    chosen = frame
    for column, value in focus_on.items():
        chosen = chosen[chosen[column].astype(str) == value]
    west, south, east, north = (
        float(value) for value in (chosen.total_bounds if hasattr(chosen, "total_bounds") else chosen.bounds)
    )
    margin = 0.06 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


def _lines(result: Result, language: Language) -> list[tuple[str, str]]:
    """Give the largest groups of the answer, by area or by number."""
    groups = next(iter(result.summary.get("by", {}).items()), None)
    if groups is None:
        return []
    column, values = groups
    codes = result.columns[column].codes if column in result.columns else None
    ranked = sorted(values.items(), key=lambda item: -item[1].get("area_m2", item[1]["rows"]))[:3]
    return [
        (
            say((codes or {}).get(value), language) or value,
            numbers.area(totals["area_m2"], language)
            if "area_m2" in totals
            else numbers.count(totals["rows"], language),
        )
        for value, totals in ranked
    ]


def _note(result: Result, language: Language) -> str:
    gaps = result.summary.get("not_covered", {})
    if gaps:
        words = {"en": "not covered: ", "zh": "未覆盖：", "ru": "нет данных: "}[language]
        return words + "; ".join(
            f"{result.workspace.layers[name].title(language)} {numbers.area(area, language)}"
            for name, area in gaps.items()
        )
    return {"en": "all inputs cover the whole county", "zh": "全部图层覆盖全县", "ru": "слои покрывают весь уезд"}[
        language
    ]


def _write_index(workspace: Workspace, demo: Demo, language: Language) -> None:
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("spacegov.applications"), autoescape=True, trim_blocks=True)
    territory = workspace.territory
    area = math.fsum(float(value) for value in territory.geometry.area) if territory is not None else None
    page = environment.get_template("demo.html.j2").render(
        language=language,
        title=say(workspace.settings.name, language),
        about=say(workspace.settings.about, language),
        area=numbers.area(area, language) if area else "",
        answers=demo.answers,
        applications={key: say(value, language) for key, value in APPLICATION_TITLES.items()},
        seconds=numbers.number(demo.seconds, language, 1),
        words=_WORDS[language],
        number=lambda value: numbers.number(value, language, 1),
    )
    temporary = demo.index.with_suffix(".part")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(demo.index)


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "asked": "questions were asked of its layers; every answer has a map, a table and its sources.",
        "all": "for all, on this computer",
        "map": "Map",
        "table": "Table",
        "provenance": "Sources",
        "on": "How to go on",
        "layers": "Lists every layer, with its department, version and coverage.",
        "run": "Asks a question of your own plans; no workspace is needed.",
        "tools": "Lists every question that can be asked.",
        "foot": "Fictitious data. Every answer names its layers, versions, rules and what could not be answered.",
    },
    "zh": {
        "asked": "个问题已向其图层提出；每个答案都有地图、表格和来源。",
        "all": "全部问题，在本机上",
        "map": "地图",
        "table": "表格",
        "provenance": "来源",
        "on": "下一步",
        "layers": "列出全部图层及其部门、版本和覆盖范围。",
        "run": "直接用自己的规划提问，无需工作区。",
        "tools": "列出可以提出的全部问题。",
        "foot": "示例数据，纯属虚构。每个答案都注明图层、版本、规则以及无法回答之处。",
    },
    "ru": {
        "asked": "вопросов задано его слоям; у каждого ответа есть карта, таблица и источники.",
        "all": "на все, на этом компьютере",
        "map": "Карта",
        "table": "Таблица",
        "provenance": "Источники",
        "on": "Как продолжить",
        "layers": "Все слои с ведомством, версией и охватом.",
        "run": "Вопрос к вашим собственным планам; рабочая область не нужна.",
        "tools": "Все вопросы, которые можно задать.",
        "foot": "Данные вымышлены. Каждый ответ называет слои, версии, правила и то, на что ответить нельзя.",
    },
}
