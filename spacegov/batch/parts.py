"""The parts of a batch, and what an earlier run kept of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from spacegov.batch.plan import Take
from spacegov.batch.plan import Zones as ZoneCard
from spacegov.layers import files
from spacegov.text import Language

State: TypeAlias = Literal["present", "absent", "not_covered", "failed"]
RECORD = "part.json"


@dataclass(frozen=True)
class Part:
    """One question asked of one zone with one choice of parameters: what a worker is given.

    Attributes
    ----------
    workspace : Path
    base : Path
        The plan's folder, from which files are found.
    task : str
        Id of the task.
    tool, scenario : str or None
    given : dict
        With the values of this part.
    choice : dict
        The values that vary.
    take : {"own", "clip", "meet", "whole"}
    halo : float
    zones : Zones or None
        How the batch is split.
    position : int or None
        Of the zone among the zones, -1 for what lies in none, or of the slice; None for the whole.
    zone, zone_name : str
        Key and title of the zone.
    language : {"en", "zh", "ru"}
    folder : Path
        Where the answer is kept.
    key : str
        Hash of all that decides the answer.
    """

    workspace: Path
    base: Path
    task: str
    tool: str | None
    scenario: str | None
    given: dict[str, Any]
    choice: dict[str, Any]
    take: Take
    halo: float
    zones: ZoneCard | None
    position: int | None
    zone: str
    zone_name: str
    language: Language
    folder: Path
    key: str = ""

    @property
    def title(self) -> str:
        """Its name in messages."""
        values = ", ".join(f"{name}={value}" for name, value in self.choice.items())
        return " · ".join(text for text in (self.task, self.zone_name, values) if text)


@dataclass(frozen=True)
class Answered:
    """What became of a part.

    Attributes
    ----------
    state : {"present", "absent", "not_covered", "failed"}
    reason : str or None
        Why it failed, or why nothing was asked.
    figures : dict
        The summary of the answer.
    provenance : dict or list
        Of the run, or of every run of the scenario.
    files : dict
        sha256 of every file of the part, by path in its folder.
    seconds : float
    answer : str or None
        In one sentence.
    """

    state: State
    reason: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    provenance: Any = None
    files: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    answer: str | None = None


def kept_part(part: Part) -> Answered | None:
    """Give what an earlier run kept of a part; None where it is not there, not whole, or of other data or rules."""
    try:
        record = json.loads((part.folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.pop("key", None) != part.key:
        return None
    answered = Answered(**record)
    for name, fingerprint in answered.files.items():
        path = part.folder / name
        if not path.is_file() or files.file_hash(path) != fingerprint:
            return None
    return answered
