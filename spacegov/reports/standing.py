"""What findings rest on: articles, standards, rule tables, and which of them is law and which a default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from spacegov import numbers
from spacegov.reports.asked import Asked
from spacegov.reports.breakdown import is_missing
from spacegov.reports.model import Cell, Column, Row, Section, Table, Tone
from spacegov.reports.sayings import spoken
from spacegov.text import Language, say
from spacegov.toolbox.policy import policy_names, read_policy_card

_STANDARD = re.compile(
    r"^\s*(GB|TD|SL|CJJ|CJ|HJ|LY|DZ|NY|JGJ|DB|DL|QX|CH|ISO|OGC|EPSG|ГОСТ|СП)\b[\s/T]*|^guide\b|指南|规范|规程|标准",
    re.IGNORECASE,
)
_DEFAULT = re.compile(r"default|sample county|默认|по умолчанию", re.IGNORECASE)
_LAW = re.compile(
    r"〔\d{4}〕|\b(law|laws|order|article|art|measures|protocol|notice|regulations?|decree|opinions?|guiding)\b|法|令|条例|办法|закон|приказ",
    re.IGNORECASE,
)
_AUTHORS = re.compile(r"^[^〔]*\b(1[89]|20)\d\d\b")
_ARTICLES = ("article", "documents", "consequence_article", "legal_basis")
MOST_ROWS = 40


def standing_of(text: str) -> Tone:
    """Tell law, standard, literature and default apart by how a basis is named.

    Examples
    --------
    >>> standing_of("GB/T 39972-2021"), standing_of("自然资发〔2022〕142号"), standing_of("Professional default")
    ('standard', 'law', 'default')
    >>> standing_of("Land Administration Law of the PRC, 2019"), standing_of("Mann 1945; Kendall 1975")
    ('law', 'literature')
    """
    if _DEFAULT.search(text):
        return "default"
    if _STANDARD.search(text):
        return "standard"
    return "literature" if not _LAW.search(text) and _AUTHORS.search(text) else "law"


def _both(text: str) -> bool:
    """Tell whether a source names law beside defaults."""
    return bool(_DEFAULT.search(text) and (_LAW.search(text) or re.search(r"\b(GB|TD|SL)\b", text)))


def legal_rows(asked: Asked) -> list[Row]:
    """Write what the findings, the question and the rules rest on."""
    whole = Cell(asked.words["subject_standard"])
    rows: list[Row] = [
        *_by_finding(asked),
        *((whole, basis(cite, asked.language), Cell(), tag(asked.words, cite)) for cite in asked.card.cites),
    ]
    cards = policy_names(asked.result.workspace.tools.policy_folders)
    for record in asked.facts.policies:
        title = say(read_policy_card(cards[record.name]).title, asked.language) if record.name in cards else record.name
        source = say(record.source, asked.language) or record.name
        name = f"{record.name}, {asked.words['version'].lower()} {record.version}"
        validity = Cell(_validity(asked, record))
        rows.append((Cell(title, name), basis(source, asked.language), validity, tag(asked.words, source)))
    return rows


def basis(text: str, language: Language) -> Cell:
    """Name a law, a standard, a guide or a default; what is known by a name in Chinese only keeps it."""
    return Cell(("；" if language == "zh" else "; ").join(spoken(part, language) for part in text.split("; ")))


def legal_section(asked: Asked, rows: list[Row] | None = None) -> Section:
    """Write the section of the legal basis."""
    words = asked.words
    found = legal_rows(asked) if rows is None else rows
    if not found:
        return Section("legal", words["legal"], (), lede=words["no_basis"])
    table = Table(
        (
            Column(words["finding"], width=1.5),
            Column(words["basis"], width=1.9),
            Column(words["in_force"], width=0.85),
            Column(words["standing"]),
        ),
        tuple(found),
    )
    return Section("legal", words["legal"], (table,), lede=words["legal_lede"])


def tag(words: Mapping[str, str], text: str) -> Cell:
    """Mark the standing of a basis."""
    tone = standing_of(text)
    return Cell(words["law_default" if _both(text) else tone], tone=tone)


def _validity(asked: Asked, record: Any) -> str:
    parts = []
    if record.valid_from:
        parts.append(asked.word("from", date=numbers.date(record.valid_from, asked.language)))
    if record.valid_to:
        parts.append(asked.word("until", date=numbers.date(record.valid_to, asked.language)))
    return ("" if asked.language == "zh" else " ").join(parts)


def _by_finding(asked: Asked) -> list[Row]:
    """Write the article of every class of findings."""
    frame = asked.frame
    if frame is None:
        return []
    column = next((name for name in _ARTICLES if name in frame.columns and frame[name].notna().any()), None)
    if column is None:
        return []
    group = asked.class_column or next((name for name in asked.card.show.sum_by if name in frame.columns), None)
    found: dict[tuple[str, str], int] = {}
    articles = _documents(asked, frame) if column == "documents" and "layer" in frame.columns else frame[column]
    for value, article in zip(frame[group] if group else [""] * len(frame), articles, strict=True):
        for text in _texts(article):
            pair = ("" if is_missing(value) else str(value), text)
            found[pair] = found.get(pair, 0) + 1
    order = asked.sorted_by_class(dict.fromkeys(key for key, _ in found))
    ranked = sorted(found.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0][1]))
    rows: list[Row] = []
    for (key, text), count in ranked[:MOST_ROWS]:
        title = asked.value(group, key) if group and key else asked.words["not_stated"]
        article = basis(text, asked.language) if text else Cell(asked.words["no_article"], tone="muted")
        rows.append((Cell(title, asked.counted(count)), article, Cell(), tag(asked.words, text) if text else Cell()))
    return rows


def _documents(asked: Asked, frame: Any) -> list[list[str]]:
    """Give the documents behind every restriction from the cards of the layers, in the report's language."""
    layers = asked.result.workspace.layers
    told: dict[str, list[str]] = {}
    for name in dict.fromkeys(frame["layer"].astype(str)):
        restriction = layers.card(name).restriction if name in layers else None
        told[name] = [
            " ".join(filter(None, [_title(document.title, asked.language), document.number, document.article]))
            + f" ({numbers.date(document.date, asked.language)})"
            for document in (restriction.documents if restriction is not None else ())
        ] or [""]
    return [told[str(name)] for name in frame["layer"]]


def _title(title: Any, language: Language) -> str:
    return spoken(say(title, language), language)


def _texts(article: Any) -> list[str]:
    """Give the articles of one finding; documents come as a list of texts or of mappings with a title."""
    if hasattr(article, "tolist") and not isinstance(article, str):
        article = article.tolist()
    if isinstance(article, (list, tuple)):
        return [text for part in article for text in _texts(part)] or []
    if isinstance(article, dict):
        return [say(article.get("title")) or str(article)]
    return [""] if is_missing(article) else [part.strip() for part in str(article).split(";") if part.strip()]
