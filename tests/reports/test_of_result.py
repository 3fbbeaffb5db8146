"""What a report says of an answer: held against numbers worked out by hand on the tiny workspace."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from spacegov.reports.model import Balance, Chart, Map, Report, Side, Table
from spacegov.reports.of_result import report_of
from spacegov.reports.standing import standing_of
from spacegov.reports.words import WORDS
from spacegov.text import LANGUAGES, Language
from spacegov.toolbox.result import Result
from spacegov.workspace import Workspace
from tests.reports.test_amounts import shown

ORDER = ["legal", "method", "dropped", "sources", "gaps", "balance", "signatures"]


def tables(report: Report, key: str) -> list[Table]:
    """The tables of a section, those beside each other too."""
    section = report.section(key)
    assert section is not None, key
    blocks: list[Any] = []
    for block in section.blocks:
        blocks += block.blocks if isinstance(block, Side) else [block]
    return [block for block in blocks if isinstance(block, Table)]


def cells(table: Table) -> list[list[str]]:
    """What the rows say."""
    return [[cell.text for cell in row] for row in table.rows]


def test_question_first_then_the_answer_with_its_figures_apart(measured: Result) -> None:
    report = report_of(measured, "en")
    assert report.question == "How large are the places?"
    assert "".join(run.text for run in report.answer[0]) == "6 places of 130.0\u202fha."
    assert [run.text for run in report.answer[0] if run.strong] == ["6", "130.0\u202fha"]


def test_what_has_no_answer_stands_on_the_cover(measured: Result) -> None:
    report = report_of(measured, "en")
    assert report.gaps
    assert "Town plan has no authoritative data on 40.0\u202fha (40\u202f% of the territory)" in report.caveat[0]
    assert "does not mean that there is nothing" in report.caveat[0]
    assert "Drafts were used, which bind nobody: Town plan." in report.caveat[1]


def test_full_coverage_is_said_too(tiny: Workspace) -> None:
    report = report_of(tiny.run("trial-rules"), "en")
    assert not report.gaps
    assert report.caveat == ("Every layer that was asked covers the whole territory.",)


def test_sections_stand_in_order(measured: Result) -> None:
    keys = [section.key for section in report_of(measured, "en").sections]
    assert [key for key in keys if key in ORDER] == ORDER
    assert keys.index("map") < keys.index("breakdown") < keys.index("legal")


def test_findings_divide_by_class_and_add_up(measured: Result) -> None:
    table = tables(report_of(measured, "en"), "breakdown")[0]
    # The larger piece of the town plan lies where the plan is not authoritative, so it is no finding.
    found = {row[0]: (row[1], row[2], row[3]) for row in cells(table)}
    assert found["0101"] == ("2", "50.0", "50.0")
    assert found["0301"] == ("1", "25.0", "25.0")
    assert found["Urban land"] == ("1", "<\u202f0.1", "<\u202f0.1")
    assert [cell.text for cell in table.total[1:4]] == ["5", "100.0", "100"]


def test_the_same_number_on_cover_and_table(report_in: Callable[[str, Language], Report]) -> None:
    report = report_in("monitor-encroachment", "en")
    table = next(table for table in tables(report, "breakdown") if table.title == "By permit")
    area = next(i for i, column in enumerate(table.columns) if "ha" in column.title)
    told = {row[0]: row[area] for row in cells(table)}
    parts = {part.title: part.value.split("\u202f")[0] for part in report.splits[0].parts}
    assert parts == told
    assert {figure.title: figure.value for figure in report.figures if figure.title in told}.items() <= told.items()
    units = next(block for block in report.section("map").blocks if isinstance(block, Table))  # type: ignore[union-attr]
    assert [cell.text for cell in units.total[2:5]] == [
        told[column.title.split(",")[0]] for column in units.columns[2:5]
    ]


@pytest.mark.parametrize("name", ["monitor-encroachment", "check-three-lines", "detect-plan-conflict"])
def test_every_table_with_a_total_adds_up(report_in: Callable[[str, Language], Report], name: str) -> None:
    report = report_in(name, "en")
    checked = 0
    for section in report.sections:
        for table in (block for block in section.blocks if isinstance(block, Table) and block.total):
            for position, column in enumerate(table.columns):
                texts = [row[position].text for row in table.rows]
                total = table.total[position].text
                if not column.number or not total:
                    continue
                values = [0.0 if text in ("none", "–") else shown(text) for text in texts]
                assert math.isclose(sum(values), shown(total), abs_tol=1e-6), (section.key, column.title, texts, total)
                checked += 1
    assert checked > 10


def test_the_map_has_legend_scale_north_and_sources(report_in: Callable[[str, Language], Report]) -> None:
    drawn = next(
        block for block in report_in("monitor-encroachment", "en").section("map").blocks if isinstance(block, Map)
    )  # type: ignore[union-attr]
    assert [line.title for line in drawn.legend[0].lines] == ["Without permit", "Partly permitted", "Permitted"]
    assert [line.amounts.split(";")[0] for line in drawn.legend[0].lines] == ["13", "2", "5"]
    assert ">N</text>" in drawn.picture.svg
    assert "km</text>" in drawn.picture.svg
    assert "Change patches" in drawn.caption
    assert "CGCS2000" in drawn.caption
    assert drawn.picture.width <= 169


def test_sources_name_version_department_and_data(measured: Result) -> None:
    rows = cells(tables(report_of(measured, "en"), "sources")[0])
    assert [row[:5] for row in rows] == [
        ["Parcels", "Trial office", "1 January 2025", "in force", "whole"],
        ["Town plan", "Trial office", rows[1][2], "draft", "in part"],
    ]
    assert rows[0][6].replace(" ", "") == measured.provenance.inputs[0].sha256[:8]


def test_the_four_answers_are_counted(measured: Result) -> None:
    table = tables(report_of(measured, "en"), "gaps")[0]
    assert [row[1] for row in cells(table)] == ["5", "0", "1", "0"]
    assert [cell.text for cell in table.total] == ["Total", "6"]


def test_coverage_by_unit_shows_the_share_nobody_can_answer(report_in: Callable[[str, Language], Report]) -> None:
    table = tables(report_in("extract-restrictions", "en"), "gaps")[-1]
    assert len(table.columns) == 10
    village = next(row for row in table.rows if row[0].text == "Village plans")
    words = [cell.picture.words for cell in village[1:] if cell.picture is not None]
    assert words.count("not covered") == 2
    assert words.count("present") == 7


def test_balance_closes(measured: Result) -> None:
    balance = next(block for block in report_of(measured, "en").section("balance").blocks if isinstance(block, Balance))  # type: ignore[union-attr]
    assert balance.closes
    assert [run.text for run in balance.equation if run.strong] == ["1\u202f300\u202f100", "1\u202f300\u202f100"]


def test_sensitivity_is_a_table_and_a_line(measured: Result) -> None:
    section = report_of(measured, "en").section("sensitivity")
    assert section is not None
    side = section.blocks[0]
    assert isinstance(side, Side)
    table, chart = side.blocks
    assert isinstance(table, Table)
    assert isinstance(chart, Chart)
    # From 0 everything counts; the parcels of 250 000 m² go with the last step, the 300 000 m² of town stay.
    assert [row[1] for row in cells(table)] == ["6", "5", "1"]
    assert [row[2] for row in cells(table)] == ["130.01", "130.00", "30.00"]
    assert table.rows[0][0].note == "this report"


def test_no_sensitivity_without_other_values(tiny: Workspace) -> None:
    assert report_of(tiny.run("trial-measure"), "en").section("sensitivity") is None


def test_what_was_left_out_is_counted_and_summed(tiny: Workspace) -> None:
    result = tiny.run("trial-measure", places=["artificial.trial-parcels", "planned.trial-town"], min_area=200)
    report = report_of(result, "en")
    dropped, doubts = tables(report, "dropped")
    assert cells(dropped) == [["Smaller than min_area", "1", "100"]]
    assert cells(doubts) == [["1 small places were left out", "places"]]
    number = [section.key for section in report.sections].index("dropped") + 1
    assert f"section {number}" in report.caveat[-1]


def test_signatures_by_department_with_findings(report_in: Callable[[str, Language], Report], answer_of: Any) -> None:
    rows = cells(tables(report_in("detect-plan-conflict", "en"), "signatures")[0])
    frame = answer_of("detect-plan-conflict").frame
    transport = (frame[["department_1", "department_2"]] == "transport").any(axis=1).sum()
    found = {row[0]: row[2] for row in rows}
    assert found["Transport"] == str(transport)
    assert set(found) == {"Natural resources", "Forestry", "Transport", "Water resources"}


def test_law_standard_default_and_literature_stand_apart(report_in: Callable[[str, Language], Report]) -> None:
    rows = tables(report_in("detect-plan-conflict", "en"), "legal")[0].rows
    marks = {row[1].text: row[3].tone for row in rows}
    assert marks["GB/T 39972-2021"] == "standard"
    assert marks["自然资发〔2022〕142号"] == "law"
    assert marks["professional default"] == "default"
    policy = next(row for row in rows if row[0].note.startswith("plan-compatibility-2025"))
    assert policy[2].text == "from 1 October 2025"
    assert policy[3].text == "law, default"


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("Oil and Gas Pipeline Protection Law of the PRC, Art. 30", "law"),
        ("Opinions on the territorial spatial planning system, 2019, no. 18", "law"),
        ("TD/T 1062-2021", "standard"),
        ("Guide to suitability evaluation (trial), 2019-06", "standard"),
        ("Soille and Vogt 2009, Pattern Recognition Letters 30", "literature"),
        ("Professional default of this toolkit", "default"),
        ("防洪法", "law"),
    ],
)
def test_standing(text: str, standing: str) -> None:
    assert standing_of(text) == standing


@pytest.mark.parametrize("name", ["trial-list", "trial-raise", "trial-batches"])
def test_tables_rasters_and_answers_without_classes_have_a_report(tiny: Workspace, name: str) -> None:
    report = report_of(tiny.run(name), "en")
    assert [section.key for section in report.sections][-1] == "signatures"
    if name == "trial-raise":
        assert report.section("map") is not None
    else:
        assert tables(report, "tables")


def test_an_answer_of_nothing_says_so(tiny: Workspace) -> None:
    result = tiny.run("trial-measure", min_area=1e9)
    section = report_of(result, "en").section("breakdown")
    assert section is not None
    assert section.lede == "Nothing was found."


def test_a_series_is_drawn_as_a_line(tiny: Workspace) -> None:
    result = tiny.run("trial-list")
    frame = pd.DataFrame({"layer": ["a", "b"], "values": [[1.0, 2.0, 3.0, 2.5], [4.0, 3.0, 2.0, 1.0]]})
    object.__setattr__(result, "frames", {"result": frame})
    pictures = [
        cell.picture for row in tables(report_of(result, "en"), "tables")[0].rows for cell in row if cell.picture
    ]
    assert len(pictures) == 2
    assert all("<path" in picture.svg for picture in pictures)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_speaks_its_language(report_in: Callable[[str, Language], Report], language: Language) -> None:
    report = report_in("monitor-encroachment", language)
    words = WORDS[language]
    assert report.section("signatures").title == words["signatures"]  # type: ignore[union-attr]
    assert [section.title for section in report.sections if section.key in ORDER] == [words[key] for key in ORDER]
    names = {"en": "Hekou", "zh": "河口镇", "ru": "Хэкоу"}
    units = next(block for block in report.section("map").blocks if isinstance(block, Table))  # type: ignore[union-attr]
    assert names[language] in [row[0].text for row in units.rows]


def test_the_words_of_all_languages_have_the_same_gaps() -> None:
    import string

    def slots(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, text in WORDS["en"].items():
        for language in LANGUAGES:
            assert key in WORDS[language], key
            assert slots(WORDS[language][key]) == slots(text), key
