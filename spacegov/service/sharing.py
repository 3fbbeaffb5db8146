"""Who may have what: the one place where a layer's sharing class is turned into yes or no.

Every route states what it needs of a layer (`Need`), `permit` answers, and what is not allowed explicitly is refused.
A `ServedWorkspace` is a workspace in which withheld layers cannot be read at all: tools run by the service meet the
same refusal wherever they come upon such a layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from typing import Any

from spacegov.errors import BadInput, UnknownName, shown, suggest
from spacegov.layers.card import LayerCard
from spacegov.layers.layer import Layer
from spacegov.layers.registry import Registry
from spacegov.text import Language, say
from spacegov.workspace import Workspace


class Withheld(BadInput):
    """A layer that is not given to whoever asks."""


class Need(StrEnum):
    """What a route needs of the layer it names."""

    NOTHING = "nothing"
    CARD = "card"
    DATA = "data"


_ALLOWED: dict[str, frozenset[Need]] = {
    "open": frozenset({Need.CARD, Need.DATA}),
    "conditional": frozenset({Need.CARD}),
    "restricted": frozenset(),
}


def allows(card: LayerCard, need: Need) -> bool:
    """Tell whether a layer may be used as needed by anyone.

    Examples
    --------
    >>> card = LayerCard.model_validate({
    ...     "id": "natural.spring", "space": "natural", "title": {"en": "Springs"}, "about": "Springs.",
    ...     "kind": "Points", "steward": "water", "quality": {"tier": "A"},
    ...     "sharing": {"class": "conditional", "reason": "drinking water"}})
    >>> allows(card, Need.CARD), allows(card, Need.DATA)
    (True, False)
    """
    return need in _ALLOWED.get(card.sharing.class_, frozenset())


def department(registry: Registry, card: LayerCard, language: Language = "en") -> str:
    """Name the department that keeps a layer."""
    return say(registry.stewards[card.steward].title, language)


def refusal(registry: Registry, card: LayerCard) -> str:
    """Say that a layer is withheld, by whom, and what to do."""
    return (
        f"{card.id} is withheld by {department(registry, card)}; ask the department for it, or name a layer that is "
        "open"
    )


def permit(registry: Registry, name: str, need: Need) -> None:
    """Refuse a layer that may not be used as needed.

    Raises
    ------
    UnknownName
        There is no such layer.
    Withheld
        It is not given.
    """
    card = registry.card(name)
    if not allows(card, need):
        raise Withheld(refusal(registry, card))


def permit_inputs(registry: Registry, role: str, names: Iterable[str]) -> None:
    """Refuse withheld layers as inputs of a tool, by name.

    Raises
    ------
    Withheld
        One of them is not given.
    """
    for name in names:
        card = registry.card(name)
        if not allows(card, Need.DATA):
            raise Withheld(f"{role}: {refusal(registry, card)}")


_TOLD = frozenset(
    {"id", "card", "workspace", "binding", "bound", "title", "codes", "version", "coverage", "coverage_hash"}
)
"""What a withheld layer tells of itself: its card, and of its data nothing."""


class WithheldLayer(Layer):
    """A layer whose card may be known and whose data nobody gets: whatever is not told is refused."""

    def __getattribute__(self, name: str) -> Any:
        if name in _TOLD or (name.startswith("__") and name.endswith("__")):
            return super().__getattribute__(name)
        workspace: Workspace = super().__getattribute__("workspace")
        raise Withheld(refusal(workspace.layers, super().__getattribute__("card")))

    @property
    def bound(self) -> bool:
        """True: whether the workspace has data is not told, and "not covered" would be an untruth."""
        return True

    @property
    def version(self) -> str | None:
        """Not told."""
        return None

    @property
    def coverage(self) -> Any:
        """Not told."""
        return None

    @property
    def coverage_hash(self) -> str | None:
        """Not told."""
        return None


class ServedRegistry(Registry):
    """A registry that gives the data of open layers alone."""

    def card(self, name: str) -> LayerCard:
        """Give a layer's card; a name that is none is answered with names that may be shown."""
        if name not in self:
            raise UnknownName(
                f"there is no layer {shown(name)}; {suggest(name[:100], (card.id for card in self.shown()))}"
            )
        return super().card(name)

    def __getitem__(self, name: str) -> Layer:
        card = self.card(name)
        if allows(card, Need.DATA):
            return super().__getitem__(name)
        return WithheldLayer(self.workspace, card, None)

    def names_by(self, words: str) -> list[str]:
        """Give the ids of layers found by words, by relevance; of those that may be shown alone."""
        return [name for name in self._index.search(words) if allows(self.card(name), Need.CARD)]

    def shown(self) -> list[LayerCard]:
        """Give the cards that may be shown, by id."""
        return [card for card in map(self.card, self) if allows(card, Need.CARD)]


class ServedWorkspace(Workspace):
    """A workspace as anyone may see it."""

    @cached_property
    def layers(self) -> ServedRegistry:
        """The registry, without the data of withheld layers."""
        return ServedRegistry(self)

    @cached_property
    def territory(self) -> Any:
        """The administrative boundary, None where it is withheld."""
        for name in self.settings.units.values():
            if name in self.layers:
                layer = self.layers[name]
                if layer.bound and not isinstance(layer, WithheldLayer):
                    return layer.read()
        return None
