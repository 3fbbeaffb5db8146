"""Answers on the terminal: tables whose columns stand under their heads, in every language."""

import unicodedata

import spacegov
from spacegov.cli.answer import table_lines, tell
from spacegov.toolbox.run import run


def places(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def test_chinese_characters_take_two_places():
    lines = table_lines(["方案", "数量"], [["乙", "12"], ["plan", "3"]])
    assert lines == ["方案  数量", "乙      12", "plan     3"]
    assert {places(line) for line in lines} == {10}


def test_an_answer_names_layers_and_codes_by_their_titles(capsys):
    result = run(spacegov.open(), "compare-scenarios", {}, keep=False)
    for language, title, number in (
        ("en", "Master plan, alternative B (extended)", "Number"),
        ("ru", "вариант", "Колич"),
    ):
        tell(result, language, {"run": "folder"})
        told = capsys.readouterr().out
        assert title in told
        assert number in told
        assert "planned.master-plan-b" not in told
        assert told.rstrip().endswith("run: folder")


def test_tables_keep_the_order_of_the_legend_and_the_words_of_the_field_an_option_names(capsys):
    result = run(spacegov.open(), "check-development-intensity", {}, keep=False)
    tell(result, "en", {})
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    first = [line[1] for line in lines if len(line) > 2]
    assert first.index("over a limit") < first.index("within limits")
    assert {"Residential", "Industry"} <= set(first)
    assert "residential" not in first
