"""Sources, remarks of rule tables, titles of tables and methods are said in the report's language too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from spacegov import yaml12
from spacegov.content import content_path
from spacegov.reports import sayings as reader
from spacegov.reports.method import methods
from spacegov.reports.sayings import sayings, spoken
from spacegov.reports.standing import basis, standing_of
from spacegov.synthetic.write import LICENCE
from tests.reports.told_sentences import PACKAGE, is_known

REMARKS = ("note", "measures", "reason")
"""Columns of rule tables whose texts answers repeat."""
ARTICLES = ("article", "source", "consequence_article", "legal_basis")
ENGLISH = re.compile(r"[A-Za-z]{3,}\.? [A-Za-z]{2,}")


@cache
def policies() -> dict[str, dict[str, Any]]:
    files = sorted((content_path("tools") / "policy").glob("*.yaml"))
    return {file.stem: yaml12.load(file) for file in files}


@cache
def tools() -> dict[str, dict[str, Any]]:
    files = [file for file in content_path("tools").glob("*/*.yaml") if file.parent.name != "policy"]
    return {file.stem: yaml12.load(file) for file in files}


def cells(columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, card in policies().items():
        for row in card["rows"]:
            told = row if isinstance(row, dict) else dict(zip(card["columns"], row, strict=True))
            yield from ((name, told[column]) for column in columns if isinstance(told.get(column), str))


def cited() -> Iterator[tuple[str, str]]:
    """Give everything that a report names as a basis."""
    for name, card in policies().items():
        if isinstance(card["source"], str):
            yield name, card["source"]
    for name, card in tools().items():
        yield from ((name, cite) for cite in card.get("cites", []))
    for file in content_path("tools").glob("*/scenarios/*.yaml"):
        card = yaml12.load(file)
        yield from ((file.stem, cite) for cite in card.get("cites", []))
        for step in card["steps"]:
            yield from ((file.stem, text) for text in step.get("basis", []) if isinstance(text, str))
    for file in content_path("layers").rglob("*.yaml"):
        restriction = (yaml12.load(file) or {}).get("restriction") or {}
        yield from (
            (file.stem, document["title"])
            for document in restriction.get("documents", [])
            if isinstance(document["title"], str)
        )
    yield "sample county", LICENCE
    yield from cells(ARTICLES)


def pieces() -> set[tuple[str, str]]:
    return {(name, piece.strip()) for name, text in cited() for piece in text.split("; ")}


def test_every_basis_in_english_has_words() -> None:
    # A work of literature is called as its authors call it.
    missing = [
        f"{name}: {piece}"
        for name, piece in sorted(pieces())
        if ENGLISH.search(piece) and standing_of(piece) != "literature" and spoken(piece, "zh") == piece
    ]
    assert not missing, "no words in spacegov/reports/sayings/sources.yaml for\n" + "\n".join(missing)


def test_no_words_are_kept_for_a_basis_that_nothing_names() -> None:
    known = {saying.words["en"]: saying for saying in sayings()}
    texts = {piece for _, piece in pieces()}
    entries = yaml12.load(Path(reader.__file__).parent / "sources.yaml")
    stale = [
        entry["en"] for entry in entries if not any(known[entry["en"]].gaps_of(text) is not None for text in texts)
    ]
    assert not stale


def test_a_basis_is_named_piece_by_piece() -> None:
    text = "自然资规〔2019〕1号; metres by default; Land Administration Law, Art. 35, 44"
    assert basis(text, "zh").text == "自然资规〔2019〕1号；米数为默认值；《土地管理法》第35、44条"
    assert basis(text, "ru").text == "自然资规〔2019〕1号; метры по умолчанию; Закон об управлении землёй, ст. 35, 44"
    assert basis(text, "en").text == text
    assert basis("Church and ReVelle 1974", "zh").text == "Church and ReVelle 1974"


def test_what_rule_tables_remark_has_words() -> None:
    assert not [f"{name}: {text}" for name, text in cells(REMARKS) if not is_known(text)]


def test_every_table_beside_a_main_one_has_a_title() -> None:
    missing = []
    for file in sorted((PACKAGE / "tools").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                continue
            if any(isinstance(base, ast.Name) and base.id == "NamedTuple" for base in node.bases):
                missing += [
                    f"{file.name}: {part.target.id}"
                    for part in node.body
                    if isinstance(part, ast.AnnAssign)
                    and isinstance(part.target, ast.Name)
                    and ast.unparse(part.annotation) == "pd.DataFrame"
                    and not is_known(f"table {part.target.id.replace('_', ' ')}")
                ]
    assert not missing


@pytest.mark.parametrize("name", sorted(tools()))
def test_every_method_is_told_in_every_language(name) -> None:
    about = tools()[name].get("about")
    ours = methods().get(name)
    assert (about is None) != (ours is None), "the method belongs into the card or into methods.yaml, not into both"
    for language, letters in (("zh", "\u4e00-\u9fff"), ("ru", "а-яё")):
        told = (about or ours)[language]
        assert len(re.findall(f"[{letters}]", told)) > 15
        assert not re.search(r"\b(the|of|is|are|and|not|with)\b", told)


def test_no_method_is_kept_of_a_tool_that_is_gone() -> None:
    assert set(methods()) <= set(tools())
