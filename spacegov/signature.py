"""What a tool function's signature says: inputs, options, policy tables, and the models derived from them."""

from __future__ import annotations

import functools
import inspect
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from spacegov.errors import BadInput, UnknownName, shown, suggest
from spacegov.kinds import ColumnOf, CoverageOf, LayerKind, PolicyKind

Marker = TypeVar("Marker")


@dataclass(frozen=True)
class Input:
    """An input layer of a tool."""

    name: str
    kind: LayerKind
    many: bool
    optional: bool
    meaning: str | None = None


@dataclass(frozen=True)
class Signature:
    """A tool function seen as inputs, options and policy tables.

    Attributes
    ----------
    inputs : dict of Input
        Layers, in order.
    columns : dict of ColumnOf
        Options that name columns.
    coverages : dict of str
        Parameters that receive coverage, with the input they belong to.
    policies : dict of (PolicyKind, bool)
        Rule tables and whether they may be left out.
    options : type of BaseModel
        Everything else, validated.
    returns : tuple of str
        Names of the frames in the answer.
    """

    inputs: dict[str, Input]
    columns: dict[str, ColumnOf]
    coverages: dict[str, str]
    policies: dict[str, tuple[PolicyKind, bool]]
    options: type[BaseModel]
    returns: tuple[str, ...]

    @property
    def measures_area(self) -> bool:
        """Whether the function takes an area basis."""
        return "area_basis" in self.options.model_fields

    def request_model(self, name: str) -> type[BaseModel]:
        """Give the model of a whole request: layers by id, policies by name, options by value."""
        fields: dict[str, Any] = {}
        for given in self.inputs.values():
            hint: Any = list[str] if given.many else str
            info = Field(
                None if given.optional else ...,
                description=given.meaning or given.kind.name,
                json_schema_extra={
                    "layer": {"kind": given.kind.name, "geometry": list(given.kind.geometry), "many": given.many}
                },
            )
            fields[given.name] = (hint | None if given.optional else hint, info)
        for policy in self.policies:
            info = Field(None, description="name of a policy table; the card's own by default")
            fields[policy] = (str | None, info)
        for option, field in self.options.model_fields.items():
            fields[option] = (_annotation(self.options, option), field)
        return _model(name, ConfigDict(extra="forbid"), fields)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a request, with every reference inside."""
        return self.request_model("Request").model_json_schema()

    def without(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take empty words of a command line for nothing, where an input, a policy or an option may have no value.

        So `permits=` asks without permits, whatever the card names, and `date=` says that there is no such column.
        """
        off = {name for name, spec in self.inputs.items() if spec.optional}
        off |= {name for name, (_, optional) in self.policies.items() if optional}
        off |= {name for name in self.options.model_fields if _optional(_plain(_annotation(self.options, name)))}
        return {name: None if value == "" and name in off else value for name, value in given.items()}

    def from_text(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Turn values from a command line into what options can take: lists and mappings are split at commas."""
        known = self.options.model_fields
        return {
            name: _from_text(name, _annotation(self.options, name), value) if name in known else value
            for name, value in options.items()
        }

    def parse(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Validate options.

        Parameters
        ----------
        options : mapping
            Values by option name.

        Returns
        -------
        dict
            A value for every option.

        Raises
        ------
        BadInput
            A value breaks its type or bound.
        UnknownName
            There is no such option.
        """
        known = self.options.model_fields
        for name in options:
            if name not in known:
                names = [*self.inputs, *self.policies, *known]
                raise UnknownName(f"there is no option {name!r}; {suggest(name, names)}")
        try:
            model = self.options.model_validate(dict(options))
        except ValidationError as error:
            raise BadInput(say_validation(error, self.options)) from None
        return {name: getattr(model, name) for name in known}


def _model(name: str, config: ConfigDict, fields: dict[str, Any]) -> type[BaseModel]:
    """Make a model; an option may be called like an attribute of pydantic's, such as `schema`, without a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Field name", UserWarning)
        return create_model(name, __config__=config, **fields)


def _annotation(model: type[BaseModel], name: str) -> Any:
    return model.__annotations__.get(name, model.model_fields[name].annotation)


def _plain(hint: Any) -> Any:
    """Strip an annotation of its metadata."""
    return _plain(get_args(hint)[0]) if get_origin(hint) is Annotated else hint


def _bare(hint: Any) -> Any:
    """Strip an annotation of its metadata and of `| None`."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (typing.Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else hint
    return hint


def _takes(hint: Any, container: type) -> bool:
    bare = _bare(hint)
    if get_origin(bare) in (typing.Union, types.UnionType):
        return any(_takes(part, container) for part in get_args(bare))
    return bare is container or get_origin(bare) is container


def _takes_text(hint: Any) -> bool:
    bare = _bare(hint)
    if get_origin(bare) in (typing.Union, types.UnionType):
        return any(_takes_text(part) for part in get_args(bare))
    return bare is str


def _from_text(name: str, hint: Any, value: Any) -> Any:
    """Turn a value of the command line into what its annotation can take; pydantic does the rest."""
    if not isinstance(value, str):
        return value
    if _takes(hint, dict):
        pairs = [part.partition(":") for part in value.split(",") if part]
        if any(not separator for _, separator, _ in pairs):
            raise BadInput(f"{name}: {shown(value)} was given, name:value pairs are needed; write {name}=a:1,b:2")
        return {key.strip(): item.strip() for key, _, item in pairs}
    if _takes(hint, list) or _takes(hint, tuple):
        if "," not in value and _takes_text(hint):
            return value
        return [part.strip() for part in value.split(",")]
    return value


def _find(hint: Any, marker: type[Marker]) -> Marker | None:
    """Find a marker in an annotation, also inside `list[...]` and `... | None`."""
    if get_origin(hint) is Annotated:
        for item in get_args(hint)[1:]:
            if isinstance(item, marker):
                return item
        return _find(get_args(hint)[0], marker)
    for part in get_args(hint):
        found = _find(part, marker)
        if found is not None:
            return found
    return None


def _optional(hint: Any) -> bool:
    return get_origin(hint) in (typing.Union, types.UnionType) and type(None) in get_args(hint)


def _many(hint: Any) -> bool:
    if get_origin(hint) is list:
        return True
    if get_origin(hint) is Annotated:
        return False
    return any(_many(part) for part in get_args(hint))


@functools.cache
def signature_of(function: Callable[..., Any]) -> Signature:
    """Read a tool function's signature; type hints are resolved here, at first use."""
    plain = inspect.unwrap(function)
    hints = typing.get_type_hints(plain, include_extras=True)
    inputs: dict[str, Input] = {}
    columns: dict[str, ColumnOf] = {}
    coverages: dict[str, str] = {}
    policies: dict[str, tuple[PolicyKind, bool]] = {}
    options: dict[str, Any] = {}
    meanings = _meanings(plain.__doc__ or "")
    for name, parameter in inspect.signature(plain).parameters.items():
        hint = hints[name]
        kind = _find(hint, LayerKind)
        coverage = _find(hint, CoverageOf)
        policy = _find(hint, PolicyKind)
        if coverage is not None:
            coverages[name] = coverage.input
        elif kind is not None:
            inputs[name] = Input(name, kind, _many(hint), _optional(hint), meanings.get(name))
        elif policy is not None:
            policies[name] = (policy, _optional(hint))
        else:
            column = _find(hint, ColumnOf)
            if column is not None:
                columns[name] = column
            default = ... if parameter.default is parameter.empty else parameter.default
            options[name] = (hint, Field(default, description=meanings.get(name)))
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    model = _model(f"{plain.__name__}_options", config, options)
    model.__annotations__ = {name: hint for name, (hint, _) in options.items()}
    returned = hints.get("return")
    names = tuple(getattr(returned, "_fields", ())) or ("result",)
    return Signature(inputs, columns, coverages, policies, model, names)


def _meanings(doc: str) -> dict[str, str]:
    """Read what numpydoc's Parameters section says of each parameter."""
    found: dict[str, list[str]] = {}
    lines = inspect.cleandoc(doc).splitlines()
    reading, current = False, ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if following and set(following.strip()) == {"-"} and line and not line.startswith(" "):
            reading = line.strip() in ("Parameters", "Other Parameters")
            continue
        if not reading or (line and set(line.strip()) == {"-"}):
            continue
        if line and not line.startswith(" "):
            current = line.split(":")[0].strip()
            for part in current.split(","):
                found[part.strip()] = []
        elif line.strip():
            for part in current.split(","):
                found.setdefault(part.strip(), []).append(line.strip())
    return {name: " ".join(text) for name, text in found.items() if text}


def say_validation(error: ValidationError, model: type[BaseModel]) -> str:
    """Turn the first fault that pydantic found into one sentence: what was given, what is needed."""
    fault = error.errors()[0]
    name = str(fault["loc"][0]) if fault["loc"] else "options"
    field = model.model_fields.get(name)
    extra = (field.json_schema_extra if field is not None and isinstance(field.json_schema_extra, dict) else {}) or {}
    unit = f" ({extra['unit']})" if extra.get("unit") else ""
    if fault["type"] == "missing":
        column = None if field is None else next((mark for mark in field.metadata if isinstance(mark, ColumnOf)), None)
        what = f"a value{unit}" if column is None else f"a column of {' or '.join(column.of)}"
        return f"{name}: nothing was given, {what} is needed; write {name}=…"
    needed = fault["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{name}: {shown(fault['input'])} was given, needed is {needed}{unit}; mend the value of {name}"
