"""What a result stands on: tool, rules, parameters, inputs, what was dropped, whether areas balance."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from spacegov.ledger import Ledger

IN_MEMORY = "given in memory"


class Part(BaseModel):
    """Base of the provenance's parts."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InputRecord(Part):
    """One input as it was read."""

    role: str
    layer: str
    title: dict[str, str] | str | None = None
    steward: str | None = None
    source: str
    version: str | None = None
    sha256: str
    crs: str | None = None
    rows: int
    coverage: str
    coverage_sha256: str | None = None
    not_covered_m2: float | None = None
    warped: str | None = None
    licence: str | None = None
    status: str | None = None


class PolicyRecord(Part):
    """One rule table as it was applied."""

    parameter: str
    name: str
    version: str
    sha256: str = ""
    source: Any = None
    valid_from: str | None = None
    valid_to: str | None = None


class DropRecord(Part):
    """What was left out, and why."""

    count: int
    reason: str
    area_m2: float | None = None


class BalanceRecord(Part):
    """Whether pieces summed to the whole."""

    what: str
    whole: float
    parts: float
    difference: float


class DoubtRecord(Part):
    """A reason to trust the answer less."""

    text: str
    where: str | None = None


class Provenance(Part):
    """Everything needed to judge an answer, and to get it again."""

    tool: str
    title: dict[str, str]
    question: dict[str, str]
    software: str
    cites: list[str] = Field(default=[])
    parameters: dict[str, Any]
    policies: list[PolicyRecord] = Field(default=[])
    inputs: list[InputRecord]
    repair: bool = False
    workspace: str | None = None
    rows_in: int
    rows_out: int
    dropped: list[DropRecord] = Field(default=[])
    balances: list[BalanceRecord] = Field(default=[])
    doubts: list[DoubtRecord] = Field(default=[])
    areal_scale: dict[str, list[float]] = Field(default={})
    started: datetime
    seconds: float

    @property
    def key(self) -> str:
        """A hash of all that decides the answer: tool, version, parameters, rules and inputs; not the time."""
        decisive = {
            "tool": self.tool,
            "software": self.software,
            "parameters": self.parameters,
            "policies": [[policy.parameter, policy.name, policy.version, policy.sha256] for policy in self.policies],
            "inputs": [[item.role, item.layer, item.sha256, item.crs, item.coverage_sha256] for item in self.inputs],
            "repair": self.repair,
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()


def ledger_records(ledger: Ledger) -> dict[str, Any]:
    """Turn what functions reported into the provenance's parts."""
    return {
        "dropped": [DropRecord(count=drop.count, reason=drop.reason, area_m2=drop.area_m2) for drop in ledger.drops],
        "balances": [
            BalanceRecord(what=entry.what, whole=entry.whole, parts=entry.parts, difference=entry.difference)
            for entry in ledger.balances
        ],
        "doubts": [DoubtRecord(text=entry.text, where=entry.where) for entry in ledger.doubts],
        "areal_scale": ledger.notes.get("areal_scale", {}),
    }
