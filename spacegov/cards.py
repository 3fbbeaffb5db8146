"""Reading cards: YAML files held to a model, with errors that name file, line, field and the nearest valid name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from spacegov import yaml12
from spacegov.errors import BadCard, suggest


class Card(BaseModel):
    """Base of every card: unknown fields are refused, and a card never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


C = TypeVar("C", bound=BaseModel)


def read_card(path: Path, model: type[C], **extra: Any) -> C:
    """Read one card.

    Parameters
    ----------
    path : Path
        The YAML file.
    model : type of BaseModel
        What it must be.
    **extra
        Fields that come from the file's place, such as the id.

    Raises
    ------
    BadCard
        Naming file, line, field and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    return card_of(yaml12.load(path), model, str(path), text, **extra)


def card_of(data: Any, model: type[C], source: str, text: str = "", **extra: Any) -> C:
    """Hold data that was read to a model."""
    if not isinstance(data, dict):
        raise BadCard(f"{source}: a mapping of fields is needed, {type(data).__name__} was given; see CONTRIBUTING.md")
    try:
        return model.model_validate({**data, **extra})
    except ValidationError as error:
        raise BadCard(_say(error, model, source, text)) from None


def _say(error: ValidationError, model: type[BaseModel], source: str, text: str) -> str:
    fault = error.errors()[0]
    location = tuple(part for part in fault["loc"] if not _is_type_tag(part))
    line = yaml12.line_of(text, location) if text else None
    place = f"{source}, line {line}" if line else source
    field = ".".join(str(part) for part in location) or "the card"
    if fault["type"] == "extra_forbidden":
        names = _fields_at(model, location[:-1])
        return f"{place}: there is no field {field!r}; {suggest(str(location[-1]), names)}"
    if fault["type"] == "missing":
        return f"{place}: the field {field!r} is missing; add it"
    needed = fault["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{place}: {field!r} is {fault['input']!r}, needed is {needed}"


def _is_type_tag(part: str | int) -> bool:
    """Tell pydantic's names of union members from fields of the card."""
    return isinstance(part, str) and ("[" in part or part in {"str", "int", "float", "bool"})


def _fields_at(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Names of the fields allowed where an unknown one was found."""
    current: Any = model
    for part in location:
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            current = _model_in(current)
            continue
        field = current.model_fields.get(str(part))
        current = None if field is None else _model_in(field.annotation)
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _model_in(hint: Any) -> Any:
    """Find the model inside `X | None`, `list[X]` or `dict[str, X]`."""
    from typing import get_args

    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    for part in get_args(hint):
        found = _model_in(part)
        if found is not None:
            return found
    return None


def json_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Give the JSON Schema of a card for editors."""
    schema = model.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = title
    for hidden in ("id", "space", "application"):
        schema.get("properties", {}).pop(hidden, None)
        if hidden in schema.get("required", []):
            schema["required"].remove(hidden)
    return schema
