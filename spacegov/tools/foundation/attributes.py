"""Whether records keep the schema of their layer card."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd

from spacegov.checks import checked
from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.kinds import LayerSet, PolicyKind
from spacegov.layers.coverage import Answer
from spacegov.ledger import doubt, figure, progress
from spacegov.tools.foundation._records import answer_table, record_names
from spacegov.tools.foundation._schema import (
    Fault,
    FieldRule,
    fault_rows,
    find_faults,
    order_of,
    rules_of_card,
    rules_of_table,
)


class AttributeCheck(NamedTuple):
    """Faults record by record, and how each layer stands."""

    faults: pd.DataFrame
    layers: pd.DataFrame


@checked(partition=None)
def check_attributes(
    layers: LayerSet,
    *,
    schema: Annotated[pd.DataFrame, PolicyKind(("field", "type"))] | None = None,
    date_order: Annotated[pd.DataFrame, PolicyKind(("earlier", "later"))] | None = None,
    only: list[str] | None = None,
) -> AttributeCheck:
    """Find the records that break their layer card's schema.

    Parameters
    ----------
    layers : mapping from layer id to reader
        The layers to check; the whole registry without a choice.
    schema : DataFrame, optional
        Fields for layers without a card, such as files: `field`, `type` (string, integer, number, boolean, date, code)
        and where needed `required`, `unique`, `low`, `high`, `codes` (separated by commas).
    date_order : DataFrame, optional
        Pairs of date fields, the `earlier` of which may not lie after the `later`.
    only : list of str, optional
        Ids of the layers to check.

    Returns
    -------
    faults : DataFrame
        A row for each record and fault, in the order of layers, fields and records; one row with the number of records
        where a field is at fault as a whole: `layer`, `steward` (department answerable), `field`, `code`
        (`missing-field`, `missing-optional-field`, `extra-field`, `wrong-type`, `missing-value`, `duplicate`,
        `out-of-range`, `unknown-code`, `date-order`), `severity` (`error`, `warning`), `feature`, `row`, `value` (as
        text), `needed`, `count` (records).
    layers : DataFrame
        A row for each layer: `layer`, `steward`, `answer` (`present`: checked; `not_covered`: no data; `failed`: could
        not be read), `records`, `problem_records`, `rate` (share with an error, 0–1), `errors`, `warnings`, `reason`.

    Raises
    ------
    UnknownName
        `only` names a layer that is not there.
    BadInput
        A layer has neither a card nor a schema.
    BadPolicy
        The schema has an unknown type.

    Notes
    -----
    A code field must hold text, since numbers lose leading zeros. An integer may stand in a column of numbers when all
    values are whole. A date is a date or a text with year, month and day (ISO 8601). A missing value is a fault only
    where the field is required. Rasters have no records and are left out. Not split: uniqueness needs the whole layer.
    Linear in values, about 0.8 million a second.

    References
    ----------
    .. [1] ISO 19157-1:2023, Geographic information, Data quality, logical consistency (domain and format).

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> class Reader:
    ...     id, card, bound, coverage = "plots", None, True, None
    ...     def read(self, bbox=None):
    ...         return pd.DataFrame({"plot_id": ["P1", "P1", None], "grade": [3, 99, 4]})
    >>> schema = pd.DataFrame({"field": ["plot_id", "grade"], "type": ["string", "integer"], "required": [True, False],
    ...                        "unique": [True, False], "low": [None, 1], "high": [None, 15]})
    >>> answer = check_attributes({"plots": Reader()}, schema=schema)
    >>> answer.faults[["field", "code", "row", "value"]].head(2).values.tolist()
    [['plot_id', 'missing-value', '2', ''], ['plot_id', 'duplicate', '0', 'P1']]
    >>> float(answer.layers["rate"][0])
    1.0
    """
    for name in only or []:
        if name not in layers:
            raise UnknownName(f"only: there is no layer {name!r}; {suggest(name, layers)}")
    names = [name for name in layers if only is None or name in only]
    own_rules = None if schema is None else rules_of_table(schema)
    order = order_of(date_order)
    rows: list[dict[str, Any]] = []
    summary: list[dict[str, Any]] = []
    for number, name in enumerate(names, start=1):
        reader = layers[name]
        card = reader.card
        if card is not None and card.kind == "Raster":
            continue
        steward = "" if card is None else card.steward
        facts = {"layer": name, "steward": steward, "records": 0, "problem_records": 0, "errors": 0, "warnings": 0}
        if not reader.bound:
            summary.append({**facts, "answer": Answer.NOT_COVERED.value, "reason": "no data"})
            continue
        rules = own_rules if card is None else rules_of_card(card, _codes_of(reader))
        if rules is None:
            raise BadInput(f"{name}: it has no card, a schema is needed to check it; give schema=TABLE")
        try:
            frame = reader.read()
        except BadInput as error:
            doubt(f"could not be read and was not checked: {error}", name)
            summary.append({**facts, "answer": Answer.FAILED.value, "reason": str(error)})
            continue
        faults = list(find_faults(frame, rules, order))
        found = fault_rows(faults, record_names(frame, _key(rules, frame)), [str(label) for label in frame.index])
        rows += [{"layer": name, "steward": steward, **row} for row in found]
        summary.append({**facts, "answer": Answer.PRESENT.value, "reason": "", **_totals(faults, len(frame))})
        progress(number / len(names), name)
    return _answer(rows, summary)


def _codes_of(reader: Any) -> Any:
    """Give the function that lists a field's codes: the reader's own, or the codes on the card."""
    own = getattr(reader, "codes", None)
    return own if own is not None else lambda field: reader.card.fields[field].codes


def _key(rules: list[FieldRule], frame: Any) -> str | None:
    return next((rule.name for rule in rules if rule.unique and rule.name in frame.columns), None)


def _totals(faults: list[Fault], records: int) -> dict[str, int]:
    bad = np.zeros(records, bool)
    for fault in faults:
        if fault.severity == "error":
            bad[fault.rows if len(fault.rows) else slice(None)] = True
    return {
        "records": records,
        "problem_records": int(bad.sum()),
        "errors": sum(fault.count for fault in faults if fault.severity == "error"),
        "warnings": sum(fault.count for fault in faults if fault.severity == "warning"),
    }


def _answer(rows: list[dict[str, Any]], summary: list[dict[str, Any]]) -> AttributeCheck:
    texts = ("layer", "steward", "field", "code", "severity", "feature", "row", "value", "needed")
    faults = answer_table(
        {
            **{column: ([row[column] for row in rows], "str") for column in texts},
            "count": ([row["count"] for row in rows], "int64"),
        }
    )
    records = np.array([each["records"] for each in summary], dtype=np.int64)
    problems = np.array([each["problem_records"] for each in summary], dtype=np.int64)
    rate = np.divide(problems, records, out=np.zeros(len(records)), where=records > 0)
    layers = answer_table(
        {
            **{column: ([each[column] for each in summary], "str") for column in ("layer", "steward", "answer")},
            "records": (records, "int64"),
            "problem_records": (problems, "int64"),
            "rate": (rate, "float64"),
            **{column: ([each[column] for each in summary], "int64") for column in ("errors", "warnings")},
            "reason": ([each["reason"] for each in summary], "str"),
        }
    )
    figure("checked_layers", int((layers["answer"] == Answer.PRESENT.value).sum()))
    figure("records", int(records.sum()))
    figure("problem_records", int(problems.sum()))
    figure("rate", float(problems.sum() / records.sum()) if records.sum() else 0.0)
    return AttributeCheck(faults, layers)
