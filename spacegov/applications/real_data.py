"""The demo on real layers: one question with one tool, asked of files that lie in a folder of the user's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from spacegov.applications.answer_card import AnswerCard
from spacegov.applications.demo_pictures import bounds, draw
from spacegov.text import Language, say
from spacegov.toolbox.sentence import answer_pieces, fill_pieces

if TYPE_CHECKING:
    from spacegov.applications.demo_card import RealQuestion
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

FILES = {"report": "html", "map": "html", "tables": "xlsx"}


def answer_real(
    workspace: Workspace, question: RealQuestion, folder: Path, out: Path, language: Language
) -> AnswerCard:
    """Ask a question of real layers and write its folder.

    Parameters
    ----------
    workspace : Workspace
        Whose tools answer; its layers are not read.
    question : RealQuestion
    folder : Path
        Where the files are.
    out : Path
        Where a folder for the answer is made.
    language : {"en", "zh", "ru"}

    Returns
    -------
    AnswerCard
    """
    from spacegov.reports.of_result import report_of
    from spacegov.reports.write import write_report
    from spacegov.toolbox.run import run

    clock = time.perf_counter()

    def located(given: str | list[str]) -> str | list[str]:
        return [str(folder / name) for name in given] if isinstance(given, list) else str(folder / given)

    words = {**{role: located(given) for role, given in question.files.items()}, **question.given}
    result = run(workspace, question.tool, words, crs=question.crs, repair=question.repair)
    own = out / f"real-{question.tool}"
    own.mkdir(exist_ok=True)
    result.map(language=language).save(str(own / "map.html"))
    result.to_xlsx(own / "tables.xlsx")
    write_report(report_of(result, language), own / "report.html")
    picture, legend = _picture(result, question, folder, language)
    template = say(question.answer, language)
    card = result.tool.card
    return AnswerCard(
        id=question.tool,
        kicker=say(question.place, language),
        question=say(question.question, language),
        pieces=fill_pieces(template, result.summary, language)
        if template
        else answer_pieces(card, result.summary, language),
        seconds=round(time.perf_counter() - clock, 1),
        picture=picture,
        legend=legend,
        lines=[],
        notes=[say(question.source, language)],
        files={kind: f"{own.name}/{kind}.{suffix}" for kind, suffix in FILES.items()},
    )


def _picture(
    result: Result, question: RealQuestion, folder: Path, language: Language
) -> tuple[str, list[dict[str, object]]]:
    from spacegov.layers.files import read_vector
    from spacegov.maps.answers import is_drawable, style_of_result
    from spacegov.maps.picture import PictureLayer
    from spacegov.maps.style import compile_style

    frame = result.frame
    if not is_drawable(frame):
        return "", []
    layers = []
    for name, colour in question.below.items():
        data = read_vector(str(folder / name), crs=frame.crs)
        layers.append(PictureLayer(data, compile_style({"colour": colour}, {}, {}, data), 0.6))
    style = style_of_result(result, frame)
    layers.append(PictureLayer(frame, style))
    return draw(
        layers,
        [style],
        bounds(frame, {}),
        (400, 470),
        say(question.question, language),
        f"real-{question.tool}",
        language,
    )
