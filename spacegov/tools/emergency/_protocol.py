"""A protocol table: which zones there are, how strict, and around what they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from spacegov.errors import BadPolicy
from spacegov.ledger import doubt

COLUMNS = ("zone", "rank", "place", "extent", "distance_m", "before_days", "basis")
EXTENTS = ("building", "block", "compound", "neighbours", "rest")
NORMAL = "normal"
NOT_COVERED = "not_covered"
LOCAL_DEFAULT = "local-default"


@dataclass(frozen=True)
class Rule:
    """One rule of a protocol."""

    zone: str
    rank: int
    place: str
    extent: str
    distance_m: float
    before_days: int
    basis: str


@dataclass(frozen=True)
class Protocol:
    """Rules of one version, strict to loose.

    Attributes
    ----------
    name : str
        Policy table with version.
    ranks : dict
        Zone → rank; 1 is strictest.
    rules : tuple of Rule
        Rules that draw zones around places.
    rest : str or None
        Zone of all the rest of a county with cases.
    """

    name: str
    ranks: dict[str, int]
    rules: tuple[Rule, ...]
    rest: str | None

    @property
    def zones(self) -> list[str]:
        """Zones from strict to loose."""
        return sorted(self.ranks, key=self.ranks.__getitem__)


def read_protocol(table: pd.DataFrame) -> Protocol:
    """Hold a protocol table to its meaning.

    Raises
    ------
    BadPolicy
        Zones of two ranks, ranks of two zones, an unknown extent, neighbours without distance, several rests, or a
        rest that is not the loosest zone.
    """
    name = str(table.attrs.get("policy") or "protocol")
    rules = [_rule(name, row) for row in table[list(COLUMNS)].to_dict("records")]
    ranks: dict[str, int] = {}
    for rule in rules:
        if ranks.setdefault(rule.zone, rule.rank) != rule.rank:
            raise BadPolicy(
                f"{name}: the zone {rule.zone!r} has the ranks {ranks[rule.zone]} and {rule.rank}; give one"
            )
    if len(set(ranks.values())) != len(ranks):
        raise BadPolicy(f"{name}: two zones share a rank; give every zone its own, 1 for the strictest")
    rests = [rule for rule in rules if rule.extent == "rest"]
    if len(rests) > 1 or (rests and rests[0].rank != max(ranks.values())):
        raise BadPolicy(f"{name}: at most one zone may be the rest of the county, the loosest; mend the table")
    if not rules:
        raise BadPolicy(f"{name}: the table has no rules; give one row a zone")
    drawn = tuple(rule for rule in rules if rule.extent != "rest")
    return Protocol(name, ranks, drawn, rests[0].zone if rests else None)


def _rule(name: str, row: dict[Any, Any]) -> Rule:
    extent = str(row["extent"])
    if extent not in EXTENTS:
        raise BadPolicy(f"{name}: the extent {extent!r} of {row['zone']!r} is unknown; use one of {', '.join(EXTENTS)}")
    distance = row["distance_m"]
    if extent == "neighbours" and not (distance is not None and distance > 0):
        raise BadPolicy(f"{name}: the rule of {row['zone']!r} for neighbours has no distance_m; give metres")
    return Rule(
        zone=str(row["zone"]),
        rank=int(row["rank"]),
        place=str(row["place"]),
        extent=extent,
        distance_m=0.0 if pd.isna(distance) else float(distance),
        before_days=0 if pd.isna(row["before_days"]) else int(row["before_days"]),
        basis=str(row["basis"]),
    )


def tell_version(table: pd.DataFrame) -> None:
    """Doubt an answer by a protocol that is no longer in force."""
    ended = table.attrs.get("valid_to")
    if ended:
        doubt(
            f"historical protocol, drill use: {table.attrs.get('policy') or 'the table'} ended on {ended}; "
            "enter the protocol in force before acting on this",
            "protocol",
        )
