"""What an overlap of two control lines is, and which side yields."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from spacegov.errors import BadPolicy
from spacegov.tools.values import text_of

LINE_RULE_COLUMNS = ("line_1", "sub_zone_1", "line_2", "sub_zone_2", "position", "kind", "yields")
KINDS = ("breach", "retained-enclave", "unknown")
_CONDITIONS = ("line_1", "sub_zone_1", "line_2", "sub_zone_2", "position")


@dataclass(frozen=True)
class LineRule:
    """What a rule says of an overlap."""

    kind: str
    yields: str | None = None
    article: str | None = None
    note: str | None = None


class LineRules:
    """Rules about overlaps of lines; the one with the most stated values decides.

    Parameters
    ----------
    table : DataFrame
        Columns of `LINE_RULE_COLUMNS`; article and note where there.

    Raises
    ------
    BadPolicy
        A kind is not known, or two rules of equal weight say different things.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        name = table.attrs.get("policy", "the table of line rules")
        self.rules: dict[tuple[str | None, ...], LineRule] = {}
        for number, row in enumerate(table.to_dict("records"), start=1):
            said = {str(column): text_of(value) for column, value in row.items()}
            kind = said["kind"]
            if kind not in KINDS:
                raise BadPolicy(
                    f"{name}, row {number}: the kind {kind!r} was given, one of {', '.join(KINDS)} is needed; "
                    "mend the table"
                )
            key = tuple(said[column] for column in _CONDITIONS)
            rule = LineRule(kind, said["yields"], said.get("article"), said.get("note"))
            if self.rules.setdefault(key, rule) != rule:
                raise BadPolicy(f"{name}, row {number}: a row before says another thing of the same case; keep one")

    def find(self, line_1: str, sub_zone_1: str | None, line_2: str, sub_zone_2: str | None, position: str) -> LineRule:
        """Find the rule for an overlap; `unknown` where none fits."""
        case = (line_1, sub_zone_1, line_2, sub_zone_2, position)
        fitting = [
            (sum(value is not None for value in key), key)
            for key in self.rules
            if all(value is None or value == given for value, given in zip(key, case, strict=True))
        ]
        if not fitting:
            return LineRule("unknown")
        weight, _ = max(fitting, key=lambda item: item[0])
        best = {self.rules[key] for number, key in fitting if number == weight}
        if len(best) > 1:
            raise BadPolicy(
                f"the table of line rules says two things of equal weight of {line_1} over {line_2} ({position}); "
                "state more values in one of them"
            )
        return best.pop()
