"""Every scenario card of ours and of the workspace, found by id or words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.applications.checking import check_names
from spacegov.applications.scenario import ScenarioCard
from spacegov.cards import card_of
from spacegov.catalogue import Index, fact, phrases, read_folder, unique_by
from spacegov.content import content_path
from spacegov.errors import BadCard, UnknownName, suggest
from spacegov.text import Language, say
from spacegov.toolbox.card import APPLICATIONS

if TYPE_CHECKING:
    from spacegov.workspace import Workspace

FOLDER = "scenarios"


class Scenarios(Mapping[str, ScenarioCard]):
    """All scenarios of a workspace, by id.

    Made by the workspace as `ws.scenarios`. A card that is taken out has been held to its model and to the names of
    steps, tools, layers and departments; what tools take and answer is checked before a run.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        own = workspace.directory / "tools"
        self._folders = [content_path("tools"), *([own] if own.is_dir() else [])]
        self._cards: dict[str, ScenarioCard] = {}

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Any]]:
        data: dict[Path, Any] = {}
        for folder in self._folders:
            for application in APPLICATIONS:
                data.update(read_folder(folder / application / FOLDER, "*.yaml"))

        def complain(name: str, first: Path, second: Path) -> Exception:
            return BadCard(f"{second}: the scenario {name!r} stands in {first} already; give it another id")

        files = unique_by(((path.stem, path) for path in data), complain)
        return {name: (path, data[path]) for name, path in sorted(files.items())}

    def path(self, name: str) -> Path:
        """Give the file of a scenario's card.

        Raises
        ------
        UnknownName
            There is no such scenario.
        """
        if name not in self._files:
            raise UnknownName(f"there is no scenario {name!r}; {suggest(name, self._files)}")
        return self._files[name][0]

    def __getitem__(self, name: str) -> ScenarioCard:
        if name not in self._cards:
            path = self.path(name)
            text = path.read_text(encoding="utf-8")
            application = path.parent.parent.name
            card = card_of(self._files[name][1], ScenarioCard, str(path), text, id=name, application=application)
            check_names(self.workspace, card, str(path), text)
            self._cards[name] = card
        return self._cards[name]

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

    def find(self, query: str = "", *, application: str | None = None) -> list[ScenarioCard]:
        """Find scenarios by words in any of the three languages.

        Parameters
        ----------
        query : str
            Words of id, title or question.
        application : str, optional
            One of the applications.

        Returns
        -------
        list of ScenarioCard
        """
        if application is not None and application not in APPLICATIONS:
            raise UnknownName(f"there is no application {application!r}; {suggest(application, APPLICATIONS)}")
        cards = [self[name] for name in self._index.search(query)]
        found = [card for card in cards if application is None or card.application == application]
        if not query:
            found.sort(key=lambda card: (APPLICATIONS.index(card.application), card.id))
        return found

    def __repr__(self) -> str:
        return f"<{len(self)} scenarios; search with .find('words')>"


def describe(card: ScenarioCard, language: Language = "en") -> dict[str, Any]:
    """Give the facts that lists show."""
    return {
        "id": card.id,
        "title": say(card.title, language),
        "titles": dict(card.title),
        "application": card.application,
        "question": say(card.question, language),
        "departments": list(card.departments),
        "steps": len(card.steps),
        "days": sum(step.days for step in card.steps),
        "deliverable": say(card.deliverable.title, language),
    }
