"""Which of several claims to one piece of ground keeps it: ordered rules, and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from spacegov.errors import BadPolicy
from spacegov.tools.values import text_of

PRECEDENCE_COLUMNS = (
    "order",
    "severity",
    "keeps_control",
    "keeps_sub_zone",
    "keeps_use",
    "yields_control",
    "yields_sub_zone",
    "yields_use",
    "outcome",
)
OUTCOMES = ("decided", "sign")


@dataclass(frozen=True, order=True)
class Claim:
    """What a plan wants of a piece of ground."""

    plan: str
    use: str
    control: str
    sub_zone: str
    department: str


@dataclass(frozen=True)
class Decision:
    """What the rules make of the claims to a piece of ground.

    `order` is that of the rule; None where no rule decides, and then `why` says what is missing.
    """

    keeps: Claim | None
    status: str
    order: int | None = None
    article: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class _Rule:
    order: int
    severity: str | None
    keeps: tuple[str | None, str | None, str | None]
    yields: tuple[str | None, str | None, str | None]
    outcome: str
    article: str | None

    def decides(self, severity: str, keeps: Claim, yields: Claim) -> bool:
        if self.severity is not None and self.severity != severity:
            return False
        return _fits(self.keeps, keeps) and _fits(self.yields, yields)


def _fits(pattern: tuple[str | None, str | None, str | None], claim: Claim) -> bool:
    values = (claim.control, claim.sub_zone, claim.use)
    return all(wanted is None or wanted == value for wanted, value in zip(pattern, values, strict=True))


class Precedence:
    """Ordered rules about who keeps the ground.

    Parameters
    ----------
    table : DataFrame
        Columns of `PRECEDENCE_COLUMNS`, article where there.

    Raises
    ------
    BadPolicy
        An outcome is not known, an order is missing or stands twice.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        name = table.attrs.get("policy", "the table of precedence")
        rules: dict[int, _Rule] = {}
        for number, row in enumerate(table.to_dict("records"), start=1):
            said = {str(column): text_of(value) for column, value in row.items()}
            outcome, order = said["outcome"], said["order"]
            if outcome not in OUTCOMES:
                raise BadPolicy(
                    f"{name}, row {number}: the outcome {outcome!r} was given, one of {', '.join(OUTCOMES)} is needed; "
                    "mend the table"
                )
            if order is None or not order.lstrip("-").isdigit() or int(order) in rules:
                raise BadPolicy(
                    f"{name}, row {number}: the order {order!r} was given, a whole number that no other row has is "
                    "needed; mend the table"
                )
            keeps, yields = (
                (said[f"{side}_control"], said[f"{side}_sub_zone"], said[f"{side}_use"]) for side in ("keeps", "yields")
            )
            rules[int(order)] = _Rule(int(order), said["severity"], keeps, yields, outcome, said.get("article"))
        self.rules = [rules[order] for order in sorted(rules)]

    def settle(self, severity: str, first: Claim, second: Claim) -> tuple[Claim, _Rule] | None:
        """Ask the rules in order about two claims; a rule that both sides fit alike decides nothing."""
        for rule in self.rules:
            one, other = rule.decides(severity, first, second), rule.decides(severity, second, first)
            if one != other:
                return (first if one else second), rule
        return None

    def decide(self, disputes: list[tuple[str, Claim, Claim]]) -> Decision:
        """Decide on a piece of ground.

        Parameters
        ----------
        disputes : list of (severity, claim, claim)
            Every two claims that are in conflict there.

        Returns
        -------
        Decision
            Every dispute must be settled, and exactly one use be left unbeaten; else the ground stays open.
        """
        claims = sorted({claim for _, first, second in disputes for claim in (first, second)})
        beaten: dict[Claim, set[Claim]] = {claim: set() for claim in claims}
        rules: list[tuple[Claim, _Rule]] = []
        for severity, first, second in sorted(disputes):
            settled = self.settle(severity, first, second)
            if settled is None:
                return Decision(None, "open", why="no rule decides")
            winner, rule = settled
            beaten[second if winner == first else first].add(winner)
            rules.append(settled)
        unbeaten = [claim for claim in claims if not beaten[claim]]
        if not unbeaten:
            return Decision(None, "open", why="the rules beat every claim")
        if len({claim.use for claim in unbeaten}) > 1:
            return Decision(None, "open", why="several uses stand beside each other")
        keeping = [(rule.order, claim, rule) for claim, rule in rules if claim in unbeaten]
        _, keeps, rule = min(keeping, key=lambda entry: entry[:2])
        # one dispute to be signed leaves the whole piece to be signed
        status = "sign" if any(found.outcome == "sign" for _, found in rules) else "decided"
        return Decision(keeps, status, rule.order, rule.article)
