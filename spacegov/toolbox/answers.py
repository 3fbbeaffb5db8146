"""Another tool's answer as an input, and a part of a layer.

`@tool-id` or `@tool-id:frame` wherever a layer can be named: the tool is run with what its own card says, on the same
workspace, so that a chain of questions needs no files in between. A program that holds the answer already, as a
scenario does, gives an `Answer`. The record of the input carries that run's key either way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, EmptyLayer, MissingColumn, UnknownName, suggest
from spacegov.toolbox.provenance import InputRecord

if TYPE_CHECKING:
    from spacegov.layers.layer import Layer
    from spacegov.toolbox.result import Result
    from spacegov.workspace import Workspace

SIGN = "@"


@dataclass(frozen=True, eq=False)
class Answer:
    """A frame of a result as an input.

    Attributes
    ----------
    result : Result
    frame : str or None
        Its main frame by default.
    name : str or None
        What records call it; the tool's id by default.
    where : str or None
        A CQL2 filter over its columns.
    rename : mapping
        New column names, each with the column it is taken from, after the filter.
    """

    result: Result
    frame: str | None = None
    name: str | None = None
    where: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)

    @property
    def change(self) -> str:
        """What is done to the frame before it is taken, in words of the record."""
        return _change(self.where, self.rename)


@dataclass(frozen=True, eq=False)
class LayerPart:
    """The records of a layer that pass a filter, as an input.

    Attributes
    ----------
    layer : Layer
    where : str or None
        A CQL2 filter over its columns.
    rename : mapping
        New column names, each with the column it is taken from, after the filter.
    """

    layer: Layer
    where: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)

    @property
    def change(self) -> str:
        """What is done to the layer before it is taken, in words of the record."""
        return _change(self.where, self.rename)

    def read(self, role: str) -> Any:
        """Read the part.

        Raises
        ------
        EmptyLayer
            No record passes the filter.
        MissingColumn
            A column to rename is not there.
        """
        value = self.layer.read(where=self.where)
        if not len(value):
            raise EmptyLayer(f"{role}: no record of {self.layer.id} has {self.where}; change the filter")
        return renamed(role, value, self.rename)

    def fingerprint(self) -> str:
        """Give the sha256 of the layer's data and of what is done to it."""
        return _fingerprint(self.layer.sha256, self.change)


def _change(where: str | None, rename: Mapping[str, str]) -> str:
    taken = ", ".join(f"{new} from {old}" for new, old in rename.items())
    return (f" where {where}" if where else "") + (f" with {taken}" if taken else "")


def renamed(role: str, value: Any, rename: Mapping[str, str]) -> Any:
    """Give a frame in which columns are taken from others; a column that is taken over gives way."""
    for old in rename.values():
        if old not in value.columns:
            raise MissingColumn(
                f"{role}: there is no column {old!r} to rename; {suggest(old, map(str, value.columns))}"
            )
    taken = {old: new for new, old in rename.items()}
    left = value.drop(columns=[new for new in rename if new in value.columns and new not in taken])
    return left.rename(columns=taken) if rename else value


def is_answer(item: Any) -> bool:
    """Tell whether an input is another tool's answer."""
    return isinstance(item, Answer) or (isinstance(item, str) and item.startswith(SIGN))


def read_answer(workspace: Workspace, role: str, item: str | Answer) -> tuple[Any, InputRecord]:
    """Give the frame of an answer, with its record; a tool that is only named is run.

    Parameters
    ----------
    workspace : Workspace
        Where it runs.
    role : str
        The input it is for.
    item : str or Answer
        `@tool-id`, `@tool-id:frame` for another than its main frame, or an answer at hand.

    Raises
    ------
    UnknownName
        There is no such tool or frame.
    EmptyLayer
        The filter leaves nothing.
    """
    answer = item if isinstance(item, Answer) else _ask(workspace, role, item)
    result, name = answer.result, answer.result.tool.id
    if answer.frame and answer.frame not in result.frames:
        raise UnknownName(f"{role}: {name} has no frame {answer.frame!r}; {suggest(answer.frame, result.frames)}")
    value = result.frames[answer.frame] if answer.frame else result.frame
    if value is None:
        raise BadInput(f"{role}: {name} gave no answer that could be taken; run it by itself to see why")
    # The answer itself stays as it is: its reader names the frame, filters it, brings it to another CRS.
    value = value.copy(deep=False) if hasattr(value, "columns") else value
    if answer.where is not None:
        value = _passing(role, name, value, answer.where)
    if answer.rename:
        value = renamed(role, value, answer.rename)
    label = answer.name or (item if isinstance(item, str) else name).removeprefix(SIGN)
    attrs = {**value.attrs, "layer": label, "title": dict(result.tool.card.title)}
    if hasattr(value, "columns"):
        value.attrs = attrs
    else:
        value = replace(value, attrs=attrs)
    crs = getattr(value, "crs", None)
    return value, InputRecord(
        role=role,
        layer=label if isinstance(item, Answer) else item,
        title={str(key): words for key, words in result.tool.card.title.items()},
        source=f"answer of {name}{answer.change}",
        version=result.provenance.software,
        sha256=_fingerprint(result.provenance.key, answer.change),
        crs=None if crs is None else ":".join(crs.to_authority() or (crs.name,)),
        rows=len(value) if hasattr(value, "columns") else int(value.shape[0] * value.shape[1]),
        coverage="not stated",
    )


def _ask(workspace: Workspace, role: str, item: str) -> Answer:
    from spacegov.toolbox.run import run

    name, _, frame = item.removeprefix(SIGN).partition(":")
    if name not in workspace.tools:
        raise UnknownName(
            f"{role}: there is no tool {name!r} whose answer could be taken; {suggest(name, workspace.tools)}"
        )
    return Answer(run(workspace, name, {}, keep=False), frame or None)


def _fingerprint(key: str, change: str) -> str:
    return hashlib.sha256(f"{key}{change}".encode()).hexdigest() if change else key


def _passing(role: str, name: str, value: Any, where: str) -> Any:
    """Give the rows of an answer that pass a filter."""
    import pyarrow as pa

    from spacegov.layers.filter import compile_filter, kinds_of
    from spacegov.layers.filter_rows import rows_passing

    if not hasattr(value, "columns"):
        raise BadInput(f"{role}: {name} answered with a raster, a filter needs a table or features; remove the filter")
    geometry = getattr(value, "_geometry_column_name", None)
    columns = [column for column in value.columns if column != geometry]
    table = pa.Table.from_pandas(value[columns], preserve_index=False)
    chosen = value.iloc[rows_passing(table, compile_filter(where, kinds_of(table.schema)))]
    if not len(chosen):
        raise EmptyLayer(f"{role}: of {name}'s {len(value)} rows none has {where}; there is nothing to go on with")
    return chosen
