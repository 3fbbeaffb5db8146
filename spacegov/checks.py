"""`@checked`: holds every call of a tool function to its signature.

It refuses, it never only warns where the answer would be wrong: a missing column, a CRS that is not metric or not true
to area, several CRS, another type of geometry, broken polygons. Features without geometry are left out and reported.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, ParamSpec, TypeVar, overload

from spacegov.crs import check_scale, crs_name, same_crs
from spacegov.errors import (
    BadInput,
    BadPolicy,
    UnknownName,
    UnsuitableCrs,
    suggest,
)
from spacegov.kinds import LayerKind, PolicyKind, name_of
from spacegov.layer_checks import check_frame, check_layer
from spacegov.signature import Input, Signature, signature_of

P = ParamSpec("P")
R = TypeVar("R")
Partition = Literal["rows", "zones"] | None

_COVERAGE = LayerKind("Polygons", ("Polygon", "MultiPolygon"))


@overload
def checked(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def checked(*, partition: Partition = None, halo: str | float = 0.0) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def checked(
    function: Callable[P, R] | None = None, /, *, partition: Partition = None, halo: str | float = 0.0
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Hold a tool function to its signature on every call.

    Parameters
    ----------
    partition : {"rows", "zones", None}
        How a run may be split: by rows of the first input, by zones, or not at all (the docstring says why).
    halo : float or str
        Metres of neighbourhood that a part needs around it, or the name of the option that holds them.

    Raises
    ------
    BadInput
        One of its kinds, when the call does not fit.
    """

    def decorate(inner: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(inner)

        @functools.wraps(inner)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            signature = signature_of(inner)
            try:
                bound = parameters.bind(*args, **kwargs)
            except TypeError as error:
                raise BadInput(_say_call(inner.__name__, str(error), kwargs, parameters)) from None
            bound.apply_defaults()
            bound.arguments.update(check_arguments(signature, dict(bound.arguments)))
            return inner(*bound.args, **bound.kwargs)

        call.partition = partition  # type: ignore[attr-defined]
        call.halo = halo  # type: ignore[attr-defined]
        return call

    return decorate if function is None else decorate(function)


def _say_call(name: str, problem: str, given: dict[str, Any], parameters: inspect.Signature) -> str:
    unknown = next((key for key in given if key not in parameters.parameters), None)
    if unknown is not None:
        return f"{name}: there is no option {unknown!r}; {suggest(unknown, parameters.parameters)}"
    return f"{name}: {problem}; see help({name})"


def check_arguments(signature: Signature, arguments: dict[str, Any]) -> dict[str, Any]:
    """Check all arguments of a call against a signature and give them back normalised."""
    options = signature.parse({name: arguments[name] for name in signature.options.model_fields})
    exempt = options.get("area_basis") == "ellipsoid"
    clean: dict[str, Any] = dict(options)
    placed: list[tuple[str, Any]] = []
    for given in signature.inputs.values():
        value = arguments[given.name]
        if value is None and given.optional:
            continue
        values = value if given.many and isinstance(value, (list, tuple)) else [value]
        if given.many and not values:
            raise BadInput(f"{given.name}: an empty list was given, at least one layer is needed; name one")
        checked_values = []
        for position, item in enumerate(values):
            label = _label(f"{given.name}[{position}]" if given.many else given.name, item)
            wanted = _columns_of(signature, options, given, position, len(values))
            layer = check_layer(label, item, given.kind, wanted, exempt=exempt)
            if given.kind.metric and given.kind.form in ("frame", "raster"):
                placed.append((label, layer))
            checked_values.append(layer)
        clean[given.name] = checked_values if given.many else checked_values[0]
    _check_one_crs(placed)
    for label, layer in placed:
        check_scale(label, layer, exempt=exempt)
    for name, (kind, optional) in signature.policies.items():
        if arguments[name] is not None or not optional:
            clean[name] = _check_policy(name, arguments[name], kind)
    for name, owner in signature.coverages.items():
        clean[name] = _check_coverage(name, arguments[name], clean.get(owner), owner)
    return clean


def _label(role: str, layer: Any) -> str:
    """Name an input for messages: its role, and the layer where that says more."""
    name = name_of(layer, role)
    return role if name == role.partition("[")[0] or name == role else f"{role} ({name})"


def _columns_of(
    signature: Signature, options: dict[str, Any], given: Input, position: int, count: int
) -> list[tuple[str, str, bool]]:
    """List the columns that options name in this layer: (option, column, numeric)."""
    wanted = []
    for option, marker in signature.columns.items():
        value = options[option]
        if given.name not in marker.of or value is None:
            continue
        names = [value] if isinstance(value, str) else list(value)
        if given.many and not isinstance(value, str) and len(names) == count:
            names = [names[position]]
        wanted += [(option, name, marker.numeric) for name in names]
    return wanted


def _check_policy(name: str, table: Any, kind: PolicyKind) -> Any:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise BadPolicy(
            f"{name}: {type(table).__name__} was given, a policy table is needed; "
            "read one with spacegov.toolbox.read_policy(name)"
        )
    for column in kind.columns:
        if column not in table.columns:
            raise BadPolicy(
                f"{name}: the policy table {table.attrs.get('policy', '')!r} has no column {column!r}; "
                f"{suggest(column, [str(c) for c in table.columns])}"
            )
    return table


def _check_coverage(name: str, value: Any, owner: Any, owner_name: str) -> dict[str, Any]:
    """Hold coverage to the layers it speaks of: a name or CRS that does not fit would silently cover everything."""
    import geopandas as gpd

    if value is None:
        return {}
    layers = [] if owner is None else owner if isinstance(owner, list) else [owner]
    by_name = {name_of(layer, owner_name): layer for layer in layers}
    if isinstance(value, gpd.GeoDataFrame):
        if len(layers) != 1:
            raise BadInput(
                f"{name}: one frame was given for {len(layers)} layers; give a dict from layer name to frame"
            )
        value = {name_of(layers[0], owner_name): value}
    if not isinstance(value, Mapping):
        raise BadInput(
            f"{name}: {type(value).__name__} was given, polygons by layer name are needed; give a dict from layer name "
            "to GeoDataFrame"
        )
    for layer_name, frame in value.items():
        if layer_name not in by_name:
            raise UnknownName(f"{name}: {owner_name} has no layer {layer_name!r}; {suggest(str(layer_name), by_name)}")
        check_frame(f"{name} of {layer_name}", frame, _COVERAGE, [])
        crs = getattr(by_name[layer_name], "crs", None)
        if crs is not None and not same_crs(frame.crs, crs):
            raise UnsuitableCrs(
                f"{name} of {layer_name} is in {crs_name(frame.crs)} and the layer in {crs_name(crs)}, one CRS is "
                f"needed; use to_crs({crs_name(crs)!r})"
            )
    return dict(value)


def _check_one_crs(placed: list[tuple[str, Any]]) -> None:
    for label, layer in placed[1:]:
        first, crs = placed[0][0], placed[0][1].crs
        if not same_crs(layer.crs, crs):
            raise UnsuitableCrs(
                f"{first} is in {crs_name(crs)} and {label} in {crs_name(layer.crs)}, one CRS is needed; "
                f"use --crs {crs_name(crs)} or to_crs()"
            )
