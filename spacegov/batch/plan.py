"""The plan of a batch: zones × tools or scenarios × parameters, as a card that is checked before anything is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from spacegov.cards import Card, read_card
from spacegov.text import Language
from spacegov.toolbox.card import Phrase

Take: TypeAlias = Literal["own", "clip", "meet", "whole"]
"""What a zone takes of the layers.

`own`: of the first input the records that lie in the zone, each in one zone alone, of the others what is near them; the
parts together are the whole. `clip`: of every layer what lies in the zone, cut at its border. `meet`: of every layer
the records that meet the zone, uncut. `whole`: the task is not split.
"""
Format: TypeAlias = Literal["parquet", "gpkg", "xlsx"]


class Zones(Card):
    """What a batch is split by.

    Attributes
    ----------
    layer : str or None
        A layer of polygons; each of its records is a zone.
    where : str or None
        A CQL2 filter over its columns, such as `residents > 5000`.
    key : str or None
        The column that names a zone in files and tables; the layer's unique field by default.
    name : str or None
        The column shown to people; `name` where there is one.
    rows : int or None
        Instead of a layer: so many records of the first input to a part.
    """

    layer: str | None = None
    where: str | None = None
    key: str | None = None
    name: str | None = None
    rows: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Zones:
        if (self.layer is None) == (self.rows is None):
            raise ValueError("either a layer of zones or a number of rows to a part; give one of the two")
        if self.layer is None and (self.where or self.key or self.name):
            raise ValueError("a layer for where, key or name; name it, or remove them")
        return self


class Task(Card):
    """One question, asked of every zone.

    Attributes
    ----------
    id : str or None
        Names its folder; that of the tool or scenario by default.
    tool, scenario : str or None
        Which of the two is asked.
    given : dict
        Inputs, rule tables and options by name, for a scenario by `step.name`; the rest comes from the card.
    vary : dict
        Values to try, by name; every combination is asked.
    take : {"own", "clip", "meet", "whole"} or None
        What a zone takes of the layers; by default `own` for tools that may be split by records, else `clip`.
    halo : float
        Metres around the zone that are taken too.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None
    tool: str | None = None
    scenario: str | None = None
    given: dict[str, Any] = Field(default={})
    vary: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default={})
    take: Take | None = None
    halo: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _one_question(self) -> Task:
        if (self.tool is None) == (self.scenario is None):
            raise ValueError("either a tool or a scenario; give one of the two")
        both = sorted(self.given.keys() & self.vary.keys())
        if both:
            raise ValueError(f"{both[0]!r} under given or under vary; it stands under both")
        if self.scenario is not None and self.take == "own":
            raise ValueError("clip, meet or whole for a scenario; its steps cannot be split by records")
        return self

    @property
    def name(self) -> str:
        """Its id, given or not."""
        return self.id or str(self.tool or self.scenario)


class Plan(Card):
    """A batch.

    Attributes
    ----------
    title : Text or None
    workspace : str or None
        Folder of the workspace, relative to the plan; that of the command by default.
    zones : str, Zones or None
        A layer of zones, or how to split; without it every task is asked once.
    tasks : tuple of Task
    formats : tuple of str
        What is written: GeoParquet always, and of `gpkg` and `xlsx` those named.
    language : {"en", "zh", "ru"} or None
        Of tables and reports; the workspace's by default.
    """

    title: Phrase | None = None
    workspace: str | None = None
    zones: str | Zones | None = None
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    formats: tuple[Format, ...] = ("parquet", "gpkg", "xlsx")
    language: Language | None = None

    @property
    def split(self) -> Zones | None:
        """How it is split, in one form."""
        return Zones(layer=self.zones) if isinstance(self.zones, str) else self.zones


def read_plan(path: str | Path) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path : path
        A YAML file.

    Raises
    ------
    BadCard
        Naming file, line, field and what is allowed.
    UnreadableFile
        There is no such file.
    """
    return read_card(Path(path), Plan)
