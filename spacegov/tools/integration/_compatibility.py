"""Which planned uses a control admits: the compatibility matrix, strictest rule first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from spacegov import ledger
from spacegov.errors import BadPolicy
from spacegov.tools.integration._plan_areas import PlanClass
from spacegov.tools.values import text_of

Verdict: TypeAlias = Literal["prohibited", "conditional", "unknown", "compatible"]
STRICTNESS: dict[str, int] = {"prohibited": 0, "conditional": 1, "unknown": 2, "compatible": 3}
RULE_COLUMNS = ("control", "sub_zone", "use", "verdict")


@dataclass(frozen=True)
class Rule:
    """One cell of the matrix."""

    verdict: str
    department: str | None = None
    condition: str | None = None
    evidence: str | None = None
    article: str | None = None


class Compatibility:
    """A compatibility matrix, asked by control and sub-zone.

    Parameters
    ----------
    table : DataFrame
        Columns control, sub_zone (missing for every sub-zone), use, verdict; department, condition, evidence, article
        where there.

    Raises
    ------
    BadPolicy
        A verdict is none of prohibited, conditional, compatible, unknown.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.rules: dict[tuple[str | None, str | None, str | None], Rule] = {}
        self.sub_zones: dict[str, set[str]] = {}
        name = table.attrs.get("policy", "the compatibility table")
        for number, row in enumerate(table.to_dict("records"), start=1):
            said = {str(column): text_of(value) for column, value in row.items()}
            verdict = said["verdict"]
            if verdict not in STRICTNESS:
                raise BadPolicy(
                    f"{name}, row {number}: the verdict {verdict!r} was "
                    f"given, one of {', '.join(STRICTNESS)} is needed; mend the table"
                )
            rule = Rule(
                verdict, said.get("department"), said.get("condition"), said.get("evidence"), said.get("article")
            )
            key = (said["control"], said["sub_zone"], said["use"])
            known = self.rules.get(key)
            if known is None or STRICTNESS[verdict] < STRICTNESS[known.verdict]:
                self.rules[key] = rule
            if said["control"] is not None:
                self.sub_zones.setdefault(said["control"], set()).update(filter(None, [said["sub_zone"]]))

    def rule(self, side: PlanClass, use: str | None) -> Rule | None:
        """Find what a control says of a use: its own sub-zone's rule and the one of every sub-zone, the stricter."""
        found = [
            self.rules[key]
            for key in {(side.control, side.sub_zone, use), (side.control, None, use)}
            if key in self.rules
        ]
        return strictest(found)

    def judge(self, first: PlanClass, second: PlanClass) -> Rule:
        """Give the verdict on two areas.

        Each control is asked about the use of the other side; the strictest answer wins. Equal uses are compatible
        unless a listed rule is stricter. A control that does not list the use leaves the pair unknown, whatever the
        other side admits.
        """
        asked = [(side, other.use) for side, other in ((first, second), (second, first)) if side.control is not None]
        answers = [self.rule(side, use) for side, use in asked]
        listed = [answer for answer in answers if answer is not None]
        rule = strictest(listed)
        if rule is not None and STRICTNESS[rule.verdict] < STRICTNESS["unknown"]:
            return rule
        if first.use is not None and first.use == second.use:
            return rule if rule is not None and rule.verdict == "compatible" else Rule("compatible")
        if rule is not None and len(listed) == len(answers):
            return rule
        return Rule("unknown")

    def tell_gaps(self, classes: Iterable[PlanClass]) -> None:
        """Report controls that the matrix does not know, and areas whose sub-zone it would need."""
        for control in sorted({item.control for item in classes if item.control is not None}):
            plans = ", ".join(sorted({item.plan for item in classes if item.control == control}))
            if control not in self.sub_zones:
                ledger.doubt(f"the control {control!r} is not in the compatibility table, its pairs are unknown", plans)
                continue
            asked = {item.sub_zone for item in classes if item.control == control}
            strange = sorted(str(zone) for zone in asked if zone is not None and zone not in self.sub_zones[control])
            listed_alone = any(key[0] == control and key[1] is None for key in self.rules)
            if strange and not listed_alone:
                ledger.doubt(
                    f"the sub-zone {', '.join(strange)} of the control {control!r} is not in the compatibility table, "
                    "its pairs are unknown",
                    plans,
                )
            if None in asked and not listed_alone:
                ledger.doubt(
                    f"areas of the control {control!r} state no sub-zone where the compatibility table tells sub-zones "
                    "apart, their pairs are unknown",
                    plans,
                )


def strictest(rules: Iterable[Rule | None]) -> Rule | None:
    """Give the strictest of several rules, the first of equals."""
    listed = [rule for rule in rules if rule is not None]
    # equal verdicts are told apart by their words, so that the answer does not depend on the order of the table
    return min(
        listed, key=lambda rule: (STRICTNESS[rule.verdict], rule.article or "", rule.condition or ""), default=None
    )
