"""Cards of one sort, filed by application in our own folder and the workspace's, found by id or words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from spacegov.catalogue import Index, fact, phrases, read_folder, unique_by
from spacegov.content import content_path
from spacegov.errors import BadCard, UnknownName, suggest
from spacegov.toolbox.card import APPLICATIONS, Application

T = TypeVar("T")


class Filed(Mapping[str, T]):
    """All cards of one sort, by id; a card is held to its model when it is taken out.

    Parameters
    ----------
    workspace : Path, optional
        Folder of a workspace whose own `tools` folder is added.
    """

    what: ClassVar[str]
    """What a card is, for messages."""
    folder: ClassVar[str] = ""
    """Folder below that of the application."""

    def __init__(self, workspace: Path | None = None) -> None:
        own = workspace / "tools" if workspace is not None else None
        self._folders = [content_path("tools"), *([own] if own is not None and own.is_dir() else [])]
        self._taken: dict[str, T] = {}

    @abstractmethod
    def make(self, name: str, path: Path, data: Any, text: str, application: str) -> T:
        """Make what a card stands for."""

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Application, Any]]:
        """File, application and data of every card, by id."""
        data: dict[Path, tuple[Application, Any]] = {}
        for folder in self._folders:
            for application in APPLICATIONS:
                found = read_folder(folder / application / self.folder, "*.yaml")
                data.update({path: (application, each) for path, each in found.items()})

        def complain(name: str, first: Path, second: Path) -> Exception:
            return BadCard(f"{second}: the {self.what} {name!r} stands in {first} already; give it another id")

        files = unique_by(((path.stem, path) for path in data), complain)
        return {name: (path, *data[path]) for name, path in sorted(files.items())}

    def path(self, name: str) -> Path:
        """Give the file of a card.

        Raises
        ------
        UnknownName
            There is no such card.
        """
        if name not in self._files:
            raise UnknownName(f"there is no {self.what} {name!r}; {suggest(name, self._files)}")
        return self._files[name][0]

    def __getitem__(self, name: str) -> T:
        if name not in self._taken:
            path = self.path(name)
            _, application, data = self._files[name]
            self._taken[name] = self.make(name, path, data, path.read_text(encoding="utf-8"), application)
        return self._taken[name]

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

        return Index((name, words(name, data)) for name, (_, _, data) in self._files.items())

    def find(self, query: str = "", *, application: str | None = None) -> list[T]:
        """Find by words in any of the three languages; without words all, by application and id.

        Parameters
        ----------
        query : str
            Words of id, title or question.
        application : str, optional
            One of the applications.

        Returns
        -------
        list
            What the cards stand for.
        """
        chosen = self.names(application)
        if not query:
            return [self[name] for name in chosen]
        kept = set(chosen)
        return [self[name] for name in self._index.search(query) if name in kept]

    def names(self, application: str | None = None) -> list[str]:
        """Give ids by application and id; no card is held to its model for it.

        Raises
        ------
        UnknownName
            There is no such application.
        """
        if application is not None and application not in APPLICATIONS:
            raise UnknownName(f"there is no application {application!r}; {suggest(application, APPLICATIONS)}")
        names = [name for name in self if application in (None, self.application(name))]
        return sorted(names, key=lambda name: (APPLICATIONS.index(self.application(name)), name))

    def application(self, name: str) -> Application:
        """Give the application that a card is filed under."""
        return self._files[name][1]
