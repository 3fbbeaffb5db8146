"""Tools as processes: how they are described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacegov.service.execution import VARY, WITHIN, is_spatial, outputs_of
from spacegov.text import say

if TYPE_CHECKING:
    from spacegov.text import Language
    from spacegov.toolbox.tool import Tool

_GEOJSON = {
    "oneOf": [
        {"type": "string", "description": "id of a layer, an upload or a result"},
        {"type": "object", "format": "geojson-feature-collection", "description": "GeoJSON in degrees"},
    ]
}


def summary(tool: Tool, language: Language) -> dict[str, Any]:
    """Give what lists of processes show of a tool."""
    return {
        "id": tool.id,
        "title": tool.title(language),
        "description": say(tool.card.question, language),
        "version": tool.version,
        "keywords": [tool.card.application],
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
    }


def describe(tool: Tool, language: Language) -> dict[str, Any]:
    """Describe a tool: its inputs as JSON Schema, its outputs."""
    return {**summary(tool, language), "inputs": inputs_of(tool), "outputs": _outputs(tool)}


def inputs_of(tool: Tool) -> dict[str, Any]:
    """Describe the inputs of a tool."""
    schema = tool.schema()
    required = set(schema.get("required", []))
    described: dict[str, Any] = {}
    for name, own in schema["properties"].items():
        spec = tool.signature.inputs.get(name)
        several = spec is not None and (spec.many or spec.kind.form == "layers")
        taken = own
        if spec is not None:
            one = _GEOJSON if spec.kind.form not in ("raster", "table") else {"type": "string"}
            taken = {"type": "array", "items": one} if several else dict(one)
            taken = {**taken, **({"default": own["default"]} if "default" in own else {})}
        described[name] = {
            "title": own.get("title") or name.replace("_", " ").capitalize(),
            "description": own.get("description", ""),
            "schema": {**taken, **({"$defs": schema["$defs"]} if "$ref" in str(taken) else {})},
            "minOccurs": 1 if name in required else 0,
            "maxOccurs": 1,
            **({"layer": own["layer"]} if "layer" in own else {}),
        }
    if tool.card.vary and VARY not in described:
        described[VARY] = {
            "title": "Vary",
            "description": f"Try other values of {', '.join(tool.card.vary)} too, to show how the answer moves.",
            "schema": {"type": "boolean", "default": False},
            "minOccurs": 0,
            "maxOccurs": 1,
        }
    if is_spatial(tool) and WITHIN not in described:
        described[WITHIN] = {
            "title": "Within",
            "description": "The area asked about: the layers named by id are cut to it, what is sent is taken whole.",
            "schema": dict(_GEOJSON),
            "minOccurs": 0,
            "maxOccurs": 1,
        }
    return described


def _outputs(tool: Tool) -> dict[str, Any]:
    plain = {"summary": "Figures", "provenance": "Sources and method", "answer": "The answer in a sentence"}
    described = {}
    for name in outputs_of(tool):
        kind = {"type": "string"} if name == "answer" else {"type": "object"}
        described[name] = {"title": plain.get(name) or name.replace("_", " ").capitalize(), "schema": kind}
    return described
