"""A delivery held against a rule pack."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import pandas as pd
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, EmptyLayer
from spacegov.kinds import LayerSet, PolicyKind
from spacegov.ledger import figure, progress
from spacegov.tools.foundation._delivery_rules import CHECKS, Delivery, NotChecked, Problem, Rule, rules_of
from spacegov.tools.foundation._records import answer_table

RULE_COLUMNS = ("code", "check", "layer", "severity", "weight")
PASSED, FAILED, NOT_CHECKED, NOT_APPLICABLE = "passed", "failed", "not-checked", "not-applicable"
SEVERITIES = ("fatal", "error", "warning")
Score = Annotated[float, Field(ge=0, le=100)]


class DeliveryReport(NamedTuple):
    """The report rule by rule, every problem, and the verdict."""

    report: pd.DataFrame
    problems: pd.DataFrame
    verdict: pd.DataFrame


@checked(partition=None)
def check_delivery(
    delivery: LayerSet,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    pass_score: Score = 100.0,
) -> DeliveryReport:
    """Hold a delivery against a rule pack, and pass or return it.

    Parameters
    ----------
    delivery : mapping from name to reader
        Everything that was delivered: layers, tables, rasters and other files.
    rules : DataFrame
        One rule a row: `code`, `check`, `layer` (a pattern such as `*parcels*`), `severity` (fatal, error, warning),
        `weight` (points), and what the check needs of `field`, `value`, `limit`, `other`, `other_field`, `unit`,
        `type`, `required`, `unique`, `low`, `high`, `codes`, `title_en`.
    pass_score : float
        Fewest points out of 100 with which a delivery passes.

    Returns
    -------
    report : DataFrame
        A row for each rule, in the order of the pack: `code`, `title` (English), `check`, `layer`, `severity`,
        `verdict` (`passed`, `failed`, `not-checked`: something it needs is missing or unreadable, `not-applicable`: no
        such layer), `problems` (number), `weight`, `lost` (points), `reason` (the first problem).
    problems : DataFrame
        A row for each problem: `code`, `severity`, `layer`, `feature`, `row`, `detail`.
    verdict : DataFrame
        One row: `verdict` (`pass`, `return`), `score` (0 to 100), `rules`, `passed`, `failed`, `not_checked`,
        `not_applicable`, `fatal` (fatal rules not passed), `problems`.

    Raises
    ------
    EmptyLayer
        Nothing was delivered.
    BadPolicy
        A rule names an unknown check or severity, or lacks what its check needs.

    Notes
    -----
    Checks: `present` (something of this name is there), `named` (names match the pattern in value), `readable`,
    `not-empty`, `crs` (value), `geometry` (type in value; broken features are problems), `field` (type, required,
    unique, low, high, codes), `topology` (value: overlap, gap, outside; other: the layer that is the scope; limit: the
    tolerated width), `table-agrees` (other: the table; field, other_field: keys; value: its area column; unit; limit:
    the tolerated difference in m²). The score is 100 · (1 − points of rules not passed / points of rules that apply).
    A rule that could not be checked counts as not passed. The delivery is returned when the score is below pass_score
    or a fatal rule is not passed. Every file is read once. Not split, since rules concern the whole delivery.

    Examples
    --------
    >>> class Reader:
    ...     id, card, bound, coverage = "plots", None, True, None
    ...     def read(self, bbox=None):
    ...         return pd.DataFrame({"plot_id": ["P1", None]})
    >>> pack = pd.DataFrame(
    ...     [["1001", "present", "plots", "fatal", 10, None, None, False],
    ...      ["2001", "field", "plots", "error", 30, "plot_id", "string", True]],
    ...     columns=[*RULE_COLUMNS, "field", "type", "required"])
    >>> answer = check_delivery({"plots": Reader()}, rules=pack)
    >>> answer.report[["code", "verdict", "problems", "lost"]].values.tolist()
    [['1001', 'passed', 0, 0.0], ['2001', 'failed', 1, 75.0]]
    >>> answer.verdict[["verdict", "score"]].values.tolist()
    [['return', 25.0]]
    """
    if not len(delivery):
        raise EmptyLayer("delivery: nothing was delivered, at least one file is needed; check the folder")
    pack = rules_of(rules)
    _check_pack(rules)
    delivered = Delivery(delivery)
    outcomes = []
    for number, rule in enumerate(pack, start=1):
        outcomes.append(_outcome(delivered, rule))
        progress(number / len(pack), rule.code)
    return _answer(rules, pack, outcomes, pass_score)


def _check_pack(rules: pd.DataFrame) -> None:
    wrong = sorted(set(rules["severity"].astype(str)) - set(SEVERITIES))
    if wrong:
        raise BadPolicy(f"rules: the severity {wrong[0]!r} is not known; it is {', '.join(SEVERITIES)}")
    if not len(rules) or not (rules["weight"].astype(float) >= 0).all():
        raise BadPolicy("rules: every rule needs a weight of 0 points or more, and there must be one; mend the table")


class _Outcome(NamedTuple):
    verdict: str
    problems: list[Problem]
    reason: str


def _outcome(delivery: Delivery, rule: Rule) -> _Outcome:
    if rule.check != "present" and not delivery.matching(rule.layer, documents=rule.check == "named"):
        return _Outcome(NOT_APPLICABLE, [], "no such layer was delivered")
    try:
        problems = CHECKS[rule.check](delivery, rule)
    except BadPolicy:
        raise
    except (NotChecked, BadInput) as error:
        return _Outcome(NOT_CHECKED, [], str(error))
    if problems:
        return _Outcome(FAILED, problems, problems[0].detail)
    return _Outcome(PASSED, [], "")


def _answer(rules: pd.DataFrame, pack: list[Rule], outcomes: list[_Outcome], pass_score: float) -> DeliveryReport:
    weight = rules["weight"].astype("float64").to_numpy()
    severity = rules["severity"].astype(str).tolist()
    verdicts = [outcome.verdict for outcome in outcomes]
    applies = [verdict != NOT_APPLICABLE for verdict in verdicts]
    whole = float(weight[applies].sum())
    lost = [
        100.0 * points / whole if verdict in (FAILED, NOT_CHECKED) and whole else 0.0
        for points, verdict in zip(weight, verdicts, strict=True)
    ]
    score = float(max(100.0 - sum(lost), 0.0))
    fatal = sum(
        word == "fatal" and verdict in (FAILED, NOT_CHECKED) for word, verdict in zip(severity, verdicts, strict=True)
    )
    passes = score >= pass_score and not fatal
    report = answer_table(
        {
            "code": ([rule.code for rule in pack], "str"),
            "title": ([rule.text("title_en") for rule in pack], "str"),
            "check": ([rule.check for rule in pack], "str"),
            "layer": ([rule.layer for rule in pack], "str"),
            "severity": (severity, "str"),
            "verdict": (verdicts, "str"),
            "problems": ([len(outcome.problems) for outcome in outcomes], "int64"),
            "weight": (weight, "float64"),
            "lost": (lost, "float64"),
            "reason": ([outcome.reason for outcome in outcomes], "str"),
        }
    )
    rows: list[tuple[str, str, Problem]] = [
        (rule.code, word, problem)
        for rule, word, outcome in zip(pack, severity, outcomes, strict=True)
        for problem in outcome.problems
    ]
    problems = answer_table(
        {
            "code": ([row[0] for row in rows], "str"),
            "severity": ([row[1] for row in rows], "str"),
            **{name: ([getattr(row[2], name) for row in rows], "str") for name in Problem._fields},
        }
    )
    totals: dict[str, Any] = {
        "rules": len(pack),
        **{word.replace("-", "_"): verdicts.count(word) for word in (PASSED, FAILED, NOT_CHECKED, NOT_APPLICABLE)},
        "fatal": int(fatal),
        "problems": len(rows),
    }
    verdict = answer_table(
        {
            "verdict": (["pass" if passes else "return"], "str"),
            "score": ([score], "float64"),
            **{name: ([number], "int64") for name, number in totals.items()},
        }
    )
    figure("score", score)
    figure("delivery_passed", int(passes))
    for name in ("rules", "passed", "failed", "not_checked", "fatal", "problems"):
        figure(name, totals[name])
    return DeliveryReport(report, problems, verdict)
