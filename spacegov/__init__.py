"""spacegov: gather every layer of a territory in one registry and ask it questions.

`spacegov.open()` opens a workspace; everything else loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from spacegov.workspace import Workspace

__all__ = ["open"]


def open(directory: str | Path | None = None) -> Workspace:  # noqa: A001  reads as spacegov.open
    """Open a workspace.

    Parameters
    ----------
    directory : path, optional
        Its folder; by default the nearest one with a `workspace.yaml`, else the sample county.

    Returns
    -------
    Workspace

    Raises
    ------
    UnreadableFile
        There is no workspace there.
    """
    from spacegov.workspace import Workspace

    return Workspace.open(directory)
