"""The report of a scenario: its cover asks every department, failed steps are told, what was read stands once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from spacegov.applications.outcome import ScenarioOutcome
from spacegov.applications.runner import run_scenario
from spacegov.errors import BadInput
from spacegov.reports.html_page import report_html
from spacegov.reports.model import Map, Report, Table
from spacegov.reports.of_scenario import report_of_scenario
from spacegov.reports.pdf import report_pdf
from spacegov.text import Language
from spacegov.workspace import Workspace
from tests.processes import spacegov
from tests.reports.conftest import Page, pdf_text, without_spaces
from tests.reports.test_amounts import shown
from tests.reports.test_of_result import cells, tables


@pytest.fixture(scope="session")
def access(county: Workspace) -> ScenarioOutcome:
    """A project before six departments."""
    return run_scenario(county, "project-access", keep=False)


@pytest.fixture(scope="session")
def written(access: ScenarioOutcome) -> Callable[[Language], Report]:
    """Its report in a language, written once."""
    return cache(lambda language: report_of_scenario(access, language))


def test_the_cover_has_the_answer_and_what_each_department_is_asked(
    access: ScenarioOutcome, written: Callable[[Language], Report]
) -> None:
    report = written("en")
    assert report.question == access.card.question["en"]
    assert "".join(run.text for run in report.answer[0]).rstrip(".") == access.answer("en").rstrip(".")
    asked = cells(report.asks[0])
    assert [row[0] for row in asked] == [step.department for step in access.card.steps]
    assert [row[3] for row in asked] == [str(step.days) for step in access.card.steps]
    assert report.gaps


def test_steps_answers_and_evidence_follow(access: ScenarioOutcome, written: Callable[[Language], Report]) -> None:
    report = written("en")
    keys = [section.key for section in report.sections]
    assert keys[:3] == ["steps", "step-review", "step-extract"]
    assert keys[3:] == ["legal", "method", "dropped", "sources", "gaps", "balance", "signatures"]
    rows = cells(tables(report, "steps")[0])
    assert len(rows) == len(access.steps)
    assert [row[4] for row in rows].count("done") == 2
    assert any(isinstance(block, Map) for block in report.sections[1].blocks)


def test_every_layer_stands_once(written: Callable[[Language], Report]) -> None:
    rows = cells(tables(written("en"), "sources")[0])
    assert len({(row[0], row[6]) for row in rows}) == len(rows)
    assert {"Key projects", "Ecological red line"} <= {row[0] for row in rows}


def test_departments_of_the_deliverable_sign(access: ScenarioOutcome, written: Callable[[Language], Report]) -> None:
    report = written("zh")
    rows = cells(tables(report, "signatures")[0])
    stewards = access.main.result.workspace.layers.stewards.values()  # type: ignore[union-attr]
    names = {steward.code: steward.title["zh"] for steward in stewards}
    assert [row[0] for row in rows] == [names[code] for code in access.card.deliverable.signatures]


def test_the_basis_of_every_step_is_cited(access: ScenarioOutcome, written: Callable[[Language], Report]) -> None:
    table = tables(written("en"), "legal")[0]
    told = {row[1] for row in cells(table)}
    for step in access.card.steps:
        for phrase in step.basis:
            assert phrase["en"] in told


def test_a_failed_step_is_told_on_the_cover_and_among_the_gaps(access: ScenarioOutcome) -> None:
    broken = tuple(
        replace(each, status="failed", result=None, error="the layer could not be read.")
        if each.step.id == "extract"
        else each
        for each in access.steps
    )
    report = report_of_scenario(replace(access, steps=broken), "en")
    assert report.gaps
    assert report.caveat[0].startswith(f"1 of {len(broken)} steps have no answer")
    page = Page(report_html(report))
    assert "This step failed: the layer could not be read" in page.seen
    assert report.section("step-extract") is None


def test_no_answer_at_all_needs_a_workspace(access: ScenarioOutcome, county: Workspace) -> None:
    empty = tuple(replace(each, status="failed", result=None, error="no data") for each in access.steps)
    outcome = replace(access, steps=empty)
    with pytest.raises(BadInput, match="give workspace="):
        report_of_scenario(outcome)
    report = report_of_scenario(outcome, "ru", workspace=county)
    assert "нет данных" in report.answer[0][0].text
    assert len(report_pdf(report)) > 10_000


def test_matrices_and_totals_add_up_in_every_step(written: Callable[[Language], Report]) -> None:
    blocks = [block for section in written("en").sections for block in section.blocks]
    totals = [block for block in blocks if isinstance(block, Table) and block.total]
    assert len(totals) >= 3
    for table in totals:
        for position, column in enumerate(table.columns):
            if column.number and table.total[position].text:
                parts = [shown(row[position].text) for row in table.rows if row[position].text not in ("none", "–")]
                assert sum(parts) == pytest.approx(shown(table.total[position].text), abs=1e-6), column.title


def test_the_pdf_of_a_scenario_reads_back(written: Callable[[Language], Report]) -> None:
    report = written("ru")
    seen = without_spaces(pdf_text(report_pdf(report)))
    assert without_spaces(report.question) in seen
    for section in report.sections:
        assert without_spaces(section.title) in seen
    Page(report_html(report))


def test_the_command_writes_a_report(tmp_path: Path) -> None:
    path = tmp_path / "answer.pdf"
    told = spacegov("run", "warn-thresholds", "--report", path, "--language", "ru", "--json")
    assert told.code == 0
    assert told.answer["files"]["report"] == str(path)
    assert without_spaces("Подписи") in without_spaces(pdf_text(path.read_bytes()))


def test_the_command_refuses_before_the_work(tmp_path: Path) -> None:
    told = spacegov("run", "warn-thresholds", "--report", tmp_path / "answer.docx")
    assert told.code == 2
    assert ".html, .pdf" in told.err
    assert "Traceback" not in told.err
