"""The registry: every layer that is known, found by id, words, space, department or sharing class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.cards import card_of
from spacegov.catalogue import Index, fact, phrases, read_folder
from spacegov.content import content_path
from spacegov.errors import BadCard, UnknownName, suggest
from spacegov.layers.card import SPACES, Binding, LayerCard, Scheme, Steward
from spacegov.layers.layer import Layer
from spacegov.text import say

if TYPE_CHECKING:
    import pandas as pd

    from spacegov.workspace import Workspace


class Registry(Mapping[str, Layer]):
    """All layers of a workspace: our cards and its own, with its bindings.

    Made by the workspace as `ws.layers`.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        own = workspace.directory / "layers"
        self._folders = [content_path("layers"), *([own] if own.is_dir() else [])]

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Any]]:
        files: dict[str, tuple[Path, Any]] = {}
        for folder in self._folders:
            for space in SPACES:
                for path, data in read_folder(folder / space).items():
                    name = ".".join([space, *path.relative_to(folder / space).with_suffix("").parts])
                    files[name] = (path, data)
        return dict(sorted(files.items()))

    @cached_property
    def _bindings(self) -> dict[str, tuple[Path, Any]]:
        folder = self.workspace.directory / "layers" / "bindings"
        found = read_folder(folder, "*.yaml") if folder.is_dir() else {}
        for path in found:
            if path.stem not in self._files:
                raise BadCard(f"{path}: there is no layer {path.stem!r} to bind; {suggest(path.stem, self._files)}")
        return {path.stem: (path, data) for path, data in found.items()}

    @cached_property
    def stewards(self) -> dict[str, Steward]:
        """The departments, by key."""
        found: dict[str, Steward] = {}
        for folder in self._folders:
            for path, data in read_folder(folder, "stewards.yaml").items():
                if not isinstance(data, dict):
                    raise BadCard(f"{path}: a mapping of departments is needed; write key: {{title: …, code: …}}")
                found.update((key, card_of(value, Steward, f"{path}, {key}")) for key, value in data.items())
        return found

    @cached_property
    def schemes(self) -> dict[str, Scheme]:
        """The code schemes, by name."""
        found: dict[str, Scheme] = {}
        for folder in self._folders:
            for path, data in read_folder(folder / "schemes").items():
                found[path.stem] = card_of(data, Scheme, str(path), path.read_text(encoding="utf-8"), id=path.stem)
        return found

    def card(self, name: str) -> LayerCard:
        """Give a layer's card.

        Raises
        ------
        UnknownName
            There is no such layer.
        BadCard
            Its card breaks the model.
        """
        if name not in self._cards:
            if name not in self._files:
                raise UnknownName(f"there is no layer {name!r}; {suggest(name, self._files)}")
            path, data = self._files[name]
            text = path.read_text(encoding="utf-8")
            card = card_of(data, LayerCard, str(path), text, id=name, space=name.partition(".")[0])
            if card.steward not in self.stewards:
                raise BadCard(
                    f"{path}: there is no department {card.steward!r}; {suggest(card.steward, self.stewards)}"
                )
            for field, spec in card.fields.items():
                if spec.scheme is not None and spec.scheme not in self.schemes:
                    raise BadCard(
                        f"{path}: the field {field!r} names the scheme {spec.scheme!r}; "
                        f"{suggest(spec.scheme, self.schemes)}"
                    )
            self._cards[name] = card
        return self._cards[name]

    @cached_property
    def _cards(self) -> dict[str, LayerCard]:
        return {}

    def binding(self, name: str) -> Binding | None:
        """Give how the workspace binds a layer, None where it does not."""
        if name not in self._bindings:
            return None
        path, data = self._bindings[name]
        return card_of(data or {}, Binding, str(path), path.read_text(encoding="utf-8"))

    def kind(self, name: str) -> str:
        """Give a layer's kind as its card states it, without holding the card to its model."""
        return str(fact(self._files[name][1], "kind"))

    def __getitem__(self, name: str) -> Layer:
        return Layer(self.workspace, self.card(name), self.binding(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    @cached_property
    def _index(self) -> Index:
        def words(name: str, data: Any) -> list[str]:
            steward = self.stewards.get(str(fact(data, "steward")))
            texts = [*phrases(fact(data, "title")), name, *phrases(fact(data, "about"))]
            return [*texts, *(steward.title.values() if steward else ())]

        return Index((name, words(name, data)) for name, (_, data) in self._files.items())

    def find(
        self,
        query: str = "",
        *,
        space: str | None = None,
        steward: str | None = None,
        status: str | None = None,
        sharing: str | None = None,
    ) -> list[Layer]:
        """Find layers by words in any of the three languages, narrowed by facets.

        Parameters
        ----------
        query : str
            Words of id, title, description or department; spelling may be slightly off.
        space : {"natural", "artificial", "planned"}, optional
        steward : str, optional
            Key of a department.
        status : {"draft", "in-force", "superseded", "not-bound"}, optional
        sharing : {"open", "conditional", "restricted"}, optional

        Returns
        -------
        list of Layer
            By relevance; without words, by id.
        """
        _allow("space", space, SPACES)
        _allow("steward", steward, self.stewards)
        _allow("status", status, ("draft", "in-force", "superseded", "not-bound"))
        _allow("sharing", sharing, ("open", "conditional", "restricted"))
        found = []
        for name in self._index.search(query):
            data = self._files[name][1]
            if space is not None and name.partition(".")[0] != space:
                continue
            if steward is not None and fact(data, "steward") != steward:
                continue
            if sharing is not None and fact(fact(data, "sharing"), "class") != sharing:
                continue
            layer = self[name]
            state = layer.binding.status if layer.binding is not None else "not-bound"
            if status is None or state == status:
                found.append(layer)
        return found

    def search(self, query: str = "", **facets: Any) -> pd.DataFrame:
        """Find layers as a table: id, title, space, kind, steward, sharing, status, version, coverage."""
        import pandas as pd

        rows = [describe(layer) for layer in self.find(query, **facets)]
        columns = ["title", "space", "kind", "steward", "sharing", "status", "version", "coverage", "tier"]
        return pd.DataFrame(rows, columns=["id", *columns]).set_index("id")

    def tree(self) -> dict[str, list[str]]:
        """Give layer ids by space."""
        return {space: [name for name in self if name.startswith(f"{space}.")] for space in SPACES}

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(names)} {space}" for space, names in self.tree().items())
        return f"<Registry of {len(self)} layers: {counts}; search with .search('words')>"


def _allow(name: str, value: str | None, allowed: Any) -> None:
    if value is not None and value not in allowed:
        raise UnknownName(f"{name}: there is no {value!r}; {suggest(value, allowed)}")


def describe(layer: Layer, language: Any = None) -> dict[str, Any]:
    """Give the facts of a layer that lists show."""
    card, binding = layer.card, layer.binding
    return {
        "id": card.id,
        "title": layer.title(language),
        "titles": dict(card.title),
        "space": card.space,
        "kind": card.kind,
        "steward": card.steward,
        "steward_title": say(layer.workspace.layers.stewards[card.steward].title, language or "en"),
        "sharing": card.sharing.class_,
        "status": binding.status if binding else "not-bound",
        "version": layer.version,
        "coverage": None if binding is None else "whole" if binding.coverage == "whole" else "partial",
        "tier": card.quality.tier,
    }
