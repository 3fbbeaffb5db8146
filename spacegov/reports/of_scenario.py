"""The report of a scenario: one question of several departments, answered step by step, to be signed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spacegov import numbers
from spacegov.applications.demo import APPLICATION_TITLES
from spacegov.applications.words import CHOICE_TITLES, STATUS_TITLES, department_titles
from spacegov.errors import BadInput
from spacegov.reports import evidence, method, of_result, standing
from spacegov.reports.asked import DASH, Asked
from spacegov.reports.model import (
    Balance,
    Block,
    Cell,
    Column,
    Map,
    Paragraph,
    Report,
    Row,
    Run,
    Section,
    Sentence,
    Steps,
    Table,
)
from spacegov.reports.places import Places
from spacegov.reports.words import WORDS
from spacegov.text import Language, say

if TYPE_CHECKING:
    from spacegov.applications.outcome import ScenarioOutcome, StepOutcome
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
    return _Writer(outcome, home, chosen).report()


class _Writer:
    """Writes the parts of one report."""

    def __init__(self, outcome: ScenarioOutcome, workspace: Workspace, language: Language) -> None:
        self.outcome, self.card = outcome, outcome.card
        self.workspace, self.language = workspace, language
        self.words = WORDS[language]
        self.places = Places(workspace, language)
        self.departments = department_titles(workspace, language)
        self.asked = {
            each.step.id: Asked(each.result, language, self.places) for each in outcome.steps if each.result is not None
        }

    @property
    def main(self) -> Asked | None:
        """The answer of the step that the scenario shows."""
        return self.asked.get(self.outcome.main.step.id)

    def report(self) -> Report:
        """Put the cover before the sections."""
        language, words, main = self.language, self.words, self.main
        sections = self.sections()
        numbered = {section.key: str(number) for number, section in enumerate(sections, start=1)}
        caveat, gaps = self.caveat(numbered)
        return Report(
            language=language,
            territory=say(self.workspace.settings.name, language),
            subject=say(self.card.title, language),
            kicker=say(APPLICATION_TITLES[self.card.application], language),
            question=say(self.card.question, language),
            answer=(self.answer(),),
            made=self.outcome.started,
            date=numbers.date(self.outcome.started.date(), language),
            state=words["decided"],
            run=f"{main.facts.key[:4]} {main.facts.key[4:8]}" if main is not None else DASH,
            caveat=caveat,
            gaps=gaps,
            figures=of_result.figures(main) if main is not None else (),
            splits=of_result.splits(main)[:1] if main is not None else (),
            asks=(self.asks(),),
            colophon=self.colophon(),
            sections=tuple(sections),
            words=of_result.layout_words(words),
        )

    def answer(self) -> Sentence:
        """Give the scenario's answer, or why there is none."""
        if self.main is not None:
            return of_result.sentence(self.outcome.answer_pieces(self.language), self.language)
        return (Run(self.words["step_failed"].format(error=_ended(self.outcome.main.error or ""))),)

    def caveat(self, numbered: dict[str, str]) -> tuple[tuple[str, ...], bool]:
        """Say what was not answered: failed steps, ground without data, drafts, doubts."""
        words, language = self.words, self.language
        lines: list[str] = []
        failed = self.outcome.failed
        if failed:
            named = "; ".join(say(each.step.title, language) for each in failed)
            count, every = (numbers.count(len(each), language) for each in (failed, self.outcome.steps))
            lines.append(words["failed_steps"].format(count=count, all=every, steps=named))
        gaps = list(dict.fromkeys(text for asked in self.asked.values() for text in evidence.gap_texts(asked)))
        if gaps:
            lines.append(evidence.not_answered(gaps, language))
        elif not failed and all(
            item.coverage == "whole" for asked in self.asked.values() for item in asked.facts.inputs
        ):
            lines.append(words["all_covered"])
        drafts = [
            say(item.title, language) or item.layer
            for asked in self.asked.values()
            for item in asked.facts.inputs
            if item.status == "draft"
        ]
        if drafts:
            lines.append(words["drafts"].format(layers=", ".join(dict.fromkeys(drafts))))
        doubts = sum(len(asked.facts.doubts) for asked in self.asked.values())
        if doubts:
            count = numbers.count(doubts, language)
            lines.append(words["doubts_told"].format(count=count, section=numbered.get("dropped", "")))
        return tuple(lines), bool(gaps or failed)

    def colophon(self) -> tuple[tuple[str, str], ...]:
        """Say what computed the answers and what the scenario ends in."""
        words = self.words
        facts = [asked.facts for asked in self.asked.values()]
        rows = [(words["deliverable"], say(self.card.deliverable.title, self.language))]
        if facts:
            tools = ", ".join(dict.fromkeys(each.tool for each in facts))
            rows.append((words["computed_by"], f"{tools}; {facts[0].software}"))
        policies = list(dict.fromkeys(policy.name for each in facts for policy in each.policies))
        if policies:
            rows.append((words["rules"], ", ".join(policies)))
        return tuple(rows)

    def asks(self) -> Table:
        """Say what each department is asked to do, and in how many working days."""
        words = self.words
        rows = []
        for each in self.outcome.steps:
            step = each.step
            what = step.decision.asked if step.decision is not None else step.title
            rows.append(
                (
                    Cell(step.department, tone="strong"),
                    Cell(self.departments.get(step.department, step.department)),
                    Cell(say(what, self.language)),
                    Cell(numbers.count(step.days, self.language)),
                )
            )
        heads = (
            Column("", width=0),
            Column(words["department"], width=1.1),
            Column(words["decision"], width=2.4),
            Column(words["working_days"], number=True),
        )
        return Table(heads, tuple(rows), words["asked_of"], look="tight")

    def sections(self) -> list[Section]:
        """Write every section."""
        answers = [section for each in self.outcome.steps for section in self.step_sections(each)]
        return [self.steps_section(), *answers, *self.shared_sections()]

    def steps_section(self) -> Section:
        """List the steps: who, what, with which tool, what came of it."""
        words, language = self.words, self.language
        rows = []
        for number, each in enumerate(self.outcome.steps, start=1):
            status = Cell(
                STATUS_TITLES[each.status][language],
                words["seconds"].format(seconds=numbers.number(each.seconds, language, 1)) if each.result else "",
                tone="prohibited" if each.status == "failed" else "muted" if each.status == "skipped" else "plain",
            )
            rows.append(
                (
                    Cell(str(number), tone="strong"),
                    Cell(self.departments.get(each.step.department, each.step.department)),
                    Cell(say(each.step.title, language), each.step.tool or words["no_answer_step"]),
                    Cell(self._came_of(each)),
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
        about = say(self.card.about, language)
        return Section("steps", words["steps"], (Table(heads, tuple(rows)),), lede=about, new_page=True)

    def _came_of(self, each: StepOutcome) -> str:
        if each.result is not None:
            return each.result.answer(self.language)
        if each.error is not None:
            return each.error
        decision = each.step.decision
        if decision is None:
            return DASH
        told = say(decision.proposal, self.language) or say(decision.asked, self.language)
        choices = ", ".join(say(CHOICE_TITLES[choice], self.language) for choice in decision.choices)
        return f"{told} ({choices})" if self.language != "zh" else f"{told}（{choices}）"

    def step_sections(self, each: StepOutcome) -> list[Section]:
        """Write one step with an answer as one section: the answer, the decision, map and tables."""
        asked = self.asked.get(each.step.id)
        if asked is None:
            return []
        blocks: list[Block] = [Paragraph(each.result.answer(self.language) if each.result else "")]
        decision = each.step.decision
        if decision is not None:
            blocks.append(Paragraph(self._decision(each), "note"))
        # Beside the scenario's own answer the others are told in short.
        short = each.step.id != self.outcome.main.step.id
        for section in of_result.finding_sections(asked, f"m-{each.step.id}", short=short):
            if section.key == "foremost":
                blocks.append(Paragraph(section.title, "heading"))
            if section.lede:
                blocks.append(Paragraph(section.lede, "lede"))
            blocks += section.blocks
        return [self._step(each, blocks)]

    def _step(self, each: StepOutcome, blocks: list[Block]) -> Section:
        department = self.departments.get(each.step.department, each.step.department)
        title = say(each.step.title, self.language)
        number = [other.step.id for other in self.outcome.steps].index(each.step.id) + 1
        lede = f"{self.words['step']} {number} · {department} · {each.step.tool}"
        main = each.step.id == self.outcome.main.step.id and any(isinstance(block, Map) for block in blocks)
        return Section(f"step-{each.step.id}", title, tuple(blocks), lede=lede, new_page=main)

    def _decision(self, each: StepOutcome) -> str:
        decision = each.step.decision
        if decision is None:
            return ""
        choices = ", ".join(say(CHOICE_TITLES[choice], self.language) for choice in decision.choices)
        colon = "：" if self.language == "zh" else ": "
        proposal = say(decision.proposal, self.language)
        told = f"{self.words['decision']}{colon}{say(decision.asked, self.language)} ({choices})"
        return f"{told} {self.words['proposed']}{colon}{proposal}" if proposal else told

    def shared_sections(self) -> list[Section]:
        """Write what the answers stand on, for all steps together."""
        found = [
            self.legal(),
            self.methods(),
            self.dropped(),
            self.sources(),
            self.gaps(),
            self.balance(),
            self.signatures(),
        ]
        sensitivity = [block for asked in self.asked.values() for block in method.sensitivity_blocks(asked)]
        if sensitivity:
            found.insert(3, Section("sensitivity", self.words["sensitivity"], tuple(sensitivity)))
        return found

    def _titled(self, each: StepOutcome) -> str:
        return say(each.step.title, self.language)

    def legal(self) -> Section:
        """Write the legal basis of every step, and of the scenario."""
        words = self.words
        rows: list[Row] = []
        cited: set[str] = set()
        for each in self.outcome.steps:
            title = self._titled(each)
            for phrase in each.step.basis:
                text = say(phrase, self.language)
                rows.append((Cell(title), Cell(text), Cell(), self._tag(text)))
                cited.add(text)
            asked = self.asked.get(each.step.id)
            for row in standing.legal_rows(asked) if asked is not None else []:
                if row[1].text in cited and row[0].text == words["subject_standard"]:
                    continue
                cited.add(row[1].text)
                first = replace(row[0], text=title) if row[0].text == words["subject_standard"] else row[0]
                rows.append((first, *row[1:]))
        whole = Cell(words["subject_standard"])
        rows += [(whole, Cell(cite), Cell(), self._tag(cite)) for cite in self.card.cites if cite not in cited]
        unique = list(dict.fromkeys(rows))
        heads = (
            Column(words["finding"], width=1.5),
            Column(words["basis"], width=1.9),
            Column(words["in_force"], width=0.85),
            Column(words["standing"]),
        )
        blocks = (Table(heads, tuple(unique)),) if unique else ()
        return Section("legal", words["legal"], blocks, lede=words["legal_lede" if unique else "no_basis"])

    def _tag(self, text: str) -> Cell:
        return standing.tag(self.words, text)

    def methods(self) -> Section:
        """Write the method and the settings of every tool."""
        blocks: list[Block] = []
        told: set[str] = set()
        for each in self.outcome.steps:
            asked = self.asked.get(each.step.id)
            if asked is None:
                continue
            tool = asked.result.tool
            blocks.append(Paragraph(f"{self._titled(each)} ({tool.id})", "heading"))
            if tool.id not in told:
                told.add(tool.id)
                steps = method.method_steps(asked)
                if steps:
                    blocks.append(Steps(steps))
            texts = [f"{row[0].text} = {row[1].text}" for row in method.settings_rows(asked)]
            if texts:
                colon = "：" if self.language == "zh" else ": "
                blocks.append(Paragraph(f"{self.words['settings']}{colon}{'; '.join(texts)}", "note"))
        return Section("method", self.words["method"], tuple(blocks), lede=self.words["method_lede"])

    def dropped(self) -> Section:
        """Write what each step left out and doubted."""
        blocks: list[Block] = []
        for each in self.outcome.steps:
            asked = self.asked.get(each.step.id)
            tables = [method.dropped_table(asked), method.doubts_table(asked)] if asked is not None else []
            blocks += [replace(table, title=self._titled(each)) for table in tables if table is not None]
        if not blocks:
            blocks = [Paragraph(self.words["nothing_dropped"]), Paragraph(self.words["no_doubts"])]
        return Section("dropped", self.words["dropped"], tuple(blocks))

    def sources(self) -> Section:
        """Write every layer once."""
        rows = evidence.layer_rows(self.asked.values())
        blocks: list[Block] = []
        if rows:
            blocks.append(evidence.layer_table(self.words, rows))
        named = evidence.licences(self.asked.values())
        if named:
            blocks.append(Paragraph(self.words["licence"].format(licences="; ".join(named)), "note"))
        return Section("sources", self.words["sources"], tuple(blocks))

    def gaps(self) -> Section:
        """Write what no step could answer, and which layer could answer where."""
        words = self.words
        blocks: list[Block] = []
        for each in self.outcome.failed:
            key = "step_failed" if each.status == "failed" else "step_skipped"
            text = words[key].format(error=_ended(each.error or ""), reason=_ended(each.error or ""))
            blocks.append(Paragraph(f"{self._titled(each)}: {text}"))
        texts = list(dict.fromkeys(text for asked in self.asked.values() for text in evidence.gap_texts(asked)))
        if texts:
            blocks.append(Paragraph(evidence.not_answered(texts, self.language, named=False)))
        tables = [table for asked in self.asked.values() if (table := evidence.coverage_table(asked)) is not None]
        if tables:
            rows: dict[str, Row] = {}
            for table in tables:
                for row in table.rows:
                    rows.setdefault(row[0].text, row)
            longest = max(tables, key=lambda table: len(table.note))
            blocks.append(replace(longest, rows=tuple(rows.values())))
        lede = "" if texts or self.outcome.failed else words["gaps_none"]
        return Section("gaps", words["gaps"], tuple(blocks), lede=lede)

    def balance(self) -> Section:
        """Write the balances of every step."""
        found: list[Balance] = []
        for each in self.outcome.steps:
            asked = self.asked.get(each.step.id)
            if asked is not None:
                title = self._titled(each)
                found += [replace(one, title=f"{title}: {_begun(one.title)}") for one in method.balances(asked)]
        lede = self.words["balance_lede" if found else "no_balance"]
        blocks = (method.balance_table(self.words, found),) if found else ()
        return Section("balance", self.words["balance"], blocks, lede=lede)

    def signatures(self) -> Section:
        """Write the page that the departments sign."""
        words = self.words
        rows = []
        for code in self.card.deliverable.signatures:
            steps = [self._titled(each) for each in self.outcome.steps if each.step.department == code]
            rows.append(
                (
                    Cell(self.departments.get(code, code), tone="strong"),
                    Cell("; ".join(steps) or say(self.card.deliverable.title, self.language)),
                    *evidence.SIGN_LINES,
                )
            )
        heads = (
            Column(words["department"], width=1.2),
            Column(words["sign_role"], width=1.9),
            *evidence.sign_columns(words),
        )
        blocks: list[Block] = [Table(heads, tuple(rows), look="signatures")]
        about = say(self.card.deliverable.about, self.language)
        deliverable = Paragraph(f"{words['deliverable']}: {say(self.card.deliverable.title, self.language)}", "note")
        return Section(
            "signatures",
            words["signatures"],
            (*blocks, deliverable, *((Paragraph(about, "note"),) if about else ())),
            lede=words["sign_lede"],
        )


def _ended(text: str) -> str:
    """Leave out the full stop that the sentence around it has."""
    return text.rstrip(".。 ")


def _begun(text: str) -> str:
    return text[:1].lower() + text[1:]
