"""Another tool's answer as an input: `@tool-id` or `@tool-id:frame` wherever a layer can be named.

The tool is run with what its own card says, on the same workspace, so that a chain of questions needs no files in
between; the record of the input carries that run's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, UnknownName, suggest
from spacegov.toolbox.provenance import InputRecord

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

SIGN = "@"


def is_answer(item: Any) -> bool:
    """Tell whether a name asks for another tool's answer."""
    return isinstance(item, str) and item.startswith(SIGN)


def read_answer(workspace: Workspace, role: str, item: str) -> tuple[Any, InputRecord]:
    """Run the tool that an input names and give the frame, with its record.

    Parameters
    ----------
    workspace : Workspace
        Where it runs.
    role : str
        The input it is for.
    item : str
        `@tool-id`, or `@tool-id:frame` for another than its main frame.

    Raises
    ------
    UnknownName
        There is no such tool or frame.
    """
    from spacegov.toolbox.run import run

    name, _, frame_name = item.removeprefix(SIGN).partition(":")
    if name not in workspace.tools:
        raise UnknownName(
            f"{role}: there is no tool {name!r} whose answer could be taken; {suggest(name, workspace.tools)}"
        )
    result = run(workspace, name, {}, keep=False)
    if frame_name and frame_name not in result.frames:
        raise UnknownName(f"{role}: {name} has no frame {frame_name!r}; {suggest(frame_name, result.frames)}")
    value = result.frames[frame_name] if frame_name else result.frame
    if value is None:
        raise BadInput(f"{role}: {name} gave no answer that could be taken; run it by itself to see why")
    value.attrs.update(layer=item.removeprefix(SIGN), title=dict(result.tool.card.title))
    crs = getattr(value, "crs", None)
    return value, InputRecord(
        role=role,
        layer=item,
        title={str(key): words for key, words in result.tool.card.title.items()},
        source=f"answer of {name}",
        version=result.provenance.software,
        sha256=result.provenance.key,
        crs=None if crs is None else ":".join(crs.to_authority() or (crs.name,)),
        rows=len(value) if hasattr(value, "columns") else int(value.shape[0] * value.shape[1]),
        coverage="not stated",
    )
