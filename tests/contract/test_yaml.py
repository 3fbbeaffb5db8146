"""YAML by the 1.2 rules: what land codes, words and numbers become, and where faults are told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacegov import yaml12
from spacegov.catalogue import read_folder
from spacegov.errors import BadCard, UnreadableFile


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0101", "0101"),
        ("011", "011"),
        ("0", 0),
        ("-7", -7),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("1e-6", 1e-6),
        ("1.5E+3", 1500.0),
        (".5", 0.5),
        ("2025-01-01", "2025-01-01"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("GB/T 39972-2021", "GB/T 39972-2021"),
        ("'12'", "12"),
        ("永久基本农田", "永久基本农田"),
    ],
)
def test_scalars_are_read_by_the_core_schema(text: str, value: object) -> None:
    read = yaml12.loads(f"value: {text}")["value"]
    assert read == value
    assert type(read) is type(value)


def test_infinity_and_not_a_number_are_floats() -> None:
    read = yaml12.loads("[.inf, -.INF, .nan]")
    assert read[0] == float("inf")
    assert read[1] == float("-inf")
    assert read[2] != read[2]


@given(st.integers(min_value=0, max_value=10**8), st.integers(min_value=1, max_value=4))
def test_a_code_with_leading_zeros_stays_text(number: int, zeros: int) -> None:
    code = "0" * zeros + str(number)
    assert yaml12.loads(f"code: {code}") == {"code": code}


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_an_integer_stays_an_integer(number: int) -> None:
    assert yaml12.loads(f"value: {number}") == {"value": number}


def test_keys_are_text_as_written() -> None:
    assert yaml12.loads("{0101: a, 1: b, true: c, 1.0: d}") == {"0101": "a", "1": "b", "true": "c", "1.0": "d"}


def test_a_key_given_twice_is_refused_with_its_line() -> None:
    with pytest.raises(BadCard, match=r"cards\.yaml, line 3: .*'kind' is given twice"):
        yaml12.loads("kind: a\ntitle: b\nkind: c\n", "cards.yaml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: !!python/object/apply:os.getcwd []\n", 1),
        ("a: 1\n? [x, y]\n: 2\n", 2),
        ("a: &x {b: *x}\n", 1),
    ],
)
def test_bad_yaml_names_the_line(text: str, line: int) -> None:
    with pytest.raises(BadCard, match=f"^f, line {line}: this is not valid YAML") as caught:
        yaml12.loads(text, "f")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_text_or_absent(tmp_path: Path) -> None:
    binary = tmp_path / "a.yaml"
    binary.write_bytes(b"title: \xff\xfe")
    with pytest.raises(BadCard, match="not UTF-8"):
        yaml12.load(binary)
    with pytest.raises(UnreadableFile, match="No such file"):
        yaml12.load(tmp_path / "absent.yaml")
    marked = tmp_path / "bom.yaml"
    marked.write_bytes(b"\xef\xbb\xbftitle: a\n")
    assert yaml12.load(marked) == {"title": "a"}


def test_line_of_a_field() -> None:
    text = "title: {en: A}\nfields:\n  grade:\n    type: x\nrows:\n  - [1, 2]\n  - [3, 4]\n"
    assert yaml12.line_of(text, ("fields", "grade", "type")) == 4
    assert yaml12.line_of(text, ("fields", "grade", "absent")) == 3
    assert yaml12.line_of(text, ("rows", 1)) == 7
    assert yaml12.line_of(text, ("absent",)) is None


def test_a_folder_read_again_from_the_cache_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cards = tmp_path / "cards"
    cards.mkdir()
    card = cards / "a.yaml"
    card.write_text("{codes: {1: x, 0101: y}, day: 2025-01-01, share: 1e-6, none: null}", encoding="utf-8")
    first = read_folder(cards)
    assert list((tmp_path / "cache").rglob("*.json"))
    assert read_folder(cards) == first
    card.write_text("{codes: {2: z}}", encoding="utf-8")
    assert read_folder(cards) == {card: {"codes": {"2": "z"}}}


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder would be", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "a.yaml").write_text("a: 1", encoding="utf-8")
    assert list(read_folder(cards).values()) == [{"a": 1}]


@pytest.mark.parametrize(
    ("text", "told"),
    [("a: &x [*x]", "it holds itself"), ("!!python/object:os a", "there is no tag"), ("a: !!int b", "is no int")],
)
def test_what_is_no_plain_data_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadCard, match=told):
        yaml12.loads(text)


def test_a_node_that_is_named_again_is_the_same_value() -> None:
    assert yaml12.loads("a: &x [1, {b: no}]\nc: *x") == {"a": [1, {"b": "no"}], "c": [1, {"b": "no"}]}
