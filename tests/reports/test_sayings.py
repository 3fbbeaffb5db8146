"""What tools say is said in the report's language, with every number and name in its place, and nothing is missing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from spacegov import yaml12
from spacegov.reports import sayings as reader
from spacegov.reports.sayings import GAP, called, sayings, spoken
from tests.reports.told_sentences import Sentence, is_known, told_sentences

FOLDER = Path(reader.__file__).parent
WITHOUT_SOURCE = ("words.yaml", "tables.yaml", "frames.yaml", "sources.yaml")
"""What tools put into sentences, and what rule tables remark: no sentence of a tool's own."""


@cache
def told() -> tuple[Sentence, ...]:
    return tuple(told_sentences())


def test_everything_that_tools_say_has_words() -> None:
    missing = [str(sentence) for sentence in told() if not is_known(sentence.text)]
    assert not missing, "no words in spacegov/reports/sayings/ for\n" + "\n".join(missing)


def test_nothing_is_kept_that_no_tool_says() -> None:
    texts = {sentence.text for sentence in told() if re.search(r"[^\W\d_]", sentence.text)}
    patterns = [re.compile("(.+?)".join(map(re.escape, text.split(GAP))) + r"\Z") for text in texts]
    entries = [
        entry["en"] for file in FOLDER.glob("*.yaml") if file.name not in WITHOUT_SOURCE for entry in yaml12.load(file)
    ]
    assert not [text for text in entries if text not in texts and not any(pattern.match(text) for pattern in patterns)]


def test_sentences_are_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    source = """
from spacegov.ledger import doubt, dropped
from spacegov import ledger

def tell(rows, column):
    for reason, words in (("off", "off the road"), ("far", "too far")):
        doubt(f"{len(rows)} places are {words}", where=f"rows {rows}" if rows else "")
    more = " and more" if len(rows) > 3 else ""
    dropped(len(rows), f"no {column!r}: {', '.join(rows)}{more}")
    ledger.balance(1.0, [1.0], what="ground " + "in pieces")
    _thin(rows, "gaps")
    rows.note("left", "nobody is told")
    return {"reason": "no way there", "kind": "two words"}

def _thin(rows, what):
    dropped(rows, f"{what} too thin")
"""
    (tmp_path / "tools" / "made.py").write_text(source, encoding="utf-8")
    found = {sentence.text for sentence in told_sentences(tmp_path)}
    assert found == {
        "{} places are off the road",
        "{} places are too far",
        "rows {}",
        "",
        "no {}: {}",
        "no {}: {} and more",
        "ground in pieces",
        "gaps too thin",
        "no way there",
    }
    assert not is_known("{} places are off the road")
    assert str(told_sentences(tmp_path)[0]).split("tools/made.py:")[1].startswith(("7:", "9:", "10:", "13:", "16:"))


def test_every_saying_has_all_languages_and_keeps_its_gaps() -> None:
    assert len({saying.words["en"] for saying in sayings()}) == len(sayings()) > 300
    for saying in sayings():
        gaps = saying.words["en"].count(GAP)
        for language in ("zh", "ru"):
            named = re.findall(r"\{(\d?)\}", saying.words[language])
            assert named == [""] * gaps or sorted(named) == [str(number) for number in range(gaps)], saying.words["en"]


@pytest.mark.parametrize(("language", "letters"), [("zh", "\u4e00-\u9fff"), ("ru", "а-яёА-ЯЁ")])
def test_every_saying_is_known_again_with_what_was_put_in(language, letters) -> None:
    for saying in sayings():
        put_in = [f"{number}7" for number in range(1, saying.words["en"].count(GAP) + 1)]
        text = saying.words["en"].format(*put_in)
        said = spoken(text, language)
        assert re.search(f"[{letters}]", said), text
        assert said == saying.words[language].format(*put_in), text


def test_the_order_of_what_was_put_in_may_differ() -> None:
    assert (
        spoken("4 counts below 5 are withheld: they are not zero", "ru") == "скрыто значений меньше 5: 4; это не ноль"
    )


def test_amounts_days_names_and_words_that_were_put_in_are_said_too() -> None:
    names = {"artificial.schools": "学校", "no way": "无路"}
    assert (
        spoken(
            "2 of 9 artificial.schools lie off the network and serve nobody", "zh", lambda text: names.get(text, text)
        )
        == "学校共9处，其中2处不在路网上，不计服务"
    )
    assert (
        spoken("12 people have no shelter: no way", "zh", lambda text: names.get(text, text))
        == "12人没有避难场所：无路"
    )
    assert spoken("3 buildings have no value in 'people'; they add nothing", "ru") == (
        "зданий без значения «people»: 3; они ничего не добавляют"
    )
    assert called("1.5\u202fkm", "ru") == "1,5\u202fкм"
    assert called("-0.25", "ru") == "\u22120,25"
    assert called("layer, rows 1, 2 and 3 more", "zh") == "图层，第1、2行，另有3行"
    assert called("units, something else", "zh") == "单元、something else"
    assert called("Smith, Jones", "zh") == "Smith, Jones"


def test_what_is_not_known_stays_as_it_is() -> None:
    assert spoken("a {brace} nobody knows", "zh") == "a {brace} nobody knows"
    assert spoken("3 buildings lie in no zone", "en") == "3 buildings lie in no zone"
    assert called("road to market", "zh") == "road to market"
    assert called("1 to 15", "zh") == "1至15"
