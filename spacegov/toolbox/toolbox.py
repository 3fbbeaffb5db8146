"""The box: every tool card of ours and of the workspace, found by id or words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from spacegov.cards import card_of
from spacegov.catalogue import Index, fact, phrases, read_folder, unique_by
from spacegov.content import content_path
from spacegov.errors import BadCard, UnknownName, suggest
from spacegov.toolbox.card import APPLICATIONS, ToolCard
from spacegov.toolbox.tool import Tool


class Toolbox(Mapping[str, Tool]):
    """All tools.

    Parameters
    ----------
    workspace : Path, optional
        A workspace whose own `tools` folder is added.
    """

    def __init__(self, workspace: Path | None = None) -> None:
        own = workspace / "tools" if workspace is not None else None
        self._folders = [content_path("tools"), *([own] if own is not None and own.is_dir() else [])]
        self._tools: dict[str, Tool] = {}

    @property
    def policy_folders(self) -> tuple[Path, ...]:
        """Folders with policy tables of the workspace."""
        return tuple(folder / "policy" for folder in self._folders[1:])

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Any]]:
        data: dict[Path, Any] = {}
        for folder in self._folders:
            for application in APPLICATIONS:
                data.update(read_folder(folder / application, "*.yaml"))

        def complain(name: str, first: Path, second: Path) -> Exception:
            return BadCard(f"{second}: the tool {name!r} stands in {first} already; give it another id")

        files = unique_by(((path.stem, path) for path in data), complain)
        return {name: (path, data[path]) for name, path in sorted(files.items())}

    def __getitem__(self, name: str) -> Tool:
        if name not in self._tools:
            if name not in self._files:
                raise UnknownName(f"there is no tool {name!r}; {suggest(name, self._files)}")
            path, data = self._files[name]
            text = path.read_text(encoding="utf-8")
            card = card_of(data, ToolCard, str(path), text, id=name, application=path.parent.name)
            self._tools[name] = Tool(card)
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    @cached_property
    def _index(self) -> Index:
        def words(name: str, data: Any) -> list[str]:
            return [name, *phrases(fact(data, "title")), *phrases(fact(data, "question"))]

        return Index((name, words(name, data)) for name, (_, data) in self._files.items())

    def find(self, query: str = "", *, application: str | None = None) -> list[Tool]:
        """Find tools by words in any of the three languages.

        Parameters
        ----------
        query : str
            Words of id, title or question.
        application : str, optional
            One of the applications.

        Returns
        -------
        list of Tool
        """
        if application is not None and application not in APPLICATIONS:
            raise UnknownName(f"there is no application {application!r}; {suggest(application, APPLICATIONS)}")
        names = self._index.search(query)
        tools = [self[name] for name in names if application is None or self._files[name][0].parent.name == application]
        if not query:
            tools.sort(key=lambda tool: (APPLICATIONS.index(tool.card.application), tool.id))
        return tools

    def __repr__(self) -> str:
        return f"<Toolbox of {len(self)} tools; search with .find('words')>"
