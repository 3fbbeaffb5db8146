"""The report of a scenario: one question of several departments, answered step by step, to be signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacegov import numbers
from spacegov.applications.words import APPLICATION_TITLES
from spacegov.errors import BadInput
from spacegov.reports import evidence, of_result
from spacegov.reports.asked import DASH
from spacegov.reports.model import Report, Run, Sentence
from spacegov.reports.scenario_asked import ScenarioAsked, ended
from spacegov.reports.scenario_evidence import evidence_sections, gap_texts
from spacegov.reports.scenario_steps import answer_sections, asks, steps_section
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome
    from spacegov.workspace import Workspace


def report_of_scenario(
    outcome: ScenarioOutcome, language: Language | None = None, *, workspace: Workspace | None = None
) -> Report:
    """Write the report of a scenario.

    Parameters
    ----------
    outcome : ScenarioOutcome
        What `run_scenario` gave.
    language : {"en", "zh", "ru"}, optional
        The workspace's by default.
    workspace : Workspace, optional
        Needed only where no step has an answer.

    Returns
    -------
    Report
        Cover with the answer of the scenario's main step and what each department is asked to do; the steps; every
        answer with its map and tables; then, for all steps together, legal basis, method, what was left out,
        sources, gaps, area balance, signatures.

    Raises
    ------
    BadInput
        No step has an answer and no workspace was given.
    """
    results = [each.result for each in outcome.steps if each.result is not None]
    home = workspace or (results[0].workspace if results else None)
    if home is None:
        raise BadInput(f"{outcome.card.id}: no step has an answer, so the report needs a workspace; give workspace=")
    chosen = language or home.settings.language
    return _report(ScenarioAsked(outcome, home, chosen))


def _report(scenario: ScenarioAsked) -> Report:
    """Put the cover before the sections."""
    language, words, card, main = scenario.language, scenario.words, scenario.card, scenario.main
    started = scenario.outcome.started
    sections = [steps_section(scenario), *answer_sections(scenario), *evidence_sections(scenario)]
    numbered = {section.key: str(number) for number, section in enumerate(sections, start=1)}
    caveat, gaps = _caveat(scenario, numbered)
    return Report(
        language=language,
        territory=say(scenario.workspace.settings.name, language),
        subject=say(card.title, language),
        kicker=say(APPLICATION_TITLES[card.application], language),
        question=say(card.question, language),
        answer=(_answer(scenario),),
        made=started,
        date=numbers.date(started.date(), language),
        state=words["decided"],
        run=f"{main.facts.key[:4]} {main.facts.key[4:8]}" if main is not None else DASH,
        caveat=caveat,
        gaps=gaps,
        figures=of_result.figures(main) if main is not None else (),
        splits=of_result.splits(main)[:1] if main is not None else (),
        asks=(asks(scenario),),
        colophon=_colophon(scenario),
        sections=tuple(sections),
        words=of_result.layout_words(words),
    )


def _answer(scenario: ScenarioAsked) -> Sentence:
    """Give the scenario's answer, or why there is none."""
    outcome = scenario.outcome
    if scenario.main is not None:
        return of_result.sentence(outcome.answer_pieces(scenario.language), scenario.language)
    return (Run(scenario.words["step_failed"].format(error=ended(scenario.reason(outcome.main)))),)


def _caveat(scenario: ScenarioAsked, numbered: dict[str, str]) -> tuple[tuple[str, ...], bool]:
    """Say what was not answered: failed steps, ground without data, drafts, doubts."""
    words, language, every = scenario.words, scenario.language, scenario.asked.values()
    lines: list[str] = []
    failed = scenario.outcome.failed
    if failed:
        named = "; ".join(scenario.title(each) for each in failed)
        count, total = (numbers.count(len(each), language) for each in (failed, scenario.outcome.steps))
        lines.append(words["failed_steps"].format(count=count, all=total, steps=named))
    inputs = [item for asked in every for item in asked.facts.inputs]
    gaps = gap_texts(scenario)
    if gaps:
        lines.append(evidence.not_answered(gaps, language))
    elif not failed and all(item.coverage == "whole" for item in inputs):
        lines.append(words["all_covered"])
    drafts = [say(item.title, language) or item.layer for item in inputs if item.status == "draft"]
    if drafts:
        lines.append(words["drafts"].format(layers=", ".join(dict.fromkeys(drafts))))
    doubts = sum(len(asked.facts.doubts) for asked in every)
    if doubts:
        count = numbers.count(doubts, language)
        lines.append(words["doubts_told"].format(count=count, section=numbered.get("dropped", "")))
    return tuple(lines), bool(gaps or failed)


def _colophon(scenario: ScenarioAsked) -> tuple[tuple[str, str], ...]:
    """Say what computed the answers and what the scenario ends in."""
    words = scenario.words
    facts = [asked.facts for asked in scenario.asked.values()]
    rows = [(words["deliverable"], say(scenario.card.deliverable.title, scenario.language))]
    if facts:
        tools = ", ".join(dict.fromkeys(each.tool for each in facts))
        rows.append((words["computed_by"], f"{tools}; {facts[0].software}"))
    policies = list(dict.fromkeys(policy.name for each in facts for policy in each.policies))
    if policies:
        rows.append((words["rules"], ", ".join(policies)))
    return tuple(rows)
