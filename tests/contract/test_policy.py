"""Rule tables: typed columns, and faults told with the row and its line."""

from datetime import date
from pathlib import Path

import pytest

import spacegov
from spacegov.errors import BadCard, UnknownName
from spacegov.toolbox import policy_names, read_policy

TABLE = """\
title: {en: Rules}
source: tests
version: "1"
valid_from: "2025-01-01"
columns:
  code: {type: string}
  grade: {type: integer}
  share: {type: number, unit: share}
  open: {type: boolean}
  since: {type: date}
rows:
  - [0101, 1, 0.5, true, 2025-01-01]
  - {code: "7", grade: 2, share: 1}
"""


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules-1.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_values_take_the_types_of_their_columns(tmp_path: Path) -> None:
    rules = read_policy(table(tmp_path, TABLE))
    assert rules["code"].tolist() == ["0101", "7"]
    assert rules["grade"].tolist() == [1, 2]
    assert rules["grade"].dtype == "int64"
    assert rules["share"].tolist() == [0.5, 1.0]
    assert rules["open"].tolist()[0] is True
    assert rules["since"].tolist()[0] == date(2025, 1, 1)
    assert rules.loc[1, ["open", "since"]].isna().all()
    assert rules.attrs["policy"] == "rules-1"
    assert rules.attrs["version"] == "1"
    assert rules.attrs["units"] == {"share": "share"}


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("0.5, true", "half, true", 12, "row 1, 'share': 'half' was given where number is needed"),
        ("[0101, 1,", "[0101, 1.5,", 12, "'grade': 1.5 was given where integer is needed"),
        ("[0101, 1,", "[0101, true,", 12, "'grade': True was given where integer is needed"),
        ("0.5, true", "0.5, yes", 12, "'open': 'yes' was given where boolean is needed"),
        ("0.5, true", ".nan, true", 12, "'share': nan was given where number is needed"),
        ("true, 2025-01-01", "true, 2025-02-30", 12, "'since': '2025-02-30' was given where date is needed"),
        ("true, 2025-01-01", "true", 12, "row 1: it has 4 values, the table 5 columns"),
        ("grade: 2", "grad: 2", 13, "row 2: there is no column 'grad'; did you mean 'grade'"),
        ("type: boolean", "type: bool", 9, "'columns.open.type' is 'bool', needed is"),
        ('valid_from: "2025-01-01"', 'valid_from: "2025-13-01"', 4, "'valid_from' is '2025-13-01', needed is a date"),
        ('valid_from: "2025-01-01"', "valid_frm: x", 4, "there is no field 'valid_frm'; did you mean 'valid_from'"),
        ("source: tests\n", "", None, "the field 'source' is missing"),
        ('version: "1"', "version: 1", 3, "'version' is 1, needed is text, in quotes"),
    ],
)
def test_faults_of_a_table(tmp_path: Path, old: str, new: str, line: int | None, told: str) -> None:
    assert old in TABLE
    path = table(tmp_path, TABLE.replace(old, new, 1))
    with pytest.raises(BadCard) as caught:
        read_policy(path)
    assert str(caught.value).startswith(f"{path}, line {line}" if line else f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    rules = read_policy(table(tmp_path, TABLE.partition("rows:")[0] + "rows: []\n"))
    assert list(rules.columns) == ["code", "grade", "share", "open", "since"]
    assert len(rules) == 0


def test_an_unknown_table_names_the_nearest(tiny_template: Path) -> None:
    folders = spacegov.open(tiny_template).tools.policy_folders
    assert "trial-rules-1" in policy_names(folders)
    with pytest.raises(UnknownName, match="did you mean 'trial-rules-1'"):
        read_policy("trial-rule-1", folders)


def test_a_workspace_puts_its_own_table_before_ours(tiny_folder: Path) -> None:
    ours = next(iter(sorted(policy_names())), None)
    assert ours is not None
    own = tiny_folder / "tools" / "policy" / f"{ours}.yaml"
    own.write_text(TABLE, encoding="utf-8")
    rules = read_policy(ours, spacegov.open(tiny_folder).tools.policy_folders)
    assert rules["code"].tolist() == ["0101", "7"]
