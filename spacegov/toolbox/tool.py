"""A tool: a card bound to its function."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from spacegov.errors import BadCard, suggest
from spacegov.signature import Signature, signature_of
from spacegov.text import Language, say
from spacegov.toolbox.card import ToolCard


class Tool:
    """One tool of the box; the function is imported when it is first asked for."""

    def __init__(self, card: ToolCard) -> None:
        self.card = card

    @property
    def id(self) -> str:
        """Tool id, such as `map-flood`."""
        return self.card.id

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The checked, pure function."""
        module, _, name = self.card.run.partition(":")
        try:
            return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
        except (ImportError, AttributeError) as error:
            raise BadCard(f"{self.id}: its card names {self.card.run}, which cannot be found ({error})") from None

    @cached_property
    def signature(self) -> Signature:
        """What the function takes and returns; the card's names are held against it."""
        signature = signature_of(self.function)
        for given, names, what in (
            (self.card.layers, [*signature.inputs, *signature.coverages], "input"),
            (self.card.policy, signature.policies, "policy table"),
            (self.card.options, signature.options.model_fields, "option"),
            (self.card.vary, signature.options.model_fields, "option to vary"),
        ):
            for name in given:
                if name not in names:
                    raise BadCard(f"{self.id}: its card names the {what} {name!r}; {suggest(name, names)}")
        return signature

    @property
    def version(self) -> str:
        """The version of the code that answers."""
        from importlib.metadata import version

        return version("spacegov")

    def title(self, language: Language = "en") -> str:
        """Give its title."""
        return say(self.card.title, language)

    def schema(self) -> dict[str, Any]:
        """Give the JSON Schema of a request: the HTTP schema, the viewer's form, the notebook's help."""
        schema = self.signature.schema()
        schema["title"] = self.title()
        schema["description"] = say(self.card.question)
        for name, value in {**self.card.layers, **self.card.policy, **self.card.options}.items():
            if name in schema["properties"]:
                schema["properties"][name]["default"] = value
                if name in schema.get("required", []):
                    schema["required"].remove(name)
        return schema

    def describe(self, language: Language = "en") -> dict[str, Any]:
        """Give the facts that lists show."""
        return {
            "id": self.id,
            "title": self.title(language),
            "titles": dict(self.card.title),
            "application": self.card.application,
            "question": say(self.card.question, language),
        }

    def __repr__(self) -> str:
        return f"<Tool {self.id}: {say(self.card.question)}>"
