"""What all answers of a scenario stand on: law, method, what was left out, sources, gaps, balance, signatures."""

from __future__ import annotations

from dataclasses import replace

from spacegov.reports import evidence, method, standing
from spacegov.reports.model import Balance, Block, Cell, Column, Paragraph, Row, Section, Steps, Table
from spacegov.reports.scenario_asked import ScenarioAsked, ended
from spacegov.text import say


def evidence_sections(scenario: ScenarioAsked) -> list[Section]:
    """Write what the answers stand on, for all steps together."""
    found = [
        _legal(scenario),
        _methods(scenario),
        _dropped(scenario),
        _sources(scenario),
        _gaps(scenario),
        _balance(scenario),
        _signatures(scenario),
    ]
    sensitivity = [block for asked in scenario.asked.values() for block in method.sensitivity_blocks(asked)]
    if sensitivity:
        found.insert(3, Section("sensitivity", scenario.words["sensitivity"], tuple(sensitivity)))
    return found


def _legal(scenario: ScenarioAsked) -> Section:
    """Write the legal basis of every step, and of the scenario."""
    words, language = scenario.words, scenario.language
    rows: list[Row] = []
    cited: set[str] = set()
    for each in scenario.outcome.steps:
        title = scenario.title(each)
        for phrase in each.step.basis:
            text = say(phrase, language)
            rows.append((Cell(title), Cell(text), Cell(), standing.tag(words, say(phrase))))
            cited.add(text)
        asked = scenario.asked.get(each.step.id)
        for row in standing.legal_rows(asked) if asked is not None else []:
            if row[1].text in cited and row[0].text == words["subject_standard"]:
                continue
            cited.add(row[1].text)
            first = replace(row[0], text=title) if row[0].text == words["subject_standard"] else row[0]
            rows.append((first, *row[1:]))
    whole = Cell(words["subject_standard"])
    for cite in scenario.card.cites:
        basis = standing.basis(cite, language)
        if basis.text not in cited:
            rows.append((whole, basis, Cell(), standing.tag(words, cite)))
    unique = list(dict.fromkeys(rows))
    heads = (
        Column(words["finding"], width=1.5),
        Column(words["basis"], width=1.9),
        Column(words["in_force"], width=0.85),
        Column(words["standing"]),
    )
    blocks = (Table(heads, tuple(unique)),) if unique else ()
    return Section("legal", words["legal"], blocks, lede=words["legal_lede" if unique else "no_basis"])


def _methods(scenario: ScenarioAsked) -> Section:
    """Write the method and the settings of every tool."""
    words = scenario.words
    blocks: list[Block] = []
    told: set[str] = set()
    for each, asked in scenario.answered:
        tool = asked.result.tool
        blocks.append(Paragraph(f"{scenario.title(each)} ({tool.id})", "heading"))
        if tool.id not in told:
            told.add(tool.id)
            steps = method.method_steps(asked)
            if steps:
                blocks.append(Steps(steps))
        texts = [f"{row[0].text} = {row[1].text}" for row in method.settings_rows(asked)]
        if texts:
            blocks.append(Paragraph(scenario.named(words["settings"], "; ".join(texts)), "note"))
    return Section("method", words["method"], tuple(blocks), lede=words["method_lede"])


def _dropped(scenario: ScenarioAsked) -> Section:
    """Write what each step left out and doubted."""
    words = scenario.words
    blocks: list[Block] = []
    for each, asked in scenario.answered:
        tables = [method.dropped_table(asked), method.doubts_table(asked)]
        blocks += [replace(table, title=scenario.title(each)) for table in tables if table is not None]
    if not blocks:
        blocks = [Paragraph(words["nothing_dropped"]), Paragraph(words["no_doubts"])]
    return Section("dropped", words["dropped"], tuple(blocks))


def _sources(scenario: ScenarioAsked) -> Section:
    """Write every layer once."""
    words, asked = scenario.words, scenario.asked.values()
    rows = evidence.layer_rows(asked)
    blocks: list[Block] = [evidence.layer_table(words, rows)] if rows else []
    named = evidence.licences(asked)
    if named:
        blocks.append(Paragraph(words["licence"].format(licences="; ".join(named)), "note"))
    return Section("sources", words["sources"], tuple(blocks))


def gap_texts(scenario: ScenarioAsked) -> list[str]:
    """Say what no step could answer, each gap once."""
    return list(dict.fromkeys(text for asked in scenario.asked.values() for text in evidence.gap_texts(asked)))


def _gaps(scenario: ScenarioAsked) -> Section:
    """Write what no step could answer, and which layer could answer where."""
    words = scenario.words
    blocks: list[Block] = []
    for each in scenario.outcome.failed:
        key = "step_failed" if each.status == "failed" else "step_skipped"
        text = words[key].format(error=ended(scenario.reason(each)), reason=ended(scenario.reason(each)))
        blocks.append(Paragraph(scenario.named(scenario.title(each), text)))
    texts = gap_texts(scenario)
    if texts:
        blocks.append(Paragraph(evidence.not_answered(texts, scenario.language, named=False)))
    tables = [table for asked in scenario.asked.values() if (table := evidence.coverage_table(asked)) is not None]
    if tables:
        rows: dict[str, Row] = {}
        for table in tables:
            for row in table.rows:
                rows.setdefault(row[0].text, row)
        longest = max(tables, key=lambda table: len(table.note))
        blocks.append(replace(longest, rows=tuple(rows.values())))
    lede = "" if texts or scenario.outcome.failed else words["gaps_none"]
    return Section("gaps", words["gaps"], tuple(blocks), lede=lede)


def _balance(scenario: ScenarioAsked) -> Section:
    """Write the balances of every step."""
    words = scenario.words
    found: list[Balance] = []
    for each, asked in scenario.answered:
        title = scenario.title(each)
        found += [replace(one, title=scenario.named(title, _begun(one.title))) for one in method.balances(asked)]
    blocks = (method.balance_table(words, found),) if found else ()
    return Section("balance", words["balance"], blocks, lede=words["balance_lede" if found else "no_balance"])


def _begun(text: str) -> str:
    return text[:1].lower() + text[1:]


def _signatures(scenario: ScenarioAsked) -> Section:
    """Write the page that the departments sign."""
    words, language, deliverable = scenario.words, scenario.language, scenario.card.deliverable
    title = say(deliverable.title, language)
    rows = []
    for code in deliverable.signatures:
        steps = [scenario.title(each) for each in scenario.outcome.steps if each.step.department == code]
        signer = Cell(scenario.department(code), tone="strong")
        rows.append((signer, Cell("; ".join(steps) or title), *evidence.SIGN_LINES))
    heads = (
        Column(words["department"], width=1.2),
        Column(words["sign_role"], width=1.9),
        *evidence.sign_columns(words),
    )
    about = say(deliverable.about, language)
    blocks: list[Block] = [
        Table(heads, tuple(rows), look="signatures"),
        Paragraph(scenario.named(words["deliverable"], title), "note"),
        *([Paragraph(about, "note")] if about else []),
    ]
    return Section("signatures", words["signatures"], tuple(blocks), lede=words["sign_lede"])
