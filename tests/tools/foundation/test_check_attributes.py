from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import spacegov
from spacegov.errors import BadInput, BadPolicy, UnknownName, UnreadableFile
from spacegov.layers.card import LayerField
from spacegov.ledger import collect
from spacegov.toolbox import read_policy
from spacegov.tools.foundation import check_attributes

TITLE = {"title": {"en": "x"}}


@dataclass
class Reader:
    id: str
    frame: Any
    card: Any = None
    bound: bool = True
    coverage: Any = None

    def read(self, bbox=None):
        if isinstance(self.frame, Exception):
            raise self.frame
        return self.frame


def card(**fields):
    made = {name: LayerField(**TITLE, **spec) for name, spec in fields.items()}
    return SimpleNamespace(fields=made, kind="Polygons", steward="natural-resources")


def check(frame, the_card=None, **options):
    return check_attributes({"plots": Reader("plots", pd.DataFrame(frame), the_card)}, **options)


def faults(frame, the_card, **options):
    found = check(frame, the_card, **options).faults
    return found[["field", "code", "row", "value"]].values.tolist()


def test_a_layer_that_keeps_its_schema_has_no_fault():
    schema = card(
        plot_id={"type": "string", "required": True, "unique": True},
        grade={"type": "integer", "range": (1, 15)},
        use={"type": "code", "codes": {"0101": {"en": "paddy"}}},
        granted={"type": "date"},
        share={"type": "number"},
        wet={"type": "boolean"},
    )
    frame = {
        "plot_id": ["P1", "P2"],
        "grade": [1.0, np.nan],
        "use": ["0101", None],
        "granted": [date(2024, 2, 29), None],
        "share": [0.5, np.nan],
        "wet": [True, False],
    }
    answer = check(frame, schema)
    assert answer.faults.empty
    assert list(answer.faults.columns)[:3] == ["layer", "steward", "field"]
    assert answer.layers[["records", "problem_records", "rate", "answer"]].values.tolist() == [[2, 0, 0.0, "present"]]


@pytest.mark.parametrize(
    ("spec", "values", "expected"),
    [
        (
            {"type": "string", "required": True},
            ["a", None, ""],
            [["missing-value", "1", ""], ["missing-value", "2", ""]],
        ),
        (
            {"type": "string", "unique": True},
            ["a", "b", "a", None, None],
            [["duplicate", "0", "a"], ["duplicate", "2", "a"]],
        ),
        ({"type": "string"}, ["a", 5], [["wrong-type", "1", "5"]]),
        ({"type": "integer"}, [1.0, 2.5], [["wrong-type", "1", "2.5"]]),
        ({"type": "integer"}, ["1", "2"], [["wrong-type", "0", "1"], ["wrong-type", "1", "2"]]),
        ({"type": "number"}, [1.0, np.inf], [["wrong-type", "1", "inf"]]),
        ({"type": "number", "range": (0, 1)}, [0.0, 1.0, 1.01], [["out-of-range", "2", "1.01"]]),
        ({"type": "boolean"}, [0, 1, 2], [["wrong-type", "2", "2"]]),
        (
            {"type": "date"},
            ["2024-06-30", "20240630", "soon", "2024"],
            [["wrong-type", "2", "soon"], ["wrong-type", "3", "2024"]],
        ),
        ({"type": "date"}, ["2023-02-29"], [["wrong-type", "0", "2023-02-29"]]),
        (
            {"type": "date", "range": (date(2020, 1, 1), date(2025, 1, 1))},
            ["2019-12-31", "2020-01-01"],
            [["out-of-range", "0", "2019-12-31"]],
        ),
        (
            {"type": "code", "codes": {"0101": {"en": "a"}, "011": {"en": "b"}}},
            ["0101", "11"],
            [["unknown-code", "1", "11"]],
        ),
        ({"type": "code", "codes": {"101": {"en": "a"}}}, [101, 101], [["wrong-type", "", ""]]),
    ],
)
def test_every_rule_of_a_field(spec, values, expected):
    assert [row[1:] for row in faults({"value": values}, card(value=spec))] == expected


def test_fields_that_are_missing_or_unknown():
    schema = card(plot_id={"type": "string", "required": True}, note={"type": "string"})
    answer = check({"extra": [1, 2, 3]}, schema)
    assert answer.faults[["field", "code", "severity", "count"]].values.tolist() == [
        ["extra", "extra-field", "warning", 3],
        ["plot_id", "missing-field", "error", 3],
        ["note", "missing-optional-field", "warning", 3],
    ]
    # Without its required field every record is a problem.
    assert answer.layers[["problem_records", "rate"]].values.tolist() == [[3, 1.0]]


def test_a_record_with_two_faults_is_one_problem():
    schema = card(a={"type": "integer", "range": (0, 1)}, b={"type": "integer", "range": (0, 1)})
    answer = check({"a": [5, 0, 0, 0], "b": [5, 0, 0, 0]}, schema)
    assert len(answer.faults) == 2
    assert answer.layers[["problem_records", "rate", "errors"]].values.tolist() == [[1, 0.25, 2]]


def test_dates_in_order():
    schema = card(issued={"type": "date"}, valid_to={"type": "date"})
    frame = {"issued": ["2024-05-01", "2024-05-01", None], "valid_to": ["2024-04-30", "2024-05-01", "2020-01-01"]}
    order = read_policy("date-order-2025")
    assert faults(frame, schema, date_order=order) == [["valid_to", "date-order", "0", "2024-05-01 > 2024-04-30"]]


def test_records_are_named_by_their_key_and_the_department_is_told():
    schema = card(plot_id={"type": "string", "unique": True}, grade={"type": "integer", "range": (1, 15)})
    found = check({"plot_id": ["P7", "P8"], "grade": [3, 99]}, schema).faults
    assert found[["layer", "steward", "feature", "needed"]].values.tolist() == [
        ["plots", "natural-resources", "P8", "1 to 15"]
    ]


def test_a_table_of_fields_serves_layers_without_a_card():
    schema = pd.DataFrame({"field": ["use"], "type": ["code"], "required": [True], "codes": ["0101, 0102"]})
    found = check({"use": ["0101", "0103", None]}, schema=schema).faults
    assert found[["code", "row"]].values.tolist() == [["missing-value", "2"], ["unknown-code", "1"]]


def test_layers_without_data_and_unreadable_ones_are_not_called_sound():
    schema = card(a={"type": "string"})
    readers = {
        "good": Reader("good", pd.DataFrame({"a": ["x"]}), schema),
        "none": Reader("none", None, schema, bound=False),
        "bad": Reader("bad", UnreadableFile("bad.gpkg: it is cut off; check the file"), schema),
        "image": Reader("image", None, SimpleNamespace(kind="Raster", fields={}, steward="x")),
    }
    with collect() as ledger:
        layers = check_attributes(readers).layers
    assert layers[["layer", "answer"]].values.tolist() == [
        ["good", "present"],
        ["none", "not_covered"],
        ["bad", "failed"],
    ]
    assert "cut off" in layers["reason"][2]
    assert ledger.doubts[0].where == "bad"
    assert ledger.notes["figures"] == {"checked_layers": 1, "records": 1, "problem_records": 0, "rate": 0.0}


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="plots: it has no card, a schema is needed"):
        check({"a": [1]})
    with pytest.raises(BadPolicy, match="the type 'text', one of string, integer"):
        check({"a": [1]}, schema=pd.DataFrame({"field": ["a"], "type": ["text"]}))
    with pytest.raises(UnknownName, match="there is no layer 'plot'; did you mean 'plots'"):
        check({"a": [1]}, only=["plot"])
    with pytest.raises(BadPolicy, match="no column 'type'"):
        check({"a": [1]}, schema=pd.DataFrame({"field": ["a"]}))


def test_the_sample_county_keeps_its_own_cards():
    workspace = spacegov.open()
    readers = {
        name: workspace.layers[name] for name in ("artificial.townships", "artificial.permits", "natural.forest")
    }
    with collect():
        answer = check_attributes(readers, date_order=read_policy("date-order-2025"))
    assert answer.layers["answer"].tolist() == ["present"] * 3
    assert (answer.layers["records"] > 0).all()
    assert set(answer.faults["severity"]) <= {"warning", "error"}
    assert (answer.layers["rate"] < 0.01).all()


def test_every_planted_fault_of_the_sample_county_is_found_and_nothing_else():
    from spacegov import yaml12
    from spacegov.content import content_path

    planted = yaml12.load(content_path("sample_data") / "truth.yaml")["attribute_faults"]["records"]
    words = {
        "out of range": "out-of-range",
        "missing": "missing-value",
        "not in the scheme": "unknown-code",
        "not in the list": "unknown-code",
        "not unique": "duplicate",
    }
    expected = {(each["layer"], each["record"], each["field"], words[each["fault"]]) for each in planted}
    workspace = spacegov.open()
    readers = {name: workspace.layers[name] for name in sorted({each["layer"] for each in planted})}
    with collect():
        found = check_attributes(readers, date_order=read_policy("date-order-2025")).faults
    errors = found[found["severity"] == "error"]
    assert set(zip(errors["layer"], errors["feature"], errors["field"], errors["code"], strict=True)) == expected
