"""Reading cards: YAML files held to a model, with errors that name file, line, field and the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from spacegov import yaml12
from spacegov.errors import BadCard, shown, suggest


class Card(BaseModel):
    """Base of every card: unknown fields are refused, and a card never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


C = TypeVar("C", bound=BaseModel)


class Place:
    """Where a card says something, for messages.

    Parameters
    ----------
    source : str
        Where it was read.
    text : str
        The file's text, from which messages take the line.
    """

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        self.text = text

    def fault(self, where: Sequence[str | int], sentence: str) -> BadCard:
        """Give the error that names file, line and what is wrong."""
        line = yaml12.line_of(self.text, tuple(where)) if self.text else None
        return BadCard(f"{self.source}{f', line {line}' if line else ''}: {sentence}")

    def known(self, where: Sequence[str | int], what: str, name: str, names: Iterable[str]) -> None:
        """Refuse a name that is none of those known, with the nearest of them."""
        valid = list(names)
        if name not in valid:
            raise self.fault(where, f"there is no {what} {name!r}; {suggest(name, valid)}")


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
    data = yaml12.load(path)
    return card_of(data, model, str(path), path.read_text(encoding="utf-8"), **extra)


def card_of(data: Any, model: type[C], source: str, text: str = "", **extra: Any) -> C:
    """Hold data that was read to a model.

    Parameters
    ----------
    data : mapping
        What was read.
    model : type of BaseModel
        What it must be.
    source : str
        Where it was read, for messages.
    text : str
        The file's text, from which messages take the line.
    **extra
        Fields that come from the file's place, such as the id.

    Raises
    ------
    BadCard
        Naming file, line, field and what is allowed.
    """
    if not isinstance(data, dict):
        given = "nothing" if data is None else type(data).__name__
        raise BadCard(f"{source}: {given} was given, a mapping of fields is needed; see CONTRIBUTING.md")
    place = Place(source, text)
    for name in extra:
        if name in data:
            raise place.fault((name,), f"{name!r} comes from the file's name and folder; remove the field")
    try:
        return model.model_validate({**data, **extra})
    except ValidationError as error:
        raise _fault(error, model, data, place) from None


def _fault(error: ValidationError, model: type[BaseModel], data: Any, place: Place) -> BadCard:
    """Turn the first fault into one sentence; what several members of a union need is told together."""
    faults = _likeliest(data, error.errors())
    # A field that does not exist is more often a misspelt one than one too many, so it is told before a missing one.
    fault = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    location = _place_in(data, fault)
    field = ".".join(str(part) for part in location) or "the card"
    if fault["type"] == "extra_forbidden":
        names = _fields_at(model, location[:-1])
        return place.fault(location, f"there is no field {field!r}; {suggest(str(location[-1]), names)}")
    if fault["type"] == "missing":
        return place.fault(location, f"the field {field!r} is missing; add it")
    same = [_needed(other) for other in faults if _place_in(data, other) == location]
    return place.fault(location, f"{field!r} is {shown(fault['input'])}, needed is {' or '.join(dict.fromkeys(same))}")


def _likeliest(data: Any, faults: Sequence[Any]) -> list[Any]:
    """Keep, of the members of a union, the faults of those that were missed by the fewest."""
    members: dict[tuple[Any, ...], dict[str | int, list[Any]]] = {}
    plain = []
    for fault in faults:
        depth, tag = _union_tag(data, fault)
        if tag is None:
            plain.append(fault)
        else:
            members.setdefault(tuple(fault["loc"][:depth]), {}).setdefault(tag, []).append(fault)
    for found in members.values():
        least = min(map(len, found.values()))
        plain += [fault for group in found.values() if len(group) == least for fault in group]
    return plain


def _union_tag(data: Any, fault: Any) -> tuple[int, str | int | None]:
    """Find where pydantic put the name of a union's member into a path, and the name."""
    current, location = data, fault["loc"]
    for depth, part in enumerate(location):
        if _has(current, part):
            current = current[part]
        else:
            return depth, part if depth < len(location) - 1 or fault["type"] != "missing" else None
    return len(location), None


def _has(data: Any, part: str | int) -> bool:
    """Tell whether a part of a path leads further into the data."""
    if isinstance(data, (list, tuple)):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, dict) and part in data


_PLAIN_WORDS = {
    "a valid dictionary": "a mapping",
    "a valid list": "a list",
    "a valid tuple": "a list",
    "a valid string": "text",
}


def _needed(fault: Any) -> str:
    told = str(fault["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    needed = told.partition(" or instance of ")[0]
    needed = _PLAIN_WORDS.get(needed, needed)
    return "text, in quotes" if needed == "text" and isinstance(fault["input"], (bool, int, float)) else needed


def _place_in(data: Any, fault: Any) -> tuple[str | int, ...]:
    """Give the path of a fault in the data, without pydantic's names of union members."""
    parts: list[str | int] = []
    current = data
    rest = list(fault["loc"])
    while rest:
        part = rest.pop(0)
        if _has(current, part):
            current = current[part]
        elif rest or fault["type"] != "missing":
            continue
        parts.append(part)
    return tuple(parts)


def _fields_at(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Names of the fields allowed where an unknown one was found."""
    hint: Any = model
    for part in location:
        found = _model_in(hint)
        if _is_container(hint) or found is None:
            hint = _inside(hint)
            continue
        fields = {field.alias or name: field for name, field in found.model_fields.items()}
        hint = fields[str(part)].annotation if str(part) in fields else None
    found = None if _is_container(hint) else _model_in(hint)
    return [] if found is None else [field.alias or name for name, field in found.model_fields.items()]


_CONTAINERS = (dict, list, tuple)


def _is_container(hint: Any) -> bool:
    return get_origin(hint) in _CONTAINERS or any(
        get_origin(part) in _CONTAINERS and _model_in(part) is not None for part in get_args(hint)
    )


def _inside(hint: Any) -> Any:
    """Give the type of a container's items, the container itself perhaps `| None`."""
    if get_origin(hint) in _CONTAINERS:
        return [part for part in get_args(hint) if part is not Ellipsis][-1]
    inner = [part for part in get_args(hint) if _is_container(part)]
    return _inside(inner[0]) if inner else None


def _model_in(hint: Any) -> type[BaseModel] | None:
    """Find the model inside `X | None`, `list[X]` or `dict[str, X]`."""
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
