"""What became of every step of a scenario: who, what, with which tool, and each answer with its map and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacegov import numbers
from spacegov.applications.words import STATUS_TITLES
from spacegov.reports import of_result
from spacegov.reports.asked import DASH, Asked
from spacegov.reports.model import Block, Cell, Column, Map, Paragraph, Section, Table
from spacegov.reports.scenario_asked import ScenarioAsked
from spacegov.text import say

if TYPE_CHECKING:
    from spacegov.applications.outcome import StepOutcome


def asks(scenario: ScenarioAsked) -> Table:
    """Say what each department is asked to do, and in how many working days."""
    words, language = scenario.words, scenario.language
    rows = []
    for each in scenario.outcome.steps:
        step = each.step
        what = step.decision.asked if step.decision is not None else step.title
        rows.append(
            (
                Cell(step.department, tone="strong"),
                Cell(scenario.department(step.department)),
                Cell(say(what, language)),
                Cell(numbers.count(step.days, language)),
            )
        )
    heads = (
        Column("", width=0),
        Column(words["department"], width=1.1),
        Column(words["decision"], width=2.4),
        Column(words["working_days"], number=True),
    )
    return Table(heads, tuple(rows), words["asked_of"], look="tight")


def steps_section(scenario: ScenarioAsked) -> Section:
    """List the steps: who, what, with which tool, what came of it."""
    words, language = scenario.words, scenario.language
    rows = []
    for number, each in enumerate(scenario.outcome.steps, start=1):
        status = Cell(
            STATUS_TITLES[each.status][language],
            words["seconds"].format(seconds=numbers.number(each.seconds, language, 1)) if each.result else "",
            tone="prohibited" if each.status == "failed" else "muted" if each.status == "skipped" else "plain",
        )
        rows.append(
            (
                Cell(str(number), tone="strong"),
                Cell(scenario.department(each.step.department)),
                Cell(scenario.title(each), each.step.tool or words["no_answer_step"]),
                Cell(_came_of(scenario, each)),
                status,
            )
        )
    heads = (
        Column("", width=0),
        Column(words["department"], width=1.0),
        Column(words["step"], width=1.5),
        Column(words["answer_step"], width=2.0),
        Column(words["state"], width=0.7),
    )
    about = say(scenario.card.about, language)
    return Section("steps", words["steps"], (Table(heads, tuple(rows)),), lede=about, new_page=True)


def _came_of(scenario: ScenarioAsked, each: StepOutcome) -> str:
    if each.result is not None:
        return each.result.answer(scenario.language)
    if each.error is not None:
        return scenario.reason(each)
    decision = each.step.decision
    if decision is None:
        return DASH
    told = say(decision.proposal, scenario.language) or say(decision.asked, scenario.language)
    return f"{told}{scenario.choices(decision)}"


def answer_sections(scenario: ScenarioAsked) -> list[Section]:
    """Write each step with an answer as one section: the answer, the decision, map and tables."""
    return [_answer_section(scenario, each, asked) for each, asked in scenario.answered]


def _answer_section(scenario: ScenarioAsked, each: StepOutcome, asked: Asked) -> Section:
    blocks: list[Block] = [Paragraph(asked.result.answer(scenario.language))]
    if each.step.decision is not None:
        blocks.append(Paragraph(_decision(scenario, each), "note"))
    # Beside the scenario's own answer the others are told in short.
    main = asked is scenario.main
    for section in of_result.finding_sections(asked, f"m-{each.step.id}", short=not main):
        if section.key == "foremost":
            blocks.append(Paragraph(section.title, "heading"))
        if section.lede:
            blocks.append(Paragraph(section.lede, "lede"))
        blocks += section.blocks
    number = [other.step.id for other in scenario.outcome.steps].index(each.step.id) + 1
    lede = f"{scenario.words['step']} {number} · {scenario.department(each.step.department)} · {each.step.tool}"
    new_page = main and any(isinstance(block, Map) for block in blocks)
    return Section(f"step-{each.step.id}", scenario.title(each), tuple(blocks), lede=lede, new_page=new_page)


def _decision(scenario: ScenarioAsked, each: StepOutcome) -> str:
    decision = each.step.decision
    if decision is None:
        return ""
    asked = f"{say(decision.asked, scenario.language)}{scenario.choices(decision)}"
    told = scenario.named(scenario.words["decision"], asked)
    proposal = say(decision.proposal, scenario.language)
    return f"{told} {scenario.named(scenario.words['proposed'], proposal)}" if proposal else told
