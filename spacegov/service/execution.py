"""From the body of an execution request to what a job is given: ids and geometry, never paths."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacegov.errors import BadInput, SpacegovError, UnknownName, shown, suggest
from spacegov.service.collection import result_file, upload_file
from spacegov.service.geojson import read_features
from spacegov.service.guard import RESULT, UPLOAD
from spacegov.service.sharing import permit_inputs
from spacegov.toolbox.policy import policy_names

if TYPE_CHECKING:
    from spacegov.service.state import Service
    from spacegov.signature import Input
    from spacegov.toolbox.tool import Tool

_BODY = ("inputs", "outputs", "response", "subscriber")
MOST_LAYERS = 50
WITHIN = "within"
"""The input that names the area asked about: layers are cut to it."""
VARY = "vary"
"""The input that asks for the answer under other values too, of tools whose card names such values."""


@dataclass(frozen=True)
class Wish:
    """Which outputs a client asked for, and how.

    Attributes
    ----------
    wanted : tuple of str
        Outputs by name; all where there are none.
    by_value, by_reference : tuple of str
        Frames that are wanted inside the answer, and such that are not.
    raw : bool
        Whether the one output that is wanted is the answer.
    """

    wanted: tuple[str, ...] = ()
    by_value: tuple[str, ...] = ()
    by_reference: tuple[str, ...] = ()
    raw: bool = False


@dataclass(frozen=True)
class Order:
    """What a job is to do.

    Attributes
    ----------
    process : str
        Id of the tool or scenario.
    job : str
        Id of the job, whose folder holds drawn geometry already.
    given : dict
        Inputs and options as `spacegov run --given` or `spacegov scenario --given` takes them.
    wish : Wish
        What of the answer is wanted.
    """

    process: str
    job: str
    given: dict[str, Any]
    wish: Wish


def order(service: Service, name: str, body: Any) -> Order:
    """Hold a request to the tool's schema and to the sharing of layers.

    Raises
    ------
    UnknownName
        There is no such tool.
    BadInput
        An input is missing, unknown, or not what is needed.
    Withheld
        It would use a layer that is not given.
    """
    tool = service.workspace.tools[name]

    def given(inputs: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        return _given(service, tool, inputs, folder)

    return ordered(service, tool.id, outputs_of(tool), body, given)


def ordered(
    service: Service,
    process: str,
    names: tuple[str, ...],
    body: Any,
    given: Callable[[Mapping[str, Any], Path], dict[str, Any]],
) -> Order:
    """Take the body of an execution request apart.

    Parameters
    ----------
    service : Service
    process : str
        Id of the tool or scenario.
    names : tuple of str
        Its outputs.
    body : JSON
        What the client sent.
    given : callable
        Holds the inputs to the process: what the job is given, with a folder for drawn geometry.

    Raises
    ------
    BadInput
        The body is not what the standard says, or names no output of the process.
    """
    if not isinstance(body, Mapping):
        raise BadInput('the body must be an object such as {"inputs": {}}; send one')
    for key in body:
        if key not in _BODY:
            raise BadInput(f"the body has the member {shown(key)}; {suggest(str(key), _BODY)}")
    if "subscriber" in body:
        raise BadInput("subscriber: this service sends no requests; ask for the job's status instead")
    inputs = body.get("inputs", {})
    if not isinstance(inputs, Mapping):
        raise BadInput(f"inputs: {shown(inputs)} was given, an object is needed; write {{}} for the defaults")
    response = body.get("response", "document")
    if response not in ("document", "raw"):
        raise BadInput(f"response: {shown(response)} was given; write document or raw")
    wish = _wish(process, names, body.get("outputs"), raw=response == "raw")
    job = secrets.token_hex(16)
    folder = service.jobs.folder / job
    try:
        words = given(inputs, folder)
    except SpacegovError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Order(process, job, words, wish)


def is_spatial(tool: Tool) -> bool:
    """Tell whether a tool takes layers that can be cut to an area."""
    return any(spec.kind.form in ("frame", "raster", "stream") for spec in tool.signature.inputs.values())


def outputs_of(tool: Tool) -> tuple[str, ...]:
    """Name what a tool gives: its frames, and what every answer has."""
    return (*tool.signature.returns, "summary", "provenance", "answer")


def _wish(process: str, names: tuple[str, ...], outputs: Any, *, raw: bool) -> Wish:
    if outputs is None or outputs == {}:
        return Wish(raw=raw)
    if not isinstance(outputs, Mapping):
        raise BadInput(f"outputs: {shown(outputs)} was given, an object is needed; leave it out for all")
    modes: dict[str, list[str]] = {"value": [], "reference": []}
    for name, wish in outputs.items():
        if name not in names:
            raise BadInput(f"outputs: {process} gives no {shown(name)}; {suggest(str(name), names)}")
        mode = wish.get("transmissionMode") if isinstance(wish, Mapping) else None
        if mode is not None and mode not in modes:
            raise BadInput(f"outputs: the transmission mode {shown(mode)} was given; write value or reference")
        if mode is not None:
            modes[mode].append(name)
    wanted = tuple(name for name in names if name in outputs)
    return Wish(wanted, tuple(modes["value"]), tuple(modes["reference"]), raw)


def _given(service: Service, tool: Tool, inputs: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    signature = tool.signature
    names = [*signature.inputs, *signature.policies, *signature.options.model_fields]
    if tool.card.vary and VARY not in names:
        names.append(VARY)
    if WITHIN not in names and is_spatial(tool):
        names.append(WITHIN)
    for name in inputs:
        if name not in names:
            raise BadInput(f"{tool.id}: there is no input {shown(name)}; {suggest(str(name), names)}")
    given: dict[str, Any] = {}
    own = 0
    for role, spec in signature.inputs.items():
        value = inputs[role] if role in inputs else tool.card.layers.get(role)
        if value is None:
            if not spec.optional and spec.kind.form != "layers":
                raise BadInput(f"{tool.id}: the input {role} is needed; name a layer, or send GeoJSON")
            if role in inputs:
                given[role] = None  # nothing is meant, not the default
            continue
        given[role], drawn = layers_of(service, role, spec, value, folder)
        own += drawn
    for name in signature.policies:
        if inputs.get(name) is not None:
            given[name] = policy_of(service, name, inputs[name])
    options = {name: qualified(inputs[name]) for name in signature.options.model_fields if name in inputs}
    options = {**tool.card.options, **options} if own == 0 else options
    if signature.measures_area and "area_basis" not in options:
        options["area_basis"] = service.workspace.settings.area_basis
    try:
        signature.parse(options)
    except UnknownName as error:
        raise BadInput(str(error)) from None
    if VARY in names and VARY not in options and VARY in inputs:
        vary = qualified(inputs[VARY])
        if not isinstance(vary, bool):
            raise BadInput(f"{VARY}: {shown(vary)} was given; write true or false")
        options[VARY] = vary
    if WITHIN in names and WITHIN not in options and inputs.get(WITHIN) is not None:
        given[WITHIN] = read_features(qualified(inputs[WITHIN]), service.limits, WITHIN)
    if own and "crs" not in signature.options.model_fields:
        given["crs"] = service.workspace.crs
    return {**given, **options}


def policy_of(service: Service, name: str, value: Any) -> str:
    """Take the name of a policy table.

    Raises
    ------
    BadInput
        There is no such table.
    """
    policies = policy_names(service.workspace.tools.policy_folders)
    value = qualified(value)
    if not isinstance(value, str) or value not in policies:
        raise BadInput(f"{name}: there is no policy table {shown(value)}; {suggest(str(value)[:200], policies)}")
    return value


def qualified(value: Any) -> Any:
    """Take a value out of the standard's wrapping."""
    return (
        value["value"]
        if isinstance(value, Mapping) and set(value) <= {"value", "mediaType"} and "value" in value
        else value
    )


def layers_of(service: Service, role: str, spec: Input, value: Any, folder: Path) -> tuple[Any, int]:
    """Resolve what is given for a role: paths and ids for the job, and how many of them are the client's own."""
    value = qualified(value)
    listed = value if isinstance(value, list) else [value]
    if not listed or len(listed) > MOST_LAYERS:
        raise BadInput(f"{role}: {len(listed)} layers were given, 1 to {MOST_LAYERS} are allowed; name some")
    if len(listed) > 1 and not (spec.many or spec.kind.form == "layers"):
        raise BadInput(f"{role}: {len(listed)} layers were given, one is needed; name one")
    resolved, own = [], 0
    for number, each in enumerate(map(qualified, listed)):
        if isinstance(each, str):
            path = _own_file(service, each)
            if path is None:
                if each not in service.workspace.layers:
                    known = [card.id for card in service.workspace.layers.shown()]
                    raise BadInput(f"{role}: there is no layer {shown(each)}; {suggest(each[:200], known)}")
                permit_inputs(service.workspace.layers, role, [each])
                resolved.append(each)
                continue
            resolved.append(str(path))
        elif isinstance(each, Mapping) and "href" in each:
            raise BadInput(f"{role}: the service follows no address; name a layer, or upload the file to /uploads")
        else:
            if spec.kind.form in ("raster", "table"):
                raise BadInput(f"{role}: {spec.kind.name} is needed, geometry was given; name a layer")
            drawn = read_features(each, service.limits, role)
            folder.mkdir(exist_ok=True)
            path = folder / f"{role}{number or ''}.geojson"
            path.write_text(json.dumps(drawn), encoding="utf-8")
            resolved.append(str(path))
        own += 1
    many = spec.many or spec.kind.form == "layers"
    return (resolved if many else resolved[0]), own


def _own_file(service: Service, name: str) -> Path | None:
    if name.startswith(UPLOAD):
        return upload_file(service, name)
    if name.startswith(RESULT):
        return result_file(service, *name.removeprefix(RESULT).partition(".")[::2])
    return None
