"""What the viewer needs of scenarios: every card in all languages, and which layers its steps would not be given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacegov.service.guard import needs
from spacegov.service.params import only
from spacegov.service.scenario_processes import scenarios_of, tool_of
from spacegov.service.scenario_results import decision_facts
from spacegov.service.sharing import Need, allows
from spacegov.service.state import Service, in_thread

if TYPE_CHECKING:
    from spacegov.applications.scenario import ScenarioCard, Step
    from spacegov.text import Text

router = APIRouter(prefix="/api")


@router.get("/scenarios", tags=["Viewer"], summary="Every scenario with its steps")
@needs(Need.NOTHING)
async def scenarios(request: Request) -> Response:
    """Give the cards of all scenarios: question, steps with department, tool and decision, deliverable."""
    only(request, ())
    service: Service = request.app.state.service

    def make() -> bytes:
        found = [_scenario(service, card) for card in scenarios_of(service)]
        return json.dumps(found, ensure_ascii=False, default=str).encode()

    content = await in_thread(lambda: service.remember(("api scenarios",), make))
    return Response(content, media_type="application/json")


def _scenario(service: Service, card: ScenarioCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "application": card.application,
        "title": dict(card.title),
        "question": dict(card.question),
        "about": None if card.about is None else dict(card.about),
        "departments": list(card.departments),
        "days": sum(step.days for step in card.steps),
        "steps": [_step(service, card, step) for step in card.steps],
        "shows": card.main.id,
        "deliverable": card.deliverable.model_dump(mode="json"),
        "cites": list(card.cites),
    }


def _step(service: Service, card: ScenarioCard, step: Step) -> dict[str, Any]:
    layers = _layers(service, card, step)
    return {
        "id": step.id,
        "title": dict(step.title),
        "department": step.department,
        "tool": step.tool,
        "decision": None if step.decision is None else decision_facts(step.decision),
        "days": step.days,
        "basis": list(step.basis),
        "after": [other.id for other in card.needs(step)],
        "layers": layers,
        "withheld": _withheld(service, layers),
    }


def _layers(service: Service, card: ScenarioCard, step: Step) -> list[str]:
    """Name the layers that a step takes: those of its card, and for inputs it does not name those of its tool."""
    if step.tool is None:
        return []
    own = [item.source for _, _, item in step.sources() if card.step_of(item.source) is None]
    defaults = {name: given for name, given in tool_of(service, step).card.layers.items() if name not in step.inputs}
    others = [name for given in defaults.values() for name in ([given] if isinstance(given, str) else given)]
    return list(dict.fromkeys([*own, *others]))


def _withheld(service: Service, layers: list[str]) -> dict[str, Text]:
    """Name the departments that withhold layers of a step, by layer."""
    registry = service.workspace.layers
    cards = [registry.card(name) for name in layers if name in registry]
    return {card.id: dict(registry.stewards[card.steward].title) for card in cards if not allows(card, Need.DATA)}
