"""The box: every tool card of ours and of the workspace, found by id or words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spacegov.cards import card_of
from spacegov.toolbox.card import ToolCard
from spacegov.toolbox.filed import Filed
from spacegov.toolbox.tool import Tool


class Toolbox(Filed[Tool]):
    """All tools.

    Parameters
    ----------
    workspace : Path, optional
        A workspace whose own `tools` folder is added.
    """

    what = "tool"

    @property
    def policy_folders(self) -> tuple[Path, ...]:
        """Folders with policy tables of the workspace."""
        return tuple(folder / "policy" for folder in self._folders[1:])

    def make(self, name: str, path: Path, data: Any, text: str, application: str) -> Tool:
        """Make a tool of its card."""
        return Tool(card_of(data, ToolCard, str(path), text, id=name, application=application))

    def __repr__(self) -> str:
        return f"<Toolbox of {len(self)} tools; search with .find('words')>"
