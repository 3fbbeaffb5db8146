"""The registry: every layer that is known, found by id, words, space, department or sharing class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

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


FACETS = ("space", "kind", "level", "steward", "sharing", "status", "coverage", "tier", "theme")


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
            card = _held(data, LayerCard, path, id=name, space=name.partition(".")[0])
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
        if name not in self._held_bindings:
            path, data = self._bindings[name]
            self._held_bindings[name] = _held(data or {}, Binding, path)
        return self._held_bindings[name]

    @cached_property
    def _held_bindings(self) -> dict[str, Binding]:
        return {}

    def kind(self, name: str) -> str:
        """Give a layer's kind as its card states it, without holding the card to its model."""
        return str(fact(self._files[name][1], "kind"))

    def __getitem__(self, name: str) -> Layer:
        if name not in self._layers:
            self._layers[name] = Layer(self.workspace, self.card(name), self.binding(name))
        return self._layers[name]

    @cached_property
    def _layers(self) -> dict[str, Layer]:
        return {}

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
        wanted = {"space": space, "steward": steward, "sharing": sharing, "status": status}
        asked = {facet: value for facet, value in wanted.items() if value is not None}
        names = self._index.search(query)
        return [self[name] for name in names if all(self._facet(name, facet) == asked[facet] for facet in asked)]

    def facets(self, query: str = "") -> dict[str, dict[str, int]]:
        """Count layers by what they can be narrowed by.

        Parameters
        ----------
        query : str
            Words, as in `find`.

        Returns
        -------
        dict
            For `space`, `kind`, `level`, `steward`, `sharing`, `status`, `coverage`, `tier` and `theme`: layers by
            value, most frequent first.
        """
        counts: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
        for name in self._index.search(query):
            for facet, counter in counts.items():
                value = self._facet(name, facet)
                if value is not None:
                    counter[value] += 1
        return {facet: dict(counter.most_common()) for facet, counter in counts.items()}

    def _facet(self, name: str, facet: str) -> str | None:
        """Give what a card or binding states, without holding them to their models."""
        if facet == "space":
            return name.partition(".")[0]
        if facet in {"status", "coverage"}:
            if name not in self._bindings:
                return "not-bound" if facet == "status" else None
            stated = fact(self._bindings[name][1], facet)
            if facet == "status":
                return str(stated or "in-force")
            return "whole" if stated in {None, "whole"} else "partial"
        data = self._files[name][1]
        place = {"sharing": ("sharing", "class"), "tier": ("quality", "tier"), "theme": ("restriction", "theme")}
        outer, inner = place.get(facet, (facet, None))
        value = fact(data, outer) if inner is None else fact(fact(data, outer), inner)
        if value is None and facet == "level":
            return "county"
        return None if value is None else str(value)

    def quality(self) -> pd.DataFrame:
        """Give the quality of every layer: `tier`, `rows`, `problem_records`, `rate` (0 to 1), `coverage`, `version`.

        The figures are those of the last import; a layer that was not imported has none.
        """
        import pandas as pd

        rows = []
        for name in self:
            layer = self[name]
            found = {key: value for key, value in layer.quality.items() if key != "faults"}
            rows.append({"id": name, **found, "coverage": self._facet(name, "coverage"), "version": layer.version})
        table = pd.DataFrame(rows, columns=["id", "tier", "rows", "problem_records", "rate", "coverage", "version"])
        return table.astype({"rows": "Int64", "problem_records": "Int64", "rate": "float64"}).set_index("id")

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


C = TypeVar("C", bound=BaseModel)


def _held(data: Any, model: type[C], path: Path, **extra: Any) -> C:
    """Hold what was read to a model; the file is read again only for the line of a fault."""
    try:
        return card_of(data, model, str(path), **extra)
    except BadCard:
        return card_of(data, model, str(path), path.read_text(encoding="utf-8"), **extra)


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
