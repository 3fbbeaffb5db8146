"""The door of every route: what it needs of a layer is stated at the route and held against the layer's class.

The guard is a dependency of the application itself, so that no router can leave it out. A route without a statement is
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request

from spacegov.service.problems import Problem
from spacegov.service.sharing import Need, permit

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

NEEDS = "__spacegov_needs__"
RESULT, UPLOAD, REGISTRY = "result.", "upload.", "registry"
"""Beginnings of ids that no layer has: the answers of jobs, uploaded files, and the register itself."""


def needs(need: Need) -> Callable[[Endpoint], Endpoint]:
    """State what an endpoint needs of the layer in its path.

    Examples
    --------
    >>> @needs(Need.CARD)
    ... def card(): ...
    >>> getattr(card, NEEDS)
    <Need.CARD: 'card'>
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, NEEDS, need)
        return endpoint

    return mark


def is_layer(name: str) -> bool:
    """Tell a layer's id from those of results, uploads and the register, which carry their own secret or none."""
    return not (name == REGISTRY or name.startswith((RESULT, UPLOAD)))


async def guard(request: Request) -> None:
    """Refuse what is not allowed explicitly."""
    route = request.scope.get("route")
    need = getattr(getattr(route, "endpoint", None), NEEDS, None)
    if need is None:
        raise Problem(403, f"{request.url.path!r} states no rule of access, so it is refused")
    name = request.path_params.get("layer")
    if name is None:
        if need is not Need.NOTHING:
            raise Problem(403, f"{request.url.path!r} names no layer where one is needed, so it is refused")
        return
    if need is Need.NOTHING:
        raise Problem(403, f"{request.url.path!r} names a layer and states no need of it, so it is refused")
    if is_layer(name):
        permit(request.app.state.service.workspace.layers, name, need)
